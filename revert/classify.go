package revert

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
)

// Classify returns PostgreSQL's error about a refused row as an *audit.WriteError, and other errors as they are.
func Classify(err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || strings.HasPrefix(pgErr.Message, "setting exaudit.") {
		return err // the second is about the custom data, not the row
	}
	if errors.As(err, new(*audit.WriteError)) {
		return err
	}
	var reason audit.WriteReason
	switch pgErr.Code {
	case "23503":
		reason = audit.ReferencedRowMissing
	case "23505", "23P01":
		reason = audit.UniqueConflict
	case "23502", "23514", "22001", "22003", "22P02", "428C9":
		reason = audit.ConstraintViolated
	case "42703":
		reason = audit.ColumnGone
	default:
		return err
	}
	return &audit.WriteError{Reason: reason, Detail: pgErr.Detail, Err: err}
}
