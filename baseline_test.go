package exaudit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

func TestBaseline(t *testing.T) {
	t.Parallel()
	ctx := exaudit.With(context.Background(), exaudit.Custom{"actor": "ada"})
	db := auditdb.New(t, orders+`
		CREATE TABLE events (id int, year int, name text, "a%s" text, PRIMARY KEY (year, id)) PARTITION BY LIST (year);
		CREATE TABLE events_2024 PARTITION OF events FOR VALUES IN (2024);
		CREATE TABLE events_2025 PARTITION OF events FOR VALUES IN (2025);
		INSERT INTO events VALUES (1, 2024, 'a', 'x'), (2, 2025, 'b', 'y');
		INSERT INTO orders (total, info) VALUES (1.50, 'null'), (2, '{"a": 1}'), (3, NULL);`)
	auditdb.Install(t, db, "events")
	audit := exaudit.New(db.Pool)
	if _, err := audit.Install(ctx, []string{"orders"}, exaudit.WithOptions(map[string]exaudit.Options{"orders": {Mask: []string{"code"}, Where: "total < 3"}})); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE orders SET status = 'paid' WHERE id = 2`)
	done, err := audit.Baseline(ctx, []string{"orders", "events"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asJSON(t, done), `[{"table":"public.orders","rows":1},{"table":"public.events","rows":2}]`; got != want {
		t.Errorf("recorded %s, want %s: not the row that has a version, nor the one that the condition leaves out", got, want)
	}
	first := historyOf(t, audit, "orders", 1, exaudit.WithStates())
	if len(first) != 1 || !first[0].Baseline() || first[0].Patch != nil || first[0].Custom["actor"] != "ada" ||
		asJSON(t, first[0].State) != `{"":["info"],"customer":null,"doubled":3.00,"id":1,"info":null,"status":"new","total":1.50}` {
		t.Errorf("baseline %s", asJSON(t, first))
	}
	if done, err = audit.Baseline(ctx, []string{"events"}); err != nil || done[0].Rows != 0 {
		t.Errorf("a second time: %v, %v, want nothing", done, err)
	}
	if done, err = audit.Baseline(ctx, []string{"events"}, exaudit.EveryRow()); err != nil || done[0].Rows != 2 {
		t.Errorf("every row: %v, %v", done, err)
	}

	// what came before and after fits, and goes through it
	db.Exec(t, `UPDATE events SET name = 'c' WHERE id = 1; UPDATE orders SET total = 1.75 WHERE id = 1`)
	if v := historyOf(t, audit, "events", exaudit.Key{2024, 1}, exaudit.WithStates()); len(v) != 3 || v[2].State["name"] != "c" || v[0].State["name"] != "a" {
		t.Errorf("history of an event: %s", asJSON(t, v))
	}
	if _, err := audit.Revert(ctx, historyOf(t, audit, "orders", 1)[1].ID); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT total::text FROM orders WHERE id = 1`); got != "1.50" {
		t.Errorf("reverted to %s, want 1.50", got)
	}
	if _, err := audit.Undo(ctx, exaudit.Select(exaudit.OfVersions(first[0].ID))); !errors.Is(err, exaudit.ErrNothingToDo) {
		t.Errorf("undo of a baseline: %v, want ErrNothingToDo", err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.as_of(NULL::events, clock_timestamp()) AS e JOIN events t ON t.* = e.*`); n != 2 {
		t.Errorf("%d of 2 events are what they are", n)
	}
	if got := historyOf(t, audit, "events", exaudit.Key{2024, 1}, exaudit.Changed("name")); len(got) != 1 {
		t.Errorf("%d versions changed the name, want 1: a baseline changes nothing", len(got))
	}
}

func TestBaselineRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, audit := audited(t, orders, "orders")
	if _, err := audit.Baseline(ctx, []string{"orders", "customers"}); !errors.Is(err, exaudit.ErrNotTracked) {
		t.Errorf("%v, want ErrNotTracked", err)
	}
	conn := db.Connect(t, db.Role(t, "IN ROLE exaudit_reader"))
	if _, err := conn.Exec(ctx, `SELECT exaudit.baseline('orders')`); err == nil {
		t.Error("who may not write to a table may not hold its writers up")
	}
	if _, err := conn.Exec(ctx, `SELECT exaudit.record_baseline((SELECT id FROM exaudit.tables), 'orders'::regclass, true)`); err == nil {
		t.Error("a baseline without a lock")
	}
	if _, err := db.Pool.Exec(ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT exaudit.baseline('orders')`); err == nil {
		t.Error("a baseline of an old snapshot")
	}
}

// Rows that are changed all the time have their baseline in its place.
func TestBaselineAmongWriters(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	db := auditdb.New(t, `CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL); INSERT INTO counters SELECT i, 0 FROM generate_series(1, 5) i`)
	if _, err := triggers.Install(ctx, db.Pool, []string{"counters"}); err != nil {
		t.Fatal(err)
	}
	audit := exaudit.New(db.Pool)
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for ctx.Err() == nil {
				_, _ = db.Pool.Exec(ctx, `UPDATE counters SET n = n + 1 WHERE id = $1`, w%5+1)
			}
		})
	}
	for range 10 {
		if _, err := audit.Baseline(context.Background(), []string{"counters"}, exaudit.EveryRow()); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Millisecond) // for the writers
	}
	stop()
	writers.Wait()
	for id := range 5 {
		baselines := 0
		for _, v := range historyOf(t, audit, "counters", id+1, exaudit.WithStates()) { // which fit together
			if v.Baseline() {
				baselines++
			}
		}
		if baselines != 10 {
			t.Errorf("row %d has %d baselines, want 10", id+1, baselines)
		}
	}
}
