package history

import (
	"regexp"
	"slices"
	"strings"
)

// begin is since when a present column has been what it is.
type begin struct {
	epoch int
	// retyped tells that it was there before, of a type whose values are not those of the
	// present one.
	retyped bool
}

// begins are the present columns by name.
func (c columns) begins() map[string]begin {
	begins := make(map[string]begin)
	if len(c) == 0 {
		return begins
	}
	last := len(c) - 1
	for _, is := range c[last].columns {
		b, name := begin{epoch: last}, is.Name
		for b.epoch > 0 {
			was, ok := c.previous(b.epoch, is)
			if !ok {
				break
			}
			if !c.readsAs(b.epoch-1, was, is) {
				b.retyped = true
				break
			}
			b.epoch, is = b.epoch-1, was
		}
		begins[name] = b
	}
	return begins
}

// previous is a column in the epoch before, if it was there.
func (c columns) previous(i int, is column) (column, bool) {
	for _, was := range c[i-1].columns {
		if next, ok := c.next(i-1, was); ok && next.Number == is.Number {
			return was, true
		}
	}
	return column{}, false
}

var (
	modifier = regexp.MustCompile(`\([0-9, -]+\)`)
	// of each of these, the values are written as the later ones read them
	widening = []string{"smallint", "integer", "bigint", "numeric"}
	texts    = []string{"character varying", "text"}
)

// readsAs tells whether a recorded value means the same in the type that its column was
// given in the next epoch. What else ALTER COLUMN TYPE made of it, only its USING knew.
func (c columns) readsAs(i int, was, is column) bool {
	if c.sameType(i, was, is) {
		return was.Encoding == is.Encoding
	}
	from, to := modifier.ReplaceAllString(was.Type, ""), modifier.ReplaceAllString(is.Type, "")
	if from == to {
		return was.Encoding == is.Encoding && was.OID == 0
	}
	for strings.HasSuffix(from, "[]") && strings.HasSuffix(to, "[]") {
		from, to = from[:len(from)-2], to[:len(to)-2]
	}
	if i := slices.Index(widening, from); i >= 0 {
		return slices.Index(widening, to) > i
	}
	return slices.Contains(texts, from) && slices.Contains(texts, to)
}
