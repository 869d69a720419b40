package exaudit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/history"
	"github.com/exaudit/exaudit/triggers"
)

// AsOf gives the rows of a table as they were at a point, as T, the struct that sqlc generates
// for the table: what was deleted since is there, what was created since is not, and of a key
// that was used twice it is the row of then. Columns are the table's present ones: one that was
// added since holds what it was filled with; one that is masked or excluded is NULL, so its
// field must take that. The rows are in the order of the primary key.
//
// They are read as the loop goes on. Of several tables at one point, read each on the same
// transaction of isolation level REPEATABLE READ.
//
// Errors: ErrNotTracked, ErrBeforeHistory, ErrNoVersion, ErrNoMark, ErrStructMismatch; where a
// history does not fit together, ErrDiverged.
func AsOf[T any](ctx context.Context, d *DB, table string, at Point) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		t, err := triggers.Find(ctx, d.conn, table)
		if err != nil {
			yield(none, d.explain(ctx, err))
			return
		}
		r, err := newRowReader[T](ctx, d.conn, history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation})
		if err != nil {
			yield(none, d.explain(ctx, err))
			return
		}
		for rows, err := range d.asOf(ctx, t, at, "r.*") {
			if err != nil {
				yield(none, err)
				return
			}
			row, err := r.scan(rows, nil)
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(*row, nil) {
				return
			}
		}
	}
}

// ImagesAsOf is AsOf for rows of any table, as images.
func (d *DB) ImagesAsOf(ctx context.Context, table string, at Point) iter.Seq2[Image, error] {
	return func(yield func(Image, error) bool) {
		t, err := triggers.Find(ctx, d.conn, table)
		if err != nil {
			yield(nil, d.explain(ctx, err))
			return
		}
		for rows, err := range d.asOf(ctx, t, at, "exaudit.encode(r.*)") {
			var encoded []byte
			var image Image
			if err == nil {
				err = rows.Scan(&encoded)
			}
			if err == nil {
				image, err = history.DecodeImage(encoded)
			}
			if !yield(image, err) || err != nil {
				return
			}
		}
	}
}

// ImageAt gives one row as it was at a point, nil if there was none, as StateAt does. What is not
// recorded is missing.
func (d *DB) ImageAt(ctx context.Context, table string, key any, at Point) (Image, error) {
	entity, err := d.entity(ctx, table, key)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	var image Image
	err = d.snapshot(ctx, func(q db.DBTX) error {
		replay, err := history.OpenReplay(ctx, q, entity, 0)
		if err != nil {
			return err
		}
		state, err := at.stateIn(ctx, q, entity, replay)
		image = state.Image
		return err
	})
	return image, d.explain(ctx, err)
}

// stateIn is the row at the point, of the entity of a replay.
func (p Point) stateIn(ctx context.Context, q db.DBTX, e history.Entity, replay *history.Replay) (history.Row, error) {
	point, err := p.reach(ctx, q, e)
	if err != nil {
		return history.Row{}, err
	}
	newest, next, err := replay.At(ctx, q, point.made)
	state := replay.Present()
	switch {
	case newest != nil:
		_, state = replay.Rows(newest)
	case next != nil:
		state, _ = replay.Rows(next)
	}
	return state, err
}

// asOf gives the rows of a query, each time with the next row to scan.
func (d *DB) asOf(ctx context.Context, t triggers.Tracked, at Point, output string) iter.Seq2[pgx.Rows, error] {
	return func(yield func(pgx.Rows, error) bool) {
		fail := func(err error) {
			yield(nil, d.explain(ctx, fmt.Errorf("rows of %s: %w", t.QuotedName, pastError(err))))
		}
		if t.Relation == 0 {
			fail(ErrTableGone)
			return
		}
		order, err := keyOrder(ctx, d.conn, t.Relation)
		if err != nil {
			fail(err)
			return
		}
		// names are quoted by PostgreSQL
		query := fmt.Sprintf("SELECT %s FROM exaudit.%s(NULL::%s, $1) AS r%s", output, at.function, t.QuotedName, order)
		rows, err := d.conn.Query(ctx, query, at.argument)
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			if !yield(rows, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}

// keyOrder sorts the rows r of a table by its primary key.
func keyOrder(ctx context.Context, q db.DBTX, relation uint32) (string, error) {
	columns, err := db.New().TableColumns(ctx, q, relation)
	if err != nil {
		return "", err
	}
	columns = slices.DeleteFunc(columns, func(c db.TableColumnsRow) bool { return c.KeyPosition < 0 })
	slices.SortFunc(columns, func(a, b db.TableColumnsRow) int { return int(a.KeyPosition - b.KeyPosition) })
	order := ""
	for i, c := range columns {
		order += []string{" ORDER BY ", ", "}[min(i, 1)] + "r." + c.QuotedName
	}
	return order, nil
}

// pastError is the sentinel of what the functions for past rows raise.
func pastError(err error) error {
	pgErr := (*pgconn.PgError)(nil)
	if !errors.As(err, &pgErr) {
		return err
	}
	sentinels := []struct {
		code string
		is   error
	}{{"72000", ErrBeforeHistory}, {"P0002", ErrNoVersion}, {"XA001", ErrNoMark}, {"42P01", ErrNotTracked}, {"22000", ErrDiverged}}
	i := slices.IndexFunc(sentinels, func(s struct {
		code string
		is   error
	}) bool {
		return s.code == pgErr.Code
	})
	if i < 0 {
		return err
	}
	return fmt.Errorf("%w: %s (%w)", sentinels[i].is, pgErr.Message, err)
}

// reach checks that a table's history goes back to a point.
func (p Point) reach(ctx context.Context, q db.DBTX, e history.Entity) (reached, error) {
	r, err := p.resolve(ctx, q)
	if err != nil {
		return r, err
	}
	since, err := db.New().CompleteSince(ctx, q, e.TableID)
	if err != nil {
		return r, fmt.Errorf("read since when the history of %s is complete: %w", e.Table, err)
	}
	if r.moment.Before(since) {
		return r, fmt.Errorf("%s: %w: it is since %s", e.Table, ErrBeforeHistory, since)
	}
	return r, nil
}
