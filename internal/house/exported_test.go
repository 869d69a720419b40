package house

import (
	"go/ast"
	"path/filepath"
	"slices"
	"testing"
)

// Each function and method that a promised package exports is used by a test or an example.
func TestExportedFunctionsAreUsed(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	exported := make(map[string]string) // by path
	for _, s := range sources(t) {
		if s.test() {
			ast.Inspect(s.file, func(n ast.Node) bool {
				if name, ok := n.(*ast.Ident); ok {
					used[name.Name] = true
				}
				return true
			})
			continue
		}
		if !slices.Contains(promised, filepath.ToSlash(filepath.Dir(s.path))) {
			continue
		}
		for _, name := range exportedBy(s.file) {
			exported[name] = s.path
		}
	}
	if len(exported) < 100 {
		t.Fatalf("%d exported functions", len(exported))
	}
	// database/sql, encoding/json, errors and fmt call these
	called := []string{"Error", "MarshalJSON", "PrepareContext", "String", "UnmarshalJSON", "Unwrap"}
	for name, path := range exported {
		if !used[name] && !slices.Contains(called, name) {
			t.Errorf("%s: no test and no example uses %s", path, name)
		}
	}
}

// exportedBy returns the names of a file's exported functions and methods.
func exportedBy(file *ast.File) []string {
	var names []string
	for _, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if ok && f.Name.IsExported() && (f.Recv == nil || receiverIsExported(f.Recv.List[0].Type)) {
			names = append(names, f.Name.Name)
		}
	}
	return names
}

func receiverIsExported(receiver ast.Expr) bool {
	switch r := receiver.(type) {
	case *ast.StarExpr:
		return receiverIsExported(r.X)
	case *ast.IndexExpr:
		return receiverIsExported(r.X)
	case *ast.Ident:
		return r.IsExported()
	}
	return false
}
