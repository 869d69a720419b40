package patch_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/exaudit/exaudit/patch"
)

func TestText(t *testing.T) {
	tests := []struct {
		name, a, b string
		opts       []patch.TextOption
		want       string
	}{
		{"nothing", `{"a":1}`, `{"a":1}`, nil, ""},
		{
			"all kinds", `{"status":"new","discount":5,"address":{"city":"A"},"items":[{"sku":"y"}]}`,
			`{"status":"paid","note":"hi","address":{"city":"B"},"items":[{"sku":"x"},{"sku":"y"}]}`, nil,
			`~ address.city: "A" → "B"
- discount: 5
+ items[0]: {"sku":"x"}
+ note: "hi"
~ status: "new" → "paid"
`,
		},
		{"whole value", `1.0`, `1.00`, nil, "~ 1.0 → 1.00\n"},
		{"list", `[1]`, `[1,[2]]`, nil, "+ [1]: [2]\n"},
		{
			"keys", `{}`, `{"a b":1,"":2,"ä1":3,"1a":4,"a.b":{"c":5},"\u001b":6}`, nil,
			`+ "": 2
+ "\u001b": 6
+ "1a": 4
+ "a b": 1
+ "a.b": {"c":5}
+ ä1: 3
`,
		},
		{"nested odd key", `{"x":{"a.b":[1]}}`, `{"x":{"a.b":[]}}`, nil, `- x."a.b"[0]: 1` + "\n"},
		{
			"what does not print", `null`, `"\u0000\u001b[31m\r\n\u0085\u009b\u202e\u2028\u200b\ufeff\u00a0\u007f` + "\U000e0001" + `日"`, nil,
			`~ null → "\u0000\u001b[31m\u000d\n\u0085\u009b\u202e\u2028\u200b\ufeff\u00a0\u007f\udb40\udc01日"` + "\n",
		},
		{"colour", `{"a":1,"b":1}`, `{"b":2,"c":3}`, []patch.TextOption{patch.Color()}, "\x1b[31m- a: 1\x1b[0m\n\x1b[33m~ b: 1 → 2\x1b[0m\n\x1b[32m+ c: 3\x1b[0m\n"},
		{"shortened", `["日本日本","abc"]`, `["日本日","ab"]`, []patch.TextOption{patch.Shorten(5)}, "~ [0]: \"日本日本… → \"日本日\"\n~ [1]: \"abc\" → \"ab\"\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := patch.Text(patch.Diff(mustDecode(t, test.a), mustDecode(t, test.b)), test.opts...)
			if got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

func TestTextOfOtherValues(t *testing.T) {
	p := patch.Changed{From: num("\x1b[31m"), To: errors.New("x\x1b")}
	if got, want := patch.Text(p), `~ "\u001b[31m" → "x\u001b"`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

var errFull = errors.New("full")

func TestWriteTextFails(t *testing.T) {
	if err := patch.WriteText(failing{}, patch.Added{}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
	if err := patch.WriteText(failing{}, nil); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestAll(t *testing.T) {
	p := patch.Object{
		"b": patch.List{{2, patch.Removed{Value: "x"}}, {2, patch.Object{"c": patch.Changed{From: "x", To: "y"}}}},
		"a": patch.Added{Value: []any{"x"}},
		"e": nil, "f": patch.Object{},
	}
	var paths []patch.Path
	for path := range patch.All(p) {
		paths = append(paths, path)
	}
	if want := []patch.Path{{"a"}, {"b", 2}, {"b", 2, "c"}}; !reflect.DeepEqual(paths, want) {
		t.Errorf("got %v, want %v", paths, want)
	}
	for range patch.All(p) {
		break // must not go on
	}
}

func TestPath(t *testing.T) {
	tests := []struct {
		path           patch.Path
		shown, pointer string
	}{
		{nil, "", ""},
		{patch.Path{"a", 0, "b"}, "a[0].b", "/a/0/b"},
		{patch.Path{0, 1}, "[0][1]", "/0/1"},
		{patch.Path{"a/b", "m~n", "", "~1"}, `"a/b"."m~n".""."~1"`, "/a~1b/m~0n//~01"},
	}
	for _, test := range tests {
		if got := test.path.String(); got != test.shown {
			t.Errorf("got %s, want %s", got, test.shown)
		}
		if got := test.path.Pointer(); got != test.pointer {
			t.Errorf("got %s, want %s", got, test.pointer)
		}
	}
}
