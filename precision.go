package exaudit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/exaudit/exaudit/db"
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
	tx, err := d.conn.Begin(ctx)
	if err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	// Without effect after a commit; with a context that is still good after a Ctrl-C.
	defer tx.Rollback(context.WithoutCancel(ctx))
	queries := db.New()
	// The lock keeps versions from being added between looking and changing.
	if err := queries.LockVersions(ctx, tx); err != nil {
		return false, d.explain(ctx, fmt.Errorf("set the precision: %w", err))
	}
	present, err := queries.RecordedAtDefault(ctx, tx)
	if err != nil {
		return false, fmt.Errorf("read the precision: %w", err)
	}
	// as pg_get_expr writes it
	wanted := fmt.Sprintf("(now())::timestamp(%d) with time zone", digits)
	if digits == 6 {
		wanted = "now()"
	}
	switch {
	case present.Expression == wanted:
		return false, nil
	case present.VersionsExist:
		return false, fmt.Errorf("set the precision: %w", ErrVersionsExist)
	}
	// A default, not the column's type: that would rewrite the table, and a view is on it.
	if _, err := tx.Exec(ctx, "ALTER TABLE exaudit.versions ALTER recorded_at SET DEFAULT "+strings.Replace(wanted, "now", "pg_catalog.now", 1)); err != nil {
		return false, fmt.Errorf("set the precision: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return false, fmt.Errorf("set the precision: %w", err)
	}
	return true, nil
}
