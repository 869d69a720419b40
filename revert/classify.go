package revert

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
)

// Classify turns what PostgreSQL says of a refused row into errors that a caller can act
// on. PostgreSQL's own error stays in the chain.
func Classify(err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || strings.HasPrefix(pgErr.Message, "setting exaudit.") {
		return err // the second is about the custom data, not the row
	}
	var reason error
	switch pgErr.Code {
	case "23503":
		reason = audit.ErrReferencedRowMissing
	case "23505", "23P01":
		reason = audit.ErrUniqueConflict
	case "23502", "23514", "22001", "22003", "22P02", "428C9":
		reason = audit.ErrConstraint
	case "42703":
		reason = audit.ErrColumnGone
	default:
		return err
	}
	if pgErr.Detail != "" {
		return fmt.Errorf("%w: %s (%w)", reason, pgErr.Detail, err)
	}
	return fmt.Errorf("%w: %w", reason, err)
}
