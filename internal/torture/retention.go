package torture

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// checkRetention removes the older half of all versions, or of those of one table. What came after is known as before,
// what was before is an error, and so may be what was marked while a transaction that is no newer was under way.
func (r *run) checkRetention() error {
	if len(r.versions) < 2 {
		return nil
	}
	middle := r.versions[len(r.versions)/2]
	of := "retention"
	var cuts []any // by table
	for i := range r.Tables {
		cuts = append(cuts, int64(0))
		if len(r.versions)%2 == 0 || i == middle.Place {
			cuts[i] = middle.ID
		} else {
			of = "retention of a table"
		}
	}
	err := pgx.BeginFunc(r.ctx, r.control, func(tx pgx.Tx) error {
		_, err := tx.Exec(r.ctx, "SELECT set_config('exaudit.retention', 'on', true)")
		for i, t := range r.Tables {
			if err == nil {
				_, err = tx.Exec(r.ctx, "DELETE FROM exaudit.versions WHERE id <= $1 AND table_id IN (SELECT id FROM exaudit.tables WHERE schema_name = $2 AND table_name = $3)",
					cuts[i], r.audited, t.Name)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	r.counts.did(of)
	for _, s := range r.steps {
		if s.mark == "" {
			continue
		}
		for i := range r.Tables {
			if err := r.checkCut(s, i, cuts[i].(int64), i == middle.Place); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkCut compares a table as of a mark after the versions up to one are removed.
func (r *run) checkCut(s step, place int, cut int64, removed bool) error {
	t := r.Tables[place]
	known := s.lastID >= cut
	if known && cut > 0 {
		const underWay = `SELECT EXISTS (SELECT FROM pg_snapshot_xip(m.snapshot) AS x WHERE x <= t.forgotten_transaction_id) OR pg_snapshot_xmax(m.snapshot) <= t.forgotten_transaction_id
			FROM exaudit.marks m, exaudit.tables t WHERE m.name = $1 AND t.schema_name = $2 AND t.table_name = $3 AND t.forgotten_transaction_id IS NOT NULL
			UNION ALL SELECT false LIMIT 1`
		var may bool
		if err := r.control.QueryRow(r.ctx, underWay, s.mark, r.audited, t.Name).Scan(&may); err != nil {
			return err
		}
		known = !may
	}
	got, err := r.rows(t.quoted(r.audited), fmt.Sprintf("exaudit.as_of_mark(NULL::%s, $1)", t.quoted(r.audited)), 0,
		s.mark)
	switch {
	case err != nil && !known && strings.Contains(err.Error(), "complete only since"):
	case err != nil:
		return found("retention", "%s as of mark %s, known %v: %v", t.Name, s.mark, known, err)
	case removed && s.lastID < cut:
		return found("retention", "%s as of mark %s: %s; want an error", t.Name, s.mark, lines(shown(got)))
	case lines(shown(t.allShown(got))) != lines(shown(s.rows[place])):
		return found("retention", "%s as of mark %s: %s; want %s", t.Name, s.mark, lines(shown(got)),
			lines(shown(s.rows[place])))
	}
	return nil
}

func (t Table) allShown(rows []row) []row {
	for _, r := range rows {
		t.shownTo(r)
	}
	return rows
}
