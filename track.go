package exaudit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/custom"
	"github.com/exaudit/exaudit/triggers"
)

// Track records a change that no trigger saw, as part of tx and with the custom data of ctx, and returns the id of its
// version. Values are read as the types of the table's columns, as a trigger would have seen them. An update that
// changes nothing is not recorded, and Track returns 0.
//
// The role needs EXECUTE on function exaudit.track, which by default nobody has; without it, the error is
// audit.ErrNotPermitted. With it, a role can write versions without making a change. If the change is not valid, the
// error is an *audit.InvalidError with the reason InvalidChange. If the table was never tracked or was dropped, the
// error is an *audit.TableError.
func Track(ctx context.Context, tx pgx.Tx, c audit.Change) (int64, error) {
	tx, err := custom.UnwrapTx(ctx, tx)
	if err != nil {
		return 0, err
	}
	id, err := track(ctx, tx, c)
	return id, explain(ctx, tx, err)
}

func track(ctx context.Context, tx pgx.Tx, c audit.Change) (int64, error) {
	t, err := triggers.Find(ctx, tx, c.Table)
	if err != nil {
		return 0, err
	}
	if t.Relation == 0 {
		return 0, fmt.Errorf("track: %w", &audit.TableError{Table: t.QuotedName, Reason: audit.TableGone})
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
		return 0, invalidChange(t, "no row before and none after")
	case before != nil && after != nil && oldKey != newKey:
		return 0, invalidChange(t, "key %s before, %s after", oldKey, newKey)
	case before != nil && after != nil && !sameColumns(before, after):
		return 0, invalidChange(t, "not the same columns before and after, of %s", newKey)
	case after == nil:
		newKey = oldKey
	}
	id, err := recordWith(ctx, tx, func() (int64, error) {
		return db.New().Track(ctx, tx, db.TrackParams{TableID: t.ID, EntityID: newKey, Before: before, After: after})
	})
	if err != nil {
		return 0, fmt.Errorf("track %s %s: %w", t.QuotedName, newKey, err)
	}
	return id, nil
}

// recordWith runs record with the custom data of ctx, and leaves the session's own as it was.
func recordWith(ctx context.Context, tx pgx.Tx, record func() (int64, error)) (int64, error) {
	if custom.Of(ctx) == nil {
		return record()
	}
	queries := db.New()
	session, err := queries.SessionData(ctx, tx)
	if err != nil {
		return 0, err
	}
	if err := Stamp(ctx, tx); err != nil {
		return 0, err
	}
	recorded, err := record()
	if err != nil {
		return 0, err
	}
	return recorded, queries.SetCustom(ctx, tx, session.Custom)
}

func sameColumns(a, b json.RawMessage) bool {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(a, &before) != nil || json.Unmarshal(b, &after) != nil {
		return false
	}
	delete(before, "")
	delete(after, "")
	return maps.EqualFunc(before, after, func(json.RawMessage, json.RawMessage) bool { return true })
}

func invalidChange(t triggers.Tracked, detail string, args ...any) error {
	return fmt.Errorf("track %s: %w", t.QuotedName,
		&audit.InvalidError{Reason: audit.InvalidChange, Table: t.QuotedName, Detail: fmt.Sprintf(detail, args...)})
}

// image encodes a row as the table's triggers would, with its key.
func image(ctx context.Context, tx pgx.Tx, t triggers.Tracked, row any) (json.RawMessage, string, error) {
	encoded, err := json.Marshal(row)
	if err != nil || string(encoded) == "null" {
		return nil, "", err
	}
	if encoded, err = db.New().NormalizeImage(ctx, tx,
		db.NormalizeImageParams{Relation: t.Relation, Image: encoded}); err != nil {
		return nil, "", err
	}
	key, err := db.New().EntityIDOfImage(ctx, tx, db.EntityIDOfImageParams{Relation: t.Relation, Image: encoded})
	if err != nil {
		return nil, "", err
	}
	if !key.Complete {
		return nil, "", &audit.InvalidError{Reason: audit.InvalidChange, Table: t.QuotedName, Detail: "the primary key is missing"}
	}
	return encoded, key.EntityID, nil
}
