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
}

// DivergedError says where; errors.Is finds ErrDiverged.
type DivergedError struct {
	Version int64 // the version that does not fit what came before; 0: the present row
	// Difference is what lies between the state that history leads to and what was found.
	Difference patch.Patch
}

func (e *DivergedError) Error() string {
	if e.Version == 0 {
		return fmt.Sprintf("the present row is not what its history says: %s", patch.Text(e.Difference))
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
// *DivergedError, and States are then not to be used.
func Rebuild(versions []*Version, present Present) error {
	if len(versions) == 0 {
		return nil
	}
	w := newWalk(origin(versions, present), versions[0].epoch)
	for i := 0; i < len(versions); {
		group := versions[i:endOfTransaction(versions, i)]
		if err := w.through(group); err != nil {
			return err
		}
		i += len(group)
	}
	return w.end(present)
}

func (v *Version) retypedSince(epoch int) []string { return v.columns.retyped(epoch, v.epoch) }

// StatesAt gives the rows before and after a version of a rebuilt history.
func StatesAt(versions []*Version, id int64) (before, after Image) {
	i := slices.IndexFunc(versions, func(v *Version) bool { return v.ID == id })
	if i < 0 {
		return nil, nil
	}
	return versions[i].states()
}

// states are the rows before and after a version of a rebuilt history.
func (v *Version) states() (before, after Image) {
	switch v.Action {
	case Created:
		return nil, v.State
	case Deleted:
		return v.Before, nil
	default:
		return v.Undo(v.State), v.State
	}
}

// origin is the state before the first version.
func origin(versions []*Version, present Present) Image {
	var o opening
	for i := 0; i < len(versions) && o.whole == nil; {
		end := endOfTransaction(versions, i)
		o.through(versions[i:end])
		i = end
	}
	return o.origin(present.Row)
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
	default:
		if state == nil {
			return nil, diverged(nil, v.Before)
		}
		if !contains(state, v.Before) {
			return nil, diverged(pick(state, v.Before), v.Before)
		}
		return overlay(state, v.After, v.Before), nil
	}
}

// Undo is the row as it was before an update, in the columns that the update changed; what
// the state has besides stays.
func (v *Version) Undo(state Image) Image { return overlay(state, v.Before, v.After) }

// overlay is the state with the columns of one side of an update put in. What is noted of
// a column is noted in the state as well, and of no other column of that update.
func overlay(state, side, other Image) Image {
	next := make(Image, len(state)+len(side))
	maps.Copy(next, state)
	maps.Copy(next, side)
	touched := func(name string) bool {
		_, in := side[name]
		_, inOther := other[name]
		return in || inOther
	}
	next.note(append(slices.DeleteFunc(state.jsonNulls(), touched), side.jsonNulls()...),
		append(slices.DeleteFunc(state.Masked(), touched), side.Masked()...))
	return next
}

// contains tells whether a state holds what an update found. A column that the state does
// not have was added since the last whole row was recorded; what a masked one was is not
// known.
func contains(state, before Image) bool {
	for name, want := range before {
		if name == "" || before.masks(name) || state.masks(name) {
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
	masked := append(a.Masked(), b.Masked()...)
	a, b = a.without(masked), b.without(masked)
	return patch.Diff(pick(a, b).Value(), pick(b, a).Value())
}

// without is a row without some columns.
func (i Image) without(names []string) Image {
	if i == nil || len(names) == 0 {
		return i
	}
	rest := maps.Clone(i)
	for _, name := range names {
		delete(rest, name)
	}
	among := func(name string) bool { return slices.Contains(names, name) }
	rest.note(slices.DeleteFunc(i.jsonNulls(), among), slices.DeleteFunc(i.Masked(), among))
	return rest
}

// pick is the part of a row in the columns of another.
func pick(row, columns Image) Image {
	picked := make(Image, len(columns))
	for name, v := range row {
		if _, ok := columns[name]; ok {
			picked[name] = v
		}
	}
	return picked
}
