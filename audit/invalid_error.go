package audit

import "fmt"

// InvalidReason is what is wrong with what was passed to a function.
type InvalidReason string

// Reasons of an InvalidError.
const (
	// InvalidOption means that an option of a table contradicts another one or does not fit the table, that a
	// pattern of FollowDDL cannot be read, or that InitOptions.Precision is out of range.
	InvalidOption InvalidReason = "invalid options"
	// InvalidConn means that Init or DropSchema needs a connection of its own, and cannot make one: what New was given
	// does not say how it is connected, for example because it is a transaction.
	InvalidConn InvalidReason = "invalid connection"
	// InvalidKey means that a key has the wrong number of values, that one has the wrong type, or that the key is nil.
	InvalidKey InvalidReason = "invalid key"
	// InvalidFilter means that a filter, a limit or a cursor makes no sense: a condition that PostgreSQL does not
	// understand, a column that no table has, or a value that cannot be JSON.
	InvalidFilter InvalidReason = "invalid filter"
	// InvalidColumn means that SetColumns names a column that cannot be set, or has a value that does not fit the
	// column's type.
	InvalidColumn InvalidReason = "column cannot be set"
	// InvalidCustom means that a value of the custom data cannot be stored as JSON. Name is its key. The error that
	// wraps it names the line that called With.
	InvalidCustom InvalidReason = "invalid custom data"
	// CustomTooLarge means that custom data is larger than MaxCustomSize.
	CustomTooLarge InvalidReason = "custom data is too large"
	// InvalidChange means that a Change passed to Track is not valid: it has neither a row before nor a row after, the
	// rows have different keys or different columns, or the primary key is missing.
	InvalidChange InvalidReason = "invalid change"
	// InvalidPlan means that a plan cannot be read, is one of another database, or has an unknown conflict policy.
	InvalidPlan InvalidReason = "invalid plan"
	// AmbiguousName means that the name of a table in an option fits several tables of the undo.
	AmbiguousName InvalidReason = "names several tables"
	// NotInUndo means that an option names a column or a row that is not part of the undo.
	NotInUndo InvalidReason = "is not part of the undo"
	// StructMismatch means that the rows of a table do not fit the struct T. Name is the column.
	StructMismatch InvalidReason = "the struct does not fit the table"
)

// InvalidError says what is wrong with what was passed to a function: an option, a key, a filter, custom data, a plan.
type InvalidError struct {
	Reason InvalidReason
	Table  string // the table that it is for, if there is one
	Name   string // which one it is: an option as in JSON, a column, a key of the custom data
	Value  string // of InvalidOption: the column or word that is wrong, if it is one
	Detail string // in words
	Err    error  // the error of PostgreSQL or encoding/json, nil if there is none
}

func (e *InvalidError) Error() string {
	text := e.Detail
	switch {
	case e.Err != nil && text == "":
		text = e.Err.Error()
	case e.Err != nil:
		text += ": " + e.Err.Error()
	}
	switch e.Reason {
	case AmbiguousName:
		return fmt.Sprintf("%s %s: %s", e.Name, e.Reason, text)
	case NotInUndo:
		return text + " " + string(e.Reason)
	case InvalidOption:
		if e.Name != "" {
			return e.onTable("option " + e.Name + ": " + text)
		}
		return e.onTable(string(e.Reason) + ": " + text)
	case InvalidConn, InvalidKey, InvalidFilter, InvalidColumn, InvalidCustom, CustomTooLarge, InvalidChange,
		InvalidPlan, StructMismatch: // below
	}
	return string(e.Reason) + ": " + text
}

func (e *InvalidError) onTable(text string) string {
	if e.Table != "" {
		return "table " + e.Table + ": " + text
	}
	return text
}

// Unwrap returns Err.
func (e *InvalidError) Unwrap() error { return e.Err }
