package test_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// Undo, redo and as-of bring back what was, on schemas with corners.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	const either = `CREATE COLLATION either (provider = icu, locale = 'und-u-ks-level2', deterministic = false); `
	for name, c := range testall.SampleMap(map[string]struct {
		schema  string
		tables  string
		changes []string // transactions
	}{
		"exchanged over partitions": {`CREATE TABLE t (p int, k int, v text, PRIMARY KEY (p, k) DEFERRABLE) PARTITION BY LIST (p); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2);
			INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'b'), (1, 2, 'c')`, "t",
			list("UPDATE t SET p = 3 - p", "UPDATE t SET p = 3 - p, v = v || 'x' WHERE k = 1", "DELETE FROM t WHERE p = 1 AND k = 1", "UPDATE t SET p = 1 WHERE k = 1", "INSERT INTO t VALUES (2, 1, 'n')")},
		"spelled otherwise in another partition": {either + `CREATE TABLE t (p int, k text COLLATE "either", v text, PRIMARY KEY (p, k)) PARTITION BY LIST (p); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE TABLE t2 PARTITION OF t FOR VALUES IN (2);
			INSERT INTO t VALUES (1, 'a', 'a'), (2, 'b', 'b')`, "t",
			list("UPDATE t SET p = 2, k = 'A' WHERE k = 'a'", "UPDATE t SET p = 1, k = 'A' WHERE k = 'b'", "UPDATE t SET k = 'B' WHERE p = 1", "UPDATE t SET p = 3 - p")},
		"truncated and inserted again": {`CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')`, "t",
			list("UPDATE t SET id = 3 WHERE id = 1", "TRUNCATE t", "INSERT INTO t VALUES (3, 'n'), (1, 'm')", "UPDATE t SET id = 2 WHERE id = 3", "TRUNCATE t; INSERT INTO t VALUES (2, 'z')")},
		"savepoints": {`CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')`, "t",
			list("SAVEPOINT a; UPDATE t SET id = 3 - id; ROLLBACK TO a; INSERT INTO t VALUES (1, 'c'); SAVEPOINT b; UPDATE t SET v = 'x' WHERE id = 1; ROLLBACK TO b; UPDATE t SET id = 9, v = 'A' WHERE v = 'a'; RELEASE a",
				"SAVEPOINT a; DELETE FROM t; INSERT INTO t VALUES (1, 'q'); ROLLBACK TO a; UPDATE t SET id = id + 1")},
		"ranges as keys": {`CREATE TABLE t (id int4range PRIMARY KEY, v text, EXCLUDE USING gist (id WITH &&)); INSERT INTO t VALUES ('[1,3)', 'a'), ('[3,5)', 'b')`, "t",
			list("UPDATE t SET id = '[7,9)' WHERE v = 'a'", "UPDATE t SET id = '[1,3)' WHERE v = 'b'", "INSERT INTO t VALUES ('[3,5]', 'c')", "DELETE FROM t WHERE v = 'b'; UPDATE t SET id = '(0,2]' WHERE v = 'a'")},
		"deferred exclusions that are exchanged": {`CREATE TABLE t (id int PRIMARY KEY, r int4range, EXCLUDE USING gist (r WITH &&) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1, '[1,3)'), (2, '[3,5)')`, "t",
			list("UPDATE t SET r = CASE id WHEN 1 THEN int4range(3,5) ELSE int4range(1,3) END", "UPDATE t SET r = int4range(lower(r) + 1, upper(r) + 1)", "DELETE FROM t WHERE id = 1; UPDATE t SET id = 1")},
		"passed on in another spelling": {either + `CREATE TABLE p (id text COLLATE "either" PRIMARY KEY, v int); CREATE TABLE c (id int PRIMARY KEY, ref text COLLATE "either" REFERENCES p ON UPDATE CASCADE ON DELETE CASCADE);
			INSERT INTO p VALUES ('a', 1); INSERT INTO c VALUES (1, 'a'), (2, 'A')`, "p c",
			list("UPDATE p SET id = 'b'", "INSERT INTO p VALUES ('A', 2); INSERT INTO c VALUES (3, 'a')", "UPDATE p SET id = 'B' WHERE id = 'b'")},
		"passed on in another spelling, by a row that refers to itself": {`CREATE TABLE t (id numeric PRIMARY KEY, v text, ref numeric REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE); INSERT INTO t VALUES (1.00, 'x', 1.0)`, "t",
			list("UPDATE t SET id = 2", "INSERT INTO t VALUES (1.00, 'y', 2.0)")},
		"passed on, as part of keys": {`CREATE TABLE p (id text PRIMARY KEY, v int); CREATE TABLE c (p text REFERENCES p ON UPDATE CASCADE ON DELETE CASCADE, n int, v int, PRIMARY KEY (p, n)); CREATE TABLE d (p text, n int, m int, v int, PRIMARY KEY (p, n, m), FOREIGN KEY (p, n) REFERENCES c ON UPDATE CASCADE ON DELETE CASCADE);
			INSERT INTO p VALUES ('a', 1), ('b', 2); INSERT INTO c VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 3); INSERT INTO d VALUES ('a', 1, 1, 1), ('b', 1, 1, 2)`, "p c d",
			list("UPDATE p SET id = 'x' WHERE id = 'a'", "INSERT INTO p VALUES ('a', 3); INSERT INTO c VALUES ('a', 1, 9); INSERT INTO d VALUES ('a', 1, 1, 9)", "UPDATE c SET n = 5 WHERE p = 'x' AND n = 1", "DELETE FROM p WHERE id = 'b'", "UPDATE p SET id = 'b' WHERE id = 'x'")},
		"passed on, and set to NULL": {`CREATE TABLE p (id int PRIMARY KEY, v int); CREATE TABLE c (id int PRIMARY KEY, ref int REFERENCES p ON UPDATE SET NULL ON DELETE SET NULL);
			INSERT INTO p VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1, 1), (2, 2)`, "p c",
			list("UPDATE p SET id = 3 WHERE id = 1", "INSERT INTO p VALUES (1, 7)", "DELETE FROM p WHERE id = 2", "INSERT INTO p VALUES (2, 3); INSERT INTO c VALUES (3, 2)", "UPDATE p SET id = 9 WHERE id = 2; UPDATE p SET id = 2 WHERE id = 3")},
		"exchanged, as part of keys": {`CREATE TABLE p (id text PRIMARY KEY, v int); CREATE TABLE c (p text REFERENCES p ON UPDATE CASCADE ON DELETE CASCADE, n int, v int, PRIMARY KEY (p, n));
			INSERT INTO p VALUES ('a', 1), ('b', 2); INSERT INTO c VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 3)`, "p c",
			list("UPDATE p SET id = 'x' WHERE id = 'a'; UPDATE p SET id = 'a' WHERE id = 'b'; UPDATE p SET id = 'b' WHERE id = 'x'")},
		"generated keys": {`CREATE TABLE t (a int, id int GENERATED ALWAYS AS (a * 2) STORED PRIMARY KEY, v text); INSERT INTO t VALUES (1, DEFAULT, 'x'), (2, DEFAULT, 'y')`, "t",
			list("UPDATE t SET a = 5 WHERE a = 1", "DELETE FROM t WHERE a = 2", "UPDATE t SET a = 2, v = 'z' WHERE a = 5; INSERT INTO t VALUES (1, DEFAULT, 'n')")},
		"passed on, and a row that refers moves": {`CREATE TABLE p (id int PRIMARY KEY, v int); CREATE TABLE c (id int PRIMARY KEY, ref int REFERENCES p ON UPDATE CASCADE ON DELETE CASCADE);
			INSERT INTO p VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1, 1), (2, 2)`, "p c",
			list("UPDATE p SET id = 3 WHERE id = 1; INSERT INTO p VALUES (1, 9); UPDATE c SET id = 5, ref = 1 WHERE id = 2", "DELETE FROM p WHERE id = 2", "UPDATE c SET id = 2 WHERE id = 5", "UPDATE p SET id = 4 WHERE id = 1")},
		"unique values that go round": {`CREATE TABLE t (id int PRIMARY KEY, a text UNIQUE, b int, UNIQUE (b) DEFERRABLE INITIALLY DEFERRED); INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 3)`, "t",
			list("UPDATE t SET b = b % 3 + 1", "UPDATE t SET a = NULL WHERE id = 1; UPDATE t SET a = 'x' WHERE id = 2; UPDATE t SET a = 'y' WHERE id = 1", "DELETE FROM t WHERE id = 3; UPDATE t SET id = 3, a = 'z' WHERE id = 1", "INSERT INTO t VALUES (1, 'y', 7)")},
		"equal numbers": {`CREATE TABLE t (id numeric PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text); INSERT INTO t VALUES (1.0, 'a'), (2, 'b')`, "t",
			list("UPDATE t SET id = 1.00 WHERE id = 1", "INSERT INTO t VALUES (1, 'c'); DELETE FROM t WHERE v = 'a'", "UPDATE t SET id = 3 - id", "UPDATE t SET id = 2.0 WHERE v = 'c'; DELETE FROM t WHERE v = 'b'; INSERT INTO t VALUES (1.000, 'b')")},
		"arrays and records as keys": {`CREATE TYPE pair AS (n numeric, t text); CREATE TABLE t (a numeric[], p pair, v int, PRIMARY KEY (a, p) DEFERRABLE); INSERT INTO t VALUES ('{1.0,NULL}', '(1.0,x)', 1), ('{}', '(,)', 2)`, "t",
			list("UPDATE t SET a = '{1.00,NULL}' WHERE v = 1", "UPDATE t SET p = '(1,x)' WHERE v = 1", "DELETE FROM t WHERE v = 2; INSERT INTO t VALUES ('{}', '(,)', 3)", "UPDATE t SET a = '{}', p = CASE v WHEN 1 THEN '(2,)' ELSE '(1,)' END::pair")},
	}, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			thereAndBack(t, c.schema, strings.Fields(c.tables), c.changes)
		})
	}
}

// thereAndBack checks as-of at the mark before each transaction, undoes since each mark and redoes, twice, and reverts
// every version in a transaction that is rolled back.
func thereAndBack(t *testing.T, schema string, tables, changes []string) {
	ctx := context.Background()
	db, adb := audited(t, schema, tables...)
	mark := func(i int) string { return fmt.Sprint("m", i) }
	all := func(from string) string {
		var list []string
		for _, table := range tables {
			list = append(list, rows(t, db, fmt.Sprintf(from, table)))
		}
		return strings.Join(list, "; ")
	}
	var states []string
	for i := range len(changes) + 1 {
		if _, err := adb.Mark(ctx, mark(i), nil); err != nil {
			t.Fatal(err)
		}
		states = append(states, all("%s"))
		if i < len(changes) {
			inOneTransaction(t, db, strings.Split(changes[i], "; ")...)
		}
	}
	end := states[len(changes)]
	for i, want := range states {
		if got := all("exaudit.as_of_mark(NULL::%s, '" + mark(i) + "')"); got != want {
			t.Errorf("as of m%d: %s, want %s", i, got, want)
		}
	}
	for i, want := range states[:len(changes)] {
		for range 2 {
			plan, err := adb.Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark(mark(i)))), nil)
			if err != nil {
				t.Errorf("undo since m%d: %v; is %s, want %s", i, err, end, want)
				break
			}
			if got := all("%s"); got != want || len(plan.SideEffects) > 0 {
				t.Errorf("undone since m%d: %s, want %s; besides: %v", i, got, want, plan.SideEffects)
			}
			if _, err := adb.Redo(ctx, plan.TransactionID, nil); err != nil {
				t.Errorf("redo since m%d: %v", i, err)
				break
			}
			if got := all("%s"); got != end {
				t.Errorf("redone since m%d: %s, want %s", i, got, end)
			}
		}
	}
	for _, id := range pgtest.One[[]int64](t, db, `SELECT array_agg(id ORDER BY id) FROM exaudit.versions WHERE NOT rollback`) {
		_ = pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
			if _, err := exaudit.New(tx).Revert(ctx, id, nil); err == nil {
				if _, err = tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
					t.Errorf("revert of version %d, at the end: %v", id, err)
				}
			}
			return errors.New("it was only tried")
		})
	}
	if got := all("%s"); got != end {
		t.Errorf("reverts that were rolled back leave %s, want %s", got, end)
	}
}

// list is some texts.
func list(texts ...string) []string { return texts }
