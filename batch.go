package exaudit

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// batchResults are the results of a caller's batch, without those of a lead.
type batchResults struct {
	pgx.BatchResults
	batch *pgx.Batch
	lead  *lead
	// queries are the batch's own, ahead those of the lead, which come at a position.
	queries, ahead []*pgx.QueuedQuery
	position       int
	// read is how many results the caller has read.
	read   int
	closed bool
	// tx is the transaction that the batch begins, nil if none.
	tx *tx
}

// sendBatch sends a batch with a lead in it, ahead of the caller's first query. If the batch
// begins a transaction, that is wrapped, and the lead follows BEGIN. The lead goes into the
// batch itself: a copy would lose what pgx.Batch keeps to itself.
func sendBatch(ctx context.Context, to sender, b *pgx.Batch, lead *lead, wrap func(pgx.Tx) *tx) *batchResults {
	own := &pgx.Batch{}
	lead.queue(own)
	results := &batchResults{batch: b, lead: lead, queries: b.QueuedQueries, ahead: own.QueuedQueries}
	// only a batch that begins a transaction has one, sent or not
	if pgx.FailedBatchResults(b, nil).Tx() != nil {
		results.position = 1
	}
	b.QueuedQueries = slices.Insert(slices.Clone(b.QueuedQueries), results.position, own.QueuedQueries...)
	results.BatchResults = to.SendBatch(ctx, b)
	if begun := results.BatchResults.Tx(); begun != nil {
		results.tx = wrap(begun)
	}
	return results
}

// next reads the lead's results when their turn has come. An error is that of the result
// that follows, too.
func (r *batchResults) next() {
	if r.read == r.position && r.lead != nil && !r.closed {
		_ = r.lead.results(r.ahead, r.BatchResults)
	}
	r.read++
}

func (r *batchResults) Exec() (pgconn.CommandTag, error) {
	r.next()
	return r.BatchResults.Exec()
}

func (r *batchResults) Query() (pgx.Rows, error) {
	r.next()
	return r.BatchResults.Query()
}

func (r *batchResults) QueryRow() pgx.Row {
	r.next()
	return r.BatchResults.QueryRow()
}

func (r *batchResults) Close() error {
	err := r.BatchResults.Close()
	if !r.closed && r.lead != nil {
		r.batch.QueuedQueries = r.queries
	}
	r.closed = true
	return err
}

func (r *batchResults) Tx() pgx.Tx {
	if r.tx == nil {
		return nil
	}
	return r.tx
}
