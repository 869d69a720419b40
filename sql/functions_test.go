package sql_test

import (
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// Before PostgreSQL 18, a function in SQL that cannot be inlined is planned each time it is called; one in PL/pgSQL is
// planned once in a session.
func TestFunctionsAreNotPlannedAtEachCall(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	planned := pgtest.One[[]string](t, db, `
		SELECT coalesce(array_agg(p.oid::regprocedure::text ORDER BY p.proname), '{}')
		FROM pg_proc p
		WHERE p.pronamespace IN ('exaudit'::regnamespace, 'exaudit_internal'::regnamespace)
		  AND p.prolang = (SELECT l.oid FROM pg_language l WHERE l.lanname = 'sql')
		  AND (p.proconfig IS NOT NULL OR p.prosecdef)`)
	if len(planned) > 0 {
		t.Errorf("in SQL, and not to be inlined:\n%s", strings.Join(planned, "\n"))
	}
}
