package history

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Transaction is what one transaction has recorded, as far as the role may see it.
type Transaction struct {
	ID         uint64    `json:"transaction"`
	RecordedAt time.Time `json:"recorded_at"` // when it began
	FirstID    int64     `json:"first_id"`    // its first version and its last
	LastID     int64     `json:"last_id"`
	Rollback   bool      `json:"rollback"` // it undid something
	// Custom is the custom data of its versions, each once.
	Custom       []map[string]any `json:"custom"`
	SessionUsers []string         `json:"session_users,omitempty"`
	Tables       []TableChanges   `json:"tables"`
}

// TableChanges is how many changes of a table were recorded.
type TableChanges struct {
	Table   string `json:"table"`
	Created int64  `json:"created"`
	Updated int64  `json:"updated"`
	Deleted int64  `json:"deleted"`
}

// Transactions gives those that have versions which pass a filter, newest first: by the last of
// these versions, of those before an id, if it is not 0. Ids are gone through in windows, as by
// Search.
func Transactions(ctx context.Context, q db.DBTX, f Filter, before int64, limit int) ([]*Transaction, error) {
	fail := func(err error) ([]*Transaction, error) { return nil, fmt.Errorf("search transactions: %w", err) }
	filter, err := f.encode()
	if err != nil {
		return fail(err)
	}
	bounds, err := db.New().SearchBounds(ctx, q, filter)
	if err != nil {
		return fail(err)
	}
	last := bounds.LastID
	if before > 0 {
		last = min(last, before-1)
	}
	var found []*Transaction
	seen := make(map[uint64]bool)
	for window := int64(firstWindow); last > 0 && (limit == 0 || len(found) < limit); window *= 2 {
		after := max(0, last-window)
		if f.narrow() || bounds.Indexed {
			after = 0
		}
		hits, err := db.New().SearchTransactions(ctx, q, db.SearchTransactionsParams{Filter: filter, AfterID: after, LastID: last})
		if err != nil {
			return fail(err)
		}
		var fresh []uint64
		place := make(map[uint64]int)
		for _, h := range hits {
			if !seen[h.Xid] {
				place[h.Xid] = len(fresh)
				fresh = append(fresh, h.Xid)
			}
			seen[h.Xid] = true
		}
		whole, err := describe(ctx, q, fresh)
		if err != nil {
			return fail(err)
		}
		slices.SortFunc(whole, func(a, b *Transaction) int { return cmp.Compare(place[a.ID], place[b.ID]) })
		for _, t := range whole {
			if before > 0 && t.LastID >= before {
				continue // of a page before
			}
			found = append(found, t)
		}
		last = after
	}
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	return found, nil
}

// describe gives whole transactions.
func describe(ctx context.Context, q db.DBTX, xids []uint64) ([]*Transaction, error) {
	if len(xids) == 0 {
		return nil, nil
	}
	tables, err := Tables(ctx, q)
	if err != nil {
		return nil, err
	}
	names := make(map[int32]string)
	for _, e := range tables {
		names[e.TableID] = e.Table
	}
	ids := make([]int64, len(xids))
	for i, xid := range xids {
		if xid > math.MaxInt64 {
			return nil, fmt.Errorf("transaction %d is out of range", xid)
		}
		ids[i] = int64(xid)
	}
	rows, err := db.New().Transactions(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	var list []*Transaction
	for _, r := range rows {
		if len(list) == 0 || list[len(list)-1].ID != r.Xid {
			list = append(list, &Transaction{ID: r.Xid, RecordedAt: r.RecordedAt, FirstID: r.FirstID, Custom: []map[string]any{}})
		}
		t := list[len(list)-1]
		t.FirstID, t.LastID, t.Rollback = min(t.FirstID, r.FirstID), max(t.LastID, r.LastID), t.Rollback || r.Rollback
		t.Tables = append(t.Tables, TableChanges{names[r.TableID], r.Created, r.Updated, r.Deleted})
		if err := t.say(r.Customs, r.SessionUsers); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// say adds what was said in one of a transaction's tables.
func (t *Transaction) say(customs json.RawMessage, users []string) error {
	decoded, err := patch.Decode(customs)
	if err != nil {
		return err
	}
	list, _ := decoded.([]any)
	for _, item := range list {
		custom, ok := item.(map[string]any)
		if ok && !slices.ContainsFunc(t.Custom, func(has map[string]any) bool { return patch.Diff(has, custom) == nil }) {
			t.Custom = append(t.Custom, custom)
		}
	}
	t.SessionUsers = slices.Compact(slices.Sorted(slices.Values(append(t.SessionUsers, users...))))
	return nil
}
