package test_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/config"
	"github.com/exaudit/exaudit/internal/interrupt"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/postgres"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// interruption is a command that may end at any point, and what it needs before.
type interruption struct {
	empty bool // without schema exaudit
	setup func(*testing.T, *pgtest.DB)
	run   func(context.Context, *exaudit.DB) error
	again any  // what it says where it was done already, nil for nothing
	steps bool // it is several transactions, each of which stays

	source        *pgtest.DB
	before, after string
	requests      int
}

const interrupted = `
	CREATE TABLE orders (id int PRIMARY KEY, n int, note text);
	CREATE TABLE items (id int PRIMARY KEY, of_order int REFERENCES orders ON DELETE CASCADE);
	CREATE TABLE parts (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
	INSERT INTO orders SELECT i, i, 'first' FROM generate_series(1, 5) i;
	INSERT INTO parts VALUES (1, 1)`

// tracked sets up tables that are tracked, and changes of them that can be taken back.
func tracked(t *testing.T, db *pgtest.DB) {
	t.Helper()
	auditdb.Install(t, db, "orders", "items", "parts")
	db.Exec(t, `INSERT INTO items SELECT i, i FROM generate_series(1, 5) i`)
	db.Exec(t, `UPDATE orders SET n = n + 1, note = 'second'; DELETE FROM items WHERE id > 3; UPDATE parts SET day = 2`)
}

// late also has rows of which there is no version.
func late(t *testing.T, db *pgtest.DB) {
	t.Helper()
	tracked(t, db)
	db.Exec(t, `SET session_replication_role = replica; INSERT INTO orders VALUES (8, 8), (9, 9); INSERT INTO parts VALUES (9, 9); RESET session_replication_role`)
}

func versionOf(action string) string {
	return `(SELECT min(id) FROM exaudit.versions WHERE action = '` + action + `' AND NOT rollback)`
}

func idOf(ctx context.Context, a *exaudit.DB, action string) (id int64, err error) {
	err = a.QueryRow(ctx, `SELECT `+versionOf(action)).Scan(&id)
	return id, err
}

var interruptions = map[string]interruption{
	"init": {empty: true, run: func(ctx context.Context, a *exaudit.DB) error {
		_, err := a.Init(ctx, nil)
		return err
	}},
	"remove": {setup: tracked, run: func(ctx context.Context, a *exaudit.DB) error {
		return a.DropSchema(ctx, nil)
	}},
	"install": {steps: true, setup: func(*testing.T, *pgtest.DB) {}, run: func(ctx context.Context, a *exaudit.DB) error {
		_, err := a.Install(ctx, []string{"orders", "parts"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"orders": {Mask: []string{"note"}}}})
		return err
	}},
	"follow DDL": {setup: tracked, run: func(ctx context.Context, a *exaudit.DB) error {
		_, err := a.FollowDDL(ctx, audit.FollowDDL{NewTables: []string{"public.*"}}, nil)
		return err
	}},
	"sync": {
		steps: true,
		setup: func(t *testing.T, db *pgtest.DB) {
			tracked(t, db)
			db.Exec(t, `ALTER TABLE orders ADD COLUMN more int; ALTER TABLE items RENAME TO things; CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
				ALTER TABLE exaudit.versions DISABLE TRIGGER append_only`)
		},
		run: func(ctx context.Context, a *exaudit.DB) error {
			_, err := a.Sync(ctx, nil)
			return err
		},
	},
	"uninstall": {steps: true, setup: tracked, again: audit.NotTracked, run: func(ctx context.Context, a *exaudit.DB) error {
		return a.Uninstall(ctx, []string{"orders", "parts"}, nil)
	}},
	"undo": {setup: tracked, again: audit.ErrNothingToDo, run: func(ctx context.Context, a *exaudit.DB) error {
		_, err := a.Undo(exaudit.With(ctx, exaudit.Custom{"who": "ann"}), exaudit.Select(exaudit.ByTable("orders", "items"), exaudit.ByAction(audit.Updated, audit.Deleted), exaudit.ByRollback(false)), nil)
		return err
	}},
	"redo": {
		setup: func(t *testing.T, db *pgtest.DB) {
			tracked(t, db)
			_, err := exaudit.New(db.Pool).Undo(context.Background(), exaudit.Select(exaudit.ByTable("orders"), exaudit.ByAction(audit.Updated)), nil)
			if err != nil {
				t.Fatal(err)
			}
		},
		again: audit.ErrNothingToDo,
		run: func(ctx context.Context, a *exaudit.DB) error {
			var xid uint64
			if err := a.QueryRow(ctx, `SELECT min(transaction_id) FROM exaudit.versions WHERE rollback`).Scan(&xid); err != nil {
				return err
			}
			_, err := a.Redo(ctx, xid, nil)
			return err
		},
	},
	"revert": {setup: tracked, again: audit.ErrNothingToDo, run: func(ctx context.Context, a *exaudit.DB) error {
		id, err := idOf(ctx, a, "deleted")
		if err != nil {
			return err
		}
		_, err = a.Revert(exaudit.With(ctx, exaudit.Custom{"who": "ann"}), id, nil)
		return err
	}},
	"baseline": {setup: late, steps: true, run: func(ctx context.Context, a *exaudit.DB) error {
		_, err := a.Baseline(ctx, nil, nil)
		return err
	}},
	"mark": {setup: tracked, again: audit.ErrExists, run: func(ctx context.Context, a *exaudit.DB) error {
		_, err := a.Mark(ctx, "here", &exaudit.MarkOptions{Note: "a note"})
		return err
	}},
	"remove a mark": {
		setup: func(t *testing.T, db *pgtest.DB) { db.Exec(t, `SELECT exaudit.mark('here')`) },
		again: audit.ErrNotFound,
		run:   func(ctx context.Context, a *exaudit.DB) error { return a.RemoveMark(ctx, "here") },
	},
	"index": {setup: tracked, steps: true, run: func(ctx context.Context, a *exaudit.DB) error {
		return a.IndexCustom(ctx, "who", nil)
	}},
	"file": {steps: true, setup: tracked, run: func(ctx context.Context, a *exaudit.DB) error {
		file, err := config.Parse("exaudit.yaml", []byte("tables:\n  orders: {exclude: [note]}\n  parts:\ncustom_columns:\n  who: text\n"))
		if err != nil {
			return err
		}
		_, err = file.Apply(ctx, a, false)
		return err
	}},
	"precision": {setup: func(*testing.T, *pgtest.DB) {}, run: func(ctx context.Context, a *exaudit.DB) error {
		_, err := a.Init(ctx, &exaudit.InitOptions{Precision: new(3)})
		return err
	}},
}

// EXAUDIT_TEST_INTERRUPTIONS=all has every point tried; else it is a few of each command.
const interruptionsVariable = "EXAUDIT_TEST_INTERRUPTIONS"

// Whatever ends a command, at whatever point, leaves the database as it was before or as it is afterwards, and the
// command goes through when it is run again.
func TestInterruptions(t *testing.T) {
	t.Parallel()
	for i, name := range testall.Sample(slices.Sorted(maps.Keys(interruptions)), 7) {
		c := interruptions[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.prepare(t)
			n := 0
			r := rand.New(rand.NewPCG(1, uint64(c.requests)))
			for _, kind := range testall.Turn(i, interrupt.Kinds...) {
				for _, at := range c.points(r) {
					t.Run(fmt.Sprintf("%s at request %d", kind, at), func(t *testing.T) { c.interrupt(t, kind, at) })
					n++
				}
			}
			pgtest.Count(t, "interruptions", n)
			t.Logf("%d requests, interrupted %d times", c.requests, n)
		})
	}
}

// points are those to be tried: all, or the last one, where it commits, and two others, or one of these.
func (c *interruption) points(r *rand.Rand) (points []int) {
	if os.Getenv(interruptionsVariable) != "all" {
		points := []int{c.requests, 1 + r.IntN(c.requests), 1 + r.IntN(c.requests)}
		if !testall.On() {
			points = points[r.IntN(3):][:1]
		}
		return points
	}
	for at := range c.requests {
		points = append(points, at+1)
	}
	return points
}

// prepare finds out what the database is without an interruption, before and after, and how many requests it takes.
func (c *interruption) prepare(t *testing.T) {
	t.Helper()
	if c.empty {
		c.source = pgtest.New(t)
		c.source.Exec(t, interrupted)
	} else {
		c.source = auditdb.New(t, interrupted)
		c.setup(t, c.source)
	}
	db := pgtest.New(t, pgtest.CopyOf(c.source))
	c.before = c.state(t, db)
	p := interrupt.At(t, db, interrupt.Killed, 0)
	if err := c.with(p); err != nil {
		t.Fatal(err)
	}
	c.after, c.requests = c.state(t, db), p.Passed()
	if c.before == c.after {
		t.Fatal("the command does nothing")
	}
}

func (c *interruption) state(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	items := "items"
	if pgtest.One[bool](t, db, `SELECT to_regclass('things') IS NOT NULL`) {
		items = "things"
	}
	return interrupt.State(t, db, "orders", items, "parts")
}

// interruptedPool makes connections that the point interrupts, none before one is used.
func interruptedPool(ctx context.Context, p *interrupt.Point) (*pgxpool.Pool, error) {
	config := p.Config()
	pool, err := pgxpool.ParseConfig(config.ConnString())
	if err != nil {
		return nil, err
	}
	pool.ConnConfig, pool.MaxConns = config, 1
	return pgxpool.NewWithConfig(ctx, pool)
}

// initialise runs Init over connections that the point interrupts.
func initialise(ctx context.Context, p *interrupt.Point) error {
	pool, err := interruptedPool(ctx, p)
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = exaudit.New(pool).Init(ctx, nil)
	return err
}

// with runs the command over connections that the point interrupts.
func (c *interruption) with(p *interrupt.Point) error {
	ctx := context.Background()
	conns, err := interruptedPool(ctx, p)
	if err != nil {
		return err
	}
	defer conns.Close()
	return c.run(ctx, exaudit.New(conns))
}

func (c *interruption) interrupt(t *testing.T, kind interrupt.Kind, at int) {
	t.Helper()
	db := pgtest.New(t, pgtest.CopyOf(c.source))
	p := interrupt.At(t, db, kind, at)
	err := c.with(p)
	if !p.Reached() {
		t.Logf("it was done before: another test of the server was in the way of the reference (%v)", err)
		return
	}
	p.Settle()
	state := c.state(t, db)
	if state != c.before && state != c.after && !c.steps {
		t.Errorf("%v: it is neither what it was nor what it should be\n%s", err, difference(c.before, state))
	}
	if err == nil && state != c.after {
		t.Error("no error, and not done")
	}
	keepNumbers(t, db)
	err = c.with(interrupt.At(t, db, kind, 0))
	if err != nil && !(state == c.after && c.again != nil && reason.Is(err, c.again)) {
		t.Errorf("again: %v", err)
	}
	if state := c.state(t, db); state != c.after {
		t.Errorf("run again, it is not what it should be\n%s", difference(c.after, state))
	}
}

// keepNumbers takes back what a rollback does not: the next table gets the number that it would have got.
func keepNumbers(t *testing.T, db *pgtest.DB) {
	t.Helper()
	if pgtest.One[bool](t, db, `SELECT to_regclass('exaudit.tables') IS NOT NULL`) {
		db.Exec(t, `SELECT setval('exaudit.tables_id_seq', coalesce(max(id), 1), max(id) IS NOT NULL) FROM exaudit.tables`)
	}
}

// A server that crashes meanwhile does not keep half of it either.
func TestCrashWhileInitialising(t *testing.T) {
	testall.Only(t, "TestInterruptions and TestConcurrentWritersAndCrash have a part of each")
	t.Parallel()
	ctx := context.Background()
	server, err := postgres.Start(ctx, postgres.Options{Settings: map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	database := func(name string) *pgtest.DB {
		pool, err := pgxpool.New(ctx, server.URL(name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		return &pgtest.DB{Pool: pool}
	}
	whole := database("postgres")
	before := interrupt.State(t, whole)
	reference := interrupt.At(t, whole, interrupt.Killed, 0)
	if err := initialise(ctx, reference); err != nil {
		t.Fatal(err)
	}
	after, last := interrupt.State(t, whole), reference.Passed()
	for i, at := range testall.Sample([]int{last - 1, last / 3, last}, 2) {
		name := fmt.Sprint("crash", i)
		crash := func() (reached bool, err error) {
			admin := database("postgres")
			admin.Exec(t, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
			admin.Exec(t, `CREATE DATABASE `+name+` TEMPLATE template0`)
			p := interrupt.At(t, database(name), interrupt.Crashed, at)
			p.Crash = server.Kill
			err = initialise(ctx, p)
			return p.Reached(), err
		}
		reached, err := crash()
		for ; !reached && err == nil && at > 1; reached, err = crash() {
			at-- // on a slow machine, whom locks are waited for is asked as well
		}
		if !reached || err == nil {
			t.Fatalf("request %d of %d: %v, reached: %v", at, last, err, reached)
		}
		if err := server.Restart(ctx); err != nil {
			t.Fatalf("request %d of %d: %v", at, last, err)
		}
		db := database(name)
		if state := interrupt.State(t, db); state != before {
			t.Errorf("request %d of %d: something is left\n%s", at, last, difference(before, state))
		}
		if _, err := exaudit.New(db.Pool).Init(ctx, nil); err != nil {
			t.Errorf("request %d of %d: again: %v", at, last, err)
		}
		if state := interrupt.State(t, db); state != after {
			t.Errorf("request %d of %d: run again, it is not what it should be\n%s", at, last, difference(after, state))
		}
	}
}

// difference are the lines that are only in one of two texts.
func difference(want, got string) string {
	lines := make(map[string]int)
	for _, line := range strings.Split(want, "\n") {
		lines[line]--
	}
	for _, line := range strings.Split(got, "\n") {
		lines[line]++
	}
	var out strings.Builder
	for line, n := range lines {
		if n != 0 {
			fmt.Fprintf(&out, "%+d %s\n", n, line)
		}
	}
	return out.String()
}
