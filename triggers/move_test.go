package triggers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// parts has a partition with columns in another order, one that is partitioned by another
// column, and by an expression.
const parts = `
	CREATE TABLE parts (id int, part int, v text, n int NOT NULL DEFAULT 0, d int GENERATED ALWAYS AS (n * 2) STORED, PRIMARY KEY (part, id)) PARTITION BY LIST (part);
	CREATE TABLE p1 PARTITION OF parts FOR VALUES IN (1);
	CREATE TABLE p2 (gone int, d int GENERATED ALWAYS AS (n * 2) STORED, n int NOT NULL DEFAULT 0, v text, part int NOT NULL, id int NOT NULL);
	ALTER TABLE p2 DROP COLUMN gone;
	ALTER TABLE parts ATTACH PARTITION p2 FOR VALUES IN (2);
	CREATE TABLE p3 PARTITION OF parts FOR VALUES IN (3) PARTITION BY RANGE (id);
	CREATE TABLE p3_low PARTITION OF p3 FOR VALUES FROM (0) TO (10);
	CREATE TABLE p3_high PARTITION OF p3 FOR VALUES FROM (10) TO (20);
	INSERT INTO parts VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd');`

func TestMoves(t *testing.T) {
	t.Parallel()
	for _, c := range testall.Sample([]struct {
		name  string
		major int
		setup string
		sql   string
		want  []string
	}{
		{name: "one row", sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`}},
		{name: "with other columns", sql: `UPDATE parts SET part = 2, v = 'A', n = 5, id = 7 WHERE id = 1`, want: []string{
			`updated parts [1, 1] → [2, 7] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1} → {"d": 10, "n": 5, "v": "A", "id": 7, "part": 2}`}},
		{name: "some rows move", sql: `UPDATE parts SET part = CASE WHEN id < 3 THEN 3 - part ELSE part END, v = upper(v)`, want: []string{
			`updated parts [1, 1] → [2, 1] {"v": "a", "part": 1} → {"v": "A", "part": 2}`,
			`updated parts [1, 2] → [2, 2] {"v": "b", "part": 1} → {"v": "B", "part": 2}`,
			`updated parts [2, 3] {"v": "c"} → {"v": "C"}`, `updated parts [3, 4] {"v": "d"} → {"v": "D"}`}},
		{name: "rows change places", sql: `UPDATE parts SET part = 3 - part WHERE part < 3`, want: []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
			`updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`,
			`updated parts [2, 3] → [1, 3] {"part": 2} → {"part": 1}`}},
		{name: "there and back", sql: `BEGIN; UPDATE parts SET part = 2 WHERE id = 1; UPDATE parts SET part = 1 WHERE id = 1; COMMIT`, want: []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
			`updated parts [2, 1] → [1, 1] {"part": 2} → {"part": 1}`}},
		{name: "a row of this transaction", sql: `BEGIN; INSERT INTO parts VALUES (5, 1, 'e'); UPDATE parts SET part = 2 WHERE id = 5; DELETE FROM parts WHERE id = 5; COMMIT`, want: []string{
			`created parts [1, 5] {"d": 0, "n": 0, "v": "e", "id": 5, "part": 1}`,
			`updated parts [1, 5] → [2, 5] {"part": 1} → {"part": 2}`,
			`deleted parts [2, 5] {"d": 0, "n": 0, "v": "e", "id": 5, "part": 2}`}},
		{name: "within a partition", sql: `UPDATE parts SET id = 14 WHERE id = 4; UPDATE p3 SET id = 5 WHERE id = 14; UPDATE p3_low SET v = 'D'`, want: []string{
			`updated parts [3, 4] → [3, 14] {"id": 4} → {"id": 14}`,
			`updated parts [3, 14] → [3, 5] {"id": 14} → {"id": 5}`,
			`updated parts [3, 5] {"v": "d"} → {"v": "D"}`}},
		{name: "by both keys", sql: `UPDATE parts SET part = 3, id = 12 WHERE id = 1; UPDATE parts SET part = 1, id = 9 WHERE id = 12`, want: []string{
			`updated parts [1, 1] → [3, 12] {"id": 1, "part": 1} → {"id": 12, "part": 3}`,
			`updated parts [3, 12] → [1, 9] {"id": 12, "part": 3} → {"id": 9, "part": 1}`}},
		{name: "merge", major: 15, sql: `
			MERGE INTO parts USING (VALUES (1), (3), (8)) AS s (id) ON parts.id = s.id
			WHEN MATCHED AND parts.id = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET part = 2 WHEN NOT MATCHED THEN INSERT (id, part, v) VALUES (s.id, 1, 'new')`, want: []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
			`deleted parts [2, 3] {"d": 0, "n": 0, "v": "c", "id": 3, "part": 2}`,
			`created parts [1, 8] {"d": 0, "n": 0, "v": "new", "id": 8, "part": 1}`}},
		{name: "cascade", setup: `
			CREATE TABLE owners (part int PRIMARY KEY); INSERT INTO owners VALUES (1), (2), (3);
			ALTER TABLE parts ADD FOREIGN KEY (part) REFERENCES owners ON UPDATE CASCADE; CREATE TABLE p5 PARTITION OF parts DEFAULT`,
			sql: `UPDATE owners SET part = part + 10 WHERE part < 3`, want: []string{
				`updated parts [1, 1] → [11, 1] {"part": 1} → {"part": 11}`,
				`updated parts [1, 2] → [11, 2] {"part": 1} → {"part": 11}`,
				`updated parts [2, 3] → [12, 3] {"part": 2} → {"part": 12}`}},
		{name: "delete and insert", sql: `BEGIN; DELETE FROM parts WHERE id = 1; INSERT INTO parts VALUES (1, 2, 'a'); COMMIT`, want: []string{
			`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
			`created parts [2, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 2}`}},
		{name: "delete and insert in one statement", sql: `WITH gone AS (DELETE FROM parts WHERE id < 3 RETURNING *) INSERT INTO parts SELECT id, 2, v FROM gone`, want: []string{
			`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
			`created parts [2, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 2}`,
			`deleted parts [1, 2] {"d": 0, "n": 0, "v": "b", "id": 2, "part": 1}`,
			`created parts [2, 2] {"d": 0, "n": 0, "v": "b", "id": 2, "part": 2}`}},
		{name: "move, delete and insert in one statement", sql: `
			WITH gone AS (DELETE FROM parts WHERE id = 3 RETURNING *), moved AS (UPDATE parts SET part = 2 WHERE id = 1)
			INSERT INTO parts SELECT id, 1, v FROM gone`, want: []string{
			`deleted parts [2, 3] {"d": 0, "n": 0, "v": "c", "id": 3, "part": 2}`,
			`created parts [1, 3] {"d": 0, "n": 0, "v": "c", "id": 3, "part": 1}`,
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`}},
		{name: "rolled back to a savepoint", sql: `
			BEGIN; SAVEPOINT a; UPDATE parts SET part = 2 WHERE id = 1; ROLLBACK TO a; UPDATE parts SET part = 3 WHERE id = 1;
			SAVEPOINT b; UPDATE parts SET part = 2 WHERE id = 2; RELEASE b; COMMIT`, want: []string{
			`updated parts [1, 1] → [3, 1] {"part": 1} → {"part": 3}`,
			`updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`}},
		{name: "caught in a block", sql: `
			DO $$ BEGIN
				BEGIN UPDATE parts SET part = 2, n = 1 WHERE id = 1; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END;
				DELETE FROM parts WHERE id = 1; INSERT INTO parts VALUES (1, 2, 'a', 1);
			END $$`, want: []string{
			`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
			`created parts [2, 1] {"d": 2, "n": 1, "v": "a", "id": 1, "part": 2}`}},
		{name: "constraints are immediate", sql: `BEGIN; SET CONSTRAINTS ALL IMMEDIATE; UPDATE parts SET part = 2 WHERE id < 3; SET CONSTRAINTS ALL IMMEDIATE; COMMIT`, want: []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
			`updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`}},
		{name: "a trigger drops the row", setup: trigger("veto", `RETURN NULL`) + `CREATE TRIGGER veto BEFORE INSERT ON p2 FOR EACH ROW WHEN (NEW.id < 3) EXECUTE FUNCTION veto();`,
			sql: `
				BEGIN; SET LOCAL exaudit.custom = '{"actor_id": 1}'; UPDATE parts SET part = 2 WHERE id = 1; SET LOCAL exaudit.custom = '';
				INSERT INTO parts VALUES (1, 1, 'again'); ALTER TABLE p2 DISABLE TRIGGER veto; INSERT INTO parts VALUES (1, 2, 'a'); COMMIT`, want: []string{
				`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
				`created parts [1, 1] {"d": 0, "n": 0, "v": "again", "id": 1, "part": 1}`,
				`created parts [2, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 2}`}},
		{name: "a trigger drops one of the rows", setup: trigger("veto", `RETURN NULL`) + `CREATE TRIGGER veto BEFORE INSERT ON p2 FOR EACH ROW WHEN (NEW.id < 2) EXECUTE FUNCTION veto();`,
			sql: `UPDATE parts SET part = 2 WHERE part = 1`, want: []string{
				`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
				`updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`}},
		{name: "a trigger keeps the row", setup: trigger("veto", `RETURN NULL`) + `CREATE TRIGGER veto BEFORE DELETE ON p1 FOR EACH ROW EXECUTE FUNCTION veto();`,
			sql: `
				BEGIN; UPDATE parts SET part = 2 WHERE id = 1; ALTER TABLE p1 DISABLE TRIGGER veto;
				DELETE FROM parts WHERE id = 1; INSERT INTO parts VALUES (1, 2, 'a'); COMMIT`, want: []string{
				`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
				`created parts [2, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 2}`}},
		{name: "a trigger after ours keeps the row", setup: trigger("veto", `RETURN NULL`) + `CREATE TRIGGER "~~" BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION veto();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: nil},
		{name: "a trigger puts the row elsewhere", setup: trigger("redirect", `INSERT INTO parts (id, part, v) VALUES (NEW.id, 3, NEW.v); RETURN NULL`) +
			`CREATE TRIGGER redirect BEFORE INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION redirect();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
				`created parts [3, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 3}`,
				`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`}},
		{name: "a trigger moves the row", setup: trigger("choose", `NEW.part := 2; NEW.n := 9; RETURN NEW`) +
			`CREATE TRIGGER z_choose BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION choose();`,
			sql: `UPDATE parts SET v = 'A' WHERE id = 1`, want: []string{
				`updated parts [1, 1] → [2, 1] {"d": 0, "n": 0, "v": "a", "part": 1} → {"d": 18, "n": 9, "v": "A", "part": 2}`}},
		{name: "a trigger changes the row on its way", setup: trigger("stamp", `NEW.n := 9; RETURN NEW`) +
			`CREATE TRIGGER stamp BEFORE INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION stamp();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
				`updated parts [1, 1] → [2, 1] {"d": 0, "n": 0, "part": 1} → {"d": 18, "n": 9, "part": 2}`}},
		{name: "a trigger changes the key on its way", setup: trigger("renumber", `NEW.id := 9; RETURN NEW`) +
			`CREATE TRIGGER renumber BEFORE INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION renumber();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
				`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
				`created parts [2, 9] {"d": 0, "n": 0, "v": "a", "id": 9, "part": 2}`}},
		// between the two halves
		{name: "a nested update of the moved row", setup: trigger("nested", `UPDATE parts SET n = n + 1 WHERE id = OLD.id; RETURN NULL`) +
			`CREATE TRIGGER nested AFTER DELETE ON p1 FOR EACH ROW EXECUTE FUNCTION nested();`,
			sql: `UPDATE parts SET part = 2 WHERE part = 1`, want: []string{
				`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
				`updated parts [2, 1] {"d": 0, "n": 0} → {"d": 2, "n": 1}`,
				`updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`,
				`updated parts [2, 2] {"d": 0, "n": 0} → {"d": 2, "n": 1}`}},
		{name: "a nested move of the moved row", setup: trigger("nested", `UPDATE parts SET part = 3 WHERE id = OLD.id; RETURN NULL`) +
			`CREATE TRIGGER nested AFTER DELETE ON p1 FOR EACH ROW EXECUTE FUNCTION nested();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
				`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
				`updated parts [2, 1] → [3, 1] {"part": 2} → {"part": 3}`}},
		{name: "a nested delete of the moved row", setup: trigger("nested", `DELETE FROM parts WHERE id = OLD.id; RETURN NULL`) +
			`CREATE TRIGGER nested AFTER DELETE ON p1 FOR EACH ROW EXECUTE FUNCTION nested();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
				`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
				`deleted parts [2, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 2}`}},
		{name: "a nested insert in the row's place", setup: trigger("nested", `INSERT INTO parts VALUES (OLD.id, OLD.part, 'tombstone'); RETURN NULL`) +
			`CREATE TRIGGER nested AFTER DELETE ON p1 FOR EACH ROW EXECUTE FUNCTION nested();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
				`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
				`created parts [1, 1] {"d": 0, "n": 0, "v": "tombstone", "id": 1, "part": 1}`}},
		{name: "the end is called for in between", setup: trigger("impatient", `SET CONSTRAINTS ALL IMMEDIATE; RETURN NULL`) +
			`CREATE TRIGGER impatient AFTER DELETE ON p1 FOR EACH ROW EXECUTE FUNCTION impatient();`,
			sql: `UPDATE parts SET part = 2 WHERE id = 1`, want: []string{
				`deleted parts [1, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1}`,
				`created parts [2, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 2}`}},
		{name: "in a deferred trigger", setup: trigger("late", `UPDATE parts SET part = 2 WHERE id = 1; RETURN NULL`) +
			`CREATE TABLE others (id int); CREATE CONSTRAINT TRIGGER late AFTER INSERT ON others INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late();`,
			sql: `INSERT INTO others VALUES (1)`, want: []string{
				`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`}},
	}, 16) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, parts+c.setup)
			if db.Major < c.major {
				t.Skipf("needs PostgreSQL %d", c.major)
			}
			auditdb.Install(t, db, "parts")
			db.Exec(t, c.sql)
			wantRecorded(t, db, c.want...)
			wantNoMoves(t, db)
			wantNoDrift(t, db)
		})
	}
}

// trigger is a trigger function of a name with statements.
func trigger(name, statements string) string {
	return fmt.Sprintf(`CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; END $$;`, name, statements)
}

// wantNoMoves checks that no transaction has left anything behind.
func wantNoMoves(t *testing.T, db *pgtest.DB) {
	t.Helper()
	if left := list[string](t, db.Pool, `SELECT m::text FROM exaudit_internal.moves m`); len(left) > 0 {
		t.Errorf("left in exaudit_internal.moves: %v", left)
	}
}

// A delete that was held back keeps the session's data of its time.
func TestMoveDroppedKeepsCustom(t *testing.T) {
	t.Parallel()
	db := tracked(t, parts+`ALTER TABLE exaudit.versions ADD COLUMN actor_id bigint;`+trigger("veto", `RETURN NULL`)+
		`CREATE TRIGGER veto BEFORE INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION veto()`, "parts")
	db.Exec(t, `
		BEGIN; SELECT set_config('exaudit.custom', '{"actor_id": 7}', true); UPDATE parts SET part = 2 WHERE id = 1;
		SELECT set_config('exaudit.custom', '{"actor_id": 8}', true); UPDATE parts SET v = 'x' WHERE id = 2; COMMIT`)
	got := strings.Join(list[string](t, db.Pool, `SELECT concat_ws(' ', action, entity_id, actor_id, custom) FROM exaudit.versions ORDER BY id`), "\n")
	if want := `deleted [1, 1] 7 {"actor_id": 7}` + "\n" + `updated [1, 2] 8 {"actor_id": 8}`; got != want {
		t.Errorf("recorded\n%s\nwant\n%s", got, want)
	}
}

func TestMoveOptions(t *testing.T) {
	t.Parallel()
	const two = `UPDATE parts SET part = 2, v = 'A' WHERE id = 1; UPDATE parts SET part = 2 WHERE id = 2`
	for _, c := range testall.Sample([]struct {
		name    string
		options audit.TableOptions
		sql     string
		want    []string
	}{
		{"exclude", audit.TableOptions{Exclude: []string{"v", "d"}}, two, []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`, `updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`}},
		{"mask", audit.TableOptions{Mask: []string{"v"}}, two, []string{
			`updated parts [1, 1] → [2, 1] {"": [{"masked": "v"}], "v": "***", "part": 1} → {"": [{"masked": "v"}], "v": "***", "part": 2}`,
			`updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`}},
		{"where", audit.TableOptions{Where: "r.v <> 'b'"}, two, []string{
			`updated parts [1, 1] → [2, 1] {"v": "a", "part": 1} → {"v": "A", "part": 2}`}},
		{"updates", audit.TableOptions{Updates: "full"}, two, []string{
			`updated parts [1, 1] → [2, 1] {"d": 0, "n": 0, "v": "a", "id": 1, "part": 1} → {"d": 0, "n": 0, "v": "A", "id": 1, "part": 2}`,
			`updated parts [1, 2] → [2, 2] {"d": 0, "n": 0, "v": "b", "id": 2, "part": 1} → {"d": 0, "n": 0, "v": "b", "id": 2, "part": 2}`}},
		{"allow_ignore", audit.TableOptions{AllowIgnore: true}, `BEGIN; SET LOCAL exaudit.ignore = 'on'; ` + two + `; COMMIT`, nil},
		{"record_replicated", audit.TableOptions{RecordReplicated: true}, `BEGIN; SET LOCAL session_replication_role = replica; ` + two + `; COMMIT`, []string{
			`updated parts [1, 1] → [2, 1] {"v": "a", "part": 1} → {"v": "A", "part": 2}`, `updated parts [1, 2] → [2, 2] {"part": 1} → {"part": 2}`}},
		{"none, as a replica", audit.TableOptions{}, `BEGIN; SET LOCAL session_replication_role = replica; ` + two + `; COMMIT`, nil},
	}, 3) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, parts)
			if _, err := triggers.Install(context.Background(), db.Pool, []string{"parts"},
				triggers.WithOptions(map[string]audit.TableOptions{"parts": c.options})); err != nil {
				t.Fatal(err)
			}
			db.Exec(t, c.sql)
			wantRecorded(t, db, c.want...)
			wantNoMoves(t, db)
			wantNoDrift(t, db)
		})
	}
}

// No version where nothing changed that is recorded, and who was logged in where that is asked for.
func TestMoveUnrecorded(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TABLE parts (id int, v text, n int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
		CREATE TABLE lowest PARTITION OF low FOR VALUES FROM (0) TO (10);
		CREATE TABLE lower PARTITION OF low FOR VALUES FROM (10) TO (100);
		INSERT INTO parts VALUES (1, 'a', 1)`)
	if _, err := triggers.Install(context.Background(), db.Pool, []string{"parts"}, triggers.WithOptions(map[string]audit.TableOptions{
		"parts": {RecordSessionUser: true, Exclude: []string{"n"}}})); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE parts SET id = 20, n = 2; UPDATE parts SET n = 3`)
	if got := list[bool](t, db.Pool, `SELECT session_user_name = session_user FROM exaudit.versions`); len(got) != 1 || !got[0] {
		t.Errorf("session_user_name is right: %v", got)
	}
	wantRecorded(t, db, `updated parts 1 → 20 {"id": 1} → {"id": 20}`)
}

// What was altered since the triggers were written is recorded all the same.
func TestMoveAltered(t *testing.T) {
	t.Parallel()
	for _, c := range testall.Sample([]struct {
		name, ddl, sql string
		want           []string
	}{
		{"a new column", `ALTER TABLE parts ADD COLUMN more int DEFAULT 1`, `UPDATE parts SET part = 2, more = 2 WHERE id = 1`, []string{
			`updated parts [1, 1] → [2, 1] {"more": 1, "part": 1} → {"more": 2, "part": 2}`}},
		{"a key column renamed", `ALTER TABLE parts RENAME COLUMN part TO shelf`, `UPDATE parts SET shelf = 2 WHERE id = 1`, []string{
			`updated parts [1, 1] → [2, 1] {"shelf": 1} → {"shelf": 2}`}},
		{"a column dropped", `ALTER TABLE parts DROP COLUMN v`, `UPDATE parts SET part = 2 WHERE id = 1`, []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`}},
		{"no key any more", `ALTER TABLE parts DROP CONSTRAINT parts_pkey; ALTER TABLE parts DROP COLUMN d`, `UPDATE parts SET part = 2 WHERE id = 1`, []string{
			`updated parts {"n": 0, "v": "a", "id": 1, "part": 1} → {"n": 0, "v": "a", "id": 1, "part": 2} {"part": 1} → {"part": 2}`}},
		{"partitions attached and made later", `
			CREATE TABLE p7 (part int NOT NULL, id int NOT NULL, n int NOT NULL DEFAULT 0, v text, d int GENERATED ALWAYS AS (n * 2) STORED);
			INSERT INTO p7 VALUES (7, 1); ALTER TABLE parts ATTACH PARTITION p7 FOR VALUES IN (7);
			CREATE TABLE p8 PARTITION OF parts FOR VALUES IN (8) PARTITION BY RANGE (id); CREATE TABLE p8_all PARTITION OF p8 DEFAULT`,
			`UPDATE parts SET part = 8 WHERE part = 7; UPDATE parts SET part = 7 WHERE id = 2`, []string{
				`updated parts [7, 1] → [8, 1] {"part": 7} → {"part": 8}`, `updated parts [1, 2] → [7, 2] {"part": 1} → {"part": 7}`}},
		{"a partition with partitions of a later time", `
			CREATE TABLE p8 PARTITION OF parts FOR VALUES IN (8) PARTITION BY RANGE (id);
			CREATE TABLE p8_1 PARTITION OF p8 FOR VALUES FROM (0) TO (10); CREATE TABLE p8_2 PARTITION OF p8 DEFAULT;
			BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO parts VALUES (8, 8, 'x'); COMMIT`,
			`UPDATE parts SET id = 18 WHERE id = 8`, []string{ // until the next sync
				`deleted parts [8, 8] {"d": 0, "n": 0, "v": "x", "id": 8, "part": 8}`, `created parts [8, 18] {"d": 0, "n": 0, "v": "x", "id": 18, "part": 8}`}},
		{"detached", `ALTER TABLE parts DETACH PARTITION p3; ALTER TABLE parts DROP COLUMN v`, `UPDATE p3 SET id = 15; UPDATE parts SET part = 2 WHERE id = 1`, []string{
			`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`}},
	}, 3) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := tracked(t, parts, "parts")
			db.Exec(t, c.ddl)
			db.Exec(t, c.sql)
			wantRecorded(t, db, c.want...)
			wantNoMoves(t, db)
			if c.name == "no key any more" {
				return
			}
			if _, err := triggers.Sync(context.Background(), db.Pool); err != nil {
				t.Fatal(err)
			}
			wantNoDrift(t, db)
			db.Exec(t, `INSERT INTO parts (id, `+one[string](t, db.Pool, `SELECT attname FROM pg_attribute WHERE attrelid = 'parts'::regclass AND attnum = 2`)+`) VALUES (19, 2)`)
		})
	}
}

// Sync puts back what moves need, for partitions with partitions that came later, too.
func TestMoveTriggersAreMended(t *testing.T) {
	t.Parallel()
	db := tracked(t, parts, "parts")
	db.Exec(t, `
		DROP TRIGGER "~exaudit_t1_move" ON parts; ALTER TABLE p3 DISABLE TRIGGER "~exaudit_t1_move_1"; ALTER TABLE exaudit_internal.moves DISABLE TRIGGER ALL;
		CREATE TABLE p8 PARTITION OF parts FOR VALUES IN (8) PARTITION BY RANGE (id);
		CREATE TABLE p8_1 PARTITION OF p8 FOR VALUES FROM (0) TO (10); CREATE TABLE p8_2 PARTITION OF p8 DEFAULT`)
	if got, want := strings.Join(drift(t, db), "\n"), `exaudit_internal.moves: trigger move_ends is disabled
public.parts: trigger "~exaudit_t1_move" is missing
public.parts: trigger "~exaudit_t1_move_1" on public.p3 is disabled
public.parts: trigger "~exaudit_t1_move_1" on public.p8 is missing`; !containsLines(got, want) {
		t.Errorf("drift\n%s\nwant\n%s", got, want)
	}
	done, err := triggers.Sync(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 2 || done[0].Table != "exaudit_internal.moves" || !done[0].Changed || !done[1].Changed {
		t.Errorf("mended %+v", done)
	}
	wantNoDrift(t, db)
	db.Exec(t, `UPDATE parts SET part = 8 WHERE id < 3; UPDATE p8 SET id = 12 WHERE id = 2; UPDATE parts SET id = 14 WHERE id = 4`)
	wantRecorded(t, db,
		`updated parts [1, 1] → [8, 1] {"part": 1} → {"part": 8}`, `updated parts [1, 2] → [8, 2] {"part": 1} → {"part": 8}`,
		`updated parts [8, 2] → [8, 12] {"id": 2} → {"id": 12}`, `updated parts [3, 4] → [3, 14] {"id": 4} → {"id": 14}`)
	if err := triggers.Uninstall(context.Background(), db.Pool, []string{"parts"}); err != nil {
		t.Fatal(err)
	}
	if left := list[string](t, db.Pool, `SELECT tgname::text FROM pg_trigger WHERE tgname LIKE '%exaudit%' AND tgrelid <> 'exaudit.versions'::regclass`); len(left) > 0 {
		t.Errorf("after uninstall: %v", left)
	}
}

func containsLines(text, lines string) bool {
	for _, line := range strings.Split(lines, "\n") {
		if !slices.Contains(strings.Split(text, "\n"), line) {
			return false
		}
	}
	return true
}

// The columns of an altered table that a move is the first to write are those of its version.
func TestMoveNotesColumns(t *testing.T) {
	t.Parallel()
	db := tracked(t, parts, "parts")
	db.Exec(t, `UPDATE parts SET v = 'x' WHERE id = 2; ALTER TABLE parts ADD COLUMN more int; UPDATE parts SET part = 2, more = 1 WHERE id = 1`)
	if !one[bool](t, db.Pool, `SELECT max(since) < (SELECT max(id) FROM exaudit.versions) FROM exaudit_internal.column_snapshots`) {
		t.Error("the snapshot of the new columns begins after the version that has them")
	}
}

// What any role may do makes no update of a delete and an insert, and loses nothing.
func TestMoveCannotBeForged(t *testing.T) {
	t.Parallel()
	db := tracked(t, parts, "parts")
	app := db.Role(t, "NOLOGIN")
	db.Exec(t, `GRANT SELECT, INSERT, UPDATE, DELETE ON parts, p1, p2 TO `+app)
	conn := db.Connect(t, app)
	for _, s := range []string{
		`SELECT * FROM exaudit_internal.moves`, `INSERT INTO exaudit_internal.moves (relation, row_id, new_entity_id) VALUES ('p1'::regclass, '(0,1)', '[2, 1]')`,
		`DELETE FROM exaudit_internal.moves`, `TRUNCATE exaudit_internal.moves`, `SET CONSTRAINTS exaudit_internal.move_ends IMMEDIATE`, `ALTER TABLE exaudit_internal.moves DISABLE TRIGGER ALL`,
		`SELECT exaudit_internal.note_move('p1'::regclass, '(0,1)', '[2, 1]')`,
		`SELECT exaudit_internal.begin_move(1, 'p1'::regclass, '(0,1)', '{}', '[]', '{}')`, `SELECT exaudit_internal.finish_move(1, 'p1'::regclass, '0', '{}', '[]', '{}')`,
		`CREATE TEMP TABLE mine (id int); CREATE TRIGGER t BEFORE UPDATE ON mine FOR EACH ROW EXECUTE FUNCTION exaudit_internal.t1_move()`,
		`CREATE TEMP TABLE mine (id int); CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION exaudit_internal.end_move()`,
	} {
		if err := fails(t, conn, s); err.Code != "42501" {
			t.Errorf("%s: %v", s, err)
		}
	}
	run(t, conn, `BEGIN`, `SET CONSTRAINTS ALL IMMEDIATE`, `UPDATE parts SET part = 2 WHERE id = 1`, `SET CONSTRAINTS ALL IMMEDIATE`,
		`DELETE FROM parts WHERE id = 2`, `INSERT INTO parts VALUES (2, 2, 'b')`, `COMMIT`)
	wantRecorded(t, db,
		`updated parts [1, 1] → [2, 1] {"part": 1} → {"part": 2}`,
		`deleted parts [1, 2] {"d": 0, "n": 0, "v": "b", "id": 2, "part": 1}`,
		`created parts [2, 2] {"d": 0, "n": 0, "v": "b", "id": 2, "part": 2}`)
	wantNoMoves(t, db)
}

// Whatever is done to a partitioned table, its rows can be made again from its versions:
// each version fits the state that those before it give.
func TestMovesProperty(t *testing.T) {
	t.Parallel()
	db := tracked(t, parts+`
		CREATE TABLE odd (id int PRIMARY KEY);
		INSERT INTO odd SELECT generate_series(1, 19, 6);`+
		trigger("veto", `RETURN CASE WHEN EXISTS (SELECT FROM odd WHERE odd.id = NEW.id) THEN NULL ELSE NEW END`)+`
		CREATE TRIGGER veto BEFORE INSERT ON p2 FOR EACH ROW EXECUTE FUNCTION veto();`+
		trigger("follow", `UPDATE parts SET n = n + 1 WHERE id = OLD.id AND n < 3; RETURN NULL`)+`
		CREATE TRIGGER follow AFTER DELETE ON p1 FOR EACH ROW WHEN (OLD.id % 3 = 0) EXECUTE FUNCTION follow();
		DELETE FROM parts`, "parts")
	conn := db.Connect(t, "")
	statement := rapid.Custom(func(r *rapid.T) string {
		id, part := rapid.IntRange(0, 19).Draw(r, "id"), rapid.IntRange(1, 3).Draw(r, "part")
		return strings.NewReplacer("$id", fmt.Sprint(id), "$part", fmt.Sprint(part)).Replace(rapid.SampledFrom([]string{
			`INSERT INTO parts VALUES ($id, $part, 'i') ON CONFLICT DO NOTHING`,
			`INSERT INTO parts SELECT g, $part, 's' FROM generate_series($id, 19, 4) g ON CONFLICT (part, id) DO UPDATE SET n = parts.n + 1`,
			`UPDATE parts SET v = v || '!' WHERE id < $id`,
			`DELETE FROM parts WHERE id = $id`,
			`UPDATE parts SET part = $part WHERE id >= $id AND NOT EXISTS (SELECT FROM parts o WHERE o.id = parts.id AND o.part <> parts.part)`,
			`UPDATE parts SET part = 1 + (part + id) % 3, n = $part WHERE id % $part = 0 AND NOT EXISTS (SELECT FROM parts o WHERE o.id = parts.id AND o.part <> parts.part)`,
			`UPDATE parts SET id = 19 - id WHERE part = 3 AND NOT EXISTS (SELECT FROM parts o WHERE o.id = 19 - parts.id)`,
			`WITH d AS (DELETE FROM parts WHERE part > 1 AND id < $id AND part <> $part RETURNING *) INSERT INTO parts SELECT id, 1 + part % 3, v FROM d ON CONFLICT DO NOTHING`,
			`SET CONSTRAINTS ALL IMMEDIATE`,
			`SAVEPOINT s`, `ROLLBACK TO s`,
		}).Draw(r, "statement"))
	})
	rapid.Check(t, func(r *rapid.T) {
		run(t, conn, `ROLLBACK`, `BEGIN`, `SAVEPOINT s`)
		for _, s := range rapid.SliceOfN(statement, 1, 12).Draw(r, "statements") {
			if _, err := conn.Exec(context.Background(), s); err != nil {
				r.Fatalf("%v\n%s", err, s)
			}
		}
		run(t, conn, `COMMIT`)
		state := map[string]row{}
		for _, v := range list[string](t, conn, `SELECT to_jsonb(v)::text FROM exaudit.versions v ORDER BY id`) {
			if err := replay(state, v); err != nil {
				r.Fatalf("%v\n%s", err, recorded(t, db))
			}
		}
		present := list[string](t, conn, `SELECT exaudit_internal.encode(p.*)::text FROM parts p`)
		for _, image := range present {
			var is row
			if err := json.Unmarshal([]byte(image), &is); err != nil {
				r.Fatal(err)
			}
			if key := fmt.Sprintf("[%v, %v]", is["part"], is["id"]); !reflect.DeepEqual(state[key], is) {
				r.Fatalf("row %v, recorded %v\n%s", is, state[key], recorded(t, db))
			}
		}
		if len(present) != len(state) {
			r.Fatalf("%d rows, recorded %v\n%s", len(present), state, recorded(t, db))
		}
		wantNoMoves(t, db)
	})
}

type row map[string]any

// replay makes the change of a version, which must fit.
func replay(state map[string]row, version string) error {
	var v struct {
		Action        string
		Entity        string  `json:"entity_id"`
		Previous      *string `json:"previous_entity_id"`
		Before, After row
	}
	if err := json.Unmarshal([]byte(version), &v); err != nil {
		return err
	}
	from := v.Entity
	if v.Previous != nil {
		from = *v.Previous
	}
	present, ok := state[from]
	if ok == (v.Action == "created") {
		return fmt.Errorf("%s: there is %v\n%s", from, present, version)
	}
	for name, value := range v.Before {
		if present[name] != value {
			return fmt.Errorf("%s: column %s was %v\n%s", from, name, present[name], version)
		}
	}
	delete(state, from)
	if v.Action == "deleted" {
		return nil
	}
	became := maps.Clone(present)
	if became == nil {
		became = row{}
	}
	maps.Copy(became, v.After)
	if _, taken := state[v.Entity]; taken {
		return fmt.Errorf("%s is there already\n%s", v.Entity, version)
	}
	state[v.Entity] = became
	return nil
}

// A level with partitions of its own that is detached moves its rows as its own affair, and
// its triggers go with the next sync; attached again, its moves are recorded again.
func TestMovesOfDetachedLevel(t *testing.T) {
	t.Parallel()
	db := tracked(t, parts, "parts")
	db.Exec(t, `ALTER TABLE parts DETACH PARTITION p3; UPDATE p3 SET id = 14 WHERE id = 4; UPDATE p3 SET id = 4; TRUNCATE p3_high`)
	wantRecorded(t, db)
	wantDrift(t, db, `trigger "~exaudit_t1_move_1" on public.p3 is left over`)
	db.Exec(t, `ALTER TABLE parts ATTACH PARTITION p3 FOR VALUES IN (3); UPDATE parts SET id = 14 WHERE id = 4`)
	wantRecorded(t, db, `updated parts [3, 4] → [3, 14] {"id": 4} → {"id": 14}`)
	wantNoDrift(t, db)
	db.Exec(t, `ALTER TABLE parts DETACH PARTITION p3`)
	if _, err := triggers.Sync(context.Background(), db.Pool); err != nil {
		t.Fatal(err)
	}
	wantNoDrift(t, db)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM pg_trigger WHERE tgrelid IN (SELECT relid FROM pg_partition_tree('p3')) AND tgname LIKE '%exaudit%'`); n != 0 {
		t.Errorf("%d triggers are left", n)
	}
}
