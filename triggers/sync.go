package triggers

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/sql"
)

// Sync brings the triggers of every tracked table up to date, and follows tables that were
// renamed, all in one transaction. What is up to date stays untouched, and its table
// unlocked. A table that was dropped is let go of, or attached
// to another that is tracked; one that has lost its primary key is
// skipped: their Installations say so. exaudit's own functions and tables are mended, too, and
// the event triggers where there are any; only then are they among the results.
func Sync(ctx context.Context, conn Conn, opts ...InstallOption) ([]Installation, error) {
	options := collect(opts)
	var done []Installation
	err := inTransaction(ctx, conn, options.dryRun, func(tx pgx.Tx) error {
		if err := sql.Check(ctx, tx); err != nil {
			return err
		}
		known, err := All(ctx, tx) // as it was before
		if err != nil {
			return err
		}
		names := make(map[int32]string, len(known))
		for _, t := range known {
			if t.Tracked {
				names[t.ID] = t.QuotedName
			}
		}
		return pinned(ctx, tx, options, func() error {
			own, err := syncOwn(ctx, tx, options)
			if err != nil {
				return err
			}
			all, err := All(ctx, tx)
			if err != nil {
				return err
			}
			following, err := syncFollowing(ctx, tx, options)
			if err != nil {
				return err
			}
			done = append(own, following...)
			for _, t := range all {
				was, tracked := names[t.ID]
				if !tracked {
					continue
				}
				installation, err := sync(ctx, tx, t, options)
				if err != nil {
					return err
				}
				if was != installation.Table {
					installation.Changed = true
					installation.Notes = append(installation.Notes, "it was renamed, from "+was)
				}
				done = append(done, installation)
			}
			return nil
		})
	})
	return done, err
}

func sync(ctx context.Context, tx pgx.Tx, t Tracked, options installOptions) (Installation, error) {
	if t.Relation == 0 {
		return Installation{Table: t.QuotedName, Skipped: "it has been dropped, its history stays"}, nil
	}
	if !t.Tracked {
		return Installation{Table: t.QuotedName, Skipped: "it was attached to a tracked table and is recorded as part of that, its own history stays"}, nil
	}
	installation, err := install(ctx, tx, t.Relation, t.QuotedName, nil, options)
	if errors.Is(err, ErrNoPrimaryKey) {
		return Installation{Table: t.QuotedName, Skipped: "it has lost its primary key"}, nil
	}
	return installation, err
}
