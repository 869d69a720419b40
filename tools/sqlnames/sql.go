package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	pg "github.com/wasilibs/go-pgquery"
)

// pinnedPath is the one search_path under which names need no schema.
var pinnedPath = []string{"pg_catalog", "pg_temp"}

var (
	downMark  = regexp.MustCompile(`(?m)^-- \+goose Down$`)
	sqlcNamed = regexp.MustCompile(`@\w+|\bsqlc\.n?arg\([^)]*\)`)
)

// checkSQL reads a file of statements: a migration, queries of sqlc's, or what was generated. Each
// of a migration's two parts begins under the search_path of whoever runs it.
func checkSQL(file, text string) ([]finding, error) {
	// a parameter of the same length, so that places stay what they are
	text = sqlcNamed.ReplaceAllStringFunc(text,
		func(name string) string { return "$1" + strings.Repeat(" ", len(name)-2) })
	parts := []int{0, len(text)}
	if at := downMark.FindStringIndex(text); at != nil {
		parts = []int{0, at[0], len(text)}
	}
	var all []finding
	for i := range parts[1:] {
		// what is generated for a table is installed under a pinned path
		c := checker{file: file, firstLine: lineAt(text, parts[i]),
			pinned: strings.HasSuffix(file, ".golden.sql") && !isMigration(text)}
		if err := c.script(text[parts[i]:parts[i+1]]); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, c.findings...)
	}
	return all, nil
}

func isMigration(text string) bool { return strings.Contains(text, "-- +goose Up") }

// checker reads statements one after the other.
type checker struct {
	file      string
	firstLine int
	findings  []finding

	text   string   // that locations are offsets in
	line   int      // used instead of locations, if not 0
	within string   // the function, and ": "
	known  []string // relations that need no schema: common table expressions
	pinned bool     // by an earlier statement
}

// report reports what a pinned path makes safe.
func (c *checker) report(location int, format string, arguments ...any) {
	if !c.pinned {
		c.add(location, fmt.Sprintf(format, arguments...))
	}
}

// add reports whatever the path is.
func (c *checker) add(location int, text string) {
	line := c.line
	if line == 0 {
		line = c.firstLine + lineAt(c.text, location) - 1
	}
	f := finding{c.file, line, c.within + text}
	if !slices.Contains(c.findings, f) {
		c.findings = append(c.findings, f)
	}
}

// script checks statements, of which one may pin the path for those after it.
func (c *checker) script(text string) error {
	tree, err := parse(text)
	if err != nil {
		return err
	}
	c.text = text
	for _, item := range tree.list("stmts") {
		raw := node(item.(map[string]any))
		statement := raw.object("stmt")
		if set := statement.object("VariableSetStmt"); set.text("name") == "search_path" {
			c.pinned = isPinned(set)
		}
		if function := statement.object("CreateFunctionStmt"); function != nil {
			end := len(text)
			if length := raw.number("stmt_len"); length > 0 {
				end = raw.number("stmt_location") + length
			}
			if err := c.function(function, text[raw.number("stmt_location"):end],
				raw.number("stmt_location")); err != nil {
				return err
			}
		}
		if do := statement.object("DoStmt"); do != nil {
			if err := c.block(do); err != nil {
				return err
			}
		}
		c.statement(statement)
		c.pinned = c.pinned || pinsPath(statement)
	}
	return nil
}

// isPinned tells whether SET search_path sets the one that is safe.
func isPinned(set node) bool {
	var path []string
	for _, item := range set.list("args") {
		schema, _ := constant(item.(map[string]any))
		path = append(path, schema)
	}
	return slices.Equal(path, pinnedPath)
}

// pinsPath tells whether a statement is SELECT set_config('search_path', 'pg_catalog, pg_temp', …).
func pinsPath(statement node) bool {
	pins := false
	walk(map[string]any(statement), func(kind string, n node) {
		if kind != "FuncCall" || !slices.Equal(names(n.list("funcname")), []string{"pg_catalog", "set_config"}) {
			return
		}
		arguments := n.list("args")
		name, _ := constant(arguments[0].(map[string]any))
		value, _ := constant(arguments[1].(map[string]any))
		pins = pins || name == "search_path" && value == strings.Join(pinnedPath, ", ")
	})
	return pins
}

// statement reports what one statement has.
func (c *checker) statement(statement node) {
	known := c.known
	walk(map[string]any(statement), func(kind string, n node) {
		if kind == "CommonTableExpr" {
			c.known = append(c.known, n.text("ctename"))
		}
	})
	walk(map[string]any(statement), c.node)
	c.known = known
}

// madeUp reports what the strings of a statement have that begin like a statement themselves, with
// a placeholder for what format puts in. Some cannot be read so, and are let pass.
func (c *checker) madeUp(statement node) {
	walk(map[string]any(statement), func(kind string, n node) {
		text, ok := constant(node{"A_Const": map[string]any(n)})
		if kind != "A_Const" || !ok || !statementStart.MatchString(text) {
			return
		}
		text = verb.ReplaceAllString(text, placeholder)
		// perhaps a clause that may be left out stands at the end
		for _, text := range []string{text, strings.TrimSuffix(text, placeholder)} {
			if tree, err := parse(text); err == nil {
				c.statement(tree)
				return
			}
		}
	})
}

func parse(text string) (node, error) {
	encoded, err := pg.ParseToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, strings.TrimSpace(text))
	}
	tree := node{}
	return tree, decodeTree(encoded, &tree)
}

// walk visits every node below a value with its kind: the field that it is in, or the one field
// that a node of unknown kind has.
func walk(value any, visit func(kind string, n node)) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			walk(item, visit)
		}
	case map[string]any:
		for kind, child := range value {
			if object, ok := child.(map[string]any); ok {
				visit(kind, object)
			}
			walk(child, visit)
		}
	}
}
