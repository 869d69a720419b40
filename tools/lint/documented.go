package main

import (
	"go/ast"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// documented reports exported names without a comment, packages without one, and comments
// that do not begin with the name they are about.
var documented = &analysis.Analyzer{
	Name: "documented",
	Doc:  "report exported names and packages without a comment, or with one that begins otherwise",
	Run:  runDocumented,
}

func runDocumented(pass *analysis.Pass) (any, error) {
	packageDoc := pass.Pkg.Name() == "main" // its files are documented by the command's help
	var first *ast.File
	for _, file := range pass.Files {
		if strings.HasSuffix(pass.Fset.File(file.Pos()).Name(), "_test.go") || ast.IsGenerated(file) {
			continue
		}
		if first == nil {
			first = file
		}
		packageDoc = packageDoc || file.Doc != nil
		for _, declaration := range file.Decls {
			checkDeclaration(pass, declaration)
		}
	}
	if first != nil && !packageDoc {
		pass.Reportf(first.Name.Pos(), "package %s has no comment", pass.Pkg.Name())
	}
	return nil, nil
}

func checkDeclaration(pass *analysis.Pass, declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		// methods of types that are not exported implement interfaces
		if d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv.List[0].Type) && !wellKnown[d.Name.Name]) {
			checkDoc(pass, d.Name, d.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					checkDoc(pass, s.Name, either(s.Doc, d.Doc))
				}
			case *ast.ValueSpec: // a comment may be that of a group, or at the line's end
				if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					pass.Reportf(s.Pos(), "exported %s has no comment", s.Names[0].Name)
				}
			}
		}
	}
}

// wellKnown are the names of methods that need no comment.
var wellKnown = map[string]bool{"Error": true, "Unwrap": true, "Is": true, "String": true}

func exportedReceiver(receiver ast.Expr) bool {
	switch t := receiver.(type) {
	case *ast.StarExpr:
		return exportedReceiver(t.X)
	case *ast.IndexExpr:
		return exportedReceiver(t.X)
	case *ast.IndexListExpr:
		return exportedReceiver(t.X)
	case *ast.Ident:
		return t.IsExported()
	}
	return false
}

func either(doc, group *ast.CommentGroup) *ast.CommentGroup {
	if doc != nil {
		return doc
	}
	return group
}

func checkDoc(pass *analysis.Pass, name *ast.Ident, doc *ast.CommentGroup) {
	if doc == nil {
		pass.Reportf(name.Pos(), "exported %s has no comment", name.Name)
		return
	}
	text := doc.Text()
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	if first, _, _ := strings.Cut(text, " "); strings.TrimRight(first, ",.:\n") != name.Name &&
		!strings.HasPrefix(text, "Deprecated:") {
		pass.Reportf(name.Pos(), "the comment of %s should begin with its name", name.Name)
	}
}
