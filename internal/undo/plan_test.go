package undo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/undo"
	"github.com/exaudit/exaudit/patch"
)

// described says in a line for each row what a plan does, and why it does not.
func described(p *audit.UndoPlan) []string {
	var lines []string
	for _, r := range p.Rows {
		line := fmt.Sprintf("%s %s %s", r.Table, r.EntityID, r.Action)
		switch {
		case r.Skipped:
			line = fmt.Sprintf("%s %s skipped", r.Table, r.EntityID)
		case r.Patch == nil:
			line = fmt.Sprintf("%s %s as it is", r.Table, r.EntityID)
		case r.Action != audit.Deleted:
			line += " " + strings.ReplaceAll(strings.TrimSpace(patch.Text(r.Patch)), "\n", ", ")
		}
		for _, c := range r.Conflicts {
			line += fmt.Sprintf("; %s: %s", c.Reason, c)
		}
		for _, left := range r.LeftOut {
			line += fmt.Sprintf("; %s", left)
		}
		lines = append(lines, line)
	}
	if len(p.AlreadyUndone) > 0 {
		lines = append(lines, fmt.Sprint("undone already ", p.AlreadyUndone))
	}
	if p.Unchanged > 0 {
		lines = append(lines, fmt.Sprint("unchanged ", p.Unchanged))
	}
	return lines
}

// planCase is a history of a table t (id, a, b), of which some versions are chosen.
type planCase struct {
	name    string
	history func(m *memory, t *relation) (chosen []int64)
	opts    []undo.Option
	want    []string
}

func (c planCase) run(t *testing.T) {
	t.Parallel()
	m := &memory{}
	plan, err := m.undo(c.history(m, m.table("t", "id", "a", "b")), c.opts...)
	if err != nil {
		t.Fatal(err)
	}
	if got := described(plan); !slices.Equal(got, c.want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
	}
}

func ids(list ...int64) []int64 { return list }

func TestPlan(t *testing.T) {
	t.Parallel()
	for _, c := range slices.Concat(columnCases, rowCases, keyCases, uniqueCases, referenceCases, againCases,
		optionCases) {
		t.Run(c.name, c.run)
	}
}

var columnCases = []planCase{
	{"an update, and a later one of another column", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.update(1, values{"b": 2})
		return ids(chosen)
	}, nil, []string{"t 1 updated ~ a: 2 → 1"}},
	{"an update, and a later one of the same column", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.update(1, values{"a": 3})
		return ids(chosen)
	}, nil, []string{"t 1 as it is; changed since: a: was 2, is now 3, would become 1"}},
	{"the later update of the same column", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.update(1, values{"a": 2})
		return ids(t.update(1, values{"a": 3}))
	}, nil, []string{"t 1 updated ~ a: 3 → 2"}},
	{"two updates with one between that was not chosen", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		first := t.update(1, values{"a": 2})
		t.update(1, values{"a": 3})
		return ids(first, t.update(1, values{"a": 4}))
	}, nil, []string{"t 1 as it is; changed since: a: was 2, is now 3, would become 1"}},
	{"a later update that has set the old value again", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.update(1, values{"a": 1})
		return ids(chosen)
	}, nil, []string{"unchanged 1"}},
	{"one column of two is in conflict, and later changes are kept", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2, "b": 2})
		t.update(1, values{"a": 3})
		return ids(chosen)
	}, []undo.Option{undo.OnConflict(audit.KeepLater)}, []string{
		"t 1 updated ~ b: 2 → 1; changed since: a: was 2, is now 3, would become 1",
	}},
	{"one column of two is in conflict, and the row is skipped", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2, "b": 2})
		t.update(1, values{"a": 3})
		return ids(chosen)
	}, []undo.Option{undo.OnConflict(audit.SkipRows)}, []string{
		"t 1 skipped; changed since: a: was 2, is now 3, would become 1",
	}},
	{"places inside JSON", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": values{"x": 1, "y": 1}})
		chosen := t.update(1, values{"a": values{"x": 2, "y": 1}})
		t.update(1, values{"a": values{"x": 2, "y": 2}})
		return ids(chosen)
	}, nil, []string{"t 1 updated ~ a.x: 2 → 1"}},
	{"a column that was dropped", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2, "b": 2})
		t.drop("b")
		return ids(chosen)
	}, nil, []string{"t 1 updated ~ a: 2 → 1; b was dropped since"}},
	{"a generated column", func(_ *memory, t *relation) []int64 {
		t.column("b").Generated = true
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(t.update(1, values{"a": 2, "b": 2}))
	}, nil, []string{"t 1 updated ~ a: 2 → 1"}},
	{"a column that no UPDATE sets", func(_ *memory, t *relation) []int64 {
		t.column("b").Numbered = true
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(t.update(1, values{"a": 2, "b": 2}))
	}, nil, []string{"t 1 updated ~ a: 2 → 1; b is GENERATED ALWAYS AS IDENTITY"}},
	{"a masked column", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(m.mask(t.update(1, values{"a": 2, "b": 2}), "b"))
	}, nil, []string{"t 1 updated ~ a: 2 → 1; b was masked"}},
	{"a masked column of a row that comes back", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(m.mask(t.delete(1), "b"))
	}, nil, []string{"t 1 created + a: 1, + id: 1; b was masked"}},
	{"a column that has another type now", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": "one", "b": 1})
		chosen := t.update(1, values{"a": "two", "b": 2})
		t.retype("a", values{"a": 2})
		return ids(chosen)
	}, nil, []string{
		"t 1 as it is; type changed: a: the old value does not fit the column's present type",
	}},
	{"a column that has another type now, and is kept", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": "one", "b": 1})
		chosen := t.update(1, values{"a": "two", "b": 2})
		t.retype("a", values{"a": 2})
		return ids(chosen)
	}, []undo.Option{undo.Keep("a")}, []string{"t 1 updated ~ b: 2 → 1; a has another type now"}},
}

var rowCases = []planCase{
	{"a create", func(_ *memory, t *relation) []int64 {
		return ids(t.insert(values{"id": 1, "a": 1, "b": 1}))
	}, nil, []string{"t 1 deleted"}},
	{"a delete", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(t.delete(1))
	}, nil, []string{"t 1 created + a: 1, + b: 1, + id: 1"}},
	{"an update and the delete after it", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(t.update(1, values{"a": 2}), t.delete(1))
	}, nil, []string{"t 1 created + a: 1, + b: 1, + id: 1"}},
	{"the create and the delete of a row", func(_ *memory, t *relation) []int64 {
		return ids(t.insert(values{"id": 1, "a": 1, "b": 1}), t.delete(1))
	}, nil, []string{"unchanged 1"}},
	{"a create, and an update that was not chosen", func(_ *memory, t *relation) []int64 {
		chosen := t.insert(values{"id": 1, "a": 1, "b": 1})
		t.update(1, values{"a": 2})
		return ids(chosen)
	}, nil, []string{"t 1 as it is; changed since: a: was 1, is now 2, would become nothing"}},
	{"a create, and an update that was taken back by hand", func(_ *memory, t *relation) []int64 {
		chosen := t.insert(values{"id": 1, "a": 1, "b": 1})
		t.update(1, values{"a": 2})
		t.update(1, values{"a": 1})
		return ids(chosen)
	}, nil, []string{"t 1 deleted"}},
	{"a create, and an update of a column that was added since", func(_ *memory, t *relation) []int64 {
		chosen := t.insert(values{"id": 1, "a": 1})
		t.add("c")
		t.update(1, values{"c": 2})
		return ids(chosen)
	}, nil, []string{
		"t 1 as it is; updated since: the row was updated later, and earlier values of some columns are not known",
	}},
	{"a create of a row that is gone", func(_ *memory, t *relation) []int64 {
		chosen := t.insert(values{"id": 1, "a": 1, "b": 1})
		t.delete(1)
		return ids(chosen)
	}, nil, []string{"unchanged 1"}},
	{"an update of a row that is gone", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.delete(1)
		return ids(chosen)
	}, nil, []string{"t 1 as it is; deleted since: the row was deleted since, by version 3"}},
	{"an update of a row that went without being recorded", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.unrecorded(func() { t.delete(1) })
		return ids(chosen)
	}, nil, []string{"t 1 as it is; deleted since: the row was deleted since, without being recorded"}},
	{"rows in several states", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.insert(values{"id": 2, "a": 1, "b": 1})
		return ids(t.update(1, values{"a": 2}), t.delete(2), t.insert(values{"id": 3}))
	}, nil, []string{"t 3 deleted", "t 1 updated ~ a: 2 → 1", "t 2 created + a: 1, + b: 1, + id: 2"}},
}

var keyCases = []planCase{
	{"a change of key", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(t.update(1, values{"id": 2}))
	}, nil, []string{"t 2 updated ~ id: 2 → 1"}},
	{"an update before the row got another key", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.update(1, values{"id": 2})
		return ids(chosen)
	}, nil, []string{"t 2 updated ~ a: 2 → 1"}},
	{"a change of key, and an update under the new one", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"id": 2})
		t.update(2, values{"a": 2})
		return ids(chosen)
	}, nil, []string{"t 2 updated ~ id: 2 → 1"}},
	{"a delete, and another row with the key", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.delete(1)
		t.insert(values{"id": 1, "a": 5, "b": 5})
		return ids(chosen)
	}, nil, []string{"t 1 as it is; key reused: another row has its key now, by version 3"}},
	{"a delete and the create of another row with the key", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return ids(t.delete(1), t.insert(values{"id": 1, "a": 5, "b": 5}))
	}, nil, []string{"t 1 updated ~ a: 5 → 1, ~ b: 5 → 1"}},
	{"an update, and another row with the key", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.delete(1)
		t.insert(values{"id": 1, "a": 5, "b": 5})
		return ids(chosen)
	}, nil, []string{"t 1 as it is; key reused: another row has its key now, by version 4"}},
	{"a row that came and went before another got its key", func(_ *memory, t *relation) []int64 {
		chosen := ids(t.insert(values{"id": 1, "a": 1, "b": 1}), t.delete(1))
		t.insert(values{"id": 1, "a": 5, "b": 5})
		return chosen
	}, nil, []string{"unchanged 1"}},
	{"a change of key, and another row with the old one", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"id": 2})
		t.insert(values{"id": 1, "a": 5, "b": 5})
		return ids(chosen)
	}, nil, []string{"t 2 as it is; key reused: another row has its key now, by version 3"}},
	{"a delete, and a row that was moved to the key", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.insert(values{"id": 2, "a": 2, "b": 2})
		chosen := t.delete(1)
		t.update(2, values{"id": 1})
		return ids(chosen)
	}, nil, []string{"t 1 as it is; key reused: another row has its key now, by version 4"}},
	{"two rows that exchanged their keys by a third", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.insert(values{"id": 2, "a": 2, "b": 2})
		return ids(t.update(1, values{"id": 3}), t.update(2, values{"id": 1}), t.update(3, values{"id": 2}))
	}, nil, []string{"t 1 updated ~ id: 1 → 2", "t 2 updated ~ id: 2 → 1"}},
	{"two rows that exchanged their keys at once", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.insert(values{"id": 2, "a": 2, "b": 2})
		return m.exchange(t, 1, 2)
	}, nil, []string{"t 1 updated ~ id: 1 → 2", "t 2 updated ~ id: 2 → 1"}},
	{"one of two rows that exchanged their keys", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.insert(values{"id": 2, "a": 2, "b": 2})
		return m.exchange(t, 1, 2)[:1]
	}, nil, []string{"t 2 as it is; key reused: another row has its key now, by version 4"}},
	{"a row that came back, got another key and went, and others since", func(m *memory, t *relation) []int64 {
		chosen := ids(t.insert(values{"id": 1, "a": 1, "b": 1}), t.delete(1))
		chosen = append(chosen, m.mustUndo(chosen[1:])...)
		chosen = append(chosen, t.update(1, values{"id": 2}), t.delete(2), t.insert(values{"id": 2, "a": 5, "b": 5}))
		t.insert(values{"id": 1, "a": 6, "b": 6})
		return chosen
	}, nil, []string{"t 2 deleted"}},
	{"a row that was written over another by an undo, and got another key", func(m *memory, t *relation) []int64 {
		chosen := ids(t.insert(values{"id": 1, "a": 1, "b": 1}), t.delete(1), t.insert(values{"id": 1, "a": 5, "b": 5}))
		chosen = append(chosen, m.mustUndo(chosen[1:])...)
		return append(chosen, t.update(1, values{"id": 2}))
	}, nil, []string{"t 2 deleted", "unchanged 1"}},
	{"keys that were moved by one", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.insert(values{"id": 2, "a": 2, "b": 2})
		return ids(t.update(2, values{"id": 3}), t.update(1, values{"id": 2}))
	}, nil, []string{"t 2 updated ~ id: 2 → 1", "t 3 updated ~ id: 3 → 2"}},
	{"an earlier primary key", func(_ *memory, t *relation) []int64 {
		chosen := t.insert(values{"id": 1, "a": 7, "b": 1})
		t.periods = []db.KeyPeriodsRow{{UntilID: chosen, Columns: []string{"a"}},
			{AfterID: chosen, Columns: []string{"id"}}}
		return ids(chosen)
	}, nil, []string{
		"t 1 as it is; primary key changed: the primary key was changed after version 1: it was (a)",
	}},
}

var uniqueCases = []planCase{
	{"a unique value that another row has now", func(_ *memory, t *relation) []int64 {
		t.uniqueBy("a")
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.insert(values{"id": 2, "a": 1, "b": 1})
		return ids(chosen)
	}, nil, []string{"t 1 as it is; unique value taken: t 2 has its value of a now"}},
	{"a unique value that goes from one row back to another", func(_ *memory, t *relation) []int64 {
		t.uniqueBy("a")
		t.insert(values{"id": 1, "a": 1, "b": 1})
		t.insert(values{"id": 2, "a": 2, "b": 1})
		return ids(t.update(1, values{"a": 3}), t.update(2, values{"a": 1}))
	}, nil, []string{"t 2 updated ~ a: 1 → 2", "t 1 updated ~ a: 3 → 1"}},
	{"a unique value that two rows had, one after the other", func(_ *memory, t *relation) []int64 {
		t.uniqueBy("a")
		t.insert(values{"id": 1, "a": 1, "b": 1})
		first := t.delete(1)
		t.insert(values{"id": 2, "a": 1, "b": 1})
		return ids(first, t.delete(2))
	}, nil, []string{
		"t 1 as it is; unique value wanted twice: t 2 would get its value of a as well, and had it last",
		"t 2 created + a: 1, + b: 1, + id: 2",
	}},
	{"a NULL in a unique column", func(_ *memory, t *relation) []int64 {
		t.uniqueBy("a")
		t.insert(values{"id": 1, "a": nil, "b": 1})
		t.insert(values{"id": 2, "a": nil, "b": 1})
		return ids(t.update(1, values{"a": 3}))
	}, nil, []string{"t 1 updated ~ a: 3 → null"}},
}

var referenceCases = []planCase{
	{"parent and child come back", func(m *memory, t *relation) []int64 {
		child := m.table("child", "id", "parent").pointsTo(t, "parent")
		t.insert(values{"id": 1})
		child.insert(values{"id": 10, "parent": 1})
		return ids(child.delete(10), t.delete(1))
	}, nil, []string{
		"t 1 created + a: null, + b: null, + id: 1",
		"child 10 created + id: 10, + parent: 1",
	}},
	{"parent and child go", func(m *memory, t *relation) []int64 {
		child := m.table("child", "id", "parent").pointsTo(t, "parent")
		return ids(t.insert(values{"id": 1}), child.insert(values{"id": 10, "parent": 1}))
	}, nil, []string{"child 10 deleted", "t 1 deleted"}},
	{"a parent that goes, and a child that stays", func(m *memory, t *relation) []int64 {
		child := m.table("child", "id", "parent").pointsTo(t, "parent")
		chosen := t.insert(values{"id": 1})
		child.insert(values{"id": 10, "parent": 1})
		return ids(chosen)
	}, nil, []string{"t 1 as it is; referenced: child 10 refers to it by parent"}},
	{"a parent that goes, and a child that points elsewhere again", func(m *memory, t *relation) []int64 {
		child := m.table("child", "id", "parent").pointsTo(t, "parent")
		t.insert(values{"id": 1})
		child.insert(values{"id": 10, "parent": 1})
		return ids(t.insert(values{"id": 2}), child.update(10, values{"parent": 2}))
	}, nil, []string{"t 2 deleted", "child 10 updated ~ parent: 2 → 1"}},
	{"a child without its parent", func(m *memory, t *relation) []int64 {
		child := m.table("child", "id", "parent").pointsTo(t, "parent")
		t.insert(values{"id": 1})
		child.insert(values{"id": 10, "parent": 1})
		chosen := child.delete(10)
		t.delete(1)
		return ids(chosen)
	}, nil, []string{
		"child 10 as it is; referenced row missing: t 1, which parent refers to, is not there",
	}},
	{"a chain of skipped rows", func(m *memory, t *relation) []int64 {
		child := m.table("child", "id", "parent").pointsTo(t, "parent")
		grandchild := m.table("grandchild", "id", "parent").pointsTo(child, "parent")
		t.insert(values{"id": 1})
		child.insert(values{"id": 10, "parent": 1})
		grandchild.insert(values{"id": 100, "parent": 10})
		chosen := ids(grandchild.delete(100), child.delete(10))
		t.delete(1)
		return chosen
	}, []undo.Option{undo.OnConflict(audit.SkipRows)}, []string{
		"child 10 skipped; referenced row missing: t 1, which parent refers to, is not there",
		"grandchild 100 skipped; referenced row missing: child 10, which parent refers to, is not there",
	}},
	{"a row that points to itself", func(_ *memory, t *relation) []int64 {
		t.pointsTo(t, "a")
		t.insert(values{"id": 1, "a": 1})
		return ids(t.delete(1))
	}, nil, []string{"t 1 created + a: 1, + b: null, + id: 1"}},
	{"tables that point to each other", func(m *memory, t *relation) []int64 {
		other := m.table("other", "id", "parent").pointsTo(t, "parent")
		t.pointsTo(other, "a")
		t.insert(values{"id": 1})
		other.insert(values{"id": 10, "parent": 1})
		t.update(1, values{"a": 10})
		return ids(t.delete(1), other.delete(10))
	}, nil, []string{"other 10 created + id: 10, + parent: 1", "t 1 created + a: 10, + b: null, + id: 1"}},
}

var againCases = []planCase{
	{"an undo that is undone already", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := ids(t.update(1, values{"a": 2}))
		m.mustUndo(chosen)
		return chosen
	}, nil, []string{"undone already [2]"}},
	{"a redo", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		return m.mustUndo(ids(t.update(1, values{"a": 2})))
	}, nil, []string{"t 1 updated ~ a: 1 → 2"}},
	{"what was redone can be undone", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := ids(t.update(1, values{"a": 2}))
		m.mustUndo(m.mustUndo(chosen))
		return chosen
	}, nil, []string{"t 1 updated ~ a: 2 → 1"}},
	{"a delete that is undone already, with an update since", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		update := t.update(1, values{"a": 2})
		m.mustUndo(ids(t.delete(1)))
		t.update(1, values{"b": 7})
		return ids(update)
	}, nil, []string{"t 1 updated ~ a: 2 → 1"}},
	{"an undo together with what it undid", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := ids(t.update(1, values{"a": 2}))
		return append(chosen, m.mustUndo(chosen)...)
	}, nil, []string{"unchanged 1"}},
	{"an undo together with what it undid, and a later change of it", func(m *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := ids(t.update(1, values{"a": 2}))
		chosen = append(chosen, m.mustUndo(chosen)...)
		t.update(1, values{"a": 9})
		return chosen
	}, nil, []string{"undone already [2 3]"}},
	{"a row that is already as it would be", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.unrecorded(func() { t.update(1, values{"a": 1}) })
		return ids(chosen)
	}, nil, []string{"unchanged 1"}},
	{"nothing", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1})
		return []int64{}
	}, nil, nil},
}

var optionCases = []planCase{
	{"a column that is kept", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2, "b": 2})
		t.update(1, values{"b": 3})
		return ids(chosen)
	}, []undo.Option{undo.Keep("b")}, []string{"t 1 updated ~ a: 2 → 1"}},
	{"a row that may be overwritten", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.update(1, values{"a": 2})
		t.update(1, values{"a": 3, "b": 3})
		return ids(chosen)
	}, []undo.Option{undo.Overwrite(audit.RowID{Table: "t", EntityID: "1"})}, []string{"t 1 updated ~ a: 3 → 1"}},
	{"a row that may be overwritten by the one that had its key", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.delete(1)
		t.insert(values{"id": 1, "a": 5, "b": 5})
		return ids(chosen)
	}, []undo.Option{undo.Overwrite(audit.RowID{Table: "t", EntityID: "1"})}, []string{
		"t 1 updated ~ a: 5 → 1, ~ b: 5 → 1",
	}},
	{"a value of a column that was added since", func(_ *memory, t *relation) []int64 {
		t.insert(values{"id": 1, "a": 1, "b": 1})
		chosen := t.delete(1)
		t.add("c")
		return ids(chosen)
	}, []undo.Option{undo.Set("c", 7)}, []string{
		"t 1 created + a: 1, + b: 1, + c: 7, + id: 1; c is not recorded",
	}},
}

// mustUndo plans and applies what is without conflict.
func (m *memory) mustUndo(chosen []int64) []int64 {
	plan, err := m.undo(chosen)
	if err == nil {
		err = plan.Err()
	}
	if err != nil {
		panic(err)
	}
	return m.apply(plan)
}

func TestPlansThatAreRefused(t *testing.T) {
	t.Parallel()
	m := &memory{}
	one, other := m.table("one", "id", "a"), m.table("other", "id", "a")
	one.column("a").Generated = true
	chosen := ids(one.insert(values{"id": 1}), other.insert(values{"id": 1}), other.insert(values{"id": 2}))
	for _, c := range []struct {
		name string
		opt  undo.Option
		want string
	}{
		{"too many rows", undo.MaxRows(2), "undo: too many rows: 3, and the limit is 2"},
		{"no policy", undo.OnConflict("none"), `there is no policy "none"`},
		{"a column of no table", undo.Keep("b"), `column "b"`},
		{"a row that is not undone", undo.Overwrite(audit.RowID{Table: "other", EntityID: "9"}), `row "other 9"`},
		{"a generated column", undo.Set("one.a", 1), `column "a" of one is generated`},
		{"a key", undo.Set("id", 1), `column "id" of one is part of the primary key`},
		{"what is no value", undo.Set("a", func() {}), "a: json: unsupported type: func()"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := m.undo(chosen, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCheckOfAPlan(t *testing.T) {
	t.Parallel()
	m := &memory{}
	table := m.table("t", "id", "a", "b")
	table.insert(values{"id": 1, "a": 1, "b": 1})
	plan, err := m.undo(ids(table.update(1, values{"a": 2})))
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string, want error) {
		t.Helper()
		if err := undo.Check(t.Context(), m, plan); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	check("nothing has changed", nil)
	table.update(1, values{"b": 2})
	check("another column has changed", nil)
	again := table.update(1, values{"a": 3})
	check("the column has changed", audit.ErrPlanStale)
	m.mustUndo(ids(again))
	check("that is undone", nil)
	m.apply(plan)
	check("the plan was carried out", audit.ErrNothingToDo)
}
