package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
)

// steps does the work of Install, Sync and Uninstall, a transaction for each table: nothing that the application may
// wait for is held longer than one table takes. What is only tried is a savepoint for each table.
type steps struct {
	conn    Conn
	options installOptions
	nested  bool                  // in another transaction
	whole   pgx.Tx                // the transaction in which all steps are one; nil where each is its own
	tried   []db.CustomColumnsRow // the custom columns that a dry run would add
}

// errTried takes back what was only tried.
var errTried = errors.New("only tried")

// inSteps runs do, perhaps several times where conn is a transaction: it keeps what is locked for it, so all is tried
// anew where one table is in use. Of a dry run nothing stays, and no lock longer than its step.
func inSteps(ctx context.Context, conn Conn, options installOptions, do func(steps, db.DBTX) error) error {
	if _, nested := conn.(pgx.Tx); nested && !options.dryRun {
		return lock.Retry(ctx, conn, options.lockTimeout, "a table", func(tx pgx.Tx, briefly func() error) error {
			if err := briefly(); err != nil {
				return err
			}
			return do(steps{conn: conn, options: options, nested: true, whole: tx}, tx)
		})
	}
	if !options.dryRun {
		return do(steps{conn: conn, options: options}, conn)
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	return do(steps{conn: tx, options: options, nested: true}, tx)
}

// columns adds the custom columns, and returns the table that has got them.
func (s *steps) columns(ctx context.Context) ([]string, error) {
	switch {
	case s.options.columns == nil:
		return nil, nil
	case s.options.dryRun:
		return nil, s.tryColumns(ctx)
	case s.whole != nil:
		return nil, lock.On("table exaudit.versions", s.options.columns(s.whole, "exaudit.versions"))
	}
	return []string{"exaudit.versions"}, lock.Retry(ctx, s.conn, s.options.lockTimeout, "table exaudit.versions",
		func(tx pgx.Tx, briefly func() error) error {
			// Whoever writes to a tracked table waits behind it.
			if err := briefly(); err != nil {
				return err
			}
			return s.options.columns(tx, "exaudit.versions")
		})
}

// tryColumns adds the custom columns to a copy of exaudit.versions: whoever writes to a tracked table goes on.
func (s *steps) tryColumns(ctx context.Context) error {
	queries := db.New()
	present, err := queries.CustomColumns(ctx, s.conn, "exaudit.versions")
	if err != nil {
		return fmt.Errorf("describe the custom columns of exaudit.versions: %w", err)
	}
	err = lock.Retry(ctx, s.conn, s.options.lockTimeout, "table exaudit.versions",
		func(tx pgx.Tx, briefly func() error) error {
			if err := lockRegistry(ctx, tx); err != nil {
				return err
			}
			if err := briefly(); err != nil {
				return err
			}
			copied, err := queries.CopyVersions(ctx, tx)
			if err != nil {
				return fmt.Errorf("copy exaudit.versions: %w", err)
			}
			if err := s.options.columns(tx, copied); err != nil {
				return err
			}
			if s.tried, err = queries.CustomColumns(ctx, tx, copied); err != nil {
				return fmt.Errorf("describe custom columns: %w", err)
			}
			s.tried = slices.DeleteFunc(s.tried, func(c db.CustomColumnsRow) bool {
				return slices.ContainsFunc(present, func(p db.CustomColumnsRow) bool { return p.Name == c.Name })
			})
			return errTried
		})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}

// registry brings the names of tracked tables up to date, and lets go of those that were dropped.
func (s steps) registry(ctx context.Context) error {
	s.options.dryRun = false // what follows rests on it; a dry run takes it back in the end
	return s.step(ctx, registryTable, func(tx pgx.Tx) error {
		queries := db.New()
		if err := queries.RefreshTableNames(ctx, tx); err != nil {
			return fmt.Errorf("refresh the names of tracked tables: %w", err)
		}
		if err := queries.UntrackGoneTables(ctx, tx); err != nil {
			return fmt.Errorf("let go of dropped tables: %w", err)
		}
		return nil
	})
}

// step does something to one object, alone and under pinned settings. Apart from other installs, nothing is
// waited for but in turns of less than deadlock_timeout, between which all is let go of.
func (s steps) step(ctx context.Context, object string, do func(pgx.Tx) error) error {
	if s.whole != nil {
		if err := lockRegistry(ctx, s.whole); err != nil {
			return err
		}
		return lock.On(object, pinned(ctx, s.whole, func() error { return do(s.whole) }))
	}
	err := lock.Retry(ctx, s.conn, s.options.lockTimeout, object, func(tx pgx.Tx, briefly func() error) error {
		if err := lockRegistry(ctx, tx); err != nil {
			return err
		}
		if err := briefly(); err != nil {
			return err
		}
		if err := pinned(ctx, tx, func() error { return do(tx) }); err != nil {
			return err
		}
		if s.options.dryRun {
			return errTried
		}
		return nil
	})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}

// registryTable is what all steps lock.
const registryTable = "table exaudit.tables"

// lockRegistry keeps other installs away.
func lockRegistry(ctx context.Context, tx pgx.Tx) error {
	if err := db.New().LockTables(ctx, tx); err != nil {
		return lock.On(registryTable, fmt.Errorf("lock exaudit.tables: %w", err))
	}
	return nil
}

// pinned runs do under pinned settings, a search_path that nobody can plant an operator or function in among them, with
// the right to hand functions to exaudit_writer. Event triggers leave alone what it does.
func pinned(ctx context.Context, tx pgx.Tx, do func() error) error {
	queries := db.New()
	following, err := queries.SuspendFollowing(ctx, tx, "off")
	if err != nil {
		return fmt.Errorf("suspend the event triggers: %w", err)
	}
	had, err := queries.PinSettings(ctx, tx)
	if err != nil {
		return fmt.Errorf("pin settings: %w", err)
	}
	superuser, err := queries.IsSuperuser(ctx, tx)
	if err != nil {
		return fmt.Errorf("look up the present role: %w", err)
	}
	if !superuser {
		if _, err := tx.Exec(ctx, "GRANT CREATE ON SCHEMA exaudit, exaudit_internal TO exaudit_writer"); err != nil {
			return fmt.Errorf("prepare for functions of exaudit_writer: %w", err)
		}
	}
	if err := do(); err != nil {
		return err
	}
	if !superuser {
		if _, err := tx.Exec(ctx, "REVOKE CREATE ON SCHEMA exaudit, exaudit_internal FROM exaudit_writer"); err != nil {
			return fmt.Errorf("take back CREATE from exaudit_writer: %w", err)
		}
	}
	if err := queries.RestoreSettings(ctx, tx, had.Settings); err != nil {
		return fmt.Errorf("restore settings: %w", err)
	}
	if _, err := queries.SuspendFollowing(ctx, tx, following.Previous); err != nil {
		return fmt.Errorf("resume the event triggers: %w", err)
	}
	return nil
}

// untrackAttached lets the partitions go that were tables of their own, and returns their ids: the table that they were
// attached to records their rows, too.
func (s steps) untrackAttached(ctx context.Context, q db.DBTX) (map[int32]bool, error) {
	attached, err := db.New().AttachedTables(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("look for tables that were attached: %w", err)
	}
	ids := make(map[int32]bool, len(attached))
	for _, t := range attached {
		ids[t.ID] = true
		err := s.step(ctx, "table "+t.QuotedName, func(tx pgx.Tx) error { return untrack(ctx, tx, t.ID, t.QuotedName) })
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// policies creates what TRUNCATE takes with row security, where it is missing, each by itself: that waits for readers,
// and keeps them waiting.
func (s steps) policies(ctx context.Context, q db.DBTX, relation uint32) error {
	partitions, err := db.New().Partitions(ctx, q, []uint32{relation})
	if err != nil {
		return fmt.Errorf("describe the partitions of relation %d: %w", relation, err)
	}
	for _, p := range partitions {
		if p.HasPolicy {
			continue
		}
		err := s.step(ctx, "table "+p.Name, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, render("policies", []db.PartitionsRow{p})); err != nil {
				return fmt.Errorf("install triggers on %s: %w", p.Name, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// failures are the tables that could not be done, and why.
type failures struct {
	tables []string
	errs   []error
}

// note keeps an error of one table, so that the others are done, and returns any other. In a transaction of the
// caller's all is or nothing.
func (s steps) note(ctx context.Context, failed *failures, table string, err error) error {
	if err == nil || s.whole != nil || ctx.Err() != nil || !ofOneTable(err) {
		return err
	}
	failed.tables, failed.errs = append(failed.tables, table), append(failed.errs, err)
	return nil
}

// ofOneTable reports whether an error says nothing of other tables: a lock, a privilege, a table that is gone.
func ofOneTable(err error) bool {
	if locked := (*audit.LockedError)(nil); errors.As(err, &locked) {
		return locked.Object != registryTable
	}
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && len(pgErr.Code) == 5 {
		// the server, the connection, a full disk, a standby
		return !slices.Contains([]string{"08", "25", "53", "57", "58", "XX"}, pgErr.Code[:2])
	}
	return reason.Is(err, audit.NoPrimaryKey)
}

func (f *failures) error() error {
	switch len(f.errs) {
	case 0:
		return nil
	case 1:
		return f.errs[0]
	}
	return f
}

func (f *failures) Error() string {
	return fmt.Sprintf("%v; not done either: %s", f.errs[0], nameSome(f.tables[1:]))
}

func (f *failures) Unwrap() []error { return f.errs }

// nameSome is a list that is not too long for a line.
func nameSome(names []string) string {
	const most = 5
	text := ""
	for i, name := range names {
		switch {
		case i == most:
			return fmt.Sprintf("%s and %d more", text, len(names)-most)
		case i > 0:
			text += ", "
		}
		text += name
	}
	return text
}

// partial says of an error what was done all the same.
func (s steps) partial(err error, done []string) error {
	if err == nil || s.nested || len(done) == 0 {
		return err
	}
	if locked := (*audit.LockedError)(nil); errors.As(err, &locked) {
		locked.Partial = true
	}
	return &audit.PartialError{Done: done, Err: err}
}
