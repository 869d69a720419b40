package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// shared reports assignments in parallel subtests to variables that are declared outside of them, because other
// subtests may have the same variable.
var shared = &analysis.Analyzer{
	Name: "shared",
	Doc:  "report assignments in parallel subtests to variables of the test around them",
	Run:  runShared,
}

func runShared(pass *analysis.Pass) (any, error) {
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncLit); ok && isParallel(f) {
				checkShared(pass, f)
			}
			return true
		})
	}
	return nil, nil
}

// isParallel reports whether a statement of the function itself is t.Parallel().
func isParallel(f *ast.FuncLit) bool {
	for _, s := range f.Body.List {
		s, ok := s.(*ast.ExprStmt)
		if !ok {
			continue
		}
		if call, ok := s.X.(*ast.CallExpr); ok {
			if selector, ok := call.Fun.(*ast.SelectorExpr); ok && selector.Sel.Name == "Parallel" {
				return true
			}
		}
	}
	return false
}

func checkShared(pass *analysis.Pass, f *ast.FuncLit) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				for _, to := range s.Lhs {
					checkAssigned(pass, f, to)
				}
			}
		case *ast.IncDecStmt:
			checkAssigned(pass, f, s.X)
		}
		return true
	})
}

// checkAssigned reports what is assigned to if it is, or is a field or an element of, a variable from outside.
func checkAssigned(pass *analysis.Pass, f *ast.FuncLit, to ast.Expr) {
	switch e := to.(type) {
	case *ast.Ident:
		if v, ok := pass.TypesInfo.Uses[e].(*types.Var); ok && v.Pos() < f.Pos() {
			pass.Reportf(e.Pos(), "%s is shared with other parallel subtests", e.Name)
		}
	case *ast.SelectorExpr:
		checkAssigned(pass, f, e.X)
	case *ast.IndexExpr:
		checkAssigned(pass, f, e.X)
	case *ast.StarExpr:
		checkAssigned(pass, f, e.X)
	case *ast.ParenExpr:
		checkAssigned(pass, f, e.X)
	}
}
