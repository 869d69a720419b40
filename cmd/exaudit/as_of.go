package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) asOfCommand() *cli.Command {
	return &cli.Command{
		Name:      "as-of",
		Usage:     "show tables, or a row, as they were",
		UsageText: "exaudit as-of [flags] TABLE...",
		Description: "Shows the rows as they were at one point, of several tables at the same. What was deleted since is\n" +
			"there, what was created since is not. Before a table was tracked, or after what retention has removed, it\n" +
			"is an error. In SQL: SELECT * FROM exaudit.as_of(NULL::orders, '2026-01-31').\n\n" +
			"Examples: exaudit as-of orders --at '2026-01-31 15:04'\n" +
			"          exaudit as-of orders order_lines --mark before-deploy --format jsonl\n" +
			"          exaudit as-of orders --key 42 --xid 7412",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "at `TIME`: 2026-01-31, \"2026-01-31 15:04\", with a zone as in 2026-01-31T15:04:05Z, or 90m for so long ago"},
			&cli.Int64Flag{Name: "id", Usage: "as version `ID` left them"},
			&cli.Uint64Flag{Name: "xid", Usage: "as transaction `XID` left them"},
			&cli.StringFlag{Name: "mark", Usage: "when the mark `NAME` was made"},
			&cli.StringSliceFlag{Name: "key", Usage: "only the row with the primary key `KEY` (repeated for each of its columns, or all as a JSON array)"},
			fullFlag(),
		},
		Action: p.asOf,
	}
}

func (p *program) asOf(c *cli.Context) error {
	if err := argumentCount(c, 1, -1, "a table"); err != nil {
		return err
	}
	point, err := pointOf(c)
	if err != nil {
		return err
	}
	if c.IsSet("key") && c.NArg() > 1 {
		return usageErrorf("as-of", "--key is of one table, got also %q", c.Args().Get(1))
	}
	conn, _, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	// all tables as of one state of the database
	tx, err := conn.BeginTx(c.Context, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(c.Context))
	db := exaudit.New(tx)
	for _, table := range c.Args().Slice() {
		if err := p.tableAsOf(c, db, table, point); err != nil {
			return err
		}
	}
	return nil
}

func pointOf(c *cli.Context) (exaudit.Point, error) {
	var points []exaudit.Point
	if c.IsSet("at") {
		at, err := parseTime(c.String("at"), time.Now())
		if err != nil {
			return exaudit.Point{}, usageErrorf("as-of", "--at is a time as 2026-01-31, \"2026-01-31 15:04:05\" or 90m ago, not %q", c.String("at"))
		}
		points = append(points, exaudit.AtTime(at))
	}
	if c.IsSet("id") {
		points = append(points, exaudit.AtVersion(c.Int64("id")))
	}
	if c.IsSet("xid") {
		points = append(points, exaudit.AtTransaction(c.Uint64("xid")))
	}
	if c.IsSet("mark") {
		points = append(points, exaudit.AtMark(c.String("mark")))
	}
	if len(points) != 1 {
		return exaudit.Point{}, usageErrorf("as-of", "as-of needs one of --at, --id, --xid and --mark")
	}
	return points[0], nil
}

// tableAsOf prints the rows of one table; as JSON, they are not held.
func (p *program) tableAsOf(c *cli.Context, db *exaudit.DB, table string, point exaudit.Point) error {
	type row struct {
		Table string        `json:"table"`
		Row   exaudit.Image `json:"row"`
	}
	var rows []exaudit.Image
	take := func(image exaudit.Image) error {
		if c.String("format") == formatJSONLines {
			return p.print(c, row{table, image})
		}
		rows = append(rows, image)
		return nil
	}
	if c.IsSet("key") {
		image, err := db.ImageAt(c.Context, table, keyArgument(c.StringSlice("key")), point)
		if err != nil {
			return err
		}
		if image == nil {
			p.complain("%s had no row with this key then", table)
		} else if err := take(image); err != nil {
			return err
		}
	} else {
		for image, err := range db.ImagesAsOf(c.Context, table, point) {
			if err != nil {
				return err
			}
			if err := take(image); err != nil {
				return err
			}
		}
	}
	switch c.String("format") {
	case formatJSONLines:
		return nil
	case formatJSON:
		if rows == nil {
			rows = []exaudit.Image{}
		}
		return p.print(c, struct {
			Table string          `json:"table"`
			Rows  []exaudit.Image `json:"rows"`
		}{table, rows})
	}
	return p.printRows(c, table, rows)
}

// printRows prints rows as a table with a line for each.
func (p *program) printRows(c *cli.Context, table string, rows []exaudit.Image) error {
	v := p.view(c)
	columns := columnsOf(rows...)
	fmt.Fprintln(p.stdout, v.bold(fmt.Sprintf("%s: %s", printable(table), counted(len(rows), "row"))))
	if len(rows) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	heads := make([]string, len(columns))
	for i, column := range columns {
		heads[i] = printable(column)
	}
	fmt.Fprintf(w, "%s%s\n", indent, strings.Join(heads, "\t"))
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = "-"
			if value, ok := row[column]; ok {
				cells[i] = v.value(value, cellLength)
			}
		}
		fmt.Fprintf(w, "%s%s\n", indent, strings.Join(cells, "\t"))
	}
	return w.Flush()
}
