package exaudit

import (
	"context"
	"fmt"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// Before chooses only transactions that are older than the Cursor of a Transaction. It is used for the next page of
// Transactions, in place of After.
func Before(cursor int64) HistoryOption {
	return option(func(o *historyOptions) { o.filtered, o.before = true, cursor })
}

// Transactions returns the transactions that changed something, in the order of their last versions, newest first.
// Filters choose the transactions with at least one version that passes. The counts and the custom data are about
// everything that the transaction changed and the present role may read. Without a Limit, there may be very many.
// Before with the Cursor of the last one of a page returns the next page.
//
// A transaction that commits later than others may appear between them, on a page that was already returned.
func (d *DB) Transactions(ctx context.Context, opts ...HistoryOption) (transactions []audit.Transaction, err error) {
	o := newHistoryOptions(opts)
	if o.states || o.page.AfterID != 0 {
		return nil, fmt.Errorf("%w: transactions have no states, and are paged by Before", audit.ErrInvalidFilter)
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
