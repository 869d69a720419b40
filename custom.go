package exaudit

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/custom"
)

// Custom is what the application says about its changes: actor, request, reason, or
// anything else that is JSON. A key that a column of exaudit.versions is called also fills
// that column. An error is stored as its text.
type Custom map[string]any

// MaxCustomSize is how many bytes the custom data of a context may have as JSON. Every
// version that is recorded with it stores all of it.
const MaxCustomSize = custom.MaxSize

// The errors of custom data. Whatever would send it to the database returns them instead.
var (
	// ErrInvalidCustom means that a value cannot be stored as JSON. What it is wrapped in names
	// the key, and the call of With.
	ErrInvalidCustom = custom.ErrInvalid
	// ErrCustomTooLarge means that custom data is larger than MaxCustomSize.
	ErrCustomTooLarge = custom.ErrTooLarge
)

// With returns a context whose changes carry custom data: what outer contexts set, and over
// it the given keys. It replaces what the role, the database or SQL has set as exaudit.custom.
//
// The values are encoded here, once. One that is no JSON makes everything that is done with
// the context fail before it reaches the database, with an ErrInvalidCustom that says where
// With was called; CustomErr returns it, too. So does ErrCustomTooLarge.
func With(ctx context.Context, data Custom) context.Context { return custom.With(ctx, data, 1) }

// Without returns a context whose changes carry no custom data, whatever outer contexts say:
// for the statements that refuse to be part of a transaction, such as VACUUM.
func Without(ctx context.Context) context.Context { return custom.Without(ctx) }

// Ignore returns a context whose changes are not recorded, on tables that allow that
// (Options.AllowIgnore); on the others it does nothing.
func Ignore(ctx context.Context) context.Context { return custom.Ignore(ctx) }

// Ignored reports whether a context is one of Ignore.
func Ignored(ctx context.Context) bool { return custom.Ignored(ctx) }

// CustomOf returns the custom data of a context, nil where it has none. It must not be changed.
func CustomOf(ctx context.Context) Custom { return custom.Of(ctx) }

// CustomErr returns nil if the custom data of a context can be stored, or an error that
// is ErrInvalidCustom or ErrCustomTooLarge.
func CustomErr(ctx context.Context) error { return custom.Err(ctx) }

// CustomFrom makes custom data of a struct, by its json tags, or of anything else that
// marshals to a JSON object. The error is ErrInvalidCustom.
func CustomFrom[T any](value T) (Custom, error) { return custom.From(value) }

// Stamp sets the custom data of ctx for the changes that a transaction makes from here on. It
// ends with the transaction.
func Stamp(ctx context.Context, to pgx.Tx) error { return custom.Stamp(ctx, to) }
