package history

import (
	"context"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// Ref is where the version is found again.
func (v *Version) Ref() audit.VersionRef {
	return audit.VersionRef{TableID: v.TableID, EntityID: v.EntityID, ID: v.ID}
}

// Load gives versions that are known by name, in the order of their ids. Those that are
// gone, or that the role may not see, are missing.
func Load(ctx context.Context, q db.DBTX, refs []audit.VersionRef) ([]*Version, error) {
	tables, err := searchedTables(ctx, q)
	if err != nil {
		return nil, err
	}
	refs = slices.SortedFunc(slices.Values(refs), func(a, b audit.VersionRef) int { return int(a.ID - b.ID) })
	versions := make([]*Version, 0, len(refs))
	for chunk := range slices.Chunk(refs, 10*pageSize) {
		var wanted db.VersionsByRefParams
		for _, r := range chunk {
			wanted.TableIds = append(wanted.TableIds, r.TableID)
			wanted.EntityIds = append(wanted.EntityIds, string(r.EntityID))
			wanted.Ids = append(wanted.Ids, r.ID)
		}
		rows, err := db.New().VersionsByRef(ctx, q, wanted)
		if err != nil {
			return nil, fmt.Errorf("read versions: %w", err)
		}
		found := make([]db.EntityVersionsRow, len(rows))
		for i, r := range rows {
			found[i] = db.EntityVersionsRow(r)
		}
		if versions, err = tables.add(ctx, q, versions, found, 0); err != nil {
			return nil, fmt.Errorf("read versions: %w", err)
		}
	}
	return versions, nil
}
