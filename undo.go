package exaudit

import (
	"context"
	"errors"
	"fmt"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/custom"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/undo"
)

// PlanUndo plans to take back the changes that a selection chooses, and writes nothing. Later changes are kept: those
// of other rows and columns, and inside jsonb those of other keys and elements. There is a conflict if a later change
// has overwritten a chosen one, if the row does not exist any more, or if other rows refer to it by now. Versions that
// are undone already are left out.
//
// The errors are audit.ErrTooManyRows, *audit.InvalidError and *audit.TableError. If the plan cannot be carried out,
// PlanUndo returns it, and its method Err returns the reason.
func (d *DB) PlanUndo(ctx context.Context, selection Selection, opts *UndoOptions) (*audit.UndoPlan, error) {
	filter, err := d.selected(ctx, selection)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	var plan *audit.UndoPlan
	err = d.snapshot(ctx, func(q db.DBTX) (err error) {
		plan, err = undo.Make(ctx, q, filter, given(opts).inner()...)
		return err
	})
	return plan, d.explain(ctx, err)
}

// CheckUndo returns nil if ApplyUndo would still do what a plan says, and otherwise audit.ErrPlanStale. It does not
// write or lock anything, so it also works on a standby.
func (d *DB) CheckUndo(ctx context.Context, plan *audit.UndoPlan) error {
	err := d.snapshot(ctx, func(q db.DBTX) error { return undo.Check(ctx, q, plan) })
	return d.explain(ctx, err)
}

// Undo plans an undo and carries it out. Everything is written in one transaction, or in a savepoint if the DB is one
// of a transaction. Rows are locked before they are read, always in the same order. The changes are recorded as
// rollbacks, with the versions that they undid and the custom data of ctx. The returned plan says what was written; its
// TransactionID can be passed to Redo.
//
// The errors are those of PlanUndo, an *audit.ConflictError, audit.ErrNothingToDo, audit.ErrLocked, and an
// *audit.WriteError if a row cannot be written.
func (d *DB) Undo(ctx context.Context, selection Selection, opts *UndoOptions) (*audit.UndoPlan, error) {
	filter, err := d.selected(ctx, selection)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	return d.carryOut(ctx, given(opts).inner(),
		func(opts []undo.Option) (*audit.UndoPlan, error) { return undo.Run(ctx, d.conn, filter, opts...) })
}

// ApplyUndo carries out a plan that PlanUndo or PlanRedo made, if the same would still be planned: each row must still
// get the patch that the plan shows, though other parts of the row may have changed. Otherwise nothing is written, and
// the error is audit.ErrPlanStale. The other errors are those of Undo.
func (d *DB) ApplyUndo(ctx context.Context, plan *audit.UndoPlan, opts *ApplyOptions) (*audit.UndoPlan, error) {
	return d.carryOut(ctx, given(opts).inner(),
		func(opts []undo.Option) (*audit.UndoPlan, error) { return undo.Apply(ctx, d.conn, plan, opts...) })
}

// PlanRedo plans to take back an undo or a revert, so that what was undone is done again. The transaction is that of
// the rollback versions: TransactionID of the UndoPlan. If the transaction has undone nothing, the error is
// audit.ErrNotFound. To redo only a part, pass a Selection of its versions to PlanUndo. The other errors are those of
// PlanUndo.
func (d *DB) PlanRedo(ctx context.Context, transaction uint64, opts *UndoOptions) (*audit.UndoPlan, error) {
	selection, err := d.undone(ctx, transaction)
	if err != nil {
		return nil, err
	}
	return d.PlanUndo(ctx, selection, opts)
}

// Redo plans a redo, as PlanRedo does, and carries it out, as Undo does. The errors are those of PlanRedo and Undo.
func (d *DB) Redo(ctx context.Context, transaction uint64, opts *UndoOptions) (*audit.UndoPlan, error) {
	selection, err := d.undone(ctx, transaction)
	if err != nil {
		return nil, err
	}
	return d.Undo(ctx, selection, opts)
}

// undone selects what a transaction has undone.
func (d *DB) undone(ctx context.Context, transaction uint64) (Selection, error) {
	selection := Select(ByTransaction(transaction), ByRollback(true))
	_, err := First(d.Versions(ctx, selection.versions(Limit(1))...))
	if errors.Is(err, audit.ErrNotFound) {
		err = reason.Mark(fmt.Errorf("redo transaction %d: not an undo", transaction), audit.ErrNotFound)
	}
	return selection, err
}

func (d *DB) carryOut(ctx context.Context, opts []undo.Option, do func([]undo.Option) (*audit.UndoPlan,
	error)) (*audit.UndoPlan, error) {
	if err := custom.Err(ctx); err != nil {
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
	q := versionsQuery(selection.versions())
	if !q.filtered {
		return history.Filter{}, invalidFilter("a selection needs at least one filter")
	}
	err := d.resolve(ctx, &q)
	return q.filter, err
}
