package sql_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range testall.SampleMap(map[string]struct {
		change  string // after Up; "" for an empty database
		want    any    // nil, or a reason
		up      any    // what Up says of it
		removed bool   // whether Down removes it
	}{
		"no schema":                   {"", audit.NotInitialized, nil, true},
		"bare":                        {`DROP SCHEMA exaudit, exaudit_internal CASCADE; CREATE SCHEMA exaudit AUTHORIZATION exaudit_owner`, audit.NotInitialized, nil, true},
		"half":                        {`DROP SCHEMA exaudit_internal CASCADE`, audit.IncompleteSchema, audit.IncompleteSchema, true},
		"the other half":              {`DROP SCHEMA exaudit CASCADE`, audit.IncompleteSchema, audit.IncompleteSchema, true},
		"internal of another purpose": {`DROP SCHEMA exaudit, exaudit_internal CASCADE; CREATE SCHEMA exaudit_internal; CREATE TABLE exaudit_internal.mine (id int)`, audit.ForeignSchema, audit.ForeignSchema, false},
		"internal of another purpose, beside ours": {`DROP SCHEMA exaudit_internal CASCADE; CREATE SCHEMA exaudit_internal; CREATE TABLE exaudit_internal.mine (id int)`, audit.OtherBuild, audit.OtherBuild, false},
		"of another purpose":                       {`DROP SCHEMA exaudit, exaudit_internal CASCADE; CREATE SCHEMA exaudit; CREATE TABLE exaudit.mine (id int)`, audit.ForeignSchema, audit.ForeignSchema, false},
		"up to date":                               {`SELECT 1`, nil, nil, true},
		"no version":                               {`DROP FUNCTION exaudit.schema_version`, audit.IncompleteSchema, audit.IncompleteSchema, true},
		"no digest":                                {`DROP FUNCTION exaudit_internal.schema_digest`, audit.OtherBuild, audit.OtherBuild, true},
		"other digest":                             {`CREATE OR REPLACE FUNCTION exaudit_internal.schema_digest() RETURNS text LANGUAGE sql AS 'SELECT ''` + strings.Repeat("0", 64) + `'''`, audit.OtherBuild, audit.OtherBuild, true},
		"older, unlike":                            {`CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql AS 'SELECT 4::bigint'`, audit.OtherBuild, audit.OtherBuild, true},
		"newer":                                    {`CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql AS 'SELECT 99::bigint'`, audit.NewerSchema, nil, false},
		"kept elsewhere":                           {`DROP TABLE exaudit_internal.goose_db_version`, nil, nil, false},
	}, 7) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			if c.change != "" {
				up(t, db.URL)
				db.Exec(t, c.change)
			}
			if err := sql.Check(ctx, db.Pool); !reason.Is(err, c.want) {
				t.Errorf("Check: %v, want %v", err, c.want)
			}
			if _, err := sql.Up(ctx, config(t, db.URL)); !reason.Is(err, c.up) {
				t.Errorf("Up: %v, want %v", err, c.up)
			}
			if err := sql.Down(ctx, config(t, db.URL)); (err == nil) != c.removed {
				t.Errorf("Down: %v, want removed: %v", err, c.removed)
			}
			if !c.removed {
				return
			}
			if up(t, db.URL); sql.Check(ctx, db.Pool) != nil {
				t.Error("it could not be made anew")
			}
		})
	}
}

// Where there is nothing to do, nothing is taken: no privilege, no write, no lock.
func TestUpToDateTakesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	up(t, db.URL)
	c := config(t, db.URL)
	c.User = db.Role(t, "LOGIN")
	db.Exec(t, `ALTER ROLE `+c.User+` SET default_transaction_read_only = on; ALTER ROLE `+c.User+` SET default_transaction_isolation = 'serializable'`)
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, `LOCK TABLE exaudit_internal.goose_db_version, exaudit.versions, exaudit.tables`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if changed, err := sql.Up(ctx, c); changed || err != nil {
		t.Errorf("Up: %v, %v", changed, err)
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := sql.Check(ctx, conn); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// What an "exaudit init" left behind that was interrupted, before it was one transaction, can be removed.
func TestIncompleteSchemaCanBeRemoved(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for upTo := range 4 {
		db := pgtest.New(t)
		db.Exec(t, `CREATE SCHEMA exaudit; CREATE SCHEMA exaudit_internal; CREATE TABLE exaudit_internal.goose_db_version (id int)`)
		for _, m := range migrations(t)[:upTo] {
			db.Exec(t, m.Up)
		}
		if _, err := sql.Up(ctx, config(t, db.URL)); !reason.Is(err, audit.IncompleteSchema) {
			t.Errorf("after %d migrations: %v, want IncompleteSchema", upTo, err)
		}
		if err := sql.Down(ctx, config(t, db.URL)); err != nil {
			t.Errorf("remove, after %d migrations: %v", upTo, err)
		}
		if !up(t, db.URL) {
			t.Errorf("after %d migrations and removal there was nothing to do", upTo)
		}
	}
}

// The upgrade of a schema that an earlier release has made, by a role that has not made it.
func TestUpFromAnEarlierVersion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	up(t, db.URL)
	// as if a release had ended with version 10
	db.Exec(t, `ALTER TABLE exaudit_internal.goose_db_version SET SCHEMA public; DROP SCHEMA exaudit, exaudit_internal CASCADE`)
	for _, m := range migrations(t)[:10] {
		db.Exec(t, m.Up)
	}
	note, err := sql.NoteSQL(10)
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, note)
	db.Exec(t, `DELETE FROM public.goose_db_version WHERE version_id > 10; ALTER TABLE public.goose_db_version SET SCHEMA exaudit_internal`)
	if err := sql.Check(ctx, db.Pool); !reason.Is(err, audit.OutdatedSchema) {
		t.Fatalf("Check: %v, want OutdatedSchema", err)
	}
	if _, err := triggers.Install(ctx, db.Pool, nil); !reason.Is(err, audit.OutdatedSchema) {
		t.Errorf("Install: %v, want OutdatedSchema", err)
	}
	role := db.Role(t, "LOGIN PASSWORD 'x'")
	// as after a restore without owners
	db.Exec(t, `ALTER TABLE exaudit_internal.goose_db_version OWNER TO `+role)
	c := config(t, db.URL)
	c.User, c.Password = role, "x"
	lacks := (*audit.SchemaError)(nil)
	if _, err := sql.Up(ctx, c); !errors.As(err, &lacks) {
		t.Fatalf("got %v, want a *SchemaError", err)
	}
	db.Exec(t, strings.Join(lacks.Cure, ";"))
	if changed, err := sql.Up(ctx, c); err != nil || !changed {
		t.Fatalf("Up: %v, %v", changed, err)
	}
	if err := sql.Check(ctx, db.Pool); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// Neither does a migration of an application take over a schema that somebody else has created.
func TestMigrationRefusesAForeignSchema(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{"exaudit", "exaudit_internal"} {
		db := pgtest.New(t)
		up(t, db.URL) // so that the roles are there
		db.Exec(t, `DROP SCHEMA exaudit, exaudit_internal CASCADE; CREATE SCHEMA `+schema+` AUTHORIZATION `+db.Role(t, ""))
		if _, err := db.Pool.Exec(context.Background(), migrations(t)[0].Up); err == nil || !strings.Contains(err.Error(), "schema "+schema+" belongs to ") {
			t.Errorf("%s: %v", schema, err)
		}
	}
}

// Whoever may create a schema could otherwise have code of theirs run by whoever asks for the version.
func TestForeignSchemaIsNotRun(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	up(t, db.URL) // so that the roles are there
	if err := sql.Down(ctx, config(t, db.URL)); err != nil {
		t.Fatal(err)
	}
	role := db.Role(t, "")
	db.Exec(t, `CREATE SCHEMA exaudit AUTHORIZATION `+role)
	db.Exec(t, `CREATE TABLE exaudit.versions (id int);
		CREATE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'was run'; END $$;
		ALTER FUNCTION exaudit.schema_version OWNER TO `+role)
	if err := sql.Check(ctx, db.Pool); !reason.Is(err, audit.ForeignSchema) {
		t.Errorf("Check: %v, want ForeignSchema", err)
	}
	if _, err := sql.Up(ctx, config(t, db.URL)); !reason.Is(err, audit.ForeignSchema) {
		t.Errorf("Up: %v, want ForeignSchema", err)
	}
	if err := sql.Down(ctx, config(t, db.URL)); !reason.Is(err, audit.ForeignSchema) {
		t.Errorf("Down: %v, want ForeignSchema", err)
	}
	if _, err := triggers.Install(ctx, db.Pool, nil); !reason.Is(err, audit.ForeignSchema) {
		t.Errorf("Install: %v, want ForeignSchema", err)
	}
}

// What others have built on the schema is not taken along.
func TestDownSparesWhatOthersHaveBuilt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]string{
		"view of table public.mine":   `CREATE VIEW mine AS SELECT count(*) FROM exaudit.versions`,
		"function of a type mine(":    `CREATE FUNCTION mine(v exaudit.versions) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
		"column v of table mine":      `CREATE TABLE mine (v exaudit.action)`,
		"constraint on table mine":    `CREATE TABLE mine (t int CONSTRAINT refers REFERENCES exaudit.tables)`,
		"materialized view mine":      `CREATE MATERIALIZED VIEW mine AS SELECT * FROM exaudit_internal.custom_columns`,
		"default value for column of": `CREATE TABLE mine (v bigint DEFAULT exaudit.schema_version())`,
	} {
		db := pgtest.New(t)
		up(t, db.URL)
		db.Exec(t, c)
		err := sql.Down(ctx, config(t, db.URL))
		if err == nil || !strings.Contains(err.Error(), "mine") {
			t.Errorf("%s: got %v, want an error that names it", name, err)
		}
		if err := sql.Check(ctx, db.Pool); err != nil {
			t.Errorf("%s: Check: %v", name, err)
		}
	}
}

// released has the SHA-256 of each migration that was released, as sha256sum writes it.
const released = "released.sha256"

// A migration that has been released is never edited: databases have it as it was.
func TestReleasedMigrationsAreFrozen(t *testing.T) {
	content, err := os.ReadFile(released)
	if err != nil {
		t.Fatal(err)
	}
	frozen := strings.Split(strings.TrimSpace(string(content)), "\n")
	if frozen[0] == "" {
		frozen = nil
	}
	names, err := fs.Glob(sql.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range frozen {
		hash, name, _ := strings.Cut(line, "  ")
		if i >= len(names) || names[i] != name {
			t.Errorf("%s is released, and not migration %d any more", name, i+1)
			continue
		}
		content, err := sql.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != hash {
			t.Errorf("%s is released, and was edited: add a migration", name)
		}
	}
	changelog, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(changelog), "\n") {
		if strings.HasPrefix(line, "## ") && !strings.Contains(line, "unreleased") && len(frozen) == 0 {
			t.Errorf("%s is released, and %s is empty: see CONTRIBUTING.md", strings.TrimPrefix(line, "## "), released)
		}
	}
}
