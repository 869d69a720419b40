package patch_test

import (
	"reflect"
	"testing"

	"github.com/exaudit/exaudit/patch"
	"pgregory.net/rapid"
)

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkLaws checks all that the package promises about the patch from a to b.
func checkLaws(t failer, a, b any, opts ...patch.Option) {
	t.Helper()
	before, after := form(a), form(b)
	p := patch.Diff(a, b, opts...)
	if (p == nil) != (before == after) {
		t.Fatalf("Diff(%s, %s) = %s", before, after, form(p))
	}
	if p := patch.Diff(a, a, opts...); p != nil {
		t.Fatalf("Diff(a, a) = %s for %s", form(p), before)
	}
	checkApply(t, a, p, b)
	checkApply(t, b, patch.Reverse(p), a)
	checkReverse(t, p)
	checkRoundTrip(t, p)
	if form(a) != before || form(b) != after {
		t.Fatalf("an argument was modified: %s to %s, %s to %s", before, form(a), after, form(b))
	}
}

func checkApply(t failer, v any, p patch.Patch, want any) {
	t.Helper()
	before := form(p)
	got, err := patch.Apply(v, p)
	if err != nil {
		t.Fatalf("Apply(%s, %s): %v", form(v), form(p), err)
	}
	if form(got) != form(want) {
		t.Fatalf("Apply(%s, %s) = %s, want %s", form(v), form(p), form(got), form(want))
	}
	if form(p) != before {
		t.Fatalf("the patch was modified: %s to %s", before, form(p))
	}
}

func checkReverse(t failer, p patch.Patch) {
	t.Helper()
	if again := patch.Reverse(patch.Reverse(p)); !reflect.DeepEqual(again, p) {
		t.Fatalf("Reverse(Reverse(%s)) = %s", form(p), form(again))
	}
}

func checkRoundTrip(t failer, p patch.Patch) {
	t.Helper()
	text, err := patch.Marshal(p)
	if err != nil {
		t.Fatalf("Marshal(%#v): %v", p, err)
	}
	back, err := patch.Unmarshal(text)
	if err != nil {
		t.Fatalf("Unmarshal(%s): %v", text, err)
	}
	again, err := patch.Marshal(back)
	if err != nil || string(again) != string(text) {
		t.Fatalf("Marshal(Unmarshal(%s)) = %s, %v", text, again, err)
	}
	if !reflect.DeepEqual(back, p) {
		t.Fatalf("Unmarshal(%s) = %#v, want %#v", text, back, p)
	}
}

func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, opts := genPair(t)
		checkLaws(t, a, b, opts...)
	})
}

func TestLawsUnrelated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkLaws(t, genValue(3).Draw(t, "a"), genValue(3).Draw(t, "b"))
	})
}

// Long lists of few different elements go through every way to find the script.
func TestLawsLongLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		element := rapid.SampledFrom([]any{nil, true, "a", "b", []any{"a"}, map[string]any{"a": "b"}})
		a := rapid.SliceOfN(element, 0, 200).Draw(t, "a")
		b := rapid.SliceOfN(element, 0, 200).Draw(t, "b")
		checkLaws(t, a, b)
	})
}

func FuzzDiffApplyReverse(f *testing.F) {
	for _, pair := range [][2]string{
		{`null`, `0`},
		{`{"a":null}`, `{}`},
		{`{"a":1.0,"b":[1,2,3]}`, `{"a":1.00,"b":[0,1,2,3]}`},
		{`[{"id":1,"n":[1]},{"id":2}]`, `[{"id":2},{"id":1,"n":[1,2]}]`},
		{`[[[[1]]],[[[2]]]]`, `[[[[2]]],[[[1]]]]`},
		{`[1,1,2,1,1]`, `[1,2,1,1,2,1]`},
		{`9007199254740993`, `9007199254740992`},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]), false, "")
		f.Add([]byte(pair[0]), []byte(pair[1]), true, "/*/n")
	}
	f.Fuzz(func(t *testing.T, before, after []byte, positional bool, primitive string) {
		a, err := patch.Decode(before)
		if err != nil {
			return
		}
		b, err := patch.Decode(after)
		if err != nil {
			return
		}
		checkLaws(t, a, b)
		opts := []patch.Option{patch.Primitive(primitive)}
		if positional {
			opts = append(opts, patch.Positional())
		}
		checkLaws(t, a, b, opts...)
	})
}

// What was not there before, or is not there after, makes a patch like any other.
func TestDiffOfNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(3).Draw(t, "value")
		added, removed := patch.Diff(patch.Nothing, v), patch.Diff(v, patch.Nothing)
		for _, p := range []patch.Patch{added, removed} {
			checkRoundTrip(t, p)
			checkReverse(t, p)
		}
		checkApply(t, nil, added, v)
		checkApply(t, patch.Nothing, added, v)
		checkApply(t, v, removed, nil)
		if !reflect.DeepEqual(patch.Reverse(added), removed) {
			t.Fatalf("Reverse(%s) is not %s", form(added), form(removed))
		}
	})
	if p := patch.Diff(patch.Nothing, patch.Nothing); p != nil {
		t.Errorf("Diff(Nothing, Nothing) = %v", p)
	}
}
