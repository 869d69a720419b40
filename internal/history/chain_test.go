package history_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/reason"
)

// life is a random history of one row, as a trigger records it: only what an update
// changed, in transactions of one or more versions.
type life struct {
	versions []*history.Version
	states   []audit.Image // after each version
	present  audit.Image
}

func drawLife(t *rapid.T) life {
	var l life
	columns := []string{"a", "b", "c"}
	whole := func() audit.Image {
		row := audit.Image{"id": json.Number("1")}
		for _, c := range columns {
			row[c] = json.Number(fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "value")))
		}
		return row
	}
	if rapid.Bool().Draw(t, "tracked late") {
		l.present = whole()
	}
	transaction := uint64(1)
	for i := range rapid.IntRange(0, 12).Draw(t, "versions") {
		if rapid.Bool().Draw(t, "new transaction") {
			transaction++
		}
		v := &history.Version{Version: audit.Version{ID: int64(i + 1), EntityID: "1", TransactionID: transaction}}
		switch {
		case l.present == nil:
			v.Action, v.After = audit.Created, whole()
			l.present = v.After
		case rapid.IntRange(0, 5).Draw(t, "action") == 0:
			v.Action, v.Before = audit.Deleted, l.present
			l.present = nil
		default:
			next := whole()
			v.Action, v.Before, v.After = audit.Updated, history.Differing(l.present, next), history.Differing(next, l.present)
			if len(v.After) == 0 {
				continue
			}
			l.present = next
		}
		l.versions = append(l.versions, v)
		l.states = append(l.states, l.present)
	}
	return l
}

func same(a, b audit.Image) bool {
	return maps.EqualFunc(a, b, func(x, y any) bool { return x == y }) && (a == nil) == (b == nil)
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		if err := history.Rebuild(l.versions, history.Present{Row: l.present}); err != nil {
			t.Fatal(err)
		}
		for i, v := range l.versions {
			if !same(v.State, l.states[i]) {
				t.Fatalf("state after version %d is %v, want %v", v.ID, v.State, l.states[i])
			}
		}
	})
}

// Versions of one transaction that were recorded in another order still give a history
// that ends where the row is, or are found not to fit.
func TestRebuildInverted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		for i := 0; i+1 < len(l.versions); i++ {
			if l.versions[i].TransactionID == l.versions[i+1].TransactionID && rapid.Bool().Draw(t, "swap") {
				l.versions[i], l.versions[i+1] = l.versions[i+1], l.versions[i]
			}
		}
		if err := history.Rebuild(l.versions, history.Present{Row: l.present}); err != nil {
			// More than one order may fit within a transaction; the wrong choice is only
			// seen later. It must not pass silently.
			if !reason.Is(err, reason.Diverged) {
				t.Fatal(err)
			}
			return
		}
		if n := len(l.versions); n > 0 && !same(l.versions[n-1].State, l.present) {
			t.Fatalf("last state is %v, the row is %v", l.versions[n-1].State, l.present)
		}
	})
}

// Whatever was changed without being recorded is found.
func TestRebuildFindsDivergence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := drawLife(t)
		if len(l.versions) == 0 || l.versions[0].Action != audit.Created {
			return // nothing is known of a row that was tracked late but what it is now
		}
		if l.present == nil {
			l.present = audit.Image{"id": json.Number("1")}
		} else {
			l.present = maps.Clone(l.present)
			l.present[rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "column")] = json.Number("99")
		}
		err := history.Rebuild(l.versions, history.Present{Row: l.present})
		var diverged *audit.DivergedError
		if !errors.As(err, &diverged) || diverged.Difference == nil {
			t.Fatalf("got %v, want a DivergedError with the difference", err)
		}
	})
}

func TestRebuildJSONNull(t *testing.T) {
	t.Parallel()
	noted := []any{"info"}
	versions := []*history.Version{
		{Version: audit.Version{ID: 1, Action: audit.Created, After: audit.Image{"id": "1", "info": nil, "": noted}}},
		{Version: audit.Version{ID: 2, Action: audit.Updated, Before: audit.Image{"info": nil, "": noted}, After: audit.Image{"info": nil}}},
		{Version: audit.Version{ID: 3, Action: audit.Updated, Before: audit.Image{"info": nil}, After: audit.Image{"info": nil, "": noted}}},
	}
	if err := history.Rebuild(versions, history.Present{Row: versions[0].After}); err != nil {
		t.Fatal(err)
	}
	if _, ok := versions[1].State[""]; ok {
		t.Error("the SQL NULL is still noted as a JSON null")
	}
	versions[1].Before = audit.Image{"info": nil}
	if err := history.Rebuild(versions, history.Present{Row: versions[0].After}); !reason.Is(err, reason.Diverged) {
		t.Errorf("an SQL NULL where a JSON null was: %v, want a DivergedError", err)
	}
}
