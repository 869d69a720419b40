package exaudit

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/custom"
)

// Custom is custom data: what the application says about its changes, such as actor, request or reason, or anything
// else that can be stored as JSON. If a column of exaudit.versions has the name of a key, it is filled with the
// value. A value that is a Go error is stored as its text.
type Custom map[string]any

// MaxCustomSize is the largest size of the custom data of a context, in bytes of JSON. Every version that is recorded
// with it stores all of it.
const MaxCustomSize = custom.MaxSize

// With returns a context whose changes are recorded with custom data: that of the given context, and the given keys.
// A given key replaces the same key of the context. Custom data replaces the setting exaudit.custom that the role,
// the database or SQL has made.
//
// With encodes the values once. If a value cannot be stored as JSON, everything that is done with the context fails
// before it reaches the database. The error is an *audit.InvalidError with the reason InvalidCustom or
// CustomTooLarge, and says where With was called; CustomFromContext returns it, too.
func With(ctx context.Context, data Custom) context.Context { return custom.With(ctx, data, 1) }

// Without returns a context whose changes are recorded without custom data, even if the given context has some. It is
// for statements that must not run in a transaction, such as VACUUM.
func Without(ctx context.Context) context.Context { return custom.Without(ctx) }

// Ignore returns a context whose changes are not recorded, on tables that allow this (TableOptions.AllowIgnore). On
// other tables it has no effect.
func Ignore(ctx context.Context) context.Context { return custom.Ignore(ctx) }

// CustomFromContext returns the custom data of a context, nil if it has none; the map must not be changed. If it
// cannot be stored, the error is an *audit.InvalidError.
func CustomFromContext(ctx context.Context) (Custom, error) { return custom.Of(ctx), custom.Err(ctx) }

// CustomFrom returns the custom data that a struct contains, using its json tags. The value may also be anything else
// that marshals to a JSON object. Otherwise the error is an *audit.InvalidError with the reason InvalidCustom.
func CustomFrom(value any) (Custom, error) { return custom.From(value) }

// Stamp sets the custom data of ctx for all changes that a transaction makes from now on. It ends with the transaction.
// If the custom data cannot be stored, the error is an *audit.InvalidError, as With says.
func Stamp(ctx context.Context, to pgx.Tx) error { return custom.Stamp(ctx, to) }
