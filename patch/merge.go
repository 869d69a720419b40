package patch

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// An Overlap is a place that two changes of one value both changed, to different values: a
// conflict of [Merge].
type Overlap struct {
	// Path is the place in ours; the index of an element that ours lacks is where it would be.
	Path Path
	// What the place is in the three values; [Nothing] where there is none.
	Base, Ours, Theirs any
}

// String says it in a line: what the place was in base, is in ours, and would become with
// theirs. Long values are cut.
func (o Overlap) String() string {
	return fmt.Sprintf("%s: was %s, is %s, would become %s", o.Path.place(), describe(o.Base), describe(o.Ours), describe(o.Theirs))
}

// overlapForm is an overlap as JSON; what is nothing is left out.
type overlapForm struct {
	Path   Path             `json:"path"`
	Base   *json.RawMessage `json:"base,omitempty"`
	Ours   *json.RawMessage `json:"ours,omitempty"`
	Theirs *json.RawMessage `json:"theirs,omitempty"`
}

// MarshalJSON gives a stable form, in which a value that is [Nothing] is left out.
func (o Overlap) MarshalJSON() ([]byte, error) {
	f := overlapForm{Path: o.Path}
	for _, side := range []struct {
		value any
		into  **json.RawMessage
	}{{o.Base, &f.Base}, {o.Ours, &f.Ours}, {o.Theirs, &f.Theirs}} {
		if side.value == Nothing {
			continue
		}
		encoded, err := json.Marshal(side.value)
		if err != nil {
			return nil, err
		}
		*side.into = (*json.RawMessage)(&encoded)
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (o *Overlap) UnmarshalJSON(data []byte) error {
	decoded, err := Decode(data)
	if err != nil {
		return err
	}
	object, ok := decoded.(map[string]any)
	if !ok {
		return fmt.Errorf("patch: no overlap: %.100s", data)
	}
	*o = Overlap{}
	steps, _ := object["path"].([]any)
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			o.Path = append(o.Path, step)
		case json.Number:
			index, err := step.Int64()
			if err != nil {
				return fmt.Errorf("patch: no index of a list: %s", step)
			}
			o.Path = append(o.Path, int(index))
		}
	}
	o.Base, o.Ours, o.Theirs = member(object, "base"), member(object, "ours"), member(object, "theirs")
	return nil
}

// member is the value under a key, Nothing where there is none.
func member(object map[string]any, key string) any {
	if value, ok := object[key]; ok {
		return value
	}
	return Nothing
}

// A MergeOption changes what [Merge] does.
type MergeOption func(*merger)

// TakeTheirs has theirs in the result where there is an overlap, in place of ours.
func TakeTheirs() MergeOption { return func(m *merger) { m.takeTheirs = true } }

// Merge makes of ours, which has come from base, what it would be if base had also become
// theirs: a three-way merge. Where both have changed the same place, to different values, the
// result has ours, unless [TakeTheirs] is given, and the place is one of the overlaps, which come
// in the order of their paths.
//
// Objects are merged key by key. Lists are merged by their elements, as [Diff] matches them:
// different elements may be changed, added and removed on both sides, and moved ones stay one.
// Where both add elements at the same place, both are kept, those of theirs first, unless they
// are the same.
//
// To take a change from a to b out of a value v that has changed since, Merge(b, v, a).
//
// These hold for all JSON values:
//
//	Merge(b, b, t) == t
//	Merge(b, o, b) == o
//	Merge(b, x, x) == x
func Merge(base, ours, theirs any, opts ...MergeOption) (any, []Overlap) {
	var m merger
	for _, opt := range opts {
		opt(&m)
	}
	return m.merge(base, ours, theirs, nil), m.overlaps
}

// merger is one run of Merge.
type merger struct {
	takeTheirs bool
	overlaps   []Overlap
}

// merge takes Nothing for a key or an element that is not there, and may give it.
func (m *merger) merge(base, ours, theirs any, at Path) any {
	switch {
	case equal(ours, theirs), equal(base, theirs):
		return ours
	case equal(base, ours):
		return theirs
	}
	switch b := base.(type) {
	case map[string]any:
		o, isObject := ours.(map[string]any)
		t, areObjects := theirs.(map[string]any)
		if isObject && areObjects {
			return m.objects(b, o, t, at)
		}
	case []any:
		o, isList := ours.([]any)
		t, areLists := theirs.([]any)
		if isList && areLists {
			return m.lists(b, o, t, at)
		}
	}
	m.overlaps = append(m.overlaps, Overlap{slices.Clone(at), base, ours, theirs})
	if m.takeTheirs {
		return theirs
	}
	return ours
}

func (m *merger) objects(base, ours, theirs map[string]any, at Path) any {
	merged := maps.Clone(ours)
	keys := make(map[string]bool)
	for _, side := range []map[string]any{base, ours, theirs} {
		for key := range side {
			keys[key] = true
		}
	}
	// Sorted, for the same overlaps to come in the same order every time.
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		value := m.merge(member(base, key), member(ours, key), member(theirs, key), append(at, key))
		if value == Nothing {
			delete(merged, key)
		} else {
			merged[key] = value
		}
	}
	return merged
}
