package patch

import (
	"fmt"
	"io"
	"strings"
)

// A TextOption changes how [Text] and [WriteText] show a patch, and [Conflict.Text] a
// conflict.
type TextOption func(*textWriter)

// Color shows additions in green, removals in red and changes in yellow, with ANSI
// escape sequences.
func Color() TextOption {
	return func(w *textWriter) { w.color = true }
}

// Shorten cuts every value that is longer than n characters, and shows … for the
// rest. 0 or less is no limit, as by default.
func Shorten(n int) TextOption {
	return func(w *textWriter) { w.limit = n }
}

// Text shows a patch to people, one line for all that was added, removed or changed:
//
//	~ address.city: "A" → "B"
//	- discount: 5
//	+ items[0]: {"sku":"x"}
//
// The lines are in the order of [All], the indexes as in [Path]. What does not print,
// such as a control character, is escaped.
func Text(p Patch, opts ...TextOption) string {
	var b strings.Builder
	WriteText(&b, p, opts...) // a Builder does not fail
	return b.String()
}

// WriteText writes what [Text] returns. Its errors are those of w.
func WriteText(w io.Writer, p Patch, opts ...TextOption) error {
	var t textWriter
	for _, opt := range opts {
		opt(&t)
	}
	for path, change := range All(p) {
		if _, err := io.WriteString(w, t.line(path, change)); err != nil {
			return err
		}
	}
	return nil
}

type textWriter struct {
	color bool
	limit int
}

// The codes of ANSI colors.
const (
	red    = 31
	green  = 32
	yellow = 33
)

func (t *textWriter) line(path Path, change Patch) string {
	var sign, value string
	var color int
	switch change := change.(type) {
	case Added:
		sign, color = "+", green
		value = shownValue(change.Value, t.limit)
	case Removed:
		sign, color = "-", red
		value = shownValue(change.Value, t.limit)
	case Changed:
		sign, color = "~", yellow
		value = shownValue(change.From, t.limit) + " → " + shownValue(change.To, t.limit)
	}
	place := ""
	if len(path) > 0 {
		place = path.String() + ": "
	}
	return t.colored(sign+" "+place+value, color) + "\n"
}

func (t *textWriter) colored(line string, color int) string {
	if t.color {
		return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, line)
	}
	return line
}

// shownValue returns a value as JSON, in which all that does not print is escaped,
// and cuts it after limit characters, if there is a limit. What is not a JSON value is
// shown in quotes.
func shownValue(v any, limit int) string {
	e := encoder{printable: true}
	if e.value(v); e.err != nil {
		e.text = appendString(nil, fmt.Sprint(v), true)
	}
	return shorten(string(e.text), limit)
}

func shorten(s string, limit int) string {
	if limit <= 0 {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
