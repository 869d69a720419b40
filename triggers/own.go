package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/sql"
)

// flaw is one way in which exaudit's own schema is not what Init made.
type flaw struct {
	Drift
	mend string // SQL, or "" where there is no way but to restore it
}

// inspectOwn looks at what everything rests on: the functions that the triggers call, what
// keeps the versions from being changed, and who may read and write them. Loading data with
// --disable-triggers leaves it weaker than it was.
func inspectOwn(ctx context.Context, q db.DBTX) ([]Status, error) {
	flaws, err := ownFlaws(ctx, q)
	if err != nil {
		return nil, err
	}
	var list []Status
	for _, f := range flaws {
		if n := len(list); n == 0 || list[n-1].QuotedName != f.Table {
			list = append(list, Status{Tracked: Tracked{QuotedName: f.Table}})
		}
		s := &list[len(list)-1]
		s.Drift = append(s.Drift, f.Drift)
	}
	return list, nil
}

// syncOwn makes exaudit's own schema what Init made.
func syncOwn(ctx context.Context, tx pgx.Tx) ([]Installation, error) {
	flaws, err := ownFlaws(ctx, tx)
	if err != nil {
		return nil, err
	}
	var done []Installation
	for _, f := range flaws {
		if n := len(done); n == 0 || done[n-1].Table != f.Table {
			done = append(done, Installation{Table: f.Table})
		}
		mended := &done[len(done)-1]
		if f.mend == "" {
			mended.Skipped = f.Object + " " + f.Problem
			continue
		}
		if _, err := tx.Exec(ctx, f.mend); err != nil {
			return nil, fmt.Errorf("mend %s: %w", f.Table, err)
		}
		mended.SQL += f.mend + "\n"
		mended.Changed = true
	}
	return done, nil
}

// ownFlaws are in the order of what they concern.
func ownFlaws(ctx context.Context, q db.DBTX) ([]flaw, error) {
	flaws, err := guardFlaws(ctx, q)
	if err != nil {
		return nil, err
	}
	kept, err := db.New().HandOver(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the owners of schema exaudit: %w", err)
	}
	var owners []flaw
	for _, o := range kept {
		kind, name, _ := strings.Cut(o.Object, " ")
		owners = append(owners, flaw{Drift{"exaudit", strings.ToLower(kind) + " " + name, "belongs to " + o.Owner + ", not exaudit_owner"}, o.Statement})
	}
	tables, err := db.New().OwnTables(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the privileges of schema exaudit: %w", err)
	}
	for _, t := range tables {
		flaws = append(flaws, tableFlaws(t)...)
	}
	slices.SortStableFunc(flaws, func(a, b flaw) int { return strings.Compare(b.Table, a.Table) }) // versions first
	functions, err := functionFlaws(ctx, q)
	return append(append(owners, flaws...), functions...), err
}

func guardFlaws(ctx context.Context, q db.DBTX) ([]flaw, error) {
	guards, err := db.New().GuardTriggers(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the triggers of schema exaudit: %w", err)
	}
	problems := map[string]string{"D": "is disabled", "O": "does not fire for replicas", "R": "fires for replicas only"}
	var flaws []flaw
	for _, g := range guards {
		d := Drift{Table: g.TableName, Object: `trigger "` + g.Name + `"`}
		switch problem, weak := problems[g.Enabled]; {
		case g.Enabled == "":
			d.Problem = "is missing"
			flaws = append(flaws, flaw{d, ""})
		case g.Altered:
			d.Problem = "is not the one that was installed"
			flaws = append(flaws, flaw{d, ""})
		case weak:
			d.Problem = problem
			flaws = append(flaws, flaw{d, "ALTER TABLE " + g.TableName + " ENABLE ALWAYS TRIGGER " + pgx.Identifier{g.Name}.Sanitize() + ";"})
		}
	}
	return flaws, nil
}

// readerPolicy keeps a reader to the tables that it may read.
const readerPolicy = "readers r t (table_id IN ( SELECT exaudit.readable_tables() AS readable_tables))"

// ownPolicies are those of the tables that have row security.
var ownPolicies = map[string][]string{
	"exaudit.key_changes": {readerPolicy, "writers a t true"},
	"exaudit.undone":      {readerPolicy},
	"exaudit.versions":    {readerPolicy, "writers a t true"},
}

func tableFlaws(t db.OwnTablesRow) []flaw {
	var flaws []flaw
	note := func(object, problem, mend string) {
		flaws = append(flaws, flaw{Drift{t.Name, object, problem}, mend})
	}
	if t.Owner != "exaudit_owner" {
		note("table", "belongs to "+t.Owner+", not exaudit_owner", "ALTER TABLE "+t.Name+" OWNER TO exaudit_owner;")
	}
	if policies, ok := ownPolicies[t.Name]; ok {
		if !t.RowSecurity {
			note("row security", "is not as it was installed", "ALTER TABLE "+t.Name+" ENABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;")
		}
		if !slices.Equal(t.Policies, policies) {
			note("row security", "has other policies", "")
		}
	}
	for _, writer := range t.Writers {
		privilege, role, _ := strings.Cut(writer, " to ")
		note("privilege "+privilege, "is granted to "+role, "REVOKE "+privilege+" ON "+t.Name+" FROM "+role+" CASCADE;")
	}
	return flaws
}

// functionFlaws compares the functions of schema exaudit with those of the migrations;
// those that were generated for a table are no concern of it.
func functionFlaws(ctx context.Context, q db.DBTX) ([]flaw, error) {
	wanted, err := sql.Functions()
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	installed, err := db.New().OwnFunctions(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the functions of schema exaudit: %w", err)
	}
	var flaws []flaw
	note := func(name, problem string) {
		flaws = append(flaws, flaw{Drift{"exaudit", "function exaudit." + name, problem}, ""})
	}
	names := make(map[string]int)
	for _, want := range wanted {
		names[want.Name]++
	}
	for _, want := range wanted {
		at := slices.IndexFunc(installed, func(have db.OwnFunctionsRow) bool {
			return have.Name == want.Name && (names[want.Name] == 1 || strings.Contains(want.Definition, want.Name+"("+have.Arguments+")"))
		})
		if at < 0 {
			note(want.Name, "is missing")
			continue
		}
		if f, ok := functionFlaw(want, installed[at]); ok {
			flaws = append(flaws, f)
		}
		installed = slices.Delete(installed, at, at+1)
	}
	for _, have := range installed {
		if names[have.Name] > 0 {
			note(have.Name+"("+have.Arguments+")", "is none of exaudit's")
		}
	}
	return flaws, nil
}

func functionFlaw(want sql.Function, have db.OwnFunctionsRow) (flaw, bool) {
	d := Drift{Table: "exaudit", Object: "function exaudit." + want.Name}
	switch {
	case have.Body != want.Body:
		d.Problem = "was altered by hand"
	case !slices.EqualFunc(have.Settings, want.Settings, sameSetting):
		d.Problem = "has other settings"
	case have.SecurityDefiner != want.SecurityDefiner:
		d.Problem = "has another SECURITY"
	case have.Owner != want.Owner:
		d.Problem = "belongs to " + have.Owner + ", not " + want.Owner
		return flaw{d, "ALTER FUNCTION " + have.Signature + " OWNER TO " + want.Owner + ";"}, true
	case have.PublicMayExecute:
		d.Problem = "may be executed by PUBLIC"
		return flaw{d, "REVOKE EXECUTE ON FUNCTION " + have.Signature + " FROM PUBLIC;"}, true
	default:
		return flaw{}, false
	}
	return flaw{d, want.Definition}, true
}

// sameSetting compares without the quotes that the catalog adds to values of some settings.
func sameSetting(a, b string) bool {
	plain := strings.NewReplacer(`"`, "", `'`, "")
	return strings.EqualFold(plain.Replace(a), plain.Replace(b))
}
