package history

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/exaudit/exaudit/patch"
)

// ErrDiverged means that versions do not fit together, or do not lead to the present row:
// something was changed without being recorded.
var ErrDiverged = errors.New("diverged from history")

// Present is what an entity is now.
type Present struct {
	Row     Image // nil: there is no row
	Unknown bool  // the table is gone, and its rows with it
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

// DivergedError says where; errors.Is finds ErrDiverged.
type DivergedError struct {
	Version int64 // the version that does not fit what came before; 0: the present row
	// Difference is what lies between the state that history leads to and what was found.
	Difference patch.Patch
	// Explained tells that the options of the table let rows change out of sight.
	Explained bool
	columns   []string // of the present row, those in which it is another
}

func (e *DivergedError) Error() string {
	switch {
	case e.Version == 0 && e.Explained:
		return fmt.Sprintf("the row was changed out of sight, as its table's options allow: %s",
			patch.Text(e.Difference))
	case e.Version == 0:
		return fmt.Sprintf("the present row is not what its history says: %s", patch.Text(e.Difference))
	case e.Explained:
		return fmt.Sprintf("before version %d the row was changed out of sight, as its table's options allow: %s",
			e.Version, patch.Text(e.Difference))
	}
	return fmt.Sprintf("version %d does not fit the version before it: %s", e.Version, patch.Text(e.Difference))
}

func (e *DivergedError) Unwrap() error { return ErrDiverged }

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
	if v.Action != Updated {
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
func (v *Version) States() (before, after Image) {
	switch v.Action {
	case Created:
		return nil, v.State
	case Deleted:
		return v.Before, nil
	default: // a baseline too, which undoes nothing
		return v.Undo(v.State), v.State
	}
}

// origin is the state before the first version.
func origin(versions []*Version, present Present) Image {
	o := opening{present: present}
	for i := 0; i < len(versions) && o.whole == nil; {
		end := endOfTransaction(versions, i)
		o.through(versions[i:end])
		i = end
	}
	return o.origin()
}

// step checks that a version fits a state and gives the state after it.
func (v *Version) step(state Image) (Image, error) {
	diverged := func(found, recorded Image) error {
		return &DivergedError{Version: v.ID, Difference: patch.Diff(found.Value(), recorded.Value())}
	}
	switch v.Action {
	case Created:
		if state != nil {
			return nil, diverged(state, nil)
		}
		return v.After, nil
	case Deleted:
		if state == nil || difference(state, v.Before) != nil {
			return nil, diverged(state, v.Before)
		}
		return nil, nil
	case Baseline:
		if state == nil || difference(state, v.After) != nil {
			return nil, diverged(state, v.After)
		}
		return overlay(state, v.After, nil), nil
	default:
		if state == nil {
			return nil, diverged(nil, v.Before)
		}
		if !contains(state, v.Before) {
			return nil, diverged(pick(state, v.Before.has), v.Before)
		}
		return overlay(state, v.After, v.Before), nil
	}
}

// Over is a row with some columns put in the place of its own.
func (i Image) Over(row Image) Image { return overlay(row, i, nil) }

// Undo is the row as it was before an update, in the columns that the update changed; what
// the state has besides stays. Before a baseline, the row was what it is after.
func (v *Version) Undo(state Image) Image {
	if v.Action == Baseline {
		return state
	}
	return overlay(state, v.Before, v.After)
}

// found is what a version says of the row before it.
func (v *Version) found() Image {
	if v.Action == Baseline {
		return v.After
	}
	return v.Before
}

// overlay is the state with the columns of one side of an update put in. What is noted of
// a column is noted in the state as well, and of no other column of that update.
func overlay(state, side, other Image) Image {
	next := make(Image, len(state)+len(side))
	maps.Copy(next, state)
	maps.Copy(next, side)
	delete(next, "")
	if notes, ok := state[""]; ok {
		next[""] = notes
	}
	next.note(side, func(name string) bool {
		_, in := side[name]
		_, inOther := other[name]
		return in || inOther
	})
	return next
}

// contains tells whether a state holds what an update found. A column that the state does
// not have was added since the last whole row was recorded; what a masked one was is not
// known.
func contains(state, before Image) bool {
	unknown := incomparable(before, state)
	for name, want := range before {
		if name == "" || slices.Contains(unknown, name) {
			continue
		}
		have, ok := state[name]
		if ok && (patch.Diff(have, want) != nil || state.holdsJSONNull(name) != before.holdsJSONNull(name)) {
			return false
		}
	}
	return true
}

// difference compares two whole rows in the columns that both have: the others were added
// or dropped between them, which no version records. Masked ones are not known.
func difference(a, b Image) patch.Patch {
	if (a == nil) != (b == nil) {
		return patch.Diff(a.Value(), b.Value())
	}
	unknown := incomparable(a, b)
	a, b = a.without(unknown), b.without(unknown)
	return patch.Diff(pick(a, b.has).Value(), pick(b, a.has).Value())
}

// without is a row without some columns.
func (i Image) without(names []string) Image {
	if i == nil || len(names) == 0 {
		return i
	}
	return pick(i, func(name string) bool { return !slices.Contains(names, name) })
}

func (i Image) has(column string) bool {
	_, ok := i[column]
	return ok
}

// pick is the part of a row in some columns.
func pick(row Image, wanted func(column string) bool) Image {
	picked := make(Image, len(row))
	for name, v := range row {
		if name != "" && wanted(name) {
			picked[name] = v
		}
	}
	picked.note(row, wanted)
	return picked
}
