package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

const logLimit = 20

func (p *program) logCommand() *cli.Command {
	return &cli.Command{
		Name:      "log",
		Usage:     "list recent transactions, newest first: when, who, and what they changed",
		UsageText: "exaudit log [flags] [TABLE...]",
		Description: "The tables and flags choose versions; every transaction that has at least one of them is\n" +
			"listed, with the number of all its changes. If custom data differs within a transaction,\n" +
			"each value is shown.\n\n" +
			"Examples: exaudit log\n" +
			"          exaudit log orders --by actor_id=7 --since 24h\n" +
			"          exaudit log --since-mark before-deploy --format jsonl",
		Flags: append([]cli.Flag{
			&cli.IntFlag{Name: "limit", Value: logLimit, Usage: "list at most `N` transactions",
				DefaultText: fmt.Sprint(logLimit)},
			cursorFlag(),
		}, filterFlags()...),
		Action: p.log,
	}
}

func (p *program) log(c *cli.Context) error {
	limit := c.Int("limit")
	if limit < 1 {
		return usageErrorf("log", "--limit must be at least 1, not %d", limit)
	}
	chosen, err := filters(c, time.Now())
	if err != nil {
		return err
	}
	opts := asOptions[exaudit.TransactionsOption](chosen)
	opts = append(opts, exaudit.After(audit.Cursor(c.String("cursor"))))
	if c.NArg() > 0 {
		opts = append(opts, exaudit.ByTable(c.Args().Slice()...))
	}
	conn, db, err := p.openToRead(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	// one more tells whether there is another page
	transactions, err := exaudit.Collect(db.Transactions(c.Context, append(opts, exaudit.Limit(limit+1))...))
	if err != nil {
		return err
	}
	more := len(transactions) > limit
	transactions = transactions[:min(limit, len(transactions))]
	if len(transactions) == 0 {
		p.complain("no such transaction is recorded, or this role may not see any")
	}
	if !more && !filtered(c) {
		for _, table := range c.Args().Slice() {
			if err := p.sayBegin(c, db, &listing{table: table, rows: true}, nil); err != nil {
				return err
			}
		}
	}
	if !forPeople(c) {
		return printList(p, c, transactions)
	}
	v := p.view(c)
	for i, t := range transactions {
		text := v.transaction(t)
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(p.stdout, text); err != nil {
			return err
		}
	}
	if more {
		_, err = fmt.Fprintf(p.stdout, "\nolder transactions: --cursor %s\n", transactions[limit-1].Cursor)
	}
	return err
}

// transaction is a transaction as one heading and a line for each table.
func (v view) transaction(t *audit.Transaction) string {
	parts := []string{v.bold(fmt.Sprintf("transaction %d", t.ID)), localTime(t.RecordedAt)}
	if t.Rollback {
		parts = append(parts, v.bold("rollback"+ofThose("transaction ", t.Undid)))
	}
	for _, user := range t.SessionUsers {
		parts = append(parts, "session_user="+bare(user))
	}
	for _, key := range slices.Sorted(maps.Keys(t.Custom)) {
		values := make([]string, len(t.Custom[key]))
		for i, value := range t.Custom[key] {
			values[i] = brief(value)
		}
		parts = append(parts, bare(key)+"="+strings.Join(values, ", "))
	}
	var text strings.Builder
	fmt.Fprintln(&text, strings.Join(parts, "  "))
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, table := range t.Tables {
		var counts []string
		for _, count := range []struct {
			n      int64
			action audit.Action
		}{{table.Created, audit.Created}, {table.Updated, audit.Updated}, {table.Deleted, audit.Deleted},
			{table.Baselines, audit.Baseline}} {
			if count.n > 0 {
				counts = append(counts, fmt.Sprintf("%d %s", count.n, count.action))
			}
		}
		fmt.Fprintf(w, "%s%s\t%s\n", indent, printable(table.Table), strings.Join(counts, ", "))
	}
	_ = w.Flush() // a Builder does not fail
	return text.String()
}

// brief is a value in few letters.
func brief(value any) string {
	text := []rune(bare(value))
	if len(text) <= cellLength {
		return string(text)
	}
	return string(text[:cellLength-1]) + "…"
}
