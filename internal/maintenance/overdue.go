package maintenance

import (
	"context"
	"fmt"
	"time"

	"github.com/exaudit/exaudit/db"
)

// grace is how long versions that are no longer kept may wait for the next run.
const grace = 24 * time.Hour

// Overdue returns for how long tables keep their versions that have some which are a day older, by their ids. It does
// not look for versions that are not kept because of their number, which takes long.
func Overdue(ctx context.Context, q db.DBTX) (map[int32]string, error) {
	rules, err := db.New().RetentionRules(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read how long versions are kept: %w", err)
	}
	var due db.ExpiredParams
	keeps := make(map[int32]string)
	for _, r := range rules {
		if r.Keep != "" && r.KeepLast == 0 && !r.Hold {
			due.TableIds, due.Horizons = append(due.TableIds, r.ID), append(due.Horizons, r.Horizon.Add(-grace))
			keeps[r.ID] = r.Keep
		}
	}
	if len(keeps) == 0 {
		return nil, nil
	}
	found, err := db.New().Expired(ctx, q, due)
	if err != nil {
		return nil, fmt.Errorf("look for versions that are no longer kept: %w", err)
	}
	overdue := make(map[int32]string, len(found))
	for _, e := range found {
		overdue[e.TableID] = keeps[e.TableID]
	}
	return overdue, nil
}
