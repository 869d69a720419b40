package triggers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// watchHolding looks, until its result is called, for how long at most a session waits for a lock while others wait for
// it: as the server has it, and without the time between two looks, so that a slow machine does not count.
func watchHolding(t *testing.T, db *pgtest.DB) (longest func() time.Duration) {
	t.Helper()
	const holding = `
		SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0)::float8
		FROM pg_locks l
		WHERE NOT l.granted AND l.pid IN (SELECT unnest(pg_blocking_pids(a.pid)) FROM pg_stat_activity a
		                                  WHERE a.datname = current_database() AND a.wait_event_type = 'Lock')`
	conn, stop, most := db.Connect(t, ""), make(chan struct{}), make(chan float64, 1)
	go func() {
		longest := 0.0
		defer func() { most <- longest }()
		for last := time.Now(); ; {
			var held float64
			if err := conn.QueryRow(context.Background(), holding).Scan(&held); err != nil {
				t.Error(err)
				return
			}
			longest = max(longest, held-time.Since(last).Seconds())
			last = time.Now()
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		return time.Duration(<-most * float64(time.Second))
	}
}

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
	for name, c := range testall.SampleMap(map[string]struct {
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
			_, err := triggers.Install(ctx, conn, tables, triggers.DryRun(), triggers.LockTimeout(3*time.Second))
			return err
		}},
		"uninstall": {tables: []string{"a", "b"}, before: true, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`, run: func(conn triggers.Conn, tables []string) error {
			return triggers.Uninstall(ctx, conn, tables, triggers.LockTimeout(3*time.Second))
		}},
		"sync": {tables: []string{"a", "b"}, before: true, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`, run: func(conn triggers.Conn, _ []string) error {
			_, err := triggers.Sync(ctx, conn, triggers.LockTimeout(3*time.Second))
			return err
		}},
		"in a transaction": {tables: []string{"a", "b"}, hold: `UPDATE b SET n = 2`, then: `UPDATE a SET n = 2`, run: func(conn triggers.Conn, tables []string) error {
			tx, err := conn.Begin(ctx)
			if err != nil {
				return err
			}
			_, err = triggers.Install(ctx, tx, tables, triggers.LockTimeout(3*time.Second))
			return errors.Join(err, tx.Rollback(ctx))
		}},
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, schema)
			if c.before {
				install(t, db, c.tables...)
				db.Exec(t, `ALTER TABLE a ADD COLUMN m int; ALTER TABLE b ADD COLUMN m int`)
			}
			command := c.run
			if command == nil {
				command = func(conn triggers.Conn, tables []string) error {
					_, err := triggers.Install(ctx, conn, tables, triggers.LockTimeout(3*time.Second))
					return err
				}
			}
			// of which it takes a fifth: a slow machine has more to spare than of the default
			db.Exec(t, `ALTER DATABASE `+db.Name+` SET deadlock_timeout = '5s'`)
			db.Pool.Reset()
			app, others := db.Connect(t, ""), db.Connect(t, "")
			run(t, app, `BEGIN`, c.hold)
			run(t, others, `SET lock_timeout = '20s'`)
			longest := watchHolding(t, db)
			done := make(chan error)
			go func() { done <- command(db.Pool, c.tables) }()
			for i := 0; ; i++ {
				select {
				case err := <-done:
					if !errors.Is(err, audit.ErrLocked) {
						t.Errorf("got %v, want ErrLocked", err)
					}
					held := longest()
					t.Logf("it waited for %s at most with what others wait for", held)
					if held >= 2500*time.Millisecond {
						t.Errorf("it waited for %s with what others wait for, and should for a second", held)
					}
					run(t, app, `COMMIT`)
					if err := command(db.Pool, c.tables); err != nil {
						t.Errorf("again: %v", err)
					}
					return
				case <-time.After(20 * time.Millisecond):
				}
				if i == 15 {
					run(t, app, `SET LOCAL lock_timeout = '20s'`, c.then)
				}
				run(t, others, `SELECT FROM a, b, parts`, `INSERT INTO parts VALUES (2, 2); DELETE FROM parts WHERE id = 2`)
				if c.then != `UPDATE a SET n = 2` {
					run(t, others, `UPDATE a SET n = n + 1`)
				}
			}
		})
	}
}
