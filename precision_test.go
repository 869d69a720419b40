package exaudit_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// The time of a version is cut down, never rounded up: it would lie after what its transaction committed.
func TestPrecisionCutsDown(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE late (id int PRIMARY KEY)`)
	if changed, err := adb.SetPrecision(context.Background(), 1); err != nil || !changed {
		t.Fatal(changed, err)
	}
	auditdb.Install(t, db, "late")
	for id := range 20 {
		db.Exec(t, `INSERT INTO late VALUES (`+strconv.Itoa(id)+`)`)
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.as_of(NULL::late, clock_timestamp())`); n != id+1 {
			t.Fatalf("%d rows as of now, want %d", n, id+1)
		}
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE extract(microseconds FROM recorded_at)::int % 100000 <> 0`); n > 0 {
		t.Errorf("%d versions with more than a tenth of a second", n)
	}
}
