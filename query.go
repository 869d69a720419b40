package exaudit

import (
	"context"
	"fmt"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/triggers"
)

// HistoryOption is an option of History and HistoryWithStates: a RowFilter, a PageOption, a PatchOption or a
// PreviewOption.
type HistoryOption interface{ forHistory(*query) }

// VersionsOption is an option of Versions: a Filter, a PageOption, a PatchOption or a PreviewOption.
type VersionsOption interface{ forVersions(*query) }

// TransactionsOption is an option of Transactions: a Filter or a PageOption.
type TransactionsOption interface{ forTransactions(*query) }

// query is what options say.
type query struct {
	page       history.Page
	after      audit.Cursor
	pageSize   int // of what is read at once; 0: enough
	comparison history.Comparison
	filter     history.Filter
	filtered   bool
	err        error
	// what takes the database to understand
	tables       []string
	entities     []entityName
	columns      []string
	since, until []history.Point
}

type entityName struct {
	table string
	key   any
}

func historyQuery(opts []HistoryOption) query {
	var q query
	for _, opt := range opts {
		opt.forHistory(&q)
	}
	return q
}

func versionsQuery(opts []VersionsOption) query {
	var q query
	for _, opt := range opts {
		opt.forVersions(&q)
	}
	return q
}

// resolveFor makes the filter of a query one of an entity's history.
func (d *DB) resolveFor(ctx context.Context, q *query, entity history.Entity) error {
	if err := q.resolvePage(history.VersionID); err != nil {
		return err
	}
	if !q.filtered {
		return nil
	}
	if err := d.resolve(ctx, q, entity); err != nil {
		return err
	}
	spans, err := history.EntitySpans(ctx, d.conn, entity)
	q.filter.Spans = spans
	return err
}

// resolvePage reads the cursor.
func (q *query) resolvePage(read func(audit.Cursor) (int64, error)) (err error) {
	if q.err != nil {
		return q.err
	}
	if q.after != "" {
		q.page.After, err = read(q.after)
	}
	return err
}

// resolve looks up what the filter names. Columns are those of the given tables, if any.
func (d *DB) resolve(ctx context.Context, q *query, tables ...history.Entity) error {
	if q.err != nil {
		return q.err
	}
	for _, p := range q.since {
		if err := q.filter.After(ctx, d.conn, p); err != nil {
			return err
		}
	}
	for _, p := range q.until {
		if err := q.filter.UpTo(ctx, d.conn, p); err != nil {
			return err
		}
	}
	for _, name := range q.tables {
		t, err := triggers.Find(ctx, d.conn, name)
		if err != nil {
			return err
		}
		q.filter.Spans = append(q.filter.Spans, history.TableSpan(t.ID))
		tables = append(tables, history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation})
	}
	for _, name := range q.entities {
		entity, err := d.entity(ctx, name.table, name.key)
		if err != nil {
			return err
		}
		spans, err := history.EntitySpans(ctx, d.conn, entity)
		if err != nil {
			return err
		}
		q.filter.Spans = append(q.filter.Spans, spans...)
		tables = append(tables, entity)
	}
	return d.resolveColumns(ctx, q, tables)
}

// resolveColumns looks up the columns that the filter names, of the given tables, or of all.
func (d *DB) resolveColumns(ctx context.Context, q *query, tables []history.Entity) error {
	if len(q.columns) == 0 {
		return nil
	}
	if len(tables) == 0 {
		var err error
		if tables, err = history.Tables(ctx, d.conn); err != nil {
			return err
		}
	}
	for _, name := range q.columns {
		spans, err := history.ColumnSpans(ctx, d.conn, tables, name)
		if err != nil {
			return err
		}
		if len(spans) == 0 {
			return invalidFilter("no table in question has or had a column %s", name)
		}
		q.filter.Columns = append(q.filter.Columns, spans...)
	}
	return nil
}

// invalidFilter says what is wrong with a filter.
func invalidFilter(detail string, args ...any) error {
	return &audit.InvalidError{Reason: audit.InvalidFilter, Detail: fmt.Sprintf(detail, args...)}
}
