package main

import (
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/triggers"
)

func (p *program) followCommand() *cli.Command {
	return &cli.Command{
		Name:      "follow-ddl",
		Usage:     "create event triggers that follow changes of tables",
		UsageText: "exaudit follow-ddl [flags] [--new-tables PATTERN]... [--except PATTERN]...\nexaudit follow-ddl --stop [--yes] [flags]",
		Description: "Only a superuser can do this, or the role that a managed service has for it. Without --new-tables,\n" +
			"only tracked tables are followed. If you run the command again, its patterns replace the earlier\n" +
			"ones. With --stop, tables stay tracked, but changes of the schema are no longer followed.\n\n" +
			"Example: exaudit follow-ddl --new-tables 'shop.*' --except 'shop.tmp_*'",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "new-tables",
				Usage: "also install on new tables that match `PATTERN`, such as shop.order_* (may be repeated)"},
			&cli.StringSliceFlag{Name: "except",
				Usage: "with --new-tables: leave out `TABLE`, or the tables that match a pattern (may be repeated)"},
			&cli.BoolFlag{Name: "stop", Usage: "remove the event triggers"},
			&cli.BoolFlag{Name: "yes", Usage: "with --stop: do not ask for confirmation"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, without doing it"},
			&cli.BoolFlag{Name: "show-sql", Usage: "print the SQL that is run, or with --dry-run would be run"},
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
			return usageErrorf(c.Command.Name, "--stop and --%s cannot be combined", flag)
		}
	}
	switch {
	case c.Bool("yes") && !stop:
		return usageErrorf(c.Command.Name, "--yes needs --stop: nothing is asked without it")
	case c.IsSet("except") && !c.IsSet("new-tables"):
		return usageErrorf(c.Command.Name, "--except needs --new-tables")
	}
	following := audit.FollowDDL{NewTables: c.StringSlice("new-tables"), Except: c.StringSlice("except")}
	if wrong := (*audit.InvalidError)(nil); errors.As(triggers.ValidateFollowing(following), &wrong) {
		return usageErrorf(c.Command.Name, "--%s: %s", strings.ReplaceAll(wrong.Name, "_", "-"), wrong.Detail)
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
	following, err := triggers.ReadFollowing(c.Context, db)
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
