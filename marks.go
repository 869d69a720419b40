package exaudit

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/lock"
)

// Mark makes a mark. Everything that has been committed is before it, and everything else is after it. The changes of
// transactions in progress, including the caller's own, are after it. If the isolation level is stricter than READ
// COMMITTED, what had been committed when the transaction began to read counts as committed.
//
// A mark stays valid after dump and restore. If the name is taken, the error is audit.ErrExists. If a transaction in
// progress has taken or removed the name, it is audit.ErrLocked, after 5 seconds.
func (d *DB) Mark(ctx context.Context, name string, opts *MarkOptions) (*audit.Mark, error) {
	var mark *audit.Mark
	err := lock.Retry(ctx, d.conn, lock.DefaultTimeout, "mark "+name, func(tx pgx.Tx, _ func() error) (err error) {
		mark, err = history.MakeMark(ctx, tx, name, given(opts).Note)
		return err
	})
	return mark, d.explain(ctx, err)
}

// Marks returns all marks, oldest first.
func (d *DB) Marks(ctx context.Context) ([]audit.Mark, error) {
	marks, err := history.Marks(ctx, d.conn)
	return marks, d.explain(ctx, err)
}

// RemoveMark removes a mark. The present user must have made it, or be a member of exaudit_owner; otherwise the error
// is audit.ErrNotPermitted. If there is no mark with the name, the error is audit.ErrNotFound. If a transaction in
// progress has removed the mark, it is audit.ErrLocked, after 5 seconds.
func (d *DB) RemoveMark(ctx context.Context, name string) error {
	err := lock.Retry(ctx, d.conn, lock.DefaultTimeout, "mark "+name, func(tx pgx.Tx, _ func() error) error {
		return history.RemoveMark(ctx, tx, name)
	})
	return d.explain(ctx, err)
}
