package exaudit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// A row is recorded once, under the table where it is, whichever table the statement names;
// a table that nobody tracks is reported.
func TestInheritance(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE animals (id int PRIMARY KEY, name text);
		CREATE TABLE cats (lives int, PRIMARY KEY (id)) INHERITS (animals);
		CREATE TABLE tigers (stripes int, PRIMARY KEY (id)) INHERITS (cats)`, "animals")
	uncovered := func(want string) {
		t.Helper()
		status, err := adb.Status(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, d := range status.Drift() {
			found = append(found, d.Table+" "+strings.TrimSuffix(d.Object, " inherits"))
		}
		if got := strings.Join(found, ", "); got != want {
			t.Errorf("not covered: %q, want %q", got, want)
		}
	}
	uncovered("public.animals table public.cats, public.animals table public.tigers")
	auditdb.Install(t, db, "tigers")
	uncovered("public.animals table public.cats")
	auditdb.Install(t, db, "cats")
	uncovered("")

	db.Exec(t, `INSERT INTO animals VALUES (1, 'a'); INSERT INTO cats VALUES (1, 'c', 9); INSERT INTO tigers VALUES (1, 't', 9, 30)`)
	db.Exec(t, `UPDATE animals SET name = name || '!'; UPDATE ONLY animals SET name = 'only'; UPDATE cats SET lives = 8`)
	for table, want := range map[string]int{"animals": 3, "cats": 3, "tigers": 3} {
		if n := len(historyOf(t, adb, table, 1)); n != want {
			t.Errorf("%s: %d versions, want %d", table, n, want)
		}
		// rows of the same key in the tables below are none of its own
		statesOf(t, adb, table, 1)
	}
	versions := historyOf(t, adb, "animals", 1)
	if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "animals"); got != `(1,a) (1,c!) (1,t!)` {
		t.Errorf("after the revert: %s", got)
	}
	db.Exec(t, `DELETE FROM animals WHERE name = 't!'; TRUNCATE animals`)
	if got := pgtest.One[string](t, db, `SELECT string_agg(action || ' ' || table_name, ', ' ORDER BY table_name, id)
		FROM exaudit.history WHERE action = 'deleted'`); got != "deleted animals, deleted cats, deleted tigers" {
		t.Errorf("recorded: %s", got)
	}
	uncovered("")
}

func TestUnloggedTables(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY, n int)`, "scratch")
	db.Exec(t, `INSERT INTO scratch VALUES (1, 1); UPDATE scratch SET n = 2; DELETE FROM scratch`)
	if n := len(statesOf(t, adb, "scratch", 1)); n != 3 {
		t.Errorf("%d versions, want 3", n)
	}
	status, err := adb.Status(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(status.Tables[0].Drift, status.Tables[0].Notes); !strings.HasPrefix(got, "[] [it is unlogged") {
		t.Errorf("status says %s", got)
	}
}
