package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

func (p *program) logCommand() *cli.Command {
	return &cli.Command{
		Name:      "log",
		Usage:     "show recent transactions: when, who, which tables, how many rows",
		UsageText: "exaudit log [flags] [TABLE...]",
		Description: "Newest first. The flags and the tables choose transactions; of each, all that it changed is\n" +
			"counted. \"exaudit history --xid XID\" shows the changes themselves, \"exaudit undo --xid XID\" takes\n" +
			"them back.\n\n" +
			"Examples: exaudit log\n" +
			"          exaudit log orders --since 2h --by actor=deploy-42\n" +
			"          exaudit log --before 1234",
		Flags: append([]cli.Flag{
			&cli.IntFlag{Name: "limit", Value: 20, DefaultText: "20", Usage: "at most `N` transactions"},
			&cli.Int64Flag{Name: "before", Usage: "only transactions whose last version is older than `VERSION`: the next page"},
		}, filterFlags()...),
		Action: p.log,
	}
}

func (p *program) log(c *cli.Context) error {
	if c.Int("limit") < 1 {
		return usageErrorf("log", "--limit is at least 1, not %d", c.Int("limit"))
	}
	opts, err := filters(c, time.Now())
	if err != nil {
		return err
	}
	if c.NArg() > 0 {
		opts = append(opts, exaudit.OfTables(c.Args().Slice()...))
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	// one more, to know whether there is a next page
	list, err := db.Transactions(c.Context, append(opts, exaudit.Before(c.Int64("before")), exaudit.Limit(c.Int("limit")+1))...)
	if err != nil {
		return err
	}
	more := len(list) > c.Int("limit")
	list = list[:min(len(list), c.Int("limit"))]
	if len(list) == 0 {
		p.complain("no transaction is recorded that fits, or this role may not see any")
	}
	if !forPeople(c) {
		return printList(p, c, list)
	}
	v := p.view(c)
	for _, t := range list {
		fmt.Fprint(p.stdout, v.transaction(t))
	}
	if more {
		fmt.Fprintf(p.stdout, "(older ones: --before %d)\n", list[len(list)-1].LastID)
	}
	return nil
}

// transaction is a transaction as one heading and a line for each table.
func (v view) transaction(t *exaudit.Transaction) string {
	parts := []string{v.bold(fmt.Sprintf("tx %d", t.ID)), localTime(t.RecordedAt)}
	if t.Rollback {
		parts = append(parts, v.bold("rollback"))
	}
	for _, user := range t.SessionUsers {
		parts = append(parts, "session_user="+bare(user))
	}
	for i, custom := range t.Custom {
		if i > 0 {
			parts = append(parts, "and")
		}
		for _, name := range slices.Sorted(maps.Keys(custom)) {
			parts = append(parts, bare(name)+"="+bare(custom[name]))
		}
	}
	text := strings.Join(parts, "  ") + "\n"
	for _, table := range t.Tables {
		var counts []string
		for _, of := range []struct {
			action exaudit.Action
			n      int64
		}{{exaudit.Created, table.Created}, {exaudit.Updated, table.Updated}, {exaudit.Deleted, table.Deleted}} {
			if of.n > 0 {
				counts = append(counts, fmt.Sprintf("%d %s", of.n, of.action))
			}
		}
		text += indent + printable(table.Table) + ": " + strings.Join(counts, ", ") + "\n"
	}
	return text
}
