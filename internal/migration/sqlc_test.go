package migration_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/migration"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

const sqlcConfig = `version: "2"
sql:
  - engine: postgresql
    schema: migrations
    queries: queries.sql
    gen: {go: {package: db, out: db, sql_package: pgx/v5}}
`

const tableQueries = `
-- name: OrdersAt :many
SELECT * FROM orders_at($1);

-- name: OrderStates :many
SELECT * FROM orders_states($1);

-- name: BigOrdersAt :many
SELECT o.id, o.total FROM orders_at(@instant) o WHERE o.total > @least::numeric ORDER BY o.id;

-- name: EventStates :many
SELECT * FROM events_states(@day, @id);
`

const versionQueries = `
-- name: VersionsOfActor :many
SELECT v.id, v.action, v.entity_id, v.after, v.source FROM exaudit.versions v WHERE v.actor_id = $1 ORDER BY v.id;

-- name: UserOfVersion :one
SELECT u.name, v.custom FROM exaudit.versions v JOIN users u ON u.id = v.actor_id WHERE v.id = $1;
`

// The application's own code, as it is typed.
const program = `package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"example.com/shop/db"
)

func main() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Args[1])
	check(err)
	q := db.New(conn)
	var orders []db.Order
	orders, err = q.OrdersAt(ctx, pgtype.Timestamptz{Time: time.Now(), Valid: true})
	check(err)
	states, err := q.OrderStates(ctx, orders[0].ID)
	check(err)
	orders = states
	for _, o := range orders {
		fmt.Println(o.ID, o.Mood.Mood, string(o.Info))
	}
	day := pgtype.Date{Time: time.Date(2025, 5, 5, 0, 0, 0, 0, time.UTC), Valid: true}
	var events []db.Event
	events, err = q.EventStates(ctx, db.EventStatesParams{Day: day, ID: 1})
	check(err)
	fmt.Println(len(events), events[0].Note.String)
	more(ctx, q)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
`

const withoutVersions = `package main

import (
	"context"

	"example.com/shop/db"
)

func more(context.Context, *db.Queries) {}
`

const withVersions = `package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"example.com/shop/db"
)

func more(ctx context.Context, q *db.Queries) {
	versions, err := q.VersionsOfActor(ctx, pgtype.Int8{Int64: 7, Valid: true})
	check(err)
	for _, v := range versions {
		fmt.Println(v.Action == db.ExauditActionUpdated, v.EntityID, v.Source.String)
	}
}
`

// run runs a program in a directory.
func run(t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// buildSqlc builds the sqlc that tools/go.mod pins.
func buildSqlc(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sqlc")
	run(t, "../../tools", "go", "build", "-o", path, "github.com/sqlc-dev/sqlc/cmd/sqlc")
	return path
}

// A real sqlc application: its folder, with what is generated in it, is its schema, and its own
// queries of earlier rows have its own types.
func TestSqlc(t *testing.T) {
	t.Parallel()
	sqlc := buildSqlc(t)
	for _, schema := range testall.Turn(1, false, true) {
		a := newApp(t, shop, selection)
		a.generate(func(o *migration.Options) { o.Schema = schema })
		// what a later difference does to the schema that sqlc sees
		a.migration("00010_more.sql", `ALTER TABLE orders ADD COLUMN note text; CREATE TABLE items (id int PRIMARY KEY)`, "SELECT 1;")
		a.generate()

		root := t.TempDir()
		for name, content := range map[string]string{
			"sqlc.yaml": sqlcConfig, "main.go": program, "queries.sql": tableQueries, "more.go": withoutVersions,
		} {
			if schema {
				content = strings.Replace(content, withoutVersions, withVersions, 1)
				content = strings.Replace(content, tableQueries, tableQueries+versionQueries, 1)
			}
			if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(a.dir, filepath.Join(root, "migrations")); err != nil {
			t.Fatal(err)
		}
		run(t, root, sqlc, "generate")
		goMod, err := os.ReadFile("../../go.mod")
		if err != nil {
			t.Fatal(err)
		}
		goSum, err := os.ReadFile("../../go.sum")
		if err != nil {
			t.Fatal(err)
		}
		module := strings.Replace(string(goMod), "module github.com/exaudit/exaudit", "module example.com/shop", 1)
		if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte(module), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "go.sum"), goSum, 0o644); err != nil {
			t.Fatal(err)
		}

		production := pgtest.New(t)
		if !schema {
			production = a.production()
		}
		a.up(production)
		production.Exec(t, `
			INSERT INTO users VALUES (7, 'Ada');
			INSERT INTO orders (user_id, mood, info) VALUES (7, 'bad', '{"a": 1}');
			SELECT set_config('exaudit.custom', '{"actor_id": 7}', true);
			UPDATE orders SET mood = 'good', note = 'x';
			INSERT INTO events VALUES ('2025-05-05', 1, 'party')`)
		want := "1 bad {\"a\": 1}\n1 good {\"a\": 1}\n1 party\n"
		if schema {
			want += "true 1 web\nfalse [\"2025-05-05\", 1] web\n"
		}
		if out := run(t, root, "go", "run", ".", production.URL); out != want {
			t.Errorf("with the schema %v, the program prints:\n%s\nwant:\n%s", schema, out, want)
		}
	}
}
