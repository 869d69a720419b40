package exaudit

import (
	"context"
	"reflect"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/ahead"
)

// line is how statements with custom data reach PostgreSQL.
type line struct {
	// to is what runs statements: a connection, or a transaction on it.
	to   Conn
	conn *pgx.Conn
	wire *wire
	// end is to be called afterwards, if it is not nil, and returns the statement's error.
	end func(error) error
}

func (l line) over(err error) error {
	if l.end != nil {
		return l.end(err)
	}
	return err
}

// wire is what matters of a connection's configuration.
type wire struct {
	mode   pgx.QueryExecMode
	tracer pgx.QueryTracer
	// batchTraced means that the tracer sees each query of a batch.
	batchTraced bool
}

// wireOf is that of a connection, which keeps it: asking pgx copies all of the configuration.
func wireOf(conn *pgx.Conn) *wire {
	const key = "github.com/exaudit/exaudit" // of all that is kept with the connection
	kept := conn.PgConn().CustomData()
	if w, ok := kept[key].(*wire); ok {
		return w
	}
	config := conn.Config()
	w := &wire{mode: config.DefaultQueryExecMode, tracer: config.Tracer}
	_, w.batchTraced = config.Tracer.(pgx.BatchTracer)
	if kept != nil {
		kept[key] = w
	}
	return w
}

// simple reports whether the connection uses the simple protocol unless a statement says
// something else.
func (w *wire) simple() bool { return w.mode == pgx.QueryExecModeSimpleProtocol }

// prepares reports whether statements are prepared, and kept.
func (w *wire) prepares() bool { return w.mode == pgx.QueryExecModeCacheStatement }

// pipelines reports whether pgx sends batches statement by statement, and not as one text, or
// in one piece.
func (w *wire) pipelines() bool {
	return w.mode != pgx.QueryExecModeSimpleProtocol && w.mode != pgx.QueryExecModeExec
}

// connOf is the connection of a Conn or a pgx.Tx, nil if it cannot tell: so do mocks.
func connOf(c any) (conn *pgx.Conn) {
	switch c := c.(type) {
	case *pgx.Conn:
		return c
	case interface{ Conn() *pgx.Conn }: // *pgxpool.Conn or pgx.Tx
		defer func() { _ = recover() }()
		return c.Conn()
	}
	return nil
}

// way is how custom data gets to the database with one statement.
type way int

const (
	// asIs is without custom data: the statement changes no rows.
	asIs way = iota
	// along is between the messages in which pgx sends the statement.
	along
	// alongAlone is along for what pgx executes in the simple protocol because there are no
	// arguments, and is one statement all the same.
	alongAlone
	// asText is ahead of the statement in one text: the way of the simple protocol.
	asText
	// onItsOwn is in a transaction, in which the statement follows.
	onItsOwn
	// afterBegin is behind the first of several statements, which begins a transaction.
	afterBegin
)

// wayOf chooses the way of a statement.
func (l line) wayOf(ctx context.Context, exec bool, sql string, args []any) way {
	mode, options, rest, rewriter := optionsOf(args)
	if mode == 0 {
		mode = l.wire.mode
	}
	text, prepared, known := ahead.Prepared(l.conn, sql)
	much := large(rest) || rewriter != nil && large([]any{rewriter})
	switch {
	case prepared && !records(text), !prepared && !records(sql):
		return asIs
	case prepared && !much: // pgx executes it as any, in each mode and without arguments too
		return along
	case prepared:
		return onItsOwn
	}
	if exec && len(args) == 0 && several(sql) && l.conn.PgConn().TxStatus() == 'I' {
		if begin, _ := beginning(sql); begin != "" {
			return afterBegin
		}
	}
	named := !known && !strings.ContainsFunc(sql, unicode.IsSpace) // perhaps the name of a prepared statement
	if mode == pgx.QueryExecModeSimpleProtocol {
		if options || named || several(sql) && !exec || l.wire.batchTraced {
			return onItsOwn
		}
		return asText
	}
	if exec && rewriter != nil {
		// whether it leaves arguments, only the rewriter knows; an error, pgx will find
		_, left, err := rewriter.RewriteQuery(ctx, l.conn, sql, rest)
		if err == nil && len(left) == 0 {
			return onItsOwn
		}
	} else if exec && len(rest) == 0 {
		if named || several(sql) || strings.IndexByte(sql, '$') >= 0 {
			return onItsOwn
		}
		return alongAlone
	}
	if much {
		return onItsOwn
	}
	return along
}

// optionsOf reads the options among arguments as pgx does. The mode is 0 where none is named.
func optionsOf(args []any) (mode pgx.QueryExecMode, options bool, rest []any, rewriter pgx.QueryRewriter) {
	for len(args) > 0 {
		switch arg := args[0].(type) {
		case pgx.QueryExecMode:
			mode, options = arg, true
		case pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			options = true
		case pgx.QueryRewriter:
			rewriter = arg
		default:
			return mode, options, args, rewriter
		}
		args = args[1:]
	}
	return mode, options, args, rewriter
}

// enough is how many bytes of arguments travel with custom data. pgproto3 makes text of all
// that it traces, of what is no text at four times the cost and more: where there is more,
// another round trip costs less.
const enough = 8 << 10

// large reports whether arguments are more than enough, at a guess.
func large(args []any) bool {
	size := 0
	for _, arg := range args {
		switch arg := arg.(type) {
		case nil, int, int32, int64, bool, float64:
			size += 8
		case string:
			size += len(arg)
		case []byte:
			size += 4 * len(arg)
		default:
			size += sizeOf(reflect.ValueOf(arg), 4)
		}
		if size > enough {
			return true
		}
	}
	return false
}

// sizeOf guesses the size of a value as an argument.
func sizeOf(v reflect.Value, depth int) int {
	if depth == 0 {
		return 64
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 4
		}
		return sizeOf(v.Elem(), depth-1)
	case reflect.String:
		return v.Len()
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return 4 * v.Len()
		}
		size := 4
		for i := 0; i < v.Len() && size <= enough; i++ {
			size += 4 + sizeOf(v.Index(i), depth-1)
		}
		return size
	case reflect.Map:
		size := 4
		for of := v.MapRange(); of.Next() && size <= enough; {
			size += sizeOf(of.Key(), depth-1) + sizeOf(of.Value(), depth-1)
		}
		return size
	case reflect.Struct:
		size := 0
		for i := range v.NumField() {
			size += sizeOf(v.Field(i), depth-1)
		}
		return size
	}
	return 8
}

// recordsOn reports whether a statement may change rows, which may be the name of a prepared one.
func recordsOn(conn *pgx.Conn, sql string) bool {
	if text, prepared, _ := ahead.Prepared(conn, sql); prepared {
		return records(text)
	}
	return records(sql)
}

// exec executes a statement with settings, and reports whether the session has them.
func (l line) exec(ctx context.Context, s ahead.Settings, sql string, args []any) (tag pgconn.CommandTag, told bool, err error) {
	switch l.wayOf(ctx, true, sql, args) {
	case along:
		r := ahead.Mount(l.conn, s, l.wire.prepares())
		defer r.Dismount() // an argument's own encoding may panic
		tag, err = l.to.Exec(ctx, sql, args...)
		err = r.End(err)
		return tag, r.Told(), err
	case alongAlone:
		return l.execAlone(ctx, s, sql)
	case asText:
		if s, err = l.readApart(ctx, s); err != nil {
			return tag, false, err
		}
		if len(args) == 0 {
			if tag, err = l.execText(ctx, s, sql); err == nil {
				err = l.restore(ctx, s, nil)
			}
			return tag, err == nil, err
		}
		f := l.launch(ctx, s, sql, args)
		if f.err != nil {
			return tag, false, f.end(tag, f.err)
		}
		tag, err = f.exec()
		return tag, true, l.restore(ctx, s, err)
	case asIs:
		tag, err = l.to.Exec(ctx, sql, args...)
		return tag, false, err
	case afterBegin:
		tag, err = l.execBeginning(ctx, s, sql)
		return tag, false, err
	}
	apart, err := l.apart(ctx, s)
	if err != nil {
		return tag, false, err
	}
	defer apart.abandon()
	tag, err = l.to.Exec(ctx, sql, args...)
	return tag, true, apart.end(err)
}

// execAlone executes one statement without arguments as pgx does any that has some: in the
// simple protocol, in which pgx does it, nothing can go along.
func (l line) execAlone(ctx context.Context, s ahead.Settings, sql string) (tag pgconn.CommandTag, told bool, err error) {
	if l.wire.tracer != nil {
		ctx = l.wire.tracer.TraceQueryStart(ctx, l.conn, pgx.TraceQueryStartData{SQL: sql})
		defer func() {
			l.wire.tracer.TraceQueryEnd(ctx, l.conn, pgx.TraceQueryEndData{CommandTag: tag, Err: err})
		}()
	}
	for again := false; ; again = true {
		r := ahead.Mount(l.conn, s, l.wire.prepares())
		tag, err = l.conn.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Close()
		err = r.End(err)
		if again || !r.Stale() || l.conn.PgConn().TxStatus() != 'I' {
			return tag, r.Told(), err
		}
		// all of pgx's are gone, of which the statement needs none, and it has not been executed
	}
}

// query runs a query with settings, and reports whether the session has them.
func (l line) query(ctx context.Context, s ahead.Settings, sql string, args []any) (result pgx.Rows, told bool, err error) {
	switch l.wayOf(ctx, false, sql, args) {
	case along, alongAlone:
		r := ahead.Mount(l.conn, s, l.wire.prepares())
		defer r.Dismount()
		result, err = l.to.Query(ctx, sql, args...)
		if err == nil && r.Missed() { // it has failed, and only its rows know
			result.Close()
			err = result.Err()
		}
		if ended := r.End(err); ended != err {
			result.Close()
			return failedRows(ended), false, ended
		}
		return result, r.Told(), err
	case asIs:
		result, err = l.to.Query(ctx, sql, args...)
		return result, false, err
	case asText:
		if s, err = l.readApart(ctx, s); err != nil {
			return failedRows(err), false, err
		}
		f := l.launch(ctx, s, sql, args)
		if f.err != nil {
			err = f.end(pgconn.CommandTag{}, f.err)
			return failedRows(err), false, err
		}
		if result, err = f.query(); err != nil {
			return result, true, l.restore(ctx, s, err)
		}
		return &rows{Rows: result, end: func(_ pgconn.CommandTag, err error) error { return l.restore(ctx, s, err) }}, true, nil
	}
	apart, err := l.apart(ctx, s)
	if err != nil {
		return failedRows(err), false, err
	}
	result, err = l.to.Query(ctx, sql, args...)
	if err != nil {
		return result, true, apart.end(err)
	}
	return &rows{Rows: result, end: func(_ pgconn.CommandTag, err error) error { return apart.end(err) }}, true, nil
}

// copyFrom copies rows with settings: COPY cannot share a round trip.
func (l line) copyFrom(ctx context.Context, s ahead.Settings, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	apart, err := l.apart(ctx, s)
	if err != nil {
		return 0, err
	}
	defer apart.abandon()
	n, err := l.to.CopyFrom(ctx, table, columns, source)
	if err = apart.end(err); err != nil {
		return 0, err
	}
	return n, nil
}
