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
	// Chosen are the versions that it takes back.
	Chosen []history.Ref
	// Undone are versions that were chosen and are undone already.
	Undone []int64
	// Unchanged is how many rows are already what they would become.
	Unchanged int
	// SideEffects are the rows that were written besides, by triggers and by the actions of
	// foreign keys; of a plan that has been carried out.
	SideEffects []SideEffect
	// Transaction is the one that carried it out, which Redo takes; 0 before.
	Transaction uint64

	settings settings
}

// SideEffect is how many rows of a table were written that no plan had.
type SideEffect struct {
	Table  string         `json:"table"`
	Action history.Action `json:"action"`
	Rows   int            `json:"rows"`
}

// Row is what happens to one row.
type Row struct {
	Table string
	// EntityID is the row's key now, or the one under which it comes back.
	EntityID string
	// Action is what happens to it: Created brings it back, Deleted takes it away.
	Action history.Action
	// Versions are those that are taken back, oldest first.
	Versions []int64
	// Patch leads from the row as it is to what it becomes: nil where it is left out.
	Patch patch.Patch
	// Conflicts are what came later and would be overwritten. By the policy, they keep the undo
	// from being carried out, or the row or the place out of it.
	Conflicts []Conflict
	// Skipped tells that the row is left out because of them.
	Skipped bool
	// LeftOut are the columns whose old values cannot come back, and Why says of each the
	// reason.
	LeftOut []string
	Why     map[string]revert.Reason

	table           *table
	present, target history.Image
	replaces        bool   // it is gone, and present is the row that has its key and is overwritten
	passingKey      string // the key that it has while it is written, if another
	became          history.Image
	newKey          string // the key that it will have, unless it is taken away
	wave            int
	letsGo          []db.UniqueColumnsRow // the unique values that it gives up before all is written
	let             []string              // the columns in which it has done so
}

// Reason says what a conflict is about.
type Reason string

// The reasons.
const (
	// Overlap is a column, or a place inside jsonb, that was changed again.
	Overlap Reason = "changed since"
	// UpdatedSince is a row that would be taken away, and was updated since, where the version does
	// not tell of all columns what they were: some were added since, or are not recorded.
	UpdatedSince Reason = "updated since"
	// DeletedSince is a row that is not there any more.
	DeletedSince Reason = "deleted since"
	// KeyReused is a row that was deleted, and whose key another row has now.
	KeyReused Reason = "key reused"
	// Referenced is a row that rows point to which stay, and that would be taken away or lose the
	// values by which they do.
	Referenced Reason = "referenced"
	// ReferenceMissing is a row that would point to one that is not there.
	ReferenceMissing Reason = "referenced row missing"
	// ValueTaken is a row whose unique value another row has now.
	ValueTaken Reason = "unique value taken"
	// ValueWanted is a row whose unique value another row gets that comes back, too.
	ValueWanted Reason = "unique value wanted twice"
	// KeyChanged is a row that another primary key of its table told apart: which row it is now is not known.
	KeyChanged Reason = "primary key changed"
	// Retyped is a column whose old value is none of its present type.
	Retyped Reason = "type changed"
)

// Conflict is one obstacle to an undo.
type Conflict struct {
	Reason Reason
	// Place is what overlaps, with its three values: what the undone change left there, what is
	// there now, and what undoing it would put there; for Overlap and Retyped.
	Place patch.Conflict
	// Version is the later change that is in the way, 0 where it is not recorded; for KeyChanged the last one under the
	// earlier key.
	Version int64
	// Table, EntityID and Columns are the other row that is in the way, or is missing; for KeyChanged, Columns are
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
		return fmt.Sprintf("%s: the old value is none of the column's present type", c.Place.Path)
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
		return fmt.Sprintf("%s points to it by %s", c.other(), strings.Join(c.Columns, ", "))
	case ReferenceMissing:
		return fmt.Sprintf("%s, which %s points to, is not there", c.other(), strings.Join(c.Columns, ", "))
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

// ConflictError are the rows that keep an undo from being carried out; errors.Is finds
// ErrConflict.
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

// Conflicting are the rows that have conflicts.
func (p *Plan) Conflicting() []*Row {
	var rows []*Row
	for _, r := range p.Rows {
		if len(r.Conflicts) > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// Err tells why the plan cannot be carried out: a *ConflictError where it has conflicts and
// its policy is Refuse, revert.ErrNothingToDo where nothing would be written.
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

// Deleted returns how many rows are taken away.
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
