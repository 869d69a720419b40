package migration_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/config"
	"github.com/exaudit/exaudit/internal/migration"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { pgtest.Main(m) }

// at is when tests write migrations.
var at = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// app is an application: its folder of migrations, and its development database.
type app struct {
	*testing.T
	dir    string
	dev    *pgtest.DB
	config string
	tool   migration.Tool // if the folder does not say it
}

// newApp has a first migration of its own.
func newApp(t *testing.T, schema, config string) *app {
	t.Helper()
	a := &app{T: t, dir: t.TempDir(), dev: auditdb.New(t, ""), config: config}
	a.migration("00001_app.sql", schema, "SELECT 1;")
	return a
}

// migration adds a migration of the application's own and applies it to the development
// database.
func (a *app) migration(name, up, down string) {
	a.Helper()
	a.write(name, "-- +goose Up\n-- +goose StatementBegin\n"+up+"\n-- +goose StatementEnd\n-- +goose Down\n"+down+"\n")
	a.dev.Exec(a, up)
}

func (a *app) write(name, content string) {
	a.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(content), 0o644); err != nil {
		a.Fatal(err)
	}
}

// generate writes what is missing, and gives it.
func (a *app) generate(options ...func(*migration.Options)) []migration.File {
	a.Helper()
	files := a.missing(options...)
	for _, f := range files {
		if err := f.Write(); err != nil {
			a.Fatal(err)
		}
	}
	if again := a.missing(options...); len(again) > 0 {
		a.Errorf("a second run would write again:\n%s", again[0].Content())
	}
	return files
}

func (a *app) missing(options ...func(*migration.Options)) []migration.File {
	a.Helper()
	files, err := a.try(options...)
	if err != nil {
		a.Fatal(err)
	}
	return files
}

func (a *app) try(options ...func(*migration.Options)) ([]migration.File, error) {
	a.Helper()
	file, err := config.Parse("exaudit.yaml", []byte(a.config))
	if err != nil {
		a.Fatal(err)
	}
	folder, err := migration.Read(a.dir)
	if err != nil {
		a.Fatal(err)
	}
	if a.tool != "" {
		folder.Use(a.tool)
	}
	o := migration.Options{AsOfFunctions: file.Generate.AsOfFunctions, Now: at}
	for _, option := range options {
		option(&o)
	}
	files, _, err := migration.Generate(context.Background(), a.dev.Connect(a.T, ""), file, folder, o)
	return files, err
}

// production is another database, in which every id and oid differs.
func (a *app) production() *pgtest.DB {
	a.Helper()
	db := auditdb.New(a.T, `CREATE SCHEMA earlier; CREATE TABLE earlier.one (id int PRIMARY KEY); CREATE TABLE earlier.two (id int PRIMARY KEY)`)
	auditdb.Install(a.T, db, "earlier.one", "earlier.two")
	return db
}

// goose gives the provider for a database, perhaps as another role.
func (a *app) goose(db *pgtest.DB, role string) *goose.Provider {
	a.Helper()
	config := db.Pool.Config().ConnConfig.Copy()
	if role != "" {
		config.RuntimeParams["role"] = role
	}
	conn := stdlib.OpenDB(*config)
	a.Cleanup(func() { _ = conn.Close() })
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, os.DirFS(a.dir))
	if err != nil {
		a.Fatal(err)
	}
	return provider
}

func (a *app) up(db *pgtest.DB) {
	a.Helper()
	if _, err := a.goose(db, "").Up(context.Background()); err != nil {
		a.Fatal(err)
	}
}

func (a *app) down(db *pgtest.DB) {
	a.Helper()
	if _, err := a.goose(db, "").Down(context.Background()); err != nil {
		a.Fatal(err)
	}
}

// tracked is what exaudit says of a database: the tracked tables, and what is wrong.
func tracked(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	all, err := triggers.Inspect(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range all {
		if strings.HasPrefix(s.Table, "earlier.") {
			continue
		}
		if s.Tracked {
			lines = append(lines, s.Table)
		}
		for _, d := range s.Drift {
			lines = append(lines, d.String())
		}
	}
	return strings.Join(lines, "\n")
}

func wantTracked(t *testing.T, db *pgtest.DB, want ...string) {
	t.Helper()
	if got := tracked(t, db); got != strings.Join(want, "\n") {
		t.Errorf("tracked:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// wantInstalled checks that installing finds nothing to do.
func (a *app) wantInstalled(db *pgtest.DB) {
	a.Helper()
	file, err := config.Parse("exaudit.yaml", []byte(a.config))
	if err != nil {
		a.Fatal(err)
	}
	conn, err := pgx.Connect(context.Background(), db.URL)
	if err != nil {
		a.Fatal(err)
	}
	defer conn.Close(context.Background())
	done, err := file.Apply(context.Background(), conn, true)
	if err != nil {
		a.Fatal(err)
	}
	for _, i := range done.Installed {
		if i.Changed && !strings.HasPrefix(i.Table, "earlier.") {
			a.Errorf("installing would change %s", i.Table)
		}
	}
	if len(done.Columns) > 0 {
		a.Errorf("installing would add columns %v", done.Columns)
	}
}

// objects lists everything of exaudit's that a database has, but for what core migrations make.
const objects = `
SELECT count(*) FROM (
	SELECT oid FROM pg_proc WHERE proname ~ '^t[0-9]+_' OR proname ~ '_(at|states)$'
	UNION ALL SELECT oid FROM pg_trigger WHERE tgname LIKE '!exaudit%'
	UNION ALL SELECT oid FROM pg_policy WHERE polname LIKE 'exaudit%'
	UNION ALL SELECT attnum::oid FROM pg_attribute WHERE attrelid = 'exaudit.versions'::regclass AND attnum > 12 AND NOT attisdropped
) o`
