package exaudit

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/history"
	"github.com/exaudit/exaudit/triggers"
)

// Point is a point in the history of all tables: see AtTime, AtVersion, AtTransaction and
// AtMark. Everything that came after it is taken back; a row's changes are taken in the order
// of their ids, so that one which follows a later one is later, too.
type Point = history.Point

var (
	// ErrBeforeHistory means that a table's history does not reach back to a point: it was not
	// tracked yet, or retention has removed what came after it.
	ErrBeforeHistory = history.ErrBeforeHistory
	// ErrFuture means that a point is still to come, by the clock of the database.
	ErrFuture = history.ErrFuture
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
// struct that sqlc generates for the table: see HistoryOf. Columns are the present ones; one
// that was added later holds what it was filled with, masked and excluded ones are zero.
//
// What is not known is an error: ErrNotTracked, ErrBeforeHistory, ErrFuture, and where a
// history does not fit together PostgreSQL's own error, which names the row.
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

// EachAsOf gives the rows of AsOf one by one, as they are read, or the first error. In a
// transaction, nothing else can be read until the loop is over.
func EachAsOf[T any](ctx context.Context, d *DB, table string, at Point) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		fail := func(err error) {
			var none T
			yield(none, d.explain(ctx, fmt.Errorf("%s as of %s: %w", table, at, err)))
		}
		t, err := d.trackedTable(ctx, table)
		if err != nil {
			fail(err)
			return
		}
		reader, err := newRowReader[T](ctx, d.conn, history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation})
		if err != nil {
			fail(err)
			return
		}
		err = history.TableAsOf(ctx, d.conn, t.Relation, at, false, func(rows pgx.Rows, hidden []string) (bool, error) {
			row, err := reader.scan(rows, hidden)
			if err != nil {
				return false, err
			}
			return yield(*row, nil), nil
		})
		if err != nil {
			fail(err)
		}
	}
}

// ImagesAsOf gives the rows of AsOf as images, one by one as they are read, or the first
// error. Masked and excluded columns are missing, and so are virtual generated ones.
func (d *DB) ImagesAsOf(ctx context.Context, table string, at Point) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		t, err := d.trackedTable(ctx, table)
		if err == nil {
			err = history.TableAsOf(ctx, d.conn, t.Relation, at, true, func(rows pgx.Rows, _ []string) (bool, error) {
				image, err := scanImage(rows)
				if err != nil {
					return false, err
				}
				return yield(image, nil), nil
			})
		}
		if err != nil {
			yield(nil, d.explain(ctx, fmt.Errorf("%s as of %s: %w", table, at, err)))
		}
	}
}

func scanImage(rows pgx.Rows) (Image, error) {
	var text []byte
	if err := rows.Scan(&text); err != nil {
		return nil, err
	}
	return history.DecodeImage(text)
}

// ImageAt gives the row of StateAt as an image, nil if there was none.
func (d *DB) ImageAt(ctx context.Context, table string, key any, at Point) (Image, error) {
	row, _, err := d.rowAt(ctx, table, key, at)
	return row.Image, d.explain(ctx, err)
}

// StateAt gives the row that had a key at a point, nil if there was none. Where none had it
// then, but the history of the key leads to a row that had another one, it gives that row.
// The complete history of the entity is read and checked. Columns whose value is not
// recorded are zero. Errors are those of AsOf, and ErrDiverged.
func StateAt[T any](ctx context.Context, d *DB, table string, key any, at Point) (*T, error) {
	row, entity, err := d.rowAt(ctx, table, key, at)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	reader, err := newRowReader[T](ctx, d.conn, entity)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	rows, err := reader.read(ctx, d.conn, []history.Row{row})
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	return rows[0], nil
}

func (d *DB) rowAt(ctx context.Context, table string, key any, at Point) (row history.Row, entity history.Entity, err error) {
	if _, err := d.trackedTable(ctx, table); err != nil {
		return row, entity, err
	}
	if entity, err = d.entity(ctx, table, key); err != nil {
		return row, entity, err
	}
	err = d.snapshot(ctx, func(q db.DBTX) error {
		replay, err := history.OpenReplay(ctx, q, entity, 0)
		if err != nil {
			return err
		}
		row, err = replay.AsOf(ctx, q, at)
		return err
	})
	return row, entity, err
}

// trackedTable finds a table that is tracked now: what happened since, else nobody knows.
func (d *DB) trackedTable(ctx context.Context, table string) (triggers.Tracked, error) {
	t, err := triggers.Find(ctx, d.conn, table)
	switch {
	case err != nil:
		return t, err
	case t.Relation == 0:
		return t, fmt.Errorf("%s: %w", t.QuotedName, ErrTableGone)
	case !t.Tracked:
		return t, fmt.Errorf("table %s %w", t.QuotedName, ErrNotTracked)
	}
	return t, nil
}

// Snapshot runs do with a DB that reads one state of the database, whatever is committed
// meanwhile: several tables at one point belong together. Nothing can be written. A DB of a
// transaction has the isolation level that it has.
func (d *DB) Snapshot(ctx context.Context, do func(*DB) error) error {
	if d.tx != nil {
		return do(d)
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, d, options, func(tx pgx.Tx) error { return do(New(tx)) })
}
