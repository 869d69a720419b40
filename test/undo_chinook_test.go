package test_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/patch"
)

const undoActors = 4

// actorWorkload makes random changes in the name of an actor, each in a transaction of its own.
func actorWorkload(t *testing.T, db *pgtest.DB, actor, statements int) {
	w := workload{rand.New(rand.NewPCG(20261125, uint64(actor)))}
	adb := exaudit.New(db.Pool)
	ctx := exaudit.With(context.Background(), exaudit.Custom{"actor": actor})
	n := 0
	value := func() string { n++; return fmt.Sprintf("%d by %d", n, actor) } // never the same twice
	for range statements {
		var sql string
		var args []any
		switch w.r.IntN(10) {
		case 0, 1:
			sql, args = `UPDATE track SET composer = $2 WHERE track_id = $1`, []any{w.id(600), value()}
		case 2, 3:
			sql, args = `UPDATE track SET name = $2, milliseconds = milliseconds + $3 WHERE track_id = $1`, []any{w.id(600), value(), 1 + w.r.IntN(1_000_000)}
		case 4:
			sql, args = `UPDATE customer SET company = $2 WHERE customer_id = $1`, []any{w.id(59), value()}
		case 5:
			sql, args = `UPDATE invoice SET billing_city = $2 WHERE invoice_id BETWEEN $1 AND $1 + 3`, []any{w.id(400), value()}
		case 6:
			sql, args = `INSERT INTO invoice_line (invoice_id, track_id, unit_price, quantity) SELECT invoice_id, $2, 0.99, 1 FROM invoice WHERE invoice_id = $1`, []any{w.id(400), w.id(600)}
		case 7:
			sql, args = `WITH a AS (INSERT INTO artist (name) VALUES ($1) RETURNING artist_id) INSERT INTO album (title, artist_id) SELECT $1, artist_id FROM a`, []any{value()}
		case 8:
			sql, args = `DELETE FROM playlist_track WHERE playlist_id = $1 AND track_id BETWEEN $2 AND $2 + 3`, []any{w.id(18), w.id(3000)}
		case 9:
			sql, args = `DELETE FROM invoice WHERE invoice_id = $1`, []any{w.id(412)}
		}
		if _, err := adb.Exec(ctx, sql, args...); err != nil && !refusedByConstraint(err) {
			t.Errorf("%v\n%s %v", err, sql, args)
			return
		}
	}
}

// Four actors work at once; what one of them did is undone, and what the others did is still
// there. What each row must be is computed apart from exaudit's undo: the original rows with the
// changes of the others alone.
func TestChinookUndoOfOneActor(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := chinook(t)
	var actors sync.WaitGroup
	for actor := range undoActors {
		actors.Go(func() { actorWorkload(t, db, actor, 500) })
	}
	actors.Wait()
	if t.Failed() {
		return
	}
	db.Exec(t, `VACUUM ANALYZE exaudit.versions`)
	before := snapshotOf(t, db)
	expected, overlapping := replayOthers(t, db, before)

	undone, err := adb.Undo(ctx, exaudit.Select(exaudit.ByCustom("actor", 1)), &exaudit.UndoOptions{OnConflict: audit.SkipRows})
	if err != nil {
		t.Fatal(err)
	}
	after := snapshotOf(t, db)
	reported := make(map[rowName]*audit.RowChange)
	for _, r := range undone.Conflicting() {
		reported[rowName{r.Table, string(r.EntityID)}] = &r
	}
	written := 0
	for name := range allNames(before, expected, after) {
		want := expected[name]
		if r := reported[name]; r != nil {
			want = before[name]
			if !overlapping[name] && !slices.ContainsFunc(r.Conflicts, func(c audit.Conflict) bool { return c.Table != "" }) {
				t.Errorf("%v: reported in conflict, but nobody else has touched it: %v", name, r.Conflicts)
			}
		}
		if patch.Diff(after[name], want) != nil {
			t.Errorf("%v: is %v, want %v (in conflict: %v)", name, asJSON(t, after[name]), asJSON(t, want), reported[name] != nil)
		}
		if patch.Diff(before[name], after[name]) != nil {
			written++
		}
	}
	t.Logf("%d versions of actor 1 undone in %d rows; %d rows in conflict were left out; %d rows of %d tables are as computed",
		len(undone.Chosen), written, len(reported), len(after), len(chinookTables))
	if written == 0 || len(reported) == 0 {
		t.Error("the test did not get to do its work")
	}
	pgtest.Count(t, "versions-undone", len(undone.Chosen))

	redone, err := adb.Redo(ctx, undone.TransactionID, nil)
	if err != nil {
		t.Fatal(err)
	}
	sameSnapshots(t, "redone", snapshotOf(t, db), before)
	if _, err := adb.Redo(ctx, redone.TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	sameSnapshots(t, "undone again", snapshotOf(t, db), after)
}

type rowName struct{ table, entity string }

type snapshot map[rowName]any

// snapshotOf reads all rows of all tables.
func snapshotOf(t *testing.T, db *pgtest.DB) snapshot {
	t.Helper()
	s := make(snapshot)
	for _, table := range chinookTables {
		readImages(t, db, s, "public", table)
	}
	return s
}

func readImages(t *testing.T, db *pgtest.DB, s snapshot, schema, table string) {
	t.Helper()
	rows, _ := db.Pool.Query(context.Background(), fmt.Sprintf(
		`SELECT exaudit_internal.entity_id_of('public.%[2]s'::regclass, image), image FROM (SELECT exaudit_internal.encode(o.*) AS image FROM %[1]s.%[2]s o) i`, schema, table))
	var key string
	var encoded []byte
	if _, err := pgx.ForEachRow(rows, []any{&key, &encoded}, func() (err error) {
		s[rowName{"public." + table, key}], err = patch.Decode(encoded)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// replayOthers makes the changes of all actors but 1 to the original rows, column by column, and
// tells which rows somebody else has changed after actor 1, in the same column or as a whole.
func replayOthers(t *testing.T, db *pgtest.DB, live snapshot) (expected snapshot, overlapping map[rowName]bool) {
	t.Helper()
	expected, overlapping = make(snapshot), make(map[rowName]bool)
	for _, table := range chinookTables {
		readImages(t, db, expected, "original", table)
	}
	touched := make(map[rowName]map[string]bool) // by actor 1; "" is the whole row
	rows, _ := db.Pool.Query(context.Background(), `SELECT format('%I.%I', schema_name, table_name), entity_id, action::text, before, after, custom->>'actor' = '1'
		FROM exaudit.history ORDER BY id`)
	var (
		name          rowName
		action        string
		before, after map[string]json.RawMessage
		byOne         bool
	)
	if _, err := pgx.ForEachRow(rows, []any{&name.table, &name.entity, &action, &before, &after, &byOne}, func() error {
		columns := []string{""}
		if action == "updated" {
			columns = columns[:0]
			for column := range after {
				columns = append(columns, column)
			}
		}
		if byOne {
			if touched[name] == nil {
				touched[name] = make(map[string]bool)
			}
			for _, column := range columns {
				touched[name][column] = true
			}
			return nil
		}
		for _, column := range columns {
			if touched[name][column] || touched[name][""] || column == "" && len(touched[name]) > 0 {
				overlapping[name] = true
			}
		}
		return replay(expected, name, action, after)
	}); err != nil {
		t.Fatal(err)
	}
	return expected, overlapping
}

func replay(s snapshot, name rowName, action string, after map[string]json.RawMessage) error {
	row, _ := s[name].(map[string]any)
	switch {
	case action == "deleted":
		delete(s, name)
		return nil
	case action == "created":
		row = make(map[string]any)
	case row == nil:
		return nil // of a row that actor 1 made
	}
	for column, encoded := range after {
		value, err := patch.Decode(encoded)
		if err != nil {
			return err
		}
		row[column] = value
	}
	s[name] = row
	return nil
}

func allNames(snapshots ...snapshot) map[rowName]bool {
	names := make(map[rowName]bool)
	for _, s := range snapshots {
		for name := range s {
			names[name] = true
		}
	}
	return names
}

func sameSnapshots(t *testing.T, what string, got, want snapshot) {
	t.Helper()
	different := 0
	for name := range allNames(got, want) {
		if patch.Diff(got[name], want[name]) != nil {
			if different++; different <= 5 {
				t.Errorf("%s: %v is %s, want %s", what, name, asJSON(t, got[name]), asJSON(t, want[name]))
			}
		}
	}
	if different > 5 {
		t.Errorf("%s: %d rows in all are not what they should be", what, different)
	}
}
