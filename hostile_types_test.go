package exaudit_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// Keys, references and unique values of types that have casts to everything: who reads rows by them runs none.
func TestKeysOfHostileTypes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, "")
	owner := db.Role(t, "IN ROLE exaudit_reader")
	db.Exec(t, `CREATE SCHEMA m AUTHORIZATION `+owner)
	mine := db.Connect(t, owner)
	exec := func(sql string) {
		t.Helper()
		if _, err := mine.Exec(ctx, strings.ReplaceAll(sql, "OWNER", owner)); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	exec(`
		CREATE FUNCTION m.spy(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
			IF current_user <> 'OWNER' THEN RAISE EXCEPTION '% runs as %', what, current_user; END IF; RETURN true; END $$;
		CREATE FUNCTION m.spied(what anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN m.spy('a check'); END $$;
		CREATE TYPE m.mood AS ENUM ('sad', 'ok');
		CREATE TYPE m.place AS (street text, number int);
		CREATE TYPE m.span AS RANGE (subtype = int, multirange_type_name = m.spans);
		CREATE DOMAIN m.id AS int CHECK (m.spied(VALUE));
		CREATE DOMAIN m.ids AS m.id[] CHECK (m.spy('a check'));
		CREATE DOMAIN m.temper AS m.mood CHECK (m.spy('a check'));
		CREATE DOMAIN m.site AS m.place CHECK (m.spy('a check'));
		CREATE DOMAIN m.stretch AS m.span CHECK (m.spy('a check'));
		CREATE DOMAIN m.code AS varchar(9) CHECK (m.spied(VALUE::text));
		CREATE TYPE m.owned AS (id m.id, temper m.temper);
		DO $do$
		DECLARE
			source text; target text; n int := 0;
		BEGIN
			FOREACH source IN ARRAY ARRAY['mood', 'place', 'span', 'spans', 'owned', 'mood[]', 'place[]', 'span[]', 'owned[]', 'id[]', 'code[]', 'temper[]'] LOOP
				FOREACH target IN ARRAY ARRAY['text', 'json', 'jsonb', 'varchar', 'bpchar', 'name', 'text[]', 'varchar[]', 'int[]', 'm.mood[]', 'bytea', 'int8', 'int4range'] LOOP
					CONTINUE WHEN 'm.' || source = target;
					n := n + 1;
					EXECUTE format('CREATE FUNCTION m.c%s(m.%s) RETURNS %s LANGUAGE plpgsql AS %L', n, source, target,
						format('BEGIN PERFORM m.spy(''a cast of %s to %s''); RETURN NULL; END', source, target));
					EXECUTE format('CREATE CAST (m.%s AS %s) WITH FUNCTION m.c%s(m.%1$s)', source, target, n);
				END LOOP;
			END LOOP;
		END $do$`)
	if _, err := db.Pool.Exec(ctx, `SELECT '{1}'::m.id[]::int[]`); err == nil || !strings.Contains(err.Error(), "runs as") {
		t.Fatalf("the control runs no code of the owner's: %v", err)
	}

	// a superuser's, which calls what is the owner's
	db.Exec(t, `CREATE DOMAIN m.theirs AS int CHECK (m.spied(VALUE)); CREATE TYPE m.deed AS (n m.theirs)`)
	keys := map[string][2]string{
		"deed": {"ROW(1)", "ROW(2)"}, "deed[]": {"ARRAY[ROW(1)::m.deed]", "ARRAY[ROW(2)::m.deed]"},
		"mood": {"'sad'", "'ok'"}, "temper": {"'sad'", "'ok'"}, "place": {"ROW('a', 1)", "ROW('b', 2)"}, "site": {"ROW('a', 1)", "ROW('b', 2)"},
		"span": {"'[1,2)'", "'[3,4)'"}, "spans": {"'{[1,2)}'", "'{[3,4)}'"}, "stretch": {"'[1,2)'", "'[3,4)'"}, "code": {"'a'", "'b'"},
		"owned": {"ROW(1, 'sad')", "ROW(2, 'ok')"}, "mood[]": {"'{sad}'", "'{ok}'"}, "id[]": {"'{1}'", "'{2}'"}, "ids": {"'{1}'", "'{2}'"}, "temper[]": {"'{sad}'", "'{ok}'"},
		"place[]": {"ARRAY[ROW('a', 1)::m.place]", "ARRAY[ROW('b', 1)::m.place]"}, "owned[]": {"ARRAY[ROW(1, 'sad')::m.owned]", "ARRAY[ROW(2, 'ok')::m.owned]"},
	}
	chosen := testall.Sample(slices.Sorted(maps.Keys(keys)), 3)
	maps.DeleteFunc(keys, func(typ string, _ [2]string) bool { return !slices.Contains(chosen, typ) })
	tables := map[string]string{}
	for typ := range keys {
		tables[typ] = "m.k_" + strings.ReplaceAll(typ, "[]", "_array")
		exec(fmt.Sprintf(`CREATE TABLE %[1]s (k m.%[2]s PRIMARY KEY, v int, u m.%[2]s UNIQUE, parent m.%[2]s)`, tables[typ], typ))
		exec(fmt.Sprintf(`DO $$ BEGIN ALTER TABLE %[1]s ADD FOREIGN KEY (parent) REFERENCES %[1]s; EXCEPTION WHEN datatype_mismatch THEN NULL; END $$`, tables[typ]))
		auditdb.Install(t, db, tables[typ])
		exec(fmt.Sprintf(`INSERT INTO %[1]s VALUES (%[2]s, 1, %[2]s), (%[3]s, 2, NULL)`, tables[typ], keys[typ][0], keys[typ][1]))
	}
	adb := exaudit.New(db.Pool)
	if _, err := adb.Mark(ctx, "m", nil); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		exec(fmt.Sprintf(`UPDATE %s SET v = 3, parent = k WHERE v = 1; DELETE FROM %[1]s WHERE v = 2`, table))
	}

	for typ, table := range tables {
		n := 0
		for _, err := range adb.AsOf(ctx, table, exaudit.AtMark("m")) {
			if n++; err != nil {
				t.Errorf("%s: %v", typ, err)
			}
		}
		if n != 2 {
			t.Errorf("%s: %d rows, want 2", typ, n)
		}
		versions, err := exaudit.Collect(adb.Versions(ctx, exaudit.ByTable(table)))
		if err != nil || len(versions) != 4 {
			t.Fatalf("%s: %d versions, %v", typ, len(versions), err)
		}
		for _, v := range versions {
			id := v.EntityID
			if _, err := exaudit.Collect(adb.History(ctx, table, id)); err != nil {
				t.Errorf("%s: history: %v", typ, err)
			}
			if _, err := adb.StateAt(ctx, table, id, exaudit.AtMark("m")); err != nil {
				t.Errorf("%s: image: %v", typ, err)
			}
			if err := adb.CheckHistory(ctx, table, id); err != nil {
				t.Errorf("%s: check: %v", typ, err)
			}
			if v.Action != audit.Created {
				if _, err := adb.PlanRevert(ctx, v.ID, nil); err != nil {
					t.Errorf("%s: preview: %v", typ, err)
				}
			}
		}
	}
	if _, err := adb.PlanUndo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark("m"))), nil); err != nil {
		t.Errorf("the plan of an undo: %v", err)
	}
	// by the owner, that also comes about
	if done, err := exaudit.New(mine).Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark("m"))), nil); err != nil || len(done.Rows) != 2*len(keys) {
		t.Errorf("undo: %v", err)
	}
	pgtest.Count(t, "attacks", pgtest.One[int](t, db, `SELECT count(*) FROM pg_cast WHERE oid >= 16384`))
}
