package torture

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// early puts rows into the tables before they are recorded. They are the base of all states.
func (r *run) early() error {
	if len(r.Early) == 0 {
		return nil
	}
	if _, err := r.control.Exec(r.ctx, "SET torture.step = -1"); err != nil {
		return err
	}
	for _, sql := range r.Early {
		audited := r.in(sql, r.names, r.audited)
		_, auditedErr := r.control.Exec(r.ctx, audited)
		_, twinErr := r.control.Exec(r.ctx, r.in(sql, r.names, r.twin()))
		if got, want := r.plain(sql, auditedErr), r.plain(sql, twinErr); got != want {
			return fmt.Errorf("torture: before recording: %s; in the twin: %s\n%s", got, want, audited)
		}
		if auditedErr == nil {
			r.script = append(r.script, "-- before it is installed\n"+audited+";")
			r.counts.did("rows of before")
		}
	}
	if _, err := r.control.Exec(r.ctx, fmt.Sprintf(`TRUNCATE %q."~log"`, r.twin())); err != nil {
		return err
	}
	r.base = r.empty()
	for place, t := range r.Tables {
		var expression string
		name := t.quoted(r.twin())
		if err := r.control.QueryRow(r.ctx, fmt.Sprintf(`SELECT expression FROM %q."~texts"($1, 1)`, r.twin()),
			name).Scan(&expression); err != nil {
			return err
		}
		rows, _ := r.control.Query(r.ctx, `SELECT "~uid", `+expression+" FROM "+name+` AS "~r"`)
		var uid int64
		var row []*string
		if _, err := pgx.ForEachRow(rows, []any{&uid, &row}, func() error {
			r.base[place][uid] = row
			row = nil
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// baseline records the rows that have no version; tables that are in use are left out.
func (r *run) baseline(op Op) error {
	var tables []string
	for _, t := range r.Tables {
		tables = append(tables, t.quoted(r.audited))
	}
	r.say(op, "-- exaudit baseline "+strings.Join(tables, " "))
	done, err := exaudit.New(r.control).Baseline(r.ctx, tables,
		&exaudit.BaselineOptions{LockTimeout: 100 * time.Millisecond})
	for _, d := range done {
		if d.Rows > 0 {
			r.counts.did("baseline")
		}
	}
	if errors.Is(err, audit.ErrLocked) || waits(err) {
		return nil
	}
	return err
}
