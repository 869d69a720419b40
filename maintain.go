package exaudit

import (
	"context"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/maintenance"
)

// Maintain removes the versions that tables no longer keep, by the options Keep, KeepLast and Hold. Without these, it
// removes nothing. Call it once a day, for example from cron or in a loop of a service. Tables that are no longer
// tracked keep their options. Maintain also summarizes block ranges of the index for times and transactions, and
// updates the statistics of exaudit.versions.
//
// If a table is read as of a point before its newest removed version, the error is an *audit.PointError with the reason
// BeforeHistory. HistoryBegin returns since when the history is complete.
//
// Maintain works in many small transactions. Writers and readers of tables do not wait for them; undos do, for less
// than a second. If Maintain ends early, it returns what it has done, and the next call does the rest. Several
// processes may call it at the same time. With a DB of a transaction, everything is done in that transaction.
//
// The role must be a member of exaudit_owner, or the error is audit.ErrNotPermitted. If a lock is not free in time, the
// error is audit.ErrLocked.
func (d *DB) Maintain(ctx context.Context, opts *MaintainOptions) (*audit.Maintenance, error) {
	o := given(opts)
	done, err := maintenance.Run(ctx, d.conn,
		maintenance.Options{DryRun: o.DryRun, LockTimeout: wait(o.LockTimeout), Progress: o.Progress})
	return done, d.explain(ctx, err)
}
