package exaudit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/locks"
)

// ErrVersionsExist means that something cannot be changed any more because versions have
// been recorded.
var ErrVersionsExist = errors.New("versions have been recorded already")

// SetPrecision rounds the time of versions to some digits of a second, 0 to 6, which is
// what there is without, and tells whether it changed anything. All versions of a database
// have the same precision: once there are any, only ErrVersionsExist.
func (d *DB) SetPrecision(ctx context.Context, digits int) (changed bool, err error) {
	if digits < 0 || digits > 6 {
		return false, fmt.Errorf("precision %d: not within 0 to 6", digits)
	}
	// as pg_get_expr writes it
	wanted := fmt.Sprintf("(now())::timestamp(%d) with time zone", digits)
	if digits == 6 {
		wanted = "now()"
	}
	if due, err := precisionDue(ctx, d.conn, wanted); err != nil {
		return false, d.explain(ctx, fmt.Errorf("set the precision: %w", err))
	} else if !due {
		return false, nil
	}
	err = locks.Retry(ctx, d.conn, DefaultLockTimeout, "table exaudit.versions", func(tx pgx.Tx, briefly func() error) error {
		changed = false
		// Who writes versions, or reads them, waits behind this.
		if err := briefly(); err != nil {
			return err
		}
		// The lock keeps versions from being added between looking and changing.
		if err := db.New().LockVersions(ctx, tx); err != nil {
			return err
		}
		if due, err := precisionDue(ctx, tx, wanted); !due {
			return err
		}
		// A default, not the column's type: that would rewrite the table, and a view is on it.
		changed = true
		_, err := tx.Exec(ctx, "ALTER TABLE exaudit.versions ALTER recorded_at SET DEFAULT "+strings.Replace(wanted, "now", "pg_catalog.now", 1))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("set the precision: %w", err)
	}
	return changed, nil
}

// precisionDue reports whether the precision can be changed and is another one.
func precisionDue(ctx context.Context, q db.DBTX, wanted string) (bool, error) {
	present, err := db.New().RecordedAtDefault(ctx, q)
	switch {
	case err != nil:
		return false, err
	case present.Expression == wanted:
		return false, nil
	case present.VersionsExist:
		return false, ErrVersionsExist
	}
	return true, nil
}
