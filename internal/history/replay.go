package history

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Replay is the history of an entity with the state after each version, read page by page:
// it holds no more than a page and the versions of one transaction. Only where rows have
// moved between keys are all versions read at once, to tell the rows apart.
//
// It ends with the version that was the newest when it was opened, whatever is recorded
// meanwhile.
type Replay struct {
	entity  Entity
	page    int
	columns columns
	compare []patch.Option
	begins  map[string]begin
	present Present
	lastID  int64

	lost *lost         // of a row with one key, nil if nothing is
	ends map[*Line]end // what the row is now, and of several keys the rows

	opening opening
	first   audit.Image // of columns that are younger than the history, their first values

	moved  []*Version // all of them, where the entity has had several keys
	lineOf map[*Version]*Line
	firsts map[*Line]audit.Image
}

// OpenReplay reads what a replay starts from, all of it from one state of the database. backwards says that its
// versions are wanted by Backwards.
func OpenReplay(ctx context.Context, q db.DBTX, e Entity, page int, backwards bool) (*Replay, error) {
	r := &Replay{entity: e, page: page}
	if r.page <= 0 {
		r.page = pageSize
	}
	fail := func(err error) (*Replay, error) {
		return nil, fmt.Errorf("read the history of %s %s: %w", e.Table, e.ID, err)
	}
	_, rewritten, err := stretches(ctx, q, e)
	if err != nil {
		return fail(err)
	}
	if r.columns, err = readColumns(ctx, q, e); err != nil {
		return nil, err
	}
	if r.compare, err = readComparison(ctx, q, e, Comparison{}); err != nil {
		return nil, err
	}
	r.begins = r.columns.begins()
	// what hidden columns are now says nothing of then
	if r.present, err = NewPresent(ctx, q, e); err != nil {
		return nil, err
	}
	if rewritten || len(r.present.Ends) > 0 {
		return r, r.readMoved(ctx, q)
	}
	if r.lastID, err = db.New().LastEntityVersion(ctx, q,
		db.LastEntityVersionParams{TableID: e.TableID, EntityID: e.ID}); err != nil {
		return fail(err)
	}
	r.lastID = min(r.lastID, e.Period.last())
	if !r.present.Unknown {
		r.present.Row, err = LiveRow(ctx, q, e, false)
	}
	r.opening.present = r.present
	r.opening.present.Row = without(r.present.Row, r.present.Hidden)
	if err != nil || backwards && r.canGoBack() {
		return r, err
	}
	if err = r.readOpening(ctx, q); err == nil && (r.present.Gaps || r.isRetyped()) {
		err = r.readEnd(ctx, q)
	}
	return r, err
}

func (r *Replay) readMoved(ctx context.Context, q db.DBTX) error {
	versions, lines, err := complete(ctx, q, r.entity, r.present, r.present.Hidden, 0)
	if err != nil {
		return err
	}
	r.moved, r.lineOf, r.firsts = versions, make(map[*Version]*Line, len(versions)), make(map[*Line]audit.Image,
		len(lines))
	for _, line := range lines {
		if err := r.readLineEnd(ctx, q, line); err != nil {
			return err
		}
		for _, v := range line.Versions {
			r.lineOf[v] = line
			r.firsts[line] = r.alsoFound(r.firsts[line], v)
		}
	}
	return nil
}

// readLineEnd is readEnd of one row of several.
func (r *Replay) readLineEnd(ctx context.Context, q db.DBTX, line *Line) error {
	if !line.Current || r.present.endedAfter(line) || r.present.Unknown || r.present.Gaps || !r.isRetyped() {
		return nil
	}
	e := r.entity
	e.ID = line.Key()
	row, err := LiveRow(ctx, q, e, false)
	if err != nil {
		return err
	}
	recorded := map[string]int{}
	noteRecorded(recorded, 0, line.Versions)
	placed(0, line.Versions)
	if r.ends == nil {
		r.ends = map[*Line]end{}
	}
	r.ends[line] = end{row, recorded}
	return nil
}

// readOpening finds the state before the first version, and the first values of the columns
// that were added since. For a row that was created under its present columns nothing need
// be read.
func (r *Replay) readOpening(ctx context.Context, q db.DBTX) error {
	var missing []string
	for group, err := range r.groups(ctx, q) {
		if err != nil {
			return err
		}
		if missing == nil {
			missing = r.younger(group[0].epoch)
		}
		r.opening.through(group)
		if len(missing) > 0 {
			arrange(group, nil)
		}
		for _, v := range group {
			r.first = r.alsoFound(r.first, v)
			missing = slices.DeleteFunc(missing, func(name string) bool {
				_, before := r.first[name]
				_, after := v.After[name]
				return before || after && v.Action == audit.Created
			})
		}
		if r.opening.whole != nil && len(missing) == 0 {
			return nil
		}
	}
	r.first = overlay(without(r.present.Row, r.present.Hidden), r.first, nil)
	return nil
}

// end is what a row is now, and by which version each column was last recorded.
type end struct {
	row      audit.Image
	recorded map[string]int
}

func (r *Replay) isRetyped() bool {
	for _, b := range r.begins {
		if b.retyped {
			return true
		}
	}
	return false
}

// readEnd looks what the versions lead to, before any state is given. Where the row has changed out
// of sight since, an earlier state may be in doubt; what nothing has changed since a column was given
// another type is there still.
func (r *Replay) readEnd(ctx context.Context, q db.DBTX) error {
	var w *walk
	recorded := map[string]int{}
	n := 0
	for group, err := range r.groups(ctx, q) {
		if err != nil {
			return err
		}
		if w == nil {
			w = newWalk(r.opening.origin(), group[0].epoch, r.present)
		}
		if w.through(group) != nil {
			return nil // as Versions will find
		}
		n = noteRecorded(recorded, n, group)
	}
	if w == nil {
		return nil
	}
	err := w.end()
	r.lost = lostBy(recorded, n, err)
	if err == nil && !r.present.Gaps {
		r.ends = map[*Line]end{nil: {r.present.Row, recorded}}
	}
	return nil
}

// kept puts into a row after a version, or before one, the columns that were given another type
// before it, and that nothing has changed since.
func (r *Replay) kept(row Row, v *Version, place int) Row {
	now, ok := r.ends[r.lineOf[v]]
	if !ok || now.row == nil || row.Image == nil {
		return row
	}
	var names []string
	row.Unknown = slices.DeleteFunc(row.Unknown, func(name string) bool {
		b := r.begins[name]
		is := b.retyped && v.epoch >= b.epoch && place >= now.recorded[name] && has(now.row, name) &&
			!slices.Contains(r.present.Hidden, name)
		if is {
			names = append(names, name)
		}
		return is
	})
	if len(names) > 0 {
		row.Image = overlay(row.Image, pick(now.row, func(name string) bool { return slices.Contains(names, name) }),
			nil)
	}
	return row
}

// alsoFound adds to the first values of columns what one more version found.
func (r *Replay) alsoFound(first audit.Image, v *Version) audit.Image {
	found := v.found()
	if younger := r.younger(v.epoch); len(younger) > 0 {
		found = without(found, younger) // it was another column then
	}
	return overlay(found, first, nil)
}

// younger are the columns that are not those of an epoch.
func (r *Replay) younger(epoch int) []string {
	names := []string{}
	for name, b := range r.begins {
		if b.epoch > epoch {
			names = append(names, name)
		}
	}
	return names
}

// Versions gives the versions from oldest to newest, or the first error, a *DivergedError where
// they do not fit together or do not lead to the present row.
func (r *Replay) Versions(ctx context.Context, q db.DBTX) iter.Seq2[*Version, error] {
	return func(yield func(*Version, error) bool) {
		for _, v := range r.moved {
			if !yield(v, nil) {
				return
			}
		}
		if r.moved != nil {
			return
		}
		var w *walk
		n := 0
		diverged := func(err error) {
			yield(nil, r.entity.misfit(err))
		}
		for group, err := range r.groups(ctx, q) {
			if err != nil {
				yield(nil, err)
				return
			}
			if w == nil {
				w = newWalk(r.opening.origin(), group[0].epoch, r.present)
			}
			if err := w.through(group); err != nil {
				diverged(err)
				return
			}
			n = placed(n, group)
			r.lost.mark(group)
			noteUnknown(group, r.present.Hidden)
			for _, v := range group {
				if !yield(v, nil) {
					return
				}
			}
		}
		if w == nil {
			return
		}
		if err := w.end(); err != nil && !outOfSight(err) {
			diverged(err)
		}
	}
}

// groups gives the versions of a key, those of one transaction at a time.
func (r *Replay) groups(ctx context.Context, q db.DBTX) iter.Seq2[[]*Version, error] {
	return func(yield func([]*Version, error) bool) {
		var pending []*Version
		for next, more := r.entity.Period.After+1, true; more; {
			page, err := readPage(ctx, q, r.entity, stretch{r.entity.ID, next, r.lastID}, Page{Limit: r.page})
			if err != nil {
				yield(nil, fmt.Errorf("read the history of %s %s: %w", r.entity.Table, r.entity.ID, err))
				return
			}
			r.columns.rename(page, r.compare)
			if more = len(page) == r.page; more {
				next = page[len(page)-1].ID + 1
			}
			pending = append(pending, page...)
			for len(pending) > 0 {
				end := endOfTransaction(pending, 0)
				if more && end == len(pending) {
					break // it may go on
				}
				if !yield(pending[:end:end], nil) {
					return
				}
				pending = pending[end:]
			}
		}
	}
}

// Row is a whole row as the table's present columns have it.
type Row struct {
	Image audit.Image // nil: there was none
	// Unknown are the columns whose value then is not recorded, in no order: excluded and masked
	// ones, those that were not there yet or held another type. The image lacks them.
	Unknown []string
}

// Rows are the rows before and after a version of the replay.
func (r *Replay) Rows(v *Version) (before, after Row) {
	known := v.known
	if known == nil {
		known = v.State
	}
	switch v.Action {
	case audit.Created:
		return Row{}, r.kept(r.row(v, v.State, known), v, v.place)
	case audit.Deleted:
		return r.row(v, v.Before, v.Before), Row{}
	default:
		return r.kept(r.row(v, v.Undo(v.State), v.Undo(known)), v, v.place-1),
			r.kept(r.row(v, v.State, known), v, v.place)
	}
}

func (r *Replay) row(v *Version, state, known audit.Image) Row {
	first := r.first
	if r.moved != nil {
		first = r.firsts[r.lineOf[v]]
	}
	var (
		row      Row
		withheld = withheld(state)
		dropped  = slices.Collect(maps.Keys(state))
		kept     []string
		filled   []string
	)
	for name, b := range r.begins {
		_, inKnown := known[name]
		_, inState := state[name]
		_, inFirst := first[name]
		switch {
		case v.epoch < b.epoch, slices.Contains(withheld, name), slices.Contains(v.unsure, name):
			row.Unknown = append(row.Unknown, name)
		case inKnown, inState && !b.retyped:
			kept = append(kept, name)
		case inFirst && v.birth < b.epoch && !slices.Contains(r.present.Hidden, name):
			filled = append(filled, name)
		default:
			row.Unknown = append(row.Unknown, name)
		}
	}
	dropped = slices.DeleteFunc(dropped, func(name string) bool { return name == "" || slices.Contains(kept, name) })
	row.Image = without(state, dropped)
	if len(filled) > 0 {
		others := slices.DeleteFunc(slices.Collect(maps.Keys(first)), func(name string) bool {
			return name == "" || slices.Contains(filled, name)
		})
		row.Image = overlay(row.Image, without(first, others), nil)
	}
	return row
}

// Same tells whether two rows are the same in all that is known of them.
func (r Row) Same(other Row) bool {
	return slices.Equal(slices.Sorted(slices.Values(r.Unknown)), slices.Sorted(slices.Values(other.Unknown))) &&
		(r.Image == nil) == (other.Image == nil) && reflect.DeepEqual(r.Image, other.Image)
}
