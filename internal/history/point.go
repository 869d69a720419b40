package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/jackc/pgx/v5/pgconn"
)

var errNoPoint = &audit.PointError{Point: Point{}.String(), Reason: audit.NoSuchPoint,
	Detail: "no point in time is given"}

// pointReasons are what the functions of schema exaudit raise about a point.
var pointReasons = map[string]audit.PointReason{
	"XA001": audit.NoSuchPoint, "XA011": audit.BeforeHistory, "XA012": audit.InFuture, "XA013": audit.NoSuchPoint,
	"XA014": audit.OutOfSight, "XA015": audit.NotTrackedThen, "XA016": audit.RowUnreadable, "XA017": audit.KeyChanged,
}

// unknown makes a *PointError of what PostgreSQL says of the rows of a table at a point, or, without a table, of the
// point.
func (p Point) unknown(table string, err error) error {
	pgErr := (*pgconn.PgError)(nil)
	if !errors.As(err, &pgErr) || pointReasons[pgErr.Code] == "" {
		return err
	}
	return &audit.PointError{Table: table, Point: p.String(), Reason: pointReasons[pgErr.Code], Detail: pgErr.Message,
		Err: err}
}

// unknownRow reads what exaudit_internal.rows_before says of a row.
func (p Point) unknownRow(table string, problem []byte) error {
	var told struct {
		Key, Message, Code string
		Version            int64
	}
	if err := json.Unmarshal(problem, &told); err != nil {
		return fmt.Errorf("read what is wrong with a row of %s: %w", table, err)
	}
	e := &audit.PointError{Table: table, EntityID: audit.EntityID(told.Key), Point: p.String(), Detail: told.Message,
		Version: told.Version, Reason: pointReasons[told.Code]}
	if e.Reason == "" {
		e.Reason = audit.RowDiverged
		e.Err = &audit.DivergedError{RowID: audit.RowID{Table: table, EntityID: e.EntityID}, Version: told.Version}
	}
	return e
}

// Point is a point in the history of all tables.
type Point struct {
	function string // of schema exaudit, that gives the rows of a table
	argument any
}

// AtTime is an instant: with every change of the transactions that had begun by then. Versions have no more digits of
// a second than its.
func AtTime(t time.Time) Point { return Point{"as_of", t.Truncate(time.Microsecond)} }

// AtVersion is just after a version, of whatever table: with every version up to its id.
func AtVersion(id int64) Point { return Point{"as_of_version", id} }

// AtTransaction is just after the last version of a transaction.
func AtTransaction(id uint64) Point { return Point{"as_of_transaction", id} }

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

// After makes the filter choose only versions after a point.
func (f *Filter) After(ctx context.Context, q db.DBTX, p Point) error {
	switch at, id, mark, err := p.bound(ctx, q); {
	case err != nil:
		return err
	case mark != nil:
		f.SinceMarks = append(f.SinceMarks, mark)
	case at != nil && (f.Since == nil || at.After(*f.Since)):
		f.Since = at
	case id != nil && (f.SinceID == nil || *id > *f.SinceID):
		f.SinceID = id
	}
	return nil
}

// UpTo makes the filter choose only versions that are not after a point.
func (f *Filter) UpTo(ctx context.Context, q db.DBTX, p Point) error {
	switch at, id, mark, err := p.bound(ctx, q); {
	case err != nil:
		return err
	case mark != nil:
		f.UntilMarks = append(f.UntilMarks, mark)
	case at != nil && (f.Until == nil || at.Before(*f.Until)):
		f.Until = at
	case id != nil && (f.UntilID == nil || *id < *f.UntilID):
		f.UntilID = id
	}
	return nil
}

// bound is a point as one of a time, an id and a mark.
func (p Point) bound(ctx context.Context, q db.DBTX) (*time.Time, *int64, *audit.Mark, error) {
	switch argument := p.argument.(type) {
	case time.Time:
		return &argument, nil, nil, nil
	case int64:
		exists, err := db.New().VersionExists(ctx, q, argument)
		if err == nil && !exists {
			err = &audit.PointError{Point: p.String(), Reason: audit.NoSuchPoint,
				Detail: fmt.Sprintf("there is no version %d", argument)}
		}
		return nil, &argument, nil, err
	case uint64:
		last, err := db.New().TransactionEnd(ctx, q, argument)
		return nil, &last, nil, p.unknown("", err)
	case string:
		mark, err := findMark(ctx, q, argument)
		return nil, nil, mark, p.unknown("", err)
	}
	return nil, nil, nil, errNoPoint
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
		return p.unknown(e.Table, err)
	}
	defer rows.Close()
	for rows.Next() {
		values := rows.RawValues()
		if problem := values[len(values)-1]; problem != nil {
			if !unknown(p.unknownRow(e.Table, problem)) {
				return nil
			}
			continue
		}
		if more, err := scan(rows, query.Hidden); err != nil || !more {
			return err
		}
	}
	return p.unknown(e.Table, rows.Err())
}
