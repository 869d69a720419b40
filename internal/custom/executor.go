package custom

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/preamble"
)

// executor sends statements with preambles to one connection.
type executor struct {
	// target runs the statements: a connection, or a transaction on it.
	target Conn
	// conn is the target's connection, nil where it has none.
	conn     *pgx.Conn
	protocol *protocol
	// release ends what was begun for the statement, whose error it takes and returns: it
	// returns a connection to the pool, or ends a transaction. It may be nil.
	release func(error) error
}

func newExecutor(target Conn, release func(error) error) executor {
	e := executor{target: target, conn: connOf(target), release: release}
	if e.conn != nil {
		e.protocol = protocolOf(e.conn)
	}
	return e
}

// finish is to be called when the statement has ended. It returns the statement's error.
func (e executor) finish(err error) error {
	if e.release != nil {
		return e.release(err)
	}
	return err
}

// preambleFor returns the preamble of a statement outside the transactions that a DB begins.
// Where the connection is in another's transaction, that gets back the values that it had.
func (e executor) preambleFor(data *contextData) preamble.Preamble {
	p := data.preamble
	p.Restore = e.conn != nil && e.conn.PgConn().TxStatus() != 'I'
	return p
}

// inject injects a preamble into the next statement.
func (e executor) inject(p preamble.Preamble) *preamble.Injection {
	return preamble.Inject(e.conn, p, e.protocol.prepares())
}

// exec executes a statement with a preamble, and reports whether the preamble was applied.
func (e executor) exec(
	ctx context.Context, p preamble.Preamble, sql string, args []any,
) (tag pgconn.CommandTag, applied bool, err error) {
	switch e.chooseWay(ctx, true, sql, args) {
	case unchanged:
		tag, err = e.target.Exec(ctx, sql, args...)
		return tag, false, err
	case pipelined:
		i := e.inject(p)
		defer i.Stop() // an argument's own encoding may panic
		tag, err = e.target.Exec(ctx, sql, args...)
		err = i.End(err)
		return tag, i.Applied(), err
	case pipelinedAlone:
		return e.execAlone(ctx, p, sql)
	case inText:
		return e.execInText(ctx, p, sql, args)
	case afterBegin:
		tag, err = e.execAfterBegin(ctx, p, sql)
		return tag, false, err
	case separate:
	}
	sent, err := e.sendPreamble(ctx, p)
	if err != nil {
		return tag, false, err
	}
	defer sent.rollbackUnlessEnded()
	tag, err = e.target.Exec(ctx, sql, args...)
	return tag, true, sent.end(err)
}

// execAlone executes one statement without arguments by the extended protocol, as pgx executes
// statements with arguments.
func (e executor) execAlone(
	ctx context.Context, p preamble.Preamble, sql string,
) (tag pgconn.CommandTag, applied bool, err error) {
	ctx, traceEnd := e.traceExec(ctx, sql)
	defer func() { traceEnd(tag, err) }()
	for retried := false; ; retried = true {
		i := e.inject(p)
		tag, err = e.conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Close()
		err = i.End(err)
		if retried || !i.StatementGone() || e.conn.PgConn().TxStatus() != 'I' {
			return tag, i.Applied(), err
		}
		// the preamble's prepared statement no longer existed, and the statement was not executed
	}
}

// traceExec reports a statement to the tracer, as pgx's Exec does. traceEnd is to be called
// when it has ended.
func (e executor) traceExec(
	ctx context.Context, sql string,
) (traced context.Context, traceEnd func(pgconn.CommandTag, error)) {
	tracer := e.protocol.tracer
	if tracer == nil {
		return ctx, func(pgconn.CommandTag, error) {}
	}
	ctx = tracer.TraceQueryStart(ctx, e.conn, pgx.TraceQueryStartData{SQL: sql})
	return ctx, func(tag pgconn.CommandTag, err error) {
		tracer.TraceQueryEnd(ctx, e.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
	}
}

// query runs a query with a preamble, and reports whether the preamble was applied.
func (e executor) query(
	ctx context.Context, p preamble.Preamble, sql string, args []any,
) (result pgx.Rows, applied bool, err error) {
	switch e.chooseWay(ctx, false, sql, args) {
	case unchanged:
		result, err = e.target.Query(ctx, sql, args...)
		return result, false, err
	case pipelined, pipelinedAlone:
		i := e.inject(p)
		defer i.Stop()
		result, err = e.target.Query(ctx, sql, args...)
		if err == nil && i.Failed() { // only the rows have the error
			result.Close()
			err = result.Err()
		}
		if ended := i.End(err); !errors.Is(err, ended) {
			result.Close()
			return failedRows(ended), false, ended
		}
		return result, i.Applied(), err
	case inText:
		return e.queryInText(ctx, p, sql, args)
	case separate, afterBegin:
	}
	sent, err := e.sendPreamble(ctx, p)
	if err != nil {
		return failedRows(err), false, err
	}
	result, err = e.target.Query(ctx, sql, args...)
	if err != nil {
		return result, true, sent.end(err)
	}
	return &rows{Rows: result, end: func(_ pgconn.CommandTag, err error) error { return sent.end(err) }}, true, nil
}

// copyFrom copies rows with a preamble: COPY cannot share a round trip.
func (e executor) copyFrom(
	ctx context.Context, p preamble.Preamble, table pgx.Identifier, columns []string, source pgx.CopyFromSource,
) (int64, error) {
	sent, err := e.sendPreamble(ctx, p)
	if err != nil {
		return 0, err
	}
	defer sent.rollbackUnlessEnded()
	n, err := e.target.CopyFrom(ctx, table, columns, source)
	if err = sent.end(err); err != nil {
		return 0, err
	}
	return n, nil
}
