package audit

import "strings"

// TableOptions say what is recorded of a table, and how. The zero value is the default: every column of every row; of
// an update, the columns that changed.
type TableOptions struct {
	// Exclude are columns that are left out of images.
	Exclude []string `json:"exclude,omitempty"`
	// Mask are columns whose changes are recorded, but not their values.
	Mask []string `json:"mask,omitempty"`
	// Where is an SQL condition on the row's columns: only changes of rows that satisfy it, before or after, are
	// recorded. It may only use the columns of the row and what is built into PostgreSQL, and its result must depend on
	// nothing else. If it raises an error for a row, the change is recorded.
	Where string `json:"where,omitempty"`
	// Updates says what is recorded of an update.
	Updates Updates `json:"updates,omitempty"`
	// Trigger selects row-level or statement-level triggers.
	Trigger TriggerLevel `json:"trigger,omitempty"`
	// SkipUntouchedTOAST does not read values that are stored out of line if an update does not change them. Such
	// values usually have more than 2 kB. In return, an update that changes nothing costs as much as one that changes
	// something.
	SkipUntouchedTOAST bool `json:"skip_untouched_toast,omitempty"`
	// SkipInsertImage stores no image when a row is inserted. Readers take the values from the row's later versions,
	// and otherwise from the row itself. Columns that were dropped or got another type in the meantime are missing
	// then.
	SkipInsertImage bool `json:"skip_insert_image,omitempty"`
	// OnTruncate says what TRUNCATE does.
	OnTruncate OnTruncate `json:"on_truncate,omitempty"`
	// AllowIgnore lets a session switch recording off, by setting exaudit.ignore to "on".
	AllowIgnore bool `json:"allow_ignore,omitempty"`
	// RecordSessionUser records who was logged in, which the application cannot forge.
	RecordSessionUser bool `json:"record_session_user,omitempty"`
	// RecordReplicated also records what logical replication applies, and the changes of sessions whose
	// session_replication_role is replica.
	RecordReplicated bool `json:"record_replicated,omitempty"`
	// Primitive are places whose values readers compare as a whole: a column, or a JSON pointer below one, such as
	// "info/address", in which * means every key and index.
	Primitive []string `json:"primitive,omitempty"`
	// PrimitiveTypes are SQL types whose columns readers compare as a whole. Types that are not PostgreSQL's own are
	// written with their schema.
	PrimitiveTypes []string `json:"primitive_types,omitempty"`
	// Positional makes readers compare lists by position.
	Positional bool `json:"positional,omitempty"`
	// Keep is how long Maintain keeps versions, as PostgreSQL writes an interval: "7 years", "90 days". The empty
	// string, and "forever", mean that versions are not removed because of their age.
	Keep string `json:"keep,omitempty"`
	// KeepLast is how many versions of each row Maintain keeps: the last ones. With Keep, a version is removed only if
	// it is older than that, too. 0 means that versions are not removed because of their number.
	KeepLast int `json:"keep_last,omitempty"`
	// Hold makes Maintain remove no version of the table, whatever Keep and KeepLast are.
	Hold bool `json:"hold,omitempty"`
}

// KeepForever is the value of TableOptions.Keep that means that versions are not removed because of their age.
const KeepForever = "forever"

// Updates says what is recorded of an update.
type Updates string

// Values of TableOptions.Updates. The empty string means UpdatesChanged.
const (
	UpdatesChanged Updates = "changed" // the columns that changed
	UpdatesFull    Updates = "full"    // whole rows
)

// TriggerLevel selects row-level or statement-level triggers.
type TriggerLevel string

// Values of TableOptions.Trigger. The empty string means RowLevel.
const (
	RowLevel TriggerLevel = "row"
	// StatementLevel records all rows of a statement at once. Statements of many rows cost much less, also COPY and
	// cascades; statements of a single row cost more. It is for plain tables: without partitions, inheritance or AFTER
	// triggers FOR EACH ROW, and without the options Where, SkipUntouchedTOAST and RecordReplicated. Install refuses it
	// for other tables. If a table later becomes one of these, Status reports drift. Do not use it for tables on which
	// a command deletes a row and gives its key to another row, or creates a row and changes its key.
	StatementLevel TriggerLevel = "statement"
)

// OnTruncate says what TRUNCATE of a table does.
type OnTruncate string

// Values of TableOptions.OnTruncate. The empty string means TruncateRecord.
const (
	TruncateRecord OnTruncate = "record" // records every row as deleted
	TruncateRefuse OnTruncate = "refuse" // fails
	TruncateIgnore OnTruncate = "ignore" // is not recorded: histories of the rows then diverge
)

// FollowDDL says for which new tables the event triggers create triggers, besides adapting the triggers of tracked
// tables.
type FollowDDL struct {
	// NewTables are patterns for new tables that are tracked, such as "public.*".
	NewTables []string `json:"new_tables,omitempty"`
	// Except are names or patterns of new tables that are not tracked.
	Except []string `json:"except,omitempty"`
}

// String describes what the event triggers do in a line.
func (f FollowDDL) String() string {
	if len(f.NewTables) == 0 {
		return "follow DDL"
	}
	text := "follow DDL; cover new tables " + strings.Join(f.NewTables, ", ")
	if len(f.Except) > 0 {
		text += " except " + strings.Join(f.Except, ", ")
	}
	return text
}

// Installation is what Install or Sync did for one table.
type Installation struct {
	Table   string   // quoted
	SQL     string   // all the SQL of what is installed
	Changed bool     // false if everything was installed already
	Skipped string   // why Sync could do nothing
	Left    []string // what could not be repaired, and is drift

	// Outgrown is the option that the table no longer fits, and because of which it was not changed; nil if there is
	// none. Left names it, too.
	Outgrown *InvalidError
	Notes    []string // what is good to know
}

// BaselineResult says how many rows of a table Baseline has recorded.
type BaselineResult struct {
	Table string `json:"table"` // quoted
	Rows  int64  `json:"rows"`
}
