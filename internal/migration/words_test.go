package migration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// special are words that PL/pgSQL, triggers or exaudit's own SQL mean something by.
const special = `begin by case declare end execute for foreach if loop or select strict table then user using while old new found image stamp
	tg_op tg_name data before after custom action entity_id id int text date time name point line json value mode names columns relation since keys instant`

// Schemas, tables, keys, columns and custom columns may be called like any word, in the file and in migrations too.
func TestWords(t *testing.T) {
	t.Parallel()
	words := strings.Fields(special)
	nth := func(i int) string { return words[i%len(words)] }
	var schema, file strings.Builder
	file.WriteString("tables:\n")
	tables := 0
	for i := 0; i < len(words); i += 4 {
		tables++
		fmt.Fprintf(&schema, `CREATE SCHEMA "%[1]s"; CREATE TABLE "%[1]s"."%[2]s" ("%[3]s" int PRIMARY KEY, "%[4]s" text, "%[5]s" int, "%[6]s" int);`,
			nth(i), nth(i+1), nth(i+2), nth(i+3), nth(i+4), nth(i+5))
		fmt.Fprintf(&file, "  '\"%s\".\"%s\"':\n    mask: [%q]\n    exclude: [%q]\n    where: '\"%s\" <> 7'\n", nth(i), nth(i+1), nth(i+3), nth(i+4), nth(i+5))
	}
	file.WriteString("custom_columns:\n")
	taken := []string{"before", "after", "custom", "action", "entity_id", "id"} // by columns of versions
	for _, w := range words {
		if !slices.Contains(taken, w) {
			fmt.Fprintf(&file, "  %q: text\n", w)
		}
	}
	a := newApp(t, schema.String(), file.String())
	a.generate()
	production := a.production()
	a.up(production)
	a.wantInstalled(production)
	for i := 0; i < len(words); i += 4 {
		table := fmt.Sprintf(`"%s"."%s"`, nth(i), nth(i+1))
		production.Exec(t, fmt.Sprintf(`BEGIN; SET LOCAL exaudit.custom = '{"by": "ada", "since": "x"}'; INSERT INTO %[1]s VALUES (1, 'secret', 2, 3), (2, '', 2, 7);
			UPDATE %[1]s SET "%[2]s" = 'other', "%[3]s" = 8; DELETE FROM %[1]s; COMMIT`, table, nth(i+3), nth(i+5)))
	}
	for _, wrong := range []string{
		`SELECT count(*)::text FROM exaudit.versions WHERE "by" IS DISTINCT FROM 'ada' OR "since" IS DISTINCT FROM 'x' OR "loop" IS NOT NULL`,
		`SELECT count(*)::text FROM exaudit.versions WHERE (before, after)::text ~ 'secret|other'`,
		// what does not meet a condition
		`SELECT coalesce(string_agg(t.schema_name || '.' || t.table_name, ' '), '0') FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id WHERE v.action = 'created' AND v.entity_id = '2'`,
		fmt.Sprintf(`SELECT (count(*) - %d * 5)::text FROM exaudit.versions`, tables),
	} {
		if got := pgtest.One[string](t, production, wrong); got != "0" {
			t.Errorf("%s: %s", wrong, got)
		}
	}
	a.down(production)
}
