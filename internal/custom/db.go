package custom

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit/internal/preamble"
)

// Conn is a pool, a connection, or a transaction, as package exaudit documents it.
type Conn interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Begin(ctx context.Context) (pgx.Tx, error)
}

// DB runs statements on a Conn, with the custom data of their contexts. Its methods are
// documented by those of exaudit.DB.
type DB struct {
	conn Conn
	// tx runs the statements if conn is a transaction, else it is nil.
	tx *tx
}

// New returns a DB of a Conn.
func New(conn Conn) *DB {
	switch c := conn.(type) {
	case *DB:
		return c
	case *tx:
		return &DB{conn: c.Tx, tx: c}
	case pgx.Tx:
		return &DB{conn: conn, tx: &tx{Tx: c, conn: connOf(c), session: &session{}}}
	}
	return &DB{conn: conn}
}

// Unwrap returns the Conn, without custom data: that of a transaction is the one of pgx.
func (d *DB) Unwrap() Conn { return d.conn }

// InTransaction reports whether the DB is of a transaction.
func (d *DB) InTransaction() bool { return d.tx != nil }

// Config returns the configuration of the pool, nil if the DB is not of a pool.
func (d *DB) Config() *pgxpool.Config {
	if pool, ok := d.conn.(*pgxpool.Pool); ok {
		return pool.Config()
	}
	return nil
}

// Conn returns the connection of the DB, nil if it is of a pool.
func (d *DB) Conn() *pgx.Conn { return connOf(d.conn) }

// Exec executes a statement.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	if d.tx != nil {
		return d.tx.Exec(ctx, sql, args...)
	}
	data := dataOf(ctx)
	if d.sendsUnchanged(data, sql) {
		return d.conn.Exec(ctx, sql, args...)
	}
	e, err := d.executor(ctx, data)
	if err != nil {
		return tag, err
	}
	err = errPanicked
	defer func() { err = e.finish(err) }()
	if e.conn == nil {
		tag, err = e.target.Exec(ctx, sql, args...)
	} else {
		tag, _, err = e.exec(ctx, e.preambleFor(data), sql, args)
	}
	return tag, adviseWithout(err)
}

// Query runs a query.
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if d.tx != nil {
		return d.tx.Query(ctx, sql, args...)
	}
	data := dataOf(ctx)
	if d.sendsUnchanged(data, sql) {
		return d.conn.Query(ctx, sql, args...)
	}
	return d.query(ctx, data, sql, args)
}

// QueryRow runs a query for one row.
func (d *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if d.tx != nil {
		return d.tx.QueryRow(ctx, sql, args...)
	}
	data := dataOf(ctx)
	if d.sendsUnchanged(data, sql) {
		return d.conn.QueryRow(ctx, sql, args...)
	}
	result, _ := d.query(ctx, data, sql, args) // result has the error
	return row{result}
}

func (d *DB) query(ctx context.Context, data *contextData, sql string, args []any) (result pgx.Rows, err error) {
	e, err := d.executor(ctx, data)
	if err != nil {
		return failedRows(err), err
	}
	err = errPanicked
	defer func() {
		if err != nil {
			err = e.finish(err)
		}
	}()
	if e.conn == nil {
		result, err = e.target.Query(ctx, sql, args...)
	} else {
		result, _, err = e.query(ctx, e.preambleFor(data), sql, args)
	}
	if err != nil {
		if err := adviseWithout(err); !errors.Is(result.Err(), err) {
			return failedRows(err), err
		}
		return result, err
	}
	end := func(_ pgconn.CommandTag, err error) error { return e.finish(adviseWithout(err)) }
	return &rows{Rows: result, end: end}, nil
}

// CopyFrom copies rows into a table.
func (d *DB) CopyFrom(
	ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource,
) (n int64, err error) {
	if d.tx != nil {
		return d.tx.CopyFrom(ctx, table, columns, source)
	}
	data := dataOf(ctx)
	if data.empty() {
		return d.conn.CopyFrom(ctx, table, columns, source)
	}
	e, err := d.executor(ctx, data)
	if err != nil {
		return 0, err
	}
	err = errPanicked
	defer func() { err = e.finish(err) }()
	if e.conn == nil {
		return e.target.CopyFrom(ctx, table, columns, source)
	}
	return e.copyFrom(ctx, e.preambleFor(data), table, columns, source)
}

// SendBatch sends a batch.
func (d *DB) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if d.tx != nil {
		return d.tx.SendBatch(ctx, b)
	}
	data := dataOf(ctx)
	if data.empty() || data.err == nil && d.ofUnknownType() && (executor{}).firstToRecord(b) == b.Len() {
		results := d.conn.SendBatch(ctx, b)
		if begun := results.Tx(); begun != nil {
			return &batchResults{BatchResults: results, tx: newTx(begun, preamble.Values{})}
		}
		return results
	}
	e, err := d.executor(ctx, data)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	results := e.sendBatch(ctx, e.preambleFor(data), b)
	if begun := results.BatchResults.Tx(); begun != nil {
		results.tx = newTx(begun, data.values)
		results.tx.release = e.release
		if !results.unchanged {
			results.tx.session = &session{current: data.values, currentKnown: true, originalKnown: true}
		}
		return results
	}
	ended := results.end
	results.end = func(err error) error {
		if ended != nil {
			err = ended(err)
		}
		return e.finish(err)
	}
	return results
}

// sendsUnchanged reports whether a statement is sent without custom data: its context has
// none, or it changes no rows. Only a pool's connection knows whether sql is the name of a
// prepared statement.
func (d *DB) sendsUnchanged(data *contextData, sql string) bool {
	if data.empty() || data.err != nil {
		return data.empty()
	}
	if _, pool := d.conn.(*pgxpool.Pool); pool {
		return sql == ""
	}
	if conn := connOf(d.conn); conn != nil {
		return !mayChangeRowsOn(conn, sql)
	}
	return !mayChangeRows(sql)
}

// ofUnknownType reports whether only a transaction of the DB's Conn may have a *pgx.Conn.
func (d *DB) ofUnknownType() bool {
	switch d.conn.(type) {
	case *pgxpool.Pool, *pgx.Conn, interface{ Conn() *pgx.Conn }:
		return false
	}
	return true
}

// Begin begins a transaction.
func (d *DB) Begin(ctx context.Context) (pgx.Tx, error) {
	if d.tx != nil {
		return d.tx.Begin(ctx)
	}
	return d.BeginTx(ctx, pgx.TxOptions{})
}

// BeginTx begins a transaction with options.
func (d *DB) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	b, ok := d.conn.(interface {
		BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	})
	if options != (pgx.TxOptions{}) && (d.tx != nil || !ok) {
		return nil, errors.New("transaction options for a nested transaction")
	}
	if d.tx != nil {
		return d.tx.Begin(ctx)
	}
	if err := Err(ctx); err != nil {
		return nil, err
	}
	var begun pgx.Tx
	var err error
	if ok {
		begun, err = b.BeginTx(ctx, options)
	} else {
		begun, err = d.conn.Begin(ctx)
	}
	if err != nil {
		return nil, err
	}
	return newTx(begun, valuesOf(ctx)), nil
}

// errPanicked is the error of a statement that has not returned.
var errPanicked = errors.New("panicked")

// executor returns what executes one statement with custom data.
func (d *DB) executor(ctx context.Context, data *contextData) (executor, error) {
	if data.err != nil {
		return executor{}, data.err
	}
	switch c := d.conn.(type) {
	case *pgxpool.Pool:
		pooled, err := c.Acquire(ctx)
		if err != nil {
			return executor{}, err
		}
		return newExecutor(pooled, func(err error) error {
			pooled.Release()
			return err
		}), nil
	case *pgx.Conn, interface{ Conn() *pgx.Conn }:
		return newExecutor(d.conn, nil), nil
	}
	begun, err := d.conn.Begin(ctx)
	if err != nil {
		return executor{}, err
	}
	return newExecutor(begun, func(err error) error {
		if err != nil {
			_ = begun.Rollback(context.WithoutCancel(ctx)) // the first error is the one to report
			return err
		}
		return begun.Commit(ctx)
	}), nil
}
