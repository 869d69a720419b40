package audit

// Unrecorded is a table whose changes would not be recorded, with the reason.
type Unrecorded struct {
	Table  string // quoted
	Reason UnrecordedReason
	Detail string // of a trigger: "INSERT of public.orders"
}

// UnrecordedReason is why changes of a table would not be recorded.
type UnrecordedReason string

// Reasons why changes of a table would not be recorded.
const (
	// NoTriggers means that exaudit was never installed on the table, that it was uninstalled, or that its triggers
	// were dropped.
	NoTriggers UnrecordedReason = "untracked"
	// TriggerMissing means that one of the triggers is missing.
	TriggerMissing UnrecordedReason = "missing"
	// TriggerDisabled means that one of the triggers is disabled.
	TriggerDisabled UnrecordedReason = "disabled"
	// SessionIgnores means that exaudit.ignore is set, which the options of the table allow.
	SessionIgnores UnrecordedReason = "ignored"
	// SessionIsReplica means that session_replication_role is replica, and the table does not have the option
	// RecordReplicated.
	SessionIsReplica UnrecordedReason = "replica"
)

// String returns the table and the reason as a sentence.
func (u Unrecorded) String() string {
	switch u.Reason {
	case NoTriggers:
		return u.Table + " has no triggers of exaudit"
	case TriggerMissing:
		return "the trigger of " + u.Table + " for " + u.Detail + " is missing"
	case TriggerDisabled:
		return "the trigger of " + u.Table + " for " + u.Detail + " is disabled"
	case SessionIgnores:
		return "exaudit.ignore is on, which " + u.Table + " allows"
	case SessionIsReplica:
		return "session_replication_role is replica, for which the triggers of " + u.Table + " do not fire"
	}
	return u.Table + ": " + string(u.Reason)
}

// Change is a change that no trigger saw: see exaudit.Track. Before and After are rows of the table: anything that
// marshals to a JSON object of its columns, such as a map or a struct with json tags. A value of nil means that there
// is no row. For an update, both may leave out the same columns, which did not change, but not the primary key.
type Change struct {
	Table         string
	Before, After any
}
