package patch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrConflict is the error of [Apply] for a patch that does not fit. The error
// wraps a [*ConflictError], too.
var ErrConflict = errors.New("patch: conflict")

// A ConflictError tells where a patch does not fit, and why.
type ConflictError struct {
	Path Path // the place; an index is that of the [Edit]
	// What the patch wants to find there, and what is there: a JSON value, or a
	// Note on what cannot be said with one.
	Want, Found any
}

// A Note describes in words, in a [ConflictError] or a [Conflict], what is wanted or found.
type Note string

// Nothing is the note for a key or an element that is not there.
const Nothing Note = "nothing"

// What no JSON value can say either.
const (
	anObject Note = "an object"
	aList    Note = "a list"
	inOrder  Note = "edits in the order of the list"
	aPatch   Note = "a patch of a known type"
)

// Error shows the values cut short.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v at %s: want %s, found %s", ErrConflict, e.Path.place(), describe(e.Want, shortWidth),
		describe(e.Found, shortWidth))
}

// Is reports whether target is [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// shortWidth is how many characters of a value an error shows.
const shortWidth = 60

func describe(v any, limit int) string {
	if note, ok := v.(Note); ok {
		return string(note)
	}
	return shownValue(v, limit)
}

func conflict(at Path, want, found any) error {
	return &ConflictError{Path: slices.Clone(at), Want: want, Found: found}
}

// Apply returns v with the change made. All that p says about the old state must
// hold: what is removed or changed must be there and be equal to the value in the
// patch, and where something is added, nothing may be. Otherwise, and if p is a
// patch that fits no value at all, the error wraps [ErrConflict].
//
// v is not modified, and the result shares with v what did not change. If p is an
// [Added] itself, then v must be nil or [Nothing], and if it is a [Removed], the result is nil.
func Apply(v any, p Patch) (any, error) {
	return apply(v, p, nil)
}

func apply(v any, p Patch, at Path) (any, error) {
	switch p := p.(type) {
	case nil:
		return v, nil
	case Added:
		if v != nil && v != Nothing {
			return nil, conflict(at, Nothing, v)
		}
		return p.Value, nil
	case Removed:
		return nil, expect(v, p.Value, at)
	case Changed:
		if err := expect(v, p.From, at); err != nil {
			return nil, err
		}
		return p.To, nil
	case Object:
		object, ok := v.(map[string]any)
		if !ok {
			return nil, conflict(at, anObject, v)
		}
		return applyObject(object, p, at)
	case List:
		list, ok := v.([]any)
		if !ok {
			return nil, conflict(at, aList, v)
		}
		return applyList(list, p, at)
	}
	return nil, conflict(at, aPatch, Note(fmt.Sprintf("%T", p)))
}

func expect(v, want any, at Path) error {
	if !equal(v, want) {
		return conflict(at, want, v)
	}
	return nil
}

func applyObject(object map[string]any, p Object, at Path) (any, error) {
	result := make(map[string]any, len(object))
	maps.Copy(result, object)
	// Sorted, for the same conflict to be reported every time.
	for _, key := range sortedKeys(p) {
		if err := applyKey(result, key, p[key], append(at, key)); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func applyKey(result map[string]any, key string, change Patch, at Path) error {
	v, ok := result[key]
	if added, isNew := change.(Added); isNew {
		if ok {
			return conflict(at, Nothing, v)
		}
		result[key] = added.Value
		return nil
	}
	if change == nil {
		return nil
	}
	if !ok {
		return conflict(at, wanted(change), Nothing)
	}
	v, err := apply(v, change, at)
	if err != nil {
		return err
	}
	if _, gone := change.(Removed); gone {
		delete(result, key)
	} else {
		result[key] = v
	}
	return nil
}

// wanted is what a change wants to find.
func wanted(change Patch) any {
	switch change := change.(type) {
	case Removed:
		return change.Value
	case Changed:
		return change.From
	case Object:
		return anObject
	case List:
		return aList
	}
	return aPatch
}

// applyList goes through the list once, as [Edit] describes.
func applyList(list []any, p List, at Path) (any, error) {
	result := make([]any, 0, len(list))
	done := 0 // how many elements of list are dealt with
	for _, e := range p {
		at := append(at, e.Index)
		if e.Change == nil {
			continue
		}
		if added, isNew := e.Change.(Added); isNew {
			keep := e.Index - len(result)
			if err := inReach(keep, len(list)-done, Nothing, at); err != nil {
				return nil, err
			}
			result = append(result, list[done:done+keep]...)
			result = append(result, added.Value)
			done += keep
			continue
		}
		if err := inReach(e.Index-done, len(list)-done-1, wanted(e.Change), at); err != nil {
			return nil, err
		}
		v, err := apply(list[e.Index], e.Change, at)
		if err != nil {
			return nil, err
		}
		result = append(result, list[done:e.Index]...)
		if _, gone := e.Change.(Removed); !gone {
			result = append(result, v)
		}
		done = e.Index + 1
	}
	return append(result, list[done:]...), nil
}

// inReach checks that an edit comes no earlier than where its list has been dealt
// with, and no later than there are elements left.
func inReach(distance, left int, want any, at Path) error {
	if distance < 0 {
		return conflict(at, inOrder, Note("an index that is too low"))
	}
	if distance > left {
		return conflict(at, want, Note("the end of the list"))
	}
	return nil
}
