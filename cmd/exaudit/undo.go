package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/undo"
)

func (p *program) undoCommand() *cli.Command {
	return &cli.Command{
		Name:      "undo",
		Usage:     "undo chosen changes, and keep what came later",
		UsageText: "exaudit undo [flags] [TABLE [KEY...]]",
		Description: "TABLE, KEY and the flags choose the versions to undo, as they do for \"exaudit history\". Later\n" +
			"changes of other rows, of other columns, and of other places inside jsonb are kept. If the same\n" +
			"place was changed again, this is a conflict, and nothing is written as long as there is one,\n" +
			"unless --on-conflict, --keep or --overwrite says what to do. Shows what will be written, and\n" +
			"asks for confirmation. An undo is recorded, and \"exaudit redo\" takes it back.\n\n" +
			"Examples: exaudit undo --transaction 7412\n" +
			"          exaudit undo --by actor_id=7 --since 2h --on-conflict keep-later\n" +
			"          exaudit undo orders --since-mark before-deploy --dry-run --format json > plan.json\n" +
			"          exaudit undo --plan plan.json --yes",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "plan", Usage: "carry out the plan in `FILE`, which --dry-run --format json printed, if it is still valid"},
			&cli.BoolFlag{Name: "all", Usage: "undo everything that is recorded of TABLE, including the creation of its rows"},
		}, undoFlags(), filterFlags()),
		Action: p.undo,
	}
}

func (p *program) redoCommand() *cli.Command {
	return &cli.Command{
		Name:      "redo",
		Usage:     "undo an undo or a revert",
		UsageText: "exaudit redo [flags] TRANSACTION | --last",
		Description: "TRANSACTION is the id of the undo's transaction; \"exaudit undo\" prints it, and \"exaudit log\" shows\n" +
			"it. What was undone is done again. Later changes are kept, and conflicts are handled, as by\n" +
			"\"exaudit undo\".\n\n" +
			"Example: exaudit redo 7530",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "last", Usage: "redo the newest undo or revert, instead of TRANSACTION"},
		}, undoFlags()...),
		Action: p.redo,
	}
}

// undoFlags are those of undo and redo.
func undoFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "yes", Usage: "do not ask for confirmation"},
		&cli.BoolFlag{Name: "dry-run", Usage: "make the changes, show them, and roll them back"},
		&cli.StringFlag{Name: "on-conflict", Value: string(audit.RefuseConflicts),
			DefaultText: string(audit.RefuseConflicts),
			Usage:       "do `WHAT` about conflicts: refuse (write nothing), skip-rows (leave out the rows that have one) or keep-later (leave out only the columns, or the places inside jsonb, that have one)"},
		&cli.StringSliceFlag{Name: "overwrite", KeepSpace: true,
			Usage: "overwrite later changes of a row, written \"`TABLE KEY`\" as in the list of conflicts (may be repeated)"},
		&cli.StringSliceFlag{Name: "keep", KeepSpace: true,
			Usage: "do not change `COLUMN`, or TABLE.COLUMN (may be repeated)"},
		&cli.StringSliceFlag{Name: "set", KeepSpace: true,
			Usage: "in restored rows, set a column of which no value was recorded, as in `COLUMN=VALUE` or TABLE.COLUMN=VALUE (may be repeated)"},
		&cli.IntFlag{Name: "max-rows", Value: undo.DefaultMaxRows, DefaultText: strconv.Itoa(undo.DefaultMaxRows),
			Usage: "refuse to undo changes of more than `N` rows"},
		&cli.StringSliceFlag{Name: "custom", KeepSpace: true,
			Usage: "record `KEY=VALUE` as custom data; VALUE is JSON if possible, otherwise text (may be repeated)"},
		rowTimeoutFlag(),
		fullFlag(),
	}
}

// undoing is one undo on its way.
type undoing struct {
	*program
	c    *cli.Context
	conn *pgx.Conn
	db   *exaudit.DB
	opts exaudit.UndoOptions
}

func (p *program) undo(c *cli.Context) error {
	u := &undoing{program: p, c: c}
	chosen := filtered(c) || c.NArg() > 0
	switch {
	case c.IsSet("plan") && chosen:
		return usageErrorf("undo", "--plan cannot be combined with a table, or with a flag that chooses changes")
	case !c.IsSet("plan") && (!chosen || c.Args().First() == "" && c.NArg() > 0):
		return usageErrorf("undo", "undo needs a table, or a flag that chooses changes")
	case c.Bool("all") && (filtered(c) || c.NArg() != 1):
		return usageErrorf("undo", "--all needs a table, and cannot be combined with a key or a flag that chooses changes")
	case c.NArg() == 1 && !filtered(c) && !c.Bool("all"):
		return usageErrorf("undo", "this would undo everything that was recorded of %s, and delete the rows that were created: choose changes with a flag such as --since or --transaction, or use --all", c.Args().First())
	}
	chosenBy, err := filters(c, time.Now())
	if err != nil {
		return err
	}
	selection := asOptions[exaudit.Filter](chosenBy)
	table, key := c.Args().First(), c.Args().Tail()
	if table != "" && len(key) == 0 {
		selection = append(selection, exaudit.ByTable(table))
	}
	if len(selection)+len(key) == 0 && !c.IsSet("plan") {
		return usageErrorf("undo", "undo needs a table, or a flag that chooses changes")
	}
	return u.run(func(ctx context.Context) (plan *audit.UndoPlan, err error) {
		switch {
		case c.IsSet("plan"):
			return readPlan[audit.UndoPlan](c.String("plan"))
		case len(key) == 0:
			return u.db.PlanUndo(ctx, exaudit.Select(selection[0], selection[1:]...), &u.opts)
		}
		err = withKey(key, func(key any) error {
			plan, err = u.db.PlanUndo(ctx, exaudit.Select(exaudit.ByRow(table, key), selection...), &u.opts)
			return err
		})
		return plan, err
	})
}

func (p *program) redo(c *cli.Context) error {
	u := &undoing{program: p, c: c}
	if c.Bool("last") {
		if err := argumentCount(c, 0, 0, ""); err != nil {
			return err
		}
		return u.run(u.redoLast)
	}
	if err := argumentCount(c, 1, 1, "a transaction"); err != nil {
		return err
	}
	id, err := strconv.ParseUint(c.Args().First(), 10, 64)
	if err != nil {
		return usageErrorf("redo", "%q is not the id of a transaction, which \"exaudit log\" shows", c.Args().First())
	}
	return u.run(func(ctx context.Context) (*audit.UndoPlan, error) { return u.db.PlanRedo(ctx, id, &u.opts) })
}

// redoLast plans to take back the newest transaction in which something was undone.
func (u *undoing) redoLast(ctx context.Context) (*audit.UndoPlan, error) {
	newest, err := exaudit.First(u.db.Transactions(ctx, exaudit.ByRollback(true), exaudit.Limit(1)))
	if errors.Is(err, audit.ErrNotFound) {
		return nil, fmt.Errorf("redo: %w: nothing was undone", audit.ErrNothingToDo)
	}
	if err != nil {
		return nil, err
	}
	return u.db.PlanRedo(ctx, newest.ID, &u.opts)
}

// readPlan reads the plan of an undo or of a revert.
func readPlan[Plan audit.UndoPlan | audit.RevertPlan](file string) (*Plan, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	plan := new(Plan)
	err = json.Unmarshal(content, plan)
	if err != nil && !reason.Is(err, audit.InvalidPlan) {
		err = &audit.InvalidError{Reason: audit.InvalidPlan, Err: err} // no JSON at all
	}
	if err != nil {
		return nil, fmt.Errorf("read the plan in %s: %w", file, err)
	}
	return plan, nil
}

// run plans, shows, asks and writes, as the flags want.
func (u *undoing) run(plan func(context.Context) (*audit.UndoPlan, error)) error {
	c := u.c
	if err := u.readFlags(); err != nil {
		return err
	}
	conn, db, err := u.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	u.conn, u.db = conn, db
	planned, err := plan(c.Context)
	if err != nil {
		return err
	}
	if err := planned.Err(); err != nil {
		return u.refused(planned, err)
	}
	done, err := u.carryOut(planned)
	switch {
	case errors.Is(err, audit.ErrNothingToDo): // undone meanwhile
		u.complain("%v", err)
		return nil
	case err != nil:
		return err
	case forPeople(c):
		return nil
	case c.Bool("dry-run"):
		// the plan is what can be carried out later; what triggers make of it is for then
		planned.SideEffects = done.SideEffects
		return u.print(c, planned)
	}
	return u.print(c, done)
}

// refused shows why a plan cannot be carried out.
func (u *undoing) refused(planned *audit.UndoPlan, err error) error {
	if errors.Is(err, audit.ErrNothingToDo) {
		u.complain("%v", err)
		err = nil
	}
	if !forPeople(u.c) {
		return errors.Join(u.print(u.c, planned), err)
	}
	if err != nil {
		u.showConflicts(u.stdout, planned)
		return err
	}
	u.showConflicts(u.stdout, planned)
	for _, r := range planned.Rows {
		showLeftOut(u.stdout, r)
	}
	return nil
}

// undoHint says which flags help with the conflicts of an undo.
func undoHint(err error) string {
	conflicts := (*audit.ConflictError)(nil)
	if !errors.As(err, &conflicts) {
		return ""
	}
	has := func(of func(audit.Conflict) bool) bool {
		return slices.ContainsFunc(conflicts.Rows,
			func(r audit.RowChange) bool { return slices.ContainsFunc(r.Conflicts, of) })
	}
	// a row that is there may stay under its key, but takes no other's
	moves := func(c audit.Conflict) bool { return c.Reason == audit.ConflictKeyReused && c.EntityID != "" }
	flags := "--on-conflict"
	keeps := has(func(c audit.Conflict) bool {
		return c.Reason == audit.ConflictOverlap || c.Reason == audit.ConflictRetyped || moves(c)
	})
	overwrites := has(func(c audit.Conflict) bool {
		return slices.Contains([]audit.ConflictReason{audit.ConflictOverlap, audit.ConflictUpdatedSince,
			audit.ConflictDeletedSince, audit.ConflictKeyReused},
			c.Reason) && !moves(c)
	})
	switch {
	case keeps && overwrites:
		flags += ", --keep and --overwrite"
	case keeps:
		flags += " and --keep"
	case overwrites:
		flags += " and --overwrite"
	}
	return ", so nothing was written: see " + flags
}

// carryOut gives what was written, or with --dry-run would be.
func (u *undoing) carryOut(planned *audit.UndoPlan) (*audit.UndoPlan, error) {
	ctx, c := u.c.Context, u.c
	shownOn := u.stdout
	if !forPeople(c) {
		shownOn = u.stderr // stdout is for JSON alone
	}
	if c.Bool("dry-run") {
		done, err := u.tryOut(planned)
		if err != nil {
			return nil, err
		}
		if forPeople(c) {
			u.show(u.stdout, "would be "+u.verb(), done)
			fmt.Fprintln(u.stdout, "dry run: nothing was written")
		}
		return done, nil
	}
	if !c.Bool("yes") {
		if err := u.needTerminal(c); err != nil {
			return nil, err
		}
		u.show(shownOn, "will be "+u.verb(), planned)
		if err := u.confirm(ctx, "Apply?"); err != nil {
			return nil, err
		}
	}
	done, err := u.db.ApplyUndo(ctx, planned, &exaudit.ApplyOptions{LockTimeout: u.opts.LockTimeout,
		Progress: u.report})
	if err != nil {
		return nil, err
	}
	if forPeople(c) {
		if c.Bool("yes") {
			u.show(u.stdout, "was "+u.verb(), done)
		}
		fmt.Fprintf(u.stdout, "done in transaction %d; \"exaudit redo %d\" takes it back\n", done.TransactionID,
			done.TransactionID)
	}
	return done, nil
}

func (u *undoing) verb() string {
	if u.c.Command.Name == "redo" {
		return "redone"
	}
	return "undone"
}

// tryOut rehearses a plan; where nothing can be written, as on a standby, it only looks whether the plan still holds.
func (u *undoing) tryOut(planned *audit.UndoPlan) (*audit.UndoPlan, error) {
	readOnly, err := u.readOnly(u.c.Context, u.conn)
	switch {
	case err != nil:
		return nil, err
	case !readOnly:
		return u.rehearse(planned)
	}
	return planned, u.db.CheckUndo(u.c.Context, planned)
}

// rehearse applies in a transaction that is rolled back: that finds what only PostgreSQL
// knows, constraints and what triggers add.
func (u *undoing) rehearse(planned *audit.UndoPlan) (*audit.UndoPlan, error) {
	ctx := u.c.Context
	tx, err := u.conn.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	// With a context that is still good after a Ctrl-C.
	defer tx.Rollback(context.WithoutCancel(ctx))
	done, err := exaudit.New(tx).ApplyUndo(ctx, planned,
		&exaudit.ApplyOptions{LockTimeout: u.opts.LockTimeout, Progress: u.report})
	if err != nil {
		return nil, err
	}
	done.TransactionID = 0 // which has never been
	return done, nil
}

func (u *undoing) readFlags() error {
	c, name := u.c, u.c.Command.Name
	policy := audit.ConflictPolicy(c.String("on-conflict"))
	if !slices.Contains([]audit.ConflictPolicy{audit.RefuseConflicts, audit.SkipRows, audit.KeepLater},
		policy) {
		return usageErrorf(name, "--on-conflict must be refuse, skip-rows or keep-later, not %q", policy)
	}
	if c.Int("max-rows") < 1 {
		return usageErrorf(name, "--max-rows must be at least 1, not %d", c.Int("max-rows"))
	}
	wait, err := lockTimeout(c)
	if err != nil {
		return err
	}
	u.opts = exaudit.UndoOptions{
		OnConflict: policy, MaxRows: c.Int("max-rows"), KeepColumns: c.StringSlice("keep"), LockTimeout: wait,
		Progress: u.report,
	}
	for _, text := range c.StringSlice("overwrite") {
		table, key, ok := strings.Cut(text, " ")
		if !ok || table == "" {
			return usageErrorf(name, "--overwrite needs \"TABLE KEY\", not %q", text)
		}
		u.opts.OverwriteRows = append(u.opts.OverwriteRows, audit.RowID{Table: table, EntityID: audit.EntityID(key)})
	}
	if u.opts.SetColumns, err = keyValues(name, "set", c.StringSlice("set")); err != nil {
		return err
	}
	custom, err := keyValues(name, "custom", c.StringSlice("custom"))
	if err != nil {
		return err
	}
	if custom != nil {
		c.Context = exaudit.With(c.Context, custom)
	}
	return nil
}

// manyRows is from how many rows on a person wants to know that something happens.
const manyRows = 2000

// report says what a long undo is busy with, to a person who waits.
func (u *undoing) report(stage audit.Stage, n int) {
	if n >= manyRows && isTerminal(u.stderr) {
		fmt.Fprintf(u.stderr, "%s: %d\n", stage, n)
	}
}

// show prints what is written, row by row, in the same form as a history.
func (u *undoing) show(w io.Writer, verb string, plan *audit.UndoPlan) {
	v := u.view(u.c)
	shown, written, versions, hidden := 0, 0, 0, 0
	for _, r := range plan.Rows {
		if r.Patch == nil && len(r.LeftOut) == 0 {
			continue
		}
		if r.Patch != nil {
			written++
			versions += len(r.Versions)
		}
		if shown++; shown > shownRows && !v.full {
			hidden++
			continue
		}
		row := v.bold(printable(r.Table) + " " + printable(string(r.EntityID)))
		fmt.Fprintf(w, "%s  %s\n%s", row, rowVerb(r), v.patch(r.Patch))
		showLeftOut(w, r)
	}
	if hidden > 0 {
		fmt.Fprintf(w, "(and %s, which --full shows)\n", counted(hidden, "row"))
	}
	u.showConflicts(w, plan)
	if versions != 1 {
		verb = strings.Replace(verb, "was", "were", 1)
	}
	fmt.Fprintf(w, "%s of %s %s", counted(versions, "version"), counted(written, "row"), verb)
	if n := len(plan.AlreadyUndone); n > 0 {
		fmt.Fprintf(w, "; %s undone already", counted(n, "version"))
	}
	if plan.Unchanged > 0 {
		fmt.Fprintf(w, "; %s as it should be already", counted(plan.Unchanged, "row"))
	}
	if n := plan.Deleted(); n > 0 {
		fmt.Fprintf(w, "; rows deleted: %d", n)
	}
	fmt.Fprintln(w)
	for _, s := range plan.SideEffects {
		fmt.Fprintf(w, "also, by triggers and foreign keys: %s of %s %s\n", counted(s.Rows, "row"),
			printable(s.Table), s.Action)
	}
}

func showLeftOut(w io.Writer, r audit.RowChange) {
	for _, left := range r.LeftOut {
		fmt.Fprintf(w, "%s(column %s, so its old value is not restored)\n", indent, printable(left.String()))
	}
}

// shownRows is how many rows are shown without --full.
const shownRows = 50

func rowVerb(r audit.RowChange) string {
	if r.Patch == nil {
		return "stays"
	}
	return map[audit.Action]string{audit.Created: "is restored", audit.Updated: "is changed",
		audit.Deleted: "is deleted"}[r.Action]
}

// showConflicts lists what stands in the way, or is left out for it.
func (u *undoing) showConflicts(w io.Writer, plan *audit.UndoPlan) {
	v := u.view(u.c)
	for i, r := range plan.Conflicting() {
		if i == shownRows && !v.full {
			fmt.Fprintf(w, "(and %s in conflict, which --full shows)\n", counted(len(plan.Conflicting())-i, "row"))
			return
		}
		outcome := "in conflict, keeps later changes"
		switch {
		case reason.Is(plan.Err(), reason.Conflict):
			outcome = "in conflict"
		case r.Skipped:
			outcome = "in conflict, left out"
		}
		fmt.Fprintf(w, "%s  %s\n", v.bold(printable(r.Table)+" "+printable(string(r.EntityID))), outcome)
		for _, c := range r.Conflicts {
			fmt.Fprintf(w, "%s%s\n", indent, printable(c.String()))
		}
	}
}
