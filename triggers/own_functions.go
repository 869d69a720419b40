package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/sql"
)

// functionFlaws compares the functions of both schemas with those of the migrations; those that were generated for a
// table are no concern of it.
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
	note := func(name, problem, cure string) {
		flaws = append(flaws, flaw{audit.Drift{Table: ownSchema, Object: "function " + name, Problem: problem,
			Cure: cure}, ""})
	}
	overloads := make(map[string]int)
	for _, want := range wanted {
		overloads[want.QualifiedName()]++
	}
	for _, want := range wanted {
		at := slices.IndexFunc(installed, func(have db.OwnFunctionsRow) bool {
			return isOverload(have, want, overloads) && have.Body == want.Body
		})
		if at < 0 { // it was altered
			at = slices.IndexFunc(installed, func(have db.OwnFunctionsRow) bool {
				return isOverload(have, want,
					overloads)
			})
		}
		if at < 0 {
			flaws = append(flaws, flaw{newDrift(ownSchema, "function "+want.QualifiedName(), "is missing"),
				want.Definition})
			continue
		}
		flaws = append(flaws, functionFlaw(want, installed[at])...)
		installed = slices.Delete(installed, at, at+1)
	}
	for _, have := range installed {
		if overloads[qualifiedName(have)] > 0 {
			note(qualifiedName(have)+"("+have.Arguments+")", "is none of exaudit's", "DROP FUNCTION "+have.Signature)
		}
	}
	return flaws, nil
}

func qualifiedName(f db.OwnFunctionsRow) string { return f.Schema + "." + f.Name }

// isOverload reports whether a function may be a wanted one: of several of a name that are wanted, by its arguments.
func isOverload(have db.OwnFunctionsRow, want sql.Function, wanted map[string]int) bool {
	return qualifiedName(have) == want.QualifiedName() &&
		(wanted[want.QualifiedName()] == 1 || strings.Contains(want.Definition, want.Name+"("+have.Arguments+")"))
}

// functionFlaw finds all that is wrong with one: its owner and privileges last, which defining it anew leaves alone.
func functionFlaw(want sql.Function, have db.OwnFunctionsRow) []flaw {
	var flaws []flaw
	note := func(problem, mend string) {
		flaws = append(flaws, flaw{audit.Drift{Table: ownSchema, Object: "function " + want.QualifiedName(),
			Problem: problem}, mend})
	}
	switch {
	case have.Body != want.Body:
		note("was altered by hand", want.Definition)
	case !slices.EqualFunc(have.Settings, want.Settings, sameSetting):
		note("has other settings", want.Definition)
	case have.SecurityDefiner != want.SecurityDefiner:
		note("has another SECURITY", want.Definition)
	case have.Attributes != want.Attributes:
		note("is "+have.Attributes+", not "+want.Attributes, want.Definition)
	}
	if have.Owner != want.Owner {
		note("belongs to "+have.Owner+", not "+want.Owner, "ALTER FUNCTION "+have.Signature+" OWNER TO "+want.Owner+";")
		return flaws // and the privileges are another's
	}
	if !have.OwnerMayExecute {
		note("may not be executed by "+want.Owner, "GRANT EXECUTE ON FUNCTION "+have.Signature+" TO "+want.Owner+";")
	}
	for _, role := range want.Executors {
		if !slices.Contains(have.Executors, role) {
			note("may not be executed by "+role, "GRANT EXECUTE ON FUNCTION "+have.Signature+" TO "+role+";")
		}
	}
	for _, role := range have.Executors {
		if !slices.Contains(want.Executors, role) {
			note("may be executed by "+role, "REVOKE EXECUTE ON FUNCTION "+have.Signature+" FROM "+role+" CASCADE;")
		}
	}
	return flaws
}

// sameSetting compares without the quotes that the catalog adds to values of some settings.
func sameSetting(a, b string) bool {
	plain := strings.NewReplacer(`"`, "", `'`, "")
	return strings.EqualFold(plain.Replace(a), plain.Replace(b))
}
