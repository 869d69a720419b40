package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit/internal/version"
)

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name:        "version",
		Usage:       "print the version of exaudit",
		UsageText:   "exaudit version",
		Description: "Example: exaudit version --format json",
		Action: func(c *cli.Context) error {
			if err := argumentCount(c, 0, 0, ""); err != nil {
				return err
			}
			if forPeople(c) {
				_, err := fmt.Fprintln(p.stdout, "exaudit", version.Version)
				return err
			}
			return p.print(c, map[string]string{"version": version.Version})
		},
	}
}
