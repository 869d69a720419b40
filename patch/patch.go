package patch

// A Patch is the change from one JSON value to another. It is nil if nothing
// changed, or else one of [Added], [Removed], [Changed], [Object] and [List],
// as a value, not as a pointer.
type Patch interface {
	sealed()
}

// Added is a value that was not there before.
//
// It stands in an [Object] for a new key, and in a [List] for a new element. As
// a whole patch it leads from nothing, for which nil stands there, to Value.
type Added struct{ Value any }

// Removed is a value that is no longer there. It is the reverse of [Added].
type Removed struct{ Value any }

// Changed is a value that was replaced as a whole.
type Changed struct{ From, To any }

// Object is the change of a JSON object. It has the keys that changed: one that
// is new with [Added], one that is gone with [Removed], any other with what
// happened to its value.
type Object map[string]Patch

// List is the change of a JSON array: its edits, from the head to the tail.
type List []Edit

// An Edit is the change of one element of a list.
//
// If Change is [Added], then Index is the place of the element in the new list.
// Otherwise it is the place in the old list: of the element that is gone if
// Change is [Removed], or of the one that Change happened to. No index depends on
// the other edits, so appending c and d to [a, b] is Added at 2 and Added at 3,
// and emptying it is Removed at 0 and Removed at 1.
//
// To follow the edits, go through the old list once: before an edit of an old
// place, keep the elements up to that place; before an addition, keep elements
// until the new list has grown up to its place.
type Edit struct {
	Index  int
	Change Patch
}

func (Added) sealed()   {}
func (Removed) sealed() {}
func (Changed) sealed() {}
func (Object) sealed()  {}
func (List) sealed()    {}

// Reverse returns the patch that takes p back.
func Reverse(p Patch) Patch {
	switch p := p.(type) {
	case Added:
		return Removed(p)
	case Removed:
		return Added(p)
	case Changed:
		return Changed{From: p.To, To: p.From}
	case Object:
		r := make(Object, len(p))
		for key, change := range p {
			r[key] = Reverse(change)
		}
		return r
	case List:
		return reverseList(p)
	}
	return p
}

// reverseList swaps the roles of the old and the new list. Additions and removals
// change places and keep their index; the index of any other edit moves from
// where the element was to where it is.
func reverseList(p List) List {
	r := make(List, len(p))
	shift := 0
	for i, e := range p {
		r[i] = Edit{Index: e.Index, Change: Reverse(e.Change)}
		switch e.Change.(type) {
		case Added:
			shift++
		case Removed:
			shift--
		default:
			r[i].Index += shift
		}
	}
	return r
}
