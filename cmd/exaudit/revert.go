package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

func (p *program) revertCommand() *cli.Command {
	return &cli.Command{
		Name:      "revert",
		Usage:     "bring a row back to its state before a version",
		UsageText: "exaudit revert [flags] VERSION | --plan FILE",
		Description: "Undoes the version and all later versions of the same row. If the version deleted the row, the\n" +
			"row is inserted again with the same key; if the version created it, it is deleted. Shows the\n" +
			"changes, and asks for confirmation. A revert is recorded, and can itself be reverted.\n\n" +
			"Examples: exaudit revert 17 --custom actor=ada --custom 'reason=\"wrong price\"'\n" +
			"          exaudit revert 17 --dry-run --format json > plan.json\n" +
			"          exaudit revert --plan plan.json --yes",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "plan", Usage: "carry out the plan in `FILE`, which --dry-run --format json printed, if it is still valid"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask for confirmation"},
			&cli.BoolFlag{Name: "dry-run", Usage: "make the changes, show them, and roll them back"},
			&cli.StringSliceFlag{Name: "custom", KeepSpace: true,
				Usage: "record `KEY=VALUE` as custom data; VALUE is JSON if possible, otherwise text (may be repeated)"},
			&cli.StringSliceFlag{Name: "set", KeepSpace: true,
				Usage: "set a column instead of restoring it, as in `COLUMN=VALUE`; VALUE is JSON if possible, otherwise text (may be repeated)"},
			&cli.BoolFlag{Name: "allow-diverged",
				Usage: "revert even if the row is not what its history says; columns that no undone version contains keep their value"},
			rowTimeoutFlag(),
			fullFlag(),
		},
		Action: p.revert,
	}
}

// reversion is one revert on its way.
type reversion struct {
	*program
	c    *cli.Context
	conn *pgx.Conn
	db   *exaudit.DB
	opts exaudit.RevertOptions
}

func (p *program) revert(c *cli.Context) error {
	plan, err := p.revertPlanner(c)
	if err != nil {
		return err
	}
	custom, err := keyValues("revert", "custom", c.StringSlice("custom"))
	if err != nil {
		return err
	}
	if custom != nil {
		c.Context = exaudit.With(c.Context, custom)
	}
	columns, err := keyValues("revert", "set", c.StringSlice("set"))
	if err != nil {
		return err
	}
	wait, err := lockTimeout(c)
	if err != nil {
		return err
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	r := &reversion{program: p, c: c, conn: conn, db: db, opts: exaudit.RevertOptions{
		LockTimeout: wait, AllowDiverged: c.Bool("allow-diverged"), SetColumns: columns,
	}}
	planned, err := plan(r)
	if err == nil {
		err = r.run(planned)
	}
	if errors.Is(err, audit.ErrNothingToDo) {
		r.complain("nothing to do: %s %s is already what it was before version %d", planned.Table, planned.EntityID,
			planned.Version)
		if forPeople(c) {
			return nil
		}
		return r.print(c, &audit.RevertPlan{RowChange: audit.RowChange{RowID: planned.RowID}, Version: planned.Version})
	}
	return err
}

// revertPlanner returns what finds the plan that the arguments name.
func (p *program) revertPlanner(c *cli.Context) (func(*reversion) (*audit.RevertPlan, error), error) {
	if file := c.String("plan"); c.IsSet("plan") {
		if c.NArg() > 0 || c.IsSet("set") || c.IsSet("allow-diverged") {
			return nil, usageErrorf("revert", "--plan cannot be combined with a version, --set or --allow-diverged")
		}
		return func(*reversion) (*audit.RevertPlan, error) { return readPlan[audit.RevertPlan](file) }, nil
	}
	if err := argumentCount(c, 1, 1, "a version"); err != nil {
		return nil, err
	}
	id, err := versionArgument(c, 0)
	return func(r *reversion) (*audit.RevertPlan, error) { return r.plan(id) }, err
}

func (r *reversion) plan(id int64) (*audit.RevertPlan, error) {
	plan, err := r.db.PlanRevert(r.c.Context, id, &r.opts)
	if !errors.Is(err, audit.ErrNothingToDo) {
		return plan, err
	}
	version, notFound := r.db.Version(r.c.Context, id)
	if notFound != nil {
		return nil, notFound
	}
	row := audit.RowID{Table: version.Table, EntityID: version.EntityID}
	return &audit.RevertPlan{RowChange: audit.RowChange{RowID: row}, Version: id}, err
}

// run shows, asks and writes, as the flags want.
func (r *reversion) run(planned *audit.RevertPlan) error {
	for _, left := range planned.LeftOut {
		r.complain("column %s, so its old value is not restored", left)
	}
	done, err := r.carryOut(planned)
	switch {
	case err != nil:
		return err
	case forPeople(r.c):
		return nil
	case r.c.Bool("dry-run"):
		// the plan is what can be carried out later; what triggers make of it is for then
		return r.print(r.c, planned)
	}
	return r.print(r.c, done)
}

// carryOut gives what was written, or with --dry-run would be.
func (r *reversion) carryOut(planned *audit.RevertPlan) (*audit.RevertPlan, error) {
	ctx, c := r.c.Context, r.c
	shownOn := r.stdout
	if !forPeople(c) {
		shownOn = r.stderr // stdout is for JSON alone
	}
	if c.Bool("dry-run") {
		rehearsed, err := r.tryOut(planned)
		if err == nil && forPeople(c) {
			r.show(r.stdout, "would be undone", rehearsed)
			fmt.Fprintln(r.stdout, "dry run: nothing was written")
		}
		return rehearsed, err
	}
	if !c.Bool("yes") {
		rehearsed, err := r.rehearse(planned)
		if err != nil {
			return nil, err
		}
		if err := r.needTerminal(c); err != nil {
			return nil, err
		}
		r.show(shownOn, "will be undone", rehearsed)
		if err := r.confirm(ctx, "Apply?"); err != nil {
			return nil, err
		}
	}
	// what is done is what the person has seen
	done, err := r.db.ApplyRevert(ctx, planned, &exaudit.ApplyOptions{LockTimeout: r.opts.LockTimeout})
	if err != nil {
		return nil, err
	}
	if forPeople(c) {
		if c.Bool("yes") {
			r.show(r.stdout, "was undone", done)
		}
		fmt.Fprintf(r.stdout, "done in transaction %d; \"exaudit redo %d\" takes it back\n", done.TransactionID,
			done.TransactionID)
	}
	return done, nil
}

// tryOut rehearses a plan; where nothing can be written, as on a standby, it only looks whether the plan still holds.
func (r *reversion) tryOut(planned *audit.RevertPlan) (*audit.RevertPlan, error) {
	readOnly, err := r.readOnly(r.c.Context, r.conn)
	switch {
	case err != nil:
		return nil, err
	case !readOnly:
		return r.rehearse(planned)
	}
	return planned, r.db.CheckRevert(r.c.Context, planned)
}

// rehearse reverts in a transaction that is rolled back: that finds what only PostgreSQL
// knows, constraints and what triggers add.
func (r *reversion) rehearse(plan *audit.RevertPlan) (*audit.RevertPlan, error) {
	ctx := r.c.Context
	tx, err := r.conn.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	// With a context that is still good after a Ctrl-C.
	defer tx.Rollback(context.WithoutCancel(ctx))
	done, err := exaudit.New(tx).ApplyRevert(ctx, plan, &exaudit.ApplyOptions{LockTimeout: r.opts.LockTimeout})
	if err != nil {
		return nil, err
	}
	done.TransactionID = 0 // which has never been
	return done, nil
}

// show prints what is changed, in the same form as a history.
func (r *reversion) show(w io.Writer, verb string, done *audit.RevertPlan) {
	subject := fmt.Sprintf("version %d", done.Version)
	if later := len(done.Versions) - 1; later > 0 {
		subject += fmt.Sprintf(" and %s after it", counted(later, "version"))
		verb = strings.Replace(verb, "was", "were", 1)
	}
	v := r.view(r.c)
	fmt.Fprintf(w, "%s %s: %s %s\n%s", printable(done.Table), printable(string(done.EntityID)), subject, verb,
		v.patch(done.Patch))
	for _, along := range done.Referencing {
		rows := "some rows"
		if along.Rows >= 0 {
			rows = counted(int(along.Rows), "row")
		}
		fmt.Fprintf(w, "%s%s of %s by %s: %s, and what references them is not looked at\n", indent, rows,
			printable(along.Table),
			printable(strings.Join(along.Columns, ", ")), along.Action)
	}
}
