package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// withoutImage is a history of two tables of the same columns, of which one has the option skip_insert_image.
type withoutImage struct {
	create string // of a table {t}, if it is another one than usual
	option audit.TableOptions
	then   []string // statements for each table, which is {t}
	stored int      // how many creates have an image
	lost   string   // columns that are missing in the images of the first create, "all" for every column
	lines  bool     // also states, which go through
}

var withoutImages = map[string]withoutImage{
	"never changed": {lines: true, then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1.0, '{"a": 1}'), (2, NULL, NULL, NULL), (3, '', 1.00, 'null')`}},
	"changed and deleted": {lines: true, then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1.0, '{"a": 1}'), (2, NULL, NULL, 'null')`, `UPDATE {t} SET n = 1.00`, `UPDATE {t} SET info = NULL, name = 'y'`,
		`DELETE FROM {t} WHERE id = 1`}},
	"lives": {lines: true, then: []string{
		`INSERT INTO {t} VALUES (1, 'x')`, `DELETE FROM {t}`, `INSERT INTO {t} VALUES (1, 'y')`, `UPDATE {t} SET name = 'z'`, `DELETE FROM {t}`,
		`BEGIN; INSERT INTO {t} VALUES (1, 'v'); DELETE FROM {t}; INSERT INTO {t} VALUES (1, 'w'); COMMIT`, `UPDATE {t} SET name = 'q'`}},
	"keys": {lines: true, then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1), (2, 'y', 2)`, `UPDATE {t} SET name = name || '!'`, `UPDATE {t} SET id = 3 WHERE id = 1`, `UPDATE {t} SET id = 1 WHERE id = 2`,
		`UPDATE {t} SET name = 'z', n = NULL WHERE id = 3`, `INSERT INTO {t} VALUES (2, 'new')`, `DELETE FROM {t} WHERE id = 3`, `UPDATE {t} SET id = 9 WHERE id = 2`}},
	"one command": {lines: true, then: []string{
		`INSERT INTO {t} VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'never'`, `INSERT INTO {t} VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y'`,
		`WITH d AS (DELETE FROM {t} WHERE id = 1 RETURNING *) INSERT INTO {t} SELECT id + 1, name FROM d`}},
	"a trigger changes other rows first": {lines: true, stored: 2, then: []string{
		`CREATE FUNCTION next_{t}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE {t} SET name = name || '+' WHERE id = NEW.id + 1; RETURN NULL; END $$`,
		`CREATE TRIGGER next AFTER INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION next_{t}()`,
		`INSERT INTO {t} VALUES (1, 'a'), (2, 'b'), (3, 'c')`, `UPDATE {t} SET n = 5`}},
	"a trigger changes the row first": {lines: true, stored: 1, then: []string{
		`CREATE FUNCTION own_{t}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE {t} SET name = 'later' WHERE id = NEW.id; RETURN NULL; END $$`,
		`CREATE TRIGGER " first" AFTER INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION own_{t}()`,
		`INSERT INTO {t} VALUES (1, 'a')`, `UPDATE {t} SET n = 5`}},
	"a trigger deletes the row first": {lines: true, stored: 1, then: []string{
		`CREATE FUNCTION gone_{t}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM {t} WHERE id = NEW.id; RETURN NULL; END $$`,
		`CREATE TRIGGER " first" AFTER INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION gone_{t}()`,
		`INSERT INTO {t} VALUES (1, 'a')`}},
	"a trigger puts another row there": {lines: true, then: []string{
		`CREATE FUNCTION back_{t}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO {t} VALUES (OLD.id, 'back'); RETURN NULL; END $$`,
		`INSERT INTO {t} VALUES (1, 'a')`,
		`CREATE TRIGGER " first" AFTER DELETE ON {t} FOR EACH ROW WHEN (OLD.name = 'a') EXECUTE FUNCTION back_{t}()`,
		`DELETE FROM {t}`, `UPDATE {t} SET n = 5`}},
	"truncated":   {lines: true, then: []string{`INSERT INTO {t} VALUES (1, 'x', 1.0)`, `TRUNCATE {t}`, `INSERT INTO {t} VALUES (1, 'y', 1.0)`}},
	"custom data": {lines: true, then: []string{`SET exaudit.custom = '{"a": 1}'; INSERT INTO {t} VALUES (1, 'x', 1.0); RESET exaudit.custom`}},
	"renamed": {lines: true, then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1)`, `ALTER TABLE {t} RENAME COLUMN name TO n2; ALTER TABLE {t} RENAME COLUMN n TO name; ALTER TABLE {t} RENAME COLUMN n2 TO n`,
		`UPDATE {t} SET n = 'y'`}},
	"added": {lines: true, stored: 1, then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1)`, `ALTER TABLE {t} ADD COLUMN more int DEFAULT 7`, `UPDATE {t} SET more = 8`, `INSERT INTO {t} VALUES (2, 'y', 1)`}},
	"dropped":           {lost: "name", then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `UPDATE {t} SET n = 2`, `ALTER TABLE {t} DROP COLUMN name`}},
	"dropped and added": {lost: "name (dropped)", then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `ALTER TABLE {t} DROP COLUMN name; ALTER TABLE {t} ADD COLUMN name text DEFAULT 'new'`}},
	"dropped after a delete": {then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `UPDATE {t} SET n = 2`, `UPDATE {t} SET name = 'y'`, `DELETE FROM {t}`,
		`ALTER TABLE {t} DROP COLUMN name; ALTER TABLE {t} ALTER COLUMN n TYPE int`}},
	"dropped after a baseline": {then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `UPDATE {t} SET name = 'y'`, `LOCK TABLE {t} IN SHARE ROW EXCLUSIVE MODE; SELECT exaudit.record_baseline((SELECT id FROM exaudit.tables WHERE table_name = '{t}'), false)`,
		`UPDATE {t} SET n = 3`, `ALTER TABLE {t} DROP COLUMN name; ALTER TABLE {t} ALTER COLUMN n TYPE int`}},
	"another type": {lost: "n", then: []string{`INSERT INTO {t} VALUES (1, 'x', 1.5)`, `ALTER TABLE {t} ALTER COLUMN n TYPE int`, `UPDATE {t} SET n = 2`}},
	"labels": {
		create: `CREATE TYPE mood_{t} AS ENUM ('sad', 'ok'); CREATE TABLE {t} (id int PRIMARY KEY, m mood_{t})`,
		lines:  true, then: []string{`INSERT INTO {t} VALUES (1, 'sad'), (2, 'ok')`, `ALTER TYPE mood_{t} RENAME VALUE 'sad' TO 'blue'`, `UPDATE {t} SET m = 'ok'`},
	},
	"partitions": {
		create: `CREATE TABLE {t} (id int, p int, name text, PRIMARY KEY (p, id)) PARTITION BY LIST (p);
			CREATE TABLE {t}_1 PARTITION OF {t} FOR VALUES IN (1); CREATE TABLE {t}_2 PARTITION OF {t} FOR VALUES IN (2)`,
		stored: -1, // that depends on what else the session has done
		lines:  true, then: []string{`INSERT INTO {t} VALUES (1, 1, 'x'), (2, 2, 'y')`, `UPDATE {t} SET p = 2 WHERE id = 1`, `UPDATE {t} SET name = 'z'`, `INSERT INTO {t}_1 VALUES (1, 1, 'n')`},
	},
	"time zone": {create: `CREATE TABLE {t} (id timestamptz PRIMARY KEY, at timestamptz)`, lines: true, stored: 1, then: []string{
		`SET timezone = 'Asia/Tokyo'; INSERT INTO {t} VALUES ('2026-01-01', '2026-01-01'); RESET timezone`, `UPDATE {t} SET at = '2027-01-01'`}},
	"time zone of another column": {create: `CREATE TABLE {t} (id int PRIMARY KEY, at timestamptz)`, lines: true, then: []string{
		`SET timezone = 'Asia/Tokyo'; INSERT INTO {t} VALUES (1, '2026-01-01'); RESET timezone`, `UPDATE {t} SET at = '2027-01-01'`}},
	"masked":   {option: audit.TableOptions{Mask: []string{"name"}}, then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `UPDATE {t} SET name = 'y', n = 2`}},
	"excluded": {option: audit.TableOptions{Exclude: []string{"name"}}, then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `UPDATE {t} SET name = 'y', n = 2`}},
	"full":     {option: audit.TableOptions{Updates: audit.UpdatesFull}, lines: true, then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `UPDATE {t} SET name = 'y'`}},
	"out of sight": {lost: "all", then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1)`, `ALTER TABLE {t} DISABLE TRIGGER USER; UPDATE {t} SET name = 'y'`}},
	"gone out of sight": {lost: "all", then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1)`, `SET session_replication_role = replica; DELETE FROM {t}; RESET session_replication_role`}},
	"retention": {lost: "all", then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1)`, `UPDATE {t} SET name = 'y'`,
		`BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions WHERE action = 'updated' AND table_id = (SELECT id FROM exaudit.tables WHERE table_name = '{t}'); COMMIT`}},
	"another key": {lost: "all", then: []string{
		`INSERT INTO {t} VALUES (1, 'x', 1)`, `ALTER TABLE {t} DROP CONSTRAINT {t}_pkey, ADD PRIMARY KEY (id, n)`, `UPDATE {t} SET name = 'y'`}},
	"table dropped": {lost: "all", then: []string{`INSERT INTO {t} VALUES (1, 'x', 1)`, `DROP TABLE {t}`}},
}

// A create that was recorded without an image is read as if it had one; what is not known is missing in it.
func TestCreatesWithoutImage(t *testing.T) {
	t.Parallel()
	for name, c := range testall.SampleMap(withoutImages, 14) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			db := auditdb.New(t, "")
			adb := exaudit.New(db.Pool)
			lean := c.option
			lean.SkipInsertImage = true
			for table, option := range map[string]audit.TableOptions{"plain": c.option, "lean": lean} {
				create := c.create
				if create == "" {
					create = "CREATE TABLE {t} (id int PRIMARY KEY, name text, n numeric, info jsonb)"
				}
				db.Exec(t, strings.ReplaceAll(create, "{t}", table))
				_, err := adb.Install(ctx, []string{table}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{table: option}})
				end(t, err)
				for _, statement := range c.then {
					db.Exec(t, strings.ReplaceAll(statement, "{t}", table))
				}
			}
			if got := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.history WHERE table_name = 'lean' AND action = 'created' AND after IS NOT NULL`); got != c.stored && c.stored >= 0 {
				t.Errorf("%d creates have an image, want %d", got, c.stored)
			}
			with, without := createdIn(t, adb, "plain"), createdIn(t, adb, "lean")
			if len(with) == 0 {
				t.Error("nothing was created")
			}
			for i, v := range without {
				want := with[i].After
				for column := range want {
					if c.lost == "all" || i == 0 && column != "" && slices.Contains(strings.Split(c.lost, ", "), column) {
						delete(want, column)
					}
				}
				if !reflect.DeepEqual(v.After, want) {
					t.Errorf("%s was created as %v, want %v", v.EntityID, v.After, want)
				}
				single, err := adb.Version(ctx, v.ID)
				if end(t, err); !reflect.DeepEqual(single.After, v.After) {
					t.Errorf("alone, %s was created as %v, want %v", v.EntityID, single.After, v.After)
				}
			}
			if c.lines {
				if with, without := statesIn(t, adb, "plain", with), statesIn(t, adb, "lean", without); with != without {
					t.Errorf("states are\n%s, want\n%s", without, with)
				}
			}
		})
	}
}

// Event triggers record the rows that have no image before a command removes some of their values, if its text names the
// table; by who may run it.
func TestImagesAreRecordedBeforeTheyAreLost(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range testall.SampleMap(map[string]struct {
		statement string
		lost      bool
	}{
		"drop":           {statement: `ALTER TABLE "Odd t" DROP COLUMN name`},
		"type":           {statement: `alter table "Odd t" alter column n type int`},
		"rows":           {statement: `DROP TABLE "Odd t"`},
		"key":            {statement: `ALTER TABLE "Odd t" DROP CONSTRAINT "Odd t_pkey", ADD PRIMARY KEY (n)`},
		"nothing is":     {statement: `ALTER TABLE "Odd t" ADD COLUMN more int, ALTER COLUMN n DROP NOT NULL`},
		"in a function":  {statement: `DO $do$ BEGIN EXECUTE format('ALTER TABLE %I DROP COLUMN name', 'Odd' || ' t'); END $do$`, lost: true},
		"of another":     {statement: `ALTER TABLE other DROP COLUMN name`},
		"by another":     {statement: `SET ROLE pg_monitor; DO $do$ BEGIN ALTER TABLE "Odd t" DROP COLUMN name; EXCEPTION WHEN OTHERS THEN NULL; END $do$; RESET ROLE`},
		"constraint":     {statement: `ALTER TABLE "Odd t" ADD CONSTRAINT c CHECK (n > 0); ALTER TABLE "Odd t" DROP CONSTRAINT c`},
		"nothing recent": {statement: `ALTER TABLE "Odd t" RENAME COLUMN name TO other`},
		"in a list":      {statement: `DROP TABLE IF EXISTS other, public . "Odd t" CASCADE`},
	}, 4) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, `CREATE TABLE "Odd t" (id int PRIMARY KEY, name text, n numeric NOT NULL); CREATE TABLE other (name text)`)
			adb := exaudit.New(db.Pool)
			_, err := adb.Install(ctx, []string{`"Odd t"`}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{`"Odd t"`: {SkipInsertImage: true}}})
			end(t, err)
			_, err = adb.FollowDDL(ctx, audit.FollowDDL{}, nil)
			end(t, err)
			db.Exec(t, `INSERT INTO "Odd t" VALUES (1, 'x', 1.5), (2, 'y', 2.5); UPDATE "Odd t" SET name = 'z' WHERE id = 2`)
			want := createdIn(t, adb, `"Odd t"`)
			db.Exec(t, c.statement)
			recorded := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE action = 'baseline'`)
			if should := map[string]int{"drop": 2, "type": 2, "rows": 2, "key": 2, "in a list": 2}[name]; recorded != should {
				t.Errorf("%d rows were recorded, want %d", recorded, should)
			}
			got := createdIn(t, adb, `"Odd t"`)
			for i, v := range want {
				if c.lost {
					delete(v.After, "name")
				}
				if name == "nothing recent" {
					v.After["other"] = v.After["name"]
					delete(v.After, "name")
				}
				if !reflect.DeepEqual(v.After, got[i].After) {
					t.Errorf("%s was created as %v, want %v", v.EntityID, got[i].After, v.After)
				}
			}
		})
	}
}

// Commands about other tables wait for none that they do not alter or drop, whatever else their text contains; and nothing of
// it is recorded.
func TestCommandsAboutOtherTablesDoNotWait(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE orders (id int PRIMARY KEY, name text); CREATE SCHEMA other; CREATE TABLE other.orders (id int PRIMARY KEY)`)
	adb := exaudit.New(db.Pool)
	_, err := adb.Install(ctx, []string{"orders"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"orders": {SkipInsertImage: true}}})
	end(t, err)
	_, err = adb.FollowDDL(ctx, audit.FollowDDL{}, nil)
	end(t, err)
	db.Exec(t, `INSERT INTO orders VALUES (1, 'x')`)
	reader, err := db.Pool.Begin(ctx)
	end(t, err)
	defer reader.Rollback(ctx)
	_, err = reader.Exec(ctx, "LOCK TABLE orders IN ACCESS SHARE MODE")
	end(t, err)
	session := db.Connect(t, "")
	for _, statements := range []string{
		`CREATE TABLE orders_old (orders int); DROP TABLE orders_old`,
		`CREATE TABLE items (id int); ALTER TABLE items ADD COLUMN type text, ADD COLUMN orders int`,
		`ALTER TABLE other.orders ADD COLUMN type text`,
		`SET search_path = other, public; ALTER TABLE orders DROP COLUMN type; RESET search_path`,
		`CREATE TEMP TABLE orders (id int); ALTER TABLE orders ADD COLUMN type text; DROP TABLE orders`,
	} {
		if _, err := session.Exec(ctx, "SET lock_timeout = '1s'; "+statements); err != nil {
			t.Errorf("%s: %v", statements, err)
		}
	}
	end(t, reader.Rollback(ctx))
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE action = 'baseline'`); n != 0 {
		t.Errorf("%d rows were recorded, want none", n)
	}
	_, err = session.Exec(ctx, `SET search_path = '', "$user", PUBLIC, other; ALTER TABLE ONLY orders DROP COLUMN name`)
	if end(t, err); pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE action = 'baseline'`) != 1 {
		t.Error("the row was not recorded before its column was dropped")
	}
}

// A generated column that is computed in another way from now on is not taken for what was inserted.
func TestGeneratedColumnsOfRowsWithoutImage(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE t (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id * 2) STORED)`)
	if pgtest.One[int](t, db, `SELECT current_setting('server_version_num')::int / 10000`) < 17 {
		t.Skip("PostgreSQL 17 is the first that changes the expression of a generated column")
	}
	adb := exaudit.New(db.Pool)
	_, err := adb.Install(ctx, []string{"t"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"t": {SkipInsertImage: true}}})
	end(t, err)
	_, err = adb.FollowDDL(ctx, audit.FollowDDL{}, nil)
	end(t, err)
	db.Exec(t, `INSERT INTO t VALUES (3)`)
	db.Exec(t, `ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (id * 10)`)
	if got := createdIn(t, adb, "t")[0].After; got["g"] != json.Number("6") {
		t.Errorf("created as %v, want 6", got)
	}
}

// Where rows may change out of sight, or only images tell them apart, an image is stored; and what was hidden for a while is
// not taken for what was inserted.
func TestImagesAreNeeded(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE t (id int PRIMARY KEY, name text); CREATE TABLE late (id int PRIMARY KEY DEFERRABLE, name text)`)
	adb := exaudit.New(db.Pool)
	install := func(table string, o audit.TableOptions) error {
		_, err := adb.Install(ctx, []string{table}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{table: o}})
		return err
	}
	for _, o := range []audit.TableOptions{{Where: "id > 0"}, {AllowIgnore: true}, {OnTruncate: audit.TruncateIgnore}, {Trigger: audit.StatementLevel}, {}} {
		o.SkipInsertImage = true
		table := "t"
		if reflect.DeepEqual(o, audit.TableOptions{SkipInsertImage: true}) {
			table = "late"
		}
		if refused := (*audit.InvalidError)(nil); !errors.As(install(table, o), &refused) || refused.Name != "skip_insert_image" {
			t.Errorf("%+v: %v", o, install(table, o))
		}
	}

	end(t, install("t", audit.TableOptions{SkipInsertImage: true}))
	db.Exec(t, `INSERT INTO t VALUES (1, 'a')`)
	end(t, install("t", audit.TableOptions{Exclude: []string{"name"}}))
	db.Exec(t, `UPDATE t SET name = 'unseen'`)
	end(t, install("t", audit.TableOptions{SkipInsertImage: true}))
	db.Exec(t, `INSERT INTO t VALUES (2, 'b'); ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id) DEFERRABLE; INSERT INTO t VALUES (3, 'c')`)
	var got []audit.Image
	for _, v := range createdIn(t, adb, "t") {
		got = append(got, v.After)
	}
	if want := []audit.Image{{}, {"id": json.Number("2"), "name": "b"}, {"id": json.Number("3"), "name": "c"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("created as %v, want %v", got, want)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE after IS NOT NULL AND action = 'created'`); n != 1 {
		t.Errorf("%d creates have an image, want that under a deferrable key", n)
	}
}

func createdIn(t *testing.T, db *exaudit.DB, table string) []*audit.Version {
	t.Helper()
	versions, err := exaudit.Collect(db.Versions(context.Background(), exaudit.ByTable(table), exaudit.ByAction(audit.Created)))
	end(t, err)
	return versions
}

// statesIn are those of all keys that were created.
func statesIn(t *testing.T, db *exaudit.DB, table string, created []*audit.Version) string {
	t.Helper()
	var text strings.Builder
	known := map[audit.EntityID]bool{}
	for _, c := range created {
		if known[c.EntityID] {
			continue
		}
		known[c.EntityID] = true
		for v, err := range db.HistoryWithStates(context.Background(), table, c.EntityID) {
			if diverged := (*audit.DivergedError)(nil); errors.As(err, &diverged) {
				fmt.Fprintln(&text, c.EntityID, "diverged")
				break
			}
			end(t, err)
			fmt.Fprintln(&text, c.EntityID, v.Action, v.Before, v.After, v.State, v.Patch)
		}
	}
	return text.String()
}
