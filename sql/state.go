package sql

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
)

// The states of a database that keep the program from working with it.
var (
	// ErrNotInitialized means that schema exaudit is missing: run "exaudit init".
	ErrNotInitialized = errors.New("exaudit is not initialised in this database")
	// ErrOutdated means that the database is older than the program: run "exaudit init".
	ErrOutdated = errors.New("schema exaudit is older than this program")
	// ErrNewer means that the database is newer than the program: update the program.
	ErrNewer = errors.New("schema exaudit is newer than this program")
	// ErrForeignSchema means that schema exaudit belongs to a role that might have put anything into it.
	ErrForeignSchema = errors.New("schema exaudit is not exaudit's own")
	// ErrIncomplete means that schema exaudit was made only in part: remove it, and initialise the database again.
	ErrIncomplete = errors.New("schema exaudit is incomplete")
	// ErrOtherBuild means that schema exaudit has the number of this program, or of one that this program can update,
	// but other content: it was made by a build that was never released.
	ErrOtherBuild = errors.New("schema exaudit was made by another build of exaudit")
	// ErrKeptElsewhere means that the application's own migrations have created schema exaudit: they must also update
	// and drop it.
	ErrKeptElsewhere = errors.New("schema exaudit belongs to the application's own migrations")
)

// Check reports whether the program can work with the database: nil, or an error that is one of ErrNotInitialized,
// ErrOutdated, ErrNewer, ErrForeignSchema, ErrIncomplete and ErrOtherBuild. It only reads the catalog, and takes no
// privilege on schema exaudit.
func Check(ctx context.Context, q db.DBTX) error {
	s, err := stateOf(ctx, q)
	if err != nil {
		return err
	}
	return s.check()
}

// VersionOf is the version of schema exaudit in a database, 0 where it is missing.
func VersionOf(ctx context.Context, q db.DBTX) (int64, error) {
	s, err := stateOf(ctx, q)
	return s.Version, err
}

// state is what schema exaudit of a database is.
type state struct {
	db.SchemaStateRow
	exists bool
}

func stateOf(ctx context.Context, q db.DBTX) (state, error) {
	row, err := db.New().SchemaState(ctx, q)
	if errors.Is(err, pgx.ErrNoRows) {
		return state{}, nil
	}
	if err != nil {
		return state{}, fmt.Errorf("look for schema exaudit: %w", err)
	}
	return state{row, true}, nil
}

func (s state) check() error {
	switch {
	case !s.exists:
		return ErrNotInitialized
	case !s.Trusted:
		return fmt.Errorf("%w: %s belongs to %s", ErrForeignSchema, s.Name, s.Owner)
	case s.Bare:
		return ErrNotInitialized
	case s.Version == 0 && s.Owner != ownerRole && !s.KeepsOwnVersion:
		return fmt.Errorf("%w: it belongs to %s, and has nothing of exaudit", ErrForeignSchema, s.Owner)
	case !s.Complete:
		return fmt.Errorf("%w: of exaudit and exaudit_internal, there is only %s", ErrIncomplete, s.Name)
	case s.Version == 0:
		return fmt.Errorf("%w: it has no version", ErrIncomplete)
	case s.Version > Version:
		return fmt.Errorf("%w: it is at version %d, the program at %d", ErrNewer, s.Version, Version)
	}
	wanted, err := digest(s.Version)
	switch {
	case err != nil:
		return err
	case s.Digest != wanted:
		return fmt.Errorf("%w: both are at version %d, but their contents differ", ErrOtherBuild, s.Version)
	case s.Version < Version:
		return fmt.Errorf("%w: it is at version %d, the program at %d", ErrOutdated, s.Version, Version)
	}
	return nil
}

// digests are those of what the first migrations do, the first one, the first two, and so on.
var digests = sync.OnceValues(func() ([]string, error) {
	migrations, err := Migrations()
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	hash := sha256.New()
	list := make([]string, len(migrations))
	for i, m := range migrations {
		fmt.Fprintf(hash, "%s\n%s\n", m.Name, m.Content())
		list[i] = hex.EncodeToString(hash.Sum(nil))
	}
	return list, nil
})

// Content is what a migration does, however a version control system writes the ends of its lines.
func (m Migration) Content() string {
	return strings.TrimSpace(strings.ReplaceAll(m.Up, "\r\n", "\n"))
}

func digest(version int64) (string, error) {
	list, err := digests()
	if err != nil || version < 1 || version > int64(len(list)) {
		return "", err
	}
	return list[version-1], nil
}

// NoteSQL notes in a database which version the migrations have brought its schemas to, and by which content: a number
// alone does not tell a released schema from one of a build in between.
func NoteSQL(version int64) (string, error) {
	sum, err := digest(version)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`SET LOCAL ROLE exaudit_owner;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT %d::bigint';
REVOKE EXECUTE ON FUNCTION exaudit.schema_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.schema_version TO exaudit_reader, exaudit_writer;
COMMENT ON FUNCTION exaudit.schema_version IS 'Returns the number of the newest migration of exaudit.';
CREATE OR REPLACE FUNCTION exaudit_internal.schema_digest() RETURNS pg_catalog.text
    LANGUAGE sql IMMUTABLE
AS 'SELECT ''%s''::pg_catalog.text';
REVOKE EXECUTE ON FUNCTION exaudit_internal.schema_digest FROM PUBLIC;
COMMENT ON FUNCTION exaudit_internal.schema_digest IS 'Returns a digest of the migrations that made these schemas.';
RESET ROLE;
`, version, sum), nil
}
