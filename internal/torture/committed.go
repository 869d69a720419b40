package torture

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
)

// checkCommitted undoes the last choice, redoes the transaction, and undoes again, each in a transaction of its own: what
// was is there again, and marks are what they were.
func (r *run) checkCommitted() error {
	if len(r.Choices) == 0 || r.altered {
		return nil
	}
	ids, chosen := r.chosen(r.Choices[len(r.Choices)-1])
	want := r.undo(chosen)
	if len(ids) == 0 || len(want.conflicts) > 0 || want.fuzzy || want.unclear {
		return nil
	}
	audit, what := exaudit.New(r.control), "committed undo of versions "+strings.Trim(fmt.Sprint(ids), "[]")
	undo := func() (*exaudit.UndoPlan, error) {
		return audit.Undo(r.ctx, exaudit.Select(exaudit.OfVersions(ids...)))
	}
	plan, err := undo()
	if errors.Is(err, exaudit.ErrNothingToDo) {
		return nil
	}
	if err != nil {
		return found("undo", "%s: %v", what, err)
	}
	if err := r.holds(r.control, "undo", what, want.state); err != nil {
		return err
	}
	if _, err := undo(); !errors.Is(err, exaudit.ErrNothingToDo) {
		return found("undo", "%s, once more: %v; want nothing to do", what, err)
	}
	if _, err := audit.Redo(r.ctx, plan.Transaction); err != nil {
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
	return r.checkMarks()
}

// checkRetention removes the older half of all versions. What came after is known as before, what was before is an error.
func (r *run) checkRetention() error {
	if len(r.versions) < 2 {
		return nil
	}
	cut := r.versions[len(r.versions)/2].ID
	err := pgx.BeginFunc(r.ctx, r.control, func(tx pgx.Tx) error {
		_, err := tx.Exec(r.ctx, "SELECT set_config('exaudit.retention', 'on', true)")
		if err == nil {
			_, err = tx.Exec(r.ctx, "DELETE FROM exaudit.versions WHERE id <= $1 AND table_id IN (SELECT id FROM exaudit.tables WHERE schema_name = $2)", cut, r.audited)
		}
		return err
	})
	if err != nil {
		return err
	}
	place := r.versions[len(r.versions)/2].Place
	for _, s := range r.steps {
		if s.mark == "" {
			continue
		}
		known := s.lastID >= cut && !s.open
		for i, t := range r.Tables {
			got, err := r.rows(t.quoted(r.audited), fmt.Sprintf("exaudit.as_of_mark(NULL::%s, $1)", t.quoted(r.audited)), 0, s.mark)
			switch {
			case err != nil && (!known || r.place.Without.RetentionByTime) && strings.Contains(err.Error(), "complete only since"):
			case err != nil:
				return found("retention", "%s as of mark %s, known %v: %v", t.Name, s.mark, known, err)
			case i == place && s.lastID < cut:
				return found("retention", "%s as of mark %s: %s; want an error", t.Name, s.mark, lines(shown(got)))
			case lines(shown(t.allShown(got))) != lines(shown(s.rows[i])):
				return found("retention", "%s as of mark %s: %s; want %s", t.Name, s.mark, lines(shown(got)), lines(shown(s.rows[i])))
			}
		}
	}
	return nil
}

func (t Table) allShown(rows []row) []row {
	for _, r := range rows {
		t.shownTo(r)
	}
	return rows
}
