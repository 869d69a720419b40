package undo

import (
	"context"
	"maps"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
)

// takePassedOn takes rows away before all is written, if another row gets the values by which a row will point to that
// one. By the same statement, ON DELETE CASCADE, which is carried out at its end, would delete the row that will point.
// With them it writes the rows that point to them now. It returns the rows that are left to write.
func (p *planner) takePassedOn(ctx context.Context, q db.DBTX, rows []*Row) ([]*Row, error) {
	passedOn, err := p.passedOn(ctx)
	if err != nil || len(passedOn) == 0 {
		return rows, err
	}
	var first, rest []*Row
	for _, r := range rows {
		if passedOn[r] {
			first = append(first, r)
		} else {
			rest = append(rest, r)
		}
	}
	err = attempt(ctx, q, func(q db.DBTX) error { return writeRows(ctx, q, changesOf(first)) })
	if reason.Is(err, audit.ConstraintViolated) { // rows point to them that the role may not see, perhaps
		return rows, nil
	}
	return rest, err
}

// passedOn are the rows that are taken away while another gets the values by which a written row will point to it, and
// those that point to them now.
func (p *planner) passedOn(ctx context.Context) (map[*Row]bool, error) {
	passedOn := make(map[*Row]bool)
	for _, t := range p.tables {
		for _, k := range t.references {
			goes := p.takenAway(k.Referenced, k.ReferencedColumns)
			if len(goes) == 0 {
				continue
			}
			pointing := slices.DeleteFunc(slices.Clone(t.rows), func(r *Row) bool {
				return !r.Written() || r.target == nil || r.present != nil && !r.changes(k.Columns) ||
					lacks(r.target, k.Columns)
			})
			gets, _, err := p.compare(ctx, k, pointing)
			if err != nil {
				return nil, err
			}
			images := make([]audit.Image, len(goes))
			for i, r := range goes {
				images[i] = r.present
			}
			found, err := p.pointTo(ctx, k, pointing, images)
			if err != nil {
				return nil, err
			}
			for i := range pointing {
				all := make(map[*Row]bool)
				if gets[i] && found[i] >= 0 && goes[found[i]].withPointing(all) {
					maps.Copy(passedOn, all)
				}
			}
		}
	}
	return passedOn, nil
}

// takenAway are the rows of a table that are taken away, if they have values in some columns.
func (p *planner) takenAway(relation uint32, columns []string) []*Row {
	var goes []*Row
	for _, t := range p.tables {
		if t.Relation != relation {
			continue
		}
		for _, r := range t.rows {
			if r.Written() && r.Action == audit.Deleted && !lacks(r.present, columns) {
				goes = append(goes, r)
			}
		}
	}
	return goes
}

// withPointing adds a row and those that point to it, and so on, and reports whether all of them are written.
func (r *Row) withPointing(all map[*Row]bool) bool {
	if r == nil || !r.Written() {
		return false
	}
	if all[r] {
		return true
	}
	all[r] = true
	return r.Action != audit.Deleted ||
		!slices.ContainsFunc(r.pointing, func(other *Row) bool { return !other.withPointing(all) })
}
