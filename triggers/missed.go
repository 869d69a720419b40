package triggers

import (
	"context"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// missedTables are tables that are not tracked and should be: those that event triggers were to cover, and those that
// were created again under a name that has a history.
func missedTables(ctx context.Context, q db.DBTX, all []Tracked, following *audit.FollowDDL) ([]status, error) {
	tables, err := unregistered(ctx, q, all)
	if err != nil {
		return nil, err
	}
	var list []status
	for _, t := range tables {
		drift := audit.Drift{Table: t.QuotedName, Object: "table"}
		again := slices.ContainsFunc(all, func(gone Tracked) bool {
			return gone.Relation == 0 &&
				gone.QuotedName == t.QuotedName
		})
		switch covered := following != nil && Covers(*following, t.QuotedName); {
		case covered && !t.HasPrimaryKey:
			drift.Problem, drift.Cure = "has no primary key and is not tracked, though new_tables covers it",
				needsKey(t.QuotedName)
		case covered:
			drift.Problem = "is not tracked, though new_tables covers it"
		case again && t.HasPrimaryKey:
			drift.Problem, drift.Cure = "was dropped and created again, and is not tracked",
				`"exaudit install `+t.QuotedName+`"`
		case again:
			drift.Problem, drift.Cure = "was dropped and created again, has no primary key, and is not tracked",
				needsKey(t.QuotedName)+`, and then "exaudit install `+t.QuotedName+`"`
		default:
			continue
		}
		list = append(list, status{Tracked: Tracked{QuotedName: t.QuotedName}, Present: t.QuotedName,
			Drift: []audit.Drift{drift}})
	}
	return list, nil
}

func needsKey(table string) string { return "ALTER TABLE " + table + " ADD PRIMARY KEY (…)" }

// unregistered are the tables that could be tracked, and never were, but for those of extensions.
func unregistered(ctx context.Context, q db.DBTX, all []Tracked) ([]db.TablesOfSchemasRow, error) {
	schemas, err := db.New().UserSchemas(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list the schemas: %w", err)
	}
	tables, err := db.New().TablesOfSchemas(ctx, q,
		db.TablesOfSchemasParams{Schemas: schemas, Bookkeeping: bookkeeping})
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	return slices.DeleteFunc(tables, func(t db.TablesOfSchemasRow) bool {
		return t.OfExtension || slices.ContainsFunc(all,
			func(known Tracked) bool { return known.Relation == t.Relation })
	}), nil
}

// nameOf is what a relation is called, quoted.
func nameOf(ctx context.Context, q db.DBTX, relation uint32) (string, error) {
	found, err := describeRelation(ctx, q, relation)
	return found.QuotedName, err
}

// installMissed installs on the tables that event triggers would have covered when they were created. What has failed
// before is part of its error.
func (s steps) installMissed(ctx context.Context, q db.DBTX, following *audit.FollowDDL,
	failed *failures) ([]audit.Installation, error) {
	if following == nil {
		return nil, failed.error()
	}
	all, err := registered(ctx, q)
	if err != nil {
		return nil, err
	}
	tables, err := unregistered(ctx, q, all)
	if err != nil {
		return nil, err
	}
	var done []audit.Installation
	for _, t := range tables {
		if !t.HasPrimaryKey || !Covers(*following, t.QuotedName) || slices.Contains(failed.tables, t.QuotedName) {
			continue
		}
		installation, err := s.table(ctx, q, wanted{name: t.QuotedName, quoted: t.QuotedName, relation: t.Relation})
		switch {
		case err == nil:
			done = append(done, installation)
		case s.note(ctx, failed, t.QuotedName, err) != nil:
			return done, err
		}
	}
	return done, failed.error()
}
