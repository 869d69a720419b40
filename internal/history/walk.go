package history

import (
	"errors"
	"slices"

	"github.com/exaudit/exaudit/audit"
)

// opening finds the state before the first version: what the changes found there, oldest
// first, over the first whole row.
type opening struct {
	found   audit.Image // of every column, the value that its first change found
	touched audit.Image // every column that was changed
	whole   *Version
	present Present
}

// through goes on by the versions of one transaction, as far as the first whole row.
func (o *opening) through(group []*Version) {
	if o.whole != nil {
		return
	}
	cut := slices.IndexFunc(group, func(v *Version) bool {
		return v.Action != audit.Updated || o.present.Gaps && v.whole(o.present.Hidden)
	})
	if cut >= 0 {
		o.whole, group = group[cut], group[:cut]
	}
	group = slices.Clone(group)
	arrange(group, nil)
	for _, v := range group {
		o.found, o.touched = overlay(v.Before, o.found, o.touched), overlay(v.After, o.touched, nil)
	}
}

func (o *opening) origin() audit.Image {
	base := o.present.Row
	if o.whole != nil {
		base = o.whole.found() // nil of a create
	}
	switch {
	case base == nil && o.whole == nil && o.present.Unknown:
		base = audit.Image{} // of the row, only what was changed is known
	case base == nil:
		return nil
	}
	return overlay(base, o.found, o.touched)
}

// walk is how far the states of a line have been rebuilt.
type walk struct {
	state audit.Image
	// known is the state without the columns whose type has changed since they were
	// recorded: their old values cannot be compared with new ones.
	known audit.Image
	birth int
	last  *Version
	// present is what the walk should lead to.
	present Present
}

func newWalk(origin audit.Image, epoch int, present Present) *walk {
	return &walk{state: origin, known: origin, birth: epoch, present: present}
}

// through goes on by the versions of one transaction, puts them into the order in which
// they fit, and sets their States.
func (w *walk) through(group []*Version) error {
	if w.last != nil {
		w.known = without(w.known, group[0].retypedSince(w.last.epoch))
	}
	arrange(group, w.known)
	for _, v := range group {
		v.Cut = w.last == nil && (v.Action == audit.Updated || v.Action == audit.Deleted)
		next, err := v.step(w.known)
		if misfit := (*audit.DivergedError)(nil); errors.As(err, &misfit) && w.present.Gaps &&
			v.whole(w.present.Hidden) {
			v.Gap = misfit.Difference
			w.state = v.found()
			next, err = v.step(w.state)
		}
		if err != nil {
			return err
		}
		w.known = next
		if v.Action == audit.Updated || v.Action == audit.Baseline {
			next = overlay(w.state, v.After, v.Before)
		}
		if v.Action == audit.Created {
			w.birth = v.epoch
		}
		v.State, w.state, v.birth, w.last = next, next, w.birth, v
		if len(w.known) != len(w.state) {
			v.known = w.known
		}
	}
	return nil
}

// end checks that the walk has led to the present row.
func (w *walk) end() error {
	if w.last == nil || w.present.Unknown {
		return nil
	}
	columns := w.last.columns
	known := without(w.known, columns.retyped(w.last.epoch, len(columns)-1))
	if d := difference(known, w.present.Row); d != nil {
		return &audit.DivergedError{Difference: d, Explained: w.present.Gaps, Columns: differing(known, w.present.Row)}
	}
	return nil
}
