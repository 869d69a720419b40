// Package history reads recorded versions and rebuilds the states between them.
package history

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Version is one recorded change of one row, with what its row and its table were then.
type Version struct {
	audit.Version
	TableID int32 // in exaudit.tables

	columns columns     // what the table's columns were called and are
	epoch   int         // the one of columns that it was recorded in
	known   audit.Image // State without the columns that were given another type since; nil: all of it
	place   int         // among the versions of its row, as they fit, from 1 on
	unsure  []string    // columns that State lacks, as they may have changed out of sight
	birth   int         // the epoch in which the row came to be, as far as is recorded
	compare []patch.Option
}

func newVersion(table string, r db.EntityVersionsRow) (*Version, error) {
	v := &Version{TableID: r.TableID, Version: audit.Version{
		ID: r.ID, Table: table, EntityID: audit.EntityID(r.EntityID), Action: audit.Action(r.Action),
		RecordedAt: r.RecordedAt, TransactionID: uint64(r.TransactionID), Rollback: r.Rollback,
		PreviousEntityID: (*audit.EntityID)(r.PreviousEntityID),
	}}
	if r.SessionUserName != nil {
		v.SessionUser = *r.SessionUserName
	}
	var custom, columns audit.Image
	for _, field := range []struct {
		name string
		json []byte
		into *audit.Image
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
	if v.Action == audit.Baseline {
		return
	}
	v.Patch = v.Diff(v.Before, v.After)
	if v.Action != audit.Updated {
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

// AsValue is an image as patch.Diff compares it: a row that is not there has no columns, so
// that creating one adds each and deleting one removes each.
func AsValue(i audit.Image) map[string]any {
	if i == nil {
		return map[string]any{}
	}
	return i
}

// Differing is the part of an image that differs from another, with the notes of JSON
// nulls that belong to it.
func Differing(i audit.Image, other audit.Image) audit.Image {
	part := make(audit.Image)
	for name, v := range i {
		if name == "" {
			continue
		}
		had, ok := other[name]
		if !ok || patch.Diff(had, v) != nil || holdsJSONNull(i, name) != holdsJSONNull(other, name) {
			part[name] = v
		}
	}
	note(part, i, func(name string) bool { _, in := part[name]; return in })
	return part
}

// jsonNulls are the columns that an image notes as holding a JSON null.
func jsonNulls(i audit.Image) []string {
	list, _ := i[""].([]any)
	names := make([]string, 0, len(list))
	for _, item := range list {
		if name, ok := item.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

func holdsJSONNull(i audit.Image, name string) bool { return slices.Contains(jsonNulls(i), name) }

// withheld are the columns that hold a placeholder.
func withheld(i audit.Image) []string { return append(i.Masked(), i.Oversized()...) }

// Known is an image in which placeholders have given way to what a present row has there,
// or without a row are left out.
func Known(i audit.Image, present audit.Image) audit.Image {
	unknown := withheld(i)
	return overlay(without(i, unknown), pick(present, func(name string) bool { return slices.Contains(unknown, name) }),
		nil)
}

// incomparable are the columns of which nobody can tell whether they are the same in two
// images: one holds a placeholder that is no digest of the other's.
func incomparable(a, b audit.Image) []string {
	names := append(withheld(a), withheld(b)...)
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.Contains(a.Oversized(), name) && slices.Contains(b.Oversized(), name)
	})
}

// note gives an image the notes of another that concern some columns, besides its own of
// the others.
func note(i audit.Image, from audit.Image, concerns func(name string) bool) {
	var notes []any
	for _, side := range []struct {
		image audit.Image
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

// DecodeImage reads an image from jsonb; SQL NULL gives nil.
func DecodeImage(data []byte) (audit.Image, error) {
	if data == nil {
		return nil, nil
	}
	if !utf8.Valid(data) { // or they would be read as U+FFFD, and written back
		return nil, &audit.SchemaError{Reason: audit.ClientEncoding}
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
