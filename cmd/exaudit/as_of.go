package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

func (p *program) asOfCommand() *cli.Command {
	return &cli.Command{
		Name:      "as-of",
		Usage:     "show the rows of tables as they were at a point",
		UsageText: "exaudit as-of [flags] TABLE... --at TIME | --version VERSION | --transaction ID | --mark NAME",
		Description: "All tables are read in one snapshot. It is an error if the history of a table begins after\n" +
			"the point, or if the table was not tracked then. If the versions of a row do not fit\n" +
			"together or cannot be read, the row is left out and named, and the exit code is 4.\n\n" +
			"Examples: exaudit as-of orders order_lines --at '2026-01-31 15:04'\n" +
			"          exaudit as-of orders --key 42 --mark before-deploy\n" +
			"          exaudit as-of order_lines --key '[42, 3]' --version 1234",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "at `TIME`, such as " + timeFormats},
			&cli.Int64Flag{Name: "version", Usage: "just after `VERSION`, of any table"},
			&cli.Uint64Flag{Name: "transaction", Usage: "just after the last version of transaction `ID`"},
			&cli.StringFlag{Name: "mark", Usage: "when mark `NAME` was made"},
			&cli.StringFlag{Name: "key", Usage: "show only the row that had the primary key `KEY`; a JSON array if it has several columns"},
			&cli.BoolFlag{Name: "unseen", Usage: "also show tables with changes that may not have been recorded; assume that what was not recorded was then as it is now"},
			fullFlag(),
		},
		Action: p.asOf,
	}
}

// pointOf reads the one flag that says which point in time is meant.
func pointOf(c *cli.Context, now time.Time) (exaudit.Point, error) {
	var points []exaudit.Point
	if c.IsSet("at") {
		at, err := timeOf(c, "at", now)
		if err != nil {
			return exaudit.Point{}, err
		}
		points = append(points, exaudit.AtTime(at))
	}
	if c.IsSet("version") {
		points = append(points, exaudit.AtVersion(c.Int64("version")))
	}
	if c.IsSet("transaction") {
		points = append(points, exaudit.AtTransaction(c.Uint64("transaction")))
	}
	if c.IsSet("mark") {
		points = append(points, exaudit.AtMark(c.String("mark")))
	}
	if len(points) != 1 {
		return exaudit.Point{}, usageErrorf(c.Command.Name, "%s needs one of --at, --version, --transaction and --mark",
			c.Command.Name)
	}
	return points[0], nil
}

func (p *program) asOf(c *cli.Context) error {
	if err := argumentCount(c, 1, -1, "a table"); err != nil {
		return err
	}
	if c.IsSet("key") && c.NArg() > 1 {
		return usageErrorf("as-of", "--key can be used with one table only")
	}
	at, err := pointOf(c, time.Now())
	if err != nil {
		return err
	}
	conn, db, err := p.openToRead(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	out := p.rowPrinter(c)
	err = db.Snapshot(c.Context, func(db *exaudit.DB) error {
		if c.Bool("unseen") {
			if _, err := db.Exec(c.Context, "SET LOCAL exaudit.unseen = 'on'"); err != nil {
				return err
			}
		}
		for _, table := range c.Args().Slice() {
			if err := out.table(table, rowsAsOf(c, db, table, at)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = out.end()
	}
	if err != nil {
		return err
	}
	for _, err := range out.errs {
		p.complain("%s", oneLine(p.plain(err)))
	}
	return out.unknown()
}

func rowsAsOf(c *cli.Context, db *exaudit.DB, table string, at exaudit.Point) iter.Seq2[audit.Image, error] {
	if !c.IsSet("key") {
		return db.AsOf(c.Context, table, at)
	}
	return func(yield func(audit.Image, error) bool) {
		var row audit.Image
		err := withKey([]string{c.String("key")}, func(key any) (err error) {
			row, err = db.StateAt(c.Context, table, key, at)
			return err
		})
		if !errors.Is(err, audit.ErrNotFound) {
			yield(row, err)
		}
	}
}

// rowPrinter prints the rows of tables as they are read.
type rowPrinter struct {
	to     io.Writer
	format string
	view   view
	tables int     // printed
	rows   int     // printed as JSON
	errs   []error // of rows that are not known
}

// unknownRow notes that a row is not known, and reports whether that is what an error says.
func (r *rowPrinter) unknownRow(err error) bool {
	unknown, ok := errors.AsType[*audit.PointError](err)
	if !ok || !unknown.OfRow() {
		return false
	}
	r.errs = append(r.errs, err)
	return true
}

// unknown is the error of the rows that are not known, nil if there are none.
func (r *rowPrinter) unknown() error {
	switch len(r.errs) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("without one row: %w", r.errs[0])
	}
	return fmt.Errorf("without %d rows, of which the first: %w", len(r.errs), r.errs[0])
}

func (p *program) rowPrinter(c *cli.Context) *rowPrinter {
	return &rowPrinter{to: p.stdout, format: c.String("format"), view: p.view(c)}
}

func (r *rowPrinter) table(name string, rows iter.Seq2[audit.Image, error]) error {
	if r.format == formatTable {
		return r.forPeople(name, rows)
	}
	for row, err := range rows {
		if r.unknownRow(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.json(tableRow{name, row}); err != nil {
			return err
		}
		r.rows++
	}
	return nil
}

type tableRow struct {
	Table string      `json:"table"`
	Row   audit.Image `json:"row"`
}

// json prints an element of an array, or a line.
func (r *rowPrinter) json(element tableRow) error {
	if r.format == formatJSONLines {
		return writeJSON(r.to, element, false)
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("  ", "  ")
	if err := encoder.Encode(element); err != nil {
		return fmt.Errorf("print as JSON: %w", err)
	}
	before := ",\n  "
	if r.rows == 0 {
		before = "[\n  "
	}
	_, err := io.WriteString(r.to, before+escaped(strings.TrimSuffix(text.String(), "\n"), "\n"))
	return err
}

// end closes the array.
func (r *rowPrinter) end() error {
	if r.format != formatJSON {
		return nil
	}
	text := "\n]\n"
	if r.rows == 0 {
		text = "[]\n"
	}
	_, err := io.WriteString(r.to, text)
	return err
}

// alignedRows is how many rows are held to make their columns line up.
const alignedRows = 1000

func (r *rowPrinter) forPeople(name string, rows iter.Seq2[audit.Image, error]) error {
	var (
		text    strings.Builder
		columns []string
		count   int
		w       = tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	)
	if r.tables++; r.tables > 1 {
		text.WriteString("\n")
	}
	fmt.Fprintf(&text, "%s\n", r.view.bold(printable(name)))
	flush := func() error {
		_ = w.Flush() // a Builder does not fail
		_, err := io.WriteString(r.to, text.String())
		text.Reset()
		return err
	}
	for row, err := range rows {
		if r.unknownRow(err) {
			continue
		}
		if err != nil {
			return err
		}
		if count%alignedRows == 0 {
			if err := flush(); err != nil {
				return err
			}
			columns = columnsOf(row)
			names := make([]string, len(columns))
			for i, column := range columns {
				names[i] = printable(column)
			}
			fmt.Fprintln(w, indent+strings.Join(names, "\t"))
		}
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = r.view.value(row[column], cellLength)
		}
		fmt.Fprintln(w, indent+strings.Join(cells, "\t"))
		count++
	}
	fmt.Fprintf(w, "%s(%s)\n", indent, counted(count, "row"))
	return flush()
}
