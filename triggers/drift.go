package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/db"
)

// Drift is one way in which what is installed differs from what should be.
type Drift struct {
	Table   string `json:"table"`   // quoted
	Object  string `json:"object"`  // the trigger or function
	Problem string `json:"problem"` // missing, disabled, outdated, altered …
}

func (d Drift) String() string { return fmt.Sprintf("%s: %s %s", d.Table, d.Object, d.Problem) }

// Status is a registered table and how it stands.
type Status struct {
	Tracked
	Drift []Drift
	Notes []string // what is good to know, and no drift
}

// Inspect compares every registered table with what Install would make of it. Where
// something is wrong with exaudit.versions itself, it comes first.
func Inspect(ctx context.Context, q db.DBTX) ([]Status, error) {
	all, err := All(ctx, q)
	if err != nil {
		return nil, err
	}
	list := make([]Status, 0, len(all))
	unguarded, err := inspectVersions(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(unguarded) > 0 {
		list = append(list, Status{Tracked: Tracked{QuotedName: versionsTable}, Drift: unguarded})
	}
	for _, t := range all {
		s := Status{Tracked: t}
		if t.Tracked {
			if err := s.inspect(ctx, q); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
	}
	return list, nil
}

func (s *Status) inspect(ctx context.Context, q db.DBTX) error {
	if s.Relation == 0 {
		s.Drift = []Drift{{s.QuotedName, "table", "has been dropped"}}
		return nil
	}
	table, err := describe(ctx, q, s.ID, s.Relation)
	if errors.Is(err, ErrNoPrimaryKey) {
		s.Drift = []Drift{{s.QuotedName, "table", "has lost its primary key"}}
		return nil
	}
	if err != nil {
		return err
	}
	script, err := Generate(table)
	if err != nil {
		return err
	}
	s.Notes = table.notes()
	s.Drift, err = script.Drift(ctx, q)
	s.Drift = append(s.Drift, table.stale...)
	if s.QuotedName != table.QuotedName {
		s.Drift = append(s.Drift, Drift{table.QuotedName, "table", "was renamed, from " + s.QuotedName})
	}
	s.Drift = append(s.Drift, table.uncovered()...)
	return err
}

const versionsTable = "exaudit.versions"

// inspectVersions looks at what keeps versions from being changed. Loading data with
// --disable-triggers leaves it weaker than it was.
func inspectVersions(ctx context.Context, q db.DBTX) ([]Drift, error) {
	guards, err := db.New().AppendOnlyTriggers(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the triggers of %s: %w", versionsTable, err)
	}
	problems := map[string]string{
		"": "is missing", "D": "is disabled", "O": "does not fire for replicas", "R": "fires for replicas only",
	}
	var drift []Drift
	for _, g := range guards {
		if problem, ok := problems[g.Enabled]; ok {
			drift = append(drift, Drift{versionsTable, `trigger "` + g.Name + `"`, problem})
		}
	}
	return drift, nil
}

// Drift compares the script with what the catalog has.
func (s *Script) Drift(ctx context.Context, q db.DBTX) ([]Drift, error) {
	queries := db.New()
	functions, err := queries.InstalledFunctions(ctx, q, int32(s.Table.ID))
	if err != nil {
		return nil, fmt.Errorf("read the functions of %s: %w", s.Table.QuotedName, err)
	}
	installed, err := queries.InstalledTriggers(ctx, q, int32(s.Table.ID))
	if err != nil {
		return nil, fmt.Errorf("read the triggers of %s: %w", s.Table.QuotedName, err)
	}
	var drift []Drift
	note := func(object, problem string) {
		if problem != "" {
			drift = append(drift, Drift{s.Table.QuotedName, object, problem})
		}
	}
	for _, want := range s.Functions {
		note("function exaudit."+want.Name, want.problem(functions))
	}
	for _, want := range s.Triggers {
		object := `trigger "` + want.Name + `"`
		if want.Table != s.Table.QuotedName {
			object += " on " + want.Table
		}
		note(object, want.problem(installed))
	}
	for _, have := range s.leftOver(installed) {
		note(`trigger "`+have.Name+`" on `+have.TableName, "is left over: it is none of the table's partitions")
	}
	for _, p := range s.Table.Partitions {
		switch {
		case p.WriterMayRead, s.Table.Options.Truncate != "":
		case p.Name == s.Table.QuotedName:
			note("role exaudit_writer", "may not read every row, so TRUNCATE cannot be recorded")
		default:
			note("role exaudit_writer", "may not read every row of "+p.Name+", so TRUNCATE cannot be recorded")
		}
	}
	return drift, nil
}

// leftOver are the installed triggers that the script does not have, on partitions that
// were detached.
func (s *Script) leftOver(installed []db.InstalledTriggersRow) []db.InstalledTriggersRow {
	return slices.DeleteFunc(slices.Clone(installed), func(have db.InstalledTriggersRow) bool {
		return slices.ContainsFunc(s.Triggers, func(want Trigger) bool {
			return want.Name == have.Name && want.Table == have.TableName
		})
	})
}

func (f Function) problem(installed []db.InstalledFunctionsRow) string {
	i := slices.IndexFunc(installed, func(r db.InstalledFunctionsRow) bool { return r.Name == f.Name })
	if i < 0 {
		return "is missing"
	}
	have := installed[i]
	switch {
	case contentOf(have.Body) != contentOf(f.Body):
		if handMade(have.Body) {
			return "was altered by hand"
		}
		return "is outdated"
	case !slices.EqualFunc(have.Settings, f.config(), strings.EqualFold):
		return "has other settings"
	case !have.SecurityDefiner:
		return "is not SECURITY DEFINER"
	case have.Owner != "exaudit_writer":
		return "belongs to " + have.Owner + ", not exaudit_writer"
	case have.PublicMayExecute:
		return "may be executed by PUBLIC"
	}
	return ""
}

// config is how pg_proc keeps the SET clauses.
func (f Function) config() []string {
	config := make([]string, len(f.Settings))
	for i, s := range f.Settings {
		name, value, _ := strings.Cut(s, " = ")
		config[i] = name + "=" + strings.Trim(value, "'")
	}
	return config
}

// contentOf is a function's body without its first line, which names the version of
// exaudit that wrote it.
func contentOf(body string) string {
	_, rest, _ := strings.Cut(strings.Trim(body, "\n"), "\n")
	return rest
}

// handMade tells whether a body is not the one that its first line vouches for.
func handMade(body string) bool {
	first, rest, _ := strings.Cut(strings.Trim(body, "\n"), "\n")
	return !strings.Contains(first, ", content "+digest(rest)+".")
}

func (t Trigger) problem(installed []db.InstalledTriggersRow) string {
	i := slices.IndexFunc(installed, func(r db.InstalledTriggersRow) bool {
		return r.Name == t.Name && r.TableName == t.Table
	})
	if i < 0 {
		return "is missing"
	}
	have := installed[i]
	switch {
	case have.Enabled == "D":
		return "is disabled"
	case have.Enabled == "R":
		return "fires for replicas only"
	case t.Always && have.Enabled != "A":
		return "does not fire for replicas"
	case !t.Always && have.Enabled == "A":
		return "fires for replicas, too"
	case have.FunctionName != t.Function, have.Definition != t.definition():
		return "is not the one that was installed"
	case len(have.DisabledOn) > 0:
		return "is disabled on " + strings.Join(have.DisabledOn, ", ")
	}
	return ""
}

// definition is how pg_get_triggerdef writes the trigger.
func (t Trigger) definition() string {
	when := ""
	if t.When != "" {
		when = "WHEN ((" + strings.ToLower(strings.Replace(t.When, "OPERATOR(pg_catalog.*<>)", "*<>", 1)) + ")) "
	}
	return fmt.Sprintf(`CREATE TRIGGER "%s" %s %s ON %s FOR EACH %s %sEXECUTE FUNCTION exaudit.%s()`,
		t.Name, t.Timing, t.Event, t.Table, t.Level, when, t.Function)
}
