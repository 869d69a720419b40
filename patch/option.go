package patch

import (
	"strconv"
	"strings"
)

// An Option changes how [Diff] compares.
type Option func(*differ)

// Positional compares lists place by place, as ExAudit does: the first element with the first, the second with the
// second. If one list is longer, its last elements are added or removed.
func Positional() Option {
	return func(d *differ) { d.positional = true }
}

// Primitive compares and records the values at the given places as a whole, whatever they
// consist of, as ExAudit does with its primitive structs.
//
// A place is named by a JSON pointer (RFC 6901), whose first slash may be left out.
// A segment * stands for every key and every index; the index of a list element is
// that in the old list. "" is the whole value.
func Primitive(places ...string) Option {
	return func(d *differ) {
		for _, place := range places {
			d.primitive = append(d.primitive, parsePointer(place))
		}
	}
}

// pointers are the segments, of every pointer that leads to the present place or
// below, that are yet to go.
type pointers [][]string

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// Segments returns the segments of a place, as [Primitive] reads it.
func Segments(place string) []string { return parsePointer(place) }

func parsePointer(s string) []string {
	if s == "" {
		return nil
	}
	segments := strings.Split(strings.TrimPrefix(s, "/"), "/")
	for i, segment := range segments {
		segments[i] = unescapePointer.Replace(segment)
	}
	return segments
}

// here reports whether one of the pointers ends at the present place.
func (p pointers) here() bool {
	for _, segments := range p {
		if len(segments) == 0 {
			return true
		}
	}
	return false
}

// below returns the pointers that go on with the given key.
func (p pointers) below(key string) pointers {
	var on pointers
	for _, segments := range p {
		if len(segments) > 0 && (segments[0] == key || segments[0] == "*") {
			on = append(on, segments[1:])
		}
	}
	return on
}

func (p pointers) belowIndex(i int) pointers {
	if len(p) == 0 {
		return nil
	}
	return p.below(strconv.Itoa(i))
}
