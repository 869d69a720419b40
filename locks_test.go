package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// command is something of ours that takes lock.
type command struct {
	name string
	run  func(context.Context, *exaudit.DB) error
}

// lockingCommands can be run one after the other, again and again, on a database with the table orders.
func lockingCommands(t *testing.T, db *pgtest.DB) []command {
	n := 0
	last := func() int64 {
		return pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions WHERE action = 'updated'`)
	}
	return []command{
		{"init", func(ctx context.Context, _ *exaudit.DB) error {
			_, err := exaudit.New(db.Pool).Init(ctx, nil)
			return err
		}},
		{"install", func(ctx context.Context, a *exaudit.DB) error {
			n++
			table := fmt.Sprint("t", n)
			db.Exec(t, `CREATE TABLE `+table+` (id int PRIMARY KEY)`)
			_, err := a.Install(ctx, []string{table}, nil)
			return err
		}},
		{"sync", func(ctx context.Context, a *exaudit.DB) error {
			_, err := a.Sync(ctx, nil)
			return err
		}},
		{"uninstall", func(ctx context.Context, a *exaudit.DB) error {
			return a.Uninstall(ctx, []string{fmt.Sprint("t", n)}, nil)
		}},
		{"record", func(ctx context.Context, a *exaudit.DB) error {
			_, err := a.Exec(ctx, `UPDATE orders SET n = n + 1`)
			return err
		}},
		{"revert", func(ctx context.Context, a *exaudit.DB) error {
			_, err := a.Revert(ctx, last(), nil)
			return err
		}},
		{"undo", func(ctx context.Context, a *exaudit.DB) error {
			db.Exec(t, `UPDATE orders SET n = n + 1`)
			_, err := a.Undo(ctx, exaudit.Select(exaudit.ByVersion(last())), nil)
			return err
		}},
		{"baseline", func(ctx context.Context, a *exaudit.DB) error {
			_, err := a.Baseline(ctx, nil, &exaudit.BaselineOptions{EveryRow: true})
			return err
		}},
		{"mark", func(ctx context.Context, a *exaudit.DB) error {
			n++
			_, err := a.Mark(ctx, fmt.Sprint("m", n), nil)
			return err
		}},
		{"remove a mark", func(ctx context.Context, a *exaudit.DB) error { return a.RemoveMark(ctx, fmt.Sprint("m", n)) }},
		{"retention", func(ctx context.Context, _ *exaudit.DB) error {
			_, err := db.Pool.Exec(ctx, `BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions WHERE id = 1; COMMIT`)
			return err
		}},
	}
}

var lockModes = []string{"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"}

// holdAll opens a transaction of a role that holds every lock on exaudit's tables which the role can get, on all of
// their rows, and what it gets by every function without arguments that it may execute.
func holdAll(t *testing.T, db *pgtest.DB, role string, except ...string) (tx pgx.Tx, held []string) {
	t.Helper()
	ctx := context.Background()
	tx, err := db.Connect(t, role).Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(ctx) })
	if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '1s'`); err != nil {
		t.Fatal(err)
	}
	var statements []string
	tables := pgtest.One[[]string](t, db, `SELECT array_agg(oid::regclass::text) FROM pg_class WHERE relnamespace = 'exaudit'::regnamespace AND relkind = 'r'`)
	for _, table := range tables {
		for _, mode := range lockModes {
			statements = append(statements, `LOCK TABLE `+table+` IN `+mode+` MODE`)
		}
		for _, strength := range []string{"KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE"} {
			statements = append(statements, `SELECT FROM `+table+` FOR `+strength)
		}
		statements = append(statements, `SELECT FROM `+table, `ANALYZE `+table, `DELETE FROM `+table)
	}
	functions := pgtest.One[[]string](t, db, `SELECT array_agg(oid::regproc::text) FROM pg_proc
		WHERE pronamespace = 'exaudit_internal'::regnamespace AND pronargs = 0 AND prorettype <> 'trigger'::regtype AND NOT proname = ANY ($1)`, except)
	for _, f := range functions {
		statements = append(statements, `SELECT `+f+`()`)
	}
	statements = append(statements, `SELECT pg_advisory_xact_lock(1702387061, 1970168943)`, `SELECT pg_advisory_xact_lock(x'657861756469'::bigint)`)
	for _, s := range statements {
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, s)
			return err
		})
		if err == nil {
			held = append(held, s)
		}
	}
	return tx, held
}

// Who has no privilege, and who may only read, keeps no command of ours from its work, whatever they hold.
func TestOthersHoldNothingUp(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE orders (id int PRIMARY KEY, n int); INSERT INTO orders VALUES (1, 1), (2, 2)`, "orders")
	db.Exec(t, `UPDATE orders SET n = n + 1`)
	reader := db.Role(t, "IN ROLE exaudit_reader")
	db.Exec(t, `GRANT SELECT ON orders TO `+reader)
	commands := lockingCommands(t, db)
	for role, want := range map[string]int{db.Role(t, ""): 2, reader: 12} {
		tx, held := holdAll(t, db, role, "lock_undo")
		if len(held) < want {
			t.Errorf("%s holds only %q", role, held)
		}
		for _, s := range held {
			if strings.HasPrefix(s, "LOCK") && !strings.HasSuffix(s, "ACCESS SHARE MODE") {
				t.Errorf("%s may %s", role, s)
			}
		}
		for _, c := range commands {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			if err := c.run(ctx, adb); err != nil {
				t.Errorf("%s, while %s holds all that it can: %v", c.name, role, err)
			}
			cancel()
		}
		_ = tx.Rollback(context.Background())
	}
}

// What has to be waited for is waited for no longer than it is said, and the error says who holds it.
func TestWhoHoldsALock(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE orders (id int PRIMARY KEY, n int); INSERT INTO orders VALUES (1, 1), (2, 2)`, "orders")
	db.Exec(t, `UPDATE orders SET n = n + 1`)
	version := pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`)
	for name, c := range map[string]struct {
		hold string
		run  func(context.Context, time.Duration) error
	}{
		"another undo": {`SELECT exaudit_internal.lock_undo()`, func(ctx context.Context, wait time.Duration) error {
			_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(version)), &exaudit.UndoOptions{LockTimeout: wait})
			return err
		}},
		"a row, undo": {`UPDATE orders SET n = 7`, func(ctx context.Context, wait time.Duration) error {
			_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(version)), &exaudit.UndoOptions{LockTimeout: wait})
			return err
		}},
		"a row, revert": {`UPDATE orders SET n = 7`, func(ctx context.Context, wait time.Duration) error {
			_, err := adb.Revert(ctx, version, &exaudit.RevertOptions{LockTimeout: wait})
			return err
		}},
		"index": {`UPDATE orders SET n = 7`, func(ctx context.Context, wait time.Duration) error {
			return adb.IndexCustom(ctx, "who", &exaudit.IndexOptions{LockTimeout: wait})
		}},
		"index, an older snapshot": {`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1`, func(ctx context.Context, wait time.Duration) error {
			return adb.IndexCustom(ctx, "who", &exaudit.IndexOptions{LockTimeout: wait})
		}},
		"init, removal": {`SELECT FROM exaudit.versions`, func(ctx context.Context, wait time.Duration) error {
			return adb.DropSchema(ctx, &exaudit.DropOptions{LockTimeout: wait})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			holder := db.Connect(t, "")
			if _, err := holder.Exec(ctx, `SET application_name = 'holder'; BEGIN; `+c.hold); err != nil {
				t.Fatal(err)
			}
			var told []audit.LockHolder
			locked := (*audit.LockedError)(nil)
			var err error
			for wait := 1500 * time.Millisecond; len(told) == 0 && wait < time.Minute; wait *= 2 { // a slow machine needs longer to look
				began := time.Now()
				err = c.run(exaudit.NotifyLockWait(ctx, func(h []audit.LockHolder) { told = h }), wait)
				if !errors.Is(err, audit.ErrLocked) || !errors.As(err, &locked) {
					t.Fatalf("got %v, want ErrLocked", err)
				}
				if took := time.Since(began); took < wait*9/10 {
					t.Errorf("it took %s", took)
				}
			}
			pid := int32(holder.PgConn().PID())
			if len(locked.Holders) != 1 || locked.Holders[0].PID != pid || locked.Holders[0].Application != "holder" ||
				!strings.Contains(locked.Holders[0].Statement, c.hold) || !strings.Contains(err.Error(), fmt.Sprint("process ", pid)) {
				t.Errorf("held by %v, want process %d: %v", locked.Holders, pid, err)
			}
			if len(told) != 1 || told[0].PID != pid {
				t.Errorf("was told of %v, want process %d", told, pid)
			}
			if _, err := holder.Exec(ctx, `ROLLBACK`); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// An index that is not made, as something is under way or the caller has lost patience, leaves nothing behind; what does
// not stand in its way is not waited for.
func TestIndexWaits(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE orders (id int PRIMARY KEY, n int); INSERT INTO orders VALUES (1, 1)`, "orders")
	holder, idle := db.Connect(t, ""), db.Connect(t, "")
	for conn, statement := range map[*pgx.Conn]string{holder: `BEGIN; UPDATE orders SET n = 7`, idle: `BEGIN; SELECT FROM orders`} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	impatient, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := adb.IndexCustom(impatient, "who", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
	if err := adb.IndexCustom(ctx, "who", &exaudit.IndexOptions{LockTimeout: 10 * time.Millisecond}); !errors.Is(err, audit.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM pg_class WHERE relname ~ '^versions_custom_'`); n != 0 {
		t.Errorf("%d relations are left", n)
	}
	if _, err := holder.Exec(ctx, `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := adb.IndexCustom(ctx, "who", nil); err != nil {
		t.Error(err)
	}
	if _, err := holder.Exec(ctx, `BEGIN; UPDATE orders SET n = 7`); err != nil {
		t.Fatal(err)
	}
	if err := adb.IndexCustom(ctx, "who", &exaudit.IndexOptions{LockTimeout: 10 * time.Millisecond}); err != nil {
		t.Errorf("it is there: %v", err)
	}
}

// An undo that waits for a row holds others, and makes nobody who needs them the victim of a deadlock.
func TestUndoMakesNobodyADeadlocksVictim(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE orders (id int PRIMARY KEY, n int, note text); INSERT INTO orders SELECT i, i FROM generate_series(1, 9) i`, "orders")
	db.Exec(t, `UPDATE orders SET n = n + 1`)
	app := db.Connect(t, "")
	if _, err := app.Exec(ctx, `BEGIN; UPDATE orders SET note = 'x' WHERE id = 9`); err != nil {
		t.Fatal(err)
	}
	undone := make(chan error, 1)
	go func() {
		_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTable("orders")), &exaudit.UndoOptions{LockTimeout: time.Minute})
		undone <- err
	}()
	const waits = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`
	for !pgtest.One[bool](t, db, waits) {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(1300 * time.Millisecond) // then who waits has looked for a deadlock, and does not do it again
	for i := range 4 {
		if _, err := app.Exec(ctx, `UPDATE orders SET note = 'x' WHERE id = $1`, 1+i); err != nil {
			t.Fatalf("the application: %v", err)
		}
	}
	if _, err := app.Exec(ctx, `COMMIT`); err != nil {
		t.Fatal(err)
	}
	if err := <-undone; err != nil {
		t.Errorf("undo: %v", err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM orders WHERE n = id`); n != 9 {
		t.Errorf("%d of 9 rows were undone", n)
	}
}
