package migration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/migration"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// oddTexts are what tools look for, or stumble over, wherever it stands.
var oddTexts = []string{
	"a\n-- +goose Down\nb", "\n-- +goose StatementEnd\n", "--+goose Up", " \n\t-- +goose x", "a -- b", "--", "a;\nb;", "a;", "/*", "$install$", "$exaudit$ $$",
	"a\n-- migrate:down\n", "\n---- create above / drop below ----\n", "{{.X}} {{", "a\n-- exaudit: end\n", "\n-- exaudit: begin table x\n", "\r\n-- x\r", `\n'\'`, `E'\'`, "%s %I $1",
}

// Whatever columns, labels and conditions are called, goose does what is meant, and back.
func TestOddTexts(t *testing.T) {
	t.Parallel()
	var columns, labels []string
	var config strings.Builder
	config.WriteString("tables:\n  odd:\n    mask: [")
	for i, text := range oddTexts {
		identifier, literal := `"`+strings.ReplaceAll(text, `"`, `""`)+`"`, "'"+strings.ReplaceAll(text, "'", "''")+"'"
		columns, labels = append(columns, fmt.Sprintf("%s mood DEFAULT %s", identifier, literal)), append(labels, literal)
		if i%3 == 0 {
			fmt.Fprintf(&config, "%q, ", text)
		}
	}
	fmt.Fprintf(&config, "]\n    where: %q\n", "status <> "+labels[0]+" AND name <> E'\\n-- +goose Down\\n' -- +goose Down\n-- +goose Up")
	a := newApp(t, `SELECT 1`, config.String())
	schema := `CREATE TYPE mood AS ENUM (` + strings.Join(labels, ", ") + `); CREATE TABLE odd (id int PRIMARY KEY, name text DEFAULT 'x', status mood, ` + strings.Join(columns, ", ") + `)`
	a.dev.Exec(t, schema)
	a.generate()
	production := a.production()
	production.Exec(t, schema)
	a.up(production)
	a.wantInstalled(production)
	production.Exec(t, `INSERT INTO odd (id, status) VALUES (1, `+labels[0]+`), (2, `+labels[1]+`); UPDATE odd SET name = 'y'`)
	if got := pgtest.One[string](t, production, `SELECT string_agg(action || entity_id, ' ' ORDER BY id) FROM exaudit.versions`); got != "created2 updated2" {
		t.Errorf("recorded: %s", got)
	}
	want := pgtest.One[string](t, production, `SELECT jsonb_object_agg(a.attname, CASE WHEN a.attname = ANY (ARRAY(SELECT jsonb_array_elements_text(t.options -> 'mask'))) THEN '***' ELSE a.attname END)::text
		FROM pg_attribute a, exaudit.tables t WHERE a.attrelid = 'odd'::regclass AND a.attnum > 3 AND t.table_name = 'odd'`)
	if got := pgtest.One[string](t, production, `SELECT (after - '' - 'id' - 'name' - 'status')::text FROM exaudit.versions WHERE action = 'created'`); got != want {
		t.Errorf("recorded:\n%s\nwant:\n%s", got, want)
	}
	a.down(production)
}

// A custom column, and the functions of a table, have no string to put a text in: goose does what is meant, or it is
// refused.
func TestOddDefinitions(t *testing.T) {
	t.Parallel()
	runs := 0
	texts := testall.Sample(oddTexts, 3)
	for _, text := range texts {
		literal, identifier := "'"+strings.ReplaceAll(text, "'", "''")+"'", `"`+strings.ReplaceAll(text, `"`, `""`)+`"`
		a := newApp(t, `SELECT 1`, fmt.Sprintf("tables: {odd: }\ncustom_columns: {note: {type: text, default: %q}}\ngenerate: {as_of_functions: true}", literal))
		schema := `CREATE TABLE odd (` + identifier + ` int PRIMARY KEY)`
		a.dev.Exec(t, schema)
		if _, err := a.try(); errors.Is(err, migration.ErrText) {
			continue
		}
		runs++
		a.generate()
		production := a.production()
		production.Exec(t, schema)
		a.up(production)
		a.wantInstalled(production)
		production.Exec(t, `INSERT INTO odd VALUES (1)`)
		if got := pgtest.One[string](t, production, `SELECT note FROM exaudit.versions`); got != text {
			t.Errorf("the default is %q, want %q", got, text)
		}
		if _, err := a.goose(production, "").DownTo(context.Background(), 1); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		wantTracked(t, production)
	}
	if runs < len(texts)/2 {
		t.Errorf("%d of %d are not refused", runs, len(texts))
	}
}
