package interrupt

import (
	_ "embed"
	"testing"

	"github.com/exaudit/exaudit/internal/pgtest"
)

//go:embed state.sql
var stateQuery string

// State is all that a command may have changed: the catalog of the database apart from the system's own, and the
// content of exaudit's tables and of some others, but for times and numbers of transactions and versions.
func State(t testing.TB, db *pgtest.DB, tables ...string) string {
	t.Helper()
	state := pgtest.One[string](t, db, stateQuery)
	if pgtest.One[bool](t, db, `SELECT to_regclass('exaudit.rollbacks') IS NOT NULL`) {
		state += pgtest.One[string](t, db, `SELECT concat(
			(SELECT string_agg(concat_ws(' ', v.table_id, v.action, v.entity_id, v.previous_entity_id, v.before, v.after, v.custom, v.rollback), E'\n' ORDER BY v.id) FROM exaudit.versions v),
			(SELECT string_agg((to_jsonb(t) - '{created_at,complete_since,complete_after,forgotten_transaction_id,forgotten_at}'::text[])::text, E'\n' ORDER BY t.id) FROM exaudit.tables t),
			(SELECT string_agg(m.name, E'\n' ORDER BY m.name) FROM exaudit.marks m),
			(SELECT count(*) FROM exaudit.rollbacks), (SELECT count(*) FROM exaudit_internal.key_changes),
			(SELECT string_agg((to_jsonb(s) - '{since,transaction_id}'::text[])::text, E'\n' ORDER BY s.table_id, s.since) FROM exaudit_internal.column_snapshots s))`)
	}
	if pgtest.One[bool](t, db, `SELECT to_regclass('exaudit_internal.goose_db_version') IS NOT NULL`) {
		state += pgtest.One[string](t, db,
			`SELECT string_agg(version_id::text, ' ' ORDER BY id) FROM exaudit_internal.goose_db_version`)
	}
	for _, table := range tables {
		state += pgtest.One[string](t, db,
			`SELECT coalesce(string_agg(r::text, E'\n' ORDER BY r::text), '') FROM `+table+` r`)
	}
	return state
}
