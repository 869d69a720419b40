package patch

import "encoding/json"

// side is what one side of a merge has made of the base list.
type side struct {
	list []any
	// at is where each element of base is in list, -1 where it is gone.
	at []int
	// added are the places in list of new elements, by the element of base that they come before.
	added [][]int
	// movedTo is where an element of base that is gone has come back, movedFrom the reverse.
	movedTo, movedFrom map[int]int
}

// sideOf follows the edits from base to list.
func sideOf(base, list []any) *side {
	s := &side{list: list, at: make([]int, len(base)), added: make([][]int, len(base)+1)}
	edits, _ := Diff(base, list).(List)
	old, now := 0, 0
	keep := func(n int) {
		for range n {
			s.at[old] = now
			old, now = old+1, now+1
		}
	}
	for _, e := range edits {
		switch e.Change.(type) {
		case Added:
			keep(e.Index - now)
			s.added[old] = append(s.added[old], now)
			now++
		case Removed:
			keep(e.Index - old)
			s.at[old] = -1
			old++
		default:
			keep(e.Index - old + 1)
		}
	}
	keep(len(base) - old)
	s.findMoves(base)
	return s
}

// findMoves pairs elements that are gone with equal ones that are new.
func (s *side) findMoves(base []any) {
	s.movedTo, s.movedFrom = make(map[int]int), make(map[int]int)
	gone := make(map[string][]int)
	for i, at := range s.at {
		if at < 0 {
			gone[asText(base[i])] = append(gone[asText(base[i])], i)
		}
	}
	if len(gone) == 0 {
		return
	}
	for _, places := range s.added {
		for _, place := range places {
			text := asText(s.list[place])
			if from := gone[text]; len(from) > 0 {
				s.movedTo[from[0]], s.movedFrom[place] = place, from[0]
				gone[text] = from[1:]
			}
		}
	}
}

// asText is a value for looking up equal ones.
func asText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// value is what an element of base is on this side, Nothing where it is gone.
func (s *side) value(i int) any {
	if s.at[i] < 0 {
		return Nothing
	}
	return s.list[s.at[i]]
}

// lists puts the elements of base, and what was added around them, together.
func (m *merger) lists(base, ours, theirs []any, at Path) any {
	o, t := sideOf(base, ours), sideOf(base, theirs)
	merged := make([]any, 0, len(ours))
	next := 0 // the place in ours
	take := func(value any) {
		if value != Nothing {
			merged = append(merged, value)
		}
	}
	for i := range len(base) + 1 {
		for _, value := range additions(o, t, i) {
			take(value)
		}
		for _, place := range o.added[i] {
			take(m.addition(base, o, t, place, at))
			next = place + 1
		}
		if i == len(base) {
			break
		}
		if o.at[i] >= 0 {
			next = o.at[i]
		}
		if _, moved := o.movedTo[i]; moved && t.value(i) != Nothing {
			continue // merged where it is now
		}
		theirs := t.value(i)
		if _, moved := t.movedTo[i]; moved && !equal(base[i], o.value(i)) {
			theirs = base[i] // ours has its own idea of it
		}
		take(m.merge(base[i], o.value(i), theirs, append(at, next)))
		if o.at[i] >= 0 {
			next++
		}
	}
	return merged
}

// addition is an element that ours has added, or has moved: then it may be changed or gone in
// theirs.
func (m *merger) addition(base []any, o, t *side, place int, at Path) any {
	from, moved := o.movedFrom[place]
	if !moved {
		return o.list[place]
	}
	if _, both := t.movedTo[from]; both {
		return o.list[place]
	}
	return m.merge(base[from], o.list[place], t.value(from), append(at, place))
}

// additions are what theirs has added before an element of base, unless ours has the same there,
// or something else to say about an element that theirs has only moved.
func additions(o, t *side, before int) []any {
	var added []any
	for _, place := range t.added[before] {
		if from, moved := t.movedFrom[place]; moved && !equal(t.list[place], o.value(from)) {
			continue
		}
		added = append(added, t.list[place])
	}
	if len(added) != len(o.added[before]) {
		return added
	}
	for i, place := range o.added[before] {
		if !equal(added[i], o.list[place]) {
			return added
		}
	}
	return nil
}
