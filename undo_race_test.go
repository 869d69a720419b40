package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

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
