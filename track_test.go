package exaudit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

// track runs Track in a transaction of its own.
func track(ctx context.Context, db *pgtest.DB, c audit.Change) (id int64, err error) {
	err = pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		id, err = exaudit.Track(ctx, tx, c)
		return err
	})
	return id, err
}

func TestTrack(t *testing.T) {
	t.Parallel()
	ctx := exaudit.With(context.Background(), exaudit.Custom{"import": "2019.csv"})
	db, adb := audited(t, orders, "orders")
	type order struct {
		ID     int64  `json:"id"`
		Status string `json:"status"`
		Total  string `json:"total"`
	}
	for _, c := range []audit.Change{
		{Table: "orders", After: order{5, "new", "1.5"}},
		{Table: "orders", Before: order{5, "new", "1.5"}, After: order{5, "paid", "1.50"}},
		{Table: "orders", Before: map[string]any{"id": 5, "status": "paid", "total": 1.5}},
	} {
		if id, err := track(ctx, db, c); err != nil || id == 0 {
			t.Fatalf("track %v: id %d, %v", c, id, err)
		}
	}
	versions := statesOf(t, adb, "orders", 5)
	if got := patchJSON(t, versions[1].Patch); got != `{"status":["~","new","paid"]}` {
		t.Errorf("update: %s; total is the same number of the same type", got)
	}
	if got := asJSON(t, versions[2].Before); got != `{"id":5,"status":"paid","total":1.50}` {
		t.Errorf("delete: %s", got)
	}
	if got := asJSON(t, versions[0].Custom); got != `{"import":"2019.csv"}` {
		t.Errorf("custom %s", got)
	}
	if id, err := track(ctx, db, audit.Change{Table: "orders", Before: order{5, "a", "1"}, After: order{5, "a", "1.0"}}); id != 0 || err != nil {
		t.Errorf("a change of nothing: id %d, %v", id, err)
	}
}

// What the options of a table leave out is not recorded by Track either.
func TestTrackByOptions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE orders (id int PRIMARY KEY, status text, n int)`)
	if _, err := adb.Install(ctx, []string{"orders"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{
		"orders": {Where: "status <> 'draft'", AllowIgnore: true}}}); err != nil {
		t.Fatal(err)
	}
	row := func(id int, status string) map[string]any { return map[string]any{"id": id, "status": status, "n": 1} }
	for _, c := range []struct {
		name     string
		change   audit.Change
		ignore   string
		recorded bool
	}{
		{"met", audit.Change{Table: "orders", After: row(1, "open")}, "off", true},
		{"not met", audit.Change{Table: "orders", After: row(2, "draft")}, "off", false},
		{"comes to be met", audit.Change{Table: "orders", Before: row(2, "draft"), After: row(2, "open")}, "off", true},
		{"met no more", audit.Change{Table: "orders", Before: row(2, "open"), After: row(2, "draft")}, "off", true},
		{"perhaps met", audit.Change{Table: "orders", Before: map[string]any{"id": 3, "n": 1}, After: map[string]any{"id": 3, "n": 2}}, "off", true},
		{"ignored", audit.Change{Table: "orders", After: row(4, "open")}, "on", false},
	} {
		err := pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SET LOCAL exaudit.ignore = `+c.ignore); err != nil {
				return err
			}
			id, err := exaudit.Track(ctx, tx, c.change)
			if (id != 0) != c.recorded {
				t.Errorf("%s: version %d", c.name, id)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestTrackRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, orders, "orders")
	row := map[string]any{"id": 1, "total": 1}
	for _, c := range []struct {
		name   string
		change audit.Change
		want   any
		code   string
	}{
		{"nothing", audit.Change{Table: "orders"}, audit.InvalidChange, ""},
		{"no key", audit.Change{Table: "orders", After: map[string]any{"total": 1}}, audit.InvalidChange, ""},
		{"other key", audit.Change{Table: "orders", Before: row, After: map[string]any{"id": 2}}, audit.InvalidChange, ""},
		{"no table", audit.Change{Table: "nowhere", After: row}, audit.NoTable, ""},
		{"untracked", audit.Change{Table: "customers", After: row}, audit.NotTracked, ""},
		{"unknown column", audit.Change{Table: "orders", After: map[string]any{"id": 1, "nope": 1}}, nil, "42703"},
		{"wrong type", audit.Change{Table: "orders", After: map[string]any{"id": 1, "total": "much"}}, nil, "22P02"},
	} {
		_, err := track(ctx, db, c.change)
		var pgErr *pgconn.PgError
		switch {
		case c.want != nil && !reason.Is(err, c.want):
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		case c.want == nil && (!errors.As(err, &pgErr) || pgErr.Code != c.code):
			t.Errorf("%s: %v, want SQLSTATE %s", c.name, err, c.code)
		}
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != 0 {
		t.Errorf("%d versions were recorded", n)
	}
}

// Who may write to the tracked table may not for that reason write versions.
func TestTrackNeedsPrivilege(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, orders, "orders")
	role := db.Role(t, "")
	db.Exec(t, `GRANT exaudit_reader TO `+role+`; GRANT ALL ON orders TO `+role)
	conn := db.Connect(t, role)
	attempt := func() error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			_, err := exaudit.Track(ctx, tx, audit.Change{Table: "orders", After: map[string]any{"id": 1}})
			return err
		})
	}
	var pgErr *pgconn.PgError
	if err := attempt(); !errors.As(err, &pgErr) || pgErr.Code != "42501" || !errors.Is(err, audit.ErrNotPermitted) {
		t.Errorf("without the privilege: %v, want SQLSTATE 42501", err)
	}
	db.Exec(t, `GRANT EXECUTE ON FUNCTION exaudit.track TO `+role)
	if err := attempt(); err != nil {
		t.Errorf("with it: %v", err)
	}
}
