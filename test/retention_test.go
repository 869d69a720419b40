package test_test

import (
	"context"
	"testing"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// Who holds DELETE removes what it asks for, of tables that it may not read and of those that are gone, too; who does not
// removes and sees nothing.
func TestRetentionByARole(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, `CREATE TABLE goods (id int PRIMARY KEY, price int); CREATE TABLE gone (id int PRIMARY KEY)`, "goods", "gone")
	db.Exec(t, `INSERT INTO goods SELECT n, n FROM generate_series(1, 5) n; INSERT INTO gone VALUES (1), (2); UPDATE goods SET id = 7 WHERE id = 1; DROP TABLE gone`)
	janitor, reporter := db.Role(t, ""), db.Role(t, "")
	db.Exec(t, `GRANT USAGE ON SCHEMA exaudit TO `+janitor+`, `+reporter+`; GRANT SELECT, DELETE ON exaudit.versions TO `+janitor+`; GRANT SELECT ON exaudit.versions TO `+reporter)
	for _, c := range []struct {
		role, statement string
		want            int64 // -1: refused
	}{
		{janitor, `DELETE FROM exaudit.versions WHERE recorded_at < now() - interval '1 day'`, 0},
		{janitor, `DELETE FROM exaudit.versions WHERE table_id = 2`, 2},
		{reporter, `DELETE FROM exaudit.versions`, -1},
		{reporter, `SELECT FROM exaudit.versions`, 0},
		{janitor, `SELECT FROM exaudit.versions`, 6},
		{janitor, `DELETE FROM exaudit.versions`, 6},
	} {
		tx, err := db.Connect(t, c.role).Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, `SET LOCAL exaudit.retention = 'on'`); err != nil {
			t.Fatal(err)
		}
		done, err := tx.Exec(ctx, c.statement)
		if c.want == -1 {
			if err == nil {
				t.Errorf("%s: %s: done", c.role, c.statement)
			}
			_ = tx.Rollback(ctx)
			continue
		}
		if err != nil || done.RowsAffected() != c.want {
			t.Errorf("%s: %s: %d rows, %v, want %d", c.role, c.statement, done.RowsAffected(), err, c.want)
		}
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := pgtest.One[int](t, db, `SELECT (SELECT count(*) FROM exaudit.versions) + (SELECT count(*) FROM exaudit_internal.key_changes)`); n != 0 {
		t.Errorf("%d are left", n)
	}
}
