package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
)

func (p *program) initCommand() *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "create exaudit's schemas in the database, or update them",
		UsageText: "exaudit init [--precision DIGITS] [--lock-timeout DURATION]",
		Description: "You can run init again at any time: it changes nothing if the schemas are up to date, or newer\n" +
			"than this program. It is one transaction: if it is interrupted, nothing is changed.\n\n" +
			"Example: exaudit init --database-url postgres://app@localhost/shop",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "precision",
				Usage: "truncate the times of versions to `DIGITS` fractional digits of a second, 0 to 6; only possible before the first version is recorded", DefaultText: "6"},
			initTimeoutFlag(),
		},
		Action: p.init,
	}
}

// initTimeoutFlag is for a wait that keeps nobody else waiting, unless a table has to be altered.
func initTimeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: lockTimeoutName, Value: lock.DefaultTimeout, DefaultText: "1m for another init, 5s otherwise",
		Usage: "wait for each lock for at most `DURATION`; 0 waits forever",
	}
}

// initTimeout is 0 where the flag does not say how long to wait.
func initTimeout(c *cli.Context) (time.Duration, error) {
	wait, err := lockTimeout(c)
	if !c.IsSet(lockTimeoutName) {
		wait = 0
	}
	return wait, err
}

func (p *program) init(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	if digits := c.Int("precision"); digits < 0 || digits > 6 {
		return usageErrorf("init", "--precision must be 0 to 6, not %d", digits)
	}
	wait, err := initTimeout(c)
	if err != nil {
		return err
	}
	opts := &exaudit.InitOptions{LockTimeout: wait}
	if c.IsSet("precision") {
		opts.Precision = new(c.Int("precision"))
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
	case reason.Is(newer, audit.NewerSchema):
		p.complain("%v; nothing was changed", newer)
	case newer != nil:
		return newer
	case forPeople(c) && changed:
		fmt.Fprintf(p.stdout, "exaudit is ready in database %s; \"exaudit install TABLE\" starts to record the changes of a table\n", printable(p.database))
	case forPeople(c):
		fmt.Fprintf(p.stdout, "exaudit is up to date in database %s\n", printable(p.database))
	}
	if forPeople(c) && changed && c.IsSet("precision") {
		fmt.Fprintf(p.stdout, "the times of versions are truncated to %s of a second\n",
			counted(c.Int("precision"), "fractional digit"))
	}
	if forPeople(c) {
		return nil
	}
	return p.print(c, struct {
		Database string `json:"database"`
		Changed  bool   `json:"changed"`
	}{p.database, changed})
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
