package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// ErrSyntax is the error of [Decode] for text that is not JSON, and of
// [Unmarshal] for text that is not the JSON form of a patch.
var ErrSyntax = errors.New("patch: invalid syntax")

// Decode returns the JSON value that data holds. Of a key that an object has
// twice, the last one counts.
//
// Data that is no JSON, that has more than one value, or that is nested more than
// 10,000 levels deep is refused with an error that wraps [ErrSyntax].
func Decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: data after the value", ErrSyntax)
	}
	return v, nil
}

// Value returns the JSON value of a Go value, which is whatever [json.Marshal]
// makes of it: use it for ints, floats, structs and the like, which [Diff] would
// otherwise not look into. Its errors are those of json.Marshal and [Decode].
func Value(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("patch: %w", err)
	}
	return Decode(data)
}

// equal reports whether two values are the same, digit by digit for numbers. What
// is not a JSON value is equal if it is deeply equal.
func equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool, string, json.Number:
		return a == b
	case []any:
		b, ok := b.([]any)
		return ok && equalLists(a, b)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && equalObjects(a, b)
	}
	return reflect.DeepEqual(a, b)
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalObjects(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for key, v := range a {
		if w, ok := b[key]; !ok || !equal(v, w) {
			return false
		}
	}
	return true
}
