package exaudittest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// Want is what a version should be. Fields that are zero are not checked.
type Want struct {
	Action audit.Action
	// Before and After are values of columns before and after the change, anything that marshals to the JSON of the
	// value. Columns that are not named may have any value.
	Before, After map[string]any
	// Changed are the columns that an update changed: exactly these columns.
	Changed []string
	// Custom are entries of the custom data. Keys that are not named may have any value.
	Custom exaudit.Custom
	// Rollback requires a version that a revert, an undo or a redo wrote.
	Rollback bool
}

// AssertHistory fails the test unless the history of one row, oldest version first, is as wanted: it must have as
// many versions as there are Wants, and each must fit its Want. AssertHistory returns the versions.
func AssertHistory(t testing.TB, db *exaudit.DB, table string, key any, want ...Want) []*audit.Version {
	t.Helper()
	versions, err := exaudit.Collect(db.History(context.Background(), table, key))
	if err != nil {
		t.Fatalf("exaudit: history of %s %v: %v", table, key, err)
	}
	if len(versions) != len(want) {
		t.Errorf("exaudit: %s %v has %d versions, want %d:\n%s", table, key, len(versions), len(want), Text(versions))
		return versions
	}
	for i, v := range versions {
		for _, problem := range want[i].differences(v) {
			t.Errorf("exaudit: %s %v, version %d of %d: %s", table, key, i+1, len(versions), problem)
		}
	}
	return versions
}

func (w Want) differences(v *audit.Version) []string {
	var found []string
	if w.Action != "" && v.Action != w.Action {
		found = append(found, fmt.Sprintf("%s, want %s", v.Action, w.Action))
	}
	if w.Rollback && !v.Rollback {
		found = append(found, "not written by a revert")
	}
	found = append(found, differing("before", v.Before, w.Before)...)
	found = append(found, differing("after", v.After, w.After)...)
	found = append(found, differing("custom", v.Custom, w.Custom)...)
	if w.Changed != nil {
		if changed := changedColumns(v); !slices.Equal(changed, slices.Sorted(slices.Values(w.Changed))) {
			found = append(found, fmt.Sprintf("changed %v, want %v", changed, w.Changed))
		}
	}
	return found
}

func changedColumns(v *audit.Version) []string {
	object, _ := v.Patch.(patch.Object)
	return slices.Sorted(maps.Keys(columns(object)))
}

// columns is a patch without the notes that an image keeps under "".
func columns(object patch.Object) patch.Object {
	object = maps.Clone(object)
	delete(object, "")
	return object
}

func differing(side string, have, want map[string]any) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value, err := jsonValue(want[name])
		if err != nil {
			found = append(found, fmt.Sprintf("%s %s: %v", side, name, err))
			continue
		}
		got, ok := have[name]
		switch difference := patch.Diff(got, value); {
		case !ok:
			found = append(found, fmt.Sprintf("%s %s is not there, want %s", side, name, text(value)))
		case difference != nil:
			found = append(found, fmt.Sprintf("%s %s is %s, want %s", side, name, text(got), text(value)))
		}
	}
	return found
}

// jsonValue is a value as images hold it.
func jsonValue(v any) (any, error) {
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return patch.Decode(encoded)
}
