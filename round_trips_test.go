package exaudit_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// counted is a proxy that counts what makes a client wait: each Sync, Query or Flush that it
// sends, and each ReadyForQuery that it gets.
type counted struct {
	asked, answered atomic.Int64
	pool            *pgxpool.Pool
}

// through gives a pool of one connection that goes through a counting proxy.
func through(t *testing.T, db *pgtest.DB, mode pgx.QueryExecMode) *counted {
	t.Helper()
	config, err := pgxpool.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.ConnConfig.Host, config.ConnConfig.Port)
	c := &counted{}
	proxy, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
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
			go relay(server, client, true, func(kind byte) {
				if strings.IndexByte("SQH", kind) >= 0 {
					c.asked.Add(1)
				}
			})
			go relay(client, server, false, func(kind byte) {
				if kind == 'Z' {
					c.answered.Add(1)
				}
			})
		}
	}()
	config.MaxConns = 1
	config.ConnConfig.TLSConfig = nil
	config.ConnConfig.Fallbacks = nil
	config.ConnConfig.DefaultQueryExecMode = mode
	config.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", proxy.Addr().String())
	}
	if c.pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.pool.Close)
	return c
}

// relay copies messages, and calls seen with each before it is passed on.
func relay(to, from net.Conn, untyped bool, seen func(kind byte)) {
	defer to.Close()
	defer from.Close()
	for {
		header := make([]byte, 5)
		if untyped { // a startup message is only its length and content
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
		if !untyped {
			seen(header[0])
		}
		untyped = false
		if _, err := to.Write(message); err != nil {
			return
		}
	}
}

// trips counts the round trips of do.
func (c *counted) trips(t *testing.T, do func() error) int {
	t.Helper()
	asked, answered := c.asked.Load(), c.answered.Load()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	asked, answered = c.asked.Load()-asked, c.answered.Load()-answered
	if asked != answered {
		t.Errorf("asked %d times and answered %d times", asked, answered)
	}
	return int(asked)
}

// With custom data, a statement is on its way as often as without.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	db, _ := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	const update = `UPDATE orders SET total = total + $1 WHERE id = 1 RETURNING id`
	for mode, prepares := range map[pgx.QueryExecMode]int{
		pgx.QueryExecModeCacheStatement: 0, pgx.QueryExecModeCacheDescribe: 0, pgx.QueryExecModeDescribeExec: 1,
		pgx.QueryExecModeExec: 0, pgx.QueryExecModeSimpleProtocol: 0,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			c := through(t, db, mode)
			adb := exaudit.New(c.pool)
			ctx := exaudit.With(context.Background(), exaudit.Custom{"actor_id": 7})
			var begun pgx.Tx
			for _, step := range []struct {
				name string
				do   func(context.Context) error
				want int
			}{
				{"Exec", func(ctx context.Context) error { _, err := adb.Exec(ctx, update, 1); return err }, 1 + prepares},
				{"Query", func(ctx context.Context) error {
					rows, err := adb.Query(ctx, update, 1)
					if err != nil {
						return err
					}
					_, err = pgx.CollectRows(rows, pgx.RowTo[int64])
					return err
				}, 1 + prepares},
				{"QueryRow", func(ctx context.Context) error { return adb.QueryRow(ctx, update, 1).Scan(new(int64)) }, 1 + prepares},
				{"SendBatch", func(ctx context.Context) error {
					b := &pgx.Batch{}
					b.Queue(update, 1)
					b.Queue(update, 2)
					return adb.SendBatch(ctx, b).Close()
				}, 1 + prepares},
				{"a mode", func(ctx context.Context) error {
					_, err := adb.Exec(ctx, update, pgx.QueryExecModeExec, 1)
					return err
				}, 1},
				{"Begin", func(ctx context.Context) (err error) { begun, err = adb.Begin(ctx); return err }, 1},
				{"Exec in it", func(ctx context.Context) error { _, err := begun.Exec(ctx, update, 1); return err }, 1 + prepares},
				{"another's in it", func(ctx context.Context) error {
					_, err := begun.Exec(exaudit.With(ctx, exaudit.Custom{"actor_id": 8}), update, 1)
					return err
				}, 1 + prepares},
				{"and back", func(ctx context.Context) error { _, err := begun.Exec(ctx, update, 1); return err }, 1 + prepares},
				{"Commit", func(ctx context.Context) error { return begun.Commit(ctx) }, 1},
			} {
				if step.name != "Commit" && step.name != "Exec in it" && step.name != "another's in it" && step.name != "and back" {
					// warm: what is prepared once is not counted
					if err := step.do(ctx); err != nil {
						t.Fatal(err)
					}
					if begun != nil {
						if err := begun.Rollback(ctx); err != nil {
							t.Fatal(err)
						}
					}
				}
				if got := c.trips(t, func() error { return step.do(ctx) }); got != step.want {
					t.Errorf("%s: %d round trips, want %d", step.name, got, step.want)
				}
			}
			// in transactions of their own
			for name, do := range map[string]func(context.Context, exaudit.Conn) error{
				"CopyFrom": func(ctx context.Context, c exaudit.Conn) error {
					_, err := c.CopyFrom(ctx, pgx.Identifier{"orders"}, []string{"total"}, pgx.CopyFromRows([][]any{{1}}))
					return err
				},
				"several statements": func(ctx context.Context, c exaudit.Conn) error {
					_, err := c.Exec(ctx, `SELECT 1; SELECT 2`, pgx.QueryExecModeSimpleProtocol)
					return err
				},
			} {
				without := func() error { return do(context.Background(), c.pool) }
				c.trips(t, without) // warm
				plain := c.trips(t, without)
				if got := c.trips(t, func() error { return do(ctx, adb) }); got != plain+2 {
					t.Errorf("%s: %d round trips, want %d and two", name, got, plain)
				}
			}
		})
	}
	want := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE action = 'updated'`)
	if got := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE action = 'updated' AND custom->>'actor_id' IN ('7', '8')`); got != want || want == 0 {
		t.Errorf("%d of %d updates carry the actor", got, want)
	}
	if got := pgtest.One[string](t, db, `SELECT count(*)::text FROM exaudit.versions WHERE custom->>'actor_id' = '8'`); got != strconv.Itoa(5) {
		t.Errorf("%s updates are the other actor's, want 5", got)
	}
}
