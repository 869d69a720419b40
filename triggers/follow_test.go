package triggers_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// followed gives a database whose DDL is followed; of the schema's tables, the named ones
// are tracked.
func followed(t *testing.T, f audit.FollowDDL, schema string, tables ...string) *pgtest.DB {
	t.Helper()
	db := auditdb.New(t, schema)
	if _, err := triggers.Install(context.Background(), db.Pool, tables, triggers.FollowDDL(f)); err != nil {
		t.Fatal(err)
	}
	return db
}

// inspected is what status says: drift and notes, a line each.
func inspected(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	all, err := triggers.Inspect(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range all {
		for _, d := range s.Drift {
			lines = append(lines, "drift: "+d.String())
		}
		if s.TableID != 0 {
			for _, n := range s.Notes {
				lines = append(lines, s.Table+": "+n)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func synced(t *testing.T, db *pgtest.DB) {
	t.Helper()
	if _, err := triggers.Sync(context.Background(), db.Pool); err != nil {
		t.Fatal(err)
	}
	if got := inspected(t, db); got != "" {
		t.Errorf("after a sync:\n%s", got)
	}
}

var allNew = audit.FollowDDL{NewTables: []string{"public.*", "shop.order_*"}, Except: []string{"public.tmp_*", "public.sessions"}}

// Every alteration is followed: what is recorded is the same, and nothing is left to mend
// but the speed.
func TestFollowedDDL(t *testing.T) {
	t.Parallel()
	for i, c := range testall.Sample(ddlCases, 10) {
		for _, session := range testall.Turn(i/3, "other session", "same transaction") { // another than in TestDDL
			t.Run(c.name+" in the "+session, func(t *testing.T) {
				t.Parallel()
				db := followed(t, audit.FollowDDL{}, itemsSchema, "items")
				writer, other := db.Connect(t, ""), db.Connect(t, "")
				hot(t, writer)
				run(t, writer, `UPDATE items SET n = 1`)
				forget(t, db)
				if session == "other session" {
					run(t, other, c.ddl)
				} else {
					run(t, writer, `BEGIN`, c.ddl)
				}
				// before any write
				if session == "other session" {
					if got := lastColumns(t, db); got != c.columns {
						t.Errorf("columns of the last snapshot are %s, want %s", got, c.columns)
					}
				}
				for _, s := range strings.Split(c.write, "; ") {
					run(t, writer, s)
				}
				if session == "same transaction" {
					run(t, writer, `COMMIT`)
				}
				want := strings.Join(c.want, "\n")
				if strings.HasPrefix(c.name, "rename table") {
					want = strings.ReplaceAll(want, " items ", " things ")
				}
				if got := recorded(t, db); got != want {
					t.Errorf("recorded:\n%s\nwant:\n%s", got, want)
				}
				if c.name == "drop primary key" {
					wantDrift(t, db, "has lost its primary key")
					return
				}
				if c.name == "drop and create the table" {
					wantDrift(t, db, "public.items: table was dropped and created again, and is not tracked")
					return
				}
				wantNoDrift(t, db)
				if c.columns != "id name n" && !strings.Contains(inspected(t, db), "recorded more slowly") {
					t.Errorf("status says nothing of the speed: %s", inspected(t, db))
				}
				synced(t, db)
			})
		}
	}
}

func TestFollowedTruncate(t *testing.T) {
	t.Parallel()
	for _, ddl := range testall.Sample([]string{
		`CREATE SCHEMA other; ALTER TABLE items SET SCHEMA other; SET search_path = public, other`,
		`ALTER TABLE items ENABLE ROW LEVEL SECURITY`,
		`ALTER TABLE items ENABLE ROW LEVEL SECURITY; DROP POLICY "~exaudit_truncate" ON items`,
		`ALTER TABLE items ENABLE ROW LEVEL SECURITY; ALTER POLICY "~exaudit_truncate" ON items USING (false)`,
		`REVOKE SELECT ON items FROM exaudit_writer`,
		`ALTER SCHEMA public RENAME TO renamed; SET search_path = renamed`,
		`REVOKE USAGE ON SCHEMA public FROM exaudit_writer, PUBLIC`,
	}, 3) {
		db := followed(t, audit.FollowDDL{}, itemsSchema, "items")
		conn := db.Connect(t, "")
		run(t, conn, ddl, `TRUNCATE items`)
		wantRecorded(t, db, `deleted items 1 {"n": 0, "id": 1, "name": "a"}`)
		if got := inspected(t, db); got != "" {
			t.Errorf("%s:\n%s", ddl, got)
		}
	}
}

// warnings connects, and collects what the server says besides, with its hints.
func warnings(t *testing.T, db *pgtest.DB) (*pgx.Conn, func() string) {
	t.Helper()
	config := db.Pool.Config().ConnConfig.Copy()
	var said []string
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		said = append(said, strings.TrimSpace(n.Severity+": "+n.Message+" "+n.Hint))
	}
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn, func() string {
		all := strings.Join(said, "\n")
		said = nil
		return all
	}
}

// Triggers that are disabled, dropped, renamed or replaced come back, and whoever did it is
// told how to do it properly.
func TestFollowedTriggers(t *testing.T) {
	t.Parallel()
	const events = `
		CREATE TABLE events (id int, day int, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
		CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
		CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`
	for _, generic := range testall.Turn(0, false, true) {
		db := followed(t, audit.FollowDDL{NewTables: []string{"public.*"}}, ``)
		run(t, db.Pool, events)
		const prefix = "!exaudit_t1_"
		if !generic {
			synced(t, db)
		}
		conn, said := warnings(t, db)
		said()
		for _, c := range []struct{ sql, want string }{
			{`ALTER TABLE events DISABLE TRIGGER "` + prefix + `insert"`, "was enabled again"},
			{`ALTER TABLE events DISABLE TRIGGER USER`, "was enabled again"},
			{`ALTER TABLE events_1 DISABLE TRIGGER "` + prefix + `update"`, "was enabled again"},
			{`ALTER TABLE events ENABLE REPLICA TRIGGER "` + prefix + `delete"`, "was enabled again"},
			{`ALTER TABLE events_1 ENABLE ALWAYS TRIGGER "` + prefix + `truncate"`, "was enabled again"},
			{`DROP TRIGGER "` + prefix + `insert" ON events`, "was created again"},
			{`DROP TRIGGER "` + prefix + `update" ON events`, "was created again"},
			{`DROP TRIGGER "` + prefix + `truncate" ON events_1`, ""},
			{`DROP TRIGGER "` + strings.Replace(prefix, "!", "~", 1) + `move" ON events`, "was created again"},
			{`ALTER TABLE events_1 DISABLE TRIGGER "` + strings.Replace(prefix, "!", "~", 1) + `move"`, "was enabled again"},
			{`ALTER TRIGGER "` + prefix + `delete" ON events RENAME TO zzz`, "was created again"},
			{`CREATE OR REPLACE TRIGGER "` + prefix + `insert" AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION nothing()`, "was created again"},
		} {
			run(t, conn, c.sql)
			if got := said(); !strings.Contains(got, c.want) {
				t.Errorf("%s: said %q", c.sql, got)
			}
			wantNoDrift(t, db)
		}
		run(t, conn, `INSERT INTO events VALUES (1, 1)`, `UPDATE events SET day = 2`, `TRUNCATE events_1`)
		wantRecorded(t, db, `created events [1, 1] {"id": 1, "day": 1}`, `updated events [1, 1] → [2, 1] {"day": 1} → {"day": 2}`, `deleted events [2, 1] {"id": 1, "day": 2}`)
		if err := triggers.Uninstall(context.Background(), conn, []string{"events"}); err != nil {
			t.Fatal(err)
		}
		said()
		run(t, conn, `INSERT INTO events VALUES (2, 2)`, `ALTER TABLE events ADD COLUMN n int`, `INSERT INTO events VALUES (3, 3)`)
		if got := said(); got != "" {
			t.Errorf("uninstalled, and said %q", got)
		}
		wantRecorded(t, db)
	}
}

func TestFollowedNewTables(t *testing.T) {
	t.Parallel()
	for i, c := range testall.Sample([]struct{ ddl, write, want, said string }{
		{`CREATE TABLE a (id int PRIMARY KEY, b text)`, `INSERT INTO a VALUES (1, 'x'); UPDATE a SET b = 'y'; TRUNCATE a`,
			`created a 1 {"b": "x", "id": 1}` + "\n" + `updated a 1 {"b": "x"} → {"b": "y"}` + "\n" + `deleted a 1 {"b": "y", "id": 1}`, ""},
		{`CREATE TABLE a (id int PRIMARY KEY, f float8, j json, jb jsonb, t timestamptz)`, `SET timezone = 'Asia/Kolkata'; INSERT INTO a VALUES (1, '-0', '{"a":1,"a":2}', 'null', '2020-01-01 00:00+00'); UPDATE a SET jb = NULL; DELETE FROM a`,
			`created a 1 {"": ["jb"], "f": "-0", "j": "{\"a\":1,\"a\":2}", "t": "2020-01-01T00:00:00+00:00", "id": 1, "jb": null}` + "\n" +
				`updated a 1 {"": ["jb"], "jb": null} → {"jb": null}` + "\n" + `deleted a 1 {"f": "-0", "j": "{\"a\":1,\"a\":2}", "t": "2020-01-01T00:00:00+00:00", "id": 1, "jb": null}`, ""},
		{`CREATE TABLE "Odd $exaudit$ ' "" {id}" ("i d" int, "new" text, PRIMARY KEY ("new", "i d"))`, `INSERT INTO "Odd $exaudit$ ' "" {id}" VALUES (1, 'x')`,
			`created Odd $exaudit$ ' " {id} ["x", 1] {"i d": 1, "new": "x"}`, ""},
		{`CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE a (LIKE base INCLUDING ALL)`, `INSERT INTO a VALUES (1)`, `created a 1 {"id": 1}`, ""},
		{`CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE a (PRIMARY KEY (id)) INHERITS (base)`, `INSERT INTO a VALUES (1)`, `created a 1 {"id": 1}`, ""},
		{`CREATE TABLE a AS SELECT 1 AS id; ALTER TABLE a ADD COLUMN n int; ALTER TABLE a ADD PRIMARY KEY (id)`, `UPDATE a SET n = 2`, `updated a 1 {"n": null} → {"n": 2}`, "has no primary key"},
		{`SELECT 1 AS id INTO a; CREATE UNIQUE INDEX key ON a (id); ALTER TABLE a ALTER id SET NOT NULL; ALTER TABLE a ADD PRIMARY KEY USING INDEX key`, `UPDATE a SET id = 2`, `updated a 1 → 2 {"id": 1} → {"id": 2}`, "has no primary key"},
		{`CREATE UNLOGGED TABLE a (id int PRIMARY KEY)`, `INSERT INTO a VALUES (1)`, `created a 1 {"id": 1}`, ""},
		{`CREATE SCHEMA shop CREATE TABLE order_lines (id int PRIMARY KEY) CREATE TABLE lines (id int PRIMARY KEY)`, `INSERT INTO shop.order_lines VALUES (1); INSERT INTO shop.lines VALUES (1)`, `created order_lines 1 {"id": 1}`, ""},
		{`CREATE TABLE a (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE a_1 PARTITION OF a FOR VALUES IN (1)`, `INSERT INTO a_1 VALUES (1); TRUNCATE a_1`, `created a 1 {"id": 1}` + "\n" + `deleted a 1 {"id": 1}`, ""},
		// a row moves to another partition, also of a partition's own
		{`CREATE TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE a_1 PARTITION OF a FOR VALUES FROM (0) TO (10); CREATE TABLE a_2 PARTITION OF a FOR VALUES FROM (10) TO (20) PARTITION BY LIST (id); CREATE TABLE a_2_1 PARTITION OF a_2 FOR VALUES IN (11); CREATE TABLE a_2_2 PARTITION OF a_2 FOR VALUES IN (12)`,
			`INSERT INTO a VALUES (1); UPDATE a SET id = 11; UPDATE a SET id = 12`, `created a 1 {"id": 1}` + "\n" + `updated a 1 → 11 {"id": 1} → {"id": 11}` + "\n" + `updated a 11 → 12 {"id": 11} → {"id": 12}`, ""},
		// as pg_partman does it
		{`CREATE TABLE a (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE a_1 (LIKE a INCLUDING ALL); ALTER TABLE a ATTACH PARTITION a_1 FOR VALUES IN (1)`,
			`INSERT INTO a_1 VALUES (1); TRUNCATE a_1`, `created a 1 {"id": 1}` + "\n" + `deleted a 1 {"id": 1}`, ""},
		{`CREATE TABLE tmp_p (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE a (LIKE tmp_p INCLUDING ALL); ALTER TABLE tmp_p ATTACH PARTITION a FOR VALUES IN (1)`,
			`INSERT INTO tmp_p VALUES (1)`, `created a 1 {"id": 1}`, ""},
		{`CREATE TABLE sessions (id int PRIMARY KEY); CREATE TABLE tmp_x (id int PRIMARY KEY); CREATE TEMP TABLE t (id int PRIMARY KEY); CREATE TABLE heap (id int)`,
			`INSERT INTO sessions VALUES (1); INSERT INTO tmp_x VALUES (1); INSERT INTO t VALUES (1); INSERT INTO heap VALUES (1)`, ``, "NOTICE: changes of table public.heap are not recorded: it has no primary key"},
		{`CREATE TABLE m (id int); ALTER EXTENSION plpgsql ADD TABLE m; ALTER TABLE m ADD PRIMARY KEY (id)`, `INSERT INTO m VALUES (1)`, ``, "has no primary key"},
		{`SET check_function_bodies = off; CREATE TABLE a (id int PRIMARY KEY)`, `INSERT INTO a VALUES (1)`, ``, ""},
		{`CREATE TABLE old (id int PRIMARY KEY); DROP TABLE old; CREATE TABLE old (id text PRIMARY KEY)`, `INSERT INTO old VALUES ('x')`, `created old x {"id": "x"}`, ""},
	}, 10) {
		t.Run(c.ddl, func(t *testing.T) {
			t.Parallel()
			for _, how := range testall.Turn(i, "one by one", "one transaction", "a function") {
				db := followed(t, allNew, ``)
				conn, said := warnings(t, db)
				switch how {
				case "one transaction":
					run(t, conn, `BEGIN`)
					fallthrough
				case "one by one":
					for _, s := range strings.Split(c.ddl, "; ") {
						run(t, conn, s)
					}
				case "a function":
					run(t, conn, `DO $do$ BEGIN `+strings.Replace(c.ddl, "SELECT 1 AS id INTO a", "CREATE TABLE a AS SELECT 1 AS id", 1)+`; END $do$`)
				}
				for _, s := range strings.Split(c.write, "; ") {
					run(t, conn, s)
				}
				if how == "one transaction" {
					run(t, conn, `COMMIT`)
				}
				if got := said(); got != c.said && (c.said == "" || !strings.Contains(got, c.said)) {
					t.Errorf("%s: said %q, want %q", how, got, c.said)
				}
				if got := recorded(t, db); got != c.want {
					t.Errorf("%s: recorded:\n%s\nwant:\n%s", how, got, c.want)
				}
				if strings.Contains(c.ddl, "ATTACH PARTITION a FOR") {
					continue // tracked as it is, a partition is reported
				}
				switch {
				case strings.Contains(c.ddl, "heap"):
					wantDrift(t, db, "public.heap: table has no primary key and is not tracked, though new_tables covers it")
					continue
				case strings.Contains(c.ddl, "check_function_bodies"): // as while a dump is loaded
					wantDrift(t, db, "public.a: table is not tracked, though new_tables covers it")
				default:
					wantNoDrift(t, db)
				}
				if c.want != "" && !strings.Contains(inspected(t, db), "recorded by the functions of new tables") {
					t.Errorf("%s: status says %q", how, inspected(t, db))
				}
				run(t, conn, `RESET check_function_bodies`)
				if _, err := triggers.Sync(context.Background(), db.Pool); err != nil {
					t.Fatal(err)
				}
				if got := inspected(t, db); strings.Contains(got, "sync") || strings.Contains(got, "drift") {
					t.Errorf("%s: after a sync: %s", how, got)
				}
			}
		})
	}
}

func TestFollowedPartitions(t *testing.T) {
	t.Parallel()
	for _, c := range testall.Sample([]struct{ name, ddl, write, want string }{
		{"attach", `CREATE TABLE events_3 (name text, day int NOT NULL, id int NOT NULL); ALTER TABLE events ATTACH PARTITION events_3 FOR VALUES FROM (20) TO (30)`,
			`INSERT INTO events_3 VALUES ('y', 26, 4); TRUNCATE events_3`, `created events [26, 4] {"id": 4, "day": 26, "name": "y"}` + "\n" + `deleted events [26, 4] {"id": 4, "day": 26, "name": "y"}`},
		{"create", `CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (20) TO (30)`, `TRUNCATE events_3`, ``},
		{"create in another schema", `CREATE SCHEMA other; CREATE TABLE other.events_3 PARTITION OF events FOR VALUES FROM (20) TO (30)`,
			`INSERT INTO events VALUES (4, 26, 'y'); TRUNCATE other.events_3`, `created events [26, 4] {"id": 4, "day": 26, "name": "y"}` + "\n" + `deleted events [26, 4] {"id": 4, "day": 26, "name": "y"}`},
		{"detach", `ALTER TABLE events DETACH PARTITION events_2`, `TRUNCATE events_2`, ``},
		{"detach concurrently", `ALTER TABLE events DETACH PARTITION events_2 CONCURRENTLY`, `TRUNCATE events_2`, ``},
		{"drop", `DROP TABLE events_2`, `TRUNCATE events`, `deleted events [1, 1] {"id": 1, "day": 1, "name": "a"}`},
		{"tracked before", `CREATE TABLE other (id int NOT NULL, day int NOT NULL, name text, PRIMARY KEY (day, id)); INSERT INTO other VALUES (7, 27, 'o'); ALTER TABLE events ATTACH PARTITION other FOR VALUES FROM (20) TO (30)`,
			`UPDATE other SET name = 'p'`, `created other [27, 7] {"id": 7, "day": 27, "name": "o"}` + "\n" + `updated events [27, 7] {"name": "o"} → {"name": "p"}`},
	}, 3) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := followed(t, audit.FollowDDL{NewTables: []string{"public.other"}}, `
				CREATE TABLE events (id int, day int, name text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
				CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
				CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
				INSERT INTO events VALUES (1, 1, 'a'), (2, 11, 'b')`, "events")
			conn, said := warnings(t, db)
			for _, s := range strings.Split(c.ddl+"; "+c.write, "; ") {
				run(t, conn, s)
			}
			if got := recorded(t, db); got != c.want {
				t.Errorf("recorded:\n%s\nwant:\n%s", got, c.want)
			}
			warned := said() // of what is detached, see TestDetachedIsSaid
			if got := inspected(t, db) + warned; got != "" && (got != warned || !strings.HasPrefix(c.name, "detach")) {
				t.Errorf("status: %s", got)
			}
		})
	}
}

// The event triggers themselves are watched.
func TestFollowingDrift(t *testing.T) {
	t.Parallel()
	db := followed(t, allNew, itemsSchema, "items")
	role := db.Role(t, "")
	for _, c := range testall.Sample([]struct{ sql, want string }{
		{`DROP EVENT TRIGGER exaudit_ddl`, "event trigger exaudit_ddl is missing"},
		{`ALTER EVENT TRIGGER exaudit_drop DISABLE`, "event trigger exaudit_drop is disabled"},
		{`ALTER EVENT TRIGGER exaudit_ddl ENABLE REPLICA`, "fires for replicas only"},
		{`DROP EVENT TRIGGER exaudit_ddl; CREATE EVENT TRIGGER exaudit_ddl ON ddl_command_end EXECUTE FUNCTION exaudit_follow.on_ddl()`, "is not the one that was installed"},
		{`CREATE OR REPLACE FUNCTION exaudit_follow.mend(root oid, created boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN END'`, "function exaudit_follow.mend is another one"},
		{`ALTER FUNCTION exaudit_follow.refresh SECURITY INVOKER`, "function exaudit_follow.refresh is not SECURITY DEFINER"},
		{`ALTER FUNCTION exaudit_follow.mend OWNER TO ` + role, "function exaudit_follow.mend belongs to"},
		{`ALTER FUNCTION exaudit_follow.on_ddl RESET search_path`, "has other settings"},
		{`GRANT USAGE ON SCHEMA exaudit_follow TO exaudit_owner`, "is open to others"},
		{`ALTER SCHEMA exaudit_follow OWNER TO ` + role, "belongs to " + role},
		{`COMMENT ON SCHEMA exaudit_follow IS '{"new_tables": ["a.b"]}'`, "function exaudit_follow.cover is another one"},
	}, 5) {
		run(t, db.Pool, c.sql)
		wantDrift(t, db, c.want)
		if strings.HasPrefix(c.sql, "ALTER SCHEMA") {
			if _, err := triggers.Sync(t.Context(), db.Pool); err == nil || !strings.Contains(err.Error(), "drop it first") {
				t.Errorf("sync takes a schema of somebody else: %v", err)
			}
			run(t, db.Pool, `ALTER SCHEMA exaudit_follow OWNER TO CURRENT_USER`)
			continue
		}
		if strings.HasPrefix(c.sql, "COMMENT") { // which is what it was told to be by then
			continue
		}
		synced(t, db)
		if f, err := triggers.ReadFollowing(t.Context(), db.Pool); err != nil || !triggers.EqualFollowing(*f, allNew) {
			t.Errorf("%s: follows %v, %v", c.sql, f, err)
		}
	}
	if _, err := triggers.Install(t.Context(), db.Pool, nil, triggers.FollowDDL(allNew)); err != nil {
		t.Fatal(err)
	}
	wantNoDrift(t, db)
	again, err := triggers.Install(t.Context(), db.Pool, nil, triggers.FollowDDL(allNew))
	if err != nil || again[0].Changed {
		t.Errorf("the second install: %+v, %v", again, err)
	}
	if err := triggers.Uninstall(t.Context(), db.Pool, nil, triggers.StopFollowing()); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, db.Pool, `SELECT (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'exaudit_follow')`); n != 0 {
		t.Errorf("%d objects are left", n)
	}
	if f, err := triggers.ReadFollowing(t.Context(), db.Pool); f != nil || err != nil {
		t.Errorf("follows %v, %v", f, err)
	}
}

// exaudit's own tables are never covered.
func TestFollowingLeavesOwnTablesAlone(t *testing.T) {
	t.Parallel()
	db := followed(t, audit.FollowDDL{NewTables: []string{"*.*"}}, itemsSchema, "items")
	wantDrift(t, db)
	if _, err := triggers.Sync(t.Context(), db.Pool); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.tables WHERE schema_name LIKE 'exaudit%'`); n != 0 {
		t.Errorf("%d of exaudit's own tables are tracked", n)
	}
}

func TestFollowingNeedsTheRight(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, ``)
	role := db.Role(t, "")
	run(t, db.Pool, `GRANT exaudit_owner, exaudit_writer TO `+role, `GRANT CREATE ON DATABASE `+db.Name+` TO `+role,
		`GRANT CREATE ON SCHEMA public TO `+role)
	conn := db.Connect(t, role)
	run(t, conn, itemsSchema)
	_, err := triggers.Install(t.Context(), conn, []string{"items"}, triggers.FollowDDL(allNew))
	if !errors.Is(err, audit.ErrNotPermitted) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%v, want ErrNotPermitted", err)
	}
	if n := one[int](t, db.Pool, `SELECT (SELECT count(*) FROM exaudit.tables) + (SELECT count(*) FROM pg_namespace WHERE nspname = 'exaudit_follow')`); n != 0 {
		t.Errorf("%d objects are left", n)
	}
	// what is installed already, others may install and sync along with
	if _, err := triggers.Install(t.Context(), db.Pool, nil, triggers.FollowDDL(allNew)); err != nil {
		t.Fatal(err)
	}
	if _, err := triggers.Install(t.Context(), conn, []string{"items"}, triggers.FollowDDL(allNew)); err != nil {
		t.Fatal(err)
	}
	run(t, db.Pool, `ALTER EVENT TRIGGER exaudit_ddl DISABLE`)
	done, err := triggers.Sync(t.Context(), conn)
	if err != nil || len(done) != 2 || done[0].Skipped == "" {
		t.Errorf("%+v, %v", done, err)
	}
	if err := triggers.Uninstall(t.Context(), conn, []string{"items"}, triggers.StopFollowing()); !errors.Is(err, audit.ErrNotPermitted) {
		t.Errorf("%v, want ErrNotPermitted", err)
	}
}

// DDL never fails for exaudit's sake, whatever state that is in.
func TestFollowingBroken(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{
		`DROP FUNCTION exaudit_internal.follow_table`, `DROP FUNCTION exaudit_follow.refresh`, `DROP FUNCTION exaudit_follow.follow`,
		`CREATE OR REPLACE FUNCTION exaudit_internal.follow_table(table_id integer, relation oid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN 1 / 0 = 1; END'`,
		`ALTER TABLE exaudit_internal.column_snapshots RENAME TO gone`, `REVOKE ALL ON SCHEMA exaudit, exaudit_internal FROM exaudit_owner, PUBLIC`,
	} {
		db := followed(t, allNew, itemsSchema, "items")
		conn, said := warnings(t, db)
		run(t, conn, broken)
		said()
		run(t, conn, `ALTER TABLE items ADD COLUMN extra int`, `CREATE TABLE other (id int PRIMARY KEY)`, `DROP TABLE other`)
		if got := said(); !strings.Contains(got, "WARNING: exaudit could not follow") {
			t.Errorf("%s: said %q", broken, got)
		}
	}
}

// A DDL that meets an install in progress waits a little, says so, and goes through.
func TestFollowingMeetsInstall(t *testing.T) {
	t.Parallel()
	db := followed(t, allNew, itemsSchema, "items")
	tx, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	run(t, tx, `LOCK TABLE exaudit.tables IN SHARE ROW EXCLUSIVE MODE`)
	conn, said := warnings(t, db)
	run(t, conn, `CREATE TABLE other (id int PRIMARY KEY)`)
	if got := said(); !strings.Contains(got, "could not follow the change of table public.other: canceling statement due to lock timeout") {
		t.Errorf("said %q", got)
	}
	run(t, conn, `DROP TABLE items`)
	if got := said(); !strings.Contains(got, "could not follow this command: canceling statement due to lock timeout") {
		t.Errorf("said %q", got)
	}
	run(t, tx, `COMMIT`)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM pg_trigger WHERE tgname LIKE '!exaudit%' AND tgrelid = 'other'::regclass`); n != 0 {
		t.Errorf("%d triggers are half of it", n)
	}
}

// Many create and alter tables at the same time.
func TestFollowingConcurrently(t *testing.T) {
	t.Parallel()
	db := followed(t, allNew, itemsSchema, "items")
	errs := make(chan error)
	const sessions = 4
	rounds := testall.Or(2, 5)
	for i := range sessions {
		conn := db.Connect(t, "")
		go func() {
			for n := range rounds {
				name := string(rune('a'+i)) + string(rune('a'+n))
				if _, err := conn.Exec(context.Background(), `BEGIN; CREATE TABLE `+name+` (id int PRIMARY KEY, v int); INSERT INTO `+name+` VALUES (1);
					ALTER TABLE `+name+` RENAME v TO w; UPDATE `+name+` SET w = 1; COMMIT; ALTER TABLE items ADD COLUMN `+name+` int; INSERT INTO `+name+` VALUES (2)`); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range sessions {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantNoDrift(t, db)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != sessions*rounds*3 {
		t.Errorf("%d versions, want %d", n, sessions*rounds*3)
	}
	synced(t, db)
}

// A migration as goose runs it: DDL and DML mixed, all in one transaction.
func TestFollowingMigration(t *testing.T) {
	t.Parallel()
	db := followed(t, allNew, itemsSchema, "items")
	conn := db.Connect(t, "")
	run(t, conn, `BEGIN`, `UPDATE items SET n = 1`, `ALTER TABLE items RENAME name TO title`, `UPDATE items SET title = 'b'`,
		`ALTER TABLE items ADD COLUMN price numeric(10,2) NOT NULL DEFAULT 1`, `UPDATE items SET price = 2`,
		`CREATE TABLE lines (id int PRIMARY KEY, item int REFERENCES items)`, `INSERT INTO lines VALUES (1, 1)`,
		`SAVEPOINT s`, `ALTER TABLE lines ADD COLUMN oops int`, `UPDATE lines SET oops = 1`, `ROLLBACK TO s`,
		`ALTER TABLE lines ADD COLUMN note text`, `UPDATE lines SET note = 'x'`, `ALTER TABLE items DROP COLUMN n`, `DELETE FROM lines`, `COMMIT`)
	wantRecorded(t, db, `updated items 1 {"n": 0} → {"n": 1}`, `updated items 1 {"title": "a"} → {"title": "b"}`, `updated items 1 {"price": 1.00} → {"price": 2.00}`,
		`created lines 1 {"id": 1, "item": 1}`, `updated lines 1 {"note": null} → {"note": "x"}`, `deleted lines 1 {"id": 1, "item": 1, "note": "x"}`)
	wantNoDrift(t, db)
}
