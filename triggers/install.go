package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/sql"
)

// Conn is what installing needs: a pool, a connection, or a transaction to be part of.
type Conn interface {
	db.DBTX
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Installation is what Install or Sync did for one table.
type Installation struct {
	Table   string   // quoted
	Script  *Script  // nil where there is none: Sync skipped the table, or it is none of the tracked ones
	SQL     string   // the whole SQL of what is installed
	Changed bool     // false where everything was installed already
	Skipped string   // why Sync could do nothing
	Notes   []string // what is good to know, or could not be mended
}

// InstallOption changes how Install, Uninstall and Sync work.
type InstallOption func(*installOptions)

type installOptions struct {
	dryRun      bool
	lockTimeout time.Duration
	tables      map[string]Options

	following     *Following
	stopFollowing bool
}

func collect(opts []InstallOption) installOptions {
	o := installOptions{lockTimeout: DefaultLockTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// DryRun makes Install do everything, so that nothing that could fail is missed, and then
// roll it back.
func DryRun() InstallOption { return func(o *installOptions) { o.dryRun = true } }

// DefaultLockTimeout is how long Install, Uninstall and Sync wait for a lock.
const DefaultLockTimeout = 5 * time.Second

// LockTimeout bounds the wait for each lock; 0 waits for ever. Creating a trigger has to
// wait for every transaction that writes to the table, and meanwhile all other writers wait
// behind it. The first install waits for readers as well, as creating a policy does.
func LockTimeout(d time.Duration) InstallOption {
	return func(o *installOptions) { o.lockTimeout = d }
}

// lockedError is an ErrLocked with its table. errors.As finds PostgreSQL's own error.
type lockedError struct {
	table   string
	timeout time.Duration
	cause   error
}

func (e *lockedError) Error() string {
	return fmt.Sprintf("table %s %v: there was no lock within %s, and nothing was changed", e.table, ErrLocked, e.timeout)
}

func (e *lockedError) Unwrap() []error { return []error{ErrLocked, e.cause} }

// locked names the table where a lock was not to be had, and gives other errors as they
// are, said to have come while doing something.
func (o installOptions) locked(err error, table, doing string) error {
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code == "55P03" {
		return &lockedError{table, o.lockTimeout, err}
	}
	return fmt.Errorf("%s %s: %w", doing, table, err)
}

// WithOptions gives tables options, by the names that Install is given. They replace those
// that a table has; a table that is not in the map keeps its own.
func WithOptions(tables map[string]Options) InstallOption {
	return func(o *installOptions) { o.tables = tables }
}

// Install registers the named tables and brings their triggers up to date, all of them or
// none, in one transaction. Names are as in SQL: quoted where need be, looked up along the
// search_path. What is installed already stays untouched, and its table unlocked.
//
// A table that cannot be tracked gives ErrNoTable, ErrNotTrackable or ErrNoPrimaryKey, one
// that is in use for longer than the lock timeout ErrLocked; options that are wrong,
// ErrInvalidOptions. With FollowDDL there need not be any.
func Install(ctx context.Context, conn Conn, names []string, opts ...InstallOption) ([]Installation, error) {
	options := collect(opts)
	for name := range options.tables {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("%w: for table %s, which is not installed", ErrInvalidOptions, name)
		}
	}
	var done []Installation
	err := inTransaction(ctx, conn, options.dryRun, func(tx pgx.Tx) error {
		// What is generated calls functions of the schema.
		if err := sql.Check(ctx, tx); err != nil {
			return err
		}
		relations := make([]uint32, len(names))
		for i, name := range names {
			var err error
			if relations[i], err = resolve(ctx, tx, name); err != nil {
				return err
			}
		}
		return pinned(ctx, tx, options, func() error {
			for i, relation := range relations {
				var given *Options
				if o, ok := options.tables[names[i]]; ok {
					given = &o
				}
				installation, err := install(ctx, tx, relation, names[i], given, options)
				if err != nil {
					return err
				}
				done = append(done, installation)
			}
			if options.following == nil {
				return nil
			}
			installation, err := follow(ctx, tx, *options.following, options)
			done = append(done, installation)
			return err
		})
	})
	return done, err
}

func install(ctx context.Context, tx pgx.Tx, relation uint32, name string, given *Options, options installOptions) (Installation, error) {
	id, err := register(ctx, tx, relation)
	if err != nil {
		return Installation{}, err
	}
	if err := setOptions(ctx, tx, id, relation, name, given); err != nil {
		return Installation{}, err
	}
	t, err := describe(ctx, tx, id, relation)
	if err != nil {
		return Installation{}, err
	}
	script, err := Generate(t)
	if err != nil {
		return Installation{}, err
	}
	drift, err := script.Drift(ctx, tx)
	if err != nil {
		return Installation{}, err
	}
	queries := db.New()
	if len(drift) > 0 {
		// Without arguments, pgx sends several statements as one simple query.
		if _, err := tx.Exec(ctx, script.due()); err != nil {
			return Installation{}, options.locked(err, t.QuotedName, "install triggers on")
		}
		installed, err := queries.InstalledTriggers(ctx, tx, id)
		if err != nil {
			return Installation{}, fmt.Errorf("read the triggers of %s: %w", t.QuotedName, err)
		}
		for _, have := range script.leftOver(installed) {
			if _, err := tx.Exec(ctx, "DROP TRIGGER "+pgx.Identifier{have.Name}.Sanitize()+" ON "+have.TableName); err != nil {
				return Installation{}, options.locked(err, have.TableName, "drop the trigger of a former partition,")
			}
		}
	}
	if err := queries.UpdateTable(ctx, tx, db.UpdateTableParams{ID: id, KeyColumns: t.KeyColumns}); err != nil {
		return Installation{}, fmt.Errorf("register %s: %w", t.QuotedName, err)
	}
	if err := queries.NoteColumns(ctx, tx, db.NoteColumnsParams{TableID: id, Relation: relation}); err != nil {
		return Installation{}, fmt.Errorf("note the columns of %s: %w", t.QuotedName, err)
	}
	done := Installation{Table: t.QuotedName, Script: script, SQL: script.SQL(), Changed: len(drift) > 0, Notes: t.notes()}
	if done.Changed { // what is left, restrictive policies for one
		if t.Partitions, err = queries.Partitions(ctx, tx, relation); err != nil {
			return Installation{}, fmt.Errorf("describe the partitions of %s: %w", t.QuotedName, err)
		}
		if drift, err = script.Drift(ctx, tx); err != nil {
			return Installation{}, err
		}
	}
	for _, left := range append(drift, t.uncovered()...) {
		done.Notes = append(done.Notes, left.Object+" "+left.Problem)
	}
	return done, nil
}

// register gives a table its id: the one it has, also after a rename, or a new one.
func register(ctx context.Context, tx pgx.Tx, relation uint32) (int32, error) {
	queries := db.New()
	registered, err := queries.RegisteredTable(ctx, tx, relation)
	if err == nil {
		return registered.ID, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("look up the registry: %w", err)
	}
	id, err := queries.RegisterTable(ctx, tx, relation)
	if err != nil {
		return 0, fmt.Errorf("register relation %d: %w", relation, err)
	}
	return id, nil
}

// Uninstall removes the triggers of the named tables in one transaction. Their versions
// stay, and tracking them again later continues their history. A table that has been
// dropped is named as it was last known.
func Uninstall(ctx context.Context, conn Conn, names []string, opts ...InstallOption) error {
	options := collect(opts)
	return inTransaction(ctx, conn, options.dryRun, func(tx pgx.Tx) error {
		tables := make([]Tracked, len(names))
		for i, name := range names {
			var err error
			if tables[i], err = Find(ctx, tx, name); err != nil {
				return err
			}
			if !tables[i].Tracked {
				return fmt.Errorf("table %s %w", name, ErrNotTracked)
			}
		}
		return pinned(ctx, tx, options, func() error {
			for _, t := range tables {
				if err := uninstall(ctx, tx, t, options); err != nil {
					return err
				}
			}
			if options.stopFollowing {
				return unfollow(ctx, tx, options)
			}
			return nil
		})
	})
}

func uninstall(ctx context.Context, tx pgx.Tx, t Tracked, options installOptions) error {
	if err := untrack(ctx, tx, t.ID, t.QuotedName, options); err != nil {
		return err
	}
	if t.Relation != 0 {
		// by what they are called now
		partitions, err := db.New().Partitions(ctx, tx, t.Relation)
		if err != nil {
			return fmt.Errorf("describe the partitions of %s: %w", t.QuotedName, err)
		}
		if _, err := tx.Exec(ctx, render("revoke", partitions)); err != nil {
			return options.locked(err, t.QuotedName, "uninstall from")
		}
	}
	return nil
}

// untrack drops the functions of a table, and with them its triggers.
func untrack(ctx context.Context, tx pgx.Tx, id int32, name string, options installOptions) error {
	queries := db.New()
	functions, err := queries.InstalledFunctions(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("read the triggers of %s: %w", name, err)
	}
	for _, f := range functions {
		drop := "DROP FUNCTION " + pgx.Identifier{"exaudit", f.Name}.Sanitize() + "() CASCADE"
		if _, err := tx.Exec(ctx, drop); err != nil {
			return options.locked(err, name, "uninstall from")
		}
	}
	if err := queries.UntrackTable(ctx, tx, id); err != nil {
		return fmt.Errorf("uninstall from %s: %w", name, err)
	}
	return nil
}

// untrackAttached lets the partitions go that were tables of their own: the table that they
// were attached to records their rows, too.
func untrackAttached(ctx context.Context, tx pgx.Tx, options installOptions) error {
	attached, err := db.New().AttachedTables(ctx, tx)
	if err != nil {
		return fmt.Errorf("look for tables that were attached: %w", err)
	}
	for _, t := range attached {
		if err := untrack(ctx, tx, t.ID, t.QuotedName, options); err != nil {
			return err
		}
	}
	return nil
}

// inTransaction runs do in a transaction of its own, or in a savepoint of the caller's.
func inTransaction(ctx context.Context, conn Conn, rollback bool, do func(pgx.Tx) error) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// Without effect after a commit; with a context that is still good after a Ctrl-C.
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := do(tx); err != nil || rollback {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// pinned runs do alone, under a search_path that nobody can plant an operator or function
// in, waiting for locks no longer than the options say, and with the right to hand
// functions to exaudit_writer.
func pinned(ctx context.Context, tx pgx.Tx, options installOptions, do func() error) error {
	queries := db.New()
	// rounded up: 0 would be for ever
	wait := (options.lockTimeout + time.Millisecond - 1) / time.Millisecond
	timeout, err := queries.SetLockTimeout(ctx, tx, strconv.FormatInt(int64(wait), 10))
	if err != nil {
		return fmt.Errorf("set lock_timeout: %w", err)
	}
	following, err := queries.SuspendFollowing(ctx, tx, "off")
	if err != nil {
		return fmt.Errorf("suspend the event triggers: %w", err)
	}
	if err := queries.LockTables(ctx, tx); err != nil {
		return options.locked(err, "exaudit.tables", "lock")
	}
	path, err := queries.PinSearchPath(ctx, tx)
	if err != nil {
		return fmt.Errorf("pin search_path: %w", err)
	}
	superuser, err := queries.IsSuperuser(ctx, tx)
	if err != nil {
		return fmt.Errorf("look up the present role: %w", err)
	}
	if err := queries.RefreshTableNames(ctx, tx); err != nil {
		return fmt.Errorf("refresh the names of tracked tables: %w", err)
	}
	if err := queries.UntrackGoneTables(ctx, tx); err != nil {
		return fmt.Errorf("let go of dropped tables: %w", err)
	}
	if !superuser {
		if _, err := tx.Exec(ctx, "GRANT CREATE ON SCHEMA exaudit TO exaudit_writer"); err != nil {
			return fmt.Errorf("prepare for functions of exaudit_writer: %w", err)
		}
	}
	if err := untrackAttached(ctx, tx, options); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if !superuser {
		if _, err := tx.Exec(ctx, "REVOKE CREATE ON SCHEMA exaudit FROM exaudit_writer"); err != nil {
			return fmt.Errorf("take back CREATE from exaudit_writer: %w", err)
		}
	}
	if err := queries.RestoreSearchPath(ctx, tx, path.SearchPath); err != nil {
		return fmt.Errorf("restore search_path: %w", err)
	}
	if _, err := queries.SetLockTimeout(ctx, tx, timeout.Previous); err != nil {
		return fmt.Errorf("restore lock_timeout: %w", err)
	}
	if _, err := queries.SuspendFollowing(ctx, tx, following.Previous); err != nil {
		return fmt.Errorf("resume the event triggers: %w", err)
	}
	return nil
}
