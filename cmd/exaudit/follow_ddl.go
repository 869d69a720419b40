package main

import (
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) followCommand() *cli.Command {
	return &cli.Command{
		Name:      "follow-ddl",
		Usage:     "keep the triggers in step with the schema, by event triggers",
		UsageText: "exaudit follow-ddl [flags] [--new-tables PATTERN]... [--except PATTERN]...\nexaudit follow-ddl --stop [--yes] [flags]",
		Description: "Event triggers take a superuser. Without --new-tables, only tracked tables are followed. Given again, the\n" +
			"flags replace those of before. With --stop, tables stay tracked, and are no longer kept in step.\n\n" +
			"Example: exaudit follow-ddl --new-tables 'shop.*' --except 'shop.tmp_*'",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "new-tables",
				Usage: "also cover tables as they are created that match `PATTERN`, as shop.order_* (may be repeated)"},
			&cli.StringSliceFlag{Name: "except",
				Usage: "with --new-tables: not `TABLE`, or what matches a pattern (may be repeated)"},
			&cli.BoolFlag{Name: "stop", Usage: "remove the event triggers"},
			&cli.BoolFlag{Name: "yes", Usage: "with --stop: do not ask"},
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done, and do nothing"},
			&cli.BoolFlag{Name: "show-sql", Usage: "print the SQL that is run"},
			lockTimeoutFlag(),
		},
		Action: p.follow,
	}
}

func (p *program) follow(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	stop := c.Bool("stop")
	for _, flag := range []string{"new-tables", "except", "show-sql"} {
		if stop && c.IsSet(flag) {
			return usageErrorf(c.Command.Name, "--stop and --%s contradict each other", flag)
		}
	}
	switch {
	case c.Bool("yes") && !stop:
		return usageErrorf(c.Command.Name, "--yes is for --stop: following does not ask")
	case c.IsSet("except") && !c.IsSet("new-tables"):
		return usageErrorf(c.Command.Name, "--except is for --new-tables")
	}
	following := exaudit.Following{NewTables: c.StringSlice("new-tables"), Except: c.StringSlice("except")}
	if wrong := (*exaudit.OptionError)(nil); errors.As(following.Validate(), &wrong) {
		return usageErrorf(c.Command.Name, "--%s: %s", strings.ReplaceAll(wrong.Option, "_", "-"), wrong.Reason)
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
	if stop {
		return p.stopFollowing(c, db, nil, exaudit.UninstallOptions{LockTimeout: wait})
	}
	done, err := db.FollowDDL(c.Context, following,
		&exaudit.FollowOptions{LockTimeout: wait, DryRun: c.Bool("dry-run")})
	return p.reportPart(c, done, err)
}

// stopFollowing removes the event triggers, and uninstalls tables.
func (p *program) stopFollowing(c *cli.Context, db *exaudit.DB, tables []string, opts exaudit.UninstallOptions) error {
	following, err := db.Following(c.Context)
	if err != nil {
		return err
	}
	if following != nil {
		return p.uninstallTables(c, db, tables, opts, true)
	}
	if c.Bool("stop") {
		p.complain("there are no event triggers in database %q", p.database)
	}
	return p.uninstallTables(c, db, tables, opts, false)
}
