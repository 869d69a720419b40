package torture

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
)

// entry is a change of a row, as the twin's log has it.
type entry struct {
	Seq                int64
	Step, Place        int
	UID                int64
	Action             string
	Old, New           []*string
	OldImage, NewImage audit.Image
	Key                string
	Columns            []string
	XID                uint64
	Began              time.Time
	Unseen             bool // by an option, and so not recorded
	Crosses            bool // begins or ceases to satisfy the table's condition, which no row does not satisfy

	version *version
	end     int64 // the newest version id of its step
}

// version is a change of a row, as exaudit has it.
type version struct {
	ID       int64
	Place    int
	Action   string
	EntityID audit.EntityID
	XID      uint64
	Began    time.Time
}

type row = []*string

// state is the rows of all tables, by table and uid.
type state []map[int64]row

// empty is the rows before all that is recorded.
func (r *run) empty() state {
	if r.base != nil {
		return r.base.clone()
	}
	s := make(state, len(r.Tables))
	for i := range s {
		s[i] = map[int64]row{}
	}
	return s
}

func (s state) clone() state {
	c := make(state, len(s))
	for i, rows := range s {
		c[i] = make(map[int64]row, len(rows))
		for uid, row := range rows {
			c[i][uid] = row
		}
	}
	return c
}

func (s state) apply(e *entry) {
	if e.Action == "DELETE" {
		delete(s[e.Place], e.UID)
		return
	}
	s[e.Place][e.UID] = e.New
}

// shown are the rows of a table in an order of no meaning, as text.
func shown[R ~[]row](rows R) []string {
	list := make([]string, len(rows))
	for i, row := range rows {
		list[i] = show(row)
	}
	slices.Sort(list)
	return list
}

func (s state) shown(place int) []string {
	var rows []row
	for _, row := range s[place] {
		rows = append(rows, row)
	}
	return shown(rows)
}

func show(r row) string {
	if r == nil {
		return "no row"
	}
	parts := make([]string, len(r))
	for i, v := range r {
		if parts[i] = "NULL"; v != nil {
			parts[i] = *v
		}
	}
	return "(" + strings.Join(parts, ",") + ")"
}

func lines(list []string) string {
	if len(list) == 0 {
		return "no rows"
	}
	return strings.Join(list, " ")
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// load reads both logs, and finds which version is which entry.
func (r *run) load() error {
	found, _ := r.control.Query(r.ctx,
		fmt.Sprintf(`SELECT seq, step, place, uid, action, old, new, old_image, new_image, key, columns, xid::text::bigint, began, unseen, coalesce(crosses, false)
		FROM %q."~log" ORDER BY seq`, r.twin()))
	entries, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (*entry, error) {
		e := new(entry)
		var before, after []byte
		err := row.Scan(&e.Seq, &e.Step, &e.Place, &e.UID, &e.Action, &e.Old, &e.New, &before, &after, &e.Key,
			&e.Columns, &e.XID, &e.Began, &e.Unseen, &e.Crosses)
		if err == nil {
			e.OldImage, err = history.DecodeImage(before)
		}
		if err == nil {
			e.NewImage, err = history.DecodeImage(after)
		}
		return e, err
	})
	if err != nil {
		return err
	}
	r.entries = moved(entries)
	r.entries = slices.DeleteFunc(r.entries, func(e *entry) bool { return r.Tables[e.Place].leavesOut(e) })
	if err := r.normalize(); err != nil {
		return err
	}
	if r.versions, err = r.read(0); err != nil {
		return err
	}
	return r.match()
}

// normalize sets in all rows the columns of the end: what was dropped is NULL, what was added has what it was filled
// with.
//
// Hidden columns are NULL, and entries that change nothing else are as if they had not been, unless they are recorded.
func (r *run) normalize() error {
	var relabelled bool
	const labels = `SELECT EXISTS (SELECT FROM pg_enum WHERE enumlabel = 'blue' AND enumtypid = to_regtype($1))`
	if err := r.control.QueryRow(r.ctx, labels, fmt.Sprintf("%q.mood", r.types)).Scan(&relabelled); err != nil {
		return err
	}
	for place, t := range r.Tables {
		t.Relabelled = relabelled
		const query = `SELECT attisdropped, (attmissingval::text::text[])[1] FROM pg_attribute
			WHERE attnum > 0 AND attrelid = coalesce((SELECT min(inhrelid) FROM pg_inherits WHERE inhparent = $1::regclass), $1::regclass) ORDER BY attnum`
		rows, _ := r.control.Query(r.ctx, query, t.quoted(r.audited))
		columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
		if err != nil {
			return err
		}
		for _, e := range r.entries {
			if e.Place == place {
				e.Old, e.New = t.shownTo(filled(e.Old, columns)), t.shownTo(filled(e.New, columns))
			}
		}
		if r.base != nil {
			for uid, row := range r.base[place] {
				r.base[place][uid] = t.shownTo(filled(row, columns))
			}
		}
		for _, s := range r.steps {
			if s.mark != "" {
				for i := range s.rows[place] {
					s.rows[place][i] = t.shownTo(filled(s.rows[place][i], columns))
				}
			}
		}
	}
	return nil
}

// shownTo is a row as readers see it: without hidden columns, and with labels by their present names.
func (t Table) shownTo(r row) row {
	for i, c := range t.Columns {
		switch {
		case r == nil || r[i] == nil:
		case c.Hidden != "":
			r[i] = nil
		case c.Type == "{types}.mood" && *r[i] == "sad" && t.Relabelled:
			label := "blue"
			r[i] = &label
		}
	}
	return r
}

// leavesOut reports whether an entry changes nothing but excluded columns, so that it is not recorded, unless the row
// begins or ceases to satisfy the table's condition.
func (t Table) leavesOut(e *entry) bool {
	if e.Action != "UPDATE" || e.Crosses {
		return false
	}
	for i := range e.New {
		if !same(e.Old[i], e.New[i]) && (i >= len(t.Columns) || t.Columns[i].Hidden != "excluded") {
			return false
		}
	}
	return true
}

func (t Table) hides() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Hidden != "" })
}

type column struct {
	Dropped bool
	Missing *string
}

func filled(r row, columns []column) row {
	if r == nil {
		return nil
	}
	now := make(row, len(columns))
	for i, c := range columns {
		switch {
		case c.Dropped:
		case i < len(r):
			now[i] = r[i]
		default:
			now[i] = c.Missing
		}
	}
	return now
}

// read reads the versions of this world's tables after one.
func (r *run) read(after int64) ([]*version, error) {
	names := make([]string, len(r.Tables))
	for i, t := range r.Tables {
		names[i] = t.Name
	}
	found, _ := r.control.Query(r.ctx,
		`SELECT v.id, array_position($2::text[], t.table_name::text) - 1, v.action::text, v.entity_id, v.transaction_id::text::bigint, v.recorded_at
		FROM exaudit.versions AS v JOIN exaudit.tables AS t ON t.id = v.table_id WHERE t.schema_name = $1 AND v.id > $3 AND v.action <> 'baseline' ORDER BY v.id`, r.audited, names, after)
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (*version, error) {
		v := new(version)
		err := row.Scan(&v.ID, &v.Place, &v.Action, &v.EntityID, &v.XID, &v.Began)
		return v, err
	})
}

// moved makes one change of the two by which PostgreSQL moves a row to another partition.
func moved(entries []*entry) []*entry {
	var list []*entry
	for _, e := range entries {
		if n := len(list); e.Action == "INSERT" && n > 0 {
			at := slices.IndexFunc(list, func(d *entry) bool {
				return d.Action == "DELETE" && d.Place == e.Place && d.UID == e.UID
			})
			if at >= 0 {
				d := list[at]
				d.Action, d.New, d.NewImage, d.Key = "UPDATE", e.New, e.NewImage, e.Key
				d.Unseen, d.Crosses = d.Unseen && e.Unseen, d.Crosses != e.Crosses
				continue
			}
		}
		list = append(list, e)
	}
	return list
}

var actions = map[string]string{"INSERT": "created", "UPDATE": "updated", "DELETE": "deleted"}

// match pairs entries and versions of one table and step, in their order.
func (r *run) match() error {
	type group struct {
		step, place int
		action, key string
	}
	stepOf := func(id int64) int {
		return slices.IndexFunc(r.steps, func(s step) bool { return id <= s.lastID })
	}
	waiting := map[group][]*version{}
	for _, v := range r.versions {
		g := group{stepOf(v.ID), v.Place, v.Action, string(v.EntityID)}
		waiting[g] = append(waiting[g], v)
	}
	for _, e := range r.entries {
		if e.Unseen {
			continue
		}
		g := group{e.Step, e.Place, actions[e.Action], e.Key}
		if len(waiting[g]) == 0 {
			return found("recorded", "no version of %s %s → %s", e.Action, show(e.Old), show(e.New))
		}
		e.version, waiting[g] = waiting[g][0], waiting[g][1:]
		e.end = r.steps[e.Step].lastID
		if r.steps[e.Step].race {
			e.XID, e.Began = e.version.XID, e.version.Began
		}
		if e.version.XID != e.XID {
			return found("recorded", "version %d is of transaction %d, the change of %d", e.version.ID, e.version.XID,
				e.XID)
		}
	}
	for g, left := range waiting {
		if len(left) > 0 {
			return found("recorded", "version %d, %s %s, is of no change in step %d", left[0].ID, left[0].Action,
				left[0].EntityID, g.step)
		}
	}
	return nil
}

// at is what there was before all that is taken back: what came after a point, and what followed that in the same row
// or under the same key.
func (r *run) at(after func(*entry) bool) state {
	s := r.empty()
	rows, keys := map[[2]int64]bool{}, map[string]bool{}
	for _, e := range r.entries {
		row := [2]int64{int64(e.Place), e.UID}
		var touched []string
		for _, image := range [][]*string{e.Old, e.New} {
			if image != nil {
				touched = append(touched, fmt.Sprint(e.Place, r.Tables[e.Place].keyOf(image)))
			}
		}
		gone := after(e) || rows[row] || slices.ContainsFunc(touched, func(k string) bool { return keys[k] })
		if !gone {
			s.apply(e)
			continue
		}
		rows[row] = true
		for _, k := range touched {
			keys[k] = true
		}
	}
	return s
}

func (t Table) keyOf(r row) string {
	parts := make([]string, len(t.Key))
	for i, k := range t.Key {
		parts[i] = t.Columns[k].equal(r[k])
	}
	return strings.Join(parts, ",")
}

// spelt is a row's key as it is written. PostgreSQL carries actions of foreign keys out where that changes.
func (t Table) spelt(r row) string {
	var parts []string
	for _, k := range t.Key {
		if r != nil {
			parts = append(parts, show(row{r[k]}))
		}
	}
	return strings.Join(parts, ",")
}

// equal makes one text of all values that "=" takes for equal.
func (c Column) equal(v *string) string {
	if v != nil && c.Coarse != nil {
		text := c.Coarse(*v)
		v = &text
	}
	return fmt.Sprintf("%q", show(row{v}))
}

// now is the state in the end.
func (r *run) now() state { return r.at(func(*entry) bool { return false }) }
