package history

import (
	"errors"
	"slices"
)

// opening finds the state before the first version: what the changes found there, oldest
// first, over the first whole row.
type opening struct {
	found   Image // of every column, the value that its first change found
	touched Image // every column that was changed
	whole   *Version
	present Present
}

// through goes on by the versions of one transaction, as far as the first whole row.
func (o *opening) through(group []*Version) {
	if o.whole != nil {
		return
	}
	cut := slices.IndexFunc(group, func(v *Version) bool {
		return v.Action != Updated || o.present.Gaps && v.whole(o.present.Hidden)
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

func (o *opening) origin() Image {
	base := o.present.Row
	if o.whole != nil {
		base = o.whole.found() // nil of a create
	}
	switch {
	case base == nil && o.whole == nil && o.present.Unknown:
		base = Image{} // of the row, only what was changed is known
	case base == nil:
		return nil
	}
	return overlay(base, o.found, o.touched)
}

// walk is how far the states of a line have been rebuilt.
type walk struct {
	state Image
	// known is the state without the columns whose type has changed since they were
	// recorded: their old values cannot be compared with new ones.
	known Image
	birth int
	last  *Version
	// present is what the walk should lead to.
	present Present
}

func newWalk(origin Image, epoch int, present Present) *walk {
	return &walk{state: origin, known: origin, birth: epoch, present: present}
}

// through goes on by the versions of one transaction, puts them into the order in which
// they fit, and sets their States.
func (w *walk) through(group []*Version) error {
	if w.last != nil {
		w.known = w.known.without(group[0].retypedSince(w.last.epoch))
	}
	arrange(group, w.known)
	for _, v := range group {
		v.Cut = w.last == nil && (v.Action == Updated || v.Action == Deleted)
		next, err := v.step(w.known)
		if misfit := (*DivergedError)(nil); errors.As(err, &misfit) && w.present.Gaps && v.whole(w.present.Hidden) {
			v.Gap = misfit.Difference
			w.state = v.found()
			next, err = v.step(w.state)
		}
		if err != nil {
			return err
		}
		w.known = next
		if v.Action == Updated || v.Action == Baseline {
			next = overlay(w.state, v.After, v.Before)
		}
		if v.Action == Created {
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
	known := w.known.without(columns.retyped(w.last.epoch, len(columns)-1))
	if d := difference(known, w.present.Row); d != nil {
		return &DivergedError{Difference: d, Explained: w.present.Gaps, columns: differing(known, w.present.Row)}
	}
	return nil
}
