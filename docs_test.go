package exaudit_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/program"
	"github.com/exaudit/exaudit/internal/snippets"
)

// The SQL of the documentation runs, and what it does is recorded.
func TestDocs(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (5)`)
	ctx := context.Background()
	conn := db.Connect(t, "")
	for _, sql := range snippets.Of(t, "docs/recording.md", "sql") {
		// roles belong to the whole server
		sql = strings.ReplaceAll(sql, "CREATE ROLE importer;", "")
		sql = strings.ReplaceAll(sql, "importer", db.Role(t, ""))
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	if n := len(historyOf(t, adb, "orders", 1)); n != 5 {
		t.Errorf("%d versions, want 5", n)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE db_user = session_user AND source = 'sql'`); n != 3 {
		t.Errorf("%d versions have the defaults of custom columns, want the last 3", n)
	}
}

// The commands and the SQL of docs/history.md run.
func TestHistoryCommands(t *testing.T) {
	t.Parallel()
	db, _ := audited(t, orders, "orders", "customers")
	db.Exec(t, `INSERT INTO orders (total) VALUES (5); CREATE TABLE carts (id int PRIMARY KEY)`)
	script := "set -e\n" + strings.Join(append(snippets.Of(t, "docs/history.md", "sh"), snippets.Of(t, "docs/recording.md", "sh")...), "")
	cmd := exec.Command("bash", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+program.Path(t), "DATABASE_URL="+db.URL)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "public.customers: 2 rows recorded") {
		t.Errorf("%v\n%s", err, out)
	}
	db.Exec(t, `SELECT exaudit.mark('before-deploy')`)
	for _, sql := range snippets.Of(t, "docs/history.md", "sql") {
		db.Exec(t, sql)
	}
}

// The commands of the migrations' documentation, but for goose's, which its library runs.
func TestMigrations(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("exaudit.yaml", snippets.Of(t, "docs/migrations.md", "yaml")[0])
	write("db/migrations/00001_app.sql", "-- +goose Up\nCREATE TABLE users (id int PRIMARY KEY, password_hash text);\nCREATE TABLE orders (id int PRIMARY KEY);\n")
	conn := stdlib.OpenDBFromPool(db.Pool)
	defer conn.Close()
	for _, snippet := range snippets.Of(t, "docs/migrations.md", "sh") {
		for i, script := range strings.Split(snippet, "goose up\n") {
			if i > 0 {
				provider, err := goose.NewProvider(goose.DialectPostgres, conn, os.DirFS(filepath.Join(dir, "db/migrations")))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := provider.Up(ctx); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("bash", "-ec", script)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+program.Path(t), "DATABASE_URL="+db.URL)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, script, out)
			}
		}
	}
	for _, sql := range snippets.Of(t, "docs/migrations.md", "sql") {
		db.Exec(t, sql)
	}
	if written, err := filepath.Glob(filepath.Join(dir, "db/migrations/*_exaudit_tables.sql")); err != nil || len(written) != 2 {
		t.Errorf("wrote %v, want two migrations (%v)", written, err)
	}
}

// The README's quick start, typed by hand on an empty database.
func TestReadmeQuickStart(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("the quick start needs psql, which is not here")
	}
	db := pgtest.New(t)
	script := []string{"set -e"}
	for _, s := range snippets.Of(t, "README.md", "sh") {
		if !strings.Contains(s, "go install") && !strings.Contains(s, "make ") {
			script = append(script, s)
		}
	}
	cmd := exec.Command("bash", "-c", strings.Join(script, "\n"))
	cmd.Env = append(os.Environ(), "PATH="+program.Path(t), "DATABASE_URL="+db.URL)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"38.90", "Uppsala", "Lund", "customer called", "wrong order"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	if got := pgtest.One[string](t, db, `SELECT status || total || (info #>> '{ship,city}') FROM orders`); got != "paid38.90Uppsala" {
		t.Errorf("after the quick start the order is %s", got)
	}
	printed := snippets.Unnumbered(string(out))
	for _, session := range snippets.Of(t, "README.md", "console") {
		for _, part := range strings.Split(session, "$ ") {
			if _, output, _ := strings.Cut(part, "\n"); !strings.Contains(printed, snippets.Unnumbered(strings.TrimSpace(output))) {
				t.Errorf("the session of README.md shows\n%s\nand the quick start printed\n%s", output, out)
			}
		}
	}
}

// The Go of docs/integration.md is in files that are compiled and run.
func TestIntegrationSnippets(t *testing.T) {
	t.Parallel()
	var sources strings.Builder
	for _, file := range []string{"docs/recipes/grpc.go", "docs/recipes/connect.go", "example_test.go", "custom_test.go", "stdlib/example_test.go", "examples/shop/server.go"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(content)
	}
	for _, snippet := range snippets.Of(t, "docs/integration.md", "go") {
		for line := range strings.Lines(snippet) {
			if !strings.Contains(sources.String(), strings.TrimSpace(line)) {
				t.Errorf("this line of docs/integration.md is tested nowhere: %s", line)
			}
		}
	}
}

// Who can tamper with what, and who sees what, is as docs/security.md says.
func TestSecurityDocs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE SCHEMA shop; CREATE TYPE shop.place AS (street text); CREATE TABLE shop.orders (id int PRIMARY KEY, place shop.place); CREATE TABLE shop.gone (id int PRIMARY KEY)`)
	auditdb.Install(t, db, "shop.orders", "shop.gone")
	owner := db.Role(t, "")
	db.Exec(t, `GRANT USAGE ON SCHEMA shop TO `+owner+`; ALTER TABLE shop.orders OWNER TO `+owner+`; INSERT INTO shop.orders VALUES (1);
		INSERT INTO shop.gone VALUES (1); DROP TABLE shop.gone`)
	conn := db.Connect(t, "")
	for _, sql := range snippets.Of(t, "docs/security.md", "sql") {
		if _, err := conn.Exec(ctx, strings.ReplaceAll(sql, "shop_owner", owner)); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	may := func(role, sql string, allowed bool) {
		t.Helper()
		tx, err := db.Connect(t, role).Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(ctx)
		if _, err := tx.Exec(ctx, sql); (err == nil) != allowed {
			t.Errorf("%s: %v, want it allowed: %v", sql, err, allowed)
		}
	}
	const (
		add     = `INSERT INTO exaudit.versions (table_id, action, entity_id, after) VALUES (1, 'created', '9', '{"id": 9}')`
		drop    = `DROP FUNCTION exaudit_internal.t1_insert CASCADE`
		replace = `CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'`
	)
	nobody, reader := db.Role(t, ""), db.Role(t, "IN ROLE exaudit_reader")
	for role, rights := range map[string][3]bool{"exaudit_owner": {true, true, true}, "exaudit_writer": {true, true, false}, reader: {}, nobody: {}, owner: {}} {
		may(role, add, rights[0])
		may(role, drop, rights[1])
		may(role, replace, rights[2])
	}
	may(owner, `ALTER TABLE shop.orders DISABLE TRIGGER ALL`, true)
	may(owner, `SELECT count(*) FROM exaudit.as_of(NULL::shop.orders, now())`, true)
	may(nobody, `SELECT FROM exaudit.versions`, false)
	for role, want := range map[string]int{reader: 0, owner: 1, "": 2} {
		var n int
		if err := db.Connect(t, role).QueryRow(ctx, `SELECT count(*) FROM exaudit.history`).Scan(&n); err != nil || n != want {
			t.Errorf("%q sees %d versions, %v, want %d", role, n, err, want)
		}
	}

	// what else the owner of a table, and a member of exaudit_writer, can have others run
	db.Exec(t, `CREATE SCHEMA evil; CREATE TABLE evil.ran (what text, by_role text);
		CREATE FUNCTION evil.differ(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO evil.ran VALUES ('operator', current_user); RETURN false; END $$;
		CREATE OPERATOR evil.<> (FUNCTION = evil.differ, LEFTARG = text, RIGHTARG = text);
		CREATE FUNCTION evil.trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			SET ROLE NONE; INSERT INTO evil.ran VALUES ('trigger', current_user); RETURN NEW; END $$;
		GRANT USAGE ON SCHEMA evil TO `+owner+`;
		CREATE TRIGGER t BEFORE INSERT ON shop.orders FOR EACH ROW EXECUTE FUNCTION evil.trigger()`)
	_, err := db.Connect(t, "exaudit_writer").Exec(ctx, `ALTER FUNCTION exaudit_internal.t1_insert() SECURITY INVOKER; ALTER FUNCTION exaudit_internal.t1_insert() SET search_path = evil, pg_catalog`)
	if err != nil {
		t.Fatal(err)
	}
	conn = db.Connect(t, "")
	if _, err := conn.Exec(ctx, `SET ROLE `+owner+`; INSERT INTO shop.orders VALUES (3)`); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(DISTINCT what) FROM evil.ran WHERE by_role = current_user`); n != 2 {
		t.Errorf("%d of an operator and a trigger ran as a superuser, want 2", n)
	}
}
