package exaudit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/triggers"
)

// Baselined is how many rows of a table a baseline has recorded.
type Baselined struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// BaselineOption changes what Baseline records.
type BaselineOption func(*baselineOptions)

type baselineOptions struct{ every bool }

// EveryRow has Baseline record every row, and not only those of which nothing is recorded.
func EveryRow() BaselineOption { return func(o *baselineOptions) { o.every = true } }

// Baseline records the rows of tables as they are, those of which nothing is recorded yet: as
// updates that change nothing, with the whole row on both sides, so that the history of a table
// that was tracked late begins with what was there, and does not hang on the present row alone. It
// takes a SHARE lock on each table, for which writers wait, and that takes a privilege to write to
// it. All is one transaction, of isolation level READ COMMITTED, with the custom data of ctx.
func (d *DB) Baseline(ctx context.Context, tables []string, opts ...BaselineOption) ([]Baselined, error) {
	var o baselineOptions
	for _, opt := range opts {
		opt(&o)
	}
	if err := CustomErr(ctx); err != nil {
		return nil, err
	}
	var done []Baselined
	err := pgx.BeginFunc(ctx, d, func(tx pgx.Tx) error {
		for _, name := range tables {
			t, err := triggers.Find(ctx, tx, name)
			if err == nil && t.Relation == 0 {
				err = ErrTableGone
			}
			if err == nil && !t.Tracked {
				err = ErrNotTracked
			}
			if err != nil {
				return fmt.Errorf("baseline of %s: %w", name, err)
			}
			rows, err := db.New().Baseline(ctx, tx, db.BaselineParams{Relation: t.Relation, Every: o.every})
			if err != nil {
				return fmt.Errorf("baseline of %s: %w", t.QuotedName, err)
			}
			done = append(done, Baselined{t.QuotedName, rows})
		}
		return nil
	})
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	return done, nil
}
