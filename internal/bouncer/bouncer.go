// Package bouncer gives tests a PgBouncer in front of a database.
package bouncer

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// Port is that of its socket.
const Port = 6432

// Start starts a PgBouncer in transaction mode, with a number of server connections, and returns the directory of its
// socket.
func Start(t testing.TB, db *pgtest.DB, connections int) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; os.Getenv("CI") == "" {
			if _, err := os.Stat(program); err != nil {
				t.Skip("SKIPPED: what holds behind a transaction-pooling proxy is not tested: pgbouncer is not installed (apt-get install pgbouncer)")
			}
		}
	}
	server := db.Pool.Config().ConnConfig
	dir, err := os.MkdirTemp("/tmp", "exaudit-bouncer-") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	writeConfig(t, db, connections, dir)
	cmd := exec.Command(program, filepath.Join(dir, "ini"))
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(t, server.Host)}
		if err := os.Chown(dir, int(cmd.SysProcAttr.Credential.Uid), -1); err != nil {
			t.Fatal(err)
		}
	}
	run(t, cmd, dir)
	return dir
}

// writeConfig writes PgBouncer's configuration into its directory.
func writeConfig(t testing.TB, db *pgtest.DB, connections int, dir string) {
	t.Helper()
	server := db.Pool.Config().ConnConfig
	password := ""
	if server.Password != "" {
		password = " password='" + strings.ReplaceAll(server.Password, "'", "''") + "'"
	}
	config := fmt.Sprintf(`[databases]
%s = host=%s port=%d user=%s%s
[pgbouncer]
listen_addr =
listen_port = %d
unix_socket_dir = %s
auth_type = any
pool_mode = transaction
default_pool_size = %d
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
logfile = %s/log
`, db.Name, server.Host, server.Port, server.User, password, Port, dir, connections, dir)
	if err := os.WriteFile(filepath.Join(dir, "ini"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run starts PgBouncer, and waits until it answers.
func run(t testing.TB, cmd *exec.Cmd, dir string) {
	t.Helper()
	var output bytes.Buffer
	cmd.Stderr = &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("pgbouncer:\n%s%s", log, &output)
		}
	})
	socket := filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d", Port))
	for deadline := time.Now().Add(2 * time.Minute); ; {
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			break
		}
		select {
		case err := <-exited:
			exited <- err
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("pgbouncer: %v\n%s%s", err, log, &output)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("pgbouncer does not answer")
		}
	}
}

// unprivileged is who may run a program that refuses root and talks to the server: the
// owner of its socket's directory, or nobody.
func unprivileged(t testing.TB, host string) *syscall.Credential {
	t.Helper()
	if network, _ := pgconn.NetworkAddress(host, 0); network == "unix" {
		info, err := os.Stat(host)
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
			return &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
		}
	}
	return &syscall.Credential{Uid: 65534, Gid: 65534}
}
