package sql_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/postgres"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// lacking is a role that initialises a database, and what it lacks.
type lacking struct {
	name    string
	setup   string // as a superuser, before
	options string // of the role
	lacks   string // how the error names it; "" where it lacks nothing
	since   int    // major version
	until   int    // 0: the newest
}

const roles = `CREATE ROLE exaudit_owner; CREATE ROLE exaudit_writer; CREATE ROLE exaudit_reader; `

var lackings = []lacking{
	{name: "nothing exists", lacks: "CREATE on database \"shop\", role exaudit_owner, role exaudit_reader, role exaudit_writer, membership in exaudit_owner and exaudit_writer"},
	{name: "may create roles", options: "CREATEROLE", lacks: `CREATE on database "shop"`},
	{name: "roles of another database", setup: roles + `GRANT CREATE ON DATABASE shop TO app`, lacks: "membership in exaudit_owner and exaudit_writer"},
	{name: "one membership", setup: roles + `GRANT exaudit_owner TO app`, lacks: `CREATE on database "shop", membership in exaudit_writer`},
	{name: "a role is missing", setup: `CREATE ROLE exaudit_owner; CREATE ROLE exaudit_writer; GRANT exaudit_owner, exaudit_writer TO app; GRANT CREATE ON DATABASE shop TO app`, lacks: "role exaudit_reader"},
	{name: "indirect membership", setup: roles + `CREATE ROLE team IN ROLE exaudit_owner, exaudit_writer ROLE app; GRANT CREATE ON DATABASE shop TO app`},
	{name: "a member that inherits nothing", options: "NOINHERIT", setup: roles + `GRANT exaudit_owner, exaudit_writer TO app; GRANT CREATE ON DATABASE shop TO app`, lacks: "INHERIT"},
	{name: "inherits nothing", options: "NOINHERIT", setup: roles + `GRANT CREATE ON DATABASE shop TO app`, lacks: "membership in exaudit_owner and exaudit_writer"},
	{name: "creates roles, inherits nothing", until: 15, options: "NOINHERIT CREATEROLE", setup: `GRANT CREATE ON DATABASE shop TO app`, lacks: "INHERIT"},
	{name: "creates roles, inherits no membership", since: 16, options: "NOINHERIT CREATEROLE", setup: `GRANT CREATE ON DATABASE shop TO app`},
	{name: "an administrator of the roles", setup: roles + `GRANT exaudit_owner, exaudit_writer TO app WITH ADMIN OPTION; GRANT CREATE ON DATABASE shop TO app`},
	{name: "members that may not SET ROLE", since: 16, setup: roles + `GRANT exaudit_owner, exaudit_writer TO app WITH SET FALSE; GRANT CREATE ON DATABASE shop TO app`, lacks: "SET TRUE"},
	{name: "members that do not inherit", since: 16, setup: roles + `GRANT exaudit_owner, exaudit_writer TO app WITH INHERIT FALSE; GRANT CREATE ON DATABASE shop TO app`, lacks: "membership in exaudit_owner and exaudit_writer WITH INHERIT TRUE"},
	{name: "a schema that waits", setup: roles + `GRANT exaudit_owner, exaudit_writer TO app; CREATE SCHEMA exaudit AUTHORIZATION exaudit_owner`, lacks: `CREATE on database "shop"`},
	{name: "a schema of its own", setup: roles + `GRANT exaudit_owner, exaudit_writer TO app; CREATE SCHEMA exaudit AUTHORIZATION app`, lacks: `CREATE on database "shop"`},
	{name: "languages", setup: roles + `GRANT exaudit_owner, exaudit_writer TO app; GRANT CREATE ON DATABASE shop TO app; REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC`,
		lacks: "USAGE on languages plpgsql and sql for app, USAGE on languages plpgsql and sql for exaudit_owner"},
	{name: "a tablespace", since: 15, setup: roles + `GRANT exaudit_owner, exaudit_writer TO app; GRANT CREATE ON DATABASE shop TO app; GRANT CREATE ON TABLESPACE "fast disk" TO app; ALTER ROLE app SET default_tablespace = 'fast disk'`,
		lacks: `CREATE on tablespace "fast disk" for exaudit_owner`},
}

// All that a role lacks is said before anything is changed, and what the error advises is enough.
func TestWhatInitialisingTakes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, err := postgres.Start(ctx, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	admin, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	var major int
	if err := admin.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000`).Scan(&major); err != nil {
		t.Fatal(err)
	}
	execute(t, admin, `SET allow_in_place_tablespaces = on`, major < 15)
	execute(t, admin, `CREATE TABLESPACE "fast disk" LOCATION ''`, major < 15)
	documented := regexp.MustCompile("(?s)Who runs it.*?```sql\n(.*?)```").FindStringSubmatch(operations(t))
	for _, c := range append(testall.Sample(lackings, 3), lacking{name: "as documented", setup: documented[1]}) {
		if major >= c.since && (c.until == 0 || major <= c.until) {
			t.Run(c.name, func(t *testing.T) { c.try(t, admin, server.URL("shop")) })
		}
	}
}

// operations is the document that says what it takes.
func operations(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func execute(t *testing.T, conn *pgx.Conn, text string, not bool) {
	t.Helper()
	if not {
		return
	}
	if _, err := conn.Exec(context.Background(), text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

func (c lacking) try(t *testing.T, admin *pgx.Conn, url string) {
	ctx := context.Background()
	execute(t, admin, `CREATE DATABASE shop`, false)
	execute(t, admin, `CREATE ROLE app LOGIN `+c.options, false)
	shop, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = shop.Close(ctx)
		execute(t, admin, `DROP DATABASE shop; `, false)
		for _, role := range []string{"app", "team", "exaudit_owner", "exaudit_writer", "exaudit_reader"} {
			execute(t, admin, fmt.Sprintf(`DO $$ BEGIN DROP OWNED BY %[1]s CASCADE; DROP ROLE %[1]s; EXCEPTION WHEN undefined_object THEN NULL; END $$`, role), false)
		}
	}()
	execute(t, shop, c.setup, c.setup == "")
	execute(t, shop, `CREATE TABLE tracked (id int PRIMARY KEY); ALTER TABLE tracked OWNER TO app`, false)
	before := everything(t, shop)

	config := config(t, url)
	config.User = "app"
	_, err = sql.Up(ctx, config)
	lacks := (*audit.SchemaError)(nil)
	switch {
	case c.lacks == "" && err != nil:
		t.Fatal(err)
	case c.lacks != "":
		if !errors.As(err, &lacks) || !errors.Is(err, audit.ErrNotPermitted) || !strings.Contains(err.Error(), c.lacks) {
			t.Fatalf("got %v, want that it lacks %s", err, c.lacks)
		}
		if after := everything(t, shop); after != before {
			t.Errorf("something was changed:\n%s\nwas:\n%s", after, before)
		}
		t.Log(err)
		execute(t, shop, strings.Join(lacks.Cure, "; "), false)
		if changed, err := sql.Up(ctx, config); err != nil || !changed {
			t.Fatalf("after %s: %v", lacks.Cure, err)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := triggers.Install(ctx, conn, []string{"tracked"}); err != nil {
		t.Errorf("install: %v", err)
	}
	var owners string
	const ofAll = `SELECT string_agg(DISTINCT relowner::regrole::text, ' ') FROM pg_class WHERE relnamespace = 'exaudit'::regnamespace`
	if err := shop.QueryRow(ctx, ofAll).Scan(&owners); err != nil || owners != "exaudit_owner" {
		t.Errorf("the tables belong to %s, %v", owners, err)
	}
	if err := sql.Down(ctx, config); err != nil {
		t.Errorf("remove: %v", err)
	}
}

// everything is what initialising could leave behind.
func everything(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	var text string
	err := conn.QueryRow(context.Background(), `SELECT concat_ws(E'\n',
		(SELECT string_agg(r::text, ' ' ORDER BY oid) FROM pg_authid r), (SELECT string_agg(m::text, ' ' ORDER BY m::text) FROM pg_auth_members m),
		(SELECT string_agg(n::text, ' ' ORDER BY oid) FROM pg_namespace n), (SELECT string_agg(c::text, ' ' ORDER BY oid) FROM pg_class c WHERE oid >= 16384),
		(SELECT string_agg(p::text, ' ' ORDER BY oid) FROM pg_proc p WHERE oid >= 16384))`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func migrations(t *testing.T) []sql.Migration {
	t.Helper()
	list, err := sql.Migrations()
	if err != nil {
		t.Fatal(fmt.Errorf("read the migrations: %w", err))
	}
	return list
}
