package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
)

// Unquoted returns a name as SQL reads it: text between double quotes as it is, everything else in lower case.
func Unquoted(name string) string {
	if inner, ok := strings.CutPrefix(name, `"`); ok {
		return strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
	}
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, name)
}

// splitName splits a name at the dot that is outside of double quotes. Both parts stay quoted.
func splitName(name string) (schema, table string) {
	open := false
	for i, r := range name {
		switch {
		case r == '"':
			open = !open
		case r == '.' && !open:
			return name[:i], name[i+1:]
		}
	}
	return "", name
}

// sameTable reports whether a name, with or without the schema, can mean a table.
func sameTable(words, quoted string) bool {
	schema, table := splitName(words)
	inSchema, name := splitName(quoted)
	return Unquoted(table) == Unquoted(name) && (schema == "" || Unquoted(schema) == Unquoted(inSchema))
}

// Excepted returns which of the quoted tables a name under except means, or "" if none. The name is looked up as in
// SQL, along the search_path; otherwise it means the only table with this name.
func Excepted(ctx context.Context, q db.DBTX, name string, tables []string) (string, error) {
	_, quoted, err := Resolve(ctx, q, name)
	if err != nil && !reason.Is(err, audit.NoTable, audit.NotTrackable, audit.NoPrimaryKey) {
		return "", err
	}
	if slices.Contains(tables, quoted) {
		return quoted, nil
	}
	found := ""
	for _, table := range tables {
		switch {
		case !sameTable(name, table):
		case found != "":
			return "", fmt.Errorf("table %s could be %s or %s: write it with its schema", name, found, table)
		default:
			found = table
		}
	}
	return found, nil
}
