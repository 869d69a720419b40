package sql_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/exaudit/exaudit/internal/auditdb"
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
	instant time.Time
	rows    []map[int]string
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
	if err := w.conn.QueryRow(w.ctx, "SELECT clock_timestamp()").Scan(&m.instant); err != nil {
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
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set("10") // each takes a second
	}
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
		got := w.present(w.rows("exaudit.as_of(NULL::"+w.table+", $1)", m.instant), columns)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			w.t.Fatalf("after transaction %d of %d:\n%s\nwant:\n%s", i, len(w.moments)-1, strings.Join(got, "\n"), strings.Join(want, "\n"))
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
