package pgtest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { Main(m) }

// exists tells whether the server has a database or role of the name.
func exists(t *testing.T, s *server, catalog, name string) bool {
	t.Helper()
	column := map[string]string{"pg_database": "datname", "pg_roles": "rolname"}[catalog]
	var found bool
	sql := fmt.Sprintf("SELECT EXISTS (SELECT FROM %s WHERE %s = $1)", catalog, column)
	if err := s.admin.QueryRow(context.Background(), sql, name).Scan(&found); err != nil {
		t.Fatal(err)
	}
	return found
}

// failing is a test that records its failure instead of failing.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failureOf returns what test fails with.
func failureOf(t *testing.T, test func(testing.TB)) string {
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(f)
	}()
	<-done
	return f.message
}

func TestNewGivesEachTestItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := New(t)
			db.Exec(t, "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1)")
			db.Exec(t, "INSERT INTO mine VALUES ($1)", i)
			if got := One[int](t, db, "SELECT count(*) FROM mine"); got != 2 {
				t.Errorf("%d rows, want 2", got)
			}
			if got := One[string](t, db, "SELECT current_database()"); got != db.Name {
				t.Errorf("connected to %s, want %s", got, db.Name)
			}
		})
	}
}

func TestDatabaseAndRolesAreDropped(t *testing.T) {
	t.Parallel()
	var db *DB
	var role string
	t.Run("inner", func(t *testing.T) {
		db = New(t)
		role = db.Role(t, "NOLOGIN")
		db.Exec(t, "CREATE SCHEMA owned AUTHORIZATION "+role)
		db.Exec(t, "GRANT CREATE ON DATABASE "+db.Name+" TO "+role)
		db.Connect(t, "")
	})
	if exists(t, db.server, "pg_database", db.Name) {
		t.Errorf("database %s is still there", db.Name)
	}
	if exists(t, db.server, "pg_roles", role) {
		t.Errorf("role %s is still there", role)
	}
}

func TestForgottenConnectionIsReported(t *testing.T) {
	t.Parallel()
	db := New(t)
	conn, err := db.Pool.Acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if closeWithin(10*time.Millisecond, db.Pool) {
		t.Error("closed the pool while a connection was in use")
	}
	conn.Release()
	if !closeWithin(time.Minute, db.Pool) {
		t.Error("did not close the pool")
	}
}

func TestConnectAsRole(t *testing.T) {
	t.Parallel()
	db := New(t)
	db.Exec(t, "CREATE TABLE secret (id int)")
	role := db.Role(t, "NOLOGIN")
	conn := db.Connect(t, role)
	var session, current string
	if err := conn.QueryRow(context.Background(), "SELECT session_user, current_user").Scan(&session, &current); err != nil {
		t.Fatal(err)
	}
	if session != role || current != role {
		t.Errorf("session_user %s, current_user %s, want %s", session, current, role)
	}
	_, err := conn.Exec(context.Background(), "SELECT * FROM secret")
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("reading another role's table: %v", err)
	}
	if other := db.Role(t, ""); other == role {
		t.Errorf("two roles of the name %s", role)
	}
}

func TestFailuresShowTheStatement(t *testing.T) {
	t.Parallel()
	db := New(t)
	for want, test := range map[string]func(testing.TB){
		"SELECT nonsense": func(tb testing.TB) { db.Exec(tb, "SELECT nonsense") },
		"no rows":         func(tb testing.TB) { One[int](tb, db, "SELECT 1 WHERE false") },
		"too many rows":   func(tb testing.TB) { One[int](tb, db, "VALUES (1), (2)") },
		"become role":     func(tb testing.TB) { db.Connect(tb, "nobody there") },
	} {
		if got := failureOf(t, test); !strings.Contains(got, want) {
			t.Errorf("failure %q does not contain %q", got, want)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	template := Template("pgtest benchmark", func(ctx context.Context, url string) error { return nil })
	server, err := shared()
	if err != nil {
		b.Fatal(err)
	}
	var create, drop time.Duration
	for b.Loop() {
		began := time.Now()
		db, err := server.newDB(context.Background(), []Option{template})
		if err != nil {
			b.Fatal(err)
		}
		created := time.Now()
		if err := db.drop(); err != nil {
			b.Fatal(err)
		}
		create += created.Sub(began)
		drop += time.Since(created)
	}
	b.ReportMetric(float64(create.Microseconds())/float64(b.N), "µs/create")
	b.ReportMetric(float64(drop.Microseconds())/float64(b.N), "µs/drop")
}
