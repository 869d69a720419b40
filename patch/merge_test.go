package patch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/patch"
	"pgregory.net/rapid"
)

func TestMerge(t *testing.T) {
	for _, c := range []struct{ name, base, ours, theirs, want, conflicts string }{
		{"other keys", `{"a":1,"b":1}`, `{"a":2,"b":1}`, `{"a":1,"b":0}`, `{"a":2,"b":0}`, ``},
		{"same change", `{"a":1}`, `{"a":2}`, `{"a":2}`, `{"a":2}`, ``},
		{"digits", `{"a":1.0}`, `{"a":1.00}`, `{"a":1}`, `{"a":1.00}`, `a: was 1.0, is now 1.00, would become 1`},
		{"nested", `{"i":{"s":{"c":"U","z":1}}}`, `{"i":{"s":{"c":"L","z":1}}}`, `{"i":{"s":{"c":"M","z":0}}}`,
			`{"i":{"s":{"c":"L","z":0}}}`, `i.s.c: was "U", is now "L", would become "M"`},
		{"key removed and changed", `{"a":1}`, `{}`, `{"a":0}`, `{}`, `a: was 1, is now nothing, would become 0`},
		{"key changed and removed", `{"a":1}`, `{"a":2}`, `{}`, `{"a":2}`, `a: was 1, is now 2, would become nothing`},
		{"key added twice", `{}`, `{"a":2}`, `{"a":null}`, `{"a":2}`, `a: was nothing, is now 2, would become null`},
		{"key removed by both", `{"a":1,"b":1}`, `{"b":1}`, `{"b":2}`, `{"b":2}`, ``},
		{"kinds", `{"a":[]}`, `{"a":{}}`, `{"a":[1]}`, `{"a":{}}`, `a: was [], is now {}, would become [1]`},
		{"other elements", `["a","b","c"]`, `["x","a","b","c"]`, `["a","c"]`, `["x","a","c"]`, ``},
		{"within an element", `[{"s":"a","q":1,"p":1}]`, `[{"s":"n"},{"s":"a","q":2,"p":1}]`, `[{"s":"a","q":1,"p":0}]`,
			`[{"s":"n"},{"s":"a","q":2,"p":0}]`, ``},
		{"index of ours", `[{"s":"a","q":1}]`, `[true,{"s":"a","q":2}]`, `[{"s":"a","q":0}]`,
			`[true,{"s":"a","q":2}]`, `[1].q: was 1, is now 2, would become 0`},
		{"element changed and removed", `[1,{"a":1,"b":1}]`, `[1,{"a":1,"b":2}]`, `[1]`, `[1,{"a":1,"b":2}]`,
			`[1]: was {"a":1,"b":1}, is now {"a":1,"b":2}, would become nothing`},
		{"element removed and changed", `[1,{"a":1,"b":1},3]`, `[1,3]`, `[1,{"a":1,"b":0},3]`, `[1,3]`,
			`[1]: was {"a":1,"b":1}, is now nothing, would become {"a":1,"b":0}`},
		{"element removed by both", `[1,2,3]`, `[1,3,4]`, `[0,1,3]`, `[0,1,3,4]`, ``},
		{"same addition", `[1]`, `[1,2]`, `[1,2]`, `[1,2]`, ``},
		{"additions at a place", `[1]`, `[1,"o","s"]`, `[1,"t","s"]`, `[1,"t","o","s"]`, ``},
		{"additions at places", `[1]`, `[1,2]`, `[2,1]`, `[2,1,2]`, ``},
		{"ours moved, theirs changed", `[{"a":1,"b":1},2,3]`, `[2,3,{"a":1,"b":1}]`, `[{"a":1,"b":0},2,3]`, `[2,3,{"a":1,"b":0}]`, ``},
		{"theirs moved, ours changed", `[{"a":1,"b":1},2,3]`, `[{"a":1,"b":2},2,3]`, `[2,3,{"a":1,"b":1}]`, `[2,3,{"a":1,"b":2}]`, ``},
		{"ours moved, theirs removed", `[1,2,3]`, `[2,3,1]`, `[2,3]`, `[2,3]`, ``},
		{"theirs moved, ours removed", `[1,2,3]`, `[2,3]`, `[2,3,1]`, `[2,3]`, ``},
		{"moved alike", `[1,2,3]`, `[2,3,1,4]`, `[0,2,3,1]`, `[0,2,3,1,4]`, ``},
		{"moved apart", `{"l":[1,2,3,4]}`, `{"l":[2,1,3,4]}`, `{"l":[2,3,4,1]}`, `{"l":[2,1,3,4]}`,
			`l: was [1,2,3,4], is now [2,1,3,4], would become [2,3,4,1]`},
		{"moved and added again", `["x","a"]`, `["x","a","x"]`, `["a","x"]`, `["a","x","x"]`, ``},
		{"whole", `1`, `2`, `3`, `2`, `was 1, is now 2, would become 3`},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, ours, theirs := mustDecode(t, c.base), mustDecode(t, c.ours), mustDecode(t, c.theirs)
			got, conflicts := patch.Merge(base, ours, theirs)
			if want := mustDecode(t, c.want); form(got) != form(want) {
				t.Errorf("got %s, want %s", form(got), form(want))
			}
			if text := lines(conflicts); text != c.conflicts {
				t.Errorf("conflicts:\n%s\nwant:\n%s", text, c.conflicts)
			}
		})
	}
}

func lines(conflicts []patch.Conflict) string {
	var text []string
	for _, c := range conflicts {
		text = append(text, c.String())
	}
	return strings.Join(text, "\n")
}

func TestMergeOptions(t *testing.T) {
	base, ours, theirs := mustDecode(t, `{"p":[1,1],"q":1}`), mustDecode(t, `{"p":[2,1],"q":1}`), mustDecode(t, `{"p":[1,0],"q":0}`)
	for _, c := range []struct {
		name, want, conflicts string
		opts                  []patch.MergeOption
	}{
		{"none", `{"p":[2,0],"q":0}`, ``, nil},
		{"primitive", `{"p":[2,1],"q":0}`, `p: was [1,1], is now [2,1], would become [1,0]`, []patch.MergeOption{patch.Primitive("p")}},
		{"overwrite", `{"p":[1,0],"q":0}`, `p: was [1,1], is now [2,1], would become [1,0]`,
			[]patch.MergeOption{patch.Primitive("p"), patch.Overwrite()}},
	} {
		got, conflicts := patch.Merge(base, ours, theirs, c.opts...)
		if want := mustDecode(t, c.want); form(got) != form(want) || lines(conflicts) != c.conflicts {
			t.Errorf("%s: got %s, conflicts %s", c.name, form(got), lines(conflicts))
		}
	}
	got, conflicts := patch.Merge([]any{"a", "b"}, []any{"b", "a"}, []any{"a", "b", "c"}, patch.Positional())
	if form(got) != form([]any{"b", "a", "c"}) || conflicts != nil {
		t.Errorf("positional: got %s, conflicts %s", form(got), lines(conflicts))
	}
}

func genMerge(t *rapid.T) (base, ours, theirs any, opts []patch.MergeOption) {
	base, ours, diffOpts := genPair(t)
	for _, opt := range diffOpts {
		opts = append(opts, opt)
	}
	return base, ours, mutate(t, base, 4), opts
}

// checkMerge checks what holds for any three values.
func checkMerge(t failer, base, ours, theirs any, opts ...patch.MergeOption) {
	t.Helper()
	before := form([]any{base, ours, theirs})
	merge := func(b, o, t any) (string, string) {
		merged, conflicts := patch.Merge(b, o, t, opts...)
		return form(merged), lines(conflicts)
	}
	for _, law := range []struct{ b, o, t, want any }{
		{base, base, theirs, theirs}, {base, ours, base, ours}, {base, ours, ours, ours},
	} {
		if got, conflicts := merge(law.b, law.o, law.t); got != form(law.want) || conflicts != "" {
			t.Fatalf("Merge(%s, %s, %s) = %s, %s", form(law.b), form(law.o), form(law.t), got, conflicts)
		}
	}
	got, conflicts := merge(base, ours, theirs)
	if again, same := merge(base, ours, theirs); again != got || same != conflicts {
		t.Fatalf("not the same again for %s", before)
	}
	_, mirrored := patch.Merge(base, theirs, ours, opts...)
	if (conflicts == "") != (mirrored == nil) {
		t.Fatalf("a conflict one way only for %s", before)
	}
	if form([]any{base, ours, theirs}) != before {
		t.Fatalf("an argument was modified: %s", before)
	}
}

func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, ours, theirs, opts := genMerge(t)
		checkMerge(t, base, ours, theirs, opts...)
	})
}

// The path of a conflict leads to its value in ours, and the two ways to resolve conflicts
// differ just when there is one.
func TestMergeKeepsOurs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, ours, theirs, opts := genMerge(t)
		kept, conflicts := patch.Merge(base, ours, theirs, opts...)
		taken, same := patch.Merge(base, ours, theirs, append(opts, patch.Overwrite())...)
		if lines(conflicts) != lines(same) {
			t.Fatalf("conflicts %s and %s", lines(conflicts), lines(same))
		}
		if (form(kept) == form(taken)) != (conflicts == nil) {
			t.Fatalf("%s and %s with conflicts %s", form(kept), form(taken), lines(conflicts))
		}
		for _, c := range conflicts {
			if c.Ours == patch.Nothing {
				continue
			}
			if v := at(ours, c.Path); form(v) != form(c.Ours) {
				t.Fatalf("at %v is %s, not %s", c.Path, form(v), form(c.Ours))
			}
		}
	})
}

func at(v any, path patch.Path) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

// Lists of different elements: nothing is lost and nothing doubled.
func TestMergeLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		base := list(n, func(i int) any { return fmt.Sprint("b", i) })
		edit := func(name string) []any {
			l := base
			if rapid.Bool().Draw(t, "permute") {
				l = rapid.Permutation(base).Draw(t, "order")
			}
			l = slices.Clone(l[rapid.IntRange(0, min(2, n)).Draw(t, "drop"):])
			for i := range rapid.IntRange(0, 3).Draw(t, "new") {
				l = slices.Insert(l, rapid.IntRange(0, len(l)).Draw(t, "place"), any(fmt.Sprint(name, i)))
			}
			return l
		}
		ours, theirs := edit("o"), edit("t")
		merged, conflicts := patch.Merge(base, ours, theirs)
		count := make(map[any]int)
		for _, v := range merged.([]any) {
			if count[v]++; count[v] > 1 {
				t.Fatalf("%v is there twice in %v", v, merged)
			}
		}
		for _, v := range ours {
			if !slices.Contains(base, v) && count[v] == 0 {
				t.Fatalf("%v of ours is lost in %v", v, merged)
			}
			if conflicts == nil && slices.Contains(theirs, v) && count[v] == 0 {
				t.Fatalf("%v of both is lost in %v", v, merged)
			}
		}
		if conflicts != nil {
			return
		}
		for _, v := range theirs {
			if !slices.Contains(base, v) && count[v] == 0 {
				t.Fatalf("%v of theirs is lost in %v", v, merged)
			}
		}
		mirrored, _ := patch.Merge(base, theirs, ours)
		if !sameElements(merged.([]any), mirrored.([]any)) {
			t.Fatalf("%v, and the other way %v", merged, mirrored)
		}
	})
}

func sameElements(a, b []any) bool {
	forms := func(l []any) []string {
		out := make([]string, len(l))
		for i, v := range l {
			out[i] = form(v)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(forms(a), forms(b))
}

func TestConflictJSON(t *testing.T) {
	c := patch.Conflict{Path: patch.Path{"a b", 3, "x"}, Base: nil, Ours: patch.Nothing, Theirs: json.Number("1.0")}
	text, err := json.Marshal(c)
	if want := `{"base":null,"path":["a b",3,"x"],"theirs":1.0}`; err != nil || string(text) != want {
		t.Fatalf("got %s, %v, want %s", text, err, want)
	}
	var back patch.Conflict
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.String() != c.String() || !slices.Equal(back.Path, c.Path) {
		t.Errorf("got %v back, want %v", back, c)
	}
	for _, text := range []string{`1`, `{}`, `{"path":1}`, `{"path":[-1]}`, `{"path":[1.5]}`, `{"path":[null]}`} {
		if err := json.Unmarshal([]byte(text), &back); !errors.Is(err, patch.ErrSyntax) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte(`{"a":[1,2]}`), []byte(`{"a":[2,1]}`), []byte(`{"a":[1,3,2]}`))
	f.Add([]byte(`[{"a":1},2]`), []byte(`[2,{"a":1}]`), []byte(`[{"a":2},2]`))
	f.Add([]byte(`[1,1,2,1]`), []byte(`[1,2,1,1]`), []byte(`[2,1]`))
	f.Fuzz(func(t *testing.T, b, o, th []byte) {
		var values [3]any
		for i, text := range [][]byte{b, o, th} {
			v, err := patch.Decode(text)
			if err != nil {
				return
			}
			values[i] = v
		}
		checkMerge(t, values[0], values[1], values[2])
		checkMerge(t, values[0], values[1], values[2], patch.Positional())
	})
}
