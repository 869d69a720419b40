// Package stdlib is exaudit for database/sql. It uses pgx's own stdlib package.
//
// It opens a *sql.DB as pgx's package does. In addition, the changes of each call are recorded with the custom data of
// its context (exaudit.With):
//
//	db := stdlib.OpenDBFromPool(pool)
//	queries := sqlcpackage.New(db)
//
// Custom data is sent with the statements, in the same round trip and in one transaction. There are two exceptions:
// queries that return rows, outside of a transaction, in the simple protocol or with more than about 8 KiB of
// arguments. These run in a separate transaction, which adds two round trips and stays open until the rows are closed.
// Without custom data, nothing is added.
package stdlib

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxstdlib "github.com/jackc/pgx/v5/stdlib"

	"github.com/exaudit/exaudit/internal/custom"
)

// OpenDB opens a database, as pgx's stdlib.OpenDB does, with its options.
func OpenDB(config pgx.ConnConfig, opts ...pgxstdlib.OptionOpenDB) *sql.DB {
	return sql.OpenDB(Connector(pgxstdlib.GetConnector(config, opts...)))
}

// OpenDBFromPool opens a database that uses a pool, as pgx's stdlib.OpenDBFromPool does. Closing
// it does not close the pool.
func OpenDBFromPool(pool *pgxpool.Pool, opts ...pgxstdlib.OptionOpenDB) *sql.DB {
	db := sql.OpenDB(Connector(pgxstdlib.GetPoolConnector(pool, opts...)))
	db.SetMaxIdleConns(0) // the pool keeps them
	return db
}

// Connector wraps a connector of pgx's stdlib package, for sql.OpenDB.
func Connector(c driver.Connector) driver.Connector { return connector{c} }

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := opened.(*pgxstdlib.Conn)
	if !ok {
		_ = opened.Close()
		return nil, errors.New("exaudit: not a connector of pgx's stdlib package")
	}
	return &Conn{Conn: inner, db: custom.New(inner.Conn())}, nil
}

// Conn is the connection that sql.Conn.Raw passes to its function: that of pgx, with custom data.
type Conn struct {
	*pgxstdlib.Conn
	db *custom.DB
	// tx is the transaction that is open, else nil.
	tx pgx.Tx
}

// BeginTx begins a transaction; the custom data of ctx travels with its first statement.
func (c *Conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	options, err := txOptions(opts)
	if err != nil {
		return nil, err
	}
	begun, err := c.db.BeginTx(ctx, options)
	if err != nil {
		return nil, again(err)
	}
	c.tx = begun
	return &transaction{conn: c, ctx: ctx, tx: begun}, nil
}

// Begin is not called by database/sql.
func (c *Conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

func txOptions(opts driver.TxOptions) (options pgx.TxOptions, err error) {
	switch sql.IsolationLevel(opts.Isolation) {
	case sql.LevelDefault:
	case sql.LevelReadUncommitted:
		options.IsoLevel = pgx.ReadUncommitted
	case sql.LevelReadCommitted:
		options.IsoLevel = pgx.ReadCommitted
	case sql.LevelRepeatableRead, sql.LevelSnapshot:
		options.IsoLevel = pgx.RepeatableRead
	case sql.LevelSerializable:
		options.IsoLevel = pgx.Serializable
	default:
		return options, errors.New("unsupported isolation: " + sql.IsolationLevel(opts.Isolation).String())
	}
	if opts.ReadOnly {
		options.AccessMode = pgx.ReadOnly
	}
	return options, nil
}

// again lets database/sql try another connection where nothing was sent on this one.
func again(err error) error {
	if pgconn.SafeToRetry(err) {
		return driver.ErrBadConn
	}
	return err
}

type transaction struct {
	conn *Conn
	ctx  context.Context // as pgx's stdlib has it
	tx   pgx.Tx
}

func (t *transaction) Commit() error {
	t.conn.tx = nil
	return t.tx.Commit(t.ctx)
}

func (t *transaction) Rollback() error {
	t.conn.tx = nil
	return t.tx.Rollback(t.ctx)
}

// ExecContext executes a statement; the custom data of ctx travels with it.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	run := custom.Conn(c.db)
	if c.tx != nil {
		run = c.tx
	}
	tag, err := run.Exec(ctx, query, values(args)...)
	if err != nil {
		return nil, again(err)
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

func values(args []driver.NamedValue) []any {
	list := make([]any, len(args))
	for i, arg := range args {
		list[i] = arg.Value
	}
	return list
}

// QueryContext runs a query; the custom data of ctx travels with it.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	if c.tx != nil {
		return c.queryIn(ctx, c.tx, query, args)
	}
	var found driver.Rows
	done, err := c.db.RunQuery(ctx, query, values(args), func() (err error) {
		found, err = c.Conn.QueryContext(ctx, query, args)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case done:
		return found, nil
	}
	return c.queryInTransaction(ctx, query, args)
}

// queryIn runs a query in a transaction that is open.
func (c *Conn) queryIn(ctx context.Context, tx pgx.Tx, query string, args []driver.NamedValue) (driver.Rows, error) {
	var found driver.Rows
	err := custom.RunQueryIn(ctx, tx, query, values(args), func() (err error) {
		found, err = c.Conn.QueryContext(ctx, query, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// queryInTransaction runs a query in a transaction of its own, which its rows end.
func (c *Conn) queryInTransaction(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	tx, err := c.db.Begin(ctx)
	if err != nil {
		return nil, again(err)
	}
	found, err := c.queryIn(ctx, tx, query, args)
	if err != nil {
		// the first error is the one to report
		_ = tx.Rollback(context.WithoutCancel(ctx))
		return nil, err
	}
	return &rows{Rows: found.(*pgxstdlib.Rows), ctx: ctx, tx: tx}, nil
}

// Prepare is not called by database/sql.
func (c *Conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext prepares a statement that records the custom data of each call's context.
func (c *Conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	prepared, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &statement{Stmt: prepared.(*pgxstdlib.Stmt), conn: c, query: query}, nil
}

type statement struct {
	*pgxstdlib.Stmt
	conn  *Conn
	query string
}

func (s *statement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.query, args)
}

func (s *statement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.query, args)
}

// rows end the transaction of their query. database/sql shows no error of closing rows that
// were read to their end: what only fails then is an error of the last Next.
type rows struct {
	*pgxstdlib.Rows
	ctx context.Context
	tx  pgx.Tx
	err error
}

func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if errors.Is(err, io.EOF) {
		if ended := r.Close(); ended != nil {
			return ended
		}
	}
	return err
}

func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.tx == nil {
		return r.err
	}
	tx := r.tx
	r.tx = nil
	if err != nil {
		_ = tx.Rollback(context.WithoutCancel(r.ctx))
	} else {
		err = tx.Commit(r.ctx)
	}
	r.err = err
	return err
}
