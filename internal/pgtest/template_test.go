package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// migrate fills a template, and leaves its connection open.
func migrate(t *testing.T, runs *atomic.Int32) func(context.Context, string) error {
	return func(ctx context.Context, url string) error {
		runs.Add(1)
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		_, err = conn.Exec(ctx, "CREATE TABLE migrated (id int)")
		return err
	}
}

// unused returns the name of a template that no other program shares, and drops
// the template at the end, as a server that is not ours would keep it.
func unused(t *testing.T, s *server) string {
	name := t.Name() + rand.Text()
	t.Cleanup(func() {
		if _, err := s.admin.Exec(context.Background(), "DROP DATABASE IF EXISTS "+template{name: name}.database()); err != nil {
			t.Error(err)
		}
	})
	return name
}

func sharedServer(t *testing.T) *server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTemplateIsPreparedOnce(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	option := Template(unused(t, sharedServer(t)), migrate(t, &runs))
	t.Run("group", func(t *testing.T) {
		for range 4 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				New(t, option).Exec(t, "INSERT INTO migrated VALUES (1)")
			})
		}
	})
	if runs.Load() != 1 {
		t.Errorf("prepared %d times", runs.Load())
	}
}

// Several test programs share a server, each with its own memory.
func TestTemplateIsPreparedOncePerServer(t *testing.T) {
	t.Parallel()
	own := sharedServer(t)
	name := unused(t, own)
	var runs atomic.Int32
	var programs sync.WaitGroup
	for range 3 {
		programs.Go(func() {
			s, err := attach(context.Background(), own.url)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.stop()
			db, err := s.newDB(context.Background(), []Option{Template(name, migrate(t, &runs))})
			if err != nil {
				t.Error(err)
				return
			}
			db.Exec(t, "TABLE migrated")
			if err := db.drop(); err != nil {
				t.Error(err)
			}
		})
	}
	programs.Wait()
	if runs.Load() != 1 {
		t.Errorf("prepared %d times", runs.Load())
	}
}

func TestHalfBuiltTemplateIsReplaced(t *testing.T) {
	t.Parallel()
	s := sharedServer(t)
	name := unused(t, s)
	draft := template{name: name}.database() + "_draft"
	if err := s.clone(context.Background(), "template0", draft); err != nil {
		t.Fatal(err)
	}
	var runs atomic.Int32
	db := New(t, Template(name, migrate(t, &runs)))
	db.Exec(t, "TABLE migrated")
	if runs.Load() != 1 || exists(t, s, "pg_database", draft) {
		t.Errorf("prepared %d times; draft still there: %v", runs.Load(), exists(t, s, "pg_database", draft))
	}
}

func TestFailedPrepareLeavesNothing(t *testing.T) {
	t.Parallel()
	s := sharedServer(t)
	broken := template{unused(t, s), func(context.Context, string) error { return errors.New("broken migration") }}
	for range 2 {
		if _, err := s.prepared(broken); err == nil || !strings.Contains(err.Error(), "broken migration") {
			t.Errorf("prepared: %v", err)
		}
	}
	for _, name := range []string{broken.database(), broken.database() + "_draft"} {
		if exists(t, s, "pg_database", name) {
			t.Errorf("%s is still there", name)
		}
	}
}
