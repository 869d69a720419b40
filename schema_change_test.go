package exaudit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
)

// Old images are read under the present names, whether the triggers were written anew in
// between or not.
func TestHistoryAcrossRenames(t *testing.T) {
	t.Parallel()
	for _, reinstall := range []bool{false, true} {
		t.Run(fmt.Sprint("reinstall ", reinstall), func(t *testing.T) {
			t.Parallel()
			db, audit := audited(t, `CREATE TABLE p (id int PRIMARY KEY, a text, b text, c jsonb)`, "p")
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
			versions := historyOf(t, audit, "p", 1, exaudit.WithStates())
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
			if _, err := audit.Revert(context.Background(), versions[1].ID); err != nil {
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
	db, audit := audited(t, `CREATE TABLE p (id int PRIMARY KEY, n int, m numeric(10,2), v int)`, "p")
	db.Exec(t, `INSERT INTO p VALUES (1, 5, 1.50, 0)`)
	db.Exec(t, `UPDATE p SET n = 6`)
	db.Exec(t, `ALTER TABLE p ALTER n TYPE text, ALTER m TYPE numeric(10,4)`)
	db.Exec(t, `UPDATE p SET v = 1`)
	db.Exec(t, `UPDATE p SET n = 'seven', v = 2`)
	versions := historyOf(t, audit, "p", 1, exaudit.WithStates())
	if _, err := audit.Revert(ctx, versions[3].ID); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "p"); got != `(1,6,1.5000,1)` {
		t.Errorf("reverted to %s", got)
	}
	if _, err := audit.Revert(ctx, versions[1].ID); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "p"); got != `(1,5,1.5000,0)` {
		t.Errorf("reverted to %s", got)
	}
}

func TestRevertLeavesOutDroppedColumns(t *testing.T) {
	t.Parallel()
	db, audit := audited(t, `CREATE TABLE p (id int PRIMARY KEY, a text, b text)`, "p")
	db.Exec(t, `INSERT INTO p VALUES (1, 'a', 'b')`)
	db.Exec(t, `UPDATE p SET a = 'A', b = 'B'`)
	db.Exec(t, `ALTER TABLE p DROP COLUMN b`)
	done, err := audit.Revert(context.Background(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(done.LeftOut); got != "[b]" {
		t.Errorf("left out %s, want [b]", got)
	}
	if got := rows(t, db, "p"); got != `(1,a)` {
		t.Errorf("reverted to %s", got)
	}
}
