package sql_test

import (
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// psql says what everything in exaudit's schemas is for: each object has a comment, and so has each column that people
// read.
func TestComments(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	missing := pgtest.One[[]string](t, db, `
		WITH own AS (SELECT n.oid, n.nspname FROM pg_namespace n WHERE n.nspname IN ('exaudit', 'exaudit_internal'))
		SELECT array_agg(o.name ORDER BY o.name) FROM (
			SELECT 'schema ' || own.nspname AS name, own.oid AS object, 'pg_namespace'::regclass AS class, 0 AS part FROM own
			UNION ALL
			SELECT p.oid::regprocedure::text, p.oid, 'pg_proc'::regclass, 0 FROM pg_proc p JOIN own ON own.oid = p.pronamespace
			UNION ALL
			SELECT c.oid::regclass::text, c.oid, 'pg_class'::regclass, 0 FROM pg_class c JOIN own ON own.oid = c.relnamespace
			WHERE c.relkind IN ('r', 'v', 'p') AND c.relname <> 'goose_db_version'
			UNION ALL
			SELECT t.oid::regtype::text, t.oid, 'pg_type'::regclass, 0 FROM pg_type t JOIN own ON own.oid = t.typnamespace WHERE t.typtype = 'e'
			UNION ALL
			SELECT c.oid::regclass::text || '.' || a.attname, c.oid, 'pg_class'::regclass, a.attnum
			FROM pg_class c
			JOIN own ON own.oid = c.relnamespace AND own.nspname = 'exaudit'
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.relkind IN ('r', 'v', 'p')
		) o
		LEFT JOIN pg_description d ON d.objoid = o.object AND d.classoid = o.class AND d.objsubid = o.part
		WHERE d.description IS NULL`)
	if len(missing) > 0 {
		t.Errorf("without a comment:\n%s", strings.Join(missing, "\n"))
	}
}
