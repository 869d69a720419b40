package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) indexCommand() *cli.Command {
	return &cli.Command{
		Name:      "index",
		Usage:     "make \"history --by KEY=VALUE\" fast for a key of the custom data",
		UsageText: "exaudit index [flags] KEY",
		Description: "Makes an index on exaudit.versions, without holding anybody up. Before, it waits for the\n" +
			"transactions under way, and while it is made for those that have begun since.\n\n" +
			"Example: exaudit index actor_id",
		Flags:  []cli.Flag{indexTimeoutFlag()},
		Action: p.index,
	}
}

func indexTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: lockTimeoutName, Value: exaudit.DefaultLockTimeout,
		Usage: "wait for the transactions under way at most for `DURATION`; 0 waits for ever",
	}
}

func (p *program) index(c *cli.Context) error {
	if err := argumentCount(c, 1, 1, "a key of the custom data"); err != nil {
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
	key := c.Args().First()
	if err := db.IndexCustom(c.Context, key, &exaudit.IndexOptions{LockTimeout: wait}); err != nil {
		return err
	}
	if !forPeople(c) {
		return p.print(c, struct {
			Key string `json:"indexed"`
		}{key})
	}
	_, err = fmt.Fprintf(p.stdout, "%s is indexed\n", printable(key))
	return err
}
