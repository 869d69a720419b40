package patch_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/exaudit/exaudit/patch"
	"pgregory.net/rapid"
)

// applyOperations is RFC 6902 for the operations that we make, but exact in numbers.
func applyOperations(doc any, ops []patch.Operation) (any, error) {
	for _, op := range ops {
		segments := strings.Split(op.Path, "/")[1:]
		if op.Path == "" {
			segments = nil
		}
		var err error
		if doc, err = operate(doc, segments, op); err != nil {
			return nil, fmt.Errorf("%s %s: %w", op.Op, op.Path, err)
		}
	}
	return doc, nil
}

func operate(doc any, segments []string, op patch.Operation) (any, error) {
	if len(segments) == 0 {
		if op.Op == "test" {
			if form(doc) != form(op.Value) {
				return nil, fmt.Errorf("test of %s failed: %s", form(op.Value), form(doc))
			}
			return doc, nil
		}
		return op.Value, nil
	}
	key := strings.NewReplacer("~1", "/", "~0", "~").Replace(segments[0])
	switch doc := doc.(type) {
	case map[string]any:
		doc = maps.Clone(doc)
		v, ok := doc[key]
		switch last := len(segments) == 1; {
		case last && op.Op == "remove" && ok:
			delete(doc, key)
			return doc, nil
		case !ok && !(last && op.Op == "add"):
			return nil, fmt.Errorf("no key %q", key)
		}
		v, err := operate(v, segments[1:], op)
		doc[key] = v
		return doc, err
	case []any:
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i > len(doc) {
			return nil, fmt.Errorf("no index %q", key)
		}
		switch last := len(segments) == 1; {
		case last && op.Op == "add":
			return slices.Insert(slices.Clone(doc), i, op.Value), nil
		case i == len(doc):
			return nil, fmt.Errorf("no index %q", key)
		case last && op.Op == "remove":
			return slices.Delete(slices.Clone(doc), i, i+1), nil
		}
		doc = slices.Clone(doc)
		doc[i], err = operate(doc[i], segments[1:], op)
		return doc, err
	}
	return nil, fmt.Errorf("%q in a primitive", key)
}

func TestRFC6902(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, opts := genPair(t)
		p := patch.Diff(a, b, opts...)
		got, err := applyOperations(a, patch.RFC6902(p))
		if err != nil || form(got) != form(b) {
			t.Fatalf("from %s with %s: %s, %v", form(a), form(p), form(got), err)
		}
		got, err = applyOperations(b, patch.RFC6902(patch.Reverse(p)))
		if err != nil || form(got) != form(a) {
			t.Fatalf("back with %s: %s, %v", form(p), form(got), err)
		}
	})
}

// A library that others apply our operations with understands them the same way. It has
// its limits: it takes only objects and arrays, its tests panic on a null in an array
// (v5.9.11), and it does not find the key "".
func TestRFC6902WithOtherLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.MapOfN(rapid.SampledFrom(strs), genValue(3), 1, 5).Draw(t, "a")
		b := mutateObject(t, maps.Clone(a), 4)
		steps := slices.DeleteFunc(patch.RFC6902(patch.Diff(a, b)), func(op patch.Operation) bool {
			return op.Op == "test"
		})
		if slices.ContainsFunc(steps, func(op patch.Operation) bool { return strings.Contains(op.Path+"/", "//") }) {
			t.Skip("the key is empty")
		}
		ops, err := json.Marshal(steps)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := jsonpatch.DecodePatch(ops)
		if err != nil {
			t.Fatalf("%s: %v", ops, err)
		}
		text, err := decoded.Apply(document(a))
		if err != nil {
			t.Fatalf("%s with %s: %v", form(a), ops, err)
		}
		got, err := patch.Decode(text)
		if err != nil || form(got) != form(b) {
			t.Fatalf("%s with %s: %s, want %s, %v", form(a), ops, form(got), form(b), err)
		}
	})
}

// document is v in JSON.
func document(v any) []byte {
	text := form(v)
	return []byte(text[len(`["+",`) : len(text)-1])
}

func TestRFC6902Operations(t *testing.T) {
	tests := []struct{ name, a, b, want string }{
		{"none", `{}`, `{}`, `[]`},
		{"whole value", `1`, `2`, `[{"op":"test","path":"","value":1},{"op":"replace","path":"","value":2}]`},
		{"null", `{}`, `{"a":null}`, `[{"op":"add","path":"/a","value":null}]`},
		{"digits", `{"a":1.0}`, `{"a":1.00}`, `[{"op":"test","path":"/a","value":1.0},{"op":"replace","path":"/a","value":1.00}]`},
		{"escapes", `{"a/b":{"~":1}}`, `{"a/b":{}}`, `[{"op":"test","path":"/a~1b/~0","value":1},{"op":"remove","path":"/a~1b/~0"}]`},
		{"indexes", `["a","b"]`, `["b","c"]`, `[{"op":"test","path":"/0","value":"a"},{"op":"remove","path":"/0"},{"op":"add","path":"/1","value":"c"}]`},
	}
	for _, test := range tests {
		ops, err := json.Marshal(patch.RFC6902(patch.Diff(mustDecode(t, test.a), mustDecode(t, test.b))))
		if err != nil || string(ops) != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.name, ops, err, test.want)
		}
	}
}
