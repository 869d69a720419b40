package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

// inOneTransaction runs statements in one transaction, and gives its id.
func inOneTransaction(t *testing.T, db *pgtest.DB, statements ...string) uint64 {
	t.Helper()
	tx, err := db.Pool.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	for _, statement := range statements {
		if _, err := tx.Exec(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var xid uint64
	if err := tx.QueryRow(context.Background(), `SELECT pg_current_xact_id()::text::bigint`).Scan(&xid); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	return xid
}

func undo(t *testing.T, db *exaudit.DB, xid uint64, opts *exaudit.UndoOptions) *audit.UndoPlan {
	t.Helper()
	plan, err := db.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(xid)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func expect(t *testing.T, db *pgtest.DB, table, want string) {
	t.Helper()
	if got := rows(t, db, table); got != want {
		t.Errorf("%s is %s, want %s", table, got, want)
	}
}

const parcels = `
CREATE TABLE parcels (id int PRIMARY KEY, status text NOT NULL, weight numeric, info jsonb);
INSERT INTO parcels VALUES (1, 'new', 1.50, '{"to": {"city": "Uppsala", "zip": "75310"}, "tags": ["a", "b"]}'), (2, 'new', 2.00, NULL), (3, 'new', 3, 'null');`

// What came later survives: other columns, other places inside jsonb, other rows.
func TestUndoKeepsWhatCameLater(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost', info = jsonb_set(coalesce(nullif(info, 'null'), '{}'), '{to}', coalesce(info->'to', '{}') || '{"city": "Lund"}')`)
	db.Exec(t, `UPDATE parcels SET weight = 9.00 WHERE id = 1`)
	db.Exec(t, `UPDATE parcels SET info = jsonb_set(jsonb_set(info, '{to,zip}', '"22100"'), '{tags,2}', '"c"') WHERE id = 1`)
	db.Exec(t, `INSERT INTO parcels VALUES (4, 'new', 4, NULL)`)

	plan := undo(t, adb, bad, nil)
	expect(t, db, "parcels", `(1,new,9.00,"{""to"": {""zip"": ""22100"", ""city"": ""Uppsala""}, ""tags"": [""a"", ""b"", ""c""]}") (2,new,2.00,) (3,new,3,null) (4,new,4,)`)
	if len(plan.Rows) != 3 || len(plan.Chosen) != 3 || plan.TransactionID == 0 || len(plan.SideEffects) != 0 {
		t.Errorf("plan: %s", asJSON(t, plan))
	}
	want := `{"info":{"to":{"city":["~","Lund","Uppsala"]}},"status":["~","lost","new"]}`
	if got := patchJSON(t, plan.Rows[0].Patch); got != want {
		t.Errorf("patch %s, want %s", got, want)
	}
	last := statesOf(t, adb, "parcels", 1)
	if v := last[len(last)-1]; !v.Rollback {
		t.Errorf("not recorded as a rollback: %s", asJSON(t, v))
	}
	if got := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.rollbacks u JOIN exaudit.versions v ON v.id = u.version_id WHERE v.transaction_id = $1`, int64(bad)); got != 3 {
		t.Errorf("%d links to what was undone, want 3", got)
	}
	_, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(bad)), nil)
	if !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("second time: %v, want ErrNothingToDo", err)
	}
}

func TestUndoConflicts(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost', weight = weight + 10`)
	db.Exec(t, `UPDATE parcels SET status = 'found', weight = weight + 1 WHERE id = 1`)
	db.Exec(t, `DELETE FROM parcels WHERE id = 2`)
	before := rows(t, db, "parcels")
	selection := exaudit.Select(exaudit.ByTransaction(bad))

	_, err := adb.Undo(ctx, selection, nil)
	var conflict *audit.ConflictError
	if !errors.As(err, &conflict) || !reason.Is(err, reason.Conflict) || len(conflict.Rows) != 2 {
		t.Fatalf("undo: %v, want two rows in conflict", err)
	}
	for _, want := range []string{
		`public.parcels 1: status: was "lost", is now "found", would become "new"`,
		`public.parcels 1: weight: was 11.50, is now 12.50, would become 1.50`,
		`public.parcels 2: the row was deleted since, by version`,
	} {
		found := false
		for _, r := range conflict.Rows {
			for _, c := range r.Conflicts {
				found = found || strings.HasPrefix(r.Table+" "+string(r.EntityID)+": "+c.String(), want)
			}
		}
		if !found {
			t.Errorf("no conflict %s in %s", want, asJSON(t, conflict.Rows))
		}
	}
	expect(t, db, "parcels", before)

	plan := undo(t, adb, bad, &exaudit.UndoOptions{OnConflict: audit.SkipRows})
	expect(t, db, "parcels", `(1,found,12.50,"{""to"": {""zip"": ""75310"", ""city"": ""Uppsala""}, ""tags"": [""a"", ""b""]}") (3,new,3,null)`)
	if len(plan.Conflicting()) != 2 || !plan.Conflicting()[0].Skipped {
		t.Errorf("plan %s", asJSON(t, plan))
	}

	db.Exec(t, `UPDATE parcels SET status = 'lost' WHERE id = 1`)
	undo(t, adb, bad, &exaudit.UndoOptions{OnConflict: audit.KeepLater})
	if got := pgtest.One[string](t, db, `SELECT status || weight FROM parcels WHERE id = 1`); got != "new12.50" {
		t.Errorf("keep-later left %s, want new12.50", got)
	}
}

func TestUndoOverwrites(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost' WHERE id < 3`, `DELETE FROM parcels WHERE id = 3`)
	db.Exec(t, `UPDATE parcels SET status = 'found', weight = 7 WHERE id = 1`)
	db.Exec(t, `DELETE FROM parcels WHERE id = 2`)
	db.Exec(t, `INSERT INTO parcels VALUES (3, 'other', 0, NULL)`)
	undo(t, adb, bad, &exaudit.UndoOptions{OverwriteRows: []audit.RowID{{Table: "public.parcels", EntityID: "1"}, {Table: "parcels", EntityID: "2"}, {Table: "parcels", EntityID: "3"}}})
	expect(t, db, "parcels", `(1,new,7,"{""to"": {""zip"": ""75310"", ""city"": ""Uppsala""}, ""tags"": [""a"", ""b""]}") (2,new,2.00,) (3,new,3,null)`)
}

// A trigger that stamps each change makes every later change a conflict; unless the column is
// kept.
func TestUndoKeepsColumns(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE TABLE notes (id int PRIMARY KEY, title text, body text, revision int NOT NULL DEFAULT 0);
		CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.revision := OLD.revision + 1; RETURN NEW; END $$;
		CREATE TRIGGER bump BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION bump();
		INSERT INTO notes VALUES (1, 'a', 'b')`, "notes")
	bad := inOneTransaction(t, db, `UPDATE notes SET title = 'oops'`)
	db.Exec(t, `UPDATE notes SET body = 'later'`)
	if _, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(bad)), nil); !reason.Is(err, reason.Conflict) {
		t.Fatalf("%v, want a ConflictError", err)
	}
	plan := undo(t, adb, bad, &exaudit.UndoOptions{KeepColumns: []string{"notes.revision"}})
	expect(t, db, "notes", `(1,a,later,3)`)
	if got, want := patchJSON(t, plan.Rows[0].Patch), `{"revision":["~",2,3],"title":["~","oops","a"]}`; got != want {
		t.Errorf("patch %s, want %s: what the row became", got, want)
	}
}

const family = `
CREATE TABLE countries (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE);
CREATE TABLE cities (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, country int NOT NULL REFERENCES countries ON DELETE CASCADE, name text, upper text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE streets (city int REFERENCES cities ON DELETE CASCADE, name text, PRIMARY KEY (city, name));
CREATE TABLE visitors (id int PRIMARY KEY, city int REFERENCES cities ON DELETE SET NULL, home int NOT NULL DEFAULT 1 REFERENCES cities ON DELETE SET DEFAULT);
INSERT INTO countries (name) VALUES ('Sweden'), ('Norway');
INSERT INTO cities (country, name) VALUES (1, 'Lund'), (2, 'Oslo'), (2, 'Bergen');
INSERT INTO streets SELECT c.id, 'street ' || n FROM cities c, generate_series(1, 3) n;
INSERT INTO visitors VALUES (1, 2, 3), (2, 1, 1);
CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE CASCADE, name text);
INSERT INTO tree VALUES (1, NULL, 'root'), (2, 1, 'a'), (3, 1, 'b'), (4, 2, 'c'), (5, 4, 'd');
CREATE TABLE heads (id int PRIMARY KEY, member int NOT NULL);
CREATE TABLE members (id int PRIMARY KEY, head int NOT NULL REFERENCES heads);
INSERT INTO heads VALUES (1, 10), (2, 20);
INSERT INTO members VALUES (10, 1), (20, 2);
ALTER TABLE heads ADD FOREIGN KEY (member) REFERENCES members;`

// Cascades, SET NULL and SET DEFAULT, a tree and a cycle of keys that are not deferrable: all
// comes back exactly, and all goes again.
func TestUndoOfDeletesWithTheirCascades(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	tables := []string{"countries", "cities", "streets", "visitors", "tree", "heads", "members"}
	db, adb := audited(t, family, tables...)
	content := func() (all []string) {
		for _, table := range tables {
			all = append(all, rows(t, db, table))
		}
		return all
	}
	before := content()
	bad := inOneTransaction(t, db, `DELETE FROM countries WHERE name = 'Norway'`, `DELETE FROM tree WHERE id = 1`,
		`WITH h AS (DELETE FROM heads WHERE id = 2) DELETE FROM members WHERE id = 20`)
	after := content()

	first := undo(t, adb, bad, nil)
	if got := content(); strings.Join(got, "\n") != strings.Join(before, "\n") {
		t.Errorf("undone:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}
	xid := first.TransactionID
	for i := range 3 { // redo, undo, redo
		done, err := adb.Redo(ctx, xid, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := after
		if i%2 == 1 {
			want = before
		}
		if got := content(); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("turn %d:\n%s\nwant:\n%s", i, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		xid = done.TransactionID
	}
	if _, err := adb.Redo(ctx, bad, nil); !errors.Is(err, audit.ErrNotFound) {
		t.Errorf("redo of a change: %v, want ErrNotFound", err)
	}
	if _, err := adb.Redo(ctx, first.TransactionID, nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("redo of an undo that was redone: %v, want ErrNothingToDo", err)
	}
}

// A row that is taken away takes nothing along that came later.
func TestUndoOfACreateThatIsReferenced(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, family, "countries", "cities", "streets")
	bad := inOneTransaction(t, db, `INSERT INTO countries (name) VALUES ('Denmark')`, `INSERT INTO cities (country, name) VALUES (3, 'Aarhus')`)
	db.Exec(t, `INSERT INTO streets VALUES (4, 'later')`)
	before := rows(t, db, "cities")
	_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil)
	if !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), `public.cities 4: public.streets [4, "later"] refers to it by city`) {
		t.Fatalf("%v, want a conflict about the street", err)
	}
	expect(t, db, "cities", before)
	// the city stays, and so its country must
	_, err = adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), &exaudit.UndoOptions{OnConflict: audit.SkipRows})
	if !errors.Is(err, audit.ErrNothingToDo) {
		t.Fatalf("%v, want ErrNothingToDo", err)
	}
	expect(t, db, "cities", before)
	db.Exec(t, `DELETE FROM streets WHERE name = 'later'`)
	undo(t, adb, bad, nil)
	expect(t, db, "countries", `(1,Sweden) (2,Norway)`)
}

func TestUndoOfARowWhoseParentIsGone(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, family, "countries", "cities", "streets")
	bad := inOneTransaction(t, db, `DELETE FROM cities WHERE name = 'Bergen'`)
	db.Exec(t, `DELETE FROM countries WHERE id = 2`)
	_, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(bad)), nil)
	if !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), "public.countries 2, which country refers to, is not there") {
		t.Fatalf("%v, want a conflict about the country", err)
	}
}

func TestUndoExchangesUniqueValues(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE TABLE seats (id int PRIMARY KEY, seat int NOT NULL UNIQUE, code text UNIQUE, tag uuid NOT NULL UNIQUE DEFAULT gen_random_uuid());
		INSERT INTO seats (id, seat, code) SELECT n, n, 'c' || n FROM generate_series(1, 40) n`, "seats")
	before := rows(t, db, "seats")
	// chains, a swap of every kind, and a long queue
	bad := inOneTransaction(t, db,
		`UPDATE seats SET code = NULL WHERE id = 1`, `UPDATE seats SET code = 'c1' WHERE id = 2`, `UPDATE seats SET code = 'c2' WHERE id = 1`,
		`UPDATE seats SET seat = 100 WHERE id = 3`, `UPDATE seats SET seat = 3 WHERE id = 4`, `UPDATE seats SET seat = 4 WHERE id = 3`,
		`UPDATE seats SET seat = seat + 1000 WHERE id > 9`, `UPDATE seats SET seat = seat - 999 WHERE id > 9`)
	after := rows(t, db, "seats")
	done := undo(t, adb, bad, nil)
	expect(t, db, "seats", before)
	if _, err := adb.Redo(context.Background(), done.TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "seats", after)
}

func TestUndoOfKeyChanges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE users (id int PRIMARY KEY, name text);
		CREATE TABLE mails (id int PRIMARY KEY, owner int REFERENCES users ON UPDATE CASCADE, subject text);
		INSERT INTO users VALUES (1, 'ada'), (2, 'bob'), (3, 'eve');
		INSERT INTO mails VALUES (1, 1, 'x')`, "users", "mails")
	before, mails := rows(t, db, "users"), rows(t, db, "mails")
	bad := inOneTransaction(t, db, `UPDATE users SET id = 11 WHERE id = 1`)
	db.Exec(t, `UPDATE users SET name = 'Ada' WHERE id = 11`)
	db.Exec(t, `INSERT INTO mails VALUES (2, 11, 'y')`)
	undo(t, adb, bad, nil)
	expect(t, db, "users", `(1,Ada) (2,bob) (3,eve)`)
	expect(t, db, "mails", `(1,1,x) (2,1,y)`)

	db.Exec(t, `UPDATE users SET name = 'ada' WHERE id = 1`)
	db.Exec(t, `DELETE FROM mails WHERE id = 2`)
	swap := inOneTransaction(t, db, `UPDATE users SET id = 0 WHERE id = 2`, `UPDATE users SET id = 2 WHERE id = 3`, `UPDATE users SET id = 3 WHERE id = 0`)
	undo(t, adb, swap, nil)
	expect(t, db, "users", before)
	expect(t, db, "mails", mails)

	// the old key has another row by now
	moved := inOneTransaction(t, db, `UPDATE users SET id = 30 WHERE id = 3`)
	db.Exec(t, `INSERT INTO users VALUES (3, 'new')`)
	_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(moved)), nil)
	if !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), "key") && !strings.Contains(err.Error(), "value of id") {
		t.Errorf("%v, want a conflict about the key", err)
	}
	deleted := inOneTransaction(t, db, `DELETE FROM users WHERE id = 2`)
	db.Exec(t, `INSERT INTO users VALUES (2, 'new')`)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(deleted)), nil); !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), "another row has its key now") {
		t.Errorf("%v, want a conflict about the key", err)
	}
}

// An update of a row that has been deleted says nothing about the one that has its key now, even
// if that looks the same.
func TestUndoTellsGenerationsApart(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost' WHERE id = 2`)
	db.Exec(t, `DELETE FROM parcels WHERE id = 2`)
	db.Exec(t, `INSERT INTO parcels VALUES (2, 'lost', 2.00, NULL)`)
	_, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(bad)), nil)
	if !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), "another row has its key now, by version") {
		t.Errorf("%v, want a conflict about the key", err)
	}
}

// What a trigger keeps count of is right in the end, though the trigger counts again.
func TestUndoWithTriggersThatCount(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE TABLE carts (id int PRIMARY KEY, total int NOT NULL DEFAULT 0);
		CREATE TABLE items (id int PRIMARY KEY, cart int NOT NULL REFERENCES carts, price int);
		CREATE TABLE log (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text);
		CREATE FUNCTION count_price() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF TG_OP <> 'INSERT' THEN UPDATE carts SET total = total - OLD.price WHERE id = OLD.cart; END IF;
			IF TG_OP <> 'DELETE' THEN UPDATE carts SET total = total + NEW.price WHERE id = NEW.cart; END IF;
			INSERT INTO log (what) VALUES (TG_OP);
			RETURN NULL;
		END $$;
		CREATE TRIGGER count_price AFTER INSERT OR UPDATE OR DELETE ON items FOR EACH ROW EXECUTE FUNCTION count_price();
		INSERT INTO carts VALUES (1), (2);
		INSERT INTO items VALUES (1, 1, 10), (2, 1, 5), (3, 2, 7)`, "carts", "items", "log")
	carts, items := rows(t, db, "carts"), rows(t, db, "items")
	bad := inOneTransaction(t, db, `DELETE FROM items WHERE id = 2`, `UPDATE items SET price = 100 WHERE id = 3`)
	plan, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(bad), exaudit.ByTable("carts", "items")), nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, db, "carts", carts)
	expect(t, db, "items", items)
	if got, want := asJSON(t, plan.SideEffects), `[{"table":"public.log","action":"created","rows":2}]`; got != want {
		t.Errorf("side effects %s, want %s", got, want)
	}
}

func TestUndoPlansAreKept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost', info = '{"big": 9007199254740993}' WHERE id = 1`, `DELETE FROM parcels WHERE id = 3`)
	made, err := adb.PlanUndo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), &exaudit.UndoOptions{MaxRows: 2})
	if err != nil {
		t.Fatal(err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE rollback`); n != 0 {
		t.Fatalf("planning wrote %d versions", n)
	}
	kept := new(audit.UndoPlan)
	if err := json.Unmarshal([]byte(asJSON(t, made)), kept); err != nil {
		t.Fatal(err)
	}
	if a, b := asJSON(t, kept), asJSON(t, made); a != b {
		t.Errorf("plan became %s, was %s", a, b)
	}
	db.Exec(t, `UPDATE parcels SET weight = 8 WHERE id = 1`) // elsewhere in the row
	if _, err := adb.ApplyUndo(ctx, kept, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "parcels", `(1,new,8,"{""to"": {""zip"": ""75310"", ""city"": ""Uppsala""}, ""tags"": [""a"", ""b""]}") (2,new,2.00,) (3,new,3,null)`)
	if _, err := adb.ApplyUndo(ctx, kept, nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("a second time: %v, want ErrNothingToDo", err)
	}
	for _, text := range []string{`{}`, `[]`, `{"options": {"on_conflict": "refuse"}, "chosen": [{"table_id": 99, "entity_id": "1", "id": 1}]}`} {
		plan := new(audit.UndoPlan)
		err := json.Unmarshal([]byte(text), plan)
		if err == nil {
			_, err = adb.ApplyUndo(ctx, plan, nil)
		}
		if !reason.Is(err, audit.InvalidPlan) {
			t.Errorf("plan %s: %v, want InvalidPlan", text, err)
		}
	}
}

func TestUndoNeedsASelectionAndALimit(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost'`)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), &exaudit.UndoOptions{OnConflict: "skip"}); !reason.Is(err, audit.InvalidPlan) {
		t.Errorf("no policy: %v, want InvalidPlan", err)
	}
	if _, err := adb.Undo(ctx, exaudit.Selection{}, nil); !reason.Is(err, audit.InvalidFilter) {
		t.Errorf("no selection: %v, want InvalidFilter", err)
	}
	_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), &exaudit.UndoOptions{MaxRows: 2})
	if !errors.Is(err, audit.ErrTooManyRows) || !strings.Contains(err.Error(), "3, and the limit is 2") {
		t.Errorf("%v, want ErrTooManyRows", err)
	}
}

func TestUndoAfterSchemaChanges(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost', weight = 10 WHERE id = 1`, `DELETE FROM parcels WHERE id = 2`)
	db.Exec(t, `ALTER TABLE parcels RENAME COLUMN status TO state`)
	db.Exec(t, `ALTER TABLE parcels DROP COLUMN info`)
	db.Exec(t, `ALTER TABLE parcels ALTER COLUMN weight TYPE text USING weight::text`)
	db.Exec(t, `ALTER TABLE parcels ADD COLUMN region text NOT NULL DEFAULT 'north'`)
	db.Exec(t, `ALTER TABLE parcels ALTER COLUMN region DROP DEFAULT`)
	selection := exaudit.Select(exaudit.ByTransaction(bad))
	if _, err := adb.Undo(ctx, selection, nil); !reason.Is(err, audit.ConstraintViolated) {
		t.Fatalf("without a region: %v, want ConstraintViolated", err)
	}
	plan := undo(t, adb, bad, &exaudit.UndoOptions{SetColumns: map[string]any{"region": "south"}})
	expect(t, db, "parcels", `(1,new,1.50,north) (2,new,2.00,south) (3,new,3,north)`)
	for _, r := range plan.Rows {
		if r.EntityID == "2" && len(r.LeftOut) != 0 {
			t.Errorf("left out: %v; info was NULL", r.LeftOut)
		}
	}

	typed := inOneTransaction(t, db, `UPDATE parcels SET weight = 'heavy' WHERE id = 1`, `UPDATE parcels SET weight = '4' WHERE id = 1`)
	db.Exec(t, `ALTER TABLE parcels ALTER COLUMN weight TYPE int USING weight::numeric::int`)
	_, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(typed)), nil)
	if !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), "weight: the old value does not fit the column's present type") {
		t.Errorf("%v, want a conflict about the type", err)
	}
	kept, err := adb.PlanUndo(ctx, exaudit.Select(exaudit.ByTransaction(typed)), &exaudit.UndoOptions{KeepColumns: []string{"weight"}})
	if err != nil || len(kept.Conflicting()) != 0 || fmt.Sprint(kept.Rows[0].LeftOut) != "[weight has another type now]" {
		t.Errorf("with the column kept: %+v, %v", kept, err)
	}
}

// A row whose old value its column does not take comes back with one that is given.
func TestUndoWithAValueForARetypedColumn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE parcels (id int PRIMARY KEY, weight text)`, "parcels")
	db.Exec(t, `INSERT INTO parcels VALUES (1, 'heavy')`)
	gone := inOneTransaction(t, db, `DELETE FROM parcels`)
	db.Exec(t, `ALTER TABLE parcels ALTER COLUMN weight TYPE int USING NULL`)
	selection := exaudit.Select(exaudit.ByTransaction(gone))
	if _, err := adb.Undo(ctx, selection, nil); !reason.Is(err, reason.Conflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	if _, err := adb.Undo(ctx, selection, &exaudit.UndoOptions{OnConflict: audit.SkipRows}); !errors.Is(err, audit.ErrNothingToDo) || !strings.Contains(err.Error(), "in conflict, and left out") {
		t.Errorf("with the row skipped: %v", err)
	}
	if _, err := adb.Undo(ctx, selection, &exaudit.UndoOptions{SetColumns: map[string]any{"parcels.weight": 5}}); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "parcels", `(1,5)`)
}

func TestUndoOfWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, orders)
	if _, err := adb.Install(ctx, []string{"orders"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"orders": {Mask: []string{"code"}, Exclude: []string{"info"}}}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO orders (code, total) VALUES ('A', 1), ('B', 2), ('C', 3)`)
	bad := inOneTransaction(t, db, `UPDATE orders SET code = 'X' WHERE id = 1`, `UPDATE orders SET code = 'Y', total = 7 WHERE id = 2`, `DELETE FROM orders WHERE id = 3`)
	plan := undo(t, adb, bad, nil)
	if got := pgtest.One[string](t, db, `SELECT string_agg((id, code, total)::text, ' ' ORDER BY id) FROM orders`); got != "(1,X,1.00) (2,Y,2.00) (3,,3.00)" {
		t.Errorf("undone to %s", got)
	}
	for _, r := range plan.Rows {
		want := "[code was masked]"
		if r.EntityID == "3" {
			want = "[code was masked info is not recorded]"
		}
		if got := fmt.Sprint(r.LeftOut); got != want {
			t.Errorf("%s: left out %s, want %s", r.EntityID, got, want)
		}
	}
	if len(plan.Rows) != 3 {
		t.Errorf("%d rows, want all of which something is left out", len(plan.Rows))
	}
}

func TestUndoIsRecordedOrNotDone(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost'`)
	db.Exec(t, `ALTER TABLE parcels DISABLE TRIGGER USER`)
	before := rows(t, db, "parcels")
	if _, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(bad)), nil); !reason.Is(err, audit.NotRecording) {
		t.Errorf("%v, want NotRecording", err)
	}
	expect(t, db, "parcels", before)
}

// A revert of one row is taken back like an undo.
func TestRedoOfARevert(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, parcels, "parcels")
	db.Exec(t, `UPDATE parcels SET status = 'a' WHERE id = 2`)
	db.Exec(t, `UPDATE parcels SET weight = 7 WHERE id = 2`)
	if _, err := adb.Revert(ctx, historyOf(t, adb, "parcels", 2)[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	versions := historyOf(t, adb, "parcels", 2)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(versions[0].ID, versions[1].ID)), nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("undo of what a revert has undone: %v, want ErrNothingToDo", err)
	}
	if _, err := adb.Redo(ctx, versions[2].TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT status || weight FROM parcels WHERE id = 2`); got != "a7" {
		t.Errorf("redone to %s, want a7", got)
	}
}

// Rows that exchange their keys in one statement, before anything was recorded of them, are told
// apart by the rows that are there.
func TestUndoOfKeysExchangedAtOnce(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE TABLE places (id int PRIMARY KEY DEFERRABLE, name text);
		INSERT INTO places VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')`, "places")
	before := rows(t, db, "places")
	swap := inOneTransaction(t, db, `UPDATE places SET id = 3 - id WHERE id < 3`)
	db.Exec(t, `UPDATE places SET name = upper(name)`)
	undo(t, adb, swap, nil)
	expect(t, db, "places", strings.ToUpper(before))

	db.Exec(t, `UPDATE places SET name = lower(name)`)
	shift := inOneTransaction(t, db, `UPDATE places SET id = id + 1`)
	shifted := rows(t, db, "places")
	done := undo(t, adb, shift, nil)
	expect(t, db, "places", before)
	if _, err := adb.Redo(context.Background(), done.TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "places", shifted)
	// one row that goes on and on is one row
	db.Exec(t, `INSERT INTO places VALUES (10, 'x')`)
	walk := inOneTransaction(t, db, `UPDATE places SET id = 11 WHERE id = 10`, `UPDATE places SET id = 12 WHERE id = 11`)
	undo(t, adb, walk, nil)
	expect(t, db, "places", "(10,x) "+shifted)
}

// The name of a table in an option must mean one table of those that are undone in.
func TestUndoAmbiguousNames(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.orders (id int PRIMARY KEY, v int, w int); CREATE TABLE b.orders (id int PRIMARY KEY, v int, w int)`, "a.orders", "b.orders")
	db.Exec(t, `INSERT INTO a.orders VALUES (1, 1, 1); INSERT INTO b.orders VALUES (1, 1, 1)`)
	bad := inOneTransaction(t, db, `UPDATE a.orders SET v = 2`, `UPDATE b.orders SET v = 2`)
	db.Exec(t, `UPDATE a.orders SET v = 3; UPDATE b.orders SET v = 3`)
	selection := exaudit.Select(exaudit.ByTransaction(bad))
	for name, opts := range map[string]exaudit.UndoOptions{
		"overwrite": {OverwriteRows: []audit.RowID{{Table: "orders", EntityID: "1"}}},
		"keep":      {KeepColumns: []string{"orders.v"}}, "set": {SetColumns: map[string]any{"orders.w": 5}},
	} {
		if _, err := adb.Undo(ctx, selection, &opts); !reason.Is(err, audit.AmbiguousName) || !strings.Contains(err.Error(), "a.orders, b.orders") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := adb.Undo(ctx, selection, &exaudit.UndoOptions{OverwriteRows: []audit.RowID{{Table: "a.orders", EntityID: "1"}}, KeepColumns: []string{"b.orders.v"}}); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "a.orders", `(1,1,1)`)
	expect(t, db, "b.orders", `(1,3,1)`)
}
