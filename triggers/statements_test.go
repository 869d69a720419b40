package triggers_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/triggers"
)

// Where nothing is to be done, it takes as many statements for many tables as for few.
func TestStatementsForManyTables(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	count := func(n int) (sync, inspect int) {
		db := auditdb.New(t, fmt.Sprintf(`DO $$ BEGIN FOR i IN 1 .. %d LOOP
			EXECUTE format('CREATE TABLE items_%%s (id int PRIMARY KEY, n int)', i); END LOOP; END $$`, n))
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("items_%d", i+1)
		}
		if _, err := triggers.Install(ctx, db.Pool, names); err != nil { // by row: by statement, more is asked
			t.Fatal(err)
		}
		conn, sent := db.ConnectCounting(t)
		done, err := triggers.Sync(ctx, conn)
		if err != nil || len(done) != n {
			t.Fatalf("%d of %d tables, %v", len(done), n, err)
		}
		for _, d := range done {
			if d.Changed || d.SQL == "" {
				t.Errorf("%s: changed %v, %d bytes of SQL", d.Table, d.Changed, len(d.SQL))
			}
		}
		sync = sent.Sent
		if _, err := triggers.Inspect(ctx, conn); err != nil {
			t.Fatal(err)
		}
		return sync, sent.Sent - sync
	}
	fewSync, fewInspect := count(1)
	manySync, manyInspect := count(5)
	if manySync != fewSync || manyInspect != fewInspect {
		t.Errorf("Sync sent %d statements for 1 table and %d for 5, Inspect %d and %d", fewSync, manySync, fewInspect,
			manyInspect)
	}
}

// Another table does not have every session plan anew: a grant on a schema that is there already is not repeated.
func TestInstallRepeatsNoGrantOnASchema(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE others (id int PRIMARY KEY);
		CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.items (id int PRIMARY KEY)`, "items")
	written := func() string {
		return one[string](t, db.Pool, `SELECT xmin::text FROM pg_namespace WHERE nspname = 'public'`)
	}
	before := written()
	auditdb.Install(t, db, "others")
	if after := written(); after != before {
		t.Error("the schema was granted once more")
	}
	auditdb.Install(t, db, "elsewhere.items")
	if !one[bool](t, db.Pool, `SELECT has_schema_privilege('exaudit_writer', 'elsewhere', 'USAGE')`) {
		t.Error("the schema was not granted")
	}
	// what PUBLIC may do may be taken back
	run(t, db.Pool, `REVOKE USAGE ON SCHEMA public FROM exaudit_writer`)
	run(t, db.Pool, `GRANT USAGE ON SCHEMA public TO PUBLIC; CREATE TABLE third (id int PRIMARY KEY)`)
	auditdb.Install(t, db, "third")
	run(t, db.Pool, `REVOKE USAGE ON SCHEMA public FROM PUBLIC`)
	if !one[bool](t, db.Pool, `SELECT has_schema_privilege('exaudit_writer', 'public', 'USAGE')`) {
		t.Error("the schema was left to PUBLIC")
	}
}
