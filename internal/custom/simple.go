package custom

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/preamble"
)

// simpleQuery is one statement that is sent by the simple protocol, in one text with its
// preamble. It is a batch of two for pgx, which then interpolates the arguments.
type simpleQuery struct {
	executor
	results pgx.BatchResults
	// err is the preamble's error: then the statement was not executed.
	err error
	// ctx is the tracer's.
	ctx context.Context
	// traced means that pgx reports the end to the tracer itself, as it does for rows.
	traced bool
	// offset is how many characters come before the statement.
	offset int32
}

// sendInText sends a statement with its preamble. The query must be ended.
func (e executor) sendInText(ctx context.Context, p preamble.Preamble, sql string, args []any) *simpleQuery {
	q := &simpleQuery{executor: e, ctx: ctx}
	text, err := p.Text(e.conn.PgConn())
	if err != nil {
		q.results, q.err = pgx.FailedBatchResults(&pgx.Batch{}, err), err
		return q
	}
	if e.protocol.tracer != nil {
		q.ctx = e.protocol.tracer.TraceQueryStart(ctx, e.conn, pgx.TraceQueryStartData{SQL: sql, Args: args})
	}
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, 2)}
	b.Queue(text)
	b.Queue(sql, args...)
	q.offset = offsetAfter(text)
	q.results = e.target.SendBatch(q.ctx, b)
	_, q.err = q.results.Exec()
	return q
}

// offsetAfter returns the number of characters by which a text, and what pgx puts after it,
// moves the next statement.
func offsetAfter(text string) int32 { return int32(utf8.RuneCountInString(text + "\n;")) }

// end waits for the end of the transaction, whose error is the statement's too.
func (q *simpleQuery) end(tag pgconn.CommandTag, err error) error {
	if closeErr := q.results.Close(); err == nil {
		err = closeErr
	}
	err = subtractOffset(err, &q.offset)
	if q.protocol.tracer != nil && !q.traced {
		q.protocol.tracer.TraceQueryEnd(q.ctx, q.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
	}
	return err
}

// subtractOffset corrects the position of an error, once.
func subtractOffset(err error, offset *int32) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Position > *offset {
		pgErr.Position -= *offset
		*offset = 0
	}
	return err
}

// execInText executes a statement in one text with its preamble.
func (e executor) execInText(
	ctx context.Context, p preamble.Preamble, sql string, args []any,
) (tag pgconn.CommandTag, applied bool, err error) {
	if p, err = e.readFirst(ctx, p); err != nil {
		return tag, false, err
	}
	if len(args) == 0 {
		if tag, err = e.execWithoutArguments(ctx, p, sql); err == nil {
			err = e.restore(ctx, p, nil)
		}
		return tag, err == nil, err
	}
	q := e.sendInText(ctx, p, sql, args)
	if q.err != nil {
		return tag, false, q.end(tag, q.err)
	}
	tag, err = q.results.Exec()
	err = q.end(tag, err)
	return tag, true, e.restore(ctx, p, err)
}

// queryInText runs a query in one text with its preamble.
func (e executor) queryInText(
	ctx context.Context, p preamble.Preamble, sql string, args []any,
) (result pgx.Rows, applied bool, err error) {
	if p, err = e.readFirst(ctx, p); err != nil {
		return failedRows(err), false, err
	}
	q := e.sendInText(ctx, p, sql, args)
	if q.err != nil {
		err = q.end(pgconn.CommandTag{}, q.err)
		return failedRows(err), false, err
	}
	if result, err = q.results.Query(); err != nil {
		err = q.end(pgconn.CommandTag{}, err)
		return failedRows(err), true, e.restore(ctx, p, err)
	}
	q.traced = true
	end := func(tag pgconn.CommandTag, err error) error { return e.restore(ctx, p, q.end(tag, err)) }
	return &rows{Rows: result, end: end}, true, nil
}

// execWithoutArguments executes a text, which may be several statements, after the text of its
// preamble.
func (e executor) execWithoutArguments(
	ctx context.Context, p preamble.Preamble, sql string,
) (tag pgconn.CommandTag, err error) {
	ctx, traceEnd := e.traceExec(ctx, sql)
	defer func() { traceEnd(tag, err) }()
	text, err := p.Text(e.conn.PgConn())
	if err != nil {
		return tag, err
	}
	text += "\n;"
	results := e.conn.PgConn().Exec(ctx, text+sql)
	for n := 0; results.NextResult(); n++ {
		if t, _ := results.ResultReader().Close(); n > 0 { // Close returns the error
			tag = t
		}
	}
	offset := int32(utf8.RuneCountInString(text))
	return tag, subtractOffset(results.Close(), &offset)
}

// execAfterBegin executes a text of several statements, of which the first begins a
// transaction, and sends the preamble after that one.
func (e executor) execAfterBegin(
	ctx context.Context, p preamble.Preamble, sql string,
) (tag pgconn.CommandTag, err error) {
	ctx, traceEnd := e.traceExec(ctx, sql)
	defer func() { traceEnd(tag, err) }()
	c := e.conn.PgConn()
	begin, rest := splitBegin(sql)
	if err := c.Exec(ctx, begin).Close(); err != nil {
		return tag, err
	}
	p.Restore = false // the transaction is a new one
	if err := p.Send(ctx, c, e.protocol.simple()); err != nil {
		return tag, err
	}
	results := c.Exec(ctx, rest)
	for results.NextResult() {
		tag, _ = results.ResultReader().Close() // Close returns the error
	}
	err = results.Close()
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Position > 0 {
		pgErr.Position += int32(utf8.RuneCountInString(begin))
	}
	return tag, err
}
