package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/patch"
)

func (p *program) historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "show every recorded change of a row, oldest to newest",
		UsageText: "exaudit history [flags] TABLE KEY...",
		Description: "KEY is the primary key: one value, or one for each of its columns, or all of them as a\n" +
			"JSON array. A key that begins with \"-\" goes after \"--\".\n\n" +
			"Examples: exaudit history orders 42 --limit 5\n" +
			"          exaudit history order_lines 42 3\n" +
			"          exaudit history order_lines '[42, 3]' --format json\n" +
			"          exaudit history temperatures -- -5",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "only the newest `N` versions", DefaultText: "all"},
			&cli.BoolFlag{Name: "states", Usage: "show the whole row after each version, too"},
			fullFlag(),
		},
		Action: p.history,
	}
}

func fullFlag() cli.Flag {
	return &cli.BoolFlag{Name: "full", Usage: "cut no long value, and leave out no column that is NULL"}
}

func (p *program) history(c *cli.Context) error {
	if err := argumentCount(c, 2, -1, "a table and a key"); err != nil {
		return err
	}
	if c.IsSet("limit") && c.Int("limit") < 1 {
		return usageErrorf("history", "--limit is at least 1, not %d", c.Int("limit"))
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	var opts []exaudit.HistoryOption
	if c.Bool("states") {
		opts = append(opts, exaudit.WithStates())
	}
	table, key := c.Args().First(), c.Args().Tail()
	versions, err := historyOf(c, db, table, key, opts...)
	if err != nil {
		return err
	}
	total := len(versions)
	if c.IsSet("limit") && c.Int("limit") < total {
		versions = versions[total-c.Int("limit"):]
	}
	if total == 0 {
		p.complain("no version of %s %s is recorded, or this role may not see any", table, strings.Join(key, " "))
	}
	if !forPeople(c) {
		return printList(p, c, versions)
	}
	return p.printHistory(c, versions, total)
}

func (p *program) printHistory(c *cli.Context, versions []*exaudit.Version, total int) error {
	if len(versions) == 0 {
		return nil
	}
	v := p.view(c)
	newest := versions[len(versions)-1]
	heading := "%s %s: %s, oldest first\n"
	if len(versions) < total {
		heading = "%s %s: the newest %[4]d of %[3]s, oldest first\n"
		fmt.Fprintf(p.stdout, heading, printable(newest.Table), printable(newest.EntityID), counted(total, "version"), len(versions))
	} else {
		fmt.Fprintf(p.stdout, heading, printable(newest.Table), printable(newest.EntityID), counted(total, "version"))
	}
	for _, version := range versions {
		text := "\n" + v.version(version)
		if c.Bool("states") {
			text += v.state(version.State)
		}
		if _, err := io.WriteString(p.stdout, text); err != nil {
			return err
		}
	}
	return nil
}

// historyOf reads a history by what was typed as the key.
func historyOf(c *cli.Context, db *exaudit.DB, table string, key []string, opts ...exaudit.HistoryOption) ([]*exaudit.Version, error) {
	values := make(exaudit.Key, len(key))
	for i, text := range key {
		values[i] = text
	}
	if len(key) == 1 {
		if array := compositeKey(key[0]); array != nil {
			versions, err := db.History(c.Context, table, array, opts...)
			if !errors.Is(err, exaudit.ErrInvalidKey) {
				return versions, err
			}
			// a single value that looks like an array
			if versions, asOne := db.History(c.Context, table, values, opts...); asOne == nil {
				return versions, nil
			}
			return nil, err
		}
	}
	return db.History(c.Context, table, values, opts...)
}

// compositeKey reads a key in the form in which a composite one is displayed.
func compositeKey(text string) exaudit.Key {
	if !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return nil
	}
	value, err := patch.Decode([]byte(text))
	if err != nil {
		return nil
	}
	if values, ok := value.([]any); ok && len(values) > 1 {
		return exaudit.Key(values)
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
