package main

import "encoding/json"

// node is a part of a parse tree: an object with one field per property, or with the name of its
// kind as the only field.
type node map[string]any

func decodeTree(text string, into any) error { return json.Unmarshal([]byte(text), into) }

// object is the property as a node; nil where there is none.
func (n node) object(name string) node {
	child, _ := n[name].(map[string]any)
	return child
}

// list is the property as a list.
func (n node) list(name string) []any {
	list, _ := n[name].([]any)
	return list
}

func (n node) text(name string) string {
	text, _ := n[name].(string)
	return text
}

func (n node) number(name string) int {
	number, _ := n[name].(float64) // JSON knows no other
	return int(number)
}

// names are the parts of a qualified name, a list of strings.
func names(list []any) []string {
	var parts []string
	for _, item := range list {
		object, _ := item.(map[string]any)
		parts = append(parts, node(object).object("String").text("sval"))
	}
	return parts
}

// constant is the string that a node is, if it is one.
func constant(n node) (string, bool) {
	value := n.object("A_Const").object("sval")
	return value.text("sval"), value != nil
}

// isNull tells whether a node is the constant NULL.
func isNull(n node) bool { return n.object("A_Const")["isnull"] == true }
