package undo

import (
	"context"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
)

// writeAll writes rows by one statement. If a row gives up values that another one gets, by which a row will point to
// that one, it takes two: what the foreign key does at the end of the statement, as ON DELETE CASCADE, would be done to
// the row that will point. Which rows have to be first depends on what they point to now, so there are several ways, of
// which the first is taken that gives the planned rows.
func (p *planner) writeAll(ctx context.Context, q db.DBTX, rows []*Row) error {
	given, taken, err := p.passedOn(ctx)
	if err != nil {
		return err
	}
	late, err := p.late(ctx, taken)
	if err != nil {
		return err
	}
	for _, isFirst := range []func(*Row) bool{
		func(r *Row) bool { return given[r] },
		func(r *Row) bool { return !late[r] },
	} {
		first, rest := split(rows, isFirst)
		if len(first) == 0 || len(rest) == 0 {
			continue
		}
		err := attempt(ctx, q, func(q db.DBTX) error {
			if err := p.writeTogether(ctx, q, first); err != nil {
				return err
			}
			if err := p.written(ctx, q, first); err != nil {
				return err
			}
			if err := p.writeTogether(ctx, q, rest); err != nil {
				return err
			}
			return p.readBack(ctx, q, rows)
		})
		if !reason.Is(err, audit.ReferencedRowMissing, audit.UniqueConflict, audit.ConstraintViolated, audit.Vetoed) {
			return err
		}
		for _, r := range rows {
			r.now, r.let, r.passingKey, r.passed = nil, nil, "", nil
		}
	}
	return p.writeTogether(ctx, q, rows)
}

// writeTogether writes rows by one statement, after another one in which some let go of their unique values.
func (p *planner) writeTogether(ctx context.Context, q db.DBTX, rows []*Row) error {
	if err := p.letGo(ctx, q, rows); err != nil {
		return err
	}
	return writeRows(ctx, q, changesOf(rows))
}

func split(rows []*Row, isFirst func(*Row) bool) (first, rest []*Row) {
	for _, r := range rows {
		if isFirst(r) {
			first = append(first, r)
		} else {
			rest = append(rest, r)
		}
	}
	return first, rest
}

// passedOn finds rows that will point to values which one row gives up and another one gets: those are taken. Given are
// the rows that are taken away for it, with the rows that point to them now, if all of these are written.
func (p *planner) passedOn(ctx context.Context) (given, taken map[*Row]bool, err error) {
	given, taken = make(map[*Row]bool), make(map[*Row]bool)
	for _, t := range p.tables {
		for _, k := range t.references {
			givers := p.givers(k)
			if len(givers) == 0 {
				continue
			}
			pointing := t.willPoint(k)
			gets, _, err := p.compare(ctx, k, pointing)
			if err != nil {
				return nil, nil, err
			}
			images := make([]audit.Image, len(givers))
			for i, r := range givers {
				images[i] = r.present
			}
			found, err := p.pointTo(ctx, k, targets(pointing), images)
			if err != nil {
				return nil, nil, err
			}
			for i, r := range pointing {
				if gets[i] && found[i] >= 0 {
					taken[r] = true
					givers[found[i]].withPointing(given)
				}
			}
		}
	}
	return given, taken, nil
}

// givers are the written rows that give up values to which a foreign key may point, if it then changes the rows that
// do.
func (p *planner) givers(k db.ReferencedKeysRow) []*Row {
	var givers []*Row
	for _, t := range p.tables {
		if t.Relation != k.Referenced {
			continue
		}
		for _, r := range t.rows {
			acts := r.target == nil && k.ActsOnDelete || r.target != nil && k.ActsOnUpdate
			if acts && r.changes(k.ReferencedColumns) && !lacks(r.present, k.ReferencedColumns) {
				givers = append(givers, r)
			}
		}
	}
	return givers
}

// willPoint are the rows of a table that are written and by a foreign key will point to a row to which they do not
// point now.
func (t *table) willPoint(k db.ReferencedKeysRow) []*Row {
	return slices.DeleteFunc(slices.Clone(t.rows), func(r *Row) bool {
		return !r.Written() || r.target == nil || r.present != nil && !r.changes(k.Columns) ||
			lacks(r.target, k.Columns)
	})
}

// withPointing adds a row that is taken away and those that point to it, and so on, if all of them are written.
func (r *Row) withPointing(all map[*Row]bool) {
	found := make(map[*Row]bool)
	var add func(r *Row) bool
	add = func(r *Row) bool {
		if r == nil || !r.Written() || found[r] {
			return found[r]
		}
		found[r] = true
		return r.Action != audit.Deleted ||
			!slices.ContainsFunc(r.pointing, func(other *Row) bool { return !add(other) })
	}
	if r.Action == audit.Deleted && add(r) {
		for r := range found {
			all[r] = true
		}
	}
}

// late adds to some rows those that will point to them, and so on.
func (p *planner) late(ctx context.Context, rows map[*Row]bool) (map[*Row]bool, error) {
	for again := len(rows) > 0; again; {
		again = false
		for _, t := range p.tables {
			for _, k := range t.references {
				var images []audit.Image
				for r := range rows {
					if r.table.Relation == k.Referenced && !lacks(r.target, k.ReferencedColumns) {
						images = append(images, r.target)
					}
				}
				pointing := slices.DeleteFunc(t.willPoint(k), func(r *Row) bool { return rows[r] })
				found, err := p.pointTo(ctx, k, targets(pointing), images)
				if err != nil {
					return nil, err
				}
				for i, r := range pointing {
					if found[i] >= 0 {
						rows[r], again = true, true
					}
				}
			}
		}
	}
	return rows, nil
}
