package audit

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/patch"
)

// RowID names a row by its table and key, with the values that versions and plans have.
type RowID struct {
	Table    string   `json:"table"`
	EntityID EntityID `json:"entity_id"`
}

// ConflictPolicy says what happens with conflicts.
type ConflictPolicy string

// The conflict policies.
const (
	// RefuseConflicts writes nothing if there is a conflict.
	RefuseConflicts ConflictPolicy = "refuse"
	// SkipRows leaves out the rows that have a conflict.
	SkipRows ConflictPolicy = "skip-rows"
	// KeepLater leaves out the columns, or the places inside jsonb, that have a conflict. It leaves out a whole row
	// only if the row as a whole is in conflict.
	KeepLater ConflictPolicy = "keep-later"
)

// Stage is what a long undo is doing at the moment.
type Stage string

// The stages of an undo, in their order.
const (
	StageReading   Stage = "reading versions"
	StageLocking   Stage = "locking rows"
	StageComparing Stage = "comparing rows"
	StageWriting   Stage = "writing rows"
	StageChecking  Stage = "checking what was written"
)

// UndoPlan is what an undo would write, or has written, row by row. It can be printed, stored as JSON, and carried out
// later.
type UndoPlan struct {
	// Rows are in the order in which they are written.
	Rows []RowChange
	// Chosen are the versions that the undo takes back.
	Chosen []VersionRef
	// AlreadyUndone are chosen versions that are undone already.
	AlreadyUndone []int64
	// Unchanged is the number of rows that already are as the undo would make them.
	Unchanged int

	// OnConflict, MaxRows, KeepColumns, SetColumns and OverwriteRows are the options with which the plan was made.
	OnConflict    ConflictPolicy
	MaxRows       int
	KeepColumns   []string
	SetColumns    map[string]json.RawMessage
	OverwriteRows []RowID

	// SideEffects are other rows that were written by triggers and by the actions of foreign keys, if the plan has
	// been carried out.
	SideEffects []SideEffect
	// TransactionID is the transaction that carried the plan out, which can be passed to Redo. It is 0 if the plan has
	// not been carried out.
	TransactionID uint64
}

// VersionRef names one version.
type VersionRef struct {
	TableID  int32    `json:"table_id"` // as in exaudit.tables
	EntityID EntityID `json:"entity_id"`
	ID       int64    `json:"id"`
}

// SideEffect says how many rows of a table were written by triggers and by the actions of foreign keys, although the
// plan does not contain these rows.
type SideEffect struct {
	Table  string `json:"table"`
	Action Action `json:"action"`
	Rows   int    `json:"rows"`
}

// RowChange is what an undo or a revert does to one row.
type RowChange struct {
	// RowID has the present key of the row, or the key under which it is restored.
	RowID
	// Action is what happens to the row: Created restores it, Deleted deletes it.
	Action Action
	// Versions are the versions of the row that are taken back, oldest first.
	Versions []int64
	// Patch is the difference between the present row and the row afterwards. It is nil if the row is left out.
	Patch patch.Patch
	// Conflicts are later changes that would be overwritten. The conflict policy decides whether the undo is then not
	// carried out, or the row or the place is left out.
	Conflicts []Conflict
	// Skipped reports whether the row is left out because of its conflicts.
	Skipped bool
	// LeftOut are the columns whose old values cannot be restored, by name. A row that is restored gets their defaults;
	// a row that exists keeps its values.
	LeftOut []LeftOut
}

// Written reports whether the undo or the revert writes the row.
func (r RowChange) Written() bool { return !r.Skipped && r.Patch != nil }

// Conflicting returns the rows that have conflicts.
func (p *UndoPlan) Conflicting() []RowChange {
	var rows []RowChange
	for _, r := range p.Rows {
		if len(r.Conflicts) > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// Err returns the reason why the plan cannot be carried out, or nil: a *ConflictError if it has conflicts and
// OnConflict is RefuseConflicts, or ErrNothingToDo if nothing would be written.
func (p *UndoPlan) Err() error {
	if rows := p.Conflicting(); len(rows) > 0 && p.OnConflict == RefuseConflicts {
		return &ConflictError{rows}
	}
	if slices.ContainsFunc(p.Rows, RowChange.Written) {
		return nil
	}
	switch {
	case len(p.Chosen) == 0 && len(p.AlreadyUndone) == 0:
		return fmt.Errorf("%w: no recorded change fits", ErrNothingToDo)
	case len(p.Chosen) == 0:
		return fmt.Errorf("%w: all of it is undone already", ErrNothingToDo)
	case slices.ContainsFunc(p.Rows, func(r RowChange) bool { return r.Skipped }):
		return fmt.Errorf("%w: every row that would be written is in conflict, and left out", ErrNothingToDo)
	}
	return ErrNothingToDo
}

// Deleted returns the number of rows that are deleted.
func (p *UndoPlan) Deleted() int {
	n := 0
	for _, r := range p.Rows {
		if r.Written() && r.Action == Deleted {
			n++
		}
	}
	return n
}

// LeftOut is a column whose old value cannot be restored.
type LeftOut struct {
	Column string        `json:"column"`
	Reason LeftOutReason `json:"reason"`
}

// String returns the column and the reason, such as "note was masked".
func (l LeftOut) String() string { return l.Column + " " + string(l.Reason) }

// LeftOutReason is why the old value of a column cannot be restored. It completes a sentence that begins with the name
// of the column.
type LeftOutReason string

// Reasons of a LeftOut.
const (
	LeftOutDropped   LeftOutReason = "was dropped since"
	LeftOutMasked    LeftOutReason = "was masked"
	LeftOutOversized LeftOutReason = "was too large to be recorded"
	LeftOutExcluded  LeftOutReason = "is not recorded"
	LeftOutRetyped   LeftOutReason = "has another type now" // which does not accept the value
	LeftOutNumbered  LeftOutReason = "is GENERATED ALWAYS AS IDENTITY"
)

// RevertPlan is what a revert would write, or has written. It can be printed, stored as JSON, and carried out later.
type RevertPlan struct {
	// RowChange is what happens to the row. It has no conflicts, because a revert undoes all later changes, too.
	RowChange
	// Version is the oldest version that is undone: the row goes back to its state before this version.
	Version int64
	// Referencing are the rows, also of the same table, that refer to a row that is deleted.
	Referencing []Referencing

	// AllowDiverged and SetColumns are the options with which the plan was made.
	AllowDiverged bool
	SetColumns    map[string]json.RawMessage

	// TransactionID is the transaction that carried the plan out, which can be passed to Redo. It is 0 if the plan has
	// not been carried out.
	TransactionID uint64
}

// Referencing says how many rows refer to a row that a revert deletes, and what happens to them. Rows that in turn
// refer to these are not counted.
type Referencing struct {
	Table   string   `json:"table"` // quoted
	Columns []string `json:"columns"`
	// Action is what happens to the rows: "deleted", "set to NULL" or "set to default"; or "in the way", if they keep
	// the revert from being carried out.
	Action string `json:"action"`
	Rows   int64  `json:"rows"` // those that the role may see; -1: it may not read the table
}
