package custom

import (
	"strings"
	"testing"
)

// What is read from a statement's text errs on the side of custom data: what may change rows
// gets it, and what may be several statements is sent as such.
func TestStatements(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]struct{ changes, multi bool }{
		``: {}, "  \n": {}, `-- INSERT`: {}, "--\n--": {}, `/* a /* b */ c */`: {}, `;`: {}, "-- x\n ; /* ; */ ;": {multi: true}, `; DELETE FROM t`: {changes: true, multi: true}, `PREPARE TRANSACTION 'x'`: {}, `PREPARE x AS DELETE FROM t`: {changes: true},
		`INSERT INTO t VALUES (1)`: {changes: true}, "-- name: Add :one\nINSERT INTO t VALUES (1);": {changes: true},
		"/* a /* b */ */ insert into t values (1)": {changes: true}, `(SELECT f())`: {changes: true}, `WITH x AS (DELETE FROM t) SELECT 1`: {changes: true},
		`SET a = 1`: {}, `set constraints all immediate`: {changes: true}, `SET LOCAL a = ';'`: {}, `SET a = 1; DELETE FROM t`: {changes: true, multi: true},
		"--x\rDELETE FROM t": {changes: true}, `LOCK TABLE t`: {}, `COMMIT`: {}, `commit;`: {}, `END`: {}, `end_order`: {changes: true}, `lock`: {changes: true},
		`release_stock`: {changes: true}, `VACUUM`: {}, `BEGIN; DELETE FROM t`: {changes: true, multi: true}, `CALL p()`: {changes: true},
		`CREATE INDEX CONCURRENTLY ON t (a)`: {}, `CREATE INDEX ON t (a)`: {changes: true}, `create unique index concurrently i on t (a)`: {},
		`ALTER SYSTEM RESET ALL`: {}, `REINDEX DATABASE`: {}, `CREATE TABLE t AS SELECT 1`: {changes: true}, `EXPLAIN ANALYZE DELETE FROM t`: {changes: true},
		`SELECT 1;`: {changes: true}, `SELECT 1; -- done`: {changes: true}, `SELECT 1; /* ; */ `: {changes: true}, `SELECT 1;;`: {changes: true, multi: true},
		`SELECT ';'`: {changes: true}, `SELECT 'it''s; so'`: {changes: true}, `SELECT ";" FROM t`: {changes: true}, `SELECT '1'; SELECT 2`: {changes: true, multi: true},
		`SELECT E'\\'; SELECT 2'`: {changes: true, multi: true}, `SELECT $$;$$`: {changes: true}, `SELECT $a$ ; $$ ; $a$ || 1`: {changes: true},
		`SELECT $1; SELECT $2`: {changes: true, multi: true}, `SELECT a$b; SELECT c$b`: {changes: true, multi: true}, `SELECT 1 -- ;`: {changes: true},
		"SELECT 1 -- '\n; SELECT '": {changes: true, multi: true}, `SELECT 4 / 2 - 1; SELECT 1`: {changes: true, multi: true}, `SELECT $$`: {changes: true},
		`DO $do$ BEGIN NULL; END $do$`: {changes: true}, `SELECT '`: {changes: true}, `SELECT 1 /* ; `: {changes: true},
	} {
		if got := mayChangeRows(sql); got != want.changes {
			t.Errorf("%q: may change rows: %v", sql, got)
		}
		if got := multiStatement(sql); got != want.multi {
			t.Errorf("%q: several statements: %v", sql, got)
		}
	}
}

func FuzzStatements(f *testing.F) {
	for _, sql := range []string{`SELECT $a$;$a$ 'b' "c" -- d`, `/* /* */ ; */`, `$`, `$$`, `';`, `E'\';`} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if multiStatement(sql) && !strings.Contains(sql, ";") {
			t.Errorf("%q is several statements", sql)
		}
		mayChangeRows(sql)
	})
}
