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
	found, err := expiredBefore(ctx, q, rules, grace)
	if err != nil {
		return nil, fmt.Errorf("look for versions that are no longer kept: %w", err)
	}
	keeps := make(map[int32]string, len(rules))
	for _, r := range rules {
		keeps[r.ID] = r.Keep
	}
	overdue := make(map[int32]string, len(found))
	for _, e := range found {
		overdue[e.TableID] = keeps[e.TableID]
	}
	return overdue, nil
}
