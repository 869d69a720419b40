package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Transaction is what one transaction changed, as far as the present role may read it.
type Transaction struct {
	// ID is a Version's Transaction.
	ID uint64 `json:"transaction"`
	// RecordedAt is when it began.
	RecordedAt time.Time `json:"recorded_at"`
	// Tables are those that it changed, by name.
	Tables []TableChanges `json:"tables"`
	// Custom are the values that its versions have under each key of the custom data, in the
	// order in which they came up. There is more than one where the application said
	// different things on the way.
	Custom map[string][]any `json:"custom"`
	// SessionUsers is who was logged in, where the options of a table ask for it.
	SessionUsers []string `json:"session_users,omitempty"`
	// Rollback tells that a revert made a part of it.
	Rollback bool `json:"rollback"`
	// Undid are the transactions of which it took something back.
	Undid []uint64 `json:"undid,omitempty"`
	// FirstID and LastID are its first and its last version; versions of others may lie between.
	FirstID int64 `json:"first_id"`
	LastID  int64 `json:"last_id"`
	// Cursor is its last version that passed the filter: with it, Before gives the next page.
	Cursor int64 `json:"cursor"`
}

// TableChanges are how many versions of one table there are.
type TableChanges struct {
	Table   string `json:"table"`
	Created int64  `json:"created"`
	Updated int64  `json:"updated"`
	Deleted int64  `json:"deleted"`
	// Baselines are no changes.
	Baselines int64 `json:"baselines,omitempty"`
}

// transactionKey tells transactions apart: their numbers come again after a restore.
type transactionKey struct {
	id int64
	at int64 // in microseconds
}

func keyOf(id int64, at time.Time) transactionKey { return transactionKey{id, at.UnixMicro()} }

// Transactions gives the transactions that made a version that passes a filter, the newest
// such version first; each with all that it changed. A page has at most limit of them, 0: all,
// and begins before the cursor of the last one of the page before it, 0: with the newest.
//
// Ids are gone through in windows as by Search, but downwards.
func Transactions(ctx context.Context, q db.DBTX, f Filter, before int64, limit int) ([]Transaction, error) {
	fail := func(err error) ([]Transaction, error) {
		return nil, fmt.Errorf("search transactions: %w", explained(err))
	}
	s, err := newSearch(ctx, q, f)
	if err != nil {
		return fail(err)
	}
	last := s.last
	if before > 0 {
		last = min(last, before-1)
	}
	var found []db.SearchTransactionsRow
	seen := make(map[transactionKey]bool)
	for window := max(firstWindow, 2*int64(limit)); last > s.first; {
		from := s.first
		if s.windowed {
			from = max(s.first, last-window)
		}
		rows, err := db.New().SearchTransactions(ctx, q,
			db.SearchTransactionsParams{Filter: s.filter, AfterID: from, LastID: last})
		if err != nil {
			return fail(err)
		}
		fresh := slices.DeleteFunc(rows, func(r db.SearchTransactionsRow) bool {
			return seen[keyOf(r.Transaction, r.RecordedAt)]
		})
		if fresh, err = s.below(ctx, q, before, fresh); err != nil {
			return fail(err)
		}
		for _, r := range fresh {
			seen[keyOf(r.Transaction, r.RecordedAt)] = true
		}
		found = append(found, fresh...)
		if limit > 0 && len(found) >= limit {
			found = found[:limit]
			break
		}
		last, window = from, 2*window
	}
	transactions, err := readTransactions(ctx, q, found)
	if err != nil {
		return fail(err)
	}
	return transactions, nil
}

// below leaves out the transactions that were on an earlier page: those with a version
// that passes the filter and is not before the cursor.
func (s search) below(ctx context.Context, q db.DBTX, cursor int64,
	rows []db.SearchTransactionsRow) ([]db.SearchTransactionsRow, error) {
	if cursor <= 0 || cursor > s.last || len(rows) == 0 {
		return rows, nil
	}
	above, err := s.of(rows)
	if err != nil {
		return nil, err
	}
	shown, err := db.New().SearchTransactions(ctx, q,
		db.SearchTransactionsParams{Filter: above, AfterID: max(cursor-1, s.first), LastID: s.last})
	if err != nil {
		return nil, err
	}
	earlier := make(map[transactionKey]bool)
	for _, r := range shown {
		earlier[keyOf(r.Transaction, r.RecordedAt)] = true
	}
	return slices.DeleteFunc(rows, func(r db.SearchTransactionsRow) bool {
		return earlier[keyOf(r.Transaction, r.RecordedAt)]
	}), nil
}

// of is the filter, for only these transactions, which pass it.
func (s search) of(rows []db.SearchTransactionsRow) ([]byte, error) {
	narrowed := s.f
	narrowed.Transactions = make([]uint64, len(rows))
	for i, r := range rows {
		narrowed.Transactions[i] = uint64(r.Transaction)
	}
	return narrowed.encode()
}

// readTransactions reads all that some transactions changed.
func readTransactions(ctx context.Context, q db.DBTX, rows []db.SearchTransactionsRow) ([]Transaction, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	known, err := Tables(ctx, q)
	if err != nil {
		return nil, err
	}
	names := make(map[int32]string, len(known))
	for _, e := range known {
		names[e.TableID] = e.Table
	}
	ids := make([]int64, len(rows))
	transactions, place := make([]Transaction, len(rows)), make(map[transactionKey]int)
	for i, r := range rows {
		ids[i], place[keyOf(r.Transaction, r.RecordedAt)] = r.Transaction, i
		transactions[i] = Transaction{ID: uint64(r.Transaction), RecordedAt: r.RecordedAt, Cursor: r.NewestID}
	}
	parts, err := db.New().TransactionParts(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if i, ok := place[keyOf(part.Transaction, part.RecordedAt)]; ok {
			if err := transactions[i].add(names[part.TableID], part); err != nil {
				return nil, err
			}
		}
	}
	for i, t := range transactions {
		if transactions[i].Undid, err = undidTransactions(ctx, q, t); err != nil {
			return nil, err
		}
	}
	return transactions, nil
}

// add adds a part of what the transaction changed, the parts in the order of their first ids.
func (t *Transaction) add(table string, part db.TransactionPartsRow) error {
	if t.FirstID == 0 {
		t.FirstID = part.FirstID
	}
	t.LastID = max(t.LastID, part.LastID)
	t.Rollback = t.Rollback || part.Rollback
	if part.SessionRole != "" && !slices.Contains(t.SessionUsers, part.SessionRole) {
		t.SessionUsers = append(t.SessionUsers, part.SessionRole)
	}
	i, ok := slices.BinarySearchFunc(t.Tables, table,
		func(c TableChanges, name string) int { return strings.Compare(c.Table, name) })
	if !ok {
		t.Tables = slices.Insert(t.Tables, i, TableChanges{Table: table})
	}
	t.Tables[i].Created += part.Created
	t.Tables[i].Updated += part.Updated
	t.Tables[i].Deleted += part.Deleted
	t.Tables[i].Baselines += part.Baselines
	return t.say(part.Custom)
}

// say adds what was said about a part.
func (t *Transaction) say(encoded json.RawMessage) error {
	custom, err := DecodeImage(encoded)
	if err != nil {
		return fmt.Errorf("transaction %d: custom data: %w", t.ID, err)
	}
	for key, value := range custom {
		if t.Custom == nil {
			t.Custom = make(map[string][]any)
		}
		same := func(other any) bool { return patch.Diff(other, value) == nil }
		if !slices.ContainsFunc(t.Custom[key], same) {
			t.Custom[key] = append(t.Custom[key], value)
		}
	}
	return nil
}
