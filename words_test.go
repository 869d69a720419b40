package exaudit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// plpgsqlWords are the keywords of PL/pgSQL, which no catalog lists: pl_reserved_kwlist.h and
// pl_unreserved_kwlist.h of PostgreSQL 18, and its special variables.
const plpgsqlWords = `all begin by case declare else end execute for foreach from if in into loop not null or strict then to using
	when while absolute alias and array assert backward call chain close collate column column_name commit constant constraint
	constraint_name continue current cursor datatype debug default detail diagnostics do dump elseif elsif errcode error exception
	exit fetch first forward get hint import info insert is last log merge message message_text move next no notice open option perform
	pg_context pg_datatype_name pg_exception_context pg_exception_detail pg_exception_hint pg_routine_oid print_strict_params prior
	query raise relative return returned_sqlstate reverse rollback row_count rowtype schema schema_name scroll slice sqlstate stacked
	table table_name type use_column use_variable variable_conflict warning
	old new found sqlerrm tg_name tg_when tg_level tg_op tg_relid tg_relname tg_table_name tg_table_schema tg_nargs tg_argv tg_event tg_tag`

// oddNames are those that quoting could go wrong with.
var oddNames = []string{
	`it's`, `a"b`, `"`, `""`, `a\b`, `\`, "line\nbreak", "\r", "\t", ` `, ` lead`, `%`, `%I`, `%s %L`, `%%`, `$1`, `$2`, `$$`, `$exaudit$`, `$install$`,
	`{}`, `{old}`, `{new}`, `{id}`, `{relation}`, `<table_id >`, `!place`, `!row`, `row 1`, `row 2`, `a.b`, `.`, `*`, `?`, `@`, `;`, `--`, `/*`, `-- x`, `ID`, `Id`, `1`, `1a`, `-1`,
	`[]`, `$[*]`, `a,b`, `(`, `)`, `::int`, `:x`, `@x`, `sélect`, `ſ`, `日本語`, "\u00a0", "e\u0301", `NULL`, `null `, `0`, `***`,
	strings.Repeat("n", 63), strings.Repeat("é", 31), strings.Repeat(`"`, 63), strings.Repeat(`'`, 63), strings.Repeat(`%`, 63),
}

var word = regexp.MustCompile(`[a-z_][a-z0-9_]*`)

// ownWords are all words of exaudit's own SQL: its variables, parameters, aliases and columns are among them.
func ownWords(t *testing.T) []string {
	t.Helper()
	var words []string
	for _, pattern := range []string{"sql/*.sql", "triggers/templates/*.tmpl", "queries/*.sql"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code := regexp.MustCompile(`--[^\n]*|'[^']*'`).ReplaceAllString(string(text), "")
			words = append(words, word.FindAllString(code, -1)...)
		}
	}
	return words
}

// worstWords are always tried: names that went wrong, those that PL/pgSQL reserves and SQL does not among them.
var worstWords = strings.Fields(`begin by declare execute foreach if loop strict while old new user order line point date`)

// some are the worst words and n others from all over a list, or all of it where everything is tested.
func some(words []string, n int) []string { return unique(worstWords, testall.Sample(words, n)) }

// reservedWords are what SQL or PL/pgSQL gives a meaning, and the odd names.
func reservedWords(t *testing.T, db *pgtest.DB) []string {
	t.Helper()
	keywords := pgtest.One[[]string](t, db, `SELECT array_agg(word::text) FROM pg_get_keywords() WHERE catcode <> 'U'`)
	return unique(keywords, strings.Fields(plpgsqlWords), oddNames)
}

// typeWords are the built-in types, as the catalog and as SQL calls them.
func typeWords(t *testing.T, db *pgtest.DB) []string {
	t.Helper()
	return pgtest.One[[]string](t, db, `
		SELECT array_agg(name) FROM (
			SELECT typname::text AS name FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'c' AND typelem = 0
			UNION SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r') AND typelem = 0) t`)
}

func unique(lists ...[]string) []string {
	system := []string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"} // columns cannot be called so
	all := slices.DeleteFunc(slices.Concat(lists...), func(name string) bool { return len(name) > 63 || slices.Contains(system, name) })
	slices.Sort(all)
	return slices.Compact(all)
}

func quotedAll(names []string, format string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = strings.ReplaceAll(format, "?", pgx.Identifier{name}.Sanitize())
	}
	return strings.Join(list, ", ")
}

// use takes a tracked table through everything that changes, reads or takes back its rows.
// insert and change are statements, the latter of every row; move rewrites keys.
func use(t *testing.T, db *pgtest.DB, adb *exaudit.DB, name, insert, change, move string) {
	t.Helper()
	ctx := context.Background()
	fatal := func(what string, err error) {
		if err != nil {
			t.Helper()
			t.Fatalf("table %.200s: %s: %v", name, what, err)
		}
	}
	content := func() string {
		return pgtest.One[string](t, db, `SELECT coalesce(string_agg(to_jsonb(r.*)::text, ' ' ORDER BY to_jsonb(r.*)::text), '') FROM `+name+` AS r`)
	}
	db.Exec(t, insert)
	inserted := content()
	at := pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`)
	bad := inOneTransaction(t, db, change, move, `DELETE FROM `+name, insert, `TRUNCATE `+name)
	undone, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil)
	fatal("undo", err)
	if content() != inserted {
		t.Errorf("table %.200s: an undo left %s, want %s", name, content(), inserted)
	}
	_, err = adb.Redo(ctx, undone.TransactionID, nil)
	fatal("redo", err)
	if content() != "" {
		t.Errorf("table %.200s: a redo left %s", name, content())
	}
	n := 0
	for image, err := range adb.AsOf(ctx, name, exaudit.AtVersion(at)) {
		fatal("as of", err)
		if n++; len(image) == 0 {
			t.Errorf("table %.200s: an empty row", name)
		}
	}
	if want := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE id <= $1 AND table_id = (SELECT table_id FROM exaudit.versions WHERE id = $1)`, at); n != want {
		t.Errorf("table %.200s: %d rows as of then, want %d", name, n, want)
	}
	versions, err := exaudit.Collect(adb.Versions(ctx, exaudit.ByTable(name)))
	fatal("versions", err)
	last := versions[len(versions)-1]
	_, _, err = adb.States(ctx, last.ID)
	fatal("states", err)
	if last.Action != audit.Deleted {
		t.Fatalf("table %.200s: the last version is %s", name, last.Action)
	}
	_, err = adb.Revert(ctx, last.ID, nil)
	fatal("revert", err)
	if content() == "" {
		t.Errorf("table %.200s: a revert brought nothing back", name)
	}
	_, err = adb.Baseline(ctx, []string{name}, &exaudit.BaselineOptions{EveryRow: true})
	fatal("baseline", err)
	for _, point := range []exaudit.Point{exaudit.AtTime(time.Now()), exaudit.AtVersion(last.ID)} {
		for _, err := range adb.AsOf(ctx, name, point) {
			fatal("as of", err)
		}
	}
}

// columnsOf is a table of columns that are called as said, keys of them in its key, with the statements for use.
type columnsOf struct{ name, create, insert, change, move string }

func tableOf(name string, words []string, keys int) columnsOf {
	types := []string{"text", "jsonb", "int", "numeric"}
	columns, values, sets, moves := make([]string, len(words)), make([]string, len(words)), []string{}, []string{}
	for i, w := range words {
		quoted := pgx.Identifier{w}.Sanitize()
		columns[i], values[i] = quoted+" "+types[i%len(types)], "'1'"
		if i < keys {
			columns[i] = quoted + " int"
			moves = append(moves, quoted+" = 2")
		} else {
			sets = append(sets, quoted+" = '2'")
		}
	}
	return columnsOf{
		name:   name,
		create: "CREATE TABLE " + name + " (" + strings.Join(columns, ", ") + ", PRIMARY KEY (" + quotedAll(words[:keys], "?") + "))",
		insert: "INSERT INTO " + name + " VALUES (" + strings.Join(values, ", ") + ")",
		change: "UPDATE " + name + " SET " + strings.Join(append(sets, moves[0]), ", "),
		move:   "UPDATE " + name + " SET " + strings.Join(moves, ", "),
	}
}

// wordOptions are those under which a table's triggers are written differently.
var wordOptions = map[string]audit.TableOptions{
	"row": {}, "statement": {Trigger: audit.StatementLevel}, "toast": {SkipUntouchedTOAST: true}, "full": {Updates: audit.UpdatesFull},
}

// Columns are called like every word that SQL, PL/pgSQL or exaudit's own SQL has a use for; under
// options, like those that are reserved.
func TestWordsAsColumns(t *testing.T) {
	t.Parallel()
	for option, options := range wordOptions {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			db := auditdb.New(t, "")
			adb := exaudit.New(db.Pool)
			words := reservedWords(t, db)
			if option == "row" {
				words = unique(words, typeWords(t, db), ownWords(t))
			}
			words = some(words, 30)
			var n int
			for chunk := range slices.Chunk(words, 250) {
				n++
				table := tableOf(fmt.Sprintf("columns_%d", n), chunk, min(32, len(chunk)))
				db.Exec(t, table.create)
				if _, err := adb.Install(ctx, []string{table.name}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{table.name: options}}); err != nil {
					t.Fatal(err)
				}
				use(t, db, adb, table.name, table.insert, table.change, table.move)
			}
		})
	}
}

// Keys are called like what is reserved.
func TestWordsAsKeys(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	adb := exaudit.New(db.Pool)
	var tables []columnsOf
	reserved := pgtest.One[[]string](t, db, `SELECT array_agg(word::text) FROM pg_get_keywords() WHERE catcode IN ('R', 'T')`)
	for chunk := range slices.Chunk(some(unique(reserved, strings.Fields(plpgsqlWords)), 32), 32) {
		table := tableOf(fmt.Sprintf("keys_%d", len(tables)+1), append(slices.Clone(chunk), "and more"), len(chunk))
		tables = append(tables, table)
		db.Exec(t, table.create)
	}
	for _, table := range tables {
		auditdb.Install(t, db, table.name)
		use(t, db, adb, table.name, table.insert, table.change, table.move)
	}
}

// Custom columns are called like what is reserved, and like exaudit's own variables.
func TestWordsAsCustomColumns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, body jsonb)`)
	own := pgtest.One[[]string](t, db, `SELECT exaudit_internal.version_columns()`)
	words := slices.DeleteFunc(unique(reservedWords(t, db), []string{"stamp", "data", "image", "wide", "crossing", "oversized", "this", "o", "n", "old_values"}),
		func(name string) bool { return slices.Contains(own, name) })
	db.Exec(t, `ALTER TABLE exaudit.versions `+quotedAll(words, "ADD COLUMN ? text"))
	custom := make(exaudit.Custom, len(words))
	for _, w := range words {
		custom[w] = w
	}
	for option, options := range wordOptions {
		if _, err := exaudit.New(db.Pool).Install(ctx, []string{"items"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"items": options}}); err != nil {
			t.Fatal(err)
		}
		adb := exaudit.New(db.Pool)
		tx, err := adb.Begin(exaudit.With(ctx, custom))
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{`INSERT INTO items VALUES (1), (2)`, `UPDATE items SET body = 'null'`, `DELETE FROM items WHERE id = 1`, `TRUNCATE items`} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				t.Fatalf("%s: %s: %v", option, statement, err)
			}
		}
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions AS v WHERE exaudit_internal.custom_values(v) <> v.custom`); n > 0 {
			t.Errorf("%s: the columns of %d versions are not what the custom data says", option, n)
		}
		versions, err := exaudit.Collect(adb.Versions(ctx))
		if err != nil || len(versions[0].CustomColumns) != len(words) {
			t.Errorf("%s: %d custom columns of %d, %v", option, len(versions[0].CustomColumns), len(words), err)
		}
	}
	if found := drift(t, db); found != "" {
		t.Error(found)
	}
}

// Custom columns are called like every word of exaudit's own SQL: no variable, parameter or alias is taken for one.
func TestOwnWordsAsCustomColumns(t *testing.T) {
	t.Parallel()
	// a table has at most 1,600 columns
	for some := range slices.Chunk(testall.Sample(unique(ownWords(t)), 60), 1000) {
		t.Run("from "+some[0], func(t *testing.T) {
			t.Parallel()
			asCustomColumns(t, some)
		})
	}
}

func asCustomColumns(t *testing.T, words []string) {
	t.Helper()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY DEFERRABLE, v text, body jsonb);
		CREATE TABLE parts (id int, place int, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2)`)
	taken := append(pgtest.One[[]string](t, db, `SELECT exaudit_internal.version_columns()`), "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
	words = slices.DeleteFunc(unique([]string{"instant"}, words), func(name string) bool { return slices.Contains(taken, name) })
	db.Exec(t, `ALTER TABLE exaudit.versions `+quotedAll(words, "ADD COLUMN ? text"))
	adb := exaudit.New(db.Pool)
	auditdb.Install(t, db, "items", "parts")
	use(t, db, adb, "items", `INSERT INTO items VALUES (1, 'a', '[1]'), (2, 'b', NULL)`, `UPDATE items SET v = 'c', body = '{"a": 1}'`, `UPDATE items SET id = id + 1`)
	use(t, db, adb, "parts", `INSERT INTO parts VALUES (1, 1)`, `UPDATE parts SET id = 3`, `UPDATE parts SET place = 2`)
	if _, err := adb.Mark(ctx, "now", nil); err != nil {
		t.Fatal(err)
	}
	if err := adb.IndexCustom(ctx, "actor", nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `SELECT set_config('exaudit.custom', '{"actor": 7, "instant": "then"}', true); UPDATE items SET v = 'd'; UPDATE items SET id = id + 1`)
	for what, filter := range map[string]exaudit.RowFilter{"custom data": exaudit.ByCustom("actor", 7), "a mark": exaudit.Since(exaudit.AtMark("now"))} {
		versions, err := exaudit.Collect(adb.Versions(ctx, filter))
		if err != nil || len(versions) == 0 || versions[0].CustomColumns["instant"] != "then" {
			t.Errorf("versions by %s: %v, %v", what, versions, err)
		}
	}
	for what, point := range map[string]exaudit.Point{"the mark": exaudit.AtMark("now"), "an instant": exaudit.AtTime(time.Now())} {
		for image, err := range adb.AsOf(ctx, "items", point) {
			if err != nil || len(image) != 3 {
				t.Errorf("as of %s: %v, %v", what, image, err)
			}
		}
	}
	db.Exec(t, `SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions`)
	if found := drift(t, db); found != "" {
		t.Error(found)
	}
}

// Tables are called like built-in types and what is reserved, schemas like odd names. One transaction changes all of
// them.
func TestWordsAsTables(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, "")
	adb := exaudit.New(db.Pool)
	var names []string
	for _, word := range testall.Sample(strings.Fields(`line date int4 interval begin json money name point user text xml by loop old r t k versions row`), 4) {
		names = append(names, pgx.Identifier{word}.Sanitize())
	}
	alike := []string{`"`, `""`, `\`, `%`, `%%`, `$2`, `$$`, `$install$`, `%I`} // as columns
	odd := slices.DeleteFunc(slices.Clone(oddNames), func(name string) bool {
		return !strings.ContainsAny(name, "\"'\\\n%$é.") || slices.Contains(alike, name)
	})
	for _, word := range testall.Sample(odd, 3) {
		schema := pgx.Identifier{word}.Sanitize()
		names = append(names, schema+"."+schema)
		db.Exec(t, `CREATE SCHEMA `+schema)
	}
	inserts, changes, contents := make([]string, len(names)), []string{}, make([]string, len(names))
	for i, name := range names {
		db.Exec(t, `CREATE TABLE `+name+` (id int PRIMARY KEY, v text)`)
		inserts[i] = `INSERT INTO ` + name + ` VALUES (1, 'a'), (2, 'b')`
		changes = append(changes, `UPDATE `+name+` SET v = 'c'`, `UPDATE `+name+` SET id = id + 10`, `DELETE FROM `+name+` WHERE id = 11`, `TRUNCATE `+name)
		contents[i] = `SELECT to_jsonb(r.*) AS content FROM ` + name + ` AS r`
	}
	content := `SELECT coalesce(string_agg(content::text, ' '), '') FROM (` + strings.Join(contents, " UNION ALL ") + ` ORDER BY 1) AS all_rows`
	if _, err := adb.Install(ctx, names, nil); err != nil {
		t.Fatal(err)
	}
	inOneTransaction(t, db, inserts...)
	inserted := pgtest.One[string](t, db, content)
	at := exaudit.AtVersion(pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`))
	bad := inOneTransaction(t, db, changes...)
	undone, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, content); got != inserted {
		t.Errorf("an undo left %s, want %s", got, inserted)
	}
	if _, err := adb.Redo(ctx, undone.TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, content); got != "" {
		t.Errorf("a redo left %s", got)
	}
	for _, name := range names {
		n := 0
		for image, err := range adb.AsOf(ctx, name, at) {
			if err != nil || len(image) != 2 {
				t.Fatalf("table %s as of then: %v, %v", name, image, err)
			}
			n++
		}
		versions, err := exaudit.Collect(adb.HistoryWithStates(ctx, name, 2))
		if err != nil || n != 2 {
			t.Fatalf("table %s: %d rows as of then, %v", name, n, err)
		}
		if _, err := adb.Revert(ctx, versions[len(versions)-1].ID, nil); err != nil {
			t.Errorf("table %s: revert: %v", name, err)
		}
	}
	if got := pgtest.One[string](t, db, content); strings.Count(got, `"id": 2`) != len(names) {
		t.Errorf("reverts left %s", got)
	}
	if found := drift(t, db); found != "" {
		t.Error(found)
	}
	if err := adb.Uninstall(ctx, names, nil); err != nil {
		t.Error(err)
	}
}

func drift(t *testing.T, db *pgtest.DB) (found string) {
	t.Helper()
	status, err := exaudit.New(db.Pool).Status(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range status.Drift() {
		found += d.String() + "\n"
	}
	return found
}
