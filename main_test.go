package exaudit_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/program"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/patch"
)

func TestMain(m *testing.M) {
	testall.Checks("20", "100")
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

// after is the cursor of a version, "" for 0.
func after(id int64) audit.Cursor {
	if id == 0 {
		return ""
	}
	return (&audit.Version{ID: id}).Cursor()
}

// customOf is the custom data of a context, whether it can be stored or not.
func customOf(ctx context.Context) exaudit.Custom {
	data, _ := exaudit.CustomFromContext(ctx)
	return data
}

func customErr(ctx context.Context) error {
	_, err := exaudit.CustomFromContext(ctx)
	return err
}

// patchJSON is a patch in its stable form, for comparing.
func patchJSON(t *testing.T, p patch.Patch) string {
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
