package exaudit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

// Old images are read under the present names, whether the triggers were written anew in
// between or not.
func TestHistoryAcrossRenames(t *testing.T) {
	t.Parallel()
	for _, reinstall := range []bool{false, true} {
		t.Run(fmt.Sprint("reinstall ", reinstall), func(t *testing.T) {
			t.Parallel()
			db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, a text, b text, c jsonb)`, "p")
			step := func(sql string) {
				db.Exec(t, sql)
				if reinstall {
					auditdb.Install(t, db, "p")
				}
			}
			step(`INSERT INTO p VALUES (1, 'a1', 'b1', 'null')`)
			step(`ALTER TABLE p RENAME a TO x; ALTER TABLE p RENAME b TO a; ALTER TABLE p RENAME x TO b`) // swapped
			step(`UPDATE p SET a = 'b2'`)
			step(`ALTER TABLE p RENAME c TO info; ALTER TABLE p DROP COLUMN b; ALTER TABLE p ADD COLUMN b text`)
			step(`UPDATE p SET b = 'new', info = NULL`)
			step(`DELETE FROM p`)
			versions := statesOf(t, adb, "p", 1)
			for i, want := range []string{
				`{"":["info"],"a":"b1","b (dropped)":"a1","id":1,"info":null}`,
				`{"":["info"],"a":"b2","b (dropped)":"a1","id":1,"info":null}`,
				`{"a":"b2","b":"new","b (dropped)":"a1","id":1,"info":null}`,
				`null`,
			} {
				if got := asJSON(t, versions[i].State); got != want {
					t.Errorf("state %d is %s, want %s", i, got, want)
				}
			}
			if _, err := adb.Revert(context.Background(), versions[1].ID, nil); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, db, "p"); got != `(1,b1,null,)` {
				t.Errorf("reverted to %s", got)
			}
		})
	}
}

func TestHistoryAcrossTypeChanges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, n int, m numeric(10,2), v int)`, "p")
	db.Exec(t, `INSERT INTO p VALUES (1, 5, 1.50, 0)`)
	db.Exec(t, `UPDATE p SET n = 6`)
	db.Exec(t, `ALTER TABLE p ALTER n TYPE text, ALTER m TYPE numeric(10,4)`)
	db.Exec(t, `UPDATE p SET v = 1`)
	db.Exec(t, `UPDATE p SET n = 'seven', v = 2`)
	versions := statesOf(t, adb, "p", 1)
	if _, err := adb.Revert(ctx, versions[3].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "p"); got != `(1,6,1.5000,1)` {
		t.Errorf("reverted to %s", got)
	}
	if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "p"); got != `(1,5,1.5000,0)` {
		t.Errorf("reverted to %s", got)
	}
}

func TestRevertLeavesOutDroppedColumns(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, a text, b text)`, "p")
	db.Exec(t, `INSERT INTO p VALUES (1, 'a', 'b')`)
	db.Exec(t, `UPDATE p SET a = 'A', b = 'B'`)
	db.Exec(t, `ALTER TABLE p DROP COLUMN b`)
	done, err := adb.Revert(context.Background(), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(done.LeftOut); got != "[b was dropped since]" {
		t.Errorf("left out %s", got)
	}
	if got := rows(t, db, "p"); got != `(1,a)` {
		t.Errorf("reverted to %s", got)
	}
}

// A column that was added since, NOT NULL and without a default, is given a value.
func TestRevertSetsColumns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, a text, twice text GENERATED ALWAYS AS (a || a) STORED)`, "p")
	db.Exec(t, `INSERT INTO p VALUES (1, 'a'); DELETE FROM p; ALTER TABLE p ADD since timestamptz NOT NULL, ADD info jsonb, ADD "Odd ""name" int[]`)
	if _, err := adb.Revert(ctx, 2, nil); !reason.Is(err, audit.ConstraintViolated) || !strings.Contains(err.Error(), `"since"`) {
		t.Errorf("without a value: %v", err)
	}
	const since = "2024-05-06 07:08:09+02"
	for _, c := range []struct {
		column string
		value  any
		want   string
	}{
		{"nothing", 1, `there is no column "nothing"`}, {"twice", "x", `column "twice" is generated`},
		{"id", 2, `column "id" is part of the primary key`}, {"since", "soon", `invalid input syntax`},
		{"", 1, `there is no column ""`}, {"info", func() {}, "unsupported type"},
	} {
		set := map[string]any{"since": since}
		set[c.column] = c.value
		if _, err := adb.PlanRevert(ctx, 2, &exaudit.RevertOptions{SetColumns: set}); !reason.Is(err, audit.InvalidColumn) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	preview, err := adb.PlanRevert(ctx, 2, &exaudit.RevertOptions{SetColumns: map[string]any{
		"since": since, "info": map[string]any{"n": json.Number("1.10")}, `Odd "name`: []int{1, 2}, "a": "b",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Odd \"name":["+",[1,2]],"a":["+","b"],"id":["+",1],"info":["+",{"n":1.10}],"since":["+","2024-05-06T05:08:09+00:00"],"twice":["+","aa"]}`
	if got := patchJSON(t, preview.Patch); got != want {
		t.Errorf("preview %s, want %s", got, want)
	}
	if _, err := adb.ApplyRevert(ctx, preview, nil); err != nil {
		t.Fatal(err)
	}
	versions := statesOf(t, adb, "p", 1)
	if s := versions[2].State; s["since"] != "2024-05-06T05:08:09+00:00" || s["a"] != "b" || s["twice"] != "bb" {
		t.Errorf("recorded %v", s)
	}
	// of a row that is there, too, but not of one that goes
	if _, err := adb.Revert(ctx, versions[2].ID, &exaudit.RevertOptions{SetColumns: map[string]any{"a": "c"}}); !reason.Is(err, audit.InvalidColumn) {
		t.Errorf("a row that goes: %v", err)
	}
	db.Exec(t, `UPDATE p SET a = 'x'`)
	versions = historyOf(t, adb, "p", 1)
	if _, err := adb.Revert(ctx, versions[3].ID, &exaudit.RevertOptions{SetColumns: map[string]any{"info": nil}}); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT concat_ws(' ', a, info IS NULL, twice) FROM p`); got != "b t bb" {
		t.Errorf("row %s", got)
	}
}
