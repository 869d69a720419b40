package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader reads YAML into the structs of this package by their json tags, and keeps the
// line of everything. Unlike the YAML library it refuses what is said twice, and says what
// is wrong in the words of the file.
type reader struct{ *File }

func (r reader) read(node *yaml.Node, place []string, into any) error {
	return r.value(node, place, reflect.ValueOf(into).Elem())
}

func (r reader) value(node *yaml.Node, place []string, into reflect.Value) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	isNull := node.Kind == yaml.ScalarNode && node.Tag == "!!null"
	switch into.Kind() {
	case reflect.Struct:
		if isNull && len(place) > 0 {
			return nil // "orders:" is a table with the options that are the default
		}
		if column, ok := into.Addr().Interface().(*CustomColumn); ok && node.Kind == yaml.ScalarNode {
			return r.value(node, append(place, "type"), reflect.ValueOf(&column.Type).Elem())
		}
		return r.structure(node, place, into)
	case reflect.Map:
		if isNull {
			return nil
		}
		return r.mapping(node, place, into)
	case reflect.Slice:
		return r.list(node, place, into)
	case reflect.Bool:
		if node.Kind != yaml.ScalarNode || node.Tag != "!!bool" {
			return r.wrong(node, place, "is true or false")
		}
		return node.Decode(into.Addr().Interface())
	case reflect.Int:
		n, err := strconv.Atoi(node.Value)
		if node.Kind == yaml.ScalarNode && node.Tag == "!!int" && err == nil && n > 0 {
			into.SetInt(int64(n))
			return nil
		}
		return r.wrong(node, place, "is a number greater than 0")
	default: // a string
		if node.Kind != yaml.ScalarNode || isNull || strings.TrimSpace(node.Value) == "" {
			return r.wrong(node, place, "is a text that is not empty")
		}
		into.SetString(node.Value)
		return nil
	}
}

func (r reader) wrong(node *yaml.Node, place []string, what string) error {
	return &Error{Path: r.path, Line: node.Line, Text: strings.Join(append([]string{}, place...), ".") + " " + what}
}

// pairs walks through a mapping, each key once.
func (r reader) pairs(node *yaml.Node, place []string,
	do func(name string, at []string, value *yaml.Node) error) error {
	if node.Kind != yaml.MappingNode {
		if len(place) == 0 {
			return &Error{Path: r.path, Line: node.Line, Text: "the file is not a mapping of keys to values"}
		}
		return r.wrong(node, place, "is a mapping of names to values")
	}
	seen := make(map[string]bool)
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return r.wrong(key, place, "has a key that is not a name")
		}
		at := append(slices.Clip(place), key.Value)
		if seen[key.Value] {
			return r.wrong(key, at, "is given twice")
		}
		seen[key.Value] = true
		r.lines[strings.Join(at, "\x00")] = key.Line
		if err := do(key.Value, at, value); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) structure(node *yaml.Node, place []string, into reflect.Value) error {
	keys := fields(into.Type())
	return r.pairs(node, place, func(name string, at []string, value *yaml.Node) error {
		i := slices.Index(keys, name)
		if i < 0 {
			return &Error{Path: r.path, Line: r.line(at...),
				Text: fmt.Sprintf("unknown key %s: it is one of %s", strings.Join(at, "."), strings.Join(keys, ", "))}
		}
		return r.value(value, at, into.Field(i))
	})
}

// fields are the keys of a struct's exported fields, which come first.
func fields(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if tag, ok := t.Field(i).Tag.Lookup("json"); ok {
			name, _, _ := strings.Cut(tag, ",")
			names = append(names, name)
		}
	}
	return names
}

func (r reader) mapping(node *yaml.Node, place []string, into reflect.Value) error {
	into.Set(reflect.MakeMap(into.Type()))
	return r.pairs(node, place, func(name string, at []string, value *yaml.Node) error {
		element := reflect.New(into.Type().Elem()).Elem()
		if err := r.value(value, at, element); err != nil {
			return err
		}
		into.SetMapIndex(reflect.ValueOf(name), element)
		return nil
	})
}

func (r reader) list(node *yaml.Node, place []string, into reflect.Value) error {
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		return r.wrong(node, place, "is a list of names, [like, this]")
	}
	for _, item := range node.Content {
		element := reflect.New(into.Type().Elem()).Elem()
		if err := r.value(item, place, element); err != nil {
			return err
		}
		into.Set(reflect.Append(into, element))
		// of one that is listed twice, the second
		r.lines[strings.Join(append(slices.Clip(place), element.String()), "\x00")] = item.Line
	}
	return nil
}
