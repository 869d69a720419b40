package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "action", Usage: "only versions with this `ACTION`: created, updated, deleted or baseline (may be repeated: any of them)"},
		&cli.StringFlag{Name: "since", Usage: "only after (not exactly at) `TIME`, such as " + timeFormats},
		&cli.StringFlag{Name: "until", Usage: "only before or exactly at `TIME`"},
		&cli.StringFlag{Name: "since-mark", Usage: "only changes that were not yet committed when mark `NAME` was made"},
		&cli.StringFlag{Name: "until-mark", Usage: "only changes that were committed when mark `NAME` was made"},
		&cli.StringSliceFlag{Name: "version", Usage: "only version number `VERSION` (may be repeated: any of them)"},
		&cli.StringSliceFlag{Name: "transaction", Usage: "only changes of transaction `ID` (may be repeated: any of them)"},
		&cli.StringSliceFlag{Name: "by", KeepSpace: true,
			Usage: "only changes with `KEY=VALUE` in the custom data; VALUE is JSON if possible, otherwise text; KEY alone means any value (may be repeated: all of them)"},
		&cli.StringSliceFlag{Name: "column", KeepSpace: true,
			Usage: "only changes of `COLUMN` (may be repeated: any of them)"},
		&cli.StringFlag{Name: "session-user", Usage: "only changes made while `NAME` was logged in; for tables with the option record_session_user"},
		&cli.StringSliceFlag{Name: "where", KeepSpace: true,
			Usage: "only versions that satisfy the SQL `CONDITION` on the columns before, after, custom, entity_id and others (may be repeated: all of them)"},
		&cli.BoolFlag{Name: "rollback", Usage: "only versions that a revert, an undo or a redo wrote"},
	}
}

// filtered reports whether a flag chooses versions.
func filtered(c *cli.Context) bool {
	return slices.ContainsFunc(filterFlags(), func(f cli.Flag) bool { return c.IsSet(f.Names()[0]) })
}

// filters are what the flags of filterFlags say.
func filters(c *cli.Context, now time.Time) ([]exaudit.RowFilter, error) {
	var opts []exaudit.RowFilter
	for _, read := range []func(*cli.Context, time.Time) ([]exaudit.RowFilter, error){whatFilters, whenFilters,
		whoFilters} {
		more, err := read(c, now)
		if err != nil {
			return nil, err
		}
		opts = append(opts, more...)
	}
	return opts, nil
}

// option is one of a history, and of versions of several rows.
type option interface {
	exaudit.HistoryOption
	exaudit.VersionsOption
}

// asOptions are options as another interface that all of them have.
func asOptions[To, From any](options []From) []To {
	list := make([]To, len(options))
	for i, o := range options {
		list[i] = any(o).(To)
	}
	return list
}

func whatFilters(c *cli.Context, _ time.Time) ([]exaudit.RowFilter, error) {
	var opts []exaudit.RowFilter
	var actions []audit.Action
	for _, name := range c.StringSlice("action") {
		action := audit.Action(name)
		if !slices.Contains([]audit.Action{audit.Created, audit.Updated, audit.Deleted, audit.Baseline},
			action) {
			return nil, usageErrorf(c.Command.Name, "--action must be created, updated, deleted or baseline, not %q", name)
		}
		actions = append(actions, action)
	}
	if actions != nil {
		opts = append(opts, exaudit.ByAction(actions...))
	}
	for _, text := range c.StringSlice("version") {
		id, err := versionNumber(c, text)
		if err != nil {
			return nil, err
		}
		opts = append(opts, exaudit.ByVersion(id))
	}
	if c.IsSet("column") {
		opts = append(opts, exaudit.ByColumn(c.StringSlice("column")...))
	}
	for _, condition := range c.StringSlice("where") {
		opts = append(opts, exaudit.Where(condition))
	}
	if c.Bool("rollback") {
		opts = append(opts, exaudit.ByRollback(true))
	}
	return opts, nil
}

func whenFilters(c *cli.Context, now time.Time) ([]exaudit.RowFilter, error) {
	var opts []exaudit.RowFilter
	for _, bound := range []struct {
		flag   string
		option func(exaudit.Point) exaudit.RowFilter
	}{{"since", exaudit.Since}, {"until", exaudit.Until}} {
		if c.IsSet(bound.flag) {
			at, err := timeOf(c, bound.flag, now)
			if err != nil {
				return nil, err
			}
			opts = append(opts, bound.option(exaudit.AtTime(at)))
		}
		if mark := bound.flag + "-mark"; c.IsSet(mark) {
			opts = append(opts, bound.option(exaudit.AtMark(c.String(mark))))
		}
	}
	return opts, nil
}

func whoFilters(c *cli.Context, _ time.Time) ([]exaudit.RowFilter, error) {
	var opts []exaudit.RowFilter
	for _, text := range c.StringSlice("transaction") {
		id, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return nil, usageErrorf(c.Command.Name, "--transaction must be the id of a transaction, not %q", text)
		}
		opts = append(opts, exaudit.ByTransaction(id))
	}
	if c.IsSet("session-user") {
		opts = append(opts, exaudit.BySessionUser(c.String("session-user")))
	}
	var values []string
	for _, text := range c.StringSlice("by") {
		if strings.Contains(text, "=") {
			values = append(values, text)
		} else {
			opts = append(opts, exaudit.ByCustomKey(text))
		}
	}
	custom, err := keyValues(c.Command.Name, "by", values)
	if err != nil {
		return nil, err
	}
	for key, value := range custom {
		opts = append(opts, exaudit.ByCustom(key, value))
	}
	return opts, nil
}

// keyValues reads flags of KEY=VALUE, values as JSON where they are; nil is none.
func keyValues(command, flag string, texts []string) (exaudit.Custom, error) {
	var custom exaudit.Custom
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, usageErrorf(command, "--%s needs %s=VALUE, not %q", flag,
				map[bool]string{true: "COLUMN", false: "KEY"}[flag == "set"], text)
		}
		if custom == nil {
			custom = make(exaudit.Custom)
		}
		if _, twice := custom[key]; twice {
			return nil, usageErrorf(command, "--%s %s is given twice", flag, key)
		}
		custom[key] = value
		if decoded, err := patch.Decode([]byte(value)); err == nil {
			custom[key] = decoded
		}
	}
	return custom, nil
}
