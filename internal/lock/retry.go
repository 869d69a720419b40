package lock

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
)

// Retry runs do in a transaction, and commits it. It waits for the first lock as long as the timeout says. Once do has
// locks that others may wait for, it calls briefly: from then on a lock that is not to be had at once, or almost, ends
// the transaction, so that nobody waits for long for what it has, and nobody becomes the victim of a deadlock. Then it
// begins anew, until it has waited for the timeout in all; 0 is for ever. The error is an *Error then.
//
// Where conn is a transaction, each attempt is a savepoint of it. object is what is locked, where PostgreSQL does not
// say.
func Retry(ctx context.Context, conn Beginner, timeout time.Duration, object string, do Work) error {
	r := &retry{timeout: timeout, object: object, do: do}
	defer func() {
		if r.watch != nil {
			r.watch.Stop()
		}
	}()
	var waited time.Duration
	for {
		spent, err := r.attempt(ctx, conn)
		if spent == 0 {
			return err
		}
		if waited += spent; timeout > 0 && waited >= timeout || !slept(ctx, pause()) {
			return err
		}
	}
}

type retry struct {
	timeout time.Duration
	object  string
	do      Work
	watch   *Watch // over all attempts
}

// Work is done in a transaction.
type Work func(tx pgx.Tx, briefly func() error) error

// Beginner is a pool, a connection, or a transaction.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// pause lets those go on that wait for what was held.
func pause() time.Duration { return 50*time.Millisecond + rand.N(100*time.Millisecond) }

// attempt also returns how long it has waited in vain; 0 where it is not worth to try again.
func (r *retry) attempt(ctx context.Context, conn Beginner) (time.Duration, error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	// Without effect after a commit; with a context that is still good after a Ctrl-C.
	defer tx.Rollback(context.WithoutCancel(ctx))
	wait, err := begin(ctx, tx, r.timeout, r.watch)
	if err != nil {
		return 0, err
	}
	r.watch = wait.Watch
	defer r.watch.follow(0)
	var brief time.Duration
	err = r.do(tx, func() error {
		most, err := db.New().BoundLockWaitsBriefly(ctx, tx, inMilliseconds(r.timeout))
		brief = time.Duration(most.Milliseconds) * time.Millisecond
		return err
	})
	if _, nested := conn.(pgx.Tx); err == nil && nested {
		err = wait.Restore(ctx, tx)
	}
	if err == nil {
		err = tx.Commit(ctx)
	}
	switch pgErr := (*pgconn.PgError)(nil); {
	case timedOut(err):
		return brief, wait.Explain(err, r.objectOf(err))
	case errors.As(err, &pgErr) && pgErr.Code == "40P01": // we are the victim
		return max(brief, time.Second), err
	}
	return 0, err
}

var relation = regexp.MustCompile(`relation "([^"]+)"`)

// named is an error with the object whose lock was not to be had.
type named struct {
	object string
	cause  error
}

// On says of an error of Work what was to be locked, where that is not what Retry was given.
func On(object string, err error) error {
	if n := (*named)(nil); err == nil || errors.As(err, &n) {
		return err
	}
	return &named{object, err}
}

func (n *named) Error() string { return n.cause.Error() }
func (n *named) Unwrap() error { return n.cause }

// objectOf is what could not be locked.
func (r *retry) objectOf(err error) string {
	if n := (*named)(nil); errors.As(err, &n) {
		return n.object
	}
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) {
		if found := relation.FindStringSubmatch(pgErr.Where); found != nil {
			return fmt.Sprintf("a row of table %q", found[1])
		}
	}
	return r.object
}
