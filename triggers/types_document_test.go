package triggers_test

import (
	"fmt"
	"strings"
	"testing"
)

var encodings = map[string]string{
	"native":       "as jsonb makes it",
	"jsonb":        "as it is; JSON `null` noted apart from SQL NULL",
	"float":        "number; `-0` as text",
	"array":        "list; as text with several dimensions or another lower bound",
	"float_array":  "list; as text with several dimensions, another lower bound or `-0`",
	"format_array": "list of texts; as text with several dimensions or another lower bound",
	"text":         "text",
	"format":       "text, by the type's own output function",
}

const typesHead = `# Types

This page lists how values are stored in the images of versions, and what the tests check on every supported PostgreSQL:
%d values of %d types. The %d types of section Extensions need the extension in brackets, and are tested if the server
has it.

Each value is inserted, set to NULL and back, replaced by another one and deleted. The session that writes and the session
that reads differ in every setting that the text of a value can depend on. Each value comes back identical, byte for byte,
from the images of created, updated and deleted versions, and the deleted row is restored.

- A jsonb value holds at most 268,435,455 bytes of text, about 134 MB of a bytea. Of what is larger, the size and the
  SHA-256 are recorded ([recording.md](recording.md#images)).
- One thing is lost: the XML declaration of a value of type xml inside a composite or an array of a domain. PostgreSQL
  itself leaves it out of their text.

The test writes this page: ` + "`go test ./triggers -run TestTypesDocument -update`" + `. Do not edit it.
`

// docs/types.md says what is tested; it depends on neither server nor extensions.
func TestTypesDocument(t *testing.T) {
	t.Parallel()
	var doc strings.Builder
	types, values, extended := 0, 0, 0
	for _, g := range typeGroups {
		fmt.Fprintf(&doc, "\n## %s\n\n| type | in an image | values tested |\n|---|---|---|\n", g.title)
		for _, c := range g.types {
			types++
			values += len(c.values)
			cells := make([]string, len(c.values))
			for i, v := range c.values {
				cells[i] = code(v)
			}
			name := code(strings.TrimPrefix(strings.TrimPrefix(c.name, "app."), "ext."))
			if c.extension != "" {
				name += " (" + c.extension + ")"
				extended++
			}
			fmt.Fprintf(&doc, "| %s | %s | %s |\n", name, encodings[c.encoding], strings.Join(cells, " "))
		}
	}
	var definitions []string
	for line := range strings.SplitSeq(typesSchema, "\n") {
		if strings.HasPrefix(line, "CREATE TYPE") || strings.HasPrefix(line, "CREATE DOMAIN") {
			definitions = append(definitions, line)
		}
	}
	wantFile(t, "../docs/types.md", fmt.Sprintf(typesHead, values, types, extended)+doc.String()+
		"\nThe types that the tests define:\n\n```sql\n"+strings.Join(definitions, "\n")+"\n```\n")
}

// code is a Markdown code span in a table.
func code(s string) string {
	s = strings.ReplaceAll(s, "|", `\|`)
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}
