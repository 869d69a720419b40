package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

func undoVersions(t *testing.T, db *exaudit.DB, ids []int64, opts *exaudit.UndoOptions) (*audit.UndoPlan, error) {
	t.Helper()
	return db.Undo(context.Background(), exaudit.Select(exaudit.ByVersion(ids...)), opts)
}

// A row that came to the key of one that would come back is not overwritten, whoever had the key in between.
func TestUndoOverwritesNoRowThatCameLater(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE p (id bigint PRIMARY KEY, b int, c text); INSERT INTO p VALUES (1000, 2, 'orig')`, "p")
	inOneTransaction(t, db, `DELETE FROM p WHERE id = 1000`, `INSERT INTO p VALUES (1000, 7, 'B')`)
	db.Exec(t, `UPDATE p SET id = 2 WHERE id = 1000`)
	if plan, err := adb.PlanUndo(context.Background(), exaudit.Select(exaudit.ByVersion(1)), nil); err != nil || plan.Err() != nil {
		t.Errorf("a key that nobody has any more: %v, %v", err, plan.Err())
	}
	db.Exec(t, `INSERT INTO p VALUES (1000, 50, 'C')`)
	_, err := undoVersions(t, adb, []int64{1, 2, 3}, nil)
	if !reason.Is(err, reason.Conflict) || !strings.HasSuffix(err.Error(), "public.p 1000: another row has its key now, by version 4") {
		t.Errorf("%v, want a conflict about the key", err)
	}
	if _, err = undoVersions(t, adb, []int64{1, 2, 3}, &exaudit.UndoOptions{OnConflict: audit.SkipRows}); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", `(1000,50,C)`)
	if _, err = undoVersions(t, adb, []int64{1}, &exaudit.UndoOptions{OverwriteRows: []audit.RowID{{Table: "p", EntityID: "1000"}}}); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", `(1000,2,orig)`)
}

// Whoever has gone on to another key is in nobody's way, and is not overwritten.
func TestUndoOfADeletedRowWhoseKeyIsFreeAgain(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, v text); INSERT INTO p VALUES (1, 'a')`, "p")
	db.Exec(t, `DELETE FROM p WHERE id = 1`)
	db.Exec(t, `INSERT INTO p VALUES (1, 'b')`)
	db.Exec(t, `UPDATE p SET id = 2 WHERE id = 1`)
	if _, err := undoVersions(t, adb, []int64{1}, &exaudit.UndoOptions{OverwriteRows: []audit.RowID{{Table: "p", EntityID: "1"}}}); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", `(1,a) (2,b)`)
	// all of it
	if _, err := undoVersions(t, adb, []int64{2, 3, 4}, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", ``)
}

// A key that was taken by a key change is as taken as by a new row, and says by which version.
func TestUndoOfARowWhoseKeyAnotherHasTaken(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, v text, touched int); INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c')`, "p")
	db.Exec(t, `DELETE FROM p WHERE id = 1`)
	db.Exec(t, `UPDATE p SET id = 1 WHERE id = 2`)
	if _, err := undoVersions(t, adb, []int64{1}, nil); err == nil || !strings.HasSuffix(err.Error(), "public.p 1: another row has its key now, by version 2") {
		t.Errorf("%v, want a conflict about the key", err)
	}
	if _, err := undoVersions(t, adb, []int64{1}, &exaudit.UndoOptions{OverwriteRows: []audit.RowID{{Table: "p", EntityID: "1"}}}); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", `(1,a,) (3,c,)`)

	db.Exec(t, `UPDATE p SET id = 30 WHERE id = 3; INSERT INTO p VALUES (3, 'new')`)
	moved := pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions WHERE entity_id = '30'`)
	if _, err := undoVersions(t, adb, []int64{moved}, nil); err == nil || !strings.HasSuffix(err.Error(), fmt.Sprintf("public.p 30: another row has its key now, by version %d", moved+1)) {
		t.Errorf("%v, want a conflict about the key", err)
	}
	if _, err := undoVersions(t, adb, []int64{moved}, &exaudit.UndoOptions{KeepColumns: []string{"id"}}); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("the key is kept: %v, want nothing to do", err)
	}

	// a change of nothing but a column that is kept
	db.Exec(t, `UPDATE p SET touched = 1 WHERE id = 3; DELETE FROM p WHERE id = 3`)
	touched := pgtest.One[int64](t, db, `SELECT max(id) - 1 FROM exaudit.versions`)
	if _, err := undoVersions(t, adb, []int64{touched}, &exaudit.UndoOptions{KeepColumns: []string{"touched"}}); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("a column is kept: %v, want nothing to do", err)
	}
}

// Keys that were permuted twice come back to their rows.
func TestUndoOfTwoPermutations(t *testing.T) {
	t.Parallel()
	for _, level := range []audit.TriggerLevel{"row", "statement"} {
		for i, changes := range testall.Sample([]string{
			`UPDATE t SET id = 4 - id; UPDATE t SET id = id + 1`,
			`UPDATE t SET id = 3 - id WHERE id < 3; UPDATE t SET id = 3 - id WHERE id < 3; UPDATE t SET id = 4 - id`,
			`UPDATE t SET id = 1 + id % 3; UPDATE t SET id = 1 + id % 3, v = v || '!'; UPDATE t SET id = id + 1`,
			`UPDATE t SET id = 3 - id WHERE id < 3; DELETE FROM t WHERE id = 1; UPDATE t SET id = 5 - id`,
		}, 2) {
			t.Run(fmt.Sprint(level, i), func(t *testing.T) {
				t.Parallel()
				db, adb := audited(t, `CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')`)
				if _, err := adb.Install(context.Background(), []string{"t"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"t": {Trigger: level}}}); err != nil {
					t.Fatal(err)
				}
				before := rows(t, db, "t")
				for _, change := range strings.Split(changes, "; ") {
					db.Exec(t, change)
				}
				after := rows(t, db, "t")
				plan, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTable("t")), nil)
				if err != nil {
					t.Fatal(err)
				}
				expect(t, db, "t", before)
				for key := range 5 {
					if _, err := exaudit.Collect(adb.HistoryWithStates(context.Background(), "t", key)); err != nil {
						t.Errorf("history of %d: %v", key, err)
					}
				}
				if _, err := adb.Redo(context.Background(), plan.TransactionID, nil); err != nil {
					t.Fatal(err)
				}
				expect(t, db, "t", after)
			})
		}
	}
}

// What undid a version and is chosen with it leaves it undone.
func TestUndoOfWhatIsUndoneTogetherWithThat(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE t (k int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'x')`, "t")
	if _, err := adb.Mark(ctx, "m", nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE t SET k = 3 WHERE k = 1`)
	db.Exec(t, `DELETE FROM t WHERE k = 3`)
	first, err := adb.Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark("m"))), nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, db, "t", `(1,x)`)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark("m"))), nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("again: %v, want nothing to do", err)
	}
	if _, err := adb.Redo(ctx, first.TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "t", ``)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark("m"))), nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "t", `(1,x)`)
}

// A row that was created and deleted, by what is chosen, is in the way of none that has its key since.
func TestUndoOfARowThatCameAndWent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE t (k text PRIMARY KEY, v int)`, "t")
	db.Exec(t, `INSERT INTO t VALUES ('a', 1), ('b', 1)`)
	db.Exec(t, `UPDATE t SET v = 2`)
	db.Exec(t, `DELETE FROM t WHERE k = 'a'`)
	db.Exec(t, `INSERT INTO t VALUES ('a', 7)`)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(1, 3, 5)), nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("of a alone: %v, want nothing to do", err)
	}
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(1, 3, 4, 5)), nil); err != nil {
		t.Error(err)
	}
	expect(t, db, "t", `(a,7) (b,1)`)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(3, 5)), nil); err == nil || errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("without the create: %v, want a conflict", err)
	}
}

// Keys that are equal and not the same are different keys of one row, or of two.
func TestUndoOfEqualKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE COLLATION either (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
		CREATE TABLE t (id text COLLATE "either" PRIMARY KEY, v int);
		INSERT INTO t VALUES ('ada', 1), ('bob', 2);
		CREATE TABLE n (id numeric PRIMARY KEY, v int);
		INSERT INTO n VALUES (1.0, 1)`, "t", "n")
	before, numbers := rows(t, db, "t"), rows(t, db, "n")
	if _, err := adb.Mark(ctx, "m", nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE t SET id = 'Ada' WHERE id = 'ada'`)
	db.Exec(t, `DELETE FROM t WHERE id = 'bob'`)
	db.Exec(t, `INSERT INTO t VALUES ('Bob', 3)`)
	db.Exec(t, `UPDATE n SET id = 1.00, v = 2`)
	db.Exec(t, `UPDATE n SET id = 1.0, v = 3`)
	db.Exec(t, `UPDATE n SET id = 1.00`)
	for table, want := range map[string]string{"t": before, "n": numbers} {
		if got := pgtest.One[string](t, db, fmt.Sprintf(`SELECT string_agg(r::text, ' ' ORDER BY r::text) FROM exaudit.as_of_mark(NULL::%s, 'm') AS r`, table)); got != want {
			t.Errorf("as of the mark, %s is %s, want %s", table, got, want)
		}
	}
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark("m"))), nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "t", before)
	expect(t, db, "n", numbers)
}

// One of several key changes of a statement may be in the way of others; it is no error.
func TestUndoOfOneKeyChangeOfMany(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE t (id int PRIMARY KEY DEFERRABLE, a text)`, "t")
	db.Exec(t, `INSERT INTO t VALUES (5, 'x'), (4, ''), (3, 'y'), (1, 'y')`)
	db.Exec(t, `UPDATE t SET a = 'y' WHERE id = 4`)
	db.Exec(t, `UPDATE t SET id = id + 1`)
	moved := pgtest.One[int64](t, db, `SELECT id FROM exaudit.versions WHERE previous_entity_id = '4'`)
	if _, err := undoVersions(t, adb, []int64{moved}, nil); !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), "public.t 5: another row has its key now, by version") {
		t.Errorf("%v, want a conflict about the key", err)
	}
}

// A row that goes while another gets its key takes none with it that will point to that one.
func TestUndoOfAKeyThatWasPassedOn(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"NO ACTION", "CASCADE", "SET NULL"} {
		db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, v text);
			CREATE TABLE c (id int PRIMARY KEY, ref int NOT NULL REFERENCES p ON UPDATE CASCADE ON DELETE `+action+`);
			INSERT INTO p VALUES (1, 'a'); INSERT INTO c VALUES (10, 1)`, "p", "c")
		db.Exec(t, `UPDATE p SET id = 3`)
		db.Exec(t, `INSERT INTO p VALUES (1, 'b')`)
		db.Exec(t, `INSERT INTO c VALUES (11, 1)`)
		plan, err := undoVersions(t, adb, []int64{1, 2, 3, 4}, nil)
		if err != nil {
			t.Errorf("%s: %v", action, err)
			continue
		}
		if len(plan.SideEffects) > 0 {
			t.Errorf("%s: written besides: %v", action, plan.SideEffects)
		}
		expect(t, db, "p", `(1,a)`)
		expect(t, db, "c", `(10,1)`)
		if _, err := adb.Redo(context.Background(), plan.TransactionID, nil); err != nil {
			t.Fatal(err)
		}
		expect(t, db, "p", `(1,b) (3,a)`)
		expect(t, db, "c", `(10,3) (11,1)`)
	}
}

// A row that was moved to the key of a deleted one, moved back by an undo and moved again by a redo, came by the change
// that was undone.
func TestUndoOfAKeyThatWasTakenAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (2, 'a'), (3, 'b')`, "t")
	db.Exec(t, `DELETE FROM t WHERE id = 2; UPDATE t SET id = 2`)
	for range 3 {
		plan, err := undoVersions(t, adb, []int64{1, 2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, db, "t", `(2,a) (3,b)`)
		if _, err := adb.Redo(ctx, plan.TransactionID, nil); err != nil {
			t.Fatal(err)
		}
		expect(t, db, "t", `(2,b)`)
		if _, err := undoVersions(t, adb, []int64{1}, nil); err == nil || !strings.HasSuffix(err.Error(), "public.t 2: another row has its key now, by version 2") {
			t.Errorf("%v, want a conflict about the key", err)
		}
	}
}

// Rows that have one key until a transaction ends are different rows to every reader.
func TestRowsThatShareAKey(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text, n int); INSERT INTO p VALUES (1, 'a', 1)`, "p")
	inOneTransaction(t, db, `INSERT INTO p VALUES (1, 'b', 1)`, `UPDATE p SET n = 2 WHERE v = 'b'`, `DELETE FROM p WHERE v = 'a'`)
	db.Exec(t, `UPDATE p SET n = 3`)
	for version, want := range map[int64]string{1: `(1,a,1) (1,b,1)`, 2: `(1,a,1) (1,b,2)`, 3: `(1,b,2)`, 4: `(1,b,3)`} {
		expect(t, db, fmt.Sprintf("exaudit.as_of_version(NULL::p, %d)", version), want)
	}
	expect(t, db, "exaudit.states(NULL::p, '1')", `(1,b,1) (1,b,2) (1,b,3)`)
	versions, err := exaudit.Collect(adb.HistoryWithStates(ctx, "p", 1))
	if err != nil || len(versions) != 4 || fmt.Sprint(versions[1].State["n"]) != "2" {
		t.Errorf("history: %v, %v", versions, err)
	}
	if _, err := undoVersions(t, adb, []int64{3}, nil); err == nil || !strings.HasSuffix(err.Error(), "public.p 1: another row has its key now, by version 1") {
		t.Errorf("%v, want a conflict about the key", err)
	}
	if _, err := adb.Revert(ctx, 3, nil); !reason.Is(err, audit.UniqueConflict) {
		t.Errorf("%v, want UniqueConflict", err)
	}
	if _, err := undoVersions(t, adb, []int64{1, 2, 3, 4}, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "p", `(1,a,1)`)
}
