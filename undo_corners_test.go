package exaudit_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// What is left of a change when hidden and computed columns are taken out of it may be nothing.
func TestUndoOfWhatCannotBeSet(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE hidden (id int PRIMARY KEY, a int, secret text, noise text, n int GENERATED ALWAYS AS (length(secret)) STORED);
		CREATE TABLE numbered (id int PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, v text);
		CREATE TABLE key_numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
		CREATE TABLE all_computed (a int, id int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY)`,
		"hidden", "numbered", "key_numbered", "all_computed")
	options := map[string]audit.TableOptions{
		"hidden": {Mask: []string{"secret"}, Exclude: []string{"noise"}}, "all_computed": {Mask: []string{"a"}},
	}
	if _, err := adb.Install(ctx, []string{"hidden", "all_computed"}, &exaudit.InstallOptions{TableOptions: options}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO hidden VALUES (1, 1, 'abc', 'x'), (2, 2, 'abc', 'x')`)
	t.Run("twice the same choice", func(t *testing.T) {
		if _, err := adb.Mark(ctx, "m", nil); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, `DELETE FROM hidden WHERE id = 2`)
		since := exaudit.Select(exaudit.Since(exaudit.AtMark("m")))
		for range 3 {
			if _, err := adb.Undo(ctx, since, nil); err != nil && !errors.Is(err, audit.ErrNothingToDo) {
				t.Error(err)
			}
		}
		expect(t, db, "hidden", `(1,1,abc,x,3) (2,2,,,)`)
	})
	t.Run("a masked column that a generated one follows", func(t *testing.T) {
		bad := inOneTransaction(t, db, `UPDATE hidden SET secret = 'abcd' WHERE id = 1`)
		if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil); !errors.Is(err, audit.ErrNothingToDo) {
			t.Errorf("undo: %v", err)
		}
		versions := historyOf(t, adb, "hidden", 1)
		if _, err := adb.Revert(ctx, versions[len(versions)-1].ID, nil); !errors.Is(err, audit.ErrNothingToDo) && !reason.Is(err, audit.ValueNotRecorded) {
			t.Errorf("revert: %v", err)
		}
		expect(t, db, "hidden", `(1,1,abcd,x,4) (2,2,,,)`)
	})
	t.Run("a row of which nothing can be set", func(t *testing.T) {
		db.Exec(t, `INSERT INTO all_computed VALUES (5)`)
		gone := inOneTransaction(t, db, `DELETE FROM all_computed`)
		if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(gone)), nil); err == nil || strings.Contains(err.Error(), "syntax") {
			t.Errorf("undo: %v", err)
		}
		versions := historyOf(t, adb, "all_computed", 10)
		if _, err := adb.Revert(ctx, versions[1].ID, nil); err == nil || strings.Contains(err.Error(), "syntax") {
			t.Errorf("revert: %v", err)
		}
	})
	for table, want := range map[string]string{"numbered": `(1,2,a)`, "key_numbered": `(2,a)`} {
		t.Run(table, func(t *testing.T) {
			db.Exec(t, map[string]string{"numbered": `INSERT INTO numbered (id, v) VALUES (1, 'a')`, "key_numbered": `INSERT INTO key_numbered (v) VALUES ('a')`}[table])
			column := map[string]string{"numbered": "n", "key_numbered": "id"}[table]
			bad := inOneTransaction(t, db, `UPDATE `+table+` SET v = 'b', `+column+` = DEFAULT`)
			versions, err := exaudit.Collect(adb.Versions(ctx, exaudit.ByTransaction(bad)))
			if err != nil {
				t.Fatal(err)
			}
			plan := undo(t, adb, bad, nil)
			if row := plan.Rows[0]; len(row.LeftOut) != 1 || row.LeftOut[0] != (audit.LeftOut{Column: column, Reason: audit.LeftOutNumbered}) {
				t.Errorf("left out: %v", row.LeftOut)
			}
			expect(t, db, table, want)
			db.Exec(t, `UPDATE `+table+` SET v = 'c'`)
			if _, err := adb.Revert(ctx, versions[0].ID, nil); err != nil {
				t.Error(err)
			}
			expect(t, db, table, want)
			gone := inOneTransaction(t, db, `DELETE FROM `+table)
			undo(t, adb, gone, nil)
			expect(t, db, table, want)
		})
	}
}

// Rows that come back and want one value are in conflict, each alone, and the others come back.
// Exclusion constraints are looked at for each row: undo writes the rows in an order that fits, if there is one.
func TestUndoUnderExclusionConstraints(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const shifted = 12
	db, adb := audited(t, `CREATE EXTENSION btree_gist;
		CREATE TABLE booking (id int PRIMARY KEY, room int, during int4range,
			EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room > 0));
		CREATE TABLE slot (during int4range PRIMARY KEY, v text, EXCLUDE USING gist (during WITH &&))`, "booking", "slot")
	db.Exec(t, `INSERT INTO booking VALUES (1, 1, '[0,10)'), (2, 1, '[20,30)'), (3, 2, '[0,10)')`)
	db.Exec(t, `INSERT INTO slot VALUES ('[0,10)', 'a'), ('[20,30)', 'b')`)
	undone := func(name, change, table string, want any) {
		t.Helper()
		before := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t) FROM `+table+` AS t`)
		xid := inOneTransaction(t, db, change)
		after := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t) FROM `+table+` AS t`)
		plan, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(xid)), nil)
		if !reason.Is(err, want) {
			t.Errorf("%s: undo returned %v, want %v", name, err, want)
		}
		if want != nil {
			before = after
		}
		if got := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t) FROM `+table+` AS t`); got != before {
			t.Errorf("%s: undo has left %s, want %s", name, got, before)
		}
		if want != nil {
			return
		}
		if _, err := adb.Redo(ctx, plan.TransactionID, nil); err != nil {
			t.Errorf("%s: redo: %v", name, err)
		}
		if got := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t) FROM `+table+` AS t`); got != after {
			t.Errorf("%s: redo has left %s, want %s", name, got, after)
		}
		if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(xid)), nil); err != nil {
			t.Errorf("%s: undo after redo: %v", name, err)
		}
	}
	undone("a row moves, another takes its place",
		`UPDATE booking SET during = '[40,50)' WHERE id = 1; UPDATE booking SET during = '[5,15)' WHERE id = 2`, "booking", nil)
	undone("the other way round",
		`UPDATE booking SET during = '[40,50)' WHERE id = 2; UPDATE booking SET during = '[15,25)' WHERE id = 1`, "booking", nil)
	undone("a row moves, and one is made", `UPDATE booking SET room = 3 WHERE id = 1; INSERT INTO booking VALUES (4, 1, '[0,5)')`,
		"booking", nil)
	undone("a row goes, and another takes its place", `DELETE FROM booking WHERE id = 1; UPDATE booking SET during = '[0,5)' WHERE id = 2`,
		"booking", nil)
	undone("keys", `UPDATE slot SET during = '[40,50)' WHERE v = 'a'; UPDATE slot SET during = '[0,10)' WHERE v = 'b'`, "slot", nil)
	db.Exec(t, `INSERT INTO booking SELECT 10 + i, 9, int4range(i * 10, i * 10 + 10) FROM generate_series(1, $1) i`, shifted)
	undone("many are moved on by one", `DO $$ BEGIN FOR i IN REVERSE 12..1 LOOP
		UPDATE booking SET during = int4range(i * 10 + 5, i * 10 + 15) WHERE id = 10 + i; END LOOP; END $$`, "booking", nil)
	undone("two exchange their places", `UPDATE booking SET during = '[90,91)' WHERE id = 1; UPDATE booking SET during = '[0,10)' WHERE id = 2;
		UPDATE booking SET during = '[20,30)' WHERE id = 1`, "booking", audit.UniqueConflict)
}

func TestUndoRivals(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, of := range testall.SampleMap(map[string]struct{ definition, first, second string }{
		"unique":        {`e text UNIQUE`, `'x'`, `'x'`},
		"numeric":       {`e numeric UNIQUE`, `1.0`, `1.00`},
		"deferrable":    {`e text UNIQUE DEFERRABLE INITIALLY DEFERRED`, `'x'`, `'x'`},
		"expression":    {`e text); CREATE UNIQUE INDEX ON w (lower(e)`, `'x'`, `'X'`},
		"partial":       {`e text); CREATE UNIQUE INDEX ON w (e) WHERE (e <> ''`, `'x'`, `'x'`},
		"an enum":       {`e mood UNIQUE`, `'calm'`, `'calm'`},
		"case ignored":  {`e citext UNIQUE`, `'ada'`, `'ADA'`},
		"a collation":   {`e text COLLATE ignoring UNIQUE`, `'ada'`, `'ADA'`},
		"a domain of t": {`e address UNIQUE`, `'ada'`, `'ADA'`},
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, adb := audited(t, `CREATE EXTENSION citext; CREATE COLLATION ignoring (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TYPE mood AS ENUM ('calm', 'angry'); CREATE DOMAIN address AS citext;
				CREATE TABLE w (id int PRIMARY KEY, `+of.definition+`)`, "w")
			db.Exec(t, `INSERT INTO w VALUES (1, `+of.first+`), (3, NULL)`)
			db.Exec(t, `DELETE FROM w WHERE id IN (1, 3)`)
			db.Exec(t, `INSERT INTO w VALUES (2, `+of.second+`)`)
			db.Exec(t, `DELETE FROM w WHERE id = 2`)
			deleted := exaudit.Select(exaudit.ByTable("w"), exaudit.ByAction(audit.Deleted))
			_, err := adb.Undo(ctx, deleted, nil)
			conflict := (*audit.ConflictError)(nil)
			if !errors.As(err, &conflict) || len(conflict.Rows) != 1 || conflict.Rows[0].EntityID != "1" {
				t.Fatalf("undo: %v", err)
			}
			if _, err := adb.Undo(ctx, deleted, &exaudit.UndoOptions{OnConflict: audit.SkipRows}); err != nil {
				t.Fatal(err)
			}
			if got := pgtest.One[string](t, db, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM w`); got != "2 3" {
				t.Errorf("rows %s", got)
			}
			// and the value is taken now
			if _, err := adb.Undo(ctx, deleted, nil); !errors.As(err, &conflict) || len(conflict.Rows) != 1 || conflict.Rows[0].EntityID != "1" {
				t.Errorf("undo once more: %v", err)
			}
		})
	}
}

// Rows of one key, one after the other: the last one comes back.
func TestUndoRivalsForAKey(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE w (id int PRIMARY KEY, e text)`, "w")
	db.Exec(t, `INSERT INTO w VALUES (1, 'a'), (2, 'b')`)
	db.Exec(t, `DELETE FROM w`)
	db.Exec(t, `INSERT INTO w VALUES (1, 'c')`)
	db.Exec(t, `DELETE FROM w`)
	deleted := exaudit.Select(exaudit.ByTable("w"), exaudit.ByAction(audit.Deleted))
	if _, err := adb.Undo(ctx, deleted, nil); !reason.Is(err, reason.Conflict) {
		t.Errorf("undo: %v", err)
	}
	if _, err := adb.Undo(ctx, deleted, &exaudit.UndoOptions{OnConflict: audit.SkipRows}); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[bool](t, db, `SELECT EXISTS (SELECT FROM w WHERE id = 2)`); !got {
		t.Errorf("rows %s", rows(t, db, "w"))
	}
}

// A trigger that puts something else in an undone row keeps the undo from being carried out, and is named.
func TestUndoAgainstATrigger(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE b (id int PRIMARY KEY, v text, at timestamptz, n numeric(8,2));
		INSERT INTO b VALUES (1, 'a', '2000-01-01', 1.5), (2, 'a', '2000-01-01', 1.5)`, "b")
	bad := inOneTransaction(t, db, `UPDATE b SET v = 'B', at = '2001-01-01', n = 2 WHERE id = 1`)
	gone := inOneTransaction(t, db, `DELETE FROM b WHERE id = 2`)
	db.Exec(t, `CREATE FUNCTION up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := upper(NEW.v); NEW.at := '2020-01-01'; RETURN NEW; END $$;
		CREATE TRIGGER up BEFORE INSERT OR UPDATE ON b FOR EACH ROW EXECUTE FUNCTION up();
		ALTER TABLE b ALTER n TYPE numeric(10,4)`)
	before := rows(t, db, "b")
	for _, xid := range []uint64{bad, gone} {
		_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(xid)), nil)
		rewritten := (*audit.WriteError)(nil)
		if !errors.As(err, &rewritten) || rewritten.Reason != audit.Vetoed || strings.Join(rewritten.Columns, " ") != "at v" {
			t.Errorf("undo: %v", err)
		}
		expect(t, db, "b", before)
	}
	for _, xid := range []uint64{bad, gone} {
		undo(t, adb, xid, &exaudit.UndoOptions{KeepColumns: []string{"v", "at"}})
	}
	if got := pgtest.One[string](t, db, `SELECT string_agg(n::text, ' ') FROM b`); got != "1.5000 1.5000" {
		t.Errorf("n is %s", got)
	}
}

// A JSON null is a value like any other: unique, and what a foreign key points to.
func TestUndoOfJSONNulls(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, j jsonb UNIQUE); CREATE TABLE c (id int PRIMARY KEY, ref jsonb REFERENCES p (j));
		INSERT INTO p VALUES (1, 'null'); INSERT INTO c VALUES (1, 'null')`, "p", "c")
	db.Exec(t, `DELETE FROM c`)
	if _, err := undoVersions(t, adb, []int64{1}, nil); err != nil {
		t.Error(err)
	}
	db.Exec(t, `DELETE FROM c`)
	deleted := pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`)
	db.Exec(t, `UPDATE p SET j = '1'`)
	if _, err := undoVersions(t, adb, []int64{deleted}, nil); !reason.Is(err, reason.Conflict) {
		t.Errorf("a row that refers to none: %v, want a conflict", err)
	}
	db.Exec(t, `INSERT INTO p VALUES (2, 'null')`)
	plan, err := undoVersions(t, adb, []int64{deleted, deleted + 1, deleted + 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", `(1,null)`)
	expect(t, db, "c", `(1,null)`)
	if _, err := adb.Redo(context.Background(), plan.TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", `(1,1) (2,null)`)
	expect(t, db, "c", ``)
}
