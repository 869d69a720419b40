package exaudit_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/patch"
)

func TestMain(m *testing.M) {
	testall.Checks("20", "100")
	pgtest.Main(m)
}

// audited gives a database with some tables, all of them tracked.
func audited(t *testing.T, schema string, tables ...string) (*pgtest.DB, *exaudit.DB) {
	t.Helper()
	db := auditdb.New(t, schema)
	auditdb.Install(t, db, tables...)
	return db, exaudit.New(db.Pool)
}

func historyOf(t *testing.T, db *exaudit.DB, table string, key any, opts ...exaudit.HistoryOption) []*exaudit.Version {
	t.Helper()
	versions, err := db.History(context.Background(), table, key, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return versions
}

// patchJSON is a patch in its stable form, for comparing.
func patchJSON(t *testing.T, p exaudit.Patch) string {
	t.Helper()
	encoded, err := patch.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
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
