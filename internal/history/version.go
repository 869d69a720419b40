// Package history reads recorded versions and rebuilds the states between them.
package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Action says what happened to an entity.
type Action string

// The three changes, and a baseline, which is none: it says what the row was when it was
// recorded.
const (
	Created  Action = "created"
	Updated  Action = "updated"
	Deleted  Action = "deleted"
	Baseline Action = "baseline"
)

// Image is a row, or some of its columns, as recorded: column names to JSON values as
// patch.Decode gives them, numbers as json.Number with every digit they were written with.
// The key "" is no column: it is a list of notes, of the jsonb columns that hold a JSON null
// rather than an SQL NULL, by name, and of those that hold a placeholder: {"masked": name}
// where the value is secret, {"oversized": name} where jsonb could not hold it.
type Image map[string]any

// Version is one recorded change of one row.
type Version struct {
	ID    int64  `json:"id"`
	Table string `json:"table"` // with its schema, quoted where SQL needs it
	// TableID is the id of the table in exaudit.tables.
	TableID int32 `json:"-"`
	// EntityID is the primary key: the text of its value, or a JSON array if it has several columns.
	EntityID string `json:"entity_id"`
	// PreviousEntityID is the key before the change if the change modified the key, else nil.
	PreviousEntityID *string `json:"previous_entity_id,omitempty"`
	Action           Action  `json:"action"`
	// Before and After have the present names of the table's columns. A column that was dropped keeps its name,
	// followed by " (dropped)" if another column has the name now.
	//
	// Before is the whole row for Deleted, and the old values of the changed columns for Updated. It is nil for
	// Created and Baseline.
	Before Image `json:"before"`
	// After is the whole row for Created and Baseline, and the new values of the changed columns for Updated. It is
	// nil for Deleted.
	After Image `json:"after"`
	// Patch is the difference between Before and After. It is nil for Baseline.
	Patch patch.Patch `json:"patch"`
	// State is the whole row after this change, nil after a delete. It is only set with the option WithStates.
	State Image `json:"state,omitempty"`
	// Gap is the unrecorded difference between the version before and this one, if the options of the table allow it:
	// a condition, exaudit.ignore. It is set with State.
	Gap patch.Patch `json:"-"`
	// Lost is the unrecorded difference between this version, which is the newest one, and the present row. The
	// columns may have changed at any time since they were last recorded: States since then do not contain them.
	Lost patch.Patch `json:"-"`
	// Cut reports whether earlier changes of the row are missing: the row was there before this version, which is the
	// oldest one that is left of it, or the first one after the table was not tracked. It is set with State.
	Cut bool `json:"cut,omitempty"`
	// Unknown are the columns that the table had and State lacks, because no version that is left contains their
	// values. Columns that the options of the table leave out are not among them. It is set with State.
	Unknown []string `json:"unknown,omitempty"`
	// RecordedAt is the time at which the transaction of the change began.
	RecordedAt time.Time `json:"recorded_at"`
	// Transaction is PostgreSQL's 64-bit transaction id. The numbers start again after a dump and restore.
	Transaction uint64 `json:"transaction"`
	// Custom is the custom data of the change, nil if there is none.
	Custom map[string]any `json:"custom"`
	// CustomColumns are the values of the columns that were added to exaudit.versions.
	CustomColumns map[string]any `json:"custom_columns,omitempty"`
	// SessionUser is the user who was logged in, if the table has the option RecordSessionUser.
	SessionUser string `json:"session_user,omitempty"`
	// Rollback reports whether a revert, an undo or a redo wrote the version.
	Rollback bool `json:"rollback"`
	// Undid are the ids of the versions that a rollback took back.
	Undid []int64 `json:"undid,omitempty"`

	columns columns  // what the table's columns were called and are
	epoch   int      // the one of columns that it was recorded in
	known   Image    // State without the columns that were given another type since; nil: all of it
	place   int      // among the versions of its row, as they fit, from 1 on
	unsure  []string // columns that State lacks, as they may have changed out of sight
	birth   int      // the epoch in which the row came to be, as far as is recorded
	compare []patch.Option
}

// MarshalJSON gives the patch in its stable form.
func (v Version) MarshalJSON() ([]byte, error) {
	type plain Version
	p, err := patch.Marshal(v.Patch)
	if err != nil {
		return nil, err
	}
	var gap, lost json.RawMessage
	if v.Gap != nil {
		if gap, err = patch.Marshal(v.Gap); err != nil {
			return nil, err
		}
	}
	if v.Lost != nil {
		if lost, err = patch.Marshal(v.Lost); err != nil {
			return nil, err
		}
	}
	return json.Marshal(struct {
		plain
		Patch json.RawMessage `json:"patch"`
		Gap   json.RawMessage `json:"gap,omitempty"`
		Lost  json.RawMessage `json:"lost,omitempty"`
	}{plain(v), p, gap, lost})
}

func newVersion(table string, r db.EntityVersionsRow) (*Version, error) {
	v := &Version{
		ID: r.ID, Table: table, TableID: r.TableID, EntityID: r.EntityID, Action: Action(r.Action),
		RecordedAt:  r.RecordedAt,
		Transaction: uint64(r.Xid), Rollback: r.Rollback, PreviousEntityID: r.PreviousEntityID,
	}
	if r.SessionRole != nil {
		v.SessionUser = *r.SessionRole
	}
	var custom, columns Image
	for _, field := range []struct {
		name string
		json []byte
		into *Image
	}{{"before", r.Before, &v.Before}, {"after", r.After, &v.After}, {"custom", r.Custom, &custom},
		{"custom columns", r.CustomColumns, &columns}} {
		image, err := DecodeImage(field.json)
		if err != nil {
			return nil, fmt.Errorf("version %d: %s: %w", r.ID, field.name, err)
		}
		*field.into = image
	}
	v.Custom, v.CustomColumns = custom, columns
	v.setPatch()
	return v, nil
}

func (v *Version) setPatch() {
	if v.Action == Baseline {
		return
	}
	v.Patch = v.Diff(v.Before, v.After)
	if v.Action != Updated {
		return
	}
	// A masked column is in an update because it changed, though the placeholder did not.
	for _, name := range v.After.Masked() {
		if _, ok := v.Before[name]; !ok || patch.Diff(v.Before[name], v.After[name]) != nil {
			continue
		}
		object, ok := v.Patch.(patch.Object)
		if !ok {
			object = make(patch.Object)
		}
		object[name] = patch.Changed{From: v.Before[name], To: v.After[name]}
		v.Patch = object
	}
}

// Value is an image as patch.Diff compares it: a row that is not there has no columns, so
// that creating one adds each and deleting one removes each.
func (i Image) Value() map[string]any {
	if i == nil {
		return map[string]any{}
	}
	return i
}

// Differing is the part of an image that differs from another, with the notes of JSON
// nulls that belong to it.
func (i Image) Differing(other Image) Image {
	part := make(Image)
	for name, v := range i {
		if name == "" {
			continue
		}
		had, ok := other[name]
		if !ok || patch.Diff(had, v) != nil || i.holdsJSONNull(name) != other.holdsJSONNull(name) {
			part[name] = v
		}
	}
	part.note(i, func(name string) bool { _, in := part[name]; return in })
	return part
}

// jsonNulls are the columns that an image notes as holding a JSON null.
func (i Image) jsonNulls() []string {
	list, _ := i[""].([]any)
	names := make([]string, 0, len(list))
	for _, item := range list {
		if name, ok := item.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

func (i Image) holdsJSONNull(name string) bool { return slices.Contains(i.jsonNulls(), name) }

// The kinds of placeholders, as they are noted.
const (
	masked    = "masked"
	oversized = "oversized"
)

// Masked are the columns whose value is secret, so that only that there was one is known.
func (i Image) Masked() []string { return i.placeholders(masked) }

// Oversized are the columns whose value was too large to be recorded. In its place stand
// its size and, where that could be had, its digest.
func (i Image) Oversized() []string { return i.placeholders(oversized) }

func (i Image) placeholders(kind string) []string {
	list, _ := i[""].([]any)
	var names []string
	for _, item := range list {
		if object, ok := item.(map[string]any); ok {
			if name, ok := object[kind].(string); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// withheld are the columns that hold a placeholder.
func (i Image) withheld() []string { return append(i.Masked(), i.Oversized()...) }

// Known is an image in which placeholders have given way to what a present row has there,
// or without a row are left out.
func (i Image) Known(present Image) Image {
	unknown := i.withheld()
	return overlay(i.without(unknown), pick(present, func(name string) bool { return slices.Contains(unknown, name) }),
		nil)
}

// incomparable are the columns of which nobody can tell whether they are the same in two
// images: one holds a placeholder that is no digest of the other's.
func incomparable(a, b Image) []string {
	names := append(a.withheld(), b.withheld()...)
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(a.Oversized(), name) && slices.Contains(b.Oversized(), name)
	})
}

// note gives an image the notes of another that concern some columns, besides its own of
// the others.
func (i Image) note(from Image, concerns func(name string) bool) {
	var notes []any
	for _, side := range []struct {
		image Image
		take  bool
	}{{i, false}, {from, true}} {
		list, _ := side.image[""].([]any)
		for _, item := range list {
			if concerns(noted(item)) == side.take {
				notes = append(notes, item)
			}
		}
	}
	delete(i, "")
	if len(notes) > 0 {
		slices.SortStableFunc(notes, func(a, b any) int { return strings.Compare(noteOrder(a), noteOrder(b)) })
		i[""] = notes
	}
}

// noted is the column that a note is about.
func noted(item any) string {
	switch note := item.(type) {
	case string:
		return note
	case map[string]any:
		for _, name := range note {
			if name, ok := name.(string); ok {
				return name
			}
		}
	}
	return ""
}

// noteOrder sorts JSON nulls before placeholders, and each by name.
func noteOrder(item any) string {
	if name, ok := item.(string); ok {
		return "0" + name
	}
	return "1" + noted(item)
}

// ErrClientEncoding means that a connection does not speak UTF-8, so that texts that are not ASCII arrive as others. In
// a database of another encoding, pgx has to be told so: client_encoding=UTF8 in the connection string.
var ErrClientEncoding = errors.New("the client_encoding of the connection is not UTF8")

// DecodeImage reads an image from jsonb; SQL NULL gives nil.
func DecodeImage(data []byte) (Image, error) {
	if data == nil {
		return nil, nil
	}
	if !utf8.Valid(data) { // or they would be read as U+FFFD, and written back
		return nil, ErrClientEncoding
	}
	decoded, err := patch.Decode(data)
	if err != nil {
		return nil, err
	}
	image, ok := decoded.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("not a JSON object: %.100s", data)
	}
	return image, nil
}
