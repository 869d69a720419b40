package exaudit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/triggers"
)

// Point is a point in the history of all tables: see AtTime, AtVersion, AtTransaction and AtMark. Everything that
// came after it is left out. The changes of a row are taken in the order of their ids: if one is left out, all later
// ones are left out, too.
type Point struct{ in history.Point }

// String returns the point in words, such as "version 42".
func (p Point) String() string { return p.in.String() }

// AtTime returns the point at a time. A transaction counts as later if it began later, so a transaction that is still
// in progress may be missing in what is read of the last moments. If the time is in the future, by the clock of the
// database, reading returns an *audit.PointError with the reason InFuture.
func AtTime(t time.Time) Point { return Point{history.AtTime(t)} }

// AtVersion returns the point just after a version, of any table: with all versions up to its id. If there is no such
// version, reading returns an *audit.PointError with the reason NoSuchPoint.
func AtVersion(id int64) Point { return Point{history.AtVersion(id)} }

// AtTransaction returns the point just after the last version of a transaction, by its id. It includes the versions
// of other transactions that were recorded before. If the transaction has no version, reading returns an
// *audit.PointError with the reason NoSuchPoint.
func AtTransaction(id uint64) Point { return Point{history.AtTransaction(id)} }

// AtMark returns the point at which a mark was made: with everything that had been committed by then, and nothing
// else. If there is no such mark, reading returns an *audit.PointError with the reason NoSuchPoint.
func AtMark(name string) Point { return Point{history.AtMark(name)} }

// AsOf returns the rows of a table at a point, in the order of their primary keys, as they are read. T is the struct
// that sqlc generates for the table: see History. The columns are the present ones. A column that was added later has
// the value with which it was filled. Masked and excluded columns are zero.
//
// If a table was uninstalled, AsOf returns its rows at points at which it was tracked.
//
// If the rows are not known, the error is an *audit.PointError, or an *audit.TableError if the table was never tracked.
// If a single row is not known (PointError.OfRow), the error comes after all the rows that are known, and the loop may
// continue after it. In a transaction, nothing else can be read until the loop has ended.
func AsOf[T any](ctx context.Context, d *DB, table string, at Point) iter.Seq2[T, error] {
	return asOf(ctx, d, table, at, func(entity history.Entity, give func(T) bool, unknown func(error) bool) error {
		return rowsAsOf(ctx, d, entity, nil, at, func(row *T) bool { return give(*row) }, unknown)
	})
}

// asOf gives the rows of a whole table that read gives, or an error.
func asOf[T any](ctx context.Context, d *DB, table string, at Point,
	read func(entity history.Entity, give func(T) bool, unknown func(error) bool) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		fail := func(err error) bool {
			var none T
			return yield(none, d.asOfError(ctx, table, at, err))
		}
		entity, err := d.wholeTable(ctx, table)
		if err == nil {
			err = read(entity, func(row T) bool { return yield(row, nil) }, fail)
		}
		if err != nil {
			fail(err)
		}
	}
}

// StateAt returns the row that had a key at a point, as AsOf does for the whole table. If there was none, the error is
// audit.ErrNotFound. It reads only what has been recorded of the row since then. If the key is nil, the error is an
// *audit.InvalidError with the reason InvalidKey.
func StateAt[T any](ctx context.Context, d *DB, table string, key any, at Point) (*T, error) {
	var row *T
	err := d.stateAt(ctx, table, key, at, func(entity history.Entity, unknown func(error) bool) error {
		return rowsAsOf(ctx, d, entity, &entity.ID, at, func(r *T) bool { row = r; return true }, unknown)
	}, func() bool { return row != nil })
	if err != nil {
		return nil, err
	}
	return row, nil
}

// stateAt has one row read, and returns ErrNotFound if none was found.
func (d *DB) stateAt(ctx context.Context, table string, key any, at Point,
	read func(entity history.Entity, unknown func(error) bool) error, found func() bool) error {
	entity, err := d.knownEntity(ctx, table, key)
	if err == nil {
		var unknown error
		err = read(entity, func(err error) bool { unknown = err; return false })
		err = cmp.Or(err, unknown)
	}
	if err == nil && !found() {
		err = audit.ErrNotFound
	}
	if err != nil {
		return d.asOfError(ctx, table, at, err)
	}
	return nil
}

func rowsAsOf[T any](ctx context.Context, d *DB, entity history.Entity, key *string, at Point, give func(*T) bool,
	unknown func(error) bool) error {
	reader, err := newRowReader[T](ctx, d.conn, entity)
	if err != nil {
		return err
	}
	return history.AsOf(ctx, d.conn, entity, key, at.in, false, func(rows pgx.Rows, hidden []string) (bool, error) {
		row, err := reader.scan(rows, hidden, 1)
		if err != nil {
			return false, err
		}
		return give(row), nil
	}, unknown)
}

// AsOf returns the rows of a table at a point as images, as the function AsOf returns them as structs. The images do
// not contain masked, excluded and virtual generated columns.
func (d *DB) AsOf(ctx context.Context, table string, at Point) iter.Seq2[audit.Image, error] {
	return asOf(ctx, d, table, at,
		func(entity history.Entity, give func(audit.Image) bool, unknown func(error) bool) error {
			return d.imagesAsOf(ctx, entity, nil, at, give, unknown)
		})
}

// StateAt returns the row that had a key at a point as an image. If there was none, the error is audit.ErrNotFound.
func (d *DB) StateAt(ctx context.Context, table string, key any, at Point) (audit.Image, error) {
	var row audit.Image
	err := d.stateAt(ctx, table, key, at, func(entity history.Entity, unknown func(error) bool) error {
		give := func(image audit.Image) bool { row = image; return true }
		return d.imagesAsOf(ctx, entity, &entity.ID, at, give, unknown)
	}, func() bool { return row != nil })
	if err != nil {
		return nil, err
	}
	return row, nil
}

func (d *DB) imagesAsOf(ctx context.Context, entity history.Entity, key *string, at Point, give func(audit.Image) bool,
	unknown func(error) bool) error {
	return history.AsOf(ctx, d.conn, entity, key, at.in, true, func(rows pgx.Rows, _ []string) (bool, error) {
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
	if !errors.As(err, new(*audit.PointError)) { // which says it itself
		err = fmt.Errorf("%s as of %s: %w", table, at, err)
	}
	return d.explain(ctx, err)
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
		return t, &audit.TableError{Table: t.QuotedName, Reason: audit.TableGone}
	}
	return t, err
}

// trackedTable finds a table that is tracked now.
func (d *DB) trackedTable(ctx context.Context, table string) (triggers.Tracked, error) {
	t, err := d.knownTable(ctx, table)
	if err == nil && !t.Tracked {
		return t, &audit.TableError{Table: t.QuotedName, Reason: audit.NotTracked}
	}
	return t, err
}

// Snapshot calls do with a DB that reads one state of the database, also if something is committed meanwhile. So the
// rows of several tables belong together. Nothing can be written. With a DB of a transaction, the isolation level is
// that of the transaction.
func (d *DB) Snapshot(ctx context.Context, do func(*DB) error) error {
	if d.custom.InTransaction() {
		return do(d)
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, d, options, func(tx pgx.Tx) error { return do(New(tx)) })
}
