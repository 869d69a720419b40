package exaudit_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

type seen struct {
	ID   int32
	A, B *int32
}

// What a table was is not known, and as_of says so, where its options, or triggers that are off, let its rows change without
// a version: until these are mended, and of any point before. Who asks for it gets what is recorded over what is there.
func TestOutOfSight(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		options audit.TableOptions
		change  string
		mend    bool // triggers are to be mended first
	}{
		"where":    {audit.TableOptions{Where: "a <> 1"}, `UPDATE seen SET b = 9 WHERE id = 1`, false},
		"ignore":   {audit.TableOptions{AllowIgnore: true}, `SET LOCAL exaudit.ignore = 'on'; UPDATE seen SET b = 9 WHERE id = 1`, false},
		"truncate": {audit.TableOptions{OnTruncate: "ignore"}, `TRUNCATE seen`, false},
		"disabled": {audit.TableOptions{}, `ALTER TABLE seen DISABLE TRIGGER ALL; UPDATE seen SET b = 9 WHERE id = 1`, true},
		"dropped":  {audit.TableOptions{}, `DROP TRIGGER "!exaudit_t1_update" ON seen; UPDATE seen SET b = 9 WHERE id = 1`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, `CREATE TABLE seen (id int PRIMARY KEY, a int, b int)`)
			adb := exaudit.New(db.Pool)
			install := func(options audit.TableOptions) {
				t.Helper()
				if _, err := adb.Install(ctx, []string{"seen"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"seen": options}}); err != nil {
					t.Fatal(err)
				}
			}
			install(test.options)
			db.Exec(t, `INSERT INTO seen VALUES (1, 1, 1), (2, 2, 2)`)
			db.Exec(t, `SELECT exaudit.mark('before')`)
			point := pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`)
			db.Exec(t, `BEGIN; `+test.change+`; COMMIT`)
			refused := func(want any, points ...exaudit.Point) {
				t.Helper()
				for _, at := range points {
					if _, err := exaudit.Collect(exaudit.AsOf[seen](ctx, adb, "seen", at)); !reason.Is(err, want) {
						t.Errorf("as of %s: %v", at, err)
					}
					if _, err := exaudit.StateAt[seen](ctx, adb, "seen", 1, at); !reason.Is(err, want) {
						t.Errorf("row as of %s: %v", at, err)
					}
				}
			}
			refused(audit.OutOfSight, exaudit.AtTime(point), exaudit.AtMark("before"))
			if _, err := db.Pool.Exec(ctx, `SELECT * FROM exaudit.states(NULL::seen, '1')`); err == nil {
				t.Error("states of a row that has changed out of sight")
			}
			end(t, adb.Snapshot(ctx, func(db *exaudit.DB) error {
				if _, err := db.Exec(ctx, `SET LOCAL exaudit.unseen = 'on'`); err != nil {
					return err
				}
				_, err := exaudit.Collect(exaudit.AsOf[seen](ctx, db, "seen", exaudit.AtTime(point)))
				return err
			}))
			install(audit.TableOptions{})
			refused(audit.BeforeHistory, exaudit.AtTime(point), exaudit.AtMark("before"))
			if test.mend {
				db.Exec(t, `UPDATE seen SET a = 5 WHERE id = 2`)
			}
			db.Exec(t, `SELECT exaudit.mark('after')`)
			now := pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`)
			db.Exec(t, `UPDATE seen SET b = 10`)
			for _, at := range []exaudit.Point{exaudit.AtTime(now), exaudit.AtMark("after")} {
				rows, err := exaudit.Collect(exaudit.AsOf[seen](ctx, adb, "seen", at))
				if err != nil || slices.ContainsFunc(rows, func(r seen) bool { return *r.B == 10 }) {
					t.Errorf("as of %s: %v, %v", at, rows, err)
				}
			}
			// what is installed again without a change is as complete as before
			install(audit.TableOptions{})
			if _, err := exaudit.Collect(exaudit.AsOf[seen](ctx, adb, "seen", exaudit.AtTime(now))); err != nil {
				t.Errorf("after an install that changed nothing: %v", err)
			}
		})
	}
}

// A column that has changed without a version is unknown in every state since it was last recorded, to each reader.
func TestLostColumns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE seen (id int PRIMARY KEY, a int, b int)`)
	adb := exaudit.New(db.Pool)
	if _, err := adb.Install(ctx, []string{"seen"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"seen": {AllowIgnore: true}}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO seen VALUES (1, 1, 1)`)
	db.Exec(t, `UPDATE seen SET b = 2 WHERE id = 1`)
	db.Exec(t, `BEGIN; SET LOCAL exaudit.ignore = 'on'; UPDATE seen SET a = 2; COMMIT`)
	db.Exec(t, `UPDATE seen SET b = 3 WHERE id = 1`)
	images := func(key any) []*audit.Version {
		versions, err := exaudit.Collect(adb.HistoryWithStates(ctx, "seen", key))
		end(t, err)
		return versions
	}
	for _, key := range []int{1, 11} { // with one key, and moved
		versions := images(key)
		last := versions[len(versions)-1]
		if last.Lost == nil || versions[0].Lost != nil {
			t.Errorf("key %d: the newest version has lost %v, the first %v", key, last.Lost, versions[0].Lost)
		}
		for i, v := range versions {
			if _, has := v.State["a"]; has != (i == 0) {
				t.Errorf("key %d: the state after version %d is %v", key, v.ID, v.State)
			}
		}
		i := -1
		for v, err := range exaudit.History[seen](ctx, adb, "seen", key) {
			end(t, err)
			i++
			if unknown := slices.Contains(v.Unknown, "a"); unknown != (i > 0) {
				t.Errorf("key %d: version %d: unknown %v, after %+v", key, v.ID, v.Unknown, v.After)
			}
		}
		latest, err := exaudit.First(exaudit.History[seen](ctx, adb, "seen", key, exaudit.NewestFirst()))
		end(t, err)
		if !slices.Contains(latest.Unknown, "a") || latest.After.A != nil && *latest.After.A != 0 || *latest.After.B != 3 {
			t.Errorf("key %d: latest %+v, unknown %v", key, latest.After, latest.Unknown)
		}
		if key == 1 {
			db.Exec(t, `UPDATE seen SET id = 11 WHERE id = 1`)
		}
	}
	// recorded again, nothing fits
	db.Exec(t, `UPDATE seen SET a = 3`)
	if _, err := exaudit.Collect(adb.HistoryWithStates(ctx, "seen", 11)); !reason.Is(err, reason.Diverged) {
		t.Errorf("a version of what was changed out of sight: %v", err)
	}
}
