package triggers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/triggers"
)

// Options end with an uninstall, and who installs again is told which these were.
func TestOptionsEndWithAnUninstall(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE a (id int PRIMARY KEY, n int)`)
	options := triggers.WithOptions(map[string]audit.TableOptions{"a": {Mask: []string{"n"}}})
	installed := func(opts ...triggers.InstallOption) string {
		t.Helper()
		done, err := triggers.Install(ctx, db.Pool, []string{"a"}, opts...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(done[0].Notes, " ")
	}
	installed(options)
	if said := installed(); said != "" || one[string](t, db.Pool, `SELECT options FROM exaudit.tables`) == "{}" {
		t.Errorf("installed twice, the options are gone: %s", said)
	}
	if err := triggers.Uninstall(ctx, db.Pool, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if said := installed(); !strings.HasSuffix(said, `not its own any more: {"mask": ["n"]}`) {
		t.Errorf("said %q", said)
	}
	if got := one[string](t, db.Pool, `SELECT options FROM exaudit.tables`); got != "{}" {
		t.Errorf("options %s", got)
	}
	wantNoDrift(t, db)
	db.Exec(t, `INSERT INTO a VALUES (1, 2)`)
	wantRecorded(t, db, `created a 1 {"n": 2, "id": 1}`)
	if said := installed(); said != "" {
		t.Errorf("said %q", said)
	}
}

// What the tables of migration tools hold is no data of the application, and no pattern means them.
func TestTablesOfMigrationTools(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := followed(t, audit.FollowDDL{NewTables: []string{"public.*"}}, ``)
	db.Exec(t, `CREATE TABLE goose_db_version (id int PRIMARY KEY); CREATE TABLE schema_migrations (version bigint PRIMARY KEY);
		CREATE TABLE "SequelizeMeta" (name text PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY);
		CREATE SCHEMA atlas_schema_revisions CREATE TABLE atlas_schema_revisions (version text PRIMARY KEY)`)
	if got := fmt.Sprint(list[string](t, db.Pool, `SELECT table_name FROM exaudit.tables`)); got != "[orders]" {
		t.Errorf("covered %s", got)
	}
	names, without, err := triggers.Trackable(ctx, db.Pool, []string{"public", "atlas_schema_revisions"})
	if err != nil || fmt.Sprint(names, without) != "[public.orders] []" {
		t.Errorf("trackable: %v %v, %v", names, without, err)
	}
	if triggers.Covers((audit.FollowDDL{NewTables: []string{"public.*"}}), `public."SequelizeMeta"`) {
		t.Error("Covers says otherwise")
	}
	if !install(t, db, "schema_migrations") {
		t.Error("one cannot be installed on by name")
	}
}

// A policy that only its owner can mend is not said to be brought up to date.
func TestRestrictivePolicyIsLeft(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := tracked(t, `CREATE TABLE a (id int PRIMARY KEY, n int)`, "a")
	db.Exec(t, `ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY mine ON a AS RESTRICTIVE USING (n > 0)`)
	for range 2 {
		done, err := triggers.Sync(ctx, db.Pool)
		if err != nil || len(done) != 1 || done[0].Changed || len(done[0].Left) != 1 || !strings.HasPrefix(done[0].Left[0], `policy "mine" is restrictive`) {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	db.Exec(t, `ALTER TABLE a ADD COLUMN m int`)
	done, err := triggers.Sync(ctx, db.Pool)
	if err != nil || !done[0].Changed || len(done[0].Left) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	wantDrift(t, db, `policy "mine" is restrictive`)
	db.Exec(t, `ALTER POLICY mine ON a TO pg_read_all_data`)
	wantNoDrift(t, db)
	if install(t, db, "a") {
		t.Error("there was something to do")
	}
	db.Exec(t, `INSERT INTO a VALUES (1, 1); TRUNCATE a`)
	wantRecorded(t, db, `created a 1 {"m": null, "n": 1, "id": 1}`, `deleted a 1 {"m": null, "n": 1, "id": 1}`)
}

// Who detaches a partition is told that it is not recorded any more.
func TestDetachedIsSaid(t *testing.T) {
	t.Parallel()
	db := followed(t, audit.FollowDDL{}, `
		CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
		CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
		CREATE TABLE parts_21 PARTITION OF parts_2 FOR VALUES FROM (10) TO (20)`, "parts")
	conn, said := warnings(t, db)
	for _, c := range []struct{ ddl, warning string }{
		{`ALTER TABLE parts DETACH PARTITION parts_1`, `WARNING: table public.parts_1 was detached from table public.parts, and its changes are not recorded any more To record them, run "exaudit install public.parts_1".`},
		{`ALTER TABLE parts DETACH PARTITION parts_2`, `WARNING: table public.parts_2 was detached from table public.parts, and its changes are not recorded any more To record them, run "exaudit install public.parts_2".`},
		{`ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES FROM (0) TO (10)`, ``},
		{`ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY`, `WARNING: table public.parts_1 was detached from table public.parts, and its changes are not recorded any more To record them, run "exaudit install public.parts_1".`},
	} {
		run(t, conn, c.ddl)
		if got := said(); got != c.warning {
			t.Errorf("%s\n%s\nwant %s", c.ddl, got, c.warning)
		}
	}
	if got := inspected(t, db); got != "" {
		t.Error(got)
	}
}
