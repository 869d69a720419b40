package exaudit

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// rows are the rows of a statement that is not over when they have been read: its
// transaction still has to end.
type rows struct {
	pgx.Rows
	statement interface {
		// end ends the statement, which may have failed, and gives its error.
		end(tag pgconn.CommandTag, err error) error
	}
	err   error
	ended bool
}

// query gives the rows of a flight.
func (f *flight) query() (pgx.Rows, error) {
	if f.err != nil {
		return f.failed(f.err)
	}
	result, err := f.br.Query()
	if err != nil {
		return f.failed(err)
	}
	f.traced = true
	return &rows{Rows: result, statement: f}, nil
}

// failed are rows that only have an error. What the server has said about the statement's
// execution is theirs alone, as it is without a lead.
func (f *flight) failed(err error) (pgx.Rows, error) {
	early := f.wire.simple || errors.As(err, new(pgx.ErrPreprocessingBatch))
	err = f.end(pgconn.CommandTag{}, err)
	failed := failedRows(err)
	if !early && errors.As(err, new(*pgconn.PgError)) {
		return failed, nil
	}
	return failed, err
}

func failedRows(err error) *rows {
	none, _ := pgx.FailedBatchResults(&pgx.Batch{}, err).Query()
	return &rows{Rows: none, err: err, ended: true}
}

func (r *rows) Close() {
	r.Rows.Close()
	r.finish()
}

func (r *rows) finish() {
	if r.ended {
		return
	}
	r.ended = true
	r.err = r.statement.end(r.Rows.CommandTag(), r.Rows.Err())
}

func (r *rows) Err() error {
	if r.ended {
		return r.err
	}
	return r.Rows.Err()
}

func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.finish()
	return false
}

func (r *rows) Scan(dest ...any) error {
	err := r.Rows.Scan(dest...)
	if err != nil {
		r.Close()
	}
	return err
}

func (r *rows) Values() ([]any, error) {
	values, err := r.Rows.Values()
	if err != nil {
		r.Close()
	}
	return values, err
}

func (r *rows) FieldDescriptions() []pgconn.FieldDescription {
	if r.statement == nil {
		return nil
	}
	return r.Rows.FieldDescriptions()
}

// row is the first of some rows, as pgx.Conn.QueryRow gives it.
type row struct{ pgx.Rows }

func (r row) Scan(dest ...any) error {
	// also where a Scanner panics
	defer r.Close()
	if r.Err() != nil {
		return r.Err()
	}
	for _, d := range dest {
		if _, ok := d.(*pgtype.DriverBytes); ok {
			return errors.New("cannot scan into *pgtype.DriverBytes from QueryRow")
		}
	}
	if !r.Next() {
		if r.Err() != nil {
			return r.Err()
		}
		return pgx.ErrNoRows
	}
	_ = r.Rows.Scan(dest...) // Err has it
	r.Close()
	return r.Err()
}
