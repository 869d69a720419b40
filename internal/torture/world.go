// Package torture makes up worlds, each a small schema and a history of it, and checks of each what exaudit promises of
// any: that auditing changes nothing, that earlier rows, states, undo and revert are what a model of the rows says.
//
// The model does not know exaudit. Beside each audited table stands a twin that gets the same statements, has a column
// more, by which a row is known whatever its key, and notes each change of a row in a log.
package torture

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
)

// World is a schema and what happens in it. It is plain data, so that it can be made smaller part by part.
type World struct {
	// Before are statements on types and the like that both sides share, in schema "w…t", written as {types}.
	Before []string
	Tables []Table
	// References are foreign keys, as statements for each side.
	References []string
	// Early are statements of before the tables are recorded.
	Early []string
	Ops   []Op
	// Choices are what is undone in the end, each from where the history ended.
	Choices []Choice
}

// Table is a tracked table. In statements it is written {0}, {1} and so on.
type Table struct {
	Name    string
	Columns []Column
	// Key are the columns of the primary key, by their place in Columns.
	Key []int
	// KeyOptions go after the primary key, DEFERRABLE for one; Constraints are further ones.
	KeyOptions  string
	Constraints []string
	Unique      []int // columns, by their place
	// Partitions are clauses of partitions, "FOR VALUES …", and PartitionBy how the table is divided.
	PartitionBy string
	Partitions  []string
	Options     audit.TableOptions
	Relabelled  bool // the label sad is blue in the end
}

// Column is a column of a table. Values are the literals that its statements use.
type Column struct {
	Name, Type, Rest string
	Values           []string
	Fresh            string              // a value that was never used, by a number
	Coarse           func(string) string // makes equal what "=" takes for equal; nil: equal is identical
	Generated        bool
	Hidden           string // "masked" or "excluded"
	Merges           bool   // undo looks into its values
	Refers           int    // the table that it refers to, counted from 1
}

// Kind is what an Op does.
type Kind int

// The kinds.
const (
	// Statement runs SQL on both sides.
	Statement Kind = iota
	// Once runs SQL that both sides share: ALTER TYPE, settings of a session.
	Once
	Begin
	Commit
	Rollback
	// Save makes a savepoint, and Back goes back to it.
	Save
	Back
	// Mark makes a mark, outside of the sessions' transactions.
	Mark
	// Behind runs SQL on the audited side alone: what a control does behind exaudit's back.
	Behind
	// Race has the second session wait for the first, on each side.
	Race
	// Baseline records the rows that have no version.
	Baseline
)

// Op is one step of a history.
type Op struct {
	Kind    Kind
	Session int // 0 or 1
	SQL     string
	What    string // how it is counted
	// Then is what the second session of a race does, in a transaction of a Level. The first is Undone, or not.
	Then, Level string
	Undone      bool
}

// Choice is what to undo: versions by their place in the history, each where its bit is set, from First on.
type Choice struct {
	First int
	Bits  uint64
}

func (c Choice) has(i int) bool { return i >= c.First && c.Bits>>(uint(i-c.First)%64)&1 == 1 }

func (t Table) quoted(schema string) string { return pgx.Identifier{schema, t.Name}.Sanitize() }

func (c Column) quoted() string { return pgx.Identifier{c.Name}.Sanitize() }

// create is the table's definition in a schema, with columns before its own.
func (t Table) create(schema, before string) string {
	parts := make([]string, 0, len(t.Columns)+2)
	if before != "" {
		parts = append(parts, before)
	}
	for _, c := range t.Columns {
		parts = append(parts, strings.TrimSpace(c.quoted()+" "+c.Type+" "+c.Rest))
	}
	key := make([]string, len(t.Key))
	for i, k := range t.Key {
		key[i] = t.Columns[k].quoted()
	}
	parts = append(parts, strings.TrimSpace("PRIMARY KEY ("+strings.Join(key, ", ")+") "+t.KeyOptions))
	parts = append(parts, t.Constraints...)
	sql := "CREATE TABLE " + t.quoted(schema) + " (" + strings.Join(parts, ", ") + ")"
	if t.PartitionBy != "" {
		sql += " PARTITION BY " + t.PartitionBy
	}
	for i, p := range t.Partitions {
		part := pgx.Identifier{schema, fmt.Sprintf("%s %d", t.Name, i)}.Sanitize()
		sql += ";\nCREATE TABLE " + part + " PARTITION OF " + t.quoted(schema) + " " + p
	}
	return sql
}

// names are the schemas of one world in its database.
type names struct{ audited, twin, types string }

func namesOf(n int) names {
	return names{audited: fmt.Sprintf("w%d", n), twin: fmt.Sprintf("w%d twin", n), types: fmt.Sprintf("w%d types", n)}
}

// in puts names into a statement for one side.
func (w World) in(sql string, n names, schema string) string {
	for i, t := range w.Tables {
		sql = strings.ReplaceAll(sql, fmt.Sprintf("{%d}", i), t.quoted(schema))
	}
	return strings.ReplaceAll(sql, "{types}", pgx.Identifier{n.types}.Sanitize())
}
