package patch_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/exaudit/exaudit/patch"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, base, ours, theirs, want, overlaps string }{
		{"other keys", `{"a":1,"b":1}`, `{"a":2,"b":1,"c":3}`, `{"a":1,"b":2}`, `{"a":2,"b":2,"c":3}`, ``},
		{"the same change", `{"a":1}`, `{"a":2}`, `{"a":2}`, `{"a":2}`, ``},
		{"nested", `{"to":{"city":"Lund","zip":"1"}}`, `{"to":{"city":"Lund","zip":"2"}}`, `{"to":{"city":"Uppsala","zip":"1"}}`, `{"to":{"city":"Uppsala","zip":"2"}}`, ``},
		{"changed twice", `{"a":1}`, `{"a":2}`, `{"a":3}`, `{"a":2}`, `a: was 1, is 2, would become 3`},
		{"removed and changed", `{"a":1}`, `{"a":2}`, `{}`, `{"a":2}`, `a: was 1, is 2, would become nothing`},
		{"changed and removed", `{"a":1}`, `{}`, `{"a":2}`, `{}`, `a: was 1, is nothing, would become 2`},
		{"added twice", `{}`, `{"a":1}`, `{"a":2}`, `{"a":1}`, `a: was nothing, is 1, would become 2`},
		{"numbers are as written", `{"a":1.0}`, `{"a":1.00}`, `{"a":1.000}`, `{"a":1.00}`, `a: was 1.0, is 1.00, would become 1.000`},
		{"a list whose addition is taken back", `["a","b"]`, `["a","b","c"]`, `["a"]`, `["a","c"]`, ``},
		{"a list whose removal is taken back", `["a"]`, `["a","c"]`, `["a","b"]`, `["a","b","c"]`, ``},
		{"both add the same", `["a"]`, `["a","b"]`, `["b","a","b"]`, `["b","a","b"]`, ``},
		{"elements of a list", `[{"id":1,"n":1},{"id":2,"n":1}]`, `[{"id":1,"n":2},{"id":2,"n":1}]`, `[{"id":1,"n":1},{"id":2,"n":3}]`, `[{"id":1,"n":2},{"id":2,"n":3}]`, ``},
		{"an element in both", `[{"id":1,"n":1,"m":1}]`, `[0,{"id":1,"n":2,"m":1}]`, `[{"id":1,"n":3,"m":3}]`, `[0,{"id":1,"n":2,"m":3}]`, `[1].n: was 1, is 2, would become 3`},
		{"an element removed and changed", `["x",{"id":1,"n":1}]`, `["x",{"id":1,"n":2}]`, `["x"]`, `["x",{"id":1,"n":2}]`, `[1]: was {"id":1,"n":1}, is {"id":1,"n":2}, would become nothing`},
		{"an element that ours moved is taken back", `["a","b","c"]`, `["c","a","b"]`, `["a","b"]`, `["a","b"]`, ``},
		{"an element that ours moved is changed", `[{"id":1,"n":1},2,3]`, `[2,3,{"id":1,"n":1}]`, `[{"id":1,"n":5},2,3]`, `[2,3,{"id":1,"n":5}]`, ``},
		{"moved by both", `["a","b","c"]`, `["b","c","a"]`, `["b","a","c"]`, `["b","c","a"]`, ``},
		{"removed and moved", `["a","b","c"]`, `["b","c"]`, `["b","c","a"]`, `["b","c"]`, ``},
		{"kinds", `{"a":1}`, `[1]`, `{"a":2}`, `[1]`, `the whole value: was {"a":1}, is [1], would become {"a":2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			merged, overlaps := patch.Merge(mustDecode(t, c.base), mustDecode(t, c.ours), mustDecode(t, c.theirs))
			if want := mustDecode(t, c.want); !reflect.DeepEqual(merged, want) {
				t.Errorf("merged %v, want %v", merged, want)
			}
			text := ""
			for _, o := range overlaps {
				text += o.String()
			}
			if text != c.overlaps {
				t.Errorf("overlaps %q, want %q", text, c.overlaps)
			}
		})
	}
}

func TestMergeTakesTheirs(t *testing.T) {
	t.Parallel()
	merged, overlaps := patch.Merge(mustDecode(t, `{"a":1,"b":1,"c":1}`), mustDecode(t, `{"a":2,"b":2}`), mustDecode(t, `{"a":3,"b":1,"c":2}`), patch.TakeTheirs())
	if want := mustDecode(t, `{"a":3,"b":2,"c":2}`); !reflect.DeepEqual(merged, want) || len(overlaps) != 2 {
		t.Errorf("merged %v with %v", merged, overlaps)
	}
}

func TestOverlapJSON(t *testing.T) {
	t.Parallel()
	o := patch.Overlap{Path: patch.Path{"a", 3, "b"}, Base: json.Number("9007199254740993"), Ours: nil, Theirs: patch.Nothing}
	encoded, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"path":["a",3,"b"],"base":9007199254740993,"ours":null}`; string(encoded) != want {
		t.Errorf("%s, want %s", encoded, want)
	}
	var again patch.Overlap
	if err := json.Unmarshal(encoded, &again); err != nil || !reflect.DeepEqual(again, o) {
		t.Errorf("%#v, %v, want %#v", again, err, o)
	}
}

// The laws of Merge, on values that are near each other.
func TestMergeLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := genValue(4).Draw(t, "base")
		o, x := mutate(t, b, 4), mutate(t, b, 4)
		for _, law := range []struct {
			name               string
			base, ours, theirs any
			want               any
		}{{"Merge(b, b, t)", b, b, x, x}, {"Merge(b, o, b)", b, o, b, o}, {"Merge(b, x, x)", b, x, x, x}} {
			merged, overlaps := patch.Merge(law.base, law.ours, law.theirs)
			if form(merged) != form(law.want) || overlaps != nil {
				t.Fatalf("%s of %v, %v, %v gave %v with %v, want %v", law.name, law.base, law.ours, law.theirs, merged, overlaps, law.want)
			}
		}
		first, overlaps := patch.Merge(b, o, x)
		again, same := patch.Merge(b, o, x)
		if form(first) != form(again) || !reflect.DeepEqual(overlaps, same) {
			t.Fatal("not the same twice")
		}
	})
}

// Nothing of ours is lost: what base does not have is in the result, as often.
func TestMergeOfListsLosesNothing(t *testing.T) {
	t.Parallel()
	element := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
	rapid.Check(t, func(t *rapid.T) {
		lists := make([][]any, 3)
		count := make([]map[any]int, 4)
		for i := range lists {
			for _, v := range rapid.SliceOfN(element, 0, 8).Draw(t, fmt.Sprint("list", i)) {
				lists[i] = append(lists[i], v)
			}
			count[i] = counted(lists[i])
		}
		merged, overlaps := patch.Merge(asList(lists[0]), asList(lists[1]), asList(lists[2]))
		count[3] = counted(merged.([]any))
		for v, n := range count[1] {
			if base := count[0][v]; n > base && count[3][v] < n-base {
				t.Fatalf("base %v, ours %v, theirs %v: %v lost in %v (%v)", lists[0], lists[1], lists[2], v, merged, overlaps)
			}
		}
		for v, n := range count[3] {
			most := max(count[0][v], count[1][v]+max(0, count[2][v]-count[0][v]), count[2][v]+max(0, count[1][v]-count[0][v]))
			if n > most {
				t.Fatalf("base %v, ours %v, theirs %v: %v %d times in %v (%v)", lists[0], lists[1], lists[2], v, n, merged, overlaps)
			}
		}
	})
}

// Changes of different elements of a list with ids never meet.
func TestMergeOfDistantElements(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 12).Draw(t, "n")
		list := func() []any {
			l := make([]any, n)
			for i := range l {
				l[i] = map[string]any{"id": json.Number(fmt.Sprint(i)), "v": json.Number("0")}
			}
			return l
		}
		base, ours, theirs, want := list(), list(), list(), list()
		for i := range n {
			side := rapid.IntRange(0, 2).Draw(t, "side")
			for _, l := range [][][]any{{}, {ours, want}, {theirs, want}}[side] {
				l[i] = map[string]any{"id": json.Number(fmt.Sprint(i)), "v": json.Number("7")}
			}
		}
		merged, overlaps := patch.Merge(base, ours, theirs)
		if !reflect.DeepEqual(merged, any(want)) || overlaps != nil {
			t.Fatalf("merged %v with %v, want %v", merged, overlaps, want)
		}
	})
}

func counted(list []any) map[any]int {
	n := make(map[any]int)
	for _, v := range list {
		n[v]++
	}
	return n
}

func asList(l []any) []any { return slices.Concat([]any{}, l) }

func BenchmarkMerge(b *testing.B) {
	list := func(change int) []any {
		l := make([]any, 10_000)
		for i := range l {
			l[i] = map[string]any{"id": json.Number(fmt.Sprint(i)), "v": json.Number("0")}
		}
		for i := range 10 {
			l[change+i*900] = map[string]any{"id": json.Number(fmt.Sprint(change + i*900)), "v": json.Number("7")}
		}
		return l
	}
	base, ours, theirs := list(0), list(100), list(200)
	for b.Loop() {
		patch.Merge(base, ours, theirs)
	}
}
