package custom

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// rows are the rows of a statement that has not ended when they were read: a transaction
// still has to be ended, or a connection to be released.
type rows struct {
	pgx.Rows
	// end ends the statement; it takes and returns the statement's error.
	end   func(tag pgconn.CommandTag, err error) error
	err   error
	ended bool
}

// failedRows returns rows that have nothing but an error.
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
	r.err = r.end(r.Rows.CommandTag(), r.Rows.Err())
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
	if r.end == nil {
		return nil
	}
	return r.Rows.FieldDescriptions()
}

// row is the first of rows, as pgx.Conn.QueryRow returns it.
type row struct{ pgx.Rows }

func (r row) Scan(dest ...any) error {
	defer r.Close() // also where a Scanner panics
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
	_ = r.Rows.Scan(dest...) // Err returns its error
	r.Close()
	return r.Err()
}
