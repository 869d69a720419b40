package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/lock"
)

func (p *program) indexCommand() *cli.Command {
	return &cli.Command{
		Name:      "index",
		Usage:     "create an index that makes \"history --by KEY=VALUE\" fast",
		UsageText: "exaudit index [flags] KEY",
		Description: "KEY is a key of the custom data. The index is on exaudit.versions, and nobody has to wait while\n" +
			"it is created. First, the command waits for the transactions in progress; later, without a\n" +
			"limit, for those that began in the meantime.\n\n" +
			"Example: exaudit index actor_id",
		Flags:  []cli.Flag{indexTimeoutFlag()},
		Action: p.index,
	}
}

func indexTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: lockTimeoutName, Value: lock.DefaultTimeout,
		Usage: "first wait for the transactions in progress for at most `DURATION`; 0 waits forever",
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
