package exaudit_test

import (
	"context"
	"encoding/json"
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

// A table that is given another primary key says so and since when, keeps what it had before under the earlier key, and takes
// no row for deleted.
func TestPrimaryKeyIsChanged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	type row struct {
		ID     int
		Tenant int
		A      string
	}
	for name, variant := range testall.SampleMap(map[string]struct {
		change string
		key    any // of the row with the id 1, after that
	}{
		"more columns": {`ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (tenant, id)`, exaudit.Key{7, 1}},
		"another":      {`ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (a)`, "x"},
		"two columns, one after the other": {`ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (tenant);
			ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (id, tenant)`, exaudit.Key{1, 7}},
		"dropped": {`ALTER TABLE t DROP CONSTRAINT t_pkey`, nil},
	}, 2) {
		for _, sync := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				db := auditdb.New(t, `CREATE TABLE t (id int PRIMARY KEY, tenant int, a text)`)
				adb := exaudit.New(db.Pool)
				auditdb.Install(t, db, "t")
				db.Exec(t, `INSERT INTO t VALUES (1, 7, 'w'), (2, 8, 'y'); UPDATE t SET a = 'x' WHERE id = 1`)
				db.Exec(t, `SELECT exaudit.mark('before')`)
				db.Exec(t, `UPDATE t SET tenant = 9 WHERE id = 2`)
				db.Exec(t, variant.change)
				if sync {
					_, _ = adb.Sync(ctx, nil)
				}
				db.Exec(t, `SELECT exaudit.mark('after')`)
				if variant.key != nil {
					db.Exec(t, `UPDATE t SET tenant = 7, a = 'x' WHERE id = 1; INSERT INTO t VALUES (3, 3, 'z')`)
				}

				versions := statesOf(t, adb, "t", 1)
				if len(versions) != 2 || versions[1].State["a"] != "x" {
					t.Errorf("history by the earlier key: %+v", versions)
				}
				n := 0
				for v, err := range exaudit.History[row](ctx, adb, "t", 1) {
					end(t, err)
					n++
					if v.After == nil || v.After.Tenant != 7 {
						t.Errorf("version %d: %+v", n, v.After)
					}
				}
				if n != 2 {
					t.Errorf("History by the earlier key gives %d versions", n)
				}
				if before, after, err := adb.States(ctx, versions[1].ID); err != nil || before["a"] != "w" || after["a"] != "x" {
					t.Errorf("States: %v, %v, %v", before, after, err)
				}
				if variant.key != nil {
					for _, v := range statesOf(t, adb, "t", variant.key) {
						if v.ID <= 4 {
							t.Errorf("version %d by the present key", v.ID)
						}
					}
				}
				if _, err := adb.Revert(ctx, versions[1].ID, nil); !reason.Is(err, audit.KeyChanged) {
					t.Errorf("revert: %v", err)
				}
				if variant.key == nil {
					return
				}
				_, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "t", exaudit.AtMark("before")))
				if !reason.Is(err, audit.KeyChanged) || !strings.Contains(err.Error(), "(id)") {
					t.Errorf("as of before: %v", err)
				}
				if _, err := exaudit.StateAt[row](ctx, adb, "t", variant.key, exaudit.AtMark("before")); !reason.Is(err, audit.KeyChanged) {
					t.Errorf("the row then: %v", err)
				}
				rows, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "t", exaudit.AtMark("after")))
				if err != nil || len(rows) != 2 {
					t.Errorf("as of after: %v, %v", rows, err)
				}
				_, err = adb.Undo(ctx, exaudit.Select(exaudit.ByTable("t"), exaudit.ByAction(audit.Created, audit.Updated)), nil)
				if !reason.Is(err, reason.Conflict) || strings.Contains(err.Error(), "without being recorded") {
					t.Errorf("undo: %v", err)
				}
				_, err = adb.Undo(ctx, exaudit.Select(exaudit.ByTable("t"), exaudit.ByAction(audit.Updated)), &exaudit.UndoOptions{OverwriteRows: []audit.RowID{{Table: "t", EntityID: "1"}}})
				if !reason.Is(err, reason.Conflict) {
					t.Errorf("undo over what came later: %v", err)
				}
				_, err = adb.Undo(ctx, exaudit.Select(exaudit.ByTable("t"), exaudit.ByAction(audit.Created, audit.Updated)), &exaudit.UndoOptions{OnConflict: audit.SkipRows})
				end(t, err)
				if got := pgtest.One[string](t, db, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM t`); got != "1 2" {
					t.Errorf("undone: %s", got)
				}
			})
		}
	}
}

// A key that is dropped and added again is the same, as is one whose columns are renamed or given a type that writes the same.
func TestPrimaryKeyIsTheSame(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, change := range testall.Sample([]string{
		`ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (id)`,
		`ALTER TABLE t RENAME id TO number; ALTER TABLE t RENAME number TO id`,
		`ALTER TABLE t ALTER id TYPE bigint`,
		`ALTER TABLE t REPLICA IDENTITY FULL`,
	}, 2) {
		for _, follow := range []bool{false, true} {
			t.Run(change, func(t *testing.T) {
				t.Parallel()
				db := auditdb.New(t, `CREATE TABLE t (id int PRIMARY KEY, a text)`)
				adb := exaudit.New(db.Pool)
				auditdb.Install(t, db, "t")
				if follow {
					_, err := adb.FollowDDL(ctx, audit.FollowDDL{}, nil)
					end(t, err)
				}
				db.Exec(t, `INSERT INTO t VALUES (1, 'w'); UPDATE t SET a = 'x'`)
				db.Exec(t, change)
				db.Exec(t, `UPDATE t SET a = 'y'`)
				if versions := statesOf(t, adb, "t", 1); len(versions) != 3 {
					t.Errorf("%d versions", len(versions))
				}
				if got := pgtest.One[string](t, db, `SELECT string_agg(a, ' ') FROM exaudit.as_of_version(NULL::t, 1)`); got != "w" {
					t.Errorf("as of version 1: %s", got)
				}
				_, err := adb.Revert(ctx, pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions WHERE action = 'updated'`), nil)
				end(t, err)
			})
		}
	}
}

// A label of an enum in the primary key that is renamed makes another key: what was before is under the earlier label.
func TestLabelOfKeyIsRenamed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TYPE color AS ENUM ('red', 'green', 'blue'); CREATE TABLE t (k color PRIMARY KEY, v int)`)
	adb := exaudit.New(db.Pool)
	auditdb.Install(t, db, "t")
	db.Exec(t, `INSERT INTO t VALUES ('red', 1), ('green', 2)`)
	db.Exec(t, `SELECT exaudit.mark('before')`)
	db.Exec(t, `UPDATE t SET v = 3 WHERE k = 'red'; DELETE FROM t WHERE k = 'green'`)
	db.Exec(t, `ALTER TYPE color ADD VALUE 'pink'`)
	if rows := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.as_of_mark(NULL::t, 'before')`); rows != 2 {
		t.Errorf("a label that is added: %d rows", rows)
	}
	db.Exec(t, `ALTER TYPE color RENAME VALUE 'red' TO 'rosso'; ALTER TYPE color RENAME VALUE 'green' TO 'verde'`)
	_, err := adb.Sync(ctx, nil)
	end(t, err)
	db.Exec(t, `UPDATE t SET v = 4 WHERE k = 'rosso'`)

	for key, want := range map[string]int{"red": 2, "green": 2, "rosso": 1} {
		if got := statesOf(t, adb, "t", key); len(got) != want {
			t.Errorf("%s has %d versions, want %d", key, len(got), want)
		}
	}
	end(t, pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		if got := historyOf(t, exaudit.New(tx), "t", "red"); len(got) != 2 {
			t.Errorf("in a transaction, red has %d versions", len(got))
		}
		return nil
	}))
	if got := statesOf(t, adb, "t", "rosso")[0].State; got["k"] != "rosso" || got["v"] != json.Number("4") {
		t.Errorf("rosso is %v", got)
	}
	if _, err := db.Pool.Exec(ctx, `SELECT * FROM exaudit.as_of_mark(NULL::t, 'before')`); err == nil || !strings.Contains(err.Error(), "the primary key of public.t was changed after version 4, by its type") {
		t.Errorf("as of a mark before: %v", err)
	}
	_, err = adb.Undo(ctx, exaudit.Select(exaudit.ByTable("t"), exaudit.ByAction(audit.Deleted)), nil)
	if !reason.Is(err, reason.Conflict) {
		t.Errorf("undo: %v", err)
	}
}
