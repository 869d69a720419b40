package exaudit

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/ahead"
)

// batchResults are the results of a caller's batch, without those of settings.
type batchResults struct {
	pgx.BatchResults
	rider *ahead.Rider
	// queued are settings that are a query of the batch, nil if they are none.
	queued *queued
	// end is to be called when the batch is closed, if it is not nil.
	end func(error) error
	// tx is the transaction that the batch begins, nil if none.
	tx *tx
	// asIs means that there are no settings.
	asIs   bool
	closed bool
}

// firstToRecord is the place of the first query of a batch that may change rows.
func (l line) firstToRecord(b *pgx.Batch) int {
	named := l.conn != nil && !l.wire.simple() // in the simple protocol, pgx sends names as text
	for i, q := range b.QueuedQueries {
		if named && recordsOn(l.conn, q.SQL) || !named && records(q.SQL) {
			return i
		}
	}
	return b.Len()
}

// sendBatch sends a batch with settings.
func (l line) sendBatch(ctx context.Context, s ahead.Settings, b *pgx.Batch) *batchResults {
	first := l.firstToRecord(b)
	begins := pgx.FailedBatchResults(b, nil).Tx() != nil // only a batch that begins a transaction has one, sent or not
	switch {
	case l.conn == nil || first == b.Len():
		return &batchResults{BatchResults: l.to.SendBatch(ctx, b), asIs: true}
	case !begins && (l.wire.batchTraced && !l.wire.pipelines() || large(b.QueuedQueries[first].Arguments)):
		apart, err := l.apart(ctx, s)
		if err != nil {
			return &batchResults{BatchResults: pgx.FailedBatchResults(b, err)}
		}
		return &batchResults{BatchResults: l.to.SendBatch(ctx, b), end: apart.end}
	case !l.wire.pipelines():
		return l.queue(ctx, s, b, first)
	}
	r := &batchResults{rider: ahead.MountBatch(l.conn, s, l.wire.prepares(), first)}
	r.BatchResults = l.to.SendBatch(ctx, b)
	r.rider.Sent()
	if s.Restore {
		r.end = func(err error) error {
			if r.rider.Told() {
				err = l.restore(ctx, s, err)
			}
			return err
		}
	}
	return r
}

func (r *batchResults) Exec() (pgconn.CommandTag, error) {
	r.queued.next(r.BatchResults)
	tag, err := r.BatchResults.Exec()
	return tag, r.plain(err)
}

func (r *batchResults) Query() (pgx.Rows, error) {
	r.queued.next(r.BatchResults)
	result, err := r.BatchResults.Query()
	if r.queued == nil || err != nil {
		return result, r.plain(err)
	}
	return &rows{Rows: result, end: func(_ pgconn.CommandTag, err error) error { return r.plain(err) }}, nil
}

func (r *batchResults) QueryRow() pgx.Row {
	if r.queued == nil {
		return r.BatchResults.QueryRow()
	}
	result, _ := r.Query() // which has the error
	return row{result}
}

// plain makes an error that which the batch gives without settings.
func (r *batchResults) plain(err error) error {
	if r.queued != nil {
		return r.queued.plain(err)
	}
	return r.rider.Plain(err)
}

func (r *batchResults) Close() error {
	err := r.BatchResults.Close()
	if r.closed {
		return err
	}
	r.closed = true
	r.queued.over() // before an error is made plain
	err = r.rider.End(r.plain(err))
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

// queued are settings as a query of a caller's batch, where all of it is one text, or is sent
// as one. It goes into the batch itself: a copy would lose what pgx.Batch keeps to itself.
type queued struct {
	batch   *pgx.Batch
	queries []*pgx.QueuedQuery // its own
	// place is where the settings are, read how many results the caller has read.
	place, read int
	// shift is how many characters they add to the text.
	shift   int32
	shifted *pgconn.PgError
	// told means that the settings' own result has been read.
	told, closed bool
}

// queue sends a batch with settings in it.
func (l line) queue(ctx context.Context, s ahead.Settings, b *pgx.Batch, place int) *batchResults {
	s, err := l.readApart(ctx, s)
	if err != nil {
		return &batchResults{BatchResults: pgx.FailedBatchResults(b, err)}
	}
	q := &queued{batch: b, queries: b.QueuedQueries, place: place}
	own := &pgx.Batch{}
	if l.wire.simple() {
		text, err := s.Text(l.conn.PgConn())
		if err != nil {
			return &batchResults{BatchResults: pgx.FailedBatchResults(b, err)}
		}
		own.Queue(text)
		q.shift = charactersOf(text)
	} else {
		sql, args := s.Query()
		own.Queue(sql, args...)
	}
	b.QueuedQueries = slices.Insert(slices.Clone(b.QueuedQueries), place, own.QueuedQueries...)
	r := &batchResults{BatchResults: l.to.SendBatch(ctx, b), queued: q}
	if s.Restore {
		r.end = func(err error) error {
			if q.told || err == nil {
				err = l.restore(ctx, s, err)
			}
			return err
		}
	}
	return r
}

// next reads the settings' result when its turn has come. An error is that of the result
// that follows, too.
func (q *queued) next(br pgx.BatchResults) {
	if q == nil {
		return
	}
	if q.read == q.place && !q.closed {
		_, err := br.Exec()
		q.told = err == nil
	}
	q.read++
}

// plain corrects the position that an error names, once.
func (q *queued) plain(err error) error {
	var pgErr *pgconn.PgError
	if q.shift > 0 && q.read > q.place && errors.As(err, &pgErr) && pgErr != q.shifted && pgErr.Position > q.shift {
		q.shifted = pgErr
		pgErr.Position -= q.shift
	}
	return err
}

// over returns its queries to the batch.
func (q *queued) over() {
	if q != nil && !q.closed {
		q.closed = true
		q.batch.QueuedQueries = q.queries
		q.read = max(q.read, q.place+1) // of what is left, an error is as good as read
	}
}
