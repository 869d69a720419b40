package test_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/program"
	"github.com/exaudit/exaudit/internal/snippets"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// dumped is what is dumped: its attribute numbers have gaps, a table was renamed and nobody
// has told exaudit, there are JSON nulls, a composite key, partitions and custom columns.
var dumped = []string{
	`CREATE TABLE users (id bigint PRIMARY KEY);
	INSERT INTO users VALUES (7);
	CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, doomed text, status text, total numeric(10,2), info jsonb);
	CREATE TABLE shops (id int PRIMARY KEY, name text);
	CREATE TABLE pairs (a int, b text, v int, PRIMARY KEY (b, a));
	CREATE TABLE events (id int, day int, name text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
	CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
	CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
	CREATE TABLE products (id int PRIMARY KEY, name text);
	ALTER TABLE exaudit.versions ADD COLUMN actor_id bigint REFERENCES users ON DELETE SET NULL ON UPDATE CASCADE,
		ADD COLUMN uid uuid DEFAULT gen_random_uuid()`,
	`BEGIN;
	SET LOCAL exaudit.custom = '{"actor_id": 7}';
	INSERT INTO orders (doomed, status, total, info) VALUES ('d', 'new', 1.50, 'null'), ('e', 'new', 2.00, NULL);
	INSERT INTO shops VALUES (1, 'corner');
	COMMIT`,
	`UPDATE orders SET status = 'paid' WHERE id = 1`, // version 4
	`SELECT exaudit.mark('paid')`,
	`UPDATE orders SET info = NULL WHERE id = 1; UPDATE orders SET info = 'null' WHERE id = 2`,
	`ALTER TABLE orders DROP COLUMN doomed`,
	`UPDATE orders SET total = 5 WHERE id = 1`,
	`DELETE FROM orders WHERE id = 2`,
	`INSERT INTO pairs VALUES (1, 'x', 0); UPDATE pairs SET v = 1; UPDATE pairs SET a = 2`,
	`INSERT INTO events VALUES (1, 5, 'a'), (2, 15, 'b'); UPDATE events SET name = 'c' WHERE id = 1; TRUNCATE events_2`,
	`ALTER TABLE shops RENAME TO stores`,
	`UPDATE stores SET name = 'mall'`,
}

// later is written after the restore.
var later = []string{
	`UPDATE orders SET status = 'late', total = total + 1 WHERE id = 1`,
	`INSERT INTO orders (status) VALUES ('fresh')`,
	`UPDATE orders SET info = 'null' WHERE status = 'fresh'`,
	`UPDATE stores SET name = name || '!'`,
	`UPDATE pairs SET v = v + 1`,
	`UPDATE events SET name = name || '!'; INSERT INTO events VALUES (3, 16, 'd')`,
	`DELETE FROM events_2`,
}

// changes is how many versions one round of later writes.
const changes = 8

var dumpEntities = []struct {
	table string
	key   any
}{{"orders", 1}, {"orders", 2}, {"stores", 1}, {"pairs", exaudit.Key{"x", 2}}, {"events", exaudit.Key{5, 1}}, {"events", exaudit.Key{15, 2}}, {"events", exaudit.Key{16, 3}}}

// clientTools gives a PATH with pg_dump and the others of the server's version or a newer
// one, and with exaudit.
func clientTools(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	path := program.Path(t)
	bin := pgtest.One[string](t, db, `SELECT setting FROM pg_config WHERE name = 'BINDIR'`)
	if _, err := os.Stat(filepath.Join(bin, "pg_dump")); err == nil {
		path = bin + string(filepath.ListSeparator) + path
	}
	out, err := exec.Command("env", "PATH="+path, "pg_dump", "--version").Output()
	if err != nil {
		t.Skip("dump and restore are not tested: there is no pg_dump here, neither in the server's directory nor in PATH")
	}
	major, err := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	if major < db.Major {
		t.Skipf("dump and restore are not tested: pg_dump %d cannot dump PostgreSQL %d", major, db.Major)
	}
	return path
}

// shell runs a script with SOURCE and TARGET in a directory of its own.
func shell(t *testing.T, path string, source, target *pgtest.DB, script string) (string, error) {
	t.Helper()
	cmd := exec.Command("bash", "-c", "set -e -o pipefail\n"+script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+path, "SOURCE="+source.URL, "TARGET="+target.URL)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustShell(t *testing.T, path string, source, target *pgtest.DB, script string) {
	t.Helper()
	if out, err := shell(t, path, source, target, script); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, out)
	}
}

func dumpSource(t *testing.T) *pgtest.DB {
	t.Helper()
	db := auditdb.New(t, dumped[0])
	auditdb.Install(t, db, "orders", "shops", "pairs", "events", "products")
	for _, sql := range dumped[1:] {
		db.Exec(t, sql)
	}
	return db
}

// record is all that exaudit knows, but for oids.
func record(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	return pgtest.One[string](t, db, `SELECT (SELECT string_agg(v::text, E'\n' ORDER BY id) FROM exaudit.versions v)
		|| (SELECT string_agg(t::text, E'\n' ORDER BY id) FROM exaudit.tables t)
		|| coalesce((SELECT string_agg(m::text, E'\n' ORDER BY name) FROM exaudit.marks m), '')`)
}

func dumpRows(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	return rows(t, db, "orders") + rows(t, db, "stores") + rows(t, db, "pairs") + rows(t, db, "events")
}

func TestDumpAndRestore(t *testing.T) {
	t.Parallel()
	source := dumpSource(t)
	path := clientTools(t, source)
	want, wantRows := record(t, source), dumpRows(t, source)
	blocks := snippets.Of(t, "docs/operations.md", "sh")
	for i, block := range testall.Sample(blocks[:len(blocks)-1], 2) {
		t.Run(fmt.Sprint("block ", i), func(t *testing.T) {
			restore, sync, ok := strings.Cut(block, "exaudit sync")
			if !ok {
				t.Fatalf("no exaudit sync in\n%s", block)
			}
			target := pgtest.New(t)
			mustShell(t, path, source, target, restore)
			if got := record(t, target); got != want {
				t.Fatalf("restored:\n%s\nwas:\n%s", got, want)
			}
			if got := dumpRows(t, target); got != wantRows {
				t.Fatalf("rows restored:\n%s\nwere:\n%s", got, wantRows)
			}
			checkRestored(t, target, func() { mustShell(t, path, source, target, "exaudit sync"+sync) })
		})
	}
	t.Run("load rows as changes", func(t *testing.T) {
		from := pgtest.New(t)
		from.Exec(t, `CREATE TABLE products (id int PRIMARY KEY, name text); INSERT INTO products VALUES (1, 'nail'), (2, 'nut')`)
		before := pgtest.One[int](t, source, `SELECT count(*) FROM exaudit.versions`)
		mustShell(t, path, from, source, blocks[len(blocks)-1])
		if n := pgtest.One[int](t, source, `SELECT count(*) FROM exaudit.versions`); n != before+2 {
			t.Errorf("%d versions more, want 2", n-before)
		}
	})
}

// checkRestored writes to a restored database before and after it is brought up to date.
func checkRestored(t *testing.T, db *pgtest.DB, sync func()) {
	t.Helper()
	ctx := context.Background()
	adb := exaudit.New(db.Pool)
	last := pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`)
	count := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`)
	round := func() {
		t.Helper()
		for _, sql := range later {
			db.Exec(t, sql)
		}
		count += changes
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != count {
			t.Errorf("%d versions, want %d", n, count)
		}
		if n := pgtest.One[int](t, db, `SELECT count(DISTINCT id) FROM exaudit.versions`); n != count {
			t.Errorf("%d ids for %d versions", n, count)
		}
		for _, e := range dumpEntities {
			if len(statesOf(t, adb, e.table, e.key)) == 0 {
				t.Errorf("%s %v has no history", e.table, e.key)
			}
		}
	}
	drifted := func() string {
		t.Helper()
		status, err := adb.Status(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range status.Tables {
			for _, d := range s.Drift {
				all = append(all, d.String())
			}
		}
		return strings.Join(all, "\n")
	}
	round()
	if next := pgtest.One[int64](t, db, `SELECT min(id) FROM exaudit.versions WHERE id > $1`, last); next <= last {
		t.Errorf("ids go on with %d after %d", next, last)
	}
	before := drifted()
	for _, table := range []string{"orders", "stores", "pairs", "events"} {
		if !strings.Contains(before, "public."+table+": function exaudit_internal.t") || strings.Contains(before, "altered by hand") {
			t.Errorf("%s is not outdated:\n%s", table, before)
		}
	}
	sync()
	if after := drifted(); after != "" {
		t.Errorf("drift after sync:\n%s", after)
	}
	done, err := adb.Sync(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range done {
		if d.Changed || d.Skipped != "" {
			t.Errorf("a second sync: %s changed %t, skipped %q", d.Table, d.Changed, d.Skipped)
		}
	}
	db.Exec(t, `DELETE FROM events WHERE id = 3; DELETE FROM orders WHERE status = 'fresh'`)
	count++ // the event is gone already
	round()

	versions := statesOf(t, adb, "orders", 1)
	if got := asJSON(t, versions[0].State); got != `{"":["info"],"doomed":"d","id":1,"info":null,"status":"new","total":1.50}` {
		t.Errorf("the first state is %s", got)
	}
	if got := asJSON(t, versions[0].CustomColumns["actor_id"]); got != "7" {
		t.Errorf("its actor is %s", got)
	}
	if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT o::text FROM orders o WHERE id = 1`); got != `(1,new,1.50,null)` {
		t.Errorf("reverted to %s", got)
	}
	deleted := historyOf(t, adb, "orders", 2)
	if _, err := adb.Revert(ctx, deleted[len(deleted)-1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT o::text FROM orders o WHERE id = 2`); got != `(2,new,2.00,null)` {
		t.Errorf("brought back as %s", got)
	}
	for _, e := range dumpEntities {
		statesOf(t, adb, e.table, e.key)
	}
	if ids := idsOf(searched(t, adb, exaudit.Until(exaudit.AtMark("paid")))); asJSON(t, ids) != "[1,2,3,4]" {
		t.Errorf("before the mark are %v", ids)
	}
	if _, err := adb.Mark(ctx, "restored", nil); err != nil {
		t.Error(err)
	}
	if all := searched(t, adb, exaudit.Since(exaudit.AtMark("restored"))); len(all) != 0 {
		t.Errorf("%d versions are after a mark that is new", len(all))
	}
	var pgErr *pgconn.PgError
	if _, err := db.Pool.Exec(ctx, `DELETE FROM exaudit.versions`); !errors.As(err, &pgErr) || pgErr.Code != "42501" {
		t.Errorf("versions can be deleted: %v", err)
	}
}

// What cannot work fails clearly, and no version is written twice, nor one that is none.
func TestDumpMisused(t *testing.T) {
	testall.Only(t, "it restores six databases in wrong ways")
	t.Parallel()
	source := dumpSource(t)
	path := clientTools(t, source)
	want := record(t, source)
	const schema = "pg_dump --schema-only \"$SOURCE\" > s.sql; psql \"$TARGET\" -qX -v ON_ERROR_STOP=1 -f s.sql > log\n"
	t.Run("data fires triggers", func(t *testing.T) {
		for _, flags := range testall.Turn(1, "--single-transaction -v ON_ERROR_STOP=1", "-v ON_ERROR_STOP=0") {
			target := pgtest.New(t)
			out, err := shell(t, path, source, target, schema+`pg_dump --data-only "$SOURCE" > d.sql; psql "$TARGET" -qX `+flags+` -f d.sql`)
			if !strings.Contains(out, "loaded from a dump, which must not fire its triggers") {
				t.Errorf("%s: %v\n%s", flags, err, out)
			}
			if n := pgtest.One[int](t, target, `SELECT count(*) FROM exaudit.versions`); strings.HasPrefix(flags, "--single") && n != 0 {
				t.Errorf("%d versions are left", n)
			} else if n != 0 && record(t, target) != want {
				t.Errorf("%s: recorded\n%s\nwant\n%s", flags, record(t, target), want)
			}
			if got := rows(t, target, "orders"); got != "" {
				t.Errorf("%s: rows %s", flags, got)
			}
		}
	})
	t.Run("data only into a live database", func(t *testing.T) {
		for _, flags := range testall.Turn(1, "", "--disable-triggers") {
			target := pgtest.New(t)
			mustShell(t, path, source, target, `pg_dump "$SOURCE" > f.sql; psql "$TARGET" -qX -v ON_ERROR_STOP=1 -f f.sql > log; exaudit sync --database-url "$TARGET"`)
			before := record(t, target)
			out, _ := shell(t, path, source, target, `pg_dump --data-only `+flags+` "$SOURCE" > d.sql; psql "$TARGET" -qX -v ON_ERROR_STOP=0 -f d.sql`)
			for _, index := range []string{"tables_pkey", "column_snapshots_pkey", "versions_entity", "orders_pkey"} {
				if !strings.Contains(out, `duplicate key value violates unique constraint "`+index+`"`) {
					t.Errorf("%s: %s does not refuse:\n%s", flags, index, out)
				}
			}
			if got := record(t, target); got != before {
				t.Errorf("%s: recorded\n%s\nwant\n%s", flags, got, before)
			}
		}
	})
	t.Run("schema only, and then used", func(t *testing.T) {
		target := pgtest.New(t)
		mustShell(t, path, source, target, schema)
		_, err := target.Pool.Exec(context.Background(), `INSERT INTO orders (status) VALUES ('x')`)
		if err == nil || !strings.Contains(err.Error(), "a table that exaudit.tables does not have") {
			t.Errorf("%v", err)
		}
		auditdb.Install(t, target, "pairs", "orders", "stores", "events", "products")
		for _, sql := range later {
			target.Exec(t, sql)
		}
		if n := len(statesOf(t, exaudit.New(target.Pool), "orders", 2)); n != 2 {
			t.Errorf("%d versions, want 2", n)
		}
	})
	t.Run("the sequence lags behind", func(t *testing.T) {
		target := pgtest.New(t)
		mustShell(t, path, source, target, `pg_dump "$SOURCE" > f.sql; psql "$TARGET" -qX -v ON_ERROR_STOP=1 -f f.sql > log`)
		target.Exec(t, `ALTER SEQUENCE exaudit.versions_id_seq RESTART`)
		_, err := target.Pool.Exec(context.Background(), `UPDATE orders SET status = 'x'`)
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "55000" || !strings.Contains(pgErr.Hint, "setval") {
			t.Fatalf("%v", err)
		}
		target.Exec(t, strings.TrimPrefix(pgErr.Hint, "Run: "))
		target.Exec(t, `UPDATE orders SET status = 'x'`)
	})
}

// The oid that the triggers were written for belongs to another table after the restore,
// of the same columns or others, which says nothing about the tracked one.
func TestRestoreWhereOidIsTaken(t *testing.T) {
	testall.Only(t, "TestDumpAndRestore has the usual way")
	t.Parallel()
	for _, decoy := range testall.Turn(0,
		`CREATE TABLE decoy (id int PRIMARY KEY, name text)`,
		`CREATE TABLE decoy (n int)`,
	) {
		source, _ := audited(t, `CREATE TABLE items (id int PRIMARY KEY, name text)`, "items")
		path := clientTools(t, source)
		source.Exec(t, `INSERT INTO items VALUES (1, 'a'); UPDATE items SET name = 'b'`)
		target := pgtest.New(t)
		target.Exec(t, decoy)
		was := pgtest.One[uint32](t, source, `SELECT 'items'::regclass::oid`)
		is := pgtest.One[uint32](t, target, `SELECT 'decoy'::regclass::oid`)
		// in the functions, and in the snapshot of the columns
		mustShell(t, path, source, target, fmt.Sprintf(`pg_dump "$SOURCE" | sed -E "s/'%[1]d'::(pg_catalog.)?oid/'%[2]d'::\\1oid/g; s/\t%[1]d\t/\t%[2]d\t/" > f.sql
			psql "$TARGET" -qX -v ON_ERROR_STOP=1 -f f.sql > log`, was, is))
		if got := pgtest.One[uint32](t, target, `SELECT relation FROM exaudit_internal.column_snapshots`); got != is {
			t.Fatalf("the snapshot is of relation %d, want %d", got, is)
		}
		if n := pgtest.One[int](t, target, `SELECT count(*) FROM pg_proc WHERE prosrc LIKE '%has_shape(' || quote_literal($1::text) || '::pg_catalog.oid%'`, fmt.Sprint(is)); n != 3 {
			t.Fatalf("%d functions are written for relation %d, want 3", n, is)
		}
		db := exaudit.New(target.Pool)
		target.Exec(t, `UPDATE items SET name = 'c'`)
		target.Exec(t, `ALTER TABLE items ADD COLUMN extra text, DROP COLUMN name`)
		target.Exec(t, `UPDATE items SET extra = 'x'`)
		target.Exec(t, `INSERT INTO items VALUES (2, 'y')`)
		target.Exec(t, `ALTER TABLE items RENAME COLUMN extra TO remark`)
		target.Exec(t, `UPDATE items SET remark = 'z'; DROP TABLE decoy; UPDATE items SET remark = 'zz'; DELETE FROM items WHERE id = 2`)
		check := func(want int) {
			t.Helper()
			if n := len(statesOf(t, db, "items", 1)); n != want {
				t.Errorf("%d versions, want %d", n, want)
			}
		}
		check(6)
		if _, err := db.Sync(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		target.Exec(t, `UPDATE items SET remark = 'synced'`)
		check(7)
	}
}

// A database whose DDL is followed is dumped and restored like any other; nothing is
// followed while that goes on, and everything afterwards.
func TestDumpFollowed(t *testing.T) {
	t.Parallel()
	source := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, name text)`)
	following := audit.FollowDDL{NewTables: []string{"public.*"}, Except: []string{"public.tmp_*"}}
	if _, err := exaudit.New(source.Pool).Install(context.Background(), []string{"items"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := exaudit.New(source.Pool).FollowDDL(context.Background(), following, nil); err != nil {
		t.Fatal(err)
	}
	source.Exec(t, `CREATE TABLE fresh (id int PRIMARY KEY, info jsonb); INSERT INTO fresh VALUES (1, 'null'); INSERT INTO items VALUES (1, 'a');
		ALTER TABLE items RENAME name TO title; UPDATE items SET title = 'b';
		CREATE TABLE events (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1)`)
	path := clientTools(t, source)
	want := record(t, source)
	blocks := snippets.Of(t, "docs/operations.md", "sh")
	blocks = append(blocks[:len(blocks)-1], `pg_dump --format custom --file shop.dump "$SOURCE"
pg_restore --dbname "$TARGET" shop.dump
psql "$TARGET" -qX -c "DROP TABLE events" # pg_restore cannot drop the keys of partitions
pg_restore --clean --if-exists --single-transaction --dbname "$TARGET" shop.dump
exaudit sync --database-url "$TARGET"`)
	for i, block := range testall.Or(blocks[len(blocks)-1:], blocks) {
		t.Run(fmt.Sprint("block ", i), func(t *testing.T) {
			restore, sync, _ := strings.Cut(block, "exaudit sync")
			target := pgtest.New(t)
			mustShell(t, path, source, target, restore)
			if got := record(t, target); got != want {
				t.Fatalf("restored:\n%s\nwas:\n%s", got, want)
			}
			db := exaudit.New(target.Pool)
			count := pgtest.One[int](t, target, `SELECT count(*) FROM exaudit.versions`)
			round := func(table string) {
				t.Helper()
				target.Exec(t, `UPDATE items SET title = title || '!'; UPDATE fresh SET info = '"`+table+`"'; INSERT INTO events VALUES (1); TRUNCATE events;
					CREATE TABLE `+table+` (id int PRIMARY KEY); INSERT INTO `+table+` VALUES (1); ALTER TABLE fresh ADD COLUMN `+table+` int; UPDATE fresh SET `+table+` = 1`)
				count += 6
				if n := pgtest.One[int](t, target, `SELECT count(*) FROM exaudit.versions`); n != count {
					t.Errorf("%d versions, want %d", n, count)
				}
				for _, table := range []string{"items", "fresh", "events", table} {
					if len(statesOf(t, db, table, 1)) == 0 {
						t.Errorf("%s has no history", table)
					}
				}
			}
			round("later")
			before, err := db.Status(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range before.Tables {
				// generated functions name the table by the oid that it had
				if len(s.Drift) > 0 && s.Table != "public.items" && !strings.HasPrefix(s.Table, "exaudit") {
					t.Errorf("before a sync, %s: %v", s.Table, s.Drift)
				}
			}
			mustShell(t, path, source, target, "exaudit sync"+sync)
			after, err := db.Status(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range after.Drift() {
				t.Error(d)
			}
			if f := after.FollowDDL; f == nil || !triggers.EqualFollowing(*f, following) {
				t.Errorf("follows %v", f)
			}
			round("latest")
		})
	}
}

// A dump without owners belongs to who restores it, until a sync.
func TestRestoreWithoutOwners(t *testing.T) {
	testall.Only(t, "TestDumpAndRestore has the usual way")
	t.Parallel()
	ctx := context.Background()
	source := dumpSource(t)
	path := clientTools(t, source)
	want := record(t, source)
	for name, role := range map[string]string{"superuser": "", "owner": "LOGIN PASSWORD 'geheim'"} {
		t.Run(name, func(t *testing.T) {
			target := pgtest.New(t)
			url := target.URL
			if role != "" {
				role := target.Role(t, role)
				config := target.Pool.Config().ConnConfig
				url = fmt.Sprintf("host=%s port=%d user=%s dbname=%s password=geheim", config.Host, config.Port, role, target.Name)
				target.Exec(t, `GRANT CREATE ON DATABASE `+target.Name+` TO `+role+`; GRANT ALL ON SCHEMA public TO `+role+`; GRANT exaudit_owner, exaudit_writer TO `+role)
			}
			as := &pgtest.DB{URL: url}
			mustShell(t, path, source, as, `pg_dump --no-owner "$SOURCE" > shop.sql
				psql "$TARGET" --quiet --single-transaction --set ON_ERROR_STOP=1 --file shop.sql > restore.log`)
			if got := record(t, target); got != want {
				t.Fatalf("restored:\n%s\nwas:\n%s", got, want)
			}
			if _, err := shell(t, path, source, as, `exaudit status --database-url "$TARGET"`); err == nil {
				t.Error("status finds nothing wrong with what belongs to somebody else")
			}
			mustShell(t, path, source, as, `exaudit sync --database-url "$TARGET"; exaudit status --database-url "$TARGET"`)
			const others = `SELECT coalesce(string_agg(o.name || ' of ' || o.owner::regrole, ', '), '') FROM (
				SELECT oid::regclass::text, relowner FROM pg_class WHERE relnamespace = 'exaudit'::regnamespace AND relkind IN ('r', 'v', 'S')
				UNION ALL SELECT oid::regprocedure::text, proowner FROM pg_proc WHERE pronamespace = 'exaudit_internal'::regnamespace
				UNION ALL SELECT oid::regtype::text, typowner FROM pg_type WHERE typnamespace = 'exaudit'::regnamespace
				UNION ALL SELECT nspname, nspowner FROM pg_namespace WHERE nspname = 'exaudit') AS o (name, owner)
				WHERE o.owner NOT IN ('exaudit_owner'::regrole, 'exaudit_writer'::regrole)`
			if got := pgtest.One[string](t, target, others); got != "" {
				t.Errorf("after a sync: %s", got)
			}
			count := pgtest.One[int](t, target, `SELECT count(*) FROM exaudit.versions`)
			for _, sql := range later {
				target.Exec(t, sql)
			}
			if n := pgtest.One[int](t, target, `SELECT count(*) FROM exaudit.versions`); n != count+changes {
				t.Errorf("%d versions, want %d", n, count+changes)
			}
			if err := exaudit.New(target.Pool).Check(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
