package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// blockRange is how many pages PostgreSQL summarizes together; the last ones are not summarized until there are as
// many.
const blockRange = 128

func (p *program) maintainCommand() *cli.Command {
	return &cli.Command{
		Name:      "maintain",
		Usage:     "remove versions that are no longer kept, and update indexes and statistics",
		UsageText: "exaudit maintain [flags]",
		Description: "Run maintain once a day, for example by cron. It removes the versions that tables no\n" +
			"longer keep, by their options keep, keep_last and hold; without these, it removes nothing.\n" +
			"It works in many small transactions. If it is interrupted, the next run does the rest.\n\n" +
			"Example: exaudit maintain --dry-run",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be removed, without removing it"},
			lockTimeoutFlag(),
		},
		Action: p.maintain,
	}
}

func (p *program) maintain(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
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
	done, err := db.Maintain(c.Context, &exaudit.MaintainOptions{DryRun: c.Bool("dry-run"), LockTimeout: wait})
	switch {
	case done == nil:
		return err
	case forPeople(c):
		p.reportMaintenance(done)
		return err
	case err != nil:
		return err
	}
	return p.print(c, done)
}

func (p *program) reportMaintenance(done *audit.Maintenance) {
	if len(done.Retention) == 0 {
		fmt.Fprintln(p.stdout, "no table has the option keep, keep_last or hold: nothing is removed")
	}
	for _, r := range done.Retention {
		table := printable(r.Table)
		switch {
		case r.Hold:
			fmt.Fprintf(p.stdout, "%s: held, nothing is removed\n", table)
		case r.Removed == 0:
			fmt.Fprintf(p.stdout, "%s: nothing to remove%s\n", table, keeping(r))
		case done.DryRun:
			fmt.Fprintf(p.stdout, "%s: %s would be removed%s\n", table, counted(int(r.Removed), "version"), keeping(r))
		default:
			fmt.Fprintf(p.stdout, "%s: %s removed%s\n", table, counted(int(r.Removed), "version"), keeping(r))
		}
	}
	if done.SummarizedPages >= blockRange {
		does := "summarized"
		if done.DryRun {
			does = "to be summarized"
		}
		fmt.Fprintf(p.stdout, "index versions_id_time: %s %s\n", counted(int(done.SummarizedPages), "page"), does)
	}
}

// keeping says what is kept.
func keeping(r audit.Retention) string {
	switch {
	case r.Before != nil && r.KeepLast > 0:
		return fmt.Sprintf(" (kept: since %s, and the last %d of each row)", r.Before.Format(time.RFC3339), r.KeepLast)
	case r.Before != nil:
		return fmt.Sprintf(" (kept: since %s)", r.Before.Format(time.RFC3339))
	}
	return fmt.Sprintf(" (kept: the last %d of each row)", r.KeepLast)
}
