package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/config"
	"github.com/exaudit/exaudit/triggers"
)

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Usage: "read which tables to record, and how, from `FILE`",
		DefaultText: config.Name + " in the working directory"}
}

// configuration reads the file of --config, or else exaudit.yaml if it is there; nil is no
// file.
func configuration(c *cli.Context) (*config.File, error) {
	path := c.String("config")
	switch {
	case path != "":
	case c.IsSet("config"):
		return nil, usageErrorf(c.Command.Name, "--config is empty")
	default:
		path = config.Name
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	return config.Load(path)
}

// installFile applies exaudit.yaml.
func (p *program) installFile(c *cli.Context, wait time.Duration) error {
	file, err := configuration(c)
	if err != nil {
		return err
	}
	if file == nil {
		return usageErrorf("install", "install needs a table, or --all, or a file %s in the working directory",
			config.Name)
	}
	conn, _, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	if err := p.tellUnmatched(c, file, conn); err != nil {
		return err
	}
	done, err := file.Apply(c.Context, conn, c.Bool("dry-run"), triggers.LockTimeout(max(wait, 0)))
	if err != nil && !errors.As(err, new(*audit.PartialError)) {
		return err
	}
	for _, table := range done.Skipped {
		p.complain("skipped %s: it has no primary key", table)
	}
	for _, column := range done.Columns {
		verb := "added"
		if c.Bool("dry-run") {
			verb = "would add"
		}
		p.complain("%s column %s to exaudit.versions", verb, column)
	}
	return p.reportPart(c, done.Installed, err)
}

// tellUnmatched warns of what the file excepts though it is not there.
func (p *program) tellUnmatched(c *cli.Context, file *config.File, conn *pgx.Conn) error {
	unmatched, err := file.Unmatched(c.Context, conn)
	for _, warning := range unmatched {
		p.complain("%v", warning)
	}
	return err
}

// compareFile adds how the database differs from exaudit.yaml to the status of its tables.
func compareFile(c *cli.Context, file *config.File, q *pgx.Conn, tables []audit.TableStatus) ([]audit.TableStatus,
	error) {
	drift, err := file.Compare(c.Context, q, tables)
	if err != nil {
		return nil, err
	}
	for _, d := range drift {
		i := slices.IndexFunc(tables, func(t audit.TableStatus) bool { return t.Table == d.Table })
		if i < 0 {
			i, tables = len(tables), append(tables, audit.TableStatus{Table: d.Table})
		}
		tables[i].State, tables[i].Notes = audit.StateDrift, nil
		tables[i].Drift = append(tables[i].Drift, d)
	}
	return tables, nil
}
