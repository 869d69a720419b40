package exaudit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// Init creates the schemas exaudit and exaudit_internal in the database, or updates them, and reports whether there was
// anything to do. Its migrations are separate from those of the application. Init runs in one transaction, on a
// connection of its own: if it ends early, it leaves nothing behind. It may be called again, and from several processes
// at the same time, which then wait for each other; see InitOptions. With a DB of a transaction, it returns an
// *audit.InvalidError.
//
// If the schema is newer than this program, Init does not change it, and returns false and no error, unless
// InitOptions.Precision is set. So an older release of a service can start again after a newer one was rolled back.
// Changes are recorded as before, and Check returns an *audit.SchemaError with the reason NewerSchema.
//
// The errors are audit.ErrLocked; audit.ErrExists and *audit.InvalidError for the precision; and *audit.SchemaError.
// With the reason LacksPrivileges, it lists all privileges that the role lacks, and nothing was changed.
func (d *DB) Init(ctx context.Context, opts *InitOptions) (changed bool, err error) {
	o := given(opts)
	if p := o.Precision; p != nil && (*p < 0 || *p > 6) {
		return false, &audit.InvalidError{Reason: audit.InvalidOption, Name: "precision",
			Detail: fmt.Sprintf("must be 0 to 6, not %d", *p)}
	}
	config, err := d.connConfig()
	if err != nil {
		return false, fmt.Errorf("initialise exaudit: %w", err)
	}
	changed, err = sql.Up(ctx, config, timeoutOf(o.LockTimeout)...)
	if err != nil || o.Precision == nil {
		return changed, err
	}
	rounded, err := d.ensurePrecision(ctx, *o.Precision, wait(o.LockTimeout))
	return changed || rounded, err
}

// DropSchema drops exaudit's schemas, with everything that was recorded, the triggers on all tables, and exaudit's
// roles, unless other databases use them. It runs in one transaction, on a connection of its own. It also drops a
// schema that is incomplete or was made by another build. If objects of the application depend on the schemas, nothing
// is dropped, and the error names them.
//
// The errors are audit.ErrLocked; *audit.SchemaError with the reason ForeignSchema, NewerSchema or KeptElsewhere; and
// *audit.InvalidError for a DB of a transaction.
func (d *DB) DropSchema(ctx context.Context, opts *DropOptions) error {
	config, err := d.connConfig()
	if err != nil {
		return fmt.Errorf("drop schema exaudit: %w", err)
	}
	return sql.Down(ctx, config, timeoutOf(given(opts).LockTimeout)...)
}

func unfit(detail string, args ...any) error {
	return &audit.InvalidError{Reason: audit.InvalidConn,
		Detail: fmt.Sprintf(detail, args...) + ": give New a pool or a connection"}
}

// connConfig is how the DB is connected.
func (d *DB) connConfig() (*pgx.ConnConfig, error) {
	switch conn := d.conn.(type) {
	case pgx.Tx:
		return nil, unfit("a DB of a transaction cannot do that")
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
	return nil, unfit("a %T does not say how it is connected", d.conn)
}

// Check returns nil if the schema in the database is the one that this program was made for, and otherwise an
// *audit.SchemaError. It reads only the catalog, and needs no privileges.
//
// The reason NewerSchema means that a newer release has updated the schema. Changes are still recorded, and this
// program can read and undo what it knows. Install and Sync return an error, because they would replace the triggers by
// older ones. With other reasons, the program cannot work.
func (d *DB) Check(ctx context.Context) error { return sql.Check(ctx, d.conn) }

// Install creates the triggers of the named tables, or updates them. Names are written as in SQL, quoted where
// necessary, and are looked up along the search_path. Versions from before an Uninstall, or from before the table was
// renamed, stay in the table's history.
//
// Each table is installed in a separate transaction, so that no table is locked for longer than necessary. All names
// and options are checked before the first one. If a table cannot be installed later, the others still are: the error
// is then a *audit.PartialError, with the tables that were installed, and the same call can be made again for the rest.
// With a DB of a transaction, everything is done in that transaction.
//
// If a table cannot be tracked, the error is an *audit.TableError. If it is in use for longer than the lock timeout,
// the error is audit.ErrLocked.
func (d *DB) Install(ctx context.Context, tables []string, opts *InstallOptions) ([]audit.Installation, error) {
	done, err := triggers.Install(ctx, d.conn, tables, given(opts).inner()...)
	return done, d.explain(ctx, err)
}

// Uninstall drops the triggers of the named tables, each in a separate transaction, as Install does. Their versions are
// kept.
//
// If a table was never tracked, or if none of the tables is tracked now, the error is an *audit.TableError. If a table
// is in use for longer than the lock timeout, the error is audit.ErrLocked. If some tables were uninstalled all the
// same, the error is an *audit.PartialError.
func (d *DB) Uninstall(ctx context.Context, tables []string, opts *UninstallOptions) error {
	return d.explain(ctx, triggers.Uninstall(ctx, d.conn, tables, given(opts).inner()...))
}

// Sync updates the triggers of every tracked table, each in a separate transaction, as Install does. Call it after a
// change of the schema, a restore, or an update of this program. It repairs what Status reports, and finds tables that
// were renamed. A table that was dropped is not tracked any more, and a table that has lost its primary key is skipped:
// their Installations say so. The errors are those of Install.
func (d *DB) Sync(ctx context.Context, opts *SyncOptions) ([]audit.Installation, error) {
	o := given(opts)
	done, err := triggers.Sync(ctx, d.conn, stepOptions(o.LockTimeout, o.DryRun)...)
	return done, d.explain(ctx, err)
}

// FollowDDL creates event triggers, which replace Sync when tables are altered and when partitions are created or
// dropped. They also start to track new tables whose names match patterns. Only a superuser may create event
// triggers; other roles get audit.ErrNotPermitted.
func (d *DB) FollowDDL(ctx context.Context, following audit.FollowDDL, opts *FollowOptions) ([]audit.Installation,
	error) {
	o := given(opts)
	done, err := triggers.Install(ctx, d.conn, nil,
		append(stepOptions(o.LockTimeout, o.DryRun), triggers.FollowDDL(following))...)
	return done, d.explain(ctx, err)
}

// StopFollowingDDL drops the event triggers. The tables stay tracked, but their triggers are not adapted to changes of
// the schema any more. If the role may not drop event triggers, the error is audit.ErrNotPermitted.
func (d *DB) StopFollowingDDL(ctx context.Context, opts *FollowOptions) error {
	o := given(opts)
	err := triggers.Uninstall(ctx, d.conn, nil,
		append(stepOptions(o.LockTimeout, o.DryRun), triggers.StopFollowing())...)
	return d.explain(ctx, err)
}

// NotifyLockWait returns a context for the methods of a DB. If one of their own statements has waited for a lock for
// a second, they call the function tell with the sessions that hold it. They find these out on a separate connection.
func NotifyLockWait(ctx context.Context, tell func([]audit.LockHolder)) context.Context {
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
	case "42501":
		return reason.Mark(err, audit.ErrNotPermitted)
	case "3F000", "42P01", "42883", "42703":
		why := sql.Check(ctx, conn)
		switch {
		case errors.As(why, new(*audit.SchemaError)):
			return fmt.Errorf("%w (%w)", why, err)
		case why != nil && strings.Contains(pgErr.Message, "exaudit"):
			// the transaction is aborted, and nobody can be asked
			return fmt.Errorf("%w (%w)", &audit.SchemaError{Reason: audit.NotInitialized}, err)
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
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, beginner, options, func(tx pgx.Tx) error { return do(tx) })
}
