package lock

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// DefaultTimeout is how long a lock is waited for where nothing else is said.
const DefaultTimeout = 5 * time.Second

// timedOut reports whether an error is a lock that was not to be had in time.
func timedOut(err error) bool {
	pgErr := (*pgconn.PgError)(nil)
	return errors.As(err, &pgErr) && pgErr.Code == "55P03"
}

// Wait is a time in which the statements of a transaction wait for a lock no longer than a timeout.
type Wait struct {
	*Watch
	timeout  time.Duration
	previous string
}

// Begin bounds how long statements of a transaction wait for a lock, and looks for who holds it; 0 is for ever.
func Begin(ctx context.Context, tx pgx.Tx, timeout time.Duration) (*Wait, error) {
	return begin(ctx, tx, timeout, nil)
}

// begin goes on with a watch, if there is one.
func begin(ctx context.Context, tx pgx.Tx, timeout time.Duration, watch *Watch) (*Wait, error) {
	bounded, err := db.New().BoundLockWaits(ctx, tx, Milliseconds(timeout))
	if err != nil {
		return nil, fmt.Errorf("set lock_timeout: %w", err)
	}
	if watch == nil {
		watch = NewWatch(ctx, tx.Conn(), bounded.Pid, timeout)
	} else {
		watch.follow(bounded.Pid)
	}
	return &Wait{watch, timeout, bounded.Previous}, nil
}

// Change bounds the waits from now on by another timeout.
func (w *Wait) Change(ctx context.Context, tx pgx.Tx, timeout time.Duration) error {
	if timeout == w.timeout {
		return nil
	}
	bounded, err := db.New().BoundLockWaits(ctx, tx, Milliseconds(timeout))
	if err != nil {
		return fmt.Errorf("set lock_timeout: %w", err)
	}
	w.Stop()
	w.Watch, w.timeout = NewWatch(ctx, tx.Conn(), bounded.Pid, timeout), timeout
	return nil
}

// Milliseconds writes a lock_timeout, rounded up: 0 would be for ever.
func Milliseconds(timeout time.Duration) string {
	return strconv.FormatInt(inMilliseconds(timeout), 10)
}

func inMilliseconds(timeout time.Duration) int64 {
	return int64((timeout + time.Millisecond - 1) / time.Millisecond)
}

// Explain says of a lock that was not to be had what it was, and who holds it. Other errors stay as they are.
func (w *Wait) Explain(err error, object string) error {
	if !timedOut(err) {
		return err
	}
	return &audit.LockedError{Object: object, Timeout: w.timeout, Holders: w.Holders(), Err: err}
}

// Restore gives the transaction the lock_timeout back that it had.
func (w *Wait) Restore(ctx context.Context, tx pgx.Tx) error {
	if _, err := db.New().SetLockTimeout(ctx, tx, w.previous); err != nil {
		return fmt.Errorf("restore lock_timeout: %w", err)
	}
	return nil
}
