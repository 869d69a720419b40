package custom

import (
	"strings"
	"unicode"
)

// mayChangeRows reports whether a statement may change rows. A statement that cannot needs no
// custom data, and some of those must be the first of a transaction, or run alone.
func mayChangeRows(sql string) bool {
	rest := skipComments(sql)
	for strings.HasPrefix(rest, ";") {
		rest = skipComments(rest[1:])
	}
	if rest == "" {
		return false
	}
	first, rest := firstWord(rest)
	switch first {
	case "commit", "end", "rollback", "abort", "begin", "vacuum", "checkpoint":
	case "show", "reset", "lock", "listen", "unlisten", "notify", "savepoint", "release", "start", "discard",
		"deallocate", "cluster", "reindex":
		if rest == "" { // not a statement, but it may be the name of a prepared one
			return true
		}
	case "set":
		if second, _ := firstWord(skipComments(rest)); second == "constraints" { // runs the deferred triggers
			return true
		}
	case "prepare": // PREPARE TRANSACTION commits what already has its custom data
		if second, _ := firstWord(skipComments(rest)); second != "transaction" {
			return true
		}
	case "create", "drop", "alter":
		if !mustRunAlone(rest) {
			return true
		}
	default:
		return true
	}
	return multiStatement(sql)
}

// mustRunAlone reports whether PostgreSQL refuses CREATE, DROP or ALTER, with what follows, in
// a transaction with other statements.
func mustRunAlone(rest string) bool {
	switch object, _ := firstWord(skipComments(rest)); object {
	case "database", "tablespace", "system", "subscription":
		return true
	}
	return strings.Contains(strings.ToLower(rest), "concurrently")
}

// skipComments returns a text without the space and the comments that it starts with.
func skipComments(sql string) string {
	for {
		sql = strings.TrimLeftFunc(sql, unicode.IsSpace)
		n := commentLength(sql)
		if n == 0 {
			return sql
		}
		sql = sql[n:]
	}
}

// commentLength returns the length of the comment that a text starts with, 0 if it starts with none.
func commentLength(sql string) int {
	switch {
	case strings.HasPrefix(sql, "--"):
		if i := strings.IndexAny(sql, "\r\n"); i >= 0 {
			return i
		}
		return len(sql)
	case strings.HasPrefix(sql, "/*"):
		depth, i := 1, 2
		for ; i < len(sql) && depth > 0; i++ {
			switch {
			case strings.HasPrefix(sql[i:], "/*"):
				depth++
				i++
			case strings.HasPrefix(sql[i:], "*/"):
				depth--
				i++
			}
		}
		return i
	}
	return 0
}

// firstWord returns the word that a text starts with, in lower case, and what comes after it.
func firstWord(sql string) (first, rest string) {
	rest = strings.TrimLeftFunc(sql, isNameRune)
	return strings.ToLower(sql[:len(sql)-len(rest)]), rest
}

// multiStatement reports whether a text may be several statements. It may report so of one
// statement: it does not parse bodies of functions, nor strings with backslashes.
func multiStatement(sql string) bool {
	i := strings.IndexByte(sql, ';')
	if i < 0 || skipComments(sql[i+1:]) == "" {
		return false
	}
	if strings.IndexByte(sql, '\\') >= 0 {
		return true
	}
	i = firstSemicolon(sql)
	return i >= 0 && skipComments(sql[i+1:]) != ""
}

// splitBegin splits a text of several statements after the first one if that begins a
// transaction; otherwise, begin is empty.
func splitBegin(sql string) (begin, rest string) {
	if first, _ := firstWord(skipComments(sql)); first != "begin" && first != "start" {
		return "", sql
	}
	i := firstSemicolon(sql) + 1
	return sql[:i], sql[i:]
}

// firstSemicolon returns the index of the first semicolon outside quotes and comments, -1 if
// there is none.
func firstSemicolon(sql string) int {
	for i := 0; i < len(sql); i++ {
		switch c := sql[i]; c {
		case ';':
			return i
		case '\'', '"':
			end := strings.IndexByte(sql[i+1:], c)
			if end < 0 {
				return -1
			}
			i += end + 1
		case '-', '/':
			if n := commentLength(sql[i:]); n > 0 {
				i += n - 1
			}
		case '$':
			if n := dollarQuotedLength(sql[i:]); n > 0 && (i == 0 || !isNameRune(rune(sql[i-1]))) {
				i += n - 1
			}
		}
	}
	return -1
}

// dollarQuotedLength returns the length of the dollar-quoted string that a text starts with, or 0.
func dollarQuotedLength(sql string) int {
	tag := strings.IndexByte(sql[1:], '$') + 2
	notInTag := func(r rune) bool { return r == '$' || !isNameRune(r) }
	if tag < 2 || '0' <= sql[1] && sql[1] <= '9' || strings.ContainsFunc(sql[1:tag-1], notInTag) {
		return 0
	}
	end := strings.Index(sql[tag:], sql[:tag])
	if end < 0 {
		return len(sql)
	}
	return tag + end + tag
}

// isNameRune reports whether a rune may be part of a name.
func isNameRune(r rune) bool {
	return r == '_' || r == '$' || r >= 0x80 || unicode.IsLetter(r) || unicode.IsDigit(r)
}
