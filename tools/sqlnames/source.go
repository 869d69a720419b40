package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
)

// placeholder stands for what Go code puts into a statement when it runs.
const placeholder = "exaudit_placeholder"

var (
	statementStart = regexp.MustCompile(`^\s*(SELECT|WITH|INSERT INTO|UPDATE|DELETE FROM|LOCK TABLE|DO \$|CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT ON)\s`)
	verb           = regexp.MustCompile(`%(\[\d+\]|\d+\$)?[sdvqIL]`)
)

// checkGo reads the statements that stand in Go code: the strings that begin like one, with what is
// added to them. Text that only looks like a statement is no error.
func checkGo(name, text string) ([]finding, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, 0)
	if err != nil {
		return nil, err
	}
	var all []finding
	ast.Inspect(file, func(n ast.Node) bool {
		expression, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		statement, ok := concatenated(expression)
		if !ok {
			return true
		}
		if !statementStart.MatchString(statement) {
			return false
		}
		c := checker{file: name, firstLine: set.Position(n.Pos()).Line}
		if err := c.script(verb.ReplaceAllString(statement, placeholder)); err == nil {
			all = append(all, c.findings...)
		}
		return false
	})
	return all, nil
}

// concatenated is the text of a string, or of several that are added, with a placeholder for what is
// not constant.
func concatenated(expression ast.Expr) (string, bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, ok := concatenated(e.X)
		if e.Op != token.ADD || !ok {
			return "", false
		}
		right, ok := concatenated(e.Y)
		if !ok {
			right = placeholder
		}
		return left + right, true
	}
	return "", false
}
