package sql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
)

// ErrLacksPrivileges means that a role may not do what making or updating schema exaudit takes; see PrivilegeError.
var ErrLacksPrivileges = errors.New("lacks privileges")

// ErrEncoding means that a database's encoding does not say which characters its texts are of, so that they cannot be
// read back from JSON as what they were: SQL_ASCII, MULE_INTERNAL.
var ErrEncoding = errors.New("texts in the encoding of the database cannot be stored as JSON")

// PrivilegeError says all that a role lacks, before anything is changed. errors.Is finds ErrLacksPrivileges.
type PrivilegeError struct {
	Role    string
	Missing []string // "CREATE on database shop"
	Cure    []string // statements that an administrator runs
}

func (e *PrivilegeError) Error() string {
	return fmt.Sprintf("role %q lacks %s; an administrator must run: %s",
		e.Role, strings.Join(e.Missing, ", "), strings.Join(e.Cure, "; "))
}

func (e *PrivilegeError) Unwrap() error { return ErrLacksPrivileges }

func (e *PrivilegeError) lacks(missing, cure string) {
	e.Missing, e.Cure = append(e.Missing, missing), append(e.Cure, cure)
}

// checkPrivileges returns a *PrivilegeError where the role may not bring a schema in this state up to date, and
// ErrEncoding where no role can.
func checkPrivileges(ctx context.Context, q db.DBTX, s state) error {
	queries := db.New()
	who, err := queries.Installer(ctx, q)
	if err != nil {
		return fmt.Errorf("read the privileges of the role: %w", err)
	}
	if !who.BecomesUtf8 {
		return fmt.Errorf("%w: %s, in database %s", ErrEncoding, who.Encoding, who.Database)
	}
	if who.Superuser {
		return nil
	}
	roles, err := queries.InstallerRoles(ctx, q)
	if err != nil {
		return fmt.Errorf("read the roles of exaudit: %w", err)
	}
	e := &PrivilegeError{Role: who.Role}
	// CREATE SCHEMA IF NOT EXISTS takes it where the schema exists, too.
	if !who.MayCreateSchema && (!s.exists || s.Bare) {
		database := pgx.Identifier{who.Database}.Sanitize()
		e.lacks("CREATE on database "+database, "GRANT CREATE ON DATABASE "+database+" TO "+quoted(who.Role))
	}
	for _, r := range roles {
		if !r.IsThere && !who.MayCreateRoles {
			e.lacks("role "+r.Name, "CREATE ROLE "+r.Name+" NOLOGIN")
		}
	}
	e.lackOfMembership(who, roles)
	e.lackOfOwner(roles)
	if len(e.Missing) > 0 {
		return e
	}
	return nil
}

// The roles.
const (
	ownerRole  = "exaudit_owner"
	writerRole = "exaudit_writer"
)

func quoted(role string) string { return pgx.Identifier{role}.Sanitize() }

// lackOfMembership adds what keeps the role from acting as exaudit_owner and exaudit_writer: it hands functions of the
// one over to the other, here and when it installs triggers, and so has the privileges of both and may become both.
func (e *PrivilegeError) lackOfMembership(who db.InstallerRow, roles []db.InstallerRolesRow) {
	with := ""
	if who.ByMembership && !who.Inherits {
		with = " WITH INHERIT TRUE, SET TRUE"
	}
	var closed []string
	for _, r := range roles {
		if r.Name != ownerRole && r.Name != writerRole {
			continue
		}
		// Before PostgreSQL 16, the role's own INHERIT decides, and is looked at below.
		serves := r.MayBecome && (r.HasPrivileges || !who.ByMembership && !who.Inherits)
		if serves || r.MayGrant || !r.IsThere && who.MayCreateRoles {
			continue
		}
		closed = append(closed, r.Name)
		if who.ByMembership && r.IsMember {
			with = " WITH INHERIT TRUE, SET TRUE"
		}
	}
	if len(closed) > 0 {
		e.lacks("membership in "+strings.Join(closed, " and ")+with,
			"GRANT "+strings.Join(closed, ", ")+" TO "+quoted(who.Role)+with)
	}
	if !who.ByMembership && !who.Inherits {
		e.lacks("INHERIT", "ALTER ROLE "+quoted(who.Role)+" INHERIT")
	}
}

// lackOfOwner adds what keeps functions and tables from being created.
func (e *PrivilegeError) lackOfOwner(roles []db.InstallerRolesRow) {
	for _, r := range roles {
		if r.Name != ownerRole && r.Name != e.Role {
			continue
		}
		if !r.MayUseLanguages {
			e.lacks("USAGE on languages plpgsql and sql for "+r.Name,
				"GRANT USAGE ON LANGUAGE plpgsql, sql TO "+quoted(r.Name))
		}
		if r.LacksTablespace != "" {
			e.lacks("CREATE on tablespace "+r.LacksTablespace+" for "+r.Name,
				"GRANT CREATE ON TABLESPACE "+r.LacksTablespace+" TO "+quoted(r.Name))
		}
	}
}
