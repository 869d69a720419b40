package torture

import (
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// The rows of tables of two and three columns, and of those of TestFound, as pgx decodes them by itself.
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
	foundRow struct {
		Key   any `db:"id"`
		Value any `db:"v"`
		N     any `db:"n"`
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
		case "[id v n]":
			err = typedHistories[foundRow](r, place)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// typedHistories compares each history with the rows that there are, and each of its rows with the one before.
func typedHistories[T any](r *run, place int) error {
	t, db, seen, rowOf := r.Tables[place], exaudit.New(r.control), map[int64]bool{}, map[int64]int64{}
	for _, e := range r.entries {
		rowOf[e.version.ID] = e.UID
	}
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
		last := map[int64]*T{} // of each row: two may have one key until a statement or a transaction ends
		history, err := exaudit.Collect(exaudit.History[T](r.ctx, db, table, v.EntityID))
		if err != nil {
			return found("typed", "history of %s %s: %v", table, v.EntityID, err)
		}
		if err := typedBackwards(r, table, v.EntityID, history); err != nil {
			return err
		}
		for _, h := range history {
			seen[h.ID] = true
			uid, ok := rowOf[h.ID]
			if !ok { // a baseline
				continue
			}
			if was := last[uid]; h.Before != nil && was != nil && !sameRow(was, h.Before) {
				return found("typed", "version %d of %s %s: before it %v, after the one before it %v", h.ID, table,
					v.EntityID, *h.Before, *was)
			}
			if last[uid] = h.After; h.After == nil {
				delete(last, uid)
			}
		}
		if !seen[v.ID] {
			return found("typed", "history of %s %s lacks version %d", table, v.EntityID, v.ID)
		}
		for _, row := range last {
			if !t.hides() && !containsRow(present, *row) {
				return found("typed", "history of %s %s ends with %v, which is no row", table, v.EntityID, *row)
			}
		}
	}
	return nil
}

// typedBackwards compares a history with what it is newest first, in pages.
func typedBackwards[T any](r *run, table string, key audit.EntityID, want []audit.TypedVersion[T]) error {
	limit := 1 + len(want)%4
	for cursor := audit.Cursor(""); ; {
		page, err := exaudit.Collect(exaudit.History[T](r.ctx, exaudit.New(r.control), table, key,
			exaudit.NewestFirst(), exaudit.After(cursor), exaudit.Limit(limit)))
		if err != nil {
			return found("typed", "newest versions of %s %s: %v", table, key, err)
		}
		for _, h := range page {
			if len(want) == 0 {
				return found("typed", "newest versions of %s %s have version %d as well", table, key, h.ID)
			}
			w := want[len(want)-1]
			if w.ID != h.ID || !sameRow(h.Before, w.Before) || !sameRow(h.After, w.After) {
				return found("typed", "newest versions of %s %s: version %d with %v and %v, want version %d with %v and %v",
					table, key, h.ID, h.Before, h.After, w.ID, w.Before, w.After)
			}
			want, cursor = want[:len(want)-1], h.Cursor()
		}
		if len(page) < limit {
			break
		}
	}
	if len(want) > 0 {
		return found("typed", "newest versions of %s %s lack version %d", table, key, want[len(want)-1].ID)
	}
	return nil
}

// sameRow reports whether two rows have the same values; NaN is one.
func sameRow[T any](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.DeepEqual(a, b) || fmt.Sprintf("%#v", *a) == fmt.Sprintf("%#v", *b)
}

func containsRow[T any](rows []T, row T) bool {
	for _, r := range rows {
		if fmt.Sprint(r) == fmt.Sprint(row) {
			return true
		}
	}
	return false
}
