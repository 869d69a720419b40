package triggers_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

// wide is a table of 60 columns, more than fit into one call of jsonb_build_object.
func wide() string {
	columns := make([]string, 59)
	for i := range columns {
		columns[i] = fmt.Sprintf("c%02d %s", i+1, []string{"text", "int", "float8"}[i%3])
	}
	return "CREATE TABLE wide (id int PRIMARY KEY, " + strings.Join(columns, ", ") + ")"
}

// Each is installed, compared with its golden file, and used: a row is inserted, updated,
// deleted, and another truncated.
var goldens = []struct {
	name, schema, table     string
	insert, update, another string // with %s for the table
}{
	{
		name:   "simple",
		schema: `CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, email varchar(200), age int, created_at timestamptz DEFAULT '2024-01-02 03:04:05+00')`,
		table:  "users",
		insert: `INSERT INTO %s VALUES (1, 'Ann', 'a@b', 40)`, update: `UPDATE %s SET name = 'Anna'`, another: `INSERT INTO %s VALUES (2, 'Bob')`,
	},
	{
		name: "encodings",
		schema: `
			CREATE TYPE mood AS ENUM ('sad', 'happy');
			CREATE TYPE point3 AS (x int, y int, z int);
			CREATE TYPE pair AS (f float8, j json);
			CREATE TABLE kinds (
				id uuid PRIMARY KEY, price numeric(10,2), f float8, f4 real, j json, jb jsonb, jb2 jsonb, x xml, xa xml[], m mood, ma mood[],
				p point3, pa point3[], q pair, ia int[], fa float8[], iv int2vector, r tstzrange, i interval, cash money, b bytea, d date[],
				c char(3), rc regclass, doubled numeric GENERATED ALWAYS AS (price * 2) STORED)`,
		table: "kinds",
		insert: `INSERT INTO %s (id, price, f, j, jb, jb2, x, m, ma, q, fa) VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1.50,
			'-0', '{"a":1,"a":2}', 'null', '{}', '<a/>', 'sad', '{sad,NULL}', ROW(1, 'null'), '{-0}')`,
		update:  `UPDATE %s SET price = 2, f = 0, j = '{}', jb = NULL, jb2 = 'null', m = 'happy', ma = '{}', fa = '{0}', rc = 'pg_class', p = ROW(1, 2, 3)`,
		another: `INSERT INTO %s (id) VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12')`,
	},
	{
		name: "composite_key",
		schema: `CREATE TABLE order_lines (order_id bigint, line smallint, sku text, quantity int,
			valid_from timestamptz, PRIMARY KEY (line, order_id, valid_from))`,
		table:  "order_lines",
		insert: `INSERT INTO %s VALUES (7, 1, 'x', 2, '2024-01-02 03:04:05+00')`, update: `UPDATE %s SET line = 3, sku = 'y'`,
		another: `INSERT INTO %s VALUES (8, 1, 'x', 2, 'infinity')`,
	},
	{
		name: "odd_names",
		schema: `CREATE SCHEMA "my.schema";
			CREATE TABLE "my.schema"."it's ""my.table""" ("User" int, old text, new text, before jsonb, after text, id int, v int, r int, entity text,
				image text, stamp text, "sélect" text, "select" text, "it's {}" text, "a\b" text, "$exaudit$" text, "%I %s" text, "line
break" text, old_values text, table_id int, custom text, action text,
				nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn int, PRIMARY KEY ("User", "sélect"))`,
		table:  `"my.schema"."it's ""my.table"""`,
		insert: `INSERT INTO %s VALUES (1, 'o', 'n', '{"a": null}', 'a', 2, 3, 4, 'e', 'i', 's', 'sél', 'sel', 'it', 'a\b', '$', '%%', 'lb', 'ov', 5, 'c', 'act', 6)`,
		update: `UPDATE %s SET "User" = "User" + 1, old = 'O', new = 'N', before = 'null', after = 'A', id = -2, v = -3, r = -4, entity = 'E',
			image = 'I', stamp = 'S', "select" = 'S', "it's {}" = 'I', "a\b" = 'A', "$exaudit$" = '$$', "%%I %%s" = '%%', "line
break" = '', old_values = 'OV', table_id = -5, custom = 'C', action = 'A', nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn = 7`,
		another: `INSERT INTO %s ("User", "sélect") VALUES (2, 'x')`,
	},
	{
		name:   "long_names",
		schema: fmt.Sprintf(`CREATE SCHEMA %[1]s; CREATE TABLE %[1]s.%[2]s (%[3]s int PRIMARY KEY, v int)`, strings.Repeat("s", 63), strings.Repeat("t", 63), strings.Repeat("k", 63)),
		table:  strings.Repeat("s", 63) + "." + strings.Repeat("t", 63),
		insert: `INSERT INTO %s VALUES (1, 1)`, update: `UPDATE %s SET v = 2`, another: `INSERT INTO %s VALUES (2, 1)`,
	},
	{
		name: "partitioned",
		schema: `
			CREATE SCHEMA archive;
			CREATE TABLE events (id bigint, at date, kind text, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
			CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY HASH (id);
			CREATE TABLE events_2024_0 PARTITION OF events_2024 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
			CREATE TABLE archive."Old" PARTITION OF events DEFAULT;
			ALTER TABLE archive."Old" ENABLE ROW LEVEL SECURITY`,
		table:  "events",
		insert: `INSERT INTO %s VALUES (1, '2024-05-06', 'x')`, update: `UPDATE %s SET kind = 'y'`, another: `INSERT INTO %s VALUES (2, '1999-05-06', 'x')`,
	},
	{
		name: "custom_columns",
		schema: `
			ALTER TABLE exaudit.versions ADD COLUMN actor_id bigint, ADD COLUMN "Via" text DEFAULT 'web', ADD COLUMN tags text[],
				ADD COLUMN uid uuid NOT NULL DEFAULT gen_random_uuid();
			CREATE TABLE notes (id int PRIMARY KEY, body text)`,
		table:  "notes",
		insert: `SELECT set_config('exaudit.custom', '{"actor_id": 7, "tags": ["a"]}', true); INSERT INTO %s VALUES (1, 'x')`,
		update: `UPDATE %s SET body = 'y'`, another: `INSERT INTO %s VALUES (2)`,
	},
	{
		name: "row_security",
		schema: `
			CREATE TABLE secrets (id int PRIMARY KEY, owner text, content text);
			ALTER TABLE secrets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
			CREATE POLICY own ON secrets USING (owner = current_user)`,
		table:  "secrets",
		insert: `INSERT INTO %s VALUES (1, 'a', 'x')`, update: `UPDATE %s SET content = 'y'`, another: `INSERT INTO %s VALUES (2, 'b', 'z')`,
	},
	{
		name: "wide", schema: wide(), table: "wide",
		insert: `INSERT INTO %s (id, c01, c02, c03, c59) VALUES (1, 'x', 2, '-0', 4)`, update: `UPDATE %s SET c03 = 0, c59 = 5`,
		another: `INSERT INTO %s (id) VALUES (2)`,
	},
}

// The same text for every server: the relation's oid and what depends on it are masked.
var masks = []struct{ pattern, with string }{
	{`'\d+'::oid`, "'<relation>'::oid"},
	{`'\d+'::pg_catalog\.oid`, "'<relation>'::pg_catalog.oid"},
	{`written by exaudit \S+, content [0-9a-f]{12}\.`, "written by exaudit <version>, content <digest>."},
}

func masked(sql string) string {
	for _, m := range masks {
		sql = regexp.MustCompile(m.pattern).ReplaceAllString(sql, m.with)
	}
	return sql
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range goldens {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, g.schema)
			done, err := triggers.Install(context.Background(), db.Pool, []string{g.table})
			if err != nil {
				t.Fatal(err)
			}
			wantFile(t, "testdata/"+g.name+".golden.sql", masked(done[0].SQL))
			testGenerated(t, db, g.table, g.insert, g.update, g.another)
			wantNoDrift(t, db)
			if install(t, db, g.table) {
				t.Error("the second install changed something")
			}
		})
	}
}

// testGenerated checks that the triggers record each event, by rebuilding the rows.
func testGenerated(t *testing.T, db *pgtest.DB, table, insert, update, another string) {
	t.Helper()
	rows := fmt.Sprintf(`SELECT exaudit_internal.encode(t.*)::text FROM %s t`, table)
	db.Exec(t, fmt.Sprintf(insert, table))
	first := one[string](t, db.Pool, rows)
	db.Exec(t, fmt.Sprintf(update, table))
	second := one[string](t, db.Pool, rows)
	db.Exec(t, fmt.Sprintf("DELETE FROM %s", table))
	db.Exec(t, fmt.Sprintf(another, table))
	third := one[string](t, db.Pool, rows)
	db.Exec(t, fmt.Sprintf("TRUNCATE %s", table))

	versions := list[map[string]any](t, db.Pool, `SELECT to_jsonb(v) FROM exaudit.versions v ORDER BY id`)
	if len(versions) != 5 {
		t.Fatalf("%d versions, want 5:\n%s", len(versions), recorded(t, db))
	}
	image := func(version int, side string) string {
		return one[string](t, db.Pool, fmt.Sprintf(`SELECT coalesce(%s::text, '') FROM exaudit.versions ORDER BY id OFFSET %d LIMIT 1`, side, version))
	}
	for _, c := range []struct {
		version                      int
		action, side, image, another string
	}{
		{0, "created", "after", first, "before"},
		{2, "deleted", "before", second, "after"},
		{3, "created", "after", third, "before"},
		{4, "deleted", "before", third, "after"},
	} {
		if got := versions[c.version]["action"]; got != c.action {
			t.Errorf("version %d is %v, want %s", c.version, got, c.action)
		}
		if got := image(c.version, c.side); got != c.image {
			t.Errorf("%s of version %d: %s, want %s", c.side, c.version, got, c.image)
		}
		if got := image(c.version, c.another); got != "" {
			t.Errorf("%s of version %d: %s, want none", c.another, c.version, got)
		}
	}
	// the first row with the changes laid over it, and the other way round
	for _, c := range [][3]string{{first, "after", second}, {second, "before", first}} {
		got := one[string](t, db.Pool, fmt.Sprintf(`
			SELECT exaudit_internal.encode(exaudit_internal.decode(exaudit_internal.decode(NULL::%s, $1::jsonb), v.%s))::text
			FROM exaudit.versions v WHERE action = 'updated'`, table, c[1]), c[0])
		if got != c[2] {
			t.Errorf("with %s of the update: %s, want %s", c[1], got, c[2])
		}
	}
}
