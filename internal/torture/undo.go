package torture

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
)

// undone is what the model says that an undo makes of the rows.
type undone struct {
	state
	conflicts []string // why it cannot be, none if it can
	unclear   bool     // a conflict is as good as none
}

// undo takes chosen changes out of the rows: each row is gone through from its newest change to its oldest, and a
// column that is neither what a chosen change left nor what it found was changed by another since.
func (r *run) undo(chosen map[int64]bool) undone {
	u := undone{state: r.now()}
	for place := range r.Tables {
		byRow := map[int64][]*entry{}
		var rows []int64
		for _, e := range r.entries {
			if e.Place == place {
				if byRow[e.UID] == nil {
					rows = append(rows, e.UID)
				}
				byRow[e.UID] = append(byRow[e.UID], e)
			}
		}
		for _, uid := range rows {
			if slices.ContainsFunc(byRow[uid], func(e *entry) bool { return chosen[e.version.ID] }) {
				u.row(place, uid, byRow[uid], chosen)
			}
		}
	}
	for place, t := range r.Tables {
		keys := map[string]bool{}
		for _, row := range u.state[place] {
			if key := t.keyOf(row); keys[key] {
				u.conflicts = append(u.conflicts, fmt.Sprintf("two rows of %s have key %s", t.Name, key))
			} else {
				keys[key] = true
			}
		}
	}
	return u
}

func (u *undone) row(place int, uid int64, entries []*entry, chosen map[int64]bool) {
	conflict := func(format string, args ...any) { u.conflicts = append(u.conflicts, fmt.Sprintf(format, args...)) }
	now := slices.Clone(u.state[place][uid])
	for _, e := range slices.Backward(entries) {
		if !chosen[e.version.ID] {
			continue
		}
		switch {
		case e.Action == "DELETE":
			now = slices.Clone(e.Old)
		case e.Action == "INSERT" && now == nil:
			// an insert whose row is gone has nothing to undo; where its key is used again, exaudit is careful
			u.unclear = true
		case e.Action == "INSERT":
			if show(now) != show(e.New) {
				conflict("%s was created and is %s now", show(e.New), show(now))
			}
			now = nil
		case now == nil:
			conflict("%s was updated and is gone", show(e.New))
		default:
			for i := range e.New {
				switch {
				case same(e.Old[i], e.New[i]) || same(now[i], e.Old[i]):
				case same(now[i], e.New[i]):
					now[i] = e.Old[i]
				default:
					conflict("%s was changed again and is %s now", show(e.New), show(now))
				}
			}
		}
	}
	if now == nil {
		delete(u.state[place], uid)
	} else {
		u.state[place][uid] = now
	}
}

// checkUndo undoes each choice in a transaction that is rolled back.
func (r *run) checkUndo() error {
	for _, c := range r.Choices {
		var ids []int64
		chosen := map[int64]bool{}
		for i, v := range r.versions {
			if c.has(i) {
				ids = append(ids, v.ID)
				chosen[v.ID] = true
			}
		}
		if len(ids) == 0 {
			continue
		}
		err := r.inRolledBack(func(tx pgx.Tx) error { return r.checkChoice(tx, ids, r.undo(chosen)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *run) inRolledBack(do func(pgx.Tx) error) error {
	tx, err := r.control.Begin(r.ctx)
	if err != nil {
		return err
	}
	err = do(tx)
	return errors.Join(err, tx.Rollback(r.ctx))
}

func (r *run) checkChoice(tx pgx.Tx, ids []int64, want undone) error {
	r.counts.Undos++
	audit, now := exaudit.New(tx), r.now()
	what := "versions " + strings.Trim(fmt.Sprint(ids), "[]")
	plan, err := audit.Undo(r.ctx, exaudit.Select(exaudit.OfVersions(ids...)))
	switch {
	case errors.Is(err, exaudit.ErrUndoConflict):
		r.counts.Conflicts++
		if strings.Contains(err.Error(), "without being recorded") {
			return found("undo", "of %s: %v", what, err)
		}
		if len(want.conflicts) == 0 && !want.unclear {
			return found("undo", "of %s: %v; want no conflict, and %s", what, err, r.all(want.state))
		}
		return r.holds(tx, "the refused undo of "+what, now)
	case errors.Is(err, exaudit.ErrNothingToDo):
		if len(want.conflicts) > 0 || r.all(want.state) != r.all(now) {
			return found("undo", "of %s: %v; want %s, conflicts %v", what, err, r.all(want.state), want.conflicts)
		}
		return nil
	case err != nil:
		return found("undo", "of %s: %v; want %s, conflicts %v", what, err, r.all(want.state), want.conflicts)
	case len(want.conflicts) > 0:
		return found("undo", "of %s: none; want conflicts: %s", what, strings.Join(want.conflicts, "; "))
	}
	if err := r.holds(tx, "undo of "+what, want.state); err != nil {
		return err
	}
	_ = plan
	return r.checkRedo(tx, audit, what, want.state, now)
}

// checkRedo redoes an undo, and undoes again. All of it is one transaction, so versions are named.
func (r *run) checkRedo(tx pgx.Tx, audit *exaudit.DB, what string, undone, now state) error {
	last := r.steps[len(r.steps)-1].lastID
	for i, want := range []state{now, undone} {
		name := []string{"redo", "undo of the redo"}[i] + " of " + what
		ids, newest, err := r.rollbacks(tx, last)
		if err != nil {
			return err
		}
		if last = newest; len(ids) == 0 {
			return found("redo", "%s: nothing was recorded", name)
		}
		if _, err := audit.Undo(r.ctx, exaudit.Select(exaudit.OfVersions(ids...))); err != nil {
			return found("redo", "%s: %v; want %s", name, err, r.all(want))
		}
		if err := r.holds(tx, name, want); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) rollbacks(tx pgx.Tx, after int64) (ids []int64, newest int64, err error) {
	rows, _ := tx.Query(r.ctx, `SELECT id FROM exaudit.versions WHERE id > $1 AND rollback ORDER BY id`, after)
	if ids, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil || len(ids) == 0 {
		return nil, after, err
	}
	return ids, ids[len(ids)-1], nil
}

func (r *run) all(s state) string {
	parts := make([]string, len(r.Tables))
	for i, t := range r.Tables {
		parts[i] = t.Name + ": " + lines(s.shown(i))
	}
	return strings.Join(parts, ", ")
}

// holds compares the audited tables with a state.
func (r *run) holds(q querier, what string, want state) error {
	for i, t := range r.Tables {
		got, err := rowsOf(r.ctx, q, r.texts, r.twin(), t.quoted(r.audited), t.quoted(r.audited), 0)
		if err != nil {
			return err
		}
		if !slices.Equal(shown(got), want.shown(i)) {
			return found("undo", "%s leaves %s: %s; want %s", what, t.Name, lines(shown(got)), lines(want.shown(i)))
		}
	}
	return nil
}
