package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
)

var (
	// ErrBeforeHistory means that a table's history does not reach back to a point: it was not
	// tracked yet, or retention has removed what came after it.
	ErrBeforeHistory = errors.New("before the history begins")
	// ErrNotTrackedThen means that nothing was recorded of a table at a point, because it was not tracked: it had been
	// uninstalled.
	ErrNotTrackedThen = errors.New("not tracked at that time")
	// ErrUnreadable means that what was recorded of a row cannot be a row of its table any more: a type that was
	// changed since does not read it.
	ErrUnreadable = errors.New("not readable as the table is now")
	// ErrFuture means that a point is still to come, by the clock of the database.
	ErrFuture = errors.New("in the future")

	// ErrOutOfSight means that rows of a table may have changed without a version, as its options allow, or while its
	// triggers are off: nobody knows what they were.
	ErrOutOfSight = errors.New("changed out of sight")

	errNoPoint = errors.New("no point in time is given")
)

// RowError says of one row that nobody knows what it was at a point, while others are known. errors.Is finds
// ErrDiverged, where its versions do not fit together, or ErrUnreadable.
type RowError struct {
	Table   string // quoted
	Key     string // the entity id that it had then, or of the version
	Version int64  // the one that does not fit; 0 where none is to blame
	Reason  string
	is      error
}

func (e *RowError) Error() string { return e.Reason }

func (e *RowError) Unwrap() error { return e.is }

// newRowError reads what exaudit_internal.rows_before says of a row.
func newRowError(table string, problem []byte) error {
	var told struct {
		Key, Message, Code string
		Version            int64
	}
	if err := json.Unmarshal(problem, &told); err != nil {
		return fmt.Errorf("read what is wrong with a row of %s: %w", table, err)
	}
	e := &RowError{Table: table, Key: told.Key, Version: told.Version, Reason: told.Message, is: ErrDiverged}
	if is := raised[told.Code]; is != nil {
		e.is = is
	}
	return e
}

// Point is a point in the history of all tables.
type Point struct {
	function string // of schema exaudit, that gives the rows of a table
	argument any
}

// AtTime is an instant: with every change of the transactions that had begun by then.
func AtTime(t time.Time) Point { return Point{"as_of", t} }

// AtVersion is just after a version, of whatever table: with every version up to its id.
func AtVersion(id int64) Point { return Point{"as_of_version", id} }

// AtTransaction is just after the last version of a transaction.
func AtTransaction(xid uint64) Point { return Point{"as_of_transaction", xid} }

// AtMark is when a mark was made: with everything that had been committed.
func AtMark(name string) Point { return Point{"as_of_mark", name} }

// String says which point it is.
func (p Point) String() string {
	switch argument := p.argument.(type) {
	case time.Time:
		return argument.Format(time.RFC3339Nano)
	case int64:
		return fmt.Sprintf("version %d", argument)
	case uint64:
		return fmt.Sprintf("transaction %d", argument)
	case string:
		return "mark " + argument
	default:
		return "no point"
	}
}

// AsOf reads the rows of a table at a point, in the order of their keys, or where a key is given
// the row that had it: as rows of the table's type, or as images. Hidden columns,
// masked or excluded ones, are NULL in rows and missing in images. scan reads one row, and reports
// whether to go on; the last column of a row is not for it. Of a row that is not known, unknown is told instead, after
// the others.
func AsOf(ctx context.Context, q db.DBTX, e Entity, key *string, p Point, images bool,
	scan func(row pgx.Rows, hidden []string) (bool, error), unknown func(error) bool) error {
	if p.function == "" {
		return errNoPoint
	}
	query, err := db.New().AsOfQuery(ctx, q, db.AsOfQueryParams{Relation: e.Relation, FunctionName: p.function,
		AsImages: images})
	if err != nil {
		return err
	}
	rows, err := q.Query(ctx, query.Query, p.argument, key)
	if err != nil {
		return explained(err)
	}
	defer rows.Close()
	for rows.Next() {
		values := rows.RawValues()
		if problem := values[len(values)-1]; problem != nil {
			if !unknown(newRowError(e.Table, problem)) {
				return nil
			}
			continue
		}
		if more, err := scan(rows, query.Hidden); err != nil || !more {
			return err
		}
	}
	return explained(rows.Err())
}
