package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

var raceRounds = testall.Or(20, 1000)

// In each round a bad statement touches every row, and is undone while writers change the same
// rows, and while somebody else undoes it as well. No change of a writer is ever lost, and one
// undo of the two does it.
func TestUndoAmongWriters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE stock (id int PRIMARY KEY, price int NOT NULL, sold int NOT NULL DEFAULT 0, info jsonb NOT NULL DEFAULT '{"log": []}');
		INSERT INTO stock (id, price) SELECT i, i FROM generate_series(1, 6) i`, "stock")
	r := rand.New(rand.NewPCG(1, 2))
	sold, priced := make(map[int]int), make(map[int]int)
	for id := 1; id <= 6; id++ {
		priced[id] = id
	}
	var won, lost atomic.Int64
	for round := range raceRounds {
		bad := inOneTransaction(t, db, `UPDATE stock SET price = 0, info = info || '{"bad": true}'`)
		var wg sync.WaitGroup
		for range 2 {
			id, newPrice := 1+r.IntN(6), 0
			if r.IntN(3) == 0 {
				newPrice = 1000 + round
				priced[id] = newPrice
			}
			sold[id]++
			wg.Go(func() {
				_, err := db.Pool.Exec(ctx, `UPDATE stock SET sold = sold + 1, info = jsonb_set(info, '{log,0}', to_jsonb($2::text)) WHERE id = $1`, id, fmt.Sprint(round))
				if err == nil && newPrice != 0 {
					_, err = db.Pool.Exec(ctx, `UPDATE stock SET price = $2 WHERE id = $1`, id, newPrice)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				switch _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), &exaudit.UndoOptions{OnConflict: audit.KeepLater}); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, audit.ErrNothingToDo):
					lost.Add(1)
				default:
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		wg.Wait()
		for id := 1; id <= 6; id++ {
			var price, n int
			var isBad bool
			if err := db.Pool.QueryRow(ctx, `SELECT price, sold, info ? 'bad' FROM stock WHERE id = $1`, id).Scan(&price, &n, &isBad); err != nil {
				t.Fatal(err)
			}
			if price != priced[id] || n != sold[id] || isBad {
				t.Fatalf("round %d: row %d has price %d and sold %d, bad %v; want %d and %d", round, id, price, n, isBad, priced[id], sold[id])
			}
		}
		if t.Failed() {
			return
		}
	}
	if won.Load() != int64(raceRounds) || lost.Load() != int64(raceRounds) {
		t.Errorf("%d undos did it and %d had nothing to do, want %d each", won.Load(), lost.Load(), raceRounds)
	}
	for id := 1; id <= 6; id++ {
		statesOf(t, adb, "stock", id) // which fits together
	}
	pgtest.Count(t, "undo-race-rounds", raceRounds)
}

// The server is killed when all is written and nothing is committed: nothing is applied.
func TestUndoAndCrash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, pool := serverToKill(t)
	db := &pgtest.DB{Pool: pool}
	db.Exec(t, `CREATE TABLE parents (id int PRIMARY KEY, n int); CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE);
		INSERT INTO parents SELECT i, i FROM generate_series(1, 3000) i; INSERT INTO children SELECT i, i FROM generate_series(1, 3000) i`)
	adb := exaudit.New(pool)
	if _, err := adb.Install(ctx, []string{"parents", "children"}, nil); err != nil {
		t.Fatal(err)
	}
	bad := inOneTransaction(t, db, `UPDATE parents SET n = 0 WHERE id <= 2000`, `DELETE FROM parents WHERE id > 2000`)
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
	if n := pgtest.One[int](t, db, `SELECT (SELECT count(*) FROM exaudit.versions WHERE rollback) + (SELECT count(*) FROM exaudit.rollbacks)`); n != 0 {
		t.Errorf("%d rollbacks are recorded", n)
	}
	plan, err := adb.Undo(ctx, selection, nil)
	if err != nil || len(plan.Rows) != 4000 {
		t.Errorf("afterwards: %v", err)
	}
}
