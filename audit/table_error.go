package audit

import "strings"

// TableReason is why something cannot be done with a table.
type TableReason string

// Reasons of a TableError.
const (
	// NoTable means that there is no relation, or no schema, with the name.
	NoTable TableReason = "no such table"
	// NotTrackable means that triggers cannot follow the rows of the relation: it is a view, a foreign or temporary
	// table, a partition or a system table.
	NotTrackable TableReason = "not trackable"
	// NoPrimaryKey means that the table has no primary key, which identifies rows.
	NoPrimaryKey TableReason = "no primary key"
	// NotTracked means that exaudit was never installed on the table or, where this matters, that it was uninstalled.
	NotTracked TableReason = "not tracked"
	// TableGone means that the table has been dropped.
	TableGone TableReason = "dropped"
	// NotRecording means that what would be written would not be recorded, for the reasons in Unrecorded, or has left
	// no version.
	NotRecording TableReason = "not recording"
)

// TableError says why something cannot be done with a table.
type TableError struct {
	Table  string // as the caller named it, or quoted, with its schema; "" if no single table is meant
	Reason TableReason
	Detail string // in words
	// Unrecorded are the tables whose changes would not be recorded, for NotRecording. It is empty if the reason is not
	// known.
	Unrecorded []Unrecorded
	Err        error // PostgreSQL's error, nil if there is none
}

func (e *TableError) Error() string {
	switch e.Reason {
	case NotTrackable:
		return e.detailed(e.Table + " cannot be tracked")
	case NoPrimaryKey:
		return e.detailed("table " + e.Table + " has no primary key, which exaudit needs to identify rows")
	case NotTracked:
		return e.detailed("table " + e.Table + " is not tracked")
	case TableGone:
		return e.detailed("table " + e.Table + " was dropped")
	case NotRecording:
		return e.detailed("changes are not recorded")
	case NoTable: // below
	}
	if e.Table == "" {
		return e.detailed(string(e.Reason))
	}
	return e.detailed("table " + e.Table + ": " + string(e.Reason))
}

func (e *TableError) detailed(text string) string {
	var details []string
	if e.Detail != "" {
		details = append(details, e.Detail)
	}
	for _, u := range e.Unrecorded {
		details = append(details, u.String())
	}
	if len(details) == 0 {
		return text
	}
	return text + ": " + strings.Join(details, "; ")
}

// Unwrap returns PostgreSQL's error.
func (e *TableError) Unwrap() error { return e.Err }
