package exaudit

import (
	"time"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/undo"
	"github.com/exaudit/exaudit/revert"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// InitOptions change how Init works.
type InitOptions struct {
	// Precision is how many digits of a second the times of versions have, 0 to 6; nil leaves it as it is, which is 6
	// at first. Further digits are cut off; if the time were rounded up, it could be after the commit. All versions of
	// a database have the same precision: once there are any, the error is audit.ErrExists. It is set after everything
	// else, in a separate transaction. If the schema is newer than this program, it is not set, and Init returns an
	// *audit.SchemaError.
	Precision *int
	// LockTimeout is how long Init waits for each lock; a negative value means for ever. If it is 0, Init waits a
	// minute for other processes that initialise or update the same database, and 5 seconds for other locks.
	LockTimeout time.Duration
}

// DropOptions change how DropSchema works.
type DropOptions struct {
	LockTimeout time.Duration // how long it waits for each lock, with the defaults of Init
}

// InstallOptions change how Install works.
type InstallOptions struct {
	// TableOptions are the options of tables, by the names that are passed to Install. They replace all options that
	// a table has. A table that is not in the map keeps its options until it is uninstalled. If an option is wrong,
	// the error is an *audit.InvalidError.
	TableOptions map[string]audit.TableOptions
	// LockTimeout is how long Install waits for all the locks of each table; 0 means 5 seconds, and a negative
	// value means for ever. Creating a trigger must wait for the transactions that write to the table. The first
	// install must also wait for those that read it, because it creates a policy. While it waits, Install keeps a
	// lock, or a place in the queue for one, for at most a fifth of deadlock_timeout, and then begins again.
	LockTimeout time.Duration
	// DryRun does everything, so that all errors are found, and then rolls it back.
	DryRun bool
}

// UninstallOptions change how Uninstall works.
type UninstallOptions struct {
	LockTimeout time.Duration // as for Install
	DryRun      bool          // as for Install
	// Baseline records all rows of a table first, so that they are still known afterwards for the time in which the
	// table was tracked. Writers of the table wait meanwhile.
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
	// EveryRow also records rows that have versions already.
	EveryRow bool
	// LockTimeout is how long Baseline waits for the lock of each table; 0 means 5 seconds, and a negative
	// value means for ever.
	LockTimeout time.Duration
	// Progress is called for each table that is done.
	Progress func(audit.BaselineResult)
}

// MaintainOptions change how Maintain works.
type MaintainOptions struct {
	// DryRun changes nothing, and counts what would be removed.
	DryRun bool
	// LockTimeout is how long Maintain waits for locks in each of its transactions; 0 means 5 seconds, and a negative
	// value means for ever.
	LockTimeout time.Duration
	// Progress is called when versions of a table were removed, with their number since the last call. The table's
	// name is quoted.
	Progress func(table string, removed int64)
}

// MarkOptions add to what Mark records.
type MarkOptions struct {
	Note string // what the mark is for
}

// IndexOptions change how IndexCustom works.
type IndexOptions struct {
	// LockTimeout is how long IndexCustom waits for the transactions that are in progress when it is called; 0 means
	// 5 seconds, and a negative value means for ever.
	LockTimeout time.Duration
}

// StatusOptions change what Status lists.
type StatusOptions struct {
	// Schemas are the schemas whose untracked tables are listed, as they are, without quotes; nil means all schemas.
	// Tables that are or were tracked are always listed.
	Schemas []string
}

// RevertOptions change what Revert and PlanRevert accept.
type RevertOptions struct {
	// SetColumns are values for columns of the row. They replace the recorded values, or are used if none was recorded.
	// A restored row needs them for columns that were added later and are NOT NULL without a default. A value is one
	// that encoding/json accepts, as for Custom; PostgreSQL reads it as the column's type. The error is
	// an *audit.InvalidError if the column does not exist, is generated or is part of the primary key, or if the value
	// does not fit its type.
	SetColumns map[string]any
	// AllowDiverged also reverts a row that is not what its history says, which is otherwise refused. Columns that no
	// undone version contains keep their present value; the others get the recorded value.
	AllowDiverged bool
	// LockTimeout is how long a revert waits for all locks; 0 means 5 seconds, and a negative value means for
	// ever. If a lock is not free in time, the error is audit.ErrLocked.
	LockTimeout time.Duration
}

// UndoOptions change what an undo or a redo does.
type UndoOptions struct {
	// OnConflict says what happens with conflicts. The default is RefuseConflicts.
	OnConflict audit.ConflictPolicy
	// MaxRows is how many rows an undo may be about; 0 means 10,000. If there are more, the error is
	// audit.ErrTooManyRows.
	MaxRows int
	// KeepColumns are columns that existing rows keep as they are, without a conflict, for example the time of the
	// last change: "updated_at" in every table, or "orders.updated_at" in one. If no table of the undo has the
	// column, the error is an *audit.InvalidError with the reason NotInUndo; the same is true for SetColumns.
	KeepColumns []string
	// SetColumns are values for columns of restored rows for which no value was recorded. Columns that were added later
	// and are NOT NULL without a default need them: "region" in every table, or "orders.region" in one.
	SetColumns map[string]any
	// OverwriteRows are rows in which the undo overwrites later changes: a row that was changed again gets its old
	// values, a row that now has the key of a deleted row is overwritten, and a row that was deleted is restored. If a
	// row is not part of the undo, the error is an *audit.InvalidError with the reason NotInUndo.
	OverwriteRows []audit.RowID
	// LockTimeout is how long an undo waits for all locks; 0 means 5 seconds, and a negative value means for
	// ever. An undo waits for another undo, and for transactions that have changed its rows. While it holds locks on
	// rows, it does not wait for others: it releases them and begins again. So no transaction is ended because of
	// a deadlock with it. If a lock is not free in time, the error is audit.ErrLocked.
	LockTimeout time.Duration
	// Progress is called with what the undo is doing at the moment, and with a number of versions or rows.
	Progress func(stage audit.Stage, n int)
}

// ApplyOptions change how ApplyUndo and ApplyRevert carry out a plan.
type ApplyOptions struct {
	LockTimeout time.Duration                  // as for Undo
	Progress    func(stage audit.Stage, n int) // as for Undo; a revert does not call it
}

// wait is a lock timeout as packages within take it, in which 0 is for ever.
func wait(timeout time.Duration) time.Duration {
	switch {
	case timeout == 0:
		return lock.DefaultTimeout
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

// timeoutOf is the lock timeout of Init and DropSchema, which have other defaults.
func timeoutOf(timeout time.Duration) []sql.Option {
	if timeout == 0 {
		return nil
	}
	return []sql.Option{sql.LockTimeout(wait(timeout))}
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
		opts = append(opts, undo.Overwrite(row))
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
