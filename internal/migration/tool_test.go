package migration_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/migration"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/sql"
)

const twoTables = "CREATE TABLE users (id int PRIMARY KEY, password text); CREATE TABLE orders (id int PRIMARY KEY, total int);"

// runner does what a tool does with a folder: it finds what each file does, and its way back.
type runner struct {
	first string // the name of an application's own first migration
	text  string
	split func(t *testing.T, dir, name string) (up, down string, ok bool)
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func separated(by, head string) func(*testing.T, string, string) (string, string, bool) {
	return func(t *testing.T, dir, name string) (string, string, bool) {
		up, down, ok := strings.Cut(content(t, filepath.Join(dir, name)), by)
		return strings.TrimPrefix(up, head), down, ok || strings.HasSuffix(name, ".sql")
	}
}

var runners = map[migration.Tool]runner{
	migration.GolangMigrate: {"000001_app.up.sql", twoTables, func(t *testing.T, dir, name string) (up, down string, ok bool) {
		if !strings.HasSuffix(name, ".up.sql") {
			return "", "", false
		}
		back := filepath.Join(dir, strings.TrimSuffix(name, ".up.sql")+".down.sql")
		if _, err := os.Stat(back); err == nil {
			down = content(t, back)
		}
		return content(t, filepath.Join(dir, name)), down, true
	}},
	migration.Tern:   {"001_app.sql", twoTables + "\n---- create above / drop below ----\nDROP TABLE users, orders;\n", separated("---- create above / drop below ----", "")}, // a template, see apply
	migration.Dbmate: {"20240101120000_app.sql", "-- migrate:up\n" + twoTables + "\n\n-- migrate:down\nDROP TABLE users, orders;\n", separated("-- migrate:down", "-- migrate:up\n")},
	migration.Atlas:  {"20240101120000_app.sql", twoTables, separated("\x00", "")},
}

// apply runs the migrations from a name on, each in one transaction, as such tools do.
func (r runner) apply(t *testing.T, dir string, db *pgtest.DB, after string) (last string) {
	t.Helper()
	for _, name := range names(t, dir) {
		if up, _, ok := r.split(t, dir, name); ok && name > after {
			db.Exec(t, r.rendered(t, up))
			last = name
		}
	}
	return last
}

// rendered is a text as tern sends it, which takes it for a template.
func (r runner) rendered(t *testing.T, text string) string {
	t.Helper()
	if r.first != runners[migration.Tern].first {
		return text
	}
	parsed, err := template.New("").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := parsed.Execute(&b, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// A folder's tool is known by what it has, and a migration is written as that tool runs it.
func TestTools(t *testing.T) {
	t.Parallel()
	for tool, r := range testall.SampleMap(runners, 3) {
		t.Run(string(tool), func(t *testing.T) {
			t.Parallel()
			a := &app{T: t, dir: t.TempDir(), dev: auditdb.New(t, twoTables), config: "tables: {orders: , users: {mask: [password], where: \"password <> '{{x}}'\"}}\ngenerate: {as_of_functions: true}"}
			a.write(r.first, r.text)
			if tool == migration.Atlas {
				a.write("atlas.sum", "h1:x\n")
			}
			if tool == migration.GolangMigrate {
				a.write("000001_app.down.sql", "DROP TABLE users, orders;")
			}
			a.generate()
			production := auditdb.New(t, "")
			first := r.apply(t, a.dir, production, "")
			wantTracked(t, production, "public.orders", "public.users")
			a.wantInstalled(production)
			before := installed(t, production)

			a.config = strings.Replace(a.config, "mask: [password], ", "", 1)
			files := a.generate()
			if len(files) != 1 || filepath.Base(files[0].Path) <= first {
				t.Fatalf("wrote %v after %s", names(t, a.dir), first)
			}
			last := r.apply(t, a.dir, production, first)
			a.wantInstalled(production)
			if _, down, _ := r.split(t, a.dir, last); tool != migration.Atlas {
				production.Exec(t, r.rendered(t, down))
				if after := installed(t, production); after != before {
					t.Errorf("the way back leads to:\n%s\nwant:\n%s", after, before)
				}
			}
		})
	}
}

// The first migrations of a folder are numbered as its tool numbers them.
func TestFirstNumbers(t *testing.T) {
	t.Parallel()
	want := map[migration.Tool][]string{
		migration.Goose:         {"00001_exaudit_tables.sql"},
		migration.GolangMigrate: {"000001_exaudit_tables.down.sql", "000001_exaudit_tables.up.sql"},
		migration.Tern:          {"001_exaudit_tables.sql"},
		migration.Dbmate:        {"20260131120000_exaudit_tables.sql"},
		migration.Atlas:         {"20260131120000_exaudit_tables.sql"},
	}
	dev := auditdb.New(t, twoTables)
	for _, tool := range migration.Tools {
		a := &app{T: t, dir: t.TempDir(), dev: dev, config: "tables: {orders: }", tool: tool}
		a.generate()
		if got := names(t, a.dir); !slices.Equal(got, want[tool]) {
			t.Errorf("%s: wrote %v, want %v", tool, got, want[tool])
		}
	}
}

// What another tool's folder holds of plain SQL counts, whatever file it was put into.
func TestPlainSQLCounts(t *testing.T) {
	t.Parallel()
	dev := auditdb.New(t, twoTables)
	for _, name := range []string{"0001_x.sql", "0001_x.up.sql", "V1__x.sql", "20240101120000_x.sql"} {
		a := &app{T: t, dir: t.TempDir(), dev: dev, config: "tables: {orders: , users: }\ngenerate: {as_of_functions: true}"}
		files := a.missing(func(o *migration.Options) { o.Apart = true })
		a.write(name, files[0].Up())
		if again := a.missing(); len(again) > 0 {
			t.Errorf("%s: the plain SQL is taken for missing: %s", name, changes(again))
		}
		a.write(name, strings.ReplaceAll(files[0].Up(), "\n", "\r\n"))
		if again := a.missing(); len(again) > 0 {
			t.Errorf("%s: with other ends of lines: %s", name, changes(again))
		}
		a.write(name, strings.Replace(files[0].Up(), "NULL::public.orders,", "NULL::orders,", 1))
		if again := changes(a.missing()); !strings.Contains(again, "changed functions public.orders") {
			t.Errorf("%s: an edited part is not missed: %q", name, again)
		}
	}
}

// Where it is not known what would run a migration, none is written.
func TestUnknownTools(t *testing.T) {
	t.Parallel()
	dev := auditdb.New(t, twoTables)
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{"V1__app.sql": "SELECT 1;"}, "the migrations are those of Flyway"},
		{map[string]string{"1_app.sql": "-- +migrate Up\nSELECT 1;"}, "the migrations are those of sql-migrate"},
		{map[string]string{"0000_app.sql": "SELECT 1;"}, "0000_app.sql could be of any tool"},
		{map[string]string{"1_a.up.sql": "SELECT 1;", "2_b.sql": "-- +goose Up\nSELECT 1;"}, "there are migrations of golang-migrate and of goose"},
	} {
		a := &app{T: t, dir: t.TempDir(), dev: dev, config: "tables: {orders: }"}
		for name, text := range c.files {
			a.write(name, text)
		}
		folder, err := migration.Read(a.dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := folder.Known(); !errors.Is(err, migration.ErrTool) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if err := a.missing()[0].Write(); !errors.Is(err, migration.ErrTool) {
			t.Errorf("writing: %v", err)
		}
		a.tool = migration.GolangMigrate
		a.generate()
	}
}

// A text that a tool would take for an annotation of its own is written so that it does not.
func TestMisreadText(t *testing.T) {
	t.Parallel()
	dev := auditdb.New(t, "CREATE TABLE orders (id int PRIMARY KEY, note text)")
	for tool, line := range map[migration.Tool]string{
		migration.Tern: "---- create above / drop below ----", migration.Dbmate: "-- migrate:down",
	} {
		a := &app{T: t, dir: t.TempDir(), dev: dev, tool: tool, config: "tables: {orders: {where: \"note <> '\\n" + line + "\\n'\"}}"}
		for _, file := range a.generate() {
			content, err := os.ReadFile(file.Path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count("\n"+string(content), "\n"+line) > 1 {
				t.Errorf("%s: the text stands in a line of its own:\n%s", tool, content)
			}
		}
	}
}

// A folder is refused a schema that would come after what needs it.
func TestSchemaAfterTables(t *testing.T) {
	t.Parallel()
	withSchema := func(o *migration.Options) { o.Schema = true }
	a := newApp(t, twoTables, "tables: {orders: }")
	tables := a.generate()
	if _, err := a.try(withSchema); !errors.Is(err, migration.ErrSchemaLast) || !strings.Contains(err.Error(), "00002_exaudit_tables.sql") {
		t.Fatalf("got %v", err)
	}
	if printed := a.missing(withSchema, func(o *migration.Options) { o.Apart = true }); len(printed) != 1 {
		t.Errorf("printed are %s", changes(printed))
	}
	// as the command says
	if err := tables[0].Remove(); err != nil {
		t.Fatal(err)
	}
	a.generate(withSchema)
	a.config = "tables: {orders: , users: }"
	a.generate()
	production := pgtest.New(t)
	a.up(production)
	wantTracked(t, production, "public.orders", "public.users")
	if err := sql.Check(context.Background(), production.Pool); err != nil {
		t.Error(err)
	}
}
