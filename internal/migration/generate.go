package migration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/config"
	"github.com/exaudit/exaudit/internal/directive"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// The kinds of parts.
const (
	schemaKey    = "schema "
	columnKey    = "column "
	tableKey     = "table "
	functionsKey = "functions "
)

// What a change is.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
)

// Change is one difference between a folder and what should be.
type Change struct {
	Object string `json:"object"` // "table public.orders"
	Change string `json:"change"` // Added, Changed or Removed

	up, down string
}

// File is a migration to be written.
type File struct {
	Path     string   `json:"file"`
	DownPath string   `json:"down_file,omitempty"` // of the way back, where that is a file of its own
	Changes  []Change `json:"changes"`

	own     bool // creates exaudit's own schema
	outputs []output
}

// ErrSchemaLast means that a folder would create exaudit's schema after migrations that need it.
var ErrSchemaLast = errors.New("a migration that creates schema exaudit would come after migrations that need it")

// Options say what a folder's migrations are to bring about.
type Options struct {
	Schema        bool // exaudit's own schema as well
	AsOfFunctions bool // functions that give each table's earlier rows
	Apart         bool // the migrations are not written into the folder
	Now           time.Time
}

// Generate compares a folder with what the file says for the tables of a database, and gives
// the migrations that are missing; without any, there is nothing to do. It changes nothing.
// The database must have the application's tables as they are to be, and schema exaudit,
// unless that is part of the folder.
func Generate(ctx context.Context, conn triggers.Conn, file *config.File, folder *Folder,
	options Options) (files []File, skipped []string, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	options.Schema = options.Schema || folder.HasSchema()
	if options.Schema && !options.Apart && len(folder.early) > 0 {
		return nil, nil, fmt.Errorf("%w: %s", ErrSchemaLast, strings.Join(folder.early, ", "))
	}
	if options.Schema {
		err = createSchema(ctx, tx)
	} else {
		err = sql.Check(ctx, tx)
	}
	if err != nil {
		return nil, nil, err
	}
	migrations, err := file.Migrations(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	if options.Schema {
		changes, err := schemaChanges(folder)
		if err != nil {
			return nil, nil, err
		}
		files = appendFile(files, changes, true)
	}
	changes, err := tableChanges(ctx, tx, folder, migrations, options.AsOfFunctions)
	if err != nil {
		return nil, nil, err
	}
	files = appendFile(files, changes, false)
	for i := range files {
		name := "tables"
		if files[i].own {
			name = "schema"
		}
		path := filepath.Join(folder.path, folder.number(i, options.Now)+"_exaudit_"+name)
		if err := files[i].lay(path, folder, options.Apart); err != nil {
			return nil, nil, err
		}
	}
	return files, migrations.Skipped, nil
}

// lay makes the files of a migration, as the folder's tool has them.
func (f *File) lay(path string, folder *Folder, apart bool) (err error) {
	if apart || folder.toolErr != nil {
		f.Path = path + ".sql"
		//lint:ignore nilerr what depends on the tool is not written, and toolErr is reported elsewhere
		return nil
	}
	if f.outputs, err = folder.tool.format(path, f.up(), f.down()); err != nil {
		return fmt.Errorf("migration %s: %w", path, err)
	}
	f.Path = f.outputs[0].path
	if len(f.outputs) > 1 {
		f.DownPath = f.outputs[1].path
	}
	return nil
}

func appendFile(files []File, changes []Change, own bool) []File {
	if len(changes) == 0 {
		return files
	}
	return append(files, File{Changes: changes, own: own})
}

// createSchema brings schema exaudit up to date for the transaction.
func createSchema(ctx context.Context, tx pgx.Tx) error {
	err := sql.Check(ctx, tx)
	if !reason.Is(err, audit.NotInitialized, audit.OutdatedSchema) {
		return err
	}
	queries := db.New()
	had, err := queries.PinSettings(ctx, tx)
	if err != nil {
		return fmt.Errorf("pin settings: %w", err)
	}
	present, err := sql.VersionOf(ctx, tx)
	if err != nil {
		return err
	}
	migrations, err := sql.Migrations()
	if err != nil {
		return err
	}
	for _, m := range migrations {
		if m.Version <= present {
			continue
		}
		if _, err := tx.Exec(ctx, m.Up); err != nil {
			return fmt.Errorf("try %s: %w", m.Name, err)
		}
	}
	digest, err := sql.NoteSQL(sql.Version)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, digest); err != nil {
		return fmt.Errorf("note what made schema exaudit: %w", err)
	}
	if err := queries.RestoreSettings(ctx, tx, had.Settings); err != nil {
		return fmt.Errorf("restore settings: %w", err)
	}
	return nil
}

// schemaChanges are the files of exaudit's own schema that the folder lacks. What has been
// released never changes: a folder that has something else was written by a build in between.
func schemaChanges(folder *Folder) ([]Change, error) {
	migrations, err := sql.Migrations()
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, m := range migrations {
		p := part{key: schemaKey + m.Name, text: m.Content()}
		was, ok := folder.find(p.key)
		if ok && !p.same(was) {
			return nil, fmt.Errorf("%s in folder %s: %w", p.key, folder.path,
				&audit.SchemaError{Reason: audit.OtherBuild})
		}
		if !ok {
			down := removedMark + p.key + "\n" + strings.TrimSpace(m.Down) + "\n"
			changes = append(changes, Change{Object: p.key, Change: Added, up: p.String(), down: down})
		}
	}
	return changes, noteVersion(changes)
}

// noteVersion has the last of some changes note what the schemas are then, and its way back what they were before the
// first.
func noteVersion(changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	last := &changes[len(changes)-1]
	note, err := sql.NoteSQL(sql.Version)
	if err != nil {
		return err
	}
	last.up += "\n" + note
	if before := sql.Version - int64(len(changes)); before > 0 {
		if note, err = sql.NoteSQL(before); err != nil {
			return err
		}
		last.down = note + last.down
	}
	return nil
}

func tableChanges(ctx context.Context, q db.DBTX, folder *Folder, migrations *config.Migrations,
	functions bool) ([]Change, error) {
	wanted, renamed := parts(migrations, functions)
	for _, p := range wanted {
		if err := p.check(); err != nil {
			return nil, err
		}
	}
	var changes []Change
	for _, p := range wanted {
		was, ok := folder.find(p.key)
		switch {
		case !ok && slices.Contains(renamed, p.key):
			changes = append(changes, Change{Object: p.key, Change: Added, up: p.String(),
				down: "-- " + p.key + " was tracked under its former name, and goes on with the functions that it has.\n"})
		case !ok:
			changes = append(changes, Change{Object: p.key, Change: Added, up: p.String(),
				down: removedMark + p.key + "\n" + statement(p.undo) + "\n"})
		case !p.same(was) || !was.covers(p):
			changes = append(changes, Change{Object: p.key, Change: Changed, up: was.replacedBy(p),
				down: p.replacedBy(was)})
		}
	}
	for _, was := range folder.parts {
		if strings.HasPrefix(was.key, schemaKey) || strings.HasPrefix(was.key, columnKey) ||
			slices.ContainsFunc(wanted, func(p part) bool { return p.key == was.key }) {
			continue // a column keeps what it has recorded
		}
		_, name, _ := strings.Cut(was.key, " ")
		down := was.String()
		if _, _, err := triggers.Resolve(ctx, q, name); reason.Is(err, audit.NoTable) {
			down = "-- " + was.key + ": the table was gone before.\n"
		} else if err != nil && !reason.Is(err, audit.NoPrimaryKey, audit.NotTrackable) {
			return nil, err
		}
		changes = append(changes, Change{Object: was.key, Change: Removed,
			up: removedMark + was.key + "\n" + statement(was.undo) + "\n", down: down})
	}
	return changes, nil
}

// replacedBy takes a part to what it is to be. Functions are made anew: their parameters may
// have changed, and nobody else's are replaced.
func (p part) replacedBy(next part) string {
	if strings.HasPrefix(p.key, functionsKey) {
		return statement(p.undo) + "\n" + next.String()
	}
	return next.String()
}

// check refuses what a tool would not run as it is meant.
func (p part) check() error {
	object := strings.ReplaceAll(p.key, "\n", " ")
	if strings.Contains(p.key+p.undo, "\n") {
		return fmt.Errorf("%s: %w: its name has a line break", object, ErrText)
	}
	for _, text := range []string{"-- " + p.key, p.undo, p.bare} {
		if line := directive.Find(text); line != "" {
			return fmt.Errorf("%s: %w: a line of it looks like one of a tool's own: %.100s", object, ErrText,
				strings.TrimSpace(line))
		}
	}
	return nil
}

// parts are what migrations are to bring about, in order, and the keys of the tables that have
// been renamed since they were tracked.
func parts(m *config.Migrations, functions bool) (wanted []part, renamed []string) {
	for _, c := range m.Columns {
		wanted = append(wanted, part{key: columnKey + c.Name, undo: c.Drop, text: statements(c.Add),
			bare: strings.Join(c.Add, "\n")})
	}
	for _, t := range m.Tables {
		wanted = append(wanted, part{key: tableKey + t.Table, undo: t.Uninstall, text: statement(t.Install),
			bare: t.Install})
		if t.Renamed {
			renamed = append(renamed, tableKey+t.Table)
		}
	}
	if functions {
		for _, t := range m.Tables {
			wanted = append(wanted, part{key: functionsKey + t.Table, undo: t.DropFunctions,
				text: statements(t.Functions), bare: strings.Join(t.Functions, "\n")})
		}
	}
	return wanted, renamed
}

func statements(list []string) string {
	annotated := make([]string, len(list))
	for i, text := range list {
		annotated[i] = statement(text)
	}
	return strings.Join(annotated, "\n")
}

// statement annotates a statement for goose, which ends one at the end of a line with a
// semicolon, unless it takes what comes before for a comment.
func statement(text string) string {
	if !strings.Contains(text, "\n") && !strings.Contains(text, "--") {
		return text
	}
	return "-- +goose StatementBegin\n" + text + "\n-- +goose StatementEnd"
}

// Content is the file that Write writes at Path.
func (f File) Content() string { return f.outputs[0].content }

// Up is what the migration does, as plain SQL for other tools, which must run it in one
// transaction.
func (f File) Up() string { return plain(header + f.up()) }

// Down is what takes it back.
func (f File) Down() string { return plain(f.down()) }

func plain(text string) string {
	lines := slices.DeleteFunc(strings.SplitAfter(text, "\n"),
		func(line string) bool { return strings.HasPrefix(line, "-- +goose ") })
	return strings.Join(lines, "")
}

const header = `-- Written by "exaudit generate", which compares the parts between "begin" and "end" with
-- exaudit.yaml when it is run again: to change something, change that file.

`

// Under a pinned search_path, nobody can put a type or an operator in place of PostgreSQL's own. Schema
// exaudit's own migrations pin it by themselves. What comes next, goose's own statements among it, needs
// the old one.
const (
	keepPath    = "SELECT pg_catalog.set_config('exaudit.search_path', pg_catalog.current_setting('search_path'), true);\n"
	pinPath     = keepPath + "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);\n\n"
	restorePath = "\nSELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('exaudit.search_path'), true);\n"
)

// requirement makes a migration fail with a word of advice in a database that cannot take it.
var requirement = statement(fmt.Sprintf(`DO $exaudit$
BEGIN
    IF pg_catalog.to_regprocedure('exaudit.schema_version()') IS NULL THEN
        RAISE EXCEPTION 'exaudit is not initialised in this database' USING HINT = 'Run "exaudit init" first.';
    ELSIF exaudit.schema_version() OPERATOR(pg_catalog.<) %d THEN
        RAISE EXCEPTION 'schema exaudit is older than this migration' USING HINT = 'Run "exaudit init" first.';
    END IF;
END
$exaudit$;`, sql.Version)) + "\n\n"

func (f File) up() string {
	texts := make([]string, len(f.Changes))
	for i, c := range f.Changes {
		texts[i] = c.up
	}
	if f.own {
		return keepPath + "\n" + strings.Join(texts, "\n") + restorePath
	}
	columns, rest := f.apart(texts)
	return requirement + sections(strings.Join(columns, "\n"), pinned(rest))
}

func (f File) down() string {
	texts := make([]string, len(f.Changes))
	for i, c := range f.Changes {
		texts[i] = c.down
	}
	if f.own {
		slices.Reverse(texts)
		return keepPath + "\n" + strings.Join(texts, "\n") + restorePath
	}
	columns, rest := f.apart(texts)
	slices.Reverse(columns)
	slices.Reverse(rest)
	return sections(pinned(rest), strings.Join(columns, "\n"))
}

// apart tells the texts of custom columns, whose types and defaults are written for the search_path
// of the application, from those of all other changes.
func (f File) apart(texts []string) (columns, rest []string) {
	for i, c := range f.Changes {
		if strings.HasPrefix(c.Object, columnKey) {
			columns = append(columns, texts[i])
		} else {
			rest = append(rest, texts[i])
		}
	}
	return columns, rest
}

// sections puts an empty line between texts, if there are two.
func sections(first, second string) string {
	if first == "" || second == "" {
		return first + second
	}
	return first + "\n" + second
}

func pinned(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return pinPath + strings.Join(texts, "\n") + restorePath
}

// Write writes the migration's files, which must not be there, all or none.
func (f File) Write() (err error) {
	if len(f.outputs) == 0 {
		return ErrTool
	}
	var written []string
	for _, o := range f.outputs {
		if err = o.write(); err != nil {
			break
		}
		written = append(written, o.path)
	}
	if err != nil {
		for _, path := range written {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// Remove removes what Write has written.
func (f File) Remove() (err error) {
	for _, o := range f.outputs {
		err = errors.Join(err, os.Remove(o.path))
	}
	return err
}

func (o output) write() error {
	out, err := os.OpenFile(o.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write the migration: %w", err)
	}
	_, err = out.WriteString(o.content)
	return errors.Join(err, out.Close())
}
