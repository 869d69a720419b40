package exaudit

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// History returns the versions of one row, as DB.History does, with whole rows. T is the struct that sqlc generates
// for the table: its exported fields are the table's columns, in their order. If it does not fit, the error is an
// *audit.InvalidError with the reason StructMismatch, which names the column.
//
// PostgreSQL converts the values and pgx scans them, as in sqlc's own code. The columns are the present columns of
// the table. A renamed column has its value in old versions, too. A dropped column is left out. A column that was
// added later is Unknown in earlier versions.
//
// Versions are read page by page, as the loop goes on, so the use of memory does not grow with the history. The
// exception is a row whose primary key was changed, which is read at once. The sequence ends with the version that
// was the newest when it began, or with an error: an *audit.DivergedError if the versions do not fit together or do not
// lead to the present row. The options After, Limit and the filters choose among the versions; the rows are always
// computed from the complete history.
func History[T any](ctx context.Context, d *DB, table string, key any,
	opts ...HistoryOption) iter.Seq2[audit.TypedVersion[T], error] {
	return opened(func() (iter.Seq2[audit.TypedVersion[T], error], error) {
		q := historyQuery(opts)
		r, err := openRows[T](ctx, d, table, key, &q)
		if err != nil {
			return nil, err
		}
		return r.typed(ctx, q), nil
	})
}

// States returns the rows before and after a version, as DB.States does, as the struct that sqlc generates for the
// table. If there is no such version, the error is audit.ErrNotFound; the other errors are those of History.
func States[T any](ctx context.Context, d *DB, id int64) (before, after *T, err error) {
	_, entity, err := history.Get(ctx, d.conn, id)
	if err != nil {
		return nil, nil, d.explain(ctx, err)
	}
	r, err := openEntity[T](ctx, d, entity, 0, false)
	if err != nil {
		return nil, nil, err
	}
	for v, err := range r.replay.Versions(ctx, d.conn) {
		if err != nil {
			return nil, nil, d.explain(ctx, err)
		}
		if v.ID == id {
			typed, err := r.convert(ctx, []*history.Version{v})
			if err != nil {
				return nil, nil, d.explain(ctx, err)
			}
			return typed[0].Before, typed[0].After, nil
		}
	}
	return nil, nil, fmt.Errorf("version %d: %w", id, audit.ErrNotFound)
}

// typedReader reads the history of an entity as rows.
type typedReader[T any] struct {
	db     *DB
	replay *history.Replay
	rows   *rowReader[T]
}

func openRows[T any](ctx context.Context, d *DB, table string, key any, q *query) (*typedReader[T], error) {
	entity, err := d.entity(ctx, table, key)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	if err := d.resolveFor(ctx, q, entity); err != nil {
		return nil, d.explain(ctx, err)
	}
	return openEntity[T](ctx, d, entity, q.replayed(), q.page.NewestFirst)
}

func openEntity[T any](ctx context.Context, d *DB, entity history.Entity, pageSize int,
	backwards bool) (*typedReader[T], error) {
	r := &typedReader[T]{db: d}
	var err error
	if r.rows, err = newRowReader[T](ctx, d.conn, entity); err != nil {
		return nil, d.explain(ctx, err)
	}
	err = d.snapshot(ctx, func(conn db.DBTX) (err error) {
		r.replay, err = history.OpenReplay(ctx, conn, entity, pageSize, backwards)
		return err
	})
	return r, d.explain(ctx, err)
}

// replayed is how many versions a replay reads at once, 0 for enough: of the newest ones not many more than are wanted.
func (q query) replayed() int {
	if q.pageSize > 0 || !q.page.NewestFirst {
		return q.pageSize
	}
	return min(2*cmp.Or(q.page.Limit, convertedAtOnce/2)+10, atOnce)
}

// convertedAtOnce is how many versions one query makes rows of.
const convertedAtOnce = 100

func (r *typedReader[T]) typed(ctx context.Context, q query) iter.Seq2[audit.TypedVersion[T], error] {
	return func(yield func(audit.TypedVersion[T], error) bool) {
		left := q.page.Limit
		for batch, err := range r.batches(ctx, q) {
			typed, failure := r.choose(ctx, q, batch, left)
			for _, v := range typed {
				if !yield(v, nil) {
					return
				}
			}
			if left -= len(typed); failure == nil && q.page.Limit > 0 && left == 0 {
				return
			}
			if err = cmp.Or(failure, err); err != nil {
				yield(audit.TypedVersion[T]{}, r.db.explain(ctx, err))
				return
			}
		}
	}
}

// choose makes rows of those of some versions that pass the filter, of no more than are left of a limit.
func (r *typedReader[T]) choose(ctx context.Context, q query, versions []*history.Version,
	left int) ([]audit.TypedVersion[T], error) {
	if q.filtered && len(versions) > 0 {
		passing, err := r.db.passing(ctx, q, versions)
		if err != nil {
			return nil, err
		}
		versions = passing
	}
	if left > 0 && len(versions) > left {
		versions = versions[:left]
	}
	if err := q.comparison.Compare(ctx, r.db.conn, versions); err != nil {
		return nil, err
	}
	return r.convert(ctx, versions)
}

// batches gives the versions that one query makes rows of; an error comes with the last
// ones before it.
func (r *typedReader[T]) batches(ctx context.Context, q query) iter.Seq2[[]*history.Version, error] {
	size := cmp.Or(q.pageSize, convertedAtOnce)
	if q.page.Limit > 0 && !q.filtered {
		size = min(size, q.page.Limit)
	}
	versions := r.replay.Versions(ctx, r.db.conn)
	if q.page.NewestFirst {
		versions = r.replay.Backwards(ctx, r.db.conn)
	}
	versions = history.Rest(versions, q.page.After, q.page.NewestFirst)
	return func(yield func([]*history.Version, error) bool) {
		var batch []*history.Version
		for v, err := range versions {
			if err != nil {
				yield(batch, err)
				return
			}
			if batch = append(batch, v); len(batch) == size {
				if !yield(batch, nil) {
					return
				}
				batch = nil
			}
		}
		yield(batch, nil)
	}
}

// convert makes the rows of versions in one query, each row once.
func (r *typedReader[T]) convert(ctx context.Context, versions []*history.Version) ([]audit.TypedVersion[T], error) {
	typed := make([]audit.TypedVersion[T], len(versions))
	var (
		wanted []history.Row
		places = make([][2]int, len(versions))
	)
	place := func(row history.Row) int {
		if n := len(wanted) - 1; n >= 0 && row.Same(wanted[n]) {
			return n
		}
		wanted = append(wanted, row)
		return len(wanted) - 1
	}
	for i, v := range versions {
		before, after := r.replay.Rows(v)
		places[i] = [2]int{place(before), place(after)}
		typed[i] = audit.TypedVersion[T]{Version: &v.Version, Unknown: r.rows.unknownOf(before, after)}
	}
	if err := history.NoteUndid(ctx, r.db.conn, versions); err != nil {
		return nil, err
	}
	rows, err := r.rows.read(ctx, r.db.conn, wanted)
	if err != nil {
		return nil, err
	}
	for i := range typed {
		typed[i].Before, typed[i].After = rows[places[i][0]], rows[places[i][1]]
	}
	return typed, nil
}
