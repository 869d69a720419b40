package config

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// Result is what Apply did.
type Result struct {
	Columns   []string // added to exaudit.versions
	Installed []audit.Installation
	Skipped   []string // tables of the schemas that have no primary key
}

// table is one that a file selects.
type table struct {
	name     string // as in the file, or quoted where only its schema is named
	quoted   string
	relation uint32
	options  audit.TableOptions
}

// Apply adds the custom columns that are missing and installs on the selected tables with
// their options, each in a transaction of its own, as Install does. Tables that are tracked and not selected are left
// as they are. A dry run does everything, and then rolls it back. With a *PartialError, the result is what was done.
func (f *File) Apply(ctx context.Context, conn triggers.Conn, dryRun bool,
	opts ...triggers.InstallOption) (*Result, error) {
	result := &Result{}
	names, options, err := f.installation(ctx, conn, result)
	if err != nil {
		return nil, err
	}
	opts = append(slices.Clip(opts), options...)
	following, err := f.following(ctx, conn)
	if err != nil {
		return nil, err
	}
	if following != nil {
		opts = append(opts, triggers.FollowDDL(*following))
	}
	if dryRun {
		opts = append(opts, triggers.DryRun())
	}
	result.Installed, err = triggers.Install(ctx, conn, names, opts...)
	for i, done := range result.Installed {
		if done.Outgrown != nil {
			result.Installed[i].Left = []string{f.explain(done.Outgrown, done.Outgrown.Table).Error()}
		}
	}
	return result, f.explainOption(err)
}

// installation finds the tables, and what they and the custom columns are to be.
func (f *File) installation(ctx context.Context, q db.DBTX, result *Result) (names []string,
	opts []triggers.InstallOption, err error) {
	// of this database, if it is one of exaudit's at all
	if err := sql.Check(ctx, q); err != nil {
		return nil, nil, err
	}
	selected, skipped, err := f.selected(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	result.Skipped = skipped
	if result.Columns, err = f.missingColumns(ctx, q); err != nil {
		return nil, nil, err
	}
	options := make(map[string]audit.TableOptions, len(selected))
	for _, t := range selected {
		names, options[t.name] = append(names, t.name), t.options
	}
	opts = append(opts, triggers.WithOptions(options))
	if len(result.Columns) > 0 {
		opts = append(opts, triggers.Columns(func(tx pgx.Tx,
			versions string) error {
			return f.addColumns(ctx, tx, versions, result.Columns)
		}))
	}
	return names, opts, nil
}

// explainOption says where in the file an option is that is wrong.
func (f *File) explainOption(err error) error {
	if wrong := (*audit.InvalidError)(nil); errors.As(err, &wrong) {
		return f.explain(err, wrong.Table)
	}
	return err
}

// Migrations are the SQL by which another database comes to be what the file says.
type Migrations struct {
	Columns []Column // all custom columns of the file, in its order
	Tables  []triggers.Migration
	Skipped []string // tables of the schemas that have no primary key
}

// Column is the SQL of a custom column.
type Column struct {
	Name string
	Add  []string
	Drop string
}

// Migrations writes what Apply would do as migrations, and changes nothing.
func (f *File) Migrations(ctx context.Context, conn triggers.Conn,
	opts ...triggers.InstallOption) (*Migrations, error) {
	result, migrations := &Result{}, &Migrations{}
	names, options, err := f.installation(ctx, conn, result)
	if err != nil {
		return nil, err
	}
	migrations.Tables, err = triggers.Migrations(ctx, conn, names, append(slices.Clip(opts), options...)...)
	if err != nil {
		return nil, f.explainOption(err)
	}
	migrations.Skipped = result.Skipped
	for _, name := range f.columnNames() {
		quoted := pgx.Identifier{name}.Sanitize()
		migrations.Columns = append(migrations.Columns, Column{
			Name: name,
			// IF EXISTS is for sqlc, which may not know the table
			Add:  f.CustomColumns[name].add(name, "IF EXISTS exaudit.versions", "IF NOT EXISTS "),
			Drop: "ALTER TABLE IF EXISTS exaudit.versions DROP COLUMN IF EXISTS " + quoted + ";",
		})
	}
	return migrations, nil
}

// selected are the tables that the file means.
func (f *File) selected(ctx context.Context, q db.DBTX) (tables []table, skipped []string, err error) {
	for _, name := range f.tableNames() {
		t, err := resolve(ctx, q, name)
		if err != nil {
			return nil, nil, f.explain(err, name)
		}
		if i := slices.IndexFunc(tables, func(other table) bool { return other.relation == t.relation }); i >= 0 {
			return nil, nil, f.fail(nil, []string{"tables", name}, "table %s is given twice: %s is the same", name,
				tables[i].name)
		}
		t.options = f.options(name)
		tables = append(tables, t)
	}
	if !f.All {
		return tables, nil, nil
	}
	names, withoutKey, err := f.trackable(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	excepted, err := f.excepted(ctx, q, tables, slices.Concat(names, withoutKey))
	if err != nil {
		return nil, nil, err
	}
	names, withoutKey = slices.DeleteFunc(names, f.exceptsPattern), slices.DeleteFunc(withoutKey, f.exceptsPattern)
	for _, name := range withoutKey {
		if !slices.Contains(excepted, name) {
			skipped = append(skipped, name)
		}
	}
	for _, name := range names {
		listed := slices.ContainsFunc(tables, func(t table) bool { return t.quoted == name })
		if listed || slices.Contains(excepted, name) {
			continue
		}
		t, err := resolve(ctx, q, name)
		if err != nil {
			return nil, nil, err
		}
		t.options = f.options(name)
		tables = append(tables, t)
	}
	return tables, skipped, nil
}

func resolve(ctx context.Context, q db.DBTX, name string) (table, error) {
	relation, quoted, err := triggers.Resolve(ctx, q, name)
	return table{name: name, quoted: quoted, relation: relation}, err
}

// excepted are the quoted names of the tables that are left out of all; listed are those under tables.
func (f *File) excepted(ctx context.Context, q db.DBTX, listed []table, all []string) ([]string, error) {
	var list []string
	for _, name := range f.Except {
		if triggers.IsPattern(name) {
			continue
		}
		quoted, err := triggers.Excepted(ctx, q, name, all)
		if err != nil {
			return nil, f.fail(err, []string{"except", name}, "except: %v", err)
		}
		if slices.ContainsFunc(listed, func(t table) bool { return t.quoted == quoted }) {
			return nil, f.fail(nil, []string{"except", name}, "table %s is listed under tables as well", name)
		}
		if quoted != "" {
			list = append(list, quoted)
		} // see Unmatched
	}
	return list, nil
}

// Unmatched says which names under except are no table that could be left out, each as an *Error. None of them stands
// in the way: a table that was dropped needs no exception.
func (f *File) Unmatched(ctx context.Context, q db.DBTX) (list []error, err error) {
	if !f.All || len(f.Except) == 0 {
		return nil, nil
	}
	names, withoutKey, err := f.trackable(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, name := range f.Except {
		if triggers.IsPattern(name) {
			continue
		}
		if quoted, err := triggers.Excepted(ctx, q, name, slices.Concat(names, withoutKey)); err != nil ||
			quoted != "" {
			continue // selected says what is wrong
		}
		if _, err := resolve(ctx, q, name); reason.Is(err, audit.NoTable, audit.NotTrackable) {
			list = append(list, f.fail(err, []string{"except", name}, "except: %v", err))
		}
	}
	return list, nil
}

// exceptsPattern tells whether a pattern leaves a table out, by its quoted name.
func (f *File) exceptsPattern(name string) bool {
	return slices.ContainsFunc(f.Except, func(text string) bool {
		p, err := triggers.ParsePattern(text)
		return err == nil && triggers.IsPattern(text) && p.MatchQuoted(name)
	})
}

// following is what the file says of event triggers; nil where it does not ask for them.
func (f *File) following(ctx context.Context, q db.DBTX) (*audit.FollowDDL, error) {
	if !f.FollowDDL {
		return nil, nil
	}
	following := &audit.FollowDDL{NewTables: f.NewTables}
	if len(f.NewTables) == 0 {
		return following, nil
	}
	var all []string
	if f.All {
		names, withoutKey, err := f.trackable(ctx, q)
		if err != nil {
			return nil, err
		}
		all = slices.Concat(names, withoutKey)
	}
	for _, name := range f.Except {
		if f.All && !triggers.IsPattern(name) {
			quoted, err := f.quoted(ctx, q, name, all)
			if err != nil {
				return nil, err
			}
			if quoted == "" {
				continue // without its schema, nobody knows which new table it would be
			}
			name = quoted
		}
		following.Except = append(following.Except, name)
	}
	return following, nil
}

// quoted is the name with the schema that something under except means, be there a table of it or not; "" for none.
func (f *File) quoted(ctx context.Context, q db.DBTX, name string, all []string) (string, error) {
	quoted, err := triggers.Excepted(ctx, q, name, all)
	if err != nil {
		return "", f.fail(err, []string{"except", name}, "except: %v", err)
	}
	if quoted != "" {
		return quoted, nil
	}
	t, err := resolve(ctx, q, name)
	switch _, wrong := triggers.ParsePattern(name); {
	case err == nil || reason.Is(err, audit.NoPrimaryKey):
		return t.quoted, nil
	case wrong == nil:
		return name, nil
	}
	return "", nil
}

func (f *File) trackable(ctx context.Context, q db.DBTX) (names, withoutKey []string, err error) {
	schemas := f.Schemas
	if len(schemas) == 0 {
		schemas = []string{"public"}
	}
	for _, schema := range schemas {
		in, without, err := triggers.Trackable(ctx, q, []string{triggers.Unquoted(schema)})
		if len(in)+len(without) == 0 && (err == nil || reason.Is(err, audit.NoTable)) {
			err = fmt.Errorf("there is no table in schema %q", triggers.Unquoted(schema))
		}
		if err != nil {
			return nil, nil, f.fail(err, []string{"schemas", schema}, "%v", err)
		}
		names, withoutKey = append(names, in...), append(withoutKey, without...)
	}
	return names, withoutKey, nil
}

// missingColumns are the custom columns that are to be added.
func (f *File) missingColumns(ctx context.Context, q db.DBTX) ([]string, error) {
	missing, differing, err := f.columns(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(differing) > 0 {
		d := differing[0]
		return nil, f.fail(nil, []string{"custom_columns", d.name},
			"%s: ALTER TABLE exaudit.versions yourself, or change the file", d.problem)
	}
	return missing, nil
}

// message is what PostgreSQL says, without its frame.
func message(err error) string {
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) {
		return pgErr.Message
	}
	return err.Error()
}

// difference is a custom column that is not what the file says.
type difference struct{ name, problem string }

// columns compares the custom columns with those of exaudit.versions.
func (f *File) columns(ctx context.Context, q db.DBTX) (missing []string, differing []difference, err error) {
	have, err := db.New().CustomColumnTypes(ctx, q)
	if err != nil {
		return nil, nil, fmt.Errorf("read the custom columns of exaudit.versions: %w", err)
	}
	for _, name := range f.columnNames() {
		want, err := typeName(ctx, q, f.CustomColumns[name].Type)
		if err != nil {
			return nil, nil, f.fail(err, []string{"custom_columns", name, "type"}, "column %s: %s", name, message(err))
		}
		i := slices.IndexFunc(have, func(c db.CustomColumnTypesRow) bool { return c.Name == name })
		switch {
		case i < 0:
			missing = append(missing, name)
		case have[i].TypeName != want:
			differing = append(differing, difference{name,
				fmt.Sprintf("column %s is %s, not %s", name, have[i].TypeName, want)})
		}
	}
	return missing, differing, nil
}

// typeName is a type as PostgreSQL writes it. The description of a result has the modifier
// of a type, but of a domain only what is beneath it. No value is made, which a domain would check.
func typeName(ctx context.Context, q db.DBTX, text string) (string, error) {
	rows, err := q.Query(ctx, "SELECT NULL::"+text+" AS value LIMIT 0")
	if err != nil {
		return "", err
	}
	fields := slices.Clone(rows.FieldDescriptions())
	rows.Close()
	if err := rows.Err(); err != nil {
		return "", err
	}
	var oid *uint32
	if err := q.QueryRow(ctx, "SELECT pg_catalog.to_regtype($1::pg_catalog.text)::pg_catalog.oid AS type",
		text).Scan(&oid); err != nil {
		return "", err
	}
	if len(fields) != 1 || oid == nil {
		return "", fmt.Errorf("%q is not one type", text)
	}
	modifier := int32(-1)
	if fields[0].DataTypeOID == *oid {
		modifier = fields[0].TypeModifier
	}
	return db.New().TypeName(ctx, q, db.TypeNameParams{Type: *oid, Modifier: modifier})
}

// Compare tells how a database differs from the file; tables is what triggers.Inspect says.
func (f *File) Compare(ctx context.Context, q db.DBTX, tables []audit.TableStatus) ([]audit.Drift, error) {
	selected, withoutKey, err := f.selected(ctx, q)
	if err != nil {
		return nil, err
	}
	var drift []audit.Drift
	for _, name := range withoutKey {
		drift = append(drift, audit.Drift{
			Table: name, Object: "table",
			Problem: fmt.Sprintf("has no primary key and is not tracked, though %s:%d selects it", f.path,
				f.line("all")),
			Cure: "give it one, or list it under except",
		})
	}
	for _, want := range selected {
		i := slices.IndexFunc(tables, func(s audit.TableStatus) bool {
			return s.Present == want.quoted && s.Tracked
		})
		switch {
		case i < 0:
			drift = append(drift, audit.Drift{Table: want.quoted, Object: "table",
				Problem: "is not tracked, though " + f.where(want) + " selects it", Cure: f.cure()})
		case !triggers.EqualOptions(tables[i].Options, want.options):
			drift = append(drift, audit.Drift{Table: tables[i].Table, Object: "table",
				Problem: "has other options than in " + f.where(want), Cure: f.cure()})
		}
	}
	following, err := f.following(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, s := range tables {
		switch {
		case !s.Tracked, s.Present == "",
			slices.ContainsFunc(selected, func(t table) bool { return t.quoted == s.Present }):
		case following == nil || !triggers.Covers(*following, s.Table):
			drift = append(drift, audit.Drift{Table: s.Table, Object: "table",
				Problem: "is tracked, though " + f.path + " does not select it",
				Cure:    f.cureBy("uninstall " + s.Table)})
		case !triggers.EqualOptions(s.Options, audit.TableOptions{}):
			drift = append(drift, audit.Drift{Table: s.Table, Object: "table",
				Problem: fmt.Sprintf("has options, which %s:%d does not give new tables", f.path, f.line("new_tables")),
				Cure:    "list it under tables"})
		}
	}
	differs, err := f.compareFollowing(ctx, q, following)
	if err != nil {
		return nil, err
	}
	columns, err := f.compareColumns(ctx, q)
	if err != nil {
		return nil, err
	}
	return slices.Concat(drift, differs, columns), nil
}

// compareColumns compares the custom columns.
func (f *File) compareColumns(ctx context.Context, q db.DBTX) (drift []audit.Drift, err error) {
	missing, differing, err := f.columns(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, name := range missing {
		differing = append(differing, difference{name, "column " + name + " is missing"})
	}
	for _, d := range differing {
		object, problem, _ := strings.Cut(d.problem, " is ")
		cure := "ALTER TABLE exaudit.versions yourself, or change the file"
		if problem == "missing" {
			cure = f.cure()
		}
		drift = append(drift, audit.Drift{Table: "exaudit.versions", Object: object,
			Problem: fmt.Sprintf("is %s (%s:%d)", problem, f.path, f.line("custom_columns", d.name)), Cure: cure})
	}
	return drift, nil
}

// compareFollowing compares what event triggers do with what they should.
func (f *File) compareFollowing(ctx context.Context, q db.DBTX, want *audit.FollowDDL) ([]audit.Drift, error) {
	have, err := triggers.ReadFollowing(ctx, q)
	problem, cure := "", f.command("install")
	switch {
	case err != nil:
		return nil, err
	case have == nil && want != nil:
		problem = fmt.Sprintf("are missing, though %s:%d asks for them", f.path, f.line("follow_ddl"))
	case have != nil && want == nil:
		problem, cure = "are there, though "+f.path+" does not ask for them", `"exaudit follow-ddl --stop"`
	case want != nil && !triggers.EqualFollowing(*have, *want):
		problem = fmt.Sprintf("cover other new tables than %s:%d says", f.path, f.line("new_tables"))
	default:
		return nil, nil
	}
	return []audit.Drift{{Table: "event triggers", Object: "they", Problem: problem, Cure: cure}}, nil
}

// cure is what makes a database what the file says.
func (f *File) cure() string { return f.cureBy("install") }

// cureBy is a command, or that the application's migrations do the same, where they are told to.
func (f *File) cureBy(command string) string {
	if f.Generate.Dir != "" {
		return f.command("generate") + ", and the migrations that it writes"
	}
	if command == "install" {
		return f.command(command)
	}
	return `"exaudit ` + command + `"`
}

// command is one that reads this file.
func (f *File) command(name string) string {
	if f.path != Name {
		name += " --config " + f.path
	}
	return `"exaudit ` + name + `"`
}

// where is the place in the file that selects a table.
func (f *File) where(t table) string {
	if _, listed := f.Tables[t.name]; listed {
		return fmt.Sprintf("%s:%d", f.path, f.line("tables", t.name))
	}
	return fmt.Sprintf("%s:%d", f.path, f.line("all"))
}
