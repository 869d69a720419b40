package exaudit_test

import (
	"context"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// Tables may be called like PostgreSQL's own types, relations and functions.
func TestTablesCalledLikeBuiltins(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	names := testall.Sample([]string{"line", "point", "name", "date", "money", "json", "text", "record", "anyelement", "pg_class", "array_agg", `"char"`, `"Time"`}, 4)
	db := auditdb.New(t, "")
	for _, name := range names {
		db.Exec(t, `CREATE TABLE public.`+name+` (id int PRIMARY KEY, v text)`)
		db.Exec(t, `INSERT INTO public.`+name+` VALUES (0, 'kept')`)
	}
	adb := exaudit.New(db.Pool)
	var tables []string
	for _, name := range names {
		tables = append(tables, "public."+name)
	}
	auditdb.Install(t, db, tables...)
	for _, table := range tables {
		db.Exec(t, `INSERT INTO `+table+` VALUES (1, 'a')`)
		mark := "before " + table
		if _, err := adb.Mark(ctx, mark, nil); err != nil {
			t.Fatal(err)
		}
		bad := inOneTransaction(t, db, `UPDATE `+table+` SET v = 'b'`)
		gone := inOneTransaction(t, db, `DELETE FROM `+table+` WHERE id = 1`)
		for call, want := range map[string]int64{
			`exaudit.as_of_mark(NULL::` + table + `, '` + mark + `')`: 2, `exaudit.as_of(NULL::` + table + `, clock_timestamp())`: 1,
			`exaudit.as_of_mark(NULL::` + table + `, '` + mark + `', '1')`: 1, `exaudit.states(NULL::` + table + `, '1')`: 2,
		} {
			if got := pgtest.One[int64](t, db, `SELECT count(*) FROM `+call); got != want {
				t.Errorf("%s: %d rows, want %d", call, got, want)
			}
		}
		type row struct {
			ID int32
			V  *string
		}
		if rows, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, table, exaudit.AtMark(mark))); err != nil || len(rows) != 2 {
			t.Errorf("%s as of the mark: %v, %v", table, rows, err)
		}
		for v, err := range exaudit.History[row](ctx, adb, table, 1) {
			if err != nil {
				t.Errorf("history of %s: %v, %v", table, v, err)
			}
		}
		undo(t, adb, gone, nil)
		undo(t, adb, bad, nil)
		expect(t, db, table, `(0,kept) (1,a)`)
		again := historyOf(t, adb, table, 0)
		if _, err := adb.Revert(ctx, again[len(again)-1].ID, nil); err != nil {
			t.Errorf("revert in %s: %v", table, err)
		}
		expect(t, db, table, `(0,b) (1,a)`)
	}
}
