package patch

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// A Conflict is a place that both sides of a [Merge] changed, and not in the same way.
type Conflict struct {
	// Path leads to the place in ours. If it leads through an element that ours no longer
	// has, the index is that of the element that is in its place now.
	Path Path
	// What each value has there: [Nothing] if it has no such key or element.
	Base, Ours, Theirs any
}

// String is Text with the values cut short.
func (c Conflict) String() string {
	return c.Text(Shorten(shortWidth))
}

// Text returns the conflict as one line for people, without a newline:
//
//	ship.city: was "Uppsala", is now "Lund", would become "Malmö"
//
// The path is left out if it is that of the whole value.
func (c Conflict) Text(opts ...TextOption) string {
	var t textWriter
	for _, opt := range opts {
		opt(&t)
	}
	return t.conflict(c)
}

func (t *textWriter) conflict(c Conflict) string {
	place := ""
	if len(c.Path) > 0 {
		place = c.Path.String() + ": "
	}
	line := fmt.Sprintf("%swas %s, is now %s, would become %s", place,
		describe(c.Base, t.limit), describe(c.Ours, t.limit), describe(c.Theirs, t.limit))
	return t.colored(line, yellow)
}

// MarshalJSON returns an object with the path as a list of keys and indexes, and with
// base, ours and theirs, without those that are [Nothing]:
//
//	{"base":"Uppsala","ours":"Lund","path":["ship","city"],"theirs":"Malmö"}
//
// It fails where [Marshal] does.
func (c Conflict) MarshalJSON() ([]byte, error) {
	path := make([]any, len(c.Path))
	for i, step := range c.Path {
		path[i] = step
		if index, ok := step.(int); ok {
			path[i] = json.Number(strconv.Itoa(index))
		}
	}
	object := map[string]any{"path": path}
	for key, v := range map[string]any{"base": c.Base, "ours": c.Ours, "theirs": c.Theirs} {
		if v != Nothing {
			object[key] = v
		}
	}
	var e encoder
	e.value(object)
	return e.text, e.err
}

// UnmarshalJSON reads what MarshalJSON wrote. For anything else, its error wraps
// [ErrSyntax].
func (c *Conflict) UnmarshalJSON(data []byte) error {
	v, err := Decode(data)
	if err != nil {
		return err
	}
	object, _ := v.(map[string]any)
	steps, ok := object["path"].([]any)
	if !ok {
		return fmt.Errorf("%w: a conflict without a path", ErrSyntax)
	}
	var path Path
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			path = append(path, step)
		case json.Number:
			index, err := strconv.ParseUint(string(step), 10, strconv.IntSize-1)
			if err != nil {
				return fmt.Errorf("%w: index %s in the path of a conflict", ErrSyntax, step)
			}
			path = append(path, int(index))
		default:
			return fmt.Errorf("%w: %s in the path of a conflict", ErrSyntax, describe(step, shortWidth))
		}
	}
	*c = Conflict{path, member(object, "base"), member(object, "ours"), member(object, "theirs")}
	return nil
}
