// Package directive knows the lines by which tools tell what a migration does from its way back, and which they
// look for in the midst of strings and names, too.
package directive

import "regexp"

// A carriage return is none, but goose takes it from the end of a line.
var pattern = regexp.MustCompile(`(?im)^[ \t]*--.*(?:\+goose|\+migrate|migrate:(?:up|down)|exaudit: (?:begin|undo|end|removed)).*$` +
	`|^.*---- create above / drop below ----.*$|^.*\r.*$`)

// Find returns the first line of a text that a tool would take for a directive, or change; "" where there is none.
func Find(text string) string { return pattern.FindString(text) }
