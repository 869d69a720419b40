package triggers_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// installed counts everything that an install leaves.
func installed(t *testing.T, db *pgtest.DB) int {
	t.Helper()
	return one[int](t, db.Pool, `SELECT
		(SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname ~ '^t[0-9]+_')
		+ (SELECT count(*) FROM pg_proc WHERE proname ~ '^t[0-9]+_' AND pronamespace = 'exaudit_internal'::regnamespace)
		+ (SELECT count(*) FROM exaudit.tables WHERE tracked) + (SELECT count(*) FROM pg_policy WHERE polname = '~exaudit_truncate')
		+ (SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 'exaudit_writer'::regrole)`)
}

func TestInstallRefuses(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TABLE good (id int PRIMARY KEY); CREATE TABLE "Odd.Name" (id int PRIMARY KEY);
		CREATE VIEW a_view AS SELECT * FROM good; CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM good;
		CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw;
		CREATE FOREIGN TABLE a_foreign (id int) SERVER s;
		CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE a_partition PARTITION OF parted DEFAULT;
		CREATE TABLE no_key (id int); CREATE TABLE only_unique (id int NOT NULL UNIQUE); CREATE SEQUENCE a_sequence; CREATE TYPE a_type AS (id int);
		CREATE INDEX an_index ON good (id)`)
	conn := db.Connect(t, "")
	run(t, conn, `CREATE TEMP TABLE a_temp (id int PRIMARY KEY)`)
	for _, c := range []struct {
		name string
		want any
	}{
		{one[string](t, conn, `SELECT 'good'::regclass::oid::text`), audit.NoTable},
		{"a_view", audit.NotTrackable}, {"a_matview", audit.NotTrackable}, {"a_foreign", audit.NotTrackable},
		{"a_temp", audit.NotTrackable}, {"pg_temp.a_temp", audit.NotTrackable}, {"a_partition", audit.NotTrackable},
		{"pg_class", audit.NotTrackable}, {"pg_catalog.pg_class", audit.NotTrackable}, {"information_schema.sql_features", audit.NotTrackable},
		{"exaudit.versions", audit.NotTrackable}, {"exaudit.tables", audit.NotTrackable}, {"exaudit.history", audit.NotTrackable},
		{"a_sequence", audit.NotTrackable}, {"a_type", audit.NotTrackable}, {"an_index", audit.NotTrackable},
		{"no_key", audit.NoPrimaryKey}, {"only_unique", audit.NoPrimaryKey},
		{"missing", audit.NoTable}, {"missing.good", audit.NoTable}, {"GOOD.good", audit.NoTable}, {`"GOOD"`, audit.NoTable},
		{"Odd.Name", audit.NoTable}, {"", audit.NoTable}, {".", audit.NoTable}, {"a.b.c.d", audit.NoTable},
		{`"unclosed`, audit.NoTable}, {"good; DROP TABLE good", audit.NoTable}, {"good good", audit.NoTable},
		{"good--", audit.NoTable}, {"1", audit.NoTable}, {"-", audit.NoTable}, {strings.Repeat("x", 70), audit.NoTable},
		{"exaudit_other_db.public.good", audit.NoTable}, {"g\x00d", nil},
	} {
		for _, names := range [][]string{{c.name}, {"good", c.name}, {c.name, "good"}, {`"Odd.Name"`, "good", c.name}} {
			_, err := triggers.Install(context.Background(), conn, names)
			if err == nil || c.want != nil && !reason.Is(err, c.want) {
				t.Errorf("%q: %v, want %v", names, err, c.want)
			}
			for _, other := range []audit.TableReason{audit.NoTable, audit.NotTrackable, audit.NoPrimaryKey, audit.NotTracked} {
				if c.want != nil && other != c.want && reason.Is(err, other) {
					t.Errorf("%q: %v is also %v", names, err, other)
				}
			}
		}
	}
	if n := installed(t, db); n != 0 {
		t.Errorf("%d things were left behind", n)
	}
	// spelled as in SQL
	for _, name := range []string{"GOOD", "public.good", ` "public" . "good"`, `"Odd.Name"`} {
		if _, err := triggers.Install(context.Background(), conn, []string{name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := triggers.Install(context.Background(), conn, nil); err != nil {
		t.Errorf("no table at all: %v", err)
	}
}

func TestInstallTwice(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF parted DEFAULT`)
	if !install(t, db, "items", "parted", "items") {
		t.Error("the first install changed nothing")
	}
	snapshot := `SELECT string_agg(x, ' ') FROM (SELECT xmin || ' ' || ctid AS x FROM pg_proc WHERE proname ~ '^t[0-9]' UNION ALL
		SELECT xmin || ' ' || ctid FROM pg_trigger UNION ALL SELECT xmin || ' ' || ctid FROM exaudit.tables
		UNION ALL SELECT xmin || ' ' || ctid FROM exaudit_internal.column_snapshots) s`
	before := one[string](t, db.Pool, snapshot)
	// a table in use is not waited for, because nothing is to be done
	tx, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, `INSERT INTO items VALUES (1)`)
	if install(t, db, "items", "parted") {
		t.Error("the second install changed something")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := one[string](t, db.Pool, snapshot); after != before {
		t.Error("the second install wrote to the catalog")
	}
}

func TestInstallConcurrently(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY)`)
	var wg sync.WaitGroup
	for _, tables := range [][]string{{"a", "b"}, {"b", "a"}, {"c", "a"}, {"a", "b", "c"}} {
		wg.Go(func() {
			if _, err := triggers.Install(context.Background(), db.Pool, tables, triggers.LockTimeout(0)); err != nil {
				t.Errorf("%v: %v", tables, err)
			}
		})
	}
	wg.Wait()
	wantNoDrift(t, db)
	if got := one[string](t, db.Pool, `SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM exaudit.tables`); got != "a b c" {
		t.Errorf("registered: %s", got)
	}
	db.Exec(t, `INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1)`)
	wantRecorded(t, db, `created a 1 {"id": 1}`, `created b 1 {"id": 1}`, `created c 1 {"id": 1}`)
}

func TestInstallInATransaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY)`)
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, `SET LOCAL search_path = public, pg_catalog`)
	if _, err := triggers.Install(ctx, tx, []string{"missing"}); !reason.Is(err, audit.NoTable) {
		t.Errorf("%v", err)
	}
	if _, err := triggers.Install(ctx, tx, []string{"items"}); err != nil {
		t.Fatal(err)
	}
	if path := one[string](t, tx, `SHOW search_path`); path != "public, pg_catalog" {
		t.Errorf("search_path has become %s", path)
	}
	run(t, tx, `INSERT INTO items VALUES (1)`)
	if n := one[int](t, tx, `SELECT count(*) FROM exaudit.versions`); n != 1 {
		t.Errorf("%d versions in the transaction, want 1", n)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if n := installed(t, db); n != 0 {
		t.Errorf("%d things were left behind", n)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE no_key (id int)`)
	done, err := triggers.Install(ctx, db.Pool, []string{"items"}, triggers.DryRun())
	if err != nil || len(done) != 1 || !done[0].Changed || !strings.Contains(done[0].SQL, "CREATE OR REPLACE TRIGGER") {
		t.Errorf("%v, %v", done, err)
	}
	if _, err := triggers.Install(ctx, db.Pool, []string{"items", "no_key"}, triggers.DryRun()); !reason.Is(err, audit.NoPrimaryKey) {
		t.Errorf("%v", err)
	}
	if n := installed(t, db) + one[int](t, db.Pool, `SELECT count(*) FROM exaudit.tables`); n != 0 {
		t.Errorf("a dry run left %d things behind", n)
	}
	install(t, db, "items")
	before := installed(t, db)
	if err := triggers.Uninstall(ctx, db.Pool, []string{"items"}, triggers.DryRun()); err != nil {
		t.Error(err)
	}
	if after := installed(t, db); after != before {
		t.Errorf("a dry run of uninstall removed %d things", before-after)
	}
	wantNoDrift(t, db)
}

func TestUninstall(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const schema = `
		CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY); CREATE TABLE never (id int PRIMARY KEY);
		ALTER TABLE items ENABLE ROW LEVEL SECURITY;
		CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF parted DEFAULT;
		ALTER TABLE p1 ENABLE ROW LEVEL SECURITY;
		CREATE TABLE renamed (id int PRIMARY KEY); CREATE TABLE gone (id int PRIMARY KEY)`
	db := auditdb.New(t, schema)
	tables := []string{"items", "other", "parted", "renamed", "gone"}
	auditdb.Install(t, db, tables...)
	ids := func() string {
		return one[string](t, db.Pool, `SELECT string_agg(id || table_name, ' ' ORDER BY id) FROM exaudit.tables`)
	}
	before := ids()
	db.Exec(t, `INSERT INTO items VALUES (1); ALTER TABLE renamed RENAME TO other_name; DROP TABLE gone`)

	for _, c := range []struct {
		names []string
		want  any
	}{
		{[]string{"items", "never"}, audit.NotTracked}, {[]string{"items", "missing"}, audit.NoTable},
		{[]string{"items", "exaudit.history"}, audit.NotTrackable},
	} {
		if err := triggers.Uninstall(ctx, db.Pool, c.names); !reason.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.names, err, c.want)
		}
	}
	if err := triggers.Uninstall(ctx, db.Pool, []string{"items", "other", "parted", "other_name", "gone"}); err != nil {
		t.Fatal(err)
	}
	if n := installed(t, db); n != 0 {
		t.Errorf("%d things are left", n)
	}
	db.Exec(t, `INSERT INTO items VALUES (2); INSERT INTO other_name VALUES (1); INSERT INTO parted VALUES (1); TRUNCATE parted`)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != 1 {
		t.Errorf("%d versions, want the 1 from before", n)
	}
	wantNoDrift(t, db) // of what is not tracked
	if err := triggers.Uninstall(ctx, db.Pool, []string{"items"}); !reason.Is(err, audit.NotTracked) {
		t.Errorf("the second time: %v", err)
	}
	db.Exec(t, `CREATE TABLE gone (id int PRIMARY KEY)`)
	install(t, db, "items", "other", "parted", "other_name", "gone")
	// a table that was dropped and made again is another one: its old history is not its own
	if after := ids(); after != strings.Replace(before, "renamed", "other_name", 1)+" 6gone" {
		t.Errorf("ids after installing again are %s, before %s", after, before)
	}
	db.Exec(t, `DELETE FROM items WHERE id = 1`)
	if got := recorded(t, db); got != `created items 1 {"id": 1}`+"\n"+`deleted items 1 {"id": 1}` {
		t.Errorf("history continues as\n%s", got)
	}
}

// A name that was exchanged for another table's must not reach that table.
func TestUninstallRenamed(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE fresh (id int PRIMARY KEY); GRANT SELECT ON fresh TO exaudit_writer`, "items")
	db.Exec(t, `ALTER TABLE items RENAME TO old_items; ALTER TABLE fresh RENAME TO items`)
	if err := triggers.Uninstall(context.Background(), db.Pool, []string{"old_items"}); err != nil {
		t.Fatal(err)
	}
	if one[bool](t, db.Pool, `SELECT has_table_privilege('exaudit_writer', 'old_items', 'SELECT')`) {
		t.Error("exaudit_writer may still read the table")
	}
	if !one[bool](t, db.Pool, `SELECT has_table_privilege('exaudit_writer', 'items', 'SELECT')`) {
		t.Error("a privilege on another table was revoked")
	}
}

// Tables that exchange their names keep their ids.
func TestSwappedNames(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, n int)`, "a", "b")
	db.Exec(t, `ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b`)
	db.Exec(t, `INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (2); TRUNCATE a; TRUNCATE b`)
	if got := fmt.Sprint(list[string](t, db.Pool, `SELECT table_id || ' ' || entity_id FROM exaudit.versions ORDER BY id`)); got != "[2 1 1 2 2 1 1 2]" {
		t.Errorf("recorded for %s", got)
	}
	wantDrift(t, db, "was renamed")
	install(t, db, "a", "b")
	wantNoDrift(t, db)
	if got := one[string](t, db.Pool, `SELECT string_agg(id || table_name, ' ' ORDER BY id) FROM exaudit.tables`); got != "1b 2a" {
		t.Errorf("registered: %s", got)
	}
}

// What Inspect says does not depend on the session that asks.
func TestInspectInOtherSessions(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TYPE mood AS ENUM ('sad');
		ALTER TABLE exaudit.versions ADD COLUMN via text DEFAULT 'sad', ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY, ADD COLUMN at date DEFAULT '2020-02-03';
		CREATE TABLE items (id int PRIMARY KEY, m mood, "Odd" text); INSERT INTO items VALUES (1)`)
	auditdb.Install(t, db, "items")
	for _, settings := range testall.Sample([]string{
		`SET search_path = public`, `SET search_path = ''`, `SET search_path = exaudit, public`, `SET search_path = public, pg_catalog`,
		`SET datestyle = 'SQL, DMY'`, `SET standard_conforming_strings = off`, `SET row_security = off`,
	}, 3) {
		conn := db.Connect(t, "")
		run(t, conn, settings)
		all, err := triggers.Inspect(context.Background(), conn)
		if err != nil || len(all) != 1 || len(all[0].Drift) > 0 {
			t.Errorf("%s: %v, %v", settings, all, err)
		}
		done, err := triggers.Install(context.Background(), conn, []string{"public.items"})
		if err != nil || done[0].Changed {
			t.Errorf("%s: install changed something, or %v", settings, err)
		}
		run(t, conn, `BEGIN; SET LOCAL exaudit.custom = '{"x": 1}'; UPDATE public.items SET "Odd" = "Odd" || 'x'; COMMIT`,
			`UPDATE public.items SET "Odd" = coalesce("Odd", '') || 'x'`)
	}
}
