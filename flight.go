package exaudit

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/ahead"
)

// flight is one statement on its way in the simple protocol, in one text with what is ahead
// of it.
type flight struct {
	line
	br pgx.BatchResults
	// err is what went wrong before the statement: then it has only to be ended.
	err error
	// ctx is the tracer's.
	ctx context.Context
	// traced means that pgx tells the tracer of the end itself, as it does of rows.
	traced bool
	// ahead is how many characters come before the statement.
	ahead int32
}

// launch sends a statement with settings ahead of it. The flight must be ended.
func (l line) launch(ctx context.Context, s ahead.Settings, sql string, args []any) *flight {
	f := &flight{line: l, ctx: ctx}
	text, err := s.Text(l.conn.PgConn())
	if err != nil {
		f.br, f.err = pgx.FailedBatchResults(&pgx.Batch{}, err), err
		return f
	}
	if l.wire.tracer != nil {
		f.ctx = l.wire.tracer.TraceQueryStart(ctx, l.conn, pgx.TraceQueryStartData{SQL: sql, Args: args})
	}
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, 2)}
	b.Queue(text)
	b.Queue(sql, args...)
	f.ahead = charactersOf(text)
	f.br = l.to.SendBatch(f.ctx, b)
	_, f.err = f.br.Exec()
	return f
}

// charactersOf is how far a text and what pgx puts behind it shift what follows.
func charactersOf(text string) int32 { return int32(utf8.RuneCountInString(text + "\n;")) }

func (f *flight) exec() (pgconn.CommandTag, error) {
	tag, err := f.br.Exec()
	return tag, f.end(tag, err)
}

// query returns the rows of a flight.
func (f *flight) query() (pgx.Rows, error) {
	result, err := f.br.Query()
	if err != nil {
		err = f.end(pgconn.CommandTag{}, err)
		return failedRows(err), err
	}
	f.traced = true
	return &rows{Rows: result, end: f.end}, nil
}

// end waits for the transaction's end, whose errors are the statement's, and gives the
// connection back.
func (f *flight) end(tag pgconn.CommandTag, err error) error {
	if closeErr := f.br.Close(); err == nil {
		err = closeErr
	}
	err = shifted(err, &f.ahead)
	if f.wire.tracer != nil && !f.traced {
		f.wire.tracer.TraceQueryEnd(f.ctx, f.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
	}
	return err
}

// shifted corrects the position that an error names, once.
func shifted(err error, by *int32) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Position > *by {
		pgErr.Position -= *by
		*by = 0
	}
	return err
}

// execBeginning executes a text of several statements, of which the first begins a
// transaction: the settings follow it.
func (l line) execBeginning(ctx context.Context, s ahead.Settings, sql string) (tag pgconn.CommandTag, err error) {
	if l.wire.tracer != nil {
		ctx = l.wire.tracer.TraceQueryStart(ctx, l.conn, pgx.TraceQueryStartData{SQL: sql})
		defer func() {
			l.wire.tracer.TraceQueryEnd(ctx, l.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
		}()
	}
	c := l.conn.PgConn()
	begin, rest := beginning(sql)
	if err := c.Exec(ctx, begin).Close(); err != nil {
		return tag, err
	}
	s.Restore = false // which is for the transaction that there was
	if err := s.Send(ctx, c, l.wire.simple()); err != nil {
		return tag, err
	}
	results := c.Exec(ctx, rest)
	for results.NextResult() {
		tag, _ = results.ResultReader().Close() // Close has the error
	}
	err = results.Close()
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Position > 0 {
		pgErr.Position += int32(utf8.RuneCountInString(begin))
	}
	return tag, err
}

// execText executes a text that has no arguments, and may be several statements, in the
// simple protocol.
func (l line) execText(ctx context.Context, s ahead.Settings, sql string) (tag pgconn.CommandTag, err error) {
	if l.wire.tracer != nil {
		ctx = l.wire.tracer.TraceQueryStart(ctx, l.conn, pgx.TraceQueryStartData{SQL: sql})
		defer func() {
			l.wire.tracer.TraceQueryEnd(ctx, l.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
		}()
	}
	text, err := s.Text(l.conn.PgConn())
	if err != nil {
		return tag, err
	}
	text += "\n;"
	results := l.conn.PgConn().Exec(ctx, text+sql)
	for n := 0; results.NextResult(); n++ {
		if of, _ := results.ResultReader().Close(); n > 0 { // Close has the error
			tag = of
		}
	}
	ahead := int32(utf8.RuneCountInString(text))
	return tag, shifted(results.Close(), &ahead)
}
