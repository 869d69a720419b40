package history

import (
	"maps"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// Present is what an entity is now.
type Present struct {
	Row     audit.Image // nil: there is no row
	Unknown bool        // the table is gone, and its rows with it
	// Gaps tells that the options of the table let rows change out of sight: by a condition,
	// by exaudit.ignore, by a TRUNCATE that is ignored.
	Gaps bool
	// Ends are the last versions before the table was not tracked any more, for a while or until now, in ascending
	// order.
	Ends []int64
	// Hidden are the columns that its options leave out of whole rows.
	Hidden []string
	// Condition tells that the table has one, and Excluded are the columns that are not recorded.
	Condition bool
	Excluded  []string
}

// Rebuild sets the State of every version of a complete line. Images of
// updates hold only what changed, so states are walked to from the nearest whole row: a
// create, a delete, or the present row.
//
// Where one transaction changed the row several times, versions are put into the order in
// which they fit: a nested trigger may have recorded the later change first.
//
// The present row is also what the last state must be; the first misfit gives a
// *DivergedError, and States are then not to be used. Where the options of the table explain
// a misfit, a version that holds the whole row begins anew and its Gap tells what it is; of
// the present row that is an error still, an Explained one, but States are good.
func Rebuild(versions []*Version, present Present) error {
	if len(versions) == 0 {
		return nil
	}
	w := newWalk(origin(versions, present), versions[0].epoch, present)
	for i := 0; i < len(versions); {
		group := versions[i:endOfTransaction(versions, i)]
		if err := w.through(group); err != nil {
			return err
		}
		i += len(group)
	}
	return w.end()
}

// whole tells whether a version holds the whole row before it, if there was one.
func (v *Version) whole(hidden []string) bool {
	if v.Action != audit.Updated {
		return true
	}
	if len(v.columns) == 0 {
		return false
	}
	return !slices.ContainsFunc(v.lacking(v.Before), func(name string) bool { return !slices.Contains(hidden, name) })
}

func (v *Version) retypedSince(epoch int) []string { return v.columns.retyped(epoch, v.epoch) }

// States returns the whole rows before and after the change, nil where there is no row, if State is set. Both lack the
// columns that are Unknown.
func (v *Version) States() (before, after audit.Image) {
	switch v.Action {
	case audit.Created:
		return nil, v.State
	case audit.Deleted:
		return v.Before, nil
	default: // a baseline too, which undoes nothing
		return v.Undo(v.State), v.State
	}
}

// origin is the state before the first version.
func origin(versions []*Version, present Present) audit.Image {
	o := opening{present: present}
	for i := 0; i < len(versions) && o.whole == nil; {
		end := endOfTransaction(versions, i)
		o.through(versions[i:end])
		i = end
	}
	return o.origin()
}

// step checks that a version fits a state and gives the state after it.
func (v *Version) step(state audit.Image) (audit.Image, error) {
	diverged := func(found, recorded audit.Image) error {
		return &audit.DivergedError{Version: v.ID, Difference: patch.Diff(AsValue(found), AsValue(recorded))}
	}
	switch v.Action {
	case audit.Created:
		if state != nil {
			return nil, diverged(state, nil)
		}
		return v.After, nil
	case audit.Deleted:
		if state == nil || difference(state, v.Before) != nil {
			return nil, diverged(state, v.Before)
		}
		return nil, nil
	case audit.Baseline:
		if state == nil || difference(state, v.After) != nil {
			return nil, diverged(state, v.After)
		}
		return overlay(state, v.After, nil), nil
	default:
		if state == nil {
			return nil, diverged(nil, v.Before)
		}
		if !contains(state, v.Before) {
			return nil, diverged(pick(state, in(v.Before)), v.Before)
		}
		return overlay(state, v.After, v.Before), nil
	}
}

// Over is a row with some columns put in the place of its own.
func Over(i audit.Image, row audit.Image) audit.Image { return overlay(row, i, nil) }

// Undo is the row as it was before an update, in the columns that the update changed; what
// the state has besides stays. Before a baseline, the row was what it is after.
func (v *Version) Undo(state audit.Image) audit.Image {
	if v.Action == audit.Baseline {
		return state
	}
	return overlay(state, v.Before, v.After)
}

// found is what a version says of the row before it.
func (v *Version) found() audit.Image {
	if v.Action == audit.Baseline {
		return v.After
	}
	return v.Before
}

// overlay is the state with the columns of one side of an update put in. What is noted of
// a column is noted in the state as well, and of no other column of that update.
func overlay(state, side, other audit.Image) audit.Image {
	next := make(audit.Image, len(state)+len(side))
	maps.Copy(next, state)
	maps.Copy(next, side)
	delete(next, "")
	if notes, ok := state[""]; ok {
		next[""] = notes
	}
	note(next, side, func(name string) bool {
		_, in := side[name]
		_, inOther := other[name]
		return in || inOther
	})
	return next
}

// contains tells whether a state holds what an update found. A column that the state does
// not have was added since the last whole row was recorded; what a masked one was is not
// known.
func contains(state, before audit.Image) bool {
	unknown := incomparable(before, state)
	for name, want := range before {
		if name == "" || slices.Contains(unknown, name) {
			continue
		}
		have, ok := state[name]
		if ok && (patch.Diff(have, want) != nil || holdsJSONNull(state, name) != holdsJSONNull(before, name)) {
			return false
		}
	}
	return true
}

// difference compares two whole rows in the columns that both have: the others were added
// or dropped between them, which no version records. Masked ones are not known.
func difference(a, b audit.Image) patch.Patch {
	if (a == nil) != (b == nil) {
		return patch.Diff(AsValue(a), AsValue(b))
	}
	unknown := incomparable(a, b)
	a, b = without(a, unknown), without(b, unknown)
	return patch.Diff(AsValue(pick(a, in(b))), AsValue(pick(b, in(a))))
}

// without is a row without some columns.
func without(i audit.Image, names []string) audit.Image {
	if i == nil || len(names) == 0 {
		return i
	}
	return pick(i, func(name string) bool { return !slices.Contains(names, name) })
}

func has(i audit.Image, column string) bool {
	_, ok := i[column]
	return ok
}

// in tells of a column whether an image has it.
func in(i audit.Image) func(column string) bool {
	return func(column string) bool { return has(i, column) }
}

// pick is the part of a row in some columns.
func pick(row audit.Image, wanted func(column string) bool) audit.Image {
	picked := make(audit.Image, len(row))
	for name, v := range row {
		if name != "" && wanted(name) {
			picked[name] = v
		}
	}
	note(picked, row, wanted)
	return picked
}

// LeftOut lists columns by name, with the reasons why their old values cannot be restored.
func LeftOut(reasons map[string]audit.LeftOutReason) []audit.LeftOut {
	var list []audit.LeftOut
	for _, column := range slices.Sorted(maps.Keys(reasons)) {
		list = append(list, audit.LeftOut{Column: column, Reason: reasons[column]})
	}
	return list
}
