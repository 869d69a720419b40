package patch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Marshal returns the JSON form of a patch:
//
//	nil               null
//	Added{v}          ["+",v]
//	Removed{v}        ["-",v]
//	Changed{v, w}     ["~",v,w]
//	Object            {"key":patch,…}
//	List              [[index,patch],…]
//
// The first element tells the arrays apart: in that of a [List] it is an array. The
// form is compact, its keys are sorted, equal patches have equal forms, and
// [Unmarshal] gives back the very same patch.
//
// It is an error if p holds something that is not a JSON value, or a string that is
// not valid UTF-8, or if its form is nested more than 10,000 levels deep, which is
// more than Unmarshal takes.
func Marshal(p Patch) ([]byte, error) {
	var e encoder
	e.patch(p)
	if e.err != nil {
		return nil, e.err
	}
	return e.text, nil
}

// MarshalJSON is [Marshal].
func (p Added) MarshalJSON() ([]byte, error) { return Marshal(p) }

// MarshalJSON is [Marshal].
func (p Removed) MarshalJSON() ([]byte, error) { return Marshal(p) }

// MarshalJSON is [Marshal].
func (p Changed) MarshalJSON() ([]byte, error) { return Marshal(p) }

// MarshalJSON is [Marshal].
func (p Object) MarshalJSON() ([]byte, error) { return Marshal(p) }

// MarshalJSON is [Marshal].
func (p List) MarshalJSON() ([]byte, error) { return Marshal(p) }

func (e *encoder) patch(p Patch) {
	switch p := p.(type) {
	case nil:
		e.value(nil)
	case Added:
		e.value([]any{"+", p.Value})
	case Removed:
		e.value([]any{"-", p.Value})
	case Changed:
		e.value([]any{"~", p.From, p.To})
	case Object:
		encodeObject(e, p, e.patch)
	case List:
		if e.open('[') {
			for i, edit := range p {
				e.next(i)
				e.edit(edit)
			}
			e.close(']')
		}
	default:
		e.fail("%T is not a type of patch", p)
	}
}

func (e *encoder) edit(edit Edit) {
	if edit.Index < 0 {
		e.fail("index %d in a list", edit.Index)
	}
	if e.open('[') {
		e.text = strconv.AppendInt(e.text, int64(edit.Index), 10)
		e.text = append(e.text, ',')
		e.patch(edit.Change)
		e.close(']')
	}
}

// Unmarshal returns the patch with the given JSON form, see [Marshal]. For anything
// else, its error wraps [ErrSyntax]. It does not check that the edits of a list are in
// order: [Apply] does.
func Unmarshal(data []byte) (Patch, error) {
	v, err := Decode(data)
	if err != nil {
		return nil, err
	}
	return fromValue(v, nil)
}

// fromValue returns the patch whose JSON form was decoded to v; at is where in the
// patched value it belongs.
func fromValue(v any, at Path) (Patch, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		p := make(Object, len(v))
		for key, change := range v {
			var err error
			if p[key], err = fromValue(change, append(at, key)); err != nil {
				return nil, err
			}
		}
		return p, nil
	case []any:
		if len(v) > 0 {
			if sign, ok := v[0].(string); ok {
				return leafFromValue(sign, v[1:], at)
			}
		}
		return listFromValue(v, at)
	}
	return nil, syntaxError(at, v)
}

func leafFromValue(sign string, values []any, at Path) (Patch, error) {
	switch {
	case sign == "+" && len(values) == 1:
		return Added{values[0]}, nil
	case sign == "-" && len(values) == 1:
		return Removed{values[0]}, nil
	case sign == "~" && len(values) == 2:
		return Changed{From: values[0], To: values[1]}, nil
	}
	return nil, syntaxError(at, slices.Concat([]any{sign}, values))
}

func listFromValue(edits []any, at Path) (Patch, error) {
	p := make(List, len(edits))
	for i, v := range edits {
		edit, ok := v.([]any)
		if !ok || len(edit) != 2 {
			return nil, syntaxError(at, v)
		}
		number, _ := edit[0].(json.Number)
		// ParseUint takes no sign; 31 bits and more fit into an int everywhere.
		index, err := strconv.ParseUint(string(number), 10, strconv.IntSize-1)
		if err != nil {
			return nil, syntaxError(at, v)
		}
		p[i].Index = int(index)
		if p[i].Change, err = fromValue(edit[1], append(at, p[i].Index)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func syntaxError(at Path, found any) error {
	return fmt.Errorf("%w: the change of %s is %s", ErrSyntax, at.place(), describe(found, shortWidth))
}
