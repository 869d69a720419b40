package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// advice is what a message tells its reader to do: a command, or a flag.
var advice = regexp.MustCompile(`"exaudit |--[a-z]|: run |GRANT |: give `)

// told are the functions whose text a user gets.
var told = []string{"usageErrorf", "complain", "Errorf", "New", "Sprintf", "Fprintf", "Fprintln", "fail"}

// Every message that advises something is in a script, where the advice is followed.
func TestAdviceIsTried(t *testing.T) {
	t.Parallel()
	expected := expectations(t)
	for _, text := range texts(t) {
		if !advice.MatchString(text) {
			continue
		}
		if !slices.ContainsFunc(expected, func(e string) bool { return covers(e, text) }) {
			t.Errorf("no script expects %q", text)
		}
	}
}

// verb is one of a format.
var verb = regexp.MustCompile(`%[-+#]?[a-zA-Z]`)

// covers reports whether what a script expects is a message, or a good part of it.
func covers(expected, text string) bool {
	const enough = 15
	pieces := verb.Split(text, -1)
	longest := slices.MaxFunc(pieces, func(a, b string) int { return len(a) - len(b) })
	if strings.Contains(expected, strings.TrimSpace(longest)) {
		return true
	}
	for _, piece := range strings.Split(expected, ".*") {
		if piece = strings.Trim(piece, "^$"); len(piece) >= enough && strings.Contains(text, piece) {
			return true
		}
	}
	return false
}

// expectations are what scripts expect on stderr and stdout, as plain text.
func expectations(t *testing.T) (list []string) {
	t.Helper()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(`\`, "", "''", "'")
	for _, script := range scripts {
		content, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			for _, stream := range []string{"stderr ", "stdout "} {
				if pattern, ok := strings.CutPrefix(line, stream); ok {
					list = append(list, plain.Replace(strings.Trim(strings.TrimSpace(pattern), "'")))
				}
			}
		}
	}
	return list
}

// texts are the messages of the command: what is told, and the hints of kinds.
func texts(t *testing.T) (list []string) {
	t.Helper()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, text)
		}
	}
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if slices.Contains(told, name) {
					for _, argument := range n.Args {
						add(argument)
					}
				}
			case *ast.ReturnStmt:
				for _, result := range n.Results {
					add(result)
				}
			case *ast.CompositeLit:
				if source == "failure.go" {
					for _, element := range n.Elts {
						add(element)
					}
				}
			}
			return true
		})
	}
	return list
}
