package main

import (
	"encoding/json"
	"errors"
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
	listed := &listing{table: table, key: strings.Join(key, " "), rows: len(key) == 0}
	if err := listed.read(c, db, key, append(opts, paging(c)...)); err != nil {
		return err
	}
	if len(listed.versions) == 0 {
		p.complain("no %s is recorded, or this role may not see any", listed.wanted(c))
	}
	if listed.damage != nil {
		p.complain("%s %s: %s", listed.table, listed.key, strings.TrimSpace(listed.damage.Error()))
	}
	if listed.fromBeginning(c) {
		if err := p.sayBegin(c, db, *listed, key); err != nil {
			return err
		}
	}
	if !forPeople(c) {
		return printList(p, c, listed.versions)
	}
	return p.printHistory(c, *listed)
}

// paging are the options that flags of pages say. One more version than is shown tells whether there is another page.
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

// read reads the versions, of a row where there is a key.
func (l *listing) read(c *cli.Context, db *exaudit.DB, key []string, opts []option) (err error) {
	switch {
	case !l.rows:
		err = withKey(key, func(key any) error {
			read := db.History
			if c.Bool("states") {
				read = db.HistoryWithStates
			}
			l.versions, err = exaudit.Collect(read(c.Context, l.table, key, asOptions[exaudit.HistoryOption](opts)...))
			return err
		})
	case l.table != "":
		l.versions, err = exaudit.Collect(db.Versions(c.Context,
			append(asOptions[exaudit.VersionsOption](opts), exaudit.ByTable(l.table))...))
	default:
		l.versions, err = exaudit.Collect(db.Versions(c.Context, asOptions[exaudit.VersionsOption](opts)...))
	}
	if err != nil {
		return err
	}
	if limit := c.Int("limit"); limit > 0 && len(l.versions) > limit {
		l.versions, l.more = l.versions[:limit], true
	}
	if !l.rows && !l.more && !c.IsSet("cursor") { // else it would read more than is shown
		l.damage = damage(c, db, l.table, key)
	}
	return nil
}

// fromBeginning reports whether a listing has the oldest versions.
func (l *listing) fromBeginning(c *cli.Context) bool {
	return l.table != "" && !filtered(c) && !c.IsSet("cursor") && !(c.Bool("newest-first") && l.more)
}

// began is what the oldest version of a listing is.
func (l *listing) began(c *cli.Context) audit.Action {
	switch {
	case len(l.versions) == 0:
		return ""
	case c.Bool("newest-first"):
		return l.versions[len(l.versions)-1].Action
	}
	return l.versions[0].Action
}

// sayBegin says what a history that is shown from its beginning lacks: what was before the table was tracked, what
// retention has removed, what is recorded of a table that had the name before.
func (p *program) sayBegin(c *cli.Context, db *exaudit.DB, l listing, key []string) error {
	begin, err := db.HistoryBegin(c.Context, l.table)
	if err != nil {
		return err
	}
	began := l.began(c)
	partial := len(key) > 0 && began != "" && began != audit.Created && began != audit.Baseline
	p.sayKeys(begin, l.table)
	if partial || l.rows || len(l.versions) == 0 {
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
func (p *program) sayUntracked(u audit.Untracked, table string) {
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

// listing is what of a history is shown.
type listing struct {
	versions   []*audit.Version
	more       bool // there are more versions
	table, key string
	rows       bool // of several rows
	damage     *audit.DivergedError
}

// damage is where the history of a row does not fit, nil where it does, or where that cannot be known: of a row that
// the role may not read.
func damage(c *cli.Context, db *exaudit.DB, table string, key []string) *audit.DivergedError {
	err := withKey(key, func(key any) error {
		return db.CheckHistory(c.Context, table, key,
			exaudit.Preview(previewed))
	})
	misfit := (*audit.DivergedError)(nil)
	errors.As(err, &misfit)
	return misfit
}

// wanted is what was asked for.
func (l listing) wanted(c *cli.Context) string {
	text := "version"
	if filtered(c) || c.IsSet("cursor") {
		text = "such version"
	}
	if l.table != "" {
		text += " of " + strings.TrimSpace(l.table+" "+l.key)
	}
	return text
}

func (p *program) printHistory(c *cli.Context, l listing) error {
	if len(l.versions) == 0 {
		return nil
	}
	v := p.view(c)
	v.many = l.rows
	last := l.versions[len(l.versions)-1]
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
	count := counted(len(l.versions), "version")
	switch {
	case c.IsSet("cursor"):
		count = "the next " + count
	case l.more:
		count = "the " + end + " " + count
	}
	fmt.Fprintf(p.stdout, "%s: %s, %s\n", subject, count, order)
	for _, version := range l.versions {
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
		_, err := fmt.Fprintf(p.stdout, "\nmore versions: --cursor %s\n", last.Cursor())
		return err
	}
	if l.damage != nil && l.damage.Version == 0 {
		_, err := fmt.Fprintf(p.stdout, "\n%s\n",
			v.bold("the present row is not what its history says: something was changed without being recorded"))
		return err
	}
	return nil
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
