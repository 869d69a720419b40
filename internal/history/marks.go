package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
)

// explained adds to PostgreSQL's error what callers look for.
func explained(err error) error {
	pgErr := (*pgconn.PgError)(nil)
	if !errors.As(err, &pgErr) {
		return err
	}
	switch pgErr.Code {
	case "XA001":
		return reason.Mark(err, audit.ErrNotFound)
	case "XA002":
		return reason.Mark(err, audit.ErrExists)
	case "XA003":
		return &audit.InvalidError{Reason: audit.InvalidFilter, Err: err}
	}
	return err
}

func newMark(r db.FindMarkRow) *audit.Mark {
	m := &audit.Mark{
		Name: r.Name, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
		Snapshot: r.Snapshot, LastID: r.LastID, RestoredID: r.RestoredID,
	}
	if r.Note != nil {
		m.Note = *r.Note
	}
	return m
}

// MakeMark makes a mark; a note of "" is none. A name that is taken gives ErrExists.
func MakeMark(ctx context.Context, q db.DBTX, name, note string) (*audit.Mark, error) {
	params := db.MakeMarkParams{Name: name}
	if note != "" {
		params.Note = &note
	}
	row, err := db.New().MakeMark(ctx, q, params)
	if err != nil {
		return nil, fmt.Errorf("make a mark: %w", explained(err))
	}
	return newMark(db.FindMarkRow(row)), nil
}

func findMark(ctx context.Context, q db.DBTX, name string) (*audit.Mark, error) {
	row, err := db.New().FindMark(ctx, q, name)
	if err != nil {
		return nil, err
	}
	return newMark(row), nil
}

// Marks gives all marks, oldest first.
func Marks(ctx context.Context, q db.DBTX) ([]audit.Mark, error) {
	rows, err := db.New().Marks(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the marks: %w", err)
	}
	marks := make([]audit.Mark, len(rows))
	for i, r := range rows {
		marks[i] = *newMark(db.FindMarkRow(r))
	}
	return marks, nil
}

// RemoveMark removes a mark, or gives ErrNotFound.
func RemoveMark(ctx context.Context, q db.DBTX, name string) error {
	if err := db.New().RemoveMark(ctx, q, name); err != nil {
		return fmt.Errorf("remove a mark: %w", explained(err))
	}
	return nil
}
