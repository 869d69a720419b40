package torture

import (
	"errors"
	"fmt"
	"strings"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// checkCommitted undoes the last choice, redoes the transaction, and undoes again, each in a transaction of its own:
// what was is there again, and marks are what they were.
func (r *run) checkCommitted() error {
	if len(r.Choices) == 0 || r.altered {
		return nil
	}
	ids, chosen := r.chosen(r.Choices[len(r.Choices)-1])
	want := r.undo(chosen)
	if len(ids) == 0 || len(want.conflicts) > 0 || want.fuzzy || want.unclear {
		return nil
	}
	db, what := exaudit.New(r.control), "committed undo of versions "+strings.Trim(fmt.Sprint(ids), "[]")
	undo := func() (*audit.UndoPlan, error) {
		return db.Undo(r.ctx, exaudit.Select(exaudit.ByVersion(ids...)), nil)
	}
	plan, err := undo()
	if errors.Is(err, audit.ErrNothingToDo) {
		return nil
	}
	if err != nil {
		return found("undo", "%s: %v", what, err)
	}
	if err := r.holds(r.control, "undo", what, want.state); err != nil {
		return err
	}
	if _, err := undo(); !errors.Is(err, audit.ErrNothingToDo) {
		return found("undo", "%s, once more: %v; want nothing to do", what, err)
	}
	if _, err := db.Redo(r.ctx, plan.TransactionID, nil); err != nil {
		return found("redo", "redo of %s: %v", what, err)
	}
	if err := r.holds(r.control, "redo", "redo of "+what, r.now()); err != nil {
		return err
	}
	if _, err := undo(); err != nil {
		return found("undo", "%s, again after a redo: %v", what, err)
	}
	if err := r.holds(r.control, "undo", what+", again after a redo", want.state); err != nil {
		return err
	}
	r.counts.did("committed undo")
	return r.checkMarks()
}
