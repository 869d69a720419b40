package test_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/postgres"
	"github.com/exaudit/exaudit/internal/testall"
)

const (
	writers = 50
	hotRows = 5
)

// Fifty writers on five rows, with deadlocks, rollbacks and savepoints, and the server
// killed in the middle: afterwards every chain fits together, and there is a version for
// each committed change and for no other.
func TestConcurrentWritersAndCrash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, pool := serverToKill(t)
	url := server.URL("postgres")
	if _, err := pool.Exec(ctx, fmt.Sprintf(`CREATE TABLE hot (id int PRIMARY KEY, n int NOT NULL, note text);
		INSERT INTO hot SELECT g, 0, '' FROM generate_series(1, %d) g`, hotRows)); err != nil {
		t.Fatal(err)
	}
	if _, err := exaudit.New(pool).Install(ctx, []string{"hot"}, nil); err != nil {
		t.Fatal(err)
	}
	pool.Close()

	var tally tally
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() { write(ctx, url, uint64(i), &tally) })
	}
	for tally.committed.Load() < testall.Or[int64](300, 3000) || tally.deadlocks.Load() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	server.Kill()
	wg.Wait()
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	checkHotRows(ctx, t, url, &tally)
	pgtest.Count(t, "writers", writers)
}

// serverToKill is a server of the test's own that keeps what was committed, with exaudit in it.
func serverToKill(t *testing.T) (*postgres.Cluster, *pgxpool.Pool) {
	t.Helper()
	ctx := context.Background()
	server, err := postgres.Start(ctx, postgres.Options{Settings: map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "deadlock_timeout": "20ms", "max_connections": "100",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	pool, err := pgxpool.New(ctx, server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exaudit.New(pool).Init(ctx, nil); err != nil {
		t.Fatal(err)
	}
	return server, pool
}

type tally struct{ committed, rolledBack, savepoints, deadlocks atomic.Int64 }

// write changes random rows in transactions until the server is gone.
func write(ctx context.Context, url string, seed uint64, tally *tally) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return
	}
	defer conn.Close(ctx)
	r := rand.New(rand.NewPCG(1, seed))
	for !conn.IsClosed() {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for range 1 + r.IntN(8)/6 { // mostly one, so that not all is deadlock
				if err := change(ctx, tx, r, tally); err != nil {
					return err
				}
			}
			if r.IntN(5) == 0 {
				return pgx.ErrTxClosed // any error: roll back
			}
			return nil
		})
		var pgErr *pgconn.PgError
		switch {
		case err == nil:
			tally.committed.Add(1)
		case errors.As(err, &pgErr) && pgErr.Code == "40P01":
			tally.deadlocks.Add(1)
		case errors.Is(err, pgx.ErrTxClosed):
			tally.rolledBack.Add(1)
		}
	}
}

// change counts a row up, and sometimes does more that a savepoint takes back.
func change(ctx context.Context, tx pgx.Tx, r *rand.Rand, tally *tally) error {
	if _, err := tx.Exec(ctx, `UPDATE hot SET n = n + 1, note = $2 WHERE id = $1`, 1+r.IntN(hotRows), fmt.Sprint(r.IntN(3))); err != nil {
		return err
	}
	if r.IntN(4) != 0 {
		return nil
	}
	savepoint, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := savepoint.Exec(ctx, `UPDATE hot SET n = n + 1000 WHERE id = $1`, 1+r.IntN(hotRows)); err != nil {
		return err
	}
	tally.savepoints.Add(1)
	return savepoint.Rollback(ctx)
}

func checkHotRows(ctx context.Context, t *testing.T, url string, tally *tally) {
	t.Helper()
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	changes := 0
	for id := 1; id <= hotRows; id++ {
		versions := statesOf(t, exaudit.New(pool), "hot", id)
		var n int
		if err := pool.QueryRow(ctx, `SELECT n FROM hot WHERE id = $1`, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != len(versions) {
			t.Errorf("row %d was changed %d times, %d versions are recorded", id, n, len(versions))
		}
		changes += n
	}
	t.Logf("%d writers on %d rows: %d changes in %d committed transactions; %d rolled back, %d savepoints, %d deadlocks; all chains fit",
		writers, hotRows, changes, tally.committed.Load(), tally.rolledBack.Load(), tally.savepoints.Load(), tally.deadlocks.Load())
	if changes == 0 || tally.deadlocks.Load() == 0 {
		t.Error("the test did not get to do its work")
	}
}

// The server is killed when all is written and nothing is committed: nothing is applied.
func TestUndoAndCrash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, pool := serverToKill(t)
	n := testall.Or(300, 3000)
	db := &pgtest.DB{Pool: pool}
	db.Exec(t, fmt.Sprintf(`CREATE TABLE parents (id int PRIMARY KEY, n int); CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE);
		INSERT INTO parents SELECT i, i FROM generate_series(1, %[1]d) i; INSERT INTO children SELECT i, i FROM generate_series(1, %[1]d) i`, n))
	adb := exaudit.New(pool)
	if _, err := adb.Install(ctx, []string{"parents", "children"}, nil); err != nil {
		t.Fatal(err)
	}
	bad := inOneTransaction(t, db, fmt.Sprintf(`UPDATE parents SET n = 0 WHERE id <= %d`, n*2/3),
		fmt.Sprintf(`DELETE FROM parents WHERE id > %d`, n*2/3))
	content := `SELECT (SELECT string_agg(p::text, ' ' ORDER BY id) FROM parents p) || (SELECT string_agg(c::text, ' ' ORDER BY id) FROM children c)`
	before := pgtest.One[string](t, db, content)

	selection := exaudit.Select(exaudit.ByTransaction(bad))
	_, err := adb.Undo(ctx, selection, &exaudit.UndoOptions{Progress: func(stage audit.Stage, _ int) {
		if stage == "checking what was written" {
			server.Kill()
		}
	}})
	if err == nil {
		t.Fatal("the undo outlived its server")
	}
	pool.Close()
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if pool, err = pgxpool.New(ctx, server.URL("postgres")); err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	db.Pool, adb = pool, exaudit.New(pool)
	if got := pgtest.One[string](t, db, content); got != before {
		t.Error("something was applied")
	}
	if written := pgtest.One[int](t, db, `SELECT (SELECT count(*) FROM exaudit.versions WHERE rollback) + (SELECT count(*) FROM exaudit.rollbacks)`); written != 0 {
		t.Errorf("%d rollbacks are recorded", written)
	}
	plan, err := adb.Undo(ctx, selection, nil)
	if err != nil || len(plan.Rows) != n*4/3 {
		t.Errorf("afterwards: %v", err)
	}
}
