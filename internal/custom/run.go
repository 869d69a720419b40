package custom

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/preamble"
)

// RunQuery calls run, which sends a query of package database/sql on the connection of a DB,
// with the custom data of ctx. It reports whether it has called it: it has not where custom
// data cannot travel with the query, which then needs a transaction.
func (d *DB) RunQuery(ctx context.Context, sql string, args []any, run func() error) (bool, error) {
	data := dataOf(ctx)
	if d.sendsUnchanged(data, sql) {
		return true, run()
	}
	e, err := d.executor(ctx, data)
	if err != nil {
		return false, err
	}
	_, done, err := e.runQuery(ctx, e.preambleFor(data), sql, args, run)
	return done, adviseWithout(err)
}

// RunQueryIn is RunQuery in a transaction, which may be one of a DB: there, custom data that
// cannot travel with the query is sent before it.
func RunQueryIn(ctx context.Context, in pgx.Tx, sql string, args []any, run func() error) error {
	t, ok := in.(*tx)
	if !ok {
		return run()
	}
	p, err := t.pendingFor(ctx, sql)
	if err != nil {
		return err
	}
	if p == nil {
		return run()
	}
	applied, done, err := t.executor().runQuery(ctx, p.Preamble, sql, args, run)
	if !done && err == nil {
		if err = p.Send(ctx, t.conn.PgConn(), protocolOf(t.conn).simple()); err == nil {
			applied, err = true, run()
		}
	}
	p.done(applied)
	t.noteQuery(sql)
	return err
}

// runQuery calls run if custom data can travel with its query.
func (e executor) runQuery(
	ctx context.Context, p preamble.Preamble, sql string, args []any, run func() error,
) (applied, done bool, err error) {
	if e.chooseWay(ctx, false, sql, args) != pipelined {
		return false, false, nil
	}
	i := e.inject(p)
	defer i.Stop()
	err = i.End(run())
	return i.Applied(), true, err
}
