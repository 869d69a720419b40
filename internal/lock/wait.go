package lock

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
)

// DefaultTimeout is how long a lock is waited for where nothing else is said.
const DefaultTimeout = 5 * time.Second

// ErrLocked means that a lock was not to be had in time.
var ErrLocked = errors.New("is in use by another transaction")

// Error is an ErrLocked with what could not be locked. errors.As finds PostgreSQL's own error.
type Error struct {
	Object  string // "table public.orders"
	Timeout time.Duration
	Holders []Holder // empty where they could not be found out
	Partial bool     // something else was done before, and stays
	cause   error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s %v: there was no lock within %s", e.Object, ErrLocked, e.Timeout)
	if !e.Partial {
		text += ", and nothing was changed"
	}
	if len(e.Holders) > 0 {
		text += "; it is held by " + describe(e.Holders)
	}
	return text
}

func (e *Error) Unwrap() []error {
	if e.cause == nil { // nothing was tried
		return []error{ErrLocked}
	}
	return []error{ErrLocked, e.cause}
}

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
	return &Error{Object: object, Timeout: w.timeout, Holders: w.Holders(), cause: err}
}

// Restore gives the transaction the lock_timeout back that it had.
func (w *Wait) Restore(ctx context.Context, tx pgx.Tx) error {
	if _, err := db.New().SetLockTimeout(ctx, tx, w.previous); err != nil {
		return fmt.Errorf("restore lock_timeout: %w", err)
	}
	return nil
}
