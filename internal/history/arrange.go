package history

import "github.com/exaudit/exaudit/audit"

func endOfTransaction(versions []*Version, i int) int {
	end := i + 1
	for end < len(versions) && versions[end].TransactionID == versions[i].TransactionID {
		end++
	}
	return end
}

// maxTries bounds the search of arrange. Inverted versions are few and near each other;
// what is not found within it is reported as diverged, in the order of ids.
const maxTries = 10_000

// arrange puts the versions of one transaction, in place, into an order in which each fits
// the one before, preferring that of their ids. Row triggers record a nested change of a
// row that the outer statement has changed but not yet reported with a smaller id.
// state is what the row was before, nil where that is not known or there was none.
func arrange(group []*Version, state audit.Image) {
	if len(group) < 2 {
		return
	}
	a := arrangement{left: append([]*Version(nil), group...), tries: maxTries}
	if a.place(knowledge{columns: state, exists: state != nil}, len(group)) {
		copy(group, a.placed)
	}
}

// knowledge is what is known of a row while its versions are put in order: perhaps only
// some of its columns.
type knowledge struct {
	columns audit.Image
	exists  bool // a row is known to be there
	absent  bool // it is known not to be
}

type arrangement struct {
	left   []*Version // nil where placed
	placed []*Version
	tries  int
}

func (a *arrangement) place(known knowledge, remaining int) bool {
	if remaining == 0 {
		return true
	}
	for i, v := range a.left {
		if v == nil || a.tries == 0 {
			continue
		}
		a.tries--
		next, ok := known.after(v)
		if !ok {
			continue
		}
		a.left[i], a.placed = nil, append(a.placed, v)
		if a.place(next, remaining-1) {
			return true
		}
		a.left[i], a.placed = v, a.placed[:len(a.placed)-1]
	}
	return false
}

func (k knowledge) after(v *Version) (knowledge, bool) {
	switch v.Action {
	case audit.Created:
		return knowledge{columns: v.After, exists: true}, !k.exists
	case audit.Deleted:
		return knowledge{absent: true}, !k.absent && contains(k.columns, v.Before)
	case audit.Updated, audit.Baseline: // below
	}
	if k.absent || !contains(k.columns, v.found()) {
		return k, false
	}
	return knowledge{columns: overlay(k.columns, v.After, v.Before), exists: true}, true
}
