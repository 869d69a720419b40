package sql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
)

// Option changes how Up and Down work.
type Option func(*options)

type options struct {
	lockTimeout time.Duration
	turn        time.Duration // how long another process that migrates is waited for
}

// turnTimeout is longer than lock.DefaultTimeout: whoever waits for its turn keeps nobody waiting.
const turnTimeout = time.Minute

func collect(opts []Option) options {
	o := options{lockTimeout: lock.DefaultTimeout, turn: turnTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// LockTimeout bounds the wait for each lock; 0 waits for ever. Without it, Up waits a minute for another process that
// migrates the same database, and lock.DefaultTimeout for other locks.
func LockTimeout(d time.Duration) Option { return func(o *options) { o.lockTimeout, o.turn = d, d } }

// Up brings schema exaudit to Version and reports whether it changed anything. It is one transaction: whatever ends it
// early leaves the database as it was. It is safe to run twice, and from several processes at once. A schema that is
// newer than the program is left alone, which is no error; Check tells of it. config names the database.
//
// The errors are ErrLocked and an *audit.SchemaError whose reason is not NotInitialized, OutdatedSchema or NewerSchema.
func Up(ctx context.Context, config *pgx.ConnConfig, opts ...Option) (changed bool, err error) {
	o := collect(opts)
	conn, err := connect(ctx, config)
	if err != nil {
		return false, err
	}
	defer conn.close(ctx)
	for range attempts {
		changed, err = conn.up(ctx, o)
		if err == nil || !anotherWasFaster(err) {
			break
		}
	}
	return changed, err
}

// attempts is for processes that initialise or clear databases of one cluster at the same time: of one database, or of
// several that share the roles.
const attempts = 5

// anotherWasFaster reports whether an error comes of another process that does the same: 23505 and the three after it
// mean that something is there by now, 42704 that a role is gone, 40P01 that both waited for each other's roles.
func anotherWasFaster(err error) bool {
	pgErr := (*pgconn.PgError)(nil)
	codes := []string{"23505", "42P06", "42P07", "42710", "42704", "40P01"}
	return errors.As(err, &pgErr) &&
		(slices.Contains(codes, pgErr.Code) || strings.Contains(pgErr.Message, "concurrently"))
}

// connection is one of our own, which database/sql, and so goose, can use as well.
type connection struct {
	*stdlib.Conn
	pgx *pgx.Conn
}

// connect uses no prepared statement: behind a transaction pooler, the name of one may be taken, and the unnamed one,
// which QueryExecModeDescribeExec needs for two round trips, may be another's by the second.
func connect(ctx context.Context, config *pgx.ConnConfig) (connection, error) {
	config = config.Copy()
	switch config.DefaultQueryExecMode {
	case pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec:
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	conn, err := stdlib.GetConnector(*config).Connect(ctx)
	if err != nil {
		return connection{}, err
	}
	c := conn.(*stdlib.Conn)
	return connection{c, c.Conn()}, nil
}

func (c connection) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.pgx.Close(ctx) // the transaction is over, nothing can be lost
}

func (c connection) up(ctx context.Context, o options) (changed bool, err error) {
	s, err := stateOf(ctx, c.pgx)
	if err != nil {
		return false, err
	}
	if due, err := s.due(); !due {
		return false, err
	}
	err = c.inTransaction(ctx, o.turn, func(tx pgx.Tx, wait *lock.Wait) error {
		if err := checkPrivileges(ctx, tx, s); err != nil {
			return err
		}
		if s, err = lockSchema(ctx, tx, s); err != nil {
			return err
		}
		if err := wait.Change(ctx, tx, o.lockTimeout); err != nil {
			return err
		}
		if changed, err = s.due(); !changed {
			return err
		}
		return c.migrate(ctx, tx, !s.exists || s.Bare)
	})
	return changed && err == nil, err
}

// due reports whether there is something to do.
func (s state) due() (bool, error) {
	err := s.check()
	switch {
	case reason.Is(err, audit.NewerSchema):
		return false, nil
	case reason.Is(err, audit.OutdatedSchema) && !s.KeepsOwnVersion:
		return false, &audit.SchemaError{Reason: audit.KeptElsewhere, Have: s.Version, Want: Version}
	case reason.Is(err, audit.OutdatedSchema, audit.NotInitialized):
		return true, nil
	}
	return false, err
}

// lockSchema keeps other processes from migrating, and returns the state as it is then. Only who could migrate can
// hold it: the schema's name is taken until the transaction ends, and afterwards nobody but exaudit_owner has any
// privilege on the table.
func lockSchema(ctx context.Context, tx pgx.Tx, s state) (state, error) {
	switch {
	case !s.exists:
		if err := createSchemas(ctx, tx, "CREATE SCHEMA exaudit; CREATE SCHEMA exaudit_internal"); err != nil {
			return s, err
		}
		return s, nil // nobody else sees them
	case s.Bare: // goose creates its table, and nobody else can meanwhile
		err := createSchemas(ctx, tx,
			"CREATE SCHEMA IF NOT EXISTS exaudit; CREATE SCHEMA IF NOT EXISTS exaudit_internal")
		if err != nil {
			return s, err
		}
		return stateOf(ctx, tx) // one of them may have come meanwhile
	}
	execute := executor(ctx, tx)
	if !s.OwnsVersion { // after a restore without owners
		if err := execute(handOver); err != nil {
			return s, fmt.Errorf("hand exaudit_internal.goose_db_version over: %w", err)
		}
	}
	err := asOwner(execute, func() error {
		return execute("LOCK TABLE exaudit_internal.goose_db_version IN SHARE ROW EXCLUSIVE MODE")
	})
	if err != nil {
		return s, fmt.Errorf("lock exaudit_internal.goose_db_version: %w", err)
	}
	return stateOf(ctx, tx)
}

// defaultPrivileges has each function granted to whom it is for.
const defaultPrivileges = "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"

func createSchemas(ctx context.Context, tx pgx.Tx, statements string) error {
	if _, err := tx.Exec(ctx, statements); err != nil {
		return fmt.Errorf("create schemas exaudit and exaudit_internal: %w", err)
	}
	return nil
}

// migrate runs the migrations in a transaction that is open already, for the first time or not.
func (c connection) migrate(ctx context.Context, tx pgx.Tx, first bool) error {
	conn := c.within(tx)
	defer conn.Close()
	store, err := newStore(!first)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider("", conn, Files, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if !first { // a dump without privileges lacks them
		execute := executor(ctx, tx)
		if err := asOwner(execute, func() error { return execute(defaultPrivileges) }); err != nil {
			return fmt.Errorf("set default privileges: %w", err)
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	note, err := NoteSQL(Version)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, note); err != nil {
		return fmt.Errorf("note what made schema exaudit: %w", err)
	}
	return Check(ctx, tx)
}

// inTransaction runs do in one transaction, which waits for each lock no longer than the timeout. READ COMMITTED is
// for looking again after a lock was waited for.
func (c connection) inTransaction(ctx context.Context, timeout time.Duration, do func(pgx.Tx, *lock.Wait) error) error {
	tx, err := c.pgx.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// Without effect after a commit; with a context that is still good after a Ctrl-C.
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := settle(ctx, tx); err != nil {
		return err
	}
	wait, err := lock.Begin(ctx, tx, timeout)
	if err != nil {
		return err
	}
	defer func() { wait.Stop() }()
	if err := do(tx, wait); err != nil {
		return wait.Explain(err, "schema exaudit")
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// settle makes names of the transaction mean what they mean to PostgreSQL, and has the event triggers leave it alone.
func settle(ctx context.Context, tx pgx.Tx) error {
	if _, err := db.New().PinSettings(ctx, tx); err != nil {
		return fmt.Errorf("pin settings: %w", err)
	}
	if _, err := db.New().SuspendFollowing(ctx, tx, "off"); err != nil {
		return fmt.Errorf("suspend the event triggers: %w", err)
	}
	return nil
}

// executor returns a function that runs a statement in a transaction.
func executor(ctx context.Context, tx pgx.Tx) func(string) error {
	return func(text string) error { _, err := tx.Exec(ctx, text); return err }
}

// asOwner runs do as exaudit_owner, to whom everything in the schema belongs.
func asOwner(execute func(string) error, do func() error) error {
	if err := execute("SET LOCAL ROLE exaudit_owner"); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return execute("RESET ROLE")
}
