package triggers

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Pattern is a pattern of tables, as in psql's \dt: a schema and a table, in which "*" means any characters and "?"
// means one. Outside of double quotes it is folded to lower case, as a name in SQL. Inside of double quotes, every
// character means itself.
type Pattern struct{ schema, name string } // as LIKE has them

// ParsePattern reads a pattern. It must have a schema, because the schema of a name without one depends on the session.
func ParsePattern(text string) (Pattern, error) {
	var parts []string
	var part strings.Builder
	quoted, empty := false, true
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '"' && quoted && i+1 < len(text) && text[i+1] == '"':
			part.WriteByte('"')
			i++
		case c == '"':
			quoted, empty = !quoted, false
			continue
		case c == '.' && !quoted:
			if empty {
				return Pattern{}, fmt.Errorf("pattern %s has an empty part", text)
			}
			parts = append(parts, part.String())
			part.Reset()
			empty = true
			continue
		case quoted:
			part.WriteString(likeLiteral(c))
		case c == '*':
			part.WriteByte('%')
		case c == '?':
			part.WriteByte('_')
		case c >= 'A' && c <= 'Z':
			part.WriteByte(c - 'A' + 'a')
		case c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 0x80:
			part.WriteString(likeLiteral(c))
		default:
			return Pattern{}, fmt.Errorf("pattern %s: %q stands only between double quotes", text, string(c))
		}
		empty = false
	}
	switch {
	case quoted:
		return Pattern{}, fmt.Errorf("pattern %s: a double quote is not closed", text)
	case empty:
		return Pattern{}, fmt.Errorf("pattern %q has an empty part", text)
	case len(parts) == 0:
		return Pattern{}, fmt.Errorf("pattern %s names no schema: write public.%s", text, text)
	case len(parts) > 1:
		return Pattern{}, fmt.Errorf("pattern %s has more parts than schema.table", text)
	}
	return Pattern{parts[0], part.String()}, nil
}

func likeLiteral(c byte) string {
	if strings.IndexByte(`%_\`, c) >= 0 {
		return `\` + string([]byte{c})
	}
	return string([]byte{c})
}

// IsPattern reports whether the name of a table has a wildcard outside of double quotes.
func IsPattern(name string) bool {
	outside := true
	for _, c := range name {
		if c == '"' {
			outside = !outside
		} else if outside && (c == '*' || c == '?') {
			return true
		}
	}
	return false
}

// SchemaLike returns the part for the schema, as a pattern of SQL's LIKE.
func (p Pattern) SchemaLike() string { return p.schema }

// NameLike returns the part for the table, as a pattern of SQL's LIKE.
func (p Pattern) NameLike() string { return p.name }

// Match reports whether the pattern matches a table; the names are not quoted.
func (p Pattern) Match(schema, table string) bool {
	return like(p.schema, schema) && like(p.name, table)
}

// MatchQuoted is Match for a quoted name with its schema.
func (p Pattern) MatchQuoted(name string) bool {
	schema, table, ok := unquoted(name)
	return ok && p.Match(schema, table)
}

// unquoted splits a quoted name into schema and table, without quotes.
func unquoted(name string) (schema, table string, ok bool) {
	literal, err := ParsePattern(name)
	plain := strings.NewReplacer(`\\`, `\`, `\%`, `%`, `\_`, `_`)
	return plain.Replace(literal.schema), plain.Replace(literal.name), err == nil
}

// like is SQL's LIKE. After a "%", it looks for the rest at one place after the other, and goes back to the last "%"
// only.
func like(pattern, text string) bool {
	p, t := 0, 0
	back, from := -1, 0 // behind the last "%", and where it has ended so far
	for t < len(text) {
		switch next := p; {
		case next < len(pattern) && pattern[next] == '%':
			p++
			back, from = p, t
		case next < len(pattern) && pattern[next] == '_':
			_, size := utf8.DecodeRuneInString(text[t:])
			p, t = p+1, t+size
		default:
			if next < len(pattern) && pattern[next] == '\\' {
				next++
			}
			switch {
			case next < len(pattern) && pattern[next] == text[t]:
				p, t = next+1, t+1
			case back < 0:
				return false
			default:
				_, size := utf8.DecodeRuneInString(text[from:])
				from += size
				p, t = back, from
			}
		}
	}
	return strings.Trim(pattern[p:], "%") == ""
}
