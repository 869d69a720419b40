package main

import (
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) syncCommand() *cli.Command {
	return &cli.Command{
		Name:      "sync",
		Usage:     "update the triggers of all tracked tables",
		UsageText: "exaudit sync [flags]",
		Description: "Run sync after a change of the schema, a restore, or an update of exaudit. It repairs what\n" +
			"\"exaudit status\" reports, if no other cure is named there. Each table is updated in a\n" +
			"transaction of its own. Dropped tables are skipped.\n\n" +
			"Example: exaudit sync --dry-run",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, without doing it"},
			&cli.BoolFlag{Name: "show-sql", Usage: "print the SQL that is run, or with --dry-run would be run"},
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
