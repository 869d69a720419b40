package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/triggers"
)

func (p *program) uninstallCommand() *cli.Command {
	return &cli.Command{
		Name:      "uninstall",
		Usage:     "stop recording the changes of tables; their history is kept",
		UsageText: "exaudit uninstall [flags] TABLE...\nexaudit uninstall [flags] --all",
		Description: "With --baseline, all rows are first recorded as they are, so that \"exaudit as-of\" can still show\n" +
			"how the table was until now. If you install the table again later, its history continues;\n" +
			"changes in between are not recorded.\n\n" +
			"Example: exaudit uninstall sessions --yes",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "uninstall all tracked tables of the database, and remove the event triggers of follow-ddl"},
			&cli.BoolFlag{Name: "baseline", Usage: "first record all rows as they are; writers of the table wait meanwhile"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, without doing it"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask for confirmation"},
			lockTimeoutFlag(),
		},
		Action: p.uninstall,
	}
}

func (p *program) uninstall(c *cli.Context) error {
	switch {
	case c.Bool("all") && c.NArg() > 0:
		return usageErrorf("uninstall", "use either --all or tables, not both")
	case !c.Bool("all") && c.NArg() == 0:
		return usageErrorf("uninstall", "uninstall needs a table, or --all")
	}
	wait, err := lockTimeout(c)
	if err != nil {
		return err
	}
	options := exaudit.UninstallOptions{
		LockTimeout: wait, Baseline: c.Bool("baseline"),
		Unrecorded: func(table, reason string) {
			p.complain("the rows of %s are not recorded as they are: %s", table, reason)
		},
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	tables := c.Args().Slice()
	if c.Bool("all") {
		tables, err = trackedTables(c, db)
	} else {
		tables, err = p.stillTracked(c, conn, tables)
	}
	if err != nil {
		return err
	}
	if c.Bool("all") {
		return p.stopFollowing(c, db, tables, options)
	}
	return p.uninstallTables(c, db, tables, options, false)
}

func (p *program) uninstallTables(c *cli.Context, db *exaudit.DB, tables []string, options exaudit.UninstallOptions,
	following bool) error {
	named := tables
	if following {
		named = append(slices.Clip(tables), "event triggers")
	}
	carryOut := func(dryRun bool) error {
		options.DryRun = dryRun
		if following {
			err := db.StopFollowingDDL(c.Context,
				&exaudit.FollowOptions{LockTimeout: options.LockTimeout, DryRun: dryRun})
			if err != nil {
				return err
			}
		}
		return db.Uninstall(c.Context, tables, &options)
	}
	if len(named) > 0 {
		// Tried first, so that nobody is asked about what would fail.
		if err := carryOut(true); err != nil {
			return err
		}
	}
	switch {
	case len(named) == 0 && c.Bool("all"):
		p.complain("no table is tracked: there is nothing to uninstall")
	case len(named) > 0 && !c.Bool("dry-run"):
		if !c.Bool("yes") {
			if err := p.needTerminal(c); err != nil {
				return err
			}
			question := fmt.Sprintf("Stop recording changes of %s? The history stays.", strings.Join(tables, ", "))
			if len(tables) == 0 {
				question = "Stop following DDL? Tables stay tracked."
			}
			if err := p.confirm(c.Context, question); err != nil {
				return err
			}
		}
		if err := carryOut(false); err != nil {
			return err
		}
	}
	return p.printUninstalled(c, named)
}

// stillTracked are those of some tables that have not been uninstalled already.
func (p *program) stillTracked(c *cli.Context, conn *pgx.Conn, names []string) (tables []string, err error) {
	for _, name := range names {
		t, err := triggers.Find(c.Context, conn, name)
		switch {
		case err != nil:
			return nil, err
		case t.Tracked:
			tables = append(tables, name)
		default:
			p.complain("%s is uninstalled already, its history stays", t.QuotedName)
		}
	}
	return tables, nil
}

func trackedTables(c *cli.Context, db *exaudit.DB) ([]string, error) {
	status, err := db.Status(c.Context, nil)
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, s := range status.Tables {
		if s.Tracked {
			tables = append(tables, s.Table)
		}
	}
	return tables, nil
}

func (p *program) printUninstalled(c *cli.Context, tables []string) error {
	if forPeople(c) {
		did := "uninstalled, its history stays"
		if c.Bool("dry-run") {
			did = "would be uninstalled"
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, table := range tables {
			if table == "event triggers" && !c.Bool("dry-run") {
				did = "removed"
			}
			fmt.Fprintf(w, "%s\t%s\n", printable(table), did)
		}
		return w.Flush()
	}
	type removal struct {
		Table  string `json:"table"`
		DryRun bool   `json:"dry_run"`
	}
	list := make([]removal, len(tables))
	for i, table := range tables {
		list[i] = removal{table, c.Bool("dry-run")}
	}
	return printList(p, c, list)
}
