package exaudit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// line is how statements reach PostgreSQL.
type line struct {
	to Conn
	// conn is nil where to is a type that this package does not know.
	conn *pgx.Conn
	// pooled is to be released afterwards, if it is not nil.
	pooled *pgxpool.Conn
	wire   wire
	// inTx means that there is a transaction, which does not end with the statement.
	inTx bool
}

func (l line) release() {
	if l.pooled != nil {
		l.pooled.Release()
	}
}

// wire is what matters of a connection's configuration to statements that are sent together.
type wire struct {
	// tracer traces queries and no batches; nil if there is none.
	tracer pgx.QueryTracer
	// simple means that statements are sent together as one text; describes, that pgx encodes
	// arguments for the types that PostgreSQL says the statement has.
	simple, describes bool
}

func wireOf(config *pgx.ConnConfig) wire {
	var w wire
	switch config.DefaultQueryExecMode {
	case pgx.QueryExecModeSimpleProtocol:
		w.simple = true
	case pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec:
		w.describes = true
	}
	if _, ok := config.Tracer.(pgx.BatchTracer); !ok {
		w.tracer = config.Tracer
	}
	return w
}

// flight is one statement on its way, with a lead ahead of it.
type flight struct {
	line
	br pgx.BatchResults
	// err is what went wrong before the statement's own result.
	err error
	// ctx is the tracer's.
	ctx context.Context
	// traced means that pgx tells the tracer of the end itself, as it does of rows.
	traced bool
	// ahead is how many characters the lead has where all is one text.
	ahead int32
}

// launch sends a statement with a lead ahead of it. The flight must be ended.
func (l line) launch(ctx context.Context, lead *lead, sql string, args []any) *flight {
	f := &flight{line: l, ctx: ctx}
	landed := false
	defer func() { // an argument's own encoding may panic
		if !landed {
			l.release()
		}
	}()
	if l.wire.tracer != nil && l.conn != nil {
		f.ctx = l.wire.tracer.TraceQueryStart(ctx, l.conn, pgx.TraceQueryStartData{SQL: sql, Args: args})
	}
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, 4)}
	lead.queue(b)
	ahead := b.QueuedQueries
	statement := b.Queue(sql, args...)
	if l.wire.describes && l.conn != nil {
		// in a new slice: the lead's own is shared
		ahead[0].Arguments = []any{&checked{value: ahead[0].Arguments[0].(string), conn: l.conn, statement: statement}}
	}
	if l.wire.simple {
		f.ahead = int32(utf8.RuneCountInString(lead.asQueued()))
	}
	f.br = l.to.SendBatch(f.ctx, b)
	f.err = lead.results(ahead, f.br)
	landed = true
	return f
}

func (f *flight) exec() (pgconn.CommandTag, error) {
	var tag pgconn.CommandTag
	err := f.err
	if err == nil {
		tag, err = f.br.Exec()
	}
	return tag, f.end(tag, err)
}

// end waits for the transaction's end, whose errors are the statement's, and gives the
// connection back.
func (f *flight) end(tag pgconn.CommandTag, err error) error {
	if closeErr := f.br.Close(); err == nil {
		err = closeErr
	}
	err = f.plain(err)
	if f.wire.tracer != nil && f.conn != nil && !f.traced {
		f.wire.tracer.TraceQueryEnd(f.ctx, f.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
	}
	f.release()
	return err
}

// plain makes the error of a statement that was sent with others the one that it gives when
// it is sent alone.
func (f *flight) plain(err error) error {
	var early pgx.ErrPreprocessingBatch
	if errors.As(err, &early) {
		err = early.Unwrap()
	}
	if refused, ok := errors.AsType[encoding](err); ok {
		err = refused.error
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	if pgErr.Position > f.ahead {
		pgErr.Position -= f.ahead
	}
	f.ahead = 0 // once is enough
	if !f.inTx {
		return advised(err)
	}
	return err
}

// advised says what to do where a statement refuses the transaction that custom data needs.
func advised(err error) error {
	var pgErr *pgconn.PgError
	// active_sql_transaction, invalid_transaction_termination
	if errors.As(err, &pgErr) && (pgErr.Code == "25001" || pgErr.Code == "2D000") {
		return fmt.Errorf("%w; with custom data, statements run in a transaction: use exaudit.Without", err)
	}
	return err
}

// execText executes a text that has no arguments, and may be several statements, as pgx
// does: in the simple protocol, without preparing anything.
func (l line) execText(ctx context.Context, lead *lead, sql string) (tag pgconn.CommandTag, err error) {
	if l.wire.tracer != nil {
		ctx = l.wire.tracer.TraceQueryStart(ctx, l.conn, pgx.TraceQueryStartData{SQL: sql})
		defer func() {
			l.wire.tracer.TraceQueryEnd(ctx, l.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
		}()
	}
	defer l.release()
	ahead := lead.asText()
	results := l.conn.PgConn().Exec(ctx, ahead+sql)
	for n := 0; results.NextResult(); n++ {
		if of, _ := results.ResultReader().Close(); n >= lead.n { // Close has the error
			tag = of
		}
	}
	err = results.Close()
	if err == nil && lead.done != nil {
		lead.done()
	}
	return tag, (&flight{line: l, ahead: int32(utf8.RuneCountInString(ahead))}).plain(err)
}

// takesText tells whether execText is for a statement: it has no arguments, and is not the
// name of a prepared one.
func (l line) takesText(lead *lead, sql string, args []any) bool {
	return len(args) == 0 && lead.read == nil && strings.ContainsFunc(sql, unicode.IsSpace) && l.readsText()
}

// readsText tells whether the connection reads quotes as everybody does.
func (l line) readsText() bool {
	return l.conn != nil && l.conn.PgConn().ParameterStatus("standard_conforming_strings") == "on" &&
		l.conn.PgConn().ParameterStatus("client_encoding") == "UTF8"
}

// solitary tells whether a statement cannot share a batch: because it says how pgx shall
// execute it, because it is none, because it may be several, or because it is the name of a
// prepared one, where all would be one text.
func (w wire) solitary(sql string, args []any) bool {
	for _, arg := range args {
		switch arg.(type) {
		case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			return true
		case pgx.QueryRewriter:
			continue
		}
		break
	}
	return sql == "" || several(sql) || w.simple && !strings.ContainsFunc(sql, unicode.IsSpace)
}

// several tells whether a text may be several statements.
func several(sql string) bool {
	_, rest, _ := strings.Cut(sql, ";")
	return strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsSpace(r) }) >= 0
}
