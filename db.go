package exaudit

import (
	"context"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Conn is a database to work on: a *pgxpool.Pool, a *pgx.Conn or a *pgxpool.Conn, or a
// pgx.Tx to be part of.
type Conn interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Begin(ctx context.Context) (pgx.Tx, error)
}

// DB is an audited database. It may be used from several goroutines at once where its Conn
// may, as a pool.
//
// It stands in for its Conn wherever that runs statements, as in the New of the package
// that sqlc generates. With custom data in their context (see With), statements record it:
// it travels with the statement, in the same round trip and in one transaction, and is gone
// with that. Without custom data, statements go to the Conn as they are.
type DB struct {
	conn Conn
	// tx is what runs statements if conn is a transaction, else nil.
	tx   *tx
	wire func() wire
}

// New makes a DB of a connection. A DB of a transaction that was begun elsewhere leaves the
// custom data that it has as it is, until a context says something else.
func New(conn Conn) *DB {
	switch c := conn.(type) {
	case *DB:
		return c
	case *tx:
		return &DB{conn: c.Tx, tx: c, wire: c.wire}
	case *pgxpool.Pool:
		return &DB{conn: conn, wire: sync.OnceValue(func() wire { return wireOf(c.Config().ConnConfig) })}
	case interface{ Conn() *pgx.Conn }: // *pgxpool.Conn or pgx.Tx
		configured := sync.OnceValue(func() wire { return wireOf(c.Conn().Config()) })
		if t, ok := conn.(pgx.Tx); ok {
			return &DB{conn: conn, tx: &tx{Tx: t, wire: configured, state: &state{}}, wire: configured}
		}
		return &DB{conn: conn, wire: configured}
	case *pgx.Conn:
		return &DB{conn: conn, wire: sync.OnceValue(func() wire { return wireOf(c.Config()) })}
	default:
		return &DB{conn: conn, wire: func() wire { return wire{} }}
	}
}

// Exec runs a statement, as pgx.Conn.Exec does.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if d.tx != nil {
		return d.tx.Exec(ctx, sql, args...)
	}
	s := saidBy(ctx)
	if s.nothing() {
		return d.conn.Exec(ctx, sql, args...)
	}
	if s.err != nil {
		return pgconn.CommandTag{}, s.err
	}
	l, err := d.line(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	switch {
	case l.takesText(s.lead, sql, args):
		return l.execText(ctx, s.lead, sql)
	case !l.wire.solitary(sql, args):
		return l.launch(ctx, s.lead, sql, args).exec()
	}
	l.release()
	alone, err := d.single(ctx, s)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	return alone.exec(sql, args)
}

// Query runs a query, as pgx.Conn.Query does. What only shows when its transaction ends, as
// a deferred constraint, is an error of the rows.
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if d.tx != nil {
		return d.tx.Query(ctx, sql, args...)
	}
	s := saidBy(ctx)
	if s.nothing() {
		return d.conn.Query(ctx, sql, args...)
	}
	return d.query(ctx, s, sql, args)
}

// QueryRow runs a query for one row, as pgx.Conn.QueryRow does.
func (d *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if d.tx != nil {
		return d.tx.QueryRow(ctx, sql, args...)
	}
	s := saidBy(ctx)
	if s.nothing() {
		return d.conn.QueryRow(ctx, sql, args...)
	}
	result, _ := d.query(ctx, s, sql, args) // which has the error
	return row{result}
}

func (d *DB) query(ctx context.Context, s *said, sql string, args []any) (pgx.Rows, error) {
	if s.err != nil {
		return failedRows(s.err), s.err
	}
	if d.wire().solitary(sql, args) {
		alone, err := d.single(ctx, s)
		if err != nil {
			return failedRows(err), err
		}
		return alone.query(sql, args)
	}
	l, err := d.line(ctx)
	if err != nil {
		return failedRows(err), err
	}
	return l.launch(ctx, s.lead, sql, args).query()
}

// CopyFrom copies rows into a table, as pgx.Conn.CopyFrom does. COPY cannot share a round
// trip: with custom data, it is a transaction of its own.
func (d *DB) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	if d.tx != nil {
		return d.tx.CopyFrom(ctx, table, columns, source)
	}
	s := saidBy(ctx)
	if s.nothing() {
		return d.conn.CopyFrom(ctx, table, columns, source)
	}
	if s.err != nil {
		return 0, s.err
	}
	alone, err := d.single(ctx, s)
	if err != nil {
		return 0, err
	}
	return alone.copyFrom(table, columns, source)
}

// SendBatch sends a batch, as pgx.Conn.SendBatch does. The queries of b are as they were
// once the results have been closed.
func (d *DB) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if d.tx != nil {
		return d.tx.SendBatch(ctx, b)
	}
	s := saidBy(ctx)
	if s.nothing() || b.Len() == 0 {
		br := d.conn.SendBatch(ctx, b)
		if begun := br.Tx(); begun != nil {
			return &batchResults{BatchResults: br, batch: b, tx: d.wrap(begun)}
		}
		return br
	}
	if s.err != nil {
		return pgx.FailedBatchResults(b, s.err)
	}
	return sendBatch(ctx, d.conn, b, s.lead, func(begun pgx.Tx) *tx { return d.wrapWith(begun, s) })
}

// Begin starts a transaction, as pgx.Conn.Begin does. Its changes carry the custom data of
// ctx, which travels with BEGIN. A statement, or a nested transaction, whose own context
// says something else records that.
func (d *DB) Begin(ctx context.Context) (pgx.Tx, error) {
	if d.tx != nil {
		return d.tx.Begin(ctx)
	}
	return d.BeginTx(ctx, pgx.TxOptions{})
}

// BeginTx is Begin with options. PostgreSQL has none for the nested transactions that a DB
// of a transaction begins: there, any are an error.
func (d *DB) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	_, ok := d.conn.(beginner)
	if options != (pgx.TxOptions{}) && (d.tx != nil || !ok) {
		return nil, errors.New("transaction options for a nested transaction")
	}
	if d.tx != nil {
		return d.tx.Begin(ctx)
	}
	s := saidBy(ctx)
	if s.nothing() {
		begun, err := beginOn(ctx, d.conn, options)
		if err != nil {
			return nil, err
		}
		return d.wrap(begun), nil
	}
	if s.err != nil {
		return nil, s.err
	}
	l, err := d.line(ctx)
	if err != nil {
		return nil, err
	}
	begun, err := l.begin(ctx, options, s.lead)
	if err != nil {
		l.release()
		return nil, err
	}
	t := d.wrapWith(begun, s)
	t.pooled = l.pooled
	return t, nil
}

type beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

func beginOn(ctx context.Context, conn Conn, options pgx.TxOptions) (pgx.Tx, error) {
	if b, ok := conn.(beginner); ok {
		return b.BeginTx(ctx, options)
	}
	return conn.Begin(ctx)
}

// begin starts a transaction with a lead, in one round trip where the connection is known.
// A query would not do there: it takes the snapshot, which SET TRANSACTION and LOCK TABLE
// have to come before.
func (l line) begin(ctx context.Context, options pgx.TxOptions, lead *lead) (pgx.Tx, error) {
	if !l.readsText() {
		begun, err := beginOn(ctx, l.to, options)
		if err != nil {
			return nil, err
		}
		if err := lead.send(ctx, begun); err != nil {
			// the first error is the one to report
			_ = begun.Rollback(context.WithoutCancel(ctx))
			return nil, err
		}
		return begun, nil
	}
	b := &pgx.Batch{}
	b.BeginTx(options) // which knows the query of options
	options.BeginQuery = b.QueuedQueries[0].SQL + "\n;" + lead.asText()
	begun, err := l.conn.BeginTx(ctx, options)
	if err != nil && l.pooled == nil && l.conn.PgConn().TxStatus() == 'E' {
		_, _ = l.conn.Exec(context.WithoutCancel(ctx), "ROLLBACK") // as before BEGIN
	}
	return begun, err
}

// single starts a transaction for one statement, or joins the one that there is.
func (d *DB) single(ctx context.Context, s *said) (single, error) {
	var conn *pgx.Conn
	switch c := d.conn.(type) {
	case *pgxpool.Conn:
		conn = c.Conn()
	case *pgx.Conn:
		conn = c
	}
	if conn != nil && conn.PgConn().TxStatus() != 'I' {
		return single{ctx: ctx, run: conn}, s.lead.send(ctx, conn)
	}
	begun, err := d.BeginTx(ctx, pgx.TxOptions{})
	if err != nil {
		return single{}, err
	}
	return single{ctx: ctx, run: begun.(*tx).Tx, tx: begun}, nil
}

func (d *DB) wrap(begun pgx.Tx) *tx {
	return &tx{Tx: begun, wire: d.wire, begun: true, state: &state{}}
}

// wrapWith wraps a transaction that has been told what s says.
func (d *DB) wrapWith(begun pgx.Tx, s *said) *tx {
	t := d.wrap(begun)
	t.base = s.session
	if s.session.custom != "" {
		t.state = &state{have: s.session, known: true, originKnown: true}
	}
	return t
}

// line finds the way for one statement with custom data.
func (d *DB) line(ctx context.Context) (line, error) {
	l := line{to: d.conn, wire: d.wire()}
	switch c := d.conn.(type) {
	case *pgxpool.Pool:
		pooled, err := c.Acquire(ctx)
		if err != nil {
			return line{}, err
		}
		l.to, l.conn, l.pooled = pooled, pooled.Conn(), pooled
	case *pgxpool.Conn:
		l.conn = c.Conn()
	case *pgx.Conn:
		l.conn = c
	}
	return l, nil
}
