package audit_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/patch"
)

var errCause = errors.New("the cause")

// samples are what the message of an error says of what was attempted, and an error of each type, for a reason.
var samples = map[string]func(reason string) (says string, err error){
	"InvalidError": func(reason string) (string, error) {
		return "column n", &audit.InvalidError{Reason: audit.InvalidReason(reason), Table: "public.t", Name: "n", Detail: "column n",
			Err: errCause}
	},
	"SchemaError": func(reason string) (string, error) {
		if reason == string(audit.LacksPrivileges) {
			return `role "ann" lacks CREATE on database shop`, &audit.SchemaError{Reason: audit.LacksPrivileges, Role: "ann", Missing: []string{"CREATE on database shop"},
				Cure: []string{"GRANT"}}
		}
		return "in database shop", &audit.SchemaError{Reason: audit.SchemaReason(reason), Detail: "in database shop"}
	},
	"TableError": func(reason string) (string, error) {
		return "public.t", &audit.TableError{Reason: audit.TableReason(reason), Table: "public.t", Err: errCause,
			Unrecorded: []audit.Unrecorded{{Table: "public.t", Reason: audit.NoTriggers}}}
	},
	"PointError": func(reason string) (string, error) {
		return "public.t as of version 7", &audit.PointError{Reason: audit.PointReason(reason), Table: "public.t", Point: "version 7", Detail: reason,
			Err: errCause}
	},
	"WriteError": func(reason string) (string, error) {
		return "public.t 1", &audit.WriteError{Reason: audit.WriteReason(reason), Detail: "public.t 1", Err: errCause}
	},
	"DivergedError": func(string) (string, error) {
		return "version 7", &audit.DivergedError{Version: 7, Difference: patch.Diff(nil, "x")}
	},
	"ConflictError": func(reason string) (string, error) {
		return "public.t 1", &audit.ConflictError{Rows: []audit.RowChange{{RowID: audit.RowID{Table: "public.t", EntityID: "1"},
			Conflicts: []audit.Conflict{{Reason: audit.ConflictReason(reason)}}}}}
	},
	"LockedError": func(string) (string, error) {
		return "table public.t", &audit.LockedError{Object: "table public.t", Err: errCause}
	},
	"PartialError": func(string) (string, error) {
		return "public.t", &audit.PartialError{Done: []string{"public.t"}, Err: errCause}
	},
}

// Every type of error says what was attempted, keeps its cause, and tells its reasons apart in its message.
func TestErrorsSayWhatWasAttempted(t *testing.T) {
	t.Parallel()
	types, reasons := declared(t)
	for _, name := range types {
		sample := samples[name]
		if sample == nil {
			t.Errorf("%s has no sample", name)
			continue
		}
		seen := map[string]string{}
		values := reasons[strings.TrimSuffix(name, "Error")+"Reason"]
		if len(values) == 0 {
			values = map[string]string{"": ""}
		}
		for constant, value := range values {
			says, err := sample(value)
			text := err.Error()
			if !strings.Contains(text, says) || strings.Contains(text, "%!") || strings.ContainsAny(text, "\n") {
				t.Errorf("%s, %s: %q does not say %q", name, constant, text, says)
			}
			if other, ok := seen[text]; ok {
				t.Errorf("%s: %s and %s both say %q", name, constant, other, text)
			}
			seen[text] = constant
		}
		if _, err := sample(""); errors.Unwrap(err) != nil && !errors.Is(err, errCause) {
			t.Errorf("%s does not keep its cause", name)
		}
	}
}

// declared are the types of errors, and the constants of the types of reasons with their values.
func declared(t *testing.T) (types []string, reasons map[string]map[string]string) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	reasons = make(map[string]map[string]string)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if strings.HasSuffix(n.Name.Name, "Error") {
					types = append(types, n.Name.Name)
				}
			case *ast.ValueSpec:
				if of, ok := n.Type.(*ast.Ident); ok && strings.HasSuffix(of.Name, "Reason") {
					value, err := strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
					if err != nil {
						t.Fatal(err)
					}
					if reasons[of.Name] == nil {
						reasons[of.Name] = make(map[string]string)
					}
					reasons[of.Name][n.Names[0].Name] = value
				}
			}
			return true
		})
	}
	if len(types) < 7 || len(reasons["TableReason"]) < 6 {
		t.Fatalf("%v, %v", types, reasons)
	}
	return types, reasons
}

// What is told by reasons is told of errors that were wrapped and joined, too.
func TestReasonsAreFound(t *testing.T) {
	t.Parallel()
	gone := &audit.TableError{Table: "t", Reason: audit.TableGone}
	err := errors.Join(errCause, &audit.PartialError{Err: gone}, &audit.LockedError{})
	for want, is := range map[any]bool{
		audit.TableGone: true, audit.NoTable: false, audit.ErrLocked: true, audit.ErrNotFound: false,
		audit.InvalidKey: false, reason.Diverged: false, errCause: true,
	} {
		if reason.Is(err, want) != is {
			t.Errorf("%v: %v, want %v", want, !is, is)
		}
	}
	if !reason.Is(nil, nil) || reason.Is(err, nil) {
		t.Error("no error")
	}
	lacks := &audit.SchemaError{Reason: audit.LacksPrivileges}
	if !errors.Is(lacks, audit.ErrNotPermitted) || errors.Is(&audit.SchemaError{Reason: audit.OtherBuild}, audit.ErrNotPermitted) {
		t.Error("ErrNotPermitted is for LacksPrivileges")
	}
}
