package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
)

// What the functions of schema exaudit raise, by SQLSTATE.
var (
	// ErrNoMark means that there is no mark of that name.
	ErrNoMark = errors.New("no such mark")
	// ErrMarkExists means that there is a mark of that name already.
	ErrMarkExists = errors.New("mark exists already")
	// ErrInvalidFilter means that a filter cannot be meant: a condition that PostgreSQL does not
	// understand, a column that no table has, a value that is no JSON, states of many entities.
	ErrInvalidFilter = errors.New("invalid filter")
)

var raised = map[string]error{
	"XA001": ErrNoMark, "XA002": ErrMarkExists, "XA003": ErrInvalidFilter,
	"XA011": ErrBeforeHistory, "XA012": ErrFuture, "XA013": ErrNoVersion, "XA014": ErrOutOfSight,
	"XA015": ErrNotTrackedThen, "XA016": ErrUnreadable, "XA017": ErrKeyChanged,
}

// explained adds to PostgreSQL's error what callers look for.
func explained(err error) error {
	pgErr := (*pgconn.PgError)(nil)
	if !errors.As(err, &pgErr) || raised[pgErr.Code] == nil {
		return err
	}
	is := raised[pgErr.Code]
	if errors.Is(is, ErrInvalidFilter) { // which the text does not say by itself
		return fmt.Errorf("%w: %w", is, err)
	}
	return raisedError{is, err}
}

// raisedError is what one of exaudit's functions has raised, in its words.
type raisedError struct{ is, raised error }

func (e raisedError) Error() string { return e.raised.Error() }

func (e raisedError) Unwrap() []error { return []error{e.is, e.raised} }

// Mark is a named moment in the history. What had been committed when it was made is before
// it, everything else after it: also what its own transaction and others under way had
// changed by then.
type Mark struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // who was logged in
	Note      string    `json:"note,omitempty"`
	// Snapshot, LastID and RestoredID are what exaudit.after_mark compares versions with.
	Snapshot   string `json:"snapshot"`
	LastID     int64  `json:"last_id"`
	RestoredID int64  `json:"restored_id"`
}

func newMark(r db.FindMarkRow) *Mark {
	m := &Mark{
		Name: r.Name, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy,
		Snapshot: r.Snapshot, LastID: r.LastID, RestoredID: r.RestoredID,
	}
	if r.Note != nil {
		m.Note = *r.Note
	}
	return m
}

// MakeMark makes a mark; a note of "" is none. A name that is taken gives ErrMarkExists.
func MakeMark(ctx context.Context, q db.DBTX, name, note string) (*Mark, error) {
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

// FindMark gives a mark by its name, or ErrNoMark.
func FindMark(ctx context.Context, q db.DBTX, name string) (*Mark, error) {
	row, err := db.New().FindMark(ctx, q, name)
	if err != nil {
		return nil, fmt.Errorf("find a mark: %w", explained(err))
	}
	return newMark(row), nil
}

// Marks gives all marks, oldest first.
func Marks(ctx context.Context, q db.DBTX) ([]Mark, error) {
	rows, err := db.New().Marks(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the marks: %w", err)
	}
	marks := make([]Mark, len(rows))
	for i, r := range rows {
		marks[i] = *newMark(db.FindMarkRow(r))
	}
	return marks, nil
}

// RemoveMark removes a mark, or gives ErrNoMark.
func RemoveMark(ctx context.Context, q db.DBTX, name string) error {
	if err := db.New().RemoveMark(ctx, q, name); err != nil {
		return fmt.Errorf("remove a mark: %w", explained(err))
	}
	return nil
}
