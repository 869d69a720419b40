package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) showCommand() *cli.Command {
	return &cli.Command{
		Name:        "show",
		Usage:       "show one version, with the whole row before and after it",
		UsageText:   "exaudit show [flags] VERSION",
		Description: "VERSION is the number with which each version begins in \"exaudit history\".\n\nExample: exaudit show 17",
		Flags:       append([]cli.Flag{fullFlag()}, compareFlags()...),
		Action:      p.show,
	}
}

// versionArgument is the number of a version, an argument.
func versionArgument(c *cli.Context, n int) (int64, error) { return versionNumber(c, c.Args().Get(n)) }

// versionNumber reads the number of a version.
func versionNumber(c *cli.Context, text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usageErrorf(c.Command.Name, "a version is a number, as \"exaudit history\" shows it, not %q", text)
	}
	return id, nil
}

func (p *program) show(c *cli.Context) error {
	if err := argumentCount(c, 1, 1, "a version"); err != nil {
		return err
	}
	id, err := versionArgument(c, 0)
	if err != nil {
		return err
	}
	conn, db, err := p.openToRead(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	version, err := db.Version(c.Context, id, comparing(c)...)
	if err != nil {
		return err
	}
	// Where the history does not fit together, what is recorded is worth seeing all the more.
	before, after, damage := db.States(c.Context, id)
	if err := p.printVersion(c, version, before, after, damage == nil); err != nil {
		return err
	}
	return damage
}

func (p *program) printVersion(c *cli.Context, version *exaudit.Version, before, after exaudit.Image,
	known bool) error {
	if !forPeople(c) {
		return p.print(c, struct {
			Version *exaudit.Version `json:"version"`
			Known   bool             `json:"rows_known"`
			Before  exaudit.Image    `json:"row_before"`
			After   exaudit.Image    `json:"row_after"`
		}{version, known, before, after})
	}
	v := p.view(c)
	text := fmt.Sprintf("%s %s\n\n", printable(version.Table), printable(version.EntityID)) + v.version(version)
	if known {
		text += "\n" + v.rows(before, after)
	}
	_, err := io.WriteString(p.stdout, text)
	return err
}
