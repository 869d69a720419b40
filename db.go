package exaudit

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit/internal/custom"
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
// it is sent with the statement, in the same round trip and in one transaction, and ends
// with that. Without custom data, statements go to the Conn as they are.
type DB struct {
	// custom runs the application's statements.
	custom *custom.DB
	// conn runs exaudit's own.
	conn Conn
}

// New returns a DB of a connection. A DB of a transaction that was begun elsewhere leaves the
// custom data that it has as it is, but for statements whose context has other custom data.
//
// A Conn of another type needs a method Conn as pgx.Tx has it, or transactions that have. One
// that has it and returns nil or panics, as mocks do, gets all statements as they are.
func New(conn Conn) *DB {
	if d, ok := conn.(*DB); ok {
		return d
	}
	d := custom.New(conn)
	return &DB{custom: d, conn: d.Unwrap()}
}

// Config returns the configuration of the DB's pool, nil if it is not of a pool.
func (d *DB) Config() *pgxpool.Config { return d.custom.Config() }

// Conn returns the connection that the DB is of, or its transaction's; nil if it is of a pool.
func (d *DB) Conn() *pgx.Conn { return d.custom.Conn() }

// Exec executes a statement, as pgx.Conn.Exec does.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return d.custom.Exec(ctx, sql, args...)
}

// Query runs a query, as pgx.Conn.Query does. What only shows when its transaction ends, as
// a deferred constraint, is an error of the rows.
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return d.custom.Query(ctx, sql, args...)
}

// QueryRow runs a query for one row, as pgx.Conn.QueryRow does.
func (d *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return d.custom.QueryRow(ctx, sql, args...)
}

// CopyFrom copies rows into a table, as pgx.Conn.CopyFrom does. COPY cannot share a round
// trip: with custom data, it is a transaction of its own.
func (d *DB) CopyFrom(
	ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource,
) (int64, error) {
	return d.custom.CopyFrom(ctx, table, columns, source)
}

// SendBatch sends a batch, as pgx.Conn.SendBatch does.
func (d *DB) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return d.custom.SendBatch(ctx, b)
}

// Begin begins a transaction, as pgx.Conn.Begin does. Its changes carry the custom data of
// ctx, which is sent with its first statement. A statement, or a nested transaction, whose own
// context has other custom data records that.
func (d *DB) Begin(ctx context.Context) (pgx.Tx, error) { return d.custom.Begin(ctx) }

// BeginTx is Begin with options. PostgreSQL has none for the nested transactions that a DB
// of a transaction begins: there, any are an error.
func (d *DB) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	return d.custom.BeginTx(ctx, options)
}
