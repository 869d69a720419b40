package exaudittest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

// AssertCovered fails the test for every table of a schema whose changes would not be recorded, or not as exaudit
// would record them now: tables on which exaudit was never installed, tables without a primary key, and tables whose
// triggers are missing, disabled or out of date. With it, a test finds a migration that adds a table without its
// triggers. A schema without tables fails, too.
//
// The argument except contains the tables that need not be recorded, as in SQL, with or without the schema, such as
// goose_db_version.
func AssertCovered(t testing.TB, db *exaudit.DB, schema string, except ...string) {
	t.Helper()
	ctx := context.Background()
	names, withoutKey, err := db.Trackable(ctx, schema)
	if err != nil && !reason.Is(err, audit.NoTable) {
		t.Fatalf("exaudit: tables of schema %s: %v", schema, err)
	}
	if len(names)+len(withoutKey) == 0 {
		t.Errorf("exaudit: there are no tables in schema %s, or there is no such schema", schema)
	}
	list, err := db.Status(ctx)
	if err != nil {
		t.Fatalf("exaudit: status: %v", err)
	}
	tracked := make(map[string]audit.TableStatus)
	for _, status := range list {
		if status.Tracked {
			tracked[status.Present] = status
		}
	}
	excepted := func(name string) bool {
		bare := strings.TrimPrefix(strings.TrimPrefix(name, schema+"."), pgx.Identifier{schema}.Sanitize()+".")
		return slices.Contains(except, name) || slices.Contains(except, bare)
	}
	for _, name := range slices.DeleteFunc(names, excepted) {
		status, ok := tracked[name]
		if !ok {
			t.Errorf("exaudit: table %s is not covered: run \"exaudit install %s\", or except it", name, forShell(name))
		}
		for _, drift := range status.Drift {
			if drift.Cure == "" {
				drift.Cure = `run "exaudit sync"`
			}
			t.Errorf("exaudit: %s", drift)
		}
	}
	for _, name := range slices.DeleteFunc(withoutKey, excepted) {
		t.Errorf("exaudit: table %s is not covered: it has no primary key", name)
	}
}

// forShell writes a name as the argument of a command, whose double quotes a shell would take.
func forShell(name string) string {
	if !strings.Contains(name, `"`) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
