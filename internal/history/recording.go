package history

import (
	"context"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// CheckRecording returns a *TableError where something that this session writes to the tables would not be
// recorded. It reads the catalog alone.
func CheckRecording(ctx context.Context, q db.DBTX, relations ...uint32) error {
	rows, err := db.New().NotRecording(ctx, q, relations)
	if err != nil {
		return fmt.Errorf("look whether changes are recorded: %w", err)
	}
	if len(rows) == 0 {
		return nil
	}
	e := &audit.TableError{Table: rows[0].TableName, Reason: audit.NotRecording}
	for _, r := range rows {
		e.Unrecorded = append(e.Unrecorded, audit.Unrecorded{Table: r.TableName, Reason: audit.UnrecordedReason(r.Kind),
			Detail: r.Detail})
	}
	return e
}

// ExpectsVersion reports whether a change that was written to a row must have left a version. What only changes
// columns that are left out leaves none, and nor may any of a table that has a condition.
func (p Present) ExpectsVersion(before, after audit.Image) bool {
	if p.Condition {
		return false
	}
	if before == nil || after == nil {
		return before != nil || after != nil
	}
	for _, image := range []audit.Image{before, after} {
		for name := range image {
			if name != "" && !slices.Contains(p.Excluded, name) && !Same(before, after, name) {
				return true
			}
		}
	}
	return false
}
