package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

const (
	module = "github.com/exaudit/exaudit"
	root   = "../.."
)

// source is a Go file of the module that is not generated.
type source struct {
	path string // from the root, with slashes
	file *ast.File
	set  *token.FileSet
}

// test reports whether the file is one of tests, or of a package that is only for them.
func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources returns all Go files of the module, without those of other modules in it.
func sources(t *testing.T) []source {
	t.Helper()
	list, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 100 {
		t.Fatalf("%d Go files", len(list))
	}
	return list
}

var parsed = sync.OnceValues(func() ([]source, error) {
	paths, err := files(".go")
	if err != nil {
		return nil, err
	}
	var list []source
	for _, path := range paths {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(root, path), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if !ast.IsGenerated(file) {
			list = append(list, source{path: path, file: file, set: set})
		}
	}
	return list, nil
})

// files returns the files of the repository with a suffix, without those of other modules in it.
func files(suffix string) (list []string, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if other := err == nil && path != root; other || strings.HasPrefix(entry.Name(), ".git") || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, suffix) {
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			list = append(list, filepath.ToSlash(relative))
		}
		return nil
	})
	return list, err
}

// documents returns the Markdown files of the repository, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths, err := files(".md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	return texts
}

// walls says which packages of the module a package may import. What is recorded (sql, triggers,
// internal/config, internal/migration) and what is read (internal/history, revert,
// internal/undo) do not know each other; what carries custom data (internal/custom) knows neither.
var walls = map[string][]string{
	"patch":              {},
	"audit":              {"patch"},
	"db":                 {},
	"internal/preamble":  {},
	"internal/directive": {},
	"internal/version":   {},
	"internal/lock":      {"audit", "db"},
	"internal/reason":    {"audit"},
	"internal/custom":    {"audit", "internal/preamble"},
	"stdlib":             {"internal/custom"},
	"sql":                {"audit", "db", "internal/lock", "internal/reason"},
	"triggers": {
		"audit", "db", "internal/directive", "internal/lock", "internal/reason", "internal/version", "patch", "sql",
	},
	"internal/config": {"audit", "db", "internal/reason", "sql", "triggers"},
	"internal/migration": {
		"audit", "db", "internal/config", "internal/directive", "internal/reason", "sql", "triggers",
	},
	"internal/history":     {"audit", "db", "internal/reason", "patch"},
	"revert":               {"audit", "db", "internal/history", "internal/lock", "internal/reason", "patch"},
	"internal/undo":        {"audit", "db", "internal/history", "internal/lock", "internal/reason", "patch", "revert"},
	"internal/maintenance": {"audit", "db", "internal/lock", "internal/reason"},
	".": {
		"audit", "db", "internal/custom", "internal/history", "internal/lock", "internal/maintenance", "internal/reason",
		"internal/undo", "patch", "revert", "sql", "triggers",
	},
	"exaudittest": {".", "audit", "internal/reason", "patch"},
}

func TestWalls(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range sources(t) {
		pkg := filepath.ToSlash(filepath.Dir(s.path))
		allowed, ok := walls[pkg]
		if s.test() || !ok {
			continue
		}
		seen[pkg] = true
		for _, spec := range s.file.Imports {
			imported, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
			imported = strings.TrimPrefix(imported, "/")
			if imported == "" {
				imported = "."
			}
			if ours && !slices.Contains(allowed, imported) {
				t.Errorf("%s: package %s must not import %s", s.path, pkg, imported)
			}
		}
	}
	for pkg := range walls {
		if !seen[pkg] && pkg != "db" { // which is generated
			t.Errorf("there is no package %s", pkg)
		}
	}
}

// maxFunction is how many lines a function has at most: it fits on a screen.
const maxFunction = 60

// Lines have at most 120 columns, with tabs of 4. Of a long string 40 count: it is not cut for that.
func TestLinesFitAScreen(t *testing.T) {
	t.Parallel()
	long := regexp.MustCompile("(\"(?:[^\"\\\\]|\\\\.){39})(?:[^\"\\\\]|\\\\.)*\"|(`[^`]{39})[^`]*`")
	for _, s := range sources(t) {
		if s.test() || strings.HasPrefix(s.path, "examples/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, s.path))
		if err != nil {
			t.Fatal(err)
		}
		raw := false // inside of a string of several lines
		for i, line := range strings.Split(string(text), "\n") {
			was := raw
			if strings.Count(line, "`")%2 == 1 {
				raw = !raw
			}
			if was || raw {
				continue
			}
			line = strings.ReplaceAll(long.ReplaceAllString(line, "$1$2"), "\t", "    ")
			if n := utf8.RuneCountInString(line); n > 120 {
				t.Errorf("%s:%d has %d columns", s.path, i+1, n)
			}
		}
	}
}

func TestFunctionsFitAScreen(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, declaration := range s.file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			first, last := s.set.Position(f.Pos()).Line, s.set.Position(f.End()).Line
			if n := last - first + 1; n > maxFunction {
				t.Errorf("%s:%d: function %s has %d lines, more than %d", s.path, first, f.Name.Name, n, maxFunction)
			}
		}
	}
}

// A table of a document says each thing once.
func TestDocumentTables(t *testing.T) {
	t.Parallel()
	for path, text := range documents(t) {
		var rows []string
		for i, line := range strings.Split(text, "\n") {
			cells := strings.Split(line, "|")
			if len(cells) < 3 || !strings.HasPrefix(line, "|") {
				rows = nil
				continue
			}
			row := strings.TrimSpace(cells[1])
			if row != "" && slices.Contains(rows, row) {
				t.Errorf("%s:%d: the table has two rows of %s", path, i+1, row)
			}
			rows = append(rows, row)
		}
	}
}

// Each exported method of DB, and each function that takes one, has an example.
func TestExamples(t *testing.T) {
	t.Parallel()
	wanted, examples := map[string]string{}, map[string]bool{}
	for _, s := range sources(t) {
		if filepath.Dir(s.path) != "." {
			continue
		}
		for _, declaration := range s.file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			switch {
			case !ok:
			case s.test():
				examples[f.Name.Name] = true
			case f.Name.IsExported() && f.Recv != nil && isDB(f.Recv.List[0].Type):
				wanted["ExampleDB_"+f.Name.Name] = s.path
			case f.Name.IsExported() && f.Recv == nil && slices.ContainsFunc(f.Type.Params.List, takesDB):
				wanted["Example"+f.Name.Name] = s.path
			}
		}
	}
	if len(wanted) < 30 {
		t.Fatalf("%d methods", len(wanted))
	}
	for name, path := range wanted {
		if !examples[name] {
			t.Errorf("%s: there is no %s", path, name)
		}
	}
}

func takesDB(field *ast.Field) bool { return isDB(field.Type) }

// isDB reports whether a type is *DB.
func isDB(of ast.Expr) bool {
	star, ok := of.(*ast.StarExpr)
	if !ok {
		return false
	}
	name, ok := star.X.(*ast.Ident)
	return ok && name.Name == "DB"
}

// promised are the packages that applications import; the others that they could import say that
// nothing is promised of them.
var promised = []string{".", "audit", "exaudittest", "patch", "stdlib"}

func TestPackagesSayWhatIsPromised(t *testing.T) {
	t.Parallel()
	says, importable := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		pkg := filepath.ToSlash(filepath.Dir(s.path))
		inside := strings.Contains("/"+pkg+"/", "/internal/") || strings.HasPrefix(pkg, "docs/") || strings.HasPrefix(pkg, "examples/")
		if s.test() || inside || s.file.Name.Name == "main" || strings.HasPrefix(pkg, "tools") {
			continue
		}
		importable[pkg] = true
		says[pkg] = says[pkg] || strings.Contains(s.file.Doc.Text(), "no promise of compatibility")
	}
	for pkg := range importable {
		if says[pkg] == slices.Contains(promised, pkg) {
			t.Errorf("package %s: says that nothing is promised: %v", pkg, says[pkg])
		}
	}
}
