package exaudit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// A statement that pgx has cached and that the schema has left behind fails as often with
// custom data as without: at most once.
func TestStaleStatements(t *testing.T) {
	t.Parallel()
	const update = `UPDATE t SET f = $1`
	ways := map[string]func(context.Context, exaudit.Conn, any) error{
		"Exec": func(ctx context.Context, c exaudit.Conn, v any) error { _, err := c.Exec(ctx, update, v); return err },
		"QueryRow": func(ctx context.Context, c exaudit.Conn, v any) error {
			return c.QueryRow(ctx, update+` RETURNING f`, v).Scan(new(any))
		},
		"Query": func(ctx context.Context, c exaudit.Conn, v any) error {
			rows, _ := c.Query(ctx, update+` RETURNING *`, v)
			rows.Close()
			return rows.Err()
		},
		"SendBatch": func(ctx context.Context, c exaudit.Conn, v any) error {
			b := &pgx.Batch{}
			b.Queue(update, v)
			return c.SendBatch(ctx, b).Close()
		},
		"Begin": func(ctx context.Context, c exaudit.Conn, v any) error {
			return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
				_, err := tx.Exec(by(ctx, "another"), update, v)
				return err
			})
		},
	}
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			failures := func(ctx context.Context, c exaudit.Conn, do func(context.Context, exaudit.Conn, any) error) (failed []int) {
				db.Exec(t, `DROP TABLE IF EXISTS t; CREATE TABLE t (f int); INSERT INTO t VALUES (0)`)
				for range 3 {
					end(t, do(ctx, c, 1))
				}
				db.Exec(t, `ALTER TABLE t ALTER f TYPE bool USING f::bool, ADD g text`)
				for i := range 5 {
					if err := do(ctx, c, true); err != nil {
						failed = append(failed, i)
					}
				}
				return failed
			}
			for name, do := range ways {
				plain := poolOf(t, db, mode)
				want := failures(context.Background(), plain, do)
				got := failures(by(context.Background(), "a"), exaudit.New(poolOf(t, db, mode)), do)
				if len(got) > len(want) {
					t.Errorf("%s: fails %v, without custom data %v", name, got, want)
				}
			}
		})
	}
}

// Whoever deallocates all statements of a connection, deallocates those of custom data.
func TestDeallocated(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE t (f int); INSERT INTO t VALUES (0)`)
	for _, mode := range modes {
		for name, deallocate := range map[string]func(*pgx.Conn) error{
			"pgx":         func(c *pgx.Conn) error { return c.DeallocateAll(ctx) },
			"DISCARD ALL": func(c *pgx.Conn) error { _, err := c.Exec(ctx, `DISCARD ALL`); return err },
		} {
			failures := func(ctx context.Context, audited bool) (failed int) {
				pool := poolOf(t, db, mode)
				conn, err := pool.Acquire(ctx)
				end(t, err)
				defer conn.Release()
				c := exaudit.Conn(conn)
				if audited {
					c = exaudit.New(conn)
				}
				for i := range 12 {
					if i%4 == 3 {
						end(t, deallocate(conn.Conn()))
					}
					if _, err := c.Exec(ctx, `UPDATE t SET f = $1`, i); err != nil {
						failed++
					}
					err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
						_, err := tx.Exec(ctx, `UPDATE t SET f = $1 + 1`, i)
						return err
					})
					if err != nil {
						failed++
					}
				}
				return failed
			}
			if got, want := failures(by(ctx, "a"), true), failures(ctx, false); got > want {
				t.Errorf("%s, %s: %d failures, without custom data %d", mode, name, got, want)
			}
		}
	}
}

// A statement without arguments, of which pgx prepares nothing, does not fail either where all of
// a connection's statements are gone.
func TestDiscarded(t *testing.T) {
	t.Parallel()
	ctx := by(context.Background(), "a")
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE t (f int, who text DEFAULT current_setting('exaudit.custom'))`)
	for _, mode := range modes {
		adb := exaudit.New(poolOf(t, db, mode))
		for _, discard := range []string{`SELECT 1`, `DISCARD ALL`, `DEALLOCATE ALL`} {
			_, err := adb.Exec(ctx, discard)
			end(t, err)
			for range 2 {
				if tag, err := adb.Exec(ctx, `INSERT INTO t VALUES (1)`); err != nil || tag.RowsAffected() != 1 {
					t.Errorf("%s, after %s: %s, %v", mode, discard, tag, err)
				}
			}
		}
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM t WHERE who = '{"who":"a"}'`); n != 6*len(modes) {
		t.Errorf("%d rows, want %d", n, 6*len(modes))
	}
}

// Where what sets custom data fails, the statement does, and nothing else: neither its
// connection nor what comes after it.
func TestSettingsFail(t *testing.T) {
	t.Parallel()
	ctx := by(context.Background(), "a")
	db := pgtest.New(t)
	conn, err := pgx.Connect(ctx, db.URL)
	end(t, err)
	defer func() { _ = conn.Close(ctx) }()
	adb := exaudit.New(conn)
	// a statement that fails before custom data is set for the first time
	for range 2 {
		if err := adb.QueryRow(ctx, `SELECT 1/0`).Scan(new(int)); err == nil || strings.Contains(err.Error(), "custom data") {
			t.Errorf("got %v", err)
		}
	}
	for name, do := range map[string]func() error{
		"Exec":     func() error { _, err := adb.Exec(ctx, `SELECT $1::int`, 1); return err },
		"QueryRow": func() error { return adb.QueryRow(ctx, `SELECT $1::int`, 1).Scan(new(int)) },
		"Query": func() error {
			rows, _ := adb.Query(ctx, `SELECT generate_series(1, $1)`, 1000)
			_, err := pgx.CollectRows(rows, pgx.RowTo[int])
			return err
		},
		"SendBatch": func() error {
			b := &pgx.Batch{}
			b.Queue(`SELECT $1::int`, 1)
			b.Queue(`SELECT $1::int`, 2)
			return adb.SendBatch(ctx, b).Close()
		},
		"Begin": func() error {
			return pgx.BeginFunc(ctx, adb, func(tx pgx.Tx) error { return tx.QueryRow(ctx, `SELECT $1::int`, 1).Scan(new(int)) })
		},
	} {
		for range 2 {
			if err := do(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		names, err := pgx.CollectRows(must(conn.Query(context.Background(), `SELECT name FROM pg_prepared_statements WHERE statement LIKE '%exaudit.custom%' AND name LIKE 'exaudit%'`)), pgx.RowTo[string])
		end(t, err)
		if len(names) == 0 {
			t.Fatalf("%s: custom data is not prepared", name)
		}
		for _, name := range names {
			_, err := conn.Exec(context.Background(), `DEALLOCATE `+name)
			end(t, err)
		}
		if err := do(); err == nil || !strings.Contains(err.Error(), "set custom data: ERROR") {
			t.Errorf("%s: got %v", name, err)
		}
		if err := do(); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// wrapped is a Conn of a type that exaudit does not know.
type wrapped struct{ exaudit.Conn }

// mocked is a transaction whose Conn does not work, as those of mocks.
type mocked struct {
	wrapped
	conn func() *pgx.Conn
}

func (m mocked) Conn() *pgx.Conn { return m.conn() }

// A Conn of another type records by transactions that it begins; one that cannot tell its
// connection gets all as it is.
func TestOtherConns(t *testing.T) {
	t.Parallel()
	ctx := by(context.Background(), "a")
	db := pgtest.New(t)
	const asks = `SELECT coalesce(current_setting('exaudit.custom', true), '') || left($1, 0)`
	const asksPlainly = `SELECT coalesce(current_setting('exaudit.custom', true), '')`
	for _, mode := range modes {
		pool := poolOf(t, db, mode)
		conn, err := pgx.Connect(ctx, db.URL)
		end(t, err)
		defer func() { _ = conn.Close(ctx) }()
		for name, test := range map[string]struct {
			of   exaudit.Conn
			want string
		}{
			"unknown":    {wrapped{pool}, `{"who":"a"}`},
			"wrapper":    {mocked{wrapped{conn}, func() *pgx.Conn { return conn }}, `{"who":"a"}`},
			"nil":        {mocked{wrapped{pool}, func() *pgx.Conn { return nil }}, ``},
			"panics":     {mocked{wrapped{pool}, func() *pgx.Conn { panic("Conn() is not available in pgxmock") }}, ``},
			"itself":     {exaudit.New(pool), `{"who":"a"}`},
			"of a mock":  {mocked{wrapped{exaudit.New(pool)}, func() *pgx.Conn { return nil }}, `{"who":"a"}`},
			"of unknown": {exaudit.New(wrapped{wrapped{pool}}), `{"who":"a"}`},
		} {
			db := exaudit.New(test.of)
			var got [6]string
			if err := db.QueryRow(ctx, asks, "x").Scan(&got[0]); err != nil {
				t.Errorf("%s, %s: %v", mode, name, err)
			}
			rows, err := db.Query(ctx, asksPlainly)
			end(t, err)
			got[1], err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
			end(t, err)
			if _, err := db.Exec(ctx, asksPlainly); err != nil {
				t.Errorf("%s, %s: %v", mode, name, err)
			}
			b := &pgx.Batch{}
			b.Queue(asks, "x")
			br := db.SendBatch(ctx, b)
			end(t, br.QueryRow().Scan(&got[2]))
			end(t, br.Close())
			_, err = db.CopyFrom(ctx, pgx.Identifier{"nosuch"}, []string{"a"}, pgx.CopyFromRows(nil))
			if err == nil {
				t.Errorf("%s, %s: no error", mode, name)
			}
			tx := begin(t, ctx, db)
			end(t, tx.QueryRow(ctx, asks, "x").Scan(&got[3]))
			inner := begin(t, ctx, tx)
			end(t, inner.QueryRow(ctx, asksPlainly).Scan(&got[4]))
			end(t, inner.Commit(ctx))
			end(t, tx.Commit(ctx))
			if err := db.QueryRow(ctx, asks, strings.Repeat("x", 20000)).Scan(&got[5]); err != nil {
				t.Errorf("%s, %s: %v", mode, name, err)
			}
			want := [6]string{test.want, test.want, test.want, test.want, test.want, test.want}
			if name == "nil" || name == "panics" {
				want[3], want[4] = `{"who":"a"}`, `{"who":"a"}` // the pool's transactions have one
			}
			if got != want {
				t.Errorf("%s, %s: got %q, want %q", mode, name, got, want)
			}
		}
	}
}

// A DB has the methods by which libraries find the exec mode of a pool or a connection.
func TestConfigAndConn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	pool := poolOf(t, db, pgx.QueryExecModeExec)
	var _ interface {
		Config() *pgxpool.Config
		Conn() *pgx.Conn
	} = exaudit.New(pool)
	if got := exaudit.New(pool).Config(); got == nil || got.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeExec || exaudit.New(pool).Conn() != nil {
		t.Error("a DB of a pool does not have its configuration")
	}
	tx := begin(t, ctx, pool)
	audited := begin(t, ctx, exaudit.New(tx))
	for name, of := range map[string]exaudit.Conn{"tx": tx, "nested": audited, "conn": tx.Conn()} {
		if d := exaudit.New(of); d.Conn() != tx.Conn() || d.Config() != nil {
			t.Errorf("a DB of a %s does not have its connection", name)
		}
	}
}
