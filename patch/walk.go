package patch

import (
	"iter"
	"maps"
	"slices"
)

// All yields what was added, removed and changed, with its path: each patch is an
// [Added], a [Removed] or a [Changed]. The keys of an object come sorted, the edits
// of a list in their order. The caller may keep a path.
func All(p Patch) iter.Seq2[Path, Patch] {
	return func(yield func(Path, Patch) bool) {
		walk(p, nil, yield)
	}
}

func walk(p Patch, at Path, yield func(Path, Patch) bool) bool {
	switch p := p.(type) {
	case Added, Removed, Changed:
		return yield(slices.Clone(at), p)
	case Object:
		for _, key := range sortedKeys(p) {
			if !walk(p[key], append(at, key), yield) {
				return false
			}
		}
	case List:
		for _, e := range p {
			if !walk(e.Change, append(at, e.Index), yield) {
				return false
			}
		}
	}
	return true
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
