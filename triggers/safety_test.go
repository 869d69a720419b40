package triggers_test

import (
	"context"
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

// stolen is where code that runs with rights that it should not have leaves a trace. It is
// open to everybody, so that nothing but the running itself is in its way.
const stolen = `
	CREATE TABLE public.stolen (who text, what text);
	GRANT ALL ON public.stolen TO PUBLIC;
	GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC;`

// note is a function body that leaves a trace when it runs as anybody but a role of the
// test's: as the definer of a trigger, or as the superuser who installs.
func note(what, result string) string {
	return fmt.Sprintf(`LANGUAGE plpgsql AS $attack$ BEGIN
		IF current_user !~ '_role[0-9]+$' THEN
			INSERT INTO public.stolen VALUES (current_user, '%s');
			BEGIN INSERT INTO exaudit.versions (table_id, action, entity_id) VALUES (1, 'deleted', 'forged'); EXCEPTION WHEN OTHERS THEN NULL; END;
		END IF;
		RETURN %s; END $attack$`, what, result)
}

func wantNothingStolen(t *testing.T, db *pgtest.DB) {
	t.Helper()
	if got := list[string](t, db.Pool, `SELECT DISTINCT what || ' as ' || who FROM public.stolen`); len(got) > 0 {
		t.Errorf("ran: %s", strings.Join(got, ", "))
	}
	if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions WHERE entity_id = 'forged'`); n > 0 {
		t.Errorf("%d forged versions", n)
	}
}

// refused executes a statement that must fail for want of a privilege.
func refused(t *testing.T, q querier, as, statement string, codes ...string) {
	t.Helper()
	if err := fails(t, q, statement); err.Code != "42501" && !slices.Contains(codes, err.Code) {
		t.Errorf("as %q: %s: %v", as, statement, err)
	}
	pgtest.Count(t, "attacks", 1)
}

// countPlanted counts the functions that were planted to run as somebody else.
func countPlanted(t *testing.T, db *pgtest.DB) {
	t.Helper()
	pgtest.Count(t, "attacks", one[int](t, db.Pool, `SELECT count(*) FROM pg_proc WHERE prosrc LIKE '%INSERT INTO public.stolen%'`))
}

// An application role needs no right on schema exaudit to write.
func TestUnprivilegedWriter(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, j json, f float8[], jb jsonb)`)
	role := db.Role(t, "NOLOGIN")
	db.Exec(t, `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON items TO `+role)
	auditdb.Install(t, db, "items")
	conn := db.Connect(t, role)
	// settings that another role's code could stumble over, as pg_restore sets them
	run(t, conn, `SET row_security = off`, `SET search_path = ''`, `SET check_function_bodies = off`, `SET client_min_messages = warning`)
	all := func(what string) {
		t.Helper()
		run(t, conn, `BEGIN`, `SET LOCAL exaudit.custom = '{"a": 1}'`, `INSERT INTO public.items VALUES (1, '{}', '{-0}', 'null')`, `COMMIT`,
			`UPDATE public.items SET j = 'null', jb = NULL`, `DELETE FROM public.items`, `INSERT INTO public.items VALUES (2)`, `TRUNCATE public.items`)
		if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != 5 {
			t.Errorf("%s: %d versions, want 5", what, n)
		}
		forget(t, db)
	}
	all("installed")
	db.Exec(t, `ALTER TABLE items ADD COLUMN n int`)
	all("altered")
	for _, statement := range []string{
		`SELECT * FROM exaudit.versions`, `SELECT * FROM exaudit.history`, `SELECT * FROM exaudit.tables`,
		`SELECT exaudit_internal.t1_insert()`, `SELECT exaudit_internal.record(1, 'deleted', '1', NULL, NULL, NULL)`, `SELECT exaudit.track(1, '1', '{}', NULL)`,
		`SELECT exaudit_internal.last_version_id()`, `SELECT exaudit_internal.has_shape(1, '')`,
	} {
		refused(t, conn, role, statement)
	}
}

// A role that may create objects wherever they could be found plants functions, operators,
// casts and tables; none of them may run as the definer of a trigger.
func TestShadowing(t *testing.T) {
	t.Parallel()
	for name, options := range testall.SampleMap(map[string]audit.TableOptions{
		"default": {},
		"options": {Mask: []string{"name"}, Exclude: []string{"fa"}, Where: "id = id AND coalesce(name, '') = coalesce(name, '')",
			AllowIgnore: true, RecordSessionUser: true, RecordReplicated: true},
		"full": {Updates: audit.UpdatesFull, Mask: []string{"name", "jb"}, Exclude: []string{"fa"}},
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testShadowing(t, options)
		})
	}
}

func testShadowing(t *testing.T, options audit.TableOptions) {
	db := auditdb.New(t, stolen)
	role := db.Role(t, "NOLOGIN")
	db.Exec(t, `GRANT CREATE, TEMPORARY ON DATABASE `+db.Name+` TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, `CREATE SCHEMA evil`,
		`CREATE TABLE public.orders (id int PRIMARY KEY, name text, f float8, j json, jb jsonb, a int[], fa float8[])`)
	names := []string{}
	for _, f := range []struct{ name, args, returns, result string }{
		{"to_jsonb", "public.orders", "jsonb", "'{}'"}, {"to_jsonb", "text", "jsonb", "'{}'"}, {"to_jsonb", "anyarray", "jsonb", "'{}'"},
		{"jsonb_build_object", "VARIADIC text[]", "jsonb", "'{}'"}, {"jsonb_build_object", "text, int", "jsonb", "'{}'"},
		{"jsonb_build_array", "int", "jsonb", "'{}'"}, {"format", "text, text", "text", "''"}, {"format", "text, anyarray", "text", "''"},
		{"current_setting", "text, boolean", "text", "''"}, {"array_ndims", "int[]", "int", "1"}, {"array_lower", "int[], int", "int", "1"},
		{"nextval", "regclass", "bigint", "1"}, {"now", "", "timestamptz", "'2000-01-01'"}, {"pg_current_xact_id", "", "xid8", "'1'"},
		{"text_value", "anyelement", "text", "''"}, {"float_value", "float8", "jsonb", "'1'"}, {"array_value", "anyarray", "jsonb", "'1'"},
		{"has_shape", "oid, text", "boolean", "true"}, {"record", "int, text, text, text, jsonb, jsonb", "void", "NULL"},
		{"eq", "int, int", "boolean", "true"}, {"ne", "text, text", "boolean", "false"}, {"differ", "record, record", "boolean", "false"},
		{"teq", "text, text", "boolean", "true"}, {"feq", "float8, float8", "boolean", "true"}, {"cat", "jsonb, jsonb", "jsonb", "'{}'"},
		{"orders_differ", "public.orders, public.orders", "boolean", "false"}, {"jeq", "jsonb, jsonb", "boolean", "true"}, {"has", "jsonb, text", "boolean", "false"},
	} {
		for _, schema := range []string{"evil", "public"} {
			run(t, conn, fmt.Sprintf(`CREATE FUNCTION %s.%s(%s) RETURNS %s %s`, schema, f.name, f.args, f.returns, strings.Replace(note(f.name, f.result), "RETURN NULL;", "RETURN;", 1)))
		}
		names = append(names, f.name)
	}
	for _, o := range []string{
		`= (FUNCTION = %s.eq, LEFTARG = int, RIGHTARG = int)`, `<> (FUNCTION = %s.ne, LEFTARG = text, RIGHTARG = text)`,
		`= (FUNCTION = %s.teq, LEFTARG = text, RIGHTARG = text)`, `= (FUNCTION = %s.feq, LEFTARG = float8, RIGHTARG = float8)`,
		`*<> (FUNCTION = %s.orders_differ, LEFTARG = public.orders, RIGHTARG = public.orders)`,
		`|| (FUNCTION = %s.cat, LEFTARG = jsonb, RIGHTARG = jsonb)`,
		`= (FUNCTION = %s.jeq, LEFTARG = jsonb, RIGHTARG = jsonb)`, `? (FUNCTION = %s.has, LEFTARG = jsonb, RIGHTARG = text)`,
	} {
		for _, schema := range []string{"evil", "public"} {
			run(t, conn, fmt.Sprintf(`CREATE OPERATOR `+schema+`.`+o, schema))
		}
	}
	// temporary tables and types under the names of the catalog's and exaudit's own
	run(t, conn, `CREATE TEMP TABLE versions (LIKE public.stolen)`, `CREATE TEMP TABLE pg_class (oid oid, relname name)`,
		`CREATE TEMP TABLE pg_attribute (attrelid oid)`, `CREATE TEMP TABLE tables (id int)`, `CREATE TEMP TABLE orders (id int)`,
		`CREATE DOMAIN pg_temp.jsonb AS text`, `CREATE DOMAIN pg_temp.text AS int`)

	// the installer is a superuser whose own path is under attack
	installer := db.Connect(t, "")
	run(t, installer, `SET search_path = evil, public, pg_catalog`)
	if _, err := triggers.Install(context.Background(), installer, []string{"public.orders"},
		triggers.WithOptions(map[string]audit.TableOptions{"public.orders": options})); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"evil, public, pg_catalog", "public, evil", "pg_temp, evil, pg_catalog", "evil, pg_catalog, pg_temp"} {
		run(t, conn, `SET search_path = `+path,
			`INSERT INTO public.orders VALUES (1, 'a', '-0', '{}', 'null', '{1}', '{-0}')`,
			`UPDATE public.orders SET name = 'b', f = 0, j = 'null', jb = NULL, a = '{2}', fa = '{1}'`,
			`DELETE FROM public.orders`, `INSERT INTO public.orders VALUES (2)`, `TRUNCATE public.orders`,
			`BEGIN`, `SELECT pg_catalog.set_config('exaudit.custom', '{"a": 1}', true)`, `INSERT INTO public.orders VALUES (3)`,
			`UPDATE public.orders SET name = 'b'`, `COMMIT`,
			`ALTER TABLE public.orders ADD COLUMN extra int`, `UPDATE public.orders SET extra = 1`, `DELETE FROM public.orders`,
			`ALTER TABLE public.orders DROP COLUMN extra`, `INSERT INTO public.orders VALUES (4)`, `TRUNCATE public.orders`)
		// and the reader of history, who is a superuser, too
		run(t, installer, `SET search_path = `+path, `SELECT count(*) FROM exaudit.history`)
		if _, err := triggers.Inspect(context.Background(), installer); err != nil {
			t.Fatal(err)
		}
	}
	wantNothingStolen(t, db)
	countPlanted(t, db)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != 4*11 {
		t.Errorf("%d versions, want %d (planted: %v)", n, 4*11, names)
	}
}

// The owner of a type may write its casts, and the owner of a table its policies,
// constraints, defaults and triggers. None of them runs as the definer.
func TestOwnersCode(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, stolen+`CREATE EXTENSION IF NOT EXISTS citext`)
	role := db.Role(t, "NOLOGIN")
	db.Exec(t, `GRANT CREATE ON DATABASE `+db.Name+` TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, `CREATE SCHEMA mine; SET search_path = mine, public`,
		`CREATE FUNCTION checked(text) RETURNS boolean `+note("domain check", "true"),
		`CREATE TYPE mood AS ENUM ('sad')`, `CREATE TYPE pair AS (a int, b text)`, `CREATE TYPE inner_mood AS (m mood)`,
		`CREATE DOMAIN code AS text CHECK (checked(VALUE))`, `CREATE DOMAIN temperature AS float8`, `CREATE DOMAIN doc AS json`)
	types := []string{"mood", "pair", "inner_mood", "mood[]", "pair[]", "temperature[]", "doc[]", "inner_mood[]", "code[]"}
	for i, typ := range types {
		for _, target := range []string{"json", "jsonb", "text", "text[]"} {
			if strings.HasSuffix(typ, "[]") && target == "text[]" && typ == "code[]" {
				continue // binary compatible
			}
			name := fmt.Sprintf("cast_%d_%s", i, strings.TrimSuffix(target, "[]"))
			if target == "text[]" {
				name += "_array"
			}
			result := map[string]string{"json": "'1'::json", "jsonb": "'1'::jsonb", "text": "'1'", "text[]": "'{1}'::text[]"}[target]
			run(t, conn, fmt.Sprintf(`CREATE FUNCTION %s(%s) RETURNS %s %s`, name, typ, target, note("cast of "+typ+" to "+target, result)),
				fmt.Sprintf(`CREATE CAST (%s AS %s) WITH FUNCTION %s(%s) AS IMPLICIT`, typ, target, name, typ))
		}
	}
	run(t, conn,
		`CREATE FUNCTION evil_default() RETURNS int `+note("default", "1"),
		`CREATE FUNCTION evil_check(int) RETURNS boolean `+note("check", "true"),
		`CREATE FUNCTION evil_generated(int) RETURNS int IMMUTABLE `+note("generated", "1"),
		`CREATE FUNCTION evil_policy() RETURNS boolean `+note("policy", "true"),
		`CREATE FUNCTION evil_index(int) RETURNS int IMMUTABLE `+note("index", "1"),
		`CREATE FUNCTION evil_trigger() RETURNS trigger `+note("trigger", "NULL"),
		`CREATE FUNCTION evil_eq(mood, mood) RETURNS boolean IMMUTABLE `+note("operator", "true"),
		`CREATE OPERATOR = (FUNCTION = evil_eq, LEFTARG = mood, RIGHTARG = mood)`,
		`CREATE OPERATOR public.= (FUNCTION = evil_eq, LEFTARG = mood, RIGHTARG = mood)`,
		`CREATE TABLE items (id int PRIMARY KEY, m mood, p pair, i inner_mood, ma mood[], pa pair[], ta temperature[], da doc[], ia inner_mood[], c code, ca code[],
			d int DEFAULT evil_default() CHECK (evil_check(d)), g int GENERATED ALWAYS AS (evil_generated(id)) STORED)`,
		// what a planner might compute before it reads
		`CREATE FUNCTION evil_constant(int) RETURNS int IMMUTABLE `+note("constant", "1"), `ALTER TABLE items ADD CHECK (evil_constant(4) > 0)`,
		`CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON items FOR EACH ROW EXECUTE FUNCTION evil_trigger()`,
		`CREATE TABLE keyed (m mood, c code, t int, PRIMARY KEY (m, c))`,
		`ALTER TABLE items ENABLE ROW LEVEL SECURITY`, `CREATE POLICY permissive ON items USING (evil_policy())`)
	auditdb.Install(t, db, "mine.items", "mine.keyed")
	insert := `INSERT INTO items VALUES (1, 'sad', ROW(1, 'b'), ROW('sad'), '{sad}', ARRAY[ROW(1, 'b')::pair], '{-0}', ARRAY['{}'::doc], ARRAY[ROW('sad')::inner_mood], 'c', '{c}')`
	run(t, conn, insert, `UPDATE items SET m = NULL, p = NULL, i = NULL, ma = '[0:0]={sad}', pa = '{}', ta = '{{1}}', da = NULL, ia = NULL, c = 'd', ca = '{{d}}'`,
		`DELETE FROM items`, insert, `TRUNCATE items`, `INSERT INTO keyed VALUES ('sad', 'x', 1)`, `UPDATE keyed SET c = 'y'`, `DELETE FROM keyed`,
		`ALTER TABLE items ADD COLUMN more mood[]`, insert, `UPDATE items SET more = '{sad}', m = NULL`, `DELETE FROM items`, insert, `TRUNCATE items`)
	wantNothingStolen(t, db)

	// policies that would run as exaudit_writer when TRUNCATE reads the rows
	run(t, conn, insert)
	for _, c := range []struct{ attack, undo string }{
		{`CREATE POLICY restrictive ON items AS RESTRICTIVE USING (evil_policy())`, `DROP POLICY restrictive ON items`},
		{`CREATE POLICY restrictive ON items AS RESTRICTIVE FOR SELECT TO exaudit_writer USING (evil_policy())`, `DROP POLICY restrictive ON items`},
		{`ALTER POLICY "~exaudit_truncate" ON items USING (evil_policy())`, `ALTER POLICY "~exaudit_truncate" ON items USING (true)`},
		{`ALTER POLICY "~exaudit_truncate" ON items TO PUBLIC`, `ALTER POLICY "~exaudit_truncate" ON items TO exaudit_writer`},
		{`DROP POLICY "~exaudit_truncate" ON items`, `CREATE POLICY "~exaudit_truncate" ON items FOR SELECT TO exaudit_writer USING (true)`},
	} {
		run(t, conn, c.attack)
		if err := fails(t, conn, `TRUNCATE items`); err.Code != "42501" || !strings.Contains(err.Message, "cannot be recorded") {
			t.Errorf("%s: %v", c.attack, err)
		}
		wantDrift(t, db, "may not read every row")
		run(t, conn, c.undo)
	}
	// what a planner computes, of all that TRUNCATE would read
	for _, c := range []struct{ attack, undo string }{
		{`CREATE INDEX evil ON items ((evil_constant(1) + id))`, `DROP INDEX evil`},
		{`CREATE INDEX evil ON items (id) WHERE evil_constant(2) < id`, `DROP INDEX evil`},
		{`CREATE INDEX evil ON items ((m OPERATOR(mine.=) 'sad'))`, `DROP INDEX evil`},
		{`CREATE STATISTICS evil ON (evil_constant(3) + id), id FROM items`, `DROP STATISTICS evil`},
		{`CREATE POLICY "~~" ON items USING (evil_constant(5) > 0)`, `DROP POLICY "~~" ON items`},
		{`CREATE POLICY "é" ON items FOR SELECT USING (id > evil_constant(6))`, `DROP POLICY "é" ON items`},
		{`CREATE POLICY "~~" ON items TO PUBLIC USING (m OPERATOR(mine.=) 'sad')`, `DROP POLICY "~~" ON items`},
	} {
		run(t, conn, c.attack)
		if err := fails(t, conn, `TRUNCATE items`); err.Code != "42501" || !strings.Contains(err.Message, "might run function mine.evil_") {
			t.Errorf("%s: %v", c.attack, err)
		}
		wantDrift(t, db, "might run as exaudit_writer")
		run(t, conn, c.undo)
	}
	// policies that come before exaudit's own are not computed, others not for exaudit_writer
	run(t, conn, `CREATE POLICY early ON items USING (evil_constant(7) > 0)`, `CREATE POLICY zero ON items USING (evil_constant(8) > 0)`,
		`CREATE POLICY "~~" ON items FOR UPDATE USING (evil_constant(9) > 0)`, `CREATE POLICY "~~~" ON items TO `+role+` USING (evil_constant(10) > 0)`)
	install(t, db, "mine.items")
	wantNoDrift(t, db)
	run(t, conn, `TRUNCATE items`, insert)
	// those of a superuser are trusted
	db.Exec(t, `CREATE FUNCTION mine.trusted(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'`)
	run(t, conn, `CREATE INDEX ON items ((trusted(1) + id))`)
	install(t, db, "mine.items")
	wantNoDrift(t, db)
	run(t, conn, `TRUNCATE items`)
	wantNothingStolen(t, db)
	countPlanted(t, db)
}

// What a TRUNCATE that reads partitions might run as exaudit_writer: the key of a partitioned table above, and what a
// foreign table makes its rows of.
func TestOwnersPartitions(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, stolen)
	role := db.Role(t, "NOLOGIN")
	db.Exec(t, `GRANT CREATE ON DATABASE `+db.Name+` TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, `CREATE SCHEMA mine; SET search_path = mine`,
		`CREATE FUNCTION evil_constant(int) RETURNS int IMMUTABLE `+note("partition key", "$1"),
		`CREATE TABLE sub (id int NOT NULL, k int NOT NULL, PRIMARY KEY (id, k)) PARTITION BY LIST (k)`)
	auditdb.Install(t, db, "mine.sub")
	run(t, conn, `CREATE TABLE root (id int NOT NULL, k int NOT NULL) PARTITION BY LIST ((k + evil_constant(1)))`,
		`ALTER TABLE root ATTACH PARTITION sub FOR VALUES IN (1, 2)`, `CREATE TABLE leaf PARTITION OF sub FOR VALUES IN (0, 1)`)
	db.Exec(t, `TRUNCATE public.stolen; GRANT SELECT ON mine.leaf TO exaudit_writer`)
	if err := fails(t, conn, `TRUNCATE sub`); err.Code != "42501" || !strings.Contains(err.Message, "might run function mine.evil_constant") {
		t.Error(err)
	}
	wantNothingStolen(t, db)

	db.Exec(t, `CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA public; CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw;
		GRANT USAGE ON FOREIGN SERVER loopback TO `+role)
	run(t, conn, `CREATE TABLE parted (id int NOT NULL, k int NOT NULL, PRIMARY KEY (id, k)) PARTITION BY LIST (k)`)
	auditdb.Install(t, db, "mine.parted")
	run(t, conn, `ALTER TABLE parted DROP CONSTRAINT parted_pkey`, // which stands in the way of foreign tables
		`CREATE FOREIGN TABLE far PARTITION OF parted FOR VALUES IN (1) SERVER loopback`)
	if err := fails(t, conn, `TRUNCATE parted`); err.Code != "42501" || !strings.Contains(err.Message, "might run the input functions of foreign table mine.far") {
		t.Error(err)
	}
	wantNothingStolen(t, db)
}

// Whoever fires a trigger function for a table that it was not written for gets an error.
func TestForgedVersions(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int);
		CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE SCHEMA mine`, "items", "parted")
	role := db.Role(t, "NOLOGIN")
	db.Exec(t, `GRANT ALL ON SCHEMA mine TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, `CREATE TABLE mine.items (id int PRIMARY KEY, n int)`)
	attach := func(table, function string) []string {
		var all []string
		for _, event := range []string{"insert", "update", "delete"} {
			all = append(all, fmt.Sprintf(`CREATE TRIGGER forged_%[1]s AFTER %[1]s ON mine.%[2]s FOR EACH ROW EXECUTE FUNCTION exaudit_internal.%[3]s_%[1]s()`, event, table, function))
		}
		return append(all, fmt.Sprintf(`CREATE TRIGGER forged_truncate BEFORE TRUNCATE ON mine.%s EXECUTE FUNCTION exaudit_internal.%s_truncate()`, table, function))
	}
	for _, s := range append(attach("items", "t1"), attach("items", "t2")...) {
		refused(t, conn, role, s)
	}
	// a superuser attaches them for the attacker
	for _, function := range []string{"t1", "t2"} {
		for _, s := range attach("items", function) {
			db.Exec(t, s)
		}
		for _, s := range []string{`INSERT INTO mine.items VALUES (1, 666)`, `TRUNCATE mine.items`} {
			if _, err := conn.Exec(context.Background(), s); err == nil && s[0] == 'I' {
				t.Errorf("%s: %s is not refused", function, s)
			}
		}
		wantRecorded(t, db)
		wantDrift(t, db, "is left over")
		db.Exec(t, `DROP TABLE mine.items; CREATE TABLE mine.items (id int PRIMARY KEY, n int); ALTER TABLE mine.items OWNER TO `+role)
	}
	// a partition of one tree with the trigger of another
	db.Exec(t, `CREATE TABLE mine.own (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE mine.own_1 PARTITION OF mine.own DEFAULT`)
	for _, s := range attach("own_1", "t2") {
		db.Exec(t, s)
	}
	fails(t, db.Pool, `INSERT INTO mine.own VALUES (1)`)
	wantRecorded(t, db)
}

// Who may create partitions may execute the trigger functions, but not make other triggers of them.
func TestTriggersOfAPartitionsOwner(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE SCHEMA mine`)
	role := db.Role(t, "NOLOGIN IN ROLE exaudit_reader")
	db.Exec(t, `GRANT ALL ON SCHEMA mine TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, `CREATE TABLE mine.parted (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); CREATE TABLE mine.part PARTITION OF mine.parted DEFAULT`)
	install(t, db, "mine.parted")
	if _, err := triggers.Install(t.Context(), db.Pool, nil, triggers.FollowDDL(audit.FollowDDL{NewTables: []string{"mine.follows*"}})); err != nil {
		t.Fatal(err)
	}
	run(t, conn, `CREATE TABLE mine.follows (id int PRIMARY KEY, n int) PARTITION BY RANGE (id)`, `CREATE TABLE mine.follows_1 PARTITION OF mine.follows DEFAULT`)
	db.Exec(t, `DROP EVENT TRIGGER exaudit_ddl; DROP EVENT TRIGGER exaudit_drop`) // which take such triggers away
	for table, partition := range map[string]string{"mine.parted": "mine.part", "mine.follows": "mine.follows_1"} {
		id := one[string](t, db.Pool, `SELECT max(id)::text FROM exaudit.tables WHERE schema_name || '.' || table_name = $1`, table)
		run(t, conn, `INSERT INTO `+table+` VALUES (1, 1), (2, 2)`)
		for _, firing := range []string{"BEFORE INSERT", "BEFORE UPDATE", "BEFORE DELETE", "AFTER INSERT", "AFTER UPDATE", "AFTER DELETE"} {
			for _, level := range []string{"ROW", "STATEMENT"} {
				for _, function := range []string{"insert", "update", "delete", "move"} {
					for _, name := range []string{"forge", "!exaudit_t" + id + "_" + function, "~exaudit_t" + id + "_move", "~exaudit_t" + id + "_move_1"} {
						run(t, conn, `BEGIN`)
						create := fmt.Sprintf(`CREATE TRIGGER "%s" %s ON %s FOR EACH %s EXECUTE FUNCTION exaudit_internal.t%s_%s()`, name, firing, partition, level, id, function)
						if _, err := conn.Exec(t.Context(), create); err == nil && !(function == "move" && name[0] == '~' && firing == "BEFORE UPDATE" && level == "ROW") {
							statement := map[string]string{"INSERT": `INSERT INTO ? VALUES (3, 3)`, "UPDATE": `UPDATE ? SET n = 3 WHERE id = 1`, "DELETE": `DELETE FROM ? WHERE id = 1`}[strings.Fields(firing)[1]]
							if _, err := conn.Exec(t.Context(), strings.Replace(statement, "?", partition, 1)); err == nil || !strings.Contains(err.Error(), "which it is not for") {
								t.Errorf("%s: %v", create, err)
							}
						}
						run(t, conn, `ROLLBACK`)
					}
				}
			}
		}
	}
	if got := one[string](t, db.Pool, `SELECT string_agg(DISTINCT action::text, ' ') || count(*) FROM exaudit.versions`); got != "created4" {
		t.Errorf("recorded %s", got)
	}
}

// Nobody changes what is recorded, whatever role and session they choose.
func TestAppendOnly(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 1)`, "items")
	app := db.Role(t, "NOLOGIN")
	reader := db.Role(t, "NOLOGIN IN ROLE exaudit_reader")
	db.Exec(t, `GRANT SELECT, UPDATE ON items TO `+app+`, `+reader+`; UPDATE items SET n = 2`)
	before := one[string](t, db.Pool, `SELECT to_jsonb(v)::text FROM exaudit.versions v`)
	statements := []string{
		`UPDATE exaudit.versions SET after = '{}'`, `UPDATE exaudit.versions SET id = DEFAULT`, `UPDATE exaudit.versions SET recorded_at = now()`,
		`UPDATE exaudit.versions SET transaction_id = '1'`, `UPDATE exaudit.versions SET table_id = 2`, `UPDATE exaudit.versions SET action = 'deleted'`,
		`UPDATE exaudit.versions SET rollback = true`, `UPDATE exaudit.versions SET entity_id = '2'`, `UPDATE exaudit.versions SET previous_entity_id = '2'`,
		`UPDATE exaudit.versions SET before = NULL`, `UPDATE exaudit.versions SET custom = '{"actor": "somebody else"}'`,
		`DELETE FROM exaudit.versions`, `TRUNCATE exaudit.versions`, `TRUNCATE exaudit.versions CASCADE`,
		`UPDATE exaudit_internal.key_changes SET entity_id = '2'`, `DELETE FROM exaudit_internal.key_changes`, `TRUNCATE exaudit_internal.key_changes`,
		`INSERT INTO exaudit.versions (id) OVERRIDING SYSTEM VALUE SELECT 1 WHERE false ON CONFLICT DO NOTHING`,
	}
	for _, role := range []string{app, reader, "exaudit_writer", "exaudit_owner", ""} {
		conn := db.Connect(t, role)
		for _, s := range statements {
			if strings.HasPrefix(s, "INSERT") && (role == "exaudit_owner" || role == "" || role == "exaudit_writer") {
				continue // may add: that is how versions come in
			}
			refused(t, conn, role, s)
		}
		if role == app || role == reader || role == "exaudit_writer" {
			// what retention sets helps nobody without DELETE
			run(t, conn, `SET exaudit.retention = 'on'`)
			for _, s := range []string{`DELETE FROM exaudit.versions`, `TRUNCATE exaudit.versions`, `DELETE FROM exaudit.history`} {
				refused(t, conn, role, s, "55000")
			}
		}
		if role == app || role == reader {
			for _, s := range []string{
				`INSERT INTO exaudit.versions (table_id, action, entity_id) VALUES (1, 'deleted', '1')`,
				`INSERT INTO exaudit.tables (schema_name, table_name, key_columns) VALUES ('a', 'b', '{}')`,
				`UPDATE exaudit.tables SET tracked = false`, `DELETE FROM exaudit_internal.column_snapshots`, `DROP TRIGGER append_only ON exaudit.versions`,
				`ALTER TABLE exaudit.versions DISABLE TRIGGER ALL`, `CREATE TABLE exaudit.mine ()`, `SELECT nextval('exaudit.versions_id_seq')`,
				`SELECT exaudit.track(1, '1', '{}', NULL)`, `SELECT exaudit_internal.record(1, 'deleted', '1', NULL, NULL, NULL)`,
				`SELECT exaudit_internal.record_truncated(1, 'items'::regclass)`, `SELECT exaudit_internal.note_columns(1, 'items'::regclass, '[]')`,
				`ALTER FUNCTION exaudit_internal.t1_insert() SECURITY INVOKER`, `SET session_replication_role = replica`,
			} {
				refused(t, conn, role, s)
			}
		}
	}
	// replicas do not fire ordinary triggers, but these
	super := db.Connect(t, "")
	run(t, super, `SET session_replication_role = replica`)
	for _, s := range statements[:14] {
		refused(t, super, "a replica", s)
	}
	if after := one[string](t, db.Pool, `SELECT to_jsonb(v)::text FROM exaudit.versions v`); after != before {
		t.Errorf("the version has become %s", after)
	}
}

// What the owner of a table can do against its audit is at least reported.
func TestTamperingIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range testall.Sample([]struct{ tamper, drift string }{
		{`ALTER TABLE items DISABLE TRIGGER "!exaudit_t1_update"`, `trigger "!exaudit_t1_update" is disabled`},
		{`ALTER TABLE items DISABLE TRIGGER ALL`, `trigger "!exaudit_t1_delete" is disabled`},
		{`ALTER TABLE items ENABLE REPLICA TRIGGER "!exaudit_t1_insert"`, `fires for replicas only`},
		{`DROP TRIGGER "!exaudit_t1_truncate" ON items`, `trigger "!exaudit_t1_truncate" is missing`},
		{`ALTER TRIGGER "!exaudit_t1_update" ON items RENAME TO u`, `trigger "!exaudit_t1_update" is missing`},
		{`CREATE OR REPLACE TRIGGER "!exaudit_t1_update" AFTER UPDATE ON items FOR EACH ROW WHEN (false) EXECUTE FUNCTION exaudit_internal.t1_update()`, `is not the one that was installed`},
		{`CREATE OR REPLACE TRIGGER "!exaudit_t1_update" AFTER UPDATE OF n ON items FOR EACH ROW WHEN (OLD.* *<> NEW.*) EXECUTE FUNCTION exaudit_internal.t1_update()`, `is not the one that was installed`},
		{`CREATE OR REPLACE TRIGGER "!exaudit_t1_update" AFTER UPDATE ON items FOR EACH ROW WHEN (OLD.* *<> NEW.*) EXECUTE FUNCTION exaudit_internal.t1_insert()`, `is not the one that was installed`},
		{`CREATE OR REPLACE FUNCTION exaudit_internal.t1_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`, `function exaudit_internal.t1_insert was altered by hand`},
		{`ALTER FUNCTION exaudit_internal.t1_insert() SET search_path = public`, `has other settings`},
		{`ALTER FUNCTION exaudit_internal.t1_insert() SET search_path = public`, `has other settings`},
		{`ALTER FUNCTION exaudit_internal.t1_insert() SECURITY INVOKER`, `is not SECURITY DEFINER`},
		{`ALTER FUNCTION exaudit_internal.t1_insert() OWNER TO exaudit_owner`, `belongs to exaudit_owner, not exaudit_writer`},
		{`GRANT EXECUTE ON FUNCTION exaudit_internal.t1_insert() TO PUBLIC`, `may be executed by PUBLIC`},
		{`ALTER FUNCTION exaudit_internal.t1_insert() IMMUTABLE`, `is not VOLATILE`},
		{`DROP TRIGGER "!exaudit_t1_insert" ON items; CREATE CONSTRAINT TRIGGER "!exaudit_t1_insert" AFTER INSERT ON items DEFERRABLE FOR EACH ROW EXECUTE FUNCTION exaudit_internal.t1_insert()`, `is not the one that was installed`},
		{`DROP FUNCTION exaudit_internal.t1_delete() CASCADE`, `function exaudit_internal.t1_delete is missing`},
		{`REVOKE SELECT ON items FROM exaudit_writer`, `may not read every row`},
		{`CREATE TABLE other (id int); CREATE TRIGGER x AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION exaudit_internal.t1_insert()`, `trigger "x" on public.other is left over`},
		{`ALTER TABLE parted_1 DISABLE TRIGGER ALL`, `trigger "!exaudit_t2_insert" is disabled on public.parted_1`},
		{`ALTER TABLE parted_1 DISABLE TRIGGER "!exaudit_t2_truncate"`, `trigger "!exaudit_t2_truncate" on public.parted_1 is disabled`},
		{`ALTER TABLE parted DISABLE TRIGGER "!exaudit_t2_update"`, `is disabled`},
		{`ALTER TABLE parted DISABLE TRIGGER "~exaudit_t2_move"`, `trigger "~exaudit_t2_move" is disabled`},
		{`ALTER TABLE parted_1 DISABLE TRIGGER "~exaudit_t2_move"`, `trigger "~exaudit_t2_move" is disabled on public.parted_1`},
		{`ALTER TABLE parted_1 ENABLE ALWAYS TRIGGER "!exaudit_t2_insert"`, `trigger "!exaudit_t2_insert" also fires for replicas on public.parted_1`},
		{`ALTER TABLE parted_1 ENABLE REPLICA TRIGGER "!exaudit_t2_delete"`, `trigger "!exaudit_t2_delete" fires for replicas only on public.parted_1`},
		{`ALTER TABLE parted_1 ENABLE ALWAYS TRIGGER "~exaudit_t2_move"`, `trigger "~exaudit_t2_move" also fires for replicas on public.parted_1`},
		{`DROP TRIGGER "~exaudit_t2_move" ON parted`, `trigger "~exaudit_t2_move" is missing`},
		{`CREATE OR REPLACE TRIGGER "~exaudit_t2_move" BEFORE UPDATE ON parted FOR EACH ROW WHEN (false) EXECUTE FUNCTION exaudit_internal.t2_move()`, `is not the one that was installed`},
		{`CREATE OR REPLACE FUNCTION exaudit_internal.t2_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`, `function exaudit_internal.t2_move was altered by hand`},
	}, 10) {
		t.Run(c.tamper, func(t *testing.T) {
			t.Parallel()
			db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int);
				CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE parted_1 PARTITION OF parted DEFAULT`, "items", "parted")
			wantNoDrift(t, db)
			db.Exec(t, c.tamper)
			wantDrift(t, db, c.drift)
			if !install(t, db, "items", "parted") {
				t.Error("install mended nothing")
			}
			wantNoDrift(t, db)
			if install(t, db, "items", "parted") {
				t.Error("the second install changed something")
			}
			db.Exec(t, `INSERT INTO items VALUES (1, 1); UPDATE items SET n = 2; TRUNCATE items; INSERT INTO parted VALUES (1); DELETE FROM parted`)
			if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != 5 {
				t.Errorf("%d versions, want 5", n)
			}
			pgtest.Count(t, "attacks", 1)
		})
	}
}

// What is altered by hand in the registry is said of its table, the others are looked at, and what is said helps.
func TestTamperingWithTheRegistryIsReported(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int); CREATE TABLE other (id int PRIMARY KEY); CREATE TABLE gone (id int PRIMARY KEY)`, "items", "other", "gone")
	if err := triggers.Uninstall(t.Context(), db.Pool, []string{"gone"}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `ALTER TABLE other DISABLE TRIGGER "!exaudit_t2_insert"`)
	for _, c := range testall.Sample([]struct{ set, drift string }{
		{`tracked = false`, `public.items: table is not tracked by exaudit.tables, and its triggers record: `},
		{`options = '[]'`, `public.items: options in exaudit.tables cannot be read: `},
		{`options = '"mask"'`, `public.items: options in exaudit.tables cannot be read: `},
		{`options = '{"mask": "n"}'`, `public.items: options in exaudit.tables cannot be read: `},
		{`options = '{"exclude": {"n": 1}, "where": 7}'`, `public.items: options in exaudit.tables cannot be read: `},
		{`options = '{"updates": "all"}'`, `public.items: options in exaudit.tables cannot be read: `},
	}, 3) {
		db.Exec(t, `UPDATE exaudit.tables SET `+c.set+` WHERE table_name = 'items'`)
		wantDrift(t, db, c.drift, `public.other: trigger "!exaudit_t2_insert" is disabled`)
		if _, err := triggers.Sync(t.Context(), db.Pool); err != nil {
			t.Errorf("%s: sync: %v", c.set, err)
		}
		found := drift(t, db)
		if len(found) != 1 || !strings.HasPrefix(found[0], c.drift) {
			t.Errorf("%s: after a sync, drift is %q", c.set, found)
			continue
		}
		_, cure, _ := strings.Cut(found[0], "UPDATE exaudit.tables")
		cure, _, _ = strings.Cut("UPDATE exaudit.tables"+cure, ", and install")
		db.Exec(t, cure)
		install(t, db, "items") // as it goes on
		wantNoDrift(t, db)
		db.Exec(t, `ALTER TABLE other DISABLE TRIGGER "!exaudit_t2_insert"`)
	}
}

// What is held back of rows that move between partitions is there for nobody, whole as it is, and gone with the
// transaction, however that ends.
func TestMovesAreForgotten(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE parts (id int, day int, secret text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10); CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
		CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
		CREATE TRIGGER swallow BEFORE INSERT ON parts_2 FOR EACH ROW WHEN (NEW.id > 5) EXECUTE FUNCTION swallow();
		INSERT INTO parts SELECT i, 1, 'hidden' FROM generate_series(1, 9) i`)
	installWith(t, db, "parts", audit.TableOptions{Mask: []string{"secret"}})
	for _, end := range []string{`COMMIT`, `ROLLBACK`, `ROLLBACK TO a; COMMIT`, `SET CONSTRAINTS ALL IMMEDIATE; COMMIT`, `SELECT 1/0`, `PREPARE TRANSACTION 'moves'`, `ROLLBACK PREPARED 'moves'`} {
		conn := db.Connect(t, "")
		if !strings.HasPrefix(end, "ROLLBACK P") {
			run(t, conn, `BEGIN; SAVEPOINT a; UPDATE parts SET day = 11 WHERE id IN (1, 6)`)
		}
		if end == `PREPARE TRANSACTION 'moves'` && one[string](t, db.Pool, `SHOW max_prepared_transactions`) == "0" {
			break
		}
		_, _ = conn.Exec(t.Context(), end) // one of them fails
		if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit_internal.moves`); n != 0 {
			t.Errorf("%s: %d moves are left", end, n)
		}
		_ = conn.Close(t.Context())
		db.Exec(t, `DELETE FROM parts WHERE day = 11; INSERT INTO parts SELECT i, 1, 'hidden' FROM generate_series(1, 6) i ON CONFLICT DO NOTHING`)
	}
	for _, role := range []string{"exaudit_reader", db.Role(t, "NOLOGIN")} {
		if one[bool](t, db.Pool, `SELECT has_any_column_privilege('`+role+`', 'exaudit_internal.moves', 'SELECT')`) {
			t.Errorf("%s may read exaudit_internal.moves", role)
		}
	}
	if hidden := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions v WHERE v::text LIKE '%hidden%'`); hidden > 0 {
		t.Errorf("%d versions have what is masked", hidden)
	}
}

// A reader sees the history of the tables that it may read in full.
func TestReaders(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TABLE open (id int PRIMARY KEY); CREATE TABLE closed (id int PRIMARY KEY); CREATE TABLE columns_only (id int PRIMARY KEY, secret text);
		CREATE TABLE secured (id int PRIMARY KEY); CREATE TABLE gone (id int PRIMARY KEY); CREATE TABLE renamed (id int PRIMARY KEY);
		ALTER TABLE secured ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON secured USING (id = 0)`)
	auditdb.Install(t, db, "open", "closed", "columns_only", "secured", "gone", "renamed")
	db.Exec(t, `INSERT INTO open VALUES (1); INSERT INTO closed VALUES (1); INSERT INTO columns_only VALUES (1, 'x'); INSERT INTO secured VALUES (1);
		INSERT INTO gone VALUES (1); INSERT INTO renamed VALUES (1); DROP TABLE gone; ALTER TABLE renamed RENAME TO other`)
	reader := db.Role(t, "NOLOGIN IN ROLE exaudit_reader")
	nobody := db.Role(t, "NOLOGIN")
	const auditor = "exaudit_owner" // a member of its own would be drift, in all databases
	db.Exec(t, fmt.Sprintf(`GRANT SELECT ON open, secured, other TO %[1]s, %[2]s; GRANT SELECT (id) ON columns_only TO %[1]s`, reader, nobody))
	for _, c := range []struct{ role, want string }{
		{reader, "open renamed"}, {auditor, "gone"}, {"", "closed columns_only gone open renamed secured"},
	} {
		conn := db.Connect(t, c.role)
		if got := one[string](t, conn, `SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM exaudit.history`); got != c.want {
			t.Errorf("history for %q: %s, want %s", c.role, got, c.want)
		}
		if c.role == auditor {
			continue // a member of the table's owner is not subject to its policies
		}
		if got := one[string](t, conn, `SELECT string_agg(t.table_name, ' ' ORDER BY t.table_name) FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id`); got != c.want {
			t.Errorf("versions for %q: %s, want %s", c.role, got, c.want)
		}
	}
	conn := db.Connect(t, nobody)
	for _, s := range []string{`SELECT * FROM exaudit.versions`, `SELECT * FROM exaudit.history`} {
		refused(t, conn, nobody, s)
	}
	// a leaky function must not see rows that the view hides
	leak := db.Connect(t, reader)
	db.Exec(t, `GRANT CREATE ON SCHEMA public TO `+reader)
	run(t, leak, `CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN
		IF $1 NOT IN ('open', 'renamed') THEN RAISE EXCEPTION 'leaked %', $1; END IF; RETURN true; END $$`,
		`SELECT * FROM exaudit.history WHERE leak(table_name)`, `SELECT * FROM exaudit.versions WHERE leak(CASE table_id WHEN 1 THEN 'open' WHEN 6 THEN 'renamed' ELSE 'other' END)`)
}

// The usual installer owns the tables and is a member of exaudit's roles, no more.
func TestInstallAsOwner(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `GRANT CREATE ON SCHEMA public TO PUBLIC`)
	owner := db.Role(t, "NOLOGIN IN ROLE exaudit_owner, exaudit_writer")
	other := db.Role(t, "NOLOGIN")
	conn := db.Connect(t, owner)
	db.Exec(t, `GRANT CREATE ON DATABASE `+db.Name+` TO `+owner)
	run(t, conn, `CREATE SCHEMA AUTHORIZATION CURRENT_USER CREATE TABLE items (id int PRIMARY KEY, n int)`, `CREATE TABLE secured (id int PRIMARY KEY)`,
		`ALTER TABLE secured ENABLE ROW LEVEL SECURITY`, `CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)`, `CREATE TABLE parted_1 PARTITION OF parted DEFAULT`)
	tables := []string{owner + ".items", "secured", "parted"}
	ctx := context.Background()
	for _, want := range []bool{true, false} {
		done, err := triggers.Install(ctx, conn, tables)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range done {
			if d.Changed != want {
				t.Errorf("%s changed: %t, want %t", d.Table, d.Changed, want)
			}
		}
	}
	wantNoDrift(t, db)
	if one[bool](t, db.Pool, `SELECT has_schema_privilege('exaudit_writer', 'exaudit', 'CREATE')`) {
		t.Error("exaudit_writer has kept CREATE on schema exaudit")
	}
	run(t, conn, `INSERT INTO `+owner+`.items VALUES (1, 1)`, `TRUNCATE `+owner+`.items`, `INSERT INTO secured VALUES (1)`, `TRUNCATE secured`, `INSERT INTO parted VALUES (1)`, `TRUNCATE parted`)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != 6 {
		t.Errorf("%d versions, want 6", n)
	}
	run(t, conn, `ALTER TABLE secured ADD COLUMN n int`)
	if _, err := triggers.Install(ctx, conn, tables); err != nil {
		t.Error(err)
	}
	wantNoDrift(t, db)
	if err := triggers.Uninstall(ctx, conn, tables); err != nil {
		t.Error(err)
	}
	// who owns no table, or is no member, cannot
	db.Exec(t, `CREATE TABLE theirs (id int PRIMARY KEY)`)
	if _, err := triggers.Install(ctx, conn, []string{"theirs"}); err == nil {
		t.Error("installed on a table of somebody else")
	}
	stranger := db.Connect(t, other)
	run(t, stranger, `CREATE TABLE own (id int PRIMARY KEY)`)
	if _, err := triggers.Install(ctx, stranger, []string{"own"}); err == nil {
		t.Error("installed by a role that is no member of exaudit's")
	}
}

// Who owns a partitioned table can create and attach partitions: PostgreSQL copies triggers
// only for who may execute their functions. With that, nobody records what did not happen.
func TestOwnersCreatePartitions(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"installed", "followed", "covered"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			const schema = `
				CREATE TABLE events (id int, day int, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
				CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
				CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);`
			db := auditdb.New(t, "")
			owner, other := db.Role(t, ""), db.Role(t, "")
			db.Exec(t, `GRANT ALL ON SCHEMA public TO `+owner+`, `+other)
			conn := db.Connect(t, owner)
			var opts []triggers.InstallOption
			if how != "installed" {
				opts = append(opts, triggers.FollowDDL(audit.FollowDDL{NewTables: []string{"public.*"}}))
			}
			if how == "covered" {
				if _, err := triggers.Install(t.Context(), db.Pool, nil, opts...); err != nil {
					t.Fatal(err)
				}
				run(t, conn, schema)
			} else {
				db.Exec(t, schema+`ALTER TABLE events OWNER TO `+owner+`; ALTER TABLE events_2 OWNER TO `+owner)
				if _, err := triggers.Install(t.Context(), db.Pool, []string{"events"}, opts...); err != nil {
					t.Fatal(err)
				}
			}
			write := func(conn querier, suffix, from, to string) {
				run(t, conn, `CREATE TABLE events_2`+suffix+` PARTITION OF events_2 FOR VALUES FROM (`+from+`) TO (`+to+`)`,
					`CREATE TABLE events_3`+suffix+` (id int NOT NULL, day int NOT NULL)`,
					`ALTER TABLE events ATTACH PARTITION events_3`+suffix+` FOR VALUES FROM (2`+from+`) TO (2`+to+`)`,
					`INSERT INTO events VALUES (`+from+`, 11)`, `UPDATE events SET day = 2`+from+` WHERE id = `+from)
				wantRecorded(t, db, `created events [11, `+from+`] {"id": `+from+`, "day": 11}`,
					`updated events [11, `+from+`] → [2`+from+`, `+from+`] {"day": 11} → {"day": 2`+from+`}`)
			}
			write(conn, "a", "0", "5")
			db.Exec(t, `ALTER TABLE events OWNER TO `+other+`; ALTER TABLE events_2 OWNER TO `+other)
			if how == "installed" {
				wantDrift(t, db, "may not be executed by "+other)
				synced(t, db)
			}
			write(db.Connect(t, other), "b", "5", "9")
		})
	}
}
