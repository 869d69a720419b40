package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "create schema exaudit in the database, or bring it up to date",
		UsageText: "exaudit init [--precision DIGITS] [--lock-timeout DURATION]",
		Description: "Safe to run again: it does nothing where there is nothing to do, or where the schema is newer\n" +
			"than this program. It is one transaction: interrupted, it leaves nothing behind.\n\n" +
			"Example: exaudit init --database-url postgres://app@localhost/shop",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "precision", Usage: "cut the time of versions down to `DIGITS` of a second, 0 to 6; only before the first version is recorded", DefaultText: "6"},
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

func initOptions(c *cli.Context) (*exaudit.InitOptions, error) {
	wait, err := lockTimeout(c)
	if err != nil || !c.IsSet(lockTimeoutName) {
		return nil, err
	}
	return &exaudit.InitOptions{LockTimeout: wait}, nil
}

func (p *program) init(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	if digits := c.Int("precision"); digits < 0 || digits > 6 {
		return usageErrorf("init", "--precision is 0 to 6, not %d", digits)
	}
	opts, err := initOptions(c)
	if err != nil {
		return err
	}
	conn, err := p.connect(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	changed, err := exaudit.New(conn).Init(c.Context, opts)
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

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
