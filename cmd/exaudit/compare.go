package main

import (
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
)

// compareFlags say how the values of versions are compared, beside the options of their tables.
func compareFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "primitive",
			Usage: "compare the value at `PLACE` as a whole: a column, or a place below one, such as info/address or info/lines/*/price (may be repeated)"},
		&cli.StringSliceFlag{Name: "primitive-type",
			Usage: "compare values of the SQL type `TYPE` as a whole (may be repeated)"},
		&cli.BoolFlag{Name: "positional", Usage: "compare lists by position"},
	}
}

func comparing(c *cli.Context) []exaudit.PatchOption {
	opts := []exaudit.PatchOption{exaudit.Primitive(c.StringSlice("primitive")...),
		exaudit.PrimitiveTypes(c.StringSlice("primitive-type")...)}
	if c.Bool("positional") {
		opts = append(opts, exaudit.Positional())
	}
	return opts
}
