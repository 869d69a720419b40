package exaudit

import (
	"context"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
	"github.com/exaudit/exaudit/triggers"
)

// HistoryOption changes what History, Versions and Transactions return.
type HistoryOption interface{ apply(*historyOptions) }

// Filter chooses versions. It is passed to Select, and it is also an option of History, Versions and Transactions.
type Filter interface {
	HistoryOption
	filter()
}

type option func(*historyOptions)

func (f option) apply(o *historyOptions) { f(o) }

type filterOption func(*historyOptions)

func (f filterOption) apply(o *historyOptions) { o.filtered = true; f(o) }
func (filterOption) filter()                   {}

type historyOptions struct {
	page       history.Page
	comparison history.Comparison
	states     bool
	pageSize   int   // of what is read at once; 0: enough
	before     int64 // for Transactions
	filter     history.Filter
	filtered   bool
	err        error
	// what takes the database to understand
	tables   []string
	entities []entityName
	columns  []string
	// by name
	sinceMark, untilMark *string
}

type entityName struct {
	table string
	key   any
}

func newHistoryOptions(opts []HistoryOption) historyOptions {
	var o historyOptions
	for _, opt := range opts {
		opt.apply(&o)
	}
	return o
}

// After returns only versions with a greater id. It is used for the next page.
func After(id int64) HistoryOption { return option(func(o *historyOptions) { o.page.AfterID = id }) }

// Limit returns at most n versions.
func Limit(n int) HistoryOption { return option(func(o *historyOptions) { o.page.Limit = n }) }

// Preview shortens values that are longer than a number of bytes as JSON: to their beginning, and a digest by which
// patches can tell them apart. So not much is read, however large the values are. States are not shortened.
func Preview(bytes int) HistoryOption { return option(func(o *historyOptions) { o.page.Cut = bytes }) }

// WithStates sets State of each version to the whole row after it. If a nested trigger recorded its version before
// the change that fired it, the versions are put into their true order. For this, the complete history of the row is
// read and checked: if it does not fit together, or does not lead to the present row, History returns ErrDiverged,
// unless the options of the table explain it. Filters are applied afterwards.
func WithStates() HistoryOption { return option(func(o *historyOptions) { o.states = true }) }

// History returns the versions of one row, oldest first, by default all of them. The table is named as in SQL; a
// table that was dropped still has its history. The key is the primary key: one value, or a Key of several values. If
// the row never changed, History returns no versions.
//
// If the primary key of the row was changed, its history contains the versions under both keys, and can be read by
// either key.
func (d *DB) History(ctx context.Context, table string, key any, opts ...HistoryOption) ([]*audit.Version, error) {
	o := newHistoryOptions(opts)
	entity, err := d.entity(ctx, table, key)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	if err := d.resolveFor(ctx, &o, entity); err != nil {
		return nil, d.explain(ctx, err)
	}
	switch {
	case o.states:
		versions, err := d.complete(ctx, entity)
		if err != nil {
			return nil, err
		}
		if o.filtered {
			versions, err = d.passing(ctx, o, versions)
		}
		return d.compared(ctx, o, o.page.Of(versions), err)
	case o.filtered:
		versions, err := d.search(ctx, o)
		return d.compared(ctx, o, versions, err)
	default:
		versions, err := history.Read(ctx, d.conn, entity, o.page)
		return d.compared(ctx, o, versions, err)
	}
}

// CheckHistory returns nil if the versions of a row fit together and lead to the present row. Otherwise it returns
// ErrDiverged, a *DivergedError that says which version does not fit. With the option Preview it needs little memory;
// other options have no effect.
func (d *DB) CheckHistory(ctx context.Context, table string, key any, opts ...HistoryOption) error {
	entity, err := d.entity(ctx, table, key)
	if err != nil {
		return d.explain(ctx, err)
	}
	err = d.snapshot(ctx, func(q db.DBTX) error {
		return history.Check(ctx, q, entity, newHistoryOptions(opts).page.Cut)
	})
	return d.explain(ctx, err)
}

// HistoryBegin returns since when the history of a table is complete.
func (d *DB) HistoryBegin(ctx context.Context, table string) (audit.HistoryBegin, error) {
	t, err := triggers.Find(ctx, d.conn, table)
	if err != nil {
		return audit.HistoryBegin{}, d.explain(ctx, err)
	}
	return d.begin(ctx, history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation})
}

// HistoryBeginOf returns since when the history of the table of a version is complete. The table may have been dropped,
// and another one may have its name.
func (d *DB) HistoryBeginOf(ctx context.Context, version int64) (audit.HistoryBegin, error) {
	_, entity, err := history.Get(ctx, d.conn, version)
	if err != nil {
		return audit.HistoryBegin{}, d.explain(ctx, err)
	}
	return d.begin(ctx, entity)
}

// begin returns since when the history of the table of an entity is complete.
func (d *DB) begin(ctx context.Context, e history.Entity) (audit.HistoryBegin, error) {
	b, err := db.New().HistoryBegin(ctx, d.conn, e.TableID)
	if err != nil {
		return audit.HistoryBegin{}, d.explain(ctx, fmt.Errorf("read where the history of %s begins: %w", e.Table, err))
	}
	begin := audit.HistoryBegin{CompleteSince: b.CompleteSince, Removed: b.Forgotten, Predecessors: b.Predecessors,
		Dropped: e.Relation == 0}
	for i, from := range b.UntrackedFrom {
		u := audit.Untracked{From: from}
		if i < len(b.UntrackedTo) {
			u.To = &b.UntrackedTo[i]
		}
		begin.Untracked = append(begin.Untracked, u)
	}
	keys, err := history.Periods(ctx, d.conn, e)
	if err != nil {
		return audit.HistoryBegin{}, d.explain(ctx, err)
	}
	if len(keys) > 1 {
		for _, k := range keys {
			begin.Keys = append(begin.Keys, audit.KeyPeriod(k))
		}
	}
	return begin, nil
}

func (d *DB) complete(ctx context.Context, entity history.Entity) (versions []*history.Version, err error) {
	err = d.snapshot(ctx, func(q db.DBTX) error {
		versions, err = history.Complete(ctx, q, entity)
		return err
	})
	return versions, d.explain(ctx, err)
}

// Version returns the version with an id, or ErrNotFound. With the option WithStates, it is as History returns it with
// this option: Cut and Unknown say what is missing. Besides this one, only the options Primitive, PrimitiveTypes and
// Positional have an effect.
func (d *DB) Version(ctx context.Context, id int64, opts ...HistoryOption) (*audit.Version, error) {
	o := newHistoryOptions(opts)
	v, entity, err := history.Get(ctx, d.conn, id)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	if o.states {
		if v, err = d.rebuilt(ctx, entity, id); err != nil {
			return nil, err
		}
	}
	versions, err := d.compared(ctx, o, []*history.Version{v}, nil)
	if err != nil {
		return nil, err
	}
	return versions[0], nil
}

// States returns the whole rows before and after a version. A value of nil means that there is no row. The complete
// history of the row is read and checked for it. If versions are missing, the rows may lack columns: see
// Version.Unknown.
func (d *DB) States(ctx context.Context, id int64) (before, after audit.Image, err error) {
	v, err := d.Version(ctx, id, WithStates())
	if err != nil {
		return nil, nil, err
	}
	return v.StateBefore, v.State, nil
}

// Diff returns the difference between the whole rows after two versions, usually of the same row. Values are compared
// as in the Patch of the second one; of the options, only Primitive, PrimitiveTypes and Positional have an effect.
func (d *DB) Diff(ctx context.Context, from, to int64, opts ...HistoryOption) (patch.Patch, error) {
	_, before, err := d.States(ctx, from)
	if err != nil {
		return nil, err
	}
	_, after, err := d.States(ctx, to)
	if err != nil {
		return nil, err
	}
	v, _, err := history.Get(ctx, d.conn, to)
	if err == nil {
		err = newHistoryOptions(opts).comparison.Compare(ctx, d.conn, []*history.Version{v})
	}
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	return v.Diff(before, after), nil
}

// rebuilt returns a version of a row with its State.
func (d *DB) rebuilt(ctx context.Context, entity history.Entity, id int64) (*history.Version, error) {
	versions, err := d.complete(ctx, entity)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(versions, func(v *history.Version) bool { return v.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("version %d: %w", id, audit.ErrNotFound) // it was removed meanwhile
	}
	return versions[i], nil
}
