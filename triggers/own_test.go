package triggers_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

// What status compares schema exaudit with is what the migrations make, on every version of PostgreSQL.
func TestOwnSchemaIsDescribed(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	columns := list[string](t, db.Pool, `SELECT attname::text FROM pg_attribute WHERE attrelid = 'exaudit.versions'::regclass AND attnum > 0`)
	described, err := triggers.DescribeOwn(context.Background(), db.Pool, columns)
	if err != nil {
		t.Fatal(err)
	}
	described = slices.DeleteFunc(described, func(line string) bool {
		return strings.HasPrefix(line, "role ") || strings.HasPrefix(line, "ROLE ") || strings.HasPrefix(line, "DATABASE ") || strings.Contains(line, "goose_db_version")
	})
	wantFile(t, "own.txt", strings.Join(described, "\n")+"\n")
}

// tampering is a way to change what everything rests on, and what is said of it.
var tampering = []tamper{
	// functions
	{tamper: `CREATE OR REPLACE FUNCTION exaudit_internal.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`, drift: `exaudit: function exaudit_internal.refuse_change was altered by hand`},
	{tamper: `CREATE OR REPLACE FUNCTION exaudit_internal.session_data() RETURNS exaudit.versions LANGUAGE sql AS 'SELECT NULL::exaudit.versions'`, drift: `exaudit: function exaudit_internal.session_data was altered by hand`},
	{tamper: `CREATE OR REPLACE FUNCTION exaudit_internal.float_value(value real) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'`, drift: `exaudit: function exaudit_internal.float_value was altered by hand`},
	{tamper: `CREATE FUNCTION exaudit_internal.text_value(value text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'`, drift: `exaudit: function exaudit_internal.text_value(value text) is none of exaudit's: DROP FUNCTION exaudit_internal.text_value(pg_catalog.text)`, left: true},
	{tamper: `DROP FUNCTION exaudit.after_mark`, drift: `exaudit: function exaudit.after_mark is missing`},
	{tamper: `ALTER FUNCTION exaudit_internal.readable_tables RESET search_path`, drift: `exaudit: function exaudit_internal.readable_tables has other settings`},
	{tamper: `ALTER FUNCTION exaudit.track SECURITY INVOKER`, drift: `exaudit: function exaudit.track has another SECURITY`},
	{tamper: `ALTER FUNCTION exaudit_internal.has_shape STABLE`, drift: `exaudit: function exaudit_internal.has_shape is STABLE PARALLEL SAFE, not IMMUTABLE PARALLEL SAFE`},
	{tamper: `ALTER FUNCTION exaudit_internal.session_data STRICT`, drift: `exaudit: function exaudit_internal.session_data is `},
	{tamper: `ALTER FUNCTION exaudit.track LEAKPROOF`, drift: `exaudit: function exaudit.track is VOLATILE LEAKPROOF, not VOLATILE`},
	{tamper: `ALTER FUNCTION exaudit.track OWNER TO exaudit_owner`, drift: `exaudit: function exaudit.track belongs to exaudit_owner, not exaudit_writer`},
	{tamper: `CREATE FUNCTION exaudit_internal.redact(a integer) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT NULL::text'`, drift: `exaudit: function exaudit_internal.redact(a integer) is none of exaudit's: DROP FUNCTION exaudit_internal.redact(pg_catalog.int4)`, left: true},
	{tamper: `GRANT EXECUTE ON FUNCTION exaudit.schema_version TO PUBLIC`, drift: `exaudit: function exaudit.schema_version may be executed by PUBLIC`},
	{tamper: `GRANT EXECUTE ON FUNCTION exaudit.track TO PUBLIC`, drift: `exaudit: function exaudit.track may be executed by PUBLIC`},
	{tamper: `GRANT EXECUTE ON FUNCTION exaudit_internal.record TO exaudit_reader`, drift: `exaudit: function exaudit_internal.record may be executed by exaudit_reader`},
	{tamper: `GRANT EXECUTE ON FUNCTION exaudit_internal.record TO pg_monitor`, drift: `exaudit: function exaudit_internal.record may be executed by pg_monitor`},
	{tamper: `GRANT EXECUTE ON FUNCTION exaudit_internal.t1_insert TO pg_monitor`, drift: `public.items: function exaudit_internal.t1_insert may be executed by pg_monitor, who could attach it to another table`},
	{tamper: `REVOKE EXECUTE ON FUNCTION exaudit_internal.session_data FROM exaudit_writer`, drift: `exaudit: function exaudit_internal.session_data may not be executed by exaudit_writer`},
	{tamper: `REVOKE EXECUTE ON FUNCTION exaudit.mark FROM exaudit_reader`, drift: `exaudit: function exaudit.mark may not be executed by exaudit_reader`},
	{tamper: `REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA exaudit, exaudit_internal FROM exaudit_owner`, drift: `exaudit: function exaudit_internal.refuse_change may not be executed by exaudit_owner`},
	{tamper: `ALTER FUNCTION exaudit_internal.schema_digest OWNER TO CURRENT_USER`, drift: `exaudit: function exaudit_internal.schema_digest belongs to `},
	// owners and privileges
	{tamper: `ALTER SCHEMA exaudit OWNER TO CURRENT_USER`, drift: `exaudit: schema exaudit belongs to `},
	{tamper: `ALTER SCHEMA exaudit_internal OWNER TO CURRENT_USER`, drift: `exaudit: schema exaudit_internal belongs to `},
	{tamper: `ALTER FUNCTION exaudit.schema_version OWNER TO CURRENT_USER`, drift: `exaudit: function exaudit.schema_version belongs to `},
	{tamper: `ALTER TABLE exaudit.versions OWNER TO CURRENT_USER`, drift: `exaudit.versions: table belongs to `},
	{tamper: `ALTER VIEW exaudit.history OWNER TO CURRENT_USER`, drift: `exaudit: view exaudit.history belongs to `},
	{tamper: `ALTER TYPE exaudit.action OWNER TO CURRENT_USER`, drift: `exaudit: type exaudit.action belongs to `},
	{tamper: `ALTER TABLE exaudit_internal.goose_db_version OWNER TO CURRENT_USER`, drift: `exaudit_internal.goose_db_version: table belongs to `},
	{tamper: `GRANT INSERT ON exaudit.versions TO exaudit_reader`, drift: `exaudit.versions: table grants INSERT to exaudit_reader`},
	{tamper: `GRANT UPDATE ON exaudit.tables TO PUBLIC`, drift: `exaudit.tables: table grants UPDATE to PUBLIC`},
	{tamper: `GRANT UPDATE (custom) ON exaudit.versions TO exaudit_reader`, drift: `exaudit.versions: table grants UPDATE to exaudit_reader`},
	{tamper: `GRANT INSERT ON exaudit_internal.key_changes TO PUBLIC`, drift: `exaudit_internal.key_changes: table grants INSERT to PUBLIC`},
	{tamper: `GRANT TRIGGER ON exaudit.versions TO pg_monitor`, drift: `exaudit.versions: table grants TRIGGER to pg_monitor`},
	{tamper: `GRANT CREATE ON SCHEMA exaudit TO pg_monitor`, drift: `exaudit: schema exaudit grants CREATE to pg_monitor`},
	{tamper: `GRANT CREATE ON SCHEMA exaudit_internal TO pg_monitor`, drift: `exaudit: schema exaudit_internal grants CREATE to pg_monitor`},
	{tamper: `REVOKE USAGE ON SCHEMA exaudit_internal FROM exaudit_writer`, drift: `exaudit: schema exaudit_internal lacks USAGE for exaudit_writer`},
	{tamper: `GRANT UPDATE ON SEQUENCE exaudit.versions_id_seq TO pg_monitor`, drift: `exaudit: sequence exaudit.versions_id_seq grants UPDATE to pg_monitor`},
	{tamper: `GRANT DELETE ON exaudit.versions TO exaudit_writer`, drift: `exaudit.versions: table grants DELETE to exaudit_writer`},
	{tamper: `REVOKE USAGE ON SCHEMA exaudit FROM exaudit_writer`, drift: `exaudit: schema exaudit lacks USAGE for exaudit_writer`},
	{tamper: `REVOKE USAGE ON SCHEMA exaudit FROM exaudit_reader`, drift: `exaudit: schema exaudit lacks USAGE for exaudit_reader`},
	{tamper: `REVOKE INSERT ON exaudit.versions FROM exaudit_writer`, drift: `exaudit.versions: table lacks INSERT for exaudit_writer`},
	{tamper: `REVOKE USAGE ON SEQUENCE exaudit.versions_id_seq FROM exaudit_writer`, drift: `exaudit: sequence exaudit.versions_id_seq lacks USAGE for exaudit_writer`},
	{tamper: `REVOKE SELECT ON exaudit.history FROM exaudit_reader`, drift: `exaudit: view exaudit.history lacks SELECT for exaudit_reader`},
	{tamper: `REVOKE ALL ON exaudit_internal.moves FROM exaudit_owner`, drift: `exaudit_internal.moves: table lacks DELETE for exaudit_owner`},
	// tables
	{tamper: `CREATE RULE lost AS ON INSERT TO exaudit.versions DO INSTEAD NOTHING`, drift: `exaudit.versions: rule lost is none of exaudit's: DROP RULE lost ON exaudit.versions`, left: true},
	{tamper: `CREATE TRIGGER "Hide it" BEFORE INSERT ON exaudit.versions FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`, drift: `exaudit.versions: trigger "Hide it" is none of exaudit's: DROP TRIGGER "Hide it" ON exaudit.versions`, left: true},
	{tamper: `ALTER TABLE exaudit.versions SET UNLOGGED`, drift: `exaudit.versions: table is UNLOGGED: its contents are lost after a crash: ALTER TABLE exaudit.versions SET LOGGED`, left: true},
	{tamper: `ALTER TABLE exaudit.versions ALTER transaction_id SET DEFAULT 1`, drift: `exaudit.versions: column transaction_id has another default, 1`},
	{tamper: `ALTER TABLE exaudit.versions ALTER recorded_at SET DEFAULT now() - interval '1 day'`, drift: `exaudit.versions: column recorded_at has another default, `},
	{tamper: `ALTER TABLE exaudit.versions ALTER recorded_at DROP DEFAULT`, drift: `exaudit.versions: column recorded_at has another default, none`},
	{tamper: `ALTER TABLE exaudit.versions ALTER session_user_name SET DEFAULT 'nobody'`, drift: `exaudit.versions: column session_user_name has the default 'nobody'::text`},
	{tamper: `ALTER TABLE exaudit.versions ALTER id DROP IDENTITY`, drift: `exaudit.versions: column id has the definition bigint NOT NULL, not bigint NOT NULL identity a`, left: true},
	{tamper: `ALTER TABLE exaudit.tables ALTER tracked SET DEFAULT false`, drift: `exaudit.tables: column tracked has another default, false`},
	{tamper: `ALTER TABLE exaudit.versions ADD CONSTRAINT late CHECK (id < 5) NOT VALID`, drift: `exaudit.versions: constraint late is none of exaudit's: ALTER TABLE exaudit.versions DROP CONSTRAINT late`, left: true},
	{tamper: `ALTER TABLE exaudit.versions ADD CHECK (false) NOT VALID`, drift: `exaudit.versions: constraint versions_check is none of exaudit's`, left: true},
	{tamper: `ALTER TABLE exaudit_internal.column_snapshots DROP CONSTRAINT column_snapshots_table_id_fkey`, drift: `exaudit_internal.column_snapshots: constraint column_snapshots_table_id_fkey is missing: ALTER TABLE exaudit_internal.column_snapshots ADD CONSTRAINT `, left: true},
	{tamper: `CREATE UNIQUE INDEX one_each ON exaudit.versions (table_id)`, drift: `exaudit.versions: index one_each is none of exaudit's, and refuses changes: DROP INDEX exaudit.one_each`, left: true},
	{tamper: `DROP INDEX exaudit.versions_entity`, drift: `exaudit.versions: index versions_entity is missing: CREATE UNIQUE INDEX CONCURRENTLY versions_entity ON exaudit.versions USING btree (table_id, entity_id, id)`, left: true},
	{tamper: `DROP INDEX exaudit.versions_id_time`, drift: `exaudit.versions: index versions_id_time is missing: CREATE INDEX CONCURRENTLY versions_id_time ON `, left: true},
	{tamper: `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'exaudit.versions_id_time'::regclass`, drift: `exaudit.versions: index versions_id_time is not the one that was installed: DROP INDEX CONCURRENTLY exaudit.versions_id_time; CREATE INDEX CONCURRENTLY versions_id_time ON `, left: true},
	{tamper: `CREATE TABLE child () INHERITS (exaudit.versions)`, drift: `exaudit.versions: table has the child public.child, whose rows are read as rows of this table: ALTER TABLE public.child NO INHERIT exaudit.versions`, left: true},
	{tamper: `CREATE TABLE parent (id bigint NOT NULL); ALTER TABLE exaudit.versions INHERIT parent`, drift: `exaudit.versions: table inherits from public.parent, `, left: true},
	{tamper: `ALTER TABLE exaudit.versions REPLICA IDENTITY NOTHING`, drift: `exaudit.versions: table has replica identity NOTHING`},
	{tamper: `ALTER TYPE exaudit.action RENAME VALUE 'deleted' TO 'gone'`, drift: `exaudit: type exaudit.action has the labels created, updated, gone, baseline, not created, updated, deleted, baseline`, left: true},
	// row security
	{tamper: `ALTER TABLE exaudit.versions DISABLE ROW LEVEL SECURITY`, drift: `exaudit.versions: table has other row security`},
	{tamper: `ALTER TABLE exaudit.versions FORCE ROW LEVEL SECURITY`, drift: `exaudit.versions: table has other row security`},
	{tamper: `ALTER TABLE exaudit.tables ENABLE ROW LEVEL SECURITY`, drift: `exaudit.tables: table has other row security`},
	{tamper: `CREATE POLICY everything ON exaudit.versions USING (true)`, drift: `exaudit.versions: policy everything is none of exaudit's: DROP POLICY everything ON exaudit.versions`, left: true},
	{tamper: `ALTER POLICY readers ON exaudit.versions USING (true)`, drift: `exaudit.versions: policy readers is not the one that was installed`},
	{tamper: `ALTER POLICY readers ON exaudit.versions TO PUBLIC`, drift: `exaudit.versions: policy readers is not the one that was installed`},
	{tamper: `DROP POLICY writers ON exaudit.versions`, drift: `exaudit.versions: policy writers is missing`},
	// triggers
	{tamper: `ALTER TABLE exaudit.versions DISABLE TRIGGER append_only`, drift: `exaudit.versions: trigger append_only is disabled`},
	{tamper: `ALTER TABLE exaudit.versions ENABLE TRIGGER forget_rollbacks`, drift: `exaudit.versions: trigger forget_rollbacks does not fire for replicas`},
	{tamper: `ALTER TABLE exaudit.versions ENABLE REPLICA TRIGGER append_only`, drift: `exaudit.versions: trigger append_only fires for replicas only`},
	{tamper: `ALTER TABLE exaudit_internal.key_changes DISABLE TRIGGER append_only`, drift: `exaudit_internal.key_changes: trigger append_only is disabled`},
	{tamper: `ALTER TABLE exaudit_internal.column_snapshots DISABLE TRIGGER ALL`, drift: `exaudit_internal.column_snapshots: trigger "RI_ConstraintTrigger_c_`},
	{tamper: `ALTER TABLE exaudit.rollbacks DISABLE TRIGGER ALL`, drift: `exaudit.rollbacks: trigger append_only is disabled`},
	{tamper: `DROP TRIGGER note_forgotten ON exaudit.versions`, drift: `exaudit.versions: trigger note_forgotten is missing`},
	{tamper: `DROP TRIGGER move_ends ON exaudit_internal.moves`, drift: `exaudit_internal.moves: trigger move_ends is missing`},
	{tamper: `CREATE OR REPLACE TRIGGER append_only BEFORE DELETE ON exaudit.versions FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.refuse_change()`, drift: `exaudit.versions: trigger append_only is not the one that was installed`},
	{tamper: `CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OF id OR DELETE OR TRUNCATE ON exaudit_internal.key_changes FOR EACH STATEMENT EXECUTE FUNCTION exaudit_internal.refuse_change()`, drift: `exaudit_internal.key_changes: trigger append_only is not the one that was installed`},
	// views
	{tamper: `CREATE OR REPLACE VIEW exaudit.history WITH (security_barrier = true) AS SELECT v.id, v.recorded_at, t.schema_name, t.table_name, v.entity_id, v.action, v.before, v.after, v.custom, v.rollback,
		v.transaction_id::text::xid8 AS transaction_id, v.previous_entity_id, v.session_user_name FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id`, drift: `exaudit: view exaudit.history is not the one that was installed`},
	{tamper: `ALTER VIEW exaudit.history RESET (security_barrier)`, drift: `exaudit: view exaudit.history is not the one that was installed`},
	{tamper: `DROP VIEW exaudit.history`, drift: `exaudit: view exaudit.history is missing`},
	{tamper: `CREATE RULE lost AS ON INSERT TO exaudit.history DO INSTEAD NOTHING`, drift: `exaudit.history: rule lost is none of exaudit's`, left: true},
	// the sequence
	{tamper: `INSERT INTO items VALUES (7, 7), (8, 8); SELECT setval('exaudit.versions_id_seq', 1)`, drift: `exaudit: sequence exaudit.versions_id_seq is behind: there is a version `},
	{tamper: `ALTER SEQUENCE exaudit.versions_id_seq CYCLE`, drift: `exaudit: sequence exaudit.versions_id_seq is START 1 INCREMENT 1 MINVALUE 1 MAXVALUE 9223372036854775807 CACHE 1 CYCLE, not `},
	{tamper: `ALTER SEQUENCE exaudit.versions_id_seq INCREMENT -1 MINVALUE -5`, drift: `exaudit: sequence exaudit.versions_id_seq is START 1 INCREMENT -1`},
	// roles, of the whole cluster
	{tamper: `ALTER ROLE exaudit_writer LOGIN`, drift: `exaudit: role exaudit_writer has LOGIN: ALTER ROLE exaudit_writer NOLOGIN`, left: true},
	{tamper: `ALTER ROLE exaudit_owner SUPERUSER`, drift: `exaudit: role exaudit_owner has SUPERUSER: ALTER ROLE exaudit_owner NOSUPERUSER`, left: true},
	{tamper: `ALTER ROLE exaudit_reader BYPASSRLS`, drift: `exaudit: role exaudit_reader has BYPASSRLS: ALTER ROLE exaudit_reader NOBYPASSRLS`, left: true},
	{tamper: `GRANT exaudit_writer TO pg_monitor`, drift: `exaudit: role exaudit_writer has the member pg_monitor: REVOKE exaudit_writer FROM pg_monitor`, left: true},
	{tamper: `GRANT exaudit_owner TO exaudit_reader`, drift: `exaudit: role exaudit_owner has the member exaudit_reader: REVOKE exaudit_owner FROM exaudit_reader`, left: true},
	{tamper: `GRANT pg_execute_server_program TO exaudit_writer`, drift: `exaudit: role exaudit_writer is a member of pg_execute_server_program: REVOKE pg_execute_server_program FROM exaudit_writer`, left: true},
	// settings
	{tamper: `ALTER DATABASE {db} SET session_replication_role = replica`, drift: `exaudit: DATABASE {db} sets session_replication_role to replica, with which no trigger of exaudit fires: ALTER DATABASE {db} RESET session_replication_role`, left: true},
	{tamper: `ALTER ROLE exaudit_reader IN DATABASE {db} SET session_replication_role = replica`, drift: `exaudit: ROLE exaudit_reader IN DATABASE {db} sets session_replication_role to replica, `, left: true},
	{tamper: `ALTER DATABASE {db} SET session_replication_role = 'REPLICA'`, drift: `exaudit: DATABASE {db} sets session_replication_role to replica, with which no trigger`, left: true},
	{tamper: `CREATE FUNCTION quietly(int) RETURNS void LANGUAGE sql SET session_replication_role = replica AS 'DELETE FROM public.items WHERE id = $1'`, drift: `exaudit: ROUTINE public.quietly(integer) sets session_replication_role to replica, with which no trigger of exaudit fires: ALTER ROUTINE public.quietly(integer) RESET session_replication_role`, left: true},
	{tamper: `CREATE PROCEDURE "Deploy"() LANGUAGE sql SET exaudit.following = off AS 'SELECT 1'`, drift: `exaudit: ROUTINE public."Deploy"() switches exaudit.following off, so that event triggers do nothing: ALTER ROUTINE public."Deploy"() RESET exaudit.following`, left: true},
	{tamper: `ALTER DATABASE {db} SET exaudit.custom = 'no json'`, drift: `exaudit: DATABASE {db} sets exaudit.custom to what changes fail with: setting exaudit.custom is not valid JSON: invalid input syntax for type json: ALTER DATABASE {db} RESET exaudit.custom`, left: true},
	{tamper: `ALTER DATABASE {db} SET "EXAUDIT.Custom" = 'null'`, drift: `exaudit: DATABASE {db} sets exaudit.custom to what changes fail with: setting exaudit.custom must be a JSON object, not a JSON null: `, left: true},
	{tamper: `ALTER DATABASE {db} SET exaudit.custom = '{"actor": "\u00"}'`, drift: `exaudit: DATABASE {db} sets exaudit.custom to what changes fail with: setting exaudit.custom is not valid JSON: invalid input syntax for type json: `, left: true},
	{tamper: `ALTER TABLE exaudit.versions ADD COLUMN actor bigint; ALTER DATABASE {db} SET exaudit.custom = '{"actor": "bob"}'`, drift: `exaudit: DATABASE {db} sets exaudit.custom to what changes fail with: setting exaudit.custom: key "actor" does not fit column "actor" of type bigint: `, left: true},
	{tamper: `ALTER DATABASE {db} SET exaudit.retention = 'on'`, drift: `exaudit: DATABASE {db} sets exaudit.retention, with which versions can be deleted: ALTER DATABASE {db} RESET exaudit.retention`, left: true},
	{tamper: `ALTER DATABASE {db} SET exaudit.rollback = 'on'`, drift: `exaudit: DATABASE {db} sets exaudit.rollback, so that every change with custom data is taken for a rollback: `, left: true},
	// tracked tables
	{tamper: `ALTER TABLE items DISABLE TRIGGER ALL`, drift: `public.items: trigger "!exaudit_t1_insert" is disabled`},
	{tamper: `ALTER TABLE items ENABLE REPLICA TRIGGER "!exaudit_t1_update"`, drift: `public.items: trigger "!exaudit_t1_update" fires for replicas only`},
}

// What exaudit's own schema was changed into is reported, and sync mends what it can: several changes at once, as long
// as they are of different things.
func TestTamperingWithOwnSchemaIsReported(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`, "items")
	wantNoDrift(t, db)
	conn := db.Connect(t, "")
	inDatabase := strings.NewReplacer("{db}", db.Name)
	for _, batch := range batches() {
		t.Run(batch[0].tamper, func(t *testing.T) {
			tx, err := conn.Begin(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback(context.Background())
			var want []string
			for _, c := range batch {
				run(t, tx, inDatabase.Replace(c.tamper))
				want = append(want, inDatabase.Replace(c.drift))
			}
			wantDriftIn(t, tx, want...)
			done, err := triggers.Sync(context.Background(), tx)
			if err != nil {
				t.Fatal(err)
			}
			if !batch[0].left {
				wantDriftIn(t, tx)
				run(t, tx, `INSERT INTO items VALUES (1, 1); SET CONSTRAINTS ALL IMMEDIATE`)
				return
			}
			wantDriftIn(t, tx, want...)
			for _, drift := range want {
				if _, said, _ := strings.Cut(drift, ": "); !slices.ContainsFunc(done, func(i audit.Installation) bool {
					return strings.Contains(i.Skipped+strings.Join(i.Notes, "; "), said)
				}) {
					t.Errorf("sync does not say: %s", said)
				}
			}
		})
	}
	pgtest.Count(t, "attacks", len(tampering))
}

type tamper struct {
	tamper, drift string
	left          bool // sync says so, too, and leaves it
}

// batches divides what can be changed, so that no batch changes a thing twice.
func batches() (list [][]tamper) {
	thing := func(c tamper) string {
		words := strings.Fields(c.drift + " . . . .")
		if strings.HasPrefix(c.tamper, "INSERT") {
			return "with everything else" // it needs triggers that work
		}
		return strings.Join(words[:3], " ")
	}
next:
	for _, c := range tampering {
		for i, batch := range list {
			if batch[0].left == c.left && !slices.ContainsFunc(batch, func(other tamper) bool {
				return thing(other) == thing(c) || thing(c) == "with everything else" || thing(other) == "with everything else"
			}) {
				list[i] = append(batch, c)
				continue next
			}
		}
		list = append(list, []tamper{c})
	}
	return list
}

// wantDriftIn checks that there is all of some drift; without any, that there is none.
func wantDriftIn(t *testing.T, tx pgx.Tx, want ...string) {
	t.Helper()
	all, err := triggers.Inspect(context.Background(), tx)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, status := range all {
		for _, d := range status.Drift {
			found = append(found, d.String())
		}
	}
	if len(want) == 0 && len(found) > 0 {
		t.Errorf("drift:\n%s", strings.Join(found, "\n"))
	}
	for _, drift := range want {
		if !slices.ContainsFunc(found, func(d string) bool { return strings.HasPrefix(d, drift) }) {
			t.Errorf("drift:\n%s\nwant:\n%s", strings.Join(found, "\n"), drift)
		}
	}
}

// What users may add is no drift.
func TestAdditionsAreNoDrift(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int); CREATE TABLE users (id int PRIMARY KEY)`, "items")
	db.Exec(t, `ALTER TABLE exaudit.versions ADD COLUMN actor int REFERENCES users ON DELETE SET NULL ON UPDATE CASCADE,
			ADD COLUMN request uuid UNIQUE DEFAULT gen_random_uuid(), ADD COLUMN label text DEFAULT 'none';
		CREATE INDEX actors ON exaudit.versions (actor);
		ALTER TABLE exaudit.versions SET (fillfactor = 90), ALTER before SET COMPRESSION pglz;
		CREATE ROLE `+db.Name+`_reports; GRANT SELECT ON exaudit.history TO `+db.Name+`_reports; GRANT DELETE ON exaudit.versions TO `+db.Name+`_reports;
		CREATE VIEW exaudit.mine AS SELECT 1 AS one; ALTER VIEW exaudit.mine OWNER TO exaudit_owner;
		CREATE TABLE exaudit.notes (id int); ALTER TABLE exaudit.notes OWNER TO exaudit_owner;
		CREATE TABLE exaudit.own_notes (id int GENERATED ALWAYS AS IDENTITY, note text UNIQUE); CREATE SEQUENCE exaudit.own_numbers;
		CREATE VIEW exaudit.own_view AS SELECT 1 AS one; CREATE MATERIALIZED VIEW exaudit.own_copy AS SELECT 1 AS one;
		CREATE TYPE exaudit.own_kind AS ENUM ('a'); CREATE FUNCTION exaudit.own_function() RETURNS int LANGUAGE sql AS 'SELECT 1';
		ALTER DATABASE `+db.Name+` SET exaudit.custom = '{"service": "shop", "weight": 1e999}';
		CREATE FUNCTION forget() RETURNS void LANGUAGE sql SET exaudit.retention = 'on' AS 'DELETE FROM exaudit.versions WHERE false'`)
	t.Cleanup(func() { db.Exec(t, `DROP OWNED BY `+db.Name+`_reports; DROP ROLE `+db.Name+`_reports`) })
	if _, err := triggers.Sync(context.Background(), db.Pool); err != nil { // which has the triggers fill the columns
		t.Fatal(err)
	}
	wantNoDrift(t, db)
	run(t, db.Pool, `INSERT INTO items VALUES (1, 1)`)
	const owned = `SELECT count(*) FROM (SELECT relowner FROM pg_class WHERE relname LIKE 'own\_%' UNION ALL
		SELECT typowner FROM pg_type WHERE typname = 'own_kind') AS o WHERE relowner <> current_user::regrole`
	if n := pgtest.One[int](t, db, owned); n != 0 {
		t.Errorf("sync has taken %d objects of the user's", n)
	}
}

// Where the schema cannot even be read, what is wrong with it is said.
func TestStatusOfASchemaThatCannotBeRead(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`, "items")
	db.Exec(t, `REVOKE ALL ON ALL TABLES IN SCHEMA exaudit, exaudit_internal FROM exaudit_owner`)
	wantDrift(t, db, `exaudit.tables: table lacks UPDATE for exaudit_owner`)
	db.Exec(t, `GRANT ALL ON ALL TABLES IN SCHEMA exaudit, exaudit_internal TO exaudit_owner; REVOKE EXECUTE ON FUNCTION exaudit_internal.readable_tables FROM exaudit_owner;
		DROP FUNCTION exaudit_internal.last_version_id`)
	wantDrift(t, db, `exaudit: function exaudit_internal.last_version_id is missing`, `exaudit: function exaudit_internal.readable_tables may not be executed by exaudit_owner`)
	if _, err := triggers.Sync(context.Background(), db.Pool); err != nil {
		t.Fatal(err)
	}
	wantNoDrift(t, db)
}
