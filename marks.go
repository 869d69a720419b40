package exaudit

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/lock"
)

// Mark is a named moment in the history, for SinceMark and UntilMark.
type Mark = history.Mark

// Mark makes a mark: what has been committed is before it, everything else after it, also
// what transactions under way have changed by now, the caller's own among them. In a
// transaction of a stricter isolation level than READ COMMITTED, what counts as committed is
// what had been when it began to read.
//
// A mark outlives dump and restore. A name that is taken gives ErrMarkExists, one that a transaction under way has
// taken or removed ErrLocked, after DefaultLockTimeout.
func (d *DB) Mark(ctx context.Context, name string, opts *MarkOptions) (*Mark, error) {
	var mark *Mark
	err := lock.Retry(ctx, d.conn, DefaultLockTimeout, "mark "+name, func(tx pgx.Tx, _ func() error) (err error) {
		mark, err = history.MakeMark(ctx, tx, name, given(opts).Note)
		return err
	})
	return mark, d.explain(ctx, err)
}

// Marks gives all marks, oldest first.
func (d *DB) Marks(ctx context.Context) ([]Mark, error) {
	marks, err := history.Marks(ctx, d.conn)
	return marks, d.explain(ctx, err)
}

// RemoveMark removes a mark that the present user made, or as a member of exaudit_owner any;
// ErrNoMark where there is none of that name.
func (d *DB) RemoveMark(ctx context.Context, name string) error {
	err := lock.Retry(ctx, d.conn, DefaultLockTimeout, "mark "+name, func(tx pgx.Tx, _ func() error) error {
		return history.RemoveMark(ctx, tx, name)
	})
	return d.explain(ctx, err)
}
