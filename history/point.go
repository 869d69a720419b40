package history

import (
	"context"
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
	// ErrFuture means that a point is still to come, by the clock of the database.
	ErrFuture = errors.New("in the future")

	errNoPoint = errors.New("no point in time is given")
)

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

// TableAsOf reads the rows of a table at a point, in the order of their keys, as rows of its
// type or as images. Hidden columns, masked or excluded ones, are NULL in rows and missing in
// images. scan reads one row, and tells whether to go on.
func TableAsOf(ctx context.Context, q db.DBTX, relation uint32, p Point, images bool, scan func(row pgx.Rows, hidden []string) (bool, error)) error {
	if p.function == "" {
		return errNoPoint
	}
	query, err := db.New().AsOfQuery(ctx, q, db.AsOfQueryParams{Relation: relation, FunctionName: p.function, AsImages: images})
	if err != nil {
		return err
	}
	rows, err := q.Query(ctx, query.Query, p.argument)
	if err != nil {
		return explained(err)
	}
	defer rows.Close()
	for rows.Next() {
		if more, err := scan(rows, query.Hidden); err != nil || !more {
			return err
		}
	}
	return explained(rows.Err())
}

// reached tells which versions of an entity are not after a point, or why it cannot be told.
func (p Point) reached(ctx context.Context, q db.DBTX, e Entity) (func(*Version) bool, error) {
	queries := db.New()
	switch argument := p.argument.(type) {
	case time.Time:
		err := queries.CheckInstant(ctx, q, db.CheckInstantParams{TableID: e.TableID, Instant: argument})
		return func(v *Version) bool { return !v.RecordedAt.After(argument) }, explained(err)
	case uint64:
		id, err := queries.TransactionEnd(ctx, q, argument)
		if err != nil {
			return nil, explained(err)
		}
		return AtVersion(id).reached(ctx, q, e)
	case int64:
		err := queries.CheckVersion(ctx, q, db.CheckVersionParams{TableID: e.TableID, VersionID: argument})
		return func(v *Version) bool { return v.ID <= argument }, explained(err)
	case string:
		return reachedMark(ctx, q, e, argument)
	default:
		return nil, errNoPoint
	}
}

func reachedMark(ctx context.Context, q db.DBTX, e Entity, name string) (func(*Version) bool, error) {
	line, err := db.New().EntityLine(ctx, q, db.EntityLineParams{TableID: e.TableID, EntityID: e.ID})
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(line))
	for i, l := range line {
		keys[i] = l.EntityID
	}
	ids, err := db.New().LaterThanMark(ctx, q, db.LaterThanMarkParams{TableID: e.TableID, Name: name, Keys: keys})
	if err != nil {
		return nil, explained(err)
	}
	later := make(map[int64]bool, len(ids))
	for _, id := range ids {
		later[id] = true
	}
	return func(v *Version) bool { return !later[v.ID] }, nil
}

// AsOf gives the row that had the key at a point. Where none had it then, but one of the rows
// that it leads to had another key, that one.
func (r *Replay) AsOf(ctx context.Context, q db.DBTX, p Point) (Row, error) {
	reached, err := p.reached(ctx, q, r.entity)
	if err != nil {
		return Row{}, fmt.Errorf("%s %s as of %s: %w", r.entity.Table, r.entity.ID, p, err)
	}
	if row, ok := r.holder(reached); ok {
		return row, nil
	}
	newest, next, err := r.At(ctx, q, reached)
	if err != nil {
		return Row{}, err
	}
	state := r.Present()
	switch {
	case newest != nil:
		_, state = r.Rows(newest)
	case next != nil:
		state, _ = r.Rows(next)
	}
	return state, nil
}

// holder is the row that had the key when rows had moved between keys as far as was reached.
func (r *Replay) holder(reached func(*Version) bool) (Row, bool) {
	known := make(map[*Line]*Version)
	rest := r.moved
	for len(rest) > 0 && reached(rest[0]) {
		known[r.lineOf[rest[0]]], rest = rest[0], rest[1:]
	}
	for _, v := range known {
		if v.EntityID == r.entity.ID && v.Action != Deleted {
			_, after := r.Rows(v)
			return after, true
		}
	}
	for _, v := range rest {
		if line := r.lineOf[v]; known[line] == nil {
			known[line] = v
			from := v.EntityID
			if v.PreviousEntityID != nil {
				from = *v.PreviousEntityID
			}
			if from == r.entity.ID && v.Action != Created {
				before, _ := r.Rows(v)
				return before, true
			}
		}
	}
	return Row{}, false
}
