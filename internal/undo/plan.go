package undo

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
	"github.com/exaudit/exaudit/revert"
)

// Plan is what an undo would write, row by row, in the order in which it writes.
type Plan struct {
	Rows []*Row
	// Chosen are the versions that the undo takes back.
	Chosen []history.Ref
	// Undone are chosen versions that are already undone.
	Undone []int64
	// Unchanged is the number of rows that are already as they would become.
	Unchanged int
	// SideEffects are other rows that were written by triggers and by the actions of foreign keys, if the plan has
	// been carried out.
	SideEffects []SideEffect
	// Transaction is the id of the transaction that carried the plan out, which can be passed to Redo. Before, it is
	// 0.
	Transaction uint64

	settings settings
}

// SideEffect is a number of rows of a table that were written although the plan does not contain them.
type SideEffect struct {
	Table  string         `json:"table"`
	Action history.Action `json:"action"`
	Rows   int            `json:"rows"`
}

// Row is what happens to one row.
type Row struct {
	Table string
	// EntityID is the present key of the row, or the key under which it is restored.
	EntityID string
	// Action is what happens to the row: Created restores it, Deleted deletes it.
	Action history.Action
	// Versions are the versions of the row that are taken back, oldest first.
	Versions []int64
	// Patch is the difference between the present row and the row after the undo. It is nil if the row is left out.
	Patch patch.Patch
	// Conflicts are later changes that would be overwritten. The conflict policy decides whether because of them the
	// undo is not carried out, or the row or the place is left out.
	Conflicts []Conflict
	// Skipped reports whether the row is left out because of its conflicts.
	Skipped bool
	// LeftOut are the columns whose old values cannot be restored. Why contains the reason for each.
	LeftOut []string
	Why     map[string]revert.Reason

	table           *table
	present, target history.Image
	replaces        bool   // it is gone, and present is the row that has its key and is overwritten
	passingKey      string // the key that it has while it is written, if another
	became          history.Image
	newKey          string // the key that it will have, unless it is taken away
	wave            int
	pointing        []*Row                // rows of the plan that point to it now, if it is taken away
	letsGo          []db.UniqueColumnsRow // the unique values that it gives up before all is written
	let             []string              // the columns in which it has done so
}

// Reason says what kind of conflict it is.
type Reason string

// The reasons.
const (
	// Overlap means that a column, or a place inside jsonb, was changed again.
	Overlap Reason = "changed since"
	// UpdatedSince means that a row that would be deleted was updated later, and that the old values of some columns
	// are not known, because the columns were added later or are not recorded.
	UpdatedSince Reason = "updated since"
	// DeletedSince means that the row does not exist any more.
	DeletedSince Reason = "deleted since"
	// KeyReused means that the row was deleted, and another row has its key now.
	KeyReused Reason = "key reused"
	// Referenced means that other rows, which stay, refer to a row that would be deleted, or that would lose the
	// values to which they refer.
	Referenced Reason = "referenced"
	// ReferenceMissing means that the row would refer to a row that does not exist.
	ReferenceMissing Reason = "referenced row missing"
	// ValueTaken means that another row has a unique value of the row now.
	ValueTaken Reason = "unique value taken"
	// ValueWanted means that another restored row gets a unique value of the row.
	ValueWanted Reason = "unique value wanted twice"
	// KeyChanged means that the row was recorded under another primary key of its table, so that it is not known
	// which row it is now.
	KeyChanged Reason = "primary key changed"
	// Retyped means that the old value of a column does not fit its present type.
	Retyped Reason = "type changed"
)

// Conflict is one reason why a row, or a part of it, cannot be undone without overwriting a later change.
type Conflict struct {
	Reason Reason
	// Place is the place that was changed again, with three values: the value after the undone change, the present
	// value, and the value that undo would write. It is set for Overlap and Retyped.
	Place patch.Conflict
	// Version is the later change that is in the way, 0 if it is not recorded. For KeyChanged, it is the last version
	// under the earlier key.
	Version int64
	// Table, EntityID and Columns name the other row that is in the way, or is missing. For KeyChanged, Columns are
	// those of the earlier key.
	Table    string
	EntityID string
	Columns  []string
}

// whole tells whether a conflict is about the row as a whole, not about a place in it.
func (c Conflict) whole() bool { return c.Reason != Overlap && c.Reason != Retyped }

// String says it in a line.
func (c Conflict) String() string {
	switch c.Reason {
	case Overlap:
		return c.Place.String()
	case Retyped:
		return fmt.Sprintf("%s: the old value does not fit the column's present type", c.Place.Path)
	case KeyChanged:
		return fmt.Sprintf("the primary key was changed after version %d: it was (%s)", c.Version,
			strings.Join(c.Columns, ", "))
	case UpdatedSince:
		return "the row was updated since, perhaps in columns whose values then are not known"
	case DeletedSince:
		return "the row was deleted since" + c.by()
	case KeyReused:
		if c.Version == 0 && c.Table != "" { // it was there before, as far as is known
			return "another row has its key now"
		}
		return "another row has its key now" + c.by()
	case Referenced:
		return fmt.Sprintf("%s refers to it by %s", c.other(), strings.Join(c.Columns, ", "))
	case ReferenceMissing:
		return fmt.Sprintf("%s, which %s refers to, is not there", c.other(), strings.Join(c.Columns, ", "))
	case ValueTaken:
		return fmt.Sprintf("%s has its value of %s now", c.other(), strings.Join(c.Columns, ", "))
	case ValueWanted:
		return fmt.Sprintf("%s would get its value of %s as well, and had it last", c.other(),
			strings.Join(c.Columns, ", "))
	}
	return string(c.Reason)
}

func (c Conflict) by() string {
	if c.Version == 0 {
		return ", without being recorded"
	}
	return fmt.Sprintf(", by version %d", c.Version)
}

func (c Conflict) other() string {
	if c.EntityID == "" {
		return "a row of " + c.Table
	}
	return c.Table + " " + c.EntityID
}

// ConflictError contains the rows that prevent an undo because of conflicts; errors.Is finds ErrConflict.
type ConflictError struct{ Rows []*Row }

func (e *ConflictError) Error() string {
	first := e.Rows[0]
	text := fmt.Sprintf("%s %s: %s", first.Table, first.EntityID, first.Conflicts[0])
	switch n := len(e.Rows) - 1; n {
	case 0:
	case 1:
		text += ", and another row is in conflict"
	default:
		text += fmt.Sprintf(", and %d more rows are in conflict", n)
	}
	return text
}

func (e *ConflictError) Unwrap() error { return ErrConflict }

// Conflicting returns the rows that have conflicts.
func (p *Plan) Conflicting() []*Row {
	var rows []*Row
	for _, r := range p.Rows {
		if len(r.Conflicts) > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// Err returns the reason why the plan cannot be carried out, or nil: a *ConflictError if it has conflicts and its
// policy is Refuse, or revert.ErrNothingToDo if nothing would be written.
func (p *Plan) Err() error {
	if rows := p.Conflicting(); len(rows) > 0 && p.settings.Policy == Refuse {
		return &ConflictError{rows}
	}
	for _, r := range p.Rows {
		if r.writes() {
			return nil
		}
	}
	switch {
	case len(p.Chosen) == 0 && len(p.Undone) == 0:
		return fmt.Errorf("%w: no recorded change fits", revert.ErrNothingToDo)
	case len(p.Chosen) == 0:
		return errAllUndone
	}
	if slices.ContainsFunc(p.Rows, func(r *Row) bool { return r.Skipped }) {
		return fmt.Errorf("%w: every row that would be written is in conflict, and left out", revert.ErrNothingToDo)
	}
	return revert.ErrNothingToDo
}

var errAllUndone = fmt.Errorf("%w: all of it is undone already", revert.ErrNothingToDo)

// Deleted returns the number of rows that are deleted.
func (p *Plan) Deleted() int {
	n := 0
	for _, r := range p.Rows {
		if r.writes() && r.Action == history.Deleted {
			n++
		}
	}
	return n
}

// writes reports whether anything happens to the row.
func (r *Row) writes() bool { return !r.Skipped && r.Patch != nil }

// same checks that a plan made anew is this one.
func (p *Plan) same(now *Plan) error {
	var written []int64
	for _, r := range p.Rows {
		if r.writes() {
			written = append(written, r.Versions...)
		}
	}
	already := make(map[int64]bool, len(now.Undone))
	for _, id := range now.Undone {
		already[id] = true
	}
	left := slices.DeleteFunc(slices.Clone(written), func(id int64) bool { return already[id] })
	switch {
	case len(left) == len(written):
	case len(left) == 0:
		return errAllUndone
	default:
		return fmt.Errorf("undo: %w: %d of its %d versions are undone already", revert.ErrChanged,
			len(written)-len(left), len(written))
	}
	// two rows may have the same key, one after the other
	type name struct{ table, entityID, versions string }
	nameOf := func(r *Row) name { return name{r.Table, r.EntityID, fmt.Sprint(r.Versions)} }
	was := make(map[name]*Row, len(p.Rows))
	for _, r := range p.Rows {
		was[nameOf(r)] = r
	}
	for _, r := range now.Rows {
		planned := was[nameOf(r)]
		delete(was, nameOf(r))
		if planned == nil || planned.Action != r.Action || planned.writes() != r.writes() ||
			!reflect.DeepEqual(planned.Patch, r.Patch) {
			return fmt.Errorf("undo %s %s: %w: it would not be what the plan says", r.Table, r.EntityID,
				revert.ErrChanged)
		}
	}
	for name := range was {
		return fmt.Errorf("undo %s %s: %w: it would not be what the plan says", name.table, name.entityID,
			revert.ErrChanged)
	}
	return nil
}
