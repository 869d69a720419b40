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
	status, err := db.Status(ctx, &exaudit.StatusOptions{Schemas: []string{schema}})
	if reason.Is(err, audit.NoTable) {
		status, err = new(audit.Status), nil
	}
	if err != nil {
		t.Fatalf("exaudit: status of schema %s: %v", schema, err)
	}
	there := 0
	for _, table := range status.Tables {
		bare, quoted := strings.CutPrefix(table.Present, pgx.Identifier{schema}.Sanitize()+".")
		if !quoted {
			var plain bool
			if bare, plain = strings.CutPrefix(table.Present, schema+"."); !plain {
				continue
			}
		}
		there++
		if slices.Contains(except, table.Present) || slices.Contains(except, bare) {
			continue
		}
		assertCovered(t, table)
	}
	if there == 0 {
		t.Errorf("exaudit: there are no tables in schema %s, or there is no such schema", schema)
	}
}

func assertCovered(t testing.TB, table audit.TableStatus) {
	t.Helper()
	switch name := table.Present; {
	case table.NoPrimaryKey:
		t.Errorf("exaudit: table %s is not covered: it has no primary key", name)
	case !table.Tracked:
		t.Errorf("exaudit: table %s is not covered: run \"exaudit install %s\", or except it", name, forShell(name))
	default:
		for _, drift := range table.Drift {
			if drift.Cure == "" {
				drift.Cure = `run "exaudit sync"`
			}
			t.Errorf("exaudit: %s", drift)
		}
	}
}

// forShell writes a name as the argument of a command, whose double quotes a shell would take.
func forShell(name string) string {
	if !strings.Contains(name, `"`) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
