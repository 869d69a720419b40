package triggers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// conditional has a column of each kind that a condition may ask about, and of some that it may not.
const conditional = `
CREATE SCHEMA m;
CREATE TYPE m.mood AS ENUM ('draft', 'open', 'it''s');
CREATE DOMAIN m.word AS text CHECK (value <> 'never');
CREATE DOMAIN m.mood_domain AS m.mood;
CREATE TYPE m.pair AS (a int, b text);
CREATE TYPE m.span AS RANGE (subtype = int4);
CREATE COLLATION m.own (provider = icu, locale = 'und', deterministic = false);
CREATE FUNCTION m.yes(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR m.= (FUNCTION = pg_catalog.texteq, LEFTARG = text, RIGHTARG = text);
CREATE TABLE m.t (
    id int PRIMARY KEY, status m.mood, label m.mood_domain, moods m.mood[], word m.word, words m.word[], name varchar(20), code text COLLATE "C",
    flag boolean, n numeric, amount m.word, doc jsonb, raw json, tags text[], at timestamptz, day date, spell interval, f float8, bits bit(3), c char(4),
    u uuid, r int, "Odd ""name" int, computed int GENERATED ALWAYS AS (r + 1) STORED,
    pair m.pair, span m.span, folded text COLLATE m.own);`

const conditionalRows = `
INSERT INTO m.t (id, status, label, moods, word, words, name, code, flag, n, doc, raw, tags, at, day, spell, f, bits, c, u, r, "Odd ""name") VALUES
    (1, 'draft', 'open', '{draft,open}', 'a', '{a,b}', 'x', 'B', true, 1.50, '{"a": 1}', '{"a": 1}', '{a}', '2024-01-01Z', '2024-01-01', '1 day', '-0', '101', 'ab', gen_random_uuid(), 1, 1),
    (2, 'open', 'draft', '{}', 'b', '{"it''s, \"x\""}', 'Y', 'a', false, 'NaN', 'null', 'null', '{}', 'infinity', '-infinity', '-1 mons 2 days', 'NaN', '000', 'a', NULL, 2, 2),
    (3, 'it''s', NULL, '[2:3]={draft,NULL}', E'line\nbreak', '[0:1]={a,b}', '', 'b', NULL, 0, '[]', '"x"', '{NULL,a}', '2023-12-31 23:59:59+00', '2023-12-31', '0', 1e300, '111', '', NULL, 3, 3),
    (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`

var goodConditions = []string{
	`status <> 'draft'`, `r.status IN ('open', 'it''s')`, `label::text = 'open'`, `status::text = label::text`, `'draft' = ANY (moods)`, `moods @> '{open}'`,
	`coalesce(status, 'draft') = 'draft'`, `word <> 'a'`, `words = '{a,b}'`, `'b' = ANY (words)`, `name ~ '^[xY]'`, `name ILIKE 'y%'`, `code < 'a'`, `code COLLATE "C" < 'b'`,
	`flag`, `NOT flag`, `flag IS NOT TRUE`, `n > 1`, `n = 'NaN'`, `doc ->> 'a' = '1'`, `doc = 'null'`, `doc IS NULL`, `raw ->> 'a' = '1'`, `raw IS NULL`, `tags @> '{a}'`, `cardinality(tags) = 0`,
	`at > '2024-01-01 00:00:00'`, `at = 'infinity'`, `day >= '2024-01-01'`, `spell > '1 hour'`, `f = 0`, `f = 'NaN'`, `bits = '101'`, `c = 'ab'`, `u IS NOT NULL`, `r.r = 2`, `r % 2 = 1`, `"Odd ""name" = 1`, `computed = 3`,
	`true`, `false`, `1 = 1 -- not ' a "comment`, `id = 1 /* m.yes */ OR name = 'm.yes(x)'`, `name = E'it\'s m.x' OR id = 2`, `10 / (id - 2) > 0`, `status = 'draft' AND word = 'a' AND code = 'B'`, `CASE WHEN flag THEN id = 1 ELSE id = 3 END`,
	`to_tsvector('english', name) @@ 'y'::tsquery OR id BETWEEN 3 AND 4`, `(id, r) = (1, 1)`, `id IS NOT DISTINCT FROM r`, `pg_catalog.lower(name) OPERATOR(pg_catalog.=) 'y'`,
}

// A condition means on every path what it means in a query, for columns of all kinds.
func TestConditionsMeanWhatQueriesMean(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, conditional+conditionalRows+`; CREATE TABLE m.rows AS TABLE m.t; TRUNCATE m.t`)
	db.Exec(t, `ALTER DATABASE `+db.Name+` SET timezone = 'Asia/Kolkata'; ALTER DATABASE `+db.Name+` SET datestyle = 'SQL, DMY'`)
	conn := db.Connect(t, "postgres")
	for _, condition := range testall.Sample(goodConditions, 8) {
		if _, err := triggers.Install(context.Background(), conn, []string{"m.t"}, triggers.WithOptions(map[string]audit.TableOptions{"m.t": {Where: condition}})); err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		met := meeting(t, conn, condition)
		run(t, conn, conditionalRows+`; TRUNCATE m.t`)
		for way, query := range map[string]string{
			"by a trigger":  `SELECT entity_id::int FROM exaudit.versions WHERE action = 'created' ORDER BY id`,
			"in many rows":  `SELECT entity_id::int FROM exaudit.versions WHERE action = 'deleted' ORDER BY entity_id`,
			"of the images": `SELECT id FROM m.rows AS one WHERE exaudit_internal.matches_condition(1, 'm.t'::regclass, exaudit_internal.encode(one)) ORDER BY id`,
		} {
			if got := list[int](t, conn, query); !slices.Equal(got, met) {
				t.Errorf("%s, %s: %v, want %v", condition, way, got, met)
			}
		}
		forget(t, db)
	}
}

// meeting are the rows for which a query finds the condition met, or fails.
func meeting(t *testing.T, q querier, condition string) []int {
	t.Helper()
	run(t, q, fmt.Sprintf(`CREATE TEMP TABLE IF NOT EXISTS exaudit_seen (id int); TRUNCATE exaudit_seen;
		DO $do$
		BEGIN
			SET LOCAL timezone = 'UTC';
			FOR wanted IN 1 .. 4 LOOP
				BEGIN
					INSERT INTO exaudit_seen SELECT id FROM m.rows AS r WHERE id = wanted AND (%s
					);
				EXCEPTION WHEN OTHERS THEN
					INSERT INTO exaudit_seen VALUES (wanted);
				END;
			END LOOP;
		END
		$do$`, condition))
	return list[int](t, q, `SELECT id FROM exaudit_seen ORDER BY id`)
}

// What depends on more than the row, or would run what others wrote, is refused with its reason.
func TestConditionsRefused(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, conditional)
	// what only looks like a name of another schema is taken
	db.Exec(t, `CREATE TABLE odd (id int PRIMARY KEY, "a.b" int, "it's" int, "m""." int, "--" int)`)
	for _, condition := range []string{`"a.b" > 1`, `"it's" > 0 AND r."a.b" = 1 AND 'm.yes' <> '''m.no'`, `"--" = 1 AND r . "m""." = 1`} {
		installWith(t, db, "odd", audit.TableOptions{Where: condition})
	}
	wantRefused(t, db, testall.SampleMap(map[string]string{
		`name = current_user`: "the current user or time", `at < now()`: "now()", `random() < 0.5`: "random()", `at < CURRENT_TIMESTAMP`: "the current user or time",
		`coalesce(current_setting('app.audit', true), 'on') <> 'off'`: "current_setting()", `pg_backend_pid() > 0`: "pg_backend_pid()",
		`day = name::date`: "settings", `at > day`: "timestamptz", `tags::text = '{a}'`: "more than the row",
		`id = (SELECT 1)`: "it has a subquery", `id IN (SELECT id FROM pg_catalog.pg_class)`: "it has a subquery",
		`ctid = '(0,1)'`: "system column", `r.xmin = '1'`: "system column", `tableoid = 1`: "system column", `r.* IS NOT NULL`: "row as a whole",
		`m.yes(name)`: "it names m.yes", `name OPERATOR(m.=) 'x'`: "it names m.=", `"m" . "yes" (name)`: `it names "m"."yes"`, `word = 'x'::m.word`: "it names m.word", `name = '"' OR m.yes(name) OR name = '"'`: "it names m.yes",
		`status > 'draft'`: "order of an enum", `greatest(status, 'open') = 'open'`: "order of an enum", `(status, id) > ('open', 1)`: "order of an enum", `moods > '{open}'`: "order of an enum", `status BETWEEN 'draft' AND 'open'`: "order of an enum",
		`status > ANY ('{draft}')`: "order of an enum", `status <> 'typo'`: "invalid input value for enum", `label = 'typo'`: "invalid input value for enum",
		`pair IS NULL`: `column "pair" is of type m.pair, which is not PostgreSQL's own`, `r.span IS NULL`: `column "span" is of type m.span`, `folded = 'x'`: `column "folded" has collation m.own, which is not PostgreSQL's own`,
		`count(*) > 1`: "aggregate", `rank() OVER () = 1`: "window", `generate_series(1, 2) = 1`: "set-returning", `1 / 0 = 1`: "division by zero", `missing = 1`: `column "missing" does not exist`,
		`id`: "must be type boolean", `id = 1, true`: "must be type boolean", `true; SELECT true`: "syntax error", `true) AS a, (true`: "syntax error", `true AS x`: "syntax error", `id = 1 --'` + "\n)": "syntax error", `'`: "unterminated", `/*`: "it has a comment", `id = $1`: "no parameter",
	}, 24))
	if left := pgtest.One[string](t, db, `SELECT coalesce(string_agg(oid::regclass::text, ' '), '') FROM pg_class WHERE relnamespace = 'exaudit'::regnamespace AND relname ~ '^r(_|$)'`); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// wantRefused installs with conditions, each of which is refused for a reason.
func wantRefused(t *testing.T, db *pgtest.DB, conditions map[string]string) {
	t.Helper()
	for condition, want := range conditions {
		_, err := triggers.Install(context.Background(), db.Pool, []string{"m.t"}, triggers.WithOptions(map[string]audit.TableOptions{"m.t": {Where: condition}}))
		var wrong *audit.InvalidError
		if !errors.As(err, &wrong) || wrong.Name != "where" || !strings.Contains(wrong.Detail, want) {
			t.Errorf("%s: %v, want %q", condition, err, want)
		}
	}
}

// Some literals are read by functions of their types' owners, before anything else could tell: no condition gets so far.
func TestConditionHidesNoName(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, conditional+`
		CREATE SCHEMA r; CREATE FUNCTION r.run(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE data_exception USING MESSAGE = 'ran as ' || current_user; END $$;
		CREATE DOMAIN r.number AS int CHECK (r.run(VALUE)); CREATE TYPE r.trap AS (n r.number)`)
	if _, err := db.Pool.Exec(context.Background(), `CREATE VIEW v AS SELECT r.trap '(1)' IS NOT NULL AS run`); err == nil || !strings.Contains(err.Error(), "ran as") {
		t.Errorf("the control runs nothing: %v", err)
	}
	wantRefused(t, db, map[string]string{
		`r.trap '(1)' IS NOT NULL`: "it names r.trap", `'(1)'::r . "trap" IS NOT NULL`: `it names r."trap"`, `"it's" = 'a' OR r.trap '(1)' IS NOT NULL OR 'b' = 'c'`: "it names r.trap",
		`name'a\' <> name 'x' OR r.trap '(1)' IS NOT NULL OR 'a' = ''`: "it names r.trap", `name <> $$'$$ OR r.trap '(1)' IS NOT NULL`: "it has a string in dollar signs",
		`$a$ ) AS met; DROP TABLE exaudit.versions; SELECT $b$`: "it has a string in dollar signs", `name <> /* /* */ ' */ OR r.trap '(1)' IS NOT NULL -- '`: "it has a comment",
		"name <> E'a'\n'b\\'' || 'x' OR r.trap '(1)' IS NOT NULL OR name = '\\'": "it has a string that continues another one", "name -- '\n<> 'a' OR r.trap '(1)' IS NOT NULL": "it names r.trap",
	})
	pgtest.Count(t, "attacks", 9)
}

// What is renamed is still meant, column or label, on each path, and a new column of the old name is not. What was to be kept out stays out.
func TestConditionFollowsRenames(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TYPE mood AS ENUM ('draft', 'open'); CREATE TABLE t (id int PRIMARY KEY, status mood, n int)`)
	installWith(t, db, "t", audit.TableOptions{Where: "status = 'open' AND n > 0"})
	check := func(status, number, draft, open string) {
		t.Helper()
		db.Exec(t, fmt.Sprintf(`INSERT INTO t (id, %[1]s, %[2]s) VALUES (1, '%[3]s', 1), (2, '%[4]s', 1), (3, '%[4]s', 0); UPDATE t SET id = id + 10;
			DELETE FROM t WHERE id = 11; TRUNCATE t`, status, number, draft, open))
		if got := pgtest.One[string](t, db, `SELECT string_agg(action || ' ' || entity_id, ', ' ORDER BY id) FROM exaudit.versions`); got != "created 2, updated 12, deleted 12" {
			t.Errorf("recorded: %s", got)
		}
		forget(t, db)
	}
	for _, step := range []struct{ ddl, status, number, draft, open string }{
		{``, "status", "n", "draft", "open"},
		{`ALTER TABLE t RENAME COLUMN status TO state`, "state", "n", "draft", "open"},
		{`ALTER TABLE t ADD COLUMN status text DEFAULT 'draft'`, "state", "n", "draft", "open"},
		{`ALTER TYPE mood RENAME VALUE 'open' TO 'published'`, "state", "n", "draft", "published"},
		{`ALTER TYPE mood ADD VALUE 'open'`, "state", "n", "draft", "published"},
		{`ALTER TABLE t RENAME COLUMN n TO "a ""number"`, "state", `"a ""number"`, "draft", "published"},
		{`ALTER TYPE mood RENAME VALUE 'open' TO 'none'; ALTER TYPE mood RENAME VALUE 'published' TO 'x'; ALTER TYPE mood RENAME VALUE 'draft' TO 'published';
			ALTER TYPE mood RENAME VALUE 'x' TO 'draft'`, "state", `"a ""number"`, "published", "draft"},
	} {
		if step.ddl != "" {
			db.Exec(t, step.ddl)
		}
		check(step.status, step.number, step.draft, step.open)
		install(t, db, "t")
		wantNoDrift(t, db)
		check(step.status, step.number, step.draft, step.open)
	}
}

// The same in arrays, and of labels that exchange their names.
func TestConditionFollowsRenamedElements(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TYPE mood AS ENUM ('draft', 'open', '{}', 'a{}b'); CREATE DOMAIN temper AS mood; CREATE DOMAIN moods AS mood[];
		CREATE TABLE t (id int PRIMARY KEY, a mood[], b temper[], c moods, d temper, e mood)`)
	installWith(t, db, "t", audit.TableOptions{Where: `'open' = ANY (a) AND 'open' = ANY (b) AND 'open' = ANY (c) AND d = 'open' AND e <> 'a{}b'`})
	check := func(draft, open, braces string) {
		t.Helper()
		db.Exec(t, strings.NewReplacer("DRAFT", draft, "OPEN", open, "BRACES", braces).Replace(`
			INSERT INTO t SELECT 1, '{OPEN,DRAFT,NULL}', '[0:1]={DRAFT,OPEN}', '{{OPEN},{DRAFT}}', 'OPEN', '{}';
			INSERT INTO t SELECT 2, '{DRAFT}', b, c, d, e FROM t WHERE id = 1; INSERT INTO t SELECT 3, a, '{DRAFT}', c, d, e FROM t WHERE id = 1;
			INSERT INTO t SELECT 4, a, b, '{DRAFT}', d, e FROM t WHERE id = 1; INSERT INTO t SELECT 5, a, b, c, 'DRAFT', e FROM t WHERE id = 1;
			INSERT INTO t SELECT 6, a, b, c, d, 'BRACES' FROM t WHERE id = 1; UPDATE t SET id = id + 10; TRUNCATE t`))
		if got := pgtest.One[string](t, db, `SELECT string_agg(action || ' ' || entity_id, ', ' ORDER BY id) FROM exaudit.versions`); got != "created 1, updated 11, deleted 11" {
			t.Errorf("recorded: %s", got)
		}
		forget(t, db)
	}
	check("draft", "open", "a{}b")
	db.Exec(t, `ALTER TYPE mood RENAME VALUE 'open' TO 'x'; ALTER TYPE mood RENAME VALUE 'draft' TO 'open'; ALTER TYPE mood RENAME VALUE 'x' TO 'draft';
		ALTER TYPE mood RENAME VALUE 'a{}b' TO 'braces'`)
	check("open", "draft", "braces")
	db.Exec(t, `ALTER TABLE t ADD more int`)
	check("open", "draft", "braces")
	install(t, db, "t")
	wantNoDrift(t, db)
	check("open", "draft", "braces")
}

// A condition whose column is gone records everything, stops nothing, and is reported with its cause.
func TestDeadCondition(t *testing.T) {
	t.Parallel()
	const tables = `CREATE TYPE mood AS ENUM ('draft', 'open'); CREATE TYPE other AS ENUM ('x'); CREATE TABLE t (id int PRIMARY KEY, status mood, n int); CREATE TABLE fine (id int PRIMARY KEY)`
	for ddl, cause := range testall.SampleMap(map[string]string{
		`ALTER TABLE t DROP COLUMN status`:                                                                       `column "status" was dropped`,
		`ALTER TABLE t ALTER status TYPE int USING 1`:                                                            `column "status" was given another type`,
		`ALTER TABLE t DROP COLUMN status; ALTER TABLE t ADD COLUMN status mood`:                                 `column "status" was dropped`,
		`DROP FUNCTION exaudit_internal.t1_condition`:                                                            `function exaudit_internal.t1_condition is missing`,
		`CREATE OR REPLACE FUNCTION exaudit_internal.t1_condition(status text) RETURNS boolean RETURN 1 / 0 = 1`: `function exaudit_internal.t1_condition was altered by hand`,
		`REVOKE EXECUTE ON FUNCTION exaudit_internal.t1_condition FROM exaudit_writer`:                           `function exaudit_internal.t1_condition may not be executed by exaudit_writer`,
	}, 3) {
		t.Run(cause, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, tables)
			installWith(t, db, "t", audit.TableOptions{Where: "status <> 'draft'"})
			db.Exec(t, `INSERT INTO t VALUES (9, 'draft')`)
			wantRecorded(t, db)
			db.Exec(t, `DELETE FROM t; `+ddl)
			for range 2 {
				db.Exec(t, `INSERT INTO t VALUES (1); DELETE FROM t; INSERT INTO t VALUES (2); TRUNCATE t`)
				if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != 4 {
					t.Errorf("%d versions, want 4", n)
				}
				forget(t, db)
				if found := strings.Join(drift(t, db), "\n"); !strings.Contains(found, cause) {
					t.Errorf("drift:\n%s", found)
				}
				if strings.HasPrefix(cause, "function") {
					break // sync mends it
				}
				install(t, db, "t", "fine")
			}
			if _, err := triggers.Sync(context.Background(), db.Pool); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(cause, "function") {
				wantNoDrift(t, db)
				return
			}
			// the file says it still
			if _, err := triggers.Install(context.Background(), db.Pool, []string{"fine", "t"}, triggers.WithOptions(map[string]audit.TableOptions{"t": {Where: "status <> 'draft'"}})); err != nil {
				t.Error(err)
			}
			installWith(t, db, "t", audit.TableOptions{Where: "n = 1"})
		})
	}
}

// Whatever the owner of a table and its types writes, before a condition is installed or later, none of it runs
// with exaudit's rights where the condition is asked.
func TestConditionRunsNobodysCode(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, stolen)
	role := db.Role(t, "NOLOGIN")
	db.Exec(t, `GRANT CREATE ON DATABASE `+db.Name+` TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, `CREATE SCHEMA mine; SET search_path = mine, public`,
		`CREATE FUNCTION checked(text) RETURNS boolean `+note("domain check", "true"),
		`CREATE TYPE mood AS ENUM ('draft', 'open')`, `CREATE DOMAIN mood_domain AS mood CHECK (checked(VALUE::text))`,
		`CREATE DOMAIN code AS text CHECK (checked(VALUE))`, `CREATE DOMAIN number AS int CHECK (checked(VALUE::text))`,
		`CREATE TABLE parted (id int, m mood, md mood_domain, ma mood[], c code, ca code[], n number, na number[], PRIMARY KEY (id)) PARTITION BY RANGE (id)`,
		`CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10)`, `CREATE TABLE high PARTITION OF parted FOR VALUES FROM (10) TO (20)`,
		`CREATE TABLE plain (LIKE parted INCLUDING ALL)`)
	where := audit.TableOptions{Where: `m <> 'draft' AND md = 'open' AND 'open' = ANY (ma) AND c = 'c' AND 'c' = ANY (ca) AND n > 0 AND na @> '{1}'`}
	names := []string{"mine.parted", "mine.plain"}
	if _, err := triggers.Install(context.Background(), db.Pool, names, triggers.WithOptions(map[string]audit.TableOptions{names[0]: where, names[1]: where})); err != nil {
		t.Fatal(err)
	}
	for i, typ := range []string{"mood", "mood_domain[]", "mood[]", "code[]", "number[]"} {
		for j, target := range []string{"text", "text[]", "json", "jsonb", "int", "int[]", "varchar"} {
			result := map[string]string{"text": "'open'", "text[]": "'{open,c}'", "json": "'1'", "jsonb": "'1'", "int": "1", "int[]": "'{1}'", "varchar": "'open'"}[target]
			run(t, conn, fmt.Sprintf(`CREATE FUNCTION cast_%d_%d(%s) RETURNS %s %s`, i, j, typ, target, note("cast of "+typ+" to "+target, result+"::"+target)),
				fmt.Sprintf(`CREATE CAST (%s AS %s) WITH FUNCTION cast_%d_%d(%[1]s) AS IMPLICIT`, typ, target, i, j))
		}
	}
	for i, arguments := range []string{"mood, mood", "mood, text", "text, mood", "code, code", "code, text", "number, int", "mood[], mood[]"} {
		left, right, _ := strings.Cut(arguments, ", ")
		run(t, conn, fmt.Sprintf(`CREATE FUNCTION operator_%d(%s) RETURNS boolean %s`, i, arguments, note("operator of "+arguments, "true")))
		for _, operator := range []string{"public.=", "public.<>", "mine.=", "mine.<>", "mine.>", "public.>"} {
			run(t, conn, fmt.Sprintf(`CREATE OPERATOR %s (FUNCTION = operator_%d, LEFTARG = %s, RIGHTARG = %s)`, operator, i, left, right))
		}
	}
	work := func() {
		t.Helper()
		for _, table := range []string{"plain", "parted"} {
			run(t, conn, `INSERT INTO `+table+` VALUES (1, 'open', 'open', '{open}', 'c', '{c}', 1, '{1}'), (2, 'draft', 'open', '{open}', 'c', '{c}', 1, '{1}')`,
				`UPDATE `+table+` SET n = 2`, `UPDATE `+table+` SET id = id + 10`, `DELETE FROM `+table+` WHERE id IN (11, 12)`,
				`INSERT INTO `+table+` VALUES (3, 'open', 'open', '{open}', 'c', '{c}', 1, '{1}'), (4, 'draft', 'open', '{open}', 'c', '{c}', 1, '{1}')`, `TRUNCATE `+table)
		}
		if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != 12 {
			t.Errorf("%d versions, want 12:\n%s", n, recorded(t, db))
		}
		forget(t, db)
	}
	work()
	run(t, conn, `ALTER TABLE plain ADD COLUMN more int`, `ALTER TABLE parted ADD COLUMN more int`)
	work()
	db.Exec(t, `SET search_path = mine, public; SELECT exaudit.track(2, '1', NULL, '{"m": "open", "md": "open", "ma": ["open"], "c": "c", "ca": ["c"], "n": 1, "na": [1]}')`)
	forget(t, db)
	install(t, db, names...)
	wantNoDrift(t, db)
	work()
	wantNothingStolen(t, db)
	countPlanted(t, db)
}
