package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/triggers"
)

const optionCategory = "Options of one table (together they replace all its earlier options):"

// optionFlags are the options of a table.
func optionFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "exclude", KeepSpace: true, Category: optionCategory,
			Usage: "do not record `COLUMN` (may be repeated)"},
		&cli.StringSliceFlag{Name: "mask", KeepSpace: true, Category: optionCategory,
			Usage: "record that `COLUMN` changed, but not its values (may be repeated)"},
		&cli.StringFlag{Name: "where", Category: optionCategory,
			Usage: "record only rows that satisfy the SQL `CONDITION` before or after the change"},
		&cli.StringFlag{Name: "updates", Category: optionCategory,
			Usage: "record `WHAT` of an update: changed (the columns that changed), or full (the whole row)", DefaultText: "changed"},
		&cli.StringFlag{Name: "trigger", Category: optionCategory,
			Usage: "use triggers of this `LEVEL`: row, or statement, which is faster for statements that change many rows", DefaultText: "row"},
		&cli.BoolFlag{Name: "skip-untouched-toast", Category: optionCategory,
			Usage: "do not read large values, stored out of line, that an update does not touch; updates that change nothing cost more then"},
		&cli.BoolFlag{Name: "skip-insert-image", Category: optionCategory,
			Usage: "do not store the values of inserted rows; they are read from later versions, or from the row itself"},
		&cli.StringFlag{Name: "on-truncate", Category: optionCategory,
			Usage: "what to `DO` at TRUNCATE: record, refuse or ignore", DefaultText: "record"},
		&cli.BoolFlag{Name: "allow-ignore", Category: optionCategory,
			Usage: "let sessions switch recording off, with SET exaudit.ignore = 'on'"},
		&cli.BoolFlag{Name: "record-session-user", Category: optionCategory,
			Usage: "record the user who was logged in to the server"},
		&cli.BoolFlag{Name: "record-replicated", Category: optionCategory,
			Usage: "also record what logical replication applies"},
		&cli.StringSliceFlag{Name: "primitive", Category: optionCategory,
			Usage: "by default, compare the value at `PLACE` as a whole: a column, or a place below one, such as info/address (may be repeated)"},
		&cli.StringSliceFlag{Name: "primitive-type", Category: optionCategory,
			Usage: "by default, compare values of the SQL type `TYPE` as a whole (may be repeated)"},
		&cli.BoolFlag{Name: "positional", Category: optionCategory, Usage: "by default, compare lists by position"},
		&cli.StringFlag{Name: "keep", Category: optionCategory,
			Usage: "have \"exaudit maintain\" remove versions that are older than `TIME`, such as '7 years'", DefaultText: "forever"},
		&cli.IntFlag{Name: "keep-last", Category: optionCategory,
			Usage: "have \"exaudit maintain\" keep the last `N` versions of each row, and with --keep also all that are not older"},
		&cli.BoolFlag{Name: "hold", Category: optionCategory, Usage: "have \"exaudit maintain\" remove nothing"},
	}
}

// optionsOf gives the options for the only table of a command line; nil where there are none.
func optionsOf(c *cli.Context) (*audit.TableOptions, error) {
	given := slices.DeleteFunc(optionFlags(), func(f cli.Flag) bool { return !c.IsSet(f.Names()[0]) })
	if len(given) == 0 {
		return nil, nil
	}
	if c.NArg() != 1 {
		return nil, usageErrorf("install", "--%s can be used with one table only", given[0].Names()[0])
	}
	options := audit.TableOptions{
		Exclude: c.StringSlice("exclude"), Mask: c.StringSlice("mask"), Where: c.String("where"),
		Updates: audit.Updates(c.String("updates")), Trigger: audit.TriggerLevel(c.String("trigger")),
		OnTruncate:         audit.OnTruncate(c.String("on-truncate")),
		SkipUntouchedTOAST: c.Bool("skip-untouched-toast"), SkipInsertImage: c.Bool("skip-insert-image"),
		AllowIgnore:       c.Bool("allow-ignore"),
		RecordSessionUser: c.Bool("record-session-user"), RecordReplicated: c.Bool("record-replicated"),
		Primitive: c.StringSlice("primitive"), PrimitiveTypes: c.StringSlice("primitive-type"),
		Positional: c.Bool("positional"),
		Keep:       c.String("keep"), KeepLast: c.Int("keep-last"), Hold: c.Bool("hold"),
	}
	for _, name := range []string{"where", "updates", "trigger", "on-truncate", "keep"} {
		if c.IsSet(name) && strings.TrimSpace(c.String(name)) == "" {
			return nil, usageErrorf("install", "--%s is empty", name)
		}
	}
	if wrong := (*audit.InvalidError)(nil); errors.As(triggers.ValidateOptions(options), &wrong) {
		return nil, usageErrorf("install", "--%s: %s", flagOf(wrong.Name), wrong.Detail)
	}
	return &options, nil
}

// flagOf is the flag of an option.
func flagOf(option string) string {
	if option == "primitive_types" {
		return "primitive-type"
	}
	return strings.ReplaceAll(option, "_", "-")
}

// optionText is what differs from the default, on one line.
func optionText(o audit.TableOptions) string {
	var parts []string
	add := func(set bool, format string, args ...any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(len(o.Exclude) > 0, "excludes %s", strings.Join(o.Exclude, ", "))
	add(len(o.Mask) > 0, "masks %s", strings.Join(o.Mask, ", "))
	add(o.Where != "", "where %s", o.Where)
	add(o.Updates == audit.UpdatesFull, "records full rows")
	add(o.Trigger == audit.StatementLevel, "by statement")
	add(o.SkipUntouchedTOAST, "skips untouched TOAST")
	add(o.SkipInsertImage, "stores no image of inserts")
	add(o.OnTruncate == audit.TruncateRefuse, "refuses TRUNCATE")
	add(o.OnTruncate == audit.TruncateIgnore, "ignores TRUNCATE")
	add(o.AllowIgnore, "allows exaudit.ignore")
	add(o.RecordSessionUser, "records session_user")
	add(o.RecordReplicated, "records what is replicated")
	add(len(o.Primitive) > 0, "compares %s as a whole", strings.Join(o.Primitive, ", "))
	add(len(o.PrimitiveTypes) > 0, "compares values of %s as a whole", strings.Join(o.PrimitiveTypes, ", "))
	add(o.Positional, "compares lists by place")
	add(o.Keep != "", "keeps versions for %s", o.Keep)
	add(o.KeepLast > 0, "keeps the last %s of each row", counted(o.KeepLast, "version"))
	add(o.Hold, "removes nothing")
	return strings.Join(parts, "; ")
}
