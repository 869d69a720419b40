package exaudit_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// checker type-checks snippets that use exaudit, by what the compiler has made of it.
func checker(t *testing.T) func(snippet string) error {
	t.Helper()
	var stderr bytes.Buffer
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", ".")
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	set := token.NewFileSet()
	compiled := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	return func(snippet string) error {
		file, err := parser.ParseFile(set, "snippet.go", `package snippet
			import (
				"context"
				"fmt"
				"time"
				"github.com/exaudit/exaudit"
				"github.com/exaudit/exaudit/audit"
			)
			type order struct{}
			type own struct{}
			type Order struct{ Status string }
			type generated struct{}
			func (generated) New(exaudit.Conn) generated { return generated{} }
			func (generated) ShipOrder(context.Context, int) error { return nil }
			var (
				pool exaudit.Conn
				store, queries generated
				cursor audit.Cursor
				_ = fmt.Sprint
				_ time.Time
				_ audit.Action
				v *audit.Version
				t *audit.Transaction
				plan *audit.UndoPlan
			)
			func use(...any) {}
			func snippet(ctx context.Context, db *exaudit.DB) {
				`+snippet+`
			}`, 0)
		if err != nil {
			return fmt.Errorf("not Go: %w", err)
		}
		var failed error
		config := types.Config{Importer: compiled, Error: func(err error) {
			if !strings.Contains(err.Error(), "declared and not used") {
				failed = errors.Join(failed, err)
			}
		}}
		_, _ = config.Check("snippet", set, []*ast.File{file}, nil)
		return failed
	}
}

// What makes no sense does not compile.
func TestMisuseDoesNotCompile(t *testing.T) {
	t.Parallel()
	check := checker(t)
	for _, misuse := range []struct{ snippet, why string }{
		{`use(db.History(ctx, "t", 1, exaudit.ByTable("t")))`, "a history has its table"},
		{`use(db.History(ctx, "t", 1, exaudit.ByRow("t", 2)))`, "a history has its row"},
		{`use(db.HistoryWithStates(ctx, "t", 1, exaudit.ByRow("t", 2)))`, "a history has its row"},
		{`use(exaudit.History[order](ctx, db, "t", 1, exaudit.ByTable("t")))`, "a history has its table"},
		{`f := []exaudit.Filter{exaudit.ByTable("t")}; use(db.History(ctx, "t", 1, f[0]))`, "not every filter is one of a row"},
		{`use(db.Transactions(ctx, exaudit.Positional()))`, "transactions have no patches"},
		{`use(db.Transactions(ctx, exaudit.Primitive("a")))`, "transactions have no patches"},
		{`use(db.Transactions(ctx, exaudit.Preview(100)))`, "transactions have no values"},
		{`use(db.Version(ctx, 1, exaudit.Limit(1)))`, "one version has no pages"},
		{`use(db.Version(ctx, 1, exaudit.ByAction(audit.Created)))`, "the id says which version"},
		{`use(db.VersionWithStates(ctx, 1, exaudit.Preview(100)))`, "states are whole"},
		{`use(db.Diff(ctx, 1, 2, exaudit.NewestFirst()))`, "the order of the arguments says what is compared"},
		{`use(db.CheckHistory(ctx, "t", 1, exaudit.ByAction(audit.Created)))`, "a history fits together as a whole or not"},
		{`use(db.Undo(ctx, exaudit.Select(), nil))`, "an undo of everything"},
		{`use(db.Undo(ctx, nil, nil))`, "an undo of everything"},
		{`use(db.Undo(ctx, exaudit.ByTransaction(1), nil))`, "a filter is not a selection yet"},
		{`use(db.PlanUndo(ctx, exaudit.Select(exaudit.Limit(9)), nil))`, "a part of the changes, by chance"},
		{`use(db.PlanUndo(ctx, exaudit.Select(exaudit.After(v.Cursor())), nil))`, "a page of the changes"},
		{`use(db.PlanUndo(ctx, exaudit.Select(exaudit.Positional()), nil))`, "it chooses nothing"},
		{`use(db.PlanUndo(ctx, exaudit.Select(exaudit.ByTable("t"))))`, "the options are missing"},
		{`use(db.PlanUndo(ctx, exaudit.Select(exaudit.ByTable("t")), exaudit.UndoOptions{}))`, "options are a pointer"},
		{`use(db.Undo(ctx, exaudit.Select(exaudit.ByTable("t")), &exaudit.RevertOptions{}))`, "options of something else"},
		{`use(db.ApplyUndo(ctx, plan, &exaudit.UndoOptions{}))`, "a plan has its options"},
		{`use(db.ApplyRevert(ctx, plan, nil))`, "a plan of something else"},
		{`use(db.Versions(ctx, exaudit.Since(time.Now())))`, "a time is not a point"},
		{`use(db.Versions(ctx, exaudit.Until("before-deploy")))`, "a name is not a point"},
		{`use(db.AsOf(ctx, "t", time.Now()))`, "a time is not a point"},
		{`use(exaudit.StateAt[order](ctx, db, "t", 1, "before-deploy"))`, "a name is not a point"},
		{`use(exaudit.AtTransaction(v.ID))`, "the id of a version is not that of a transaction"},
		{`use(db.Versions(ctx, exaudit.ByTransaction(v.ID)))`, "the id of a version is not that of a transaction"},
		{`use(db.Versions(ctx, exaudit.ByVersion(t.ID)))`, "the id of a transaction is not that of a version"},
		{`use(db.Versions(ctx, exaudit.After(v.ID)))`, "an id is not a cursor"},
		{`use(db.Versions(ctx, exaudit.After(17)))`, "an id is not a cursor"},
		{`list, err := db.History(ctx, "t", 1); use(list, err)`, "a sequence is not a list"},
		{`var f exaudit.Filter = own{}; use(f)`, "filters are exaudit's own"},
		{`var o exaudit.HistoryOption = own{}; use(o)`, "options are exaudit's own"},
		{`var o exaudit.PageOption = exaudit.ByAction(audit.Created); use(o)`, "a filter is not a page"},
		{`use(exaudit.Point(time.Now()))`, "a point is made by a function"},
		{`use(db.Mark(ctx, "m", "a note"))`, "a note is an option"},
	} {
		if err := check(misuse.snippet); err == nil {
			t.Errorf("compiles: %s (%s)", misuse.snippet, misuse.why)
		} else if strings.Contains(err.Error(), "not Go") || strings.Contains(err.Error(), "undefined: exaudit") {
			t.Errorf("%s: %v", misuse.snippet, err)
		}
	}
}

// The code of the tour in doc.go compiles.
func TestTourCompiles(t *testing.T) {
	t.Parallel()
	check := checker(t)
	tour, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for line := range strings.Lines(string(tour)) {
		if indented, ok := strings.CutPrefix(line, "//\t"); ok {
			code.WriteString(indented)
			continue
		}
		if code.Len() > 0 {
			snippet := "_ = func() error {\n" + code.String() + "return nil }"
			if err := check(snippet); err != nil {
				t.Errorf("%v:\n%s", err, code.String())
			}
			code.Reset()
		}
	}
}

// What makes sense compiles.
func TestUsesCompile(t *testing.T) {
	t.Parallel()
	check := checker(t)
	for _, use := range []string{
		`use(db.History(ctx, "t", 1, exaudit.ByAction(audit.Created), exaudit.ByVersion(1), exaudit.Limit(3)))`,
		`use(db.History(ctx, "t", exaudit.Key{1, "a"}, exaudit.NewestFirst(), exaudit.Preview(9), exaudit.Positional()))`,
		`use(db.HistoryWithStates(ctx, "t", 1, exaudit.Since(exaudit.AtMark("m")), exaudit.After(v.Cursor())))`,
		`use(db.Versions(ctx, exaudit.ByTable("t"), exaudit.ByCustom("a", 1), exaudit.Limit(3), exaudit.Primitive("x")))`,
		`use(db.Transactions(ctx, exaudit.ByTable("t"), exaudit.ByRow("u", 1), exaudit.After(t.Cursor), exaudit.Limit(3)))`,
		`use(db.Version(ctx, 1)); use(db.Version(ctx, 1, exaudit.PrimitiveTypes("jsonb")))`,
		`use(db.CheckHistory(ctx, "t", 1), db.CheckHistory(ctx, "t", 1, exaudit.Preview(100)))`,
		`use(db.Undo(ctx, exaudit.Select(exaudit.ByRow("t", 1), exaudit.Until(exaudit.AtTime(time.Now()))), nil))`,
		`opts := []exaudit.VersionsOption{exaudit.Limit(1)}; use(db.Versions(ctx, append(opts, exaudit.ByTable("t"))...))`,
		`f := exaudit.ByColumn("a", "b"); use(db.History(ctx, "t", 1, f), db.Versions(ctx, f), exaudit.Select(f))`,
		`for v, err := range exaudit.History[order](ctx, db, "t", 1) { use(v.Before, v.After, v.Patch, err) }`,
		`for row, err := range exaudit.AsOf[order](ctx, db, "t", exaudit.AtTransaction(t.ID)) { use(row, err) }`,
		`for image, err := range db.AsOf(ctx, "t", exaudit.AtVersion(v.ID)) { use(image["a"], err) }`,
		`list, err := exaudit.Collect(db.History(ctx, "t", 1)); use(list[0].ID, err)`,
		`last, err := exaudit.First(exaudit.History[order](ctx, db, "t", 1, exaudit.NewestFirst())); use(last.After, err)`,
		`row, err := exaudit.StateAt[order](ctx, db, "t", audit.Action("k"), exaudit.AtMark("m")); use(*row, err)`,
		`before, after, err := exaudit.States[order](ctx, db, 1); use(before, after, err)`,
		`use(exaudit.After(audit.Cursor("from a URL")))`,
		`use(db.History(ctx, v.Table, v.EntityID), exaudit.ByRow(v.Table, v.EntityID), audit.RowID{Table: v.Table, EntityID: v.EntityID})`,
	} {
		if err := check(use); err != nil {
			t.Errorf("%s: %v", use, err)
		}
	}
}
