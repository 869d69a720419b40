package undo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// arrange puts the rows into the order in which they are written, by waves: first what is
// taken away, rows that reference others before these; then what is changed or comes back, the
// other way round, and a row that gives a unique value up before one that takes it. Foreign keys
// need no order, as all is one statement; but a history reads better with one.
func (p *planner) arrange(ctx context.Context) error {
	depth, err := p.depths(ctx)
	if err != nil {
		return err
	}
	deepest := 0
	for _, d := range depth {
		deepest = max(deepest, d)
	}
	step := 2*deepest + 2
	for i, t := range p.tables {
		turns, err := t.turns(ctx, p.q)
		if err != nil {
			return err
		}
		for _, r := range t.rows {
			if !r.Written() && len(r.Conflicts) == 0 && len(r.LeftOut) == 0 {
				p.made.Unchanged++
				continue
			}
			r.wave = deepest + 1 + depth[i] + step*turns[r]
			if r.Action == audit.Deleted {
				r.wave = deepest - depth[i]
			}
			p.made.rows = append(p.made.rows, r)
		}
	}
	slices.SortStableFunc(p.made.rows, func(a, b *Row) int {
		return cmp.Or(cmp.Compare(a.wave, b.wave), cmp.Compare(a.table.TableID, b.table.TableID))
	})
	return nil
}

// depths tells of each table how far down the foreign keys it is: 0 for one that references no
// other. Those that reference each other are as deep as they come.
func (p *planner) depths(ctx context.Context) ([]int, error) {
	relations := make([]uint32, len(p.tables))
	for i, t := range p.tables {
		relations[i] = t.Relation
	}
	keys, err := db.New().ForeignKeys(ctx, p.q, relations)
	if err != nil {
		return nil, fmt.Errorf("read the foreign keys: %w", err)
	}
	depth := make([]int, len(relations))
	for range relations { // a longer way is a cycle
		for _, k := range keys {
			from, to := slices.Index(relations, k.Referencing), slices.Index(relations, k.Referenced)
			if from != to && depth[to] < len(relations)-1 {
				depth[from] = max(depth[from], depth[to]+1)
			}
		}
	}
	return depth, nil
}

// turns tells which rows have to wait for others that give up the unique values that they take:
// how many turns. Rows that exchange values wait for each other: one of them has to let go of its
// own first.
func (t *table) turns(ctx context.Context, q db.DBTX) (map[*Row]int, error) {
	turns := make(map[*Row]int)
	columns := t.uniqueColumns()
	rows := slices.DeleteFunc(slices.Clone(t.rows), func(r *Row) bool {
		return !r.Written() || r.target == nil || r.present != nil && !r.changes(columns)
	})
	waits := make(map[*Row][]wait)
	for _, index := range t.unique {
		if index.Deferrable {
			continue // looked at when all is written
		}
		now, then, err := t.entries(ctx, q, index, rows)
		if err != nil {
			return nil, err
		}
		has := make(map[string]*Row)
		for i, r := range rows {
			if now[i] != "" && now[i] != then[i] {
				has[now[i]] = r
			}
		}
		for i, r := range rows {
			if other := has[then[i]]; other != nil && other != r {
				waits[r] = append(waits[r], wait{other, index})
			}
		}
	}
	rows, excluding, err := t.excluding(ctx, q, waits, rows)
	if err != nil {
		return nil, err
	}
	longest := 0
	for _, r := range rows {
		longest = max(longest, waiting(r, waits, turns, make(map[*Row]bool)))
	}
	if longest > maxTurns && !excluding {
		// a long queue, as of positions that were all moved by one: all let go at once
		clear(turns)
		for r := range waits {
			for _, w := range waits[r] {
				w.forRow.letGo(w.index)
			}
		}
	}
	return turns, nil
}

// excluding adds to waits what exclusion constraints demand: a row that is changed gives up what it excludes before
// another one takes it. It adds to rows those that wait, and reports whether there are any.
func (t *table) excluding(ctx context.Context, q db.DBTX, waits map[*Row][]wait, rows []*Row) ([]*Row, bool, error) {
	written := slices.DeleteFunc(slices.Clone(t.rows), func(r *Row) bool { return !r.Written() || r.target == nil })
	if len(written) < 2 || !slices.ContainsFunc(t.unique, func(u db.UniqueColumnsRow) bool { return u.Excluding }) {
		return rows, false, nil
	}
	args := db.ExcludingRowsParams{Relation: t.Relation}
	var leaving, coming []*Row
	for _, r := range written {
		target, err := encode(r.target)
		if err != nil {
			return nil, false, err
		}
		args.Target, coming = append(args.Target, target), append(coming, r)
		if r.present == nil {
			continue
		}
		present, err := encode(r.present)
		if err != nil {
			return nil, false, err
		}
		args.Present, leaving = append(args.Present, present), append(leaving, r)
	}
	pairs, err := db.New().ExcludingRows(ctx, q, args)
	if err != nil {
		return nil, false, fmt.Errorf("order the rows of %s by its exclusion constraints: %w", t.Table, err)
	}
	found := false
	for _, pair := range pairs {
		r, other := coming[pair.Place-1], leaving[pair.Other-1]
		if r == other {
			continue
		}
		waits[r], found = append(waits[r], wait{forRow: other}), true
		if !slices.Contains(rows, r) {
			rows = append(rows, r)
		}
	}
	return rows, found, nil
}

// entries are what a unique index has of rows now, and will have of them: empty where nothing that
// must be unique.
func (t *table) entries(ctx context.Context, q db.DBTX, index db.UniqueColumnsRow,
	rows []*Row) (now, then []string, err error) {
	now, then = make([]string, len(rows)), make([]string, len(rows))
	args := db.IndexEntriesParams{Relation: t.Relation, IndexName: index.IndexName}
	var entries []*string // of the images
	for i, r := range rows {
		for _, side := range []struct {
			image audit.Image
			entry *string
		}{{r.present, &now[i]}, {r.target, &then[i]}} {
			switch {
			case side.image == nil:
			case !index.Computed:
				if !index.NullsDistinct || !lacks(side.image, index.Columns) {
					*side.entry = valuesIn(side.image, index.Columns)
				}
			case r.present == nil || r.changes(index.Columns):
				encoded, err := encode(side.image)
				if err != nil {
					return nil, nil, err
				}
				args.Images, entries = append(args.Images, encoded), append(entries, side.entry)
			}
		}
	}
	if index.Coarse && !index.Computed {
		return now, then, t.equalEntries(ctx, q, index, rows, now, then)
	}
	if len(entries) == 0 {
		return now, then, nil
	}
	found, err := db.New().IndexEntries(ctx, q, args)
	if err != nil {
		return nil, nil, fmt.Errorf("compute what index %s has of rows of %s: %w", index.IndexName, t.Table, err)
	}
	for i, entry := range found {
		*entries[i] = entry
	}
	return now, then, nil
}

// equalEntries gives entries that the index takes for equal the same text.
func (t *table) equalEntries(ctx context.Context, q db.DBTX, index db.UniqueColumnsRow, rows []*Row,
	now, then []string) error {
	args := db.RivalValuesParams{Relation: t.Relation}
	var entries []*string
	for i, r := range rows {
		for _, side := range []struct {
			image audit.Image
			entry *string
		}{{r.present, &now[i]}, {r.target, &then[i]}} {
			if *side.entry == "" {
				continue
			}
			encoded, err := encode(history.Only(side.image,
				func(name string) bool { return slices.Contains(index.Columns, name) }))
			if err != nil {
				return err
			}
			args.Images, entries = append(args.Images, encoded), append(entries, side.entry)
		}
	}
	pairs, err := db.New().RivalValues(ctx, q, args)
	if err != nil {
		return fmt.Errorf("compare what index %s has of rows of %s: %w", index.IndexName, t.Table, err)
	}
	slices.SortFunc(pairs, func(a, b db.RivalValuesRow) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Rival, b.Rival))
	})
	for _, pair := range pairs { // that of the first of them
		if slices.Equal(pair.Columns, index.Columns) {
			*entries[pair.Rival-1] = *entries[pair.Place-1]
		}
	}
	return nil
}

// maxTurns bounds the length of a statement.
const maxTurns = 8

// letGo has the row give up its values in an index before all is written.
func (r *Row) letGo(index db.UniqueColumnsRow) {
	if !slices.ContainsFunc(r.letsGo, func(has db.UniqueColumnsRow) bool { return has.IndexName == index.IndexName }) {
		r.letsGo = append(r.letsGo, index)
	}
}

// wait is a row that has to be written before another, for a unique index, or without one for an exclusion constraint.
type wait struct {
	forRow *Row
	index  db.UniqueColumnsRow
}

// waiting finds the turn of a row; on is the way that led there.
func waiting(r *Row, waits map[*Row][]wait, turns map[*Row]int, on map[*Row]bool) int {
	if turn, ok := turns[r]; ok {
		return turn
	}
	on[r] = true
	turn := 0
	for _, w := range waits[r] {
		if on[w.forRow] {
			if w.index.IndexName != "" {
				w.forRow.letGo(w.index)
			}
			continue
		}
		turn = max(turn, waiting(w.forRow, waits, turns, on)+1)
	}
	delete(on, r)
	turns[r] = turn
	return turn
}

// columnsWritten are the columns in which a row differs from what it is, or let go of that.
func (r *Row) columnsWritten() []string {
	var columns []string
	for _, name := range slices.Sorted(maps.Keys(r.target)) {
		if r.table.writable[name] && (r.present == nil || !history.Same(r.present, r.target, name) ||
			slices.Contains(r.let, name)) {
			columns = append(columns, name)
		}
	}
	return columns
}
