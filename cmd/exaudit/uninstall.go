package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) uninstallCommand() *cli.Command {
	return &cli.Command{
		Name:      "uninstall",
		Usage:     "stop recording the changes of tables; their history stays",
		UsageText: "exaudit uninstall [flags] TABLE...\nexaudit uninstall [flags] --all",
		Description: "\"exaudit install\" continues the history later. What changes in between is not recorded.\n\n" +
			"Example: exaudit uninstall sessions --yes",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "all tracked tables of the database"},
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done, and do nothing"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask"},
			lockTimeoutFlag(),
		},
		Action: p.uninstall,
	}
}

func (p *program) uninstall(c *cli.Context) error {
	switch {
	case c.Bool("all") && c.NArg() > 0:
		return usageErrorf("uninstall", "either --all or tables, not both")
	case !c.Bool("all") && c.NArg() == 0:
		return usageErrorf("uninstall", "uninstall needs a table, or --all")
	}
	if !c.Bool("dry-run") {
		if err := p.needTerminal(c); err != nil {
			return err
		}
	}
	options, err := installOptions(c)
	if err != nil {
		return err
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	tables := c.Args().Slice()
	if c.Bool("all") {
		if tables, err = trackedTables(c, db); err != nil {
			return err
		}
	}
	if len(tables) > 0 {
		// Tried first, so that nobody is asked about what would fail.
		if err := db.Uninstall(c.Context, tables, append(options, exaudit.DryRun())...); err != nil {
			return err
		}
	}
	return p.uninstallTables(c, db, tables, options)
}

func (p *program) uninstallTables(c *cli.Context, db *exaudit.DB, tables []string, options []exaudit.InstallOption) error {
	switch {
	case len(tables) == 0:
		p.complain("no table is tracked: there is nothing to uninstall")
	case !c.Bool("dry-run"):
		if !c.Bool("yes") {
			question := fmt.Sprintf("Stop recording changes of %s? The history stays.", strings.Join(tables, ", "))
			if err := p.confirm(c.Context, question); err != nil {
				return err
			}
		}
		if err := db.Uninstall(c.Context, tables, options...); err != nil {
			return err
		}
	}
	return p.printUninstalled(c, tables)
}

func trackedTables(c *cli.Context, db *exaudit.DB) ([]string, error) {
	list, err := db.Status(c.Context)
	if err != nil {
		return nil, err
	}
	var tables []string
	for _, s := range list {
		if s.Tracked.Tracked {
			tables = append(tables, s.QuotedName)
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
