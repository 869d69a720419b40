package history

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
// the keys it had before and after. versions are in the order of their ids.
func Lines(versions []*Version) []*Line {
	var lines []*Line
	at := make(map[string]*Line) // who has a key, or had it last
	for _, v := range versions {
		from := v.EntityID
		if v.PreviousEntityID != "" {
			from = v.PreviousEntityID
		}
		line := at[from]
		if line == nil {
			line = &Line{}
			lines = append(lines, line)
		}
		if v.PreviousEntityID != "" {
			delete(at, from)
			if other := at[v.EntityID]; other != nil {
				other.Current = false
			}
		}
		line.Versions, line.Current = append(line.Versions, v), true
		at[v.EntityID] = line
	}
	return lines
}
