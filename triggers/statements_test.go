package triggers_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/exaudit/exaudit/audit"
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

// rowsRead is how many rows of some tables and indexes the transaction has read, with those before it that its session
// has not reported yet.
const rowsRead = `SELECT sum(pg_stat_get_xact_tuples_returned(r) + pg_stat_get_xact_tuples_fetched(r))::bigint
	FROM unnest($1::oid[]) AS r`

// What a followed command reads does not depend on how many tables are tracked: not in rows of the catalog, nor of the
// registry. Without sequential scans, which are cheaper where there are few rows.
func TestFollowedCommandsReadOfOneTable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	commands := []string{`ALTER TABLE items_1 ADD x int`, `ALTER TABLE items_1 DROP x`, `CREATE INDEX ON items_1 (n)`,
		`CREATE TABLE another (id int PRIMARY KEY)`, `ALTER TABLE another RENAME TO renamed`, `DROP TABLE renamed`,
		`CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id)`,
		`CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (10)`, `ALTER TABLE parts DETACH PARTITION part`,
		`DROP TABLE part, parts`}
	read := func(n int) map[string]int64 {
		db := auditdb.New(t, fmt.Sprintf(`DO $$ BEGIN FOR i IN 1 .. %d LOOP
			EXECUTE format('CREATE TABLE items_%%s (id int PRIMARY KEY, n int)', i); END LOOP; END $$`, n))
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("items_%d", i+1)
		}
		if _, err := triggers.Install(ctx, db.Pool, names,
			triggers.FollowDDL(audit.FollowDDL{NewTables: []string{"public.*"}})); err != nil {
			t.Fatal(err)
		}
		conn := db.Connect(t, "postgres")
		run(t, conn, `SET enable_seqscan = off; SET client_min_messages = error`)
		for _, command := range commands { // what a session reads once
			run(t, conn, command)
		}
		catalog := one[[]uint32](t, conn, `SELECT array_agg(r) FROM (SELECT unnest(array_append(
			array_agg(DISTINCT i.indexrelid), i.indrelid)) AS r FROM pg_index i
			WHERE i.indrelid = ANY ('{pg_class,pg_trigger,pg_proc,pg_depend,pg_attribute,pg_constraint,pg_inherits,
			pg_policy,pg_type,pg_index,exaudit.tables,exaudit_internal.column_snapshots}'::regclass[])
			GROUP BY i.indrelid) AS r`)
		least := make(map[string]int64) // of several: what other sessions invalidate is read again
		for range 4 {
			for _, command := range commands {
				run(t, conn, `BEGIN`)
				before := one[int64](t, conn, rowsRead, catalog)
				run(t, conn, command)
				rows := one[int64](t, conn, rowsRead, catalog) - before
				run(t, conn, `COMMIT`)
				if known, ok := least[command]; !ok || rows < known {
					least[command] = rows
				}
			}
		}
		return least
	}
	const few, many = 1, 61 // a row more for each is more than what varies by itself
	fewRows, manyRows := read(few), read(many)
	for _, command := range commands {
		t.Logf("%s: %d rows with %d tables, %d with %d", command, fewRows[command], few, manyRows[command], many)
		if manyRows[command]-fewRows[command] > many-few {
			t.Errorf("%s read %d rows with %d tables, and %d with %d", command, fewRows[command], few,
				manyRows[command], many)
		}
	}
}
