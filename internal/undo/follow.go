package undo

import (
	"context"
	"maps"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// current is the row as it is while it is written.
func (r *Row) current() audit.Image {
	if r.now != nil {
		return r.now
	}
	return r.present
}

// written notes what some rows have become, and what follows them.
func (p *planner) written(ctx context.Context, q db.DBTX, rows []*Row) error {
	were := make(map[*Row]audit.Image)
	for _, r := range rows {
		if r.present != nil && r.target != nil {
			were[r], r.now = r.current(), r.target
		}
	}
	return p.follow(ctx, q, were)
}

// follow notes what ON UPDATE CASCADE has made of rows that are still to be written, because others got new values;
// were has what these have been.
func (p *planner) follow(ctx context.Context, q db.DBTX, were map[*Row]audit.Image) error {
	for len(were) > 0 {
		next := make(map[*Row]audit.Image)
		for _, t := range p.tables {
			for _, k := range t.references {
				if !k.Follows {
					continue
				}
				followed, err := p.followBy(ctx, t, k, were)
				if err != nil {
					return err
				}
				maps.Copy(next, followed)
			}
		}
		for r := range next {
			if err := r.readPassingKey(ctx, q); err != nil {
				return err
			}
		}
		were = next
	}
	return nil
}

// followBy notes what has become of the rows of one table by one foreign key, and returns what they have been.
func (p *planner) followBy(ctx context.Context, t *table, k db.ReferencedKeysRow,
	were map[*Row]audit.Image) (map[*Row]audit.Image, error) {
	var old, changed []audit.Image
	for r, was := range were {
		if r.table.Relation == k.Referenced &&
			valuesIn(was, k.ReferencedColumns) != valuesIn(r.now, k.ReferencedColumns) {
			old, changed = append(old, was), append(changed, r.now)
		}
	}
	if len(old) == 0 {
		return nil, nil
	}
	rows := slices.DeleteFunc(slices.Clone(t.rows), func(r *Row) bool {
		return !r.Written() || r.present == nil || lacks(r.current(), k.Columns)
	})
	images := make([]audit.Image, len(rows))
	for i, r := range rows {
		images[i] = r.current()
	}
	found, err := p.pointTo(ctx, k, images, old)
	if err != nil {
		return nil, err
	}
	followed := make(map[*Row]audit.Image)
	for i, r := range rows {
		if at := found[i]; at >= 0 {
			followed[r] = r.current()
			r.now = history.Over(history.As(changed[at], k.ReferencedColumns, k.Columns), r.current())
			r.let = slices.Concat(r.let, k.Columns)
		}
	}
	return followed, nil
}
