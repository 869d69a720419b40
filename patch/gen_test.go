package patch_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/exaudit/exaudit/patch"
	"pgregory.net/rapid"
)

// nasty numbers are different values that some arithmetic takes for equal, or whose
// digits it does not keep.
var nastyNumbers = []string{
	"0", "-0", "1", "1.0", "1.00", "1e0", "1E0", "1.10", "1e-7", "0.0000001", "10", "1e1",
	"9007199254740992", "9007199254740993", "12345678901234567890", "-12345678901234567891",
	"0.1", "0.10", "0.30000000000000004", "1e400", "123456789012345678901234567890.1234567890",
}

var strs = []string{
	"", "a", "b", "status", "items", "0", "1", "-", "+", "~", "*", "/", "~0", "~1", "a/b", "m~n",
	"ä", "日本", "👩‍👧", "e\u0301", "\x00", "\x1b[31m", "\n", "\u2028", "\u202e", "\u0085", "\U000e0001",
	`"`, `\`, "<&>", "null", " ", "a b",
}

func genLeaf() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.SampledFrom(nastyNumbers), func(s string) any { return json.Number(s) }),
		rapid.Map(rapid.SampledFrom(strs), func(s string) any { return s }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
	)
}

func genValue(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return genLeaf()
	}
	below := genValue(depth - 1)
	return rapid.OneOf(
		genLeaf(),
		rapid.Map(rapid.SliceOfN(below, 0, 6), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom(strs), below, 0, 6), func(m map[string]any) any { return m }),
	)
}

// mutate returns a value that has a lot in common with v.
func mutate(t *rapid.T, v any, depth int) any {
	if depth == 0 || rapid.IntRange(0, 9).Draw(t, "replace") == 0 {
		return genValue(2).Draw(t, "new")
	}
	switch v := v.(type) {
	case []any:
		return mutateList(t, slices.Clone(v), depth)
	case map[string]any:
		return mutateObject(t, maps.Clone(v), depth)
	}
	if rapid.Bool().Draw(t, "keep") {
		return v
	}
	return genLeaf().Draw(t, "leaf")
}

func mutateList(t *rapid.T, l []any, depth int) any {
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		i := rapid.IntRange(0, len(l)).Draw(t, "at")
		switch op := rapid.SampledFrom([]string{"insert", "delete", "change", "copy"}).Draw(t, "op"); {
		case op == "insert" || i == len(l):
			l = slices.Insert(l, i, genValue(1).Draw(t, "element"))
		case op == "delete":
			l = slices.Delete(l, i, i+1)
		case op == "copy":
			l = slices.Insert(l, rapid.IntRange(0, len(l)).Draw(t, "to"), l[i])
		default:
			l[i] = mutate(t, l[i], depth-1)
		}
	}
	return l
}

func mutateObject(t *rapid.T, m map[string]any, depth int) any {
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		key := rapid.SampledFrom(strs).Draw(t, "key")
		if v, ok := m[key]; !ok {
			m[key] = genValue(1).Draw(t, "member")
		} else if rapid.Bool().Draw(t, "drop") {
			delete(m, key)
		} else {
			m[key] = mutate(t, v, depth-1)
		}
	}
	return m
}

// genPair draws two values, mostly related, and options to compare them with.
func genPair(t *rapid.T) (a, b any, opts []patch.Option) {
	a = genValue(4).Draw(t, "a")
	b = mutate(t, a, 4)
	if rapid.Bool().Draw(t, "positional") {
		opts = append(opts, patch.Positional())
	}
	if rapid.Bool().Draw(t, "primitive") {
		places := rapid.SliceOfN(rapid.SampledFrom([]string{"", "/*", "/*/*", "/a", "/items/*", "/0/1", "a~1b"}), 1, 2)
		opts = append(opts, patch.Primitive(places.Draw(t, "places")...))
	}
	return a, b, opts
}

// mustDecode decodes the JSON of a test.
func mustDecode(t testing.TB, text string) any {
	t.Helper()
	v, err := patch.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// form is a value or patch in JSON, which tells apart all that has to be told apart.
func form(v any) string {
	p, isPatch := v.(patch.Patch)
	if !isPatch {
		p = patch.Added{Value: v}
	}
	text, err := patch.Marshal(p)
	if err != nil {
		return fmt.Sprintf("%#v: %v", v, err)
	}
	return string(text)
}
