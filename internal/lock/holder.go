// Package lock bounds how long a statement waits for a lock, and says who holds it.
package lock

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

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
func holders(ctx context.Context, q db.DBTX, pid int32) ([]audit.LockHolder, error) {
	rows, err := db.New().Blockers(ctx, q, pid)
	if err != nil {
		return nil, err
	}
	list := make([]audit.LockHolder, len(rows))
	for i, r := range rows {
		list[i] = holder(r)
	}
	return list, nil
}

func holder(r db.BlockersRow) audit.LockHolder {
	h := audit.LockHolder{PID: r.Pid, Role: r.Role, Application: r.Application, State: r.State,
		Statement: statement(r.Statement)}
	if r.Since != 0 {
		h.Since = time.Unix(r.Since, 0).UTC()
	}
	return h
}
