package exaudit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
)

// Custom is what the application says about its changes: actor, request, reason, or
// anything else that is JSON. A key that a column of exaudit.versions is called also fills
// that column.
type Custom map[string]any

type customKey struct{}

// With gives a context whose changes carry custom data: what outer contexts set, and over
// it the given keys.
func With(ctx context.Context, custom Custom) context.Context {
	merged := maps.Clone(CustomOf(ctx))
	if merged == nil {
		merged = make(Custom, len(custom))
	}
	maps.Copy(merged, custom)
	return context.WithValue(ctx, customKey{}, merged)
}

// CustomOf is the custom data of a context, nil where it has none. It must not be changed.
func CustomOf(ctx context.Context) Custom {
	custom, _ := ctx.Value(customKey{}).(Custom)
	return custom
}

// Stamp gives the changes that a transaction makes from here on the custom data of ctx. It
// ends with the transaction.
func Stamp(ctx context.Context, tx pgx.Tx) error {
	custom, err := encodeCustom(ctx)
	if err != nil {
		return err
	}
	if err := db.New().SetCustom(ctx, tx, custom); err != nil {
		return fmt.Errorf("set custom data: %w", err)
	}
	return nil
}

// Begin starts a transaction whose changes carry the custom data of ctx.
func (d *DB) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := d.conn.Begin(ctx)
	if err != nil || CustomOf(ctx) == nil {
		return tx, err
	}
	if err := Stamp(ctx, tx); err != nil {
		// the first error is the one to report
		_ = tx.Rollback(context.WithoutCancel(ctx))
		return nil, err
	}
	return tx, nil
}

// encodeCustom is the value of exaudit.custom: "" for none.
func encodeCustom(ctx context.Context) (string, error) {
	custom := CustomOf(ctx)
	if custom == nil {
		return "", nil
	}
	encoded, err := json.Marshal(custom)
	if err != nil {
		return "", fmt.Errorf("custom data: %w", err)
	}
	return string(encoded), nil
}
