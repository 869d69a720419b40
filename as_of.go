package exaudit

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/triggers"
)

// RowError says of one row that nobody knows what it was at a point, while others are known. errors.Is finds
// ErrDiverged, where its versions do not fit together, or ErrUnreadable.
type RowError = history.RowError

// Point is a point in the history of all tables: see AtTime, AtVersion, AtTransaction and
// AtMark. Everything that came after it is taken back; a row's changes are taken in the order
// of their ids, so that one which follows a later one is later, too.
type Point = history.Point

var (
	// ErrBeforeHistory means that a table's history does not reach back to a point: it was not
	// tracked yet, or retention has removed what came after it.
	ErrBeforeHistory = history.ErrBeforeHistory
	// ErrNotTrackedThen means that nothing was recorded of a table at a point, because it was not tracked: it had been
	// uninstalled.
	ErrNotTrackedThen = history.ErrNotTrackedThen
	// ErrUnreadable means that what was recorded of a row cannot be a row of its table any more: a type that was
	// changed since does not read it.
	ErrUnreadable = history.ErrUnreadable
	// ErrFuture means that a point is still to come, by the clock of the database.
	ErrFuture = history.ErrFuture
	// ErrOutOfSight means that rows of a table may have changed without a version, as its options where, allow_ignore
	// and on_truncate allow, or while its triggers are off: nobody knows what they were. With SET LOCAL exaudit.unseen
	// = 'on' in a transaction, or in Snapshot, what is not recorded is taken to be as it is now.
	ErrOutOfSight = history.ErrOutOfSight
	// ErrKeyChanged means that a table has another primary key than it had at that point, so that the rows of the two
	// cannot be told to be the same.
	ErrKeyChanged = history.ErrKeyChanged
)

// AtTime is an instant. A change counts from the beginning of its transaction on, so a
// transaction that is still under way may be missing in what is read of the last moments. An
// instant that is still to come, by the database's clock, gives ErrFuture.
func AtTime(t time.Time) Point { return history.AtTime(t) }

// AtVersion is just after a version, of whatever table: with every version up to its id.
// There must be one, else it gives ErrNoVersion.
func AtVersion(id int64) Point { return history.AtVersion(id) }

// AtTransaction is just after the last version of a transaction, by its id: with the
// versions of others that were recorded before. There must be one, else it gives ErrNoVersion.
func AtTransaction(xid uint64) Point { return history.AtTransaction(xid) }

// AtMark is when a mark was made: with everything that had been committed by then, and
// nothing else. There must be one, else it gives ErrNoMark.
func AtMark(name string) Point { return history.AtMark(name) }

// AsOf gives the rows of a table at a point, in the order of their primary keys, as T, the
// struct that sqlc generates for the table: see History. Columns are the present ones; one
// that was added later holds what it was filled with, masked and excluded ones are zero.
//
// A table that was uninstalled has the rows that it had while it was tracked.
//
// What is not known is an error: ErrNotTracked, ErrNotTrackedThen, ErrBeforeHistory, ErrFuture, ErrOutOfSight,
// ErrKeyChanged, and of one row a *RowError. EachAsOf gives the others all the same.
func AsOf[T any](ctx context.Context, d *DB, table string, at Point) ([]T, error) {
	rows := []T{}
	for row, err := range EachAsOf[T](ctx, d, table, at) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// EachAsOf returns the rows of AsOf one by one, as they are read, or the first error. A row that nobody knows is a
// *RowError, and comes after those that are known; the loop may go on, to the next one. In a transaction, nothing else
// can be read until the loop is over.
func EachAsOf[T any](ctx context.Context, d *DB, table string, at Point) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		entity, err := d.wholeTable(ctx, table)
		if err == nil {
			err = rowsAsOf(ctx, d, entity, nil, at, func(row *T) bool { return yield(*row, nil) },
				func(err error) bool {
					return yield(none, d.asOfError(ctx, table, at, err))
				})
		}
		if err != nil {
			yield(none, d.asOfError(ctx, table, at, err))
		}
	}
}

// StateAt gives the row that had a key at a point, nil if there was none, as AsOf gives the
// rows of the table. Only what is recorded of the row since then is read. A nil key is
// ErrInvalidKey.
func StateAt[T any](ctx context.Context, d *DB, table string, key any, at Point) (state *T, err error) {
	entity, err := d.knownEntity(ctx, table, key)
	if err == nil {
		var unknown error
		err = rowsAsOf(ctx, d, entity, &entity.ID, at, func(row *T) bool { state = row; return true }, first(&unknown))
		err = cmp.Or(err, unknown)
	}
	if err != nil {
		return nil, d.asOfError(ctx, table, at, err)
	}
	return state, nil
}

// first keeps the first error, and wants no other.
func first(kept *error) func(error) bool {
	return func(err error) bool { *kept = err; return false }
}

func rowsAsOf[T any](ctx context.Context, d *DB, entity history.Entity, key *string, at Point, give func(*T) bool,
	unknown func(error) bool) error {
	reader, err := newRowReader[T](ctx, d.conn, entity)
	if err != nil {
		return err
	}
	return history.AsOf(ctx, d.conn, entity, key, at, false, func(rows pgx.Rows, hidden []string) (bool, error) {
		row, err := reader.scan(rows, hidden, 1)
		if err != nil {
			return false, err
		}
		return give(row), nil
	}, unknown)
}

// ImagesAsOf gives the rows of AsOf as images, one by one as they are read, or the first
// error. Masked and excluded columns are missing, and so are virtual generated ones. The loop may go on after a
// *RowError, as with EachAsOf.
func (d *DB) ImagesAsOf(ctx context.Context, table string, at Point) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		entity, err := d.wholeTable(ctx, table)
		if err == nil {
			err = d.imagesAsOf(ctx, entity, nil, at, func(image Image) bool { return yield(image, nil) },
				func(err error) bool {
					return yield(nil, d.asOfError(ctx, table, at, err))
				})
		}
		if err != nil {
			yield(nil, d.asOfError(ctx, table, at, err))
		}
	}
}

// ImageAt gives the row of StateAt as an image, nil if there was none.
func (d *DB) ImageAt(ctx context.Context, table string, key any, at Point) (row Image, err error) {
	entity, err := d.knownEntity(ctx, table, key)
	if err == nil {
		var unknown error
		err = d.imagesAsOf(ctx, entity, &entity.ID, at, func(image Image) bool { row = image; return true },
			first(&unknown))
		err = cmp.Or(err, unknown)
	}
	if err != nil {
		return nil, d.asOfError(ctx, table, at, err)
	}
	return row, nil
}

func (d *DB) imagesAsOf(ctx context.Context, entity history.Entity, key *string, at Point, give func(Image) bool,
	unknown func(error) bool) error {
	return history.AsOf(ctx, d.conn, entity, key, at, true, func(rows pgx.Rows, _ []string) (bool, error) {
		var text []byte
		if err := rows.Scan(&text, nil); err != nil {
			return false, err
		}
		image, err := history.DecodeImage(text)
		if err != nil {
			return false, err
		}
		return give(image), nil
	}, unknown)
}

func (d *DB) asOfError(ctx context.Context, table string, at Point, err error) error {
	return d.explain(ctx, fmt.Errorf("%s as of %s: %w", table, at, err))
}

// knownEntity finds the entity that a key names, of a table that is there.
func (d *DB) knownEntity(ctx context.Context, table string, key any) (history.Entity, error) {
	if _, err := d.knownTable(ctx, table); err != nil {
		return history.Entity{}, err
	}
	return d.entity(ctx, table, key)
}

// wholeTable finds a table that is there, with no row of it in particular.
func (d *DB) wholeTable(ctx context.Context, table string) (history.Entity, error) {
	t, err := d.knownTable(ctx, table)
	return history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation}, err
}

// knownTable finds a table that is there, and is tracked or has been.
func (d *DB) knownTable(ctx context.Context, table string) (triggers.Tracked, error) {
	t, err := triggers.Find(ctx, d.conn, table)
	if err == nil && t.Relation == 0 {
		return t, fmt.Errorf("%s: %w", t.QuotedName, ErrTableGone)
	}
	return t, err
}

// trackedTable finds a table that is tracked now.
func (d *DB) trackedTable(ctx context.Context, table string) (triggers.Tracked, error) {
	t, err := d.knownTable(ctx, table)
	if err == nil && !t.Tracked {
		return t, fmt.Errorf("table %s %w", t.QuotedName, ErrNotTracked)
	}
	return t, err
}

// Snapshot runs do with a DB that reads one state of the database, whatever is committed
// meanwhile: several tables at one point belong together. Nothing can be written. A DB of a
// transaction has the isolation level that it has.
func (d *DB) Snapshot(ctx context.Context, do func(*DB) error) error {
	if d.custom.InTransaction() {
		return do(d)
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, d, options, func(tx pgx.Tx) error { return do(New(tx)) })
}
