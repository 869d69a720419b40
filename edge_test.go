package exaudit_test

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// The type of a column is compared in the same words whatever the reader's search_path is:
// else an enum would count as retyped, and its unrecorded change pass unseen.
func TestDivergenceOfEnum(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE m (id int PRIMARY KEY, mood mood, n int)`, "m")
	db.Exec(t, `INSERT INTO m VALUES (1, 'sad', 1); UPDATE m SET n = 2`)
	db.Exec(t, `SET session_replication_role = replica; UPDATE m SET mood = 'happy'; RESET session_replication_role`)
	if _, err := adb.Revert(context.Background(), 2, nil); !reason.Is(err, reason.Diverged) {
		t.Errorf("got %v, want a DivergedError", err)
	}
}

// Who makes a table of a dropped one's name does not get to read its history.
func TestHistoryIsNotInherited(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, `CREATE TABLE secret (id int PRIMARY KEY, pin text); INSERT INTO secret VALUES (1, '1234')`, "secret")
	db.Exec(t, `UPDATE secret SET pin = '5678'; DROP TABLE secret`)
	role := db.Role(t, "")
	db.Exec(t, `GRANT exaudit_reader TO `+role+`; GRANT CREATE ON SCHEMA public TO `+role)
	conn := db.Connect(t, role)
	if _, err := conn.Exec(ctx, `CREATE TABLE secret (id int PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"exaudit.history", "exaudit.versions"} {
		var n int
		if err := conn.QueryRow(ctx, `SELECT count(*) FROM `+source).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d rows, %v; want none", source, n, err)
		}
	}
	if _, err := exaudit.Collect(exaudit.New(conn).History(ctx, "secret", 1)); !reason.Is(err, audit.NotTracked) {
		t.Errorf("got %v, want NotTracked", err)
	}
}

// A dropped table and its successor, renamed into the name, do not get in each other's way.
func TestSuccessorTakesTheName(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE o (id int PRIMARY KEY); CREATE TABLE o_new (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY)`, "o", "o_new")
	db.Exec(t, `INSERT INTO o VALUES (1); INSERT INTO o_new VALUES (1), (2); DROP TABLE o; ALTER TABLE o_new RENAME TO o`)
	if _, err := adb.Install(ctx, []string{"other"}, nil); err != nil {
		t.Fatal(err)
	}
	if v := statesOf(t, adb, "o", 1); len(v) != 1 || v[0].ID != 2 {
		t.Errorf("the successor's history is %v", v)
	}
}

// A bare name means a table on the search_path, not one of another schema.
func TestBareName(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, db := audited(t, `CREATE SCHEMA a; CREATE TABLE a.o (id int PRIMARY KEY)`, "a.o")
	if _, err := exaudit.Collect(db.History(ctx, "o", 1)); !reason.Is(err, audit.NoTable) {
		t.Errorf("history: %v, want NoTable", err)
	}
	if err := db.Uninstall(ctx, []string{"o"}, nil); !reason.Is(err, audit.NoTable) {
		t.Errorf("uninstall: %v, want NoTable", err)
	}
}

// Versions and the row are read from one snapshot: a writer in between is no divergence.
func TestReadingWhileWriting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (0)`)
	db.Exec(t, `UPDATE orders SET status = 'x'`)
	stop := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			select {
			case <-stop:
				done <- nil
				return
			default:
				_, err = db.Pool.Exec(ctx, `UPDATE orders SET total = total + 1`)
				time.Sleep(time.Millisecond) // leaves the reader some time on a small machine
			}
		}
		done <- err
	}()
	for range testall.Or(6, 20) {
		statesOf(t, adb, "orders", 1)
		if _, err := adb.PlanRevert(ctx, 2, nil); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Reverting a delete while others insert under the key: done, or refused for a reason.
func TestRevertOfDeleteRace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE r (id int PRIMARY KEY, v int)`, "r")
	for i := range testall.Or(15, 40) {
		db.Exec(t, `INSERT INTO r VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET v = r.v + 1`)
		db.Exec(t, `DELETE FROM r`)
		id := pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions WHERE action = 'deleted'`)
		inserted := make(chan error, 1)
		go func() {
			_, err := db.Pool.Exec(ctx, `INSERT INTO r VALUES (1, $1) ON CONFLICT DO NOTHING`, i)
			inserted <- err
		}()
		_, err := adb.Revert(ctx, id, nil)
		if err != nil && !reason.Is(err, audit.UniqueConflict) && !errors.Is(err, audit.ErrNothingToDo) {
			t.Errorf("round %d: %v", i, err)
		}
		if err := <-inserted; err != nil {
			t.Fatal(err)
		}
		statesOf(t, adb, "r", 1)
	}
}

// The old values of some columns do not make a row.
func TestRevertOfMissingRow(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE u (id text PRIMARY KEY DEFAULT gen_random_uuid()::text, x text)`, "u")
	db.Exec(t, `INSERT INTO u VALUES ('k', 'a'); UPDATE u SET x = 'b'`)
	db.Exec(t, `SET session_replication_role = replica; DELETE FROM u; RESET session_replication_role`)
	if _, err := adb.Revert(context.Background(), 2, &exaudit.RevertOptions{AllowDiverged: true}); !reason.Is(err, reason.Diverged) {
		t.Errorf("got %v, want a DivergedError", err)
	}
	if got := rows(t, db, "u"); got != "" {
		t.Errorf("the table holds %s", got)
	}
}

// Only a column that was added since differs, and that keeps its value.
func TestRevertToRowOfBeforeAddedColumn(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE p (id int PRIMARY KEY, a text)`, "p")
	db.Exec(t, `INSERT INTO p VALUES (1, 'a'); DELETE FROM p`)
	db.Exec(t, `ALTER TABLE p ADD COLUMN c int DEFAULT 5; INSERT INTO p VALUES (1, 'a')`)
	if _, err := adb.Revert(context.Background(), 2, nil); !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("got %v, want ErrNothingToDo", err)
	}
}

func TestSwappedKeys(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE s (id int PRIMARY KEY DEFERRABLE, x text)`, "s")
	db.Exec(t, `INSERT INTO s VALUES (1, 'one'), (2, 'two')`)
	db.Exec(t, `UPDATE s SET id = 3 - id`)
	db.Exec(t, `UPDATE s SET x = x || '!' WHERE id = 2`)
	versions := statesOf(t, adb, "s", 2)
	last := versions[len(versions)-1]
	if got := fmt.Sprint(last.State["x"]); got != "one!" {
		t.Errorf("the row under key 2 is %s, want one!", got)
	}
	if _, err := adb.Revert(context.Background(), last.ID, nil); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, db, "s"); got != "(1,two) (2,one)" {
		t.Errorf("reverted to %s", got)
	}
}

// A key is read without running the CHECK of its domain, which is its owner's code.
func TestKeyOfDomain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `
		CREATE TABLE ran (by_role text);
		CREATE FUNCTION spy(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ran VALUES (current_user); RETURN true; END $$;
		CREATE DOMAIN id AS int CHECK (spy(VALUE));
		CREATE TABLE d (id id PRIMARY KEY, v int)`, "d")
	db.Exec(t, `INSERT INTO d VALUES (1, 0); UPDATE d SET v = 1; DELETE FROM ran`)
	if n := len(historyOf(t, adb, "d", 1)); n != 2 {
		t.Errorf("%d versions, want 2", n)
	}
	if _, err := adb.PlanRevert(ctx, 2, nil); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM ran`); n != 0 {
		t.Errorf("the domain's function ran %d times", n)
	}
}

func TestTruncateUnderOldSnapshot(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, orders, "orders")
	conn := db.Connect(t, "")
	err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `TRUNCATE orders`)
		return err
	})
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || !strings.Contains(pgErr.Hint, "READ COMMITTED") {
		t.Errorf("got %v, want a refusal that says what to do", err)
	}
}

// "=" of the new collation does not see the change; the trigger must not believe it.
func TestCollationChange(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `
		CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
		CREATE TABLE c (id int PRIMARY KEY, n text); INSERT INTO c VALUES (1, 'A')`, "c")
	conn := db.Connect(t, "")
	for _, sql := range []string{`UPDATE c SET n = 'B'`, `ALTER TABLE c ALTER n TYPE text COLLATE ci`, `UPDATE c SET n = 'b'`} {
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	versions := statesOf(t, adb, "c", 1)
	if got := fmt.Sprint(versions[len(versions)-1].State["n"]); got != "b" {
		t.Errorf("recorded %s, want b", got)
	}
}

func TestIdentityCustomColumn(t *testing.T) {
	t.Parallel()
	ctx := exaudit.With(context.Background(), exaudit.Custom{"seq": 5, "actor_id": 7})
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `ALTER TABLE exaudit.versions ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY`)
	if _, err := adb.Install(ctx, []string{"orders"}, nil); err != nil {
		t.Fatal(err)
	}
	err := pgx.BeginFunc(ctx, adb, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO orders (total) VALUES (1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A parent's row is its own; the row of a child under the same key is not touched.
func TestInheritanceParent(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE par (id int PRIMARY KEY, v int); CREATE TABLE chi () INHERITS (par);
		INSERT INTO chi VALUES (1, 100)`, "par")
	db.Exec(t, `INSERT INTO par VALUES (1, 0)`)
	db.Exec(t, `UPDATE ONLY par SET v = 1`)
	if _, err := adb.Revert(context.Background(), 2, nil); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT string_agg(v::text, ',' ORDER BY v) FROM par`); got != "0,100" {
		t.Errorf("values %s, want 0,100", got)
	}
}

// A key may have been the empty text, and moves from there like any other. Under a collation
// that ignores case, one that only changes its case moves, too.
func TestMoveFromEmptyKey(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE COLLATION ci (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
		CREATE TABLE names (name text PRIMARY KEY, n int); CREATE TABLE words (word text COLLATE ci PRIMARY KEY, n int)`, "names", "words")
	for _, altered := range []bool{false, true} {
		if altered {
			db.Exec(t, `ALTER TABLE names ADD COLUMN more int; ALTER TABLE words ADD COLUMN more int`)
		}
		db.Exec(t, `INSERT INTO names VALUES ('', 1); UPDATE names SET name = 'a'; UPDATE names SET name = ''; UPDATE names SET name = 'b', n = 2`)
		var versions []*audit.Version
		for _, key := range []string{"", "a", "b"} {
			versions = statesOf(t, adb, "names", key)
			if len(versions) < 4 {
				t.Fatalf("%d versions by key %q, want 4", len(versions), key)
			}
		}
		last := versions[len(versions)-1]
		if last.PreviousEntityID == nil || *last.PreviousEntityID != "" || !strings.Contains(asJSON(t, last), `"previous_entity_id":""`) {
			t.Errorf("previous key of %s", asJSON(t, last))
		}
		if _, err := adb.Revert(ctx, last.ID, nil); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, `DELETE FROM names WHERE name = '' AND n = 1`)
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM names`); n != 0 {
			t.Errorf("%d rows were not reverted", n)
		}
		db.Exec(t, `INSERT INTO words VALUES ('hat', 1); UPDATE words SET word = 'Hat'; UPDATE words SET n = 2; DELETE FROM words`)
		if versions := statesOf(t, adb, "words", "hat"); len(versions)%4 != 0 {
			t.Errorf("%d versions by the former case, want 4", len(versions))
		}
	}
}

// Reading runs as the caller, perhaps a superuser under a search_path on which somebody has
// planted operators.
func TestPlantedOperators(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, `CREATE TABLE public.items (id text PRIMARY KEY, n bigint); CREATE SCHEMA evil`, "items")
	db.Exec(t, `INSERT INTO items VALUES ('a', 1), ('b', 1); UPDATE items SET id = 'c' WHERE id = 'a'; UPDATE items SET n = 2; DELETE FROM items WHERE id = 'b'; ALTER TABLE items RENAME TO things`)
	for _, types := range []string{"text", "bigint", "integer", "oid", "name", `"char"`, "exaudit.action"} {
		for _, operator := range []string{"=", "<>", "<", ">", "<=", ">="} {
			db.Exec(t, fmt.Sprintf(`CREATE OR REPLACE FUNCTION evil.f(%[1]s, %[1]s) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
				CREATE OPERATOR evil.%[2]s (FUNCTION = evil.f, LEFTARG = %[1]s, RIGHTARG = %[1]s)`, types, operator))
		}
		db.Exec(t, fmt.Sprintf(`CREATE FUNCTION evil.max(%[1]s) RETURNS %[1]s LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$`, types))
	}
	db.Exec(t, `CREATE FUNCTION evil.j(jsonb, text) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
		CREATE OPERATOR evil.-> (FUNCTION = evil.j, LEFTARG = jsonb, RIGHTARG = text);
		CREATE FUNCTION evil.j(jsonb, text[]) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
		CREATE OPERATOR evil.- (FUNCTION = evil.j, LEFTARG = jsonb, RIGHTARG = text[])`)
	conn := db.Connect(t, "")
	if _, err := conn.Exec(ctx, `SET search_path = evil, public, pg_catalog`); err != nil {
		t.Fatal(err)
	}
	adb := exaudit.New(conn)
	for _, key := range []string{"c", "b"} {
		versions, err := exaudit.Collect(adb.HistoryWithStates(ctx, "things", key))
		if err != nil || len(versions) < 3 {
			t.Fatalf("history of %s: %d versions, %v", key, len(versions), err)
		}
		if _, err := exaudit.Collect(adb.History(ctx, "things", key, exaudit.After(versions[0].Cursor()), exaudit.Limit(1))); err != nil {
			t.Error(err)
		}
		if _, err := adb.PlanRevert(ctx, versions[1].ID, nil); err != nil {
			t.Error(err)
		}
		if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
			t.Error(err)
		}
	}
	if _, err := conn.Exec(ctx, `DROP TABLE public.things`); err != nil {
		t.Fatal(err)
	}
	if _, err := exaudit.Collect(adb.HistoryWithStates(ctx, "items", "a")); err != nil {
		t.Error(err)
	}
}

// A key may be as wide as its own index takes. The one of exaudit.versions takes less, so a
// digest stands for it there; a key that looks like one is told from it.
func TestWideKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	wide := func(n int) string { // incompressible
		text := ""
		for i := 0; len(text) < n; i++ {
			sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
			text += base64.StdEncoding.EncodeToString(sum[:])
		}
		return text[:n]
	}
	bytes := sha512.Sum512([]byte("x"))
	raw := []byte(wide(2600))
	digest := fmt.Sprintf("sha256 %x", sha256.Sum256([]byte(wide(2680))))
	for _, c := range testall.Sample([]struct {
		name, columns string
		key           any
	}{
		{"text", "k text PRIMARY KEY", wide(2680)},
		{"bytea", "k bytea PRIMARY KEY", raw},
		{"composite", "k text, l text, PRIMARY KEY (k, l)", exaudit.Key{wide(1300), wide(1340)}},
		{"jsonb", "k jsonb PRIMARY KEY", map[string]any{"a": wide(2600)}},
		{"list", "k text[] PRIMARY KEY", []string{wide(2600), "b"}},
		{"looks like a digest", "k text PRIMARY KEY", digest},
		{"short bytea", "k bytea PRIMARY KEY", bytes[:]},
	}, 2) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, adb := audited(t, `CREATE TABLE wide (`+c.columns+`, n int); CREATE TABLE other (id int PRIMARY KEY)`, "wide")
			key, ok := c.key.(exaudit.Key)
			if !ok {
				key = exaudit.Key{c.key}
			}
			columns, places := []string{"k", "l"}[:len(key)], []string{"$1", "$2"}[:len(key)]
			where := fmt.Sprintf("(%s) = (%s)", strings.Join(columns, ", "), strings.Join(places, ", "))
			for _, sql := range []string{
				fmt.Sprintf(`INSERT INTO wide (%s, n) VALUES (%s, 1)`, strings.Join(columns, ", "), strings.Join(places, ", ")),
				`UPDATE wide SET n = 2 WHERE ` + where,
				`ALTER TABLE wide ADD COLUMN m int`,
				`UPDATE wide SET n = 3 WHERE ` + where,
			} {
				args := []any(key)
				if strings.HasPrefix(sql, "ALTER") {
					args = nil
				}
				if _, err := db.Pool.Exec(ctx, sql, args...); err != nil {
					t.Fatal(err)
				}
			}
			if c.name == "looks like a digest" { // which it is, of another key
				if _, err := db.Pool.Exec(ctx, `INSERT INTO wide VALUES ($1, 7)`, wide(2680)); err != nil {
					t.Fatal(err)
				}
			}
			versions, err := exaudit.Collect(adb.History(ctx, "wide", c.key))
			if err != nil || len(versions) != 3 {
				t.Fatalf("%d versions, %v; want 3", len(versions), err)
			}
			if _, err := adb.Revert(ctx, versions[1].ID, nil); err != nil {
				t.Error(err)
			}
			db.Exec(t, `TRUNCATE wide`)
			versions, err = exaudit.Collect(adb.History(ctx, "wide", c.key))
			if err != nil || len(versions) != 5 {
				t.Fatalf("%d versions, %v; want 5", len(versions), err)
			}
			if _, err := adb.Revert(ctx, versions[4].ID, nil); err != nil {
				t.Error(err)
			}
			var n int
			if err := db.Pool.QueryRow(ctx, `SELECT n FROM wide WHERE `+where, key...).Scan(&n); err != nil || n != 1 {
				t.Errorf("n is %d, %v; want 1", n, err)
			}
			db.Exec(t, `DROP TABLE wide`)
			if _, ok := c.key.(string); ok && c.name != "jsonb" {
				if versions, err = exaudit.Collect(adb.History(ctx, "wide", c.key)); err != nil || len(versions) != 6 {
					t.Errorf("gone: %d versions, %v; want 6", len(versions), err)
				}
			}
		})
	}
}

// Reading runs no code of the owners of tables and types: no CHECK of a domain, wherever in a type it is, and no cast.
func TestReadingRunsNoOwnersCode(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, "")
	owner := db.Role(t, "")
	mine := db.Connect(t, owner)
	db.Exec(t, `CREATE SCHEMA m AUTHORIZATION `+owner)
	exec := func(sql string) {
		t.Helper()
		if _, err := mine.Exec(ctx, strings.ReplaceAll(sql, "OWNER", owner)); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
	}
	exec(`
		CREATE FUNCTION m.spy(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
			IF current_user <> 'OWNER' THEN RAISE EXCEPTION '% runs as %', what, current_user; END IF; RETURN true; END $$;
		CREATE FUNCTION m.spy_int(v int) RETURNS boolean LANGUAGE sql AS $$ SELECT m.spy('a domain of int') $$;
		CREATE FUNCTION m.spy_text(v text) RETURNS boolean LANGUAGE sql AS $$ SELECT m.spy('a domain of text') $$;
		CREATE FUNCTION m.spy_jsonb(v jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT m.spy('a domain of jsonb') $$;
		CREATE DOMAIN m.id AS int CHECK (m.spy_int(VALUE));
		CREATE DOMAIN m.size AS numeric(6, 2) CHECK (m.spy_int(VALUE::int));
		CREATE DOMAIN m.larger AS m.size CHECK (m.spy_int(VALUE::int));
		CREATE DOMAIN m.code AS varchar(9) NOT NULL CHECK (m.spy_text(VALUE));
		CREATE DOMAIN m.doc AS jsonb CHECK (m.spy_jsonb(VALUE));
		CREATE DOMAIN m.letter AS json CHECK (m.spy('a domain of json'));
		CREATE TYPE m.mood AS ENUM ('sad', 'ok');
		CREATE DOMAIN m.temper AS m.mood CHECK (m.spy('a domain of an enum'));
		CREATE TYPE m.place AS (street text, number m.id);
		CREATE DOMAIN m.home AS m.place CHECK (m.spy('a domain of a composite'));
		CREATE TYPE m.span AS RANGE (subtype = m.id);
		CREATE FUNCTION m.mood_text(m.mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM m.spy('a cast to text'); RETURN 'ok'; END $$;
		CREATE FUNCTION m.mood_json(m.mood) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM m.spy('a cast to json'); RETURN '"ok"'; END $$;
		CREATE FUNCTION m.place_text(m.place) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM m.spy('a cast of a composite'); RETURN '(a,1)'; END $$;
		CREATE FUNCTION m.text_place(text) RETURNS m.place LANGUAGE plpgsql AS $$ BEGIN PERFORM m.spy('a cast to a composite'); RETURN ROW('a', 1); END $$;
		CREATE CAST (m.mood AS text) WITH FUNCTION m.mood_text AS IMPLICIT;
		CREATE CAST (m.mood AS json) WITH FUNCTION m.mood_json AS IMPLICIT;
		CREATE CAST (m.place AS text) WITH FUNCTION m.place_text AS IMPLICIT;
		CREATE CAST (text AS m.place) WITH FUNCTION m.text_place AS IMPLICIT;
		CREATE TABLE m.t (id m.id PRIMARY KEY, size m.size, larger m.larger, code m.code, doc m.doc, letter m.letter, mood m.mood, temper m.temper,
			place m.place, home m.home, span m.span, ids m.id[], codes m.code[], places m.place[], moods m.mood[])`)
	if _, err := db.Pool.Exec(ctx, `SELECT 'ok'::m.mood::text`); err == nil {
		t.Fatal("the control runs no code of the owner's")
	}
	auditdb.Install(t, db, "m.t")
	exec(`INSERT INTO m.t VALUES (1, 1.5, 2, 'a', 'null', '{"a": 1}', 'sad', 'sad', ROW('a', 1), ROW('b', 2), '[1,3)', '{1,2}', '{x,y}', ARRAY[ROW('c', 3)::m.place], '{sad,ok}');
		UPDATE m.t SET size = 2.25, code = 'b', doc = '[1]', place = ROW('z', 26), places = '{}';
		INSERT INTO m.t (id, code) VALUES (2, 'keep');
		ALTER TABLE m.t ADD since m.temper NOT NULL DEFAULT 'ok';
		DELETE FROM m.t WHERE id = 1`)

	adb := exaudit.New(db.Pool)
	for _, key := range []any{nil, 1, 2} {
		for _, point := range []exaudit.Point{exaudit.AtVersion(1), exaudit.AtVersion(2), exaudit.AtVersion(4)} {
			for row, err := range adb.AsOf(ctx, "m.t", point) {
				if err != nil {
					t.Fatalf("images: %v", err)
				}
				delete(row, "") // what is noted of JSON nulls
				if len(row) != 16 {
					t.Errorf("an image of %d columns: %v", len(row), row)
				}
			}
			if key != nil {
				if _, err := adb.StateAt(ctx, "m.t", key, point); err != nil && !errors.Is(err, audit.ErrNotFound) {
					t.Errorf("an image: %v", err)
				}
			}
		}
	}
	type row struct {
		ID, Size, Larger, Code, Doc, Letter, Mood, Temper, Place, Home, Span, Ids, Codes, Places, Moods, Since any
	}
	for _, err := range exaudit.AsOf[row](ctx, adb, "m.t", exaudit.AtVersion(1)) {
		if err != nil {
			t.Fatalf("rows: %v", err)
		}
	}
	for _, err := range exaudit.History[row](ctx, adb, "m.t", 1) {
		if err != nil {
			t.Fatalf("the history as rows: %v", err)
		}
	}
	if _, err := adb.PlanRevert(ctx, 4, nil); err != nil {
		t.Errorf("the preview of a revert: %v", err)
	}
	if _, err := adb.PlanUndo(ctx, exaudit.Select(exaudit.ByTable("m.t")), nil); err != nil {
		t.Errorf("the preview of an undo: %v", err)
	}
	// writing takes the owner's rights: that the row may be written is for its code to say
	as := exaudit.New(mine)
	db.Exec(t, `GRANT exaudit_reader TO `+owner)
	if _, err := as.Revert(ctx, 4, nil); err != nil {
		t.Errorf("a revert by the owner: %v", err)
	}
}
