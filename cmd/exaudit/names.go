package main

import "strings"

// splitName takes a quoted name of the library apart: "public"."my.table" has its dot
// where no quote is open. Both parts stay quoted as they are.
func splitName(quoted string) (schema, table string) {
	open := false
	for i, r := range quoted {
		switch {
		case r == '"':
			open = !open
		case r == '.' && !open:
			return quoted[:i], quoted[i+1:]
		}
	}
	return "", quoted
}

// unquoted is the name itself.
func unquoted(name string) string {
	if inner, ok := strings.CutPrefix(name, `"`); ok {
		return strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
	}
	return strings.ToLower(name)
}

// sameTable tells whether somebody's words, with the schema or without, mean a table.
func sameTable(words, quoted string) bool {
	schema, table := splitName(words)
	inSchema, name := splitName(quoted)
	return unquoted(table) == unquoted(name) && (schema == "" || unquoted(schema) == unquoted(inSchema))
}
