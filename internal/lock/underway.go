package lock

import (
	"context"
	"fmt"
	"time"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// UntilEnded waits until the transactions have ended that are under way now, and that an index of exaudit.versions made
// CONCURRENTLY would wait for; it takes no lock meanwhile. What is still under way after the timeout, 0 is for ever, is
// an
// *Error.
func UntilEnded(ctx context.Context, q db.DBTX, timeout time.Duration) error {
	began, told := time.Now(), false
	var known []string // nil: whatever there is
	for {
		found, err := underWay(ctx, q, &known)
		switch waited := time.Since(began); {
		case err != nil:
			return fmt.Errorf("look for transactions under way: %w", err)
		case len(found) == 0:
			return nil
		case timeout > 0 && waited >= timeout:
			return &audit.LockedError{Object: "table exaudit.versions", Timeout: timeout, Holders: found}
		case waited >= patience && !told:
			told = true
			notify(ctx, found)
		}
		if !slept(ctx, often) {
			return ctx.Err()
		}
	}
}

// underWay returns those of the known transactions that are still there, and keeps only them.
func underWay(ctx context.Context, q db.DBTX, known *[]string) ([]audit.LockHolder, error) {
	rows, err := db.New().UnderWay(ctx, q, *known)
	if err != nil {
		return nil, err
	}
	found := make([]audit.LockHolder, len(rows))
	*known = make([]string, len(rows))
	for i, r := range rows {
		(*known)[i] = r.Transaction
		found[i] = holder(db.BlockersRow{Pid: r.Pid, Role: r.Role, Application: r.Application, State: r.State,
			Statement: r.Statement, Since: r.Since})
	}
	return found, nil
}
