package exaudit

import (
	"context"
	"fmt"

	"github.com/exaudit/exaudit/history"
)

type (
	// Transaction is what one transaction has recorded, as far as the role may see it.
	Transaction = history.Transaction
	// TableChanges is how many changes of a table were recorded.
	TableChanges = history.TableChanges
)

// Before gives only transactions whose last version is older than this one, for Transactions: the
// LastID of the last one of a page begins the next page.
func Before(id int64) HistoryOption { return func(o *historyOptions) { o.before = id } }

// Transactions gives the transactions that have recorded something, newest first, each with all
// that it changed. Options are the filters of Versions, of which some version must pass all;
// Limit and Before. Without a Limit, that may be very many.
func (d *DB) Transactions(ctx context.Context, opts ...HistoryOption) ([]*Transaction, error) {
	o := newHistoryOptions(opts)
	if o.states || o.page.AfterID != 0 {
		return nil, fmt.Errorf("%w: transactions are paged by Before, and have no states", ErrInvalidFilter)
	}
	if err := d.resolve(ctx, &o); err != nil {
		return nil, d.explain(ctx, err)
	}
	list, err := history.Transactions(ctx, d.conn, o.filter, o.before, o.page.Limit)
	return list, d.explain(ctx, err)
}
