package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

func (p *program) dropSchemaCommand() *cli.Command {
	return &cli.Command{
		Name:      "drop-schema",
		Usage:     "drop exaudit's schemas, its triggers and all recorded history",
		UsageText: "exaudit drop-schema [--yes] [--lock-timeout DURATION]",
		Description: "It is one transaction: if it is interrupted, nothing is changed. It also drops schemas that are\n" +
			"incomplete or were made by another build.\n\n" +
			"Example: exaudit drop-schema --database-url postgres://app@localhost/shop",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "do not ask for confirmation"},
			initTimeoutFlag(),
		},
		Action: p.dropSchema,
	}
}

func (p *program) dropSchema(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	wait, err := initTimeout(c)
	if err != nil {
		return err
	}
	conn, err := p.connect(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	switch err := exaudit.New(conn).Check(c.Context); {
	case reason.Is(err, audit.NotInitialized):
		p.complain("there is nothing to drop: exaudit is not initialised in database %q", p.database)
		return p.reportDrop(c, false)
	case err == nil, reason.Is(err, audit.OutdatedSchema, audit.IncompleteSchema, audit.OtherBuild):
	default:
		return err
	}
	if !c.Bool("yes") {
		if err := p.needTerminal(c); err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "This drops schema exaudit with ALL RECORDED HISTORY, and every trigger of exaudit,\nfrom database %s.\n", printable(p.database))
		answer, err := p.ask(c.Context, "To go ahead, type the name of the database: ")
		if err != nil {
			return err
		}
		if answer != p.database {
			return errDeclined
		}
	}
	err = exaudit.New(conn).DropSchema(c.Context, &exaudit.DropOptions{LockTimeout: wait})
	if reason.Is(err, audit.KeptElsewhere) {
		err = errRemoveElsewhere
	}
	if err != nil {
		return fmt.Errorf("drop schema exaudit: %w", err)
	}
	return p.reportDrop(c, true)
}

func (p *program) reportDrop(c *cli.Context, dropped bool) error {
	if !forPeople(c) {
		return p.print(c, struct {
			Database string `json:"database"`
			Dropped  bool   `json:"dropped"`
		}{p.database, dropped})
	}
	if dropped {
		fmt.Fprintf(p.stdout, "schema exaudit was dropped from database %s\n", printable(p.database))
	}
	return nil
}
