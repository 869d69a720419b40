package undo

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
)

// planner is one plan in the making.
type planner struct {
	q      db.DBTX
	locked bool // rows are locked before they are looked at
	ours   bool // the transaction ends with the undo
	again  bool // a plan is carried out, for which rows may be gone that it names
	o      options
	chosen []*history.Version
	pairs  map[int64][]int64 // what the chosen rollbacks undid
	tables []*table
	made   *plan
}

func newPlanner(q db.DBTX, o options) *planner {
	return &planner{q: q, o: o, made: newPlan(o.settings)}
}

// choose takes the versions that pass a filter.
func (p *planner) choose(ctx context.Context, filter history.Filter) (err error) {
	// a condition in SQL may call what it likes, but writes nothing
	err = attempt(ctx, p.q, func(q db.DBTX) (err error) {
		if filter.Where != nil {
			if err := db.New().SetReadOnly(ctx, q); err != nil {
				return err
			}
		}
		p.chosen, err = history.Search(ctx, q, filter, history.Page{})
		return err
	})
	p.o.progress(audit.StageReading, len(p.chosen))
	return err
}

// load takes the versions of a plan.
func (p *planner) load(ctx context.Context, refs []audit.VersionRef) (err error) {
	p.again = true
	p.chosen, err = history.Load(ctx, p.q, refs)
	if err == nil && len(p.chosen) != len(refs) {
		return &audit.InvalidError{Reason: audit.InvalidPlan,
			Detail: fmt.Sprintf("%d of its %d versions are not in this database, or may not be read",
				len(refs)-len(p.chosen), len(refs))}
	}
	p.o.progress(audit.StageReading, len(p.chosen))
	return err
}

func (p *planner) plan(ctx context.Context) (*plan, error) {
	if err := p.dropUndone(ctx); err != nil {
		return nil, err
	}
	if err := p.readPairs(ctx); err != nil {
		return nil, err
	}
	if err := p.groupByTable(ctx); err != nil {
		return nil, err
	}
	if err := p.unambiguous(); err != nil {
		return nil, fmt.Errorf("undo: %w", err)
	}
	for _, t := range p.tables {
		if err := p.planTable(ctx, t); err != nil {
			return nil, fmt.Errorf("undo in %s: %w", t.Table, err)
		}
	}
	if err := p.matched(); err != nil {
		return nil, fmt.Errorf("undo: %w", err)
	}
	if err := p.obstacles(ctx); err != nil {
		return nil, err
	}
	if err := p.arrange(ctx); err != nil {
		return nil, err
	}
	if err := p.checkRecording(ctx); err != nil {
		return nil, fmt.Errorf("undo: %w", err)
	}
	return p.made, nil
}

// unambiguous refuses options in which a name means several tables. A column alone means that of every table.
func (p *planner) unambiguous() error {
	check := func(name string, means func(*table) bool) error {
		var meant []string
		for _, t := range p.tables {
			if means(t) {
				meant = append(meant, t.Table)
			}
		}
		if len(meant) > 1 {
			return &audit.InvalidError{Reason: audit.AmbiguousName, Name: name, Detail: strings.Join(meant, ", ")}
		}
		return nil
	}
	for _, row := range p.o.Overwrite {
		if err := check(row.Table, func(t *table) bool { return t.is(row.Table) }); err != nil {
			return err
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(p.o.Set)), p.o.Keep...) {
		inOneTable := func(t *table) bool {
			column, ok := t.columnOf(name)
			return ok && column != name
		}
		if err := check(name, inOneTable); err != nil {
			return err
		}
	}
	return nil
}

// matched refuses options that name no column and no row of what is undone. What is undone already may have been what
// they name.
func (p *planner) matched() error {
	if len(p.tables) == 0 || len(p.made.AlreadyUndone) > 0 || p.again {
		return nil
	}
	for _, name := range append(slices.Sorted(maps.Keys(p.o.Set)), p.o.Keep...) {
		if !slices.ContainsFunc(p.tables, func(t *table) bool { _, ok := t.columnOf(name); return ok }) {
			return &audit.InvalidError{Reason: audit.NotInUndo, Name: name,
				Detail: fmt.Sprintf("column %q", name)}
		}
	}
	for _, row := range p.o.Overwrite {
		key := string(row.EntityID)
		if !slices.ContainsFunc(p.tables, func(t *table) bool { return t.is(row.Table) && t.keys[key] }) {
			return &audit.InvalidError{Reason: audit.NotInUndo, Table: row.Table, Name: key,
				Detail: fmt.Sprintf("row %q", row.Table+" "+key)}
		}
	}
	return nil
}

// checkRecording refuses to write to tables whose changes are not recorded.
func (p *planner) checkRecording(ctx context.Context) error {
	var written []uint32
	for _, t := range p.tables {
		if slices.ContainsFunc(t.rows, (*Row).Written) {
			written = append(written, t.Relation)
		}
	}
	if len(written) == 0 {
		return nil
	}
	return history.CheckRecording(ctx, p.q, written...)
}

// dropUndone leaves out what is undone already, unless what undid it is undone here as well.
func (p *planner) dropUndone(ctx context.Context) error {
	// a baseline changed nothing
	p.chosen = slices.DeleteFunc(p.chosen, func(v *history.Version) bool { return v.Action == audit.Baseline })
	ids := make([]int64, len(p.chosen))
	chosen := make(map[int64]bool, len(ids))
	for i, v := range p.chosen {
		ids[i], chosen[v.ID] = v.ID, true
	}
	pairs, err := db.New().UndoneBy(ctx, p.q, ids)
	if err != nil {
		return fmt.Errorf("look for what is undone already: %w", err)
	}
	undoers := make(map[int64][]int64) // the rollbacks that undid a version
	for _, pair := range pairs {
		undoers[pair.VersionID] = append(undoers[pair.VersionID], pair.RollbackID)
	}
	known := make(map[int64]bool)
	var undone func(id int64) bool
	undone = func(id int64) bool {
		is, ok := known[id]
		if !ok {
			is = slices.ContainsFunc(undoers[id], func(by int64) bool { return !chosen[by] && !undone(by) })
			known[id] = is
		}
		return is
	}
	p.chosen = slices.DeleteFunc(p.chosen, func(v *history.Version) bool {
		if undone(v.ID) {
			p.made.AlreadyUndone = append(p.made.AlreadyUndone, v.ID)
			return true
		}
		p.made.Chosen = append(p.made.Chosen, v.Ref())
		return false
	})
	return nil
}

// readPairs finds what the chosen rollbacks undid.
func (p *planner) readPairs(ctx context.Context) error {
	var rollbacks []int64
	for _, v := range p.chosen {
		if v.Rollback {
			rollbacks = append(rollbacks, v.ID)
		}
	}
	if len(rollbacks) == 0 {
		return nil
	}
	pairs, err := db.New().UndoneIn(ctx, p.q, rollbacks)
	if err != nil {
		return fmt.Errorf("look for what rollbacks undid: %w", err)
	}
	p.pairs = make(map[int64][]int64)
	for _, pair := range pairs {
		p.pairs[pair.RollbackID] = append(p.pairs[pair.RollbackID], pair.VersionID)
	}
	return nil
}

// cancelled returns the rollbacks of a row that are chosen together with all that they undid, and what they undid. A
// newer rollback is looked at before an older one, which it may have undone.
func (p *planner) cancelled(l *life, chosen map[int64]*history.Version) map[int64]bool {
	cancelled := make(map[int64]bool)
	left := func(id int64) bool { return chosen[id] != nil && !cancelled[id] }
	for _, v := range slices.Backward(l.versions) {
		undone := p.pairs[v.ID]
		if len(undone) == 0 || !left(v.ID) || slices.ContainsFunc(undone, func(id int64) bool { return !left(id) }) {
			continue
		}
		cancelled[v.ID] = true
		for _, id := range undone {
			cancelled[id] = true
		}
	}
	return cancelled
}

// groupByTable looks up the tables of what is chosen, in a stable order: that of their ids.
func (p *planner) groupByTable(ctx context.Context) error {
	known, err := history.Tables(ctx, p.q)
	if err != nil {
		return err
	}
	byID := make(map[int32]*table)
	keys := make(map[audit.VersionRef]bool)
	for _, v := range p.chosen {
		t := byID[v.TableID]
		if t == nil {
			i := slices.IndexFunc(known, func(e history.Entity) bool { return e.TableID == v.TableID })
			if i < 0 || known[i].Relation == 0 {
				return fmt.Errorf("undo version %d: %w", v.ID,
					&audit.TableError{Table: v.Table, Reason: audit.TableGone})
			}
			if t, err = newTable(ctx, p.q, known[i], p.o.settings); err != nil {
				return err
			}
			byID[v.TableID] = t
		}
		if history.PeriodOf(t.periods, v.ID).Former() {
			t.former = append(t.former, v)
		} else {
			t.chosen[v.ID] = v
		}
		keys[audit.VersionRef{TableID: v.TableID, EntityID: v.EntityID}] = true
	}
	if len(keys) > p.o.MaxRows {
		return fmt.Errorf("undo: %w: %d, and the limit is %d", audit.ErrTooManyRows, len(keys), p.o.MaxRows)
	}
	p.tables = slices.SortedFunc(maps.Values(byID), func(a, b *table) int { return cmp.Compare(a.TableID, b.TableID) })
	return nil
}

// planTable finds what becomes of the rows of one table.
func (p *planner) planTable(ctx context.Context, t *table) error {
	if err := t.readRetyped(ctx, p.q, maps.Values(t.chosen)); err != nil {
		return err
	}
	lives, err := p.lives(ctx, t)
	if err != nil {
		return err
	}
	if err := p.loadAmongChosen(ctx, t, lives); err != nil {
		return err
	}
	p.o.progress(audit.StageComparing, len(lives.chosen))
	for _, l := range lives.chosen {
		for _, name := range l.names(t.chosen) {
			t.keys[name] = true
		}
		row, err := p.planRow(ctx, t, l, lives)
		if err != nil {
			return err
		}
		if row != nil {
			t.rows = append(t.rows, row)
		}
	}
	t.rows = append(t.rows, t.formerRows()...)
	t.arrivals = lives.arrivals()
	t.leaveReplaced()
	t.resolve(p.o.Policy)
	return t.readNewKeys(ctx, p.q)
}

// planRow takes back what was chosen of a row, one version after the other. Where that is in conflict with what was not
// chosen, a rollback and what it undid are left as they are, if both were chosen: what is undone stays so. It returns
// nil where nothing else was chosen.
func (p *planner) planRow(ctx context.Context, t *table, l *life, lives *lives) (*Row, error) {
	row, err := p.walkRow(ctx, t, l, lives, t.chosen)
	if err != nil {
		return nil, err
	}
	cancelled := p.cancelled(l, t.chosen)
	if len(cancelled) == 0 || len(row.Conflicts) == 0 && !t.overwrites(p.o.settings, l.names(t.chosen)) {
		return row, nil
	}
	chosen := make(map[int64]*history.Version) // of this row
	for _, v := range l.versions {
		if t.chosen[v.ID] != nil && !cancelled[v.ID] {
			chosen[v.ID] = v
		}
	}
	var other *Row
	if l.has(chosen) {
		if other, err = p.walkRow(ctx, t, l, lives, chosen); err != nil || len(other.Conflicts) > len(row.Conflicts) {
			return row, err
		}
	}
	p.made.AlreadyUndone = append(p.made.AlreadyUndone, slices.Sorted(maps.Keys(cancelled))...)
	return other, nil
}

func (p *planner) walkRow(ctx context.Context, t *table, l *life, lives *lives,
	chosen map[int64]*history.Version) (*Row, error) {
	row := newRow(t, l.key())
	history.Arrange(l.versions)
	w := walk{row: row, overwrite: t.overwrites(p.o.settings, l.names(t.chosen))}
	w.startFrom(l, lives)
	if w.overwrite {
		if err := p.loadImages(ctx, l); err != nil {
			return nil, err
		}
	}
	row.target = w.through(withoutRoundTrips(l.versions, chosen, lives.restored), chosen)
	if row.present == nil && row.target != nil {
		row.target = history.Over(t.given, row.target)
	}
	row.LeftOut = history.LeftOut(row.leftOut)
	return row, nil
}

// leaveReplaced leaves the rows alone that others overwrite: what was chosen of them goes with them. Of several that
// would overwrite the same row, it is the one that was changed last.
func (t *table) leaveReplaced() {
	last := make(map[audit.EntityID]*Row)
	for _, r := range t.rows {
		if r.replaces && (last[r.EntityID] == nil || r.before(last[r.EntityID], nil)) {
			last[r.EntityID] = r
		}
	}
	for _, r := range t.rows {
		if !r.replaces {
			continue
		}
		if last[r.EntityID] != r {
			r.block(audit.Conflict{Reason: audit.ConflictValueWanted, Table: t.Table, EntityID: r.EntityID,
				Columns: t.key})
			continue
		}
		t.rows = slices.DeleteFunc(slices.Clone(t.rows), func(other *Row) bool {
			if other == r || other.EntityID != r.EntityID || other.present == nil || other.replaces {
				return false
			}
			r.Versions = slices.Sorted(slices.Values(append(r.Versions, other.Versions...)))
			return true
		})
	}
}

// lives are the rows of a table that have had the keys of chosen versions, each with its versions from the first chosen
// one on.
type lives struct {
	all, chosen []*life
	restored    map[int64]map[int64]bool
	selected    map[int64]*history.Version // what was chosen of them
	images      map[string]audit.Image     // of the rows that are there, by their keys
}

// arrivals are the versions by which rows came to the keys that they have, if what was undone and redone is left out.
func (l *lives) arrivals() map[string]int64 {
	arrivals := make(map[string]int64)
	for _, one := range l.all {
		if v := l.arrival(one); v != nil && one.current && one.last().Action != audit.Deleted {
			arrivals[one.key()] = v.ID
		}
	}
	return arrivals
}

// arrival is the version by which a row came to the key that it has.
func (l *lives) arrival(one *life) *history.Version {
	versions := withoutRoundTrips(one.versions, l.selected, l.restored)
	for i := len(versions) - 1; i >= 0; i-- {
		v := versions[i]
		if v.Action != audit.Created && v.PreviousEntityID == nil {
			continue
		}
		left := slices.IndexFunc(versions[:i], func(w *history.Version) bool { return l.tookBack(v, w) })
		if left < 0 {
			return v
		}
		i = left
	}
	return nil
}

// tookBack reports whether a row came back to a key by v because w, by which it had left the key, was taken back.
func (l *lives) tookBack(v, w *history.Version) bool {
	return l.restored[v.ID][w.ID] && w.PreviousEntityID != nil && *w.PreviousEntityID == v.EntityID &&
		l.selected[v.ID] == nil && l.selected[w.ID] == nil
}

// lives finds the rows that the chosen versions are of, and reads those that are there. Locked, they stay what they
// are.
func (p *planner) lives(ctx context.Context, t *table) (*lives, error) {
	later, err := p.later(ctx, t)
	if err != nil {
		return nil, err
	}
	for {
		found := &lives{selected: t.chosen}
		lines, err := history.Lines(ctx, p.q, t.TableID, t.full(later))
		if err != nil {
			return nil, err
		}
		if found.restored, err = p.restored(ctx, lines); err != nil {
			return nil, err
		}
		found.all = rejoined(lines, found.restored, t.chosen)
		var keys []string
		for _, l := range found.all {
			if l.has(t.chosen) {
				found.chosen = append(found.chosen, l)
				keys = append(keys, l.key())
			}
		}
		keys = slices.Compact(slices.Sorted(slices.Values(keys)))
		if p.locked {
			p.o.progress(audit.StageLocking, len(keys))
		}
		found.images, err = rowImages(ctx, p.q, t.Entity, keys, p.locked)
		if err != nil || !p.locked {
			return found, err
		}
		// What was recorded while we waited? Rows that are there are locked now; others may
		// still come.
		now, err := p.later(ctx, t)
		if err != nil || len(now) == len(later) {
			return found, err
		}
		later = now
	}
}

func (p *planner) later(ctx context.Context, t *table) ([]db.LaterVersionsRow, error) {
	first := make(map[string]int64)
	for _, v := range t.chosen {
		for _, key := range v.Keys() {
			if id, ok := first[key]; !ok || v.ID < id {
				first[key] = v.ID
			}
		}
	}
	args := db.LaterVersionsParams{TableID: t.TableID}
	for _, key := range slices.Sorted(maps.Keys(first)) {
		args.EntityIds, args.FirstIds = append(args.EntityIds, key), append(args.FirstIds, first[key])
	}
	later, err := db.New().LaterVersions(ctx, p.q, args)
	if err != nil {
		return nil, fmt.Errorf("read later versions: %w", err)
	}
	return later, nil
}

// loadImages gives the versions of a row their images, in place of nothing but an action.
func (p *planner) loadImages(ctx context.Context, l *life) error {
	for i, v := range l.versions {
		if v.Before != nil || v.After != nil {
			continue
		}
		whole, _, err := history.Get(ctx, p.q, v.ID)
		if err != nil {
			return err
		}
		l.versions[i] = whole
	}
	return nil
}

// rowImages are the present rows of some keys.
func rowImages(ctx context.Context, q db.DBTX, e history.Entity, keys []string,
	locked bool) (map[string]audit.Image, error) {
	images := make(map[string]audit.Image, len(keys))
	if len(keys) == 0 {
		return images, nil
	}
	rows, err := db.New().RowImages(ctx, q, db.RowImagesParams{Relation: e.Relation, EntityIds: keys, Locked: locked})
	if err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	for _, r := range rows {
		if images[r.EntityID], err = history.DecodeImage(r.Image); err != nil {
			return nil, fmt.Errorf("read row %s: %w", r.EntityID, err)
		}
	}
	return images, nil
}

// resolve makes of each row what the policy says, and drops rows to which nothing happens.
func (t *table) resolve(policy audit.ConflictPolicy) {
	for _, r := range t.rows {
		r.settle(policy)
	}
}

// settle sets a row's patch, or leaves the row out.
func (r *Row) settle(policy audit.ConflictPolicy) {
	asWhole := slices.ContainsFunc(r.Conflicts, whole)
	if len(r.Conflicts) > 0 && (policy != audit.KeepLater || asWhole || r.target == nil) {
		r.Skipped = policy != audit.RefuseConflicts
		r.target = r.present
	}
	if r.present != nil && r.target != nil {
		r.keepUnwritable()
	}
	r.Patch = nil
	if !r.Skipped {
		r.Patch = patch.Diff(history.AsValue(r.present), history.AsValue(r.target))
	}
	switch {
	case r.present == nil && r.target != nil:
		r.Action = audit.Created
	case r.present != nil && r.target == nil:
		r.Action = audit.Deleted
	default:
		r.Action = audit.Updated
	}
}

// keepUnwritable leaves in a row that is there what is not known to have been otherwise, and what no UPDATE can set.
// Where nothing else would change, generated columns do not either.
func (r *Row) keepUnwritable() {
	r.target = history.Over(r.target, r.present)
	for name, numbered := range r.table.numbered {
		if numbered && !history.Same(r.target, r.present, name) {
			r.leftOut[name] = audit.LeftOutNumbered
			r.LeftOut = history.LeftOut(r.leftOut)
			r.target = history.Over(history.Only(r.present, func(column string) bool { return column == name }),
				r.target)
		}
	}
	if len(r.columnsWritten()) == 0 {
		r.target = r.present
	}
}

// readNewKeys finds the keys that rows will have which come back, or get another.
func (t *table) readNewKeys(ctx context.Context, q db.DBTX) error {
	args := db.EntityIDsOfImagesParams{Relation: t.Relation}
	var rows []*Row
	for _, r := range t.rows {
		r.newKey = string(r.EntityID)
		if r.target == nil || r.present != nil &&
			!slices.ContainsFunc(t.key, func(name string) bool { return !history.Same(r.present, r.target, name) }) {
			continue
		}
		encoded, err := encode(history.Only(r.target, func(name string) bool { return slices.Contains(t.key, name) }))
		if err != nil {
			return err
		}
		args.Images, rows = append(args.Images, encoded), append(rows, r)
	}
	if len(rows) == 0 {
		return nil
	}
	keys, err := db.New().EntityIDsOfImages(ctx, q, args)
	if err != nil {
		return fmt.Errorf("find the keys of rows: %w", err)
	}
	for i, r := range rows {
		if !keys[i].Complete {
			return &audit.WriteError{RowID: r.RowID, Reason: audit.ValueNotRecorded, Columns: t.key,
				Detail: fmt.Sprintf("the primary key of %s %s", t.Table, r.EntityID)}
		}
		r.newKey = keys[i].EntityID
		if r.present == nil {
			r.EntityID = audit.EntityID(r.newKey)
		}
	}
	return nil
}
