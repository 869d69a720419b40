package history

import (
	"maps"
	"reflect"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// Merge takes a change of some columns out of a row, or puts one in, and keeps what else
// happened to them: base is what the change starts from, theirs what it leads to, the image
// what the row is. Only the columns that are wanted are looked at, and only those that the row
// has. At a conflict the row keeps what it has, or with overwrite becomes theirs.
func Merge(i audit.Image, base, theirs audit.Image, wanted func(column string) bool, overwrite bool) (audit.Image,
	[]patch.Conflict) {
	merged := maps.Clone(i)
	var conflicts []patch.Conflict
	taken := make(audit.Image) // what becomes theirs as a whole, with its notes
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if name == "" || !has(i, name) || !wanted(name) || Same(i, theirs, name) {
			continue
		}
		if Same(i, base, name) {
			taken[name] = theirs[name]
			continue
		}
		if holdsJSONNull(i, name) || holdsJSONNull(base, name) || holdsJSONNull(theirs, name) {
			// as values, the two nulls look the same
			if !Same(base, theirs, name) {
				conflicts = append(conflicts, patch.Conflict{Path: patch.Path{name}, Base: base[name], Ours: i[name],
					Theirs: theirs[name]})
				if overwrite {
					taken[name] = theirs[name]
				}
			}
			continue
		}
		var opts []patch.MergeOption
		if overwrite {
			opts = append(opts, patch.Overwrite())
		}
		value, overlaps := patch.Merge(base[name], i[name], theirs[name], opts...)
		for _, o := range overlaps {
			o.Path = append(patch.Path{name}, o.Path...)
			conflicts = append(conflicts, o)
		}
		if overwrite && patch.Diff(value, theirs[name]) == nil {
			taken[name] = value
		}
		merged[name] = value
	}
	maps.Copy(merged, taken)
	note(merged, theirs, in(taken))
	return merged, conflicts
}

// Same compares a column of two images; a JSON null is no SQL NULL.
func Same(i audit.Image, other audit.Image, name string) bool {
	return patch.Diff(i[name], other[name]) == nil && holdsJSONNull(i, name) == holdsJSONNull(other, name)
}

// IsNull reports whether a column of an image is an SQL NULL, or missing.
func IsNull(i audit.Image, name string) bool { return i[name] == nil && !holdsJSONNull(i, name) }

// As is the part of an image in some columns, under other names. Columns that are missing are NULL.
func As(i audit.Image, columns, names []string) audit.Image {
	part := make(audit.Image, len(columns))
	var notes []any
	for n, column := range columns {
		if part[names[n]] = i[column]; holdsJSONNull(i, column) {
			notes = append(notes, names[n])
		}
	}
	if len(notes) > 0 {
		part[""] = notes
	}
	return part
}

// Only is the part of an image in some columns.
func Only(i audit.Image, wanted func(column string) bool) audit.Image {
	if i == nil {
		return nil
	}
	return pick(i, wanted)
}

// Arrange puts versions of one row that nested triggers recorded before the change that set
// them off into the order in which they fit; see Rebuild.
func Arrange(versions []*Version) {
	for i := 0; i < len(versions); {
		end := endOfTransaction(versions, i)
		arrange(versions[i:end], nil)
		i = end
	}
}

// Altered are the columns of a version that were given another type since, or another length, precision or scale, or
// whose type was altered.
func (v *Version) Altered() []string {
	var retyped []string
	for i := v.epoch; i+1 < len(v.columns); i++ {
		names := v.columns.names(i)
		for _, was := range v.columns[i].columns {
			is, ok := v.columns.next(i, was)
			if !ok || was.same(is) {
				continue
			}
			name := was.Name
			if present, renamed := names[name]; renamed {
				name = present
			}
			if has(v.Before, name) || has(v.After, name) {
				retyped = append(retyped, name)
			}
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(retyped)))
}

// same reports whether nothing is known that could keep a value from being read as the later type.
func (c column) same(later column) bool {
	return c.Type == later.Type && c.Encoding == later.Encoding && c.OID == later.OID && c.Layout == later.Layout &&
		c.Numbers == later.Numbers && reflect.DeepEqual(c.Labels, later.Labels)
}

// Keys are the entity ids that a version speaks of: one, or two where it rewrote the key.
func (v *Version) Keys() []string {
	if v.PreviousEntityID == nil {
		return []string{string(v.EntityID)}
	}
	return []string{string(v.EntityID), string(*v.PreviousEntityID)}
}
