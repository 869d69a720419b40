package audit

import "fmt"

// ConflictError contains the rows that prevent an undo, because it would overwrite later changes. Nothing was written.
type ConflictError struct{ Rows []RowChange }

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
