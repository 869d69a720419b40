package exaudit

import (
	"context"
	"fmt"
	"time"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/triggers"
)

// HistoryOption narrows or enriches what History, Versions and Transactions return.
type HistoryOption interface{ apply(*historyOptions) }

// Filter chooses versions. It is what Select takes, and an option of History, Versions and Transactions, too.
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

// After gives only versions with a greater id: the next page.
func After(id int64) HistoryOption { return option(func(o *historyOptions) { o.page.AfterID = id }) }

// Limit gives at most n versions.
func Limit(n int) HistoryOption { return option(func(o *historyOptions) { o.page.Limit = n }) }

// Preview shortens values that are longer than so many bytes as JSON: to how they begin, and a digest by which patches
// tell them apart. What is read stays small however large values are. States are not shortened.
func Preview(bytes int) HistoryOption { return option(func(o *historyOptions) { o.page.Cut = bytes }) }

// WithStates sets each version's State, the whole row after it, and puts versions that
// nested triggers recorded before the change that set them off in their true order. The entity's complete
// history is read for that, and checked: where it does not fit together or does not lead to
// the present row, History gives ErrDiverged, unless the options of the table explain it. Filters choose
// among the versions afterwards.
func WithStates() HistoryOption { return option(func(o *historyOptions) { o.states = true }) }

// History gives the versions of one entity, oldest to newest, by default all of them. The
// table is named as in SQL; a table that was dropped still has its history. key is the
// primary key: one value, or a Key of several. An entity that never changed gives none.
//
// Where the primary key was rewritten, history follows the entity, from either key.
func (d *DB) History(ctx context.Context, table string, key any, opts ...HistoryOption) ([]*Version, error) {
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

// CheckHistory reports whether the versions of an entity fit together and lead to the present row: nil, or ErrDiverged,
// a *DivergedError that says which version does not fit. Preview keeps little memory; other options do not count.
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

// KeyPeriod is a time in which a table had the same primary key.
type KeyPeriod = history.Period

// HistoryBegin says where the history of a table begins.
type HistoryBegin struct {
	// CompleteSince is from when on every change is recorded and still there: since the table has been tracked, or
	// since the last change that retention has removed.
	CompleteSince time.Time `json:"complete_since"`
	// Removed reports whether retention has removed versions.
	Removed bool `json:"removed"`
	// Untracked are the times at which the table was not tracked, since it first was: what changed then is not
	// recorded.
	Untracked []Untracked `json:"untracked,omitempty"`
	// Predecessors are the tables that had this name before, were dropped, and have versions: by their number, which
	// the condition "table_id = 3" of Where takes.
	Predecessors []int32 `json:"predecessors,omitempty"`
	// Keys are the primary keys that the table has had, oldest first, where they were more than one. History takes a
	// key of any, and returns what was recorded under it.
	Keys []KeyPeriod `json:"keys,omitempty"`
}

// Untracked is a time at which a table was not tracked, because it had been uninstalled.
type Untracked struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"` // nil: until now
}

// HistoryBegin returns from when on the history of a table is complete.
func (d *DB) HistoryBegin(ctx context.Context, table string) (HistoryBegin, error) {
	t, err := triggers.Find(ctx, d.conn, table)
	if err != nil {
		return HistoryBegin{}, d.explain(ctx, err)
	}
	b, err := db.New().HistoryBegin(ctx, d.conn, t.ID)
	if err != nil {
		return HistoryBegin{}, d.explain(ctx, fmt.Errorf("read where the history of %s begins: %w", t.QuotedName, err))
	}
	begin := HistoryBegin{CompleteSince: b.CompleteSince, Removed: b.Forgotten, Predecessors: b.Predecessors}
	for i, from := range b.UntrackedFrom {
		u := Untracked{From: from}
		if i < len(b.UntrackedTo) {
			u.To = &b.UntrackedTo[i]
		}
		begin.Untracked = append(begin.Untracked, u)
	}
	keys, err := history.Periods(ctx, d.conn, history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation})
	if err != nil {
		return HistoryBegin{}, d.explain(ctx, err)
	}
	if len(keys) > 1 {
		begin.Keys = keys
	}
	return begin, nil
}

func (d *DB) complete(ctx context.Context, entity history.Entity) (versions []*Version, err error) {
	err = d.snapshot(ctx, func(q db.DBTX) error {
		versions, err = history.Complete(ctx, q, entity)
		return err
	})
	return versions, d.explain(ctx, err)
}

// Version returns one version by its id, or ErrNoVersion. Of options, those count that say how values are compared:
// Primitive, PrimitiveTypes and Positional.
func (d *DB) Version(ctx context.Context, id int64, opts ...HistoryOption) (*Version, error) {
	v, _, err := history.Get(ctx, d.conn, id)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	versions, err := d.compared(ctx, newHistoryOptions(opts), []*Version{v}, nil)
	if err != nil {
		return nil, err
	}
	return versions[0], nil
}

// States gives the whole rows before and after a version; nil is no row. The entity's
// complete history is read and checked for it.
func (d *DB) States(ctx context.Context, id int64) (before, after Image, err error) {
	_, entity, err := history.Get(ctx, d.conn, id)
	if err != nil {
		return nil, nil, d.explain(ctx, err)
	}
	versions, err := d.complete(ctx, entity)
	if err != nil {
		return nil, nil, err
	}
	before, after = history.StatesAt(versions, id)
	return before, after, nil
}
