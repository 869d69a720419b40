package triggers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/testall"
)

func TestRecordStatements(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, name text, n int)`, "items")

	for _, c := range []struct {
		name  string
		major int
		sql   string
		want  []string
	}{
		{name: "insert", sql: `INSERT INTO items VALUES (1, 'a', 1)`, want: []string{
			`created items 1 {"n": 1, "id": 1, "name": "a"}`}},
		{name: "multi-row insert", sql: `INSERT INTO items VALUES (2, 'b', 2), (3, 'c', 3)`, want: []string{
			`created items 2 {"n": 2, "id": 2, "name": "b"}`, `created items 3 {"n": 3, "id": 3, "name": "c"}`}},
		{name: "insert … select", sql: `INSERT INTO items SELECT id + 10, name, n FROM items WHERE id = 1`, want: []string{
			`created items 11 {"n": 1, "id": 11, "name": "a"}`}},
		{name: "update of one column", sql: `UPDATE items SET name = 'A' WHERE id = 1`, want: []string{
			`updated items 1 {"name": "a"} → {"name": "A"}`}},
		{name: "update of several rows and columns", sql: `UPDATE items SET n = n * 10, name = name || '!' WHERE id IN (2, 3)`, want: []string{
			`updated items 2 {"n": 2, "name": "b"} → {"n": 20, "name": "b!"}`,
			`updated items 3 {"n": 3, "name": "c"} → {"n": 30, "name": "c!"}`}},
		{name: "update to and from NULL", sql: `UPDATE items SET name = NULL WHERE id = 11; UPDATE items SET name = '' WHERE id = 11`, want: []string{
			`updated items 11 {"name": "a"} → {"name": null}`, `updated items 11 {"name": null} → {"name": ""}`}},
		{name: "no-op update", sql: `UPDATE items SET name = name, n = n + 0`},
		{name: "update of no row", sql: `UPDATE items SET n = 0 WHERE id = 99`},
		{name: "delete", sql: `DELETE FROM items WHERE id = 11`, want: []string{`deleted items 11 {"n": 1, "id": 11, "name": ""}`}},
		{name: "on conflict do nothing", sql: `INSERT INTO items VALUES (1, 'x', 0) ON CONFLICT DO NOTHING`},
		{name: "on conflict do update", sql: `INSERT INTO items VALUES (1, 'x', 0), (4, 'd', 4) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`, want: []string{
			`updated items 1 {"name": "A"} → {"name": "x"}`, `created items 4 {"n": 4, "id": 4, "name": "d"}`}},
		{name: "on conflict do update that changes nothing", sql: `INSERT INTO items VALUES (1, 'x', 1) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`},
		{name: "merge", major: 15, sql: `
			MERGE INTO items t USING (VALUES (4, NULL), (1, 'm'), (5, 'e')) AS s (id, name) ON t.id = s.id
			WHEN MATCHED AND s.name IS NULL THEN DELETE
			WHEN MATCHED THEN UPDATE SET name = s.name
			WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.name, 5)`, want: []string{
			`deleted items 4 {"n": 4, "id": 4, "name": "d"}`, `updated items 1 {"name": "x"} → {"name": "m"}`,
			`created items 5 {"n": 5, "id": 5, "name": "e"}`}},
		{name: "data-modifying CTEs", sql: `
			WITH gone AS (DELETE FROM items WHERE id = 2 RETURNING *),
			     changed AS (UPDATE items SET n = 0 WHERE id = 3 RETURNING *)
			INSERT INTO items SELECT id + 100, name, n FROM gone`, want: []string{
			`deleted items 2 {"n": 20, "id": 2, "name": "b!"}`,
			`created items 102 {"n": 20, "id": 102, "name": "b!"}`,
			`updated items 3 {"n": 30} → {"n": 0}`}},
		{name: "insert and delete in one transaction", sql: `BEGIN; INSERT INTO items VALUES (6); DELETE FROM items WHERE id = 6; COMMIT`, want: []string{
			`created items 6 {"n": null, "id": 6, "name": null}`, `deleted items 6 {"n": null, "id": 6, "name": null}`}},
		{name: "twice in one transaction", sql: `BEGIN; UPDATE items SET n = 1 WHERE id = 3; UPDATE items SET n = 2 WHERE id = 3; COMMIT`, want: []string{
			`updated items 3 {"n": 0} → {"n": 1}`, `updated items 3 {"n": 1} → {"n": 2}`}},
		{name: "there and back in one transaction", sql: `BEGIN; UPDATE items SET n = 1 WHERE id = 3; UPDATE items SET n = 2 WHERE id = 3; COMMIT`, want: []string{
			`updated items 3 {"n": 2} → {"n": 1}`, `updated items 3 {"n": 1} → {"n": 2}`}},
		{name: "rolled back", sql: `BEGIN; UPDATE items SET n = 99; ROLLBACK`},
		{name: "rolled back to a savepoint", sql: `BEGIN; SAVEPOINT s; UPDATE items SET n = 99; ROLLBACK TO s; UPDATE items SET n = 3 WHERE id = 3; COMMIT`, want: []string{
			`updated items 3 {"n": 2} → {"n": 3}`}},
		{name: "key change", sql: `UPDATE items SET id = 30, n = 4 WHERE id = 3`, want: []string{
			`updated items 3 → 30 {"n": 3, "id": 3} → {"n": 4, "id": 30}`}},
		{name: "truncate", sql: `DELETE FROM items WHERE id NOT IN (30, 102); TRUNCATE items`, want: nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if db.Major < c.major {
				t.Skipf("PostgreSQL %d has no such statement", db.Major)
			}
			if c.name == "truncate" {
				db.Exec(t, `DELETE FROM items WHERE id NOT IN (30, 102)`)
				forget(t, db)
				db.Exec(t, `TRUNCATE items`)
				got := strings.Split(recorded(t, db), "\n")
				if len(got) != 2 || !strings.Contains(recorded(t, db), `deleted items 30 {"n": 4, "id": 30, "name": "c!"}`) {
					t.Errorf("recorded %q", got)
				}
				return
			}
			db.Exec(t, c.sql)
			wantRecorded(t, db, c.want...)
		})
	}
}

func TestRecordCopy(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, name text)`, "items")
	_, err := db.Pool.CopyFrom(context.Background(), pgx.Identifier{"items"}, []string{"id", "name"},
		pgx.CopyFromRows([][]any{{int32(1), "a"}, {int32(2), "b"}}))
	if err != nil {
		t.Fatal(err)
	}
	wantRecorded(t, db, `created items 1 {"id": 1, "name": "a"}`, `created items 2 {"id": 2, "name": "b"}`)
}

func TestRecordForeignKeys(t *testing.T) {
	t.Parallel()
	db := tracked(t, `
		CREATE TABLE parents (id int PRIMARY KEY);
		CREATE TABLE cascaded (id int PRIMARY KEY, p int REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE);
		CREATE TABLE grandchildren (id int PRIMARY KEY, c int REFERENCES cascaded ON DELETE CASCADE);
		CREATE TABLE nulled (id int PRIMARY KEY, p int REFERENCES parents ON DELETE SET NULL ON UPDATE CASCADE);
		CREATE TABLE defaulted (id int PRIMARY KEY, p int DEFAULT 0 REFERENCES parents ON DELETE SET DEFAULT ON UPDATE CASCADE);
		INSERT INTO parents VALUES (0), (1);
		INSERT INTO cascaded VALUES (10, 1); INSERT INTO grandchildren VALUES (100, 10);
		INSERT INTO nulled VALUES (20, 1); INSERT INTO defaulted VALUES (30, 1)`,
		"parents", "cascaded", "grandchildren", "nulled", "defaulted")

	db.Exec(t, `UPDATE parents SET id = 2 WHERE id = 1`)
	wantRecorded(t, db,
		`updated parents 1 → 2 {"id": 1} → {"id": 2}`,
		`updated cascaded 10 {"p": 1} → {"p": 2}`,
		`updated nulled 20 {"p": 1} → {"p": 2}`,
		`updated defaulted 30 {"p": 1} → {"p": 2}`)
	db.Exec(t, `DELETE FROM parents WHERE id = 2`)
	wantRecorded(t, db,
		`deleted parents 2 {"id": 2}`,
		`deleted cascaded 10 {"p": 2, "id": 10}`,
		`updated nulled 20 {"p": 2} → {"p": null}`,
		`updated defaulted 30 {"p": 2} → {"p": 0}`,
		`deleted grandchildren 100 {"c": 10, "id": 100}`)

	db.Exec(t, `INSERT INTO cascaded VALUES (11, 0); INSERT INTO grandchildren VALUES (101, 11); DELETE FROM nulled; DELETE FROM defaulted`)
	forget(t, db)
	db.Exec(t, `TRUNCATE parents CASCADE`)
	got := list[string](t, db.Pool, `SELECT table_name || ' ' || entity_id FROM exaudit.history WHERE action = 'deleted' ORDER BY 1`)
	if fmt.Sprint(got) != "[cascaded 11 grandchildren 101 parents 0]" {
		t.Errorf("truncate … cascade recorded %v", got)
	}
}

// "=" says of these that nothing changed.
func TestRecordWhatEqualityMisses(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE EXTENSION IF NOT EXISTS citext;
		CREATE TABLE v (id int PRIMARY KEY, n numeric, f float8, c citext, j json, jb jsonb, x xml, p point, b bpchar, i interval, a numeric[]);
		INSERT INTO v VALUES (1, 1.0, 0, 'A', '{"a":1}', '1.0', '<a/>', '(0,0)', 'x', '1 day', '{1.0}')`)
	auditdb.Install(t, db, "v")
	for _, c := range []struct{ set, want string }{
		{`n = 1.00`, `{"n": 1.0} → {"n": 1.00}`},
		{`f = '-0'`, `{"f": 0} → {"f": "-0"}`},
		{`c = 'a'`, `{"c": "A"} → {"c": "a"}`},
		{`j = '{"a": 1}'`, `{"j": "{\"a\":1}"} → {"j": "{\"a\": 1}"}`},
		{`jb = '1.00'`, `{"jb": 1.0} → {"jb": 1.00}`},
		{`jb = NULL`, `{"jb": 1.00} → {"jb": null}`},
		{`jb = 'null'`, `{"jb": null} → {"": ["jb"], "jb": null}`},
		{`jb = NULL`, `{"": ["jb"], "jb": null} → {"jb": null}`},
		{`x = '<a />'`, `{"x": "<a/>"} → {"x": "<a />"}`},
		{`p = '(-0,0)'`, `{"p": "(0,0)"} → {"p": "(-0,0)"}`},
		{`b = 'x '`, `{"b": "x"} → {"b": "x "}`},
		{`i = '24:00'`, `{"i": "1 day"} → {"i": "24:00:00"}`},
		{`a = '{1.00}'`, `{"a": [1.0]} → {"a": [1.00]}`},
	} {
		db.Exec(t, "UPDATE v SET "+c.set)
		wantRecorded(t, db, "updated v 1 "+c.want)
	}
	db.Exec(t, "UPDATE v SET j = j, x = x, p = p, c = c, n = n")
	wantRecorded(t, db)
}

// Each kind of key gives an entity id that names the row again.
func TestRecordKeys(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE EXTENSION IF NOT EXISTS citext;
		CREATE TYPE mood AS ENUM ('sad', 'so "so"');
		CREATE TYPE pair AS (a int, b text);
		CREATE DOMAIN code AS text CHECK (VALUE <> '');
		CREATE DOMAIN required AS text NOT NULL`)
	for i, c := range testall.Sample([]struct {
		columns string   // of the key
		values  string   // SQL
		id      string   // the entity id
		key     []string // what people write, if not the id
	}{
		{columns: "int", values: "1", id: "1"},
		{columns: "bigint", values: "9007199254740993", id: "9007199254740993", key: []string{"[9007199254740993]", `["9007199254740993"]`}},
		{columns: "uuid", values: "'A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11'", id: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
			key: []string{`["A0EEBC999C0B4EF8BB6D6BB9BD380A11"]`}},
		{columns: "text", values: `'it''s "x" [1]'`, id: `it's "x" [1]`},
		{columns: "varchar(10)", values: `'null'`, id: `null`},
		{columns: "char(4)", values: `'ab'`, id: `ab  `, key: []string{`["ab"]`}},
		{columns: "boolean", values: `true`, id: `true`, key: []string{`[true]`, `["t"]`}},
		{columns: "date", values: `'2020-02-03'`, id: `2020-02-03`},
		{columns: "timestamp", values: `'2020-02-03 04:05:06.5'`, id: `2020-02-03T04:05:06.5`, key: []string{`["2020-02-03 04:05:06.5"]`}},
		{columns: "timestamptz", values: `'2020-02-03 04:05+05:30'`, id: `2020-02-02T22:35:00+00:00`, key: []string{`["2020-02-03 04:05+05:30"]`}},
		{columns: "numeric", values: `1.50`, id: `1.50`, key: []string{`[1.50]`}},
		{columns: "float8", values: `0.1`, id: `0.1`, key: []string{`[0.1]`}},
		{columns: "bytea", values: `'\x00ff'`, id: `\x00ff`},
		{columns: "citext", values: `'Abc'`, id: `Abc`},
		{columns: "mood", values: `'so "so"'`, id: `so "so"`},
		{columns: "code", values: `'x'`, id: `x`},
		{columns: "inet", values: `'10.0.0.1/8'`, id: `10.0.0.1/8`},
		{columns: "interval", values: `'1 day -02:03'`, id: `1 day -02:03:00`},
		{columns: "int4range", values: `'[1,5)'`, id: `[1,5)`},
		{columns: "int[]", values: `'{1,2}'`, id: `[1, 2]`, key: []string{`[[1, 2]]`, `["{1,2}"]`}},
		{columns: "int[]", values: `'[0:1]={1,2}'`, id: `[0:1]={1,2}`},
		{columns: "text[]", values: `'{}'`, id: `[]`, key: []string{`[[]]`}},
		{columns: "mood[]", values: `ARRAY['sad', 'so "so"']::mood[]`, id: `["sad", "so \"so\""]`, key: []string{`[["sad", "so \"so\""]]`}},
		{columns: "pair", values: `ROW(1, 'x')::pair`, id: `(1,x)`, key: []string{`[{"a": 1, "b": "x"}]`, `["(1,x)"]`}},
		{columns: "jsonb", values: `'{"b": 1, "a": [null]}'`, id: `{"a": [null], "b": 1}`, key: []string{`[{"a": [null], "b": 1}]`}},
		{columns: "jsonb", values: `'"text"'`, id: `"text"`, key: []string{`["text"]`}},
		{columns: "jsonb", values: `'null'`, id: `null`, key: []string{`[]`}[:0]},
		{columns: "int, text", values: `1, 'a"b'`, id: `[1, "a\"b"]`, key: []string{`[1, "a\"b"]`, `["1", "a\"b"]`}},
		{columns: "uuid, timestamptz, mood, numeric, bytea", values: `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '2020-02-03 04:05+00', 'sad', 1.0, '\x01'`,
			id:  `["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "2020-02-03T04:05:00+00:00", "sad", 1.0, "\\x01"]`,
			key: []string{`["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "2020-02-03 04:05Z", "sad", 1.0, "\\x01"]`}},
	}, 14) {
		t.Run(c.columns+" "+c.values, func(t *testing.T) {
			table := fmt.Sprintf("k%d", i)
			var columns, names []string
			for n, typ := range strings.Split(c.columns, ", ") {
				names = append(names, fmt.Sprintf("a%d", n))
				columns = append(columns, names[n]+" "+typ)
			}
			// the domain must not keep a key alone from being read
			db.Exec(t, fmt.Sprintf(`CREATE TABLE %s (note required DEFAULT '', doc jsonb, %s, PRIMARY KEY (%s))`,
				table, strings.Join(columns, ", "), strings.Join(names, ", ")))
			auditdb.Install(t, db, table)
			conn := db.Connect(t, "")
			run(t, conn, `SET datestyle = 'SQL, DMY'; SET timezone = 'Asia/Kolkata'; SET intervalstyle = iso_8601; SET bytea_output = escape`)
			run(t, conn, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s`, table, strings.Join(names, ", "), c.values),
				fmt.Sprintf(`UPDATE %s SET note = 'x'`, table))
			for _, id := range list[string](t, conn, `SELECT v.entity_id FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id WHERE t.table_name = $1`, table) {
				if id != c.id {
					t.Errorf("entity id %s, want %s", id, c.id)
				}
			}
			if c.key == nil {
				c.key = []string{one[string](t, conn, `SELECT jsonb_build_array($1::text)::text`, c.id)}
			}
			for _, key := range c.key {
				if id := one[string](t, conn, `SELECT exaudit.entity_id($1::regclass, $2::jsonb)`, table, key); id != c.id {
					t.Errorf("entity_id of %s is %s, want %s", key, id, c.id)
				}
			}
			image := one[string](t, conn, fmt.Sprintf(`SELECT exaudit_internal.encode(t.*)::text FROM %s t`, table))
			for _, locked := range []bool{false, true} {
				if got := one[*string](t, conn, `SELECT exaudit_internal.row_image($1::regclass, $2, $3)::text`, table, c.id, locked); got == nil || *got != image {
					t.Errorf("row image is not the row's")
				}
			}
			if n := one[int](t, conn, `SELECT exaudit_internal.update_row($1::regclass, $2, '{"note": "y"}')`, table, c.id); n != 1 {
				t.Errorf("%d rows updated by key, want 1", n)
			}
			if n := one[int](t, conn, `SELECT exaudit_internal.delete_row($1::regclass, $2)`, table, c.id); n != 1 {
				t.Errorf("%d rows deleted by key, want 1", n)
			}
			if got := one[*string](t, conn, `SELECT exaudit_internal.row_image($1::regclass, $2, false)::text`, table, c.id); got != nil {
				t.Errorf("row image of a deleted row is %s", *got)
			}
		})
	}
}

const partitioned = `
	CREATE TABLE events (id int, day int, kind text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
	CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
	CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20) PARTITION BY LIST (kind);
	ALTER TABLE events DROP CONSTRAINT events_pkey;
	ALTER TABLE events ADD PRIMARY KEY (day, id, kind);
	CREATE TABLE events_2_a PARTITION OF events_2 FOR VALUES IN ('a');`

func TestRecordPartitions(t *testing.T) {
	t.Parallel()
	db := tracked(t, strings.ReplaceAll(partitioned, "kind text, PRIMARY KEY (day, id)", "kind text, CONSTRAINT events_pkey PRIMARY KEY (day, id, kind)"), "events")
	db.Exec(t, `INSERT INTO events VALUES (1, 1, 'x'), (2, 11, 'a')`)
	wantRecorded(t, db, `created events [1, 1, "x"] {"id": 1, "day": 1, "kind": "x"}`, `created events [11, 2, "a"] {"id": 2, "day": 11, "kind": "a"}`)
	db.Exec(t, `INSERT INTO events_1 VALUES (3, 3, 'x'); UPDATE events_2_a SET id = 4; DELETE FROM events_1 WHERE id = 3`)
	wantRecorded(t, db,
		`created events [3, 3, "x"] {"id": 3, "day": 3, "kind": "x"}`,
		`updated events [11, 2, "a"] → [11, 4, "a"] {"id": 2} → {"id": 4}`,
		`deleted events [3, 3, "x"] {"id": 3, "day": 3, "kind": "x"}`)

	// a row that moves to another partition: more in move_test.go
	db.Exec(t, `UPDATE events SET day = 12, kind = 'a' WHERE id = 1`)
	wantRecorded(t, db, `updated events [1, 1, "x"] → [12, 1, "a"] {"day": 1, "kind": "x"} → {"day": 12, "kind": "a"}`)

	// partitions made or attached later, also with columns in another order
	db.Exec(t, `
		CREATE TABLE events_2_b PARTITION OF events_2 FOR VALUES IN ('b');
		CREATE TABLE events_3 (gone int, kind text NOT NULL, day int NOT NULL, id int NOT NULL);
		ALTER TABLE events_3 DROP COLUMN gone;
		INSERT INTO events_3 VALUES ('x', 20, 9);
		ALTER TABLE events ATTACH PARTITION events_3 FOR VALUES FROM (20) TO (30)`)
	wantRecorded(t, db)
	db.Exec(t, `INSERT INTO events_3 (id, day, kind) VALUES (5, 25, 'c'); INSERT INTO events VALUES (6, 13, 'b'); UPDATE events SET day = 26 WHERE id = 5`)
	wantRecorded(t, db,
		`created events [25, 5, "c"] {"id": 5, "day": 25, "kind": "c"}`,
		`created events [13, 6, "b"] {"id": 6, "day": 13, "kind": "b"}`,
		`updated events [25, 5, "c"] → [26, 5, "c"] {"day": 25} → {"day": 26}`)

	deleted := func() string {
		t.Helper()
		got := list[string](t, db.Pool, `SELECT entity_id || ' ' || before::text FROM exaudit.versions WHERE action = 'deleted' ORDER BY entity_id`)
		forget(t, db)
		return strings.Join(got, "\n")
	}
	db.Exec(t, `BEGIN; TRUNCATE events; COMMIT`)
	if got, want := deleted(), strings.Join([]string{
		`[11, 4, "a"] {"id": 4, "day": 11, "kind": "a"}`,
		`[12, 1, "a"] {"id": 1, "day": 12, "kind": "a"}`,
		`[13, 6, "b"] {"id": 6, "day": 13, "kind": "b"}`,
		`[20, 9, "x"] {"id": 9, "day": 20, "kind": "x"}`,
		`[26, 5, "c"] {"id": 5, "day": 26, "kind": "c"}`,
	}, "\n"); got != want {
		t.Errorf("truncate recorded\n%s\nwant\n%s", got, want)
	}
	db.Exec(t, `INSERT INTO events VALUES (1, 1, 'x'), (2, 11, 'a'), (3, 14, 'b')`)
	forget(t, db)
	db.Exec(t, `TRUNCATE events_1`)
	if got := deleted(); got != `[1, 1, "x"] {"id": 1, "day": 1, "kind": "x"}` {
		t.Errorf("truncate of a partition recorded %s", got)
	}
	db.Exec(t, `TRUNCATE events_2`)
	if got := deleted(); got != `[11, 2, "a"] {"id": 2, "day": 11, "kind": "a"}`+"\n"+`[14, 3, "b"] {"id": 3, "day": 14, "kind": "b"}` {
		t.Errorf("truncate of a partition with partitions recorded %s", got)
	}

	// After an install, the late partitions have triggers of their own.
	if !install(t, db, "events") {
		t.Error("install after an attach changed nothing")
	}
	wantNoDrift(t, db)
	db.Exec(t, `INSERT INTO events VALUES (3, 14, 'b'), (4, 21, 'x')`)
	forget(t, db)
	db.Exec(t, `TRUNCATE events_3, events_2_b`)
	if got := deleted(); got != `[14, 3, "b"] {"id": 3, "day": 14, "kind": "b"}`+"\n"+`[21, 4, "x"] {"id": 4, "day": 21, "kind": "x"}` {
		t.Errorf("truncate of late partitions recorded %s", got)
	}
	db.Exec(t, `ALTER TABLE events DETACH PARTITION events_1; INSERT INTO events_1 VALUES (1, 1, 'x'); TRUNCATE events_1`)
}

// The table's own triggers change the same row: their versions come after.
func TestRecordNestedTriggers(t *testing.T) {
	t.Parallel()
	db := tracked(t, `
		CREATE TABLE items (id int PRIMARY KEY, n int, touched int NOT NULL DEFAULT 0);
		CREATE FUNCTION positive() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := abs(NEW.n); RETURN NEW; END $$;
		CREATE TRIGGER a BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION positive();
		CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN UPDATE items SET touched = touched + 1 WHERE id = NEW.id AND touched < 3; RETURN NULL; END $$;
		CREATE TRIGGER "!!!" AFTER INSERT OR UPDATE OF n ON items FOR EACH ROW EXECUTE FUNCTION touch();
		CREATE TRIGGER "aaa" AFTER INSERT OR UPDATE OF n ON items FOR EACH ROW EXECUTE FUNCTION touch()`, "items")
	// "!!!" sorts before "!exaudit": what an application must not do, and still loses nothing
	db.Exec(t, `DROP TRIGGER "!!!" ON items; INSERT INTO items VALUES (1, -5)`)
	wantRecorded(t, db,
		`created items 1 {"n": 5, "id": 1, "touched": 0}`,
		`updated items 1 {"touched": 0} → {"touched": 1}`)
	db.Exec(t, `UPDATE items SET n = -6`)
	wantRecorded(t, db,
		`updated items 1 {"n": 5} → {"n": 6}`,
		`updated items 1 {"touched": 1} → {"touched": 2}`)
}

// Rows of inheriting tables are those tables' own.
func TestRecordInheritance(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE base (id int PRIMARY KEY, n int); CREATE TABLE derived (more text) INHERITS (base)`, "base")
	db.Exec(t, `INSERT INTO base VALUES (1, 1); INSERT INTO derived VALUES (2, 2, 'x'); UPDATE base SET n = n + 1`)
	wantRecorded(t, db, `created base 1 {"n": 1, "id": 1}`, `updated base 1 {"n": 1} → {"n": 2}`)
	db.Exec(t, `TRUNCATE base`)
	wantRecorded(t, db, `deleted base 1 {"n": 2, "id": 1}`)
}

// Stored generated columns are recorded; virtual ones, of PostgreSQL 18, are not.
func TestRecordGeneratedColumns(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int, doubled int GENERATED ALWAYS AS (n * 2) STORED)`)
	if db.Major >= 18 {
		db.Exec(t, `ALTER TABLE items ADD COLUMN tripled int GENERATED ALWAYS AS (n * 3) VIRTUAL`)
	}
	auditdb.Install(t, db, "items")
	db.Exec(t, `INSERT INTO items (n) VALUES (1); UPDATE items SET n = 2; UPDATE items SET n = n; DELETE FROM items`)
	db.Exec(t, `SELECT exaudit_internal.insert_row('items', before) FROM exaudit.versions WHERE action = 'deleted'`)
	db.Exec(t, `TRUNCATE items`)
	wantRecorded(t, db,
		`created items 1 {"n": 1, "id": 1, "doubled": 2}`,
		`updated items 1 {"n": 1, "doubled": 2} → {"n": 2, "doubled": 4}`,
		`deleted items 1 {"n": 2, "id": 1, "doubled": 4}`,
		`created items 1 {"n": 2, "id": 1, "doubled": 4}`,
		`deleted items 1 {"n": 2, "id": 1, "doubled": 4}`)
}

// Key changes are noted apart from versions, and go with them.
func TestKeyChanges(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 1), (2, 2)`, "items")
	noted := func() string {
		return one[string](t, db.Pool, `SELECT coalesce(string_agg(concat_ws(' ', k.id, k.previous_entity_id, k.entity_id), ', ' ORDER BY k.id), '') FROM exaudit_internal.key_changes k`)
	}
	db.Exec(t, `UPDATE items SET n = 3; UPDATE items SET id = id + 10; UPDATE items SET n = 4 WHERE id = 11;
		SET exaudit.custom = '{"actor": 7}'; UPDATE items SET id = 21 WHERE id = 11`)
	if got := noted(); got != "3 1 11, 4 2 12, 6 11 21" {
		t.Errorf("noted are %s", got)
	}
	if got := one[string](t, db.Pool, `SELECT string_agg(concat_ws(' ', v.id, v.previous_entity_id, v.entity_id, v.custom), ', ' ORDER BY v.id)
		FROM exaudit.versions v WHERE v.previous_entity_id IS NOT NULL`); got != `3 1 11, 4 2 12, 6 11 21 {"actor": 7}` {
		t.Errorf("recorded are %s", got)
	}
	db.Exec(t, `BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions WHERE id <= 3; COMMIT`)
	if got := noted(); got != "4 2 12, 6 11 21" {
		t.Errorf("after retention, noted are %s", got)
	}
}
