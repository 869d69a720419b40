package triggers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/triggers"
)

// told says what Sync did, one table after the other.
func told(done []audit.Installation) string {
	var lines []string
	for _, d := range done {
		line := d.Table
		if d.Changed {
			line += " changed"
		}
		if d.Skipped != "" {
			line += " skipped"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, ", ")
}

const syncSchema = `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
	CREATE TABLE c (id int PRIMARY KEY); CREATE TABLE untracked (id int PRIMARY KEY)`

func TestSync(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := tracked(t, syncSchema, "a", "b", "c")
	db.Exec(t, `ALTER TABLE a ADD COLUMN n int; ALTER TABLE a DISABLE TRIGGER "!exaudit_t1_update"; ALTER TABLE b RENAME TO d; DROP TABLE c;
		ALTER TABLE exaudit.versions DISABLE TRIGGER ALL`)
	const want = "exaudit.versions changed, public.a changed, public.c skipped, public.d changed"
	before := strings.Join(drift(t, db), "\n")
	done, err := triggers.Sync(ctx, db.Pool, triggers.DryRun())
	if err != nil || told(done) != want {
		t.Errorf("dry run: %s, %v", told(done), err)
	}
	if after := strings.Join(drift(t, db), "\n"); after != before {
		t.Errorf("after a dry run:\n%s\nbefore:\n%s", after, before)
	}
	if done, err = triggers.Sync(ctx, db.Pool); err != nil || told(done) != want {
		t.Errorf("%s, %v", told(done), err)
	}
	wantNoDrift(t, db)
	// a table in use is not waited for where nothing is to be done
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, `INSERT INTO a VALUES (1)`)
	if done, err = triggers.Sync(ctx, db.Pool); err != nil || told(done) != "public.a, public.d" {
		t.Errorf("the second time: %s, %v", told(done), err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO d VALUES (1)`)
	wantRecorded(t, db, `created a 1 {"n": null, "id": 1}`, `created d 1 {"id": 1}`)
}

// A table of the name of one that was dropped does not take its place.
func TestSyncAfterReplacement(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := tracked(t, syncSchema, "a", "b")
	db.Exec(t, `INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); DROP TABLE a; ALTER TABLE b RENAME TO a`)
	done, err := triggers.Sync(ctx, db.Pool)
	if err != nil || told(done) != "public.a skipped, public.a changed" && told(done) != "public.a changed, public.a skipped" {
		t.Errorf("%s, %v", told(done), err)
	}
	wantNoDrift(t, db)
	db.Exec(t, `INSERT INTO a VALUES (3)`)
	if got := fmt.Sprint(list[string](t, db.Pool, `SELECT table_id || ' ' || entity_id FROM exaudit.versions ORDER BY id`)); got != "[1 1 2 2 2 3]" {
		t.Errorf("recorded %s", got)
	}
}

func TestLockTimeout(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, syncSchema)
	writer := db.Connect(t, "")
	run(t, writer, `BEGIN`, `INSERT INTO b VALUES (1)`)
	done, err := triggers.Install(ctx, db.Pool, []string{"b", "a"}, triggers.LockTimeout(50*time.Millisecond))
	var pgErr *pgconn.PgError
	partial := (*audit.PartialError)(nil)
	if !errors.Is(err, audit.ErrLocked) || !errors.As(err, &pgErr) || !strings.HasPrefix(err.Error(), "table public.b is in use by another transaction: there was no lock within 50ms") ||
		!errors.As(err, &partial) || !strings.HasSuffix(err.Error(), "; done: public.a") || len(done) != 1 {
		t.Errorf("install: %v", err)
	}
	run(t, db.Pool, `INSERT INTO a VALUES (7)`)
	wantNoDrift(t, db)
	wantRecorded(t, db, `created a 7 {"id": 7}`)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM pg_trigger WHERE tgrelid = 'b'::regclass`); n != 0 {
		t.Errorf("%d triggers are left behind", n)
	}
	run(t, writer, `COMMIT`)
	install(t, db, "a", "b")

	// an install that is under way
	run(t, writer, `BEGIN`, `LOCK TABLE exaudit.tables IN SHARE ROW EXCLUSIVE MODE`)
	if _, err := triggers.Sync(ctx, db.Pool, triggers.LockTimeout(time.Nanosecond)); !errors.Is(err, audit.ErrLocked) || !strings.Contains(err.Error(), "exaudit.tables") {
		t.Errorf("sync: %v", err)
	}
	run(t, writer, `COMMIT`, `BEGIN`, `INSERT INTO b VALUES (2)`)
	if err := triggers.Uninstall(ctx, db.Pool, []string{"a", "b"}, triggers.LockTimeout(50*time.Millisecond)); !errors.Is(err, audit.ErrLocked) || !strings.Contains(err.Error(), "public.b") {
		t.Errorf("uninstall: %v", err)
	}
	if got := one[string](t, db.Pool, `SELECT string_agg(table_name, ' ') FROM exaudit.tables WHERE tracked`); got != "b" {
		t.Errorf("tracked: %s", got)
	}
	wantNoDrift(t, db)

	// 0 waits for ever; and the transaction's own lock_timeout comes back
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, `SET LOCAL lock_timeout = '7min'`)
	var committing sync.WaitGroup
	committing.Go(func() {
		waiting(t, db)
		_, _ = writer.Exec(ctx, `COMMIT`) // if that fails, the test hangs
	})
	if err := triggers.Uninstall(ctx, tx, []string{"b"}, triggers.LockTimeout(0)); err != nil {
		t.Error(err)
	}
	committing.Wait()
	if got := one[string](t, tx, `SHOW lock_timeout`); got != "7min" {
		t.Errorf("lock_timeout has become %s", got)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Error(err)
	}
}
