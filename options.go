package exaudit

import (
	"time"

	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/undo"
	"github.com/exaudit/exaudit/revert"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// DefaultLockTimeout is how long operations wait for locks whose options do not say how long.
const DefaultLockTimeout = lock.DefaultTimeout

// DefaultMaxRows is what UndoOptions.MaxRows is without a value.
const DefaultMaxRows = undo.DefaultMaxRows

// InitOptions change how Init and DropSchema work.
type InitOptions struct {
	// LockTimeout bounds how long they wait for each lock; negative is for ever. Without a value, Init waits a minute
	// for other processes that initialise or update the same database, and both DefaultLockTimeout for other locks.
	LockTimeout time.Duration
}

// InstallOptions change how Install works.
type InstallOptions struct {
	// TableOptions gives tables options, by the names that Install is given. They replace those that a table has; a
	// table that is not in the map keeps its own, until it is uninstalled. What is wrong with them is told by an
	// *OptionError.
	TableOptions map[string]Options
	// LockTimeout bounds how long Install waits for the locks of each table in all, which is DefaultLockTimeout without
	// a value; negative is for ever. Creating a trigger has to wait for the transactions that write to the table; the
	// first install also waits for those that read it, as it creates a policy. A lock, or a place in the queue for one,
	// is never kept for longer than a fifth of deadlock_timeout: then the wait begins anew.
	LockTimeout time.Duration
	// DryRun does everything, so that nothing that could fail is missed, and then rolls it back.
	DryRun bool
}

// UninstallOptions change how Uninstall works.
type UninstallOptions struct {
	LockTimeout time.Duration // as for Install
	DryRun      bool          // as for Install
	// Baseline records all rows of a table first, so that it is known afterwards what they were while the table was
	// tracked. Writers of the table wait meanwhile.
	Baseline bool
	// Unrecorded is called for each table whose rows Baseline could not record, with the reason.
	Unrecorded func(table, reason string)
}

// SyncOptions change how Sync works.
type SyncOptions struct {
	LockTimeout time.Duration // as for Install
	DryRun      bool          // as for Install
}

// FollowOptions change how FollowDDL and StopFollowingDDL work.
type FollowOptions struct {
	LockTimeout time.Duration // as for Install
	DryRun      bool          // as for Install
}

// BaselineOptions change how Baseline works.
type BaselineOptions struct {
	// EveryRow also records rows that have versions.
	EveryRow bool
	// LockTimeout bounds how long Baseline waits for the lock of each table, which is DefaultLockTimeout without a
	// value; negative is for ever.
	LockTimeout time.Duration
	// Progress is called for each table that is done.
	Progress func(BaselineResult)
}

// MarkOptions add to what Mark records.
type MarkOptions struct {
	Note string // what the mark is for
}

// IndexOptions change how IndexCustom works.
type IndexOptions struct {
	// LockTimeout bounds how long IndexCustom waits for the transactions that are under way when it is called, which is
	// DefaultLockTimeout without a value; negative is for ever.
	LockTimeout time.Duration
}

// RevertOptions change what Revert and PlanRevert accept.
type RevertOptions struct {
	// SetColumns gives columns of the row a value besides, or instead of, the recorded one. A row that comes back needs
	// it for a column that was added since, NOT NULL and without a default. A value is one that encoding/json takes, as
	// for Custom; PostgreSQL reads it as the column's type. ErrInvalidColumn tells of a column that is missing,
	// generated or part of the primary key, and of a value that is none of its type.
	SetColumns map[string]any
	// AllowDiverged reverts a row that is not what its history says, which is refused otherwise: columns that no undone
	// version names keep their present value, the others get the one that was recorded.
	AllowDiverged bool
	// LockTimeout bounds how long a revert waits for locks in all, which is DefaultLockTimeout without a value;
	// negative is for ever. What is not to be had is ErrLocked.
	LockTimeout time.Duration
}

// RowID names a row as an UndoRow does.
type RowID struct{ Table, EntityID string }

// UndoOptions change what an undo or a redo does.
type UndoOptions struct {
	// OnConflict says what becomes of conflicts; RefuseConflicts is the default.
	OnConflict ConflictPolicy
	// MaxRows bounds how many rows an undo may be about, which is DefaultMaxRows without a value. More give
	// ErrTooManyRows.
	MaxRows int
	// KeepColumns leaves columns as they are in rows that are there, without a conflict, as a time of the last change:
	// "updated_at" in every table, "orders.updated_at" in one. A column of none of the tables that are undone in is
	// ErrUnmatched, in SetColumns too.
	KeepColumns []string
	// SetColumns gives columns of rows that come back the value where none was recorded, as a column needs that was
	// added since, NOT NULL and without a default: "region", or "orders.region" in one table.
	SetColumns map[string]any
	// OverwriteRows lets an undo overwrite what came later in these rows: a row that was changed again gets its old
	// values, one whose key was reused is written over, one that was deleted comes back. One that is not undone is
	// ErrUnmatched.
	OverwriteRows []RowID
	// LockTimeout bounds how long an undo waits for locks in all, which is DefaultLockTimeout without a value; negative
	// is for ever. It waits for another undo, and for transactions that have changed its rows. Once it holds rows
	// itself it does not wait for others, but gives them up and begins anew: nobody becomes the victim of a deadlock.
	// What is not to be had is ErrLocked.
	LockTimeout time.Duration
	// Progress is called with what the undo is busy with, and with how many versions or rows.
	Progress func(stage UndoStage, n int)
}

// ApplyOptions change how ApplyUndo and ApplyRevert carry out a plan.
type ApplyOptions struct {
	LockTimeout time.Duration                // as for Undo
	Progress    func(stage UndoStage, n int) // as for Undo; a revert does not call it
}

// wait is a lock timeout as packages within take it, in which 0 is for ever.
func wait(timeout time.Duration) time.Duration {
	switch {
	case timeout == 0:
		return DefaultLockTimeout
	case timeout < 0:
		return 0
	}
	return timeout
}

// given are options, or the defaults.
func given[T any](opts *T) T {
	if opts == nil {
		return *new(T)
	}
	return *opts
}

func (o InitOptions) inner() []sql.Option {
	if o.LockTimeout == 0 {
		return nil
	}
	return []sql.Option{sql.LockTimeout(wait(o.LockTimeout))}
}

func stepOptions(timeout time.Duration, dryRun bool) []triggers.InstallOption {
	opts := []triggers.InstallOption{triggers.LockTimeout(wait(timeout))}
	if dryRun {
		opts = append(opts, triggers.DryRun())
	}
	return opts
}

func (o InstallOptions) inner() []triggers.InstallOption {
	return append(stepOptions(o.LockTimeout, o.DryRun), triggers.WithOptions(o.TableOptions))
}

func (o UninstallOptions) inner() []triggers.InstallOption {
	opts := stepOptions(o.LockTimeout, o.DryRun)
	if o.Baseline {
		opts = append(opts, triggers.RecordEnd())
	}
	if o.Unrecorded != nil {
		opts = append(opts, triggers.EndUnrecorded(o.Unrecorded))
	}
	return opts
}

func (o RevertOptions) inner() []revert.Option {
	opts := []revert.Option{revert.LockTimeout(wait(o.LockTimeout))}
	if o.AllowDiverged {
		opts = append(opts, revert.AllowDiverged())
	}
	for name, value := range o.SetColumns {
		opts = append(opts, revert.SetColumn(name, value))
	}
	return opts
}

func (o UndoOptions) inner() []undo.Option {
	opts := append(ApplyOptions{o.LockTimeout, o.Progress}.inner(), undo.Keep(o.KeepColumns...))
	if o.OnConflict != "" {
		opts = append(opts, undo.OnConflict(o.OnConflict))
	}
	if o.MaxRows != 0 {
		opts = append(opts, undo.MaxRows(o.MaxRows))
	}
	for column, value := range o.SetColumns {
		opts = append(opts, undo.Set(column, value))
	}
	for _, row := range o.OverwriteRows {
		opts = append(opts, undo.Overwrite(row.Table, row.EntityID))
	}
	return opts
}

func (o ApplyOptions) inner() []undo.Option {
	opts := []undo.Option{undo.LockTimeout(wait(o.LockTimeout))}
	if o.Progress != nil {
		opts = append(opts, undo.Progress(o.Progress))
	}
	return opts
}
