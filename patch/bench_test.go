package patch_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/exaudit/exaudit/patch"
)

func item(id int) any {
	return map[string]any{"id": num(fmt.Sprint(id)), "sku": fmt.Sprintf("sku-%d", id%100), "price": num("1.10"), "note": nil}
}

func list(n int, element func(int) any) []any {
	l := make([]any, n)
	for i := range l {
		l[i] = element(i)
	}
	return l
}

// edited returns a list with ten edits all over it.
func edited(l []any, fresh func(int) any) []any {
	l = slices.Clone(l)
	for i := range 10 {
		at := i * len(l) / 10
		switch i % 3 {
		case 0:
			l = slices.Insert(l, at, fresh(1_000_000+i))
		case 1:
			l = slices.Delete(l, at, at+1)
		default:
			l[at] = fresh(2_000_000 + i)
		}
	}
	return l
}

func shuffled(l []any) []any {
	l = slices.Clone(l)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
	return l
}

func nested(depth int, leaf string) any {
	v := any(leaf)
	for range depth / 2 {
		v = []any{map[string]any{"a": v, "b": "x"}, "y"}
	}
	return v
}

func wide(n int, changeEvery int) any {
	o := make(map[string]any, n)
	for i := range n {
		o[fmt.Sprintf("column_%d", i)] = fmt.Sprint(i % changeEvery * (changeEvery % 2))
	}
	return o
}

func BenchmarkDiff(b *testing.B) {
	const n = 10_000
	number := func(i int) any { return num(fmt.Sprint(i)) }
	repeated := func(i int) any { return num(fmt.Sprint(i * i % 97)) }
	for _, bench := range []struct {
		name string
		a, b any
	}{
		{"numbers/same", list(n, number), list(n, number)},
		{"numbers/10edits", list(n, number), edited(list(n, number), number)},
		{"repeated/10edits", list(n, repeated), edited(list(n, repeated), number)},
		{"objects/same", list(n, item), list(n, item)},
		{"objects/10edits", list(n, item), edited(list(n, item), item)},
		{"objects/10edits/1000", list(n/10, item), edited(list(n/10, item), item)},
		{"objects/10edits/100000", list(n*10, item), edited(list(n*10, item), item)},
		{"objects/different", list(n, item), list(n, func(i int) any { return item(i + n) })},
		{"numbers/different", list(n, number), list(n, func(i int) any { return number(i + n) })},
		{"numbers/shuffled", list(n, number), shuffled(list(n, number))},
		{"repeated/shuffled", list(n, repeated), shuffled(list(n, repeated))},
		{"wide/1000keys", wide(1000, 7), wide(1000, 8)},
		{"row/20keys", wide(20, 7), wide(20, 8)},
		{"deep/1000", nested(1000, "a"), nested(1000, "b")},
		{"deep/8000", nested(8000, "a"), nested(8000, "b")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				patch.Diff(bench.a, bench.b)
			}
		})
	}
}

func BenchmarkPatch(b *testing.B) {
	before := list(10_000, item)
	p := patch.Diff(before, edited(before, item))
	text, err := patch.Marshal(p)
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		run  func() error
	}{
		{"Apply", func() error { _, err := patch.Apply(before, p); return err }},
		{"Reverse", func() error { patch.Reverse(p); return nil }},
		{"Marshal", func() error { _, err := patch.Marshal(p); return err }},
		{"Unmarshal", func() error { _, err := patch.Unmarshal(text); return err }},
		{"Text", func() error { patch.Text(p); return nil }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bench.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		base := list(n, item)
		change := func(step int) []any {
			l := edited(base, item)
			for i := step; i < len(l); i += 100 {
				l[i] = map[string]any{"id": num(fmt.Sprint(i)), "note": step}
			}
			return l
		}
		ours, theirs := change(20), change(70)
		for name, sides := range map[string][2][]any{
			"edited":   {ours, theirs},
			"shuffled": {shuffled(base), theirs},
			"replaced": {list(n, func(i int) any { return item(n + i) }), theirs},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					patch.Merge(base, sides[0], sides[1])
				}
			})
		}
	}
}
