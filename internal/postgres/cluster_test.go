package postgres

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// start starts a cluster and checks at the end that Stop left nothing behind.
func start(t *testing.T, options Options) *Cluster {
	t.Helper()
	options.Log = t.Logf
	began := time.Now()
	c, err := Start(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		c.Stop()
		checkGone(t, c.dir)
	})
	return c
}

// checkGone fails unless directory and server of a cluster vanish within a while.
func checkGone(t *testing.T, dir string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && !serverRuns(dir) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%s or its server is still there", dir)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func query(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var value string
	if err := conn.QueryRow(context.Background(), sql).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func execute(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Settings: map[string]string{"cluster_name": `it's a \ test`}})
	conn := connect(t, c.URL("postgres"))
	for sql, want := range map[string]string{
		"SELECT current_user":          "postgres",
		"SHOW cluster_name":            `it's a \ test`,
		"SHOW fsync":                   "off",
		"SHOW listen_addresses":        "",
		"SHOW server_encoding":         "UTF8",
		"SHOW unix_socket_directories": c.dir,
	} {
		if got := query(t, conn, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	if version := query(t, conn, "SHOW server_version"); !strings.HasPrefix(version, c.Version()) || c.Version() == "" {
		t.Errorf("Version is %q, server_version %q", c.Version(), version)
	}
	if !hasServer(c.BinDir()) {
		t.Errorf("BinDir %s has no server", c.BinDir())
	}
	if c.Address() != "" {
		t.Errorf("Address is %q without TCP", c.Address())
	}
	info, err := os.Stat(c.dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of %s: %v, %v", c.dir, info.Mode(), err)
	}
}

func TestURLEscapesTheDatabase(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	const name = `odd /?#%&='" name`
	execute(t, connect(t, c.URL("postgres")), "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	if got := query(t, connect(t, c.URL(name)), "SELECT current_database()"); got != name {
		t.Errorf("connected to %q, want %q", got, name)
	}
}

func TestTCP(t *testing.T) {
	t.Parallel()
	c := start(t, Options{TCP: true, Settings: map[string]string{"wal_level": "replica"}})
	conn := connect(t, "postgres://postgres@"+c.Address()+"/postgres")
	if got := query(t, conn, "SHOW wal_level"); got != "replica" {
		t.Errorf("wal_level is %q", got)
	}
	query(t, connect(t, c.URL("postgres")), "SHOW port")
}

func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Settings: map[string]string{"synchronous_commit": "on"}})
	conn := connect(t, c.URL("postgres"))
	execute(t, conn, "CREATE TABLE kept (id int)")
	execute(t, conn, "INSERT INTO kept SELECT generate_series(1, 1000)")
	execute(t, conn, "BEGIN; INSERT INTO kept VALUES (0)")
	busy := make(chan error, 1)
	go func() {
		other, err := pgx.Connect(context.Background(), c.URL("postgres"))
		if err == nil {
			// Busy rather than waiting, which would notice the postmaster's death.
			_, err = other.Exec(context.Background(), "DO 'BEGIN LOOP END LOOP; END'")
		}
		busy <- err
	}()
	for query(t, connect(t, c.URL("postgres")), "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'DO%'") != "1" {
		time.Sleep(5 * time.Millisecond)
	}

	c.Kill()
	c.Kill()
	if serverRuns(c.dir) {
		t.Error("a server process survived Kill")
	}
	if err := <-busy; err == nil {
		t.Error("the busy session survived Kill")
	}
	if err := c.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	if log := c.logTail(); !strings.Contains(log, "automatic recovery in progress") {
		t.Errorf("no crash recovery in the log:\n%s", log)
	}
	if got := query(t, connect(t, c.URL("postgres")), "SELECT count(*)::text FROM kept"); got != "1000" {
		t.Errorf("%s rows after the crash, want 1000", got)
	}
}

func TestRestartOfRunningServer(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	execute(t, connect(t, c.URL("postgres")), "CREATE TABLE kept ()")
	if err := c.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	execute(t, connect(t, c.URL("postgres")), "DROP TABLE kept")
	if log := c.logTail(); strings.Contains(log, "automatic recovery in progress") {
		t.Errorf("not shut down cleanly:\n%s", log)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	connect(t, c.URL("postgres")) // an open connection does not hold it up
	c.Stop()
	checkGone(t, c.dir)
	c.Stop()
	c.Kill()
	if err := c.Restart(context.Background()); err == nil {
		t.Error("Restart after Stop succeeded")
	}
}

func TestStopAfterKill(t *testing.T) {
	t.Parallel()
	c := start(t, Options{})
	before := c.sharedMemory(t)
	c.Kill()
	c.Stop()
	if output, err := exec.Command("ipcs", "-m").Output(); err == nil && strings.Contains(string(output), " "+before+" ") {
		t.Errorf("shared memory segment %s is still there:\n%s", before, output)
	}
}

// sharedMemory returns the id of the server's System V shared memory segment.
func (c *Cluster) sharedMemory(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(c.dataDir() + "/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(strings.Split(string(text), "\n")[6])
	return fields[1]
}

func TestTwoClusters(t *testing.T) {
	t.Parallel()
	clusters := make(chan *Cluster, 2)
	for range 2 {
		go func() {
			c, err := Start(context.Background(), Options{TCP: true})
			if err != nil {
				t.Error(err)
			}
			clusters <- c
		}()
	}
	first, second := <-clusters, <-clusters
	if first == nil || second == nil {
		return
	}
	execute(t, connect(t, first.URL("postgres")), "CREATE TABLE only_here ()")
	first.Stop()
	checkGone(t, first.dir)
	execute(t, connect(t, second.URL("postgres")), "CREATE TABLE only_here ()")
	second.Stop()
	checkGone(t, second.dir)
}

func TestCancelStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	c, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	checkGone(t, c.dir)
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, test := range map[string]struct {
		ctx     context.Context
		options Options
		want    string
	}{
		"no binaries": {context.Background(), Options{BinDir: "/nowhere"}, "no initdb and postgres in /nowhere"},
		"cancelled":   {cancelled, Options{}, "context canceled"},
		"bad setting": {context.Background(), Options{Settings: map[string]string{"max_connections": "many"}},
			`invalid value for parameter "max_connections"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Start(test.ctx, test.options)
			if err == nil {
				c.Stop()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not contain %q", err, test.want)
			}
		})
	}
}
