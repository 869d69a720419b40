package audit

import (
	"errors"
	"fmt"
	"strings"
)

// Errors without details.
var (
	// ErrNotFound means that there is no such version, mark or undo, that there was no such row at a point, or that a
	// list has no first element. It also means that the present role may not see it.
	ErrNotFound = errors.New("not found")
	// ErrExists means that there is a mark with the name already, or, where the precision would be set, that versions
	// have been recorded already.
	ErrExists = errors.New("exists already")
	// ErrNothingToDo means that the rows are in the wanted state already.
	ErrNothingToDo = errors.New("nothing to do")
	// ErrTooManyRows means that an undo is about more rows than UndoOptions.MaxRows allows.
	ErrTooManyRows = errors.New("too many rows")
	// ErrLocked means that a lock was not free within the lock timeout; the error is a *LockedError.
	ErrLocked = errors.New("is in use by another transaction")
	// ErrPlanStale means that something else would be done now than the plan says.
	ErrPlanStale = errors.New("the plan is out of date")
	// ErrNotPermitted means that the present role lacks a privilege. PostgreSQL's error is in the chain, or a
	// *SchemaError, which says what is missing.
	ErrNotPermitted = errors.New("not permitted")
)

// PartialError means that Install, Uninstall or Sync failed, but has processed some of the tables before or after. If
// you make the same call again, it goes on with the others.
type PartialError struct {
	Done []string // quoted
	Err  error
}

func (e *PartialError) Error() string {
	const most = 5
	done := strings.Join(e.Done[:min(most, len(e.Done))], ", ")
	if more := len(e.Done) - most; more > 0 {
		done += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%v; done: %s", e.Err, done)
}

// Unwrap returns the reason.
func (e *PartialError) Unwrap() error { return e.Err }
