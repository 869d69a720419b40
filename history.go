package exaudit

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
	"github.com/exaudit/exaudit/triggers"
)

// History returns the versions of one row, oldest first. The table is named as in SQL; a table that was dropped still
// has its history. The key is the primary key: one value, a Key of several values, or the EntityID of a version. If the
// row never changed, there are no versions.
//
// If the primary key of the row was changed, its history contains the versions under both keys, and can be read by
// either key.
//
// If the table was never tracked, the error is an *audit.TableError. If the key has the wrong number or type of values,
// it is an *audit.InvalidError with the reason InvalidKey.
func (d *DB) History(ctx context.Context, table string, key any,
	opts ...HistoryOption) iter.Seq2[*audit.Version, error] {
	return opened(func() (iter.Seq2[*audit.Version, error], error) {
		q := historyQuery(opts)
		entity, err := d.entity(ctx, table, key)
		if err == nil {
			err = d.resolveFor(ctx, &q, entity)
		}
		if err != nil || q.filtered {
			return d.searched(ctx, q), d.explain(ctx, err)
		}
		return paged(q.page, cmp.Or(q.pageSize, atOnce), func(page history.Page) ([]*audit.Version, error) {
			versions, err := history.Read(ctx, d.conn, entity, page)
			return d.compared(ctx, q, versions, err)
		}, versionID), nil
	})
}

// HistoryWithStates returns the versions of one row, as History does, with StateBefore and State: the whole rows before
// and after each version. If a nested trigger recorded its version before the change that fired it, the versions are
// put into their true order. For this, the complete history of the row is read and checked: if it does not fit
// together, or does not lead to the present row, the error is an *audit.DivergedError, unless the options of
// the table explain it.
func (d *DB) HistoryWithStates(ctx context.Context, table string, key any,
	opts ...HistoryOption) iter.Seq2[*audit.Version, error] {
	return opened(func() (iter.Seq2[*audit.Version, error], error) {
		q := historyQuery(opts)
		versions, err := d.withStates(ctx, table, key, &q)
		return all(versions), d.explain(ctx, err)
	})
}

func (d *DB) withStates(ctx context.Context, table string, key any, q *query) ([]*audit.Version, error) {
	entity, err := d.entity(ctx, table, key)
	if err == nil {
		err = d.resolveFor(ctx, q, entity)
	}
	if err != nil {
		return nil, err
	}
	versions, err := d.complete(ctx, entity)
	if err != nil {
		return nil, err
	}
	versions = q.page.Rest(versions)
	if q.filtered {
		versions, err = d.passing(ctx, *q, versions)
	}
	if q.page.Limit > 0 && len(versions) > q.page.Limit {
		versions = versions[:q.page.Limit]
	}
	for _, v := range versions {
		v.StateBefore, _ = v.States()
	}
	return d.compared(ctx, *q, versions, err)
}

// CheckHistory returns nil if the versions of a row fit together and lead to the present row. Otherwise it returns
// an *audit.DivergedError, which says which version does not fit. With the option Preview it needs little memory.
func (d *DB) CheckHistory(ctx context.Context, table string, key any, opts ...PreviewOption) error {
	entity, err := d.entity(ctx, table, key)
	if err != nil {
		return d.explain(ctx, err)
	}
	var q query
	for _, opt := range opts {
		opt.forHistory(&q)
	}
	err = d.snapshot(ctx, func(conn db.DBTX) error { return history.Check(ctx, conn, entity, q.page.Cut) })
	return d.explain(ctx, err)
}

// HistoryBegin returns since when the history of a table is complete. If the table was never tracked, the error is an
// *audit.TableError.
func (d *DB) HistoryBegin(ctx context.Context, table string) (audit.HistoryBegin, error) {
	t, err := triggers.Find(ctx, d.conn, table)
	if err != nil {
		return audit.HistoryBegin{}, d.explain(ctx, err)
	}
	return d.begin(ctx, history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation})
}

// HistoryBeginOf returns since when the history of the table of a version is complete. The table may have been dropped,
// and another one may have its name. If there is no such version, the error is audit.ErrNotFound.
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
		u := audit.UntrackedPeriod{From: from}
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

// Version returns the version with an id. If there is none, the error is audit.ErrNotFound.
func (d *DB) Version(ctx context.Context, id int64, opts ...PatchOption) (*audit.Version, error) {
	v, _, err := history.Get(ctx, d.conn, id)
	return d.oneCompared(ctx, opts, v, err)
}

// VersionWithStates returns the version with an id as HistoryWithStates returns it: with StateBefore and State, and
// with Cut and Unknown, which say what is missing. The errors are audit.ErrNotFound, and *audit.DivergedError as from
// HistoryWithStates.
func (d *DB) VersionWithStates(ctx context.Context, id int64, opts ...PatchOption) (*audit.Version, error) {
	v, entity, err := history.Get(ctx, d.conn, id)
	if err == nil {
		v, err = d.rebuilt(ctx, entity, id)
	}
	if err == nil {
		v.StateBefore, _ = v.States()
	}
	return d.oneCompared(ctx, opts, v, err)
}

func (d *DB) oneCompared(ctx context.Context, opts []PatchOption, v *history.Version, err error) (*audit.Version,
	error) {
	versions, err := d.compared(ctx, query{comparison: comparisonOf(opts)}, []*history.Version{v}, err)
	if err != nil {
		return nil, err
	}
	return versions[0], nil
}

// States returns the whole rows before and after a version. A value of nil means that there is no row. To find them,
// the complete history of the row is read and checked. If versions are missing, the rows may lack columns: see
// Version.Unknown. The errors are those of VersionWithStates.
func (d *DB) States(ctx context.Context, id int64) (before, after audit.Image, err error) {
	v, err := d.VersionWithStates(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	return v.StateBefore, v.State, nil
}

// Diff returns the difference between the whole rows after two versions, usually of the same row. Values are compared
// as in the Patch of the second one. The errors are those of VersionWithStates.
func (d *DB) Diff(ctx context.Context, from, to int64, opts ...PatchOption) (patch.Patch, error) {
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
		comparison := comparisonOf(opts)
		err = comparison.Compare(ctx, d.conn, []*history.Version{v})
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
