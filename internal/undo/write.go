package undo

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
	"github.com/exaudit/exaudit/revert"
)

// write carries a plan out, and makes it say what was written.
func (p *planner) write(ctx context.Context, tx pgx.Tx, plan *plan) error {
	queries := db.New()
	start, err := queries.LastVersionID(ctx, tx)
	if err != nil {
		return err
	}
	rows := slices.DeleteFunc(slices.Clone(plan.rows), func(r *Row) bool { return !r.Written() })
	p.o.progress(audit.StageWriting, len(rows))
	err = revert.AsRollback(ctx, tx, p.o.custom, func() error {
		err := revert.Settled(ctx, tx, p.ours, func() error { return p.writeAll(ctx, tx, rows) })
		if err != nil {
			return err
		}
		p.o.progress(audit.StageChecking, len(rows))
		return p.check(ctx, tx, rows, start)
	})
	if err != nil {
		return err
	}
	plan.TransactionID, err = queries.CurrentTransaction(ctx, tx)
	return err
}

// change is what is written of one row.
type change struct {
	row     *Row
	action  audit.Action
	columns []string
	image   audit.Image
}

func changesOf(rows []*Row) []change {
	changes := make([]change, len(rows))
	for i, r := range rows {
		changes[i] = change{row: r, action: r.Action}
		if r.Action != audit.Deleted {
			changes[i].columns = r.columnsWritten()
			changes[i].image = r.target
		}
	}
	return changes
}

// group are changes that one part of the statement makes.
type group struct {
	Relation uint32       `json:"relation"`
	Action   audit.Action `json:"action"`
	Columns  []string     `json:"columns"`
	Wave     int          `json:"wave"`
	rows     int
	table    string
}

// maxGroups bounds the length of a statement: of a table that takes more, every row is given
// all the columns that any of them is.
const maxGroups = 24

// writeRows writes everything in one statement: foreign keys are looked at when all is there.
func writeRows(ctx context.Context, q db.DBTX, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	groups, numbers := groupsOf(changes)
	if len(groups) > maxGroups {
		widen(changes)
		groups, numbers = groupsOf(changes)
	}
	args := db.WriteRowsParams{RowGroups: numbers}
	for _, c := range changes {
		encoded, err := encode(history.Only(c.image, func(name string) bool {
			return slices.Contains(c.columns,
				name)
		}))
		if err != nil {
			return err
		}
		args.EntityIds, args.Images = append(args.EntityIds, c.row.keyNow()), append(args.Images, encoded)
	}
	var err error
	if args.Groups, err = json.Marshal(groups); err != nil {
		return err
	}
	written, err := db.New().WriteRows(ctx, q, args)
	if err != nil {
		return revert.Classify(err)
	}
	counts := make(map[int32]int64)
	for _, w := range written {
		counts[w.GroupNumber] = w.Written
	}
	for i, g := range groups {
		if n := counts[int32(i+1)]; n != int64(g.rows) {
			return &audit.WriteError{RowID: audit.RowID{Table: g.table}, Reason: audit.Vetoed,
				Detail: fmt.Sprintf("a trigger or a policy of %s, in %d of %d rows that would be %s", g.table,
					int64(g.rows)-n, g.rows, g.Action)}
		}
	}
	return nil
}

func groupsOf(changes []change) (groups []*group, numbers []int32) {
	type kind struct {
		table   *table
		action  audit.Action
		wave    int
		columns string
	}
	known := make(map[kind]int32)
	numbers = make([]int32, len(changes))
	for i, c := range changes {
		k := kind{c.row.table, c.action, c.row.wave, strings.Join(c.columns, "\x00")}
		number, ok := known[k]
		if !ok {
			groups = append(groups, &group{Relation: k.table.Relation, Action: c.action, Columns: c.columns,
				Wave: k.wave, table: c.row.Table})
			number = int32(len(groups))
			known[k] = number
		}
		numbers[i] = number
		groups[number-1].rows++
	}
	return groups, numbers
}

// widen gives the updates of each table the same columns.
func widen(changes []change) {
	columns := make(map[*table]map[string]bool)
	for _, c := range changes {
		if c.action != audit.Updated {
			continue
		}
		if columns[c.row.table] == nil {
			columns[c.row.table] = make(map[string]bool)
		}
		for _, name := range c.columns {
			columns[c.row.table][name] = true
		}
	}
	all := make(map[*table][]string, len(columns))
	for t, names := range columns {
		all[t] = slices.Sorted(maps.Keys(names))
	}
	for i, c := range changes {
		if c.action == audit.Updated {
			changes[i].columns = all[c.row.table]
		}
	}
}

// keyNow is the key that the row has at the moment.
func (r *Row) keyNow() string {
	if r.passingKey != "" {
		return r.passingKey
	}
	return string(r.EntityID)
}

// check looks at what was written, mends what triggers have changed again, and notes which
// version undid which.
func (p *planner) check(ctx context.Context, tx pgx.Tx, rows []*Row, start int64) error {
	if err := p.readBack(ctx, tx, rows); err != nil {
		return err
	}
	records, err := recordsSince(ctx, tx, start)
	if err != nil {
		return err
	}
	// An update by a trigger on another row counts twice where its effect was undone as well.
	var mended []*Row
	var again []change
	for _, r := range rows {
		if r.became == nil {
			continue
		}
		columns, err := r.misses(ctx, tx)
		switch {
		case err != nil:
			return err
		case len(columns) == 0:
		case len(records.of(r)) < 2:
			return r.rewritten(columns)
		default:
			mended = append(mended, r)
			again = append(again, change{r, audit.Updated, columns, r.target})
			r.wave, r.passingKey = 0, r.newKey
		}
	}
	if len(mended) > 0 {
		err := revert.Settled(ctx, tx, p.ours, func() error { return writeRows(ctx, tx, again) })
		if err != nil {
			return err
		}
		if err := p.readBack(ctx, tx, mended); err != nil {
			return err
		}
		for _, r := range mended {
			columns, err := r.misses(ctx, tx)
			if err != nil {
				return err
			}
			if len(columns) > 0 {
				return r.rewritten(columns)
			}
		}
		if records, err = recordsSince(ctx, tx, start); err != nil {
			return err
		}
	}
	return p.note(ctx, tx, rows, records)
}

// misses are the columns in which the row is not what was planned, but for those that are kept: a trigger may set them.
func (r *Row) misses(ctx context.Context, q db.DBTX) ([]string, error) {
	differ := func(target audit.Image) []string {
		return slices.DeleteFunc(r.columnsWritten(),
			func(name string) bool { return r.table.kept[name] || history.Same(r.became, target, name) })
	}
	columns := differ(r.target)
	if len(columns) == 0 {
		return nil, nil
	}
	// a value of then may be written otherwise in the present type, with more digits
	encoded, err := encode(history.Only(r.target, func(name string) bool { return slices.Contains(columns, name) }))
	if err != nil {
		return nil, err
	}
	normalized, err := db.New().NormalizeImage(ctx, q,
		db.NormalizeImageParams{Relation: r.table.Relation, Image: encoded})
	if err != nil {
		return nil, fmt.Errorf("read the values of %s %s: %w", r.Table, r.newKey, err)
	}
	target, err := history.DecodeImage(normalized)
	if err != nil {
		return nil, err
	}
	return differ(history.Over(target, r.target)), nil
}

func (r *Row) rewritten(columns []string) error {
	e := r.vetoed(nil)
	e.Columns = columns
	e.Detail = fmt.Sprintf("a trigger changes %s of %s %s again", strings.Join(columns, ", "), r.Table, r.newKey)
	return e
}

// vetoed says that the row is not as planned.
func (r *Row) vetoed(err error) *audit.WriteError {
	row := audit.RowID{Table: r.Table, EntityID: audit.EntityID(r.newKey)}
	return &audit.WriteError{RowID: row, Reason: audit.Vetoed, Err: err}
}

// readBack reads what the rows have become.
func (p *planner) readBack(ctx context.Context, q db.DBTX, rows []*Row) error {
	written := make(map[*table][]*Row)
	for _, r := range rows {
		written[r.table] = append(written[r.table], r)
	}
	for _, t := range p.tables {
		keys := make([]string, len(written[t]))
		for i, r := range written[t] {
			keys[i] = r.newKey
		}
		images, err := rowImages(ctx, q, t.Entity, keys, false)
		if err != nil {
			return err
		}
		for _, r := range written[t] {
			r.became = images[r.newKey]
			switch {
			case r.became == nil && r.target != nil:
				return r.vetoed(fmt.Errorf("%s %s is not there", r.Table, r.newKey))
			case r.became != nil && r.target == nil:
				if !p.takes(t, r.newKey) {
					return r.vetoed(fmt.Errorf("%s %s: a trigger has made the row again", r.Table, r.newKey))
				}
				r.became = nil
			}
			r.Patch = patch.Diff(history.AsValue(r.present), history.AsValue(r.became))
		}
	}
	return nil
}

// takes tells whether a planned row gets the key that another one gives up.
func (p *planner) takes(t *table, key string) bool {
	return slices.ContainsFunc(t.rows, func(r *Row) bool { return r.Written() && r.target != nil && r.newKey == key })
}

// record is a version that this transaction has written.
type record = db.WrittenSinceRow

// records are those of each row.
type records struct {
	byKey map[audit.VersionRef][]record
	all   []record
}

// recordsSince are what this transaction has recorded since some version.
func recordsSince(ctx context.Context, q db.DBTX, start int64) (records, error) {
	written, err := db.New().WrittenSince(ctx, q, start)
	if err != nil {
		return records{}, fmt.Errorf("read what was written: %w", err)
	}
	all := records{byKey: make(map[audit.VersionRef][]record), all: written}
	for _, w := range written {
		key := audit.VersionRef{TableID: w.TableID, EntityID: audit.EntityID(w.EntityID)}
		all.byKey[key] = append(all.byKey[key], w)
	}
	return all, nil
}

// of are the versions that made a row what it is, or took it away.
func (a records) of(r *Row) []record {
	all := a.byKey[audit.VersionRef{TableID: r.table.TableID, EntityID: audit.EntityID(r.newKey)}]
	return slices.DeleteFunc(slices.Clone(all), func(w record) bool {
		return (audit.Action(w.Action) == audit.Deleted) != (r.target == nil)
	})
}

// passing are the versions of a row under keys that it had in between.
func (a records) passing(r *Row) []record {
	var all []record
	for _, key := range append(slices.Clone(r.passed), r.keyNow()) {
		all = append(all, a.byKey[audit.VersionRef{TableID: r.table.TableID, EntityID: audit.EntityID(key)}]...)
	}
	return all
}

// note records which version undid which, and what was written besides.
func (p *planner) note(ctx context.Context, q db.DBTX, rows []*Row, written records) error {
	var undone []revert.Undone
	planned := make(map[int64]bool)
	for _, r := range rows {
		found := written.of(r)
		for _, w := range append(found, written.passing(r)...) {
			planned[w.ID] = true
		}
		if len(found) == 0 && r.table.options.ExpectsVersion(r.present, r.became) {
			return &audit.TableError{Table: r.Table, Reason: audit.NotRecording,
				Detail: "this one of " + r.Table + " " + r.newKey}
		}
		if len(found) == 0 {
			continue // it is what it was, or out of sight
		}
		for _, id := range r.Versions {
			undone = append(undone, revert.Undone{Rollback: found[len(found)-1].ID, Version: r.table.chosen[id].Ref()})
		}
	}
	names := make(map[int32]string)
	known, err := history.Tables(ctx, q)
	if err != nil {
		return err
	}
	for _, e := range known {
		names[e.TableID] = e.Table
	}
	for _, w := range written.all {
		if !planned[w.ID] {
			p.made.sideEffect(names[w.TableID], audit.Action(w.Action))
		}
	}
	return revert.NoteUndone(ctx, q, undone)
}

func (p *plan) sideEffect(table string, action audit.Action) {
	for i, s := range p.SideEffects {
		if s.Table == table && s.Action == action {
			p.SideEffects[i].Rows++
			return
		}
	}
	p.SideEffects = append(p.SideEffects, audit.SideEffect{Table: table, Action: action, Rows: 1})
}
