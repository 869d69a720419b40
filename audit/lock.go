package audit

import (
	"fmt"
	"strings"
	"time"
)

// LockHolder is a session that holds a lock for which a statement waits. Fields that the present role may not see are
// empty.
type LockHolder struct {
	PID         int32 // 0 for a prepared transaction
	Role        string
	Application string
	State       string    // as in pg_stat_activity
	Since       time.Time // when its transaction began
	Statement   string    // the one that runs, or the last one
}

// String describes the session in a line.
func (h LockHolder) String() string {
	if h.PID == 0 {
		return "a prepared transaction (see pg_prepared_xacts)"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "process %d", h.PID)
	if h.Role != "" {
		fmt.Fprintf(&b, " of role %q", h.Role)
	}
	if h.Application != "" {
		fmt.Fprintf(&b, " (%s)", h.Application)
	}
	if !h.Since.IsZero() {
		fmt.Fprintf(&b, ", in a transaction since %s", h.Since.Format("2006-01-02 15:04:05 -07:00"))
	}
	if h.State != "" {
		fmt.Fprintf(&b, ", %s", h.State)
	}
	if h.Statement != "" {
		fmt.Fprintf(&b, ": %s", h.Statement)
	}
	return b.String()
}

// LockedError says which lock was not free within the lock timeout, and which sessions hold it. errors.Is finds
// ErrLocked.
type LockedError struct {
	Object  string // "table public.orders"
	Timeout time.Duration
	Holders []LockHolder // empty if they are not known
	Partial bool         // something else was done before, and stays
	Err     error        // PostgreSQL's error, nil if nothing was tried
}

func (e *LockedError) Error() string {
	text := fmt.Sprintf("%s %v: there was no lock within %s", e.Object, ErrLocked, e.Timeout)
	if !e.Partial {
		text += ", and nothing was changed"
	}
	if len(e.Holders) > 0 {
		names := make([]string, len(e.Holders))
		for i, h := range e.Holders {
			names[i] = h.String()
		}
		text += "; it is held by " + strings.Join(names, "; ")
	}
	return text
}

// Unwrap returns ErrLocked, and PostgreSQL's error if there is one.
func (e *LockedError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrLocked}
	}
	return []error{ErrLocked, e.Err}
}
