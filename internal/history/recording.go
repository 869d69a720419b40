package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/db"
)

// ErrNotRecording means that changes of a table are not recorded, or that one has left no version; the error is a
// *NotRecordingError where the reason is known.
var ErrNotRecording = errors.New("changes are not recorded")

// NotRecordingError says of which tables a session's changes would not be recorded. errors.Is finds ErrNotRecording.
type NotRecordingError struct{ Tables []Unrecorded }

// Unrecorded is a table whose changes would not be recorded, and why.
type Unrecorded struct {
	Table  string // quoted
	Reason UnrecordedReason
	Detail string // of a trigger: "INSERT of public.orders"
}

// UnrecordedReason is why changes of a table would not be recorded.
type UnrecordedReason string

// The reasons.
const (
	// NoTriggers means that the table was never installed on, or uninstalled, or that its triggers were dropped.
	NoTriggers UnrecordedReason = "untracked"
	// TriggerMissing and TriggerDisabled are about one of its triggers.
	TriggerMissing  UnrecordedReason = "missing"
	TriggerDisabled UnrecordedReason = "disabled"
	// SessionIgnores means that the session has set exaudit.ignore, which the table's options allow.
	SessionIgnores UnrecordedReason = "ignored"
	// SessionIsReplica means that session_replication_role is replica, and the table has not the option
	// record_replicated.
	SessionIsReplica UnrecordedReason = "replica"
)

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

func (e *NotRecordingError) Error() string {
	reasons := make([]string, len(e.Tables))
	for i, t := range e.Tables {
		reasons[i] = t.String()
	}
	return ErrNotRecording.Error() + ": " + strings.Join(reasons, "; ")
}

func (e *NotRecordingError) Unwrap() error { return ErrNotRecording }

// CheckRecording returns a *NotRecordingError where something that this session writes to the tables would not be
// recorded. It reads the catalog alone.
func CheckRecording(ctx context.Context, q db.DBTX, relations ...uint32) error {
	rows, err := db.New().NotRecording(ctx, q, relations)
	if err != nil {
		return fmt.Errorf("look whether changes are recorded: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	e := &NotRecordingError{}
	for _, r := range rows {
		e.Tables = append(e.Tables, Unrecorded{r.TableName, UnrecordedReason(r.Kind), r.Detail})
	}
	return e
}

// ExpectsVersion reports whether a change that was written to a row must have left a version. What only changes
// columns that are left out leaves none, and nor may any of a table that has a condition.
func (p Present) ExpectsVersion(before, after Image) bool {
	if p.Condition {
		return false
	}
	if before == nil || after == nil {
		return before != nil || after != nil
	}
	for _, image := range []Image{before, after} {
		for name := range image {
			if name != "" && !slices.Contains(p.Excluded, name) && !before.SameAs(after, name) {
				return true
			}
		}
	}
	return false
}
