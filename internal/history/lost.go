package history

import (
	"errors"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// lost is what a row became out of sight after its newest version: where the present row is another
// than its history says, as the options of its table allow, the columns in which it is may have
// changed at any time since they were last recorded.
type lost struct {
	change patch.Patch
	// since are these columns, by the place of the version that last recorded them; last is that of
	// the newest.
	since map[string]int
	last  int
}

// newLost is what is lost after versions that were rebuilt, in their order, nil if nothing is; err is
// what Rebuild has returned.
func newLost(versions []*Version, err error) *lost {
	recorded := map[string]int{}
	return lostBy(recorded, noteRecorded(recorded, 0, versions), err)
}

// noteRecorded notes which versions, of which n came before, have last recorded each column, and
// returns how many came by then.
func noteRecorded(recorded map[string]int, n int, versions []*Version) int {
	for _, v := range versions {
		n++
		for _, image := range []audit.Image{v.Before, v.After} {
			for name := range image {
				recorded[name] = n
			}
		}
	}
	return n
}

func lostBy(recorded map[string]int, n int, err error) *lost {
	misfit := (*audit.DivergedError)(nil)
	if !outOfSight(err) || !errors.As(err, &misfit) {
		return nil
	}
	l := &lost{change: misfit.Difference, since: make(map[string]int, len(misfit.Columns)), last: n}
	for _, name := range misfit.Columns {
		l.since[name] = recorded[name]
	}
	return l
}

// placed sets the places of versions, of which n came before, and returns how many came by then.
func placed(n int, versions []*Version) int {
	for _, v := range versions {
		n++
		v.place = n
	}
	return n
}

// mark takes from the States of versions that have their places what is not known.
func (l *lost) mark(versions []*Version) {
	if l == nil {
		return
	}
	for _, v := range versions {
		for name, since := range l.since {
			if v.place > since {
				v.unsure = append(v.unsure, name)
			}
		}
		v.State, v.known = without(v.State, v.unsure), without(v.known, v.unsure)
		if v.place == l.last {
			v.Lost = l.change
		}
	}
}

// noteUnknown notes what is not known of the States of versions; hidden are the columns that options leave out.
func noteUnknown(versions []*Version, hidden []string) {
	for _, v := range versions {
		if v.State == nil || len(v.columns) == 0 {
			continue
		}
		v.Unknown = slices.DeleteFunc(v.lacking(v.State), func(name string) bool {
			return slices.Contains(hidden, name)
		})
		slices.Sort(v.Unknown)
	}
}

// differing are the columns in which two rows are not the same, of those that are known of both.
func differing(a, b audit.Image) []string {
	if a == nil || b == nil {
		return nil
	}
	unknown := incomparable(a, b)
	a, b = without(a, unknown), without(b, unknown)
	var names []string
	for name := range a {
		if name != "" && has(b, name) && !Same(a, b, name) {
			names = append(names, name)
		}
	}
	return names
}
