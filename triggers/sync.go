package triggers

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/sql"
)

// Sync updates the triggers of every tracked table, and finds tables that were renamed, each in a separate transaction,
// as Install does. If everything is up to date, the table is not locked. A table that was dropped, or attached to
// another tracked table, is no longer tracked. A table that has lost its primary key is skipped, and a table that no
// longer fits an option is not changed: their Installations say so. If a table fails, the others are still updated, as
// with Install.
//
// Sync also repairs exaudit's own functions and tables, and the event triggers if there are any; the result contains
// them only if they were repaired. If the event triggers should have covered a new table and have not, for example
// because they were disabled, Sync installs on it.
func Sync(ctx context.Context, conn Conn, opts ...InstallOption) ([]audit.Installation, error) {
	var done []audit.Installation
	err := inSteps(ctx, conn, collect(opts), func(s steps, q db.DBTX) (err error) {
		if err := sql.Check(ctx, q); err != nil {
			return err
		}
		known, err := registered(ctx, q) // as it was before
		if err != nil {
			return err
		}
		names := trackedNames(known)
		defer func() { err = s.partial(err, changed(done)) }()
		if done, err = s.syncSchema(ctx); err != nil {
			return err
		}
		attached, err := s.untrackAttached(ctx, q)
		if err != nil {
			return err
		}
		all, err := registered(ctx, q)
		if err != nil {
			return err
		}
		for i := range all {
			all[i].Tracked = all[i].Tracked && !attached[all[i].ID]
		}
		ready, err := s.upToDate(ctx, q, all)
		if err != nil {
			return err
		}
		failed := &failures{}
		for _, t := range all {
			was, tracked := names[t.ID]
			if !tracked {
				continue
			}
			installation, err := s.sync(ctx, q, t, ready)
			if err = s.note(ctx, failed, t.QuotedName, err); err != nil {
				return err
			}
			for _, i := range installation {
				if was != i.Table {
					i.Changed = true
					i.Notes = append(i.Notes, "it was renamed, from "+was)
				}
				done = append(done, i)
			}
		}
		following, err := ReadFollowing(ctx, q)
		if err != nil {
			return err
		}
		missed, err := s.installMissed(ctx, q, following, failed)
		done = append(done, missed...)
		return err
	})
	return done, err
}

// trackedNames returns the names of the tracked tables, by their ids.
func trackedNames(known []Tracked) map[int32]string {
	names := make(map[int32]string, len(known))
	for _, t := range known {
		if t.Tracked {
			names[t.ID] = t.QuotedName
		}
	}
	return names
}

// syncSchema repairs what does not belong to a table.
func (s steps) syncSchema(ctx context.Context) (done []audit.Installation, err error) {
	// first: the rest calls its functions
	if done, err = s.syncOwn(ctx); err != nil {
		return nil, err
	}
	if err := s.registry(ctx); err != nil {
		return done, err
	}
	var following []audit.Installation
	err = s.step(ctx, followingTable, func(tx pgx.Tx) error {
		following, err = syncFollowing(ctx, tx)
		return err
	})
	return append(done, following...), err
}

// sync updates one table, unless it is up to date.
func (s steps) sync(ctx context.Context, q db.DBTX, t Tracked,
	ready map[uint32]audit.Installation) ([]audit.Installation, error) {
	skipped := func(why string) ([]audit.Installation, error) {
		return []audit.Installation{{Table: t.QuotedName, Skipped: why}}, nil
	}
	switch {
	case t.Relation == 0:
		return skipped("it has been dropped, its history stays")
	case !t.Tracked:
		return skipped("it was attached to a tracked table and is recorded as part of that, its own history stays")
	case t.unreadable != nil:
		return skipped("its options in exaudit.tables cannot be read")
	}
	if done, ok := ready[t.Relation]; ok {
		return []audit.Installation{done}, nil
	}
	done, err := s.tableOrOutgrown(ctx, q, wanted{name: t.QuotedName, quoted: t.QuotedName, relation: t.Relation})
	if reason.Is(err, audit.NoPrimaryKey) {
		return skipped("it has lost its primary key")
	}
	return done, err
}

// outgrown says which option a table no longer fits, and what helps.
func outgrown(wrong *audit.InvalidError, table string) string {
	text := "option " + wrong.Name + ": " + wrong.Detail
	if wrong.Name == "trigger" {
		text += `: "exaudit install --trigger row ` + table + `"`
	}
	return text
}
