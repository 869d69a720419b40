package traps

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Whatever leaves a name to search_path is trapped.
func TestNames(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := Bare(t)
	for path, statements := range map[string][]string{
		First: {
			"SELECT 1 = 1", "SELECT 1 IN (1, 2)", "SELECT 2 BETWEEN 1 AND 3", "SELECT 'a' LIKE 'b'", "SELECT 1 IS DISTINCT FROM 2",
			"SELECT nullif(1, 2)", "SELECT CASE 1 WHEN 2 THEN 3 END", "SELECT 'a' || 'b'", "SELECT 1::oid = 1",
			"SELECT now()", "SELECT * FROM generate_series(1, 2)", "SELECT max(1)", "SELECT count(*)", "SELECT row_number() OVER ()",
			"SELECT format('%I', 'a')", "SELECT format('%I', 'a'::pg_catalog.name)", "SELECT jsonb_build_object('a', 1)", "SELECT concat('a', 1)",
			"SELECT * FROM pg_class", "SELECT attname FROM pg_attribute", "SELECT 'a'::text", "SELECT 'pg_class'::regclass", "SELECT 'a'::name || 'b'",
			"DO $$ DECLARE r record; BEGIN r := ROW(1); END $$",
		},
		Behind: {
			"SELECT 1::oid = 1", "SELECT 1::oid = 'pg_class'::regclass", "SELECT 'a'::name || 'b'::text", "SELECT quote_ident('a'::name)",
			"SELECT length('a'::name)", "SELECT '{}'::jsonb -> 'a'::name",
		},
	} {
		conn, err := pgx.Connect(ctx, URL(t, db, path))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err == nil {
				t.Errorf("nothing is trapped with %s: %s", path, statement)
			} else if path == Behind && !strings.Contains(err.Error(), "trap: ") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	}
	if !pgtest.One[bool](t, db, "SELECT is_called FROM traps.bites") {
		t.Error("what was trapped was not counted")
	}
	conn, err := pgx.Connect(ctx, URL(t, db, First))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `SELECT 1 OPERATOR(pg_catalog.=) 1, pg_catalog.now(), 'a'::pg_catalog.text COLLATE pg_catalog."C" FROM pg_catalog.pg_class`)
	if err != nil {
		t.Errorf("of qualified names: %v", err)
	}
}
