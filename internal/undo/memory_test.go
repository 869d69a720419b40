package undo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/undo"
	"github.com/exaudit/exaudit/patch"
)

// memory is a database as plain values: the rows of a few tables, what was recorded of them, and what undid what. A
// plan can be made of it without a server.
type memory struct {
	tables   []*relation
	versions []*version
	undone   []db.UndoneByRow

	transaction int64
	together    bool // changes go on in the transaction that is open
	rollback    bool
	serial      int32
}

// relation is one table. Its primary key has one column.
type relation struct {
	m          *memory
	id         int32
	name       string
	columns    []db.TableColumnsRow
	key        string
	unique     []db.UniqueColumnsRow
	references []db.ReferencedKeysRow
	periods    []db.KeyPeriodsRow
	snapshots  []db.ColumnSnapshotsRow // of columns before they got another type
	rows       []*row
}

// row is one that is there. Two that have a key one after the other differ in serial.
type row struct {
	serial int32
	image  audit.Image
}

type version struct {
	db.SearchRow
	serial int32
}

// values are those of a row, by columns.
type values map[string]any

// image is how recorded values are compared.
func (v values) image() audit.Image {
	return decode(encode(audit.Image(v)))
}

func (m *memory) table(name, key string, columns ...string) *relation {
	t := &relation{m: m, id: int32(len(m.tables) + 1), name: name, key: key}
	t.add(append([]string{key}, columns...)...)
	t.column(key).KeyPosition = 0
	t.periods = []db.KeyPeriodsRow{{Columns: []string{key}}}
	m.tables = append(m.tables, t)
	return t.uniqueBy(key)
}

// add adds columns, of which nothing is known in what is recorded.
func (t *relation) add(columns ...string) {
	for _, name := range columns {
		t.columns = append(t.columns, db.TableColumnsRow{Relation: t.oid(), Name: name,
			Number: int32(len(t.columns) + 1), KeyPosition: -1})
		for _, r := range t.rows {
			r.image[name] = nil
		}
	}
}

// drop drops a column.
func (t *relation) drop(name string) {
	t.columns = slices.DeleteFunc(t.columns, func(c db.TableColumnsRow) bool { return c.Name == name })
	for _, r := range t.rows {
		delete(r.image, name)
	}
}

func (t *relation) oid() uint32 { return 1000 + uint32(t.id) }

// uniqueBy adds a unique index.
func (t *relation) uniqueBy(column string) *relation {
	t.unique = append(t.unique, db.UniqueColumnsRow{IndexName: t.name + "_" + column, Columns: []string{column},
		Nullable: []bool{column != t.key}, Types: []string{"integer"}, NullsDistinct: true})
	return t
}

// pointsTo adds a foreign key.
func (t *relation) pointsTo(other *relation, column string) *relation {
	t.references = append(t.references, db.ReferencedKeysRow{Columns: []string{column}, Referenced: other.oid(),
		ReferencedTable: other.name, ReferencedColumns: []string{other.key}})
	return t
}

// column is for settings of a column.
func (t *relation) column(name string) *db.TableColumnsRow {
	return &t.columns[slices.IndexFunc(t.columns, func(c db.TableColumnsRow) bool { return c.Name == name })]
}

func (t *relation) keyOf(image audit.Image) string { return fmt.Sprint(image[t.key]) }

func (t *relation) find(key any) *row {
	for _, r := range t.rows {
		if t.keyOf(r.image) == fmt.Sprint(key) {
			return r
		}
	}
	return nil
}

// inOne has several changes in one transaction.
func (m *memory) inOne(changes func()) {
	m.transaction++
	m.together = true
	changes()
	m.together = false
}

func (t *relation) record(action db.ExauditAction, r *row, before, after audit.Image, previous *string) int64 {
	m := t.m
	if !m.together {
		m.transaction++
	}
	v := &version{serial: r.serial, SearchRow: db.SearchRow{ID: int64(len(m.versions) + 1), TransactionID: m.transaction,
		TableID: t.id, Action: action, Rollback: m.rollback, EntityID: t.keyOf(r.image), PreviousEntityID: previous,
		Before: encode(before), After: encode(after)}}
	m.versions = append(m.versions, v)
	return v.ID
}

func encode(image audit.Image) json.RawMessage {
	if image == nil {
		return nil
	}
	encoded, err := json.Marshal(image)
	if err != nil {
		panic(err)
	}
	return encoded
}

func (t *relation) insert(v values) int64 {
	t.m.serial++
	r := &row{t.m.serial, make(audit.Image)}
	for _, c := range t.columns {
		r.image[c.Name] = nil
	}
	maps.Copy(r.image, v.image())
	t.rows = append(t.rows, r)
	return t.record(db.ExauditActionCreated, r, nil, r.image, nil)
}

func (t *relation) update(key any, v values) int64 { return t.set(t.find(key), v.image()) }

func (t *relation) set(r *row, changed audit.Image) int64 {
	before := r.image
	key := t.keyOf(before)
	r.image = history.Over(changed, before)
	var previous *string
	if t.keyOf(r.image) != key {
		previous = &key
	}
	return t.record(db.ExauditActionUpdated, r, history.Differing(before, r.image), history.Differing(r.image, before),
		previous)
}

func (t *relation) delete(key any) int64 { return t.remove(t.find(key)) }

func (t *relation) remove(r *row) int64 {
	t.rows = slices.DeleteFunc(t.rows, func(other *row) bool { return other == r })
	return t.record(db.ExauditActionDeleted, r, r.image, nil, nil)
}

// exchange has two rows exchange their keys by one statement.
func (m *memory) exchange(t *relation, a, b int) []int64 {
	last := int64(len(m.versions))
	one, other := t.find(a), t.find(b)
	m.inOne(func() {
		t.set(one, values{t.key: b}.image())
		t.set(other, values{t.key: a}.image())
	})
	return m.since(last)
}

// mask has a version show a column as masked.
func (m *memory) mask(id int64, column string) int64 {
	for _, image := range []*json.RawMessage{&m.versions[id-1].Before, &m.versions[id-1].After} {
		if *image == nil {
			continue
		}
		masked := decode(*image)
		masked[column], masked[""] = "***", []any{map[string]any{"masked": column}}
		*image = encode(masked)
	}
	return id
}

// retype gives a column the type integer, and rows other values of it.
func (t *relation) retype(column string, v values) {
	t.snapshots = append(t.snapshots, db.ColumnSnapshotsRow{Relation: t.oid(), Columns: t.snapshot()})
	t.column(column).TypeName = "integer"
	t.unrecorded(func() {
		for _, r := range t.rows {
			t.set(r, v.image())
		}
	})
}

// snapshot is what the columns are called and are.
func (t *relation) snapshot() json.RawMessage {
	var columns []map[string]any
	for _, c := range t.columns {
		columns = append(columns, map[string]any{"number": c.Number, "name": c.Name, "type": c.TypeName})
	}
	encoded, err := json.Marshal(columns)
	if err != nil {
		panic(err)
	}
	return encoded
}

// unrecorded changes rows without a version.
func (t *relation) unrecorded(change func()) {
	versions, transaction := t.m.versions, t.m.transaction
	change()
	t.m.versions, t.m.transaction = versions, transaction
}

// since are the versions after one.
func (m *memory) since(id int64) []int64 {
	var ids []int64
	for _, v := range m.versions {
		if v.ID > id {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

// undo plans.
func (m *memory) undo(chosen []int64, opts ...undo.Option) (*audit.UndoPlan, error) {
	return undo.Make(context.Background(), m, history.Filter{Versions: chosen}, opts...)
}

// apply carries a plan out, as rollbacks in one transaction. It returns their ids.
func (m *memory) apply(p *audit.UndoPlan) []int64 {
	last := int64(len(m.versions))
	m.rollback = true
	defer func() { m.rollback = false }()
	rows := make([]*row, len(p.Rows)) // as they are found before anything is written
	for i, r := range p.Rows {
		rows[i] = m.named(r.Table).find(r.EntityID)
	}
	m.inOne(func() {
		for i, r := range p.Rows {
			if !r.Written() {
				continue
			}
			id := m.named(r.Table).write(rows[i], r)
			for _, version := range r.Versions {
				m.undone = append(m.undone, db.UndoneByRow{VersionID: version, RollbackID: id})
			}
		}
	})
	return m.since(last)
}

func (t *relation) write(r *row, change audit.RowChange) int64 {
	if change.Action == audit.Deleted {
		return t.remove(r)
	}
	present := audit.Image{}
	if change.Action == audit.Updated {
		present = r.image
	}
	target, err := patch.Apply(map[string]any(present), change.Patch)
	if err != nil {
		panic(err)
	}
	if change.Action == audit.Created {
		return t.insert(target.(map[string]any))
	}
	return t.set(r, target.(map[string]any))
}

func (m *memory) named(name string) *relation {
	return m.tables[slices.IndexFunc(m.tables, func(t *relation) bool { return t.name == name })]
}

// contents are the rows of all tables, in the order of their keys.
func (m *memory) contents() string {
	text := ""
	for _, t := range m.tables {
		rows := make(map[string]string)
		for _, r := range t.rows {
			rows[t.keyOf(r.image)] += string(encode(r.image))
		}
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			text += t.name + rows[key] + "\n"
		}
	}
	return text
}
