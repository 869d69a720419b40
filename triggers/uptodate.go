package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// upToDate finds those of registered tables that installing would leave as they are, by their relations, without a
// lock, and with what there is to say of them. If it takes more to find out, a table is not among them.
func (s steps) upToDate(ctx context.Context, q db.DBTX, tables []Tracked) (map[uint32]audit.Installation, error) {
	done := make(map[uint32]audit.Installation)
	tables = slices.DeleteFunc(slices.Clone(tables), Tracked.isSpecial)
	if len(tables) == 0 || len(s.tried) > 0 { // of columns that are only tried, the catalog knows nothing
		return done, nil
	}
	err := underPinnedSettings(ctx, q, func(q db.DBTX) error { return installedAlready(ctx, q, tables, done) })
	return done, err
}

// asWanted finds those of the tables that are wanted as they are: under their names, with the options that they have,
// and up to date.
func (s steps) asWanted(ctx context.Context, q db.DBTX, tables []wanted) (map[uint32]audit.Installation, error) {
	known, err := registered(ctx, q)
	if err != nil {
		return nil, err
	}
	byRelation := only(slices.DeleteFunc(known, Tracked.isSpecial), func(t Tracked) uint32 { return t.Relation })
	var list []Tracked
	for _, w := range tables {
		t, ok := byRelation[w.relation]
		if ok && t.QuotedName == w.quoted && (w.given == nil || EqualOptions(*w.given, t.Options)) {
			list = append(list, t)
		}
	}
	return s.upToDate(ctx, q, list)
}

// isSpecial reports whether it takes more than the catalog to tell whether a table is up to date.
func (t Tracked) isSpecial() bool {
	return !t.Tracked || t.Relation == 0 || t.unreadable != nil || t.Options.Where != "" || byStatement(t.Options)
}

// installedAlready adds those of the tables that are up to date to done.
func installedAlready(ctx context.Context, q db.DBTX, tables []Tracked, done map[uint32]audit.Installation) error {
	ids, relations := idsOf(tables)
	c, err := readCatalog(ctx, q, ids, relations)
	if err != nil {
		return err
	}
	settled, err := db.New().SettledTables(ctx, q, db.SettledTablesParams{Ids: ids, Relations: relations})
	if err != nil {
		return fmt.Errorf("look for tables that have been altered: %w", err)
	}
	for _, t := range tables {
		if !slices.Contains(settled, t.ID) {
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
