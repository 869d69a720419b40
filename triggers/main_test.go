package triggers_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

var update = flag.Bool("update", false, "rewrite the golden files and docs/types.md")

func TestMain(m *testing.M) {
	testall.Checks("4", "100")
	pgtest.Main(m)
}

// tracked gives a database with the schema's tables, of which the named ones are tracked.
func tracked(t *testing.T, schema string, tables ...string) *pgtest.DB {
	t.Helper()
	db := auditdb.New(t, schema)
	auditdb.Install(t, db, tables...)
	return db
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// run executes statements on one connection.
func run(t *testing.T, q querier, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := q.Exec(context.Background(), s); err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
	}
}

// fails executes a statement that must fail, and gives its error.
func fails(t *testing.T, q querier, statement string) *pgconn.PgError {
	t.Helper()
	_, err := q.Exec(context.Background(), statement)
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		t.Fatalf("%v, want an error of the server\n%s", err, statement)
	}
	return pgErr
}

// list gives the only column of every row.
func list[T any](t *testing.T, q querier, sql string, args ...any) []T {
	t.Helper()
	rows, _ := q.Query(context.Background(), sql, args...) // rows carry the error
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return values
}

// one gives the only column of the only row.
func one[T any](t *testing.T, q querier, sql string, args ...any) T {
	t.Helper()
	values := list[T](t, q, sql, args...)
	if len(values) != 1 {
		t.Fatalf("%d rows, want 1\n%s", len(values), sql)
	}
	return values[0]
}

// recorded tells all versions in order, one per line: action, table, key, before, after.
func recorded(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	return strings.Join(list[string](t, db.Pool, `
		SELECT concat_ws(' ', v.action, t.table_name, v.previous_entity_id || ' →', v.entity_id,
		                 v.before, CASE WHEN v.action = 'updated' THEN '→' END, v.after)
		FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id
		ORDER BY v.id`), "\n")
}

// wantRecorded compares all versions and then forgets them.
func wantRecorded(t *testing.T, db *pgtest.DB, want ...string) {
	t.Helper()
	if got := recorded(t, db); got != strings.Join(want, "\n") {
		t.Errorf("recorded:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	forget(t, db)
}

// forget empties exaudit.versions as retention may.
func forget(t *testing.T, db *pgtest.DB) {
	t.Helper()
	db.Exec(t, `BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions; COMMIT`)
}

// drift lists what Inspect finds, one per line.
func drift(t *testing.T, db *pgtest.DB) []string {
	t.Helper()
	all, err := triggers.Inspect(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, status := range all {
		for _, d := range status.Drift {
			found = append(found, d.String())
		}
	}
	return found
}

// wantNoDrift checks that there is nothing to mend.
func wantNoDrift(t *testing.T, db *pgtest.DB) {
	t.Helper()
	if found := drift(t, db); len(found) > 0 {
		t.Errorf("drift:\n%s", strings.Join(found, "\n"))
	}
}

// install installs and tells whether anything changed.
func install(t *testing.T, db *pgtest.DB, tables ...string) bool {
	t.Helper()
	done, err := triggers.Install(context.Background(), db.Pool, tables)
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	for _, d := range done {
		changed = changed || d.Changed
	}
	return changed
}

// wantFile compares with a file, or with -update rewrites it.
func wantFile(t *testing.T, path, content string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != content {
		t.Errorf("%s is stale: run go test ./triggers -update\n%s", path, firstDifference(string(want), content))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			line := ""
			if i < len(g) {
				line = g[i]
			}
			return "file: " + w[i] + "\nnow:  " + line
		}
	}
	return "the file ends too early"
}
