package audit

// Status says what is recorded in a database, and what is wrong with it.
type Status struct {
	// Tables are the tables that are or were tracked, and then the other tables of StatusOptions.Schemas. If something
	// is wrong with exaudit's own objects, these are listed first.
	Tables []TableStatus `json:"tables"`
	// FollowDDL is what was passed to DB.FollowDDL, nil if there are no event triggers.
	FollowDDL *FollowDDL `json:"follow_ddl,omitempty"`
}

// Drift returns what is wrong with any of the tables.
func (s *Status) Drift() []Drift {
	var all []Drift
	for _, t := range s.Tables {
		all = append(all, t.Drift...)
	}
	return all
}

// TableStatus says whether the changes of a table are recorded, and what is wrong with its triggers, if anything.
type TableStatus struct {
	TableID int32      `json:"table_id,omitempty"` // in exaudit.tables; 0 if it is not there
	Table   string     `json:"table"`              // quoted, with its schema; the last known name if it was dropped
	Present string     `json:"present,omitempty"`  // its present name, quoted; "" if the table was dropped
	State   TableState `json:"state"`
	Tracked bool       `json:"tracked"`
	// KeyColumns are those of the primary key of a table that is or was tracked.
	KeyColumns []string `json:"key_columns,omitempty"`
	// NoPrimaryKey reports whether the table cannot be tracked, because it has no primary key.
	NoPrimaryKey bool         `json:"no_primary_key,omitempty"`
	Options      TableOptions `json:"options,omitzero"`
	Drift        []Drift      `json:"drift,omitempty"`
	Notes        []string     `json:"notes,omitempty"` // what is good to know, and not drift
}

// TableState is the state of a table in a word.
type TableState string

// States of a table.
const (
	StateOK         TableState = "ok"          // it is tracked, and nothing is wrong
	StateDrift      TableState = "drift"       // something is wrong with it: see TableStatus.Drift
	StateNotTracked TableState = "not tracked" // its changes are not recorded, and nothing says that they should be
)

// Drift is a difference between what is installed and what should be.
type Drift struct {
	Table   string `json:"table"`   // quoted
	Object  string `json:"object"`  // the trigger or function
	Problem string `json:"problem"` // missing, disabled, outdated, altered …
	// Cure is what helps if Sync does not, usually SQL.
	Cure string `json:"cure,omitempty"`
}

// String returns the table and Text.
func (d Drift) String() string { return d.Table + ": " + d.Text() }

// Text returns what is wrong, and what helps if Sync does not.
func (d Drift) Text() string {
	text := d.Object + " " + d.Problem
	if d.Cure != "" {
		text += ": " + d.Cure
	}
	return text
}
