package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "create schema exaudit in the database, or bring it up to date; or remove it",
		UsageText: "exaudit init [--precision DIGITS] [--lock-timeout DURATION]\n" +
			"exaudit init --remove [--yes] [--lock-timeout DURATION]",
		Description: "Safe to run again: it does nothing where there is nothing to do, or where the schema is newer\n" +
			"than this program. It is one transaction: interrupted, it leaves nothing behind.\n\n" +
			"Example: exaudit init --database-url postgres://app@localhost/shop",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "precision", Usage: "cut the time of versions down to `DIGITS` of a second, 0 to 6; only before the first version is recorded", DefaultText: "6"},
			&cli.BoolFlag{Name: "remove", Usage: "remove schema exaudit, all recorded history and all its triggers"},
			&cli.BoolFlag{Name: "yes", Usage: "with --remove: do not ask"},
			initTimeoutFlag(),
		},
		Action: p.init,
	}
}

// initTimeoutFlag is for a wait that keeps nobody else waiting, unless a table has to be altered.
func initTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: lockTimeoutName, Value: exaudit.DefaultLockTimeout, DefaultText: "1m for another init, 5s otherwise",
		Usage: "wait for each lock at most for `DURATION`, as for another init of the same database; 0 waits for ever",
	}
}

func initOptions(c *cli.Context) ([]exaudit.InitOption, error) {
	wait, err := lockTimeout(c)
	if err != nil || !c.IsSet(lockTimeoutName) {
		return nil, err
	}
	return []exaudit.InitOption{exaudit.InitLockTimeout(wait)}, nil
}

func (p *program) init(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	digits := c.Int("precision")
	switch {
	case c.Bool("remove") && c.IsSet("precision"):
		return usageErrorf("init", "--remove and --precision contradict each other")
	case c.Bool("yes") && !c.Bool("remove"):
		return usageErrorf("init", "--yes is for --remove: init itself does not ask")
	case digits < 0 || digits > 6:
		return usageErrorf("init", "--precision is 0 to 6, not %d", digits)
	case c.Bool("remove"):
		return p.remove(c)
	}
	return p.initialize(c)
}

func (p *program) initialize(c *cli.Context) error {
	opts, err := initOptions(c)
	if err != nil {
		return err
	}
	conn, err := p.connect(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	changed, err := exaudit.Init(c.Context, conn.Config(), opts...)
	if err != nil {
		return fmt.Errorf("initialise database %q: %w", p.database, err)
	}
	switch newer := exaudit.New(conn).Check(c.Context); {
	case errors.Is(newer, exaudit.ErrNewer) && !c.IsSet("precision"):
		p.complain("%v; nothing was changed", newer)
	case newer != nil:
		return newer
	case forPeople(c) && changed:
		fmt.Fprintf(p.stdout, "exaudit is ready in database %s; \"exaudit install TABLE\" begins to record a table's changes\n", printable(p.database))
	case forPeople(c):
		fmt.Fprintf(p.stdout, "exaudit is up to date in database %s\n", printable(p.database))
	}
	if c.IsSet("precision") {
		rounded, err := p.setPrecision(c, exaudit.New(conn))
		if err != nil {
			return err
		}
		changed = changed || rounded
	}
	if forPeople(c) {
		return nil
	}
	return p.print(c, struct {
		Database string `json:"database"`
		Changed  bool   `json:"changed"`
	}{p.database, changed})
}

func (p *program) setPrecision(c *cli.Context, db *exaudit.DB) (changed bool, err error) {
	digits := c.Int("precision")
	if changed, err = db.SetPrecision(c.Context, digits); err != nil {
		return false, err
	}
	if changed && forPeople(c) {
		fmt.Fprintf(p.stdout, "the time of versions is cut down to %s of a second\n", counted(digits, "digit"))
	}
	return changed, nil
}

func (p *program) remove(c *cli.Context) error {
	opts, err := initOptions(c)
	if err != nil {
		return err
	}
	conn, err := p.connect(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	switch err := exaudit.New(conn).Check(c.Context); {
	case errors.Is(err, exaudit.ErrNotInitialized):
		p.complain("there is nothing to remove: exaudit is not initialised in database %q", p.database)
		return p.reportRemoval(c, false)
	case err == nil, errors.Is(err, exaudit.ErrOutdated),
		errors.Is(err, exaudit.ErrIncomplete), errors.Is(err, exaudit.ErrOtherBuild):
	default:
		return err
	}
	if !c.Bool("yes") {
		if err := p.needTerminal(c); err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "This removes schema exaudit with ALL RECORDED HISTORY, and every trigger of exaudit,\nfrom database %s.\n", printable(p.database))
		answer, err := p.ask(c.Context, "To go ahead, type the name of the database: ")
		if err != nil {
			return err
		}
		if answer != p.database {
			return errDeclined
		}
	}
	err = exaudit.Remove(c.Context, conn.Config(), opts...)
	if errors.Is(err, exaudit.ErrKeptElsewhere) {
		err = errRemoveElsewhere
	}
	if err != nil {
		return fmt.Errorf("remove schema exaudit: %w", err)
	}
	return p.reportRemoval(c, true)
}

func (p *program) reportRemoval(c *cli.Context, removed bool) error {
	if !forPeople(c) {
		return p.print(c, struct {
			Database string `json:"database"`
			Removed  bool   `json:"removed"`
		}{p.database, removed})
	}
	if removed {
		fmt.Fprintf(p.stdout, "schema exaudit was removed from database %s\n", printable(p.database))
	}
	return nil
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
