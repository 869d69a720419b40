package history

import (
	"context"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// NoteUndid sets what the rollbacks among versions have undone.
func NoteUndid(ctx context.Context, q db.DBTX, versions []*Version) error {
	rollbacks := make(map[int64]*Version)
	var ids []int64
	for _, v := range versions {
		if v.Rollback && rollbacks[v.ID] == nil {
			rollbacks[v.ID], ids, v.Undid = v, append(ids, v.ID), nil
		}
	}
	if len(ids) == 0 {
		return nil
	}
	pairs, err := db.New().UndoneIn(ctx, q, ids)
	if err != nil {
		return fmt.Errorf("read what rollbacks have undone: %w", err)
	}
	for _, pair := range pairs {
		v := rollbacks[pair.RollbackID]
		v.Undid = append(v.Undid, pair.VersionID)
	}
	for _, v := range rollbacks {
		slices.Sort(v.Undid)
	}
	return nil
}

// undidTransactions are the transactions of which one took something back.
func undidTransactions(ctx context.Context, q db.DBTX, t *audit.Transaction) ([]uint64, error) {
	if !t.Rollback {
		return nil, nil
	}
	found, err := db.New().UndidTransactions(ctx, q,
		db.UndidTransactionsParams{FirstID: t.FirstID, LastID: t.LastID, TransactionID: int64(t.ID)})
	if err != nil {
		return nil, fmt.Errorf("read what transaction %d has undone: %w", t.ID, err)
	}
	undid := make([]uint64, len(found))
	for i, xid := range found {
		undid[i] = uint64(xid)
	}
	return undid, nil
}
