package torture

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

// gaps reports whether a table's options let rows change without a version.
func (t Table) gaps() bool { return t.Options.Where != "" || t.Options.AllowIgnore }

// checkGaps is what is promised of tables whose options let rows change out of sight: that nobody knows what they were,
// that each history can be read or says that it has diverged, and that undo leaves alone what nobody chose.
func (r *run) checkGaps() error {
	db := exaudit.New(r.control)
	for _, t := range r.Tables {
		if !t.gaps() {
			continue
		}
		_, err := r.rows(t.quoted(r.audited), fmt.Sprintf("exaudit.as_of(NULL::%s, now())", t.quoted(r.audited)), 0)
		if err == nil || !strings.Contains(err.Error(), "may have changed without being recorded") {
			return found("gaps", "%s as of now: %v; want that nobody knows", t.Name, err)
		}
	}
	for _, v := range r.versions {
		table := r.Tables[v.Place].quoted(r.audited)
		_, err := exaudit.Collect(db.HistoryWithStates(r.ctx, table, v.EntityID))
		if err != nil && !reason.Is(err, reason.Diverged) {
			return found("gaps", "history of %s %s: %v", r.Tables[v.Place].Name, v.EntityID, err)
		}
	}
	for _, c := range r.Choices {
		ids, chosen := r.chosen(c)
		for _, policy := range []audit.ConflictPolicy{audit.RefuseConflicts, audit.SkipRows, audit.KeepLater} {
			if len(ids) == 0 {
				continue
			}
			if err := r.inRolledBack(func(tx pgx.Tx) error {
				return r.checkGapsOfUndo(tx, ids, chosen, policy)
			}); err != nil {
				return err
			}
		}
	}
	seen := slices.DeleteFunc(slices.Clone(r.entries), func(e *entry) bool { return e.Unseen })
	for i, e := range some(seen, points) {
		err := r.inRolledBack(func(tx pgx.Tx) error { return r.checkGapsOfRevert(tx, e, i%2 == 0) })
		if err != nil {
			return err
		}
	}
	return nil
}

// checkGapsOfUndo undoes a choice, and wants the rows to be there that it has nothing of.
func (r *run) checkGapsOfUndo(tx pgx.Tx, ids []int64, chosen map[int64]bool, policy audit.ConflictPolicy) error {
	what := fmt.Sprintf("undo of %v, %s", ids, policy)
	r.counts.Undos++
	_, err := exaudit.New(tx).Undo(r.ctx, exaudit.Select(exaudit.ByVersion(ids...)),
		&exaudit.UndoOptions{OnConflict: policy})
	switch {
	case reason.Is(err, reason.Conflict), errors.Is(err, audit.ErrNothingToDo):
		return r.holds(tx, "gaps", what, r.now())
	case reason.Is(err, reason.Diverged):
		return nil
	case len(r.References) > 0 && (reason.Is(err, audit.ReferencedRowMissing, audit.ConstraintViolated)):
		return nil // rows that were not recorded
	case err != nil:
		return found("gaps", "%s: %v", what, err)
	}
	r.counts.did("undo with gaps")
	stay := r.now()
	for _, e := range r.entries {
		if !e.Unseen && chosen[e.version.ID] {
			delete(stay[e.Place], e.UID)
		}
	}
	return r.stay(tx, what, stay)
}

// checkGapsOfRevert reverts a version, and wants the rows to be there that never had its key.
func (r *run) checkGapsOfRevert(tx pgx.Tx, e *entry, diverged bool) error {
	what := fmt.Sprintf("revert of version %d", e.version.ID)
	r.counts.Reverts++
	_, err := exaudit.New(tx).Revert(r.ctx, e.version.ID, &exaudit.RevertOptions{AllowDiverged: diverged})
	if reason.Is(err, refused...) || reason.Is(err, reason.Diverged) {
		return r.holds(tx, "gaps", what, r.now())
	}
	if err != nil {
		return found("gaps", "%s: %v", what, err)
	}
	r.counts.did("revert with gaps")
	t, keys, stay := r.Tables[e.Place], map[string]bool{}, r.now()
	for _, other := range r.entries {
		for _, row := range []row{other.Old, other.New} {
			if other.Place == e.Place && other.UID == e.UID && row != nil {
				keys[t.keyOf(row)] = true
			}
		}
	}
	for uid, row := range stay[e.Place] {
		if keys[t.keyOf(row)] {
			delete(stay[e.Place], uid)
		}
	}
	return r.stay(tx, what, stay)
}

// stay wants rows to be there still, except that foreign keys may take rows along.
func (r *run) stay(tx pgx.Tx, what string, stay state) error {
	if len(r.References) > 0 {
		return nil
	}
	for i, t := range r.Tables {
		got, err := rowsOf(r.ctx, tx, r.texts, r.twin(), t.quoted(r.audited), t.quoted(r.audited), 0)
		if err != nil {
			return err
		}
		there := map[string]bool{}
		for _, row := range got {
			there[show(t.recorded(row))] = true
		}
		for _, row := range stay[i] {
			if !there[show(t.recorded(row))] {
				return found("gaps", "%s: %s is gone from %s, of which nothing was chosen", what, show(row), t.Name)
			}
		}
	}
	return nil
}
