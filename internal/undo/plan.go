package undo

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// plan is a plan in the making, with its rows in the order in which they are written.
type plan struct {
	audit.UndoPlan // but for its Rows
	rows           []*Row
}

// public is the plan with its rows as they are now.
func (p *plan) public() *audit.UndoPlan {
	public := p.UndoPlan
	for _, r := range p.rows {
		public.Rows = append(public.Rows, r.RowChange)
	}
	return &public
}

// leftOut are the reasons why columns are left out, by column.
type leftOut = map[string]audit.LeftOutReason

// Row is what happens to one row.
type Row struct {
	audit.RowChange

	table           *table
	present, target audit.Image
	leftOut         leftOut
	replaces        bool        // it is gone, and present is the row that has its key and is overwritten
	passingKey      string      // the key that it has while it is written, if another
	passed          []string    // all of these
	now             audit.Image // what it is while it is written, if another than present
	became          audit.Image
	newKey          string // the key that it will have, unless it is taken away
	wave            int
	pointing        []*Row                // rows of the plan that point to it now, if it is taken away
	letsGo          []db.UniqueColumnsRow // the unique values that it gives up before all is written
	let             []string              // the columns in which it has done so
}

func newRow(t *table, key string) *Row {
	return &Row{table: t, RowChange: audit.RowChange{
		RowID: audit.RowID{Table: t.Table, EntityID: audit.EntityID(key)},
	}, leftOut: make(map[string]audit.LeftOutReason)}
}

var errAllUndone = fmt.Errorf("%w: all of it is undone already", audit.ErrNothingToDo)

// same checks that a plan made anew is the one that was planned.
func same(planned, now *audit.UndoPlan) error {
	var written []int64
	for _, r := range planned.Rows {
		if r.Written() {
			written = append(written, r.Versions...)
		}
	}
	already := make(map[int64]bool, len(now.AlreadyUndone))
	for _, id := range now.AlreadyUndone {
		already[id] = true
	}
	left := slices.DeleteFunc(slices.Clone(written), func(id int64) bool { return already[id] })
	switch {
	case len(left) == len(written):
	case len(left) == 0:
		return errAllUndone
	default:
		return fmt.Errorf("undo: %w: %d of its %d versions are undone already", audit.ErrPlanStale,
			len(written)-len(left), len(written))
	}
	// two rows may have the same key, one after the other
	type name struct{ table, entityID, versions string }
	nameOf := func(r audit.RowChange) name { return name{r.Table, string(r.EntityID), fmt.Sprint(r.Versions)} }
	was := make(map[name]audit.RowChange, len(planned.Rows))
	for _, r := range planned.Rows {
		was[nameOf(r)] = r
	}
	for _, r := range now.Rows {
		before, ok := was[nameOf(r)]
		delete(was, nameOf(r))
		if !ok || before.Action != r.Action || before.Written() != r.Written() ||
			!reflect.DeepEqual(before.Patch, r.Patch) {
			return fmt.Errorf("undo %s %s: %w", r.Table, r.EntityID, audit.ErrPlanStale)
		}
	}
	for name := range was {
		return fmt.Errorf("undo %s %s: %w", name.table, name.entityID, audit.ErrPlanStale)
	}
	return nil
}
