package triggers

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
)

// Sync brings the triggers of every tracked table up to date, and follows tables that were
// renamed, all in one transaction. What is up to date stays untouched, and its table
// unlocked. A table that was dropped is let go of, one that has lost its primary key is
// skipped: their Installations say so. What keeps exaudit.versions append-only is mended,
// too, and the event triggers where there are any; only then are they among the results.
func Sync(ctx context.Context, conn Conn, opts ...InstallOption) ([]Installation, error) {
	options := collect(opts)
	var done []Installation
	err := inTransaction(ctx, conn, options.dryRun, func(tx pgx.Tx) error {
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
			guards, err := syncVersions(ctx, tx, options)
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
			done = append(guards, following...)
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
	installation, err := install(ctx, tx, t.Relation, t.QuotedName, nil, options)
	if errors.Is(err, ErrNoPrimaryKey) {
		return Installation{Table: t.QuotedName, Skipped: "it has lost its primary key"}, nil
	}
	return installation, err
}

// syncVersions enables what guards exaudit.versions as Init does.
func syncVersions(ctx context.Context, tx pgx.Tx, options installOptions) ([]Installation, error) {
	guards, err := db.New().AppendOnlyTriggers(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read the triggers of %s: %w", versionsTable, err)
	}
	mended := Installation{Table: versionsTable}
	for _, g := range guards {
		switch g.Enabled {
		case "A":
			continue
		case "":
			mended.Skipped = `trigger "` + g.Name + `" is missing`
			continue
		}
		enable := "ALTER TABLE " + versionsTable + " ENABLE ALWAYS TRIGGER " + pgx.Identifier{g.Name}.Sanitize()
		if _, err := tx.Exec(ctx, enable); err != nil {
			return nil, options.locked(err, versionsTable, "enable the triggers of")
		}
		mended.SQL += enable + ";\n"
		mended.Changed = true
	}
	if !mended.Changed && mended.Skipped == "" {
		return nil, nil
	}
	return []Installation{mended}, nil
}
