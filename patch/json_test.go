package patch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/exaudit/exaudit/patch"
)

func TestMarshal(t *testing.T) {
	tests := []struct {
		patch patch.Patch
		want  string
	}{
		{nil, `null`},
		{patch.Added{}, `["+",null]`},
		{patch.Removed{Value: num("1.10")}, `["-",1.10]`},
		{patch.Changed{From: "<&>\u2028", To: []any{}}, `["~","<&>` + "\u2028" + `",[]]`},
		{patch.Object{}, `{}`},
		{patch.Object{"b": patch.Added{Value: "x"}, "a": nil}, `{"a":null,"b":["+","x"]}`},
		{patch.List{}, `[]`},
		{patch.List{{0, patch.List{{1, patch.Added{Value: "x"}}}}}, `[[0,[[1,["+","x"]]]]]`},
		{patch.Added{Value: "\x00\x1b\n\t\"\\\u007f"}, `["+","\u0000\u001b\n\t\"\\` + "\u007f" + `"]`},
		{patch.Added{Value: map[string]any{"b": true, "a": map[string]any(nil), "": []any(nil)}}, `["+",{"":[],"a":{},"b":true}]`},
	}
	for _, test := range tests {
		text, err := patch.Marshal(test.patch)
		if err != nil || string(text) != test.want {
			t.Errorf("Marshal(%#v) = %s, %v, want %s", test.patch, text, err, test.want)
		}
		if !json.Valid(text) {
			t.Errorf("%s is not JSON", text)
		}
		if _, err := patch.Unmarshal(text); err != nil {
			t.Error(err)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	deep := any(nil)
	for range 10_000 {
		deep = []any{deep}
	}
	for _, p := range []patch.Patch{
		patch.Added{Value: 1},
		patch.Added{Value: num("")},
		patch.Added{Value: num("01")},
		patch.Added{Value: num("1 ")},
		patch.Added{Value: num("-")},
		patch.Added{Value: num("\"1")},
		patch.Added{Value: "\xff"},
		patch.Added{Value: deep},
		patch.Object{"\xff": nil},
		patch.Object{"a": &patch.Added{}},
		patch.List{{-1, nil}},
	} {
		if text, err := patch.Marshal(p); err == nil {
			t.Errorf("Marshal(%#v) = %s", p, text)
		}
	}
}

func TestMarshalInStruct(t *testing.T) {
	type version struct {
		A, B, Same patch.Patch
		C          patch.Added
		D          patch.Removed
		E          patch.Changed
	}
	text, err := json.Marshal(version{
		A: patch.Object{"a": patch.Changed{From: num("1.0"), To: num("1.00")}},
		B: patch.List{{0, patch.Added{Value: "x"}}},
	})
	want := `{"A":{"a":["~",1.0,1.00]},"B":[[0,["+","x"]]],"Same":null,"C":["+",null],"D":["-",null],"E":["~",null,null]}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, text := range []string{
		``, ` `, `nul`, `null null`, `{} ]`, `true`, `1`, `"+"`, `["+"]`, `["+",1,2]`, `["-"]`, `["~",1]`,
		`["~",1,2,3]`, `["?",1]`, `[1]`, `[null]`, `[{}]`, `[[]]`, `[[0]]`, `[["0",null]]`, `[[0,null,1]]`,
		`[[-1,null]]`, `[[-0,null]]`, `[[1.0,null]]`, `[[1e3,null]]`, `[[9223372036854775808,null]]`,
		`[["+",1]]`, `[[0,["+",1]],["+",1]]`, `{"a":1}`, `{"a":{"b":[[0,"x"]]}}`, `{"a":["+",1]`,
		strings.Repeat(`[`, 10_001) + strings.Repeat(`]`, 10_001),
		strings.Repeat(`[[0,`, 1_000_000),
	} {
		if p, err := patch.Unmarshal([]byte(text)); p != nil || !errors.Is(err, patch.ErrSyntax) {
			t.Errorf("Unmarshal(%.40s) = %#v, %v", text, p, err)
		}
	}
}

func TestUnmarshalTellsWhere(t *testing.T) {
	_, err := patch.Unmarshal([]byte(`{"a":[[3,{"b":["?","\u001b"]}]]}`))
	if want := `patch: invalid syntax: the change of a[3].b is ["?","\u001b"]`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{``, `{`, `1 2`, `{}}`, `01`, `NaN`, `'a'`} {
		if v, err := patch.Decode([]byte(text)); err == nil || !errors.Is(err, patch.ErrSyntax) {
			t.Errorf("Decode(%s) = %v, %v", text, v, err)
		}
	}
}

func TestValue(t *testing.T) {
	v, err := patch.Value(map[string]any{"i": int64(9007199254740993), "f": 1.5, "n": num("1.00"), "s": struct{ A *int }{}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := form(v), `["+",{"f":1.5,"i":9007199254740993,"n":1.00,"s":{"A":null}}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if v, err := patch.Value(func() {}); err == nil {
		t.Errorf("a function is %v", v)
	}
}

func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		`null`, `["+",1.10]`, `["-",null]`, `["~",{"a":1},[]]`, `{"a":["+",1],"b":{"c":["-",2]}}`,
		`[[0,["+",1]],[0,["-",2]],[1,[[0,["~","\u001b","\u202e"]]]]]`, `{}`, `[]`, `[[1e3,null]]`, `["?"]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := patch.Unmarshal(text)
		if err != nil {
			if !errors.Is(err, patch.ErrSyntax) {
				t.Fatalf("%v", err)
			}
			return
		}
		checkRoundTrip(t, p)
		checkReverse(t, p)
		for _, v := range []any{nil, "a", []any{"a", "b"}, map[string]any{"a": "b"}} {
			if _, err := patch.Apply(v, p); err != nil && !errors.Is(err, patch.ErrConflict) {
				t.Fatal(err)
			}
		}
		for line := range strings.Lines(patch.Text(p)) {
			if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q", line)
			}
		}
		if ops, err := json.Marshal(patch.RFC6902(p)); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", ops, err))
		}
	})
}
