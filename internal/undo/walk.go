package undo

import (
	"maps"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
)

// walk goes back through the versions of one row, from the present to the oldest chosen one,
// and takes out of the row what was chosen. Of what was not chosen, only matters whether it
// made the row or took it away.
type walk struct {
	row       *Row
	overwrite bool
	state     audit.Image
	// blocker is the change that was not chosen and after which the state is another row, or
	// none, where the versions before it speak of one. It is unrecorded if there is no version of it.
	blocker *history.Version
	// later tells that the row was updated after what is taken back, by what was not chosen.
	later bool
}

// unrecorded is a change without a version.
var unrecorded = &history.Version{}

// startFrom begins with what is there of a row, or where it is gone with the one that has got its key by what was not
// chosen.
func (w *walk) startFrom(l *life, lives *lives) {
	exists := l.last().Action != audit.Deleted
	if l.current {
		w.row.present = lives.images[l.key()]
	} else if there := lives.images[l.key()]; there != nil {
		if came := lives.arrivals()[l.key()]; w.row.table.chosen[came] == nil {
			w.row.present, w.blocker = there, &history.Version{Version: audit.Version{ID: came, Table: w.row.Table}}
			w.row.replaces = w.overwrite
		}
	}
	w.state = w.row.present
	if w.blocker == nil && exists != (w.state != nil) {
		w.blocker = unrecorded
	}
}

// through gives what the row becomes.
func (w *walk) through(versions []*history.Version, chosen map[int64]*history.Version) audit.Image {
	oldest := slices.IndexFunc(versions, func(v *history.Version) bool { return chosen[v.ID] != nil })
	for i := len(versions) - 1; oldest >= 0 && i >= oldest; i-- {
		v := versions[i]
		if chosen[v.ID] == nil {
			w.pass(v)
			continue
		}
		if birth := birthOf(versions[:i+1], chosen); w.state != nil && birth >= 0 {
			// a row that came and went leaves the one that is there now alone
			for ; i > birth; i-- {
				w.row.Versions = append(w.row.Versions, versions[i].ID)
			}
			w.row.Versions = append(w.row.Versions, versions[birth].ID)
			w.isAnother()
			continue
		}
		w.row.Versions = append(w.row.Versions, v.ID)
		switch v.Action {
		case audit.Created:
			w.takeAway(v)
		case audit.Deleted:
			w.bringBack(v)
		case audit.Updated:
			w.mergeOut(v)
		case audit.Baseline: // changed nothing
		}
	}
	slices.Reverse(w.row.Versions)
	return w.state
}

// birthOf returns the place of the create of a row whose delete is the last of versions, or -1 unless all of its
// versions were chosen.
func birthOf(versions []*history.Version, chosen map[int64]*history.Version) int {
	last := len(versions) - 1
	if versions[last].Action != audit.Deleted {
		return -1
	}
	for i, v := range slices.Backward(versions[:last]) {
		switch {
		case chosen[v.ID] == nil || v.Action == audit.Deleted:
			return -1
		case v.Action == audit.Created:
			return i
		}
	}
	return -1
}

// pass leaves a change in that was not chosen.
func (w *walk) pass(v *history.Version) {
	switch v.Action {
	case audit.Updated:
		w.later = true
	case audit.Created:
		if w.state == nil {
			w.blocker = nil
		} else if w.blocker == nil {
			w.blocker = v
		}
	case audit.Deleted:
		w.passDelete(v)
	case audit.Baseline: // changed nothing
	}
}

// passDelete leaves a delete in that was not chosen.
func (w *walk) passDelete(v *history.Version) {
	switch {
	case w.overwrite && w.state == nil && v.Before != nil:
		w.state, w.blocker = maps.Clone(v.Before), nil
		w.leaveOut(v)
	case w.state != nil:
		w.isAnother()
	case w.blocker == nil:
		w.blocker = v
	}
}

// isAnother notes that the state is another row than the one of earlier versions. If it did not come by a later
// version, it came without being recorded.
func (w *walk) isAnother() {
	if w.blocker == nil {
		w.blocker = unrecorded
	}
}

// takeAway undoes a create.
func (w *walk) takeAway(v *history.Version) {
	switch {
	case w.state == nil: // it is gone already
	case w.overwrite:
	case w.blocker != nil:
		w.conflict(w.reused())
		return
	default:
		w.changedSince(v)
	}
	w.state, w.blocker = nil, nil
}

// reused is the conflict with the row that has the key now. It came by the blocker, or was there before, of which the
// table is known then.
func (w *walk) reused() audit.Conflict {
	c := audit.Conflict{Reason: audit.ConflictKeyReused, Version: w.blocker.ID}
	if c.Version == 0 {
		c.Table = w.blocker.Table
	}
	return c
}

// deleted is the conflict with the change that took the row away: the blocker, or if another row was created later with
// the key, one that was not recorded.
func (w *walk) deleted() audit.Conflict {
	c := audit.Conflict{Reason: audit.ConflictDeletedSince}
	if w.blocker != nil {
		c.Version = w.blocker.ID
	}
	return c
}

// changedSince finds what a row that was created has become by what was not chosen.
func (w *walk) changedSince(v *history.Version) {
	t := w.row.table
	unknown := slices.Concat(v.After.Masked(), v.After.Oversized(), t.unreadable[v.ID])
	unseen := false
	for _, name := range slices.Sorted(maps.Keys(w.state)) {
		was, had := v.After[name]
		switch {
		case name == "" || !t.writable[name] || t.kept[name] && w.row.present != nil:
		case !had || slices.Contains(unknown, name):
			unseen = true
		case !history.Same(w.state, v.After, name):
			w.conflict(audit.Conflict{Reason: audit.ConflictOverlap,
				Place: patch.Conflict{Path: patch.Path{name}, Base: was, Ours: w.state[name], Theirs: patch.Nothing}})
		}
	}
	if w.later && unseen && len(w.row.Conflicts) == 0 {
		w.conflict(audit.Conflict{Reason: audit.ConflictUpdatedSince})
	}
}

// bringBack undoes a delete.
func (w *walk) bringBack(v *history.Version) {
	switch {
	case w.state != nil && w.overwrite:
		w.state = history.Over(history.Known(v.Before, w.state), w.state)
		w.blocker = nil
	case w.state != nil:
		w.isAnother()
		w.conflict(w.reused())
	default:
		w.state = maps.Clone(v.Before)
		w.blocker = nil
		if w.row.present == nil {
			w.row.EntityID = v.EntityID
		}
		w.leaveOut(v)
	}
}

// leaveOut takes from a row that comes back what cannot be written.
func (w *walk) leaveOut(v *history.Version) {
	leftOut := w.row.leftOut
	for name, value := range w.state {
		if name != "" && !w.row.table.present[name] && value != nil {
			leftOut[name] = audit.LeftOutDropped
		}
	}
	for _, name := range w.state.Masked() {
		leftOut[name] = audit.LeftOutMasked
	}
	for _, name := range w.state.Oversized() {
		leftOut[name] = audit.LeftOutOversized
	}
	for _, name := range v.Excluded() {
		leftOut[name] = audit.LeftOutExcluded
	}
	unreadable := w.unreadable(v)
	w.state = history.Only(history.Known(w.state, nil), func(name string) bool {
		return w.row.table.present[name] &&
			!slices.Contains(unreadable, name)
	})
}

// unreadable are the columns of a version whose values the present type does not read. Each is
// a conflict, unless the column is to be kept, or a value is given to a row that comes back.
func (w *walk) unreadable(v *history.Version) []string {
	list := w.row.table.unreadable[v.ID]
	for _, name := range list {
		if w.row.present != nil && w.row.table.kept[name] {
			w.row.leftOut[name] = audit.LeftOutRetyped
			continue
		}
		if _, given := w.row.table.given[name]; given && w.row.present == nil {
			continue
		}
		w.conflict(audit.Conflict{Reason: audit.ConflictRetyped, Place: patch.Conflict{Path: patch.Path{name},
			Base: v.After[name],
			Ours: w.state[name], Theirs: v.Before[name]}})
	}
	return list
}

// mergeOut undoes an update.
func (w *walk) mergeOut(v *history.Version) {
	switch {
	case w.row.present == nil && w.row.table.keeps(v):
		return
	case w.state == nil:
		w.conflict(w.deleted())
		return
	case w.blocker != nil && !w.overwrite:
		w.conflict(w.reused())
		return
	}
	w.unwritable(v)
	w.unreadable(v)
	merged, overlaps := history.Merge(w.state, v.After, v.Before, w.row.table.merges(v, w.row.present == nil),
		w.overwrite)
	w.state = merged
	if w.overwrite {
		return
	}
	for _, o := range overlaps {
		w.conflict(audit.Conflict{Reason: audit.ConflictOverlap, Place: o})
	}
}

// unwritable notes which old values of an update cannot come back.
func (w *walk) unwritable(v *history.Version) {
	for name, value := range v.Before {
		if name != "" && !w.row.table.present[name] && value != nil {
			w.row.leftOut[name] = audit.LeftOutDropped
		}
	}
	for _, name := range v.Before.Masked() {
		w.row.leftOut[name] = audit.LeftOutMasked
	}
	for _, name := range v.Before.Oversized() {
		w.row.leftOut[name] = audit.LeftOutOversized
	}
}

// conflict notes one. Where several versions disagree with the row at a place, what would be
// put there is what the oldest found.
func (w *walk) conflict(c audit.Conflict) {
	for i, has := range w.row.Conflicts {
		if has.Reason == c.Reason && slices.Equal(has.Place.Path, c.Place.Path) {
			w.row.Conflicts[i].Place.Theirs = c.Place.Theirs
			return
		}
	}
	w.row.Conflicts = append(w.row.Conflicts, c)
}
