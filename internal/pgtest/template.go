package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// prepareTimeout also covers waiting for another test program to prepare.
const prepareTimeout = 5 * time.Minute

// template is a database to clone and how to fill it.
type template struct {
	name    string
	prepare func(ctx context.Context, url string) error
}

// Run runs statements on the database of a URL, as a template's prepare does.
func Run(ctx context.Context, url, statements string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, statements)
	return err
}

// database returns the name of the finished template. A template is built under
// another name and then renamed, so that one that exists is complete, wherever
// a test program may have crashed.
func (t template) database() string {
	return fmt.Sprintf("%s%x", templatePrefix, t.hash())
}

func (t template) hash() []byte {
	sum := sha256.Sum256([]byte(t.name))
	return sum[:8]
}

// prepared returns the template's database and builds it if necessary; this
// program asks only once.
func (s *server) prepared(t template) (string, error) {
	s.mu.Lock()
	find, ok := s.templates[t.name]
	if !ok {
		find = sync.OnceValues(func() (string, error) {
			ctx, cancel := context.WithTimeout(context.Background(), prepareTimeout)
			defer cancel()
			if err := s.findOrBuild(ctx, t); err != nil {
				return "", fmt.Errorf("prepare template %q: %w", t.name, err)
			}
			return t.database(), nil
		})
		s.templates[t.name] = find
	}
	s.mu.Unlock()
	return find()
}

// findOrBuild lets one of all test programs on the server build the template,
// while the others wait for its lock.
func (s *server) findOrBuild(ctx context.Context, t template) error {
	lock, err := pgx.Connect(ctx, s.url)
	if err != nil {
		return err
	}
	defer lock.Close(context.WithoutCancel(ctx)) // which unlocks
	key := int64(binary.BigEndian.Uint64(t.hash()))
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return err
	}
	var exists bool
	const find = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)"
	if err := lock.QueryRow(ctx, find, t.database()).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if err := s.build(ctx, t); err != nil {
			return err
		}
	}
	return s.touch(ctx, t.database(), t.name)
}

// build creates the template. What a crashed attempt left is replaced.
func (s *server) build(ctx context.Context, t template) error {
	draft := t.database() + "_draft"
	drop := "DROP DATABASE IF EXISTS " + draft + " WITH (FORCE)"
	if _, err := s.admin.Exec(ctx, drop); err != nil {
		return err
	}
	if err := s.clone(ctx, "template0", draft); err != nil {
		return err
	}
	err := s.touch(ctx, draft, t.name)
	if err == nil {
		err = t.prepare(ctx, withDatabase(s.url, draft))
	}
	if err == nil {
		err = s.finish(ctx, draft, t.database())
	}
	if err != nil {
		_, _ = s.admin.Exec(context.WithoutCancel(ctx), drop) // err is what matters
	}
	return err
}

// finish renames a draft to the template. Nobody may be connected to a database
// that is renamed or cloned: prepare may have left connections, and nobody else
// shall come.
func (s *server) finish(ctx context.Context, draft, database string) error {
	for _, sql := range []string{
		"ALTER DATABASE " + draft + " ALLOW_CONNECTIONS false",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity" +
			" WHERE datname = '" + draft + "' AND backend_type = 'client backend'",
		"ALTER DATABASE " + draft + " RENAME TO " + database,
	} {
		if _, err := s.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
