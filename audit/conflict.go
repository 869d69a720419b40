package audit

import (
	"fmt"
	"strings"

	"github.com/exaudit/exaudit/patch"
)

// ConflictReason is the kind of a conflict.
type ConflictReason string

// Reasons of a Conflict.
const (
	// ConflictOverlap means that a column, or a place inside jsonb, was changed again.
	ConflictOverlap ConflictReason = "changed since"
	// ConflictUpdatedSince means that a row that would be deleted was updated later, and that the old values of some
	// columns are not known, because the columns were added later or are not recorded.
	ConflictUpdatedSince ConflictReason = "updated since"
	// ConflictDeletedSince means that the row does not exist any more.
	ConflictDeletedSince ConflictReason = "deleted since"
	// ConflictKeyReused means that the row was deleted, and another row has its key now.
	ConflictKeyReused ConflictReason = "key reused"
	// ConflictReferenced means that other rows, which stay, refer to a row that would be deleted, or that would lose
	// the values to which they refer.
	ConflictReferenced ConflictReason = "referenced"
	// ConflictReferenceMissing means that the row would refer to a row that does not exist.
	ConflictReferenceMissing ConflictReason = "referenced row missing"
	// ConflictValueTaken means that another row has a unique value of the row now.
	ConflictValueTaken ConflictReason = "unique value taken"
	// ConflictValueWanted means that another restored row gets a unique value of the row.
	ConflictValueWanted ConflictReason = "unique value wanted twice"
	// ConflictKeyChanged means that the row was recorded under another primary key of its table, so that it is not
	// known which row it is now.
	ConflictKeyChanged ConflictReason = "primary key changed"
	// ConflictRetyped means that the old value of a column does not fit its present type.
	ConflictRetyped ConflictReason = "type changed"
)

// Conflict is one reason why a row, or a part of it, cannot be undone without overwriting a later change.
type Conflict struct {
	Reason ConflictReason
	// Place is the place that was changed again, with three values: the value after the undone change, the present
	// value, and the value that undo would write. It is set for ConflictOverlap and ConflictRetyped.
	Place patch.Conflict
	// Version is the later change that is in the way, 0 if it is not recorded. For ConflictKeyChanged, it is the last
	// version under the earlier key.
	Version int64
	// Table, EntityID and Columns name the other row that is in the way, or is missing. For ConflictKeyChanged, Columns
	// are those of the earlier key.
	Table    string
	EntityID EntityID
	Columns  []string
}

// whole reports whether a conflict is about the row as a whole, not about a place in it.
func (c Conflict) whole() bool { return c.Reason != ConflictOverlap && c.Reason != ConflictRetyped }

// String returns the conflict as a sentence.
func (c Conflict) String() string {
	switch c.Reason {
	case ConflictOverlap:
		return c.Place.String()
	case ConflictRetyped:
		return fmt.Sprintf("%s: the old value does not fit the column's present type", c.Place.Path)
	case ConflictKeyChanged:
		return fmt.Sprintf("the primary key was changed after version %d: it was (%s)", c.Version,
			strings.Join(c.Columns, ", "))
	case ConflictUpdatedSince:
		return "the row was updated later, and earlier values of some columns are not known"
	case ConflictDeletedSince:
		return "the row was deleted since" + c.by()
	case ConflictKeyReused:
		if c.Version == 0 && c.Table != "" { // it was there before, as far as is known
			return "another row has its key now"
		}
		return "another row has its key now" + c.by()
	case ConflictReferenced:
		return fmt.Sprintf("%s refers to it by %s", c.other(), strings.Join(c.Columns, ", "))
	case ConflictReferenceMissing:
		return fmt.Sprintf("%s, which %s refers to, is not there", c.other(), strings.Join(c.Columns, ", "))
	case ConflictValueTaken:
		return fmt.Sprintf("%s has its value of %s now", c.other(), strings.Join(c.Columns, ", "))
	case ConflictValueWanted:
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
	return c.Table + " " + string(c.EntityID)
}
