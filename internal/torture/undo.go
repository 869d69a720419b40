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

// undone is what the model says that an undo makes of the rows.
type undone struct {
	state
	conflicts []string // why it cannot be, none if it can
	unclear   bool     // a conflict is as good as none
	hidden    bool     // what is not recorded was lost
	fuzzy     bool     // and so is any value of a column that undo looks into
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
				u.row(r, place, uid, byRow[uid], chosen)
			}
		}
	}
	r.constraints(&u)
	r.actions(&u)
	return u
}

// actions finds whether an undo moves rows that others refer to: what foreign keys write then is no choice of
// anybody's.
func (r *run) actions(u *undone) {
	now := r.now()
	for _, t := range r.Tables {
		for _, c := range t.Columns {
			if c.Refers == 0 {
				continue
			}
			to := c.Refers - 1
			for uid, row := range u.state[to] {
				if was := now[to][uid]; was != nil && r.Tables[to].spelt(was) != r.Tables[to].spelt(row) {
					u.unclear, u.fuzzy = true, true
				}
			}
		}
	}
}

// constraints finds what the rows of an undo violate.
func (r *run) constraints(u *undone) {
	conflict := func(format string, args ...any) { u.conflicts = append(u.conflicts, fmt.Sprintf(format, args...)) }
	keys := make([]map[string]bool, len(r.Tables))
	for place, t := range r.Tables {
		keys[place] = map[string]bool{}
		unique := map[string]bool{}
		for _, row := range u.state[place] {
			key := t.keyOf(row)
			if keys[place][key] {
				conflict("two rows of %s have key %s", t.Name, key)
			}
			keys[place][key] = true
			for _, i := range t.Unique {
				value := fmt.Sprint(i, t.Columns[i].equal(row[i]))
				if row[i] != nil && unique[value] {
					conflict("two rows of %s have %s", t.Name, value)
				}
				unique[value] = true
			}
		}
	}
	for place, t := range r.Tables {
		for i, c := range t.Columns {
			if c.Refers == 0 {
				continue
			}
			for _, row := range u.state[place] {
				if row[i] != nil && !keys[c.Refers-1][c.equal(row[i])] {
					conflict("%s of %s points to no row", show(row), t.Name)
				}
			}
		}
	}
}

func (u *undone) row(r *run, place int, uid int64, entries []*entry, chosen map[int64]bool) {
	conflict := func(format string, args ...any) { u.conflicts = append(u.conflicts, fmt.Sprintf(format, args...)) }
	t, now := r.Tables[place], slices.Clone(u.state[place][uid])
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
			u.unclear = u.unclear || t.hides() // it may have been changed in what is hidden
			if show(t.recorded(now)) != show(t.recorded(e.New)) {
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
				case i < len(t.Columns) && t.Columns[i].Generated:
				case i < len(t.Columns) && t.Columns[i].Merges:
					u.unclear, u.fuzzy = true, true
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

// recorded is a row without hidden columns and what the database makes of the others.
func (t Table) recorded(r row) row {
	r = slices.Clone(r)
	for i, c := range t.Columns {
		if (c.Generated || c.Hidden != "") && r != nil {
			r[i] = nil
		}
	}
	return r
}

// checkUndo undoes each choice in a transaction that is rolled back.
func (r *run) checkUndo() error {
	for _, c := range r.Choices {
		ids, chosen := r.chosen(c)
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

// chosen are the versions of a choice.
func (r *run) chosen(c Choice) (ids []int64, chosen map[int64]bool) {
	chosen = map[int64]bool{}
	for i, v := range r.versions {
		if c.has(i) {
			ids = append(ids, v.ID)
			chosen[v.ID] = true
		}
	}
	return ids, chosen
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
	db, now := exaudit.New(tx), r.now()
	what := "versions " + strings.Trim(fmt.Sprint(ids), "[]")
	_, err := db.Undo(r.ctx, exaudit.Select(exaudit.ByVersion(ids...)), nil)
	switch {
	case reason.Is(err, reason.Conflict):
		r.counts.Conflicts++
		if strings.Contains(err.Error(), "without being recorded") {
			return found("undo", "of %s: %v", what, err)
		}
		if len(want.conflicts) == 0 && !want.unclear {
			return found("undo", "of %s: %v; want no conflict, and %s", what, err, r.all(want.state))
		}
		if err := r.holds(tx, "undo", "the refused undo of "+what, now); err != nil {
			return err
		}
		return r.checkPolicies(tx, err, ids, what, want)
	case errors.Is(err, audit.ErrNothingToDo):
		if len(want.conflicts) > 0 || !want.fuzzy && r.all(want.state) != r.all(now) {
			return found("undo", "of %s: %v; want %s, conflicts %v", what, err, r.all(want.state), want.conflicts)
		}
		return nil
	case err != nil:
		return found("undo", "of %s: %v; want %s, conflicts %v", what, err, r.all(want.state), want.conflicts)
	case want.fuzzy:
		return nil
	case len(want.conflicts) > 0:
		return found("undo", "of %s: none; want conflicts: %s", what, strings.Join(want.conflicts, "; "))
	}
	if err := r.holds(tx, "undo", "undo of "+what, want.state); err != nil {
		return err
	}
	if want.hidden {
		return nil
	}
	return r.checkRedo(tx, db, what, want.state, now)
}

// checkRedo redoes an undo, and undoes again. All of it is one transaction, so versions are named.
func (r *run) checkRedo(tx pgx.Tx, db *exaudit.DB, what string, undone, now state) error {
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
		if _, err := db.Undo(r.ctx, exaudit.Select(exaudit.ByVersion(ids...)), nil); err != nil {
			return found("redo", "%s: %v; want %s", name, err, r.all(want))
		}
		r.counts.did([]string{"redo", "undo of a redo"}[i])
		if err := r.holds(tx, "redo", name, want); err != nil {
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
func (r *run) holds(q querier, check, what string, want state) error {
	for i, t := range r.Tables {
		got, err := rowsOf(r.ctx, q, r.texts, r.twin(), t.quoted(r.audited), t.quoted(r.audited), 0)
		if err != nil {
			return err
		}
		var rows []row
		for _, row := range want[i] {
			rows = append(rows, t.recorded(row))
		}
		for n := range got {
			got[n] = t.recorded(got[n])
		}
		if !slices.Equal(shown(got), shown(rows)) {
			return found(check, "%s leaves %s: %s; want %s", what, t.Name, lines(shown(got)), lines(shown(rows)))
		}
	}
	return nil
}
