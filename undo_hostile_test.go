package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// undoRefused undoes a transaction, which must be refused for a reason, and leave no trace.
func undoRefused(t *testing.T, db *pgtest.DB, adb *exaudit.DB, xid uint64, want any, text string, tables ...string) {
	t.Helper()
	content := func() (all string) {
		for _, table := range tables {
			all += table + ": " + rows(t, db, table) + "\n"
		}
		return all + pgtest.One[string](t, db, `SELECT count(*)::text FROM exaudit.versions`)
	}
	before := content()
	_, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByTransaction(xid)), nil)
	if !reason.Is(err, want) || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, want %v: %s", err, want, text)
	}
	if after := content(); after != before {
		t.Errorf("a refused undo left\n%s\nwant\n%s", after, before)
	}
}

// planned plans, and applies what was planned.
func planned(t *testing.T, db *exaudit.DB, xid uint64, opts *exaudit.UndoOptions) *audit.UndoPlan {
	t.Helper()
	ctx := context.Background()
	plan, err := db.PlanUndo(ctx, exaudit.Select(exaudit.ByTransaction(xid)), opts)
	if err != nil {
		t.Fatal(err)
	}
	done, err := db.ApplyUndo(ctx, plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// What foreign keys do to rows whose parent gets another key is a change of those rows.
func TestUndoOfAKeyThatLaterRowsPointTo(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"SET NULL", "SET DEFAULT"} {
		db, adb := audited(t, `
			CREATE TABLE users (id int PRIMARY KEY, code text UNIQUE);
			CREATE TABLE mails (id int PRIMARY KEY, owner int REFERENCES users ON UPDATE `+action+`, code text REFERENCES users (code) ON UPDATE `+action+`);
			INSERT INTO users VALUES (1, 'a'), (2, 'b')`, "users", "mails")
		moved := inOneTransaction(t, db, `UPDATE users SET id = 11 WHERE id = 1`)
		db.Exec(t, `INSERT INTO mails VALUES (1, 11, NULL)`)
		undoRefused(t, db, adb, moved, reason.Conflict, "public.mails 1 refers to it by owner", "users", "mails")
		renamed := inOneTransaction(t, db, `UPDATE users SET code = 'c' WHERE id = 2`)
		db.Exec(t, `INSERT INTO mails VALUES (2, NULL, 'c')`)
		undoRefused(t, db, adb, renamed, reason.Conflict, "public.mails 2 refers to it by code", "users", "mails")
	}
}

// A row cannot point back to one that is taken away at the same time.
func TestUndoThatWouldPointToWhatItTakesAway(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"NO ACTION", "CASCADE", "SET NULL"} {
		db, adb := audited(t, `
			CREATE TABLE teams (id int PRIMARY KEY);
			CREATE TABLE people (id int PRIMARY KEY, team int REFERENCES teams ON DELETE `+action+`);
			INSERT INTO teams VALUES (1);
			INSERT INTO people VALUES (1, 1), (2, 1)`, "teams", "people")
		bad := inOneTransaction(t, db, `INSERT INTO teams VALUES (2)`)
		db.Exec(t, `UPDATE people SET team = 2 WHERE id = 1`)
		worse := inOneTransaction(t, db, `UPDATE people SET team = 1 WHERE id = 1`)
		before := rows(t, db, "people")
		_, err := adb.Undo(context.Background(), exaudit.Select(exaudit.ByVersion(append(versionIDs(t, db, bad), versionIDs(t, db, worse)...)...)), nil)
		if !reason.Is(err, reason.Conflict) || !strings.Contains(err.Error(), "public.people 1: public.teams 2, which team refers to, is not there") {
			t.Errorf("%s: %v, want a conflict about the team", action, err)
		}
		expect(t, db, "people", before)
		expect(t, db, "teams", "(1) (2)")
	}
}

func versionIDs(t *testing.T, db *pgtest.DB, xid uint64) []int64 {
	t.Helper()
	return pgtest.One[[]int64](t, db, `SELECT array_agg(id ORDER BY id) FROM exaudit.versions WHERE transaction_id = $1`, int64(xid))
}

// A masked column is not known, so a row that was updated since may have been in it.
func TestUndoOfACreateWithMaskedColumns(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE people (id int PRIMARY KEY, name text, ssn text)`)
	adb := exaudit.New(db.Pool)
	if _, err := adb.Install(ctx, []string{"people"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"people": {Mask: []string{"ssn"}}}}); err != nil {
		t.Fatal(err)
	}
	bad := inOneTransaction(t, db, `INSERT INTO people VALUES (1, 'Ann', '1')`)
	db.Exec(t, `UPDATE people SET ssn = '2'`)
	undoRefused(t, db, adb, bad, reason.Conflict, "public.people 1: the row was updated later, and earlier values of some columns are not known", "people")

	// an update of nothing but a masked column cannot come back, and a plan says so
	masked := inOneTransaction(t, db, `UPDATE people SET ssn = '3'`)
	plan, err := adb.PlanUndo(ctx, exaudit.Select(exaudit.ByTransaction(masked)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(plan.Err(), audit.ErrNothingToDo) || plan.Unchanged != 0 || len(plan.Rows) != 1 || fmt.Sprint(plan.Rows[0].LeftOut) != "[ssn was masked]" {
		t.Errorf("a masked update: %v, %s", plan.Err(), asJSON(t, plan))
	}
}

// Of two rows that have had the same key, a plan does not mix one up with the other.
func TestUndoPlanOfRowsThatTookTurnsAtAKey(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'ada'), (2, 'bob'), (3, 'eve')`, "users")
	before := rows(t, db, "users")
	bad := inOneTransaction(t, db, `DELETE FROM users WHERE id = 2`, `UPDATE users SET id = 2 WHERE id = 3`, `INSERT INTO users VALUES (3, 'new')`)
	after := rows(t, db, "users")
	done := planned(t, adb, bad, nil)
	expect(t, db, "users", before)
	redone := planned(t, adb, done.TransactionID, nil)
	expect(t, db, "users", after)
	planned(t, adb, redone.TransactionID, nil)
	expect(t, db, "users", before)
}

// A row that the caller may not see is not taken along.
func TestUndoUnderRowSecurity(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE accounts (id int PRIMARY KEY, name text);
		CREATE TABLE notes (id int PRIMARY KEY, account int REFERENCES accounts ON DELETE CASCADE, owner text, body text);
		ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
		CREATE POLICY own ON notes USING (owner = current_user);
		INSERT INTO accounts VALUES (7, 'seven')`, "accounts", "notes")
	role := db.Role(t, "IN ROLE exaudit_reader")
	db.Exec(t, `GRANT SELECT, INSERT, UPDATE, DELETE ON accounts, notes TO `+role)
	clerk := exaudit.New(db.Connect(t, role))
	_ = adb

	created := inOneTransaction(t, db, `INSERT INTO accounts VALUES (1, 'one')`)
	db.Exec(t, `INSERT INTO notes VALUES (1, 1, 'somebody', 'later')`)
	_, err := clerk.Undo(ctx, exaudit.Select(exaudit.ByTransaction(created)), nil)
	if err == nil || !strings.Contains(err.Error(), "notes") {
		t.Errorf("%v, want an error about the notes", err)
	}
	expect(t, db, "notes", "(1,1,somebody,later)")

	// a row that the caller may not see can be pointed to
	db.Exec(t, `
		CREATE TABLE grades (id int PRIMARY KEY); INSERT INTO grades VALUES (1), (2);
		ALTER TABLE grades ENABLE ROW LEVEL SECURITY;
		ALTER TABLE accounts ADD grade int REFERENCES grades;
		UPDATE accounts SET grade = 1; GRANT SELECT ON grades TO `+role)
	changed := inOneTransaction(t, db, `UPDATE accounts SET grade = 2`)
	if _, err := clerk.Undo(ctx, exaudit.Select(exaudit.ByTransaction(changed)), nil); err != nil {
		t.Error(err)
	}
	expect(t, db, "accounts", "(1,one,1) (7,seven,1)")
}

// The values that a row has while others take its own are ones that its checks allow.
func TestUndoExchangesValuesUnderConstraints(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE DOMAIN place AS int CHECK (VALUE > 0);
		CREATE TABLE lists (id int PRIMARY KEY); INSERT INTO lists VALUES (1);
		CREATE TABLE steps (id int PRIMARY KEY, list int NOT NULL REFERENCES lists, place place NOT NULL, code varchar(3) NOT NULL UNIQUE, UNIQUE (list, place), shelf int NOT NULL DEFAULT 1, note text, UNIQUE (shelf, code), UNIQUE (note, code));
		INSERT INTO steps VALUES (1, 1, 1, 'a'), (2, 1, 2, 'b'), (3, 1, 3, 'c')`, "steps")
	before := rows(t, db, "steps")
	bad := inOneTransaction(t, db,
		`UPDATE steps SET place = 9 WHERE id = 1`, `UPDATE steps SET place = 1 WHERE id = 2`, `UPDATE steps SET place = 2 WHERE id = 1`,
		`UPDATE steps SET code = 'x' WHERE id = 2`, `UPDATE steps SET code = 'b' WHERE id = 3`, `UPDATE steps SET code = 'c' WHERE id = 2`)
	undo(t, adb, bad, nil)
	expect(t, db, "steps", before)
}

// Unique indexes of a part of the rows, and of expressions, ask for an order as well.
func TestUndoExchangesValuesOfExpressions(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE TABLE cards (id int PRIMARY KEY, owner int NOT NULL, active boolean NOT NULL, mail text);
		CREATE UNIQUE INDEX ON cards (owner) WHERE active;
		CREATE UNIQUE INDEX ON cards (lower(mail));
		INSERT INTO cards VALUES (1, 1, true, 'Ada'), (2, 1, false, 'Bob'), (3, 2, true, 'Eve'), (4, 2, false, 'Joe')`, "cards")
	before := rows(t, db, "cards")
	bad := inOneTransaction(t, db,
		`UPDATE cards SET active = false WHERE id IN (1, 3)`, `UPDATE cards SET active = true WHERE id IN (2, 4)`,
		`UPDATE cards SET mail = 'x' WHERE id = 3`, `UPDATE cards SET mail = 'EVE' WHERE id = 4`, `UPDATE cards SET mail = 'JOE' WHERE id = 3`)
	after := rows(t, db, "cards")
	done := undo(t, adb, bad, nil)
	expect(t, db, "cards", before)
	if _, err := adb.Redo(context.Background(), done.TransactionID, nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "cards", after)
}

// A later change between SQL NULL and the null of JSON is a change.
func TestUndoTellsNullsApart(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE docs (id int PRIMARY KEY, d jsonb); INSERT INTO docs VALUES (1, '{"a": 1}'), (2, NULL), (3, 'null')`, "docs")
	bad := inOneTransaction(t, db, `UPDATE docs SET d = NULL WHERE id = 1`, `UPDATE docs SET d = 'null' WHERE id = 2`, `UPDATE docs SET d = NULL WHERE id = 3`)
	db.Exec(t, `UPDATE docs SET d = 'null' WHERE id = 1`)
	undoRefused(t, db, adb, bad, reason.Conflict, "public.docs 1: d: was null, is now null", "docs")
	db.Exec(t, `UPDATE docs SET d = '{"b": 1}' WHERE id = 2`)
	undo(t, adb, bad, &exaudit.UndoOptions{OnConflict: audit.SkipRows})
	if got := pgtest.One[string](t, db, `SELECT string_agg(coalesce(d::text, 'NULL'), ' ' ORDER BY id) FROM docs`); got != `null {"b": 1} null` {
		t.Errorf("docs are %s", got)
	}
}

// A table that is not tracked any more would be written without a record.
func TestUndoOfWhatIsNotTracked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, parcels, "parcels")
	bad := inOneTransaction(t, db, `UPDATE parcels SET status = 'lost'`)
	db.Exec(t, `ALTER TABLE parcels DISABLE TRIGGER ALL`)
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil); !reason.Is(err, audit.NotRecording) {
		t.Errorf("%v, want NotRecording", err)
	}
	db.Exec(t, `ALTER TABLE parcels ENABLE TRIGGER ALL`)
	if err := adb.Uninstall(ctx, []string{"parcels"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.ByTransaction(bad)), nil); !reason.Is(err, audit.NotRecording) {
		t.Errorf("%v, want NotRecording", err)
	}
	if got := pgtest.One[string](t, db, `SELECT string_agg(DISTINCT status, ' ') FROM parcels`); got != "lost" {
		t.Errorf("parcels are %s", got)
	}
}

// Every kind of key: undone from a session with settings of its own, with columns and
// operators planted in its way, in one transaction with REPEATABLE READ.
func TestUndoWithEveryKindOfKey(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	long := strings.Repeat("wide ", 600)
	for name, c := range testall.SampleMap(map[string]struct{ columns, key, old, moved string }{
		"composite":   {`a int, b text, PRIMARY KEY (b, a)`, `b, a`, `'x"y', 1`, `'z', 2`},
		"jsonb":       {`a jsonb PRIMARY KEY`, `a`, `'{"k": [1, null]}'`, `'null'`},
		"digest":      {`a text PRIMARY KEY`, `a`, `'` + long + `'`, `'sha256 of nothing'`},
		"array":       {`a int[] PRIMARY KEY`, `a`, `'{1,2}'`, `'[0:1]={3,4}'`},
		"arrays":      {`a text[], b date, PRIMARY KEY (a, b)`, `a, b`, `'{"a,b",NULL}', '2020-02-03'`, `'{}', '0044-03-15 BC'`},
		"timestamptz": {`a timestamptz PRIMARY KEY`, `a`, `'2020-02-03 04:05:06.789+05'`, `'infinity'`},
		"interval":    {`a interval PRIMARY KEY`, `a`, `'-1 day -02:03:04'`, `'1 year 2 days'`},
		"numeric":     {`a numeric PRIMARY KEY`, `a`, `1.50`, `'NaN'`},
		"float8":      {`a float8 PRIMARY KEY`, `a`, `0.1`, `'-0'`},
		"range":       {`a daterange PRIMARY KEY`, `a`, `'[2020-02-03,2020-03-04)'`, `'empty'`},
		"bytea":       {`a bytea PRIMARY KEY`, `a`, `'\x00ff'`, `''`},
		"partitioned": {`a int, b text, PRIMARY KEY (a, b)`, `a, b`, `1, 'x'`, `2, 'y'`},
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, rest := "t", ""
			if name == "partitioned" {
				rest = ` PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2)`
			}
			db, adb := audited(t, fmt.Sprintf(`CREATE TABLE t (%s, v int, "r" text DEFAULT 'r', "k" text GENERATED ALWAYS AS ('k') STORED)%s; INSERT INTO t (%s, v) VALUES (%s, 1)`, c.columns, rest, c.key, c.old), "t")
			conn := db.Connect(t, "")
			for _, statement := range []string{
				`SET DateStyle = 'SQL, DMY'`, `SET IntervalStyle = 'sql_standard'`, `SET TimeZone = 'Asia/Kolkata'`, `SET extra_float_digits = -5`, `SET bytea_output = 'escape'`,
				`CREATE SCHEMA evil`, `CREATE FUNCTION evil.never(anyelement, anyelement) RETURNS boolean LANGUAGE sql AS 'SELECT NULL::boolean'`,
				`CREATE OPERATOR evil.= (FUNCTION = evil.never, LEFTARG = anyelement, RIGHTARG = anyelement)`,
				`CREATE TABLE evil.t (a text)`, `SET search_path = evil, pg_catalog, public`,
			} {
				if _, err := conn.Exec(ctx, statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			hostile := exaudit.New(conn)
			for _, statement := range []string{
				`UPDATE t SET v = 2`,
				fmt.Sprintf(`UPDATE t SET (%s) = ROW(%s)`, c.key, c.moved),
				`DELETE FROM t`,
				fmt.Sprintf(`INSERT INTO t (%s, v) VALUES (%s, 3)`, c.key, c.moved),
			} {
				before := rows(t, db, table)
				bad := inOneTransaction(t, db, statement)
				after := rows(t, db, table)
				done := planned(t, hostile, bad, nil)
				expect(t, db, table, before)
				err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
					redone, err := exaudit.New(tx).Redo(ctx, done.TransactionID, nil)
					if err != nil {
						return err
					}
					_, err = exaudit.New(tx).Undo(ctx, exaudit.Select(exaudit.ByTransaction(redone.TransactionID), exaudit.ByRollback(true)), nil)
					return err
				})
				if err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
				expect(t, db, table, before)
				if _, err := adb.Redo(ctx, done.TransactionID, nil); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
				expect(t, db, table, after)
			}
		})
	}
}

// A row that an undo has brought back is the one that it was: what was done to it before can still
// be undone, and done again, by what names it.
func TestUndoKnowsRowsThatCameBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, parcels, "parcels")
	before := rows(t, db, "parcels")
	bad := inOneTransaction(t, db, `INSERT INTO parcels VALUES (4, 'new', 1, NULL)`, `UPDATE parcels SET status = 'lost' WHERE id = 1`)
	after := rows(t, db, "parcels")
	for range 3 {
		done := undo(t, adb, bad, nil)
		expect(t, db, "parcels", before)
		if _, err := adb.Redo(ctx, done.TransactionID, nil); err != nil {
			t.Fatal(err)
		}
		expect(t, db, "parcels", after)
	}
	worse := inOneTransaction(t, db, `DELETE FROM parcels`)
	undo(t, adb, worse, nil)
	undo(t, adb, bad, nil)
	expect(t, db, "parcels", before)

	// another row under its key is another row
	made := inOneTransaction(t, db, `INSERT INTO parcels VALUES (5, 'new', 1, NULL)`)
	gone := inOneTransaction(t, db, `DELETE FROM parcels WHERE id = 5`)
	undo(t, adb, gone, nil)
	db.Exec(t, `DELETE FROM parcels WHERE id = 5; INSERT INTO parcels VALUES (5, 'new', 1, NULL)`)
	undoRefused(t, db, adb, made, reason.Conflict, "public.parcels 5: another row has its key now", "parcels")
}
