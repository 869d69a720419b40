package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

func (p *program) baselineCommand() *cli.Command {
	return &cli.Command{
		Name:      "baseline",
		Usage:     "record rows of tracked tables as they are, if they have no version yet",
		UsageText: "exaudit baseline [flags] [TABLE...]",
		Description: "Without TABLE, records the rows of all tracked tables. Each table is recorded in a\n" +
			"transaction of its own; writers of the table wait until it ends. A second run finds\n" +
			"nothing to do. On tables with skip_insert_image, also records the rows that have versions,\n" +
			"but no whole image.\n\n" +
			"Example: exaudit baseline orders --custom reason='tracked since today'",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "every-row", Usage: "also record rows that have versions"},
			&cli.StringSliceFlag{Name: "custom", KeepSpace: true,
				Usage: "record `KEY=VALUE` as custom data; VALUE is JSON if possible, otherwise text (may be repeated)"},
			lockTimeoutFlag(),
		},
		Action: p.baseline,
	}
}

func (p *program) baseline(c *cli.Context) error {
	wait, err := lockTimeout(c)
	if err != nil {
		return err
	}
	custom, err := keyValues("baseline", "custom", c.StringSlice("custom"))
	if err != nil {
		return err
	}
	if custom != nil {
		c.Context = exaudit.With(c.Context, custom)
	}
	opts := exaudit.BaselineOptions{EveryRow: c.Bool("every-row"), LockTimeout: wait}
	if forPeople(c) {
		opts.Progress = p.reportBaseline
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	done, err := db.Baseline(c.Context, c.Args().Slice(), &opts)
	if err != nil || forPeople(c) {
		return err
	}
	return printList(p, c, done)
}

func (p *program) reportBaseline(done audit.BaselineResult) {
	if done.Rows == 0 {
		fmt.Fprintf(p.stdout, "%s: nothing to record\n", printable(done.Table))
		return
	}
	fmt.Fprintf(p.stdout, "%s: %s recorded\n", printable(done.Table), counted(int(done.Rows), "row"))
}
