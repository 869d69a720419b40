package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 10 * time.Second
)

// server is one run of the postmaster.
type server struct {
	process *os.Process
	exited  chan struct{} // closed once the process has ended
}

// launch starts the postmaster and waits until it accepts connections.
func (c *Cluster) launch(ctx context.Context) error {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// The end of ctx must not kill the postmaster, which would orphan its children.
	cmd := c.account.command(context.WithoutCancel(ctx), filepath.Join(c.binDir, "postgres"), "-D", c.dataDir())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	c.guard.watch(cmd.Process.Pid)
	s := &server{process: cmd.Process, exited: make(chan struct{})}
	c.server = s
	go func() {
		_ = cmd.Wait() // how it ended is in the log
		close(s.exited)
		// Were the cluster collected while its server runs, so would be the
		// guard's pipe, and the guard would take the server down.
		runtime.KeepAlive(c)
	}()
	if err := c.awaitReady(ctx); err != nil {
		c.halt(syscall.SIGQUIT)
		return fmt.Errorf("%w; end of the server log:\n%s", err, c.logTail())
	}
	return nil
}

// awaitReady connects until that succeeds, and learns the version.
func (c *Cluster) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			// Distributions add their name: "15.14 (Debian 15.14-0+deb12u1)".
			c.version, _, _ = strings.Cut(conn.PgConn().ParameterStatus("server_version"), " ")
			return conn.Close(ctx)
		}
		select {
		case <-c.server.exited:
			return errors.New("the server ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("the server does not accept connections: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// halt ends the server, if it runs, with one of PostgreSQL's shutdown signals;
// if it does not obey, by force.
func (c *Cluster) halt(signal syscall.Signal) {
	if c.server == nil {
		return
	}
	_ = c.server.process.Signal(signal) // fails only if it has ended by itself
	select {
	case <-c.server.exited:
	case <-time.After(stopTimeout):
		c.log("PostgreSQL in %s ignores signal %v: killing it", c.dir, signal)
		killServer(c.server.process, c.dataDir())
		<-c.server.exited
	}
	c.forget()
}

// forget notes that the server process is gone.
func (c *Cluster) forget() {
	c.server = nil
	c.guard.watch(0)
}

// logTail returns the last lines of the server log.
func (c *Cluster) logTail() string {
	const size = 4096
	text, err := os.ReadFile(c.logFile())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-size):]))
}

// freePort returns a TCP port of 127.0.0.1 that nobody listens on. The kernel
// hands such ports out in turn, so that it stays free for the moment needed.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}
