package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// A row may have come or gone without being recorded. Undo does not take the row that is there for an earlier one with
// its key, and says of what is missing that it went without being recorded.
//
// Of the statements, "+" marks those that are undone, and "~" those that are not recorded.
func TestUndoAcrossUnseenChanges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE w (id int PRIMARY KEY, v text)`)
	if _, err := adb.Install(ctx, []string{"w"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"w": {AllowIgnore: true}}}); err != nil {
		t.Fatal(err)
	}
	const (
		deleted, reused = "deleted since", "key reused"

		a, b, c        = `INSERT INTO w VALUES ($id, 'a')`, `INSERT INTO w VALUES ($id, 'b')`, `INSERT INTO w VALUES ($id, 'c')`
		toA, toX, goes = `UPDATE w SET v = 'a' WHERE id = $id`, `UPDATE w SET v = 'x' WHERE id = $id`, `DELETE FROM w WHERE id = $id`
	)
	for i, test := range []struct {
		statements []string
		reason     string // of the only conflict, or none
		by         int    // the statement in the way, 0 for one that is not recorded
		want       string // what v becomes, if there is no conflict
	}{
		{statements: []string{a, "+" + toX, "~" + goes, "+" + c}, reason: deleted},
		{statements: []string{a, "+" + toX, toA, "~" + goes, "+" + c}, reason: deleted},
		{statements: []string{a, "+" + toX, "~" + goes, "+" + c, goes}, reason: deleted},
		{statements: []string{a, "+" + toX, "~" + goes, "+" + c, "+" + goes}, reason: deleted},
		{statements: []string{a, "+" + toX, "~" + goes, c, goes}, reason: deleted},
		{statements: []string{a, "+" + toX, "~" + goes}, reason: deleted},
		{statements: []string{a, "+" + toX, goes, c, goes}, reason: deleted, by: 3},
		{statements: []string{a, "+" + toX, "~" + goes, c}, reason: reused, by: 4},
		{statements: []string{a, "+" + toX, "~" + goes, c, "~" + goes, "~" + b}, reason: reused, by: 4},
		{statements: []string{a, "+" + toX, "~" + goes, c, "+" + goes}, reason: reused, by: 4},
		{statements: []string{a, "+" + toX, goes, b, goes, c}, reason: reused, by: 6},
		{statements: []string{a, "+" + toX, goes, "~" + c}, reason: reused},
		{statements: []string{a, "+" + toX, goes, b, goes, "~" + c}, reason: reused},
		{statements: []string{a, "+" + toX, goes, "~" + b, toX}, reason: reused},
		{statements: []string{a, "+" + toX, goes, "~" + b, "+" + goes}, reason: reused},
		{statements: []string{a, "+" + toX, "+" + goes, "~" + b, toX}, reason: reused},
		{statements: []string{a, "+" + toX, "~" + goes, "+" + b, "+" + goes, "~" + b, toX}, reason: reused},
		{statements: []string{"+" + a, goes, "~" + b, toA}, reason: reused},
		{statements: []string{"+" + a, goes, "~" + a}, reason: reused},
		{statements: []string{"+" + a, "+" + goes, "~" + b, toA}, want: "a"},
		{statements: []string{"+" + a, "~" + goes, "+" + b}, want: "<nil>"},
		{statements: []string{a, "+" + goes, "~" + b, goes}, want: "a"},
	} {
		name, id := strings.Join(test.statements, "; "), fmt.Sprint(i+1)
		var ids []int64 // of the versions of statements, 0 where there is none
		var chosen []int64
		for _, statement := range test.statements {
			mark, sql := statement[:1], strings.ReplaceAll(strings.TrimLeft(statement, "+~"), "$id", id)
			if mark == "~" {
				db.Exec(t, `BEGIN; SET LOCAL exaudit.ignore = 'on'; `+sql+`; COMMIT`)
				ids = append(ids, 0)
				continue
			}
			db.Exec(t, sql)
			ids = append(ids, pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`))
			if mark == "+" {
				chosen = append(chosen, ids[len(ids)-1])
			}
		}
		_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(chosen...)), nil)
		if test.want != "" {
			if err != nil && !errors.Is(err, audit.ErrNothingToDo) {
				t.Errorf("%s: %v", name, err)
			}
			if got := pgtest.One[string](t, db, `SELECT coalesce((SELECT v FROM w WHERE id = `+id+`), '<nil>')`); got != test.want {
				t.Errorf("%s: it is %s, want %s", name, got, test.want)
			}
			continue
		}
		var by int64
		if test.by > 0 {
			by = ids[test.by-1]
		}
		conflict := (*audit.ConflictError)(nil)
		if !errors.As(err, &conflict) {
			t.Errorf("%s: %v, want conflict %q", name, err, test.reason)
			continue
		}
		if all := conflict.Rows[0].Conflicts; len(all) != 1 || string(all[0].Reason) != test.reason || all[0].Version != by {
			t.Errorf("%s: %s, want %q by version %d", name, asJSON(t, all), test.reason, by)
		}
	}
}
