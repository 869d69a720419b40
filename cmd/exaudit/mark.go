package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) markCommand() *cli.Command {
	return &cli.Command{
		Name:      "mark",
		Usage:     "give the present moment a name, to find later what has changed since",
		UsageText: "exaudit mark [flags] [NAME]",
		Description: "Everything that is committed is before the mark. Everything else is after it, including what\n" +
			"transactions in progress have changed already. Without NAME, the marks are listed.\n\n" +
			"Examples: exaudit mark before-deploy --note 'version 2.7'\n" +
			"          exaudit history --since-mark before-deploy\n" +
			"          exaudit mark --remove before-deploy",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "note", Usage: "describe the mark with `TEXT`"},
			&cli.BoolFlag{Name: "list", Usage: "list the marks, oldest first"},
			&cli.BoolFlag{Name: "remove", Usage: "remove mark NAME"},
		},
		Action: p.mark,
	}
}

func (p *program) mark(c *cli.Context) error {
	name, list, remove := c.Args().First(), c.Bool("list"), c.Bool("remove")
	switch {
	case remove && list:
		return usageErrorf("mark", "--list and --remove cannot be combined")
	case list && c.NArg() > 0:
		return usageErrorf("mark", "--list takes no name, got %q", name)
	case (remove || c.IsSet("note") || c.NArg() > 0) && name == "":
		return usageErrorf("mark", "mark needs a name")
	case remove && c.IsSet("note"):
		return usageErrorf("mark", "--note and --remove cannot be combined")
	}
	if err := argumentCount(c, 0, 1, "a name"); err != nil {
		return err
	}
	open := p.open
	if name == "" {
		open = p.openToRead
	}
	conn, db, err := open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	switch {
	case remove:
		return p.removeMark(c, db, name)
	case name == "":
		return p.listMarks(c, db)
	}
	mark, err := db.Mark(c.Context, name, &exaudit.MarkOptions{Note: c.String("note")})
	if err != nil {
		return err
	}
	if !forPeople(c) {
		return p.print(c, mark)
	}
	_, err = fmt.Fprintf(p.stdout, "%s is marked\n", printable(mark.Name))
	return err
}

func (p *program) removeMark(c *cli.Context, db *exaudit.DB, name string) error {
	if err := db.RemoveMark(c.Context, name); err != nil {
		return err
	}
	if !forPeople(c) {
		return p.print(c, struct {
			Name string `json:"removed"`
		}{name})
	}
	_, err := fmt.Fprintf(p.stdout, "%s is removed\n", printable(name))
	return err
}

func (p *program) listMarks(c *cli.Context, db *exaudit.DB) error {
	marks, err := db.Marks(c.Context)
	if err != nil {
		return err
	}
	if !forPeople(c) {
		return printList(p, c, marks)
	}
	if len(marks) == 0 {
		p.complain("there are no marks")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, m := range marks {
		line := fmt.Sprintf("%s\t%s\t%s", printable(m.Name), localTime(m.CreatedAt), printable(m.CreatedBy))
		if m.Note != "" {
			line += "\t" + printable(m.Note)
		}
		fmt.Fprintln(w, line)
	}
	return w.Flush()
}
