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

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// Check reports whether the program can work with the database: nil, or an *audit.SchemaError. It only reads the
// catalog, and takes no privilege on schema exaudit.
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
	wrong := func(reason audit.SchemaReason, detail string, args ...any) error {
		return &audit.SchemaError{Reason: reason, Have: s.Version, Want: Version, Detail: fmt.Sprintf(detail, args...)}
	}
	switch {
	case !s.exists:
		return wrong(audit.NotInitialized, "")
	case !s.Trusted:
		return wrong(audit.ForeignSchema, "%s belongs to %s", s.Name, s.Owner)
	case s.Bare:
		return wrong(audit.NotInitialized, "")
	case s.Version == 0 && s.Owner != ownerRole && !s.KeepsOwnVersion:
		return wrong(audit.ForeignSchema, "it belongs to %s, and has nothing of exaudit", s.Owner)
	case !s.Complete:
		return wrong(audit.IncompleteSchema, "of exaudit and exaudit_internal, there is only %s", s.Name)
	case s.Version == 0:
		return wrong(audit.IncompleteSchema, "it has no version")
	case s.Version > Version:
		return wrong(audit.NewerSchema, "")
	}
	wanted, err := digest(s.Version)
	switch {
	case err != nil:
		return err
	case s.Digest != wanted:
		return wrong(audit.OtherBuild, "both are at version %d, but their contents differ", s.Version)
	case s.Version < Version:
		return wrong(audit.OutdatedSchema, "")
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
