// Package triggers generates, installs and compares the triggers that record the changes
// of a table.
//
// Each tracked table has its own functions, generated for its columns, key and types from the templates in templates/.
// What they share is in the migrations of package sql. The package does not read the rows of tables.
//
// It is not part of the public API: there is no promise of compatibility. Import package exaudit instead.
package triggers

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/version"
)

// Function is one generated trigger function.
type Function struct {
	Name     string   // without the schema, which is exaudit_internal
	Settings []string // SET clauses: name = value
	Body     string
	Comment  string
	Creators []string // who may execute it, quoted: creating a partition copies triggers
	owners   []string // of the table and its partitions, from whom it need not be revoked
}

// Trigger is one generated trigger.
type Trigger struct {
	Name   string
	Table  string // quoted
	Timing string // BEFORE or AFTER
	Event  string
	Level  string // ROW or STATEMENT
	Rows   string // the REFERENCING clause
	When   string
	// WhenColumns are the quoted columns that When compares, if any.
	WhenColumns []string
	Function    string
	Always      bool // fires for replicas, too
}

// Script is everything that is installed for one table.
type Script struct {
	Table     *Table
	Functions []Function
	Triggers  []Trigger
}

// Trigger names begin with "!" because triggers fire in the order of their names: a version must be recorded before the
// table's own triggers, including those of foreign keys, make further changes. The rest is the name of the function,
// which is unique, because a table cannot be attached to a partitioned table that has a trigger with the same name.
const triggerPrefix = "!exaudit_"

// movePrefix makes a trigger fire after the table's own BEFORE triggers, which may change the partition of a row. Each
// partitioned level of a table has its own trigger with another name, because partitions inherit it.
const movePrefix = "~exaudit_"

var events = []struct{ event, function string }{
	{"INSERT", "insert"},
	{"UPDATE", "update"},
	{"DELETE", "delete"},
	{"TRUNCATE", "truncate"},
}

// Images are compared, not values: "=" finds 1.0 and 1.00 equal, and does not exist for json.
const rowChanged = "OLD.* OPERATOR(pg_catalog.*<>) NEW.*"

//go:embed templates/*.sql.tmpl
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"literal":      literal,
	"join":         strings.Join,
	"schemas":      schemas,
	"redacted":     redacted,
	"custom_value": customValue,
	"rows_of":      func(event string) string { return rowsOf[event] },
}).ParseFS(templateFiles, "templates/*.sql.tmpl"))

// change is the data of the templates for a trigger that records one kind of change.
type change struct {
	*Table
	Event  string // of the function's name
	Action string // exaudit.action
}

// firing is how a function is called, and by which trigger.
type firing struct{ Function, Trigger, Timing, Operation, Level string }

func firingOf(id, event string, byStatement bool) firing {
	f := firing{Function: "t" + id + "_" + event, Timing: "AFTER", Operation: strings.ToUpper(event), Level: "ROW"}
	f.Trigger = triggerPrefix + f.Function
	if event == "truncate" {
		f.Timing = "BEFORE"
	}
	if byStatement || event == "truncate" {
		f.Level = "STATEMENT"
	}
	return f
}

// Firing returns how the function is called.
func (c change) Firing() firing {
	return firingOf(c.ID.String(), c.Event, byStatement(c.Options))
}

// actions are the actions that the events of a row are recorded as.
var actions = map[string]string{"insert": "created", "update": "updated", "delete": "deleted"}

// Before returns an image of OLD, or NULL if there is none.
func (c change) Before(image string) string {
	if c.Action == "created" {
		return "NULL"
	}
	return image
}

// After returns an image of NEW, or NULL if there is none.
func (c change) After(image string) string {
	if c.Action == "deleted" {
		return "NULL"
	}
	return image
}

// Entity returns the row's key after the change.
func (c change) Entity() string {
	if c.Action == "deleted" {
		return c.OldEntityID
	}
	return c.NewEntityID
}

// Sides returns the columns of exaudit.versions that the change fills with images.
func (c change) Sides() string { return c.pick("before", "after", "before, after") }

// Images returns the values of Sides, unless the row is special.
func (c change) Images() string {
	if c.WithoutImage() {
		return "NULL"
	}
	return c.pick(c.OldPlainImage, c.NewPlainImage, "before, after")
}

// SpecialImage returns the image of a row for which Special is true.
func (c change) SpecialImage() string { return c.pick(c.OldImage, c.NewImage, "") }

// BothImages returns the images of both sides: the variables for an update, otherwise the image of the row.
func (c change) BothImages(image string) string {
	return c.pick(image+", NULL", "NULL, "+image, "before, after")
}

// Imaged reports whether the change has the image of a row, which may be a special one.
func (c change) Imaged() bool { return !c.Updated() && c.Special() != "" }

// Variables returns the declarations of the function's variables.
func (c change) Variables() []string {
	var list []string
	if len(c.Filled()) > 0 {
		list = append(list, "stamp exaudit.versions")
		if !c.Updated() {
			list = append(list, "image jsonb")
		}
	}
	if c.Updated() {
		list = append(list, "old_entity pg_catalog.text", "before pg_catalog.jsonb", "after pg_catalog.jsonb")
	}
	if c.Wide() {
		list = append(list, "wide boolean")
	}
	if c.Unpinned() {
		list = append(list, "settings pg_catalog.text[]", "recorded pg_catalog.bool")
	}
	if c.Updated() && c.Conditional() {
		list = append(list, "crossing boolean")
	}
	if byStatement(c.Options) && c.OldOversized != "" {
		list = append(list, "oversized boolean")
	}
	return list
}

// Special returns an expression that is true if the change is not recorded as most changes are; "" if all are recorded
// alike.
func (c change) Special() string {
	if c.WithoutImage() {
		return written
	}
	updated := "old_entity IS NOT NULL"
	if c.Wide() {
		updated = "wide OR " + updated
	}
	return c.pick(c.OldSpecial(), c.NewSpecial(), updated)
}

// WithoutImage reports whether rows are recorded without their image, unless they are special.
func (c change) WithoutImage() bool { return c.Action == "created" && c.Options.SkipInsertImage }

// written is true for a row that the same command has already changed again. That change was recorded before this one;
// only the images show the order.
const written = "NEW.xmax OPERATOR(pg_catalog.<>) 0"

// Updated reports whether the change is an update.
func (c change) Updated() bool { return c.Action == "updated" }

// Changes reports whether only the changed columns of an update are recorded.
func (c change) Changes() bool { return c.Updated() && !full(c.Options) }

// Wide reports whether the changed columns might be too large for jsonb.
func (c change) Wide() bool { return c.Changes() && c.oversized("OLD") != "" }

// Filtered reports whether the function is called only if something changed that is recorded.
func (c change) Filtered() bool {
	return len(c.Options.Exclude) == 0 && !c.Options.SkipUntouchedTOAST && !byStatement(c.Options) && !c.Unpinned()
}

// Recorded returns the columns that are not excluded.
func (t *Table) Recorded() []Column {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return c.Excluded })
}

func (c change) pick(deleted, created, updated string) string {
	return map[string]string{"deleted": deleted, "created": created, "updated": updated}[c.Action]
}

// Filled returns the custom columns of exaudit.versions that custom data fills.
func (t *Table) Filled() []db.CustomColumnsRow {
	return slices.DeleteFunc(slices.Clone(t.CustomColumns), func(c db.CustomColumnsRow) bool { return !c.Filled })
}

// Unfilled returns the custom columns that custom data does not fill.
func (t *Table) Unfilled() string {
	var names []string
	for _, c := range t.CustomColumns {
		if !c.Filled {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return "exaudit_internal.version_columns()"
	}
	return "(exaudit_internal.version_columns() || " + textArray(names) + ")"
}

// customValue returns the value of a custom column from the session's custom data, which is in the variable stamp.
func customValue(c db.CustomColumnsRow) string {
	value := "stamp." + c.QuotedName
	if c.DefaultExpression == "" {
		return value
	}
	return fmt.Sprintf("CASE WHEN stamp.custom ? %s THEN %s ELSE %s END", literal(c.Name), value, c.DefaultExpression)
}

// Encoded returns an expression for the whole image of OLD or NEW, which looks up the columns at run time.
func (t *Table) Encoded(row string) string {
	return fmt.Sprintf("exaudit_internal.encode_with(exaudit_internal.encode_query('%s'::pg_catalog.oid), %s)", t.Relation, row)
}

// CustomColumnList returns the argument of exaudit_internal.has_custom_columns.
func (t *Table) CustomColumnList() string {
	list := make([]string, len(t.CustomColumns))
	for i, c := range t.CustomColumns {
		list[i] = c.Definition
	}
	return textArray(list)
}

func textArray(items []string) string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = literal(item)
	}
	return "ARRAY[" + strings.Join(list, ", ") + "]::pg_catalog.text[]"
}

// AnyChanged returns an expression that is true if an update changed a recorded column.
func (t *Table) AnyChanged() string {
	var changed []string
	for _, c := range t.Recorded() {
		changed = append(changed, "("+t.changed(c)+")")
	}
	return strings.Join(changed, "\n            OR ")
}

// Generate returns the script of a table.
func Generate(t *Table) (*Script, error) {
	s := &Script{Table: t}
	for _, e := range events {
		f, err := t.function(e.function)
		if err != nil {
			return nil, err
		}
		s.Functions = append(s.Functions, f)
		if e.event == "TRUNCATE" {
			// PostgreSQL does not copy it to partitions, and TRUNCATE may name one of them
			for _, partition := range t.Partitions {
				s.Triggers = append(s.Triggers, Trigger{
					Name: triggerPrefix + f.Name, Table: partition.Name, Timing: "BEFORE", Event: e.event,
					Level: "STATEMENT", Function: f.Name,
					Always: t.Options.RecordReplicated,
				})
			}
			continue
		}
		trigger := Trigger{
			Name: triggerPrefix + f.Name, Table: t.QuotedName, Timing: "AFTER", Event: e.event, Level: "ROW",
			Function: f.Name, Always: t.Options.RecordReplicated,
		}
		switch {
		case byStatement(t.Options):
			trigger.Level, trigger.Rows = "STATEMENT", rowsOf[e.event]
		case e.event == "UPDATE" && t.Options.SkipUntouchedTOAST:
			// A condition on whole rows would read values that are stored out of line; the function checks.
		case e.event == "UPDATE" && t.Unpinned():
			// The condition takes longer than the function.
		case e.event == "UPDATE":
			trigger.When = rowChanged
		}
		s.Triggers = append(s.Triggers, trigger)
	}
	if t.Partitioned {
		f, err := t.function("move")
		if err != nil {
			return nil, err
		}
		s.Functions = append(s.Functions, f)
		s.Triggers = append(s.Triggers, t.moveTriggers(f.Name)...)
	}
	return s, nil
}

// moveTriggers returns triggers for updates that may move a row to another partition. Each compares the partition key
// of its own level only, because those columns may be dropped after a partition is detached.
func (t *Table) moveTriggers(function string) []Trigger {
	var list []Trigger
	for _, p := range t.Partitions {
		if len(p.PartitionColumns) == 0 {
			continue
		}
		name := movePrefix + function
		if p.Level > 0 {
			name += fmt.Sprintf("_%d", p.Level)
		}
		list = append(list, Trigger{
			Name: name, Table: p.Name, Timing: "BEFORE", Event: "UPDATE", Level: "ROW", Function: function,
			Always:      t.Options.RecordReplicated,
			WhenColumns: p.PartitionColumns,
			// images, because this works for every type
			When: fmt.Sprintf("pg_catalog.record_image_ne(ROW(old.%s), ROW(new.%s))",
				strings.Join(p.PartitionColumns, ", old."), strings.Join(p.PartitionColumns, ", new.")),
		})
	}
	return list
}

func (t *Table) function(event string) (Function, error) {
	var body strings.Builder
	name := event
	if actions[event] != "" {
		name = "row"
		if byStatement(t.Options) {
			name = "statement"
		}
	}
	if err := templates.ExecuteTemplate(&body, name,
		change{Table: t, Event: event, Action: actions[event]}); err != nil {
		return Function{}, fmt.Errorf("generate %s trigger of %s: %w", event, t.QuotedName, err)
	}
	f := Function{
		Name:     fmt.Sprintf("t%s_%s", t.ID, event),
		Settings: settings(t.neededSettings()), // and no more: each costs time on every call
		Comment:  fmt.Sprintf("exaudit: records %s of %s", event, t.QuotedName),
	}
	switch {
	case event == "truncate" || event == "move":
		f.Settings = settings(nil) // reads no value itself
	case name == "row" && t.Unpinned():
		f.Settings = nil
	case name == "statement":
		// It also makes images of columns that are added later. And without JIT: PostgreSQL would compile the plan for
		// many rows, which takes a third of a second for 100,000 rows and does not save as much.
		f.Settings = append(settings(everySetting()), "jit = off")
	}
	content := digest(body.String())
	if t.ID == 0 {
		content = "<content>" // of the text that exaudit_internal.install_table makes of it
	}
	if event != "truncate" { // which is not copied
		f.Creators, f.owners = t.creators(), t.owners()
	}
	f.Body = fmt.Sprintf("-- %s of %s: written by exaudit %s, content %s. Do not edit.\n%s",
		strings.ToUpper(event), commentSafe(t.QuotedName), version.Version, content, body.String())
	return f, nil
}

// creators returns the owners of the table's partitioned levels that are not superusers.
func (t *Table) creators() []string {
	var list []string
	for _, p := range t.Partitions {
		if p.Creator != "" && !slices.Contains(list, p.Creator) {
			list = append(list, p.Creator)
		}
	}
	return list
}

// owners returns the quoted owners of the table and its partitions.
func (t *Table) owners() []string {
	list := make([]string, len(t.Partitions))
	for i, p := range t.Partitions {
		list[i] = p.Owner
	}
	return list
}

var settingValues = []struct{ name, value string }{
	{"array_nulls", "on"},
	{"bytea_output", "'hex'"},
	{"datestyle", "'ISO, YMD'"},
	{"extra_float_digits", "1"},
	{"intervalstyle", "'postgres'"},
	{"lc_monetary", "'C'"},
	{"quote_all_identifiers", "off"},
	{"timezone", "'UTC'"},
}

func everySetting() []string {
	names := make([]string, len(settingValues))
	for i, p := range settingValues {
		names[i] = p.name
	}
	return names
}

func settings(needed []string) []string {
	// With row_security off, as pg_restore sets it, a role that policies apply to could
	// not add versions.
	clauses := []string{"search_path = pg_catalog, pg_temp", "row_security = on"}
	for _, p := range settingValues {
		if slices.Contains(needed, p.name) {
			clauses = append(clauses, p.name+" = "+p.value)
		}
	}
	return clauses
}

func newColumn(c db.TableColumnsRow) Column {
	oldRef, newRef := "OLD."+c.QuotedName, "NEW."+c.QuotedName
	changed := strings.NewReplacer("{old}", oldRef, "{new}", newRef).Replace(c.ChangedExpression)
	return Column{
		Name: c.Name, QuotedName: c.QuotedName, TypeName: c.TypeName, Encoding: c.Encoding, Key: c.KeyPosition >= 0,
		Changed: changed, settings: c.Settings, pathless: c.Pathless, plainlyCompared: c.PlainlyCompared,
		OldValue:     strings.ReplaceAll(c.ValueExpression, "{}", oldRef),
		NewValue:     strings.ReplaceAll(c.ValueExpression, "{}", newRef),
		OldOversized: c.OldOversized, NewOversized: c.NewOversized,
	}
}

// SQL returns the whole script, with the function of the table's condition, which exaudit_internal.bind_condition
// creates.
func (s *Script) SQL() string {
	script := s.sql(s.Table.Partitions, s.Table.Partitions)
	if s.Table.condition.Function != "" {
		script = strings.TrimSpace(s.Table.condition.Function) + ";\n\n" + script
	}
	return script
}

// due returns the script as it is run. Policies and grants on schemas are created only if they are missing: creating a
// policy also waits for readers of the table, and after a grant on a schema, all sessions plan their statements again.
func (s *Script) due() string {
	return s.sql(
		slices.DeleteFunc(slices.Clone(s.Table.Partitions), func(p db.PartitionsRow) bool { return p.SchemaGranted }),
		slices.DeleteFunc(slices.Clone(s.Table.Partitions), func(p db.PartitionsRow) bool { return p.HasPolicy }))
}

func (s *Script) sql(withoutUsage, withoutPolicy []db.PartitionsRow) string {
	parts := s.parts(withoutUsage)
	parts[0] += render("policies", withoutPolicy)
	return strings.Join(parts, "\n\n") + "\n"
}

// parts begin with the grants, without policies.
func (s *Script) parts(withoutUsage []db.PartitionsRow) []string {
	parts := []string{render("usage", withoutUsage) + render("grant", s.Table)}
	for _, f := range s.Functions {
		parts = append(parts, f.SQL())
	}
	for _, t := range s.Triggers {
		parts = append(parts, t.SQL())
	}
	return parts
}

// SQL returns the function's definition, with its owner and privileges.
func (f Function) SQL() string { return render("function", f) }

// Quote returns the dollar quote of the function's body.
func (f Function) Quote() string { return dollarQuote("exaudit", f.Body) }

// dollarQuote returns a dollar quote that does not occur in the text.
func dollarQuote(tag, text string) string {
	quote := "$" + tag + "$"
	for n := 1; strings.Contains(text, quote); n++ {
		quote = fmt.Sprintf("$%s%d$", tag, n)
	}
	return quote
}

// SQL returns the trigger's definition.
func (t Trigger) SQL() string { return render("trigger", t) }

// render cannot fail: these templates only place strings.
func render(name string, data any) string {
	var out strings.Builder
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		panic(err)
	}
	return out.String()
}

// literal quotes a string as PostgreSQL's quote_literal does: safe whatever
// standard_conforming_strings is.
func literal(s string) string {
	quoted := "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + quoted
	}
	return quoted
}

// commentSafe keeps a name on the comment's own line.
func commentSafe(name string) string {
	return strings.NewReplacer("\n", " ", "\r", " ").Replace(name)
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:6])
}
