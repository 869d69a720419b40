package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// transactionKey tells transactions apart: their numbers come again after a restore.
type transactionKey struct {
	id int64
	at int64 // in microseconds
}

func keyOf(id int64, at time.Time) transactionKey { return transactionKey{id, at.UnixMicro()} }

// Transactions gives the transactions that made a version that passes a filter, the newest
// such version first; each with all that it changed. A page is after the last such version of a transaction.
//
// Ids are gone through in windows as by Search, but downwards.
func Transactions(ctx context.Context, q db.DBTX, f Filter, page Page) ([]*audit.Transaction, error) {
	fail := func(err error) ([]*audit.Transaction, error) {
		return nil, fmt.Errorf("search transactions: %w", explained(err))
	}
	s, err := newSearch(ctx, q, f, Page{})
	if err != nil {
		return fail(err)
	}
	last := s.last
	if page.After > 0 {
		last = min(last, page.After-1)
	}
	var found []db.SearchTransactionsRow
	seen := make(map[transactionKey]bool)
	for window := s.window(page); last > s.first; {
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
			return seen[keyOf(r.TransactionID, r.RecordedAt)]
		})
		if fresh, err = s.below(ctx, q, page.After, fresh); err != nil {
			return fail(err)
		}
		for _, r := range fresh {
			seen[keyOf(r.TransactionID, r.RecordedAt)] = true
		}
		found = append(found, fresh...)
		if page.Limit > 0 && len(found) >= page.Limit {
			found = found[:page.Limit]
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
		earlier[keyOf(r.TransactionID, r.RecordedAt)] = true
	}
	return slices.DeleteFunc(rows, func(r db.SearchTransactionsRow) bool {
		return earlier[keyOf(r.TransactionID, r.RecordedAt)]
	}), nil
}

// of is the filter, for only these transactions, which pass it.
func (s search) of(rows []db.SearchTransactionsRow) ([]byte, error) {
	narrowed := s.f
	narrowed.Transactions = make([]uint64, len(rows))
	for i, r := range rows {
		narrowed.Transactions[i] = uint64(r.TransactionID)
	}
	return narrowed.encode()
}

// readTransactions reads all that some transactions changed.
func readTransactions(ctx context.Context, q db.DBTX, rows []db.SearchTransactionsRow) ([]*audit.Transaction, error) {
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
	transactions, place := make([]*audit.Transaction, len(rows)), make(map[transactionKey]int)
	for i, r := range rows {
		ids[i], place[keyOf(r.TransactionID, r.RecordedAt)] = r.TransactionID, i
		transactions[i] = &audit.Transaction{ID: uint64(r.TransactionID), RecordedAt: r.RecordedAt,
			Cursor: transactionCursor(r.NewestID)}
	}
	parts, err := db.New().TransactionParts(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if i, ok := place[keyOf(part.TransactionID, part.RecordedAt)]; ok {
			if err := addPart(transactions[i], names[part.TableID], part); err != nil {
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

// addPart adds a part of what the transaction changed, the parts in the order of their first ids.
func addPart(t *audit.Transaction, table string, part db.TransactionPartsRow) error {
	if t.FirstID == 0 {
		t.FirstID = part.FirstID
	}
	t.LastID = max(t.LastID, part.LastID)
	t.Rollback = t.Rollback || part.Rollback
	if part.SessionUserName != "" && !slices.Contains(t.SessionUsers, part.SessionUserName) {
		t.SessionUsers = append(t.SessionUsers, part.SessionUserName)
	}
	i, ok := slices.BinarySearchFunc(t.Tables, table,
		func(c audit.TableChanges, name string) int { return strings.Compare(c.Table, name) })
	if !ok {
		t.Tables = slices.Insert(t.Tables, i, audit.TableChanges{Table: table})
	}
	t.Tables[i].Created += part.Created
	t.Tables[i].Updated += part.Updated
	t.Tables[i].Deleted += part.Deleted
	t.Tables[i].Baselines += part.Baselines
	return addCustom(t, part.Custom)
}

// addCustom adds the custom data of a part.
func addCustom(t *audit.Transaction, encoded json.RawMessage) error {
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
