package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/patch"
)

var filterNames = []string{"action", "since", "until", "xid", "by", "column", "rollback"}

func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "action", Usage: "only versions that are `ACTION`: created, updated, deleted or baseline (may be repeated)"},
		&cli.StringFlag{Name: "since", Usage: "only from `TIME` on: 2026-01-31, \"2026-01-31 15:04\", with a zone as in 2026-01-31T15:04:05Z, or 90m for so long ago"},
		&cli.StringFlag{Name: "until", Usage: "only before `TIME`"},
		&cli.Uint64Flag{Name: "xid", Usage: "only what transaction `XID` changed"},
		&cli.StringSliceFlag{Name: "by", Usage: "only with `KEY=VALUE` in the custom data, VALUE as JSON if it is JSON, else as text; KEY alone is any value (may be repeated: all of them)"},
		&cli.StringSliceFlag{Name: "column", Usage: "only what changed `COLUMN` (may be repeated: any of them)"},
		&cli.BoolFlag{Name: "rollback", Usage: "only what reverts changed"},
	}
}

// filtered tells whether versions are chosen among at all.
func filtered(c *cli.Context) bool { return slices.ContainsFunc(filterNames, c.IsSet) }

func filters(c *cli.Context, now time.Time) ([]exaudit.HistoryOption, error) {
	var opts []exaudit.HistoryOption
	var actions []exaudit.Action
	for _, name := range c.StringSlice("action") {
		action := exaudit.Action(name)
		if !slices.Contains([]exaudit.Action{exaudit.Created, exaudit.Updated, exaudit.Deleted, exaudit.Baseline}, action) {
			return nil, usageErrorf("history", "--action is created, updated, deleted or baseline, not %q", name)
		}
		actions = append(actions, action)
	}
	if actions != nil {
		opts = append(opts, exaudit.OfAction(actions...))
	}
	for _, bound := range []struct {
		flag   string
		option func(time.Time) exaudit.HistoryOption
	}{{"since", exaudit.Since}, {"until", exaudit.Until}} {
		if !c.IsSet(bound.flag) {
			continue
		}
		at, err := parseTime(c.String(bound.flag), now)
		if err != nil {
			return nil, usageErrorf("history", "--%s is a time as 2026-01-31, \"2026-01-31 15:04:05\" or 90m ago, not %q", bound.flag, c.String(bound.flag))
		}
		opts = append(opts, bound.option(at))
	}
	if c.IsSet("xid") {
		opts = append(opts, exaudit.ByTransaction(c.Uint64("xid")))
	}
	var values []string
	for _, text := range c.StringSlice("by") {
		if strings.Contains(text, "=") {
			values = append(values, text)
		} else {
			opts = append(opts, exaudit.HasCustom(text))
		}
	}
	custom, err := keyValues("history", "by", values)
	if err != nil {
		return nil, err
	}
	for key, value := range custom {
		opts = append(opts, exaudit.ByCustom(key, value))
	}
	if c.IsSet("column") {
		opts = append(opts, exaudit.Changed(c.StringSlice("column")...))
	}
	if c.Bool("rollback") {
		opts = append(opts, exaudit.Rollbacks(true))
	}
	return opts, nil
}

// keyValues reads flags of KEY=VALUE, values as JSON where they are; nil is none.
func keyValues(command, flag string, texts []string) (exaudit.Custom, error) {
	var custom exaudit.Custom
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, usageErrorf(command, "--%s is %s=VALUE, not %q", flag, map[bool]string{true: "COLUMN", false: "KEY"}[flag == "set"], text)
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

// parseTime reads a time as people write it, in the zone of the environment where it has
// none, or how long ago it was.
func parseTime(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999 -07:00", "2006-01-02 15:04:05.999999999Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("no time: %q", text)
}
