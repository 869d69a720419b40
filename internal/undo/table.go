package undo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// table is one of the tables that an undo writes to.
type table struct {
	history.Entity // of the table as a whole
	columns        []db.TableColumnsRow
	present        map[string]bool // its columns
	writable       map[string]bool // those that are not generated
	numbered       map[string]bool // GENERATED ALWAYS AS IDENTITY: set only in rows that come back
	kept           map[string]bool // those that are left as they are
	key            []string
	unique         []db.UniqueColumnsRow
	references     []db.ReferencedKeysRow
	referencing    []string        // the columns of references
	options        history.Present // what its options leave unrecorded
	given          audit.Image     // what rows get that come back, where nothing was recorded

	chosen  map[int64]*history.Version
	periods []history.Period   // of its primary keys
	former  []*history.Version // chosen ones that are of rows by an earlier primary key
	// unreadable are the columns of a version whose values are none of the present type.
	unreadable map[int64][]string
	rows       []*Row
	keys       map[string]bool  // of the rows that are undone, the present or the last ones
	arrivals   map[string]int64 // by which versions rows came to the keys that they have
	keyed      map[string]*Row  // see byKey
}

func newTable(ctx context.Context, q db.DBTX, e history.Entity, s settings) (*table, error) {
	columns, err := db.New().TableColumns(ctx, q, []uint32{e.Relation})
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", e.Table, err)
	}
	t := &table{
		Entity: e, columns: columns, present: make(map[string]bool), writable: make(map[string]bool),
		numbered: make(map[string]bool), kept: make(map[string]bool),
		chosen: make(map[int64]*history.Version), unreadable: make(map[int64][]string), keys: make(map[string]bool),
	}
	for _, c := range columns {
		t.present[c.Name], t.writable[c.Name], t.numbered[c.Name] = true, !c.Generated, c.Numbered
		if c.KeyPosition >= 0 {
			t.key = append(t.key, c.Name)
		}
	}
	if t.options, err = history.NewPresent(ctx, q, e); err != nil {
		return nil, err
	}
	if t.periods, err = history.Periods(ctx, q, e); err != nil {
		return nil, err
	}
	if t.unique, err = db.New().UniqueColumns(ctx, q, e.Relation); err != nil {
		return nil, fmt.Errorf("read the unique indexes of %s: %w", e.Table, err)
	}
	if t.references, err = db.New().ReferencedKeys(ctx, q, e.Relation); err != nil {
		return nil, fmt.Errorf("read the foreign keys of %s: %w", e.Table, err)
	}
	for _, k := range t.references {
		t.referencing = append(t.referencing, k.Columns...)
	}
	for _, name := range s.Keep {
		if column, ok := t.columnOf(name); ok {
			t.kept[column] = true
		}
	}
	return t, t.readGiven(ctx, q, s.Set)
}

// uniqueColumns are the columns of all its unique indexes.
func (t *table) uniqueColumns() []string {
	var columns []string
	for _, index := range t.unique {
		columns = append(columns, index.Columns...)
	}
	return columns
}

// columnOf is the column that a name means in this table: column, table.column or
// schema.table.column.
func (t *table) columnOf(name string) (string, bool) {
	if t.present[name] {
		return name, true
	}
	for column := range t.present {
		if prefix, ok := strings.CutSuffix(name, "."+column); ok && t.is(prefix) {
			return column, true
		}
	}
	return "", false
}

// is tells whether a name means this table, with its schema or without.
func (t *table) is(name string) bool {
	return name == t.Table || strings.HasSuffix(t.Table, "."+name)
}

// overwrites tells whether what came later in a row of some names may be overwritten.
func (t *table) overwrites(s settings, names []string) bool {
	return slices.ContainsFunc(s.Overwrite, func(n audit.RowID) bool {
		return slices.Contains(names, string(n.EntityID)) && t.is(n.Table)
	})
}

func (t *table) cannotSet(column, detail string, err error) error {
	return &audit.InvalidError{Reason: audit.InvalidColumn, Table: t.Table, Name: column, Detail: detail, Err: err}
}

// readGiven reads the values of Set that are for this table as its types.
func (t *table) readGiven(ctx context.Context, q db.DBTX, set map[string]json.RawMessage) error {
	values := make(map[string]json.RawMessage)
	for name, value := range set {
		column, ok := t.columnOf(name)
		switch {
		case !ok:
		case !t.writable[column]:
			return t.cannotSet(column, fmt.Sprintf("column %q of %s is generated", column, t.Table), nil)
		case slices.Contains(t.key, column):
			return t.cannotSet(column, fmt.Sprintf("column %q of %s is part of the primary key", column, t.Table), nil)
		default:
			values[column] = value
		}
	}
	if len(values) == 0 {
		return nil
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return t.cannotSet("", t.Table, err)
	}
	normalized, err := db.New().NormalizeImage(ctx, q, db.NormalizeImageParams{Relation: t.Relation, Image: encoded})
	if err != nil {
		return t.cannotSet("", t.Table, err)
	}
	t.given, err = history.DecodeImage(normalized)
	return err
}

// merges tells which columns of a version are taken out of a row; those that are kept only where it comes back. A
// generated one of the key is computed with those that it depends on, and has to be known to look for the row.
func (t *table) merges(v *history.Version, comesBack bool) func(string) bool {
	unknown := slices.Concat(v.Before.Masked(), v.Before.Oversized(), v.After.Masked(), v.After.Oversized(),
		t.unreadable[v.ID])
	return func(name string) bool {
		return (t.writable[name] || slices.Contains(t.key, name)) && (comesBack || !t.kept[name]) &&
			!slices.Contains(unknown, name)
	}
}

// keeps reports whether all columns that a version changed are to be left as they are.
func (t *table) keeps(v *history.Version) bool {
	for name := range v.After {
		if name != "" && !t.kept[name] {
			return false
		}
	}
	return v.Action == audit.Updated
}

// full gives the chosen versions among the later ones their images; of the others, only
// actions and keys are known.
func (t *table) full(later []db.LaterVersionsRow) []*history.Version {
	versions := make([]*history.Version, len(later))
	for i, l := range later {
		if versions[i] = t.chosen[l.ID]; versions[i] == nil {
			versions[i] = &history.Version{TableID: t.TableID, Version: audit.Version{
				ID: l.ID, Table: t.Table, EntityID: audit.EntityID(l.EntityID), Action: audit.Action(l.Action),
				TransactionID: uint64(l.TransactionID), Rollback: l.Rollback,
			}}
			if l.Moved {
				versions[i].PreviousEntityID = (*audit.EntityID)(&later[i].PreviousEntityID)
			}
		}
	}
	return versions
}

// readRetyped reads the values that versions have of columns that have another type now, or another precision, as that
// type.
func (t *table) readRetyped(ctx context.Context, q db.DBTX, versions iter.Seq[*history.Version]) error {
	for v := range versions {
		for _, name := range v.Altered() {
			if !t.writable[name] {
				continue
			}
			for _, image := range []*audit.Image{&v.Before, &v.After} {
				value, ok, err := t.converted(ctx, q, *image, name)
				switch {
				case err != nil:
					return err
				case ok && value != nil:
					*image = history.Over(value, *image)
				case !ok && !slices.Contains(t.unreadable[v.ID], name):
					t.unreadable[v.ID] = append(t.unreadable[v.ID], name)
				}
			}
		}
	}
	return nil
}

// converted is one column of an image as its present type; not ok where it is none of it.
func (t *table) converted(ctx context.Context, q db.DBTX, image audit.Image, name string) (value audit.Image,
	ok bool, err error) {
	part := history.Only(image, func(column string) bool { return column == name })
	if len(part) == 0 {
		return nil, true, nil
	}
	encoded, err := encode(part)
	if err != nil {
		return nil, false, err
	}
	var normalized []byte
	err = attempt(ctx, q, func(q db.DBTX) (err error) {
		normalized, err = db.New().NormalizeImage(ctx, q, db.NormalizeImageParams{Relation: t.Relation, Image: encoded})
		return err
	})
	if isInvalidValue(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read version values as the present type of %s: %w", name, err)
	}
	value, err = history.DecodeImage(normalized)
	return value, true, err
}

func encode(image audit.Image) ([]byte, error) {
	encoded, err := json.Marshal(image)
	if err != nil {
		return nil, fmt.Errorf("encode a row: %w", err)
	}
	return encoded, nil
}

// attempt does something that may fail without ending the transaction.
func attempt(ctx context.Context, q db.DBTX, do func(db.DBTX) error) error {
	conn, ok := q.(Conn)
	if !ok {
		return do(q)
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return do(tx) })
}

// isInvalidValue tells whether PostgreSQL refused a value as none of a type.
func isInvalidValue(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (strings.HasPrefix(pgErr.Code, "22") || pgErr.Code == "23514")
}
