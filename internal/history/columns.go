package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// epoch is a time in which a table's columns were the same.
type epoch struct {
	since    int64 // from the version after this one on
	relation uint32
	columns  map[int32]column // by attribute number
	// labels are the present names of labels of enums, by the present names of columns and the names they had.
	labels map[string]map[string]string
}

type column struct {
	Number   int32  `json:"number"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Encoding string `json:"encoding"`

	// Of types that are not built in, what they are made of: see exaudit_internal.type_parts.
	OID     uint32                       `json:"oid"`
	Layout  string                       `json:"layout"`
	Numbers string                       `json:"numbers"`
	Labels  map[string]map[string]string `json:"labels"` // by the oids of types and labels
	Nested  bool                         `json:"nested"`
}

// now is since when the present columns are what they are; no version has come after.
const now = int64(^uint64(0) >> 1)

// columns is a table's columns through time, oldest first; the last epoch is now.
type columns []epoch

func readColumns(ctx context.Context, q db.DBTX, e Entity) (columns, error) {
	snapshots, err := db.New().ColumnSnapshots(ctx, q, e.TableID)
	if err != nil {
		return nil, fmt.Errorf("read the columns that %s had: %w", e.Table, err)
	}
	var all columns
	for _, s := range snapshots {
		epoch, err := newEpoch(s.Since, s.Relation, s.Columns)
		if err != nil {
			return nil, fmt.Errorf("read the columns that %s had: %w", e.Table, err)
		}
		all = append(all, epoch)
	}
	if e.Relation == 0 {
		return all, nil
	}
	present, err := db.New().PresentColumns(ctx, q, e.Relation)
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", e.Table, err)
	}
	last, err := newEpoch(now, e.Relation, present)
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", e.Table, err)
	}
	all = append(all, last)
	return all, all.readLabels(ctx, q, e)
}

// readLabels asks which labels of enums are called otherwise now, where any column has had some.
func (c columns) readLabels(ctx context.Context, q db.DBTX, e Entity) error {
	if !slices.ContainsFunc(c, epoch.hasLabels) {
		return nil
	}
	list, err := db.New().RenamedLabels(ctx, q, db.RenamedLabelsParams{TableID: e.TableID, Relation: e.Relation})
	if err != nil {
		return fmt.Errorf("read the labels that %s had: %w", e.Table, err)
	}
	for _, l := range list {
		i := slices.IndexFunc(c, func(e epoch) bool { return e.since == l.Since })
		if i < 0 {
			continue // another session has just noted it
		}
		if err := json.Unmarshal(l.Labels, &c[i].labels); err != nil {
			return fmt.Errorf("read the labels that %s had: %w", e.Table, err)
		}
	}
	return nil
}

func (e epoch) hasLabels() bool {
	for _, c := range e.columns {
		if len(c.Labels) > 0 {
			return true
		}
	}
	return false
}

func newEpoch(since int64, relation uint32, snapshot []byte) (epoch, error) {
	var list []column
	if err := json.Unmarshal(snapshot, &list); err != nil {
		return epoch{}, err
	}
	e := epoch{since: since, relation: relation, columns: make(map[int32]column, len(list))}
	for _, c := range list {
		e.columns[c.Number] = c
	}
	return e, nil
}

// PresentColumns are the names of the table's columns, as they were when the line was read.
func (l *Line) PresentColumns() map[string]bool { return l.Versions[0].columns.present() }

// present are the names of the columns now.
func (c columns) present() map[string]bool {
	names := make(map[string]bool)
	if len(c) > 0 {
		for _, last := range c[len(c)-1].columns {
			names[last.Name] = true
		}
	}
	return names
}

// at is the index of the epoch that a version was recorded in.
func (c columns) at(version int64) int {
	i := 0
	for i+1 < len(c) && c[i+1].since < version {
		i++
	}
	return i
}

// next is a column in the following epoch, if it is still there. Attribute numbers are
// counted anew by dump and restore; then the name tells.
func (c columns) next(i int, from column) (column, bool) {
	if c[i].relation == c[i+1].relation {
		to, ok := c[i+1].columns[from.Number]
		return to, ok
	}
	for _, to := range c[i+1].columns {
		if to.Name == from.Name {
			return to, true
		}
	}
	return column{}, false
}

// names leads from the names of an epoch to the present ones, where any differs. A column
// that was dropped keeps its last name, marked if another column has taken it.
func (c columns) names(i int) map[string]string {
	present := c.present()
	names := make(map[string]string)
	for _, was := range c[i].columns {
		last, dropped := was, false
		for j := i; j+1 < len(c) && !dropped; j++ {
			if is, ok := c.next(j, last); ok {
				last = is
			} else {
				dropped = true
			}
		}
		if dropped && present[last.Name] {
			last.Name += " (dropped)"
		}
		if last.Name != was.Name {
			names[was.Name] = last.Name
		}
	}
	return names
}

// retyped are the present names of the columns whose type changed between two epochs:
// their values before and after cannot be compared.
func (c columns) retyped(from, to int) []string {
	var list []string
	for i := from; i < to; i++ {
		names := c.names(i)
		for _, was := range c[i].columns {
			if is, ok := c.next(i, was); ok && (!c.sameType(i, was, is) || is.Encoding != was.Encoding) {
				name := was.Name
				if present, ok := names[name]; ok {
					name = present
				}
				list = append(list, name)
			}
		}
	}
	return list
}

// sameType reports whether a column of an epoch has the same type in the next one, and the type is made of the same.
// What ALTER TYPE only renames is the same, but for labels in the text of a composite value or a range, and for a label
// whose name became another's.
func (c columns) sameType(i int, was, is column) bool {
	same := c[i].relation == c[i+1].relation // so that oids and attribute numbers may be compared
	sameOID := same && was.OID == is.OID
	if was.Layout != is.Layout || sameOID && was.Numbers != is.Numbers {
		return false
	}
	if was.Type != is.Type && (!sameOID || was.OID == 0 || strings.ContainsRune(was.Type, '(') ||
		strings.ContainsRune(is.Type, '(')) {
		return false
	}
	for enum, labels := range was.Labels {
		for oid, label := range labels {
			for later, name := range is.Labels[enum] {
				if same && (oid == later && label != name && was.Nested || oid != later && label == name) {
					return false
				}
			}
		}
	}
	return true
}

// rename reads the images of versions under the present names of their columns, and has their patches compared as
// some options say.
func (c columns) rename(versions []*Version, compare []patch.Option) {
	cache := make(map[int]map[string]string)
	for _, v := range versions {
		v.epoch = c.at(v.ID)
		names, ok := cache[v.epoch]
		if !ok && len(c) > 0 {
			names = c.names(v.epoch)
			cache[v.epoch] = names
		}
		v.columns = c
		if len(names) > 0 {
			v.Before, v.After = renamed(v.Before, names), renamed(v.After, names)
		}
		var labels map[string]map[string]string
		if len(c) > 0 {
			labels = c[v.epoch].labels
		}
		relabel(v.Before, labels)
		relabel(v.After, labels)
		if len(names) > 0 || len(labels) > 0 || len(compare) > 0 {
			v.comparing(compare)
		}
	}
}

// renamed is an image under other names.
func renamed(i audit.Image, names map[string]string) audit.Image {
	if i == nil {
		return nil
	}
	present := func(name string) string {
		if p, ok := names[name]; ok {
			return p
		}
		return name
	}
	image := make(audit.Image, len(i))
	for name, v := range i {
		image[present(name)] = v
	}
	list, _ := i[""].([]any)
	notes := make([]any, len(list))
	for n, item := range list {
		object, _ := item.(map[string]any)
		for kind := range object {
			notes[n] = map[string]any{kind: present(noted(item))}
		}
		if object == nil {
			notes[n] = present(noted(item))
		}
	}
	delete(image, "")
	if len(notes) > 0 {
		image[""] = notes
	}
	return image
}

// Excluded are the columns of a table that a version of a whole row lacks although it had
// them, by their present names, if it still has: they were not recorded.
func (v *Version) Excluded() []string {
	if len(v.columns) == 0 {
		return nil
	}
	row := v.Before
	if v.Action == audit.Created || v.Action == audit.Baseline {
		row = v.After
	}
	present := v.columns.present()
	return slices.DeleteFunc(v.lacking(row), func(name string) bool { return !present[name] })
}

// lacking are the columns that the table had and an image of that time has not.
func (v *Version) lacking(image audit.Image) []string {
	names := v.columns.names(v.epoch)
	var list []string
	for _, c := range v.columns[v.epoch].columns {
		name := c.Name
		if renamed, ok := names[name]; ok {
			name = renamed
		}
		if !has(image, name) {
			list = append(list, name)
		}
	}
	return list
}
