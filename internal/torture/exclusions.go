package torture

import (
	"fmt"
	"reflect"
	"strings"
)

// Exclusions are what worlds have none of, because exaudit does not hold there yet what it promises. make torture
// LIFT=Coarse,Altered lifts some, and LIFT=all all.
type Exclusions struct {
	// KeysAgain: a key that was deleted, or that a row moved away from, is used by another row, in whatever way: one by
	// one, or as a statement shifts or permutes keys.
	KeysAgain bool
	// Coarse: key types of which values that look different are equal.
	Coarse bool
	// ByStatement: tables that are recorded by statement.
	ByStatement bool
	// Altered: tables and types are altered.
	Altered bool
	// Truncated: tables are truncated.
	Truncated bool
	// Hidden: columns are masked or excluded.
	Hidden bool
	// OddNames: names that need quotes, or are words of PL/pgSQL.
	OddNames bool
}

// Known are the exclusions of today.
var Known = Exclusions{Altered: true}

func (e Exclusions) refuses(k kind) bool {
	return e.Coarse && k.coarse != nil || e.KeysAgain && k.fresh == ""
}

// Lift returns the exclusions without those of a list of names, and none for "all".
func (e Exclusions) Lift(list string) (Exclusions, error) {
	if list == "all" {
		return Exclusions{}, nil
	}
	for name := range strings.SplitSeq(list, ",") {
		field := reflect.ValueOf(&e).Elem().FieldByName(name)
		if list != "" && !field.IsValid() {
			return e, fmt.Errorf("there is no exclusion %q", name)
		}
		if list != "" {
			field.SetBool(false)
		}
	}
	return e, nil
}
