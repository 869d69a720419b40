package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func textsOf(findings []finding) []string {
	var texts []string
	for _, f := range findings {
		texts = append(texts, f.text)
	}
	slices.Sort(texts)
	return texts
}

// Each construct that a search_path can redirect, by itself.
func TestConstructs(t *testing.T) {
	for _, test := range []struct{ sql, want string }{
		{"SELECT lower('x')", "function lower has no schema"},
		{"SELECT pg_catalog.lower('x')", ""},
		{"SELECT 1 + 2", "operator + has no schema"},
		{"SELECT 1 OPERATOR(pg_catalog.+) 2, -1", ""},
		{"SELECT -x FROM a.t", "operator - has no schema"},
		{"SELECT x = ANY ('{1}'::integer[]) FROM a.t", "operator = has no schema"},
		{"SELECT x OPERATOR(pg_catalog.=) ALL ('{1}'::integer[]) FROM a.t", ""},
		{"SELECT 1::text", "type text has no schema"},
		{"SELECT 1::text[]", "type text has no schema"},
		{"SELECT CAST(1 AS oid)", "type oid has no schema"},
		{"SELECT text 'x'", "type text has no schema"},
		{"SELECT 1::pg_catalog.text, 1::bigint, now_::timestamp with time zone, 1::numeric(3, 1), interval '1 day' FROM a.t", ""},
		{"SELECT x COLLATE \"C\" FROM a.t", "collation C has no schema"},
		{"SELECT x COLLATE pg_catalog.\"C\" FROM a.t", ""},
		{"SELECT 1 FROM t", "relation t has no schema"},
		{"SELECT 1 FROM a.t JOIN u ON true", "relation u has no schema"},
		{"UPDATE t SET a = 1", "relation t has no schema"},
		{"INSERT INTO t VALUES (1)", "relation t has no schema"},
		{"DELETE FROM a.t USING u", "relation u has no schema"},
		{"LOCK TABLE t", "relation t has no schema"},
		{"TRUNCATE t", "relation t has no schema"},
		{"WITH c AS (SELECT 1) SELECT 1 FROM c", ""},
		{"SELECT x IN (1, 2) FROM a.t", "IN looks an operator up"},
		{"SELECT x NOT IN (1, 2) FROM a.t", "IN looks an operator up"},
		{"SELECT x IN (SELECT 1) FROM a.t", "IN looks = up"},
		{"SELECT x NOT IN (SELECT 1) FROM a.t", "IN looks = up"},
		{"SELECT x > ALL (SELECT 1) FROM a.t", "operator > has no schema"},
		{"SELECT x = ANY (SELECT 1) FROM a.t", "operator = has no schema"},
		{"SELECT x OPERATOR(pg_catalog.=) ANY (SELECT 1) FROM a.t", ""},
		{"SELECT x BETWEEN 1 AND 2 FROM a.t", "BETWEEN looks an operator up"},
		{"SELECT x NOT BETWEEN SYMMETRIC 1 AND 2 FROM a.t", "BETWEEN looks an operator up"},
		{"SELECT x LIKE 'a' FROM a.t", "LIKE looks an operator up"},
		{"SELECT x NOT ILIKE 'a' FROM a.t", "ILIKE looks an operator up"},
		{"SELECT x SIMILAR TO 'a' FROM a.t", "SIMILAR TO looks an operator up"},
		{"SELECT x IS DISTINCT FROM 1 FROM a.t", "IS DISTINCT FROM looks an operator up"},
		{"SELECT x IS NOT DISTINCT FROM 1 FROM a.t", "IS NOT DISTINCT FROM looks an operator up"},
		{"SELECT x IS NOT DISTINCT FROM NULL FROM a.t", ""},
		{"SELECT nullif(x, 1) FROM a.t", "nullif looks an operator up"},
		{"SELECT CASE x WHEN 1 THEN 2 END FROM a.t", "CASE x WHEN looks = up"},
		{"SELECT CASE WHEN x THEN 2 END FROM a.t", ""},
		{"SELECT coalesce(x, 1), greatest(x, 1), least(x, 1) FROM a.t", ""},
		{"SELECT (x, 1) = (1, 2) FROM a.t", "operator = has no schema"},
		{"SELECT 1 FROM a.t JOIN a.u USING (id)", "JOIN USING and NATURAL JOIN look = up"},
		{"SELECT 1 FROM a.t NATURAL JOIN a.u", "JOIN USING and NATURAL JOIN look = up"},
		{"SELECT x FROM a.t ORDER BY x USING <", "operator < has no schema"},
		{"SELECT DISTINCT x FROM a.t GROUP BY x ORDER BY x DESC", ""},
		{"SELECT 1 FROM a.t TABLESAMPLE sample (1)", "sampling method sample has no schema"},
		{"SELECT 't'::pg_catalog.regclass", "regclass 't' has no schema"},
		{"SELECT 'a.t'::pg_catalog.regclass, 'a'::pg_catalog.regnamespace", ""},
		{"SELECT pg_catalog.to_regprocedure('f()')", "regprocedure 'f()' has no schema"},
		{"SELECT pg_catalog.nextval('s')", "regclass 's' has no schema"},
		{"DROP FUNCTION f", "name f has no schema"},
		{"DROP TABLE t", "name t has no schema"},
		{"DROP TRIGGER t ON u", "name u.t has no schema"},
		{"DROP TRIGGER t ON a.u; DROP SCHEMA s; DROP EVENT TRIGGER e", ""},
		{"CREATE TABLE a.t (x text DEFAULT 'x')", "type text has no schema"},
		{"CREATE VIEW a.v AS SELECT lower('x')", "function lower has no schema"},
		{"CREATE POLICY p ON a.t USING (x = 1)", "operator = has no schema"},
		{"CREATE TRIGGER t BEFORE UPDATE ON a.t FOR EACH ROW EXECUTE FUNCTION f()", "function f has no schema"},
		{"DO $$ BEGIN PERFORM f(); END $$", "DO: function f has no schema"},
	} {
		findings, err := checkSQL("x.sql", test.sql)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		if got := strings.Join(textsOf(findings), "; "); got != test.want {
			t.Errorf("%s: %q, not %q", test.sql, got, test.want)
		}
	}
}

// What a function without a pinned path has is found in every kind of statement.
func TestFunctions(t *testing.T) {
	for _, test := range []struct{ body, want string }{
		{"DECLARE x text; BEGIN END", "type text has no schema"},
		{"DECLARE x record; BEGIN END", "type record has no schema"},
		{"DECLARE x pg_catalog.record; y a.t; z a.t.x%TYPE; BEGIN END", ""},
		{"DECLARE x t%ROWTYPE; BEGIN END", "type t%ROWTYPE has no schema"},
		{"DECLARE x integer := lower('1'); BEGIN END", "function lower has no schema"},
		{"DECLARE x integer; BEGIN x := 1 + 1; END", "operator + has no schema"},
		{"DECLARE x integer[]; BEGIN x[1 + 1] := 1; END", "operator + has no schema"},
		{"DECLARE x integer; BEGIN x = 1 OPERATOR(pg_catalog.+) 1; END", ""},
		{"BEGIN IF 1 = 1 THEN END IF; END", "operator = has no schema"},
		{"BEGIN CASE 1 WHEN 2 THEN END CASE; END", "CASE x WHEN looks = up"},
		{"BEGIN FOR i IN 1 .. f() LOOP END LOOP; END", "function f has no schema"},
		{"DECLARE x pg_catalog.record; BEGIN FOR x IN SELECT 1 FROM t LOOP END LOOP; END", "relation t has no schema"},
		{"BEGIN PERFORM f(); END", "function f has no schema"},
		{"BEGIN EXECUTE 'SELECT ' || 'x'; END", "operator || has no schema"},
		{"BEGIN EXECUTE 'x' USING f(); END", "function f has no schema"},
		{"BEGIN EXECUTE pg_catalog.format('SELECT %s FROM a.%I WHERE x = %L %s', 1, 2, 3, 4); END", "operator = has no schema"},
		{"BEGIN RAISE EXCEPTION '%', f() USING HINT = g(); END", "function f has no schema; function g has no schema"},
		{"BEGIN UPDATE a.t SET x = 1 WHERE y IN (1); EXCEPTION WHEN OTHERS THEN PERFORM f(); END", "IN looks an operator up; function f has no schema"},
	} {
		head := "CREATE FUNCTION a.f() RETURNS void LANGUAGE plpgsql "
		findings, err := checkSQL("x.sql", head+"AS $$"+test.body+"$$")
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		got := strings.ReplaceAll(strings.Join(textsOf(findings), "; "), "a.f: ", "")
		if got = strings.ReplaceAll(got, "type void has no schema", ""); strings.Trim(got, "; ") != test.want {
			t.Errorf("%s: %q, not %q", test.body, got, test.want)
		}
		if findings, err = checkSQL("x.sql", pin+head+"SET search_path = pg_catalog, pg_temp AS $$"+test.body+"$$"); err != nil || len(findings) > 0 {
			t.Errorf("%s, pinned: %v, %v", test.body, findings, err)
		}
	}
}

const pin = "SET LOCAL search_path = pg_catalog, pg_temp; "

// Only one path is safe, and only from where it is set, to where a migration's way back begins.
func TestPinning(t *testing.T) {
	const call = "SELECT f();\n"
	for _, test := range []struct {
		sql  string
		want int
	}{
		{pin + call, 0},
		{call + pin, 1},
		{"SET LOCAL search_path = pg_catalog; " + call, 1},
		{"SET LOCAL search_path = public, pg_catalog; " + call, 1},
		{"SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);" + call, 0},
		{"SELECT pg_catalog.set_config('search_path', 'public', true);" + call, 1},
		{pin + "RESET search_path; " + call, 1},
		{pin + call + "-- +goose Down\n" + call, 1},
		{pin + "CREATE FUNCTION a.f() RETURNS integer LANGUAGE sql SET search_path = public AS 'SELECT 1'", 1},
		{pin + "CREATE FUNCTION a.f() RETURNS integer LANGUAGE sql AS 'SELECT f()'", 1},
	} {
		findings, err := checkSQL("x.sql", test.sql)
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
		}
		if len(findings) != test.want {
			t.Errorf("%s: %v", test.sql, findings)
		}
	}
}

func TestGoSource(t *testing.T) {
	const source = `package x

const a = "SELECT lower('x')"

func f(name string) []string {
	return []string{"SELECT pg_catalog.lower('x')", "DROP TABLE " + name, "ALTER TABLE a.t ADD x " + "text", "SELECT is a word, too", ` + "`SELECT 1 WHERE %s IN (1)`" + `}
}
`
	findings, err := checkGo("x.go", source)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"IN looks an operator up", "function lower has no schema", "type text has no schema"}
	if got := textsOf(findings); !slices.Equal(got, want) {
		t.Errorf("found %q, not %q", got, want)
	}
	if findings[0].line != 3 || findings[1].line != 6 {
		t.Errorf("in lines %v", findings)
	}
}

// sqlc's parameters are read, and lines are those of the file.
func TestQueries(t *testing.T) {
	findings, err := checkSQL("x.sql", "-- name: A :one\nSELECT @a::bigint, sqlc.narg('b')::bigint\nFROM a.t WHERE t.id OPERATOR(pg_catalog.=) @id;\n\n-- name: B :one\nSELECT f(@c);\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 1 || findings[0].String() != "x.sql:6: function f has no schema" {
		t.Errorf("found %v", findings)
	}
}

func TestRun(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"a.sql": "SELECT f()", "b.go": "package b\n", "b_test.go": "package b\n\nconst c = \"SELECT f()\"\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	findings, err := run([]string{folder})
	if err != nil || len(findings) != 1 {
		t.Errorf("found %v, %v", findings, err)
	}
	for _, wrong := range []string{filepath.Join(folder, "none"), t.TempDir()} {
		if _, err := run([]string{wrong}); err == nil {
			t.Errorf("nothing is wrong with %s", wrong)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "a.sql"), []byte("SELEC"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run([]string{folder}); err == nil {
		t.Error("what is no SQL was accepted")
	}
}
