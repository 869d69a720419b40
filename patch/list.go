package patch

// match is a place in the old list and one in the new list that belong together.
type match struct{ a, b int }

func (d *differ) lists(a, b []any, at pointers) Patch {
	var edits List
	if d.positional {
		edits = d.byPlace(a, b, at)
	} else {
		edits = d.byContent(a, b, at)
	}
	// A nil List in a Patch would not be a nil Patch.
	if edits == nil {
		return nil
	}
	return edits
}

func (d *differ) byPlace(a, b []any, at pointers) List {
	var edits List
	both := min(len(a), len(b))
	for i := range both {
		edits = d.changed(edits, a, b, match{i, i}, at)
	}
	return apart(edits, a, b, match{both, both}, match{len(a), len(b)})
}

// byContent keeps the longest common subsequence, and edits the gaps between its
// elements.
func (d *differ) byContent(a, b []any, at pointers) List {
	start, end := d.trim(a, b)
	common := d.common(a[start.a:end.a], b[start.b:end.b])

	var edits List
	from := start
	for _, m := range common {
		m = match{m.a + start.a, m.b + start.b}
		edits = d.gap(edits, a, b, from, m, at)
		from = match{m.a + 1, m.b + 1}
	}
	return d.gap(edits, a, b, from, end, at)
}

// trim returns where the lists begin to differ, and where they cease to.
func (d *differ) trim(a, b []any) (start, end match) {
	end = match{len(a), len(b)}
	for start.a < end.a && start.b < end.b && d.hasher.same(a[start.a], b[start.b]) {
		start.a++
		start.b++
	}
	for start.a < end.a && start.b < end.b && d.hasher.same(a[end.a-1], b[end.b-1]) {
		end.a--
		end.b--
	}
	return start, end
}

// gap appends the edits of a stretch that has no elements in common.
func (d *differ) gap(edits List, a, b []any, from, to match, at pointers) List {
	for _, m := range d.partners(a, b, from, to, at) {
		edits = apart(edits, a, b, from, m)
		edits = d.changed(edits, a, b, m, at)
		from = match{m.a + 1, m.b + 1}
	}
	return apart(edits, a, b, from, to)
}

// apart appends the removal of all old elements of a stretch and the addition of
// all new ones.
func apart(edits List, a, b []any, from, to match) List {
	for i := from.a; i < to.a; i++ {
		edits = append(edits, Edit{i, Removed{a[i]}})
	}
	for i := from.b; i < to.b; i++ {
		edits = append(edits, Edit{i, Added{b[i]}})
	}
	return edits
}

// changed appends the change of one element, if it did change.
func (d *differ) changed(edits List, a, b []any, m match, at pointers) List {
	change := d.diff(a[m.a], b[m.b], at.belowIndex(m.a))
	if change == nil {
		return edits
	}
	return append(edits, Edit{m.a, change})
}
