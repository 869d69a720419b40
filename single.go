package exaudit

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// single is a transaction for one statement, which ends with it.
type single struct {
	ctx context.Context
	run Conn
	// tx is nil where the statement is part of a transaction that was there before.
	tx pgx.Tx
}

func (s single) end(_ pgconn.CommandTag, err error) error {
	switch {
	case s.tx == nil:
		return err
	case err != nil:
		s.abandon()
		return advised(err)
	}
	return s.tx.Commit(s.ctx)
}

// abandon has no effect after end. There is an error to report already.
func (s single) abandon() {
	if s.tx != nil {
		_ = s.tx.Rollback(context.WithoutCancel(s.ctx))
	}
}

func (s single) exec(sql string, args []any) (pgconn.CommandTag, error) {
	defer s.abandon()
	tag, err := s.run.Exec(s.ctx, sql, args...)
	return tag, s.end(tag, err)
}

func (s single) copyFrom(table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	defer s.abandon()
	n, err := s.run.CopyFrom(s.ctx, table, columns, source)
	if err = s.end(pgconn.CommandTag{}, err); err != nil {
		return 0, err
	}
	return n, nil
}

func (s single) query(sql string, args []any) (pgx.Rows, error) {
	result, err := s.run.Query(s.ctx, sql, args...)
	if err != nil {
		s.abandon()
		if s.tx != nil {
			err = advised(err)
		}
		return failedRows(err), err
	}
	return &rows{Rows: result, statement: s}, nil
}
