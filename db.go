package exaudit

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit/internal/custom"
)

// Conn is a database connection to work on: a *pgxpool.Pool, a *pgx.Conn or a *pgxpool.Conn, or a pgx.Tx, whose
// transaction is then used.
type Conn interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
	Begin(ctx context.Context) (pgx.Tx, error)
}

// DB is an audited database. Several goroutines may use it at the same time if they may use its Conn so, as is the
// case with a pool.
//
// A DB is used in place of its Conn wherever statements are run, for example in the function New that sqlc generates.
// If the context of a statement has custom data (see With), its changes are recorded with it: the custom data is sent
// with the statement, usually in the same round trip, in one transaction, and ends with that transaction. Without
// custom data, statements are sent to the Conn as they are.
type DB struct {
	// custom runs the application's statements.
	custom *custom.DB
	// conn runs exaudit's own.
	conn Conn
}

// New returns a DB that uses a connection. A DB of a transaction that was begun elsewhere does not change the custom
// data of the transaction. Only statements whose context has other custom data are recorded with that.
//
// A Conn of another type needs a method Conn, as pgx.Tx has it, or its transactions need it. If the method returns
// nil or panics, as those of mocks do, all statements are sent as they are.
func New(conn Conn) *DB {
	if d, ok := conn.(*DB); ok {
		return d
	}
	d := custom.New(conn)
	return &DB{custom: d, conn: d.Unwrap()}
}

// Config returns the configuration of the pool that the DB uses, or nil if it does not use a pool.
func (d *DB) Config() *pgxpool.Config { return d.custom.Config() }

// Conn returns the connection that the DB or its transaction uses, or nil if the DB uses a pool.
func (d *DB) Conn() *pgx.Conn { return d.custom.Conn() }

// Exec executes a statement, as pgx.Conn.Exec does.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return d.custom.Exec(ctx, sql, args...)
}

// Query runs a query, as pgx.Conn.Query does. An error that occurs only at the end of the transaction, such as that
// of a deferred constraint, is returned by the Err method of the rows.
func (d *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return d.custom.Query(ctx, sql, args...)
}

// QueryRow runs a query for one row, as pgx.Conn.QueryRow does.
func (d *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return d.custom.QueryRow(ctx, sql, args...)
}

// CopyFrom copies rows into a table, as pgx.Conn.CopyFrom does. COPY cannot share a round trip: with custom data, it
// runs in a separate transaction.
func (d *DB) CopyFrom(
	ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource,
) (int64, error) {
	return d.custom.CopyFrom(ctx, table, columns, source)
}

// SendBatch sends a batch, as pgx.Conn.SendBatch does.
func (d *DB) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return d.custom.SendBatch(ctx, b)
}

// Begin begins a transaction, as pgx.Conn.Begin does. Its changes are recorded with the custom data of ctx, which is
// sent with the first statement. If the context of a statement, or of a nested transaction, has other custom data,
// its changes are recorded with that.
func (d *DB) Begin(ctx context.Context) (pgx.Tx, error) { return d.custom.Begin(ctx) }

// BeginTx begins a transaction with options; see Begin. PostgreSQL has no options for the nested transactions that a
// DB of a transaction begins. If any are set there, BeginTx returns an error.
func (d *DB) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	return d.custom.BeginTx(ctx, options)
}
