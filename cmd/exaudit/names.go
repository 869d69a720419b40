package main

import "github.com/exaudit/exaudit/triggers"

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

// sameTable reports whether somebody's words, with the schema or without, mean a table.
func sameTable(words, quoted string) bool {
	schema, table := splitName(words)
	inSchema, name := splitName(quoted)
	return triggers.Unquoted(table) == triggers.Unquoted(name) && (schema == "" || triggers.Unquoted(schema) == triggers.Unquoted(inSchema))
}
