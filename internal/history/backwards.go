package history

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// canGoBack reports whether the states before the present row follow from it. They do not where the row may have
// changed out of sight, where columns had other types, or where there is no present row to begin with.
func (r *Replay) canGoBack() bool {
	return r.moved == nil && !r.present.Unknown && !r.present.Gaps && !r.isRetyped()
}

// Backwards gives the versions of a replay that was opened for it, the newest first. If possible, it reads only as many
// as are wanted, in stretches that end where the one before began.
func (r *Replay) Backwards(ctx context.Context, q db.DBTX) iter.Seq2[*Version, error] {
	if r.canGoBack() {
		return r.stretchwise(ctx, q)
	}
	return func(yield func(*Version, error) bool) {
		var versions []*Version
		for v, err := range r.Versions(ctx, q) {
			if err != nil {
				yield(nil, err)
				return
			}
			versions = append(versions, v)
		}
		for _, v := range slices.Backward(versions) {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (r *Replay) stretchwise(ctx context.Context, q db.DBTX) iter.Seq2[*Version, error] {
	return func(yield func(*Version, error) bool) {
		s := stretch{EntityID: r.entity.ID, FirstID: r.entity.Period.After + 1, LastID: r.lastID}
		end, later := r.present, int64(0) // what the versions lead to, and the version that comes next
		r.first = r.opening.present.Row
		for size, all := r.page, false; !all; size *= 2 {
			var versions []*Version
			var err error
			versions, all, err = r.newest(ctx, q, s, size)
			if err != nil {
				yield(nil, fmt.Errorf("read the history of %s %s: %w", r.entity.Table, r.entity.ID, err))
				return
			}
			if len(versions) == 0 {
				continue // of one transaction, which has still more
			}
			s.LastID = versions[0].ID - 1
			next := versions[0].ID
			before, err := r.lead(versions, end, all)
			if err != nil {
				yield(nil, r.entity.misfit(at(later, err)))
				return
			}
			for _, v := range slices.Backward(versions) {
				if !yield(v, nil) {
					return
				}
			}
			end.Row, later, size = before, next, min(size, pageSize/2)
		}
	}
}

// newest reads the newest versions of a stretch, oldest first, whole transactions of no more versions than size says;
// all reports whether these are all versions of the stretch.
func (r *Replay) newest(ctx context.Context, q db.DBTX, s stretch, size int) (versions []*Version, all bool,
	err error) {
	versions, err = readPage(ctx, q, r.entity, s, Page{Limit: size, NewestFirst: true})
	if err != nil {
		return nil, true, err
	}
	slices.Reverse(versions)
	r.columns.rename(versions, r.compare)
	if all = len(versions) < size; !all {
		versions = versions[endOfTransaction(versions, 0):]
	}
	return versions, all, nil
}

// lead rebuilds the states of versions, which lead to what the row was after them, and returns what it was before.
// begin says that there are no versions before these.
func (r *Replay) lead(versions []*Version, end Present, begin bool) (before audit.Image, err error) {
	o := opening{present: end}
	o.present.Row = without(end.Row, end.Hidden)
	var first audit.Image
	for i := 0; i < len(versions); {
		group := versions[i:endOfTransaction(versions, i)]
		i += len(group)
		o.through(group)
		sorted := slices.Clone(group)
		arrange(sorted, nil)
		for _, v := range sorted {
			first = r.alsoFound(first, v)
		}
	}
	r.first = overlay(r.first, first, nil)
	before = o.origin()
	w := newWalk(before, versions[0].epoch, end)
	for i := 0; i < len(versions); {
		group := versions[i:endOfTransaction(versions, i)]
		i += len(group)
		if err := w.through(group); err != nil {
			return nil, err
		}
		for _, v := range group {
			v.Cut = v.Cut && begin
		}
		noteUnknown(group, r.present.Hidden)
	}
	return before, w.end()
}

// at says of an error that versions do not lead to the next one, which it is.
func at(version int64, err error) error {
	misfit := (*audit.DivergedError)(nil)
	if errors.As(err, &misfit) && misfit.Version == 0 {
		misfit.Version = version
	}
	return err
}

// Rest leaves out of versions, in either order, those up to one with an id, wherever that is in its transaction. If it
// is not there any more, the ids decide.
func Rest(versions iter.Seq2[*Version, error], after int64, newestFirst bool) iter.Seq2[*Version, error] {
	if after == 0 {
		return versions
	}
	return func(yield func(*Version, error) bool) {
		var held []*Version // beyond the id, but of a transaction that may have the version later
		found := false
		give := func() bool {
			found = true
			for _, v := range held {
				if !yield(v, nil) {
					return false
				}
			}
			held = nil
			return true
		}
		for v, err := range versions {
			switch {
			case err != nil || found:
				if !yield(v, err) {
					return
				}
			case v.ID == after:
				found, held = true, nil
			case len(held) > 0 && held[0].TransactionID != v.TransactionID:
				if held = append(held, v); !give() {
					return
				}
			case (v.ID > after) != newestFirst:
				held = append(held, v)
			}
		}
		if !found {
			give()
		}
	}
}
