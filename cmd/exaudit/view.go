package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// view is how versions are shown to people.
type view struct {
	color bool
	full  bool
	many  bool // the versions are of several rows
}

func (p *program) view(c *cli.Context) view {
	return view{color: p.colorful(), full: c.Bool("full")}
}

// Longer values are cut, unless --full is given.
const (
	shortened  = 100
	cellLength = 40
)

const indent = "    "

// localTime is the time with its zone; its last digits are in JSON.
func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000 -07:00") }

// version is a version as one heading and its changes, indented.
func (v view) version(version *audit.Version) string {
	return v.heading(version) + v.changes(version)
}

func (v view) heading(version *audit.Version) string {
	title := fmt.Sprintf("%d  %s", version.ID, version.Action)
	if v.many {
		title += fmt.Sprintf("  %s %s", printable(version.Table), printable(string(version.EntityID)))
	}
	parts := []string{v.bold(title), localTime(version.RecordedAt),
		fmt.Sprintf("transaction %d", version.TransactionID)}
	if version.Rollback {
		parts = append(parts, v.bold("rollback"+ofThose("", version.Undid)))
	}
	if version.PreviousEntityID != nil {
		parts = append(parts, fmt.Sprintf("key %s → %s", printable(string(*version.PreviousEntityID)),
			printable(string(version.EntityID))))
	}
	if version.Gap != nil {
		parts = append(parts, "after changes out of sight")
	}
	if version.Lost != nil {
		parts = append(parts, "changed out of sight since: "+printable(patch.Text(version.Lost)))
	}
	if version.SessionUser != "" {
		parts = append(parts, "session_user="+bare(version.SessionUser))
	}
	if said := said(version); said != "" {
		parts = append(parts, said)
	}
	return strings.Join(parts, "  ") + "\n"
}

// ofThose names the versions or transactions that were taken back, or says how many where there are many.
func ofThose[ID int64 | uint64](kind string, undid []ID) string {
	const named = 8
	switch {
	case len(undid) == 0:
		return ""
	case len(undid) > named:
		return fmt.Sprintf(" of %d%s", len(undid),
			map[bool]string{true: " versions", false: " transactions"}[kind == ""])
	}
	texts := make([]string, len(undid))
	for i, id := range undid {
		texts[i] = fmt.Sprint(id)
	}
	return " of " + kind + strings.Join(texts, ", ")
}

func (v view) bold(text string) string {
	if v.color {
		return "\x1b[1m" + text + "\x1b[0m"
	}
	return text
}

// said is the custom data as key=value, and the custom columns that say something else.
func said(version *audit.Version) string {
	all := maps.Clone(version.Custom)
	for name, value := range version.CustomColumns {
		if value == nil || fmt.Sprint(all[name]) == fmt.Sprint(value) {
			continue
		}
		if all == nil {
			all = make(map[string]any)
		}
		if _, taken := all[name]; taken {
			name += "(column)"
		}
		all[name] = value
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, bare(name)+"="+bare(all[name]))
	}
	return strings.Join(parts, " ")
}

// word is a string that cannot be taken for anything else without its quotes.
var word = regexp.MustCompile(`^[\pL_/@.:+-][\pL\pN_/@.:+-]*$`)

// bare is a value as JSON, or a plain word.
func bare(value any) string {
	if s, ok := value.(string); ok && word.MatchString(s) && !slices.Contains([]string{"true", "false", "null"}, s) {
		if _, err := patch.Decode([]byte(s)); err != nil {
			return printable(s)
		}
	}
	return printable(asJSON(value))
}

// changes are the lines of a version's patch, or of a baseline the row. Of a whole row, the
// columns that are NULL say little.
func (v view) changes(version *audit.Version) string {
	if version.Action == audit.Baseline {
		return v.state(version.After) + v.jsonNulls(version)
	}
	shown, nulls := version.Patch, 0
	if !v.full && version.Action != audit.Updated {
		shown, nulls = withoutNulls(version)
	}
	text := v.patch(shown) + v.jsonNulls(version)
	if nulls > 0 {
		text += indent + fmt.Sprintf("(and %s NULL)\n", counted(nulls, "column"))
	}
	return text
}

// patch is a patch, indented. The key "" is no column: it notes JSON nulls.
func (v view) patch(p patch.Patch) string {
	if object, ok := p.(patch.Object); ok && object[""] != nil {
		rest := maps.Clone(object)
		delete(rest, "")
		p = rest
	}
	var opts []patch.TextOption
	if v.color {
		opts = append(opts, patch.Color())
	}
	if !v.full {
		opts = append(opts, patch.Shorten(shortened))
	}
	return indented(patch.Text(p, opts...))
}

func indented(lines string) string {
	if lines == "" {
		return ""
	}
	return indent + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n"+indent) + "\n"
}

func withoutNulls(version *audit.Version) (patch.Patch, int) {
	object, ok := version.Patch.(patch.Object)
	if !ok {
		return version.Patch, 0
	}
	shown := make(patch.Object, len(object))
	noted := append(jsonNullsOf(version.Before), jsonNullsOf(version.After)...)
	for name, change := range object {
		if (change == patch.Patch(patch.Added{}) || change == patch.Patch(patch.Removed{})) &&
			!slices.Contains(noted, name) {
			continue
		}
		shown[name] = change
	}
	return shown, len(object) - len(shown)
}

// jsonNulls tells which of the nulls are the JSON null of a jsonb column.
func (v view) jsonNulls(version *audit.Version) string {
	var lines strings.Builder
	for _, side := range []struct {
		name  string
		image audit.Image
	}{{"before", version.Before}, {"after", version.After}} {
		for _, column := range jsonNullsOf(side.image) {
			fmt.Fprintf(&lines, "%s(%s, %s: a JSON null, not NULL)\n", indent, printable(column), side.name)
		}
	}
	return lines.String()
}

func jsonNullsOf(image audit.Image) []string {
	list, _ := image[""].([]any)
	var names []string
	for _, note := range list {
		if name, ok := note.(string); ok { // else it says that a column is masked
			names = append(names, name)
		}
	}
	return names
}

// state is the row after a version.
func (v view) state(row audit.Image) string {
	if row == nil {
		return indent + "row: none\n"
	}
	var cells []string
	for _, column := range columnsOf(row) {
		if row[column] == nil && !v.full && !slices.Contains(jsonNullsOf(row), column) {
			continue
		}
		cells = append(cells, printable(column)+"="+v.value(row[column], shortened))
	}
	return indent + "row: " + strings.Join(cells, " ") + "\n"
}

// unknown are the columns that the state of a version lacks, indented.
func unknown(version *audit.Version, indent string) string {
	if len(version.Unknown) == 0 {
		return ""
	}
	names := make([]string, len(version.Unknown))
	for i, name := range version.Unknown {
		names[i] = printable(name)
	}
	return indent + "(not known: " + strings.Join(names, ", ") + ")\n"
}

func columnsOf(rows ...audit.Image) []string {
	all := make(map[string]bool)
	for _, row := range rows {
		for name := range row {
			all[name] = name != ""
		}
	}
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// value is one value as the text of a patch shows it.
func (v view) value(value any, limit int) string {
	var opts []patch.TextOption
	if !v.full {
		opts = append(opts, patch.Shorten(limit))
	}
	line := patch.Text(patch.Added{Value: value}, opts...)
	return strings.TrimSuffix(strings.TrimPrefix(line, "+ "), "\n")
}

// rows shows the rows before and after a version side by side.
func (v view) rows(before, after audit.Image) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  \tBEFORE\tAFTER\n")
	for _, column := range columnsOf(before, after) {
		mark, cells := "  ", [2]string{"-", "-"}
		for i, row := range []audit.Image{before, after} {
			if value, ok := row[column]; ok {
				cells[i] = v.value(value, cellLength)
			}
		}
		if changed := patch.Diff(pick(before, column), pick(after, column)); changed != nil {
			mark = "* "
		}
		fmt.Fprintf(w, "%s%s\t%s\t%s\n", mark, printable(column), cells[0], cells[1])
	}
	_ = w.Flush() // a Builder does not fail
	return text.String()
}

func pick(row audit.Image, column string) map[string]any {
	picked := make(map[string]any)
	if value, ok := row[column]; ok {
		picked[column] = value
	}
	return picked
}
