package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit/internal/postgres"
)

// URLVariable names the environment variable with the URL of a server to test on.
const URLVariable = "TEST_DATABASE_URL"

// server is where the databases of this test program are made.
type server struct {
	url     string        // of any database on it
	admin   *pgxpool.Pool // for creating and dropping databases
	major   int
	cluster *postgres.Cluster // nil if the server is not ours

	mu        sync.Mutex
	templates map[string]func() (string, error) // by name, to the database
}

var one struct {
	sync.Once
	server *server
	err    error
}

// shared returns the server of this test program, and starts it on first use.
func shared() (*server, error) {
	one.Do(func() { one.server, one.err = start(context.Background(), os.Getenv(URLVariable)) })
	return one.server, one.err
}

// stopShared stops the server if a test has used it.
func stopShared() {
	if one.server != nil {
		one.server.stop()
	}
}

// start attaches to the server at url, or starts one if url is empty.
func start(ctx context.Context, url string) (*server, error) {
	if url != "" {
		logf("the server of %s", URLVariable)
		s, err := attach(ctx, url)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", URLVariable, err)
		}
		s.sweep(ctx)
		return s, nil
	}
	cluster, err := postgres.Start(ctx, postgres.Options{Log: logf})
	if err != nil {
		return nil, err
	}
	s, err := attach(ctx, cluster.URL("postgres"))
	if err != nil {
		cluster.Stop()
		return nil, err
	}
	s.cluster = cluster
	return s, nil
}

func attach(ctx context.Context, url string) (*server, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 4
	s := &server{url: url, templates: map[string]func() (string, error){}}
	if s.admin, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	const version = "SELECT current_setting('server_version_num')::int / 10000"
	if err := s.admin.QueryRow(ctx, version).Scan(&s.major); err != nil {
		s.admin.Close()
		return nil, err
	}
	return s, nil
}

func (s *server) stop() {
	s.admin.Close()
	if s.cluster != nil {
		s.cluster.Stop()
	}
}

// newDB clones a template and connects to the clone.
func (s *server) newDB(ctx context.Context, opts []Option) (*DB, error) {
	s.awaitRoom(ctx)
	var o options
	for _, option := range opts {
		option(&o)
	}
	source := "template0"
	switch {
	case o.encoding != "":
		source += " ENCODING " + o.encoding + " LC_COLLATE 'C' LC_CTYPE 'C'"
	case o.source != nil:
		o.source.Pool.Reset() // CREATE DATABASE waits for connections that are about to end
		source = o.source.Name
	case o.template != nil:
		var err error
		if source, err = s.prepared(*o.template); err != nil {
			return nil, err
		}
	}
	// The time lets sweep recognize what a crashed run left behind.
	name := fmt.Sprintf("%s%d_%s", prefix, time.Now().Unix(), strings.ToLower(rand.Text()[:12]))
	if err := s.clone(ctx, source, name); err != nil {
		return nil, err
	}
	db := &DB{Name: name, URL: withDatabase(s.url, name), Major: s.major, server: s}
	config, err := pgxpool.ParseConfig(db.URL)
	if err != nil {
		return nil, err
	}
	// The number of processors would bound how concurrent a test can be.
	config.MaxConns = 16
	if db.Pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	return db, nil
}

// awaitRoom keeps a test from beginning while the server has few connections left, as where many test programs share
// one that has 100 of them. It goes on after a minute: those who are there may be waiting, too.
func (s *server) awaitRoom(ctx context.Context) {
	const roomy = `SELECT count(*) < current_setting('max_connections')::int * 2 / 3 FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'`
	for range 600 {
		var is bool
		if err := s.admin.QueryRow(ctx, roomy).Scan(&is); is || err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// clone copies a database. Copying its files takes half the time of the default
// since PostgreSQL 15, copying its pages by way of the log (7 ms and 16 ms in
// memory); before, it is the only way.
func (s *server) clone(ctx context.Context, source, name string) error {
	sql := "CREATE DATABASE " + name + " TEMPLATE " + source
	if s.major >= 15 {
		sql += " STRATEGY file_copy"
	}
	if _, err := s.admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("create a test database: %w", err)
	}
	return nil
}

// withDatabase returns a connection string for another database of a server. The
// name is one of ours and needs no quotes.
func withDatabase(server, database string) string {
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return server + " dbname=" + database // key=value pairs: the last one counts
	}
	u.Path = "/" + database
	if query := u.Query(); query.Has("dbname") {
		query.Set("dbname", database)
		u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	}
	return u.String()
}

func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "pgtest: "+format+"\n", args...)
}
