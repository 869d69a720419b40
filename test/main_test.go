// Package test_test is for acceptance: its tests use exaudit as an application and its operators do, over the library
// and the command, from a first install to a restore after a crash.
package test_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/program"
)

func TestMain(m *testing.M) {
	os.Exit(program.Run(m))
}

// audited gives a database with some tables, all of them tracked.
func audited(t *testing.T, schema string, tables ...string) (*pgtest.DB, *exaudit.DB) {
	t.Helper()
	db := auditdb.New(t, schema)
	auditdb.Install(t, db, tables...)
	return db, exaudit.New(db.Pool)
}

func historyOf(t *testing.T, db *exaudit.DB, table string, key any, opts ...exaudit.HistoryOption) []*audit.Version {
	t.Helper()
	versions, err := exaudit.Collect(db.History(context.Background(), table, key, opts...))
	if err != nil {
		t.Fatal(err)
	}
	return versions
}

// statesOf is HistoryWithStates that must not fail.
func statesOf(t *testing.T, db *exaudit.DB, table string, key any, opts ...exaudit.HistoryOption) []*audit.Version {
	t.Helper()
	versions, err := exaudit.Collect(db.HistoryWithStates(context.Background(), table, key, opts...))
	if err != nil {
		t.Fatal(err)
	}
	return versions
}

// rows is a table's content as text, in the order of its key.
func rows(t *testing.T, db *pgtest.DB, table string) string {
	t.Helper()
	return pgtest.One[string](t, db, `SELECT coalesce(string_agg(r::text, ' ' ORDER BY r::text), '') FROM `+table+` r`)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

// searched is Versions that must not fail.
func searched(t testing.TB, db *exaudit.DB, opts ...exaudit.VersionsOption) []*audit.Version {
	t.Helper()
	versions, err := exaudit.Collect(db.Versions(context.Background(), opts...))
	if err != nil {
		t.Fatal(err)
	}
	return versions
}

func idsOf(versions []*audit.Version) []int64 {
	var ids []int64
	for _, v := range versions {
		ids = append(ids, v.ID)
	}
	return ids
}

func by(ctx context.Context, who string) context.Context {
	return exaudit.With(ctx, exaudit.Custom{"who": who})
}

func end(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inOneTransaction runs statements in one transaction, and gives its id.
func inOneTransaction(t *testing.T, db *pgtest.DB, statements ...string) uint64 {
	t.Helper()
	tx, err := db.Pool.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	for _, statement := range statements {
		if _, err := tx.Exec(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var xid uint64
	if err := tx.QueryRow(context.Background(), `SELECT pg_current_xact_id()::text::bigint`).Scan(&xid); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	return xid
}

// poolOf gives a pool of one connection in a mode: what a statement leaves behind is there
// for the next.
func poolOf(t testing.TB, db *pgtest.DB, mode pgx.QueryExecMode, more ...func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	config.ConnConfig.DefaultQueryExecMode = mode
	for _, m := range more {
		m(config)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

const notes = `CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);`

// library is the schema of the application that sqlc has generated.
func library(t *testing.T) string {
	t.Helper()
	schema, err := os.ReadFile("../internal/sqlcapp/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	return string(schema)
}
