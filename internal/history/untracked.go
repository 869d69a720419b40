package history

import "slices"

// endedAfter reports whether the table was not tracked any more after the newest version of a line: what became of the
// row is not known.
func (p Present) endedAfter(l *Line) bool {
	return len(p.Ends) > 0 && l.Versions[len(l.Versions)-1].ID <= p.Ends[len(p.Ends)-1]
}

// rebuildPeriods is Rebuild where the table was not tracked for a while: what was recorded before and after is rebuilt
// each by itself, and what the row became in between is the Gap of the version after it.
func rebuildPeriods(versions []*Version, present Present) error {
	var last *Version
	for len(versions) > 0 {
		n := present.period(versions)
		part, rest := versions[:n:n], versions[n:]
		p := present
		if len(rest) > 0 {
			p.Row, p.Unknown = nil, true
		}
		err := Rebuild(part, p)
		if err != nil && !outOfSight(err) {
			return err
		}
		if last != nil {
			found, _ := part[0].States()
			part[0].Gap = difference(last.State, found)
		}
		if len(rest) == 0 {
			return err
		}
		last, versions = part[n-1], rest
	}
	return nil
}

// period is how many versions come before the next time that the table was not tracked.
func (p Present) period(versions []*Version) int {
	for _, end := range p.Ends {
		if versions[0].ID > end {
			continue
		}
		if n := slices.IndexFunc(versions, func(v *Version) bool { return v.ID > end }); n >= 0 {
			return n
		}
		break
	}
	return len(versions)
}

// SinceTracked are, of the versions of a row, those since the table was tracked again, if a version is among them: what
// came before does not lead to it. Otherwise they are all.
func (p Present) SinceTracked(versions []*Version, id int64) []*Version {
	if len(p.Ends) == 0 || id <= p.Ends[len(p.Ends)-1] {
		return versions
	}
	return versions[slices.IndexFunc(versions, func(v *Version) bool { return v.ID > p.Ends[len(p.Ends)-1] }):]
}
