package custom

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/preamble"
)

// sentPreamble is a preamble that was sent before its statement, in a round trip of its own:
// with the BEGIN of a transaction for both, which tracers do not see, or in the transaction
// that is open.
type sentPreamble struct {
	executor
	ctx      context.Context
	preamble preamble.Preamble
	// ownTransaction means that a transaction was begun, and has to be ended.
	ownTransaction, ended bool
}

func (e executor) sendPreamble(ctx context.Context, p preamble.Preamble) (*sentPreamble, error) {
	s := &sentPreamble{executor: e, ctx: ctx, preamble: p, ownTransaction: e.conn.PgConn().TxStatus() == 'I'}
	if !s.ownTransaction {
		return s, p.Send(ctx, e.conn.PgConn(), e.protocol.simple())
	}
	if err := p.SendBegin(ctx, e.conn.PgConn(), e.protocol.simple()); err != nil {
		_ = s.rollback() // the first error is the one to report
		return nil, err
	}
	return s, nil
}

// end is to be called when the statement has ended. It returns the statement's error, or that
// of the transaction's end.
func (s *sentPreamble) end(err error) error {
	s.ended = true
	switch {
	case !s.ownTransaction:
		return s.restore(s.ctx, s.preamble, err)
	case err != nil:
		_ = s.rollback() // the first error is the one to report
		return adviseWithout(err)
	case s.conn.PgConn().TxStatus() == 'I': // the statement has ended it
		return nil
	}
	results, err := s.conn.PgConn().Exec(s.ctx, "commit").ReadAll()
	if err == nil && results[0].CommandTag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	if err != nil {
		_ = s.rollback()
	}
	return err
}

// rollbackUnlessEnded is for a statement that has panicked; it has no effect after end.
func (s *sentPreamble) rollbackUnlessEnded() {
	if !s.ended && s.ownTransaction {
		_ = s.rollback()
	}
}

func (s *sentPreamble) rollback() error {
	c := s.conn.PgConn()
	if c.IsClosed() || c.TxStatus() == 'I' {
		return nil
	}
	ctx := context.WithoutCancel(s.ctx)
	err := c.Exec(ctx, "rollback").Close()
	if err != nil {
		_ = c.Close(ctx) // nobody else may get it
	}
	return err
}

// restore restores the values of before a preamble that was not injected. It returns the
// statement's error.
func (e executor) restore(ctx context.Context, p preamble.Preamble, err error) error {
	if c := e.conn.PgConn(); p.Restore && c.TxStatus() == 'T' && !c.IsBusy() {
		if restoreErr := p.SendRestore(ctx, c); err == nil {
			err = restoreErr
		}
	}
	return err
}

// readFirst reads the values that a preamble asks for, where it will be sent as text.
func (e executor) readFirst(ctx context.Context, p preamble.Preamble) (preamble.Preamble, error) {
	if p.Read == nil {
		return p, nil
	}
	err := preamble.Read(ctx, e.conn.PgConn(), p.Read)
	p.Read = nil
	return p, err
}

// SQLSTATEs of statements that PostgreSQL refuses in a transaction.
const (
	activeSQLTransaction          = "25001"
	invalidTransactionTermination = "2D000"
)

// adviseWithout adds advice to the error of a statement that cannot run in a transaction.
func adviseWithout(err error) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && (pgErr.Code == activeSQLTransaction || pgErr.Code == invalidTransactionTermination) {
		return fmt.Errorf("%w; with custom data, statements run in a transaction: use exaudit.Without", err)
	}
	return err
}
