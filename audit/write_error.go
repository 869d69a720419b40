package audit

import "fmt"

// WriteReason is why a row could not be written as a revert or an undo would have it.
type WriteReason string

// Reasons of a WriteError.
const (
	// ReferencedRowMissing means that a foreign key refers to a row that does not exist any more, or that rows still
	// refer to the row that would be deleted.
	ReferencedRowMissing WriteReason = "foreign key violated"
	// UniqueConflict means that another row has the unique value that would be restored.
	UniqueConflict WriteReason = "unique value is taken"
	// ConstraintViolated means that the old state violates a constraint of the present table.
	ConstraintViolated WriteReason = "constraint violated"
	// Vetoed means that a trigger or a row security policy did not let the row be written as planned. If a trigger has
	// written other values, Columns are those that have them.
	Vetoed WriteReason = "write was vetoed"
	// ColumnGone means that a column whose value would be restored has been dropped.
	ColumnGone WriteReason = "the column was dropped"
	// ValueNotRecorded means that a value was too large to be recorded, and nothing else would be restored.
	ValueNotRecorded WriteReason = "value was not recorded"
)

// WriteError says why a row could not be written as a revert or an undo would have it. Nothing was written.
type WriteError struct {
	RowID   // empty if it is not known which of several rows it was
	Reason  WriteReason
	Columns []string // if it is about some
	Detail  string   // in words, from PostgreSQL if it refused the row
	Err     error    // PostgreSQL's error, if it refused the row
}

func (e *WriteError) Error() string {
	text := string(e.Reason)
	switch {
	case e.Detail != "" && e.Err != nil:
		return fmt.Sprintf("%s: %s (%v)", text, e.Detail, e.Err)
	case e.Detail != "":
		return text + ": " + e.Detail
	case e.Err != nil:
		return fmt.Sprintf("%s: %v", text, e.Err)
	}
	return text
}

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }
