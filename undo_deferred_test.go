package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

// What a constraint would refuse at the end of a transaction, a revert and an undo refuse at once, in a transaction of
// their own and in one of the caller, which goes on as if they had not been tried.
func TestWhatIsDeferredIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	const either = `CREATE COLLATION either (provider = icu, locale = 'und-u-ks-level2', deterministic = false); `
	for name, c := range map[string]struct {
		schema, change string
		version        int64 // which is reverted, and undone
		want           any
		conflict       bool // as an undo knows before it writes
	}{
		"a key in another spelling": {`CREATE TABLE t (id float8 PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v int); INSERT INTO t VALUES (0, 1)`,
			`DELETE FROM t; INSERT INTO t VALUES ('-0', 2)`, 1, audit.UniqueConflict, true},
		"a key in another spelling, of a row that moves": {either + `CREATE TABLE t (id text COLLATE "either" PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v int); INSERT INTO t VALUES ('a', 1)`,
			`UPDATE t SET id = 'b'; INSERT INTO t VALUES ('A', 2)`, 1, audit.UniqueConflict, true},
		"keys of two columns": {either + `CREATE TABLE t (p int, id text COLLATE "either", v int, PRIMARY KEY (p, id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1, 'a', 1)`,
			`UPDATE t SET p = 2; INSERT INTO t VALUES (1, 'A', 2)`, 1, audit.UniqueConflict, true},
		"a unique value": {either + `CREATE TABLE t (id int PRIMARY KEY, v text COLLATE "either" UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1, 'a')`,
			`UPDATE t SET v = NULL; INSERT INTO t VALUES (2, 'A')`, 1, audit.UniqueConflict, true},
		"an exclusion": {`CREATE TABLE t (id int PRIMARY KEY, v int4range, EXCLUDE USING gist (v WITH &&) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1, '[1,5)')`,
			`UPDATE t SET v = '[7,8)'; INSERT INTO t VALUES (2, '[3,4)')`, 1, audit.UniqueConflict, false},
		"a row that is referenced": {`CREATE TABLE t (id int PRIMARY KEY, ref int REFERENCES t DEFERRABLE INITIALLY DEFERRED)`,
			`INSERT INTO t VALUES (1); INSERT INTO t VALUES (2, 1)`, 1, audit.ReferencedRowMissing, true},
		"a row that is not there": {`CREATE TABLE t (id int PRIMARY KEY, ref int REFERENCES t DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1, NULL), (2, 1)`,
			`UPDATE t SET ref = NULL WHERE id = 2; DELETE FROM t WHERE id = 1`, 1, audit.ReferencedRowMissing, true},
		"a trigger": {`CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1);
			CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$;
			CREATE CONSTRAINT TRIGGER no AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.v = 1) EXECUTE FUNCTION no()`,
			`UPDATE t SET v = 2`, 1, audit.ConstraintViolated, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			db, adb := audited(t, c.schema, "t")
			db.Exec(t, c.change)
			before := rows(t, db, "t")
			check := func(where string, adb *exaudit.DB) {
				if _, err := adb.Revert(ctx, c.version, nil); !reason.Is(err, c.want) {
					t.Errorf("revert in %s: %v, want %v", where, err, c.want)
				}
				want := c.want
				if c.conflict {
					want = reason.Conflict
				}
				if _, err := undoVersions(t, adb, []int64{c.version}, nil); !reason.Is(err, want) {
					t.Errorf("undo in %s: %v, want %v", where, err, want)
				}
			}
			check("a transaction of its own", adb)
			err := pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
				check("the caller's transaction", exaudit.New(tx))
				_, err := tx.Exec(ctx, `SET CONSTRAINTS ALL IMMEDIATE`)
				return err
			})
			if err != nil {
				t.Errorf("the caller's transaction: %v", err)
			}
			expect(t, db, "t", before)
		})
	}
}

// A caller may revert and undo before all of its own constraints are met, and what is deferred stays deferred.
func TestUndoMendsWhatIsDeferred(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for i, undo := range []func(*exaudit.DB) error{
		func(adb *exaudit.DB) error { _, err := adb.Revert(ctx, 1, nil); return err },
		func(adb *exaudit.DB) error { _, err := undoVersions(t, adb, []int64{1}, nil); return err },
	} {
		db, _ := audited(t, `CREATE TABLE t (id int PRIMARY KEY, ref int REFERENCES t DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1)`, "t")
		db.Exec(t, `DELETE FROM t`)
		err := pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO t VALUES (2, 1)`); err != nil {
				return err
			}
			if err := undo(exaudit.New(tx)); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO t VALUES (3, 4); INSERT INTO t VALUES (4, 3)`)
			return err
		})
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
		expect(t, db, "t", `(1,) (2,1) (3,4) (4,3)`)
	}
}

// A deferred trigger that sets another value than the planned one is no less in the way than another.
func TestUndoSeesDeferredTriggers(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1);
		CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = v + 10 WHERE id = NEW.id AND v < 10; RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER bump AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump()`, "t")
	db.Exec(t, `UPDATE t SET v = 20`)
	_, err := undoVersions(t, adb, []int64{1}, nil)
	var rewritten *audit.WriteError
	if !errors.As(err, &rewritten) || fmt.Sprint(rewritten.Columns) != "[v]" {
		t.Errorf("%v, want a veto of v", err)
	}
	expect(t, db, "t", `(1,20)`)
}
