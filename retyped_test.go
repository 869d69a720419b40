package exaudit_test

import (
	"context"
	"slices"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
)

// A column that was given another type is known in the versions since, also before it is changed itself; before, it is not.
func TestRetypedColumnIsKnownSince(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE seen (id int PRIMARY KEY, a text, b int)`)
	adb := exaudit.New(db.Pool)
	auditdb.Install(t, db, "seen")
	db.Exec(t, `INSERT INTO seen VALUES (1, '5', 1)`)
	db.Exec(t, `UPDATE seen SET b = 2`)
	db.Exec(t, `ALTER TABLE seen ALTER a TYPE int USING a::int + 1`)
	if _, err := adb.Sync(ctx, nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE seen SET b = 3`)
	db.Exec(t, `UPDATE seen SET b = 4`)
	check := func(key int, known ...int) { // by how many versions; of a version that has changed it, the row before is not
		t.Helper()
		n := 0
		for v, err := range exaudit.History[seen](ctx, adb, "seen", key) {
			end(t, err)
			n++
			if is := !slices.Contains(v.Unknown, "a"); is != slices.Contains(known, n) {
				t.Errorf("key %d, version %d: unknown %v, after %+v", key, n, v.Unknown, v.After)
			} else if is && v.After != nil && (v.After.A == nil || *v.After.A < 6 || *v.After.A != *v.Before.A) {
				t.Errorf("key %d, version %d: before %+v, after %+v", key, n, v.Before, v.After)
			}
		}
	}
	check(1, 3, 4)
	latest, err := exaudit.First(exaudit.History[seen](ctx, adb, "seen", 1, exaudit.NewestFirst()))
	end(t, err)
	if len(latest.Unknown) > 0 || *latest.After.A != 6 {
		t.Errorf("latest %+v, unknown %v", latest.After, latest.Unknown)
	}
	db.Exec(t, `UPDATE seen SET id = 11`)
	check(11, 3, 4, 5)
	if latest, err = exaudit.First(exaudit.History[seen](ctx, adb, "seen", 11, exaudit.NewestFirst())); err != nil || len(latest.Unknown) > 0 || *latest.After.A != 6 {
		t.Errorf("latest %+v, unknown %v, %v", latest.After, latest.Unknown, err)
	}
}
