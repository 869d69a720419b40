package exaudit

import (
	"context"

	"github.com/exaudit/exaudit/internal/ahead"
)

func init() { ahead.Around = around }

// around is ahead.Around.
func around(ctx context.Context, of any, sql string, args []any, run func() error) (bool, error) {
	switch of := of.(type) {
	case *tx:
		need, err := of.need(ctx, sql)
		if err != nil {
			return false, err
		}
		if need == nil {
			return true, run()
		}
		told, done, err := of.line().around(ctx, need.Settings, sql, args, run)
		if !done && err == nil {
			// apart, but in the transaction that there is
			if err = need.Send(ctx, of.conn.PgConn(), wireOf(of.conn).simple()); err == nil {
				told, done, err = true, true, run()
			}
		}
		need.met(told)
		of.foresee(sql)
		return done, err
	case *DB:
		s := saidBy(ctx)
		if of.asIs(s, sql) {
			return true, run()
		}
		l, err := of.line(ctx, s)
		if err != nil {
			return false, err
		}
		_, done, err := l.around(ctx, l.settings(s), sql, args, run)
		return done, advised(err)
	}
	return true, run()
}

func (l line) around(ctx context.Context, s ahead.Settings, sql string, args []any, run func() error) (told, done bool, err error) {
	if w := l.wayOf(ctx, false, sql, args); w != along {
		return false, false, nil
	}
	r := ahead.Mount(l.conn, s, l.wire.prepares())
	defer r.Dismount()
	err = r.End(run())
	return r.Told(), true, err
}
