package exaudit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// rowReader makes rows of a table of their images: PostgreSQL converts them, and pgx scans
// them column by column into a struct's fields, as the code does that sqlc generates.
type rowReader[T any] struct {
	table    string
	query    string
	columns  []string
	computed []string // from other columns, not recorded
	fields   []reflect.StructField
}

func newRowReader[T any](ctx context.Context, q db.DBTX, e history.Entity) (*rowReader[T], error) {
	if e.Relation == 0 {
		return nil, &audit.TableError{Table: e.Table, Reason: audit.TableGone}
	}
	found, err := db.New().RowsQuery(ctx, q, e.Relation)
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", e.Table, err)
	}
	r := &rowReader[T]{table: e.Table, query: found.Query, columns: found.Columns, computed: found.Computed}
	row := reflect.TypeFor[T]()
	if row.Kind() != reflect.Struct {
		return nil, &audit.InvalidError{Reason: audit.StructMismatch, Table: e.Table,
			Detail: fmt.Sprintf("rows of %s as %s, which is not a struct", e.Table, row)}
	}
	r.fields = fieldsOf(row, nil)
	return r, r.fit()
}

// fieldsOf are the fields that pgx would scan a row into by position.
func fieldsOf(t reflect.Type, index []int) []reflect.StructField {
	var fields []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		f.Index = append(slices.Clone(index), i)
		switch tag, tagged := f.Tag.Lookup("db"); {
		case f.Anonymous && f.Type.Kind() == reflect.Struct && !tagged:
			fields = append(fields, fieldsOf(f.Type, f.Index)...)
		case f.IsExported() && tag != "-":
			fields = append(fields, f)
		}
	}
	return fields
}

// fit checks number and names: two columns of one type could change places and nobody
// would notice.
func (r *rowReader[T]) fit() error {
	for i := range max(len(r.columns), len(r.fields)) {
		switch {
		case i >= len(r.fields):
			return r.mismatch(i, "has no field for it")
		case i >= len(r.columns):
			return &audit.InvalidError{Reason: audit.StructMismatch, Table: r.table,
				Detail: fmt.Sprintf("%s has no column for field %s of %s, the table has %d", r.table,
					r.fields[i].Name, reflect.TypeFor[T](), len(r.columns))}
		}
		if tag, ok := r.fields[i].Tag.Lookup("db"); ok {
			if name, _, _ := strings.Cut(tag, ","); name != r.columns[i] {
				return r.mismatch(i, fmt.Sprintf("has field %s there, of column %s by its db tag", r.fields[i].Name,
					name))
			}
		} else if letters(r.fields[i].Name) != letters(r.columns[i]) {
			return r.mismatch(i, fmt.Sprintf("has field %s there (one that sqlc renamed needs a db tag)",
				r.fields[i].Name))
		}
	}
	return nil
}

func (r *rowReader[T]) mismatch(column int, what string) error {
	return &audit.InvalidError{Reason: audit.StructMismatch, Table: r.table, Name: r.columns[column],
		Detail: fmt.Sprintf("column %s, number %d of %s: %s %s", r.columns[column], column+1, r.table,
			reflect.TypeFor[T](), what)}
}

// letters is what a column's name and the name that sqlc makes of it have in common.
func letters(name string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(c)
		}
		return -1
	}, name)
}

// read makes the rows in one query; an image of nil is no row. Columns that are not known
// keep the zero value.
func (r *rowReader[T]) read(ctx context.Context, q db.DBTX, wanted []history.Row) ([]*T, error) {
	read := make([]*T, len(wanted))
	var images []string
	var places []int
	for i, row := range wanted {
		if row.Image == nil {
			continue
		}
		image, err := json.Marshal(row.Image)
		if err != nil {
			return nil, fmt.Errorf("rows of %s: %w", r.table, err)
		}
		images, places = append(images, string(image)), append(places, i)
	}
	if len(images) == 0 {
		return read, nil
	}
	rows, err := q.Query(ctx, r.query, images)
	if err != nil {
		return nil, fmt.Errorf("rows of %s: %w", r.table, err)
	}
	defer rows.Close()
	for _, i := range places {
		if !rows.Next() {
			break
		}
		if read[i], err = r.scan(rows, wanted[i].Unknown, 0); err != nil {
			return nil, err
		}
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("rows of %s: %w", r.table, err)
	}
	return read, nil
}

// scan reads a row, and leaves some columns at its end alone.
func (r *rowReader[T]) scan(rows pgx.Rows, unknown []string, others int) (*T, error) {
	row := new(T)
	into := make([]any, len(r.fields)+others)
	for i, f := range r.fields {
		if slices.Contains(unknown, r.columns[i]) || len(unknown) > 0 && slices.Contains(r.computed, r.columns[i]) {
			continue // pgx skips nil
		}
		into[i] = reflect.ValueOf(row).Elem().FieldByIndex(f.Index).Addr().Interface()
	}
	err := rows.Scan(into...)
	scanErr := pgx.ScanArgError{}
	if errors.As(err, &scanErr) && scanErr.ColumnIndex >= 0 && scanErr.ColumnIndex < len(r.columns) {
		i := scanErr.ColumnIndex
		return nil, fmt.Errorf("%w: %w", r.mismatch(i,
			fmt.Sprintf("has field %s %s there", r.fields[i].Name, r.fields[i].Type)), scanErr.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("rows of %s: %w", r.table, err)
	}
	return row, nil
}

// unknownOf names the columns that are not known before or after a change, in the table's
// order.
func (r *rowReader[T]) unknownOf(rows ...history.Row) []string {
	var names []string
	for _, name := range r.columns {
		for _, row := range rows {
			if slices.Contains(row.Unknown, name) || len(row.Unknown) > 0 && slices.Contains(r.computed, name) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}
