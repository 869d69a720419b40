package exaudit_test

import (
	"cmp"
	"context"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// Columns at the end that are dropped and added again under their names and types, as a migration does that is taken back
// and carried out again, are other columns: noticed by sessions that are open and by new ones, by row and by statement,
// with event triggers and without, also where whoever noticed first rolls back.
func TestColumnsAddedAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const again = `ALTER TABLE t DROP COLUMN c, DROP COLUMN d; ALTER TABLE t ADD COLUMN c int DEFAULT 1, ADD COLUMN d text`
	for name, variant := range testall.SampleMap(map[string]struct {
		options audit.TableOptions
		follow  bool
		table   string
		altered string
	}{
		"row":       {altered: again},
		"statement": {options: audit.TableOptions{Trigger: audit.StatementLevel}, altered: again},
		"follow":    {follow: true, altered: again},
		"partitions": {
			table: `CREATE TABLE t (id int PRIMARY KEY, a text, c int, d text) PARTITION BY RANGE (id);
				CREATE TABLE part (d text, gone int, c int, a text, id int NOT NULL); ALTER TABLE part DROP COLUMN gone;
				ALTER TABLE t ATTACH PARTITION part FOR VALUES FROM (0) TO (100)`,
			altered: again,
		},
		"the last": {altered: `ALTER TABLE t DROP COLUMN c, DROP COLUMN d; ALTER TABLE t ADD COLUMN c int; ALTER TABLE t ADD d text; UPDATE t SET c = 1`},
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, cmp.Or(variant.table, `CREATE TABLE t (id int PRIMARY KEY, a text, c int, d text)`))
			adb := exaudit.New(db.Pool)
			_, err := adb.Install(ctx, []string{"t"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"t": variant.options}})
			end(t, err)
			if variant.follow {
				_, err := adb.FollowDDL(ctx, audit.FollowDDL{}, nil)
				end(t, err)
			}
			open, another := db.Connect(t, ""), db.Connect(t, "")
			_, err = open.Exec(ctx, `INSERT INTO t VALUES (25, 'x', 5, 'd'), (27, 'x', 5, 'd')`)
			end(t, err)
			db.Exec(t, variant.altered)
			db.Exec(t, `SELECT exaudit.mark('before')`)
			before := pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`)
			want := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM t`)
			// who notices first takes it back, and goes on with a function that has not run in that session
			_, err = another.Exec(ctx, `BEGIN; UPDATE t SET c = 7; DELETE FROM t; INSERT INTO t VALUES (28); ROLLBACK; INSERT INTO t VALUES (28, 'y', 2)`)
			end(t, err)
			_, err = open.Exec(ctx, `DELETE FROM t WHERE id = 28`)
			end(t, err)
			_, err = open.Exec(ctx, `UPDATE t SET c = 2 WHERE id = 27`)
			end(t, err)
			if got := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r::text) FROM exaudit.as_of_version(NULL::t, $1) r`, before); got != want {
				t.Errorf("as of version %d:\n%s\nwant:\n%s", before, got, want)
			}
			is := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM t`)
			plan, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTable("t"), exaudit.Since(exaudit.AtMark("before"))), nil)
			end(t, err)
			if got := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM t`); got != want {
				t.Errorf("undone:\n%s\nwant:\n%s", got, want)
			}
			_, err = adb.Redo(ctx, plan.TransactionID, nil)
			end(t, err)
			if got := pgtest.One[string](t, db, `SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM t`); got != is {
				t.Errorf("redone:\n%s\nwant:\n%s", got, is)
			}
		})
	}
}
