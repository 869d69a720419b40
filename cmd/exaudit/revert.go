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
	"github.com/exaudit/exaudit/patch"
)

func (p *program) revertCommand() *cli.Command {
	return &cli.Command{
		Name:      "revert",
		Usage:     "bring a row back to its state before a version",
		UsageText: "exaudit revert [flags] VERSION",
		Description: "Undoes the version and all later versions of the same row. If the version deleted the row, the\n" +
			"row is inserted again with the same key; if the version created it, it is deleted. Shows the\n" +
			"changes, and asks for confirmation. A revert is recorded, and can itself be reverted.\n\n" +
			"Example: exaudit revert 17 --custom actor=ada --custom 'reason=\"wrong price\"'",
		Flags: []cli.Flag{
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
	c       *cli.Context
	conn    *pgx.Conn
	version *audit.Version
	later   int // versions after it, which are undone as well
	opts    exaudit.RevertOptions
}

func (p *program) revert(c *cli.Context) error {
	if err := argumentCount(c, 1, 1, "a version"); err != nil {
		return err
	}
	id, err := versionArgument(c, 0)
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
	r := &reversion{program: p, c: c, conn: conn, opts: exaudit.RevertOptions{
		LockTimeout: wait, AllowDiverged: c.Bool("allow-diverged"), SetColumns: columns,
	}}
	if r.version, err = db.Version(c.Context, id); err != nil {
		return err
	}
	for _, err := range db.History(c.Context, r.version.Table, r.version.EntityID,
		exaudit.After(r.version.Cursor())) {
		if err != nil {
			return err
		}
		r.later++
	}
	return r.run(db)
}

func (r *reversion) run(db *exaudit.DB) error {
	done, err := r.decide(db)
	if errors.Is(err, audit.ErrNothingToDo) {
		r.complain("nothing to do: %s %s is already what it was before version %d", r.version.Table, r.version.EntityID,
			r.version.ID)
		return r.printJSON(nil)
	}
	if err != nil {
		return err
	}
	return r.printJSON(done)
}

// decide rehearses, shows, asks and does it, as the flags want; it gives what was changed.
func (r *reversion) decide(db *exaudit.DB) (*audit.RevertPlan, error) {
	ctx := r.c.Context
	plan, err := db.PlanRevert(ctx, r.version.ID, &r.opts)
	if err != nil {
		return nil, err
	}
	for _, left := range plan.LeftOut {
		r.complain("column %s, so its old value is not restored", left)
	}
	if r.c.Bool("yes") && !r.c.Bool("dry-run") {
		done, err := db.Revert(ctx, r.version.ID, &r.opts)
		if err == nil {
			r.show(r.stdout, "was undone", done)
		}
		return done, err
	}
	rehearsed := plan
	readOnly, err := r.readOnly(ctx, r.conn)
	if err == nil && !(readOnly && r.c.Bool("dry-run")) {
		rehearsed, err = r.rehearse(plan)
	}
	if err != nil {
		return nil, err
	}
	if r.c.Bool("dry-run") {
		r.show(r.stdout, "would be undone", rehearsed)
		r.say("dry run: nothing was written")
		return rehearsed, nil
	}
	if err := r.needTerminal(r.c); err != nil {
		return nil, err
	}
	shownOn := r.stdout
	if !forPeople(r.c) {
		shownOn = r.stderr // stdout is for JSON alone
	}
	r.show(shownOn, "will be undone", rehearsed)
	if err := r.confirm(ctx, "Apply?"); err != nil {
		return nil, err
	}
	// The answer of a person holds for what that person has seen.
	done, err := db.ApplyRevert(ctx, plan, &exaudit.ApplyOptions{LockTimeout: r.opts.LockTimeout})
	if err != nil {
		return nil, err
	}
	r.say("done, and recorded as a rollback")
	return done, nil
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
	return done, nil
}

func (r *reversion) say(text string) {
	if forPeople(r.c) {
		fmt.Fprintln(r.stdout, text)
	}
}

// show prints what is changed, in the same form as a history.
func (r *reversion) show(w io.Writer, verb string, done *audit.RevertPlan) {
	if w == r.stdout && !forPeople(r.c) {
		return
	}
	subject := fmt.Sprintf("version %d", r.version.ID)
	if r.later > 0 {
		subject += fmt.Sprintf(" and %s after it", counted(r.later, "version"))
		verb = strings.Replace(verb, "was", "were", 1)
	}
	v := r.view(r.c)
	fmt.Fprintf(w, "%s %s: %s %s\n%s", printable(r.version.Table), printable(string(r.version.EntityID)), subject, verb,
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

func (r *reversion) printJSON(done *audit.RevertPlan) error {
	if forPeople(r.c) {
		return nil
	}
	if done == nil {
		done = &audit.RevertPlan{}
	}
	return r.print(r.c, struct {
		Version  int64           `json:"version"`
		Table    string          `json:"table"`
		EntityID string          `json:"entity_id"`
		DryRun   bool            `json:"dry_run"`
		Patch    patch.Patch     `json:"patch"`
		LeftOut  []audit.LeftOut `json:"left_out,omitempty"`
		// Referencing are the rows that pointed to one that is removed.
		Referencing []audit.Referencing `json:"referencing,omitempty"`
	}{r.version.ID, r.version.Table, string(r.version.EntityID), r.c.Bool("dry-run"), done.Patch, done.LeftOut,
		done.Referencing})
}
