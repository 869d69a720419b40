package torture

import (
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// checkPolicies undoes what has conflicts without the rows or the columns that have one, and over what came later, each
// in a savepoint that is rolled back.
func (r *run) checkPolicies(tx pgx.Tx, refused error, ids []int64, what string, want undone) error {
	var overwritten []audit.RowID
	var conflict *audit.ConflictError
	if errors.As(refused, &conflict) {
		for _, row := range conflict.Rows {
			overwritten = append(overwritten, audit.RowID{Table: row.Table, EntityID: row.EntityID})
		}
	}
	options := map[string]*exaudit.UndoOptions{
		"skip rows":  {OnConflict: audit.SkipRows},
		"keep later": {OnConflict: audit.KeepLater},
		"overwrite":  {OnConflict: audit.SkipRows, OverwriteRows: overwritten},
	}
	for _, policy := range list("skip rows", "keep later", "overwrite") {
		err := pgx.BeginFunc(r.ctx, tx, func(tx pgx.Tx) error {
			err := r.checkPolicy(tx, policy, options[policy], ids, what, want)
			return errors.Join(err, errRollBack)
		})
		if finding := new(Finding); errors.As(err, &finding) || !errors.Is(err, errRollBack) {
			return err
		}
	}
	return nil
}

var errRollBack = errors.New("roll back")

// checkPolicy undoes by a policy: each row is what it was, or what it becomes; those that no choice is about are what
// they were. Rows that are written over may take others along.
func (r *run) checkPolicy(tx pgx.Tx, policy string, options *exaudit.UndoOptions, ids []int64, what string,
	want undone) error {
	what, db := policy+" undo of "+what, exaudit.New(tx)
	last, err := r.lastVersion(tx)
	if err != nil {
		return err
	}
	_, err = db.Undo(r.ctx, exaudit.Select(exaudit.ByVersion(ids...)), options)
	if errors.Is(err, audit.ErrNothingToDo) || want.fuzzy {
		return nil
	}
	if err != nil {
		return found("undo", "%s: %v", what, err)
	}
	r.counts.did(policy)
	now := r.now()
	for i := range r.Tables {
		if policy != "overwrite" {
			if err := r.untouched(tx, i, what, now, want.state); err != nil {
				return err
			}
		}
	}
	if len(r.References) > 0 {
		return nil // which write what nobody chose
	}
	rollbacks, _, err := r.rollbacks(tx, last)
	if err != nil || len(rollbacks) == 0 {
		return err
	}
	// there is nothing to do where rows are the same but for what is hidden
	_, err = db.Undo(r.ctx, exaudit.Select(exaudit.ByVersion(rollbacks...)), nil)
	if err != nil && !errors.Is(err, audit.ErrNothingToDo) {
		return found("redo", "redo of %s: %v", what, err)
	}
	return r.holds(tx, "redo", "redo of "+what, now)
}

func (r *run) lastVersion(q querier) (id int64, err error) {
	err = q.QueryRow(r.ctx, "SELECT coalesce(max(id), 0) FROM exaudit.versions").Scan(&id)
	return id, err
}

// untouched compares a table with what was, row by row, and with what becomes of it.
func (r *run) untouched(q querier, place int, what string, now, undone state) error {
	t := r.Tables[place]
	got, err := rowsOf(r.ctx, q, r.texts, r.twin(), t.quoted(r.audited), t.quoted(r.audited), 0)
	if err != nil {
		return err
	}
	may, must := map[string]bool{}, map[string]bool{}
	for uid, row := range now[place] {
		text := show(t.recorded(row))
		may[text] = true
		if other, ok := undone[place][uid]; ok && show(t.recorded(other)) == text {
			must[text] = true
		}
	}
	for _, row := range undone[place] {
		may[show(t.recorded(row))] = true
	}
	for _, row := range got {
		text := show(t.recorded(row))
		if delete(must, text); !may[text] {
			return found("undo", "%s leaves %s in %s, which is neither what was there, %s, nor what becomes of it, %s",
				what, text, t.Name, lines(now.shown(place)), lines(undone.shown(place)))
		}
	}
	for text := range must {
		return found("undo", "%s: %s is gone from %s, of which nothing was chosen", what, text, t.Name)
	}
	return nil
}
