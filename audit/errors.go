package audit

import (
	"errors"
	"fmt"
	"strings"
)

// Errors without details.
var (
	// ErrNotFound means that there is no version, mark or undo as asked for, or that the present role may not see it.
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

// Errors of tables.
var (
	// ErrInvalidOptions means that options contradict each other or do not fit their table; the error is an
	// *OptionError.
	ErrInvalidOptions = errors.New("invalid options")
)

// Errors of what is passed to a function.
var (
	// ErrInvalidKey means that a key has the wrong number of values, or one of the wrong type.
	ErrInvalidKey = errors.New("invalid key")
	// ErrInvalidFilter means that a filter makes no sense: a condition that PostgreSQL does not understand, a column
	// that no table has, a value that cannot be JSON, or states of several rows.
	ErrInvalidFilter = errors.New("invalid filter")
	// ErrInvalidColumn means that SetColumns names a column that cannot be set, or has a value that does not fit the
	// column's type.
	ErrInvalidColumn = errors.New("column cannot be set")
	// ErrInvalidCustom means that a value cannot be stored as JSON. The error that wraps it names the key, and the
	// line that called With.
	ErrInvalidCustom = errors.New("invalid custom data")
	// ErrCustomTooLarge means that custom data is larger than MaxCustomSize.
	ErrCustomTooLarge = errors.New("custom data is too large")
	// ErrInvalidChange means that a Change passed to Track is not valid: it has neither a row before nor a row after,
	// or the rows have different keys.
	ErrInvalidChange = errors.New("invalid change")
	// ErrInvalidPlan means that a plan cannot be read, is one of another database, or has an unknown conflict policy.
	ErrInvalidPlan = errors.New("invalid plan")
	// ErrAmbiguous means that the name of a table in an option fits several tables of the undo.
	ErrAmbiguous = errors.New("names several tables")
	// ErrUnmatched means that an option names a column or a row that is not part of the undo.
	ErrUnmatched = errors.New("is not part of the undo")
	// ErrStructMismatch means that the rows of a table do not fit the struct T; the message names the column.
	ErrStructMismatch = errors.New("the struct does not fit the table")
)

// OptionError says which option of a table is wrong; errors.Is finds ErrInvalidOptions.
type OptionError struct {
	Table  string
	Option string // as in JSON
	Value  string // the column or word that is wrong, if it is one
	Reason string
}

func (e *OptionError) Error() string {
	text := "option " + e.Option + ": " + e.Reason
	if e.Table != "" {
		text = "table " + e.Table + ": " + text
	}
	return text
}

// Unwrap returns ErrInvalidOptions.
func (e *OptionError) Unwrap() error { return ErrInvalidOptions }

// PartialError is an error of Install, Uninstall or Sync after which some of the tables are done all the same. To make
// the same call again goes on with the others.
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
