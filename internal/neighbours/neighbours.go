// Package neighbours gives tests three sessions that work on tables of their own and stay in their transactions, and a
// look at who waits for a lock of theirs, or makes them wait.
package neighbours

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// Schema creates their tables.
const Schema = `
	CREATE TABLE theirs_written (id int PRIMARY KEY, n int, note text);
	CREATE TABLE theirs_emptied (id int PRIMARY KEY);
	CREATE TABLE theirs_altered (id int PRIMARY KEY, n int);
	CREATE TABLE theirs_named (id int PRIMARY KEY);
	CREATE TABLE theirs_dropped (id int PRIMARY KEY);
	CREATE TABLE theirs_gone (id int PRIMARY KEY);
	CREATE TABLE theirs_moved (id int PRIMARY KEY);
	CREATE TABLE theirs_parts (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
	CREATE TABLE theirs_parts_1 PARTITION OF theirs_parts FOR VALUES FROM (0) TO (10);
	CREATE TABLE theirs_parts_2 PARTITION OF theirs_parts FOR VALUES FROM (10) TO (20);
	INSERT INTO theirs_written SELECT i, i FROM generate_series(1, 5) i;
	INSERT INTO theirs_emptied VALUES (1);
	INSERT INTO theirs_altered VALUES (1, 1);
	INSERT INTO theirs_parts VALUES (1, 1), (2, 12);`

// Tables are theirs, to be tracked.
var Tables = []string{"theirs_written", "theirs_emptied", "theirs_altered", "theirs_named", "theirs_dropped",
	"theirs_gone", "theirs_moved", "theirs_parts"}

// neighbour is a session that does something in a transaction and stays there; later is what it goes on with, again
// and again; {} is a number that has not been there.
type neighbour struct {
	name      string
	statement []string
	later     []string
	conn      *pgx.Conn
}

func all() []*neighbour {
	return []*neighbour{
		{name: "writer", statement: []string{
			`SET LOCAL exaudit.custom = '{"who": "a neighbour"}'`,
			`INSERT INTO theirs_written VALUES (1000, 1)`,
			`UPDATE theirs_written SET n = n + 1`,
			`UPDATE theirs_written SET id = id + 10000 WHERE id < 3`,
			`DELETE FROM theirs_written WHERE id = 3`,
			`TRUNCATE theirs_emptied`,
			`UPDATE theirs_parts SET day = 15 WHERE day = 1`,
		}, later: []string{
			`INSERT INTO theirs_written VALUES ({}, 1)`,
			`UPDATE theirs_written SET id = -id WHERE id = {}`,
			`DELETE FROM theirs_written WHERE id = -{}`,
			`INSERT INTO theirs_parts VALUES ({}, 2)`,
		}},
		{name: "alterer", statement: []string{
			`ALTER TABLE theirs_altered ADD COLUMN x int`,
			`ALTER TABLE theirs_named RENAME TO theirs_renamed`,
			`INSERT INTO theirs_altered VALUES (2, 2, 2)`,
			`ALTER TABLE theirs_away ADD COLUMN x int`,
			`CLUSTER theirs_altered USING theirs_altered_pkey`,
		}, later: []string{
			`ALTER TABLE theirs_altered ADD COLUMN x{} int`,
			`UPDATE theirs_altered SET n = n + 1`,
			`TRUNCATE theirs_renamed`,
		}},
		{name: "migrator", statement: []string{
			`CREATE TABLE theirs_created (id int PRIMARY KEY)`,
			`INSERT INTO theirs_created VALUES (1)`,
			`CREATE SCHEMA theirs CREATE TABLE created (id int PRIMARY KEY)`,
			`CREATE INDEX ON theirs_created (id)`,
			`DROP TABLE theirs_dropped`,
		}, later: []string{
			`CREATE TABLE theirs_{} (id int PRIMARY KEY)`,
			`INSERT INTO theirs_{} VALUES (1)`,
			`DROP TABLE theirs_{}`,
			`ALTER TABLE theirs_created ADD COLUMN x{} int`,
		}},
	}
}

// Street is where they live.
type Street struct {
	t    testing.TB
	all  []*neighbour
	next int
	*watch
}

// unseen is what happened before, and the registry does not know yet: so they write there, too.
const unseen = `SET exaudit.following = off; DROP TABLE theirs_gone; ALTER TABLE theirs_moved RENAME TO theirs_away; RESET exaudit.following`

// MoveIn opens their transactions, and begins to watch.
func MoveIn(t testing.TB, db *pgtest.DB) *Street {
	t.Helper()
	db.Exec(t, unseen)
	s := &Street{t: t, all: all(), next: 100_000}
	var pids []int32
	for _, n := range s.all {
		n.conn = db.Connect(t, "")
		pids = append(pids, int32(n.conn.PgConn().PID()))
		s.run(n, `SET application_name = 'neighbour'`, `SET lock_timeout = '20s'`, `BEGIN`)
		s.run(n, n.statement...)
	}
	s.watch = newWatch(t, db, pids)
	return s
}

func (s *Street) run(n *neighbour, statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		if _, err := n.conn.Exec(context.Background(), statement); err != nil {
			s.t.Fatalf("%s: %v\n%s", n.name, err, statement)
		}
	}
}

// GoOn has each of them run its next statements in its transaction.
func (s *Street) GoOn() {
	s.t.Helper()
	for _, n := range s.all {
		s.next++
		for _, statement := range n.later {
			s.run(n, strings.ReplaceAll(statement, "{}", strconv.Itoa(s.next)))
		}
	}
}

// Alone runs something that has nothing to do with them, and reports where it waited for one of them, or one of them
// for it.
func (s *Street) Alone(what string, do func()) {
	s.t.Helper()
	for _, seen := range s.During(do) {
		s.t.Errorf("%s: %s", what, seen)
	}
}

// MoveOut ends their transactions. What they did stays.
func (s *Street) MoveOut() {
	s.t.Helper()
	for _, n := range s.all {
		s.run(n, `COMMIT`)
	}
	s.stop()
}

// During returns the waits between them and others while something is done.
func (s *Street) During(do func()) []string {
	s.start()
	do()
	seen := s.seen()
	slices.Sort(seen)
	return slices.Compact(seen)
}
