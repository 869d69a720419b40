package history

import (
	"context"
	"fmt"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// fillCreated puts the images into versions of rows that were created without one (the option skip_insert_image): what
// is not known is missing in them. Values of more bytes than cut says are cut, if it says so.
func fillCreated(ctx context.Context, q db.DBTX, rows []db.EntityVersionsRow, cut int) error {
	wanted := make(map[int32]db.CreatedImagesParams)
	places := make(map[int64]int)
	for i, r := range rows {
		if audit.Action(r.Action) != audit.Created || r.After != nil {
			continue
		}
		w := wanted[r.TableID]
		w.EntityIds, w.Ids = append(w.EntityIds, r.EntityID), append(w.Ids, r.ID)
		wanted[r.TableID], places[r.ID] = w, i
	}
	for table, w := range wanted {
		w.TableID, w.Cut = table, optional(cut)
		images, err := db.New().CreatedImages(ctx, q, w)
		if err != nil {
			return fmt.Errorf("read what rows were created as: %w", err)
		}
		for _, image := range images {
			rows[places[image.VersionID]].After = image.Image
		}
	}
	return nil
}
