package exaudit

import (
	"context"
	"iter"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// transactionsAtOnce is how many transactions are read at once, each with all that it changed.
const transactionsAtOnce = 100

// Transactions returns the transactions that changed something, in the order of their last versions, newest first.
// Filters choose the transactions with at least one version that passes. The counts and the custom data are about
// everything that the transaction changed and the present role may read.
func (d *DB) Transactions(ctx context.Context, opts ...TransactionsOption) iter.Seq2[*audit.Transaction, error] {
	return opened(func() (iter.Seq2[*audit.Transaction, error], error) {
		var q query
		for _, opt := range opts {
			opt.forTransactions(&q)
		}
		err := q.resolvePage(history.TransactionEnd)
		if err == nil {
			err = d.resolve(ctx, &q)
		}
		return d.foundTransactions(ctx, q), d.explain(ctx, err)
	})
}

func (d *DB) foundTransactions(ctx context.Context, q query) iter.Seq2[*audit.Transaction, error] {
	return paged(q.page, transactionsAtOnce, func(page history.Page) (list []*audit.Transaction, err error) {
		err = d.snapshot(ctx, func(conn db.DBTX) error {
			list, err = history.Transactions(ctx, conn, q.filter, page)
			return err
		})
		return list, d.explain(ctx, err)
	}, func(t *audit.Transaction) int64 {
		id, _ := history.TransactionEnd(t.Cursor) // as it was made
		return id
	})
}
