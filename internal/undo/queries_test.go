package undo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// Query answers a query of package db, which names itself.
func (m *memory) Query(_ context.Context, query string, args ...any) (pgx.Rows, error) {
	name := strings.Fields(query)[2]
	answer, ok := answers[name]
	if !ok {
		return nil, fmt.Errorf("memory does not answer %s", name)
	}
	rows := answer(m, args)
	if len(rows) == 1 {
		if err, failed := rows[0].(error); failed {
			return nil, err
		}
	}
	return &answered{rows: rows}, nil
}

// QueryRow answers a query of one row.
func (m *memory) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	rows, err := m.Query(ctx, query, args...)
	if err != nil {
		return &answered{err: err}
	}
	rows.Next()
	return rows
}

// Exec fails: a plan writes nothing.
func (m *memory) Exec(_ context.Context, query string, _ ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, errors.New("memory is only read: " + query)
}

// answered are the rows of an answer.
type answered struct {
	pgx.Rows
	rows []any
	at   int
	err  error
}

func (a *answered) Close()     {}
func (a *answered) Err() error { return a.err }
func (a *answered) Next() bool { a.at++; return a.at <= len(a.rows) }

func (a *answered) Scan(into ...any) error {
	if a.err != nil || a.at > len(a.rows) {
		return errors.Join(a.err, pgx.ErrNoRows)
	}
	value := reflect.ValueOf(a.rows[a.at-1])
	if value.Kind() != reflect.Struct {
		reflect.ValueOf(into[0]).Elem().Set(value)
		return nil
	}
	for i, field := range into {
		reflect.ValueOf(field).Elem().Set(value.Field(i))
	}
	return nil
}

// answering calls a function with the parameters of a query: one value, or a struct of them in their order.
func answering[P, R any](answer func(m *memory, params P) []R) func(*memory, []any) []any {
	return func(m *memory, args []any) []any {
		var params P
		into := reflect.ValueOf(&params).Elem()
		switch {
		case len(args) == 0:
		case into.Kind() != reflect.Struct:
			into.Set(reflect.ValueOf(args[0]))
		default:
			for i, arg := range args {
				into.Field(i).Set(reflect.ValueOf(arg))
			}
		}
		var rows []any
		for _, r := range answer(m, params) {
			rows = append(rows, r)
		}
		return rows
	}
}

// always answers with the same row whatever is asked, or with none.
func always[R any](rows ...R) func(*memory, []any) []any {
	return func(*memory, []any) []any {
		var all []any
		for _, r := range rows {
			all = append(all, r)
		}
		return all
	}
}

// answers are those to the queries of a plan, by name.
var answers = map[string]func(*memory, []any) []any{
	"TableNames": answering(func(m *memory, _ struct{}) (rows []db.TableNamesRow) {
		for _, t := range m.tables {
			rows = append(rows, db.TableNamesRow{ID: t.id, Relation: t.oid(), QuotedName: t.name})
		}
		return rows
	}),
	"TableColumns": answering(func(m *memory, relations []uint32) []db.TableColumnsRow {
		return m.relation(relations[0]).columns
	}),
	"UniqueColumns": answering(func(m *memory, relation uint32) []db.UniqueColumnsRow {
		return m.relation(relation).unique
	}),
	"ReferencedKeys": answering(func(m *memory, relation uint32) []db.ReferencedKeysRow {
		return m.relation(relation).references
	}),
	"KeyPeriods": answering(func(m *memory, p db.KeyPeriodsParams) []db.KeyPeriodsRow {
		return m.relation(p.Relation).periods
	}),
	"ForeignKeys": answering((*memory).foreignKeys),
	"ColumnSnapshots": answering(func(m *memory, table int32) []db.ColumnSnapshotsRow {
		return m.tables[table-1].snapshots
	}),
	"PresentColumns": answering(func(m *memory, relation uint32) []json.RawMessage {
		return []json.RawMessage{m.relation(relation).snapshot()}
	}),
	"Comparison":   always(db.ComparisonRow{}),
	"Unrecorded":   always(db.UnrecordedRow{}),
	"NotRecording": always[db.NotRecordingRow](),

	"SearchBounds": answering(func(m *memory, _ json.RawMessage) []db.SearchBoundsRow {
		return []db.SearchBoundsRow{{LastID: int64(len(m.versions)), Indexed: true}}
	}),
	"Search":        answering((*memory).search),
	"LaterVersions": answering((*memory).laterVersions),
	"MovedVersions": answering((*memory).movedVersions),
	"VersionsByRef": answering(func(m *memory, p db.VersionsByRefParams) (rows []db.VersionsByRefRow) {
		for _, id := range p.Ids {
			rows = append(rows, db.VersionsByRefRow(m.versions[id-1].SearchRow))
		}
		return rows
	}),
	"Version": answering(func(m *memory, id int64) []db.VersionRow {
		v := m.versions[id-1]
		t := m.tables[v.TableID-1]
		return []db.VersionRow{{ID: v.ID, TransactionID: v.TransactionID, TableID: v.TableID, Action: v.Action, Rollback: v.Rollback,
			EntityID: v.EntityID, PreviousEntityID: v.PreviousEntityID, Before: v.Before, After: v.After,
			QuotedName: t.name, Relation: t.oid()}}
	}),
	"UndoneBy": answering(func(m *memory, ids []int64) (rows []db.UndoneByRow) {
		for _, pair := range m.undone { // what undid something is of later transactions
			if slices.Contains(ids, pair.VersionID) {
				rows, ids = append(rows, pair), append(ids, pair.RollbackID)
			}
		}
		return rows
	}),
	"UndoneIn": answering(func(m *memory, ids []int64) (rows []db.UndoneInRow) {
		for _, pair := range m.undone {
			if slices.Contains(ids, pair.RollbackID) {
				rows = append(rows, db.UndoneInRow(pair))
			}
		}
		return rows
	}),

	"RowImages":         answering((*memory).rowImages),
	"EntityIDsOfImages": answering((*memory).entityIDs),
	"NormalizeImage":    answering((*memory).normalizeImage),
	"TakenValues":       answering((*memory).takenValues),
	"RivalValues":       answering((*memory).rivalValues),
	"RowsReferencing":   answering((*memory).rowsReferencing),
	"MissingReferences": answering((*memory).missingReferences),
}

func (m *memory) relation(oid uint32) *relation {
	return m.tables[slices.IndexFunc(m.tables, func(t *relation) bool { return t.oid() == oid })]
}

func (m *memory) foreignKeys(relations []uint32) (rows []db.ForeignKeysRow) {
	for _, t := range m.tables {
		for _, k := range t.references {
			if slices.Contains(relations, t.oid()) && slices.Contains(relations, k.Referenced) {
				rows = append(rows, db.ForeignKeysRow{Referencing: t.oid(), Referenced: k.Referenced})
			}
		}
	}
	return rows
}

func (m *memory) search(p db.SearchParams) (rows []db.SearchRow) {
	var filter history.Filter
	if err := json.Unmarshal(p.Filter, &filter); err != nil {
		panic(err)
	}
	for _, v := range m.versions {
		if slices.Contains(filter.Versions, v.ID) && v.ID > p.AfterID && v.ID <= p.LastID {
			rows = append(rows, v.SearchRow)
		}
	}
	return rows
}

// linked are keys that rows had which were moved to or from some keys, or shared them with others in one transaction,
// since a version; none where no row was.
func (m *memory) linked(table int32, keys []string, first int64) []string {
	var linked []string
	wanted := func(v *version) bool {
		return slices.Contains(keys, v.EntityID) || slices.Contains(linked, v.EntityID) || v.PreviousEntityID != nil &&
			(slices.Contains(keys, *v.PreviousEntityID) || slices.Contains(linked, *v.PreviousEntityID))
	}
	for before := -1; before != len(linked); {
		before = len(linked)
		for _, v := range m.versions {
			if v.TableID != table || v.ID < first || !wanted(v) || v.PreviousEntityID == nil && !m.shares(v) {
				continue
			}
			linked = append(linked, v.EntityID)
			if v.PreviousEntityID != nil {
				linked = append(linked, *v.PreviousEntityID)
			}
			linked = slices.Compact(slices.Sorted(slices.Values(linked)))
		}
	}
	return linked
}

// shares reports whether one transaction has both created and deleted rows of the key of a version.
func (m *memory) shares(v *version) bool {
	return v.Action != db.ExauditActionUpdated && slices.ContainsFunc(m.versions, func(o *version) bool {
		return o.TableID == v.TableID && o.TransactionID == v.TransactionID && o.EntityID == v.EntityID && o.Action != v.Action &&
			o.Action != db.ExauditActionUpdated
	})
}

func (m *memory) laterVersions(p db.LaterVersionsParams) (rows []db.LaterVersionsRow) {
	first := make(map[string]int64)
	for i, key := range p.EntityIds {
		first[key] = p.FirstIds[i]
	}
	if len(first) > 0 {
		for _, key := range m.linked(p.TableID, p.EntityIds, slices.Min(p.FirstIds)) {
			first[key] = 0
		}
	}
	for _, v := range m.versions {
		if from, ok := first[v.EntityID]; !ok || v.TableID != p.TableID || v.ID < from {
			continue
		}
		r := db.LaterVersionsRow{ID: v.ID, TransactionID: v.TransactionID, Action: v.Action, EntityID: v.EntityID, Rollback: v.Rollback}
		if r.Moved = v.PreviousEntityID != nil; r.Moved {
			r.PreviousEntityID = *v.PreviousEntityID
		}
		rows = append(rows, r)
	}
	return rows
}

func (m *memory) movedVersions(p db.MovedVersionsParams) (rows []db.MovedVersionsRow) {
	linked := m.linked(p.TableID, p.EntityIds, p.FirstID)
	for _, v := range m.versions {
		if v.TableID != p.TableID || !slices.Contains(linked, v.EntityID) {
			continue
		}
		r := db.MovedVersionsRow{RowNumber: v.serial, VersionID: v.ID, Action: v.Action, EntityID: v.EntityID}
		if r.Moved = v.PreviousEntityID != nil; r.Moved {
			r.PreviousEntityID = *v.PreviousEntityID
		}
		rows = append(rows, r)
	}
	return rows
}

func (m *memory) rowImages(p db.RowImagesParams) (rows []db.RowImagesRow) {
	t := m.relation(p.Relation)
	for _, key := range p.EntityIds {
		if r := t.find(key); r != nil {
			rows = append(rows, db.RowImagesRow{EntityID: key, Image: encode(r.image)})
		}
	}
	return rows
}

func (m *memory) entityIDs(p db.EntityIDsOfImagesParams) (rows []db.EntityIDsOfImagesRow) {
	t := m.relation(p.Relation)
	for _, image := range decodeAll(p.Images) {
		_, complete := image[t.key]
		rows = append(rows, db.EntityIDsOfImagesRow{EntityID: t.keyOf(image), Complete: complete})
	}
	return rows
}

// normalizeImage reads values as the types of their columns: of integer, no strings are.
func (m *memory) normalizeImage(p db.NormalizeImageParams) []any {
	t := m.relation(p.Relation)
	for name, value := range decode(p.Image) {
		if _, text := value.(string); text && t.column(name).TypeName == "integer" {
			return []any{&pgconn.PgError{Code: "22P02", Message: "invalid input syntax for type integer"}}
		}
	}
	return []any{p.Image}
}

func decodeAll(encoded []json.RawMessage) []audit.Image {
	images := make([]audit.Image, len(encoded))
	for i, e := range encoded {
		images[i] = decode(e)
	}
	return images
}

func decode(encoded json.RawMessage) audit.Image {
	image, err := history.DecodeImage(encoded)
	if err != nil {
		panic(err)
	}
	return image
}

// equal reports whether two images have the same values, not null, in columns of theirs.
func equal(a audit.Image, columns []string, b audit.Image, others []string) bool {
	for i := range columns {
		if history.IsNull(a, columns[i]) || history.IsNull(b, others[i]) || a[columns[i]] != b[others[i]] {
			return false
		}
	}
	return true
}

func (m *memory) takenValues(p db.TakenValuesParams) (rows []db.TakenValuesRow) {
	t := m.relation(p.Relation)
	for _, index := range t.unique {
		for i, image := range decodeAll(p.Images) {
			for _, r := range t.rows {
				key := t.keyOf(r.image)
				if p.There[i] && key == p.EntityIds[i] || !equal(image, index.Columns, r.image, index.Columns) {
					continue
				}
				rows = append(rows, db.TakenValuesRow{Place: int64(i + 1), Columns: index.Columns, Occupant: key})
			}
		}
	}
	return rows
}

func (m *memory) rivalValues(p db.RivalValuesParams) (rows []db.RivalValuesRow) {
	images := decodeAll(p.Images)
	for _, index := range m.relation(p.Relation).unique {
		for i := range images {
			for j := range images[:i] {
				if equal(images[i], index.Columns, images[j], index.Columns) {
					rows = append(rows, db.RivalValuesRow{Place: int64(j + 1), Rival: int64(i + 1),
						Columns: index.Columns})
				}
			}
		}
	}
	return rows
}

func (m *memory) rowsReferencing(p db.RowsReferencingParams) (rows []db.RowsReferencingRow) {
	t := m.relation(p.Relation)
	for _, other := range m.tables {
		for _, k := range other.references {
			if k.Referenced != p.Relation || p.Changed != nil && !slices.Contains(p.Changed, k.ReferencedColumns[0]) {
				continue
			}
			for _, key := range p.EntityIds {
				for _, f := range other.rows {
					if r := t.find(key); r != nil && f != r && equal(f.image, k.Columns, r.image, k.ReferencedColumns) {
						rows = append(rows, db.RowsReferencingRow{EntityID: key, Referencing: other.oid(),
							ReferencingTable: other.name, ReferencingEntityID: other.keyOf(f.image), Columns: k.Columns,
							ReferencedColumns: k.ReferencedColumns})
					}
				}
			}
		}
	}
	return rows
}

func (m *memory) missingReferences(p db.MissingReferencesParams) (rows []db.MissingReferencesRow) {
	for _, k := range m.relation(p.Relation).references {
		for i, image := range decodeAll(p.Images) {
			there := slices.ContainsFunc(m.relation(k.Referenced).rows,
				func(r *row) bool { return equal(image, k.Columns, r.image, k.ReferencedColumns) })
			if !there && !history.IsNull(image, k.Columns[0]) {
				rows = append(rows, db.MissingReferencesRow{Place: int64(i + 1), Columns: k.Columns,
					Referenced: k.Referenced, ReferencedTable: k.ReferencedTable, ReferencedColumns: k.ReferencedColumns})
			}
		}
	}
	return rows
}
