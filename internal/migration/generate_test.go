package migration_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/migration"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

const shop = `
	CREATE TYPE mood AS ENUM ('good', 'bad');
	CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, password text);
	CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint REFERENCES users, total numeric, mood mood, info jsonb);
	CREATE TABLE events (day date, id int, note text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
	CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
	ALTER TABLE users ENABLE ROW LEVEL SECURITY;`

const selection = `
all: true
tables:
  users: {mask: [password], where: "name <> '<b>'", skip_untouched_toast: true}
  orders: {updates: full, record_session_user: true}
custom_columns:
  actor_id: {type: bigint, references: users ON DELETE SET NULL ON UPDATE CASCADE}
  source: {type: text, default: "'web'"}
generate:
  as_of_functions: true
`

// What was generated from one database is installed in another as by "exaudit install", taken
// away and brought back.
func TestAnotherDatabase(t *testing.T) {
	t.Parallel()
	a := newApp(t, shop, selection)
	files := a.generate()
	if len(files) != 1 || filepath.Base(files[0].Path) != "00002_exaudit_tables.sql" {
		t.Fatalf("wrote %v", files)
	}
	production := a.production()
	production.Exec(t, `ALTER TABLE exaudit.tables ALTER id RESTART WITH 1000`)
	before := pgtest.One[int](t, production, objects)
	const again = "events created web, events deleted web, users updated web"
	for _, want := range []string{"events created web, events deleted web, users created web, users updated web", again} {
		last := pgtest.One[int](t, production, `SELECT coalesce(max(id), 0) FROM exaudit.versions`)
		a.up(production)
		wantTracked(t, production, "public.events", "public.orders", "public.users")
		a.wantInstalled(production)
		production.Exec(t, `
			INSERT INTO users VALUES (1, 'Ada', 'x') ON CONFLICT DO NOTHING;
			UPDATE users SET password = password || 'y';
			SELECT set_config('exaudit.custom', '{"actor_id": 1}', true);
			INSERT INTO events VALUES ('2025-05-05', 1, 'note') ON CONFLICT DO NOTHING;
			TRUNCATE events`)
		if got := pgtest.One[string](t, production, `SELECT string_agg(DISTINCT t.table_name || ' ' || v.action || coalesce(' ' || v.source, ''), ', ')
			FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id WHERE v.id > `+strconv.Itoa(last)); got != want {
			t.Errorf("recorded %s", got)
		}
		a.down(production)
		wantTracked(t, production)
		if after := pgtest.One[int](t, production, objects); after != before {
			t.Errorf("Down left %d objects behind", after-before)
		}
		if pgtest.One[bool](t, production, `SELECT has_table_privilege('exaudit_writer', 'users', 'SELECT')`) {
			t.Error("Down left a privilege behind")
		}
	}
	if n := pgtest.One[int](t, production, `SELECT count(*) FROM exaudit.tables`); n != 5 {
		t.Errorf("%d tables in the registry, want each once", n)
	}
}

// Partitions differ between databases.
func TestOtherPartitions(t *testing.T) {
	t.Parallel()
	a := newApp(t, shop, "tables: {events: }")
	a.generate()
	production := a.production()
	if _, err := a.goose(production, "").UpTo(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	production.Exec(t, `
		CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
		CREATE SCHEMA "old Years";
		ALTER TABLE events_2025 SET SCHEMA "old Years"`)
	a.up(production)
	wantTracked(t, production, "public.events")
	a.wantInstalled(production)
	production.Exec(t, `INSERT INTO events VALUES ('2026-05-05', 1, 'note'), ('2025-05-05', 2, 'note'); TRUNCATE events_2026; TRUNCATE "old Years".events_2025`)
	if n := pgtest.One[int](t, production, `SELECT count(*) FROM exaudit.versions WHERE action = 'deleted'`); n != 2 {
		t.Errorf("%d rows recorded as deleted, want 2", n)
	}
}

// A partition that a later migration creates is covered by the next one: its TRUNCATE is recorded. One that goes needs
// none.
func TestLaterPartitions(t *testing.T) {
	t.Parallel()
	a := newApp(t, shop, "tables: {events: }")
	a.generate()
	production := a.production()
	a.up(production)
	a.migration("00003_partitions.sql", `
		CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
		CREATE TABLE events_later PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2100-01-01') PARTITION BY RANGE (day);
		CREATE TABLE "events, and more" PARTITION OF events_later DEFAULT`, `DROP TABLE events_later; DROP TABLE events_2026;`)
	if got := changes(a.generate()); got != "00004_exaudit_tables.sql: changed table public.events" {
		t.Errorf("wrote %s", got)
	}
	a.up(production)
	a.wantInstalled(production)
	production.Exec(t, `INSERT INTO events VALUES ('2026-05-05', 1, 'note'), ('2028-05-05', 2, 'note'); TRUNCATE events_2026; TRUNCATE "events, and more"`)
	if n := pgtest.One[int](t, production, `SELECT count(*) FROM exaudit.versions WHERE action = 'deleted'`); n != 2 {
		t.Errorf("%d rows recorded as deleted, want 2", n)
	}
	a.migration("00005_gone.sql", `DROP TABLE events_2025`, ``)
	if got := a.missing(); len(got) > 0 {
		t.Errorf("a partition that is gone has %s written", changes(got))
	}
}

// A second migration holds only what has changed, and leads back to the first.
func TestDifference(t *testing.T) {
	t.Parallel()
	a := newApp(t, shop, selection)
	a.generate()
	production := a.production()
	a.up(production)
	first := installed(t, production)

	a.migration("00003_more.sql", `ALTER TABLE orders ADD COLUMN note text; CREATE TABLE items (id int PRIMARY KEY)`,
		"DROP TABLE items; ALTER TABLE orders DROP COLUMN note;")
	a.config = strings.Replace(strings.Replace(selection, "mask: [password]", "exclude: [password]", 1), "all: true", "all: true\nexcept: [events]", 1)
	files := a.generate()
	if got := changes(files); got != "00004_exaudit_tables.sql: changed table public.users, changed table public.orders, "+
		"added table public.items, added functions public.items, removed table public.events, removed functions public.events" {
		t.Errorf("wrote %s", got)
	}
	a.up(production)
	wantTracked(t, production, "public.items", "public.orders", "public.users")
	a.wantInstalled(production)

	a.down(production)
	a.down(production)
	if second := installed(t, production); second != first {
		t.Errorf("after Down:\n%s\nwant:\n%s", second, first)
	}
	wantTracked(t, production, "public.events", "public.orders", "public.users")
	a.up(production)
	a.wantInstalled(production)
}

// installed is everything that a migration can have made.
func installed(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	return pgtest.One[string](t, db, `
		SELECT string_agg(o, E'\n' ORDER BY o) FROM (
			SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^t[0-9]+_' OR proname ~ '_(at|states)$'
			UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE '!exaudit%'
			UNION ALL SELECT table_name || options FROM exaudit.tables WHERE tracked
			UNION ALL SELECT attname FROM pg_attribute WHERE attrelid = 'exaudit.versions'::regclass
		) x (o)`)
}

func changes(files []migration.File) string {
	var texts []string
	for _, f := range files {
		var list []string
		for _, c := range f.Changes {
			list = append(list, c.Change+" "+c.Object)
		}
		texts = append(texts, filepath.Base(f.Path)+": "+strings.Join(list, ", "))
	}
	return strings.Join(texts, "; ")
}

// A renamed table goes on under its id; one that was dropped is let go of.
func TestRenamedAndDropped(t *testing.T) {
	t.Parallel()
	a := newApp(t, `CREATE TABLE orders (id int PRIMARY KEY, total int); CREATE TABLE gone (id int PRIMARY KEY)`, "tables: {orders: , gone: }")
	a.generate()
	a.up(a.dev2())
	production := a.production()
	a.up(production)
	id := pgtest.One[int](t, production, `SELECT id FROM exaudit.tables WHERE table_name = 'orders'`)
	production.Exec(t, `INSERT INTO orders VALUES (1, 2)`)

	a.migration("00003_rename.sql", `ALTER TABLE orders RENAME TO purchases; DROP TABLE gone`,
		"ALTER TABLE purchases RENAME TO orders; CREATE TABLE gone (id int PRIMARY KEY);")
	a.config = "tables: {purchases: }"
	a.generate()
	a.up(production)
	wantTracked(t, production, "public.purchases")
	a.wantInstalled(production)
	if now := pgtest.One[int](t, production, `SELECT id FROM exaudit.tables WHERE table_name = 'purchases'`); now != id {
		t.Errorf("the renamed table has id %d, had %d", now, id)
	}
	a.down(production)
	a.down(production)
	a.down(production)
	wantTracked(t, production, `public.gone: table was dropped and created again, and is not tracked: "exaudit install public.gone"`)
	a.up(production)
	wantTracked(t, production, "public.purchases")
	a.wantInstalled(production)
}

// dev2 is the development database, for goose.
func (a *app) dev2() *pgtest.DB { return a.production() }

// With the schema, the folder is all that a database needs, and "exaudit init" stays out of it.
func TestWithSchema(t *testing.T) {
	t.Parallel()
	withSchema := func(o *migration.Options) { o.Schema = true }
	a := &app{T: t, dir: t.TempDir(), dev: pgtest.New(t), config: selection}
	a.migration("00001_app.sql", shop, "DROP TABLE events, orders, users; DROP TYPE mood;")
	files := a.generate(withSchema)
	if len(files) != 2 || filepath.Base(files[0].Path) != "00002_exaudit_schema.sql" || filepath.Base(files[1].Path) != "00003_exaudit_tables.sql" {
		t.Fatalf("wrote %s", changes(files))
	}
	if again := a.missing(); len(again) > 0 {
		t.Errorf("without the option, a later run would write %s", changes(again))
	}
	if pgtest.One[bool](t, a.dev, `SELECT to_regnamespace('exaudit') IS NOT NULL`) {
		t.Error("generating changed the database")
	}
	production := pgtest.New(t)
	for range testall.Or(1, 2) {
		a.up(production)
		wantTracked(t, production, "public.events", "public.orders", "public.users")
		a.wantInstalled(production)
		if err := sql.Check(context.Background(), production.Pool); err != nil {
			t.Errorf("Check after the migrations: %v", err)
		}
		if _, err := a.goose(production, "").DownTo(context.Background(), 0); err != nil {
			t.Fatal(err)
		}
		if pgtest.One[bool](t, production, `SELECT to_regnamespace('exaudit') IS NOT NULL`) {
			t.Error("Down left the schema behind")
		}
	}
}

// A folder that another build has written is not taken for up to date.
func TestWithSchemaOfAnotherBuild(t *testing.T) {
	t.Parallel()
	a := &app{T: t, dir: t.TempDir(), dev: pgtest.New(t), config: selection}
	a.migration("00001_app.sql", shop, "DROP TABLE events, orders, users; DROP TYPE mood;")
	path := a.generate(func(o *migration.Options) { o.Schema = true })[0].Path
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for change, want := range map[*strings.Replacer]any{
		strings.NewReplacer("\n", "\r\n"): nil,
		strings.NewReplacer("CREATE FUNCTION exaudit_internal.base_type(", "CREATE FUNCTION exaudit.basic_type("): audit.OtherBuild,
	} {
		if err := os.WriteFile(path, []byte(change.Replace(string(content))), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := a.try(); !reason.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// Golden files are what a reviewer reads.
func TestGolden(t *testing.T) {
	t.Parallel()
	a := newApp(t, shop, selection)
	for i, f := range a.generate() {
		path := filepath.Join("testdata", []string{"tables.golden.sql"}[i])
		content := writtenBy.ReplaceAllString(f.Content(), "written by exaudit <version>")
		if *update {
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(path); err != nil || string(want) != content {
			t.Errorf("%s is stale (%v): run go test ./migration -update", path, err)
		}
	}
}

var writtenBy = regexp.MustCompile(`written by exaudit [^,]*`)

// The role that goose runs as need not be a superuser: it owns the tables, and is what
// "exaudit init" makes of who runs it.
func TestOrdinaryRole(t *testing.T) {
	t.Parallel()
	a := newApp(t, shop, selection)
	a.generate()
	production := a.production()
	role := production.Role(t, "")
	production.Exec(t, `GRANT exaudit_owner, exaudit_writer TO `+role+`; GRANT ALL ON SCHEMA public TO `+role)
	if _, err := a.goose(production, role).Up(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantTracked(t, production, "public.events", "public.orders", "public.users")
	a.wantInstalled(production)
	if pgtest.One[bool](t, production, `SELECT has_schema_privilege('exaudit_writer', 'exaudit', 'CREATE')`) {
		t.Error("exaudit_writer may create in schema exaudit")
	}
	if _, err := a.goose(production, role).DownTo(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	wantTracked(t, production)

	// nobody else may, nor plant a function that runs on the way
	other := production.Connect(t, production.Role(t, ""))
	for _, call := range []string{`SELECT exaudit_internal.install_table('public.orders', '{}', 'SELECT 1')`, `SELECT exaudit_internal.uninstall_table('public.orders')`} {
		if _, err := other.Exec(context.Background(), call); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// In a database that cannot take it, a migration says what to do.
func TestNotInitialized(t *testing.T) {
	t.Parallel()
	a := newApp(t, shop, selection)
	a.generate()
	if _, err := a.goose(pgtest.New(t), "").Up(context.Background()); err == nil || !strings.Contains(err.Error(), "exaudit is not initialised") {
		t.Errorf("without exaudit: %v", err)
	}
	old := a.production()
	old.Exec(t, `CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1::bigint'`)
	if _, err := a.goose(old, "").Up(context.Background()); err == nil || !strings.Contains(err.Error(), "older than this migration") {
		t.Errorf("with an old one: %v", err)
	}
}

// Names that need care, and those that cannot be had.
func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Ä", 31)
	a := newApp(t, `CREATE SCHEMA "My Shop"; CREATE TABLE "My Shop"."Or""ders'$states$" ("user id" text, "$1" int, v text, PRIMARY KEY ("$1", "user id"));
		CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE "My Shop".orders (id int PRIMARY KEY);
		CREATE TABLE "`+long+`" (id int PRIMARY KEY)`,
		"all: true\nschemas: [public, '\"My Shop\"']\ngenerate: {as_of_functions: true}")
	a.generate()
	production := a.production()
	a.up(production)
	a.wantInstalled(production)
	production.Exec(t, `INSERT INTO "My Shop"."Or""ders'$states$" VALUES ('a', 1, 'x'); UPDATE "My Shop"."Or""ders'$states$" SET v = 'y'`)
	if got := pgtest.One[string](t, production, `SELECT string_agg(v, ' ') FROM "My Shop"."Or""ders'$states$_states"(1, 'a')`); got != "x y" {
		t.Errorf("states %s", got)
	}
	if n := pgtest.One[int](t, production, `SELECT count(*) FROM pg_proc WHERE proname ~ '_(at|states)$' AND prorettype IN (
		SELECT reltype FROM pg_class WHERE relname = $1 OR relname = 'orders')`, long); n != 6 {
		t.Errorf("%d functions, want two each", n)
	}
	a.down(production)

	b := newApp(t, `CREATE TABLE orders (id int PRIMARY KEY, "<relation>" text)`, "tables: {orders: }")
	if _, err := b.try(); !errors.Is(err, triggers.ErrNotPortable) {
		t.Errorf("a column called as a placeholder: %v", err)
	}
	c := newApp(t, `CREATE TABLE orders (id int PRIMARY KEY); CREATE FUNCTION orders_at(timestamptz) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
		"tables: {orders: }\ngenerate: {as_of_functions: true}")
	c.generate()
	if _, err := c.goose(c.production(), "").Up(context.Background()); err == nil || !strings.Contains(err.Error(), `function "orders_at" already exists`) {
		t.Errorf("a function of the application's own: %v", err)
	}
}
