package triggers

import (
	"fmt"
	"slices"
	"strings"
)

// Unpinned reports whether the functions for single rows have no SET clauses, which would take longer than all the
// rest. This is possible if no name that they use depends on search_path. They are called in sessions that have the
// settings that they need, as most sessions have.
func (t *Table) Unpinned() bool {
	return !t.Conditional() && !byStatement(t.Options) && len(t.CustomColumns) == 0 &&
		!slices.ContainsFunc(t.Columns, func(c Column) bool { return !c.pathless }) &&
		!slices.ContainsFunc(t.neededSettings(), func(name string) bool { return usualValues[name] == "" })
}

// usualValues are the values of settings in sessions that have not changed them, as arrays.
var usualValues = map[string]string{
	"array_nulls":        "{on}",
	"bytea_output":       "{hex}",
	"extra_float_digits": "{1,2,3}", // all of them write numbers as short as they are exact
	"intervalstyle":      "{postgres}",
	"row_security":       "{on}",
	"timezone":           "{UTC,Etc/UTC,GMT}",
}

// neededSettings returns the settings on which the texts of the table's values depend.
func (t *Table) neededSettings() []string { return settingsOf(t.Columns) }

func settingsOf(columns []Column) []string {
	var needed []string
	for _, c := range columns {
		needed = append(needed, c.settings...)
	}
	slices.Sort(needed)
	return slices.Compact(needed)
}

// UnusualSettings returns an expression that is true in a session with other settings. Without an image, only the
// settings for the key matter.
func (c change) UnusualSettings() string {
	columns := c.Columns
	if c.WithoutImage() {
		columns = slices.DeleteFunc(slices.Clone(columns), func(column Column) bool { return !column.Key })
	}
	var conditions []string
	for _, name := range append(settingsOf(columns), "row_security") {
		conditions = append(conditions, fmt.Sprintf("exaudit_internal.is_unusual_setting(%s, %s)",
			literal(name), literal(usualValues[name])))
	}
	return strings.Join(conditions, "\n       OR ")
}

// PinnedSettings returns the arguments of exaudit_internal.pin_settings.
func (t *Table) PinnedSettings() string {
	var pairs []string
	for _, name := range append(t.neededSettings(), "row_security") {
		value, _, _ := strings.Cut(strings.Trim(usualValues[name], "{}"), ",")
		pairs = append(pairs, name, value)
	}
	return textArray(pairs)
}

// changed returns an expression that is true if an update changed the stored value of a column.
func (t *Table) changed(c Column) string {
	switch {
	case !t.Unpinned():
		return c.Changed
	case c.plainlyCompared:
		return fmt.Sprintf("OLD.%[1]s OPERATOR(pg_catalog.<>) NEW.%[1]s", c.QuotedName)
	default:
		return fmt.Sprintf("pg_catalog.record_image_ne(ROW(OLD.%[1]s), ROW(NEW.%[1]s))", c.QuotedName)
	}
}

// MayBeLarge returns an expression that is true for a row that might be too large for its image; "" if no row can be.
// If no image is stored, it is true for a row that needs one.
func (c change) MayBeLarge() string {
	if c.WithoutImage() {
		return written
	}
	row := c.pick("OLD", "NEW", "")
	if c.oversized(row) == "" {
		return ""
	}
	return large(row)
}

// MayBeJSONNull returns an expression that is true for a row with a JSON null; "" if there is no jsonb column.
func (c change) MayBeJSONNull() string {
	if c.WithoutImage() {
		return ""
	}
	return c.mayBeJSONNull(c.pick("OLD", "NEW", ""))
}
