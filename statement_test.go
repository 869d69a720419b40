package exaudit_test

import (
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
)

// What is read from a statement's text errs on the side of custom data: what may change rows
// gets it, and what may be several statements is sent as such.
func TestStatements(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]struct{ records, several bool }{
		``: {}, "  \n": {}, `-- INSERT`: {}, "--\n--": {}, `/* a /* b */ c */`: {}, `;`: {}, "-- x\n ; /* ; */ ;": {several: true}, `; DELETE FROM t`: {records: true, several: true}, `PREPARE TRANSACTION 'x'`: {}, `PREPARE x AS DELETE FROM t`: {records: true},
		`INSERT INTO t VALUES (1)`: {records: true}, "-- name: Add :one\nINSERT INTO t VALUES (1);": {records: true},
		"/* a /* b */ */ insert into t values (1)": {records: true}, `(SELECT f())`: {records: true}, `WITH x AS (DELETE FROM t) SELECT 1`: {records: true},
		`SET a = 1`: {}, `set constraints all immediate`: {records: true}, `SET LOCAL a = ';'`: {}, `SET a = 1; DELETE FROM t`: {records: true, several: true},
		"--x\rDELETE FROM t": {records: true}, `LOCK TABLE t`: {}, `COMMIT`: {}, `commit;`: {}, `END`: {}, `end_order`: {records: true}, `lock`: {records: true},
		`release_stock`: {records: true}, `VACUUM`: {}, `BEGIN; DELETE FROM t`: {records: true, several: true}, `CALL p()`: {records: true},
		`CREATE INDEX CONCURRENTLY ON t (a)`: {}, `CREATE INDEX ON t (a)`: {records: true}, `create unique index concurrently i on t (a)`: {},
		`ALTER SYSTEM RESET ALL`: {}, `REINDEX DATABASE`: {}, `CREATE TABLE t AS SELECT 1`: {records: true}, `EXPLAIN ANALYZE DELETE FROM t`: {records: true},
		`SELECT 1;`: {records: true}, `SELECT 1; -- done`: {records: true}, `SELECT 1; /* ; */ `: {records: true}, `SELECT 1;;`: {records: true, several: true},
		`SELECT ';'`: {records: true}, `SELECT 'it''s; so'`: {records: true}, `SELECT ";" FROM t`: {records: true}, `SELECT '1'; SELECT 2`: {records: true, several: true},
		`SELECT E'\\'; SELECT 2'`: {records: true, several: true}, `SELECT $$;$$`: {records: true}, `SELECT $a$ ; $$ ; $a$ || 1`: {records: true},
		`SELECT $1; SELECT $2`: {records: true, several: true}, `SELECT a$b; SELECT c$b`: {records: true, several: true}, `SELECT 1 -- ;`: {records: true},
		"SELECT 1 -- '\n; SELECT '": {records: true, several: true}, `SELECT 4 / 2 - 1; SELECT 1`: {records: true, several: true}, `SELECT $$`: {records: true},
		`DO $do$ BEGIN NULL; END $do$`: {records: true}, `SELECT '`: {records: true}, `SELECT 1 /* ; `: {records: true},
	} {
		if got := exaudit.Records(sql); got != want.records {
			t.Errorf("%q: records %v", sql, got)
		}
		if got := exaudit.Several(sql); got != want.several {
			t.Errorf("%q: several %v", sql, got)
		}
	}
}

func FuzzStatements(f *testing.F) {
	for _, sql := range []string{`SELECT $a$;$a$ 'b' "c" -- d`, `/* /* */ ; */`, `$`, `$$`, `';`, `E'\';`} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if exaudit.Several(sql) && !strings.Contains(sql, ";") {
			t.Errorf("%q is several statements", sql)
		}
		exaudit.Records(sql)
	})
}
