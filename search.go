package exaudit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/triggers"
)

// ByTable chooses only versions of the named tables. It is for Versions, Transactions and Select. A table that was
// dropped still has its history.
func ByTable(tables ...string) Filter {
	return filterOption(func(o *historyOptions) {
		o.filter.Spans = nonNil(o.filter.Spans)
		o.tables = append(o.tables, tables...)
	})
}

// ByRow chooses only versions of one row. It is for Versions, Transactions and Select. If it is given several times,
// versions of any of the rows are chosen. The key is as for History.
func ByRow(table string, key any) Filter {
	return filterOption(func(o *historyOptions) {
		o.filter.Spans = nonNil(o.filter.Spans)
		o.entities = append(o.entities, entityName{table, key})
	})
}

// ByAction chooses only versions with one of these actions.
func ByAction(actions ...audit.Action) Filter {
	return filterOption(func(o *historyOptions) { o.filter.Actions = append(nonNil(o.filter.Actions), actions...) })
}

// Since chooses only versions whose transaction began at the time or later.
func Since(t time.Time) Filter {
	return filterOption(func(o *historyOptions) { o.filter.Since = &t })
}

// Until chooses only versions whose transaction began before the time.
func Until(t time.Time) Filter {
	return filterOption(func(o *historyOptions) { o.filter.Until = &t })
}

// SinceMark chooses only versions after a mark: those whose transaction had not been committed when the mark was
// made. If there is no such mark, the error is ErrNotFound.
func SinceMark(name string) Filter {
	return filterOption(func(o *historyOptions) { o.sinceMark = &name })
}

// UntilMark chooses only versions before a mark. If there is no such mark, the error is ErrNotFound.
func UntilMark(name string) Filter {
	return filterOption(func(o *historyOptions) { o.untilMark = &name })
}

// ByVersion chooses only versions with these ids. If it is given several times, versions with any of the ids are
// chosen.
func ByVersion(ids ...int64) Filter {
	return filterOption(func(o *historyOptions) { o.filter.Versions = append(nonNil(o.filter.Versions), ids...) })
}

// ByTransaction chooses only versions of these transactions: see Version.Transaction. If it is given several times,
// versions of any of the transactions are chosen.
func ByTransaction(xids ...uint64) Filter {
	return filterOption(func(o *historyOptions) {
		o.filter.Transactions = append(nonNil(o.filter.Transactions),
			xids...)
	})
}

// BySessionUser chooses only changes of sessions in which a user was logged in, on tables with the option
// RecordSessionUser.
func BySessionUser(name string) Filter {
	return filterOption(func(o *historyOptions) { o.filter.SessionUser = &name })
}

// Where chooses only versions that satisfy a condition in SQL. If it is given several times, versions must satisfy
// all the conditions. A condition can use these columns of the version: id, recorded_at, transaction (a bigint),
// table_id, action, rollback, entity_id, previous_entity_id, session_role, and, as jsonb, before, after, custom and
// custom_columns. Images have the column names of the time when they were recorded.
//
//	exaudit.Where("before->>'status' = 'paid' AND after->>'status' = 'new'")
//
// The condition runs with the rights of the present role, in a read-only transaction unless the caller has begun one.
// Names are looked up in pg_catalog; all others need their schema. Accept a condition only from people who may run
// SQL as this role. If PostgreSQL does not understand it, or if it is more than one expression, the error is
// ErrInvalidFilter.
func Where(condition string) Filter {
	return filterOption(func(o *historyOptions) { o.filter.Where = append(o.filter.Where, condition) })
}

// ByCustom chooses only versions whose custom data has the value under the key. Values are compared as JSON: 7 is
// equal to 7.0, but not to "7". If it is given several times, versions must have all the values. IndexCustom creates
// an index for a key.
func ByCustom(key string, value any) Filter {
	return filterOption(func(o *historyOptions) {
		encoded, err := json.Marshal(value)
		if err != nil {
			o.err = errors.Join(o.err, fmt.Errorf("%w: custom data %s: %w", audit.ErrInvalidFilter, key, err))
		}
		if previous, given := o.filter.Custom[key]; given && string(previous) != string(encoded) {
			o.err = errors.Join(o.err, fmt.Errorf("%w: custom data %s cannot be both %s and %s",
				audit.ErrInvalidFilter, key,
				previous, encoded))
		}
		if o.filter.Custom == nil {
			o.filter.Custom = make(map[string]json.RawMessage)
		}
		o.filter.Custom[key] = encoded
	})
}

// ByCustomKey chooses only versions whose custom data has all the keys, with any values.
func ByCustomKey(keys ...string) Filter {
	return filterOption(func(o *historyOptions) { o.filter.Keys = append(nonNil(o.filter.Keys), keys...) })
}

// ByRollback chooses only versions that a revert, an undo or a redo wrote, or, with false, only the others.
func ByRollback(made bool) Filter {
	return filterOption(func(o *historyOptions) { o.filter.Rollback = &made })
}

// ByColumn chooses only versions that changed at least one of the columns. The names are the present ones; a dropped
// column has the name that versions show. A create and a delete change every column.
func ByColumn(columns ...string) Filter {
	return filterOption(func(o *historyOptions) {
		o.filter.Columns = nonNil(o.filter.Columns)
		o.columns = append(o.columns, columns...)
	})
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Versions returns the versions of all tables that the present role may read, in the order of their ids. For one row,
// this is the order of its changes; for all, it is nearly the order of time. Options choose among them. Without a
// Limit, there may be very many. After with the last id of a page returns the next page.
//
// A transaction in progress may have smaller ids than others that have ended. When it commits, its versions appear
// before versions that were already returned.
func (d *DB) Versions(ctx context.Context, opts ...HistoryOption) ([]*audit.Version, error) {
	o := newHistoryOptions(opts)
	if o.states {
		return nil, fmt.Errorf("%w: states are rebuilt of one entity, by History", audit.ErrInvalidFilter)
	}
	if err := d.resolve(ctx, &o); err != nil {
		return nil, d.explain(ctx, err)
	}
	versions, err := d.search(ctx, o)
	return d.compared(ctx, o, versions, err)
}

func (d *DB) search(ctx context.Context, o historyOptions) (versions []*history.Version, err error) {
	err = d.choosing(ctx, o, func(q db.DBTX) error {
		versions, err = history.Search(ctx, q, o.filter, o.page)
		return err
	})
	return versions, err
}

// passing are those of an entity's versions that pass the filter.
func (d *DB) passing(ctx context.Context, o historyOptions, versions []*history.Version) (kept []*history.Version,
	err error) {
	err = d.choosing(ctx, o, func(q db.DBTX) error {
		kept, err = history.Passing(ctx, q, o.filter, versions)
		return err
	})
	return kept, err
}

// choosing runs what applies a filter: read-only, where a condition of the caller's is part of
// it.
func (d *DB) choosing(ctx context.Context, o historyOptions, do func(db.DBTX) error) error {
	if o.filter.Where == nil {
		return do(d.conn)
	}
	return d.snapshot(ctx, do)
}

// IndexCustom creates an index for ByCustom, with which the versions that have a key of the custom data are found
// without a search. The role must be a member of exaudit_owner. The index is created without a lock that others wait
// for, and not as part of a transaction. An index that exists already is kept.
//
// IndexCustom first waits for the transactions in progress that have recorded something or may read older rows. If
// they take too long, it returns ErrLocked and has changed nothing. For transactions that begin later, it waits as
// long as they take. If it is interrupted, the next call removes the unfinished index.
//
// The index makes every change that has the key a little slower.
func (d *DB) IndexCustom(ctx context.Context, key string, opts *IndexOptions) error {
	if err := d.indexCustom(ctx, key, wait(given(opts).LockTimeout)); err != nil {
		return d.explain(ctx, fmt.Errorf("index custom data %s: %w", key, err))
	}
	return nil
}

func (d *DB) indexCustom(ctx context.Context, key string, timeout time.Duration) error {
	do, err := db.New().CustomIndexStatement(ctx, d.conn, key)
	if err != nil {
		return err
	}
	for _, statement := range []string{do.Cleanup, do.Statement} {
		if statement == "" {
			continue
		}
		if err := lock.UntilEnded(ctx, d.conn, timeout); err != nil {
			return err
		}
		if err := d.watched(ctx, statement); err != nil {
			return err
		}
	}
	return db.New().ExposeCustomIndex(ctx, d.conn, key)
}

// watched runs a statement, and has NotifyLockWait's function told of whom it waits for where it is known which
// connection that is.
func (d *DB) watched(ctx context.Context, statement string) error {
	if conn, ok := d.conn.(*pgx.Conn); ok {
		defer lock.NewWatch(ctx, conn, int32(conn.PgConn().PID()), 0).Stop()
	}
	_, err := d.conn.Exec(ctx, statement)
	return err
}

// resolveFor makes the filter of options one of an entity's history.
func (d *DB) resolveFor(ctx context.Context, o *historyOptions, entity history.Entity) error {
	if len(o.tables)+len(o.entities) > 0 {
		return fmt.Errorf("%w: ByTable and ByRow are for Versions, History has its entity", audit.ErrInvalidFilter)
	}
	if !o.filtered {
		return nil
	}
	if err := d.resolve(ctx, o, entity); err != nil {
		return err
	}
	spans, err := history.EntitySpans(ctx, d.conn, entity)
	o.filter.Spans = spans
	return err
}

// resolve looks up what the filter names. Columns are those of the given tables, if any.
func (d *DB) resolve(ctx context.Context, o *historyOptions, tables ...history.Entity) error {
	if o.err != nil {
		return o.err
	}
	if o.before != 0 {
		return fmt.Errorf("%w: Before is for Transactions", audit.ErrInvalidFilter)
	}
	for _, mark := range []struct {
		name *string
		into **audit.Mark
	}{{o.sinceMark, &o.filter.SinceMark}, {o.untilMark, &o.filter.UntilMark}} {
		if mark.name == nil {
			continue
		}
		found, err := history.FindMark(ctx, d.conn, *mark.name)
		if err != nil {
			return err
		}
		*mark.into = found
	}
	for _, name := range o.tables {
		t, err := triggers.Find(ctx, d.conn, name)
		if err != nil {
			return err
		}
		o.filter.Spans = append(o.filter.Spans, history.TableSpan(t.ID))
		tables = append(tables, history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation})
	}
	for _, name := range o.entities {
		entity, err := d.entity(ctx, name.table, name.key)
		if err != nil {
			return err
		}
		spans, err := history.EntitySpans(ctx, d.conn, entity)
		if err != nil {
			return err
		}
		o.filter.Spans = append(o.filter.Spans, spans...)
		tables = append(tables, entity)
	}
	return d.resolveColumns(ctx, o, tables)
}

// resolveColumns looks up the columns that the filter names, of the given tables, or of all.
func (d *DB) resolveColumns(ctx context.Context, o *historyOptions, tables []history.Entity) error {
	if len(o.columns) == 0 {
		return nil
	}
	if len(tables) == 0 {
		var err error
		if tables, err = history.Tables(ctx, d.conn); err != nil {
			return err
		}
	}
	for _, name := range o.columns {
		spans, err := history.ColumnSpans(ctx, d.conn, tables, name)
		if err != nil {
			return err
		}
		if len(spans) == 0 {
			return fmt.Errorf("%w: no table in question has or had a column %s", audit.ErrInvalidFilter, name)
		}
		o.filter.Columns = append(o.filter.Columns, spans...)
	}
	return nil
}
