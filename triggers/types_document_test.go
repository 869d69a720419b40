package triggers_test

import (
	"fmt"
	"strings"
	"testing"
)

var encodings = map[string]string{
	"native":       "as to_jsonb writes it",
	"jsonb":        "unchanged; a note says whether `null` is a JSON null",
	"float":        "number; text for `-0`",
	"array":        "list; text if it has several dimensions or another lower bound",
	"float_array":  "list; text if it has several dimensions, another lower bound or a `-0`",
	"format_array": "list of texts; text if it has several dimensions or another lower bound",
	"text":         "text",
	"format":       "text, as the output function of the type writes it",
}

const typesHead = `# Types

This page shows in which form values of each type are stored in the images of versions: *number*, *text* and *list* are
a number, a string and an array of JSON. It lists the values that are tested on every supported version of PostgreSQL:
%d values of %d types. The last %d types are those of extensions, named in brackets; they are tested if the server has
the extension.

Each value is inserted, set to NULL and back, replaced by another value, and deleted. The session that writes and the
session that reads have different values for every setting that the text of a value can depend on. From the images of
created, updated and deleted versions, each value comes back the same, byte for byte, and the deleted row is restored.

- A jsonb value has at most 268,435,455 bytes of text. A bytea may therefore have about 134 MB. If a value is larger,
  its size and its SHA-256 are recorded instead ([recording.md](recording.md#images)).
- One thing is lost: the XML declaration of a value of type xml inside a composite, or inside an array of a domain.
  PostgreSQL does not write it into the text of such a value.

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
