package undo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// obstacles finds what the rest of the database has against what is planned: rows that
// reference one that would go, references to rows that are not there, unique values that
// others have. Where rows are left out for it, others may depend on those, so it is looked for
// again.
func (p *planner) obstacles(ctx context.Context) error {
	for {
		found := 0
		for _, t := range p.tables {
			for _, look := range []func(context.Context, *table) (int, error){p.referenced, p.missing, p.taken,
				p.rivals} {
				n, err := look(ctx, t)
				if err != nil {
					return fmt.Errorf("look for what stands in the way of undoing in %s: %w", t.Table, err)
				}
				found += n
			}
		}
		for _, t := range p.tables {
			t.resolve(p.o.Policy)
		}
		if found == 0 || p.o.Policy == audit.RefuseConflicts {
			return nil
		}
	}
}

// block notes a conflict of a row, once.
func (r *Row) block(c audit.Conflict) int {
	for _, has := range r.Conflicts {
		if has.Reason == c.Reason && has.Table == c.Table && has.EntityID == c.EntityID &&
			slices.Equal(has.Columns, c.Columns) {
			return 0
		}
	}
	r.Conflicts = append(r.Conflicts, c)
	return 1
}

// planned is the row of a table that has a key now.
func (p *planner) planned(relation uint32, key string) *Row {
	for _, t := range p.tables {
		if t.Relation == relation {
			return t.byKey()[key]
		}
	}
	return nil
}

// byKey are the rows that are there, by their present keys.
func (t *table) byKey() map[string]*Row {
	if t.keyed == nil {
		t.keyed = make(map[string]*Row, len(t.rows))
		for _, r := range t.rows {
			if r.present != nil && (t.keyed[string(r.EntityID)] == nil || r.Written()) {
				t.keyed[string(r.EntityID)] = r
			}
		}
	}
	return t.keyed
}

// changes tells whether a row gives up what it has in some columns.
func (r *Row) changes(columns []string) bool {
	if !r.Written() || r.present == nil {
		return false
	}
	return r.target == nil || slices.ContainsFunc(columns,
		func(name string) bool { return !history.Same(r.present, r.target, name) })
}

// referenced finds rows that point to one that would be taken away, or would lose the values by
// which they do, and that stay.
func (p *planner) referenced(ctx context.Context, t *table) (found int, err error) {
	var goes, changes db.RowsReferencingParams
	unique := t.uniqueColumns()
	for _, r := range t.rows {
		switch {
		case r.Written() && r.Action == audit.Deleted:
			goes.EntityIds = append(goes.EntityIds, string(r.EntityID))
		case r.changes(unique):
			changes.EntityIds = append(changes.EntityIds, string(r.EntityID))
			changes.Changed = append(changes.Changed, r.columnsWritten()...)
		}
	}
	slices.Sort(changes.Changed)
	changes.Changed = slices.Compact(changes.Changed)
	for _, r := range t.rows {
		r.pointing = nil
	}
	for _, args := range []db.RowsReferencingParams{goes, changes} {
		if len(args.EntityIds) == 0 {
			continue
		}
		args.Relation = t.Relation
		rows, err := db.New().RowsReferencing(ctx, p.q, args)
		if err != nil {
			return 0, err
		}
		for _, f := range rows {
			row, other := t.byKey()[f.EntityID], p.planned(f.Referencing, f.ReferencingEntityID)
			if !row.changes(f.ReferencedColumns) {
				continue
			}
			if other != nil && other.changes(f.Columns) {
				row.pointing = append(row.pointing, other)
				continue
			}
			found += row.block(audit.Conflict{Reason: audit.ConflictReferenced, Table: f.ReferencingTable,
				EntityID: audit.EntityID(f.ReferencingEntityID),
				Columns:  f.Columns})
		}
	}
	return found, nil
}

// written are the rows of a table that come back, or get another value in some columns, with
// their images.
func (t *table) written(columns []string) (rows []*Row, images []json.RawMessage, err error) {
	for _, r := range t.rows {
		if !r.Written() || r.target == nil || r.present != nil && !r.changes(columns) {
			continue
		}
		encoded, err := encode(r.target)
		if err != nil {
			return nil, nil, err
		}
		rows, images = append(rows, r), append(images, encoded)
	}
	return rows, images, nil
}

// missing finds rows that would point to one that is not there and does not come back, or that goes.
func (p *planner) missing(ctx context.Context, t *table) (found int, err error) {
	rows, images, err := t.written(t.referencing)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	missing, err := db.New().MissingReferences(ctx, p.q,
		db.MissingReferencesParams{Relation: t.Relation, Images: images})
	if err != nil {
		return 0, err
	}
	for _, k := range t.references {
		absent := make(map[*Row]bool)
		for _, m := range missing {
			if m.Referenced == k.Referenced && slices.Equal(m.Columns, k.Columns) &&
				slices.Equal(m.ReferencedColumns, k.ReferencedColumns) {
				absent[rows[m.Place-1]] = true
			}
		}
		pointing := t.willPoint(k)
		gets, loses, err := p.compare(ctx, k, pointing)
		if err != nil {
			return 0, err
		}
		for i, row := range pointing {
			if !gets[i] && (absent[row] || loses[i]) {
				found += row.block(audit.Conflict{Reason: audit.ConflictReferenceMissing, Table: k.ReferencedTable,
					EntityID: audit.EntityID(shown(row.target, k.Columns)), Columns: k.Columns})
			}
		}
	}
	return found, nil
}

// lacks reports whether a row has no value in one of some columns.
func lacks(image audit.Image, columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool { return history.IsNull(image, name) })
}

// compare reports of rows with a foreign key whether a written row of the table that it points to gets the values that
// they point to, and whether one gives them up.
func (p *planner) compare(ctx context.Context, k db.ReferencedKeysRow,
	pointing []*Row) (gets, loses []bool, err error) {
	come, gone := p.exchanged(k.Referenced, k.ReferencedColumns)
	lists := make([][]bool, 2)
	for n, rows := range []map[string]audit.Image{come, gone} {
		found, err := p.pointTo(ctx, k, targets(pointing), slices.Collect(maps.Values(rows)))
		if err != nil {
			return nil, nil, err
		}
		lists[n] = make([]bool, len(pointing))
		for i, at := range found {
			lists[n][i] = at >= 0
		}
	}
	return lists[0], lists[1], nil
}

func targets(rows []*Row) []audit.Image {
	images := make([]audit.Image, len(rows))
	for i, r := range rows {
		images[i] = r.target
	}
	return images
}

// pointTo returns for images with a foreign key which of some images of the table that it points to has the values that
// they point to, or -1. Values are the same that the key's own type takes for equal.
func (p *planner) pointTo(ctx context.Context, k db.ReferencedKeysRow, pointing, images []audit.Image) ([]int, error) {
	byValue := make(map[string]int, len(images))
	compared := make([]audit.Image, 0, len(images))
	for at, image := range images {
		byValue[valuesIn(image, k.ReferencedColumns)] = at
		compared = append(compared, history.Only(image,
			func(name string) bool { return slices.Contains(k.ReferencedColumns, name) }))
	}
	found := make([]int, len(pointing))
	var unsure []int
	for i, image := range pointing {
		at, ok := byValue[valuesIn(image, k.Columns)]
		if found[i] = at; !ok {
			found[i] = -1
			unsure = append(unsure, i)
			compared = append(compared, history.As(image, k.Columns, k.ReferencedColumns))
		}
	}
	if len(unsure) == 0 || len(images) == 0 {
		return found, nil
	}
	pairs, err := p.rivalValues(ctx, k.Referenced, compared)
	if err != nil {
		return nil, err
	}
	key := slices.Sorted(slices.Values(k.ReferencedColumns))
	for _, pair := range pairs {
		at, other := int(pair.Place)-1, int(pair.Rival)-1-len(images)
		if at < len(images) && other >= 0 && slices.Equal(slices.Sorted(slices.Values(pair.Columns)), key) {
			found[unsure[other]] = at
		}
	}
	return found, nil
}

// rivalValues are the pairs of images with the same value of a unique index.
func (p *planner) rivalValues(ctx context.Context, relation uint32, rows []audit.Image) ([]db.RivalValuesRow, error) {
	args := db.RivalValuesParams{Relation: relation}
	for _, image := range rows {
		encoded, err := encode(image)
		if err != nil {
			return nil, err
		}
		args.Images = append(args.Images, encoded)
	}
	return db.New().RivalValues(ctx, p.q, args)
}

// exchanged are, of each value in some columns that a written row of a table gets, and of each that one gives up, an
// image with that value alone.
func (p *planner) exchanged(relation uint32, columns []string) (come, gone map[string]audit.Image) {
	come, gone = make(map[string]audit.Image), make(map[string]audit.Image)
	only := func(name string) bool { return slices.Contains(columns, name) }
	for _, t := range p.tables {
		if t.Relation != relation {
			continue
		}
		for _, r := range t.rows {
			if r.Written() && r.target != nil {
				come[valuesIn(r.target, columns)] = history.Only(r.target, only)
			}
			if r.changes(columns) && !lacks(r.present, columns) {
				gone[valuesIn(r.present, columns)] = history.Only(r.present, only)
			}
		}
	}
	return come, gone
}

// taken finds rows whose unique values another row has that keeps them.
func (p *planner) taken(ctx context.Context, t *table) (found int, err error) {
	rows, images, err := t.written(t.uniqueColumns())
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	args := db.TakenValuesParams{Relation: t.Relation, Images: images}
	for _, r := range rows {
		args.EntityIds, args.There = append(args.EntityIds, string(r.EntityID)), append(args.There, r.present != nil)
	}
	taken, err := db.New().TakenValues(ctx, p.q, args)
	if err != nil {
		return 0, err
	}
	for _, occupied := range taken {
		row := rows[occupied.Place-1]
		if other := t.byKey()[occupied.Occupant]; other != nil && other.changes(occupied.Columns) {
			continue
		}
		if row.present != nil && !row.changes(occupied.Columns) {
			continue
		}
		conflict := audit.Conflict{Reason: audit.ConflictValueTaken, Table: t.Table,
			EntityID: audit.EntityID(occupied.Occupant),
			Columns:  occupied.Columns}
		if slices.Equal(occupied.Columns, t.key) {
			conflict.Reason, conflict.Version = audit.ConflictKeyReused, t.arrivals[occupied.Occupant]
		}
		found += row.block(conflict)
	}
	return found, nil
}

// rivals finds rows that would get the same unique value. The row that was changed last had it last, and gets it.
func (p *planner) rivals(ctx context.Context, t *table) (found int, err error) {
	rows, images, err := t.written(t.uniqueColumns())
	if err != nil || len(rows) < 2 {
		return 0, err
	}
	pairs, err := db.New().RivalValues(ctx, p.q, db.RivalValuesParams{Relation: t.Relation, Images: images})
	if err != nil {
		return 0, err
	}
	for _, pair := range pairs {
		loses, gets := rows[pair.Place-1], rows[pair.Rival-1]
		if loses.before(gets, pair.Columns) {
			loses, gets = gets, loses
		}
		found += loses.block(audit.Conflict{Reason: audit.ConflictValueWanted, Table: t.Table, EntityID: gets.EntityID,
			Columns: pair.Columns})
	}
	return found, nil
}

// before reports whether a row goes before another that would get the same value in some columns: one that has it
// already, or else was changed last.
func (r *Row) before(other *Row, columns []string) bool {
	if keeps, rivalKeeps := r.keeps(columns), other.keeps(columns); keeps != rivalKeeps {
		return keeps
	}
	return slices.Max(r.Versions) > slices.Max(other.Versions)
}

// keeps reports whether a row has already what it will have in some columns.
func (r *Row) keeps(columns []string) bool { return r.present != nil && !r.changes(columns) }

// valuesIn are a row's values in some columns, to compare.
func valuesIn(image audit.Image, columns []string) string {
	parts := make([]string, len(columns))
	for i, name := range columns {
		encoded, _ := encode(history.As(image, []string{name}, []string{"value"}))
		parts[i] = string(encoded)
	}
	return strings.Join(parts, ",")
}

// shown are a row's values in some columns, as an entity id shows them.
func shown(image audit.Image, columns []string) string {
	if len(columns) == 1 {
		return fmt.Sprint(image[columns[0]])
	}
	encoded, _ := encode(history.Only(image, func(name string) bool { return slices.Contains(columns, name) }))
	return string(encoded)
}

// whole reports whether a conflict is about the row as a whole, not about a place in it.
func whole(c audit.Conflict) bool {
	return c.Reason != audit.ConflictOverlap && c.Reason != audit.ConflictRetyped
}
