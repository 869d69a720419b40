package triggers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/patch"
)

// TableID is the id of a table in exaudit.tables. 0 stands for the id in the database in which the SQL will be run.
type TableID int32

func (id TableID) String() string {
	if id == 0 {
		return "<table_id>"
	}
	return strconv.Itoa(int(id))
}

// OID is the oid of a table in this database. 0 stands for its oid in another database.
type OID uint32

func (o OID) String() string {
	if o == 0 {
		return "<relation>"
	}
	return strconv.FormatUint(uint64(o), 10)
}

// Table describes a table to the generator. Quoted names are quoted where SQL needs it.
type Table struct {
	ID            TableID
	Relation      OID
	Schema, Name  string
	QuotedSchema  string
	QuotedName    string // with the schema
	Partitioned   bool
	Unlogged      bool
	KeyColumns    []string
	Columns       []Column
	Options       audit.TableOptions // with the present names of columns
	stale         []audit.Drift      // columns of the options that are not called so any more
	condition     db.ConditionRow
	bound         bool                        // the function of the condition is another one now
	former        string                      // the options before it was uninstalled, as JSON
	CustomColumns []db.CustomColumnsRow       // the user's columns of exaudit.versions
	Partitions    []db.PartitionsRow          // the table and its partitions
	Uncovered     []db.InheritanceChildrenRow // tables that inherit from it and are not tracked

	db.TableExpressionsRow
	OldUnmasked, NewUnmasked           string // the images without masked columns
	OldPlainUnmasked, NewPlainUnmasked string // the same, of rows that are not special
}

// Column is one recorded column of a table, with the SQL that records it.
type Column struct {
	Name       string
	QuotedName string
	TypeName   string // with its modifier
	Encoding   string // how the value is written into an image: see exaudit_internal.encoding in sql/
	Key        bool   // part of the primary key
	Excluded   bool   // left out of images
	Masked     bool   // recorded without its values
	Changed    string // is true if an update changed the stored value, under a pinned search_path
	OldValue   string // the encoded values
	NewValue   string
	settings   []string

	pathless        bool // no text of a value depends on search_path, or is made by somebody else's code
	plainlyCompared bool // "<>" is true where an update changed the stored value

	OldOversized, NewOversized string // are true if the value might be too large for jsonb; "" if it cannot be
}

// resolve returns the table with a name, which is quoted as in SQL and looked up along the search_path. If the table
// cannot be tracked, it returns an error.
func resolve(ctx context.Context, q db.DBTX, name string) (uint32, error) {
	if name != "" && strings.Trim(name, "0123456789") == "" {
		return 0, &audit.TableError{Table: name, Reason: audit.NoTable} // PostgreSQL 16 takes it for an oid
	}
	relation, err := db.New().ResolveRelation(ctx, q, name)
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) &&
		slices.Contains([]string{"42602", "42601", "0A000", "22023"}, pgErr.Code) {
		// not a name, a name with too many parts, or one of another database
		return 0, &audit.TableError{Table: strconv.Quote(name), Reason: audit.NoTable, Detail: pgErr.Message, Err: err}
	}
	if err != nil {
		return 0, fmt.Errorf("look up table %s: %w", name, err)
	}
	if relation == 0 {
		return 0, &audit.TableError{Table: name, Reason: audit.NoTable}
	}
	found, err := describeRelation(ctx, q, relation)
	if err != nil {
		return 0, fmt.Errorf("look up table %s: %w", name, err)
	}
	why := ""
	switch {
	case found.IsSystem:
		why = "it is a system table"
	case found.Kind == "v", found.Kind == "m":
		why = "it is a view: track the tables beneath it"
	case found.Kind == "f":
		why = "it is a foreign table: install exaudit in the database that has its rows"
	case found.Kind != "r" && found.Kind != "p":
		why = "it is not a table"
	case found.Persistence == "t":
		why = "it is a temporary table"
	case found.IsPartition:
		why = "it is a partition: track its parent"
	case !found.HasPrimaryKey:
		return relation, &audit.TableError{Table: name, Reason: audit.NoPrimaryKey}
	}
	if why != "" {
		return relation, &audit.TableError{Table: name, Reason: audit.NotTrackable, Detail: why}
	}
	return relation, nil
}

// Resolve finds a table as Install does, and returns its quoted name with the schema. If the table has no primary key,
// it returns the name and an error.
func Resolve(ctx context.Context, q db.DBTX, name string) (relation uint32, quotedName string, err error) {
	relation, err = resolve(ctx, q, name)
	if err != nil && !reason.Is(err, audit.NoPrimaryKey) {
		return 0, "", err
	}
	found, describeErr := describeRelation(ctx, q, relation)
	if describeErr != nil {
		return 0, "", fmt.Errorf("look up table %s: %w", name, describeErr)
	}
	return relation, found.QuotedName, err
}

// notes returns what is good to know and is not drift.
func (t *Table) notes() []string {
	var notes []string
	if t.Unlogged {
		notes = append(notes, "it is unlogged: after a crash it is empty, but its history is still there")
	}
	if t.former != "" {
		notes = append(notes, "the options that it had before it was uninstalled are not its own any more: "+t.former)
	}
	return notes
}

// uncovered returns the drift of tables that inherit from this one and are not tracked: their rows can be changed
// through this table, without a trigger.
func (t *Table) uncovered() []audit.Drift {
	drift := make([]audit.Drift, len(t.Uncovered))
	for i, child := range t.Uncovered {
		cure := `"exaudit install ` + child.Name + `"`
		switch {
		case child.IsForeign: // which has no key
			cure = "ALTER TABLE " + child.Name + " NO INHERIT " + t.QuotedName
		case !child.HasPrimaryKey:
			cure = needsKey(child.Name) + ", and then " + cure
		}
		drift[i] = audit.Drift{Table: t.QuotedName, Object: "table " + child.Name,
			Problem: "inherits from it and is not covered", Cure: cure}
	}
	return drift
}

// readOptions applies the options of the registry to the columns and images.
func (t *Table) readOptions(ctx context.Context, q db.DBTX, stored db.OptionsRow) (err error) {
	if t.Options, err = decodeOptions(stored.Options); err != nil {
		return err
	}
	for _, list := range []struct {
		option         string
		listed, stored []string
	}{{"exclude", t.Options.Exclude, stored.Excluded}, {"mask", t.Options.Mask, stored.Masked}} {
		for _, name := range list.listed {
			if !slices.Contains(list.stored, name) {
				t.stale = append(t.stale, newDrift(t.QuotedName, "option "+list.option,
					fmt.Sprintf("names column %q, which was renamed or dropped, or is part of the primary key now",
						name)))
			}
		}
	}
	if t.Options.Where != "" {
		if t.condition, err = db.New().Condition(ctx, q,
			db.ConditionParams{ID: int32(t.ID), Relation: uint32(t.Relation)}); err != nil {
			return fmt.Errorf("read the condition of %s: %w", t.QuotedName, err)
		}
	}
	for _, place := range t.Options.Primitive {
		name := patch.Segments(place)[0]
		if name != "*" && !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == name }) {
			t.stale = append(t.stale, newDrift(t.QuotedName, "option primitive",
				fmt.Sprintf("names column %q, which was renamed or dropped", name)))
		}
	}
	t.Options.Exclude, t.Options.Mask = stored.Excluded, stored.Masked
	for i := range t.Columns {
		c := &t.Columns[i]
		c.Masked = slices.Contains(stored.Masked, c.Name)
		c.Excluded = !c.Masked && slices.Contains(stored.Excluded, c.Name)
	}
	unmasked := slices.Concat(t.Options.Exclude, t.Options.Mask)
	t.OldPlainUnmasked, t.NewPlainUnmasked = redacted(t.OldPlainImage, unmasked, nil),
		redacted(t.NewPlainImage, unmasked, nil)
	t.OldPlainImage = redacted(t.OldPlainImage, t.Options.Exclude, t.Options.Mask)
	t.NewPlainImage = redacted(t.NewPlainImage, t.Options.Exclude, t.Options.Mask)
	t.OldUnmasked, t.NewUnmasked = t.bounded("OLD", t.OldImage, unmasked, nil),
		t.bounded("NEW", t.NewImage, unmasked, nil)
	t.OldImage = t.bounded("OLD", t.OldImage, t.Options.Exclude, t.Options.Mask)
	t.NewImage = t.bounded("NEW", t.NewImage, t.Options.Exclude, t.Options.Mask)
	return nil
}

// Conditional reports whether only rows that satisfy a condition are recorded.
func (t *Table) Conditional() bool { return t.condition.Asked }

// OldMeets returns an expression that is true if OLD satisfies the condition.
func (t *Table) OldMeets() string { return t.meets(t.condition.OfOld) }

// NewMeets returns an expression that is true if NEW satisfies the condition.
func (t *Table) NewMeets() string { return t.meets(t.condition.OfNew) }

func (t *Table) meets(arguments string) string {
	call := fmt.Sprintf("coalesce(exaudit_internal.t<table_id>_condition(%s), false)", arguments)
	return strings.ReplaceAll(call, "<table_id>", t.ID.String())
}

// conditionDrift returns what is wrong with the condition and its function. Sync does not change a condition that
// cannot be evaluated.
func (t *Table) conditionDrift() []audit.Drift {
	var drift []audit.Drift
	if t.condition.Problem != "" {
		drift = append(drift, audit.Drift{Table: t.QuotedName, Object: "option where",
			Problem: "cannot be evaluated, so every row is recorded: " + t.condition.Problem,
			Cure: fmt.Sprintf("exaudit install %s --where CONDITION, in place of %s", t.QuotedName,
				t.Options.Where)})
	}
	if t.condition.Flaw != "" {
		drift = append(drift, newDrift(t.QuotedName, fmt.Sprintf("function exaudit_internal.t%s_condition", t.ID),
			t.condition.Flaw))
	}
	return drift
}

// Differs returns an expression that is true if an update changed the column. With the option skip_untouched_toast, it
// looks into the TOAST table first. If this transaction has added nothing to it, a value of NEW that is stored out of
// line is that of OLD: PostgreSQL keeps the pointer if an update does not set the column, and otherwise stores the
// value again.
func (t *Table) Differs(c Column) string {
	if !t.Options.SkipUntouchedTOAST || c.OldOversized == "" ||
		t.Partitioned { // the function knows no partition's TOAST table
		return t.changed(c)
	}
	return fmt.Sprintf(`(pg_catalog.pg_column_size(NEW.%[1]s) OPERATOR(pg_catalog.>) exaudit_internal.inline_limit('%[2]s'::pg_catalog.oid, %[3]s)
        AND pg_catalog.pg_stat_get_xact_tuples_inserted(exaudit_internal.toast_table('%[2]s'::pg_catalog.oid)) OPERATOR(pg_catalog.=) 0
        AND pg_catalog.current_setting('track_counts') OPERATOR(pg_catalog.=) 'on') IS NOT TRUE
       AND (%[4]s)`, c.QuotedName, t.Relation, literal(c.Name), t.changed(c))
}

// oversized returns an expression that is true if OLD or NEW has a value that might be too large for its image. It is
// "" if the columns cannot have such values, and for statement triggers, which check this before.
func (t *Table) oversized(row string) string {
	if byStatement(t.Options) {
		return ""
	}
	return map[string]string{"OLD": t.OldOversized, "NEW": t.NewOversized}[row]
}

// OldSpecial returns an expression that is true if the image of OLD might need notes; "" if it never does.
func (t *Table) OldSpecial() string { return t.special("OLD") }

// NewSpecial returns an expression that is true if the image of NEW might need notes; "" if it never does.
func (t *Table) NewSpecial() string { return t.special("NEW") }

// special is short, because expressions that are evaluated for every row are prepared in every transaction.
func (t *Table) special(row string) string {
	var conditions []string
	if t.oversized(row) != "" {
		// a smaller row fits into jsonb, however its values are compressed; the size of a row of more than 2 GB is
		// negative
		conditions = append(conditions, large(row))
	}
	if condition := t.mayBeJSONNull(row); condition != "" {
		conditions = append(conditions, condition)
	}
	return strings.Join(conditions, " OR ")
}

// large is true for 16 kB and more, also for more than 2 GB, for which the size is negative.
func large(row string) string {
	return "(pg_catalog.pg_column_size(" + row + ".*) OPERATOR(pg_catalog.&) -16384) OPERATOR(pg_catalog.<>) 0"
}

// mayBeJSONNull returns an expression that is true if OLD or NEW has a JSON null, which is noted; "" if there is no
// jsonb column.
func (t *Table) mayBeJSONNull(row string) string {
	var conditions []string
	for _, c := range t.Columns {
		if c.Encoding == "jsonb" {
			conditions = append(conditions, row+"."+c.QuotedName+" OPERATOR(pg_catalog.=) 'null'")
		}
	}
	return strings.Join(conditions, " OR ")
}

// bounded returns an expression for the image of OLD or NEW as the options say, or for another image if a value could
// be too large.
func (t *Table) bounded(row, image string, excluded, masked []string) string {
	image = redacted(image, excluded, masked)
	oversized := t.oversized(row)
	if oversized == "" {
		return image
	}
	within := redacted(fmt.Sprintf("exaudit_internal.bounded_image(%s%s)", row, t.columnsWithout(excluded)), nil,
		masked)
	return fmt.Sprintf("\n            CASE WHEN %s\n            THEN %s\n            ELSE %s END", oversized, within,
		image)
}

// ColumnsAsKeys returns the quoted columns, in the order in which jsonb sorts keys.
func (t *Table) ColumnsAsKeys() []string {
	columns := slices.Clone(t.Columns)
	slices.SortFunc(columns, func(a, b Column) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.QuotedName
	}
	return names
}

// columnsWithout is a further argument of a function that takes columns, of all columns if it is absent.
func (t *Table) columnsWithout(excluded []string) string {
	if len(excluded) == 0 {
		return ""
	}
	var names []string
	for _, c := range t.Columns {
		if !slices.Contains(excluded, c.Name) {
			names = append(names, c.Name)
		}
	}
	return ", " + textArray(names)
}

// redacted returns the expression of an image without the values that the options leave out.
func redacted(image string, excluded, masked []string) string {
	if len(excluded)+len(masked) == 0 {
		return image
	}
	return "exaudit_internal.redact(" + image + ",\n        " + textArray(excluded) + ", " + textArray(masked) + ")"
}

// schemas returns the quoted schemas of a table and its partitions.
func schemas(partitions []db.PartitionsRow) []string {
	var list []string
	for _, p := range partitions {
		if !slices.Contains(list, p.QuotedSchema) {
			list = append(list, p.QuotedSchema)
		}
	}
	return list
}

// keyColumns returns the columns of the primary key, in its order.
func keyColumns(columns []db.TableColumnsRow) []string {
	key := slices.DeleteFunc(slices.Clone(columns), func(c db.TableColumnsRow) bool { return c.KeyPosition < 0 })
	slices.SortFunc(key, func(a, b db.TableColumnsRow) int { return cmp.Compare(a.KeyPosition, b.KeyPosition) })
	names := make([]string, len(key))
	for i, c := range key {
		names[i] = c.Name
	}
	return names
}
