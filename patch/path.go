package patch

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// A Path leads to a place in a JSON value: a string is a key of an object, an int an
// index of a list. The index of an element that was added is that in the new list,
// any other is that in the old list, as in [Edit].
type Path []any

// String returns the path as [Text] shows it, like items[0].sku. A key that is more
// than letters, digits and underscores is quoted. The path of the whole value is "".
func (p Path) String() string {
	var b []byte
	for i, step := range p {
		if index, ok := step.(int); ok {
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(index), 10)
			b = append(b, ']')
			continue
		}
		if i > 0 {
			b = append(b, '.')
		}
		if key := fmt.Sprint(step); isIdentifier(key) {
			b = append(b, key...)
		} else {
			b = appendString(b, key, true)
		}
	}
	return string(b)
}

// place names the path in an error.
func (p Path) place() string {
	if len(p) == 0 {
		return "the whole value"
	}
	return p.String()
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer returns the path as a JSON pointer (RFC 6901), like /items/0/sku.
func (p Path) Pointer() string {
	var b strings.Builder
	for _, step := range p {
		b.WriteByte('/')
		b.WriteString(escapePointer.Replace(fmt.Sprint(step)))
	}
	return b.String()
}

func isIdentifier(key string) bool {
	for i, r := range key {
		letter := r == '_' || unicode.IsLetter(r)
		if !letter && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return key != ""
}
