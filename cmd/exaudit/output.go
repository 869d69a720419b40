package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

const (
	formatTable     = "table"
	formatJSON      = "json"
	formatJSONLines = "jsonl"
)

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// colorful tells whether output may be coloured: see no-color.org.
func (p *program) colorful() bool {
	return isTerminal(p.stdout) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// forPeople tells whether a command is to print text.
func forPeople(c *cli.Context) bool { return c.String("format") == formatTable }

// print writes one value as JSON.
func (p *program) print(c *cli.Context, value any) error {
	return writeJSON(p.stdout, value, c.String("format") == formatJSON)
}

// printList writes a list as a JSON array, or each of its elements on a line of its own.
func printList[T any](p *program, c *cli.Context, list []T) error {
	if c.String("format") == formatJSON {
		if list == nil {
			list = []T{} // [] rather than null
		}
		return p.print(c, list)
	}
	for _, element := range list {
		if err := p.print(c, element); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(w io.Writer, value any, indented bool) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if indented {
		encoder.SetIndent("", "  ")
	}
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("print as JSON: %w", err)
	}
	_, err := io.WriteString(w, escaped(buffer.String(), "\n"))
	return err
}

// printable is text without anything that a terminal would obey. Data may hold escape
// sequences, and letters that turn the direction of writing.
func printable(text string) string { return escaped(text, "") }

// escaped writes what does not print as in JSON, but for the characters to keep.
func escaped(text, keep string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r), strings.ContainsRune(keep, r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
