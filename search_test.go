package exaudit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

// searched is Versions that must not fail.
func searched(t testing.TB, db *exaudit.DB, opts ...exaudit.VersionsOption) []*audit.Version {
	t.Helper()
	versions, err := exaudit.Collect(db.Versions(context.Background(), opts...))
	if err != nil {
		t.Fatal(err)
	}
	return versions
}

func idsOf(versions []*audit.Version) []int64 {
	var ids []int64
	for _, v := range versions {
		ids = append(ids, v.ID)
	}
	return ids
}

// recordedStore is a store with everything that filters tell apart, its ids far apart.
func recordedStore(t *testing.T) (*pgtest.DB, *exaudit.DB) {
	t.Helper()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY, state text, total numeric, gone int);
		CREATE TABLE b (x int, y text, state jsonb, PRIMARY KEY (x, y))`, "a", "b")
	if _, err := adb.Install(ctx, []string{"b"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"b": {Updates: "full", RecordSessionUser: true}}}); err != nil {
		t.Fatal(err)
	}
	said := func(custom, rollback string, statements ...string) {
		t.Helper()
		err := pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT set_config('exaudit.custom', $1, true), set_config('exaudit.rollback', $2, true)`, custom, rollback); err != nil {
				return err
			}
			for _, sql := range statements {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return fmt.Errorf("%w: %s", err, sql)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	paid := `UPDATE a SET state = 'paid', gone = 2 WHERE id = %d`
	for i, custom := range []string{``, `{"actor": 7}`, `{"actor": "7", "tags": ["x"]}`, `{"actor": 7.0, "reason": null}`, `{"tags": ["x", "y"]}`} {
		rollback := []string{"", "on"}[i%2]
		said(custom, rollback, fmt.Sprintf(`INSERT INTO a VALUES (%d, 'new', 1.0, 1)`, i) /* the last column is state, later on */, fmt.Sprintf(`UPDATE a SET total = 1.00 WHERE id = %d`, i),
			fmt.Sprintf(`INSERT INTO b VALUES (%d, 'k', '{}')`, i))
		db.Exec(t, `SELECT setval('exaudit.versions_id_seq', currval('exaudit.versions_id_seq') + 3000)`)
		said(custom, "", fmt.Sprintf(paid, i), fmt.Sprintf(`UPDATE b SET state = 'null' WHERE x = %d`, i),
			fmt.Sprintf(`UPDATE b SET state = NULL WHERE x = %d`, i))
		if i == 1 {
			db.Exec(t, `ALTER TABLE a RENAME state TO status; ALTER TABLE a DROP gone; ALTER TABLE a ADD state int`)
			paid = `UPDATE a SET status = 'paid', state = 2 WHERE id = %d`
		}
		if i <= 1 {
			said(custom, rollback, fmt.Sprintf(`DELETE FROM a WHERE id = %d`, i))
		}
		if _, err := adb.Mark(ctx, fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	return db, adb
}

// fact is what is recorded, read without exaudit's code.
type fact struct {
	id          int64
	table       string
	entity      string
	action      string
	at          time.Time
	xid         uint64
	round       int // the mark that was made next
	user        string
	rollback    bool
	custom      map[string]any
	changed     map[string]bool // by the names at the time
	newestNames bool            // recorded after the columns of table a were altered
}

func factsOf(t *testing.T, db *pgtest.DB) []fact {
	t.Helper()
	rows, _ := db.Pool.Query(context.Background(), `
		SELECT v.id, t.table_name, v.entity_id, v.action::text, v.recorded_at, v.transaction_id::text, v.rollback, v.custom::text, v.before::text, v.after::text,
		       (regexp_match(v.entity_id, '[0-9]+'))[1]::int, coalesce(v.session_user_name, ''),
		       v.id > coalesce((SELECT max(s.since) FROM exaudit_internal.column_snapshots s WHERE s.table_id = v.table_id AND s.since > 0), 0)
		FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id ORDER BY v.id`)
	facts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (fact, error) {
		f := fact{changed: make(map[string]bool)}
		var custom, before, after *string
		var xid string
		if err := row.Scan(&f.id, &f.table, &f.entity, &f.action, &f.at, &xid, &f.rollback, &custom, &before, &after, &f.round, &f.user, &f.newestNames); err != nil {
			return f, err
		}
		if _, err := fmt.Sscan(xid, &f.xid); err != nil {
			return f, err
		}
		sides := [2]map[string]json.RawMessage{}
		for i, side := range []*string{before, after} {
			if side == nil {
				continue
			}
			if err := json.Unmarshal([]byte(*side), &sides[i]); err != nil {
				return f, err
			}
		}
		for i, side := range sides {
			for name, value := range side {
				noted := func(s map[string]json.RawMessage) bool { return strings.Contains(string(s[""]), `"`+name+`"`) }
				if name != "" && (string(value) != string(sides[1-i][name]) || noted(sides[0]) != noted(sides[1])) {
					f.changed[name] = true
				}
			}
		}
		if custom != nil {
			return f, json.Unmarshal([]byte(*custom), &f.custom)
		}
		return f, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// column tells whether a column of table a or b was changed, by its present name.
func (f fact) column(name string) bool {
	if f.table == "b" || f.newestNames {
		return f.changed[name]
	}
	// as the columns were before they were altered
	old := map[string]string{"status": "state", "gone": "gone", "total": "total", "id": "id"}[name]
	return old != "" && f.changed[old]
}

type condition struct {
	name   string
	option exaudit.RowFilter
	holds  func(fact) bool
}

func drawConditions(t *rapid.T, facts []fact) []condition {
	some, another := rapid.SampledFrom(facts).Draw(t, "version"), rapid.SampledFrom(facts).Draw(t, "another version")
	mark := rapid.IntRange(0, 4).Draw(t, "mark")
	user := rapid.SampledFrom([]string{facts[len(facts)-1].user, "nobody"}).Draw(t, "user")
	action := rapid.SampledFrom([]audit.Action{audit.Created, audit.Updated, audit.Deleted}).Draw(t, "action")
	made := rapid.Bool().Draw(t, "rollback")
	column := rapid.SampledFrom([]string{"state", "status", "total", "gone", "id", "x"}).Draw(t, "column")
	value := rapid.SampledFrom([]any{7, "7", []string{"x"}, nil}).Draw(t, "value")
	key := rapid.SampledFrom([]string{"actor", "tags", "reason", "none"}).Draw(t, "key")
	normal, _ := json.Marshal(value)
	end := int64(0)
	for _, f := range facts {
		if f.xid == some.xid {
			end = max(end, f.id)
		}
	}
	all := []condition{
		{"action", exaudit.ByAction(action, audit.Deleted), func(f fact) bool { return f.action == string(action) || f.action == "deleted" }},
		{"since", exaudit.Since(exaudit.AtTime(some.at)), func(f fact) bool { return f.at.After(some.at) }},
		{"until", exaudit.Until(exaudit.AtTime(some.at)), func(f fact) bool { return !f.at.After(some.at) }},
		{"since version", exaudit.Since(exaudit.AtVersion(some.id)), func(f fact) bool { return f.id > some.id }},
		{"until version", exaudit.Until(exaudit.AtVersion(some.id)), func(f fact) bool { return f.id <= some.id }},
		{"since transaction", exaudit.Since(exaudit.AtTransaction(some.xid)), func(f fact) bool { return f.id > end }},
		{"until transaction", exaudit.Until(exaudit.AtTransaction(some.xid)), func(f fact) bool { return f.id <= end }},
		{"transaction", exaudit.ByTransaction(some.xid), func(f fact) bool { return f.xid == some.xid }},
		{"transaction", exaudit.ByTransaction(some.xid, another.xid), func(f fact) bool { return f.xid == some.xid || f.xid == another.xid }},
		{"versions", exaudit.ByVersion(some.id, another.id), func(f fact) bool { return f.id == some.id || f.id == another.id }},
		{"session user", exaudit.BySessionUser("somebody", user), func(f fact) bool { return f.table == "b" && user != "nobody" }},
		{"since mark", exaudit.Since(exaudit.AtMark(fmt.Sprint(mark))), func(f fact) bool { return f.round > mark }},
		{"until mark", exaudit.Until(exaudit.AtMark(fmt.Sprint(mark))), func(f fact) bool { return f.round <= mark }},
		{"where", exaudit.Where(`before IS NULL OR (after -> 'state') = '2'`), func(f fact) bool {
			return f.action == "created" || f.table == "a" && f.round > 1 && f.changed["state"]
		}},
		{"rollback", exaudit.ByRollback(made), func(f fact) bool { return f.rollback == made }},
		{"custom " + key, exaudit.ByCustom(key, value), func(f fact) bool {
			got, ok := f.custom[key]
			encoded, _ := json.Marshal(got)
			return ok && string(encoded) == string(normal)
		}},
		{"has " + key, exaudit.ByCustomKey(key), func(f fact) bool { _, ok := f.custom[key]; return ok }},
		{"column " + column, exaudit.ByColumn(column), func(f fact) bool { return f.column(column) }},
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(all), 0, 3, func(c condition) string { return c.name }).Draw(t, "conditions")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := recordedStore(t)
	facts := factsOf(t, db)
	keyOf := func(f fact) any {
		if f.table == "a" {
			return f.entity
		}
		var key []any
		if err := json.Unmarshal([]byte(f.entity), &key); err != nil {
			t.Fatal(err)
		}
		return exaudit.Key(key)
	}
	check := func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			conditions := drawConditions(t, facts)
			scope := rapid.SampledFrom([]string{"all", "tables", "entities", "entity"}).Draw(t, "scope")
			one, other := rapid.SampledFrom(facts).Draw(t, "one"), rapid.SampledFrom(facts).Draw(t, "other")
			var opts []exaudit.VersionsOption
			holds := func(fact) bool { return true }
			switch scope {
			case "tables":
				opts = append(opts, exaudit.ByTable(one.table))
				holds = func(f fact) bool { return f.table == one.table }
			case "entities":
				opts = append(opts, exaudit.ByRow(one.table, keyOf(one)), exaudit.ByRow(other.table, keyOf(other)))
				holds = func(f fact) bool {
					return f.table == one.table && f.entity == one.entity || f.table == other.table && f.entity == other.entity
				}
			case "entity":
				holds = func(f fact) bool { return f.table == one.table && f.entity == one.entity }
			}
			for _, c := range conditions {
				opts = append(opts, c.option)
			}
			var want []int64
			for _, f := range facts {
				if holds(f) && !slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(f) }) {
					want = append(want, f.id)
				}
			}
			states := false
			read := func(opts ...exaudit.VersionsOption) []int64 {
				var versions []*audit.Version
				var err error
				if scope == "entity" {
					ofRow := make([]exaudit.HistoryOption, len(opts))
					for i, o := range opts {
						ofRow[i] = o.(exaudit.HistoryOption)
					}
					read := adb.History
					if states {
						read = adb.HistoryWithStates
					}
					versions, err = exaudit.Collect(read(ctx, one.table, keyOf(one), ofRow...))
				} else {
					versions, err = exaudit.Collect(adb.Versions(ctx, opts...))
				}
				if reason.Is(err, audit.InvalidFilter) && len(want) == 0 {
					return nil // the table has no such column
				}
				if err != nil {
					t.Fatal(err)
				}
				return idsOf(versions)
			}
			if got := read(opts...); !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
			if scope == "entity" {
				states = true
				if got := read(opts...); !slices.Equal(got, want) {
					t.Fatalf("with states: got %v, want %v", got, want)
				}
				states = rapid.Bool().Draw(t, "states")
			}
			limit := rapid.IntRange(2, 9).Draw(t, "limit")
			if rapid.Bool().Draw(t, "newest first") {
				opts = append(opts, exaudit.NewestFirst())
				slices.Reverse(want)
			}
			var paged []int64
			for cursor := audit.Cursor(""); ; cursor = after(paged[len(paged)-1]) {
				page := read(append(opts, exaudit.After(cursor), exaudit.Limit(limit))...)
				if len(page) == 0 {
					break
				}
				if paged = append(paged, page...); len(page) > limit {
					t.Fatalf("a page of %d, want %d", len(page), limit)
				}
			}
			if !slices.Equal(paged, want) {
				t.Fatalf("pages of %d: got %v, want %v", limit, paged, want)
			}
		})
	}
	t.Run("no index", check)
	for _, key := range []string{"actor", "tags", "actor"} {
		if err := adb.IndexCustom(ctx, key, nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("indexed", check)
}

// Filters choose among the typed versions of the whole history.
func TestHistoryOfFiltered(t *testing.T) {
	t.Parallel()
	type a struct {
		ID     int32
		Status *string
		Total  string
		State  *int32
	}
	_, db := recordedStore(t)
	for size := range 3 {
		versions := collect[a](t, db, "a", 1, exaudit.ByColumn("status"), exaudit.ByAction(audit.Updated), exaudit.PageSize(size))
		if len(versions) != 1 || *versions[0].Before.Status != "new" || *versions[0].After.Status != "paid" || versions[0].After.Total != "1.00" {
			t.Errorf("page size %d: %+v", size, versions)
		}
		versions = collect[a](t, db, "a", 1, exaudit.Where(`after->>'total' = '1.00'`), exaudit.Until(exaudit.AtMark("1")), exaudit.PageSize(size))
		if len(versions) != 1 || versions[0].Before.Total != "1.0" {
			t.Errorf("page size %d, by a condition: %+v", size, versions)
		}
		if n := len(collect[a](t, db, "a", 1, exaudit.ByCustomKey("actor"), exaudit.Limit(2), exaudit.PageSize(size))); n != 2 {
			t.Errorf("page size %d: %d versions, want 2", size, n)
		}
	}
}

func TestInvalidFilters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	for _, opts := range [][]exaudit.VersionsOption{
		{exaudit.Limit(0)},
		{exaudit.ByAction("removed")},
		{exaudit.After("t1")},
		{exaudit.After("v")},
		{exaudit.ByCustom("f", func() {})},
		{exaudit.ByCustom("a", 1), exaudit.ByCustom("a", 2)},
		{exaudit.ByColumn("nothing")},
	} {
		if _, err := exaudit.Collect(adb.Versions(ctx, opts...)); !reason.Is(err, audit.InvalidFilter) {
			t.Errorf("Versions: %v", err)
		}
	}
	if _, err := exaudit.Collect(adb.Versions(ctx, exaudit.ByTable("nowhere"))); !reason.Is(err, audit.NoTable) {
		t.Errorf("an unknown table: %v", err)
	}
	if versions := searched(t, adb, exaudit.ByTable()); len(versions) != 0 {
		t.Errorf("no tables have %d versions", len(versions))
	}
}

// A reader finds only what it may read, and none of its searches goes through the store.
func TestSearchOfAReader(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE secret (id int PRIMARY KEY)`)
	auditdb.Install(t, db, "a", "secret")
	owner := exaudit.New(db.Pool)
	// 300 transactions of 300 versions, over five hours
	db.Exec(t, `ALTER TABLE exaudit.versions SET (autovacuum_enabled = off)`) // whose statistics could come after those made here
	db.Exec(t, `INSERT INTO exaudit.versions (recorded_at, transaction_id, table_id, action, entity_id, after, custom)
		SELECT '2026-01-01Z'::timestamptz + i / 300 * interval '1 minute', 1000 + i / 300, 1 + i % 2, 'created', (i % 1500)::text,
		       jsonb_build_object('id', i % 1500), jsonb_build_object('actor', i % 301, 'hot', i % 2)
		FROM generate_series(1, 90000) i`)
	if err := owner.IndexCustom(ctx, "actor", nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO exaudit.marks (name, snapshot, last_id, restored_id) VALUES ('m', '1290:1290:', 89000, 0)`)
	db.Exec(t, `ANALYZE exaudit.versions`)
	db.Exec(t, `SELECT brin_summarize_new_values('exaudit.versions_id_time')`)
	role := db.Role(t, "")
	db.Exec(t, `GRANT exaudit_reader TO `+role+`; GRANT SELECT ON a TO `+role)
	conn := db.Connect(t, role)
	reader := exaudit.New(conn)

	middle := time.Date(2026, 1, 1, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		opts   []exaudit.VersionsOption
		filter string
		last   int64
		want   int // of 100
	}{
		{"entity", []exaudit.VersionsOption{exaudit.ByRow("a", 1234)}, `{"tables": [1], "entities": ["1234"]}`, 90000, 60},
		{"ids", []exaudit.VersionsOption{exaudit.After(after(50000))}, `{}`, 50512, 100},
		{"table", []exaudit.VersionsOption{exaudit.After(after(50000)), exaudit.ByTable("a")}, `{"tables": [1]}`, 50512, 100},
		{"time", []exaudit.VersionsOption{exaudit.Since(exaudit.AtTime(middle)), exaudit.Until(exaudit.AtTime(middle.Add(time.Minute)))},
			`{"since": "2026-01-01T02:00:00Z", "until": "2026-01-01T02:01:00Z"}`, 90000, 100},
		{"transaction", []exaudit.VersionsOption{exaudit.ByTransaction(1200)}, `{"transactions": [1200]}`, 90000, 100},
		{"mark", []exaudit.VersionsOption{exaudit.Since(exaudit.AtMark("m"))}, `{"since_marks": [{"snapshot": "1290:1290:", "last_id": 89000, "restored_id": 0}]}`, 90000, 100},
		{"custom", []exaudit.VersionsOption{exaudit.ByCustom("actor", 77)}, `{"custom": {"actor": 77}}`, 90000, 100},
	} {
		versions := searched(t, reader, append(c.opts, exaudit.Limit(100))...)
		if len(versions) != c.want {
			t.Errorf("%s: %d versions, want %d", c.name, len(versions), c.want)
		}
		for _, v := range versions {
			if v.Table != "public.a" {
				t.Fatalf("%s: a version of %s, which the role may not read", c.name, v.Table)
			}
		}
		first := int64(0)
		if c.last == 50512 {
			first = 50000
		}
		var query string
		if err := conn.QueryRow(ctx, `SELECT exaudit_internal.search_query($1, $2, $3, 100)`, c.filter, first, c.last).Scan(&query); err != nil {
			t.Fatal(err)
		}
		rows, _ := conn.Query(ctx, `EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off) `+query)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(lines, "\n")
		if strings.Contains(plan, "Seq Scan on versions") {
			t.Errorf("%s goes through the store:\n%s\n%s", c.name, query, plan)
		}
	}
	if n := len(searched(t, reader, exaudit.ByTable("secret"))); n != 0 {
		t.Errorf("the reader finds %d versions of what it may not read", n)
	}
	if err := reader.IndexCustom(ctx, "hot", nil); err == nil {
		t.Error("a reader could make an index")
	}
}
