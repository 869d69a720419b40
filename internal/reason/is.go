package reason

import (
	"errors"
	"fmt"

	"github.com/exaudit/exaudit/audit"
)

// kind is an error's type, where the type has no reasons.
type kind string

// The types without reasons.
const (
	Conflict kind = "conflict" // *audit.ConflictError
	Diverged kind = "diverged" // *audit.DivergedError
)

// Is reports whether err is what is wanted: one of the errors of package audit without details, as errors.Is has it; an
// error of one of its types with the reason; or Conflict or Diverged. Unlike errors.AsType, it looks at all errors that
// were joined.
func Is(err error, wanted ...any) bool {
	for _, want := range wanted {
		switch want := want.(type) {
		case nil:
			if err == nil {
				return true
			}
		case error:
			if errors.Is(err, want) {
				return true
			}
		case audit.SchemaReason, audit.TableReason, audit.PointReason, audit.WriteReason,
			audit.InvalidReason, kind:
			if has(err, want) {
				return true
			}
		default:
			panic(fmt.Sprintf("%T is neither an error nor a reason", want))
		}
	}
	return false
}

func has(err error, reason any) bool {
	if of(err) == reason {
		return true
	}
	switch err := any(err).(type) {
	case interface{ Unwrap() error }:
		return has(err.Unwrap(), reason)
	case interface{ Unwrap() []error }:
		for _, err := range err.Unwrap() {
			if has(err, reason) {
				return true
			}
		}
	}
	return false
}

// of returns the reason of an error itself, not of those that it wraps.
func of(err error) any {
	switch err := any(err).(type) {
	case *audit.SchemaError:
		return err.Reason
	case *audit.TableError:
		return err.Reason
	case *audit.PointError:
		return err.Reason
	case *audit.WriteError:
		return err.Reason
	case *audit.InvalidError:
		return err.Reason
	case *audit.ConflictError:
		return Conflict
	case *audit.DivergedError:
		return Diverged
	}
	return nil
}
