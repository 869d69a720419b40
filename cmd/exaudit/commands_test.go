package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

var update = flag.Bool("update", false, "rewrite docs/commands.md")

// docs/commands.md is what the command says of itself.
func TestCommandsPage(t *testing.T) {
	t.Parallel()
	const file = "../../docs/commands.md"
	want := commandsPage((&program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}).app())
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the command says; go test ./cmd/exaudit -run TestCommandsPage -update", file)
	}
	for i, line := range strings.Split(want, "\n") {
		if len([]rune(line)) > 120 {
			t.Errorf("line %d of %s has more than 120 columns", i+1, file)
		}
	}
}

const everyCommand = "Flags of every command"

// shared are flags that more than one command has, or that are about one thing.
type shared struct {
	heading string
	flags   []cli.Flag
}

func sharedFlags() []shared {
	return []shared{
		{"Flags that choose versions", filterFlags()},
		{"Flags that say how values are compared", compareFlags()},
		{"Flags of undo and redo", undoFlags()},
		{"Options of a table", optionFlags()},
		{everyCommand, globalFlags()},
	}
}

func commandsPage(app *cli.App) string {
	var b strings.Builder
	b.WriteString("# Commands\n\nThis page is written by `go test ./cmd/exaudit -run TestCommandsPage -update`.\n\n")
	b.WriteString(prose(app.Description) + "\n| command | |\n|---|---|\n")
	for _, c := range app.Commands {
		fmt.Fprintf(&b, "| [`exaudit %s`](#exaudit-%s) | %s |\n", c.Name, c.Name, c.Usage)
	}
	for _, c := range app.Commands {
		writeCommand(&b, c)
	}
	for _, s := range sharedFlags() {
		fmt.Fprintf(&b, "\n## %s\n\n", s.heading)
		for _, f := range s.flags {
			b.WriteString(flagLine(f))
		}
	}
	return b.String()
}

func writeCommand(b *strings.Builder, c *cli.Command) {
	fmt.Fprintf(b, "\n## exaudit %s\n\n```\n%s\n```\n\n%s", c.Name, c.UsageText, prose(c.Description))
	own := slices.Clone(c.Flags)
	var also []string
	for _, s := range sharedFlags() {
		if rest := without(own, s.flags); len(own)-len(rest) == len(s.flags) {
			own = rest
			if s.heading != everyCommand {
				also = append(also, fmt.Sprintf("- and the [%s](#%s)", strings.ToLower(s.heading[:1])+s.heading[1:], strings.ReplaceAll(strings.ToLower(s.heading), " ", "-")))
			}
		}
	}
	if len(own)+len(also) > 0 {
		b.WriteString("\n")
	}
	slices.SortFunc(own, func(f, g cli.Flag) int { return strings.Compare(f.Names()[0], g.Names()[0]) })
	for _, f := range own {
		b.WriteString(flagLine(f))
	}
	for _, line := range also {
		b.WriteString(line + "\n")
	}
}

// without are the flags that are not among others; one of the same name and another use stays.
func without(flags, others []cli.Flag) []cli.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f cli.Flag) bool {
		return slices.ContainsFunc(others, func(o cli.Flag) bool { return flagLine(o) == flagLine(f) })
	})
}

// prose is a description as Markdown: what is indented, and the lines of an example, are code.
func prose(text string) string {
	var b strings.Builder
	for _, paragraph := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		label, examples := "", paragraph
		if first, rest, ok := strings.Cut(paragraph, ": "); ok && strings.HasPrefix(first, "Example") {
			label, examples = first+":\n\n", rest
		}
		if label == "" && !strings.HasPrefix(paragraph, " ") {
			b.WriteString(paragraph + "\n\n")
			continue
		}
		b.WriteString(label + "```sh\n")
		for line := range strings.Lines(examples) {
			b.WriteString(strings.TrimSpace(line) + "\n")
		}
		b.WriteString("```\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// flagLine is an item of a list, folded at 120 columns.
func flagLine(f cli.Flag) string {
	doc := f.(cli.DocGenerationFlag)
	placeholder, usage := unquoted(doc.GetUsage())
	if placeholder == "" && doc.TakesValue() {
		placeholder = "VALUE"
	}
	if placeholder != "" {
		placeholder = " " + placeholder
	}
	text := fmt.Sprintf("- `--%s%s`: %s", f.Names()[0], placeholder, usage)
	if value := doc.GetDefaultText(); doc.TakesValue() && value != "" && value != "0" {
		text += " (default: " + value + ")"
	}
	var b strings.Builder
	width := 0
	for i, word := range strings.Fields(text) {
		switch n := len([]rune(word)); {
		case i == 0:
			width = n
		case width+1+n > 120:
			b.WriteString("\n  ")
			width = 2 + n
		default:
			b.WriteString(" ")
			width += 1 + n
		}
		b.WriteString(word)
	}
	return b.String() + "\n"
}

// unquoted splits what urfave/cli does: the placeholder is the first text between backquotes.
func unquoted(usage string) (placeholder, text string) {
	before, rest, ok := strings.Cut(usage, "`")
	name, after, closed := strings.Cut(rest, "`")
	if !ok || !closed {
		return "", usage
	}
	return name, before + name + after
}

// A flag has a value in each command that knows it, or in none: it may stand before the command.
func TestFlagsMeanTheSame(t *testing.T) {
	t.Parallel()
	takes := map[string]bool{}
	for _, command := range (&program{}).app().Commands {
		for _, f := range command.Flags {
			for _, name := range f.Names() {
				if other, known := takes[name]; known && other != takesValue(f) {
					t.Errorf("--%s has a value in some commands only", name)
				}
				takes[name] = takesValue(f)
			}
		}
	}
}
