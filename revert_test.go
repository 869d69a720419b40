package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

const orders = `
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	customer int REFERENCES customers,
	status   text NOT NULL DEFAULT 'new',
	code     text UNIQUE,
	total    numeric(10,2),
	info     jsonb,
	doubled  numeric GENERATED ALWAYS AS (total * 2) STORED
);
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob');`

func TestRevertUpdate(t *testing.T) {
	t.Parallel()
	ctx := exaudit.With(context.Background(), exaudit.Custom{"actor_id": 7})
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total, code) VALUES (1.50, NULL)`)
	original := rows(t, db, "orders")
	db.Exec(t, `UPDATE orders SET total = 2.00, code = 'A'`)
	db.Exec(t, `UPDATE orders SET status = 'paid', info = '{"a": [1, 2]}'`)
	db.Exec(t, `UPDATE orders SET total = NULL`)
	versions := historyOf(t, adb, "orders", 1)

	preview, err := adb.PlanRevert(ctx, versions[1].ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(historyOf(t, adb, "orders", 1)); n != 4 {
		t.Fatalf("Preview wrote: %d versions, want 4", n)
	}
	done, err := adb.Revert(ctx, versions[1].ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "orders"); got != original {
		t.Errorf("reverted to %s, want %s", got, original)
	}
	want := `{"code":["~","A",null],"doubled":["~",null,3.00],"info":["~",{"a":[1,2]},null],"status":["~","paid","new"],"total":["~",null,1.50]}`
	if got := patchJSON(t, done.Patch); got != want {
		t.Errorf("patch %s, want %s", got, want)
	}
	if a, b := patchJSON(t, done.Patch), patchJSON(t, preview.Patch); a != b {
		t.Errorf("Preview gave %s, Revert %s", b, a)
	}
	last := statesOf(t, adb, "orders", 1)[4]
	if !last.Rollback || asJSON(t, last.Custom) != `{"actor_id":7}` {
		t.Errorf("rollback %v, custom %v", last.Rollback, last.Custom)
	}
	if _, err := adb.Revert(ctx, versions[1].ID, nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("second time: %v, want ErrNothingToDo", err)
	}
}

func TestRevertDeleteAndCreate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders, "orders", "customers")
	db.Exec(t, `INSERT INTO orders (customer, total, info) VALUES (1, 1.50, 'null')`)
	original := rows(t, db, "orders")
	db.Exec(t, `DELETE FROM orders`)
	versions := historyOf(t, adb, "orders", 1)

	if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "orders"); got != original {
		t.Errorf("undeleted %s, want %s", got, original)
	}
	if !pgtest.One[bool](t, db, `SELECT info = 'null' FROM orders`) {
		t.Error("the JSON null came back as an SQL NULL")
	}
	if _, err := adb.Revert(ctx, versions[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "orders"); got != "" {
		t.Errorf("the created row is still there: %s", got)
	}
	if _, err := adb.Revert(ctx, versions[0].ID, nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("second time: %v, want ErrNothingToDo", err)
	}
}

func TestRevertKeepsColumnsAddedSince(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	db.Exec(t, `UPDATE orders SET total = 2`)
	db.Exec(t, `ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT 'none'`)
	db.Exec(t, `UPDATE orders SET total = 3, note = 'kept'`)
	versions := historyOf(t, adb, "orders", 1)

	if _, err := adb.Revert(ctx, versions[2].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT total || note FROM orders`); got != "2.00none" {
		t.Errorf("to before the last version: %s, want 2.00none", got)
	}
	db.Exec(t, `UPDATE orders SET note = 'kept'`)
	if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT total || note FROM orders`); got != "1.00none" {
		t.Errorf("to before the second version: %s, want 1.00none", got)
	}
	db.Exec(t, `DELETE FROM orders`)
	versions = historyOf(t, adb, "orders", 1)
	if _, err := adb.Revert(ctx, versions[len(versions)-1].ID, nil); err != nil {
		t.Fatal(err)
	}
}

func TestRevertRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		before []string // makes the versions; the first one is reverted
		want   any
	}{
		{"referenced row missing", []string{`DELETE FROM orders WHERE id = 1`, `DELETE FROM customers`}, audit.ReferencedRowMissing},
		{"unique value taken", []string{`UPDATE orders SET code = 'B' WHERE id = 1`, `INSERT INTO orders (code) VALUES ('A')`}, audit.UniqueConflict},
		{"column gone", []string{`UPDATE orders SET status = 'x' WHERE id = 1`, `ALTER TABLE orders DROP COLUMN status`}, audit.ColumnGone},
		{"table gone", []string{`UPDATE orders SET status = 'x' WHERE id = 1`, `DROP TABLE orders`}, audit.TableGone},
		{"constraint", []string{`UPDATE orders SET total = 0 WHERE id = 1`, `ALTER TABLE orders ADD CHECK (total < 1)`}, audit.ConstraintViolated},
		{"not null", []string{`UPDATE orders SET info = '{}' WHERE id = 1`, `ALTER TABLE orders ALTER info SET NOT NULL`}, audit.ConstraintViolated},
		{"veto", []string{`UPDATE orders SET total = 0 WHERE id = 1`,
			`CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
			`CREATE TRIGGER veto BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION veto()`}, audit.Vetoed},
		{"diverged", []string{`UPDATE orders SET total = 0 WHERE id = 1`, `ALTER TABLE orders DISABLE TRIGGER USER`,
			`UPDATE orders SET status = 'silently'`, `ALTER TABLE orders ENABLE TRIGGER USER`}, reason.Diverged},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, adb := audited(t, orders, "orders")
			db.Exec(t, `INSERT INTO orders (customer, total, code) VALUES (1, 1.50, 'A')`)
			for _, statement := range c.before {
				db.Exec(t, statement)
			}
			count := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`)
			if _, err := adb.Revert(ctx, 2, nil); !reason.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != count {
				t.Errorf("%d versions were written", n-count)
			}
		})
	}
}

func TestRevertNoVersion(t *testing.T) {
	t.Parallel()
	_, db := audited(t, orders, "orders")
	if _, err := db.Revert(context.Background(), 12345, nil); !errors.Is(err, audit.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestRevertDiverged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total, status) VALUES (1, 'new')`)
	db.Exec(t, `UPDATE orders SET total = 2`)
	db.Exec(t, `SET session_replication_role = replica; UPDATE orders SET status = 'silently'; RESET session_replication_role`)

	_, err := adb.Revert(ctx, 2, nil)
	var diverged *audit.DivergedError
	if !errors.As(err, &diverged) {
		t.Fatalf("got %v, want a DivergedError", err)
	}
	if got := patchJSON(t, diverged.Difference); got != `{"status":["~","new","silently"]}` {
		t.Errorf("difference %s", got)
	}
	if _, err := adb.Revert(ctx, 2, &exaudit.RevertOptions{AllowDiverged: true}); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT total || status FROM orders`); got != "1.00silently" {
		t.Errorf("got %s, want the total back and the rest untouched", got)
	}
}

// A trigger that keeps updated_at is on half of all tables; a revert lives with it.
func TestRevertWithUpdatedAt(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE TABLE notes (id int PRIMARY KEY, body text, updated_at timestamptz);
		CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END';
		CREATE TRIGGER touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();`, "notes")
	db.Exec(t, `INSERT INTO notes VALUES (1, 'one', '2020-01-01')`)
	db.Exec(t, `UPDATE notes SET body = 'two'`)
	if _, err := adb.Revert(context.Background(), 2, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT body FROM notes WHERE updated_at > '2026-01-01'`); got != "one" {
		t.Errorf("body %s, want one", got)
	}
	statesOf(t, adb, "notes", 1)
}

func TestRevertPrimaryKeyChange(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE tags (name text PRIMARY KEY, uses int)`, "tags")
	db.Exec(t, `INSERT INTO tags VALUES ('go', 1)`)
	db.Exec(t, `UPDATE tags SET uses = 2`)
	db.Exec(t, `UPDATE tags SET name = 'golang', uses = 3`)
	db.Exec(t, `UPDATE tags SET uses = 4`)
	for _, key := range []string{"go", "golang"} {
		if n := len(statesOf(t, adb, "tags", key)); n != 4 {
			t.Errorf("history of %s has %d versions, want 4", key, n)
		}
	}
	if _, err := adb.Revert(context.Background(), 2, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "tags"); got != "(go,1)" {
		t.Errorf("reverted to %s", got)
	}
	if n := len(statesOf(t, adb, "tags", "go")); n != 5 {
		t.Errorf("history of go has %d versions, want 5", n)
	}
}

// A row that an update moved to another partition is followed there, and comes back.
func TestRevertMove(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE events (id int, day date, info jsonb, f float8, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
		CREATE TABLE old PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
		CREATE TABLE new (f float8, info jsonb, day date NOT NULL, id int NOT NULL); ALTER TABLE events ATTACH PARTITION new FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')`, "events")
	db.Exec(t, `INSERT INTO events VALUES (1, '2024-05-06', 'null', '-0')`)
	original := rows(t, db, "old")
	db.Exec(t, `UPDATE events SET info = '{"a": 1}'`)
	db.Exec(t, `UPDATE events SET day = '2025-05-06', f = 0, info = NULL`)
	db.Exec(t, `UPDATE events SET f = 2`)
	for _, day := range []string{"2024-05-06", "2025-05-06"} {
		versions := statesOf(t, adb, "events", exaudit.Key{day, 1})
		var got []string
		for _, v := range versions {
			got = append(got, string(v.Action))
		}
		if strings.Join(got, " ") != "created updated updated updated" {
			t.Errorf("history from %s: %v", day, got)
		}
		if want := `{"day":["~","2024-05-06","2025-05-06"],"f":["~","-0",0],"info":["~",{"a":1},null]}`; patchJSON(t, versions[2].Patch) != want {
			t.Errorf("the move is %s, want %s", patchJSON(t, versions[2].Patch), want)
		}
	}
	versions := historyOf(t, adb, "events", exaudit.Key{"2024-05-06", 1})

	// the move, with what came after it
	if _, err := adb.Revert(ctx, versions[2].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "old"); got != `(1,2024-05-06,"{""a"": 1}",-0)` || rows(t, db, "new") != "" {
		t.Errorf("reverted to %s, and %s", got, rows(t, db, "new"))
	}
	reverted := statesOf(t, adb, "events", exaudit.Key{"2025-05-06", 1})
	if last := reverted[len(reverted)-1]; len(reverted) != 5 || last.Action != audit.Updated || !last.Rollback {
		t.Errorf("%d versions, the last is %+v", len(reverted), last)
	}
	// a revert of the revert moves it again
	if _, err := adb.Revert(ctx, reverted[4].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "new"); got != `(2,,2025-05-06,1)` {
		t.Errorf("moved to %s", got)
	}
	// to before both
	if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "old"); got != original {
		t.Errorf("reverted to %s, want %s", got, original)
	}
	if _, err := adb.Revert(ctx, versions[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "events"); got != "" {
		t.Errorf("reverted to %s, want nothing", got)
	}
	statesOf(t, adb, "events", exaudit.Key{"2024-05-06", 1})
}

// Two operators revert at once, while the application goes on: one after the other, and
// nothing that was written in between is lost.
func TestRevertRace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total, info) VALUES (0, '{}')`)
	db.Exec(t, `UPDATE orders SET status = 'bad'`)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if _, err := adb.Revert(ctx, 2, nil); err != nil && !errors.Is(err, audit.ErrNothingToDo) {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 20 {
				if _, err := db.Pool.Exec(ctx, `UPDATE orders SET total = total + 1`); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	// Rebuilding checks that every version fits the one before.
	statesOf(t, adb, "orders", 1)
}

// A revert is part of the caller's transaction, and leaves its session data alone.
func TestRevertInTransaction(t *testing.T) {
	t.Parallel()
	ctx := exaudit.With(context.Background(), exaudit.Custom{"actor_id": 7})
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	db.Exec(t, `UPDATE orders SET total = 2`)

	tx, err := adb.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exaudit.New(tx).Revert(exaudit.With(ctx, exaudit.Custom{"reason": "wrong price"}), 2, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `UPDATE orders SET status = 'checked'`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	versions := historyOf(t, adb, "orders", 1)
	if got := asJSON(t, versions[2].Custom); got != `{"actor_id":7,"reason":"wrong price"}` || !versions[2].Rollback {
		t.Errorf("the revert: %s, rollback %v", got, versions[2].Rollback)
	}
	if got := asJSON(t, versions[3].Custom); got != `{"actor_id":7}` || versions[3].Rollback {
		t.Errorf("the update after it: %s, rollback %v", got, versions[3].Rollback)
	}
}

// What a person has agreed to is what is done, or nothing.
func TestRevertExpected(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	db.Exec(t, `UPDATE orders SET total = 2`)
	shown, err := adb.PlanRevert(ctx, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE orders SET status = 'paid'`)
	if _, err := adb.ApplyRevert(ctx, shown, nil); !errors.Is(err, audit.ErrPlanStale) {
		t.Errorf("after another change: %v, want ErrPlanStale", err)
	}
	if shown, err = adb.PlanRevert(ctx, 2, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := adb.ApplyRevert(ctx, shown, nil); err != nil {
		t.Error(err)
	}
}

// What a row that goes takes along is shown before it goes.
func TestRevertReferencing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE SCHEMA "Odd"; CREATE TABLE people (id int, part int, boss int, bpart int, PRIMARY KEY (part, id), FOREIGN KEY (bpart, boss) REFERENCES people ON DELETE SET NULL);
		CREATE TABLE "Odd"."my.notes" (n int PRIMARY KEY, "p art" int, "per""son" bigint, FOREIGN KEY ("p art", "per""son") REFERENCES people (part, id) ON DELETE CASCADE) PARTITION BY RANGE (n);
		CREATE TABLE notes_1 PARTITION OF "Odd"."my.notes" DEFAULT;
		CREATE TABLE strict (p int, i int, FOREIGN KEY (p, i) REFERENCES people); CREATE TABLE hidden (p int, i int, FOREIGN KEY (p, i) REFERENCES people ON DELETE CASCADE)`, "people")
	db.Exec(t, `INSERT INTO people VALUES (1, 0, 1, 0), (2, 0, 1, 0), (3, 0, NULL, NULL); INSERT INTO "Odd"."my.notes" SELECT n, 0, 1 FROM generate_series(1, 5) n; INSERT INTO "Odd"."my.notes" VALUES (9, 0, 3); INSERT INTO hidden VALUES (0, 1)`)
	preview, err := adb.PlanRevert(ctx, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"table":"\"Odd\".\"my.notes\"","columns":["p art","per\"son"],"action":"deleted","rows":5},` +
		`{"table":"public.hidden","columns":["p","i"],"action":"deleted","rows":1},` +
		`{"table":"public.people","columns":["bpart","boss"],"action":"set to NULL","rows":1}]`
	if got := asJSON(t, preview.Referencing); got != want {
		t.Errorf("referencing %s\nwant        %s", got, want)
	}
	role := db.Role(t, "NOLOGIN IN ROLE exaudit_reader")
	db.Exec(t, `GRANT SELECT ON people TO `+role)
	asRole, err := exaudit.New(db.Connect(t, role)).PlanRevert(ctx, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range asRole.Referencing {
		if want := map[bool]int64{true: 1, false: -1}[r.Table == "public.people"]; r.Rows != want && r.Table != "public.strict" {
			t.Errorf("%s: %d rows, want %d", r.Table, r.Rows, want)
		}
	}
	db.Exec(t, `INSERT INTO strict VALUES (0, 3)`)
	if preview, err = adb.PlanRevert(ctx, 3, nil); err != nil || len(preview.Referencing) != 2 || preview.Referencing[1].Action != "in the way" {
		t.Errorf("in the way: %v, %v", preview, err)
	}
	done, err := adb.Revert(ctx, 1, nil)
	if err != nil || asJSON(t, done.Referencing) != want {
		t.Errorf("reverted: %v, %v", done, err)
	}
	db.Exec(t, `UPDATE people SET bpart = 0, boss = 3 WHERE id = 2`)
	versions := historyOf(t, adb, "people", exaudit.Key{0, 2})
	if preview, err := adb.PlanRevert(ctx, versions[len(versions)-1].ID, nil); err != nil || preview.Referencing != nil {
		t.Errorf("a row that stays: %v, %v", preview, err)
	}
}

// A version of a row that is gone is found, whoever had its key since.
func TestRevertOfARowWhoseKeyWentOn(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE t (id int PRIMARY KEY, v text)`, "t")
	db.Exec(t, `INSERT INTO t VALUES (1000, 'orig')`)
	db.Exec(t, `DELETE FROM t WHERE id = 1000; INSERT INTO t VALUES (1000, 'B')`)
	db.Exec(t, `UPDATE t SET id = 2 WHERE id = 1000`)
	db.Exec(t, `INSERT INTO t VALUES (1000, 'C')`)
	if _, err := adb.Revert(context.Background(), 1, nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("revert of a row that is gone: %v, want nothing to do", err)
	}
	if _, err := adb.Revert(context.Background(), 2, nil); !reason.Is(err, audit.UniqueConflict) {
		t.Errorf("revert of a delete: %v, want a unique conflict", err)
	}
	expect(t, db, "t", `(1000,C) (2,B)`)
}

// The plan of a revert is the same after it was stored as JSON, and is carried out as it was made.
func TestRevertPlanAsJSON(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE orders (id int PRIMARY KEY, total numeric, info jsonb, note text);
		CREATE TABLE lines (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE)`, "orders", "lines")
	if _, err := adb.Install(ctx, []string{"orders"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"orders": {Mask: []string{"note"}}}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO orders VALUES (1, 12345678901234567890.10, '{"a": [1, {"b": null}], "": 1e400}', 'secret'), (2, 2, NULL, NULL)`)
	db.Exec(t, `UPDATE orders SET total = 1, info = '{"a": [2]}', note = 'x' WHERE id = 1`)
	db.Exec(t, `INSERT INTO lines VALUES (1, 1)`)
	db.Exec(t, `DELETE FROM orders WHERE id = 2`)
	was := rows(t, db, "orders")
	for _, test := range []struct {
		name, version string
		opts          exaudit.RevertOptions
		want          string
	}{
		{name: "updated", version: `action = 'updated'`, want: "(1,12345678901234567890.10"},
		{name: "set", version: `action = 'updated'`, want: "(1,9007199254740993.0", opts: exaudit.RevertOptions{SetColumns: map[string]any{"total": json.Number("9007199254740993.0")}, AllowDiverged: true}},
		{name: "deleted", version: `action = 'deleted'`, want: "(2,2,,)"},
		{name: "created", version: `action = 'created' AND entity_id = '1' AND after ? 'info'`},
	} {
		version := pgtest.One[int64](t, db, `SELECT min(id) FROM exaudit.versions WHERE `+test.version)
		plan, err := adb.PlanRevert(ctx, version, &test.opts)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		encoded, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		read := new(audit.RevertPlan)
		if err := json.Unmarshal(encoded, read); err != nil || !reflect.DeepEqual(read, plan) {
			t.Fatalf("%s: %v\n%+v\n%+v", test.name, err, plan, read)
		}
		if err := adb.CheckRevert(ctx, read); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		done, err := adb.ApplyRevert(ctx, read, nil)
		if err != nil || done.TransactionID == 0 || !strings.Contains(rows(t, db, "orders"), test.want) {
			t.Fatalf("%s: %v, %s", test.name, err, rows(t, db, "orders"))
		}
		if err := adb.CheckRevert(ctx, read); !errors.Is(err, audit.ErrNothingToDo) {
			t.Errorf("%s, again: %v", test.name, err)
		}
		if _, err := adb.Redo(ctx, done.TransactionID, &exaudit.UndoOptions{SetColumns: map[string]any{"orders.note": "x"}}); err != nil {
			t.Fatalf("%s: redo: %v", test.name, err)
		}
		if got := rows(t, db, "orders"); got != was {
			t.Errorf("%s: redone to %s, want %s", test.name, got, was)
		}
		db.Exec(t, `UPDATE orders SET total = 77 WHERE id = 1`)
		if err := adb.CheckRevert(ctx, read); test.name != "deleted" && !errors.Is(err, audit.ErrPlanStale) {
			t.Errorf("%s, after another change: %v", test.name, err)
		}
		db.Exec(t, `UPDATE orders SET total = 1 WHERE id = 1`)
	}
}
