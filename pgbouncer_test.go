package exaudit_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// bounced starts a PgBouncer in transaction mode, with few server connections, and gives a
// function that makes pools through it.
func bounced(t *testing.T, db *pgtest.DB) func(pgx.QueryExecMode) *pgxpool.Pool {
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
	password := ""
	if server.Password != "" {
		password = " password='" + strings.ReplaceAll(server.Password, "'", "''") + "'"
	}
	config := fmt.Sprintf(`[databases]
%s = host=%s port=%d user=%s%s
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = %s
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
logfile = %s/log
`, db.Name, server.Host, server.Port, server.User, password, dir, dir)
	if err := os.WriteFile(filepath.Join(dir, "ini"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, filepath.Join(dir, "ini"))
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(t, server.Host)}
		if err := os.Chown(dir, int(cmd.SysProcAttr.Credential.Uid), -1); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	socket := filepath.Join(dir, ".s.PGSQL.6432")
	for deadline := time.Now().Add(10 * time.Second); ; {
		if c, err := net.Dial("unix", socket); err == nil {
			_ = c.Close()
			break
		}
		select {
		case err := <-exited:
			exited <- err
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("pgbouncer: %v\n%s%s", err, log, &said)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("pgbouncer does not answer")
		}
	}
	return func(mode pgx.QueryExecMode) *pgxpool.Pool {
		return poolOf(t, db, mode, func(c *pgxpool.Config) {
			c.MaxConns = 12
			c.ConnConfig.Fallbacks, c.ConnConfig.TLSConfig = nil, nil
			c.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }
		})
	}
}

// unprivileged is who may run a program that refuses root and talks to the server: the
// owner of its socket's directory, or nobody.
func unprivileged(t *testing.T, host string) *syscall.Credential {
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

// Behind a proxy that gives each transaction another connection, many writers keep their
// names, and who gives none gets none.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, notes)
	auditdb.Install(t, db, "notes")
	pool := bounced(t, db)
	const writers, writes = 12, 20
	for _, mode := range []pgx.QueryExecMode{
		// a cached statement belongs to one connection, with exaudit or without it
		pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			audit := exaudit.New(pool(mode))
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					ctx, who := context.Background(), "nobody"
					if w%4 != 0 {
						who = fmt.Sprint("writer", w)
						ctx = by(ctx, who)
					}
					for i := range writes {
						if err := writeSomehow(ctx, audit, i, who); err != nil {
							t.Errorf("%s, write %d: %v", who, i, err)
						}
					}
				})
			}
			group.Wait()
		})
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != 3*writers*writes {
		t.Errorf("%d versions, want %d", n, 3*writers*writes)
	}
	const wrong = `SELECT count(*) FROM exaudit.versions WHERE coalesce(custom->>'who', 'nobody') <> after->>'body'`
	if n := pgtest.One[int](t, db, wrong); n != 0 {
		t.Errorf("%d versions have a wrong actor", n)
	}
	if n := pgtest.One[int](t, db, `SELECT count(DISTINCT xid) FROM exaudit.versions`); n < 3*writers*writes*4/5 {
		t.Errorf("only %d transactions", n)
	}
}

// writeSomehow writes one note, each time another way.
func writeSomehow(ctx context.Context, audit *exaudit.DB, i int, body string) error {
	const sql = `INSERT INTO notes (body) VALUES ($1) RETURNING id`
	switch i % 6 {
	case 0:
		_, err := audit.Exec(ctx, sql, body)
		return err
	case 1:
		return audit.QueryRow(ctx, sql, body).Scan(new(int))
	case 2:
		b := &pgx.Batch{}
		b.Queue(sql, body)
		return audit.SendBatch(ctx, b).Close()
	case 3:
		_, err := audit.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"body"}, pgx.CopyFromRows([][]any{{body}}))
		return err
	case 4:
		_, err := audit.Exec(ctx, `INSERT INTO notes (body) VALUES ('`+body+`')`)
		return err
	}
	return pgx.BeginFunc(ctx, audit, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, body)
		return err
	})
}
