package exaudit

import (
	"strings"
	"unicode"
)

// records reports whether a statement may change rows. What can not, needs no custom data; and
// some of it has to come before all else in a transaction, or refuses to be part of one.
func records(sql string) bool {
	rest := trimmed(sql)
	for strings.HasPrefix(rest, ";") {
		rest = trimmed(rest[1:])
	}
	if rest == "" {
		return false
	}
	first, rest := word(rest)
	switch first {
	case "commit", "end", "rollback", "abort", "begin", "vacuum", "checkpoint":
	case "show", "reset", "lock", "listen", "unlisten", "notify", "savepoint", "release", "start", "discard", "deallocate", "cluster", "reindex":
		if rest == "" { // which is no statement, but may be the name of a prepared one
			return true
		}
	case "set":
		if second, _ := word(trimmed(rest)); second == "constraints" { // which runs what was deferred
			return true
		}
	case "prepare": // to commit, what was told already
		if second, _ := word(trimmed(rest)); second != "transaction" {
			return true
		}
	case "create", "drop", "alter":
		second, _ := word(trimmed(rest))
		alone := second == "database" || second == "tablespace" || second == "system" || second == "subscription"
		if !alone && !strings.Contains(strings.ToLower(rest), "concurrently") {
			return true
		}
	default:
		return true
	}
	return several(sql)
}

// trimmed is a text without the space and the comments that it starts with.
func trimmed(sql string) string {
	for {
		sql = strings.TrimLeftFunc(sql, unicode.IsSpace)
		n := comment(sql)
		if n == 0 {
			return sql
		}
		sql = sql[n:]
	}
}

// comment is the length of the comment that a text starts with, 0 if it starts with none.
func comment(sql string) int {
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

// word is the word that a text starts with, in lower case, and what comes after it.
func word(sql string) (first, rest string) {
	rest = strings.TrimLeftFunc(sql, inName)
	return strings.ToLower(sql[:len(sql)-len(rest)]), rest
}

// several reports whether a text may be several statements. It may err on that side: there
// are bodies of functions, and strings with backslashes, that it does not understand.
func several(sql string) bool {
	i := strings.IndexByte(sql, ';')
	if i < 0 || trimmed(sql[i+1:]) == "" {
		return false
	}
	if strings.IndexByte(sql, '\\') >= 0 {
		return true
	}
	i = semicolon(sql)
	return i >= 0 && trimmed(sql[i+1:]) != ""
}

// beginning splits a text of several statements that begins a transaction itself behind the
// statement that does; the first part is empty where it does not.
func beginning(sql string) (begin, rest string) {
	if first, _ := word(trimmed(sql)); first != "begin" && first != "start" {
		return "", sql
	}
	i := semicolon(sql) + 1
	return sql[:i], sql[i:]
}

// semicolon is where the first semicolon is that is in no quotes and no comment; -1 is
// nowhere.
func semicolon(sql string) int {
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
			if n := comment(sql[i:]); n > 0 {
				i += n - 1
			}
		case '$':
			if n := dollarQuoted(sql[i:]); n > 0 && (i == 0 || !inName(rune(sql[i-1]))) {
				i += n - 1
			}
		}
	}
	return -1
}

// dollarQuoted is the length of the dollar-quoted string that a text starts with, or 0.
func dollarQuoted(sql string) int {
	tag := strings.IndexByte(sql[1:], '$') + 2
	if tag < 2 || '0' <= sql[1] && sql[1] <= '9' || strings.ContainsFunc(sql[1:tag-1], func(r rune) bool { return r == '$' || !inName(r) }) {
		return 0
	}
	end := strings.Index(sql[tag:], sql[:tag])
	if end < 0 {
		return len(sql)
	}
	return tag + end + tag
}

// inName reports whether a name may have a letter.
func inName(r rune) bool {
	return r == '_' || r == '$' || r >= 0x80 || unicode.IsLetter(r) || unicode.IsDigit(r)
}
