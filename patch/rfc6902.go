package patch

// An Operation is a step of a JSON Patch (RFC 6902).
type Operation struct {
	Op    string // "test", "add", "remove" or "replace"
	Path  string // a JSON pointer
	Value any    // of no meaning for "remove"
}

// MarshalJSON returns the form that RFC 6902 gives to an operation. Its errors are
// those of [Marshal].
func (o Operation) MarshalJSON() ([]byte, error) {
	member := map[string]any{"op": o.Op, "path": o.Path}
	if o.Op != "remove" {
		member["value"] = o.Value
	}
	var e encoder
	e.value(member)
	return e.text, e.err
}

// RFC6902 returns a patch as a JSON Patch, the format of HTTP PATCH requests and of
// libraries in many languages.
//
// Every value that is removed or replaced is tested first, so that the operations
// refuse, as [Apply] does, a document that is not as the patch expects. Leave those
// with Op "test" out to have them overwrite it. They cannot express that a key must be
// absent, and appliers may test numbers by value rather than by digit.
//
// The operations are made from the patch itself, to be the very same change. The library
// jsondiff (v0.7.1, tried) only compares documents. With a decoder of one's own it keeps the
// digits of numbers, but an insertion at the head of a list is then an operation for every
// element, or else a search in quadratic memory: 200 MB for two lists of 5,000 numbers.
func RFC6902(p Patch) []Operation {
	ops := []Operation{}
	appendOperations(&ops, p, nil)
	return ops
}

func appendOperations(ops *[]Operation, p Patch, at Path) {
	add := func(op string, v any) {
		*ops = append(*ops, Operation{Op: op, Path: at.Pointer(), Value: v})
	}
	switch p := p.(type) {
	case Added:
		add("add", p.Value)
	case Removed:
		add("test", p.Value)
		add("remove", nil)
	case Changed:
		add("test", p.From)
		add("replace", p.To)
	case Object:
		for _, key := range sortedKeys(p) {
			appendOperations(ops, p[key], append(at, key))
		}
	case List:
		appendListOperations(ops, p, at)
	}
}

// appendListOperations counts how far the elements have moved: unlike an [Edit], an
// operation finds the list as the one before left it.
func appendListOperations(ops *[]Operation, p List, at Path) {
	shift := 0
	for _, e := range p {
		switch e.Change.(type) {
		case Added:
			appendOperations(ops, e.Change, append(at, e.Index))
			shift++
		case Removed:
			appendOperations(ops, e.Change, append(at, e.Index+shift))
			shift--
		default:
			appendOperations(ops, e.Change, append(at, e.Index+shift))
		}
	}
}
