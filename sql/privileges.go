package sql

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

func lacks(e *audit.SchemaError, missing, cure string) {
	e.Missing, e.Cure = append(e.Missing, missing), append(e.Cure, cure)
}

// checkPrivileges returns LacksPrivileges where the role may not bring a schema in this state up to date, and
// LossyEncoding where no role can.
func checkPrivileges(ctx context.Context, q db.DBTX, s state) error {
	queries := db.New()
	who, err := queries.Installer(ctx, q)
	if err != nil {
		return fmt.Errorf("read the privileges of the role: %w", err)
	}
	if !who.BecomesUtf8 {
		return &audit.SchemaError{Reason: audit.LossyEncoding,
			Detail: fmt.Sprintf("%s, in database %s", who.Encoding, who.Database)}
	}
	if who.Superuser {
		return nil
	}
	roles, err := queries.InstallerRoles(ctx, q)
	if err != nil {
		return fmt.Errorf("read the roles of exaudit: %w", err)
	}
	e := &audit.SchemaError{Reason: audit.LacksPrivileges, Role: who.Role}
	// CREATE SCHEMA IF NOT EXISTS takes it where the schema exists, too.
	if !who.MayCreateSchema && (!s.exists || s.Bare) {
		database := pgx.Identifier{who.Database}.Sanitize()
		lacks(e, "CREATE on database "+database, "GRANT CREATE ON DATABASE "+database+" TO "+quoted(who.Role))
	}
	for _, r := range roles {
		if !r.IsThere && !who.MayCreateRoles {
			lacks(e, "role "+r.Name, "CREATE ROLE "+r.Name+" NOLOGIN")
		}
	}
	lackOfMembership(e, who, roles)
	lackOfOwner(e, roles)
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
func lackOfMembership(e *audit.SchemaError, who db.InstallerRow, roles []db.InstallerRolesRow) {
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
		lacks(e, "membership in "+strings.Join(closed, " and ")+with,
			"GRANT "+strings.Join(closed, ", ")+" TO "+quoted(who.Role)+with)
	}
	if !who.ByMembership && !who.Inherits {
		lacks(e, "INHERIT", "ALTER ROLE "+quoted(who.Role)+" INHERIT")
	}
}

// lackOfOwner adds what keeps functions and tables from being created.
func lackOfOwner(e *audit.SchemaError, roles []db.InstallerRolesRow) {
	for _, r := range roles {
		if r.Name != ownerRole && r.Name != e.Role {
			continue
		}
		if !r.MayUseLanguages {
			lacks(e, "USAGE on languages plpgsql and sql for "+r.Name,
				"GRANT USAGE ON LANGUAGE plpgsql, sql TO "+quoted(r.Name))
		}
		if r.LacksTablespace != "" {
			lacks(e, "CREATE on tablespace "+r.LacksTablespace+" for "+r.Name,
				"GRANT CREATE ON TABLESPACE "+r.LacksTablespace+" TO "+quoted(r.Name))
		}
	}
}
