package config

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
)

// addColumns adds custom columns to exaudit.versions, or to an empty copy of it. Then what they refer to is copied,
// too: nothing is locked that the application needs.
func (f *File) addColumns(ctx context.Context, tx pgx.Tx, versions string, names []string) error {
	t := trial{versions: versions, named: []string{versions, "exaudit.versions",
		strings.TrimPrefix(versions, "exaudit."), "versions"}}
	had, err := t.flaws(ctx, tx)
	if err != nil {
		return err
	}
	for _, name := range names {
		column, err := t.referring(ctx, tx, f.CustomColumns[name])
		if err != nil {
			return f.fail(err, []string{"custom_columns", name}, "column %s: %s", name, t.text(message(err)))
		}
		for _, statement := range column.add(name, versions, "") {
			if err := execute(ctx, tx, statement); err != nil {
				return f.fail(err, []string{"custom_columns", name}, "column %s: %s", name, t.text(message(err)))
			}
		}
		flaws, err := t.flaws(ctx, tx)
		if err != nil {
			return err
		}
		for _, flaw := range flaws {
			if !slices.Contains(had, flaw) {
				return f.fail(nil, []string{"custom_columns", name}, "column %s: %s %s", name, t.text(flaw.Object),
					t.text(flaw.Problem))
			}
		}
	}
	return nil
}

// trial is the table that gets the columns. Its name stands, in what is said, for those of the tables that were copied.
type trial struct {
	versions string
	named    []string // each followed by what it is a copy of
}

func (t *trial) text(said string) string { return strings.NewReplacer(t.named...).Replace(said) }

func (t *trial) flaws(ctx context.Context, tx pgx.Tx) ([]db.CustomColumnFlawsRow, error) {
	flaws, err := db.New().CustomColumnFlaws(ctx, tx, t.versions)
	if err != nil {
		return nil, fmt.Errorf("read the custom columns of exaudit.versions: %w", err)
	}
	return flaws, nil
}

// referenced is the name that what follows REFERENCES begins with, and what comes next.
var referenced = regexp.MustCompile(`^\s*((?:` + identifier + `)(?:\s*\.\s*(?:` + identifier +
	`))*)\s*((?s:[(a-zA-Z].*)?)$`)

const identifier = `"(?:[^"]|"")+"|[a-zA-Z_\x{80}-\x{10ffff}][a-zA-Z0-9_$\x{80}-\x{10ffff}]*`

// referring is the column as it refers to a copy, where it is only tried. A name that is not found is left for
// PostgreSQL to say so.
func (t *trial) referring(ctx context.Context, tx pgx.Tx, c CustomColumn) (CustomColumn, error) {
	name := referenced.FindStringSubmatch(c.References)
	if t.versions == "exaudit.versions" || name == nil {
		return c, nil
	}
	copied, err := db.New().CopyReferenced(ctx, tx, name[1])
	if errors.Is(err, pgx.ErrNoRows) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	t.named = append(t.named, copied.Copy, copied.Name, strings.TrimPrefix(copied.Copy, "exaudit."), copied.Name)
	c.References = copied.Copy + " " + name[2]
	return c, nil
}

// add are the statements that add the column to a table. The default comes last: older
// versions do not have it, and are not written again.
func (c CustomColumn) add(name, table, columnMissing string) []string {
	alter, column := "ALTER TABLE "+table+" ", pgx.Identifier{name}.Sanitize()
	added := alter + "ADD COLUMN " + columnMissing + column + " " + c.Type
	if c.References != "" {
		added += " REFERENCES " + c.References
	}
	if c.Default == "" {
		return []string{added + ";"}
	}
	return []string{added + ";", alter + "ALTER COLUMN " + column + " SET DEFAULT (" + c.Default + "\n);"}
}

// execute runs one statement and, unlike Exec, never more than one.
func execute(ctx context.Context, tx pgx.Tx, statement string) error {
	rows, err := tx.Query(ctx, statement, pgx.QueryExecModeExec)
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
