package exaudit

import (
	"context"
	"fmt"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// The words of Transactions.
type (
	// Transaction is what one transaction changed: in which tables, and what was said about it.
	Transaction = history.Transaction
	// TableChanges are how many rows of one table a transaction created, updated and deleted.
	TableChanges = history.TableChanges
)

// Before gives only transactions older than a Transaction's Cursor: the next page of
// Transactions, where it takes the place of After.
func Before(cursor int64) HistoryOption {
	return option(func(o *historyOptions) { o.filtered, o.before = true, cursor })
}

// Transactions gives the transactions that changed something, newest first by their last
// version. Filters choose those with at least one version that passes; counts and custom
// data are of all that the transaction changed and the present role may read. Without a Limit,
// that may be very many; Before the Cursor of the last one of a page begins the next one.
//
// A transaction that commits later than others may appear between them, on a page that was
// given already.
func (d *DB) Transactions(ctx context.Context, opts ...HistoryOption) (transactions []Transaction, err error) {
	o := newHistoryOptions(opts)
	if o.states || o.page.AfterID != 0 {
		return nil, fmt.Errorf("%w: transactions have no states, and are paged by Before", ErrInvalidFilter)
	}
	before := o.before
	o.before = 0
	if err := d.resolve(ctx, &o); err != nil {
		return nil, d.explain(ctx, err)
	}
	err = d.snapshot(ctx, func(q db.DBTX) error {
		transactions, err = history.Transactions(ctx, q, o.filter, before, o.page.Limit)
		return err
	})
	return transactions, d.explain(ctx, err)
}
