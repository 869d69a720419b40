// Package pgtest gives each test a PostgreSQL database of its own.
//
// The databases are made on the server that TEST_DATABASE_URL names, by a role
// that may create databases, or else on a private cluster that is started when
// the first test of a package asks for a database. They are clones of a template
// that is prepared once, so that a test waits milliseconds for, say, a migrated
// schema.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		db := pgtest.New(t)
//		db.Exec(t, "CREATE TABLE users (id int PRIMARY KEY)")
//		count := pgtest.One[int](t, db, "SELECT count(*) FROM users")
//		…
//	}
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Main runs the tests of a package, stops the server if one was started, and
// exits. Without it, the server ends soon after the tests.
func Main(m *testing.M) { os.Exit(M{m}.Run()) }

// M is a testing.M whose Run stops the server, for a package that needs another
// Main: testscript.Main(pgtest.M{M: m}, commands).
type M struct{ *testing.M }

// Run runs the tests, stops the server, and returns the exit code.
func (m M) Run() int {
	defer stopShared()
	defer dropForExamples()
	return m.M.Run()
}

// forExamples are the databases of ForExamples.
var forExamples []*DB

// ForExamples is New for examples, which have no testing.TB: the database is dropped when all
// tests have run. It panics where New fails a test.
func ForExamples(opts ...Option) *DB {
	server, err := shared()
	if err != nil {
		panic(err)
	}
	db, err := server.newDB(context.Background(), opts)
	if err != nil {
		panic(err)
	}
	forExamples = append(forExamples, db)
	return db
}

func dropForExamples() {
	for _, db := range forExamples {
		if err := db.drop(); err != nil {
			logf("%v", err)
		}
	}
}

// DB is a database that belongs to one test.
type DB struct {
	Name  string
	URL   string
	Pool  *pgxpool.Pool // of the role that owns the database
	Major int           // version of the server

	server *server
	mu     sync.Mutex
	roles  []string
}

// Option changes how New makes a database.
type Option func(*options)

type options struct {
	template *template
	source   *DB
	encoding string
}

// Template has New clone a database that prepare has filled, given its URL.
// prepare runs once per server and name, not once per test: the name must stand
// for everything that it does, so include a hash of the schema it creates.
func Template(name string, prepare func(ctx context.Context, url string) error) Option {
	return func(o *options) { o.template = &template{name, prepare} }
}

// CopyOf has New clone the database of a test as it is now. No connection of the test's own may be open to it.
func CopyOf(db *DB) Option { return func(o *options) { o.source = db } }

// Encoded has New create an empty database of another encoding than UTF8.
func Encoded(encoding string) Option { return func(o *options) { o.encoding = encoding } }

// New creates a database, an empty one unless a Template is given, and drops it
// when the test ends.
func New(t testing.TB, opts ...Option) *DB {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	db, err := server.newDB(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := db.drop(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Exec runs one statement, or several if there are no arguments.
func (db *DB) Exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := db.Pool.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

// One returns the only column of the only row of a query.
func One[T any](t testing.TB, db *DB, sql string, args ...any) T {
	t.Helper()
	rows, _ := db.Pool.Query(context.Background(), sql, args...) // rows carry the error
	value, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return value
}

// Role creates a role, with options as in CREATE ROLE, and returns its name.
// Roles belong to the whole server: the name is unique, and the role is dropped
// after the database.
func (db *DB) Role(t testing.TB, options string) string {
	t.Helper()
	db.mu.Lock()
	defer db.mu.Unlock()
	role := fmt.Sprintf("%s_role%d", db.Name, len(db.roles)+1)
	db.Exec(t, "CREATE ROLE "+role+" "+options)
	db.roles = append(db.roles, role)
	return role
}

// Connect opens a connection whose session user is the role, or the owner of the
// database if role is empty, and closes it when the test ends. The role needs
// neither LOGIN nor a password, and settings of ALTER ROLE do not apply; becoming
// another role takes a superuser in the URL of the server.
func (db *DB) Connect(t testing.TB, role string) *pgx.Conn {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, db.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if role != "" {
		if _, err := conn.Exec(ctx, "SET SESSION AUTHORIZATION "+pgx.Identifier{role}.Sanitize()); err != nil {
			t.Fatalf("become role %s: %v", role, err)
		}
	}
	return conn
}

// drop closes the pool and removes the database and the roles made for it.
func (db *DB) drop() error {
	ctx := context.Background()
	closed := closeWithin(time.Minute, db.Pool)
	if _, err := db.server.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+db.Name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop the test's database: %w", err)
	}
	for _, role := range db.roles {
		if _, err := db.server.admin.Exec(ctx, "DROP ROLE IF EXISTS "+role); err != nil {
			return fmt.Errorf("drop a role of the test: %w", err)
		}
	}
	if !closed {
		return errors.New("the test did not release a connection of its pool: an open transaction or unread rows?")
	}
	return nil
}

// closeWithin reports whether the pool could be closed: that waits for all
// connections to be released, for ever if the test has forgotten one.
func closeWithin(limit time.Duration, pool *pgxpool.Pool) bool {
	closed := make(chan struct{})
	go func() {
		pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
		return true
	case <-time.After(limit):
		return false
	}
}
