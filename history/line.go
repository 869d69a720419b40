package history

import "slices"

// Line is the versions of one row through all its keys, oldest to newest. A row that is
// created again under the key of a deleted one continues its line.
type Line struct {
	Versions []*Version
	// Current tells that the line has its last key still: no other row has moved there.
	Current bool
}

// Key is the entity id that the row has, or had last.
func (l *Line) Key() string { return l.Versions[len(l.Versions)-1].EntityID }

// Lines tells apart the rows that have had a key one after the other, and follows each to
// the keys it had before and after. versions are in the order of their ids. residents are keys
// that had a row when the first version came to them, though nothing says so: where rows
// exchange keys in one statement, the one that goes may be another than the one that came.
func Lines(versions []*Version, residents ...string) []*Line {
	var lines []*Line
	at := make(map[string][]*Line) // who has a key, or had it last
	for _, key := range residents {
		at[key] = []*Line{{}}
		lines = append(lines, at[key]...)
	}
	for _, v := range versions {
		from := v.EntityID
		if v.PreviousEntityID != nil {
			from = *v.PreviousEntityID
		}
		var line *Line
		switch there := at[from]; {
		case len(there) == 0:
			line = &Line{}
			lines = append(lines, line)
		case v.PreviousEntityID != nil:
			// Where rows swap keys, two are under one for a while: who came first goes first.
			line, at[from] = there[0], there[1:]
		default:
			line = there[len(there)-1]
		}
		if v.PreviousEntityID != nil {
			at[v.EntityID] = append(displaced(at[v.EntityID]), line)
		} else if len(at[from]) == 0 {
			at[from] = []*Line{line}
		}
		line.Versions, line.Current = append(line.Versions, v), true
	}
	return slices.DeleteFunc(lines, func(l *Line) bool { return len(l.Versions) == 0 })
}

// displaced are the rows under a key to which another one comes: those that are still
// there will go; of a deleted one the key is taken.
func displaced(there []*Line) []*Line {
	var alive []*Line
	for _, l := range there {
		if n := len(l.Versions); n > 0 && l.Versions[n-1].Action == Deleted {
			l.Current = false
		} else {
			alive = append(alive, l)
		}
	}
	return alive
}
