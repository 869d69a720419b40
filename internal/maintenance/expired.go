package maintenance

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
)

// cuts are the ids before which tables have nothing but versions that are too old.
type cuts struct {
	tables []int32
	ids    []int64
	keeps  []string // the options keep
	first  int64    // of the versions before the cuts
	last   int64    // the greatest cut
}

// expired removes the versions of tables that keep them for some time only. All tables are done together, in the order
// of ids: versions are stored in that order.
func (r *remover) expired(ctx context.Context) error {
	c, err := r.cuts(ctx)
	if err != nil || len(c.tables) == 0 {
		return err
	}
	if r.DryRun {
		counts, err := db.New().CountExpired(ctx, r.conn,
			db.CountExpiredParams{TableIds: c.tables, Cuts: c.ids, Last: c.last})
		for _, n := range counts {
			r.add(n.TableID, n.Versions)
		}
		return err
	}
	for first := c.first; first != 0 && first < c.last; {
		last := min(first+int64(r.BatchSize), c.last)
		var removed []db.RemoveExpiredRow
		err := r.batch(ctx, func(tx pgx.Tx) (err error) {
			removed, err = db.New().RemoveExpired(ctx, tx,
				db.RemoveExpiredParams{TableIds: c.tables, Cuts: c.ids, Keeps: c.keeps, First: first, Last: last})
			return err
		})
		if err != nil {
			return err
		}
		for _, n := range removed {
			r.add(n.TableID, n.Versions)
		}
		if first = last; len(removed) == 0 { // There may be a wide gap.
			first, err = db.New().NextExpired(ctx, r.conn,
				db.NextExpiredParams{TableIds: c.tables, Cuts: c.ids, First: last, Last: c.last})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *remover) cuts(ctx context.Context) (c cuts, err error) {
	found, err := expiredBefore(ctx, r.conn, r.rules, 0)
	for i, e := range found {
		c.tables, c.ids = append(c.tables, e.TableID), append(c.ids, e.CutID)
		c.keeps = append(c.keeps, r.done[r.places[e.TableID]].Keep)
		c.last = max(c.last, e.CutID)
		if i == 0 || e.FirstID < c.first {
			c.first = e.FirstID
		}
	}
	return c, err
}

// expiredBefore finds versions that tables keep for some time only, and that have been older than that for a grace.
func expiredBefore(ctx context.Context, q db.DBTX, rules []db.RetentionRulesRow, grace time.Duration) ([]db.ExpiredRow,
	error) {
	var aged db.ExpiredParams
	for _, r := range rules {
		if r.Keep != "" && r.KeepLast == 0 && !r.Hold {
			aged.TableIds, aged.Horizons = append(aged.TableIds, r.ID), append(aged.Horizons, r.Horizon.Add(-grace))
		}
	}
	if len(aged.TableIds) == 0 {
		return nil, nil
	}
	return db.New().Expired(ctx, q, aged)
}
