package triggers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// rowsOf are the names by which statement triggers see the rows.
var rowsOf = map[string]string{
	"INSERT": "NEW TABLE AS exaudit_new_rows",
	"UPDATE": "OLD TABLE AS exaudit_old_rows NEW TABLE AS exaudit_new_rows",
	"DELETE": "OLD TABLE AS exaudit_old_rows",
}

// Rows are the tables of a statement's rows.
func (c change) Rows() []statementRows {
	before := statementRows{"exaudit_old_rows", "OLD", c.OldOversized}
	after := statementRows{"exaudit_new_rows", "NEW", c.NewOversized}
	return map[string][]statementRows{"deleted": {before}, "created": {after}, "updated": {before, after}}[c.Action]
}

type statementRows struct {
	Table, Alias string
	Oversized    string // is true of a row with a value that might be too large
}

// RowNumber is no column's name, quoted.
func (c change) RowNumber() string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("row %d", n)
		if !slices.ContainsFunc(c.Columns, func(c Column) bool { return c.Name == name }) {
			return pgx.Identifier{name}.Sanitize()
		}
	}
}

// OldChanges are the values before an update, of one column each, {} where it did not change.
// This, and what follows, reads an alias called changed, which tells of each column whether it did.
func (c change) OldChanges() []string {
	return c.changes(func(c Column) string { return c.OldValue })
}

// NewChanges are those after it.
func (c change) NewChanges() []string {
	return c.changes(func(c Column) string { return c.NewValue })
}

func (c change) changes(value func(Column) string) []string {
	var list []string
	for _, column := range c.Recorded() {
		if !column.Masked {
			list = append(list, fmt.Sprintf("CASE WHEN changed.%s THEN pg_catalog.jsonb_build_object(%s, %s) ELSE '{}' END",
				column.QuotedName, literal(column.Name), value(column)))
		}
	}
	return list
}

// RowChanged is true where a recorded column changed.
func (c change) RowChanged() string { return anyOf(c.Recorded()) }

// KeyChanged is true where one of the primary key did.
func (c change) KeyChanged() string {
	return anyOf(slices.DeleteFunc(c.Recorded(), func(c Column) bool { return !c.Key }))
}

func anyOf(columns []Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "changed." + c.QuotedName
	}
	return strings.Join(list, " OR ")
}

// OldNotes are what the image before an update has to note, of one column each, [] where it need not.
func (c change) OldNotes() []string { return c.notes("OLD") }

// NewNotes are those of the image after it.
func (c change) NewNotes() []string { return c.notes("NEW") }

func (c change) notes(row string) []string {
	var list []string
	for _, column := range c.Recorded() {
		var note any
		condition := "changed." + column.QuotedName
		switch {
		case column.Masked:
			note = map[string]string{"masked": column.Name}
		case column.Encoding == "jsonb" && !full(c.Options): // whole images note these themselves
			note = column.Name
			condition += fmt.Sprintf(" AND %s.%s = 'null'", row, column.QuotedName)
		default:
			continue
		}
		encoded, _ := json.Marshal([]any{note}) // cannot fail: strings
		list = append(list, fmt.Sprintf("CASE WHEN %s THEN %s::jsonb ELSE '[]' END", condition,
			literal(string(encoded))))
	}
	return list
}
