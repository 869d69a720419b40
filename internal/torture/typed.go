package torture

import (
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
)

// The rows of tables of two and three columns, as pgx decodes them by itself.
type (
	two struct {
		Key   any `db:"k0"`
		First any `db:"c0"`
	}
	three struct {
		Key    any `db:"k0"`
		First  any `db:"c0"`
		Second any `db:"c1"`
	}
)

// checkTyped reads histories as structs, of the tables that fit one.
func (r *run) checkTyped() error {
	if r.altered {
		return nil
	}
	for place, t := range r.Tables {
		names := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			names[i] = c.Name
		}
		var err error
		switch fmt.Sprint(names) {
		case "[k0 c0]":
			err = typedHistories[two](r, place)
		case "[k0 c0 c1]":
			err = typedHistories[three](r, place)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// typedHistories compares each history with the rows that there are, and each of its rows with the one before.
func typedHistories[T any](r *run, place int) error {
	t, db, seen := r.Tables[place], exaudit.New(r.control), map[int64]bool{}
	table := t.quoted(r.audited)
	rows, _ := r.control.Query(r.ctx, "SELECT * FROM "+table)
	present, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return err
	}
	for _, v := range r.versions {
		if v.Place != place || seen[v.ID] {
			continue
		}
		last := map[string]*T{} // by what a version left, and the next one found
		for h, err := range exaudit.History[T](r.ctx, db, table, exaudit.EntityID(v.EntityID)) {
			if err != nil {
				return found("typed", "history of %s %s: %v", table, v.EntityID, err)
			}
			seen[h.ID] = true
			from := h.EntityID
			if h.PreviousEntityID != nil {
				from = *h.PreviousEntityID
			}
			if was := last[from]; h.Before != nil && was != nil && !reflect.DeepEqual(was, h.Before) {
				return found("typed", "version %d of %s %s: before it %v, after the one before it %v", h.ID, table,
					v.EntityID, *h.Before, *was)
			}
			delete(last, from)
			if h.After != nil {
				last[h.EntityID] = h.After
			}
		}
		if !seen[v.ID] {
			return found("typed", "history of %s %s lacks version %d", table, v.EntityID, v.ID)
		}
		for key, row := range last {
			if !t.hides() && !containsRow(present, *row) {
				return found("typed", "history of %s %s ends with %v, which is no row", table, key, *row)
			}
		}
	}
	return nil
}

func containsRow[T any](rows []T, row T) bool {
	for _, r := range rows {
		if fmt.Sprint(r) == fmt.Sprint(row) {
			return true
		}
	}
	return false
}
