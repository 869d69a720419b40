package main

import (
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) syncCommand() *cli.Command {
	return &cli.Command{
		Name:      "sync",
		Usage:     "bring the triggers of every tracked table up to date",
		UsageText: "exaudit sync [flags]",
		Description: "After a change of the schema, a restore, or an update of exaudit: mends what \"exaudit status\"\n" +
			"reports, a transaction for each table. Tables that were dropped are skipped.\n\n" +
			"Example: exaudit sync --dry-run",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done, and do nothing"},
			&cli.BoolFlag{Name: "show-sql", Usage: "print the SQL that is run"},
			lockTimeoutFlag(),
		},
		Action: p.sync,
	}
}

func (p *program) sync(c *cli.Context) error {
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
	done, err := db.Sync(c.Context, &exaudit.SyncOptions{LockTimeout: wait, DryRun: c.Bool("dry-run")})
	if err == nil && len(done) == 0 {
		p.complain("no table is tracked: there is nothing to bring up to date")
	}
	return p.reportPart(c, done, err)
}
