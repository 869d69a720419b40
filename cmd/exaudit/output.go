package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
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
	return printSequence(p, c, func(yield func(T, error) bool) {
		for _, element := range list {
			if !yield(element, nil) {
				return
			}
		}
	})
}

// printSequence is printList of elements that are written as they come.
func printSequence[T any](p *program, c *cli.Context, list iter.Seq2[T, error]) error {
	array := c.String("format") == formatJSON
	before, after := "", ""
	if array {
		before, after = "[\n", "[]\n"
	}
	for element, err := range list {
		if err != nil {
			return err
		}
		if array {
			err = writeElement(p.stdout, before, element)
			before, after = ",\n", "\n]\n"
		} else {
			err = writeJSON(p.stdout, element, false)
		}
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(p.stdout, after)
	return err
}

// writeElement writes one of an indented array, without a line break at its end.
func writeElement(w io.Writer, before string, element any) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("  ", "  ")
	if err := encoder.Encode(element); err != nil {
		return fmt.Errorf("print as JSON: %w", err)
	}
	_, err := io.WriteString(w, before+"  "+escaped(strings.TrimSuffix(buffer.String(), "\n"), "\n"))
	return err
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
