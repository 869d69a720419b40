package triggers_test

import (
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/triggers"
)

// Whoever may create tables does their worst, as their owner: nothing of theirs runs with
// the rights of who installed the event triggers, nor of exaudit's roles.
func TestFollowingUnderAttack(t *testing.T) {
	t.Parallel()
	db := followed(t, audit.FollowDDL{NewTables: []string{"public.*"}}, stolen)
	role := db.Role(t, "")
	run(t, db.Pool, `GRANT CREATE ON DATABASE `+db.Name+` TO `+role)
	conn := db.Connect(t, role)
	run(t, conn,
		// functions and operators where a careless search_path would find them
		`CREATE FUNCTION public.format(text, VARIADIC text[]) RETURNS text `+note("format", "'SELECT 1'"),
		`CREATE FUNCTION public.to_jsonb(anyelement) RETURNS jsonb `+note("to_jsonb", "'{}'::jsonb"),
		`CREATE FUNCTION public.coalesce_oid(oid, oid) RETURNS boolean `+note("oid =", "true"),
		`CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.coalesce_oid)`,
		`CREATE FUNCTION public.like_name(name, text) RETURNS boolean `+note("name ~~", "true"),
		`CREATE OPERATOR public.~~ (LEFTARG = name, RIGHTARG = text, FUNCTION = public.like_name)`,
		`CREATE FUNCTION public.differs(record, record) RETURNS boolean `+note("record *<>", "true"),
		`CREATE OPERATOR public.*<> (LEFTARG = record, RIGHTARG = record, FUNCTION = public.differs)`,
		`SET search_path = public, pg_catalog`,
		// types, defaults, checks, index expressions, policies, triggers of their own
		`CREATE TYPE public.evil AS (a int)`,
		`CREATE FUNCTION public.evil_text(public.evil) RETURNS text `+note("cast", "'x'"),
		`CREATE CAST (public.evil AS text) WITH FUNCTION public.evil_text(public.evil) AS IMPLICIT`,
		`CREATE FUNCTION public.evil_check(text) RETURNS boolean IMMUTABLE `+note("check", "true"),
		`CREATE DOMAIN public.trap AS text CHECK (public.evil_check(VALUE))`,
		`CREATE FUNCTION public.evil_default() RETURNS text `+note("default", "'d'"),
		`CREATE FUNCTION public.evil_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF current_user !~ '_role[0-9]+$' THEN INSERT INTO public.stolen VALUES (current_user, 'trigger'); END IF; RETURN NEW; END $$`)
	const hostile = `"public"".victim; ALTER ROLE x SUPERUSER; --'$$ %I %s {id} \"`
	table := `public.` + strings.ReplaceAll(hostile, `\"`, `"`)
	run(t, conn,
		`CREATE TABLE `+table+` (id int PRIMARY KEY, "'; DROP TABLE public.stolen; --" public.trap DEFAULT public.evil_default(), e public.evil)`,
		`CREATE INDEX evil_index ON `+table+` (public.evil_check("'; DROP TABLE public.stolen; --"))`,
		`ALTER TABLE `+table+` ADD COLUMN "%s%I$exaudit$" text DEFAULT public.evil_default(), ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
		`CREATE POLICY evil ON `+table+` USING (public.evil_check('x'))`,
		`CREATE TRIGGER "!exaudit_a" BEFORE INSERT OR UPDATE ON `+table+` FOR EACH ROW EXECUTE FUNCTION public.evil_trigger()`,
		`INSERT INTO `+table+` (id, e) VALUES (1, ROW(1))`, `UPDATE `+table+` SET id = 2`,
		`ALTER TABLE `+table+` DISABLE TRIGGER USER`,
		`ALTER TABLE `+table+` RENAME TO "odd' \n name"`,
		`UPDATE "odd' \n name" SET id = 3`,
		`CREATE SCHEMA "s'""%I"`, `ALTER TABLE "odd' \n name" SET SCHEMA "s'""%I"`)
	// reading the rows might run the index's function as exaudit_writer
	if err := fails(t, conn, `TRUNCATE "s'""%I"."odd' \n name"`); err.Code != "42501" {
		t.Errorf("TRUNCATE: %v", err)
	}
	run(t, conn, `DROP INDEX "s'""%I".evil_index`, `TRUNCATE "s'""%I"."odd' \n name"`,
		`ALTER SCHEMA "s'""%I" RENAME TO "t%s"`,
		// names that look like exaudit's own
		`CREATE SCHEMA fake`, `CREATE FUNCTION fake.t1_insert() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
		`CREATE TABLE fake.x (id int PRIMARY KEY)`, `CREATE TRIGGER "!exaudit_t1_insert" AFTER INSERT ON fake.x FOR EACH ROW EXECUTE FUNCTION fake.t1_insert()`,
		`CREATE TRIGGER "!exaudit_t1_update" AFTER UPDATE ON fake.x FOR EACH ROW EXECUTE FUNCTION fake.t1_insert()`,
		`ALTER TABLE fake.x DISABLE TRIGGER USER`, `DROP TRIGGER "!exaudit_t1_insert" ON fake.x`)
	wantNothingStolen(t, db)
	if got := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); got != 4 {
		t.Errorf("%d versions, want 4:\n%s", got, recorded(t, db))
	}
	if got := one[string](t, db.Pool, `SELECT coalesce(string_agg(t.tgname::text || t.tgenabled::text, ' '), '') FROM pg_trigger t WHERE tgrelid = 'fake.x'::regclass`); got != "!exaudit_t1_updateD" {
		t.Errorf("somebody's own triggers became %s", got)
	}
	for _, forbidden := range []string{
		`SELECT exaudit_follow.mend('public.stolen'::regclass, true)`, `SELECT exaudit_follow.register('public.stolen'::regclass)`,
		`SELECT exaudit_internal.follow_new_table('public.stolen'::regclass)`, `SELECT exaudit_internal.untrack_dropped_tables(1)`,
		`ALTER FUNCTION exaudit_follow.refresh SECURITY INVOKER`, `DROP EVENT TRIGGER exaudit_ddl`,
		`CREATE TRIGGER mine AFTER INSERT ON fake.x FOR EACH ROW EXECUTE FUNCTION exaudit_internal.t2_insert()`,
	} {
		fails(t, conn, forbidden)
	}
	run(t, db.Pool, `DROP TABLE public.stolen`) // which has no primary key
	wantNoDrift(t, db)
}

// A member of exaudit_owner owns schema exaudit and three functions that the event triggers
// call: that must not be the way to the rights of who installed them.
func TestFollowingUnderAttackByItsOwner(t *testing.T) {
	t.Parallel()
	db := followed(t, audit.FollowDDL{NewTables: []string{"public.*"}}, stolen+itemsSchema, "items")
	role := db.Role(t, "")
	run(t, db.Pool, `GRANT exaudit_owner, exaudit_writer TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, `SET ROLE exaudit_owner`)
	attack := func(name, arguments, returns, result string) string {
		return `CREATE OR REPLACE FUNCTION exaudit_internal.` + name + `(` + arguments + `) RETURNS ` + returns + ` LANGUAGE plpgsql AS $attack$ BEGIN
			IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN INSERT INTO public.stolen VALUES (current_user, '` + name + `'); END IF;
			RETURN ` + result + `; END $attack$`
	}
	for _, forbidden := range []string{
		`ALTER FUNCTION exaudit_follow.refresh SECURITY INVOKER`, `ALTER FUNCTION exaudit_follow.untrack_dropped_tables RESET search_path`,
		`DROP FUNCTION exaudit_follow.mend`, `CREATE FUNCTION exaudit_follow.more() RETURNS void LANGUAGE sql AS ''`,
		`CREATE OR REPLACE FUNCTION exaudit_follow.untrack_dropped_tables(table_id integer) RETURNS void LANGUAGE sql AS ''`,
		`DROP SCHEMA exaudit_follow CASCADE`, `SELECT exaudit_follow.untrack_dropped_tables(1)`,
	} {
		if err := fails(t, conn, forbidden); err.Code != "42501" {
			t.Errorf("%s: %v", forbidden, err)
		}
	}
	run(t, conn, attack("follow_table", "table_id integer, relation oid", "boolean", "false"),
		attack("follow_new_table", "relation oid", "integer", "99"),
		`DROP FUNCTION exaudit_internal.untrack_dropped_tables`, `CREATE FUNCTION exaudit_internal.untrack_dropped_tables(table_id integer DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $a$ BEGIN
			IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN INSERT INTO public.stolen VALUES (current_user, 'untrack_dropped_tables'); END IF; END $a$`,
		`CREATE FUNCTION exaudit_internal.format(text, VARIADIC text[]) RETURNS text `+note("format", "'SELECT 1'"),
		`GRANT USAGE ON SCHEMA exaudit, exaudit_internal TO PUBLIC`)
	// by a superuser
	run(t, db.Pool, `ALTER TABLE items ADD COLUMN extra int`, `CREATE TABLE other (id int PRIMARY KEY)`, `INSERT INTO items VALUES (5)`, `DROP TABLE other`)
	if got := list[string](t, db.Pool, `SELECT what FROM public.stolen WHERE who IN (SELECT rolname FROM pg_roles WHERE rolsuper)`); len(got) > 0 {
		t.Errorf("ran with a superuser's rights: %s", strings.Join(got, ", "))
	}
}

// Nobody takes over the schema that event triggers' functions will stand in.
func TestFollowingInAForeignSchema(t *testing.T) {
	t.Parallel()
	db := tracked(t, itemsSchema, "items")
	role := db.Role(t, "")
	run(t, db.Pool, `CREATE SCHEMA exaudit_follow AUTHORIZATION `+role)
	if _, err := triggers.Install(t.Context(), db.Pool, nil, triggers.FollowDDL(audit.FollowDDL{})); err == nil || !strings.Contains(err.Error(), "belongs to "+role) {
		t.Errorf("%v", err)
	}
}
