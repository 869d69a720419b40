package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

func (p *program) historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "show the recorded changes of a row, a table or all tables",
		UsageText: "exaudit history [flags] [TABLE [KEY...]]",
		Description: "KEY is the primary key. If it has several columns, write one argument for each, or one JSON\n" +
			"array. A key that begins with \"-\" goes after \"--\". Without KEY, the versions of all rows of\n" +
			"the table are shown. Without TABLE, those of all tables; then --limit or a flag that chooses\n" +
			"versions is needed.\n\n" +
			"Examples: exaudit history orders 42 --newest-first --limit 5\n" +
			"          exaudit history order_lines 42 3\n" +
			"          exaudit history order_lines '[42, 3]' --format json\n" +
			"          exaudit history temperatures -- -5\n" +
			"          exaudit history orders --column status --since 24h\n" +
			"          exaudit history --by actor_id=7 --newest-first --limit 20",
		Flags: slices.Concat([]cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "show only the first `N` versions, or with --newest-first the newest",
				DefaultText: "all"},
			&cli.BoolFlag{Name: "newest-first", Usage: "show the newest version first"},
			cursorFlag(),
			&cli.BoolFlag{Name: "states", Usage: "also show the whole row after each version"},
			fullFlag(),
		}, compareFlags(), filterFlags()),
		Action: p.history,
	}
}

func cursorFlag() cli.Flag {
	return &cli.StringFlag{Name: "cursor", Usage: "show the next page: the last line of each page shows its `CURSOR`; the other flags must be the same"}
}

func fullFlag() cli.Flag {
	return &cli.BoolFlag{Name: "full", Usage: "do not shorten values, and show columns that are NULL"}
}

func (p *program) history(c *cli.Context) error {
	table, key := c.Args().First(), c.Args().Tail()
	switch {
	case table == "" && (c.NArg() > 0 || !filtered(c) && !c.IsSet("limit")):
		return usageErrorf("history", "history needs a table, or a flag that chooses versions")
	case len(key) == 0 && c.Bool("states"):
		return usageErrorf("history", "--states needs a table and a key")
	case c.IsSet("limit") && c.Int("limit") < 1:
		return usageErrorf("history", "--limit must be at least 1, not %d", c.Int("limit"))
	}
	chosen, err := filters(c, time.Now())
	if err != nil {
		return err
	}
	opts := append(asOptions[option](chosen), asOptions[option](comparing(c))...)
	if forPeople(c) && !c.Bool("full") {
		opts = append(opts, exaudit.Preview(previewed))
	}
	conn, db, err := p.openToRead(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	listed := &listing{table: table, key: strings.Join(key, " "), rows: len(key) == 0, limit: c.Int("limit")}
	defer listed.close()
	if err := listed.open(c, db, key, append(opts, paging(c)...)); err != nil {
		return err
	}
	if len(listed.ahead) == 0 {
		p.complain("no %s is recorded, or this role may not see any", listed.wanted(c))
	}
	if listed.long { // the first versions are shown at once
		if err := p.printVersions(c, listed); err != nil {
			return err
		}
		return p.sayOf(c, db, listed, key)
	}
	if err := p.sayOf(c, db, listed, key); err != nil {
		return err
	}
	return p.printVersions(c, listed)
}

// sayOf says what is wrong with a history, and what it lacks.
func (p *program) sayOf(c *cli.Context, db *exaudit.DB, l *listing, key []string) error {
	l.check(c, db, key)
	if l.damage != nil {
		p.complain("%s %s: %s", l.table, l.key, strings.TrimSpace(l.damage.Error()))
	}
	if !l.fromBeginning(c) {
		return nil
	}
	return p.sayBegin(c, db, l, key)
}

func (p *program) printVersions(c *cli.Context, l *listing) error {
	if !forPeople(c) {
		return printSequence(p, c, l.versions())
	}
	return p.printHistory(c, l)
}

// paging returns the options for the flags of pages. It asks for one version more than is shown: if there is one, there
// is another page.
func paging(c *cli.Context) []option {
	opts := []option{exaudit.After(audit.Cursor(c.String("cursor")))}
	if c.Bool("newest-first") {
		opts = append(opts, exaudit.NewestFirst())
	}
	if c.IsSet("limit") {
		opts = append(opts, exaudit.Limit(c.Int("limit")+1))
	}
	return opts
}

// sayBegin says what a history that is shown from its beginning lacks: what was before the table was tracked, what
// retention has removed, what is recorded of a table that had the name before.
func (p *program) sayBegin(c *cli.Context, db *exaudit.DB, l *listing, key []string) error {
	begin, err := db.HistoryBegin(c.Context, l.table)
	if err != nil {
		return err
	}
	began := l.began(c)
	partial := len(key) > 0 && began != "" && began != audit.Created && began != audit.Baseline
	p.sayKeys(begin, l.table)
	if partial || l.rows || began == "" {
		p.sayCut(begin, l.table, partial)
	}
	for _, u := range begin.Untracked {
		p.sayUntracked(u, l.table)
	}
	for _, id := range begin.Predecessors {
		condition := fmt.Sprintf("table_id = %d", id)
		if len(key) == 1 {
			condition += " and entity_id = '" + strings.ReplaceAll(key[0], "'", "''") + "'"
		}
		p.complain("a table called %s was dropped before: \"exaudit %s --where %s\" shows its history", l.table,
			c.Command.Name, strconv.Quote(condition))
	}
	return nil
}

// sayKeys says after which versions the primary key of a table was changed.
func (p *program) sayKeys(begin audit.HistoryBegin, table string) {
	for i := range begin.Keys[:max(0, len(begin.Keys)-1)] {
		change := "by its type"
		if from, to := columnList(begin.Keys[i]), columnList(begin.Keys[i+1]); from != to {
			change = "from " + from + " to " + to
		}
		p.complain("the primary key of %s was changed after version %d, %s: earlier versions are found under the earlier key",
			table, begin.Keys[i].Until, change)
	}
}

// sayCut says since when the history of a table is complete, if retention has removed something, or if the history of
// a row is partial.
func (p *program) sayCut(begin audit.HistoryBegin, table string, partial bool) {
	since := begin.CompleteSince.Format(time.RFC3339)
	switch {
	case begin.Removed:
		p.complain("retention has removed changes of %s: its history is complete since %s", table, since)
	case partial && len(begin.Keys) == 0:
		p.complain("the history of %s is complete since %s: what was before may not be recorded", table, since)
	}
}

// sayUntracked says when a table was not tracked.
func (p *program) sayUntracked(u audit.UntrackedPeriod, table string) {
	from := u.From.Format(time.RFC3339)
	if u.To == nil {
		p.complain("%s has not been tracked since %s: what has changed since is not recorded", table, from)
		return
	}
	p.complain("%s was not tracked from %s to %s: what changed then is not recorded", table, from,
		u.To.Format(time.RFC3339))
}

// previewed is how long a value may be, in bytes, to be read as it is where it will be cut anyway.
const previewed = 32 << 10

// printHistory writes the versions for people, and below a line that says what they are.
func (p *program) printHistory(c *cli.Context, l *listing) error {
	if len(l.ahead) == 0 {
		return nil
	}
	v := p.view(c)
	v.many = l.rows
	if _, err := fmt.Fprintln(p.stdout, l.heading(c)); err != nil {
		return err
	}
	for version, err := range l.versions() {
		if err != nil {
			return err
		}
		text := "\n"
		if l.damage != nil && l.damage.Version == version.ID {
			text += v.bold("does not fit the version before it: something was changed in between without being recorded") + "\n"
		}
		text += v.version(version)
		if c.Bool("states") {
			text += v.state(version.State) + unknown(version, indent)
		}
		if _, err := io.WriteString(p.stdout, text); err != nil {
			return err
		}
	}
	if l.more {
		_, err := fmt.Fprintf(p.stdout, "\nmore versions: --cursor %s\n", l.last.Cursor())
		return err
	}
	if l.damage != nil && l.damage.Version == 0 {
		_, err := fmt.Fprintf(p.stdout, "\n%s\n",
			v.bold("the present row is not what its history says: something was changed without being recorded"))
		return err
	}
	return nil
}

// heading says of what there are how many versions, in which order.
func (l *listing) heading(c *cli.Context) string {
	last := l.ahead[len(l.ahead)-1]
	subject := printable(last.Table) + " " + printable(string(last.EntityID))
	switch {
	case l.table == "":
		subject = "all tables"
	case l.rows:
		subject = printable(last.Table)
	}
	order, end := "oldest first", "oldest"
	if c.Bool("newest-first") {
		order, end = "newest first", "newest"
	}
	count := counted(len(l.ahead), "version")
	switch {
	case l.long:
		count = fmt.Sprintf("more than %d versions", readAhead)
	case c.IsSet("cursor"):
		count = "the next " + count
	case l.more:
		count = "the " + end + " " + count
	}
	return fmt.Sprintf("%s: %s, %s", subject, count, order)
}

// asJSON is a value in one line of JSON.
func asJSON(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value) // not from the database
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// columnList is the columns of a key in parentheses.
func columnList(k audit.KeyPeriod) string { return "(" + strings.Join(k.Columns, ", ") + ")" }
