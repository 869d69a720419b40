package exaudit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// oddSettings change what PostgreSQL reads, writes, plans or warns of.
var oddSettings = map[string]string{
	"quote_all_identifiers": "on", "datestyle": "SQL, DMY", "intervalstyle": "sql_standard", "extra_float_digits": "-15", "bytea_output": "escape",
	"xmloption": "document", "timezone": "Etc/Universal", "transform_null_equals": "on", "standard_conforming_strings": "off", "backslash_quote": "off",
	"escape_string_warning": "on", "array_nulls": "off", "client_encoding": "LATIN1", "row_security": "off", "constraint_exclusion": "on",
	"plpgsql.variable_conflict": "use_variable", "plpgsql.extra_errors": "all", "plpgsql.extra_warnings": "all", "plpgsql.print_strict_params": "on",
	"plpgsql.check_asserts": "off", "plan_cache_mode": "force_generic_plan",
	"default_transaction_deferrable": "on", "client_min_messages": "error", "lc_messages": "C",
	"default_toast_compression": "pglz", "exaudit.unknown": "on", "exit_on_error": "off", "statement_timeout": "0", "synchronous_commit": "off",
}

// What is recorded, and read, is the same whatever a session has set; and what it has set stays.
func TestSessionSettings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	recorded := make([][]string, 2)
	images := make([]string, 2)
	for i, settings := range []map[string]string{{}, oddSettings} {
		db := auditdb.New(t, trappedTables)
		config, err := pgxpool.ParseConfig(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range settings {
			config.ConnConfig.RuntimeParams[name] = value
		}
		pool, err := pgxpool.NewWithConfig(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		d := &trapped{DB: db, t: t, pool: pool}
		adb := exaudit.New(pool)
		options := map[string]audit.TableOptions{"by_statement": {Trigger: audit.StatementLevel}, "wide": {SkipUntouchedTOAST: true}, "fully": {Updates: audit.UpdatesFull, RecordReplicated: true},
			"chosen": {Exclude: []string{"note"}, Mask: []string{"doc", "v"}, AllowIgnore: true}}
		if _, err := adb.Install(ctx, trappedNames, &exaudit.InstallOptions{TableOptions: options}); err != nil {
			t.Fatal(err)
		}
		d.changes()
		d.alterations()
		for _, table := range []string{"plain", "keyed", "parents"} {
			for image, err := range adb.AsOf(ctx, table, exaudit.AtVersion(60)) {
				if err != nil {
					t.Errorf("as of a version with %v: %v", settings, err)
				}
				images[i] += fmt.Sprintln(image)
			}
		}
		status, err := adb.Status(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, drift := range status.Drift() {
			t.Errorf("status with %v: %v", settings, drift)
		}
		if testall.On() {
			d.library(adb)
		} else {
			d.writing(adb)
			d.undoing(adb)
		}
		for _, conn := range pool.AcquireAllIdle(ctx) {
			for name, value := range settings {
				var now string
				if err := conn.QueryRow(ctx, `SELECT pg_catalog.current_setting($1)`, name).Scan(&now); err != nil || now != value {
					t.Errorf("%s is %q afterwards, %v; it was %q", name, now, err, value)
				}
			}
			conn.Release()
		}
		// One statement's rows are changed in the order of the heap, which is not always the same.
		rows, _ := db.Pool.Query(ctx, `
			SELECT concat_ws(' ', t.table_name, v.action, v.entity_id, v.previous_entity_id, v.before, v.after, v.custom)
			FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id
			WHERE t.table_name <> 'children' ORDER BY 1`)
		if recorded[i], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
		if pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE rollback`) == 0 {
			t.Error("nothing was undone")
		}
	}
	if images[0] != images[1] {
		t.Errorf("read as\n%s\nand as\n%s", images[0], images[1])
	}
	for i := range min(len(recorded[0]), len(recorded[1])) {
		if recorded[0][i] != recorded[1][i] {
			t.Fatalf("recorded as\n%s\nand as\n%s", recorded[0][i], recorded[1][i])
		}
	}
	if len(recorded[0]) != len(recorded[1]) {
		t.Errorf("%d versions, and %d", len(recorded[0]), len(recorded[1]))
	}
}
