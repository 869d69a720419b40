package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// Every reader by a key, as what it found: nil where there is no such row.
func readers(db *exaudit.DB, table string, at exaudit.Point) map[string]func(context.Context, any) (any, error) {
	type row struct {
		K string
		V int32
	}
	return map[string]func(context.Context, any) (any, error){
		"DB.History": func(ctx context.Context, key any) (any, error) {
			versions, err := exaudit.Collect(db.History(ctx, table, key))
			if len(versions) == 0 {
				return nil, err
			}
			return versions[0].EntityID, err
		},
		"History": func(ctx context.Context, key any) (any, error) {
			for v, err := range exaudit.History[row](ctx, db, table, key) {
				if err != nil {
					return nil, err
				}
				return v.EntityID, nil
			}
			return nil, nil
		},
		"First": func(ctx context.Context, key any) (any, error) {
			v, err := exaudit.First(exaudit.History[row](ctx, db, table, key, exaudit.NewestFirst()))
			switch {
			case errors.Is(err, audit.ErrNotFound):
				return nil, nil
			case err != nil:
				return nil, err
			}
			return v.EntityID, nil
		},
		"Versions": func(ctx context.Context, key any) (any, error) {
			versions, err := exaudit.Collect(db.Versions(ctx, exaudit.ByRow(table, key)))
			if len(versions) == 0 {
				return nil, err
			}
			return versions[0].EntityID, err
		},
		"CheckHistory": func(ctx context.Context, key any) (any, error) {
			return nil, db.CheckHistory(ctx, table, key)
		},
		"StateAt": func(ctx context.Context, key any) (any, error) {
			state, err := exaudit.StateAt[row](ctx, db, table, key, at)
			switch {
			case errors.Is(err, audit.ErrNotFound):
				return nil, nil
			case err != nil:
				return nil, err
			}
			return state.K, nil
		},
		"StateAt as an image": func(ctx context.Context, key any) (any, error) {
			image, err := db.StateAt(ctx, table, key, at)
			switch {
			case errors.Is(err, audit.ErrNotFound):
				return nil, nil
			case err != nil:
				return nil, err
			}
			return image["k"], nil
		},
		"PlanUndo": func(ctx context.Context, key any) (any, error) {
			plan, err := db.PlanUndo(ctx, exaudit.Select(exaudit.ByRow(table, key)), nil)
			if err != nil || len(plan.Rows) == 0 {
				return nil, err
			}
			return plan.Rows[0].EntityID, err
		},
	}
}

// An empty key is the key of a row, and no key is an error: neither is a question about other rows.
func TestEmptyKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE u (k text PRIMARY KEY, v int UNIQUE)`, "u")
	db.Exec(t, `INSERT INTO u VALUES ('a', 1), ('z', 2)`)
	now := func() exaudit.Point { return exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`)) }
	var missing *string
	for name, read := range readers(adb, "u", now()) {
		if found, err := read(ctx, ""); found != nil || err != nil {
			t.Errorf("%s of a key that no row has: %v, %v", name, found, err)
		}
		for _, key := range []any{nil, missing, exaudit.Key{}, exaudit.Key{nil}} {
			if found, err := read(ctx, key); found != nil || !reason.Is(err, audit.InvalidKey) {
				t.Errorf("%s of the key %#v: %v, %v", name, key, found, err)
			}
		}
	}
	db.Exec(t, `INSERT INTO u VALUES ('', 3)`)
	for name, read := range readers(adb, "u", now()) {
		if found, err := read(ctx, ""); name != "CheckHistory" && fmt.Sprint(found) != "" || err != nil {
			t.Errorf("%s of the empty key: %v, %v", name, found, err)
		}
	}
	deleted := inOneTransaction(t, db, `DELETE FROM u WHERE k = ''`)
	if plan := undo(t, adb, deleted, nil); len(plan.Rows) != 1 || plan.Rows[0].EntityID != "" {
		t.Errorf("undone: %s", asJSON(t, plan))
	}
	expect(t, db, "u", `("",3) (a,1) (z,2)`)
	// a row that comes back and wants what the row with the empty key has
	gone := inOneTransaction(t, db, `DELETE FROM u WHERE k = 'z'`)
	changed := inOneTransaction(t, db, `UPDATE u SET v = 2 WHERE k = ''`)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(gone)), nil); !reason.Is(err, reason.Conflict) {
		t.Errorf("undo of what the row with the empty key stands in the way of: %v", err)
	}
	undo(t, adb, changed, nil)
	undo(t, adb, gone, nil)
	expect(t, db, "u", `("",3) (a,1) (z,2)`)
}

// In SQL, too, a key that is NULL does not ask for all rows.
func TestNullKeysInSQL(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, `CREATE TABLE u (k text PRIMARY KEY, v int)`, "u")
	db.Exec(t, `INSERT INTO u VALUES ('a', 1)`)
	db.Exec(t, `SELECT exaudit.mark('m')`)
	for _, call := range []string{
		`exaudit.as_of(NULL::u, clock_timestamp(), %s)`, `exaudit.as_of_version(NULL::u, 1, %s)`, `exaudit.as_of_mark(NULL::u, 'm', key => %s)`,
		`exaudit.as_of_transaction(NULL::u, (SELECT transaction_id::text::xid8 FROM exaudit.versions), %s)`, `exaudit.states(NULL::u, %s)`,
	} {
		for key, want := range map[string]int64{`'a'`: 1, `''`: 0, `'A'`: 0} {
			if got := pgtest.One[int64](t, db, `SELECT count(*) FROM `+fmt.Sprintf(call, key)); got != want {
				t.Errorf("%s: %d rows, want %d", fmt.Sprintf(call, key), got, want)
			}
		}
		_, err := db.Pool.Exec(ctx, `SELECT * FROM `+fmt.Sprintf(call, `NULL`))
		if refused := (*pgconn.PgError)(nil); !errors.As(err, &refused) || refused.Code != "22004" {
			t.Errorf("%s: %v", fmt.Sprintf(call, `NULL`), err)
		}
	}
}

// A key is found in every spelling that its type takes for equal, and where several have a history, they are named.
func TestSpellingsOfKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	schema := `CREATE EXTENSION citext; CREATE DOMAIN span AS numrange; CREATE DOMAIN address AS citext; CREATE TYPE mood AS ENUM ('calm', 'angry');
		CREATE COLLATION ignoring (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`
	for name, of := range testall.SampleMap(map[string]struct{ key, there, asked, third string }{
		"citext":            {`citext`, `ada`, `ADA`, `Ada`},
		"domain":            {`address`, `ada`, `ADA`, `Ada`},
		"numeric":           {`numeric`, `1.50`, `1.5`, `1.500`},
		"float8":            {`float8`, `0`, `-0`, ``},
		"collation":         {`text COLLATE ignoring`, `ada`, `ADA`, `Ada`},
		"jsonb":             {`jsonb`, `{"a": 1.0}`, `{"a": 1}`, `{"a": 1.00}`},
		"text of jsonb":     {`jsonb`, `1.0`, `1.000`, ``},
		"array of jsonb":    {`jsonb`, `[{"a": 1.0}]`, `[{"a":1}]`, `[{"a":1.00}]`},
		"range":             {`numrange`, `[1.0,2)`, `[1,2.0)`, `[1.00,2)`},
		"domain of a range": {`span`, `[1.0,2)`, `[1,2.0)`, `[1.00,2)`},
		"multirange":        {`nummultirange`, `{[1.0,2)}`, `{[1,2.0)}`, `{[1.00,2)}`},
		"interval":          {`interval`, `1 day`, `24:00:00`, ``},
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, adb := audited(t, schema+`CREATE TABLE u (k `+of.key+` PRIMARY KEY, v int)`, "u")
			insert := func(k string) {
				if _, err := db.Pool.Exec(ctx, `INSERT INTO u VALUES ($1::text::`+strings.Fields(of.key)[0]+`, 1)`, k); err != nil {
					t.Fatal(err)
				}
			}
			found := func() (state string) {
				versions, err := exaudit.Collect(adb.History(ctx, "u", any(of.asked)))
				if name == "jsonb" {
					versions, err = exaudit.Collect(adb.History(ctx, "u", json.RawMessage(of.asked)))
				}
				if err != nil {
					return err.Error()
				}
				if len(versions) == 0 {
					return "none"
				}
				return string(versions[0].EntityID)
			}
			if got := found(); got != "none" {
				t.Errorf("before anything was recorded: %s", got)
			}
			insert(of.there)
			there := found()
			if there == "none" || len(there) > 20 {
				t.Fatalf("of the row that is there: %s", there)
			}
			db.Exec(t, `DELETE FROM u`)
			if got := found(); got != there {
				t.Errorf("of the row that was there: %s, want %s", got, there)
			}
			if of.third == "" {
				return
			}
			insert(of.third)
			third := found()
			db.Exec(t, `DELETE FROM u`)
			if got := found(); third == there || !strings.Contains(got, there) || !strings.Contains(got, third) {
				t.Errorf("of two rows that were there: %s, want one about %s and %s", got, there, third)
			}
		})
	}
}
