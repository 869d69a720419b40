package exaudit

import (
	"encoding/json"
	"errors"

	"github.com/exaudit/exaudit/audit"
)

// Filter chooses versions. It is an option of Versions, Transactions and Select. A version must pass all filters. If
// the same function is called several times, its doc says whether a version must pass all or one of them.
type Filter interface {
	VersionsOption
	TransactionsOption
	chooses()
}

// RowFilter chooses among the versions of a row. It is also an option of History and HistoryWithStates.
type RowFilter interface {
	Filter
	HistoryOption
}

type filter func(*query)

func (f filter) apply(q *query)           { q.filtered = true; f(q) }
func (f filter) forVersions(q *query)     { f.apply(q) }
func (f filter) forTransactions(q *query) { f.apply(q) }
func (filter) chooses()                   {}

type rowFilter struct{ filter }

func (f rowFilter) forHistory(q *query) { f.apply(q) }

// ByTable chooses only versions of the named tables. If it is given several times, versions of any of the tables are
// chosen. A table that was dropped still has its history.
func ByTable(tables ...string) Filter {
	return filter(func(q *query) {
		q.filter.Spans = nonNil(q.filter.Spans)
		q.tables = append(q.tables, tables...)
	})
}

// ByRow chooses only versions of one row. If it is given several times, versions of any of the rows are chosen. The
// key is as for History.
func ByRow(table string, key any) Filter {
	return filter(func(q *query) {
		q.filter.Spans = nonNil(q.filter.Spans)
		q.entities = append(q.entities, entityName{table, key})
	})
}

// ByVersion chooses only versions with these ids. If it is given several times, versions with any of the ids are
// chosen.
func ByVersion(ids ...int64) RowFilter {
	return rowFilter{func(q *query) { q.filter.Versions = append(nonNil(q.filter.Versions), ids...) }}
}

// ByAction chooses only versions with one of these actions. If it is given several times, versions with any of the
// actions are chosen.
func ByAction(actions ...audit.Action) RowFilter {
	return rowFilter{func(q *query) {
		for _, a := range actions {
			switch a {
			case audit.Created, audit.Updated, audit.Deleted, audit.Baseline:
			default:
				q.err = errors.Join(q.err, invalidFilter("no action is called %q", a))
			}
		}
		q.filter.Actions = append(nonNil(q.filter.Actions), actions...)
	}}
}

// ByColumn chooses only versions that changed at least one of the columns. If it is given several times, a change of
// any of the columns is enough. The names are the present ones; a dropped column has the name that versions show. A
// create and a delete change every column.
func ByColumn(columns ...string) RowFilter {
	return rowFilter{func(q *query) {
		q.filter.Columns = nonNil(q.filter.Columns)
		q.columns = append(q.columns, columns...)
	}}
}

// ByCustom chooses only versions whose custom data has the value under the key. Values are compared as JSON: 7 is equal
// to 7.0, but not to "7". If it is given several times with different keys, versions must have all the values. Two
// values for the same key are an *audit.InvalidError. IndexCustom creates an index for a key.
func ByCustom(key string, value any) RowFilter {
	return rowFilter{func(q *query) {
		encoded, err := json.Marshal(value)
		if err != nil {
			q.err = errors.Join(q.err, &audit.InvalidError{Reason: audit.InvalidFilter, Name: key,
				Detail: "custom data " + key, Err: err})
		}
		if previous, given := q.filter.Custom[key]; given && string(previous) != string(encoded) {
			q.err = errors.Join(q.err, invalidFilter("custom data %s cannot be both %s and %s", key, previous, encoded))
		}
		if q.filter.Custom == nil {
			q.filter.Custom = make(map[string]json.RawMessage)
		}
		q.filter.Custom[key] = encoded
	}}
}

// ByCustomKey chooses only versions whose custom data has all the keys, with any values. If it is given several times,
// versions must have the keys of all.
func ByCustomKey(keys ...string) RowFilter {
	return rowFilter{func(q *query) { q.filter.Keys = append(nonNil(q.filter.Keys), keys...) }}
}

// ByTransaction chooses only versions of these transactions: see Version.TransactionID. If it is given several times,
// versions of any of the transactions are chosen.
func ByTransaction(ids ...uint64) RowFilter {
	return rowFilter{func(q *query) { q.filter.Transactions = append(nonNil(q.filter.Transactions), ids...) }}
}

// BySessionUser chooses only changes of sessions in which one of these users was logged in, on tables with the option
// RecordSessionUser. If it is given several times, changes of any of the users are chosen.
func BySessionUser(names ...string) RowFilter {
	return rowFilter{func(q *query) { q.filter.SessionUsers = append(nonNil(q.filter.SessionUsers), names...) }}
}

// ByRollback chooses only versions that a revert, an undo or a redo wrote, or, with false, only the others. If it is
// given several times, the last one counts.
func ByRollback(rollback bool) RowFilter {
	return rowFilter{func(q *query) { q.filter.Rollback = &rollback }}
}

// Since chooses only versions after a point: exactly those that Until excludes. A version that was recorded at the
// very time of AtTime is not among them. If it is given several times, versions must be after all the points.
func Since(at Point) RowFilter {
	return rowFilter{func(q *query) { q.since = append(q.since, at.in) }}
}

// Until chooses only versions up to a point, which are those that AsOf takes into account. A version that was recorded
// at the very time of AtTime is among them. If it is given several times, versions must be up to all the points.
//
// Until and Since look at each version by itself, while AsOf leaves out all later changes of a row if it leaves out
// one. There is a difference only for AtTime, if transactions that began before the time changed a row after others
// that began later.
func Until(at Point) RowFilter {
	return rowFilter{func(q *query) { q.until = append(q.until, at.in) }}
}

// Where chooses only versions that satisfy a condition in SQL. If it is given several times, versions must satisfy
// all the conditions. A condition can use these columns of the version: id, recorded_at, transaction_id, table_id,
// action, rollback, entity_id, previous_entity_id, session_user_name, and, as jsonb, before, after, custom and
// custom_columns. Images have the column names of the time when they were recorded.
//
//	exaudit.Where("before->>'status' = 'paid' AND after->>'status' = 'new'")
//
// The condition runs with the rights of the present role, in a read-only transaction unless the caller has begun one.
// Names are looked up in pg_catalog; all others need their schema. Accept a condition only from people who may run
// SQL as this role. If PostgreSQL does not understand it, or if it is more than one expression, the error is an
// *audit.InvalidError with the reason InvalidFilter.
func Where(condition string) RowFilter {
	return rowFilter{func(q *query) { q.filter.Where = append(q.filter.Where, condition) }}
}

// Selection says which versions are to be undone: see Select.
type Selection struct{ filters []Filter }

// Select returns a Selection of the versions that pass all the given filters.
func Select(first Filter, more ...Filter) Selection {
	return Selection{append([]Filter{first}, more...)}
}

// versions are the filters as options of Versions, and more.
func (s Selection) versions(more ...VersionsOption) []VersionsOption {
	var opts []VersionsOption
	for _, f := range s.filters {
		opts = append(opts, f)
	}
	return append(opts, more...)
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
