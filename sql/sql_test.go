package sql_test

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/postgres"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

func TestMain(m *testing.M) {
	testall.Checks("3", "10") // each takes a second
	pgtest.Main(m)
}

func config(t *testing.T, url string) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func up(t *testing.T, url string) bool {
	t.Helper()
	changed, err := sql.Up(context.Background(), config(t, url))
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// objects lists what the database has apart from the system's own.
const objects = `
SELECT count(*) FROM (
	SELECT oid FROM pg_class WHERE oid >= 16384
	UNION ALL SELECT oid FROM pg_proc WHERE oid >= 16384
	UNION ALL SELECT oid FROM pg_type WHERE oid >= 16384
	UNION ALL SELECT oid FROM pg_namespace WHERE oid >= 16384
	UNION ALL SELECT oid FROM pg_policy
	UNION ALL SELECT oid FROM pg_trigger
	UNION ALL SELECT oid FROM pg_default_acl
) o`

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE tracked (id int PRIMARY KEY); ALTER TABLE tracked ENABLE ROW LEVEL SECURITY`)
	before := pgtest.One[int](t, db, objects)

	for range 2 {
		if !up(t, db.URL) {
			t.Error("Up on an empty database changed nothing")
		}
		if up(t, db.URL) {
			t.Error("second Up changed something")
		}
		if err := sql.Check(ctx, db.Pool); err != nil {
			t.Errorf("Check after Up: %v", err)
		}
		if _, err := triggers.Install(ctx, db.Pool, []string{"tracked"}); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, `SELECT exaudit_internal.expose_custom_index('actor')`)
		if err := sql.Down(ctx, config(t, db.URL)); err != nil {
			t.Fatal(err)
		}
		if granted := pgtest.One[int](t, db, `SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.relname = 'tracked' AND a.grantee <> c.relowner`); granted != 0 {
			t.Error("Down left privileges on a tracked table behind")
		}
		if after := pgtest.One[int](t, db, objects); after != before {
			t.Errorf("Down left %d objects behind", after-before)
		}
	}
}

func TestUpFromSeveralProcesses(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		changed int
	)
	for range 6 {
		wg.Go(func() {
			did, err := sql.Up(context.Background(), config(t, db.URL))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if did {
				changed++
			}
		})
	}
	wg.Wait()
	if changed != 1 {
		t.Errorf("%d of 6 say they migrated, want 1", changed)
	}
}

// A process waits for another one that migrates for longer than for other locks.
func TestUpWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, `CREATE SCHEMA exaudit`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := sql.Up(ctx, config(t, db.URL))
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("Up did not wait: %v", err)
	case <-time.After(lock.DefaultTimeout + time.Second):
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Databases of one cluster share the roles, which one drops while another grants them.
func TestUpAndDownOfSeveralDatabases(t *testing.T) {
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
	var wg sync.WaitGroup
	for i := range 4 {
		name := fmt.Sprint("shop", i)
		execute(t, admin, `CREATE DATABASE `+name, false)
		wg.Go(func() {
			for range testall.Or(2, 5) {
				if _, err := sql.Up(ctx, config(t, server.URL(name)), sql.LockTimeout(time.Minute)); err != nil {
					t.Errorf("%s: up: %v", name, err)
				}
				if err := sql.Down(ctx, config(t, server.URL(name)), sql.LockTimeout(time.Minute)); err != nil {
					t.Errorf("%s: down: %v", name, err)
				}
			}
		})
	}
	wg.Wait()
}

// An application's own goose history has its table in public, and must stay as it is.
func TestOwnVersionTable(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE goose_db_version (id int, version_id bigint, is_applied bool, tstamp timestamp)`)
	up(t, db.URL)
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM public.goose_db_version`); n != 0 {
		t.Errorf("%d rows in the application's goose_db_version, want 0", n)
	}
	if n := pgtest.One[int64](t, db, `SELECT max(version_id) FROM exaudit_internal.goose_db_version`); n != sql.Version {
		t.Errorf("exaudit_internal.goose_db_version is at %d, want %d", n, sql.Version)
	}
}

func TestVersionIsThatOfTheFiles(t *testing.T) {
	names, err := fs.Glob(sql.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != sql.Version {
		t.Errorf("Version is %d, there are %d migrations", sql.Version, len(names))
	}
}

// The usual installer is the application's migration role: no superuser.
func TestUpWithoutSuperuser(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	up(t, db.URL) // makes sure that the roles are there
	if err := sql.Down(ctx, config(t, db.URL)); err != nil {
		t.Fatal(err)
	}
	role := db.Role(t, "LOGIN CREATEROLE PASSWORD 'x'")
	db.Exec(t, `GRANT CREATE ON DATABASE `+db.Name+` TO `+role)
	for _, name := range []string{"exaudit_owner", "exaudit_writer"} {
		db.Exec(t, `DO $$ BEGIN CREATE ROLE `+name+` NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`)
		db.Exec(t, `GRANT `+name+` TO `+role+` WITH ADMIN OPTION`)
	}
	c := config(t, db.URL)
	c.User, c.Password = role, "x"
	if _, err := sql.Up(ctx, c); err != nil {
		t.Fatal(err)
	}
	if owner := pgtest.One[string](t, db, `SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'exaudit'`); owner != "exaudit_owner" {
		t.Errorf("schema exaudit belongs to %s", owner)
	}
	if err := sql.Down(ctx, c); err != nil {
		t.Fatal(err)
	}
}
