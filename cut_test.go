package exaudit_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/preamble"
	"github.com/exaudit/exaudit/internal/testall"
)

// scissors cut a connection in the midst of a message of the server, or of the client.
type scissors struct {
	// server and client are how many messages still pass, if not negative.
	server, client atomic.Int64
}

// cuttable returns a pool of one connection that goes through a proxy which cuts it.
func cuttable(t *testing.T, db *pgtest.DB, mode pgx.QueryExecMode) (*pgxpool.Pool, *scissors) {
	t.Helper()
	s := &scissors{}
	s.server.Store(-1)
	s.client.Store(-1)
	proxy, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	origin := db.Pool.Config().ConnConfig
	network, address := pgconn.NetworkAddress(origin.Host, origin.Port)
	go func() {
		for {
			client, err := proxy.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			go cutting(server, client, true, &s.client)
			go cutting(client, server, false, &s.server)
		}
	}()
	return poolOf(t, db, mode, func(c *pgxpool.Config) {
		c.ConnConfig.TLSConfig, c.ConnConfig.Fallbacks = nil, nil
		c.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", proxy.Addr().String())
		}
	}), s
}

// cutting copies messages, and half of the one that is cut.
func cutting(to, from net.Conn, untyped bool, left *atomic.Int64) {
	defer to.Close()
	defer from.Close()
	for {
		header := make([]byte, 5)
		if untyped {
			header = header[:4]
		}
		if _, err := io.ReadFull(from, header); err != nil {
			return
		}
		message := make([]byte, len(header)+int(binary.BigEndian.Uint32(header[len(header)-4:]))-4)
		copy(message, header)
		if _, err := io.ReadFull(from, message[len(header):]); err != nil {
			return
		}
		untyped = false
		if n := left.Load(); n == 0 {
			_, _ = to.Write(message[:len(message)/2])
			return
		} else if n > 0 {
			left.Store(n - 1)
		}
		if _, err := to.Write(message); err != nil {
			return
		}
	}
}

// Wherever a connection is lost, a statement fails, or has been recorded with its custom data; it
// never hangs, and the pool goes on.
func TestConnectionsAreCut(t *testing.T) {
	t.Parallel()
	const insert = `INSERT INTO notes (body) VALUES ($1) RETURNING id`
	ways := map[string]func(context.Context, exaudit.Conn) error{
		"Exec": func(ctx context.Context, c exaudit.Conn) error { _, err := c.Exec(ctx, insert, "x"); return err },
		"no arguments": func(ctx context.Context, c exaudit.Conn) error {
			_, err := c.Exec(ctx, `DELETE FROM notes WHERE false`)
			return err
		},
		"several": func(ctx context.Context, c exaudit.Conn) error {
			_, err := c.Exec(ctx, `SELECT 1; SELECT 2`)
			return err
		},
		"QueryRow": func(ctx context.Context, c exaudit.Conn) error { return c.QueryRow(ctx, insert, "x").Scan(new(int)) },
		"large": func(ctx context.Context, c exaudit.Conn) error {
			return c.QueryRow(ctx, insert, strings.Repeat("x", 20000)).Scan(new(int))
		},
		"CopyFrom": func(ctx context.Context, c exaudit.Conn) error {
			_, err := c.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"body"}, pgx.CopyFromRows([][]any{{"x"}}))
			return err
		},
		"SendBatch": func(ctx context.Context, c exaudit.Conn) error {
			b := &pgx.Batch{}
			b.Queue(insert, "x")
			b.Queue(`SELECT 1`)
			return c.SendBatch(ctx, b).Close()
		},
		"Begin": func(ctx context.Context, c exaudit.Conn) error {
			return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, insert, "x"); err != nil {
					return err
				}
				return pgx.BeginFunc(by(ctx, "b"), tx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, insert, "x"); return err })
			})
		},
	}
	for i, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, notes)
			auditdb.Install(t, db, "notes")
			pool, s := cuttable(t, db, mode)
			adb := exaudit.New(pool)
			for n, name := range slices.Sorted(maps.Keys(ways)) {
				do := ways[name]
				for _, side := range testall.Turn(i+n, "server", "client") {
					left := map[string]*atomic.Int64{"server": &s.server, "client": &s.client}[side]
					for cut := int64(0); ; cut++ {
						ctx, cancel := context.WithTimeout(by(context.Background(), "a"), 5*time.Minute)
						end(t, pool.Ping(ctx))
						left.Store(cut)
						err := do(ctx, adb)
						passed := left.Swap(-1) > 0
						if errors.Is(err, preamble.ErrNotSent) || errors.Is(err, context.DeadlineExceeded) {
							t.Fatalf("%s, cut after %d messages of the %s: %v", name, cut, side, err)
						}
						cancel()
						if passed {
							end(t, err)
							break
						}
						if cut > 100 {
							t.Fatalf("%s: never passes", name)
						}
					}
				}
			}
			if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE custom IS NULL`); n != 0 {
				t.Errorf("%d versions have no custom data", n)
			}
			if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n == 0 {
				t.Error("nothing is recorded")
			}
		})
	}
}
