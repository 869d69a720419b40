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
	"github.com/exaudit/exaudit/exaudittest"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/config"
	"github.com/exaudit/exaudit/internal/migration"
	"github.com/exaudit/exaudit/internal/neighbours"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// calls are what the library can be asked for, about the tables orders and parts.
type calls struct {
	*testing.T
	db  *pgtest.DB
	adb *exaudit.DB
	n   int
}

// call is one of them. held is what keeps it from going on, where something of its own can.
type call struct {
	name string
	held string
	run  func(context.Context) error
}

func (c *calls) last(table, action string) int64 {
	return pgtest.One[int64](c.T, c.db, `SELECT max(v.id) FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id
		WHERE t.table_name = $1 AND v.action = $2::exaudit.action AND NOT v.rollback`, table, action)
}

func (c *calls) table() string {
	c.n++
	name := fmt.Sprint("mine_", c.n)
	c.db.Exec(c.T, `SET exaudit.following = off; CREATE TABLE `+name+` (id int PRIMARY KEY, note text); INSERT INTO `+name+` VALUES (1); RESET exaudit.following`)
	return name
}

func (c *calls) file(ctx context.Context, text string) *config.File {
	file, err := config.Parse("exaudit.yaml", []byte(text))
	if err != nil {
		c.Fatal(err)
	}
	return file
}

func (c *calls) generate(ctx context.Context, text string) error {
	_, _, err := migration.Generate(ctx, c.db.Pool, c.file(ctx, text), &migration.Folder{}, migration.Options{AsOfFunctions: true, Apart: true, Now: time.Now()})
	return err
}

const orderFile = "tables:\n  orders: {mask: [note]}\n  parts:\ncustom_columns:\n  "

// customColumns are missing, and refer to what a neighbour writes to.
const customColumns = "who: text\n  whose: {type: int, references: theirs_written ON DELETE SET NULL ON UPDATE CASCADE}\n"

// writing are those that change something.
func (c *calls) writing() []call {
	c.table()
	c.table()
	return []call{
		{name: "init", run: func(ctx context.Context) error {
			_, err := exaudit.New(c.db.Pool).Init(ctx, nil)
			return err
		}},
		{name: "install", held: `UPDATE mine_1 SET note = 'x'`, run: func(ctx context.Context) error {
			_, err := c.adb.Install(ctx, []string{"orders", "parts", "mine_1"}, nil)
			return err
		}},
		{name: "install anew", held: `UPDATE orders SET note = 'x'`, run: func(ctx context.Context) error {
			_, err := c.adb.Install(ctx, []string{"orders"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"orders": {Mask: []string{"note"}}}})
			return errors.Join(err, func() error {
				_, err := c.adb.Install(ctx, []string{"orders"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"orders": {}}})
				return err
			}())
		}},
		{name: "dry run", held: `UPDATE mine_2 SET note = 'x'`, run: func(ctx context.Context) error {
			_, err := c.adb.Install(ctx, []string{"mine_2"}, &exaudit.InstallOptions{DryRun: true})
			return err
		}},
		{name: "install in a transaction", run: func(ctx context.Context) error {
			return pgx.BeginFunc(ctx, c.db.Pool, func(tx pgx.Tx) error {
				_, err := exaudit.New(tx).Install(ctx, []string{c.table()}, nil)
				return err
			})
		}},
		{name: "follow", run: func(ctx context.Context) error {
			_, err := c.adb.FollowDDL(ctx, audit.FollowDDL{NewTables: []string{"public.*", "theirs.*"}, Except: []string{"public.none"}}, nil)
			return err
		}},
		{name: "sync", held: `UPDATE parts SET n = 3`, run: func(ctx context.Context) error {
			c.db.Exec(c.T, `SET exaudit.following = off; ALTER TABLE orders ADD COLUMN c`+fmt.Sprint(c.n)+` int; RESET exaudit.following`)
			// sync leaves alone what is up to date
			c.db.Exec(c.T, `UPDATE exaudit.tables SET options = CASE options WHEN '{}' THEN '{"updates": "full"}'::jsonb ELSE '{}' END WHERE table_name = 'parts'`)
			_, err := c.adb.Sync(ctx, nil)
			return err
		}},
		{name: "uninstall", held: `UPDATE mine_1 SET note = 'x'`, run: func(ctx context.Context) error {
			return c.adb.Uninstall(ctx, []string{"mine_1"}, nil)
		}},
		{name: "baseline", held: `UPDATE orders SET note = 'x'`, run: func(ctx context.Context) error {
			_, err := c.adb.Baseline(ctx, []string{"orders", "parts"}, &exaudit.BaselineOptions{EveryRow: true})
			return err
		}},
		{name: "mark", run: func(ctx context.Context) error {
			_, err := c.adb.Mark(ctx, "mine", &exaudit.MarkOptions{Note: "a note"})
			return err
		}},
		{name: "revert", held: `UPDATE orders SET note = 'x'`, run: func(ctx context.Context) error {
			_, err := c.adb.Revert(ctx, c.last("orders", "updated"), nil)
			return err
		}},
		{name: "undo", held: `UPDATE parts SET n = 7 WHERE id = 2`, run: func(ctx context.Context) error {
			_, err := c.adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(c.last("parts", "updated"))), nil)
			return err
		}},
		{name: "redo", run: func(ctx context.Context) error {
			xid := pgtest.One[uint64](c.T, c.db, `SELECT transaction_id FROM exaudit.versions WHERE rollback ORDER BY id DESC LIMIT 1`)
			_, err := c.adb.Redo(ctx, xid, nil)
			return err
		}},
		{name: "plan an undo, and apply it", run: func(ctx context.Context) error {
			plan, err := c.adb.PlanUndo(ctx, exaudit.Select(exaudit.ByTable("items")), nil)
			if err != nil {
				return err
			}
			if err := c.adb.CheckUndo(ctx, plan); err != nil {
				return err
			}
			_, err = c.adb.ApplyUndo(ctx, plan, nil)
			return err
		}},
		{name: "track", run: func(ctx context.Context) error {
			return pgx.BeginFunc(ctx, c.db.Pool, func(tx pgx.Tx) error {
				_, err := exaudit.Track(exaudit.With(ctx, exaudit.Custom{"who": "ann"}), tx, audit.Change{Table: "customers", After: map[string]any{"id": 99}})
				return err
			})
		}},
		{name: "generate", run: func(ctx context.Context) error {
			return c.generate(ctx, "tables:\n  orders: {mask: [note]}\n  parts:\n")
		}},
		{name: "generate with the schema", run: func(ctx context.Context) error {
			_, _, err := migration.Generate(ctx, c.db.Pool, c.file(ctx, "tables:\n  orders:\n"), &migration.Folder{}, migration.Options{Schema: true, Apart: true, Now: time.Now()})
			return err
		}},
		{name: "generate with custom columns", run: func(ctx context.Context) error {
			return c.generate(ctx, orderFile+customColumns)
		}},
		{name: "dry run with custom columns", held: `UPDATE orders SET note = 'x'`, run: func(ctx context.Context) error {
			_, err := c.file(ctx, orderFile+customColumns).Apply(ctx, c.adb, true)
			return err
		}},
		{name: "install from a file", held: `UPDATE orders SET note = 'x'`, run: func(ctx context.Context) error {
			_, err := c.file(ctx, "tables:\n  orders: {mask: [note]}\n  parts:\nfollow_ddl: true\nnew_tables: ['public.*', 'theirs.*']\n").Apply(ctx, c.adb, false)
			return err
		}},
	}
}

// reading are those that change nothing.
func (c *calls) reading() []call {
	version := c.last("orders", "updated")
	history := func(opts ...exaudit.HistoryOption) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := exaudit.Collect(c.adb.History(ctx, "orders", 1, opts...))
			return err
		}
	}
	states := func(opts ...exaudit.HistoryOption) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := exaudit.Collect(c.adb.HistoryWithStates(ctx, "orders", 1, opts...))
			return err
		}
	}
	search := func(opts ...exaudit.VersionsOption) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := exaudit.Collect(c.adb.Versions(ctx, opts...))
			return err
		}
	}
	asOf := func(at exaudit.Point) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, table := range []string{"orders", "parts"} {
				for _, err := range c.adb.AsOf(ctx, table, at) {
					if err != nil {
						return err
					}
				}
			}
			_, err := c.adb.StateAt(ctx, "orders", 1, at)
			return err
		}
	}
	sql := func(text string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.db.Pool.Exec(ctx, text)
			return err
		}
	}
	type order struct {
		ID   int     `json:"id"`
		N    *int    `json:"n"`
		Note *string `json:"note"`

		Customer *int `json:"customer"`
	}
	return []call{
		{name: "check", run: c.adb.Check},
		{name: "covered", run: func(ctx context.Context) error { return c.adb.Covered(ctx, "orders", "parts") }},
		{name: "covered, all", run: func(ctx context.Context) error { return c.adb.Covered(ctx) }},
		{name: "assert covered", run: func(context.Context) error {
			exaudittest.AssertCovered(c.T, c.adb, "public", "theirs_away")
			return nil
		}},
		{name: "status", run: func(ctx context.Context) error {
			status, err := c.adb.Status(ctx, nil)
			if err != nil {
				return err
			}
			for _, d := range status.Drift() {
				if !strings.HasPrefix(d.Table, "public.theirs") {
					err = errors.Join(err, errors.New(d.String()))
				}
			}
			return err
		}},
		{name: "compare with a file", run: func(ctx context.Context) error {
			status, err := c.adb.Status(ctx, nil)
			if err != nil {
				return err
			}
			_, err = c.file(ctx, orderFile+"who: text\n").Compare(ctx, c.db.Pool, status.Tables)
			return err
		}},
		{name: "marks", run: func(ctx context.Context) error {
			_, err := c.adb.Marks(ctx)
			return err
		}},
		{name: "history", run: history()},
		{name: "history with states", run: states(exaudit.Since(exaudit.AtTime(time.Now().Add(-time.Hour))))},
		{name: "history, indexed", run: history(exaudit.ByCustom("who", "ann"))},
		{name: "check a history", run: func(ctx context.Context) error { return c.adb.CheckHistory(ctx, "orders", 1) }},
		{name: "typed history", run: func(ctx context.Context) error {
			for _, err := range exaudit.History[order](ctx, c.adb, "orders", 1) {
				if err != nil {
					return err
				}
			}
			_, err := exaudit.First(exaudit.History[order](ctx, c.adb, "orders", 1, exaudit.NewestFirst()))
			return err
		}},
		{name: "a version", run: func(ctx context.Context) error {
			_, err := c.adb.Version(ctx, version)
			return err
		}},
		{name: "states", run: func(ctx context.Context) error {
			_, _, err := c.adb.States(ctx, version)
			return err
		}},
		{name: "search everything", run: search(exaudit.Limit(1000))},
		{name: "search by column", run: search(exaudit.ByColumn("note"), exaudit.Limit(1000))},
		{name: "search by condition", run: search(exaudit.Where("v.action = 'updated'"), exaudit.ByTable("orders"), exaudit.Since(exaudit.AtMark("before")))},
		{name: "transactions", run: func(ctx context.Context) error {
			_, err := exaudit.Collect(c.adb.Transactions(ctx, exaudit.Limit(1000)))
			return err
		}},
		{name: "as of a version", run: asOf(exaudit.AtVersion(version))},
		{name: "as of a mark", run: asOf(exaudit.AtMark("before"))},
		{name: "as of a time", run: asOf(exaudit.AtTime(pgtest.One[time.Time](c.T, c.db, `SELECT clock_timestamp()`)))},
		{name: "as of, SQL", run: sql(`SELECT * FROM exaudit.as_of_mark(NULL::orders, 'before')`)},
		{name: "the view history", run: sql(`SELECT * FROM exaudit.history WHERE table_name = 'orders'`)},
		{name: "preview a revert", run: func(ctx context.Context) error {
			_, err := c.adb.PlanRevert(ctx, version, nil)
			return err
		}},
		{name: "plan an undo", run: func(ctx context.Context) error {
			_, err := c.adb.PlanUndo(ctx, exaudit.Select(exaudit.ByTable("orders", "parts")), nil)
			return err
		}},
	}
}

// withNeighbours is a database with neighbours, in which orders and parts have a history.
func withNeighbours(t *testing.T) (*calls, *neighbours.Street) {
	t.Helper()
	db := auditdb.New(t, neighbours.Schema+`
		CREATE TABLE customers (id int PRIMARY KEY);
		CREATE TABLE orders (id int PRIMARY KEY, n int, note text, customer int REFERENCES customers);
		CREATE TABLE items (id int PRIMARY KEY, of_order int REFERENCES orders ON DELETE CASCADE);
		CREATE TABLE parts (id int, day int, n int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
		CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);`)
	adb := exaudit.New(db.Pool)
	tables := append([]string{"orders", "parts", "items", "customers"}, neighbours.Tables...)
	if _, err := adb.Install(context.Background(), tables, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := adb.FollowDDL(context.Background(), audit.FollowDDL{NewTables: []string{"public.*", "theirs.*"}}, nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO customers VALUES (1); INSERT INTO orders VALUES (1, 1), (2, 2); INSERT INTO items VALUES (1, 1); INSERT INTO parts VALUES (1, 1), (2, 2)`)
	if err := adb.IndexCustom(context.Background(), "who", nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `SELECT exaudit.mark('before')`)
	db.Exec(t, `SET exaudit.custom = '{"who": "ann"}'; UPDATE orders SET n = n + 1, note = 'second'; UPDATE parts SET day = 11 WHERE id = 2; UPDATE parts SET n = 4; RESET exaudit.custom`)
	return &calls{T: t, db: db, adb: adb}, neighbours.MoveIn(t, db)
}

// Nothing of ours waits for who works on other tables.
func TestNothingWaitsForNeighbours(t *testing.T) {
	t.Parallel()
	c, street := withNeighbours(t)
	for _, list := range testall.Turn(0, c.reading, c.writing) {
		for _, call := range list() {
			street.Alone(call.name, func() {
				if err := call.run(context.Background()); err != nil {
					t.Errorf("%s: %v", call.name, err)
				}
			})
		}
	}
	seen := street.During(func() { // as a control: who has to wait is seen
		_, err := c.db.Pool.Exec(context.Background(), `SET lock_timeout = '30ms'; SELECT FROM theirs_altered`)
		if err == nil {
			t.Error("there is nothing to wait for")
		}
	})
	if len(seen) == 0 {
		t.Error("a wait is not seen")
	}
	street.MoveOut()
	if _, err := c.adb.Sync(context.Background(), nil); err != nil {
		t.Error(err)
	}
}

// Nobody waits for a command that is about other tables, not even while it waits itself.
func TestNeighboursWaitForNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, street := withNeighbours(t)
	holder := c.db.Connect(t, "")
	hold := func(statement string) {
		if _, err := holder.Exec(ctx, `SET lock_timeout = '5s'; BEGIN; `+statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
	calls := c.writing()
	for _, call := range testall.Or(calls[:9], calls) {
		hold(call.held)
		done := make(chan error, 1)
		street.Alone(call.name, func() {
			go func() { done <- call.run(ctx) }()
			for held := true; held; {
				select {
				case err := <-done:
					if call.held != "" {
						t.Errorf("%s: it does not wait for its own: %v", call.name, err)
					}
					done <- err
					held = false
				case <-time.After(300 * time.Millisecond):
					held = call.held == ""
				}
				street.GoOn()
			}
			if _, err := holder.Exec(ctx, `ROLLBACK`); err != nil {
				t.Fatal(err)
			}
			street.GoOn()
			if err := <-done; err != nil {
				t.Errorf("%s: %v", call.name, err)
			}
		})
	}
}
