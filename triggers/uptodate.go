package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// upToDate finds the tables that installing would leave as they are, by their relations, without a lock, and with what
// there is to say of them. Where a table might not be, or that takes more to find out, it is not among them.
func (s steps) upToDate(ctx context.Context, q db.DBTX, tables []wanted) (map[uint32]audit.Installation, error) {
	done := make(map[uint32]audit.Installation)
	if len(s.tried) > 0 {
		return done, nil // whatever is generated has other columns
	}
	err := underPinnedSettings(ctx, q, func(q db.DBTX) error {
		known, err := registered(ctx, q)
		if err != nil {
			return err
		}
		byRelation := only(slices.DeleteFunc(known, Tracked.isSpecial), func(t Tracked) uint32 { return t.Relation })
		candidates := make([]Tracked, 0, len(tables))
		for _, w := range tables {
			t, ok := byRelation[w.relation]
			if ok && t.QuotedName == w.quoted && (w.given == nil || EqualOptions(*w.given, t.Options)) {
				candidates = append(candidates, t)
			}
		}
		return installedAlready(ctx, q, candidates, done)
	})
	return done, err
}

// isSpecial reports whether it takes more than the catalog to tell whether a table is up to date.
func (t Tracked) isSpecial() bool {
	return !t.Tracked || t.Relation == 0 || t.unreadable != nil || t.Options.Where != "" || byStatement(t.Options)
}

// installedAlready adds those of the tables that are up to date to done.
func installedAlready(ctx context.Context, q db.DBTX, tables []Tracked, done map[uint32]audit.Installation) error {
	c, err := catalogOfTracked(ctx, q, tables)
	if err != nil {
		return err
	}
	var settled db.SettledTablesParams
	for _, t := range tables {
		settled.Ids, settled.Relations = append(settled.Ids, t.ID), append(settled.Relations, t.Relation)
	}
	ids, err := db.New().SettledTables(ctx, q, settled)
	if err != nil {
		return fmt.Errorf("look for tables that have been altered: %w", err)
	}
	for _, t := range tables {
		if !slices.Contains(ids, t.ID) {
			continue
		}
		installation, ok, err := c.upToDate(ctx, q, t)
		if err != nil {
			return err
		}
		if ok {
			done[t.Relation] = installation
		}
	}
	return nil
}

// upToDate reports whether a table is up to date, and what there is to say of it.
func (c *catalog) upToDate(ctx context.Context, q db.DBTX, t Tracked) (audit.Installation, bool, error) {
	table, err := c.describe(ctx, q, t.ID, t.Relation)
	if tableErr := (*audit.TableError)(nil); errors.As(err, &tableErr) {
		return audit.Installation{}, false, nil
	}
	if err != nil {
		return audit.Installation{}, false, err
	}
	script, err := Generate(table)
	if err != nil {
		return audit.Installation{}, false, err
	}
	drift := script.drift(c.installed)
	ok := len(mendable(drift)) == 0 && len(table.stale) == 0 && slices.Equal(table.KeyColumns, t.KeyColumns) &&
		!t.outgrown(c.columns[t.Relation])
	return installationOf(script, drift), ok, nil
}

// outgrown reports whether a column that an option leaves out or masks is part of the primary key by now.
func (t Tracked) outgrown(columns []db.TableColumnsRow) bool {
	return checkColumns(t.Options, columns, false) != nil
}

// installationOf is what there is to say of a table that is up to date.
func installationOf(script *Script, drift []audit.Drift) audit.Installation {
	t := script.Table
	done := audit.Installation{Table: t.QuotedName, SQL: script.SQL(), Notes: t.notes()}
	for _, left := range slices.Concat(drift, t.conditionDrift()) {
		done.Left = append(done.Left, left.Text())
	}
	for _, left := range t.uncovered() {
		done.Notes = append(done.Notes, left.Text())
	}
	return done
}
