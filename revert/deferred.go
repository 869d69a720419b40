package revert

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
)

// Settled calls write, and then runs the constraints and triggers that are deferred to the end of the transaction. If
// the transaction is the caller's, this is rolled back, because they run again at its end, and they stay deferred. If
// they already fail before write is called, the caller has not finished, and they are not run.
func Settled(ctx context.Context, tx pgx.Tx, ours bool, write func() error) error {
	if ours {
		if err := write(); err != nil {
			return err
		}
		return settle(ctx, tx)
	}
	deferrable, err := db.New().AnyDeferrable(ctx, tx)
	if err != nil {
		return fmt.Errorf("look for deferrable constraints: %w", err)
	}
	settled := deferrable
	if deferrable {
		err := settleAndTakeBack(ctx, tx)
		var pgErr *pgconn.PgError
		if err != nil && !errors.As(err, &pgErr) {
			return err
		}
		settled = err == nil
	}
	if err := write(); err != nil || !settled {
		return err
	}
	return settleAndTakeBack(ctx, tx)
}

func settle(ctx context.Context, q db.DBTX) error {
	_, err := q.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE")
	return Classify(err)
}

func settleAndTakeBack(ctx context.Context, tx pgx.Tx) error {
	inner, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	err = settle(ctx, inner)
	return errors.Join(err, inner.Rollback(context.WithoutCancel(ctx)))
}
