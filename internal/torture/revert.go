package torture

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
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
var refused = []any{audit.UniqueConflict, audit.ReferencedRowMissing, audit.ConstraintViolated, audit.ColumnGone,
	audit.ErrNothingToDo}

// checkRevert wants the row to be what the version found; a row that has its key since may give way, others stay.
func (r *run) checkRevert(tx pgx.Tx, e *entry) error {
	r.counts.Reverts++
	what := fmt.Sprintf("revert of version %d", e.version.ID)
	_, err := exaudit.New(tx).Revert(r.ctx, e.version.ID, nil)
	t, now := r.Tables[e.Place], r.now()
	if reason.Is(err, refused...) {
		return r.holds(tx, "revert", what, now)
	}
	if err != nil {
		return found("revert", "%s: %v", what, err)
	}
	if r.altered || t.hides() || len(r.References) > 0 {
		return nil // columns that were added since may keep their values, and foreign keys may take rows along
	}
	stays, goes := now.clone(), now.clone()
	for uid, row := range now[e.Place] {
		if uid == e.UID || e.Old != nil && t.keyOf(row) == t.keyOf(e.Old) {
			delete(stays[e.Place], uid)
			delete(goes[e.Place], uid)
		}
		if t.keyOf(row) == r.lastKey(e) { // it goes on where the row was deleted
			delete(goes[e.Place], uid)
		}
	}
	if e.Old != nil {
		stays[e.Place][e.UID], goes[e.Place][e.UID] = e.Old, e.Old
	}
	if r.holds(tx, "revert", what, stays) == nil {
		return nil
	}
	return r.holds(tx, "revert", what, goes)
}

// lastKey is the one that a change's row has, or had last.
func (r *run) lastKey(e *entry) string {
	for _, other := range slices.Backward(r.entries) {
		if other.Place == e.Place && other.UID == e.UID {
			if other.New != nil {
				return r.Tables[e.Place].keyOf(other.New)
			}
			return r.Tables[e.Place].keyOf(other.Old)
		}
	}
	return ""
}
