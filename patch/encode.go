package patch

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep JSON may be nested. It is the limit of encoding/json, so that
// what can be written can be read.
const maxDepth = 10000

// encoder writes JSON: compact, with sorted keys. After the first error, which is
// kept in err, the text is worthless.
type encoder struct {
	printable bool // escape what does not print
	text      []byte
	depth     int
	err       error
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("patch: "+format, args...)
	}
}

// open begins a list or object; it reports false if that is nested too deep.
func (e *encoder) open(bracket byte) bool {
	if e.depth++; e.depth > maxDepth {
		e.fail("nested more than %d levels deep", maxDepth)
		return false
	}
	e.text = append(e.text, bracket)
	return true
}

func (e *encoder) close(bracket byte) {
	e.depth--
	e.text = append(e.text, bracket)
}

// next separates the nth element from the one before.
func (e *encoder) next(n int) {
	if n > 0 {
		e.text = append(e.text, ',')
	}
}

func (e *encoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.text = append(e.text, "null"...)
	case bool:
		e.text = strconv.AppendBool(e.text, v)
	case json.Number:
		if !isNumber(string(v)) {
			e.fail("%q is not a JSON number", string(v))
		}
		e.text = append(e.text, v...)
	case string:
		e.string(v)
	case []any:
		if e.open('[') {
			for i, element := range v {
				e.next(i)
				e.value(element)
			}
			e.close(']')
		}
	case map[string]any:
		encodeObject(e, v, e.value)
	default:
		e.fail("%T is not a JSON value", v)
	}
}

// string refuses what would be read back as something else.
func (e *encoder) string(s string) {
	if !utf8.ValidString(s) {
		e.fail("%q is not valid UTF-8", s)
	}
	e.text = appendString(e.text, s, e.printable)
}

func encodeObject[V any](e *encoder, object map[string]V, value func(V)) {
	if !e.open('{') {
		return
	}
	for i, key := range sortedKeys(object) {
		e.next(i)
		e.string(key)
		e.text = append(e.text, ':')
		value(object[key])
	}
	e.close('}')
}

// isNumber reports whether s is a number and nothing else, no space either.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || isDigit(s[0])) && isDigit(s[len(s)-1]) && json.Valid([]byte(s))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// appendString appends s as a JSON string. With printable, it escapes all that does
// not print, so that no text can steer a terminal or reorder what is around it.
func appendString(b []byte, s string, printable bool) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ' || printable && !unicode.IsPrint(r):
			b = appendEscape(b, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendEscape(b []byte, r rune) []byte {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(b, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
