package exaudit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
)

// The errors of marks.
var (
	ErrNoMark     = errors.New("no such mark")
	ErrMarkExists = errors.New("mark exists")
)

// Mark is a named place in the stream of changes. What had been committed when it was made is
// before it, all else after it: also what transactions did that were still under way, that of the
// mark itself among them.
type Mark struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // who was logged in
	Note      string    `json:"note,omitempty"`
	// Snapshot is PostgreSQL's pg_snapshot of then, and LastID the last version.
	Snapshot string `json:"snapshot"`
	LastID   int64  `json:"last_id"`
}

// Mark makes a mark, as before a deploy: SinceMark and UntilMark choose what came after and
// before it, and AtMark reads tables as they were. The error for a name that is taken is
// ErrMarkExists.
func (d *DB) Mark(ctx context.Context, name, note string) (Mark, error) {
	fail := func(err error) (Mark, error) { return Mark{}, d.explain(ctx, fmt.Errorf("mark %q: %w", name, err)) }
	if err := db.New().MakeMark(ctx, d.conn, db.MakeMarkParams{Name: name, Note: note}); err != nil {
		if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code == "23505" {
			return fail(ErrMarkExists)
		}
		return fail(err)
	}
	return d.mark(ctx, name)
}

// Marks lists the marks, oldest first.
func (d *DB) Marks(ctx context.Context) ([]Mark, error) {
	rows, err := db.New().Marks(ctx, d.conn)
	if err != nil {
		return nil, d.explain(ctx, fmt.Errorf("read the marks: %w", err))
	}
	marks := make([]Mark, len(rows))
	for i, r := range rows {
		marks[i] = Mark(r)
	}
	return marks, nil
}

// RemoveMark removes a mark, or gives ErrNoMark.
func (d *DB) RemoveMark(ctx context.Context, name string) error {
	removed, err := db.New().RemoveMark(ctx, d.conn, name)
	if err == nil && !removed {
		err = ErrNoMark
	}
	if err != nil {
		return d.explain(ctx, fmt.Errorf("remove mark %q: %w", name, err))
	}
	return nil
}

func (d *DB) mark(ctx context.Context, name string) (Mark, error) {
	r, err := db.New().MarkByName(ctx, d.conn, name)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoMark
	}
	if err != nil {
		return Mark{}, fmt.Errorf("mark %q: %w", name, err)
	}
	return Mark(r), nil
}
