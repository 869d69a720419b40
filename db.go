package exaudit

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit/internal/ahead"
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
	tx *tx
}

// New makes a DB of a connection. A DB of a transaction that was begun elsewhere leaves the
// custom data that it has as it is, but for statements whose context says something else.
//
// A Conn of another type needs a method Conn as pgx.Tx has it, or transactions that have. One
// that has it and returns nil or panics, as mocks do, gets all statements as they are.
func New(conn Conn) *DB {
	switch c := conn.(type) {
	case *DB:
		return c
	case *tx:
		return &DB{conn: c.Tx, tx: c}
	case pgx.Tx:
		return &DB{conn: conn, tx: &tx{Tx: c, conn: connOf(c), state: &state{}}}
	}
	return &DB{conn: conn}
}

// Config is the configuration of the DB's pool, nil if it is not of a pool.
func (d *DB) Config() *pgxpool.Config {
	if pool, ok := d.conn.(*pgxpool.Pool); ok {
		return pool.Config()
	}
	return nil
}

// Conn is the connection that the DB is of, or its transaction; nil if it is of a pool.
func (d *DB) Conn() *pgx.Conn { return connOf(d.conn) }

// Exec runs a statement, as pgx.Conn.Exec does.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	if d.tx != nil {
		return d.tx.Exec(ctx, sql, args...)
	}
	s := saidBy(ctx)
	if d.asIs(s, sql) {
		return d.conn.Exec(ctx, sql, args...)
	}
	l, err := d.line(ctx, s)
	if err != nil {
		return tag, err
	}
	err = errPanicked
	defer func() { err = l.over(err) }()
	if l.conn == nil {
		tag, err = l.to.Exec(ctx, sql, args...)
	} else {
		tag, _, err = l.exec(ctx, l.settings(s), sql, args)
	}
	return tag, advised(err)
}

// Query runs a query, as pgx.Conn.Query does. What only shows when its transaction ends, as
// a deferred constraint, is an error of the rows.
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if d.tx != nil {
		return d.tx.Query(ctx, sql, args...)
	}
	s := saidBy(ctx)
	if d.asIs(s, sql) {
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
	if d.asIs(s, sql) {
		return d.conn.QueryRow(ctx, sql, args...)
	}
	result, _ := d.query(ctx, s, sql, args) // which has the error
	return row{result}
}

func (d *DB) query(ctx context.Context, s *said, sql string, args []any) (result pgx.Rows, err error) {
	l, err := d.line(ctx, s)
	if err != nil {
		return failedRows(err), err
	}
	err = errPanicked
	defer func() {
		if err != nil {
			err = l.over(err)
		}
	}()
	if l.conn == nil {
		result, err = l.to.Query(ctx, sql, args...)
	} else {
		result, _, err = l.query(ctx, l.settings(s), sql, args)
	}
	if err != nil {
		if err := advised(err); err != result.Err() {
			return failedRows(err), err
		}
		return result, err
	}
	return &rows{Rows: result, end: func(_ pgconn.CommandTag, err error) error { return l.over(advised(err)) }}, nil
}

// CopyFrom copies rows into a table, as pgx.Conn.CopyFrom does. COPY cannot share a round
// trip: with custom data, it is a transaction of its own.
func (d *DB) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (n int64, err error) {
	if d.tx != nil {
		return d.tx.CopyFrom(ctx, table, columns, source)
	}
	s := saidBy(ctx)
	if s.nothing() {
		return d.conn.CopyFrom(ctx, table, columns, source)
	}
	l, err := d.line(ctx, s)
	if err != nil {
		return 0, err
	}
	err = errPanicked
	defer func() { err = l.over(err) }()
	if l.conn == nil {
		return l.to.CopyFrom(ctx, table, columns, source)
	}
	return l.copyFrom(ctx, l.settings(s), table, columns, source)
}

// SendBatch sends a batch, as pgx.Conn.SendBatch does.
func (d *DB) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if d.tx != nil {
		return d.tx.SendBatch(ctx, b)
	}
	s := saidBy(ctx)
	if s.nothing() || s.err == nil && d.unknown() && (line{}).firstToRecord(b) == b.Len() {
		br := d.conn.SendBatch(ctx, b)
		if begun := br.Tx(); begun != nil {
			return &batchResults{BatchResults: br, tx: d.begun(begun, session{})}
		}
		return br
	}
	l, err := d.line(ctx, s)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	results := l.sendBatch(ctx, l.settings(s), b)
	if begun := results.BatchResults.Tx(); begun != nil {
		results.tx = d.begun(begun, s.session)
		results.tx.end = l.end
		if !results.asIs {
			results.tx.state = &state{have: s.session, known: true, originKnown: true}
		}
		return results
	}
	ended := results.end
	results.end = func(err error) error {
		if ended != nil {
			err = ended(err)
		}
		return l.over(err)
	}
	return results
}

// asIs reports whether a statement goes to the Conn as it is: nothing is said, or it changes no
// rows. A pool's connection has to be asked, which may have prepared something by that name.
func (d *DB) asIs(s *said, sql string) bool {
	if s.nothing() || s.err != nil {
		return s.nothing()
	}
	if _, pool := d.conn.(*pgxpool.Pool); pool {
		return sql == ""
	}
	if conn := connOf(d.conn); conn != nil {
		return !recordsOn(conn, sql)
	}
	return !records(sql)
}

// unknown reports whether the DB's Conn is of a type that it does not know, so that custom data
// needs a transaction.
func (d *DB) unknown() bool {
	switch d.conn.(type) {
	case *pgxpool.Pool, *pgx.Conn, interface{ Conn() *pgx.Conn }:
		return false
	}
	return true
}

// Begin starts a transaction, as pgx.Conn.Begin does. Its changes carry the custom data of
// ctx, which travels with its first statement. A statement, or a nested transaction, whose own
// context says something else records that.
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
	if err := CustomErr(ctx); err != nil {
		return nil, err
	}
	begun, err := beginOn(ctx, d.conn, options)
	if err != nil {
		return nil, err
	}
	var base session
	if s := saidBy(ctx); s != nil {
		base = s.session
	}
	return d.begun(begun, base), nil
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

// begun wraps a transaction whose context said base.
func (d *DB) begun(t pgx.Tx, base session) *tx {
	// where nothing is said, what the transaction has is asked for when something is
	return &tx{Tx: t, conn: connOf(t), base: base, begun: true, state: &state{known: true, originKnown: base.custom != ""}}
}

// errPanicked is the error of a statement that has not returned.
var errPanicked = errors.New("panicked")

// line finds the way for one statement with custom data.
func (d *DB) line(ctx context.Context, s *said) (line, error) {
	if s.err != nil {
		return line{}, s.err
	}
	switch c := d.conn.(type) {
	case *pgxpool.Pool:
		pooled, err := c.Acquire(ctx)
		if err != nil {
			return line{}, err
		}
		return lineTo(pooled, func(err error) error {
			pooled.Release()
			return err
		}), nil
	case *pgx.Conn, interface{ Conn() *pgx.Conn }:
		return lineTo(d.conn, nil), nil
	}
	begun, err := d.conn.Begin(ctx)
	if err != nil {
		return line{}, err
	}
	return lineTo(begun, func(err error) error {
		if err != nil {
			_ = begun.Rollback(context.WithoutCancel(ctx)) // the first error is the one to report
			return err
		}
		return begun.Commit(ctx)
	}), nil
}

func lineTo(to Conn, end func(error) error) line {
	l := line{to: to, conn: connOf(to), end: end}
	if l.conn != nil {
		l.wire = wireOf(l.conn)
	}
	return l
}

// settings are what s says. Where the connection is in a transaction that it knows nothing
// of, that gets back what it had.
func (l line) settings(s *said) ahead.Settings {
	settings := s.settings
	settings.Restore = l.conn != nil && l.conn.PgConn().TxStatus() != 'I'
	return settings
}
