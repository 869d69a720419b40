package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

func (p *program) markCommand() *cli.Command {
	return &cli.Command{
		Name:      "mark",
		Usage:     "mark a place in the stream of changes, as before a deploy",
		UsageText: "exaudit mark [flags] [NAME]",
		Description: "What is committed by then is before the mark, all else after it. \"--since-mark NAME\" and\n" +
			"\"--until-mark NAME\" choose changes by it, \"exaudit as-of --mark NAME\" shows tables as they were.\n" +
			"Without a name, lists the marks.\n\n" +
			"Examples: exaudit mark before-deploy --note 'release 42'\n" +
			"          exaudit mark\n" +
			"          exaudit mark --remove before-deploy",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "note", Usage: "keep `TEXT` with the mark"},
			&cli.BoolFlag{Name: "remove", Usage: "remove the mark; the changes stay"},
		},
		Action: p.mark,
	}
}

func (p *program) mark(c *cli.Context) error {
	name := c.Args().First()
	switch {
	case c.NArg() > 1:
		return argumentCount(c, 0, 1, "a name")
	case name == "" && (c.NArg() > 0 || c.IsSet("note") || c.Bool("remove")):
		return usageErrorf("mark", "mark needs a name")
	case c.IsSet("note") && c.Bool("remove"):
		return usageErrorf("mark", "--note is for a mark that is made, --remove for one that goes")
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	if c.Bool("remove") {
		return db.RemoveMark(c.Context, name)
	}
	if name != "" {
		m, err := db.Mark(c.Context, name, c.String("note"))
		if err != nil || forPeople(c) {
			return err
		}
		return p.print(c, m)
	}
	marks, err := db.Marks(c.Context)
	if err != nil {
		return err
	}
	if !forPeople(c) {
		return printList(p, c, marks)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, m := range marks {
		fmt.Fprintf(w, "%s\t%s\tby %s\tafter version %d\t%s\n", printable(m.Name), localTime(m.CreatedAt), printable(m.CreatedBy), m.LastID, printable(m.Note))
	}
	return w.Flush()
}
