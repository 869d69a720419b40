package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/triggers"
)

func (p *program) installCommand() *cli.Command {
	return &cli.Command{
		Name:      "install",
		Usage:     "start to record the changes of tables, or update their triggers",
		UsageText: "exaudit install [flags]\nexaudit install [flags] TABLE...\nexaudit install [flags] [options] TABLE\nexaudit install [flags] --all [--schema SCHEMA]... [--except TABLE]...",
		Description: "Without TABLE and --all, applies the file exaudit.yaml.\n" +
			"Write TABLE as in SQL, and quote double quotes for the shell: '\"User\"'.\n" +
			"Each table is installed in a transaction of its own. If one fails, the others are\n" +
			"still installed; run the same command again for the rest.\n\n" +
			"Example: exaudit install --all --except sessions --dry-run --show-sql",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "install on all tables that have a primary key, in the schemas of --schema"},
			&cli.StringSliceFlag{Name: "schema",
				Usage: "with --all: install on the tables of `SCHEMA`, written as in SQL (may be repeated)", DefaultText: "public"},
			&cli.StringSliceFlag{Name: "except",
				Usage: "with --all: leave out `TABLE`, or the tables that match a pattern such as *.tmp_* (may be repeated)"},
			configFlag(),
			&cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, without doing it"},
			&cli.BoolFlag{Name: "show-sql", Usage: "print the SQL that is run, or with --dry-run would be run"},
			lockTimeoutFlag(),
		}, optionFlags()...),
		Action: p.install,
	}
}

func (p *program) install(c *cli.Context) error {
	switch {
	case c.Bool("all") && c.NArg() > 0:
		return usageErrorf("install", "use either --all or tables, not both")
	case !c.Bool("all") && c.IsSet("schema"):
		return usageErrorf("install", "--schema needs --all")
	case !c.Bool("all") && c.IsSet("except"):
		return usageErrorf("install", "--except needs --all")
	case c.IsSet("config") && (c.Bool("all") || c.NArg() > 0):
		return usageErrorf("install", "--config cannot be combined with --all or with tables")
	}
	options, err := optionsOf(c)
	if err != nil {
		return err
	}
	wait, err := lockTimeout(c)
	if err != nil {
		return err
	}
	if !c.Bool("all") && c.NArg() == 0 {
		return p.installFile(c, wait)
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	tables := c.Args().Slice()
	if c.Bool("all") {
		if tables, err = p.allTables(c, db); err != nil {
			return err
		}
	}
	opts := exaudit.InstallOptions{LockTimeout: wait, DryRun: c.Bool("dry-run")}
	if options != nil {
		opts.TableOptions = map[string]audit.TableOptions{tables[0]: *options}
	}
	done, err := db.Install(c.Context, tables, &opts)
	return p.reportPart(c, done, err)
}

// reportPart prints what Install or Sync did, be it before an error.
func (p *program) reportPart(c *cli.Context, done []audit.Installation, err error) error {
	if err != nil && !errors.As(err, new(*audit.PartialError)) {
		return err
	}
	if failed := p.report(c, done); failed != nil || err != nil {
		return errors.Join(failed, err)
	}
	return leftOf(done)
}

const lockTimeoutName = "lock-timeout"

func lockTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: lockTimeoutName, Value: lock.DefaultTimeout,
		Usage: "wait for the locks of each table for at most `DURATION` in total, such as 500ms or 1m; 0 waits forever",
	}
}

// rowTimeoutFlag is for a wait that keeps nobody else waiting.
func rowTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: lockTimeoutName, Value: lock.DefaultTimeout,
		Usage: "wait for other undos and for locked rows for at most `DURATION` in total; 0 waits forever",
	}
}

// lockTimeout is what the flag says, for ever as options have it: negative.
func lockTimeout(c *cli.Context) (time.Duration, error) {
	wait := c.Duration(lockTimeoutName)
	most := math.MaxInt32 * time.Millisecond
	switch {
	case wait < 0 || wait > most:
		return 0, usageErrorf(c.Command.Name, "--%s must be between 0 and %s, not %s", lockTimeoutName, most, wait)
	case wait == 0:
		return -1, nil
	}
	return wait, nil
}

// report prints what Install or Sync did.
func (p *program) report(c *cli.Context, done []audit.Installation) error {
	if !forPeople(c) {
		return p.printInstallations(c, done)
	}
	for _, i := range done {
		for _, note := range slices.Concat(i.Left, i.Notes) {
			p.complain("%s: %s", i.Table, note)
		}
	}
	if c.Bool("show-sql") {
		return p.printScripts(c, done)
	}
	return p.printInstallations(c, done)
}

// leftOf is an errDrift where something could not be mended.
func leftOf(done []audit.Installation) error {
	n := 0
	for _, i := range done {
		if len(i.Left) > 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%w on %s, which this command cannot repair", errDrift, counted(n, "table"))
}

// allTables are those that --all means. What it leaves out for a reason is said.
func (p *program) allTables(c *cli.Context, db *exaudit.DB) (tables []string, err error) {
	var withoutKey []string
	for _, schema := range schemasOf(c) {
		in, without, err := triggers.Trackable(c.Context, db, []string{schema})
		if err != nil && !reason.Is(err, audit.NoTable) {
			return nil, err
		}
		if len(in)+len(without) == 0 {
			return nil, fmt.Errorf("there is no table in schema %q%s", schema, capitalHint(c, schema))
		}
		tables, withoutKey = append(tables, in...), append(withoutKey, without...)
	}
	for _, except := range c.StringSlice("except") {
		is, err := p.excepted(c, db, except, slices.Concat(tables, withoutKey))
		if err != nil {
			return nil, err
		}
		tables, withoutKey = slices.DeleteFunc(tables, is), slices.DeleteFunc(withoutKey, is)
	}
	for _, table := range withoutKey {
		p.complain("skipped %s: it has no primary key", table)
	}
	if len(tables) == 0 {
		p.complain("there is no table to install on")
	}
	return tables, nil
}

// excepted reports of tables whether --except means them: by a pattern, or a name that must mean one of them.
func (p *program) excepted(c *cli.Context, db *exaudit.DB, except string, tables []string) (func(string) bool, error) {
	if triggers.IsPattern(except) {
		pattern, err := triggers.ParsePattern(except)
		if err != nil {
			return nil, usageErrorf("install", "--except: %v", err)
		}
		return pattern.MatchQuoted, nil
	}
	table, err := triggers.Excepted(c.Context, db, except, tables)
	if err != nil {
		return nil, usageErrorf("install", "--except: %v", err)
	}
	if table == "" {
		p.complain("--except %s is none of the tables", except)
	}
	return func(t string) bool { return t == table }, nil
}

// schemasOf are the schemas that flags name as SQL does.
func schemasOf(c *cli.Context) []string {
	given := c.StringSlice("schema")
	if len(given) == 0 {
		return []string{"public"}
	}
	schemas := make([]string, len(given))
	for i, name := range given {
		schemas[i] = triggers.Unquoted(name)
	}
	return schemas
}

// capitalHint helps with the name of a schema that the shell has taken the quotes from.
func capitalHint(c *cli.Context, schema string) string {
	for _, name := range c.StringSlice("schema") {
		if triggers.Unquoted(name) == schema && !strings.HasPrefix(name, `"`) && name != schema {
			return fmt.Sprintf(`: SQL reads it in lower case; for capitals write '"%s"'`, name)
		}
	}
	return ""
}

// outcome says what was done, or would be, for one table.
func outcome(c *cli.Context, i audit.Installation) string {
	did := "installed"
	if c.Command.Name == "sync" {
		did = "brought up to date"
	}
	switch {
	case i.Skipped != "":
		return "skipped: " + i.Skipped
	case !i.Changed && len(i.Left) > 0:
		return "not " + did
	case !i.Changed:
		return "already up to date"
	case len(i.Left) > 0:
		did = "partly " + did
	}
	if c.Bool("dry-run") {
		return "would be " + did
	}
	return did
}

func (p *program) printInstallations(c *cli.Context, done []audit.Installation) error {
	if forPeople(c) {
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, i := range done {
			fmt.Fprintf(w, "%s\t%s\n", printable(i.Table), outcome(c, i))
		}
		return w.Flush()
	}
	type installation struct {
		Table   string   `json:"table"`
		Changed bool     `json:"changed"`
		DryRun  bool     `json:"dry_run"`
		Skipped string   `json:"skipped,omitempty"`
		Left    []string `json:"left,omitempty"`
		Notes   []string `json:"notes,omitempty"`
		SQL     string   `json:"sql,omitempty"`
	}
	list := make([]installation, len(done))
	for n, i := range done {
		list[n] = installation{Table: i.Table, Changed: i.Changed, DryRun: c.Bool("dry-run"), Skipped: i.Skipped,
			Left: i.Left, Notes: i.Notes}
		if c.Bool("show-sql") {
			list[n].SQL = i.SQL
		}
	}
	return printList(p, c, list)
}

// printScripts prints the SQL with its outcome as comments: it can be saved and reviewed.
func (p *program) printScripts(c *cli.Context, done []audit.Installation) error {
	for _, i := range done {
		_, err := fmt.Fprintf(p.stdout, "-- %s: %s\n%s\n", printable(i.Table), outcome(c, i), escaped(i.SQL, "\n\t"))
		if err != nil {
			return err
		}
	}
	return nil
}
