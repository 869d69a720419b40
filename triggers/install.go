package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/sql"
)

// Conn is a pool, a connection, or a transaction of which the work becomes a part.
type Conn interface {
	db.DBTX
	Begin(ctx context.Context) (pgx.Tx, error)
}

// InstallOption changes how Install, Uninstall and Sync work.
type InstallOption func(*installOptions)

type installOptions struct {
	dryRun      bool
	lockTimeout time.Duration
	tables      map[string]audit.TableOptions

	following     *audit.FollowDDL
	stopFollowing bool

	columns func(tx pgx.Tx, versions string) error

	recordEnd  bool
	unrecorded func(table, reason string)
}

func collect(opts []InstallOption) installOptions {
	o := installOptions{lockTimeout: lock.DefaultTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// DryRun makes Install do everything, so that all errors are found, and then roll it back.
func DryRun() InstallOption { return func(o *installOptions) { o.dryRun = true } }

// RecordEnd makes Uninstall record all rows of a table first, as baselines, so that it is known afterwards what they
// were while the table was tracked. Writers of the table wait meanwhile.
func RecordEnd() InstallOption { return func(o *installOptions) { o.recordEnd = true } }

// EndUnrecorded sets a function that is called for each table whose rows RecordEnd could not record, with the reason.
func EndUnrecorded(tell func(table, reason string)) InstallOption {
	return func(o *installOptions) { o.unrecorded = tell }
}

// Columns sets a function that adds missing custom columns before triggers are generated that use them: to
// exaudit.versions or, in a dry run, to an empty copy of it.
func Columns(add func(tx pgx.Tx, versions string) error) InstallOption {
	return func(o *installOptions) { o.columns = add }
}

// LockTimeout limits the whole wait for the locks of each table; 0 waits for ever. Creating a trigger must wait for
// every transaction that writes to the table. Each attempt is shorter than deadlock_timeout, and between two attempts
// others can get the lock. The first install also waits for transactions that read the table, because it creates a
// policy.
func LockTimeout(d time.Duration) InstallOption {
	return func(o *installOptions) { o.lockTimeout = d }
}

// WithOptions sets the options of tables, by the names that are passed to Install. They replace all options that a
// table has; a table that is not in the map keeps its options. Uninstall removes them: a table that is installed again
// has none.
func WithOptions(tables map[string]audit.TableOptions) InstallOption {
	return func(o *installOptions) { o.tables = tables }
}

// Install registers the named tables, and creates or updates their triggers. Names are written as in SQL, quoted where
// necessary, and are looked up along the search_path. If everything is installed already, the table is not locked.
//
// Each table is installed in a separate transaction, so that no table is locked for longer than necessary. All names
// and options are checked before the first one. If a table fails later, the others are still installed: the error is a
// *PartialError, and the tables that were installed are returned. If a table no longer fits an option that it has, it
// is not changed, and this is not an error: its Installation says so. If conn is a transaction, everything is done in
// it.
//
// The error is a *TableError if a table cannot be tracked, ErrLocked if it is in use for longer than the lock timeout,
// and an *InvalidError if options are wrong. With FollowDDL, names may be empty, and existing tables that NewTables
// covers are installed, too.
func Install(ctx context.Context, conn Conn, names []string, opts ...InstallOption) ([]audit.Installation, error) {
	options := collect(opts)
	for name := range options.tables {
		if !slices.Contains(names, name) {
			return nil, &audit.InvalidError{Reason: audit.InvalidOption,
				Detail: "for table " + name + ", which is not installed"}
		}
	}
	var done []audit.Installation
	err := inSteps(ctx, conn, options, func(s steps, q db.DBTX) (err error) {
		done = nil
		// What is generated calls functions of the schema.
		if err := sql.Check(ctx, q); err != nil {
			return err
		}
		tables, err := s.named(ctx, q, names)
		if err != nil {
			return err
		}
		added, err := s.columns(ctx)
		if err != nil {
			return err
		}
		defer func() { err = s.partial(err, append(added, changed(done)...)) }()
		if err := s.registry(ctx); err != nil {
			return err
		}
		if _, err := s.untrackAttached(ctx, q); err != nil {
			return err
		}
		if options.following != nil { // first: the role may not be allowed to
			installation, err := s.follow(ctx)
			if err != nil {
				return err
			}
			defer func() { done = append(done, installation) }()
		}
		ready, err := s.asWanted(ctx, q, tables)
		if err != nil {
			return err
		}
		failed := &failures{}
		for _, t := range tables {
			if installation, ok := ready[t.relation]; ok {
				done = append(done, installation)
				continue
			}
			installation, err := s.tableOrOutgrown(ctx, q, t)
			if err = s.note(ctx, failed, t.quoted, err); err != nil {
				return err
			}
			done = append(done, installation...)
		}
		missed, err := s.installMissed(ctx, q, options.following, failed)
		done = append(done, missed...)
		return err
	})
	return done, err
}

func (s steps) follow(ctx context.Context) (done audit.Installation, err error) {
	err = s.step(ctx, followingTable, func(tx pgx.Tx) error {
		done, err = follow(ctx, tx, *s.options.following)
		return err
	})
	return done, err
}

// changed returns the tables that were changed.
func changed(done []audit.Installation) (names []string) {
	for _, i := range done {
		if i.Changed {
			names = append(names, i.Table)
		}
	}
	return names
}

// wanted is a table to install on; given are its options, nil for those that it has.
type wanted struct {
	name     string // as it was given
	quoted   string
	relation uint32
	given    *audit.TableOptions
	kept     bool                  // given are the options that it has, and it is one of several
	tried    []db.CustomColumnsRow // see steps
}

// named finds the tables, and checks their options.
func (s steps) named(ctx context.Context, q db.DBTX, names []string) ([]wanted, error) {
	tables := make([]wanted, len(names))
	for i, name := range names {
		relation, quoted, err := Resolve(ctx, q, name)
		if err != nil {
			return nil, err
		}
		tables[i] = wanted{name: name, quoted: quoted, relation: relation}
		if o, ok := s.options.tables[name]; ok {
			tables[i].given = &o
			// a table that is named is refused
			if len(names) < 2 {
				continue
			}
			if tables[i].kept, err = has(ctx, q, relation, o); err != nil {
				return nil, err
			}
		}
	}
	if len(names) < 2 || len(s.options.tables) == 0 || s.nested {
		return tables, nil
	}
	s.options.dryRun = true
	return tables, s.step(ctx, registryTable, func(tx pgx.Tx) error {
		for _, t := range tables {
			if t.given == nil || t.kept {
				continue
			}
			if err := checkOptions(ctx, tx, *t.given, t.relation, true); err != nil {
				return onTable(err, t.name)
			}
			if err := checkCondition(ctx, tx, *t.given, t.relation); err != nil {
				return onTable(err, t.name)
			}
		}
		return nil
	})
}

// has reports whether a table is tracked with these options.
func has(ctx context.Context, q db.DBTX, relation uint32, options audit.TableOptions) (bool, error) {
	registered, err := db.New().RegisteredTable(ctx, q, relation)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look up the registry: %w", err)
	}
	t, err := newTracked(registered)
	return err == nil && t.Tracked && EqualOptions(t.Options, options), nil
}

// tableOrOutgrown installs one table, or returns an Installation that says which of its options it no longer fits.
func (s steps) tableOrOutgrown(ctx context.Context, q db.DBTX, t wanted) ([]audit.Installation, error) {
	done, err := s.table(ctx, q, t)
	wrong := (*audit.InvalidError)(nil)
	if errors.As(err, &wrong) && wrong.Reason == audit.InvalidOption && (t.given == nil || t.kept) {
		return []audit.Installation{{Table: t.quoted, Left: []string{outgrown(wrong, t.quoted)}, Outgrown: wrong}}, nil
	}
	if err != nil {
		return nil, err
	}
	return []audit.Installation{done}, nil
}

// table installs one table.
func (s steps) table(ctx context.Context, q db.DBTX, t wanted) (done audit.Installation, err error) {
	if !s.nested {
		if err := s.policies(ctx, q, t.relation); err != nil {
			return audit.Installation{}, err
		}
	}
	t.tried = s.tried
	err = s.step(ctx, "table "+t.quoted, func(tx pgx.Tx) error {
		done, err = install(ctx, tx, t)
		return err
	})
	return done, err
}

// generate registers a table with its options, makes its script, and returns what is installed of it.
func generate(ctx context.Context, tx pgx.Tx, w wanted) (*Script, installed, error) {
	id, former, err := register(ctx, tx, w.relation)
	if err != nil {
		return nil, installed{}, err
	}
	switch {
	case w.given != nil:
		former = ""
	case former != "":
		w.given = &audit.TableOptions{}
	}
	bound, err := setOptions(ctx, tx, id, w.relation, w.name, w.given)
	if err != nil {
		return nil, installed{}, err
	}
	c, err := catalogOf(ctx, tx, id, w.relation)
	if err != nil {
		return nil, installed{}, err
	}
	t, err := c.describe(ctx, tx, id, w.relation)
	if err != nil {
		return nil, installed{}, err
	}
	t.bound, t.former = bound, former
	t.CustomColumns = append(t.CustomColumns, w.tried...)
	script, err := Generate(t)
	return script, c.installed, err
}

func install(ctx context.Context, tx pgx.Tx, w wanted) (audit.Installation, error) {
	script, have, err := generate(ctx, tx, w)
	if err != nil {
		return audit.Installation{}, err
	}
	t, id := script.Table, int32(script.Table.ID)
	drift := script.drift(have)
	changed := len(mendable(drift)) > 0
	if changed {
		if err := db.New().NoteUnwatched(ctx, tx, db.NoteUnwatchedParams{ID: id, Relation: w.relation}); err != nil {
			return audit.Installation{}, fmt.Errorf("look at the triggers of %s: %w", t.QuotedName, err)
		}
		if have, err = script.run(ctx, tx); err != nil {
			return audit.Installation{}, err
		}
	}
	queries := db.New()
	if err := queries.UpdateTable(ctx, tx, db.UpdateTableParams{ID: id, KeyColumns: t.KeyColumns}); err != nil {
		return audit.Installation{}, fmt.Errorf("register %s: %w", t.QuotedName, err)
	}
	if err := queries.NoteColumns(ctx, tx, db.NoteColumnsParams{TableID: id, Relation: w.relation}); err != nil {
		return audit.Installation{}, fmt.Errorf("note the columns of %s: %w", t.QuotedName, err)
	}
	if t.bound || changed { // what is left, restrictive policies for one
		if t.Partitions, err = queries.Partitions(ctx, tx, []uint32{w.relation}); err != nil {
			return audit.Installation{}, fmt.Errorf("describe the partitions of %s: %w", t.QuotedName, err)
		}
		drift = script.drift(have)
	}
	done := installationOf(script, drift)
	done.Changed = t.bound || changed
	return done, nil
}

// run creates what is missing, drops what is no longer needed, and returns what is installed afterwards.
func (s *Script) run(ctx context.Context, tx pgx.Tx) (installed, error) {
	if err := s.dropConstraintTriggers(ctx, tx); err != nil {
		return installed{}, err
	}
	// Without arguments, pgx sends several statements as one simple query.
	if _, err := tx.Exec(ctx, s.due()); err != nil {
		return installed{}, fmt.Errorf("install triggers on %s: %w", s.Table.QuotedName, err)
	}
	id := int32(s.Table.ID)
	have, err := readInstalled(ctx, tx, []int32{id})
	if err != nil {
		return installed{}, err
	}
	revoked, err := s.revokeOthers(ctx, tx, have.functions[id])
	if err != nil {
		return installed{}, fmt.Errorf("revoke privileges on the functions of %s: %w", s.Table.QuotedName, err)
	}
	leftOver := s.leftOver(have.triggers[id])
	for _, left := range leftOver {
		drop := "DROP TRIGGER " + pgx.Identifier{left.Name}.Sanitize() + " ON " + left.TableName
		if _, err := tx.Exec(ctx, drop); err != nil {
			return installed{}, lock.On("table "+left.TableName,
				fmt.Errorf("drop the trigger of a former partition, %s: %w", left.TableName, err))
		}
	}
	if revoked || len(leftOver) > 0 {
		return readInstalled(ctx, tx, []int32{id})
	}
	return have, nil
}

// dropConstraintTriggers drops triggers that have the name of one of the script's and that CREATE OR REPLACE TRIGGER
// refuses to replace.
func (s *Script) dropConstraintTriggers(ctx context.Context, tx pgx.Tx) error {
	drop, err := db.New().DropConstraintTriggers(ctx, tx, uint32(s.Table.Relation))
	if err != nil || drop == "" {
		return err
	}
	if _, err := tx.Exec(ctx, drop); err != nil {
		return fmt.Errorf("drop what has the name of a trigger on %s: %w", s.Table.QuotedName, err)
	}
	return nil
}

// revokeOthers revokes EXECUTE on the functions of a table from roles that do not need it, and reports whether there
// were any.
func (s *Script) revokeOthers(ctx context.Context, tx pgx.Tx,
	functions []db.InstalledFunctionsRow) (revoked bool, err error) {
	for _, f := range s.Functions {
		i := slices.IndexFunc(functions, func(have db.InstalledFunctionsRow) bool { return have.Name == f.Name })
		if i < 0 {
			continue
		}
		for _, role := range f.otherExecutors(functions[i]) {
			if _, err := tx.Exec(ctx, "REVOKE EXECUTE ON FUNCTION "+pgx.Identifier{"exaudit_internal",
				f.Name}.Sanitize()+"() FROM "+role+" CASCADE"); err != nil {
				return false, err
			}
			revoked = true
		}
	}
	return revoked, nil
}

// register returns the id of a table: the one that it has, also after a rename, or a new one. If the table was
// uninstalled, register also returns the options that it had.
func register(ctx context.Context, tx pgx.Tx, relation uint32) (id int32, former string, err error) {
	queries := db.New()
	registered, err := queries.RegisteredTable(ctx, tx, relation)
	if err == nil {
		if options := string(registered.Options); !registered.Tracked && options != "{}" {
			former = options
		}
		return registered.ID, former, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, "", fmt.Errorf("look up the registry: %w", err)
	}
	if id, err = queries.RegisterTable(ctx, tx, relation); err != nil {
		return 0, "", fmt.Errorf("register relation %d: %w", relation, err)
	}
	return id, "", nil
}

// Uninstall drops the triggers of the named tables, each in a separate transaction, as Install does. Their versions are
// kept, and if a table is tracked again, its history continues. A dropped table has its last known name.
//
// With RecordEnd, it first records all rows of a table as baselines. If that fails, the table is uninstalled all the
// same.
func Uninstall(ctx context.Context, conn Conn, names []string, opts ...InstallOption) error {
	options := collect(opts)
	return inSteps(ctx, conn, options, func(s steps, q db.DBTX) (err error) {
		tables, err := trackedOf(ctx, q, names)
		if err != nil {
			return err
		}
		var done []string
		defer func() { err = s.partial(err, done) }()
		if err := s.registry(ctx); err != nil { // without triggers, a table is known by its name
			return err
		}
		if options.stopFollowing {
			err := s.step(ctx, followingTable, func(tx pgx.Tx) error { return unfollow(ctx, tx) })
			if err != nil {
				return err
			}
			done = append(done, followingTable)
		}
		failed := &failures{}
		for _, t := range tables {
			err := s.recordEnd(ctx, t)
			if err == nil {
				err = s.step(ctx, "table "+t.QuotedName, func(tx pgx.Tx) error { return uninstall(ctx, tx, t) })
			}
			if err == nil {
				done = append(done, t.QuotedName)
			}
			if err = s.note(ctx, failed, t.QuotedName, err); err != nil {
				return err
			}
		}
		return failed.error()
	})
}

// recordEnd records the rows of a table before its triggers are dropped, in a separate transaction: readers do not
// wait, and what is written before the triggers are dropped is recorded, too.
func (s steps) recordEnd(ctx context.Context, t Tracked) error {
	if !s.options.recordEnd || s.options.dryRun || t.Relation == 0 {
		return nil
	}
	return s.step(ctx, "table "+t.QuotedName, func(tx pgx.Tx) error {
		queries := db.New()
		statement, err := queries.BaselineLock(ctx, tx, t.Relation)
		if err != nil {
			return fmt.Errorf("record the rows of %s: %w", t.QuotedName, err)
		}
		if s.whole != nil { // as strong as it must be in the end, or a reader that goes on to write might be in the way
			statement = strings.TrimSuffix(statement, "SHARE ROW EXCLUSIVE MODE") + "ACCESS EXCLUSIVE MODE"
		}
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("record the rows of %s: %w", t.QuotedName, err)
		}
		reason, err := queries.RecordEnd(ctx, tx, db.RecordEndParams{ID: t.ID, Relation: t.Relation})
		if err != nil {
			return fmt.Errorf("record the rows of %s: %w", t.QuotedName, err)
		}
		if reason != "" && s.options.unrecorded != nil {
			s.options.unrecorded(t.QuotedName, reason)
		}
		return nil
	})
}

// trackedOf returns those of the tables that are still tracked. It is an error if none is; some may have been
// uninstalled by an earlier call that failed.
func trackedOf(ctx context.Context, q db.DBTX, names []string) (tables []Tracked, err error) {
	var not string
	for _, name := range names {
		t, err := Find(ctx, q, name)
		if err != nil {
			return nil, err
		}
		if t.Tracked {
			tables = append(tables, t)
		} else {
			not = name
		}
	}
	if len(tables) == 0 && not != "" {
		return nil, &audit.TableError{Table: not, Reason: audit.NotTracked}
	}
	return tables, nil
}

func uninstall(ctx context.Context, tx pgx.Tx, t Tracked) error {
	if err := untrack(ctx, tx, t.ID, t.QuotedName); err != nil {
		return err
	}
	if t.Relation != 0 {
		// by their present names
		partitions, err := db.New().Partitions(ctx, tx, []uint32{t.Relation})
		if err != nil {
			return fmt.Errorf("describe the partitions of %s: %w", t.QuotedName, err)
		}
		if _, err := tx.Exec(ctx, render("revoke", partitions)); err != nil {
			return fmt.Errorf("uninstall from %s: %w", t.QuotedName, err)
		}
	}
	return nil
}

// untrack drops the functions of a table, and with them its triggers.
func untrack(ctx context.Context, tx pgx.Tx, id int32, name string) error {
	queries := db.New()
	functions, err := queries.InstalledFunctions(ctx, tx, []int32{id})
	if err != nil {
		return fmt.Errorf("read the triggers of %s: %w", name, err)
	}
	for _, f := range functions {
		drop := "DROP FUNCTION " + pgx.Identifier{"exaudit_internal", f.Name}.Sanitize() + "() CASCADE"
		if _, err := tx.Exec(ctx, drop); err != nil {
			return fmt.Errorf("uninstall from %s: %w", name, err)
		}
	}
	if err := queries.DropCondition(ctx, tx, id); err != nil {
		return fmt.Errorf("drop the condition of %s: %w", name, err)
	}
	if err := queries.UntrackTable(ctx, tx, id); err != nil {
		return fmt.Errorf("uninstall from %s: %w", name, err)
	}
	return nil
}
