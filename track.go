package exaudit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/triggers"
)

// ErrInvalidChange means that a Change given to Track is none: no row before and none
// after, or rows with different keys.
var ErrInvalidChange = errors.New("invalid change")

// Change is a change that no trigger saw. Before and After are rows of the table, anything
// that marshals to a JSON object of its columns, such as a map or a struct with json tags;
// nil is no row. Of an update, both may leave columns out that did not change, but not the
// primary key.
type Change struct {
	Table         string
	Before, After any
}

// Track records a change that no trigger saw, as part of tx and with the custom data of
// ctx, and gives the id of its version. Values are read as the table's types, as a trigger
// would have seen them; an update that changes nothing is not recorded and gives 0.
//
// The role needs EXECUTE on function exaudit.track, which nobody has by default: who may
// write versions without making a change must be granted that on purpose.
func Track(ctx context.Context, tx pgx.Tx, c Change) (int64, error) {
	t, err := triggers.Find(ctx, tx, c.Table)
	if err != nil {
		return 0, err
	}
	if t.Relation == 0 {
		return 0, fmt.Errorf("track %s: %w", t.QuotedName, ErrTableGone)
	}
	if CustomOf(ctx) != nil {
		if err := Stamp(ctx, tx); err != nil {
			return 0, err
		}
	}
	before, oldKey, err := image(ctx, tx, t, c.Before)
	if err != nil {
		return 0, fmt.Errorf("track %s: before: %w", t.QuotedName, err)
	}
	after, newKey, err := image(ctx, tx, t, c.After)
	if err != nil {
		return 0, fmt.Errorf("track %s: after: %w", t.QuotedName, err)
	}
	switch {
	case before == nil && after == nil:
		return 0, fmt.Errorf("track %s: %w: no row before and none after", t.QuotedName, ErrInvalidChange)
	case before != nil && after != nil && oldKey != newKey:
		return 0, fmt.Errorf("track %s: %w: key %s before, %s after", t.QuotedName, ErrInvalidChange, oldKey, newKey)
	case after == nil:
		newKey = oldKey
	}
	id, err := db.New().Track(ctx, tx, db.TrackParams{TableID: t.ID, EntityID: newKey, Before: before, After: after})
	if err != nil {
		return 0, fmt.Errorf("track %s %s: %w", t.QuotedName, newKey, err)
	}
	return id, nil
}

// image encodes a row as the table's triggers would, with its key.
func image(ctx context.Context, tx pgx.Tx, t triggers.Tracked, row any) (json.RawMessage, string, error) {
	encoded, err := json.Marshal(row)
	if err != nil || string(encoded) == "null" {
		return nil, "", err
	}
	if encoded, err = db.New().NormalizeImage(ctx, tx, db.NormalizeImageParams{Relation: t.Relation, Image: encoded}); err != nil {
		return nil, "", err
	}
	key, err := db.New().EntityIDOfImage(ctx, tx, db.EntityIDOfImageParams{Relation: t.Relation, Image: encoded})
	if err != nil {
		return nil, "", err
	}
	if !key.Complete {
		return nil, "", fmt.Errorf("%w: the primary key is missing", ErrInvalidChange)
	}
	return encoded, key.EntityID, nil
}
