package patch

import "slices"

// Merge makes the change from base to theirs in ours, and keeps the changes that led from base to ours: it is a
// three-way merge. To take back one change of a value that was changed again since, base is the value after that
// change, theirs the value before it, and ours the present value.
//
// If only one side changed something, the result has it as that side has it. If both sides changed it in the same way,
// the result has that change once. Objects are merged key by key, and lists element by element, both to any depth. The
// places given to [Primitive] are merged as a whole; the index of a list element in such a place is that in base.
// Anything else that both sides changed is a [Conflict]: two new values, or a change on one side and a removal on the
// other. In a conflict, the result has what ours has or, with [Overwrite], what theirs has.
//
// The elements of lists are matched by content, as by [Diff], or by place with [Positional]. By content, an element
// that one side has moved unchanged is merged at the place to which it was moved: it gets the other side's change, and
// is removed if the other side removed it. If both sides moved an element to different places, the lists are in
// conflict as a whole. If both sides added equal elements at the same place, the result has them once. Of other
// elements that were added at one place, those of theirs come before those of ours, because what a change that is taken
// back had removed was there first. Equal elements that were added at different places are all kept.
//
// The conflicts are in the order of their paths: keys sorted, elements from the beginning to the end. Any of the values
// may be [Nothing], for a value that does not exist, and so may the result. None is modified, and the result shares
// structure with all of them. Time and memory grow as with Diff.
func Merge(base, ours, theirs any, opts ...MergeOption) (merged any, conflicts []Conflict) {
	var m merger
	for _, opt := range opts {
		opt.setMerge(&m)
	}
	merged = m.value(base, ours, theirs, nil, m.primitive)
	return merged, m.conflicts
}

// A MergeOption changes how [Merge] merges: it is an [Option] or [Overwrite].
type MergeOption interface {
	setMerge(*merger)
}

func (o Option) setMerge(m *merger) { o(&m.differ) }

type overwrite struct{}

func (overwrite) setMerge(m *merger) { m.overwrite = true }

// Overwrite makes the result of [Merge] contain what theirs has wherever there is a conflict, instead of what ours has.
// The conflicts are the same.
func Overwrite() MergeOption { return overwrite{} }

// merger is one run of Merge.
type merger struct {
	differ
	overwrite bool
	conflicts []Conflict
}

// value merges three values, each of which may be Nothing. at is their place, and
// primitive what is left of the pointers below it.
func (m *merger) value(base, ours, theirs any, at Path, primitive pointers) any {
	switch {
	case m.hasher.same(ours, theirs), m.hasher.same(base, theirs):
		return ours
	case m.hasher.same(base, ours):
		return theirs
	case primitive.here():
		return m.conflict(base, ours, theirs, at)
	}
	switch b := base.(type) {
	case map[string]any:
		o, oursToo := ours.(map[string]any)
		t, theirsToo := theirs.(map[string]any)
		if oursToo && theirsToo {
			return m.mergeObjects(b, o, t, at, primitive)
		}
	case []any:
		o, oursToo := ours.([]any)
		t, theirsToo := theirs.([]any)
		if oursToo && theirsToo {
			return m.mergeLists(b, o, t, at, primitive)
		}
	}
	return m.conflict(base, ours, theirs, at)
}

// conflict records a conflict and returns what the result has there.
func (m *merger) conflict(base, ours, theirs any, at Path) any {
	m.conflicts = append(m.conflicts, Conflict{slices.Clone(at), base, ours, theirs})
	if m.overwrite {
		return theirs
	}
	return ours
}

func (m *merger) mergeObjects(base, ours, theirs map[string]any, at Path, primitive pointers) any {
	keys := slices.Concat(sortedKeys(base), sortedKeys(ours), sortedKeys(theirs))
	slices.Sort(keys)
	merged := make(map[string]any, len(ours))
	for _, key := range slices.Compact(keys) {
		v := m.value(member(base, key), member(ours, key), member(theirs, key), append(at, key), primitive.below(key))
		if v != Nothing {
			merged[key] = v
		}
	}
	return merged
}

func member(object map[string]any, key string) any {
	if v, ok := object[key]; ok {
		return v
	}
	return Nothing
}
