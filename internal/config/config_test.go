package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/triggers"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const shop = `
	CREATE TABLE users (id int PRIMARY KEY, name text, password text, photo bytea);
	CREATE TABLE orders (id int PRIMARY KEY, total numeric, status text);
	CREATE TABLE sessions (id int PRIMARY KEY);
	CREATE TABLE log (line text);
	CREATE SCHEMA sales;
	CREATE TABLE sales."Lines" (id int PRIMARY KEY);`

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParse(t *testing.T) {
	t.Parallel()
	f := parse(t, `
all: true
schemas: [public, sales]
except: [sessions]
custom_columns:
  actor: {type: bigint, references: users, default: "0"}
  request: uuid
tables:
  users: &options
    exclude: [photo]
    mask: [password]
    where: name <> ''
    updates: full
    on_truncate: refuse
    allow_ignore: true
    record_session_user: true
    record_replicated: false
  orders:
  sales."Lines": *options
`)
	options := audit.TableOptions{Exclude: []string{"photo"}, Mask: []string{"password"}, Where: "name <> ''", Updates: "full", OnTruncate: "refuse", AllowIgnore: true, RecordSessionUser: true}
	want := &File{
		All: true, Schemas: []string{"public", "sales"}, Except: []string{"sessions"},
		CustomColumns: map[string]CustomColumn{"actor": {Type: "bigint", References: "users", Default: "0"}, "request": {Type: "uuid"}},
		Tables:        map[string]audit.TableOptions{"users": options, "orders": {}, `sales."Lines"`: options},
	}
	f.path, f.lines = "", nil
	if !reflect.DeepEqual(f, want) {
		t.Errorf("parsed:\n%+v\nwant:\n%+v", f, want)
	}
}

// What cannot be meant is refused at its line, without a database.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", `x.yaml:1: the file is empty`},
		{"# nothing", `x.yaml:1: the file is empty`},
		{"- a", `x.yaml:1: the file is not a mapping`},
		{"tables: [", `x.yaml:1: did not find`},
		{"tables:\n  a: {}\n b", `x.yaml:2: did not find expected key`},
		{"tables: {a: }\n---\nall: true", `there is a second document`},
		{"{}", `x.yaml:1: no table is selected`},
		{"all: false", `x.yaml:1: no table is selected`},
		{"all: maybe", `x.yaml:1: all is true or false`},
		{"all: true\nschema: x", `x.yaml:2: unknown key schema: it is one of all, schemas, except, follow_ddl, new_tables, keep, keep_last, tables, custom_columns`},
		{"all: true\nall: true", `x.yaml:2: all is given twice`},
		{"schemas: [a]\ntables: {a: }", `x.yaml:1: schemas is for all: true`},
		{"tables: {a: }\nexcept: [a]", `x.yaml:2: except is for all: true, or new_tables`},
		{"all: true\nnew_tables: [a.b]", `x.yaml:2: new_tables is for follow_ddl: true`},
		{"follow_ddl: true", `x.yaml:1: no table is selected: there must be tables, new_tables, or all: true`},
		{"follow_ddl: yes please", `x.yaml:1: follow_ddl is true or false`},
		{"follow_ddl: true\nnew_tables:\n- a.b\n- orders_*", `x.yaml:4: new_tables: pattern orders_* names no schema: write public.orders_*`},
		{"follow_ddl: true\nnew_tables: [a.b, a.b]", `x.yaml:2: a.b is listed twice`},
		{"follow_ddl: true\nnew_tables: [a.b.c]", `x.yaml:2: new_tables: pattern a.b.c has more parts than schema.table`},
		{"follow_ddl: true\nnew_tables: [a.*]\nexcept: [b]", `x.yaml:3: except: pattern b names no schema`},
		{"all: true\nexcept: ['a.b-*']", `x.yaml:2: except: pattern a.b-*: "-" stands only between double quotes`},
		{"all: true\nexcept: [a]\ntables:\n  a:", `x.yaml:2: table a is listed under tables as well`},
		{"all: true\nexcept:\n- a\n- b\n- a", `x.yaml:5: a is listed twice`},
		{"all: true\nschemas: []", `x.yaml:2: schemas is a list of names`},
		{"all: true\nschemas: public", `x.yaml:2: schemas is a list of names`},
		{"tables:\n  a:\n  b:\n  a:", `x.yaml:4: tables.a is given twice`},
		{"tables:\n  a: full", `x.yaml:2: tables.a is a mapping`},
		{"tables:\n  a:\n    masks: [x]", `x.yaml:3: unknown key tables.a.masks: it is one of exclude, mask, where`},
		{"tables:\n  a:\n    mask: [x]\n    mask: [y]", `x.yaml:4: tables.a.mask is given twice`},
		{"tables:\n  a:\n    mask:\n    - x\n    - y\n    - x", `x.yaml:6: table a: mask: column "x" is listed twice`},
		{"tables:\n  a:\n    mask: [x]\n    exclude: [y,\n      x]", `x.yaml:3: table a: mask: column "x" is excluded as well`},
		{"tables:\n  a:\n    mask: [[x]]", `x.yaml:3: tables.a.mask is a text`},
		{"tables:\n  a:\n    where: ''", `x.yaml:3: tables.a.where is a text that is not empty`},
		{"tables:\n  a:\n    where:", `x.yaml:3: tables.a.where is a text that is not empty`},
		{"tables:\n  a:\n    updates: all", `x.yaml:3: table a: updates: must be changed or full, not "all"`},
		{"tables:\n  a:\n\n    on_truncate: no", `x.yaml:4: table a: on_truncate: must be record, refuse or ignore, not "no"`},
		{"tables:\n  a:\n    allow_ignore: yes", `x.yaml:3: tables.a.allow_ignore is true or false`},
		{"all: true\ncustom_columns:\n  a: {default: 1}", `x.yaml:3: column a has no type`},
		{"all: true\ncustom_columns:\n  a: {type: int, check: x}", `x.yaml:3: unknown key custom_columns.a.check: it is one of type, references, default`},
		{"all: true\ncustom_columns:\n  a: int\n  a: text", `x.yaml:4: custom_columns.a is given twice`},
	} {
		_, err := Parse("x.yaml", []byte(c.text))
		if !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), c.want) && !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// What only the database knows to be wrong has its line, too, and nothing is done.
func TestRefusedByDatabase(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, shop+`ALTER TABLE exaudit.versions ADD COLUMN actor text;
		CREATE TYPE mood AS ENUM ('sad'); CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE FUNCTION ran(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ran'; END $$; CREATE DOMAIN trap AS int CHECK (ran(VALUE))`)
	for _, c := range []struct{ text, want string }{
		{"tables:\n  users:\n  missing:", `x.yaml:3: table missing: no such table`},
		{"tables:\n  log:", `x.yaml:2: table log has no primary key`},
		{"tables:\n  users:\n  public.users:", `x.yaml:3: table public.users is given twice: users is the same`},
		{"all: true\nexcept: [public.users]\ntables:\n  users:", `x.yaml:2: table public.users is listed under tables as well`},
		{"all: true\nschemas: [public, nowhere]", `x.yaml:2: there is no table in schema "nowhere"`},
		{"tables:\n  orders:\n  users:\n    mask:\n    - password\n    - passwort", `x.yaml:6: table users: mask: there is no column "passwort"`},
		{"tables:\n  users:\n    exclude: [id]", `x.yaml:3: table users: exclude: column "id" is part of the primary key`},
		{"tables:\n  users:\n    where: |\n      names = ''", `x.yaml:3: table users: where: column "names" does not exist`},
		{"all: true\ncustom_columns:\n  actor: trap", `x.yaml:3: column actor is text, not trap: ALTER TABLE`},
		{"all: true\ncustom_columns:\n  actor: bigint", `x.yaml:3: column actor is text, not bigint: ALTER TABLE`},
		{"all: true\ncustom_columns:\n  a: integr", `x.yaml:3: column a: type "integr" does not exist`},
		{"all: true\ncustom_columns:\n  a: int; DROP TABLE users", `x.yaml:3: column a: `},
		{"all: true\ncustom_columns:\n  a: int, 1", `x.yaml:3: column a: `},
		{"all: true\ncustom_columns:\n  before: jsonb", `x.yaml:3: column before: column "before" of relation "versions" already exists`},
		{"all: true\ncustom_columns:\n  a: {type: int, references: nothing}", `x.yaml:3: column a: relation "nothing" does not exist`},
		{"all: true\ncustom_columns:\n  a: {type: int, references: users}", `x.yaml:3: column a: constraint versions_a_fkey makes statements on table public.users fail`},
		{"all: true\ncustom_columns:\n  a: {type: int, references: users ON DELETE CASCADE ON UPDATE CASCADE}", `x.yaml:3: column a: constraint versions_a_fkey makes`},
		{"all: true\ncustom_columns:\n  a: mood", `x.yaml:3: column a: column a is of type public.mood, which is not built in`},
		{"all: true\ncustom_columns:\n  a: {type: int, default: own()}", `x.yaml:3: column a: column a has a default by function public.own(), which is not built in`},
		{"all: true\ncustom_columns:\n  a: serial", `x.yaml:3: column a: type "serial" does not exist`},
		{"all: true\ncustom_columns:\n  a:\n    type: int\n    default: 1); DROP TABLE users; SELECT (1", `x.yaml:3: column a: cannot insert multiple commands`},
	} {
		for _, dryRun := range []bool{true, false} {
			_, err := parse(t, c.text).Apply(context.Background(), db.Pool, dryRun)
			if !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%q, dry run %t: %v, want %s", c.text, dryRun, err, c.want)
			}
		}
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.tables`); n != 0 {
		t.Errorf("%d tables are registered", n)
	}
}

func compare(t *testing.T, db *pgtest.DB, f *File) string {
	t.Helper()
	tables, err := triggers.Inspect(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	drift, err := f.Compare(context.Background(), db.Pool, tables)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range drift {
		d.Cure = ""
		// which the shop has, and scripts of the command try
		if !strings.HasPrefix(d.Problem, "has no primary key") {
			lines = append(lines, d.String())
		}
	}
	return strings.Join(lines, "\n")
}

func TestApplyAndCompare(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, shop)
	text := `
all: true
schemas: [public, sales]
except: [sessions]
tables:
  users:
    mask: [password]
    exclude: [photo]
custom_columns:
  actor: {type: int, references: users ON DELETE SET NULL ON UPDATE CASCADE, default: "1"}
  amount: numeric(10,2)
  label: {type: varchar(20), default: "'x' || 'y'"}
`
	f := parse(t, text)
	if got := compare(t, db, f); strings.Count(got, "\n") != 5 || !strings.Contains(got, "public.users: table is not tracked, though x.yaml:6 selects it") ||
		!strings.Contains(got, "exaudit.versions: column actor is missing (x.yaml:10)") {
		t.Errorf("before:\n%s", got)
	}
	for _, dryRun := range []bool{true, false} {
		done, err := f.Apply(context.Background(), db.Pool, dryRun)
		if err != nil {
			t.Fatal(err)
		}
		if len(done.Installed) != 3 || !slices.Equal(done.Columns, []string{"actor", "amount", "label"}) || !slices.Equal(done.Skipped, []string{"public.log"}) {
			t.Errorf("dry run %t: %+v", dryRun, done)
		}
	}
	again, err := f.Apply(context.Background(), db.Pool, false)
	if err != nil || len(again.Columns) > 0 || again.Installed[0].Changed {
		t.Errorf("again: %+v, %v", again, err)
	}
	if got := compare(t, db, f); got != "" {
		t.Errorf("drift:\n%s", got)
	}
	db.Exec(t, `INSERT INTO users VALUES (1, 'Ann', 'secret', 'x');
		BEGIN; SET LOCAL exaudit.custom = '{"actor": 1, "amount": 1.5}'; UPDATE users SET password = 'hidden'; COMMIT`)
	if got := pgtest.One[string](t, db, `SELECT string_agg(concat_ws(' ', action, after, actor, amount, label), ', ' ORDER BY id) FROM exaudit.versions`); got !=
		`created {"": [{"masked": "password"}], "id": 1, "name": "Ann", "password": "***"} 1 xy, updated {"": [{"masked": "password"}], "password": "***"} 1 1.50 xy` {
		t.Error(got)
	}
	// the database has changed
	auditdb.Install(t, db, "sessions")
	if _, err := triggers.Install(context.Background(), db.Pool, []string{"users"}, triggers.WithOptions(map[string]audit.TableOptions{"users": {}})); err != nil {
		t.Fatal(err)
	}
	if err := triggers.Uninstall(context.Background(), db.Pool, []string{"orders"}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `ALTER TABLE exaudit.versions ALTER COLUMN label TYPE text`)
	want := "public.users: table has other options than in x.yaml:6\n" +
		"public.orders: table is not tracked, though x.yaml:2 selects it\n" +
		"public.sessions: table is tracked, though x.yaml does not select it\n" +
		"exaudit.versions: column label is text, not character varying(20) (x.yaml:12)"
	if got := compare(t, db, f); got != want {
		t.Errorf("drift:\n%s\nwant:\n%s", got, want)
	}
}

// Older versions keep NULL in a new column, and are not written again.
func TestColumnsLeaveVersionsAlone(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, shop)
	auditdb.Install(t, db, "users")
	db.Exec(t, `INSERT INTO users VALUES (1)`)
	file := pgtest.One[uint32](t, db, `SELECT pg_relation_filenode('exaudit.versions')`)
	text := "tables:\n  users:\ncustom_columns:\n  a: {type: int, references: users ON DELETE SET NULL ON UPDATE CASCADE, default: \"1\"}\n" +
		"  b: {type: uuid, default: gen_random_uuid()}\n  c: {type: text, default: session_user}\n"
	if _, err := parse(t, text).Apply(context.Background(), db.Pool, false); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO users VALUES (2)`)
	got := pgtest.One[string](t, db, `SELECT string_agg(concat_ws(' ', entity_id, a, b IS NOT NULL, c), ', ' ORDER BY id) FROM exaudit.versions`)
	if want := "1 f, 2 1 t postgres"; got != want {
		t.Errorf("versions are %s, want %s", got, want)
	}
	if pgtest.One[uint32](t, db, `SELECT pg_relation_filenode('exaudit.versions')`) != file {
		t.Error("exaudit.versions was rewritten")
	}
}

// What event triggers are to do is said by the file, and compared with it.
func TestFollowDDL(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, shop)
	f := parse(t, "all: true\nexcept: [sessions, 'public.u*']\nfollow_ddl: true\nnew_tables: [public.*, sales.f*]\ntables:\n  orders:\n")
	if got := compare(t, db, f); !strings.Contains(got, "event triggers: they are missing, though x.yaml:3 asks for them") {
		t.Errorf("before:\n%s", got)
	}
	done, err := f.Apply(context.Background(), db.Pool, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(done.Installed); n != 2 || done.Installed[0].Table != "public.orders" || done.Installed[1].Table != "event triggers" {
		t.Errorf("installed %+v", done.Installed)
	}
	db.Exec(t, `CREATE TABLE sales.fresh (id int PRIMARY KEY); INSERT INTO sales.fresh VALUES (1);
		CREATE TABLE unwanted (id int PRIMARY KEY); INSERT INTO unwanted VALUES (1); DROP TABLE sessions; CREATE TABLE sessions (id int PRIMARY KEY)`)
	if got := pgtest.One[string](t, db, `SELECT string_agg(table_name, ' ') FROM exaudit.history`); got != "fresh" {
		t.Errorf("recorded %s", got)
	}
	if got := compare(t, db, f); got != "" {
		t.Errorf("drift:\n%s", got)
	}
	again, err := f.Apply(context.Background(), db.Pool, false)
	if err != nil || again.Installed[1].Changed {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := triggers.Install(context.Background(), db.Pool, []string{"sales.fresh"}, triggers.WithOptions(map[string]audit.TableOptions{"sales.fresh": {AllowIgnore: true}})); err != nil {
		t.Fatal(err)
	}
	if got := compare(t, db, f); got != "sales.fresh: table has options, which x.yaml:4 does not give new tables" {
		t.Errorf("drift:\n%s", got)
	}
	other := parse(t, "tables: {orders: }\nfollow_ddl: true\nnew_tables: [public.*]")
	if got := compare(t, db, other); !strings.Contains(got, "they cover other new tables than x.yaml:3 says") || !strings.Contains(got, "sales.fresh: table is tracked, though x.yaml does not select it") {
		t.Errorf("drift:\n%s", got)
	}
	if got := compare(t, db, parse(t, "all: true\nschemas: [public, sales]\nexcept: [users, sessions, unwanted, 'sales.L*', 'sales.\"Lines\"']\ntables: {sales.fresh: {allow_ignore: true}}")); got != "event triggers: they are there, though x.yaml does not ask for them" {
		t.Errorf("drift:\n%s", got)
	}
}

// A table that is excepted and gone stops nothing, and is told. Should it come back, it is excepted where its name is
// known with the schema.
func TestExceptedAndGone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, shop)
	f := parse(t, "all: true\nexcept: [users, nothing, public.gone]\nfollow_ddl: true\nnew_tables: [public.*]")
	if _, err := f.Apply(ctx, db.Pool, false); err != nil {
		t.Fatal(err)
	}
	got, err := f.Unmatched(ctx, db.Pool)
	if err != nil || len(got) != 2 || got[0].Error() != "x.yaml:2: except: table nothing: no such table" || !reason.Is(got[1], audit.NoTable) {
		t.Errorf("unmatched is %v (%v)", got, err)
	}
	db.Exec(t, `CREATE TABLE gone (id int PRIMARY KEY); INSERT INTO gone VALUES (1); CREATE TABLE fresh (id int PRIMARY KEY); INSERT INTO fresh VALUES (1)`)
	if got := pgtest.One[string](t, db, `SELECT string_agg(table_name, ' ') FROM exaudit.history`); got != "fresh" {
		t.Errorf("recorded %s", got)
	}
	if got := compare(t, db, f); got != "" {
		t.Errorf("drift:\n%s", got)
	}
}

// The schema for editors has the keys of the structs, no more and no less.
func TestSchema(t *testing.T) {
	t.Parallel()
	type object struct {
		Properties           map[string]json.RawMessage
		AdditionalProperties *bool `json:"additionalProperties"`
	}
	content, err := os.ReadFile("../../docs/exaudit.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		object
		Defs struct{ Options, Column, Generate object } `json:"$defs"`
	}
	if err := json.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		object object
		is     reflect.Type
	}{
		{schema.object, reflect.TypeFor[File]()}, {schema.Defs.Options, reflect.TypeFor[audit.TableOptions]()}, {schema.Defs.Column, reflect.TypeFor[CustomColumn]()},
		{schema.Defs.Generate, reflect.TypeFor[Generate]()},
	} {
		var keys []string
		for key := range c.object.Properties {
			keys = append(keys, key)
		}
		want := fields(c.is)
		slices.Sort(keys)
		slices.Sort(want)
		if !slices.Equal(keys, want) {
			t.Errorf("%s: the schema has %v, the struct %v", c.is, keys, want)
		}
		if c.object.AdditionalProperties == nil || *c.object.AdditionalProperties {
			t.Errorf("%s: the schema allows other keys", c.is)
		}
		for _, key := range keys {
			checkProperty(t, c.is, key, c.object.Properties[key])
		}
	}
}

// checkProperty compares the type of a property with that of its field, and lets every
// value of an enum be parsed.
func checkProperty(t *testing.T, is reflect.Type, key string, property json.RawMessage) {
	t.Helper()
	var p struct {
		Type any
		Ref  string `json:"$ref"`
		Enum []string
	}
	if err := json.Unmarshal(property, &p); err != nil {
		t.Fatal(err)
	}
	field := is.Field(slices.Index(fields(is), key)).Type
	ok := false
	switch {
	case len(p.Enum) > 0:
		ok = field.Kind() == reflect.String && field != reflect.TypeFor[string]()
		for _, value := range append(p.Enum, "other") {
			_, err := Parse("x", []byte("tables: {a: {"+key+": "+value+"}}"))
			if (err == nil) != (value != "other") {
				t.Errorf("%s: %s: %v", key, value, err)
			}
		}
	case p.Ref == "#/$defs/names":
		ok = field.Kind() == reflect.Slice
	case p.Ref == "#/$defs/keep_last":
		ok = field.Kind() == reflect.Int
	case p.Ref == "#/$defs/text", p.Ref == "#/$defs/keep":
		ok = field == reflect.TypeFor[string]()
	case p.Ref == "#/$defs/generate":
		ok = field == reflect.TypeFor[Generate]()
	case p.Type == "boolean":
		ok = field.Kind() == reflect.Bool
	default:
		ok = field.Kind() == reflect.Map
	}
	if !ok {
		t.Errorf("%s.%s is %s, the schema says %s", is, key, field, property)
	}
}

// The example of the documentation is applied.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) string {
		t.Helper()
		found := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(content)
		if found == nil {
			t.Fatalf("no %s in the documentation", language)
		}
		return string(found[1])
	}
	db := auditdb.New(t, block("sql"))
	f := parse(t, block("yaml"))
	if _, err := f.Apply(context.Background(), db.Pool, false); err != nil {
		t.Fatal(err)
	}
	if got := compare(t, db, f); got != "" {
		t.Errorf("drift:\n%s", got)
	}
	for _, is := range []reflect.Type{reflect.TypeFor[File](), reflect.TypeFor[audit.TableOptions](), reflect.TypeFor[CustomColumn](), reflect.TypeFor[Generate]()} {
		for _, key := range fields(is) {
			if !strings.Contains(string(content), "`"+key+"`") {
				t.Errorf("the documentation does not explain %s", key)
			}
		}
	}
}

// A column that is only tried refers to what a column of its text would refer to.
func TestTriedReferences(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."x ""y" (id int PRIMARY KEY, code text COLLATE "C" UNIQUE, day date, late int UNIQUE DEFERRABLE, UNIQUE (id, day));
		CREATE UNIQUE INDEX by_day ON "a.b"."x ""y" (day);
		CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE VIEW seen AS SELECT 1 AS id; CREATE UNLOGGED TABLE loose (id int PRIMARY KEY)`)
	const passes = " ON DELETE SET NULL ON UPDATE CASCADE"
	for _, c := range []struct{ columns, want string }{
		{`int REFERENCES parts` + passes, ``},
		{`int REFERENCES public . parts(id)` + passes, ``},
		{`int REFERENCES exaudit.tables` + passes, ``},
		{`int REFERENCES PARTS MATCH FULL` + passes + ` DEFERRABLE INITIALLY DEFERRED`, ``},
		{`int REFERENCES "a.b"."x ""y" -- not "late"` + "\n" + passes, ``},
		{`text REFERENCES "a.b"."x ""y"(code)` + passes, ``},
		{`date REFERENCES "a.b"."x ""y" (day) /* or not */` + passes, ``},
		{`bigint REFERENCES parts` + passes, ``},
		{`int REFERENCES "a.b"."x ""y" (late)` + passes, `cannot use a deferrable unique constraint`},
		{`date REFERENCES "a.b"."x ""y"` + passes, `cannot be implemented`},
		{`int REFERENCES "a.b"."x ""y" (nothing)` + passes, `column "nothing" referenced in foreign key constraint does not exist`},
		{`text REFERENCES "a.b"."x ""y"`, `foreign key constraint`},
		{`int REFERENCES "a.b"."x ""y"`, `makes statements on table "a.b"."x ""y" fail`},
		{`int REFERENCES seen` + passes, `seen" is `},
		{`int REFERENCES loose` + passes, `permanent`},
		{`int REFERENCES nowhere.parts` + passes, `nowhere`},
		{`int REFERENCES parts` + passes + `, x int`, `syntax error`},
	} {
		kind, references, _ := strings.Cut(c.columns, " REFERENCES ")
		f := parse(t, fmt.Sprintf("tables: {parts: }\ncustom_columns:\n  a: {type: %s, references: %q}\n  b: {type: %[1]s, references: %[2]q}\n", kind, references))
		for _, dryRun := range []bool{true, false} {
			tx, err := db.Pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Apply(t.Context(), tx, dryRun)
			_ = tx.Rollback(t.Context()) // was for this only
			if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && !strings.Contains(got, c.want) {
				t.Errorf("%s, dry run %t: %v, want %s", c.columns, dryRun, err, c.want)
			} else {
				t.Log(got)
			}
		}
	}
}
