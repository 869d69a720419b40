package patch_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/exaudit/exaudit/patch"
	"pgregory.net/rapid"
)

func num(s string) json.Number { return json.Number(s) }

// The cases of ExAudit's own test/diff_test.exs, with its notation beside ours.
func TestExAuditGrammar(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       patch.Patch
	}{
		// {:primitive_change, :foo, :bar}
		{"primitives", `"foo"`, `"bar"`, patch.Changed{From: "foo", To: "bar"}},
		// [{:changed_in_list, 1, {:primitive_change, 2, 4}},
		//  {:changed_in_list, 2, {:primitive_change, 3, 6}},
		//  {:added_to_list, 3, 1}]
		{"lists", `[1,2,3]`, `[1,4,6,1]`, patch.List{
			{1, patch.Changed{From: num("2"), To: num("4")}},
			{2, patch.Changed{From: num("3"), To: num("6")}},
			{3, patch.Added{Value: num("1")}},
		}},
		// [{:changed_in_list, 1, {:primitive_change, 4, 2}},
		//  {:changed_in_list, 2, {:primitive_change, 6, 3}},
		//  {:removed_from_list, 3, 1}]
		{"lists, the other way", `[1,4,6,1]`, `[1,2,3]`, patch.List{
			{1, patch.Changed{From: num("4"), To: num("2")}},
			{2, patch.Changed{From: num("6"), To: num("3")}},
			{3, patch.Removed{Value: num("1")}},
		}},
		// [{:removed_from_list, 0, 1}, {:removed_from_list, 1, 2}]
		{"empty list", `[1,2]`, `[]`, patch.List{
			{0, patch.Removed{Value: num("1")}},
			{1, patch.Removed{Value: num("2")}},
		}},
		// %{foo: {:changed, {:primitive_change, 1, 2}}}
		{"maps", `{"foo":1,"bar":12}`, `{"foo":2,"bar":12}`, patch.Object{
			"foo": patch.Changed{From: num("1"), To: num("2")},
		}},
		// %{foo: {:changed, %{value: {:changed, {:primitive_change, 13, 12}}}},
		//   bar: {:added, 12}, baz: {:removed, 1}}
		{"deep", `{"foo":{"value":13},"baz":1}`, `{"foo":{"value":12},"bar":12}`, patch.Object{
			"foo": patch.Object{"value": patch.Changed{From: num("13"), To: num("12")}},
			"bar": patch.Added{Value: num("12")},
			"baz": patch.Removed{Value: num("1")},
		}},
		// [{:changed_in_list, 0, %{foo: {:changed, [{:added_to_list, 3, 4}]}}}]
		{"map in list", `[{"foo":[1,2,3]}]`, `[{"foo":[1,2,3,4]}]`, patch.List{
			{0, patch.Object{"foo": patch.List{{3, patch.Added{Value: num("4")}}}}},
		}},
		// :not_changed
		{"same primitive", `"foo"`, `"foo"`, nil},
		{"same empty list", `[]`, `[]`, nil},
		{"same list", `[1,2]`, `[1,2]`, nil},
		{"same empty map", `{}`, `{}`, nil},
		{"same map", `{"foo":1}`, `{"foo":1}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := mustDecode(t, test.a), mustDecode(t, test.b)
			if got := patch.Diff(a, b, patch.Positional()); !reflect.DeepEqual(got, test.want) {
				t.Errorf("Diff(Positional) = %s, want %s", form(got), form(test.want))
			}
			checkLaws(t, a, b, patch.Positional())
			checkLaws(t, a, b)
		})
	}
}

func TestDiff(t *testing.T) {
	tests := []struct {
		name, a, b, want string
	}{
		{"null is not absent", `{"a":null}`, `{}`, `{"a":["-",null]}`},
		{"null to value", `{"a":null}`, `{"a":0}`, `{"a":["~",null,0]}`},
		{"scale", `{"a":1.0}`, `{"a":1.00}`, `{"a":["~",1.0,1.00]}`},
		{"beyond float64", `9007199254740993`, `9007199254740992`, `["~",9007199254740993,9007199254740992]`},
		{"exponent", `1e-7`, `0.0000001`, `["~",1e-7,0.0000001]`},
		{"number and string", `1`, `"1"`, `["~",1,"1"]`},
		{"kinds", `{"a":{},"b":[]}`, `{"a":[],"b":{}}`, `{"a":["~",{},[]],"b":["~",[],{}]}`},
		{"insert at the head", `[1,2,3]`, `[0,1,2,3]`, `[[0,["+",0]]]`},
		{"remove the head", `[0,1,2,3]`, `[1,2,3]`, `[[0,["-",0]]]`},
		{"insert one of equals", `[1,1,1]`, `[1,1,1,1]`, `[[3,["+",1]]]`},
		{"move", `["a","b","c"]`, `["b","c","a"]`, `[[0,["-","a"]],[2,["+","a"]]]`},
		{"replace in place", `["a","b","c"]`, `["a","x","c"]`, `[[1,["~","b","x"]]]`},
		{"nested in place", `[{"id":1,"q":1}]`, `[{"id":1,"q":2}]`, `[[0,{"q":["~",1,2]}]]`},
		{"nothing in common", `[{"a":1}]`, `[{"b":1}]`, `[[0,["-",{"a":1}]],[0,["+",{"b":1}]]]`},
		{"object and primitive", `[{"a":1}]`, `[1]`, `[[0,["-",{"a":1}]],[0,["+",1]]]`},
		{
			"insert before what changes", `[{"id":1,"q":1},{"id":2,"q":1}]`,
			`[{"id":9,"q":5},{"id":1,"q":2},{"id":2,"q":1}]`,
			`[[0,["+",{"id":9,"q":5}]],[0,{"q":["~",1,2]}]]`,
		},
		{
			"remove before what changes", `[{"id":9,"q":5},{"id":1,"q":1}]`, `[{"id":1,"q":2}]`,
			`[[0,["-",{"id":9,"q":5}]],[1,{"q":["~",1,2]}]]`,
		},
		{"lists in lists", `[[1,2],[3]]`, `[[0],[1,2],[3,4]]`, `[[0,["+",[0]]],[1,[[1,["+",4]]]]]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := mustDecode(t, test.a), mustDecode(t, test.b)
			if got := form(patch.Diff(a, b)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			checkLaws(t, a, b)
		})
	}
}

func TestPrimitive(t *testing.T) {
	const a, b = `{"geo":{"x":1,"y":2},"l":[{"v":{"n":1}}],"a/b":{"~":[1]}}`, `{"geo":{"x":1,"y":3},"l":[{"v":{"n":2}}],"a/b":{"~":[2]}}`
	const geo, list, odd = `"geo":{"y":["~",2,3]}`, `"l":[[0,{"v":{"n":["~",1,2]}}]]`, `"a/b":{"~":[[0,["~",1,2]]]}`
	tests := []struct {
		name   string
		places []string
		want   string
	}{
		{"none", nil, `{` + odd + `,` + geo + `,` + list + `}`},
		{"all", []string{""}, `["~",{"a/b":{"~":[1]},"geo":{"x":1,"y":2},"l":[{"v":{"n":1}}]},{"a/b":{"~":[2]},"geo":{"x":1,"y":3},"l":[{"v":{"n":2}}]}]`},
		{"key", []string{"/geo"}, `{` + odd + `,"geo":["~",{"x":1,"y":2},{"x":1,"y":3}],` + list + `}`},
		{"without slash", []string{"geo"}, `{` + odd + `,"geo":["~",{"x":1,"y":2},{"x":1,"y":3}],` + list + `}`},
		{"wildcard", []string{"/l/*/v"}, `{` + odd + `,` + geo + `,"l":[[0,{"v":["~",{"n":1},{"n":2}]}]]}`},
		{"index", []string{"/l/0"}, `{` + odd + `,` + geo + `,"l":[[0,["~",{"v":{"n":1}},{"v":{"n":2}}]]]}`},
		{"escapes", []string{"/a~1b/~0"}, `{"a/b":{"~":["~",[1],[2]]},` + geo + `,` + list + `}`},
		{"no such place", []string{"/geo/z", "/l/1", "/x"}, `{` + odd + `,` + geo + `,` + list + `}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := patch.Diff(mustDecode(t, a), mustDecode(t, b), patch.Primitive(test.places...))
			if got := form(p); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestDiffOtherValues(t *testing.T) {
	now := time.Now()
	for _, v := range []any{1, 1.5, now, []int{1}, map[string]int{"a": 1}, struct{ A []int }{[]int{1}}} {
		if p := patch.Diff([]any{v, "x"}, []any{v, "y"}); len(p.(patch.List)) != 1 {
			t.Errorf("%T: %#v", v, p)
		}
		if p, ok := patch.Diff(v, nil).(patch.Changed); !ok || !reflect.DeepEqual(p.From, v) {
			t.Errorf("%T: %#v", v, p)
		}
	}
}

// editCount is the number of additions and removals, a change being one of each.
func editCount(p patch.Patch) int {
	n := 0
	for _, change := range patch.All(p) {
		n++
		if _, ok := change.(patch.Changed); ok {
			n++
		}
	}
	return n
}

// lcsLength is the length of a longest common subsequence, as in any textbook.
func lcsLength(a, b []any) int {
	row := make([]int, len(b)+1)
	for _, v := range a {
		diagonal := 0
		for j, w := range b {
			above := row[j+1]
			if v == w {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

func TestShortestScript(t *testing.T) {
	for _, letters := range []int{2, 3, 5, 50, 1000} {
		t.Run(fmt.Sprint(letters, " letters"), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				element := rapid.Map(rapid.IntRange(1, letters), func(n int) any { return num(fmt.Sprint(n)) })
				a := rapid.SliceOfN(element, 0, 60).Draw(t, "a")
				b := rapid.SliceOfN(element, 0, 60).Draw(t, "b")
				got, want := editCount(patch.Diff(a, b)), len(a)+len(b)-2*lcsLength(a, b)
				if got != want {
					t.Fatalf("%d edits, want %d: %s", got, want, form(patch.Diff(a, b)))
				}
			})
		})
	}
}

func TestShortestScriptOfPermutations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := make([]any, rapid.IntRange(0, 100).Draw(t, "n"))
		for i := range a {
			a[i] = num(fmt.Sprint(i))
		}
		b := rapid.Permutation(a).Draw(t, "b")
		got, want := editCount(patch.Diff(a, b)), 2*(len(a)-lcsLength(a, b))
		if got != want {
			t.Fatalf("%d edits, want %d", got, want)
		}
	})
}

// In a long stretch of elements that all changed, partners are taken as they come.
func TestLongStretch(t *testing.T) {
	a, b := list(50, item), list(50, item)
	for i := range b {
		b[i].(map[string]any)["price"] = num("1.100")
	}
	p := patch.Diff(append(a, "x"), append(b, []any{}))
	if edits := p.(patch.List); len(edits) != 52 || form(edits[49].Change) != `{"price":["~",1.10,1.100]}` {
		t.Error(form(p))
	}
}

// Beyond the bound of the search, the script is still right.
func TestVeryDifferentLists(t *testing.T) {
	for _, period := range []int{7, 100, 4999} {
		a, b := make([]any, 10_000), make([]any, 10_000)
		for i := range a {
			a[i] = num(fmt.Sprint(i % period))
			b[i] = num(fmt.Sprint(i * i % period))
		}
		p := patch.Diff(a, b)
		checkApply(t, a, p, b)
		checkApply(t, b, patch.Reverse(p), a)
		t.Logf("period %d: %d edits", period, editCount(p))
	}
}

// A chain of lists as deep as can be decoded must neither overflow the stack nor take
// quadratic time.
func TestDeepNesting(t *testing.T) {
	a, b := any(num("1")), any(num("2"))
	for range 4_000 {
		a, b = []any{a, "x", "y"}, []any{"z", b, "x"}
	}
	checkLaws(t, a, b)
}
