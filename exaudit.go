package exaudit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/patch"
	"github.com/exaudit/exaudit/revert"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// The words of the record, from the packages that make it.
type (
	// Version is one recorded change of one entity.
	Version = history.Version
	// Image is a row, or some of its columns, as recorded.
	Image = history.Image
	// Action says what happened to an entity: Created, Updated or Deleted.
	Action = history.Action
	// Patch is the structured difference between two states.
	Patch = patch.Patch
	// DivergedError says where a history and a row do not fit; errors.Is finds ErrDiverged.
	DivergedError = history.DivergedError
	// RevertPlan is what a revert did, or would do: its Patch, and the columns that it had to
	// leave out.
	RevertPlan = revert.Plan
	// Referencing tells how many rows point to one that a revert removes, and what becomes of
	// them.
	Referencing = revert.Referencing
	// TableStatus is a registered table and what, if anything, is wrong with its triggers.
	TableStatus = triggers.Status
	// Installation is what Install or Sync did for one table.
	Installation = triggers.Installation
	// Options say what is recorded of a table, and how.
	Options = triggers.Options
	// OptionError says which option of a table is wrong.
	OptionError = triggers.OptionError
	// Following says what event triggers do besides keeping triggers in step: which new tables
	// they cover.
	Following = triggers.Following
)

// What happened to an entity.
const (
	Created = history.Created
	Updated = history.Updated
	Deleted = history.Deleted
	// Baseline is no change: it says what the row was when it was recorded.
	Baseline = history.Baseline
)

// The errors that a caller can act on. What they are wrapped in names the table, key or
// version, and PostgreSQL's own error, a *pgconn.PgError, where there is one.
var (
	ErrNotInitialized       = sql.ErrNotInitialized
	ErrOutdated             = sql.ErrOutdated
	ErrNewer                = sql.ErrNewer
	ErrForeignSchema        = sql.ErrForeignSchema
	ErrIncomplete           = sql.ErrIncomplete
	ErrOtherBuild           = sql.ErrOtherBuild
	ErrKeptElsewhere        = sql.ErrKeptElsewhere
	ErrLacksPrivileges      = sql.ErrLacksPrivileges
	ErrEncoding             = sql.ErrEncoding
	ErrNoTable              = triggers.ErrNoTable
	ErrNotTrackable         = triggers.ErrNotTrackable
	ErrNoPrimaryKey         = triggers.ErrNoPrimaryKey
	ErrNotTracked           = triggers.ErrNotTracked
	ErrLocked               = triggers.ErrLocked
	ErrInvalidOptions       = triggers.ErrInvalidOptions
	ErrMayNotFollow         = triggers.ErrMayNotFollow
	ErrNoVersion            = history.ErrNoVersion
	ErrDiverged             = history.ErrDiverged
	ErrNoMark               = history.ErrNoMark
	ErrMarkExists           = history.ErrMarkExists
	ErrInvalidFilter        = history.ErrInvalidFilter
	ErrClientEncoding       = history.ErrClientEncoding
	ErrReferencedRowMissing = revert.ErrReferencedRowMissing
	ErrUniqueConflict       = revert.ErrUniqueConflict
	ErrConstraint           = revert.ErrConstraint
	ErrColumnGone           = revert.ErrColumnGone
	ErrNotRecorded          = revert.ErrNotRecorded
	ErrInvalidColumn        = revert.ErrInvalidColumn
	ErrTableGone            = revert.ErrTableGone
	ErrNothingToDo          = revert.ErrNothingToDo
	ErrVetoed               = revert.ErrVetoed
	ErrChanged              = revert.ErrChanged
	// ErrInvalidKey means that a key has the wrong number of values, or one of the wrong type.
	ErrInvalidKey = errors.New("invalid key")
)

// Init creates schema exaudit in the database, or brings it up to date, and reports whether there was anything to do.
// Its migrations are kept apart from the application's own. It is one transaction, on a connection of its own: whatever
// ends it early leaves nothing behind. It is safe to run twice, and from several processes at once: they wait for each
// other, see InitOptions. A DB of a transaction cannot be initialised: that is an error.
//
// A schema that is newer than this program is left alone, so that an older release of a service starts again after a
// newer one was rolled back: Init returns false and no error, changes are recorded as before, and Check returns
// ErrNewer.
//
// Errors: ErrEncoding, ErrForeignSchema, ErrIncomplete, ErrOtherBuild, ErrKeptElsewhere, ErrLocked, and
// ErrLacksPrivileges, which names all that the role lacks before anything is changed.
func (d *DB) Init(ctx context.Context, opts *InitOptions) (changed bool, err error) {
	config, err := d.connConfig()
	if err != nil {
		return false, fmt.Errorf("initialise exaudit: %w", err)
	}
	return sql.Up(ctx, config, given(opts).inner()...)
}

// DropSchema drops schema exaudit, with everything that was recorded and the triggers on all tables, in one
// transaction, on a connection of its own. It also drops a schema that is incomplete or was made by another build.
func (d *DB) DropSchema(ctx context.Context, opts *InitOptions) error {
	config, err := d.connConfig()
	if err != nil {
		return fmt.Errorf("drop schema exaudit: %w", err)
	}
	return sql.Down(ctx, config, given(opts).inner()...)
}

// connConfig is how the DB is connected.
func (d *DB) connConfig() (*pgx.ConnConfig, error) {
	switch conn := d.conn.(type) {
	case pgx.Tx:
		return nil, errors.New("a DB of a transaction cannot do that: give New a pool or a connection")
	case *pgx.Conn:
		return conn.Config(), nil
	case interface{ Conn() *pgx.Conn }: // a connection of a pool
		if c := conn.Conn(); c != nil {
			return c.Config(), nil
		}
	}
	if config := d.Config(); config != nil {
		return config.ConnConfig, nil
	}
	return nil, fmt.Errorf("a %T does not say how it is connected: give New a pool or a connection", d.conn)
}

// Check reports whether the schema of the database is the one that this program was made for. nil says so. It reads
// the catalog alone, and takes no privilege.
//
// ErrNewer means that a newer release has updated the schema. Changes are recorded all the same, and this program can
// read and undo what it knows of; Install and Sync refuse, as they would bring triggers back to what they were.
// With ErrNotInitialized, ErrOutdated, ErrForeignSchema, ErrIncomplete and ErrOtherBuild, the program cannot work.
func (d *DB) Check(ctx context.Context) error { return sql.Check(ctx, d.conn) }

// Install puts triggers on the named tables, or brings them up to date. Names are as in SQL, quoted where need be,
// looked up along the search_path. Versions of before an Uninstall, or of before a rename, stay the table's history.
//
// Each table is a transaction of its own, so that none is locked longer than that takes; names and options are checked
// before the first one. What keeps one table from being done later does not keep the others: the error is a
// *PartialError, with the tables that were done, and the same call goes on with those that were not. A DB of a
// transaction does all of it in that.
//
// A table that cannot be tracked gives ErrNoTable, ErrNotTrackable or ErrNoPrimaryKey, one
// that is in use for longer than the lock timeout ErrLocked.
func (d *DB) Install(ctx context.Context, tables []string, opts *InstallOptions) ([]Installation, error) {
	done, err := triggers.Install(ctx, d.conn, tables, given(opts).inner()...)
	return done, d.explain(ctx, err)
}

// Uninstall takes the triggers off the named tables, each in a transaction of its own, as Install does. Their versions
// stay.
func (d *DB) Uninstall(ctx context.Context, tables []string, opts *UninstallOptions) error {
	return d.explain(ctx, triggers.Uninstall(ctx, d.conn, tables, given(opts).inner()...))
}

// Sync brings the triggers of every tracked table up to date, each in a transaction of its own, as Install does: after
// a schema change, a restore, an update of this program. What Status reports is mended, and tables that were renamed
// are followed. One that was dropped is let go of, one that has lost its primary key is skipped: their Installations
// say so.
func (d *DB) Sync(ctx context.Context, opts *SyncOptions) ([]Installation, error) {
	o := given(opts)
	done, err := triggers.Sync(ctx, d.conn, stepOptions(o.LockTimeout, o.DryRun)...)
	return done, d.explain(ctx, err)
}

// PartialError is an error of Install, Uninstall or Sync despite which some of the tables were done.
type PartialError = triggers.PartialError

// FollowDDL creates event triggers: from then on, tables may be altered, and partitions come and go, without a Sync,
// and new tables are tracked whose names match patterns. Event triggers take a superuser; ErrMayNotFollow tells that
// the role is none.
func (d *DB) FollowDDL(ctx context.Context, following Following, opts *FollowOptions) ([]Installation, error) {
	o := given(opts)
	done, err := triggers.Install(ctx, d.conn, nil,
		append(stepOptions(o.LockTimeout, o.DryRun), triggers.FollowDDL(following))...)
	return done, d.explain(ctx, err)
}

// StopFollowingDDL removes the event triggers. Tables stay tracked, and are no longer kept in step.
func (d *DB) StopFollowingDDL(ctx context.Context, opts *FollowOptions) error {
	o := given(opts)
	err := triggers.Uninstall(ctx, d.conn, nil,
		append(stepOptions(o.LockTimeout, o.DryRun), triggers.StopFollowing())...)
	return d.explain(ctx, err)
}

// Following gives what FollowDDL was given; nil where there are no event triggers.
func (d *DB) Following(ctx context.Context) (*Following, error) {
	f, err := triggers.ReadFollowing(ctx, d.conn)
	return f, d.explain(ctx, err)
}

// Status compares the triggers of every registered table with what Install would make.
func (d *DB) Status(ctx context.Context) ([]TableStatus, error) {
	list, err := triggers.Inspect(ctx, d.conn)
	return list, d.explain(ctx, err)
}

// Trackable lists the tables of some schemas, or of all, by quoted names, and apart from them those that Install
// refuses for want of a primary key. Tables of extensions and of migration tools are not among them. A schema that
// there is none of gives ErrNoTable.
func (d *DB) Trackable(ctx context.Context, schemas ...string) (names, withoutKey []string, err error) {
	names, withoutKey, err = triggers.Trackable(ctx, d.conn, schemas)
	return names, withoutKey, d.explain(ctx, err)
}

// LockHolder is a session that holds a lock which a statement waits for, as far as the present role may see that.
type LockHolder = lock.Holder

// LockedError is an ErrLocked with those who hold the lock.
type LockedError = lock.Error

// NotifyLockWait returns a context with which the methods of a DB tell a function when one of their
// own statements has waited for a lock for a second, and who holds it. They find that out on a connection of its own.
func NotifyLockWait(ctx context.Context, tell func([]LockHolder)) context.Context {
	return lock.WithNotify(ctx, tell)
}

// explain replaces an error about missing objects by the reason, where that is that the
// database is not initialised or of another version.
func (d *DB) explain(ctx context.Context, err error) error { return explain(ctx, d.conn, err) }

func explain(ctx context.Context, conn db.DBTX, err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return err
	}
	switch pgErr.Code {
	case "3F000", "42P01", "42883", "42703":
		reason := sql.Check(ctx, conn)
		switch {
		case errors.Is(reason, ErrNotInitialized), errors.Is(reason, ErrOutdated), errors.Is(reason, ErrNewer),
			errors.Is(reason, ErrForeignSchema), errors.Is(reason, ErrIncomplete), errors.Is(reason, ErrOtherBuild):
			return fmt.Errorf("%w (%w)", reason, err)
		case reason != nil && strings.Contains(pgErr.Message, "exaudit"):
			// the transaction is aborted, and nobody can be asked
			return fmt.Errorf("%w (%w)", ErrNotInitialized, err)
		}
	}
	return err
}

// snapshot runs do on one state of the database, so that rows and versions that are read
// one after the other belong together. A transaction of the caller's has the isolation
// level that it has.
func (d *DB) snapshot(ctx context.Context, do func(db.DBTX) error) error {
	beginner, ok := d.conn.(interface {
		BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	})
	if !ok {
		return do(d.conn)
	}
	return pgx.BeginTxFunc(ctx, beginner, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
		func(tx pgx.Tx) error {
			return do(tx)
		})
}
