package exaudit

import (
	"context"
	"fmt"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/custom"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/undo"
)

// The words of undoing, from package undo.
type (
	// UndoPlan is what an undo would write, or has written, row by row. It can be printed, kept
	// as JSON, and given to ApplyUndo.
	UndoPlan = undo.Plan
	// UndoRow is what happens to one row.
	UndoRow = undo.Row
	// UndoConflict is something that came later and would be overwritten.
	UndoConflict = undo.Conflict
	// UndoConflictError has the rows in conflict; errors.Is finds ErrUndoConflict.
	UndoConflictError = undo.ConflictError
	// RewrittenError names a row in which a trigger has put something else than what undoing did; errors.Is finds
	// ErrVetoed.
	RewrittenError = undo.RewrittenError
	// ConflictPolicy says what becomes of conflicts; see UndoOptions.
	ConflictPolicy = undo.Policy
	// UndoStage is what a long undo is busy with; see UndoOptions.
	UndoStage = undo.Stage
	// NotRecordingError says of which tables changes would not be recorded, and why; errors.Is finds ErrNotRecording.
	NotRecordingError = history.NotRecordingError
	// Unrecorded is one of these tables.
	Unrecorded = history.Unrecorded
)

// What becomes of conflicts.
const (
	// RefuseConflicts writes nothing at all as long as there is one.
	RefuseConflicts = undo.Refuse
	// SkipRows leaves out the rows that have one.
	SkipRows = undo.SkipRows
	// KeepLater leaves out the columns, or the places inside jsonb, that have one; rows only where
	// the row as a whole is in conflict.
	KeepLater = undo.KeepLater
)

// The errors of undoing, besides those of Revert.
var (
	ErrUndoConflict = undo.ErrConflict
	ErrTooManyRows  = undo.ErrTooManyRows
	ErrNotUndo      = undo.ErrNotUndo
	ErrNotRecording = history.ErrNotRecording
	ErrInvalidPlan  = undo.ErrInvalidPlan
	ErrAmbiguous    = undo.ErrAmbiguous
	ErrUnmatched    = undo.ErrUnmatched
)

// Why changes of a table would not be recorded.
const (
	NoTriggers       = history.NoTriggers
	TriggerMissing   = history.TriggerMissing
	TriggerDisabled  = history.TriggerDisabled
	SessionIgnores   = history.SessionIgnores
	SessionIsReplica = history.SessionIsReplica
)

// Selection says which versions are to be undone: all that pass its filters.
type Selection []Filter

// Select makes a Selection of what passes all of some filters.
func Select(first Filter, more ...Filter) Selection { return append(Selection{first}, more...) }

// options are the filters as options, and more.
func (s Selection) options(more ...HistoryOption) []HistoryOption {
	var opts []HistoryOption
	for _, f := range s {
		opts = append(opts, f)
	}
	return append(opts, more...)
}

// PlanUndo plans to take back the changes that a selection names, and writes nothing. Later
// changes stay: those of other rows and columns, and inside jsonb those of other keys and
// elements. What a later change has overwritten is a conflict, and so is a row that is gone, or
// that others point to by now. Versions that are undone already are left out.
//
// Errors: ErrInvalidFilter, ErrTooManyRows, ErrTableGone, ErrInvalidColumn, ErrAmbiguous, ErrUnmatched,
// ErrNotRecording. That the plan cannot be carried out, is told by its Err.
func (d *DB) PlanUndo(ctx context.Context, selection Selection, opts *UndoOptions) (*UndoPlan, error) {
	filter, err := d.selected(ctx, selection)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	var plan *UndoPlan
	err = d.snapshot(ctx, func(q db.DBTX) (err error) {
		plan, err = undo.Make(ctx, q, filter, given(opts).inner()...)
		return err
	})
	return plan, d.explain(ctx, err)
}

// CheckUndo reports whether ApplyUndo would still do what a plan says: nil says so, ErrChanged that it would not. It
// writes and locks nothing, and so works on a standby.
func (d *DB) CheckUndo(ctx context.Context, plan *UndoPlan) error {
	err := d.snapshot(ctx, func(q db.DBTX) error { return undo.Check(ctx, q, plan) })
	return d.explain(ctx, err)
}

// Undo plans and applies at once. All is written in one transaction, or in a savepoint where the
// DB is of a transaction; rows are locked before they are looked at, in a stable order. It is
// recorded as rollbacks that name what they undid, with the custom data of ctx. The result says
// what was written; its Transaction is what Redo takes.
//
// Errors: those of PlanUndo; ErrUndoConflict, which is an *UndoConflictError; ErrNothingToDo,
// ErrReferencedRowMissing, ErrUniqueConflict, ErrConstraint, ErrVetoed.
func (d *DB) Undo(ctx context.Context, selection Selection, opts *UndoOptions) (*UndoPlan, error) {
	filter, err := d.selected(ctx, selection)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	return d.carryOut(ctx, given(opts).inner(),
		func(opts []undo.Option) (*UndoPlan, error) { return undo.Run(ctx, d.conn, filter, opts...) })
}

// ApplyUndo carries out a plan that PlanUndo or PlanRedo made, if it is still what would be
// planned: each row must get the very patch that the plan shows, though it may have been changed
// elsewhere meanwhile. Else nothing is written, and the error is ErrChanged.
func (d *DB) ApplyUndo(ctx context.Context, plan *UndoPlan, opts *ApplyOptions) (*UndoPlan, error) {
	return d.carryOut(ctx, given(opts).inner(),
		func(opts []undo.Option) (*UndoPlan, error) { return undo.Apply(ctx, d.conn, plan, opts...) })
}

// PlanRedo plans to take back an undo, or a revert: the transaction is that of the rollback
// versions, an UndoPlan's Transaction. What was undone is done again. The error is ErrNotUndo
// where the transaction has undone nothing. To redo a part of it, give PlanUndo a Selection of
// its versions.
func (d *DB) PlanRedo(ctx context.Context, transaction uint64, opts *UndoOptions) (*UndoPlan, error) {
	selection, err := d.undone(ctx, transaction)
	if err != nil {
		return nil, err
	}
	return d.PlanUndo(ctx, selection, opts)
}

// Redo is PlanRedo and ApplyUndo at once.
func (d *DB) Redo(ctx context.Context, transaction uint64, opts *UndoOptions) (*UndoPlan, error) {
	selection, err := d.undone(ctx, transaction)
	if err != nil {
		return nil, err
	}
	return d.Undo(ctx, selection, opts)
}

// undone selects what a transaction has undone.
func (d *DB) undone(ctx context.Context, transaction uint64) (Selection, error) {
	selection := Select(ByTransaction(transaction), ByRollback(true))
	found, err := d.Versions(ctx, selection.options(Limit(1))...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("redo transaction %d: %w", transaction, ErrNotUndo)
	}
	return selection, nil
}

func (d *DB) carryOut(ctx context.Context, opts []undo.Option, do func([]undo.Option) (*UndoPlan, error)) (*UndoPlan,
	error) {
	if err := CustomErr(ctx); err != nil {
		return nil, err
	}
	if data := custom.JSON(ctx); data != "" {
		opts = append([]undo.Option{undo.WithCustom(data)}, opts...)
	}
	if err := d.custom.ApplyBase(ctx); err != nil {
		return nil, err
	}
	plan, err := do(opts)
	return plan, d.explain(ctx, err)
}

// selected is the filter of a selection.
func (d *DB) selected(ctx context.Context, selection Selection) (history.Filter, error) {
	o := newHistoryOptions(selection.options())
	if !o.filtered {
		return history.Filter{}, fmt.Errorf("%w: a selection needs at least one filter", ErrInvalidFilter)
	}
	err := d.resolve(ctx, &o)
	return o.filter, err
}
