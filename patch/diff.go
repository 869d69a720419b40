package patch

// Diff returns the patch that leads from a to b: nil if they are equal.
//
// Objects are compared key by key. Lists get the shortest edit script, in which
// an insertion at the head is one edit, unless [Positional] is given. An element
// that goes and one that comes at the same place are shown as a change of the
// element if they have something in common: two objects that share a key, two
// lists, or two values that are neither.
//
// The edit script of a list is the shortest one, unless some of its elements are equal and
// it needs more than 1,000 additions and removals. Time and memory grow with the size of
// a and b nearly in proportion, at most by 1,000 steps for an element of such a list.
//
// Both a and b should be JSON values, see [Value], or [Nothing] for a value that is not
// there: from it to another value leads [Added], to it [Removed]. Anything else is
// compared as a whole, with [reflect.DeepEqual].
func Diff(a, b any, opts ...Option) Patch {
	switch {
	case a == Nothing && b == Nothing:
		return nil
	case a == Nothing:
		return Added{b}
	case b == Nothing:
		return Removed{a}
	}
	var d differ
	for _, opt := range opts {
		opt(&d)
	}
	return d.diff(a, b, d.primitive)
}

// differ is one run of Diff.
type differ struct {
	positional bool
	primitive  pointers
	hasher     hasher
}

// diff compares two values; at is what is left, below the place of these values,
// of the pointers to primitive places.
func (d *differ) diff(a, b any, at pointers) Patch {
	if !at.here() {
		switch a := a.(type) {
		case map[string]any:
			if b, ok := b.(map[string]any); ok {
				return d.objects(a, b, at)
			}
		case []any:
			if b, ok := b.([]any); ok {
				return d.lists(a, b, at)
			}
		}
	}
	if equal(a, b) {
		return nil
	}
	return Changed{From: a, To: b}
}

func (d *differ) objects(a, b map[string]any, at pointers) Patch {
	var changes Object
	set := func(key string, change Patch) {
		if changes == nil {
			changes = make(Object)
		}
		changes[key] = change
	}
	for key, v := range a {
		w, ok := b[key]
		if !ok {
			set(key, Removed{v})
		} else if change := d.diff(v, w, at.below(key)); change != nil {
			set(key, change)
		}
	}
	for key, w := range b {
		if _, ok := a[key]; !ok {
			set(key, Added{w})
		}
	}
	// A nil Object in a Patch would not be a nil Patch.
	if changes == nil {
		return nil
	}
	return changes
}
