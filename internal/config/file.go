// Package config reads exaudit.yaml, which says what of a database is recorded and how,
// applies it, and tells how a database differs from it.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/triggers"
)

// Name is what the file is called where nobody says otherwise.
const Name = "exaudit.yaml"

// ErrInvalid means that a file cannot be meant as it is; the error is an *Error.
var ErrInvalid = errors.New("invalid configuration")

// File is the content of exaudit.yaml.
type File struct {
	// All selects every table of Schemas that has a primary key, but those of Except.
	All bool `json:"all"`
	// Schemas are those of All; without any, public.
	Schemas []string `json:"schemas"`
	// Except are tables, or patterns of tables, that All and NewTables leave out.
	Except []string `json:"except"`
	// FollowDDL has event triggers keep the triggers in step with the schema.
	FollowDDL bool `json:"follow_ddl"`
	// NewTables are patterns of tables that are covered when they are created.
	NewTables []string `json:"new_tables"`
	// Keep and KeepLast are those of tables that have neither.
	Keep     string `json:"keep"`
	KeepLast int    `json:"keep_last"`
	// Tables are selected by name, as in SQL, with their options.
	Tables map[string]audit.TableOptions `json:"tables"`
	// CustomColumns are columns of exaudit.versions that the custom data's keys of their
	// names fill.
	CustomColumns map[string]CustomColumn `json:"custom_columns"`
	// Generate is for "exaudit generate".
	Generate Generate `json:"generate"`

	path  string
	lines map[string]int
}

// Generate says what "exaudit generate" writes, and where.
type Generate struct {
	// Dir is the folder of the application's migrations, relative to the working directory.
	Dir string `json:"dir"`
	// Tool runs the migrations; without it, the folder says which one does.
	Tool string `json:"tool"`
	// AsOfFunctions asks for functions that return each table's earlier rows.
	AsOfFunctions bool `json:"as_of_functions"`
}

// CustomColumn is a column to add to exaudit.versions. In the file, a type alone may stand
// for it.
type CustomColumn struct {
	// Type is an SQL type.
	Type string `json:"type"`
	// References is what follows REFERENCES: "users ON DELETE SET NULL".
	References string `json:"references"`
	// Default is an SQL expression.
	Default string `json:"default"`
}

// Error is something wrong with a file; errors.Is finds ErrInvalid and what Cause is.
type Error struct {
	Path  string
	Line  int
	Text  string
	Cause error // nil where the file alone is wrong
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Text) }

// Unwrap gives ErrInvalid and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{ErrInvalid}
	}
	return []error{ErrInvalid, e.Cause}
}

// Load reads and checks a file. What is wrong with it is an *Error that names the line.
func Load(path string) (*File, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(path, content)
}

// Parse checks the content of a file; path is for messages.
func Parse(path string, content []byte) (*File, error) {
	f := &File{path: path, lines: make(map[string]int)}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, &Error{Path: path, Line: 1, Text: "the file is empty"}
	} else if err != nil {
		return nil, syntaxError(path, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &Error{Path: path, Line: second.Line, Text: "there is a second document"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(path, err)
	}
	r := reader{f}
	if err := r.read(document.Content[0], nil, f); err != nil {
		return nil, err
	}
	return f, f.check()
}

// syntaxError takes the line out of what the YAML library says: "yaml: line 3: …".
func syntaxError(path string, err error) error {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if n, scanErr := fmt.Sscanf(text, "line %d:", &line); n == 1 && scanErr == nil {
		_, text, _ = strings.Cut(text, ": ")
	}
	return &Error{Path: path, Line: line, Text: text}
}

// check finds contradictions that need no database.
func (f *File) check() error {
	switch {
	case !f.All && len(f.Schemas) > 0:
		return f.fail(nil, []string{"schemas"}, "schemas is for all: true")
	case !f.All && len(f.NewTables) == 0 && len(f.Except) > 0:
		return f.fail(nil, []string{"except"}, "except is for all: true, or new_tables")
	case !f.FollowDDL && len(f.NewTables) > 0:
		return f.fail(nil, []string{"new_tables"}, "new_tables is for follow_ddl: true")
	case !f.All && len(f.Tables)+len(f.NewTables) == 0:
		return f.fail(nil, nil, "no table is selected: there must be tables, new_tables, or all: true")
	}
	for _, key := range []struct {
		name   string
		values []string
	}{{"schemas", f.Schemas}, {"except", f.Except}, {"new_tables", f.NewTables}} {
		for i, value := range key.values {
			if slices.Contains(key.values[:i], value) {
				return f.fail(nil, []string{key.name, value}, "%s is listed twice", value)
			}
		}
	}
	if err := f.checkPatterns(); err != nil {
		return err
	}
	for _, table := range f.tableNames() {
		if slices.Contains(f.Except, table) {
			return f.fail(nil, []string{"except", table}, "table %s is listed under tables as well", table)
		}
		if err := triggers.ValidateOptions(f.Tables[table]); err != nil {
			return f.explain(err, table)
		}
	}
	for _, name := range f.columnNames() {
		if f.CustomColumns[name].Type == "" {
			return f.fail(nil, []string{"custom_columns", name}, "column %s has no type", name)
		}
	}
	return nil
}

// checkPatterns finds what is wrong with patterns. With all, what is excepted by its name is
// a table that is there, named as anywhere.
func (f *File) checkPatterns() error {
	patterns := audit.FollowDDL{NewTables: f.NewTables}
	for _, except := range f.Except {
		if triggers.IsPattern(except) || !f.All {
			patterns.Except = append(patterns.Except, except)
		}
	}
	if len(f.NewTables) == 0 {
		patterns.NewTables = []string{"*.*"}
	}
	if wrong := (*audit.InvalidError)(nil); errors.As(triggers.ValidateFollowing(patterns), &wrong) {
		return f.fail(wrong, []string{wrong.Name, wrong.Value}, "%s: %s", wrong.Name, wrong.Detail)
	}
	return nil
}

// options are those of a table, by its name in the file; or of one that only all selects.
func (f *File) options(name string) audit.TableOptions {
	o := f.Tables[name]
	if o.Keep == "" && o.KeepLast == 0 {
		o.Keep, o.KeepLast = f.Keep, f.KeepLast
	}
	return o
}

// tableNames and columnNames are in the order of the file.
func (f *File) tableNames() []string { return inOrder(f, f.Tables, "tables") }

func (f *File) columnNames() []string { return inOrder(f, f.CustomColumns, "custom_columns") }

func inOrder[T any](f *File, values map[string]T, key string) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := f.line(key, a) - f.line(key, b); d != 0 {
			return d
		}
		return strings.Compare(a, b) // both on one line: { a: …, b: … }
	})
	return names
}

// line is where something is said, or else what it is part of.
func (f *File) line(place ...string) int {
	for ; len(place) > 0; place = place[:len(place)-1] {
		if line, ok := f.lines[strings.Join(place, "\x00")]; ok {
			return line
		}
	}
	return 1
}

func (f *File) fail(cause error, place []string, format string, args ...any) error {
	return &Error{Path: f.path, Line: f.line(place...), Text: fmt.Sprintf(format, args...), Cause: cause}
}

// explain says where the reason of an error is: a table, or one of its options.
func (f *File) explain(err error, table string) error {
	wrong := (*audit.InvalidError)(nil)
	if errors.As(err, &wrong) {
		if own := f.Tables[table]; wrong.Name == "keep" && own.Keep == "" && own.KeepLast == 0 {
			return f.fail(err, []string{"keep"}, "keep: %s", wrong.Detail)
		}
		return f.fail(err, []string{"tables", table, wrong.Name, wrong.Value}, "table %s: %s: %s", table,
			wrong.Name, wrong.Detail)
	}
	return f.fail(err, []string{"tables", table}, "%v", err)
}
