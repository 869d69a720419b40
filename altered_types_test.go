package exaudit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// A label of an enum that is renamed is found in what was recorded before, whenever exaudit hears of it, and the name
// that it had may be another label's since.
func TestRenamedLabels(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	type mood struct {
		ID    int
		One   *string
		Dom   *string
		Many  []string
		Text  *string
		Grid  *string
		Other *string
	}
	const rename = `ALTER TYPE mood RENAME VALUE 'ok' TO 'fine, "really"'`
	for name, hear := range testall.SampleMap(map[string]func(*pgtest.DB, *exaudit.DB){
		"unheard": func(db *pgtest.DB, _ *exaudit.DB) { db.Exec(t, rename) },
		"sync": func(db *pgtest.DB, adb *exaudit.DB) {
			db.Exec(t, rename)
			if _, err := adb.Sync(ctx, nil); err != nil {
				t.Error(err)
			}
		},
		"twice": func(db *pgtest.DB, adb *exaudit.DB) {
			db.Exec(t, `ALTER TYPE mood RENAME VALUE 'ok' TO 'between'`)
			if _, err := adb.Sync(ctx, nil); err != nil {
				t.Error(err)
			}
			db.Exec(t, `UPDATE moods SET other = 'x' WHERE id = 2`)
			db.Exec(t, `ALTER TYPE mood RENAME VALUE 'between' TO 'fine, "really"'; ALTER TYPE mood ADD VALUE 'ok'; ALTER TYPE mood RENAME TO moood`)
		},
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, `
				CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN feeling AS mood;
				CREATE TABLE moods (id int PRIMARY KEY, one mood, dom feeling, many mood[], text text, grid feeling[], other text)`)
			adb := exaudit.New(db.Pool)
			auditdb.Install(t, db, "moods")
			db.Exec(t, `INSERT INTO moods VALUES (1, 'ok', 'ok', '{ok,sad}', 'ok', '[0:1]={ok,happy}'), (2, 'ok', 'ok', '{}', 'ok', '{}'), (3, 'ok', NULL, NULL, NULL, NULL)`)
			db.Exec(t, `UPDATE moods SET one = 'sad', dom = 'happy', many = '{sad}', grid = NULL WHERE id = 1`)
			db.Exec(t, `DELETE FROM moods WHERE id = 3`)
			db.Exec(t, `SELECT exaudit.mark('before')`)
			hear(db, adb)
			db.Exec(t, `UPDATE moods SET one = 'happy' WHERE id = 2; UPDATE moods SET dom = 'fine, "really"' WHERE id = 1`)
			const want = `(1,sad,happy,{sad},ok,,) (2,"fine, ""really""","fine, ""really""",{},ok,{},)`
			if got := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM exaudit.as_of_mark(NULL::moods, 'before') r`); got != want {
				t.Errorf("as of the mark %s", got)
			}
			if got := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM exaudit.as_of_version(NULL::moods, 3) r`); got !=
				`(1,"fine, ""really""","fine, ""really""","{""fine, \\""really\\"""",sad}",ok,"[0:1]={""fine, \\""really\\"""",happy}",) `+
					`(2,"fine, ""really""","fine, ""really""",{},ok,{},) (3,"fine, ""really""",,,,,)` {
				t.Errorf("as of version 3 %s", got)
			}
			rows, err := exaudit.Collect(exaudit.AsOf[mood](ctx, adb, "moods", exaudit.AtVersion(3)))
			end(t, err)
			if len(rows) != 3 || rows[0].Many[0] != `fine, "really"` {
				t.Errorf("AsOf: %+v", rows)
			}
			first := true
			for v, err := range exaudit.History[mood](ctx, adb, "moods", 1) {
				end(t, err)
				if first && (*v.After.One != `fine, "really"` || v.After.Many[0] != `fine, "really"` || *v.After.Grid != `[0:1]={"fine, \"really\"",happy}` || *v.After.Text != "ok") {
					t.Errorf("first version %+v", v.After)
				}
				first = false
			}
			latest, err := exaudit.First(exaudit.History[mood](ctx, adb, "moods", 1, exaudit.NewestFirst()))
			end(t, err)
			if len(latest.Unknown) > 0 {
				t.Errorf("latest does not know %v", latest.Unknown)
			}
			all := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM moods r`)
			plan, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTable("moods"), exaudit.ByAction(audit.Updated, audit.Deleted)), nil)
			end(t, err)
			if got := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM moods r`); got !=
				pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM exaudit.as_of_version(NULL::moods, 3) r`) {
				t.Errorf("undone: %s", got)
			}
			_, err = adb.Redo(ctx, plan.TransactionID, nil)
			end(t, err)
			if got := pgtest.One[string](t, db, `SELECT string_agg(r::text, ' ' ORDER BY r.id) FROM moods r`); got != all {
				t.Errorf("redone: %s, want %s", got, all)
			}
			_, err = adb.Revert(ctx, 1, nil)
			end(t, err)
		})
	}
}

// What else ALTER TYPE makes of a type is what another type of the column would be: of the value, nothing is known.
func TestAlteredTypes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, alter := range testall.Sample([]string{
		`ALTER TYPE pair DROP ATTRIBUTE b`,
		`ALTER TYPE pair ADD ATTRIBUTE c int`,
		`ALTER TYPE pair DROP ATTRIBUTE b; ALTER TYPE pair ADD ATTRIBUTE b int`,
		`ALTER TYPE label RENAME VALUE 'x' TO 'z'`,
		`ALTER TYPE label RENAME VALUE 'x' TO 'q'; ALTER TYPE label RENAME VALUE 'y' TO 'x'; ALTER TYPE label RENAME VALUE 'q' TO 'y'`,
	}, 2) {
		for _, sync := range []bool{false, true} {
			t.Run(fmt.Sprint(alter, sync), func(t *testing.T) {
				t.Parallel()
				db := auditdb.New(t, `CREATE TYPE label AS ENUM ('x', 'y'); CREATE TYPE pair AS (a int, b int, l label);
					CREATE TABLE pairs (id int PRIMARY KEY, p pair, n int)`)
				adb := exaudit.New(db.Pool)
				auditdb.Install(t, db, "pairs")
				db.Exec(t, `INSERT INTO pairs VALUES (1, '(1,2,x)', 1), (2, NULL, 1)`)
				db.Exec(t, `UPDATE pairs SET p = '(3,4,y)', n = 2`)
				db.Exec(t, alter)
				if sync {
					_, err := adb.Sync(ctx, nil)
					end(t, err)
				}
				db.Exec(t, `UPDATE pairs SET n = 3`)
				for _, key := range []int{1, 2} {
					versions := statesOf(t, adb, "pairs", key)
					if len(versions) != 3 || versions[2].State["n"] == nil {
						t.Errorf("history of %d: %+v", key, versions)
					}
					known := 0
					for v, err := range exaudit.History[struct {
						ID int
						P  any
						N  int
					}](ctx, adb, "pairs", key) {
						end(t, err)
						if len(v.Unknown) == 0 {
							known++
						}
					}
				}
				if got := pgtest.One[string](t, db, `SELECT string_agg(r.n::text, ' ') FROM exaudit.as_of_version(NULL::pairs, 4) r`); got != "2 2" {
					t.Errorf("as of version 4: %s", got)
				}
			})
		}
	}
}
