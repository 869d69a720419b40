package sql_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

// world is a table that a workload changes, with what it held after each transaction: kept
// here, as text by attribute number, and not taken from any version.
type world struct {
	t       *rapid.T
	ctx     context.Context
	conn    *pgx.Conn
	table   string
	added   map[int]string // attribute number → what the column was filled with
	moments []moment
	next    int                         // a key that was never used
	lives   map[string][]map[int]string // states by uid, which never changes
}

type moment struct {
	instant   time.Time
	mark      string
	versionID *int64 // nil before the first
	xid       *string
	rows      []map[int]string
}

func (w *world) exec(sql string, args ...any) {
	sql = strings.ReplaceAll(sql, "items", w.table)
	if _, err := w.conn.Exec(w.ctx, sql, args...); err != nil {
		w.t.Fatalf("%v\n%s", err, sql)
	}
}

func (w *world) rows(from string, args ...any) []map[int]string {
	type column struct {
		Name   string
		Number int
	}
	found, _ := w.conn.Query(w.ctx, `SELECT attname, attnum FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, w.table)
	columns, err := pgx.CollectRows(found, pgx.RowToStructByPos[column])
	if err != nil {
		w.t.Fatal(err)
	}
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = fmt.Sprintf("coalesce(r.%s::text, E'\\x01')", c.Name)
	}
	found, _ = w.conn.Query(w.ctx, "SELECT ARRAY["+strings.Join(texts, ", ")+"] FROM "+from+" AS r", args...)
	values, err := pgx.CollectRows(found, pgx.RowTo[[]string])
	if err != nil {
		w.t.Fatalf("%v\n%s", err, from)
	}
	rows := make([]map[int]string, len(values))
	for i, row := range values {
		rows[i] = make(map[int]string)
		for n, c := range columns {
			rows[i][c.Number] = row[n]
		}
	}
	return rows
}

// note keeps what the table holds now.
func (w *world) note() {
	m := moment{rows: w.rows(w.table)}
	for _, row := range m.rows {
		life := w.lives[row[2]]
		if len(life) == 0 || !maps.Equal(life[len(life)-1], row) {
			w.lives[row[2]] = append(life, row)
		}
	}
	m.mark = fmt.Sprintf("%s %d", w.table, len(w.moments))
	w.exec("SELECT exaudit.mark($1)", m.mark)
	const last = `SELECT clock_timestamp(), (SELECT max(v.id) FROM exaudit.versions v),
		(SELECT v.transaction_id::text FROM exaudit.versions v ORDER BY v.id DESC LIMIT 1)`
	if err := w.conn.QueryRow(w.ctx, last).Scan(&m.instant, &m.versionID, &m.xid); err != nil {
		w.t.Fatal(err)
	}
	w.moments = append(w.moments, m)
}

// present is a row under the columns that there are now.
func (w *world) present(rows []map[int]string, columns []int) []string {
	list := make([]string, len(rows))
	for i, row := range rows {
		var values []string
		for _, n := range columns {
			v, ok := row[n]
			if !ok {
				v = w.added[n]
			}
			values = append(values, v)
		}
		list[i] = strings.Join(values, "|")
	}
	return list
}

var changes = []string{
	"INSERT INTO items (id, uid, a, n, j) VALUES (next, next, 'new', 1.0, '{\"x\": [1]}'), (next, next, NULL, NULL, 'null')",
	"UPDATE items SET a = a || 'x' WHERE id % 2 = 0",
	"UPDATE items SET n = n * 1.10, j = jsonb_build_object('n', n, 'id', id)",
	"UPDATE items SET f = -f, a = NULL WHERE id % 3 = 0",
	"UPDATE items SET j = CASE WHEN j = 'null' THEN NULL ELSE 'null'::jsonb END WHERE id % 2 = 1",
	"UPDATE items SET k = '7', c = a WHERE id % 2 = 0",
	"UPDATE items SET k = '8'",
	"DELETE FROM items WHERE id = (SELECT min(id) FROM items)",
	// keys: one by one, exchanged, and all at once
	"UPDATE items SET id = next WHERE id = (SELECT max(id) FROM items)",
	"UPDATE items SET id = (SELECT min(id) + max(id) FROM items) - id, a = 'swapped' WHERE id IN (SELECT min(id) FROM items UNION SELECT max(id) FROM items)",
	"UPDATE items SET id = id + 1",
	"TRUNCATE items",
}

var reuse = "INSERT INTO items (id, uid, a) SELECT 1, next, 'again' WHERE NOT EXISTS (SELECT FROM items WHERE id = 1)"

var alterations = []string{
	"ALTER TABLE items RENAME COLUMN a TO b; ALTER TABLE items ADD COLUMN a text",
	"ALTER TABLE items RENAME COLUMN a TO a2; ALTER TABLE items RENAME COLUMN c TO a; ALTER TABLE items RENAME COLUMN a2 TO c",
	"ALTER TABLE items ADD COLUMN extra text NOT NULL DEFAULT 'filled'",
	"ALTER TABLE items DROP COLUMN f; ALTER TABLE items ADD COLUMN f double precision",
	"ALTER TABLE items ALTER COLUMN k TYPE text",
}

func (w *world) number(sql string) string {
	for strings.Contains(sql, "next") {
		w.next += 1000
		sql = strings.Replace(sql, "next", fmt.Sprint(w.next), 1)
	}
	return sql
}

// What a table held after each transaction comes back, whatever has happened since; and so do
// the states of its rows, through all their keys.
func TestAsOf(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		w := &world{t: rt, ctx: context.Background(), conn: db.Connect(t, ""), table: fmt.Sprintf("items%d", run),
			lives: make(map[string][]map[int]string), added: map[int]string{}}
		defer w.conn.Close(w.ctx)
		w.exec(`CREATE TABLE items (id bigint PRIMARY KEY DEFERRABLE, uid text, a text, n numeric, j jsonb, f double precision DEFAULT 0, c text, k int)`)
		w.exec(`CREATE FUNCTION items_nested() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			UPDATE items SET a = 'nested' WHERE uid = NEW.uid AND a = 'swapped'; RETURN NULL; END $$`)
		w.exec(`CREATE TRIGGER nested AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION items_nested()`)
		auditdb.Install(t, db, w.table)
		w.workload()
		w.check()
	})
}

func (w *world) workload() {
	reused := rapid.Bool().Draw(w.t, "reuse")
	altered := map[int]bool{}
	w.note()
	for range rapid.IntRange(1, 12).Draw(w.t, "transactions") {
		statements := rapid.SliceOfN(rapid.IntRange(0, len(changes)-1), 1, 3).Draw(w.t, "statements")
		w.exec("BEGIN")
		for _, s := range statements {
			w.exec(w.number(changes[s]))
			if reused {
				w.exec(w.number(reuse))
			}
		}
		w.exec("COMMIT")
		w.note()
		if a := rapid.IntRange(0, 3*len(alterations)).Draw(w.t, "alteration"); a < len(alterations) && !altered[a] {
			altered[a] = true
			w.exec(alterations[a])
			var newest int
			if err := w.conn.QueryRow(w.ctx, `SELECT max(attnum) FROM pg_attribute WHERE attrelid = $1::regclass`, w.table).Scan(&newest); err != nil {
				w.t.Fatal(err)
			}
			if _, known := w.added[newest]; !known {
				w.added[newest] = map[bool]string{true: "filled", false: "\x01"}[a == 2]
			}
			w.lives = nil // their columns have changed
		}
		if w.lives == nil || reused {
			w.lives = make(map[string][]map[int]string)
			reused = true
		}
	}
	if reused {
		w.lives = nil
	}
}

// points are the moment, by the functions that take it.
func (m moment) points() map[string]any {
	points := map[string]any{"as_of": m.instant, "as_of_mark": m.mark}
	if m.versionID != nil {
		points["as_of_version"], points["as_of_transaction"] = *m.versionID, *m.xid
	}
	return points
}

func (w *world) columns() []int {
	found, _ := w.conn.Query(w.ctx, `SELECT attnum::int FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, w.table)
	columns, err := pgx.CollectRows(found, pgx.RowTo[int])
	if err != nil {
		w.t.Fatal(err)
	}
	return columns
}

func (w *world) check() {
	columns := w.columns()
	for i, m := range w.moments {
		want := w.present(m.rows, columns)
		slices.Sort(want)
		for function, point := range m.points() {
			got := w.present(w.rows("exaudit."+function+"(NULL::"+w.table+", $1)", point), columns)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				w.t.Fatalf("%s after transaction %d of %d:\n%s\nwant:\n%s", function, i, len(w.moments)-1, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
	if w.lives == nil {
		return
	}
	for _, row := range w.rows(w.table) {
		got := w.present(w.rows("exaudit.states(NULL::"+w.table+", $1)", row[1]), columns)
		// several statements of one transaction leave one state here, and each one there
		left := got
		for _, want := range w.present(w.lives[row[2]], columns) {
			at := slices.Index(left, want)
			if at < 0 {
				w.t.Fatalf("states of %s:\n%s\nlack:\n%s", row[1], strings.Join(got, "\n"), want)
			}
			left = left[at+1:]
		}
		if len(left) > 0 {
			w.t.Fatalf("states of %s go on after the present one:\n%s", row[1], strings.Join(got, "\n"))
		}
	}
}

// What is not known is not made up: before tracking began, after retention, without the right
// to read it all, and where something was changed without being recorded.
func TestAsOfRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, a text); INSERT INTO items VALUES (1, 'a'), (2, 'a'); CREATE TABLE other (id int PRIMARY KEY)`)
	auditdb.Install(t, db, "items")
	fails := func(want, query string, args ...any) {
		t.Helper()
		rows, _ := db.Pool.Query(ctx, query, args...)
		rows.Close()
		if err := rows.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
	now := func() (instant time.Time) { return pgtest.One[time.Time](t, db, "SELECT clock_timestamp()") }

	installed := now()
	db.Exec(t, `UPDATE items SET a = 'b' WHERE id = 1`)
	changed := now()
	if got := pgtest.One[string](t, db, `SELECT string_agg(a, '' ORDER BY id) FROM exaudit.as_of(NULL::items, $1)`, installed); got != "aa" {
		t.Errorf("as of the installation: %s", got)
	}
	fails("complete only since", `SELECT * FROM exaudit.as_of(NULL::items, $1)`, installed.Add(-time.Hour))
	fails("complete only since", `SELECT * FROM exaudit.as_of(NULL::items, '-infinity')`)
	fails("needs a time", `SELECT * FROM exaudit.as_of(NULL::items, NULL)`)
	fails("other is not the row type of a tracked table", `SELECT * FROM exaudit.as_of(NULL::other, now())`)
	fails("integer is not the row type of a tracked table", `SELECT * FROM exaudit.as_of(1, now())`)

	db.Exec(t, `BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions; COMMIT`)
	fails("complete only since", `SELECT * FROM exaudit.as_of(NULL::items, $1)`, installed)
	if got := pgtest.One[string](t, db, `SELECT string_agg(a, '' ORDER BY id) FROM exaudit.as_of(NULL::items, $1)`, changed); got != "ba" {
		t.Errorf("after the changes that retention removed: %s", got)
	}

	// a time without triggers
	if err := triggers.Uninstall(ctx, db.Pool, []string{"items"}, triggers.RecordEnd()); err != nil {
		t.Fatal(err)
	}
	fails(": it was uninstalled at", `SELECT * FROM exaudit.as_of(NULL::items, now())`)
	between := now()
	db.Exec(t, `UPDATE items SET a = 'unseen'`)
	auditdb.Install(t, db, "items")
	fails("and tracked again from", `SELECT * FROM exaudit.as_of(NULL::items, $1)`, between)
	if got := pgtest.One[string](t, db, `SELECT string_agg(a, '' ORDER BY id) FROM exaudit.as_of(NULL::items, $1)`, changed); got != "ba" {
		t.Errorf("before the table was uninstalled: %s", got)
	}

	again := now()
	db.Exec(t, `UPDATE items SET a = 'c' WHERE id = 1; ALTER TABLE items DISABLE TRIGGER ALL; UPDATE items SET a = 'unseen'; ALTER TABLE items ENABLE TRIGGER ALL`)
	fails("the history of public.items 1 does not fit together at version", `SELECT * FROM exaudit.as_of(NULL::items, $1)`, again)
	fails("does not fit together", `SELECT * FROM exaudit.states(NULL::items, '1')`)

	role := db.Role(t, "")
	db.Exec(t, `GRANT exaudit_reader TO `+role)
	reader := db.Connect(t, role)
	read := func() error {
		_, err := reader.Exec(ctx, `SELECT * FROM exaudit.as_of(NULL::items, now())`)
		return err
	}
	if err := read(); err == nil || !strings.Contains(err.Error(), "permission denied for the history of") {
		t.Errorf("without the right to read the table: %v", err)
	}
	db.Exec(t, `GRANT SELECT ON items TO `+role)
	if err := read(); err != nil {
		t.Error(err)
	}
	db.Exec(t, `ALTER TABLE items ENABLE ROW LEVEL SECURITY; CREATE POLICY own_rows ON items USING (id = 1)`)
	if err := read(); err == nil || !strings.Contains(err.Error(), "permission denied for the history of") {
		t.Errorf("under row security: %v", err)
	}
}

// What options keep out is NULL in every row, changed or not.
func TestAsOfHidden(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, a text, secret text, noise int); INSERT INTO items VALUES (1, 'a', 's', 1), (2, 'a', 's', 2)`)
	_, err := triggers.Install(context.Background(), db.Pool, []string{"items"},
		triggers.WithOptions(map[string]audit.TableOptions{"items": {Mask: []string{"secret"}, Exclude: []string{"noise"}}}))
	if err != nil {
		t.Fatal(err)
	}
	instant := pgtest.One[time.Time](t, db, "SELECT clock_timestamp()")
	db.Exec(t, `UPDATE items SET a = 'b', secret = 't', noise = 7 WHERE id = 1`)
	for query, want := range map[string]string{
		`exaudit.as_of(NULL::items, $1)`:                                                     "(1,a,,) (2,a,,)",
		`exaudit.as_of(NULL::items, greatest($1::timestamptz, clock_timestamp()))`:           "(1,b,,) (2,a,,)",
		`(SELECT * FROM exaudit.states(NULL::items, '1') WHERE $1::timestamptz IS NOT NULL)`: "(1,b,,)",
	} {
		if got := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id, r.a) FROM `+query+` AS r`, instant); got != want {
			t.Errorf("%s gives %s, want %s", query, got, want)
		}
	}
}

// A value of before a change of type is read as the new type, and fits no other.
func TestAsOfRetyped(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`)
	auditdb.Install(t, db, "items")
	db.Exec(t, `INSERT INTO items VALUES (1, 1)`)
	db.Exec(t, `UPDATE items SET n = 2`)
	instant := pgtest.One[time.Time](t, db, "SELECT clock_timestamp()")
	db.Exec(t, `UPDATE items SET n = 3`)
	db.Exec(t, `ALTER TABLE items ALTER n TYPE text USING 'n' || n`)
	db.Exec(t, `UPDATE items SET n = 'four'`)
	if got := pgtest.One[string](t, db, `SELECT n FROM exaudit.as_of(NULL::items, $1)`, instant); got != "2" {
		t.Errorf("before the change of type it was %s", got)
	}
	if got := pgtest.One[string](t, db, `SELECT string_agg(n, ' ') FROM exaudit.states(NULL::items, '1')`); got != "1 2 n3 four" && got != "1 2 3 four" {
		t.Errorf("states %s", got)
	}
}

// Every partition, under the settings of any session, and types that need care.
func TestAsOfPartitions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `
		CREATE TABLE items (day date, id int, at timestamptz, span interval, f float8, x xml, j json, tags text[], PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
		CREATE TABLE items_2025 PARTITION OF items FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
		CREATE TABLE items_2026 PARTITION OF items FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`)
	auditdb.Install(t, db, "items")
	conn := db.Connect(t, "")
	const row = `'2025-03-04', 1, '2025-03-04 05:06:07+00', '-1 day -02:03:04', '-0', '<?xml version="1.0"?><a/>', '{"a":  1, "a": 2}', '[0:1]={a,NULL}'`
	if _, err := conn.Exec(ctx, `INSERT INTO items VALUES (`+row+`), (`+strings.Replace(row, "1,", "2,", 1)+`)`); err != nil {
		t.Fatal(err)
	}
	want := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM items AS r`)
	instant := pgtest.One[time.Time](t, db, "SELECT clock_timestamp()")
	// to another partition, and gone
	db.Exec(t, `UPDATE items SET day = '2026-03-04', f = 0, span = NULL WHERE id = 1; DELETE FROM items WHERE id = 2`)
	for _, set := range []string{"datestyle = 'SQL, DMY'", "intervalstyle = 'sql_standard'", "timezone = 'Asia/Kolkata'", "extra_float_digits = -15"} {
		if _, err := conn.Exec(ctx, "SET "+set); err != nil {
			t.Fatal(err)
		}
	}
	var same bool
	if err := conn.QueryRow(ctx, `SELECT count(*) = 2 AND bool_and(r.f::text = '-0' AND r.span = '-1 day -02:03:04' AND r.at = '2025-03-04 05:06:07+00') FROM exaudit.as_of(NULL::items, $1) AS r`, instant).Scan(&same); err != nil || !same {
		t.Errorf("under other settings: %v, %v", same, err)
	}
	if got := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM exaudit.as_of(NULL::items, $1) AS r`, instant); got != want {
		t.Errorf("as of before:\n%s\nwant:\n%s", got, want)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.states(NULL::items, exaudit.entity_id('items', '["2026-03-04", 1]'))`); n < 1 {
		t.Errorf("%d states of the moved row", n)
	}
}
