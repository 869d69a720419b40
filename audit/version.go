package audit

import (
	"encoding/json"
	"time"

	"github.com/exaudit/exaudit/patch"
)

// Action is what a version records: Created, Updated, Deleted or Baseline.
type Action string

// The actions that a version records.
const (
	Created Action = "created"
	Updated Action = "updated"
	Deleted Action = "deleted"
	// Baseline is not a change: the version contains the row as it was when it was recorded.
	Baseline Action = "baseline"
)

// EntityID is a primary key in the form that versions have: the text of its value, or a JSON array if it has several
// columns, and of a long key the digest. Functions that take a key use it as it is, while any other key is read as the
// types of the table's columns.
type EntityID string

// Version is one recorded change of one row.
type Version struct {
	ID    int64  `json:"id"`
	Table string `json:"table"` // with its schema, quoted where SQL needs it
	// EntityID is the primary key.
	EntityID EntityID `json:"entity_id"`
	// PreviousEntityID is the key before the change if the change modified the key, otherwise nil.
	PreviousEntityID *EntityID `json:"previous_entity_id,omitempty"`
	Action           Action    `json:"action"`
	// Before and After have the present names of the table's columns. A column that was dropped keeps its name,
	// followed by " (dropped)" if another column has the name now.
	//
	// Before is the whole row for Deleted, and the old values of the changed columns for Updated. It is nil for
	// Created and Baseline.
	Before Image `json:"before"`
	// After is the whole row for Created and Baseline, without what is not known of rows that were inserted with the
	// option TableOptions.SkipInsertImage, and the new values of the changed columns for Updated. It is
	// nil for Deleted.
	After Image `json:"after"`
	// Patch is the difference between Before and After. It is nil for Baseline.
	Patch patch.Patch `json:"patch"`
	// State is the whole row after this change, nil after a delete. It is set by HistoryWithStates and
	// VersionWithStates.
	State Image `json:"state,omitempty"`
	// StateBefore is the whole row before this change, nil before a create. It is set with State.
	StateBefore Image `json:"-"`
	// Gap is the unrecorded difference between the version before and this one, if the options of the table allow it:
	// where, allow_ignore, or on_truncate. It is set with State.
	Gap patch.Patch `json:"-"`
	// Lost is the unrecorded difference between this version, which is the newest one, and the present row. The columns
	// may have changed at any time since they were last recorded: States since then do not contain them. It is set with
	// State.
	Lost patch.Patch `json:"-"`
	// Cut reports whether earlier changes of the row are missing: the row was there before this version, which is the
	// oldest one that is left of it, or the first one after the table was not tracked. It is set with State.
	Cut bool `json:"cut,omitempty"`
	// Unknown are the columns that the table had and State lacks, because no version that is left contains their
	// values. Columns that the options of the table leave out are not among them. It is set with State.
	Unknown []string `json:"unknown,omitempty"`
	// RecordedAt is the time at which the transaction of the change began.
	RecordedAt time.Time `json:"recorded_at"`
	// TransactionID is PostgreSQL's 64-bit id of the transaction. The numbers start again after a dump and restore.
	TransactionID uint64 `json:"transaction_id"`
	// Custom is the custom data of the change, nil if there is none.
	Custom map[string]any `json:"custom"`
	// CustomColumns are the values of the columns that were added to exaudit.versions.
	CustomColumns map[string]any `json:"custom_columns,omitempty"`
	// SessionUser is the user who was logged in, if the table has the option RecordSessionUser. The column of
	// exaudit.versions is session_user_name, because SQL's session_user is the user of the present session.
	SessionUser string `json:"session_user,omitempty"`
	// Rollback reports whether a revert, an undo or a redo wrote the version.
	Rollback bool `json:"rollback"`
	// Undid are the ids of the versions that a rollback took back.
	Undid []int64 `json:"undid,omitempty"`
}

// MarshalJSON returns the version with its patches in their stable form, and with its cursor.
func (v Version) MarshalJSON() ([]byte, error) {
	type plain Version
	p, err := patch.Marshal(v.Patch)
	if err != nil {
		return nil, err
	}
	gap, err := marshalPatch(v.Gap)
	if err != nil {
		return nil, err
	}
	lost, err := marshalPatch(v.Lost)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		plain
		Patch  json.RawMessage `json:"patch"`
		Gap    json.RawMessage `json:"gap,omitempty"`
		Lost   json.RawMessage `json:"lost,omitempty"`
		Cursor Cursor          `json:"cursor"`
	}{plain(v), p, gap, lost, v.Cursor()})
}

func marshalPatch(p patch.Patch) (json.RawMessage, error) {
	if p == nil {
		return nil, nil
	}
	return patch.Marshal(p)
}

// TypedVersion is a version with the whole rows before and after it, as the struct that sqlc generates for the table.
// The embedded Version contains the images as they were recorded.
type TypedVersion[T any] struct {
	*Version
	// Before is the row before the change, nil for Created. After is the row after the change, nil for Deleted. They
	// must not be changed, because one row may be the After of a version and the Before of the next one.
	Before *T `json:"before"`
	After  *T `json:"after"`
	// Unknown are the columns whose value before or after the change is not recorded, so that they are zero in Before
	// or After. These are columns that are excluded or masked, that the table did not have yet, or that had a type
	// whose values cannot be read as the present type.
	Unknown []string `json:"unknown,omitempty"`
}

// MarshalJSON returns the version with its rows as JSON, with the patch in its stable form, and with its cursor.
func (v TypedVersion[T]) MarshalJSON() ([]byte, error) {
	type plain Version
	p, err := patch.Marshal(v.Patch)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		*plain
		Before  *T              `json:"before"`
		After   *T              `json:"after"`
		Unknown []string        `json:"unknown,omitempty"`
		Patch   json.RawMessage `json:"patch"`
		Cursor  Cursor          `json:"cursor"`
	}{(*plain)(v.Version), v.Before, v.After, v.Unknown, p, v.Cursor()})
}

// Transaction is what one transaction changed, as far as the present role may read it: in which tables, and with which
// custom data.
type Transaction struct {
	// ID is the TransactionID of its versions.
	ID uint64 `json:"transaction_id"`
	// RecordedAt is the time at which it began.
	RecordedAt time.Time `json:"recorded_at"`
	// Tables are the tables that it changed, by name.
	Tables []TableChanges `json:"tables"`
	// Custom are the values that its versions have under each key of the custom data, in the order in which they first
	// occur. There are several if the custom data changed during the transaction.
	Custom map[string][]any `json:"custom"`
	// SessionUsers are the users who were logged in, if tables have the option RecordSessionUser.
	SessionUsers []string `json:"session_users,omitempty"`
	// Rollback reports whether a revert, an undo or a redo wrote a part of it.
	Rollback bool `json:"rollback"`
	// Undid are the transactions of which it took back something.
	Undid []uint64 `json:"undid,omitempty"`
	// FirstID and LastID are its first and its last version. Versions of other transactions may be between them.
	FirstID int64 `json:"first_id"`
	LastID  int64 `json:"last_id"`
	// Cursor is the place after the transaction, in a list of the transactions that pass the same filters.
	Cursor Cursor `json:"cursor"`
}

// TableChanges says how many rows of one table a transaction created, updated and deleted.
type TableChanges struct {
	Table   string `json:"table"`
	Created int64  `json:"created"`
	Updated int64  `json:"updated"`
	Deleted int64  `json:"deleted"`
	// Baselines is the number of baseline versions, which are not changes.
	Baselines int64 `json:"baselines,omitempty"`
}

// Mark is a named point in the history. What has been committed when it is made is before it, and everything else is
// after it.
type Mark struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // the user who was logged in
	Note      string    `json:"note,omitempty"`
	// Snapshot, LastID and RestoredID tell which versions are after the mark: see exaudit.after_mark.
	Snapshot   string `json:"snapshot"`
	LastID     int64  `json:"last_id"`
	RestoredID int64  `json:"restored_id"`
}

// HistoryBegin says since when the history of a table is complete.
type HistoryBegin struct {
	// CompleteSince is the time since which every change has been recorded and is still there: since the table was
	// tracked, or since the last change that retention has removed.
	CompleteSince time.Time `json:"complete_since"`
	// Dropped reports whether the table was dropped.
	Dropped bool `json:"dropped,omitempty"`
	// Removed reports whether retention has removed versions.
	Removed bool `json:"removed"`
	// Untracked are the periods in which the table was not tracked after it was first tracked. Changes in these periods
	// were not recorded.
	Untracked []UntrackedPeriod `json:"untracked,omitempty"`
	// Predecessors are dropped tables that had this name before and have versions. They are the numbers of the
	// tables, as in the condition "table_id = 3" of Where.
	Predecessors []int32 `json:"predecessors,omitempty"`
	// Keys are the primary keys that the table has had, oldest first, if there is more than one. History accepts a
	// value of any of them, and returns what was recorded under it.
	Keys []KeyPeriod `json:"keys,omitempty"`
}

// UntrackedPeriod is a period in which a table was not tracked, because it had been uninstalled.
type UntrackedPeriod struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"` // nil: until now
}

// KeyPeriod is a period in which a table had the same primary key. It contains the versions with ids greater than
// After, up to Until.
type KeyPeriod struct {
	After int64 `json:"after"`
	Until int64 `json:"until,omitempty"` // 0: the key is the present one
	// Columns are those of the key, with the names of that time. There are none if the table had no key.
	Columns []string `json:"columns"`
}
