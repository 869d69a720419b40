package exaudit

import (
	"context"
	"time"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/custom"
	"github.com/exaudit/exaudit/revert"
)

// Revert brings the row of a version back to its state before that version. It undoes the version and all later
// versions of the row: for an update it restores the old values, for a delete it restores the row with the same key,
// and for a create it deletes the row. The result lists the rows that foreign keys then delete or change with it.
//
// Columns that were added to the table later keep their values, unless one of the undone versions changed them. Then
// they get the value with which they were filled. Values of columns that were dropped later or not recorded cannot be
// restored; the result lists them. If nothing else would be restored, the error is an *audit.WriteError with the reason
// ColumnGone or ValueNotRecorded.
//
// Revert returns what was changed. This is recorded as a rollback, with the custom data of ctx. Everything happens in
// one transaction, or in a savepoint if the DB is one of a transaction. The TransactionID of the result can be passed
// to Redo.
//
// The errors are audit.ErrNotFound, audit.ErrNothingToDo, audit.ErrLocked, *audit.DivergedError, *audit.TableError,
// *audit.PointError, *audit.InvalidError because of SetColumns, and *audit.WriteError if the row cannot be written.
func (d *DB) Revert(ctx context.Context, version int64, opts *RevertOptions) (*audit.RevertPlan, error) {
	return d.revert(ctx, version, given(opts).inner())
}

func (d *DB) revert(ctx context.Context, version int64, opts []revert.Option) (*audit.RevertPlan, error) {
	if err := custom.Err(ctx); err != nil {
		return nil, err
	}
	if data := custom.JSON(ctx); data != "" {
		opts = append(opts, revert.WithCustom(data))
	}
	if err := d.custom.ApplyBase(ctx); err != nil {
		return nil, err
	}
	plan, err := revert.Apply(ctx, d.conn, version, opts...)
	return plan, d.explain(ctx, err)
}

// PlanRevert returns what Revert would do, with the same patch, and writes nothing. Triggers of the table may change
// the row further when it is really written. The errors are those of Revert, but constraints are not checked.
func (d *DB) PlanRevert(ctx context.Context, version int64, opts *RevertOptions) (*audit.RevertPlan, error) {
	var plan *audit.RevertPlan
	err := d.snapshot(ctx, func(q db.DBTX) (err error) {
		plan, err = revert.Preview(ctx, q, version, given(opts).inner()...)
		return err
	})
	return plan, d.explain(ctx, err)
}

// CheckRevert returns nil if ApplyRevert would still do what a plan says, and otherwise audit.ErrPlanStale. It does not
// write or lock anything, so it also works on a standby.
func (d *DB) CheckRevert(ctx context.Context, plan *audit.RevertPlan) error {
	err := d.snapshot(ctx, func(q db.DBTX) error {
		_, err := revert.Preview(ctx, q, plan.Version, again(plan, 0)...)
		return err
	})
	return d.explain(ctx, err)
}

// ApplyRevert carries out a plan that PlanRevert made, which may have been stored as JSON, if the row would still get
// the same patch. Otherwise nothing is written, and the error is audit.ErrPlanStale. The other errors are those of
// Revert.
func (d *DB) ApplyRevert(ctx context.Context, plan *audit.RevertPlan, opts *ApplyOptions) (*audit.RevertPlan, error) {
	return d.revert(ctx, plan.Version, again(plan, given(opts).LockTimeout))
}

// again are the options with which a plan was made, and that it must be the same.
func again(plan *audit.RevertPlan, lockTimeout time.Duration) []revert.Option {
	o := RevertOptions{SetColumns: make(map[string]any, len(plan.SetColumns)), AllowDiverged: plan.AllowDiverged,
		LockTimeout: lockTimeout}
	for column, value := range plan.SetColumns {
		o.SetColumns[column] = value
	}
	return append(o.inner(), revert.Expect(plan))
}
