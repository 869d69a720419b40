package sql

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3/database"
)

// within has goose work inside of a transaction: what goose takes for a connection is the transaction, and what it
// takes for a transaction is a savepoint.
func (c connection) within(tx pgx.Tx) *sql.DB {
	conn := sql.OpenDB(nested{c.Conn, tx})
	conn.SetMaxOpenConns(1) // there are no others
	return conn
}

// nested is a driver.Connector and the only connection that it has.
type nested struct {
	*stdlib.Conn
	tx pgx.Tx
}

func (n nested) Connect(context.Context) (driver.Conn, error) { return n, nil }

func (n nested) Driver() driver.Driver { return stdlib.GetDefaultDriver() }

func (n nested) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	tx, err := n.tx.Begin(ctx)
	return savepoint{ctx, tx}, err
}

// Close and ResetSession leave the connection to whose it is.
func (n nested) Close() error { return nil }

func (n nested) ResetSession(context.Context) error { return nil }

type savepoint struct {
	ctx context.Context
	tx  pgx.Tx
}

func (s savepoint) Commit() error { return s.tx.Commit(s.ctx) }

func (s savepoint) Rollback() error { return s.tx.Rollback(context.WithoutCancel(s.ctx)) }

const handOver = "ALTER TABLE exaudit_internal.goose_db_version OWNER TO exaudit_owner"

// store is goose's own table. It belongs to exaudit_owner as soon as there is this role: whoever may become it can
// update the schema.
type store struct {
	database.Store
	handedOver bool
}

func newStore(handedOver bool) (*store, error) {
	s, err := database.NewStore(database.DialectPostgres, "exaudit_internal.goose_db_version")
	return &store{s, handedOver}, err
}

// TableExists is one of the extensions that goose looks for.
func (s *store) TableExists(ctx context.Context, conn database.DBTxConn) (bool, error) {
	return s.Store.(interface {
		TableExists(context.Context, database.DBTxConn) (bool, error)
	}).TableExists(ctx, conn)
}

// Insert is called for version 0 when the table has been created, and for others when a migration is done.
func (s *store) Insert(ctx context.Context, conn database.DBTxConn, req database.InsertRequest) error {
	if req.Version > 0 && !s.handedOver {
		if _, err := conn.ExecContext(ctx, handOver); err != nil {
			return err
		}
		s.handedOver = true
	}
	return s.asOwner(ctx, conn, func() error { return s.Store.Insert(ctx, conn, req) })
}

func (s *store) ListMigrations(ctx context.Context, conn database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	var list []*database.ListMigrationsResult
	err := s.asOwner(ctx, conn, func() (err error) { list, err = s.Store.ListMigrations(ctx, conn); return err })
	return list, err
}

func (s *store) GetLatestVersion(ctx context.Context, conn database.DBTxConn) (version int64, err error) {
	err = s.asOwner(ctx, conn, func() error { version, err = s.Store.GetLatestVersion(ctx, conn); return err })
	return version, err
}

func (s *store) asOwner(ctx context.Context, conn database.DBTxConn, do func() error) error {
	if !s.handedOver {
		return do()
	}
	return asOwner(func(text string) error { _, err := conn.ExecContext(ctx, text); return err }, do)
}
