package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) baselineCommand() *cli.Command {
	return &cli.Command{
		Name:      "baseline",
		Usage:     "record the rows of tracked tables that have no version yet, as they are",
		UsageText: "exaudit baseline [flags] [TABLE...]",
		Description: "Without a table, it does so for all that are tracked. Each table is a transaction of its\n" +
			"own, in which writers of the table wait. A second run finds nothing to do.\n\n" +
			"Example: exaudit baseline orders --custom reason='tracked since today'",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "every-row", Usage: "also the rows that have versions"},
			&cli.StringSliceFlag{Name: "custom", KeepSpace: true,
				Usage: "record `KEY=VALUE` with the versions, VALUE as JSON if it is JSON, else as text (may be repeated)"},
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

func (p *program) reportBaseline(done exaudit.BaselineResult) {
	if done.Rows == 0 {
		fmt.Fprintf(p.stdout, "%s: nothing to record\n", printable(done.Table))
		return
	}
	fmt.Fprintf(p.stdout, "%s: %s recorded\n", printable(done.Table), counted(int(done.Rows), "row"))
}
