package exaudit

import (
	"context"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/custom"
	"github.com/exaudit/exaudit/revert"
)

// Revert brings the entity of a version back to what it was before that version, undoing
// it and all later ones: an update restores the old values, a delete brings the row back
// under the same key, a create removes it, and with it what its foreign keys' actions take
// along, which the result lists. Columns that were added to the table since keep
// their value, unless one of the undone versions changed it: then they get what they were filled with.
// What was changed is the result, and is recorded as a rollback with the
// custom data of ctx. Values of columns that were dropped since, or were not recorded, cannot come back
// and are listed in the result; if that is all there is, the error is ErrColumnGone or
// ErrNotRecorded.
//
// It all happens in one transaction, or in a savepoint where the DB is of a transaction.
// Errors: ErrNoVersion, ErrDiverged, ErrNothingToDo, ErrReferencedRowMissing,
// ErrUniqueConflict, ErrConstraint, ErrColumnGone, ErrNotRecorded,
// ErrInvalidColumn, ErrTableGone, ErrVetoed, ErrChanged, ErrNotRecording.
func (d *DB) Revert(ctx context.Context, version int64, opts *RevertOptions) (*RevertPlan, error) {
	return d.revert(ctx, version, given(opts).inner())
}

func (d *DB) revert(ctx context.Context, version int64, opts []revert.Option) (*RevertPlan, error) {
	if err := CustomErr(ctx); err != nil {
		return nil, err
	}
	if data := custom.JSON(ctx); data != "" {
		opts = append(opts, revert.WithCustom(data))
	}
	if err := d.custom.ApplyBase(ctx); err != nil {
		return nil, err
	}
	reversal, err := revert.Apply(ctx, d.conn, version, opts...)
	return reversal, d.explain(ctx, err)
}

// PlanRevert returns what Revert would do, with the same patch, and writes nothing. Triggers of the table may change a
// row further when it is really written.
func (d *DB) PlanRevert(ctx context.Context, version int64, opts *RevertOptions) (*RevertPlan, error) {
	var reversal *RevertPlan
	err := d.snapshot(ctx, func(q db.DBTX) (err error) {
		reversal, err = revert.Preview(ctx, q, version, given(opts).inner()...)
		return err
	})
	return reversal, d.explain(ctx, err)
}

// ApplyRevert carries out a plan that PlanRevert made, if the row would still get the very patch that the plan shows.
// Else nothing is written, and the error is ErrChanged.
func (d *DB) ApplyRevert(ctx context.Context, plan *RevertPlan, opts *ApplyOptions) (*RevertPlan, error) {
	o := RevertOptions{SetColumns: plan.SetColumns, AllowDiverged: plan.AllowDiverged,
		LockTimeout: given(opts).LockTimeout}
	return d.revert(ctx, plan.Version, append(o.inner(), revert.Expect(plan.Patch)))
}
