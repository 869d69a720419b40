package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

func (p *program) diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "show how a row differs after two versions",
		UsageText: "exaudit diff [flags] VERSION VERSION",
		Description: "Both versions must be of the same row. The difference is from the row after the first version to the\n" +
			"row after the second, which may be the older one.\n\nExample: exaudit diff 17 23",
		Flags:  append([]cli.Flag{fullFlag()}, compareFlags()...),
		Action: p.diff,
	}
}

func (p *program) diff(c *cli.Context) error {
	if err := argumentCount(c, 2, 2, "two versions"); err != nil {
		return err
	}
	from, err := versionArgument(c, 0)
	if err != nil {
		return err
	}
	to, err := versionArgument(c, 1)
	if err != nil {
		return err
	}
	conn, db, err := p.openToRead(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	version, err := sameEntity(c, db, from, to)
	if err != nil {
		return err
	}
	difference, err := db.Diff(c.Context, from, to, comparing(c)...)
	if err != nil {
		return err
	}
	return p.printDiff(c, version, from, to, difference)
}

// sameEntity gives the second version, if it is of the same row as the first.
func sameEntity(c *cli.Context, db *exaudit.DB, from, to int64) (*audit.Version, error) {
	a, err := db.Version(c.Context, from)
	if err != nil {
		return nil, err
	}
	b, err := db.Version(c.Context, to)
	if err != nil {
		return nil, err
	}
	if a.Table == b.Table && a.EntityID == b.EntityID {
		return b, nil
	}
	if a.Table == b.Table {
		// A row whose primary key was rewritten stays the same row.
		for v, err := range db.History(c.Context, a.Table, a.EntityID, exaudit.ByVersion(to)) {
			if err != nil {
				return nil, err
			}
			if v.ID == to {
				return b, nil
			}
		}
	}
	return nil, usageErrorf("diff",
		"version %d is of %s %s, version %d of %s %s: only versions of one row can be compared",
		from, a.Table, a.EntityID, to, b.Table, b.EntityID)
}

func (p *program) printDiff(c *cli.Context, version *audit.Version, from, to int64, difference patch.Patch) error {
	if !forPeople(c) {
		return p.print(c, struct {
			Table    string      `json:"table"`
			EntityID string      `json:"entity_id"`
			From     int64       `json:"from"`
			To       int64       `json:"to"`
			Patch    patch.Patch `json:"patch"`
		}{version.Table, string(version.EntityID), from, to, difference})
	}
	text := p.view(c).patch(difference)
	if difference == nil {
		text = indent + "(no difference)\n"
	}
	_, err := io.WriteString(p.stdout, fmt.Sprintf("%s %s from after version %d to after version %d:\n",
		printable(version.Table), printable(string(version.EntityID)), from, to)+text)
	return err
}
