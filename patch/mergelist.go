package patch

// A side is a list that has come from another one, the base.
type side struct {
	list  []any
	to    []int  // by place in the base: the place in list, or -1 if the element is gone
	moved []bool // by place in the base: whether the element has left the order of the others
	from  []int  // by place in list: the place in the base, or -1 if the element is new
	// added[p+1] are the places in list of what is new or was moved there and follows the
	// element that is at p in the base; added[0] is the head.
	added [][]int
}

func (d *differ) side(base, list []any, at pointers) *side {
	s := &side{
		list: list, to: filled(len(base)), moved: make([]bool, len(base)),
		from: filled(len(list)), added: make([][]int, len(base)+1),
	}
	if d.positional {
		for i := range min(len(base), len(list)) {
			s.to[i], s.from[i] = i, i
		}
	} else {
		d.align(s, base, at)
		d.findMoved(s, base)
	}
	after := 0
	for j, i := range s.from {
		if i < 0 || s.moved[i] {
			s.added[after] = append(s.added[after], j)
		} else {
			after = i + 1
		}
	}
	return s
}

func filled(n int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = -1
	}
	return places
}

// align finds the elements that kept their order, changed or not, as Diff does.
func (d *differ) align(s *side, base []any, at pointers) {
	pair := func(m match) { s.to[m.a], s.from[m.b] = m.b, m.a }
	start, end := d.trim(base, s.list)
	for i := range start.a {
		pair(match{i, i})
	}
	from := start
	for _, m := range d.common(base[start.a:end.a], s.list[start.b:end.b]) {
		m = match{m.a + start.a, m.b + start.b}
		for _, p := range d.partners(base, s.list, from, m, at) {
			pair(p)
		}
		pair(m)
		from = match{m.a + 1, m.b + 1}
	}
	for _, p := range d.partners(base, s.list, from, end, at) {
		pair(p)
	}
	for i := range len(base) - end.a {
		pair(match{end.a + i, end.b + i})
	}
}

// findMoved pairs the elements that are gone or changed with equal ones that are new. A
// change to or from an element that was moved is none.
func (d *differ) findMoved(s *side, base []any) {
	n := numbering{hasher: &d.hasher, first: make(map[uint64]int)}
	gone := make(map[int][]int) // by number: places in the base
	for i, j := range s.to {
		if j < 0 || !d.hasher.same(base[i], s.list[j]) {
			v := n.number(base[i])
			gone[v] = append(gone[v], i)
		}
	}
	if len(gone) == 0 {
		return
	}
	for j, i := range s.from {
		if i >= 0 && (s.moved[i] || d.hasher.same(base[i], s.list[j])) {
			continue
		}
		v := n.number(s.list[j])
		if len(gone[v]) > 0 {
			s.move(gone[v][0], j)
			gone[v] = gone[v][1:]
		}
	}
}

func (s *side) move(i, j int) {
	if was := s.to[i]; was >= 0 {
		s.from[was] = -1
	}
	if was := s.from[j]; was >= 0 {
		s.to[was] = -1
	}
	s.to[i], s.from[j], s.moved[i] = j, i, true
}

// element is what has become of the element at i in the base, or Nothing.
func (s *side) element(i int) any {
	if j := s.to[i]; j >= 0 {
		return s.list[j]
	}
	return Nothing
}

// listMerge is the merge of three lists.
type listMerge struct {
	*merger
	ours, theirs *side
	values       []any // by place in the base: the merged element
	merged       []any
	torn         bool // an element was moved to two places
}

func (m *merger) mergeLists(base, ours, theirs []any, at Path, primitive pointers) any {
	before := len(m.conflicts)
	l := listMerge{
		merger: m, values: make([]any, len(base)), merged: make([]any, 0, len(ours)),
		ours: m.side(base, ours, primitive), theirs: m.side(base, theirs, primitive),
	}
	next := 0 // the place in ours of an element that ours no longer has
	for i, v := range base {
		index := next
		if j := l.ours.to[i]; j >= 0 {
			index = j
			if !l.ours.moved[i] {
				next = j + 1
			}
		}
		l.values[i] = m.value(v, l.ours.element(i), l.theirs.element(i), append(at, index), primitive.belowIndex(i))
	}
	l.additions(0)
	for i, v := range l.values {
		if !l.ours.moved[i] && !l.theirs.moved[i] {
			l.emit(v)
		}
		l.additions(i + 1)
	}
	if l.torn {
		m.conflicts = m.conflicts[:before]
		return m.conflict(base, ours, theirs, at)
	}
	return l.merged
}

func (l *listMerge) emit(v any) {
	if v != Nothing {
		l.merged = append(l.merged, v)
	}
}

// additions emits what the two sides have added at one place, or moved there.
func (l *listMerge) additions(place int) {
	theirs, ours := l.theirs.added[place], l.ours.added[place]
	var both []match
	if len(theirs) > 0 && len(ours) > 0 {
		both = l.addedByBoth(theirs, ours)
	}
	var from match
	for _, m := range append(both, match{len(theirs), len(ours)}) {
		l.addedByOne(l.theirs, l.ours, theirs[from.a:m.a])
		l.addedByOne(l.ours, l.theirs, ours[from.b:m.b])
		if m.b < len(ours) {
			l.emit(l.ours.list[ours[m.b]])
		}
		from = match{m.a + 1, m.b + 1}
	}
}

// addedByBoth returns which additions are the same: equal new elements, or one element of
// the base.
func (l *listMerge) addedByBoth(theirs, ours []int) []match {
	n := numbering{hasher: &l.hasher, first: make(map[uint64]int)}
	moved := make(map[int]int)
	// New elements get even numbers, moved ones odd numbers.
	numbers := func(s *side, places []int) []int {
		out := make([]int, len(places))
		for k, j := range places {
			i := s.from[j]
			if i < 0 {
				out[k] = 2 * n.number(s.list[j])
				continue
			}
			if _, ok := moved[i]; !ok {
				moved[i] = len(moved)
			}
			out[k] = 2*moved[i] + 1
		}
		return out
	}
	x, y := numbers(l.theirs, theirs), numbers(l.ours, ours)
	return commonNumbers(x, y, 2*max(len(n.values), len(moved)))
}

func (l *listMerge) addedByOne(s, other *side, places []int) {
	for _, j := range places {
		i := s.from[j]
		switch {
		case i < 0:
			l.emit(s.list[j])
		case other.moved[i]:
			l.torn = true
		default:
			l.emit(l.values[i])
		}
	}
}
