package exaudit_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

// The time of a version is cut down, never rounded up: it would lie after what its transaction committed.
func TestPrecisionCutsDown(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE late (id int PRIMARY KEY)`)
	ctx := context.Background()
	for _, wrong := range []int{-1, 7} {
		if changed, err := adb.Init(ctx, &exaudit.InitOptions{Precision: &wrong}); changed || !reason.Is(err, audit.InvalidOption) {
			t.Errorf("precision %d: %t, %v", wrong, changed, err)
		}
	}
	for _, want := range []bool{true, false} {
		if changed, err := adb.Init(ctx, &exaudit.InitOptions{Precision: new(1)}); err != nil || changed != want {
			t.Fatal(changed, err)
		}
	}
	auditdb.Install(t, db, "late")
	for id := range 20 {
		db.Exec(t, `INSERT INTO late VALUES (`+strconv.Itoa(id)+`)`)
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.as_of(NULL::late, clock_timestamp())`); n != id+1 {
			t.Fatalf("%d rows as of now, want %d", n, id+1)
		}
	}
	if _, err := adb.Init(ctx, &exaudit.InitOptions{Precision: new(2)}); !errors.Is(err, audit.ErrExists) {
		t.Errorf("another precision: %v", err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE extract(microseconds FROM recorded_at)::int % 100000 <> 0`); n > 0 {
		t.Errorf("%d versions with more than a tenth of a second", n)
	}
}

// The precision waits for a lock as long as all else of Init.
func TestPrecisionWaitsAsLongAsAsked(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, ``)
	ctx := context.Background()
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, `LOCK TABLE exaudit.versions IN ROW EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	timeout := 50 * time.Millisecond
	_, err = adb.Init(ctx, &exaudit.InitOptions{Precision: new(1), LockTimeout: timeout})
	if locked, ok := errors.AsType[*audit.LockedError](err); !ok || locked.Timeout != timeout {
		t.Errorf("%v, want a lock that was waited for %s", err, timeout)
	}
}
