package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/patch"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	ctx := exaudit.With(context.Background(), exaudit.Custom{"actor_id": 7})
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `ALTER TABLE exaudit.versions ADD COLUMN actor_id bigint, ADD COLUMN source text DEFAULT 'unknown'`)
	start := time.Now().Add(-time.Minute)
	db.Exec(t, `INSERT INTO orders (total, info) VALUES (1.50, '{"a": {"b": 12345678901234567890}}')`)
	tx, err := adb.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `UPDATE orders SET info = '{"a": {"b": 12345678901234567891, "c": 1.10}}'`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `DELETE FROM orders`)

	versions := statesOf(t, adb, "orders", 1)
	if len(versions) != 3 {
		t.Fatalf("%d versions, want 3", len(versions))
	}
	for i, want := range []struct {
		action        audit.Action
		before, after string
		patch         string
		state         string
		columns       string
	}{
		{audit.Created, `null`,
			`{"code":null,"customer":null,"doubled":3.00,"id":1,"info":{"a":{"b":12345678901234567890}},"status":"new","total":1.50}`,
			`{"code":["+",null],"customer":["+",null],"doubled":["+",3.00],"id":["+",1],"info":["+",{"a":{"b":12345678901234567890}}],"status":["+","new"],"total":["+",1.50]}`,
			`{"code":null,"customer":null,"doubled":3.00,"id":1,"info":{"a":{"b":12345678901234567890}},"status":"new","total":1.50}`,
			`{"actor_id":null,"source":"unknown"}`},
		{audit.Updated, `{"info":{"a":{"b":12345678901234567890}}}`, `{"info":{"a":{"b":12345678901234567891,"c":1.10}}}`,
			`{"info":{"a":{"b":["~",12345678901234567890,12345678901234567891],"c":["+",1.10]}}}`,
			`{"code":null,"customer":null,"doubled":3.00,"id":1,"info":{"a":{"b":12345678901234567891,"c":1.10}},"status":"new","total":1.50}`,
			`{"actor_id":7,"source":"unknown"}`},
		{audit.Deleted,
			`{"code":null,"customer":null,"doubled":3.00,"id":1,"info":{"a":{"b":12345678901234567891,"c":1.10}},"status":"new","total":1.50}`,
			`null`,
			`{"code":["-",null],"customer":["-",null],"doubled":["-",3.00],"id":["-",1],"info":["-",{"a":{"b":12345678901234567891,"c":1.10}}],"status":["-","new"],"total":["-",1.50]}`,
			`null`, `{"actor_id":null,"source":"unknown"}`},
	} {
		v := versions[i]
		if v.Action != want.action {
			t.Errorf("version %d: action %s, want %s", i, v.Action, want.action)
		}
		for _, field := range []struct{ name, got, want string }{
			{"before", asJSON(t, v.Before), want.before},
			{"after", asJSON(t, v.After), want.after},
			{"patch", patchJSON(t, v.Patch), want.patch},
			{"state", asJSON(t, v.State), want.state},
			{"custom columns", asJSON(t, v.CustomColumns), want.columns},
		} {
			if field.got != field.want {
				t.Errorf("version %d: %s\n got %s\nwant %s", i, field.name, field.got, field.want)
			}
		}
		if v.Table != "public.orders" || v.EntityID != "1" || v.Rollback || v.TransactionID == 0 || v.RecordedAt.Before(start) {
			t.Errorf("version %d: %+v", i, v)
		}
	}
	if got := asJSON(t, versions[1].Custom); got != `{"actor_id":7}` || versions[0].Custom != nil {
		t.Errorf("custom %s and %v", got, versions[0].Custom)
	}
}

func TestHistoryPages(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (0)`)
	for range 9 {
		db.Exec(t, `UPDATE orders SET total = total + 1`)
	}
	all := historyOf(t, adb, "orders", 1)
	var paged []*audit.Version
	for cursor := audit.Cursor(""); ; cursor = paged[len(paged)-1].Cursor() {
		page := statesOf(t, adb, "orders", 1, exaudit.After(cursor), exaudit.Limit(3))
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
	}
	if len(paged) != len(all) {
		t.Fatalf("%d versions in pages, %d at once", len(paged), len(all))
	}
	for i, v := range paged {
		if v.ID != all[i].ID || fmt.Sprint(v.State["total"]) != fmt.Sprintf("%d.00", i) {
			t.Errorf("page version %d: id %d, total %v", i, v.ID, v.State["total"])
		}
	}
}

// A page that is fetched in parts of 1000 must not stop there.
func TestLongHistory(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (0)`)
	db.Exec(t, `DO $$ BEGIN FOR i IN 1..2500 LOOP UPDATE orders SET total = i; END LOOP; END $$`)
	if n := len(statesOf(t, adb, "orders", 1)); n != 2501 {
		t.Errorf("%d versions, want 2501", n)
	}
	if n := len(historyOf(t, adb, "orders", 1, exaudit.Limit(1500))); n != 1500 {
		t.Errorf("%d versions, want 1500", n)
	}
}

func TestHistoryTrackedLate(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, orders+`INSERT INTO orders (total, status) VALUES (1, 'old')`, "orders")
	db.Exec(t, `UPDATE orders SET total = 2`)
	db.Exec(t, `UPDATE orders SET status = 'paid'`)
	versions := statesOf(t, adb, "orders", 1)
	if got := fmt.Sprint(versions[0].State["total"], versions[0].State["status"], versions[1].State["status"]); got != "2.00oldpaid" {
		t.Errorf("states %s", got)
	}
	before, _, err := adb.States(context.Background(), versions[0].ID)
	if err != nil || fmt.Sprint(before["total"]) != "1.00" {
		t.Errorf("before the first version: %v, %v", before, err)
	}
}

// A trigger that changes the row again while a statement of several rows is under way
// records its change first. States come out right all the same.
func TestHistoryOfNestedChanges(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE TABLE n (id int PRIMARY KEY, a int, b int);
		CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN IF pg_trigger_depth() = 1 THEN UPDATE n SET a = a + 10 WHERE id <> NEW.id; END IF; RETURN NULL; END';
		CREATE TRIGGER bump AFTER UPDATE ON n FOR EACH ROW EXECUTE FUNCTION bump();`, "n")
	db.Exec(t, `INSERT INTO n VALUES (1, 0, 0), (2, 0, 0), (3, 0, 0)`)
	db.Exec(t, `UPDATE n SET a = a + 1`)
	db.Exec(t, `UPDATE n SET b = 5, a = a + 1`)
	for id := 1; id <= 3; id++ {
		versions := statesOf(t, adb, "n", id)
		if n := len(versions); n != 7 {
			t.Errorf("row %d has %d versions, want 7", id, n)
		}
	}
}

func TestHistoryOfDroppedAndRenamedTables(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (x int, y text, v int, PRIMARY KEY (x, y)); CREATE TABLE b (id int PRIMARY KEY, v int)`, "a", "b")
	db.Exec(t, `INSERT INTO a VALUES (1, 'k', 0); INSERT INTO b VALUES (1, 0)`)
	db.Exec(t, `ALTER TABLE b RENAME TO c; UPDATE c SET v = 1; CREATE TABLE b (id int PRIMARY KEY)`)
	if n := len(statesOf(t, adb, "c", 1)); n != 2 {
		t.Errorf("renamed table: %d versions, want 2", n)
	}
	if _, err := exaudit.Collect(adb.History(ctx, "b", 1)); !reason.Is(err, audit.NotTracked) {
		t.Errorf("new table of the old name: %v, want NotTracked", err)
	}
	db.Exec(t, `DROP TABLE a`)
	if n := len(statesOf(t, adb, "a", exaudit.Key{1, "k"})); n != 1 {
		t.Errorf("dropped table: %d versions, want 1", n)
	}
}

func TestHistoryRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders+`CREATE TABLE pairs (a int, b date, PRIMARY KEY (a, b)); CREATE VIEW view AS SELECT 1 AS id`, "orders", "pairs")
	for _, c := range []struct {
		table string
		key   any
		want  any
	}{
		{"nowhere", 1, audit.NoTable},
		{"customers", 1, audit.NotTracked},
		{"view", 1, audit.NotTrackable},
		{"pg_catalog.pg_class", 1, audit.NotTrackable},
		{"orders; DROP TABLE orders", 1, audit.NoTable},
		{"", 1, audit.NoTable},
		{"orders", "one", audit.InvalidKey},
		{"orders", nil, audit.InvalidKey},
		{"orders", exaudit.Key{1, 2}, audit.InvalidKey},
		{"pairs", 1, audit.InvalidKey},
		{"pairs", exaudit.Key{1, "2020-02-31"}, audit.InvalidKey},
		{"orders", func() {}, audit.InvalidKey},
	} {
		if _, err := exaudit.Collect(adb.History(ctx, c.table, c.key)); !reason.Is(err, c.want) {
			t.Errorf("history of %q %v: %v, want %v", c.table, c.key, err, c.want)
		}
	}
	if _, err := adb.Version(ctx, 99); !errors.Is(err, audit.ErrNotFound) {
		t.Errorf("version 99: %v, want ErrNotFound", err)
	}
	db.Exec(t, `DROP SCHEMA exaudit, exaudit_internal CASCADE`)
	if _, err := exaudit.Collect(adb.History(ctx, "orders", 1)); !reason.Is(err, audit.NotInitialized) {
		t.Errorf("without schema exaudit: %v, want NotInitialized", err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, c := range testall.Sample([]struct {
		columns, key string
		values       string
		keys         []any
	}{
		{"id uuid", "id", "'6F9619FF-8B86-D011-B42D-00C04FC964FF'", []any{"6f9619ff-8b86-d011-b42d-00c04fc964ff",
			[16]byte{0x6f, 0x96, 0x19, 0xff, 0x8b, 0x86, 0xd0, 0x11, 0xb4, 0x2d, 0x00, 0xc0, 0x4f, 0xc9, 0x64, 0xff}}},
		{"id text", "id", "'a \"quoted\" [1]'", []any{`a "quoted" [1]`}},
		{"id text", "id", "''", []any{""}},
		{"id bytea", "id", `'\xdead'`, []any{[]byte{0xde, 0xad}, `\xdead`}},
		{"id numeric", "id", "12345678901234567890.10", []any{"12345678901234567890.10"}},
		{"id timestamptz", "id", "'2026-01-02 03:04:05.678+02'", []any{
			time.Date(2026, 1, 2, 1, 4, 5, 678e6, time.UTC), "2026-01-02 01:04:05.678 UTC"}},
		{"id date", "id", "'infinity'", []any{"infinity"}},
		{"a int, b text", "a, b", "1, 'x'", []any{exaudit.Key{1, "x"}, exaudit.Key{"1", "x"}}},
		{`"User" int, "my.key" boolean`, `"my.key", "User"`, "7, true", []any{exaudit.Key{true, 7}}},
	}, 4) {
		t.Run(c.columns, func(t *testing.T) {
			t.Parallel()
			db, adb := audited(t, fmt.Sprintf(`CREATE TABLE k (%s, v int, PRIMARY KEY (%s))`, c.columns, c.key), "k")
			db.Exec(t, `SET timezone = 'Asia/Kolkata'; SET datestyle = 'SQL, DMY'; SET bytea_output = 'escape'; INSERT INTO k VALUES (`+c.values+`, 1)`)
			db.Exec(t, `UPDATE k SET v = 2`)
			for _, key := range c.keys {
				if n := len(statesOf(t, adb, "k", key)); n != 2 {
					t.Errorf("key %v: %d versions, want 2", key, n)
				}
			}
			if _, err := adb.Revert(context.Background(), 2, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVersionJSON(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	db.Exec(t, `UPDATE orders SET total = 2`)
	got := asJSON(t, historyOf(t, adb, "orders", 1)[1])
	for _, want := range []string{
		`"table":"public.orders"`, `"entity_id":"1"`, `"action":"updated"`, `"before":{"doubled":2.00,"total":1.00}`,
		`"patch":{"doubled":["~",2.00,4.00],"total":["~",1.00,2.00]}`, `"custom":null`, `"rollback":false`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

// A key as versions show it leads to them, whatever its columns and its length.
func TestEntityID(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE names (name text PRIMARY KEY, n int); CREATE TABLE pairs (a text, b int, PRIMARY KEY (a, b))`, "names", "pairs")
	db.Exec(t, `INSERT INTO names VALUES (repeat('x', 3000), 1), ('[1, 2]', 2), ('', 3), ('sha256 x', 4); INSERT INTO pairs VALUES ('x', 1), (repeat('y', 3000), 2)`)
	versions, err := exaudit.Collect(adb.Versions(ctx))
	if err != nil || len(versions) != 6 {
		t.Fatal(len(versions), err)
	}
	for _, v := range versions {
		found := historyOf(t, adb, v.Table, v.EntityID)
		if len(found) != 1 || found[0].ID != v.ID {
			t.Errorf("%.20s leads to %v", v.EntityID, found)
		}
	}
}

// A preview is small however large the values are, and still shows that they differ.
func TestPreview(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE docs (id int PRIMARY KEY, body text, info jsonb, small text)`, "docs")
	db.Exec(t, `INSERT INTO docs SELECT 1, repeat('x', 3000000), jsonb_build_object('a', repeat('y', 3000000)), 's'`)
	db.Exec(t, `UPDATE docs SET body = body || 'z', info = info || '{"b": 1}', small = 't'`)
	for _, opts := range [][]exaudit.HistoryOption{{exaudit.Preview(1000)}, {exaudit.Preview(1000), exaudit.ByAction(audit.Created, audit.Updated)}} {
		versions := historyOf(t, adb, "docs", 1, opts...)
		text, err := json.Marshal(versions)
		if err != nil || len(versions) != 2 || len(text) > 30_000 {
			t.Fatalf("%d versions in %d bytes, %v", len(versions), len(text), err)
		}
		changed := versions[1].Patch.(patch.Object)
		if len(changed) != 3 || versions[1].After["small"] != "t" {
			t.Errorf("the patch is %v", changed)
		}
	}
	if whole := historyOf(t, adb, "docs", 1, exaudit.Preview(10_000_000)); len(whole[0].After["body"].(string)) != 3_000_000 {
		t.Error("a value within the limit is cut")
	}
}
