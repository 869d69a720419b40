// Package sql holds exaudit's own database schema as goose migrations, and applies them.
//
// goose keeps their state in exaudit.goose_db_version, apart from the table in which an
// application's own goose keeps its migrations.
package sql

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/exaudit/exaudit/db"
)

// Files are the migrations, for those who apply them by other means.
//
//go:embed *.sql
var Files embed.FS

// Version is the number of the newest migration.
const Version = 11

// Migration is one of Files, parsed.
type Migration struct {
	Version  int64
	Name     string // without .sql
	Up, Down string // with goose's annotations
}

// Migrations are Files in order.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(Files, "*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]Migration, len(names))
	for i, name := range names {
		content, err := Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		head, down, _ := strings.Cut(string(content), "-- +goose Down\n")
		comment, up, _ := strings.Cut(head, "-- +goose Up\n")
		m := Migration{Name: strings.TrimSuffix(name, ".sql"), Up: comment + up, Down: down}
		if m.Version, err = goose.NumericComponent(name); err != nil {
			return nil, err
		}
		list[i] = m
	}
	return list, nil
}

// The states of a database that keep the program from working with it.
var (
	// ErrNotInitialized means that schema exaudit is missing: run "exaudit init".
	ErrNotInitialized = errors.New("exaudit is not initialised in this database")
	// ErrOutdated means that the database is older than the program: run "exaudit init".
	ErrOutdated = errors.New("schema exaudit is older than this program")
	// ErrForeignSchema means that somebody else has made a schema exaudit already.
	ErrForeignSchema = errors.New("schema exaudit is not exaudit's own")
	// ErrKeptElsewhere means that migrations of the application have made schema exaudit: they
	// also update it, and remove it.
	ErrKeptElsewhere = errors.New("schema exaudit is kept by the application's own migrations")
	// ErrNewer means that the database is newer than the program: update the program.
	ErrNewer = errors.New("schema exaudit is newer than this program")
)

// Any number that nobody else takes; held while migrating, so that two processes do not.
const lockKey = 0x657861756469 // "exaudi"

// Up brings schema exaudit to Version and tells whether it changed anything. It is safe
// to run twice, and from several processes at once. config names the database; the role
// must be allowed to create a schema and, the first time in a cluster, roles.
func Up(ctx context.Context, config *pgx.ConnConfig) (changed bool, err error) {
	for range attempts {
		changed, err = up(ctx, config)
		if pgErr := (*pgconn.PgError)(nil); !errors.As(err, &pgErr) ||
			pgErr.Code != "42704" && !strings.Contains(pgErr.Message, "concurrently") { // 42704: a role is gone
			break
		}
	}
	return changed, err
}

// attempts is for databases of one cluster that are initialised and cleared at the same
// time: they share the roles, and one may drop what another is about to grant.
const attempts = 5

func up(ctx context.Context, config *pgx.ConnConfig) (changed bool, err error) {
	err = migrate(ctx, config, func(p *goose.Provider, _ *sql.DB) error {
		if current, _, err := p.GetVersions(ctx); err != nil {
			return err
		} else if current > Version {
			return fmt.Errorf("%w: it is at version %d, the program at %d", ErrNewer, current, Version)
		}
		results, err := p.Up(ctx)
		changed = len(results) > 0
		return err
	})
	if kept := (*keptError)(nil); errors.As(err, &kept) && kept.version == Version {
		return false, nil
	} else if kept != nil && kept.version > Version {
		return false, fmt.Errorf("%w: it is at version %d, the program at %d", ErrNewer, kept.version, Version)
	}
	return changed, err
}

// keptError is an ErrKeptElsewhere with the version that is there.
type keptError struct{ version int64 }

func (e *keptError) Error() string {
	return fmt.Sprintf("%v: it is at version %d, the program at %d", ErrKeptElsewhere, e.version, Version)
}

func (e *keptError) Unwrap() error { return ErrKeptElsewhere }

// checkKept gives a *keptError where the schema is not exaudit's to migrate.
func checkKept(ctx context.Context, conn *pgx.Conn) error {
	version, err := VersionOf(ctx, conn)
	if err != nil || version == 0 {
		return err
	}
	own, err := db.New().KeepsOwnVersion(ctx, conn)
	if err != nil {
		return fmt.Errorf("look for the version of schema exaudit: %w", err)
	}
	if !own {
		return &keptError{version}
	}
	return nil
}

// Down removes schema exaudit with everything that was ever recorded, the triggers on
// tracked tables, and the roles where no other database uses them.
func Down(ctx context.Context, config *pgx.ConnConfig) error {
	return migrate(ctx, config, func(p *goose.Provider, conn *sql.DB) error {
		if _, err := p.DownTo(ctx, 0); err != nil {
			return err
		}
		_, err := conn.ExecContext(ctx, "DROP TABLE exaudit.goose_db_version; DROP SCHEMA exaudit")
		return err
	})
}

// Check tells whether the program can work with the database: nil, ErrNotInitialized,
// ErrOutdated or ErrNewer.
func Check(ctx context.Context, q db.DBTX) error {
	version, err := VersionOf(ctx, q)
	switch {
	case err != nil:
		return err
	case version == 0:
		return ErrNotInitialized
	case version < Version:
		return fmt.Errorf("%w: it is at version %d, the program at %d", ErrOutdated, version, Version)
	case version > Version:
		return fmt.Errorf("%w: it is at version %d, the program at %d", ErrNewer, version, Version)
	}
	return nil
}

// VersionOf is the version of schema exaudit in a database, 0 where it is missing.
func VersionOf(ctx context.Context, q db.DBTX) (int64, error) {
	queries := db.New()
	initialized, err := queries.Initialized(ctx, q)
	if err != nil {
		return 0, fmt.Errorf("look for schema exaudit: %w", err)
	}
	if !initialized {
		return 0, nil
	}
	version, err := queries.SchemaVersion(ctx, q)
	if err != nil {
		return 0, fmt.Errorf("read the version of schema exaudit: %w", err)
	}
	return version, nil
}

// ensureSchema creates schema exaudit: goose creates its version table before the first
// migration. A schema that somebody else made may hold anything, triggers on goose's table
// among it, which would run with the rights of who migrates.
func ensureSchema(ctx context.Context, conn *pgx.Conn) error {
	owner, err := db.New().SchemaOwner(ctx, conn)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err := conn.Exec(ctx, "CREATE SCHEMA exaudit"); err != nil {
			return fmt.Errorf("create schema exaudit: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for schema exaudit: %w", err)
	}
	if !owner.Trusted {
		return fmt.Errorf("%w: it belongs to %s", ErrForeignSchema, owner.Name)
	}
	return nil
}

// migrate runs do with a goose provider while it holds the lock on a connection of its
// own, whose end also ends the lock.
func migrate(ctx context.Context, config *pgx.ConnConfig, do func(*goose.Provider, *sql.DB) error) error {
	lock, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return err
	}
	defer lock.Close(context.WithoutCancel(ctx))
	if _, err := lock.Exec(ctx, "SELECT pg_catalog.pg_advisory_lock($1)", int64(lockKey)); err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	if err := ensureSchema(ctx, lock); err != nil {
		return err
	}
	if err := checkKept(ctx, lock); err != nil {
		return err
	}
	conn := stdlib.OpenDB(*config.Copy())
	defer conn.Close()
	store, err := database.NewStore(database.DialectPostgres, "exaudit.goose_db_version")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider("", conn, Files, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	return do(provider, conn)
}
