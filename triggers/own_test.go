package triggers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

// What exaudit's own schema was changed into is reported, and sync mends what it can.
func TestTamperingWithOwnSchemaIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tamper, drift string
		left          bool // sync says so, too, and leaves it
	}{
		{tamper: `CREATE OR REPLACE FUNCTION exaudit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`, drift: `function exaudit.refuse_change was altered by hand`},
		{tamper: `CREATE OR REPLACE FUNCTION exaudit.session_data() RETURNS exaudit.versions LANGUAGE sql AS 'SELECT NULL::exaudit.versions'`, drift: `function exaudit.session_data was altered by hand`},
		{tamper: `CREATE OR REPLACE FUNCTION exaudit.float_value(value real) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb'`, drift: `function exaudit.float_value was altered by hand`},
		{tamper: `CREATE FUNCTION exaudit.text_value(value text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'`, drift: `function exaudit.text_value(value text) is none of exaudit's`, left: true},
		{tamper: `DROP FUNCTION exaudit.after_mark`, drift: `function exaudit.after_mark is missing`, left: true},
		{tamper: `ALTER FUNCTION exaudit.readable_tables RESET search_path`, drift: `function exaudit.readable_tables has other settings`},
		{tamper: `ALTER FUNCTION exaudit.track SECURITY INVOKER`, drift: `function exaudit.track has another SECURITY`},
		{tamper: `ALTER FUNCTION exaudit.track OWNER TO exaudit_owner`, drift: `function exaudit.track belongs to exaudit_owner, not exaudit_writer`},
		{tamper: `GRANT EXECUTE ON FUNCTION exaudit.track TO PUBLIC`, drift: `function exaudit.track may be executed by PUBLIC`},
		{tamper: `ALTER TABLE exaudit.versions OWNER TO CURRENT_USER`, drift: `exaudit.versions: table belongs to`},
		{tamper: `ALTER TABLE exaudit.versions DISABLE ROW LEVEL SECURITY`, drift: `exaudit.versions: row security is not as it was installed`},
		{tamper: `ALTER TABLE exaudit.versions FORCE ROW LEVEL SECURITY`, drift: `exaudit.versions: row security is not as it was installed`},
		{tamper: `CREATE POLICY everything ON exaudit.versions USING (true)`, drift: `exaudit.versions: row security has other policies`, left: true},
		{tamper: `ALTER POLICY readers ON exaudit.versions USING (true)`, drift: `exaudit.versions: row security has other policies`, left: true},
		{tamper: `GRANT INSERT ON exaudit.versions TO exaudit_reader`, drift: `exaudit.versions: privilege INSERT is granted to exaudit_reader`},
		{tamper: `GRANT UPDATE ON exaudit.tables TO PUBLIC`, drift: `exaudit.tables: privilege UPDATE is granted to PUBLIC`},
		{tamper: `GRANT UPDATE (custom) ON exaudit.versions TO exaudit_reader`, drift: `exaudit.versions: privilege UPDATE is granted to exaudit_reader`},
		{tamper: `ALTER TABLE exaudit.versions DISABLE TRIGGER append_only`, drift: `exaudit.versions: trigger "append_only" is disabled`},
		{tamper: `ALTER TABLE exaudit.versions ENABLE TRIGGER forget_undone`, drift: `exaudit.versions: trigger "forget_undone" does not fire for replicas`},
		{tamper: `GRANT INSERT ON exaudit.key_changes TO PUBLIC`, drift: `exaudit.key_changes: privilege INSERT is granted to PUBLIC`},
		{tamper: `ALTER TABLE exaudit.key_changes DISABLE TRIGGER append_only`, drift: `exaudit.key_changes: trigger "append_only" is disabled`},
		{tamper: `ALTER TABLE exaudit.undone DISABLE TRIGGER ALL`, drift: `exaudit.undone: trigger "append_only" is disabled`},
		{tamper: `DROP TRIGGER note_forgotten ON exaudit.versions`, drift: `trigger "note_forgotten" is missing`, left: true},
		{tamper: `CREATE OR REPLACE TRIGGER append_only BEFORE DELETE ON exaudit.versions FOR EACH STATEMENT EXECUTE FUNCTION exaudit.refuse_change()`, drift: `trigger "append_only" is not the one that was installed`, left: true},
		{tamper: `CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OF id, recorded_at, xid, table_id, action, rollback, entity_id, previous_entity_id, before, after, custom OR DELETE OR TRUNCATE ON exaudit.versions FOR EACH STATEMENT EXECUTE FUNCTION exaudit.refuse_change()`, drift: `trigger "append_only" is not the one that was installed`, left: true},
		{tamper: `CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OF id OR DELETE OR TRUNCATE ON exaudit.key_changes FOR EACH STATEMENT EXECUTE FUNCTION exaudit.refuse_change()`, drift: `trigger "append_only" is not the one that was installed`, left: true},
	} {
		t.Run(c.tamper, func(t *testing.T) {
			t.Parallel()
			db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`, "items")
			wantNoDrift(t, db)
			db.Exec(t, c.tamper)
			wantDrift(t, db, c.drift)
			done, err := triggers.Sync(context.Background(), db.Pool)
			if err != nil {
				t.Fatal(err)
			}
			if c.left {
				if _, problem, _ := strings.Cut(c.drift, ": "); !strings.Contains(done[0].Skipped, problem) {
					t.Errorf("sync skipped %q", done[0].Skipped)
				}
				wantDrift(t, db, c.drift)
			} else {
				wantNoDrift(t, db)
				db.Exec(t, `INSERT INTO items VALUES (1, 1)`)
			}
			pgtest.Count(t, "attacks", 1)
		})
	}
}
