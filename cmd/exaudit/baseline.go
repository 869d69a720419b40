package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) baselineCommand() *cli.Command {
	return &cli.Command{
		Name:      "baseline",
		Usage:     "record the rows that were there before their table was tracked",
		UsageText: "exaudit baseline [flags] [TABLE...]",
		Description: "Records rows as they are, of the tables or of all that are tracked: those of which nothing is\n" +
			"recorded yet. Writers to a table wait meanwhile.\n\n" +
			"Examples: exaudit baseline\n" +
			"          exaudit baseline orders --every",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "every", Usage: "record every row, also one that has a history"},
			&cli.StringSliceFlag{Name: "custom", Usage: "record `KEY=VALUE` with it, VALUE as JSON if it is JSON, else as text (may be repeated)"},
		},
		Action: p.baseline,
	}
}

func (p *program) baseline(c *cli.Context) error {
	custom, err := keyValues("baseline", "custom", c.StringSlice("custom"))
	if err != nil {
		return err
	}
	if custom != nil {
		c.Context = exaudit.With(c.Context, custom)
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	tables := c.Args().Slice()
	if len(tables) == 0 {
		list, err := db.Status(c.Context)
		if err != nil {
			return err
		}
		for _, t := range list {
			if t.Tracked.Tracked {
				tables = append(tables, t.QuotedName)
			}
		}
	}
	var opts []exaudit.BaselineOption
	if c.Bool("every") {
		opts = append(opts, exaudit.EveryRow())
	}
	done, err := db.Baseline(c.Context, tables, opts...)
	if err != nil {
		return err
	}
	if !forPeople(c) {
		return printList(p, c, done)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, b := range done {
		fmt.Fprintf(w, "%s\t%s recorded\n", printable(b.Table), counted(int(b.Rows), "row"))
	}
	return w.Flush()
}
