package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// unrecorded are the ways in which what is written to table goods leaves no version. {db} and {role} stand for the
// names of the test's.
var unrecorded = []struct {
	name, by string
	reason   audit.Unrecorded
}{
	{"uninstalled", "", audit.Unrecorded{Table: "public.goods", Reason: audit.NoTriggers}},
	{"every trigger disabled", `ALTER TABLE goods DISABLE TRIGGER ALL`,
		audit.Unrecorded{Table: "public.goods", Reason: audit.TriggerDisabled, Detail: "DELETE of public.goods"}},
	{"one trigger disabled", `ALTER TABLE goods DISABLE TRIGGER "!exaudit_t1_update"`,
		audit.Unrecorded{Table: "public.goods", Reason: audit.TriggerDisabled, Detail: "UPDATE of public.goods"}},
	{"for replicas only", `ALTER TABLE goods ENABLE REPLICA TRIGGER "!exaudit_t1_update"`,
		audit.Unrecorded{Table: "public.goods", Reason: audit.TriggerDisabled, Detail: "UPDATE of public.goods"}},
	{"one trigger dropped", `DROP TRIGGER "!exaudit_t1_insert" ON goods`,
		audit.Unrecorded{Table: "public.goods", Reason: audit.TriggerMissing, Detail: "INSERT of public.goods"}},
	{"functions dropped", `DROP FUNCTION exaudit_internal.t1_insert, exaudit_internal.t1_update, exaudit_internal.t1_delete CASCADE`,
		audit.Unrecorded{Table: "public.goods", Reason: audit.NoTriggers}},
	{"ignored by the database", `ALTER DATABASE {db} SET exaudit.ignore = 'on'`,
		audit.Unrecorded{Table: "public.goods", Reason: audit.SessionIgnores}},
	{"a replica by the database", `ALTER DATABASE {db} SET session_replication_role = replica`,
		audit.Unrecorded{Table: "public.goods", Reason: audit.SessionIsReplica}},
}

// Whatever keeps a table from being recorded, nothing is written to it, and a probe says so.
func TestNothingIsWrittenUnrecorded(t *testing.T) {
	t.Parallel()
	for i, c := range unrecorded {
		for _, partitioned := range testall.Turn(i, "", " PARTITION BY LIST (id)") {
			t.Run(c.name+partitioned, func(t *testing.T) {
				t.Parallel()
				ctx := context.Background()
				reason := c.reason
				db, adb := audited(t, `CREATE TABLE goods (id int PRIMARY KEY, price int)`+partitioned)
				if partitioned != "" {
					db.Exec(t, `CREATE TABLE goods_all PARTITION OF goods DEFAULT`)
					reason.Detail = strings.Replace(reason.Detail, "goods", "goods_all", 1)
				}
				options := &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"goods": {AllowIgnore: true}}}
				if _, err := adb.Install(ctx, []string{"goods"}, options); err != nil {
					t.Fatal(err)
				}
				db.Exec(t, `INSERT INTO goods VALUES (1, 10), (2, 20)`)
				bad := inOneTransaction(t, db, `UPDATE goods SET price = 11 WHERE id = 1`)
				undone, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(inOneTransaction(t, db, `UPDATE goods SET price = 21 WHERE id = 2`))), nil)
				if err != nil {
					t.Fatal(err)
				}
				before := rows(t, db, "goods")
				if c.by == "" {
					if err := adb.Uninstall(ctx, []string{"goods"}, nil); err != nil {
						t.Fatal(err)
					}
				} else {
					db.Exec(t, strings.ReplaceAll(c.by, "{db}", db.Name))
				}
				fresh, err := pgx.Connect(ctx, db.URL) // with the settings of the database
				if err != nil {
					t.Fatal(err)
				}
				defer fresh.Close(ctx)
				adb = exaudit.New(fresh)
				_, plan := adb.PlanUndo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil)
				_, undo := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil)
				_, redo := adb.Redo(ctx, undone.TransactionID, nil)
				_, preview := adb.PlanRevert(ctx, 3, nil)
				_, revert := adb.Revert(ctx, 3, nil)
				_, diverged := adb.Revert(ctx, 3, &exaudit.RevertOptions{AllowDiverged: true})
				for what, err := range map[string]error{
					"plan": plan, "undo": undo, "redo": redo, "preview": preview, "revert": revert,
					"revert, diverged or not": diverged, "probe": adb.Covered(ctx, "goods"), "probe of all": adb.Covered(ctx),
				} {
					wantUnrecorded(t, what, err, reason)
				}
				expect(t, db, "goods", before)
			})
		}
	}
}

func wantUnrecorded(t *testing.T, what string, err error, want audit.Unrecorded) {
	t.Helper()
	table := (*audit.TableError)(nil)
	if !errors.As(err, &table) || table.Reason != audit.NotRecording || table.Unrecorded[0] != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// Triggers that are all in place, and a version that is lost all the same.
func TestRevertAndUndoWantTheirVersions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, lost := range []string{
		`CREATE RULE lost AS ON INSERT TO exaudit.versions DO INSTEAD NOTHING`,
		`CREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
		 CREATE TRIGGER lost BEFORE INSERT ON exaudit.versions FOR EACH ROW EXECUTE FUNCTION lost()`,
	} {
		db, adb := audited(t, `CREATE TABLE goods (id int PRIMARY KEY, price int, note text)`)
		auditdb.ByOption(t, db, "goods", audit.TableOptions{})
		if _, err := adb.Install(ctx, []string{"goods"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"goods": {Exclude: []string{"note"}}}}); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, `INSERT INTO goods VALUES (1, 10)`)
		bad := inOneTransaction(t, db, `UPDATE goods SET price = 11`)
		before := rows(t, db, "goods")
		db.Exec(t, lost)
		if _, err := adb.Revert(ctx, 2, nil); !reason.Is(err, audit.NotRecording) {
			t.Errorf("revert: %v, want NotRecording", err)
		}
		if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil); !reason.Is(err, audit.NotRecording) {
			t.Errorf("undo: %v, want NotRecording", err)
		}
		expect(t, db, "goods", before)
	}
}

// What the options of a table leave out is no missing version.
func TestRevertOfWhatOptionsLeaveOut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE goods (id int PRIMARY KEY, price int, note text)`)
	options := audit.TableOptions{Exclude: []string{"note"}, Where: "price > 10"}
	if _, err := adb.Install(ctx, []string{"goods"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"goods": options}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO goods VALUES (1, 20); UPDATE goods SET price = 30; UPDATE goods SET price = 1; UPDATE goods SET price = 2`)
	if _, err := adb.Revert(ctx, 2, &exaudit.RevertOptions{AllowDiverged: true, SetColumns: map[string]any{"note": "back"}}); err != nil {
		t.Error(err)
	}
	expect(t, db, "goods", "(1,20,back)")
}

// A probe asks as a role that may do nothing with schema exaudit.
func TestCovered(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	plain := pgtest.New(t)
	plain.Exec(t, `CREATE TABLE goods (id int PRIMARY KEY)`)
	if err := exaudit.New(plain.Pool).Covered(ctx, "goods"); !reason.Is(err, audit.NotInitialized) {
		t.Errorf("without a schema: %v, want NotInitialized", err)
	}
	db, owner := audited(t, `CREATE TABLE goods (id int PRIMARY KEY); CREATE TABLE "Old ones" (id int); CREATE SCHEMA s; CREATE TABLE s.x (id int PRIMARY KEY);
		CREATE VIEW v AS SELECT 1 AS id`, "goods", "s.x")
	app := db.Role(t, "")
	conn := db.Connect(t, app)
	adb := exaudit.New(conn)
	for _, c := range []struct {
		tables []string
		want   string
	}{
		{[]string{"goods"}, "<nil>"},
		{[]string{"goods", "s.x"}, "<nil>"}, // it may not use the schema
		{[]string{"goods", `"Old ones"`}, `changes are not recorded: public."Old ones" has no triggers of exaudit`},
		{nil, `changes are not recorded: public."Old ones" has no triggers of exaudit`},
		{[]string{"missing"}, "no such table"},
		{[]string{"v"}, "it is a view"},
	} {
		if err := adb.Covered(ctx, c.tables...); !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%q: %v, want %s", c.tables, err, c.want)
		}
	}
	if err := owner.Covered(ctx, "goods", "s.x"); err != nil {
		t.Error(err)
	}
	if _, err := conn.Exec(ctx, `SET search_path = s`); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `GRANT USAGE ON SCHEMA s TO `+app)
	if err := adb.Covered(ctx); err != nil {
		t.Errorf("the schemas on the path: %v", err)
	}
	db.Exec(t, `DROP TABLE s.x`)
	if err := adb.Covered(ctx); !reason.Is(err, audit.NoTable) {
		t.Errorf("no table at all: %v, want NoTable", err)
	}
	db.Exec(t, `CREATE TABLE s.x (id int PRIMARY KEY)`)
	wantUnrecorded(t, "created again", adb.Covered(ctx, "s.x"), audit.Unrecorded{Table: "s.x", Reason: audit.NoTriggers})
}
