package exaudit

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/ahead"
)

// apart are settings that one statement follows: in a transaction that is begun for it, and
// of which no tracer knows, or in the one that there is.
type apart struct {
	line
	ctx      context.Context
	settings ahead.Settings
	// own means that the transaction is to be ended.
	own, ended bool
}

func (l line) apart(ctx context.Context, s ahead.Settings) (*apart, error) {
	a := &apart{line: l, ctx: ctx, settings: s, own: l.conn.PgConn().TxStatus() == 'I'}
	if !a.own {
		return a, s.Send(ctx, l.conn.PgConn(), l.wire.simple())
	}
	if err := s.Begin(ctx, l.conn.PgConn(), l.wire.simple()); err != nil {
		_ = a.rollback() // the first error is the one to report
		return nil, err
	}
	return a, nil
}

// end ends what was begun, and returns the statement's error.
func (a *apart) end(err error) error {
	a.ended = true
	switch {
	case !a.own:
		return a.restore(a.ctx, a.settings, err)
	case err != nil:
		_ = a.rollback() // the first error is the one to report
		return advised(err)
	case a.conn.PgConn().TxStatus() == 'I': // the statement has ended it
		return nil
	}
	results, err := a.conn.PgConn().Exec(a.ctx, "commit").ReadAll()
	if err == nil && results[0].CommandTag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	if err != nil {
		_ = a.rollback()
	}
	return err
}

// abandon has no effect after end.
func (a *apart) abandon() {
	if !a.ended && a.own {
		_ = a.rollback()
	}
}

func (a *apart) rollback() error {
	c := a.conn.PgConn()
	if c.IsClosed() || c.TxStatus() == 'I' {
		return nil
	}
	ctx := context.WithoutCancel(a.ctx)
	err := c.Exec(ctx, "rollback").Close()
	if err != nil {
		_ = c.Close(ctx) // nobody else may get it
	}
	return err
}

// restore brings back what the session had before settings that were not sent along.
func (l line) restore(ctx context.Context, s ahead.Settings, err error) error {
	if c := l.conn.PgConn(); s.Restore && c.TxStatus() == 'T' && !c.IsBusy() {
		if undone := s.Undo(ctx, c); err == nil {
			err = undone
		}
	}
	return err
}

// readApart reads what settings want to know, where they are sent as text.
func (l line) readApart(ctx context.Context, s ahead.Settings) (ahead.Settings, error) {
	if s.Read == nil {
		return s, nil
	}
	err := ahead.Read(ctx, l.conn.PgConn(), s.Read)
	s.Read = nil
	return s, err
}

// advised says what to do where a statement refuses the transaction that custom data needs.
func advised(err error) error {
	var pgErr *pgconn.PgError
	// active_sql_transaction, invalid_transaction_termination
	if errors.As(err, &pgErr) && (pgErr.Code == "25001" || pgErr.Code == "2D000") {
		return fmt.Errorf("%w; with custom data, statements run in a transaction: use exaudit.Without", err)
	}
	return err
}
