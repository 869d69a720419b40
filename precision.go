package exaudit

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// ensurePrecision sets how many digits of a second the times of versions have, and reports whether this changed
// anything.
func (d *DB) ensurePrecision(ctx context.Context, digits int, timeout time.Duration) (changed bool, err error) {
	if err := sql.Check(ctx, d.conn); err != nil {
		return false, err
	}
	err = lock.Retry(ctx, d.conn, timeout, "table exaudit.versions",
		func(tx pgx.Tx, briefly func() error) error {
			if err := briefly(); err != nil { // all that is recorded waits behind it
				return err
			}
			changed, err = d.setPrecision(ctx, tx, digits)
			return err
		})
	return changed && err == nil, err
}

// functionName is one in a default, which is set under any search_path.
var functionName = regexp.MustCompile(`\w+\(`)

func (d *DB) setPrecision(ctx context.Context, tx pgx.Tx, digits int) (changed bool, err error) {
	queries := db.New()
	// The lock keeps versions from being added between looking and changing.
	if err := queries.LockVersions(ctx, tx); err != nil {
		return false, d.explain(ctx, fmt.Errorf("set the precision: %w", err))
	}
	present, err := queries.RecordedAtDefault(ctx, tx)
	if err != nil {
		return false, fmt.Errorf("read the precision: %w", err)
	}
	wanted := triggers.PrecisionDefault(digits)
	switch {
	case present.Expression == wanted:
		return false, nil
	case present.VersionsExist:
		return false, reason.Mark(errors.New("set the precision: versions have been recorded already"), audit.ErrExists)
	}
	// A default, not the column's type: that would rewrite the table, and a view is on it.
	alter := "ALTER TABLE exaudit.versions ALTER recorded_at SET DEFAULT "
	if _, err := tx.Exec(ctx, alter+functionName.ReplaceAllString(wanted, "pg_catalog.$0")); err != nil {
		return false, fmt.Errorf("set the precision: %w", err)
	}
	return true, nil
}
