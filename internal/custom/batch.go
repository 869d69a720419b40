package custom

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/preamble"
)

// batchResults are the results of a caller's batch, without those of its preamble.
type batchResults struct {
	pgx.BatchResults
	injection *preamble.Injection
	// queued is the preamble that is a query of the batch, nil if it is not one.
	queued *queuedPreamble
	// end takes and returns the batch's error when it is closed; it may be nil.
	end func(error) error
	// tx is the transaction that the batch begins, nil if none.
	tx *tx
	// unchanged means that there is no preamble.
	unchanged bool
	closed    bool
}

// firstToRecord returns the index of the first query of a batch that may change rows.
func (e executor) firstToRecord(b *pgx.Batch) int {
	mayBeNames := e.conn != nil && !e.protocol.simple() // the simple protocol has no names
	for i, q := range b.QueuedQueries {
		if mayBeNames && mayChangeRowsOn(e.conn, q.SQL) || !mayBeNames && mayChangeRows(q.SQL) {
			return i
		}
	}
	return b.Len()
}

// sendBatch sends a batch with a preamble.
func (e executor) sendBatch(ctx context.Context, p preamble.Preamble, b *pgx.Batch) *batchResults {
	first := e.firstToRecord(b)
	begins := pgx.FailedBatchResults(b, nil).Tx() != nil // only a batch that begins a transaction has one, sent or not
	switch {
	case e.conn == nil || first == b.Len():
		return &batchResults{BatchResults: e.target.SendBatch(ctx, b), unchanged: true}
	case !begins && e.batchNeedsSeparate(b.QueuedQueries[first]):
		sent, err := e.sendPreamble(ctx, p)
		if err != nil {
			return &batchResults{BatchResults: pgx.FailedBatchResults(b, err)}
		}
		return &batchResults{BatchResults: e.target.SendBatch(ctx, b), end: sent.end}
	case !e.protocol.pipelines():
		return e.sendQueued(ctx, p, b, first)
	}
	r := &batchResults{injection: preamble.InjectIntoBatch(e.conn, p, e.protocol.prepares(), first)}
	r.BatchResults = e.target.SendBatch(ctx, b)
	r.injection.BatchSent()
	if p.Restore {
		r.end = func(err error) error {
			if r.injection.Applied() {
				err = e.restore(ctx, p, err)
			}
			return err
		}
	}
	return r
}

// batchNeedsSeparate reports whether the preamble cannot be part of a batch in which it comes
// before a query: the tracer would see it, or there are too many arguments.
func (e executor) batchNeedsSeparate(q *pgx.QueuedQuery) bool {
	return e.protocol.batchTraced && !e.protocol.pipelines() || large(q.Arguments)
}

func (r *batchResults) Exec() (pgconn.CommandTag, error) {
	r.queued.readResult(r.BatchResults)
	tag, err := r.BatchResults.Exec()
	return tag, r.unbatchError(err)
}

func (r *batchResults) Query() (pgx.Rows, error) {
	r.queued.readResult(r.BatchResults)
	result, err := r.BatchResults.Query()
	if r.queued == nil || err != nil {
		return result, r.unbatchError(err)
	}
	return &rows{Rows: result, end: func(_ pgconn.CommandTag, err error) error { return r.unbatchError(err) }}, nil
}

func (r *batchResults) QueryRow() pgx.Row {
	if r.queued == nil {
		return r.BatchResults.QueryRow()
	}
	result, _ := r.Query() // result has the error
	return row{result}
}

// unbatchError returns the error that the batch would have without a preamble.
func (r *batchResults) unbatchError(err error) error {
	if r.queued != nil {
		return r.queued.unbatchError(err)
	}
	return r.injection.Error(err)
}

func (r *batchResults) Close() error {
	err := r.BatchResults.Close()
	if r.closed {
		return err
	}
	r.closed = true
	r.queued.remove() // before unbatchError
	err = r.injection.End(r.unbatchError(err))
	if r.end != nil {
		err = r.end(err)
	}
	return err
}

func (r *batchResults) Tx() pgx.Tx {
	if r.tx == nil {
		return r.BatchResults.Tx() // nil, or one that was never begun
	}
	return r.tx
}

// queuedPreamble is a preamble as a query of a caller's batch, where pgx sends that as one text
// or in one piece. It is put into the batch itself: a copy would lose pgx.Batch's private
// fields.
type queuedPreamble struct {
	batch *pgx.Batch
	// queries are the batch's own.
	queries []*pgx.QueuedQuery
	// index is that of the preamble, read the number of results that the caller has read.
	index, read int
	// offset is how many characters the preamble adds to the text.
	offset    int32
	corrected *pgconn.PgError
	// applied means that the preamble's result was read.
	applied, removed bool
}

// sendQueued sends a batch with a preamble among its queries.
func (e executor) sendQueued(ctx context.Context, p preamble.Preamble, b *pgx.Batch, index int) *batchResults {
	p, err := e.readFirst(ctx, p)
	if err != nil {
		return &batchResults{BatchResults: pgx.FailedBatchResults(b, err)}
	}
	q := &queuedPreamble{batch: b, queries: b.QueuedQueries, index: index}
	own := &pgx.Batch{}
	if e.protocol.simple() {
		text, err := p.Text(e.conn.PgConn())
		if err != nil {
			return &batchResults{BatchResults: pgx.FailedBatchResults(b, err)}
		}
		own.Queue(text)
		q.offset = offsetAfter(text)
	} else {
		sql, args := p.Query()
		own.Queue(sql, args...)
	}
	b.QueuedQueries = slices.Insert(slices.Clone(b.QueuedQueries), index, own.QueuedQueries...)
	r := &batchResults{BatchResults: e.target.SendBatch(ctx, b), queued: q}
	if p.Restore {
		r.end = func(err error) error {
			if q.applied || err == nil {
				err = e.restore(ctx, p, err)
			}
			return err
		}
	}
	return r
}

// readResult reads the preamble's result if it is the next one. Its error is also that of the
// result that follows.
func (q *queuedPreamble) readResult(results pgx.BatchResults) {
	if q == nil {
		return
	}
	if q.read == q.index && !q.removed {
		_, err := results.Exec()
		q.applied = err == nil
	}
	q.read++
}

// unbatchError corrects the position of an error, once.
func (q *queuedPreamble) unbatchError(err error) error {
	var pgErr *pgconn.PgError
	if q.offset > 0 && q.read > q.index && errors.As(err, &pgErr) &&
		pgErr != q.corrected && pgErr.Position > q.offset {
		q.corrected = pgErr
		pgErr.Position -= q.offset
	}
	return err
}

// remove takes the preamble out of the batch.
func (q *queuedPreamble) remove() {
	if q != nil && !q.removed {
		q.removed = true
		q.batch.QueuedQueries = q.queries
		q.read = max(q.read, q.index+1) // Close has read all results
	}
}
