package triggers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/triggers"
)

// While a table is in use, whoever else reads or writes it, or another one, waits for less than deadlock_timeout: nobody
// becomes a deadlock's victim, and waiting does not add up.
func TestOthersGoOnWhileATableIsInUse(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const schema = `
		CREATE TABLE a (id int PRIMARY KEY, n int); CREATE TABLE b (id int PRIMARY KEY, n int);
		CREATE TABLE parts (id int, n int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
		CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
		INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); INSERT INTO parts VALUES (1, 1), (11, 1)`
	for name, c := range map[string]struct {
		tables []string
		before bool   // they are installed already
		hold   string // by a transaction that goes on with
		then   string
		run    func(conn triggers.Conn, tables []string) error
	}{
		"install, written":     {tables: []string{"a", "b"}, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`},
		"install, read":        {tables: []string{"a", "b"}, hold: `SELECT FROM b`, then: `SELECT FROM a`},
		"install, a partition": {tables: []string{"parts"}, hold: `UPDATE parts_2 SET n = 2`, then: `UPDATE parts_1 SET n = 2`},
		"dry run": {tables: []string{"a", "b"}, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`, run: func(conn triggers.Conn, tables []string) error {
			_, err := triggers.Install(ctx, conn, tables, triggers.DryRun(), triggers.LockTimeout(time.Second))
			return err
		}},
		"uninstall": {tables: []string{"a", "b"}, before: true, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`, run: func(conn triggers.Conn, tables []string) error {
			return triggers.Uninstall(ctx, conn, tables, triggers.LockTimeout(time.Second))
		}},
		"sync": {tables: []string{"a", "b"}, before: true, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`, run: func(conn triggers.Conn, _ []string) error {
			_, err := triggers.Sync(ctx, conn, triggers.LockTimeout(time.Second))
			return err
		}},
		"in a transaction": {tables: []string{"a", "b"}, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`, run: func(conn triggers.Conn, tables []string) error {
			tx, err := conn.Begin(ctx)
			if err != nil {
				return err
			}
			_, err = triggers.Install(ctx, tx, tables, triggers.LockTimeout(time.Second))
			return errors.Join(err, tx.Rollback(ctx))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, schema)
			if c.before {
				install(t, db, c.tables...)
				db.Exec(t, `ALTER TABLE a ADD COLUMN m int; ALTER TABLE b ADD COLUMN m int`)
			}
			if c.run == nil {
				c.run = func(conn triggers.Conn, tables []string) error {
					_, err := triggers.Install(ctx, conn, tables, triggers.LockTimeout(time.Second))
					return err
				}
			}
			app, others := db.Connect(t, ""), db.Connect(t, "")
			run(t, app, `BEGIN`, c.hold)
			run(t, others, `SET lock_timeout = '3s'`)
			done := make(chan error)
			go func() { done <- c.run(db.Pool, c.tables) }()
			for i := 0; ; i++ {
				select {
				case err := <-done:
					if !errors.Is(err, triggers.ErrLocked) {
						t.Errorf("got %v, want ErrLocked", err)
					}
					run(t, app, `COMMIT`)
					if err := c.run(db.Pool, c.tables); err != nil {
						t.Errorf("again: %v", err)
					}
					return
				case <-time.After(20 * time.Millisecond):
				}
				if i == 15 {
					run(t, app, `SET LOCAL lock_timeout = '3s'`, c.then)
				}
				run(t, others, `SELECT FROM a, b, parts`, `INSERT INTO parts VALUES (2, 2); DELETE FROM parts WHERE id = 2`)
				if c.then != `UPDATE a SET n = 2` {
					run(t, others, `UPDATE a SET n = n + 1`)
				}
			}
		})
	}
}
