package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// arguments are what the command line asks for.
type arguments struct {
	workloads []workload
	variants  []variant // the first is the one without auditing
	rounds    int
	scale     float64
	json      string
	list      bool
	counts    bool     // instructions, in place of time
	binDir    string   // of the server's programs; "" for the one that is found
	settings  []string // statements that the counted session begins with
}

func parse(args []string, output io.Writer) (arguments, error) {
	var a arguments
	var names, only []string
	var also []variant
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Func("workload", "`name` of a workload or of a group (loop, bulk, …) to run alone; repeatable",
		func(s string) error {
			names = append(names, s)
			return nil
		})
	flags.Func("variant", "`name` of a variant to measure beside plain, instead of all; repeatable",
		func(s string) error {
			only = append(only, s)
			return nil
		})
	flags.Func("also", "`NAME=FILE.sql` of a further variant; repeatable", func(s string) error {
		v, err := alsoVariant(s)
		also = append(also, v)
		return err
	})
	flags.IntVar(&a.rounds, "rounds", 5, "how many `times` each variant runs each workload")
	flags.Float64Var(&a.scale, "scale", 1, "`factor` on the sizes of the workloads")
	flags.StringVar(&a.json, "json", "", "`file` to write all figures to")
	flags.BoolVar(&a.list, "list", false, "list the workloads")
	flags.BoolVar(&a.counts, "instructions", false, "count the instructions of single changes, with valgrind")
	flags.StringVar(&a.binDir, "pg-bin", "", "`directory` of the server's programs, for --instructions")
	flags.Func("set", "`statement` that a counted session begins with; repeatable", func(s string) error {
		a.settings = append(a.settings, s)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return a, err
	}
	if flags.NArg() > 0 {
		return a, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if a.rounds < 1 || a.scale <= 0 {
		return a, errors.New("rounds and scale must be positive")
	}
	var err error
	if a.workloads, err = chooseWorkloads(names); err != nil {
		return a, err
	}
	a.variants, err = chooseVariants(only, also)
	return a, err
}

// alsoVariant reads the SQL of --also.
func alsoVariant(s string) (variant, error) {
	name, file, ok := strings.Cut(s, "=")
	if !ok || name == "" || slices.ContainsFunc(builtin, func(v variant) bool { return v.name == name }) {
		return variant{}, fmt.Errorf("%q is not NAME=FILE.sql with a new name", s)
	}
	sql, err := os.ReadFile(file)
	return variant{name: name, install: script(string(sql))}, err
}

// chooseWorkloads gives the named ones and those of the named groups, or all.
func chooseWorkloads(names []string) ([]workload, error) {
	if len(names) == 0 {
		return workloads, nil
	}
	var chosen []workload
	for _, name := range names {
		found := false
		for _, w := range workloads {
			if w.name == name || strings.HasPrefix(w.name, name+"/") {
				chosen, found = append(chosen, w), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no workload %q: --list names them", name)
		}
	}
	return chosen, nil
}

// chooseVariants gives plain, the named ones or all, and the further ones.
func chooseVariants(only []string, also []variant) ([]variant, error) {
	chosen := builtin[:1:1]
	for _, v := range builtin[1:] {
		if len(only) == 0 || slices.Contains(only, v.name) {
			chosen = append(chosen, v)
		}
	}
	for _, name := range only {
		if !slices.ContainsFunc(builtin, func(v variant) bool { return v.name == name }) {
			return nil, fmt.Errorf("no variant %q", name)
		}
	}
	return append(chosen, also...), nil
}
