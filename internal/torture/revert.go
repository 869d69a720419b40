package torture

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
)

// checkReverts reverts some versions, each in a transaction that is rolled back.
func (r *run) checkReverts() error {
	for _, e := range some(r.entries, points) {
		if err := r.inRolledBack(func(tx pgx.Tx) error { return r.checkRevert(tx, e) }); err != nil {
			return err
		}
	}
	return nil
}

// refused are the errors by which a revert says what is in its way.
var refused = []error{exaudit.ErrUniqueConflict, exaudit.ErrReferencedRowMissing, exaudit.ErrConstraint, exaudit.ErrNothingToDo}

// checkRevert wants the row to be what the version found; a row that has its key since may give way, others stay.
func (r *run) checkRevert(tx pgx.Tx, e *entry) error {
	r.counts.Reverts++
	what := fmt.Sprintf("revert of version %d", e.version.ID)
	_, err := exaudit.New(tx).Revert(r.ctx, e.version.ID)
	t, now := r.Tables[e.Place], r.now()
	for _, expected := range refused {
		if errors.Is(err, expected) {
			return r.holds(tx, "revert", what, now)
		}
	}
	if err != nil {
		return found("revert", "%s: %v", what, err)
	}
	if r.altered || t.hides() || len(r.References) > 0 {
		return nil // columns that were added since may keep their values, and foreign keys may take rows along
	}
	want, entity := now.clone(), e.Old
	if delete(want[e.Place], e.UID); entity == nil {
		entity = e.New
	}
	stays := want.clone()
	for uid, row := range want[e.Place] {
		if t.keyOf(row) == t.keyOf(entity) {
			delete(want[e.Place], uid)
		}
	}
	if e.Old == nil && r.holds(tx, "revert", what, stays) == nil {
		return nil
	}
	if e.Old != nil {
		want[e.Place][e.UID] = e.Old
	}
	return r.holds(tx, "revert", what, want)
}
