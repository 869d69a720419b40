package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

func (p *program) statusCommand() *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "check that every change is recorded as it should be; exit code 3 if not",
		UsageText: "exaudit status [--schema SCHEMA]... [--config FILE]",
		Description: "Lists every table that is or was tracked, with what has drifted, and every table that is not\n" +
			"tracked. If there is a file exaudit.yaml, a difference from it is drift, too.\n\n" +
			"Example: exaudit status || mail -s 'exaudit has drifted' dba@example.com",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "schema",
				Usage:       "list only the untracked tables of `SCHEMA`, written as in SQL (may be repeated)",
				DefaultText: "all schemas"},
			configFlag(),
		},
		Action: p.status,
	}
}

func (p *program) status(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	file, err := configuration(c)
	if err != nil {
		return err
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	status, err := databaseStatus(c, db)
	if err != nil {
		return err
	}
	if file != nil {
		if err := p.tellUnmatched(c, file, conn); err != nil {
			return err
		}
		if status.Tables, err = compareFile(c, file, conn, status.Tables); err != nil {
			return err
		}
	}
	if err := p.printStates(c, status.Tables); err != nil {
		return err
	}
	return driftIn(status)
}

// databaseStatus is the status with the untracked tables of all schemas or those of --schema.
func databaseStatus(c *cli.Context, db *exaudit.DB) (*audit.Status, error) {
	var opts exaudit.StatusOptions
	if c.IsSet("schema") {
		opts.Schemas = schemasOf(c)
	}
	status, err := db.Status(c.Context, &opts)
	if reason.Is(err, audit.NoTable) {
		for _, schema := range opts.Schemas {
			if hint := capitalHint(c, schema); hint != "" {
				return nil, fmt.Errorf("%w%s", err, hint)
			}
		}
	}
	return status, err
}

func (p *program) printStates(c *cli.Context, tables []audit.TableStatus) error {
	if !forPeople(c) {
		return printList(p, c, tables)
	}
	if len(tables) == 0 {
		p.complain("there are no tables")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, t := range tables {
		line := string(t.State)
		if len(t.Notes) > 0 {
			line += ": " + strings.Join(t.Notes, "; ")
		}
		fmt.Fprintf(w, "%s\t%s\n", printable(t.Table), line)
		if options := optionText(t.Options); t.Tracked && options != "" {
			fmt.Fprintf(w, "\t  %s\n", printable(options))
		}
		for _, d := range t.Drift {
			fmt.Fprintf(w, "\t  %s\n", printable(d.Text()))
		}
	}
	return w.Flush()
}

func driftIn(status *audit.Status) error {
	n := 0
	for _, t := range status.Tables {
		if t.State == audit.StateDrift {
			n++
		}
	}
	switch {
	case n == 0:
		return nil
	case slices.ContainsFunc(status.Drift(), func(d audit.Drift) bool { return d.Cure == "" }):
		return fmt.Errorf("%w on %s: \"exaudit sync\" repairs what names no other cure", errDrift, counted(n, "table"))
	}
	return fmt.Errorf("%w on %s", errDrift, counted(n, "table"))
}
