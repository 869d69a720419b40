package maintenance

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// surplus removes the versions of a table that are not among the last ones of their rows, in the order of keys.
func (r *remover) surplus(ctx context.Context, rule *audit.Retention) error {
	page := db.SurplusParams{TableID: rule.TableID, KeepLast: int32(rule.KeepLast), Size: r.BatchSize}
	if rule.Before != nil {
		page.Horizon = pgtype.Timestamptz{Time: *rule.Before, Valid: true}
	}
	kept, err := db.New().KeptKeyChanges(ctx, r.conn,
		db.KeptKeyChangesParams{TableID: page.TableID, KeepLast: page.KeepLast, Horizon: page.Horizon})
	if err != nil {
		return err
	}
	page.KeptEntities, page.KeptIds = kept.Entities, kept.Ids
	for {
		var found db.SurplusRow
		var removed int64
		step := func(q db.DBTX) (err error) {
			if found, err = db.New().Surplus(ctx, q, page); err != nil {
				return err
			}
			removed = int64(len(found.Ids))
			return nil
		}
		if r.DryRun {
			err = step(r.conn)
		} else {
			err = r.batch(ctx, func(tx pgx.Tx) error {
				if err := step(tx); err != nil || removed == 0 {
					return err
				}
				removed, err = db.New().RemoveSurplus(ctx, tx,
					db.RemoveSurplusParams{TableID: rule.TableID, Places: found.Places, Ids: found.Ids,
						Keep: rule.Keep, KeepLast: page.KeepLast})
				return err
			})
		}
		if err != nil {
			return err
		}
		r.add(rule.TableID, removed)
		if !found.More {
			return nil
		}
		page.AfterEntity, page.AfterID = found.LastEntity, found.LastID
	}
}
