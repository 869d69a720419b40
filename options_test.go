package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/patch"
)

// Masked and excluded columns do not stand in the way of history and reverts, and a
// placeholder is never written back.
func TestMaskedHistoryAndRevert(t *testing.T) {
	t.Parallel()
	for _, capture := range []string{"changed", "full"} {
		t.Run(capture, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			db := auditdb.New(t, `CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, note jsonb, bio text DEFAULT 'none'); INSERT INTO people VALUES (1, 'Ann', '1')`)
			adb := exaudit.New(db.Pool)
			options := audit.TableOptions{Mask: []string{"ssn", "note"}, Exclude: []string{"bio"}, RecordSessionUser: true}
			if capture == "full" {
				options.Updates = "full"
			}
			if _, err := adb.Install(ctx, []string{"people"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"people": options}}); err != nil {
				t.Fatal(err)
			}
			db.Exec(t, `UPDATE people SET ssn = '2'; UPDATE people SET name = 'Bob', note = 'null', bio = 'x'; UPDATE people SET ssn = '3', name = 'Cay'`)
			versions := statesOf(t, adb, "people", 1)
			if len(versions) != 3 {
				t.Fatalf("%d versions, want 3", len(versions))
			}
			if got := patch.Text(versions[0].Patch); got != "~ ssn: \"***\" → \"***\"\n" {
				t.Errorf("the patch of a masked change is %q", got)
			}
			if got := versions[2].State["ssn"]; got != "***" {
				t.Errorf("state has ssn %v", got)
			}
			if versions[0].SessionUser == "" {
				t.Error("session user is missing")
			}
			// nothing but masked values would change
			if _, err := adb.Revert(ctx, versions[2].ID, nil); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, db, "people"); got != `(1,Bob,3,null,x)` {
				t.Errorf("after the revert: %s", got)
			}
			if _, err := adb.Revert(ctx, versions[2].ID, nil); !errors.Is(err, audit.ErrNothingToDo) {
				t.Errorf("a revert of nothing: %v", err)
			}
			db.Exec(t, `DELETE FROM people`)
			versions = historyOf(t, adb, "people", 1)
			deleted := versions[len(versions)-1].ID
			preview, err := adb.PlanRevert(ctx, deleted, nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := []audit.LeftOut{{Column: "bio", Reason: audit.LeftOutExcluded}, {Column: "note", Reason: audit.LeftOutMasked}, {Column: "ssn", Reason: audit.LeftOutMasked}}; !slices.Equal(preview.LeftOut, want) {
				t.Errorf("left out: %v", preview.LeftOut)
			}
			if _, err := adb.Revert(ctx, deleted, nil); err != nil {
				t.Fatal(err)
			}
			if got := rows(t, db, "people"); got != `(1,Bob,,,none)` {
				t.Errorf("after the row came back: %s", got)
			}
			statesOf(t, adb, "people", 1)
			db.Exec(t, `UPDATE people SET ssn = 'y'; DELETE FROM people; INSERT INTO people VALUES (1, 'New', 'z')`)
			statesOf(t, adb, "people", 1)
			// what is not masked is still checked
			db.Exec(t, `ALTER TABLE people DISABLE TRIGGER ALL; UPDATE people SET name = 'secretly'; ALTER TABLE people ENABLE TRIGGER ALL`)
			if _, err := exaudit.Collect(adb.HistoryWithStates(ctx, "people", 1)); !reason.Is(err, reason.Diverged) {
				t.Errorf("changed behind its back: %v", err)
			}
		})
	}
}

// Where masking began later, older versions keep what they recorded.
func TestMaskedLater(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE people (id int PRIMARY KEY, name text, ssn text)`)
	adb := exaudit.New(db.Pool)
	install := func(o audit.TableOptions) {
		t.Helper()
		if _, err := adb.Install(ctx, []string{"people"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"people": o}}); err != nil {
			t.Fatal(err)
		}
	}
	install(audit.TableOptions{})
	db.Exec(t, `INSERT INTO people VALUES (1, 'Ann', 'a'); UPDATE people SET ssn = 'b'`)
	install(audit.TableOptions{Mask: []string{"ssn"}})
	db.Exec(t, `UPDATE people SET ssn = 'c'`)
	install(audit.TableOptions{})
	db.Exec(t, `UPDATE people SET ssn = 'd'`)
	versions := statesOf(t, adb, "people", 1)
	if got := asJSON(t, versions[2].State); got != `{"":[{"masked":"ssn"}],"id":1,"name":"Ann","ssn":"***"}` {
		t.Errorf("masked state: %s", got)
	}
	if got := asJSON(t, versions[3].State); got != `{"id":1,"name":"Ann","ssn":"d"}` {
		t.Errorf("state after it: %s", got)
	}
	if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "people"); got != `(1,Ann,a)` {
		t.Errorf("back to before the mask: %s", got)
	}
}

// What is tracked by hand is masked as well.
func TestTrackMasked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE people (id int PRIMARY KEY, name text, ssn text)`)
	if _, err := exaudit.New(db.Pool).Install(ctx, []string{"people"},
		&exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"people": {Mask: []string{"ssn"}, Exclude: []string{"name"}}}}); err != nil {
		t.Fatal(err)
	}
	row := func(name, ssn string) map[string]any { return map[string]any{"id": 1, "name": name, "ssn": ssn} }
	for _, c := range []struct {
		change audit.Change
		want   string
	}{
		{audit.Change{Table: "people", After: row("a", "s")}, `created {"": [{"masked": "ssn"}], "id": 1, "ssn": "***"}`},
		{audit.Change{Table: "people", Before: row("a", "s"), After: row("b", "s")}, ``},
		{audit.Change{Table: "people", Before: row("a", "s"), After: row("a", "r")}, `updated {"": [{"masked": "ssn"}], "ssn": "***"}`},
	} {
		id, err := track(ctx, db, c.change)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if id > 0 {
			got = pgtest.One[string](t, db, fmt.Sprintf(`SELECT concat_ws(' ', action, after) FROM exaudit.versions WHERE id = %d`, id))
		}
		if got != c.want {
			t.Errorf("recorded %q, want %q", got, c.want)
		}
	}
}

// Changes out of sight of a condition are no divergence, but never guessed, nor lost by a
// revert.
func TestConditionalHistory(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE posts (id int PRIMARY KEY, title text, secret text, status text)`)
	adb := exaudit.New(db.Pool)
	options := audit.TableOptions{Where: "status = 'public'", Mask: []string{"secret"}, Exclude: []string{"title"}}
	install := func() {
		t.Helper()
		if _, err := adb.Install(ctx, []string{"posts"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"posts": options}}); err != nil {
			t.Fatal(err)
		}
	}
	install()
	db.Exec(t, `ALTER TABLE posts ADD COLUMN n int`)
	options.Exclude = nil
	install()
	db.Exec(t, `INSERT INTO posts VALUES (1, 'a', 's', 'draft', 1); UPDATE posts SET title = 'b'`)
	db.Exec(t, `UPDATE posts SET status = 'public'`)  // 0
	db.Exec(t, `UPDATE posts SET title = 'c'`)        // 1
	db.Exec(t, `UPDATE posts SET status = 'draft'`)   // 2
	db.Exec(t, `UPDATE posts SET title = 'd', n = 7`) // out of sight
	afterLeaving := statesOf(t, adb, "posts", 1)      // the present row is another
	if _, err := adb.Revert(ctx, afterLeaving[1].ID, nil); !reason.Is(err, reason.Diverged) || !strings.Contains(err.Error(), "out of sight") {
		t.Errorf("revert of a row that changed out of sight: %v", err)
	}
	db.Exec(t, `UPDATE posts SET status = 'public', title = 'e'`) // 3
	db.Exec(t, `UPDATE posts SET title = 'f'`)                    // 4

	versions := statesOf(t, adb, "posts", 1)
	if len(versions) != 5 {
		t.Fatalf("%d versions, want 5", len(versions))
	}
	for i, want := range []string{"b public 1", "c public 1", "c draft 1", "e public 7", "f public 7"} {
		s := versions[i].State
		if got := fmt.Sprint(s["title"], " ", s["status"], " ", s["n"]); got != want {
			t.Errorf("state after version %d is %s, want %s", i, got, want)
		}
		if gap := versions[i].Gap; (gap != nil) != (i == 3) {
			t.Errorf("version %d: gap %v", i, gap)
		}
	}
	if got := patchJSON(t, versions[3].Gap); got != `{"n":["~",1,7],"title":["~","c","d"]}` {
		t.Errorf("gap %s", got)
	}
	before, _, err := adb.States(ctx, versions[3].ID)
	if err != nil || before["title"] != "d" {
		t.Errorf("before version 3: %v, %v", before, err)
	}
	if _, err := adb.Revert(ctx, versions[2].ID, nil); !reason.Is(err, reason.Diverged) {
		t.Errorf("revert across the gap: %v", err)
	}
	if _, err := adb.Revert(ctx, versions[3].ID, nil); err != nil {
		t.Errorf("revert up to the gap: %v", err)
	}
	if got := rows(t, db, "posts"); got != `(1,d,s,draft,7)` {
		t.Errorf("reverted to %s", got)
	}
	if _, err := adb.Revert(ctx, versions[1].ID, &exaudit.RevertOptions{AllowDiverged: true}); err != nil {
		t.Errorf("revert across the gap, allowed: %v", err)
	}
	// deleted and made again out of sight
	db.Exec(t, `UPDATE posts SET status = 'draft'; DELETE FROM posts; INSERT INTO posts VALUES (1, 'z', NULL, 'public', 9)`)
	versions = statesOf(t, adb, "posts", 1)
	if last := versions[len(versions)-1]; last.Action != audit.Created || last.Gap == nil {
		t.Errorf("created again: %s, gap %v", last.Action, last.Gap)
	}
	// what the options do not explain is found still
	db.Exec(t, `ALTER TABLE posts DISABLE TRIGGER ALL; UPDATE posts SET title = 'secretly'; ALTER TABLE posts ENABLE TRIGGER ALL; UPDATE posts SET title = 'x'`)
	if _, err := exaudit.Collect(adb.HistoryWithStates(ctx, "posts", 1)); !reason.Is(err, reason.Diverged) {
		t.Errorf("changed behind its back: %v", err)
	}
}
