package exaudit_test

import (
	"context"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
)

// A reader of one table needs nothing of another one's schema, be that table tracked or not any more.
func TestReaderWithoutUsageElsewhere(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, n int); INSERT INTO p VALUES (1, 1), (2, 2);
		CREATE SCHEMA billing; CREATE TABLE billing.b (id int PRIMARY KEY); CREATE TABLE billing.gone (id int PRIMARY KEY)`,
		"p", "billing.b", "billing.gone")
	db.Exec(t, `INSERT INTO billing.gone VALUES (1)`)
	if err := adb.Uninstall(ctx, []string{"billing.gone"}, nil); err != nil {
		t.Fatal(err)
	}
	reader := db.Role(t, "IN ROLE exaudit_reader")
	db.Exec(t, `GRANT SELECT, UPDATE ON p TO `+reader)
	conn := db.Connect(t, reader)
	a := exaudit.New(conn)
	before := time.Now()
	for range 3 {
		db.Exec(t, `UPDATE p SET n = n + 1 WHERE id = 1`)
	}
	versions, err := exaudit.Collect(a.History(ctx, "p", 1))
	if err != nil || len(versions) != 3 {
		t.Fatalf("history: %v, %v", versions, err)
	}
	last := versions[2].ID
	for name, do := range map[string]func() error{
		"log":          func() error { _, err := exaudit.Collect(a.Versions(ctx)); return err },
		"transactions": func() error { _, err := exaudit.Collect(a.Transactions(ctx)); return err },
		"show":         func() error { _, _, err := a.States(ctx, last); return err },
		"status":       func() error { _, err := a.Status(ctx, nil); return err },
		"mark":         func() error { _, err := a.Mark(ctx, "here", nil); return err },
		"preview":      func() error { _, err := a.PlanRevert(ctx, last, nil); return err },
		"as-of": func() error {
			for _, err := range a.AsOf(ctx, "p", exaudit.AtTime(before)) {
				if err != nil {
					return err
				}
			}
			return nil
		},
		"view": func() error { return conn.QueryRow(ctx, `SELECT count(*) FROM exaudit.history`).Scan(new(int)) },
	} {
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := a.Revert(ctx, last, nil); err != nil {
		t.Errorf("revert: %v", err)
	}
	db.Exec(t, `UPDATE p SET n = 9 WHERE id = 2`)
	versions, err = exaudit.Collect(a.History(ctx, "p", 2))
	if err != nil || len(versions) != 1 {
		t.Fatalf("history: %v, %v", versions, err)
	}
	if _, err := a.Undo(ctx, exaudit.Select(exaudit.ByVersion(versions[0].ID)), nil); err != nil {
		t.Errorf("undo: %v", err)
	}
}
