package exaudit

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/triggers"
)

// Baseline records the rows of tables as they are, as versions with action Baseline. It records the rows that have no
// version yet and, on tables with the option SkipInsertImage, the rows of which no whole image is stored. So the state
// of rows that existed when a table was first tracked does not depend on the present rows alone. A baseline version is
// not a change. Without tables, Baseline does this for all tracked tables. A second call finds nothing to do.
//
// Each table is recorded in a separate transaction, during which writers of the table wait, but readers do not. A DB
// of a transaction uses that transaction, which must have isolation level READ COMMITTED. If there is an error, the
// tables that were done before stay recorded. The options of the tables apply: excluded columns, masked columns and
// the condition where. The versions have the custom data of ctx.
//
// The role must be allowed to lock the tables, as their owners and roles that may update them are. It must also be a
// member of exaudit_writer, or have EXECUTE on function exaudit.record_baseline, which by default nobody has. If a
// table is in use for longer than the lock timeout, the error is audit.ErrLocked.
func (d *DB) Baseline(ctx context.Context, tables []string, opts *BaselineOptions) ([]audit.BaselineResult, error) {
	o := given(opts)
	tracked, err := d.baselineTables(ctx, tables)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	if err := d.custom.ApplyBase(ctx); err != nil {
		return nil, err
	}
	var done []audit.BaselineResult
	for _, t := range tracked {
		rows, err := d.baseline(ctx, t, o)
		if err != nil {
			return done, d.explain(ctx, err)
		}
		done = append(done, audit.BaselineResult{Table: t.QuotedName, Rows: rows})
		if o.Progress != nil {
			o.Progress(done[len(done)-1])
		}
	}
	return done, nil
}

func (d *DB) baselineTables(ctx context.Context, names []string) ([]triggers.Tracked, error) {
	var tables []triggers.Tracked
	if len(names) == 0 {
		all, err := triggers.All(ctx, d.conn)
		for _, t := range all {
			if t.Tracked && t.Relation != 0 {
				tables = append(tables, t)
			}
		}
		return tables, err
	}
	for _, name := range names {
		t, err := d.trackedTable(ctx, name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func (d *DB) baseline(ctx context.Context, t triggers.Tracked, o BaselineOptions) (rows int64, err error) {
	err = lock.Retry(ctx, d.conn, wait(o.LockTimeout), "table "+t.QuotedName,
		func(tx pgx.Tx, briefly func() error) error {
			queries := db.New()
			statement, err := queries.BaselineLock(ctx, tx, t.Relation)
			if err != nil {
				return err
			}
			// Of partitions, it has some while it waits for others.
			if err := briefly(); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
			rows, err = recordWith(ctx, tx, func() (int64, error) {
				return queries.RecordBaseline(ctx, tx, db.RecordBaselineParams{TableID: t.ID, EveryRow: o.EveryRow})
			})
			return err
		})
	if errors.Is(err, audit.ErrLocked) {
		return 0, err
	}
	if err != nil {
		return 0, fmt.Errorf("record a baseline of %s: %w", t.QuotedName, err)
	}
	return rows, nil
}
