// Package lock bounds how long a statement waits for a lock, and says who holds it.
package lock

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/exaudit/exaudit/db"
)

// Holder is a session that holds what another one waits for. What is not shown to the role that asks is empty.
type Holder struct {
	PID         int32 // 0 for a prepared transaction
	Role        string
	Application string
	State       string    // as in pg_stat_activity
	Since       time.Time // when its transaction began
	Statement   string    // the one that runs, or the last one
}

func (h Holder) String() string {
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

// longest is how much of a statement is shown, in bytes.
const longest = 200

// statement is the beginning of a statement on one line; hidden is what PostgreSQL writes in the place of one.
func statement(text string) string {
	const hidden = "<insufficient privilege>"
	text = strings.Join(strings.Fields(text), " ")
	if text == hidden {
		return ""
	}
	if len(text) <= longest {
		return text
	}
	cut := longest
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + " …"
}

// holders are the sessions that a process waits for, in the end.
func holders(ctx context.Context, q db.DBTX, pid int32) ([]Holder, error) {
	rows, err := db.New().Blockers(ctx, q, pid)
	if err != nil {
		return nil, err
	}
	list := make([]Holder, len(rows))
	for i, r := range rows {
		list[i] = holder(r)
	}
	return list, nil
}

func holder(r db.BlockersRow) Holder {
	h := Holder{PID: r.Pid, Role: r.Role, Application: r.Application, State: r.State, Statement: statement(r.Statement)}
	if r.Since != 0 {
		h.Since = time.Unix(r.Since, 0).UTC()
	}
	return h
}

// describe names all of them.
func describe(list []Holder) string {
	names := make([]string, len(list))
	for i, h := range list {
		names[i] = h.String()
	}
	return strings.Join(names, "; ")
}
