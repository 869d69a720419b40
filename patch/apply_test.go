package patch_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/exaudit/exaudit/patch"
	"pgregory.net/rapid"
)

func TestApplyConflicts(t *testing.T) {
	one := num("1")
	tests := []struct {
		name, value string
		patch       patch.Patch
		want        patch.ConflictError
		message     string
	}{
		{
			"other value", `{"a":{"b":1.0}}`, patch.Object{"a": patch.Object{"b": patch.Changed{From: num("1.00"), To: one}}},
			patch.ConflictError{Path: patch.Path{"a", "b"}, Want: num("1.00"), Found: num("1.0")},
			`patch: conflict at a.b: want 1.00, found 1.0`,
		},
		{
			"root", `"x"`, patch.Changed{From: "y", To: "z"},
			patch.ConflictError{Want: "y", Found: "x"},
			`patch: conflict at the whole value: want "y", found "x"`,
		},
		{
			"key is there", `{"a":null}`, patch.Object{"a": patch.Added{Value: one}},
			patch.ConflictError{Path: patch.Path{"a"}, Want: patch.Nothing, Found: nil},
			`patch: conflict at a: want nothing, found null`,
		},
		{
			"key is absent", `{}`, patch.Object{"a b": patch.Removed{Value: nil}},
			patch.ConflictError{Path: patch.Path{"a b"}, Want: nil, Found: patch.Nothing},
			`patch: conflict at "a b": want null, found nothing`,
		},
		{
			"key to descend into is absent", `{}`, patch.Object{"a": patch.Object{}},
			patch.ConflictError{Path: patch.Path{"a"}, Want: patch.Note("an object"), Found: patch.Nothing},
			`patch: conflict at a: want an object, found nothing`,
		},
		{
			"list to descend into is absent", `[]`, patch.List{{0, patch.List{}}},
			patch.ConflictError{Path: patch.Path{0}, Want: patch.Note("a list"), Found: patch.Note("the end of the list")},
			`patch: conflict at [0]: want a list, found the end of the list`,
		},
		{
			"not an object", `[]`, patch.Object{},
			patch.ConflictError{Want: patch.Note("an object"), Found: []any{}},
			`patch: conflict at the whole value: want an object, found []`,
		},
		{
			"not a list", `{"a":"x"}`, patch.Object{"a": patch.List{}},
			patch.ConflictError{Path: patch.Path{"a"}, Want: patch.Note("a list"), Found: "x"},
			`patch: conflict at a: want a list, found "x"`,
		},
		{
			"other element", `[1,2]`, patch.List{{1, patch.Removed{Value: one}}},
			patch.ConflictError{Path: patch.Path{1}, Want: one, Found: num("2")},
			`patch: conflict at [1]: want 1, found 2`,
		},
		{
			"beyond the end", `[1]`, patch.List{{1, patch.Removed{Value: one}}},
			patch.ConflictError{Path: patch.Path{1}, Want: one, Found: patch.Note("the end of the list")},
			`patch: conflict at [1]: want 1, found the end of the list`,
		},
		{
			"added beyond the end", `[1]`, patch.List{{2, patch.Added{Value: one}}},
			patch.ConflictError{Path: patch.Path{2}, Want: patch.Nothing, Found: patch.Note("the end of the list")},
			`patch: conflict at [2]: want nothing, found the end of the list`,
		},
		{
			"out of order", `[1,1]`, patch.List{{1, patch.Removed{Value: one}}, {0, patch.Removed{Value: one}}},
			patch.ConflictError{Path: patch.Path{0}, Want: patch.Note("edits in the order of the list"), Found: patch.Note("an index that is too low")},
			`patch: conflict at [0]: want edits in the order of the list, found an index that is too low`,
		},
		{
			"created twice", `{}`, patch.Added{Value: map[string]any{}},
			patch.ConflictError{Want: patch.Nothing, Found: map[string]any{}},
			`patch: conflict at the whole value: want nothing, found {}`,
		},
		{
			"pointer", `{"a":1}`, patch.Object{"a": &patch.Changed{From: one, To: one}},
			patch.ConflictError{Path: patch.Path{"a"}, Want: patch.Note("a patch of a known type"), Found: patch.Note("*patch.Changed")},
			`patch: conflict at a: want a patch of a known type, found *patch.Changed`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := patch.Apply(mustDecode(t, test.value), test.patch)
			if v != nil || !errors.Is(err, patch.ErrConflict) {
				t.Fatalf("Apply = %v, %v", v, err)
			}
			var got *patch.ConflictError
			if !errors.As(err, &got) || !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got %#v, want %#v", got, test.want)
			}
			if err.Error() != test.message {
				t.Errorf("got  %s\nwant %s", err, test.message)
			}
		})
	}
}

func TestApplyWholeValue(t *testing.T) {
	checkApply(t, nil, patch.Added{Value: "x"}, "x")
	checkApply(t, "x", patch.Removed{Value: "x"}, nil)
	checkApply(t, "x", nil, "x")
	checkApply(t, "x", patch.Reverse(nil), "x")
}

func TestApplySkipsUnchangedParts(t *testing.T) {
	checkApply(t, map[string]any{"a": "b"}, patch.Object{"a": nil, "x": nil}, map[string]any{"a": "b"})
	checkApply(t, []any{"a"}, patch.List{{5, nil}}, []any{"a"})
}

func genPatch(depth int) *rapid.Generator[patch.Patch] {
	leaves := []*rapid.Generator[patch.Patch]{
		rapid.Just[patch.Patch](nil),
		rapid.Map(genValue(1), func(v any) patch.Patch { return patch.Added{Value: v} }),
		rapid.Map(genValue(1), func(v any) patch.Patch { return patch.Removed{Value: v} }),
		rapid.Map(genValue(1), func(v any) patch.Patch { return patch.Changed{From: v, To: v} }),
		rapid.Just[patch.Patch](&patch.Added{}),
		rapid.Just[patch.Patch]((*patch.List)(nil)),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	below := genPatch(depth - 1)
	index := rapid.OneOf(rapid.IntRange(-1, 5), rapid.SampledFrom([]int{math.MinInt, math.MaxInt}))
	edit := rapid.Custom(func(t *rapid.T) patch.Edit {
		return patch.Edit{Index: index.Draw(t, "index"), Change: below.Draw(t, "change")}
	})
	return rapid.OneOf(append(leaves,
		rapid.Map(rapid.SliceOfN(edit, 0, 5), func(l []patch.Edit) patch.Patch { return patch.List(l) }),
		rapid.Map(rapid.MapOfN(rapid.SampledFrom(strs), below, 0, 5), func(m map[string]patch.Patch) patch.Patch { return patch.Object(m) }),
	)...)
}

// Whatever a patch is, nothing panics, and there is either a result or a conflict.
func TestAnyPatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, p := genValue(3).Draw(t, "v"), genPatch(3).Draw(t, "p")
		before := form(v)
		if _, err := patch.Apply(v, p); err != nil && !errors.Is(err, patch.ErrConflict) {
			t.Fatal(err)
		}
		if form(v) != before {
			t.Fatalf("%s was modified to %s", before, form(v))
		}
		if again := patch.Reverse(patch.Reverse(p)); !reflect.DeepEqual(again, p) {
			t.Fatalf("Reverse(Reverse(%#v)) = %#v", p, again)
		}
		patch.Text(p, patch.Color(), patch.Shorten(3))
		patch.RFC6902(p)
		if text, err := patch.Marshal(p); err == nil {
			if _, err := patch.Unmarshal(text); err != nil {
				t.Fatalf("Unmarshal(%s): %v", text, err)
			}
		}
	})
}
