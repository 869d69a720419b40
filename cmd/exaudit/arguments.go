package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// usageError is a command line that cannot be meant.
type usageError struct{ command, text string }

func (e usageError) Error() string {
	help := "exaudit --help"
	if e.command != "" {
		help = "exaudit " + e.command + " --help"
	}
	return fmt.Sprintf("%s (see %q)", e.text, help)
}

func usageErrorf(command, format string, args ...any) error {
	return usageError{command, fmt.Sprintf(format, args...)}
}

// onUsageError is for what the flag package finds: values of the wrong type.
func onUsageError(c *cli.Context, err error, _ bool) error {
	return usageErrorf(c.Command.Name, "%s", strings.Replace(err.Error(), " for flag -", " for --", 1))
}

// arranger sorts a command line into flags and arguments.
type arranger struct {
	app     *cli.App
	known   map[string]cli.Flag // by every name
	flags   []givenFlag
	words   []string // the command and its arguments
	unknown string   // the first thing that looks like a flag and is none
	help    bool
	err     error
}

type givenFlag struct{ name, value string }

// arrange puts flags in front of arguments: the flag package stops at the first argument,
// so that a later "--dry-run" would be ignored without a word, and the revert be real.
func arrange(app *cli.App, args []string) ([]string, error) {
	a := arranger{app: app, known: make(map[string]cli.Flag)}
	for _, command := range app.Commands {
		for _, f := range command.Flags {
			for _, name := range f.Names() {
				a.known[name] = f
			}
		}
	}
	for rest := args[1:]; len(rest) > 0; {
		rest = a.take(rest)
	}
	return a.arranged(args[0])
}

// take sorts the first argument, with its value if it is a flag that has one apart.
func (a *arranger) take(args []string) (rest []string) {
	arg, rest := args[0], args[1:]
	switch {
	case arg == "--":
		a.words = append(a.words, rest...)
		return nil
	case !strings.HasPrefix(arg, "-") || arg == "-":
		a.words = append(a.words, arg)
		return rest
	}
	name, value, hasValue := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
	f, known := a.flag(name)
	switch {
	case name == "help" || name == "h":
		a.help = true
	case name == "version" && len(a.words) == 0:
		a.words = append(a.words, "version")
	case !known:
		if a.unknown == "" {
			a.unknown = arg
		}
	case takesValue(f) && !hasValue:
		// What looks like a flag is one: "--custom --yes" has lost its value.
		if len(rest) == 0 || strings.HasPrefix(rest[0], "--") {
			a.fail("--%s needs a value (one that begins with \"-\" as --%s=VALUE)", name, name)
			return rest
		}
		a.flags = append(a.flags, givenFlag{name, rest[0]})
		return rest[1:]
	case hasValue:
		a.flags = append(a.flags, givenFlag{name, value})
	default:
		a.flags = append(a.flags, givenFlag{name, "true"})
	}
	return rest
}

// flag is the command's flag of a name, or before there is a command, any command's.
func (a *arranger) flag(name string) (cli.Flag, bool) {
	if command := a.app.Command(a.commandName()); command != nil {
		for _, f := range command.Flags {
			if slices.Contains(f.Names(), name) {
				return f, true
			}
		}
	}
	f, known := a.known[name]
	return f, known
}

func (a *arranger) fail(format string, args ...any) {
	if a.err == nil {
		a.err = usageErrorf(a.commandName(), format, args...)
	}
}

func (a *arranger) commandName() string {
	if len(a.words) > 0 && a.app.Command(a.words[0]) != nil {
		return a.words[0]
	}
	return ""
}

func (a *arranger) arranged(program string) ([]string, error) {
	if len(a.words) > 0 && a.words[0] == "help" {
		a.words, a.help = a.words[1:], true
	}
	if len(a.words) == 0 {
		if a.help {
			return []string{program, "--help"}, nil
		}
		a.refuseUnknown()
		if a.err == nil {
			a.fail("no command given")
		}
		return nil, a.err
	}
	command := a.app.Command(a.words[0])
	if command == nil {
		return nil, usageErrorf("", "unknown command %q", a.words[0])
	}
	if a.help {
		return []string{program, command.Name, "--help"}, nil
	}
	a.refuseUnknown()
	a.check(command)
	if a.err != nil {
		return nil, a.err
	}
	args := []string{program, command.Name}
	for _, f := range a.flags {
		args = append(args, "--"+f.name+"="+f.value)
	}
	return append(append(args, "--"), a.words[1:]...), nil
}

// number is what may be meant as a key.
var number = regexp.MustCompile(`^-\.?[0-9]`)

func (a *arranger) refuseUnknown() {
	switch {
	case a.unknown == "":
	case number.MatchString(a.unknown) || a.commandName() == "history":
		a.fail("unknown flag %s; a key that begins with \"-\" goes after \"--\": exaudit history TABLE -- KEY",
			a.unknown)
	default:
		a.fail("unknown flag %s", a.unknown)
	}
}

// check refuses flags of other commands, and a flag twice where only one counts.
func (a *arranger) check(command *cli.Command) {
	given := make(map[string]bool)
	for _, f := range a.flags {
		i := slices.IndexFunc(command.Flags, func(own cli.Flag) bool { return slices.Contains(own.Names(), f.name) })
		if i < 0 {
			a.fail("%s has no flag --%s", command.Name, f.name)
			return
		}
		if _, list := command.Flags[i].(*cli.StringSliceFlag); given[f.name] && !list {
			a.fail("--%s is given twice", f.name)
		}
		given[f.name] = true
	}
}

func takesValue(f cli.Flag) bool {
	_, isBool := f.(*cli.BoolFlag)
	return !isBool
}

// argumentCount refuses too few and too many arguments; most of -1 is any number.
func argumentCount(c *cli.Context, least, most int, names string) error {
	n := c.NArg()
	switch {
	case n < least:
		return usageErrorf(c.Command.Name, "%s needs %s", c.Command.Name, names)
	case most == 0 && n > 0:
		return usageErrorf(c.Command.Name, "%s takes no argument, got %q", c.Command.Name, c.Args().First())
	case most >= 0 && n > most:
		return usageErrorf(c.Command.Name, "%s takes %s, got also %q", c.Command.Name, names, c.Args().Get(most))
	}
	return nil
}
