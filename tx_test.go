package exaudit_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

const notes = `CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);`

func by(ctx context.Context, who string) context.Context {
	return exaudit.With(ctx, exaudit.Custom{"who": who})
}

// authors returns who wrote each note, in their order.
func authors(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	return pgtest.One[string](t, db, `SELECT coalesce(string_agg((after->>'body') || ':' || coalesce(custom->>'who', '-'), ' ' ORDER BY id), '') FROM exaudit.versions`)
}

func note(t *testing.T, ctx context.Context, c interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, body string) {
	t.Helper()
	if _, err := c.Exec(ctx, `INSERT INTO notes (body) VALUES ($1)`, body); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, ctx context.Context, c interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}) pgx.Tx {
	t.Helper()
	tx, err := c.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // after a failure
	return tx
}

func end(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// setting returns the value that a trigger would read now, without the DB noticing.
func setting(t *testing.T, tx pgx.Tx) string { return asked(t, tx.Conn()) }

func asked(t *testing.T, of interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (custom string) {
	t.Helper()
	const sql = `SELECT coalesce(current_setting('exaudit.custom', true), '')`
	if err := of.QueryRow(context.Background(), sql).Scan(&custom); err != nil {
		t.Fatal(err)
	}
	return custom
}

// In a transaction, each statement records what its own context says, and what the
// transaction's said where it says nothing; nested transactions scope that.
func TestTransactions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		do   func(t *testing.T, db *exaudit.DB)
		want string
	}{
		"one": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			note(t, by(ctx, "a"), tx, "1")
			note(t, ctx, tx, "2")
			note(t, by(ctx, "b"), tx, "3")
			note(t, ctx, tx, "4")
			end(t, tx.Commit(ctx))
			note(t, ctx, db, "5")
		}, "1:a 2:a 3:b 4:a 5:-"},
		"begun without": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, ctx, db)
			note(t, ctx, tx, "1")
			note(t, by(ctx, "a"), tx, "2")
			note(t, ctx, tx, "3")
			end(t, tx.Commit(ctx))
		}, "1:- 2:a 3:-"},
		"nested": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			released := begin(t, by(ctx, "b"), tx)
			note(t, ctx, released, "1")
			deeper := begin(t, by(ctx, "c"), released)
			note(t, ctx, deeper, "2")
			end(t, deeper.Commit(ctx))
			if got := setting(t, tx); got != `{"who":"b"}` {
				t.Errorf("after the release: %s", got)
			}
			note(t, ctx, released, "3")
			end(t, released.Commit(ctx))
			if got := setting(t, tx); got != `{"who":"a"}` {
				t.Errorf("after the release: %s", got)
			}
			note(t, ctx, tx, "4")
			undone := begin(t, by(ctx, "d"), tx)
			note(t, ctx, undone, "x")
			end(t, undone.Rollback(ctx))
			if got := setting(t, tx); got != `{"who":"a"}` {
				t.Errorf("after the rollback: %s", got)
			}
			note(t, ctx, tx, "5")
			same := begin(t, ctx, tx)
			note(t, ctx, same, "6")
			end(t, same.Commit(ctx))
			end(t, tx.Commit(ctx))
		}, "1:b 2:c 3:b 4:a 5:a 6:a"},
		"nested in one begun without": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, ctx, db)
			inner := begin(t, by(ctx, "b"), tx)
			note(t, ctx, inner, "1")
			end(t, inner.Commit(ctx))
			note(t, ctx, tx, "2")
			end(t, tx.Commit(ctx))
		}, "1:b 2:-"},
		"after an error": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			inner := begin(t, ctx, tx)
			if _, err := inner.Exec(by(ctx, "b"), `INSERT INTO notes (body) VALUES (1/$1::int)`, 0); err == nil {
				t.Error("no error")
			}
			end(t, inner.Rollback(ctx))
			note(t, by(ctx, "b"), tx, "1")
			note(t, ctx, tx, "2")
			end(t, tx.Commit(ctx))
		}, "1:b 2:a"},
		"never sent": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			if _, err := tx.Exec(by(ctx, "b"), `INSERT INTO notes (body) VALUES (@body)`, pgx.StrictNamedArgs{}); err == nil {
				t.Error("no error")
			}
			note(t, by(ctx, "b"), tx, "1")
			note(t, ctx, tx, "2")
			end(t, tx.Commit(ctx))
		}, "1:b 2:a"},
		"savepoints by hand": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			for _, sql := range []string{`SAVEPOINT s`, `INSERT INTO notes (body) VALUES ('x')`, `ROLLBACK TO SAVEPOINT s`} {
				if _, err := tx.Exec(by(ctx, "b"), sql); err != nil {
					t.Fatal(err)
				}
			}
			note(t, by(ctx, "b"), tx, "1")
			note(t, ctx, tx, "2")
			end(t, tx.Commit(ctx))
		}, "1:b 2:a"},
		"savepoints by hand, queried": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			_, err := tx.Exec(ctx, `SAVEPOINT s`)
			end(t, err)
			for _, sql := range []string{"ROLLBACK TO s", "-- name: Undo :one\n/* so */ rollback to s"} {
				note(t, by(ctx, "b"), tx, "x")
				rows, err := tx.Query(by(ctx, "b"), sql)
				end(t, err)
				rows.Close()
				note(t, by(ctx, "b"), tx, "1")
				note(t, by(ctx, "b"), tx, "y")
				_ = tx.QueryRow(by(ctx, "b"), sql).Scan()
				note(t, by(ctx, "b"), tx, "2")
			}
			end(t, tx.Commit(ctx))
		}, "2:b"},
		"chained": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			note(t, ctx, tx, "1")
			_, err := tx.Exec(ctx, `COMMIT AND CHAIN`)
			end(t, err)
			note(t, ctx, tx, "2")
			end(t, tx.Commit(ctx))
		}, "1:a 2:a"},
		"every way to write": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			if err := tx.QueryRow(by(ctx, "b"), `INSERT INTO notes (body) VALUES (1) RETURNING id`).Scan(new(int)); err != nil {
				t.Error(err)
			}
			if _, err := tx.CopyFrom(by(ctx, "c"), pgx.Identifier{"notes"}, []string{"body"}, pgx.CopyFromRows([][]any{{"2"}})); err != nil {
				t.Error(err)
			}
			b := &pgx.Batch{}
			b.Queue(`INSERT INTO notes (body) VALUES (3)`)
			end(t, tx.SendBatch(by(ctx, "d"), b).Close())
			b = &pgx.Batch{}
			b.Queue(`INSERT INTO notes (body) VALUES (4)`)
			end(t, tx.SendBatch(ctx, b).Close())
			if _, err := tx.Exec(by(ctx, "e"), `INSERT INTO notes (body) VALUES ('5'); INSERT INTO notes (body) VALUES ('6')`); err != nil {
				t.Error(err)
			}
			if _, err := tx.Exec(by(ctx, "f"), `INSERT INTO notes (body) VALUES ($1)`, pgx.QueryExecModeExec, "7"); err != nil {
				t.Error(err)
			}
			rows, err := tx.Query(by(ctx, "g"), `INSERT INTO notes (body) VALUES ($1) RETURNING body`, pgx.QueryResultFormats{1}, "8")
			if _, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string]); err != nil {
				t.Error(err)
			}
			end(t, err)
			note(t, ctx, tx, "9")
			end(t, tx.Commit(ctx))
		}, "1:b 2:c 3:d 4:a 5:e 6:e 7:f 8:g 9:a"},
		"stamped": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			note(t, ctx, tx, "1")
			end(t, exaudit.Stamp(by(ctx, "b"), tx))
			note(t, ctx, tx, "2")
			note(t, by(ctx, "c"), tx, "3")
			note(t, ctx, tx, "4")
			end(t, exaudit.Stamp(ctx, tx))
			note(t, ctx, tx, "5")
			end(t, tx.Commit(ctx))
		}, "1:a 2:b 3:c 4:b 5:-"},
		"a batch that begins": {func(t *testing.T, db *exaudit.DB) {
			for _, ctx := range []context.Context{by(ctx, "a"), ctx} {
				b := &pgx.Batch{}
				b.BeginTx(pgx.TxOptions{})
				b.Queue(`INSERT INTO notes (body) VALUES (1)`)
				br := db.SendBatch(ctx, b)
				end(t, br.Close())
				note(t, ctx, br.Tx(), "2")
				note(t, by(ctx, "b"), br.Tx(), "3")
				note(t, ctx, br.Tx(), "4")
				end(t, br.Tx().Commit(ctx))
			}
		}, "1:a 2:a 3:b 4:a 1:- 2:- 3:b 4:-"},
		"nested, failing and panicking": {func(t *testing.T, db *exaudit.DB) {
			tx := begin(t, by(ctx, "a"), db)
			inner := begin(t, by(ctx, "b"), tx)
			if _, err := inner.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"nosuch"}, pgx.CopyFromRows([][]any{{1}})); err == nil {
				t.Error("no error")
			}
			end(t, inner.Rollback(ctx))
			note(t, ctx, tx, "1")
			func() {
				defer func() { _ = recover() }()
				_ = pgx.BeginFunc(by(ctx, "c"), tx, func(tx pgx.Tx) error {
					note(t, ctx, tx, "x")
					panic("func")
				})
			}()
			note(t, ctx, tx, "2")
			end(t, tx.Commit(ctx))
		}, "1:a 2:a"},
		"texts": {func(t *testing.T, db *exaudit.DB) {
			for _, sql := range []string{
				`BEGIN; INSERT INTO notes (body) VALUES ('1'); COMMIT`,
				`INSERT INTO notes (body) VALUES ('2'); INSERT INTO notes (body) VALUES ('3')`,
				`BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO notes (body) VALUES ('4'); COMMIT; INSERT INTO notes (body) VALUES ('5')`,
			} {
				_, err := db.Exec(by(ctx, "a"), sql)
				end(t, err)
			}
			note(t, ctx, db, "6")
		}, "1:a 2:a 3:a 4:a 5:- 6:-"},
		"rolled back": {func(t *testing.T, db *exaudit.DB) {
			err := pgx.BeginFunc(by(ctx, "a"), db, func(tx pgx.Tx) error {
				note(t, ctx, tx, "x")
				return errors.New("no")
			})
			if err == nil || err.Error() != "no" {
				t.Error(err)
			}
			note(t, ctx, db, "1")
		}, "1:-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, notes)
			auditdb.Install(t, db, "notes")
			test.do(t, exaudit.New(poolOf(t, db, pgx.QueryExecModeCacheStatement)))
			if got := authors(t, db); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// What a transaction has to do before its first query, it can do with custom data, too.
func TestBeforeTheFirstQuery(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, notes)
	plain := context.Background()
	for _, ctx := range []context.Context{plain, exaudit.Ignore(by(plain, "it's"))} {
		pool := poolOf(t, db, pgx.QueryExecModeCacheStatement)
		conn, err := pgx.Connect(plain, db.URL)
		end(t, err)
		defer func() { _ = conn.Close(plain) }()
		for _, adb := range []*exaudit.DB{exaudit.New(pool), exaudit.New(conn)} {
			tx := begin(t, ctx, adb)
			_, err := tx.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`)
			end(t, err)
			end(t, tx.Rollback(ctx))

			tx, err = adb.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
			end(t, err)
			db.Exec(t, `INSERT INTO notes (body) VALUES ('another')`)
			_, err = tx.Exec(ctx, `LOCK TABLE notes`)
			end(t, err)
			var seen int
			end(t, tx.QueryRow(ctx, `SELECT count(*) FROM notes`).Scan(&seen))
			end(t, tx.Rollback(ctx))
			if want := pgtest.One[int](t, db, `SELECT count(*) FROM notes`); seen != want {
				t.Errorf("the locked table has %d rows, want %d", seen, want)
			}

			tx, err = adb.BeginTx(ctx, pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL lock_timeout = '7s' -- so"})
			end(t, err)
			var timeout string
			end(t, tx.QueryRow(ctx, `SHOW lock_timeout`).Scan(&timeout))
			end(t, tx.Rollback(ctx))
			if timeout != "7s" {
				t.Errorf("lock_timeout is %s", timeout)
			}
			if _, err := adb.BeginTx(ctx, pgx.TxOptions{BeginQuery: `BEGIN ISOLATION LEVEL nosuch`}); err == nil {
				t.Error("no error")
			}
			if _, err := adb.Exec(ctx, `SELECT 1`); err != nil {
				t.Error(err)
			}
		}
		adb := exaudit.New(conn)
		_, err = adb.Exec(ctx, `BEGIN ISOLATION LEVEL SERIALIZABLE`)
		end(t, err)
		_, err = adb.Exec(ctx, `ROLLBACK`)
		end(t, err)
	}
}

// An argument that cannot be encoded costs neither the connection nor its transaction.
func TestEncoding(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ctx := by(context.Background(), "a")
	for _, mode := range modes {
		pool := poolOf(t, db, mode)
		backend := func(c exaudit.Conn) (pid int) {
			end(t, c.QueryRow(context.Background(), `SELECT pg_backend_pid()`).Scan(&pid))
			return pid
		}
		tx := begin(t, context.Background(), pool)
		for _, run := range []exaudit.Conn{tx, pool} {
			name := fmt.Sprintf("%T", run)
			if run == exaudit.Conn(pool) {
				end(t, tx.Rollback(ctx))
			}
			db, before := exaudit.New(run), backend(run)
			for range 2 {
				for _, bad := range []any{make(chan int), failing{}} {
					_, want := run.Exec(ctx, `SELECT $1::int`, bad)
					_, exec := db.Exec(ctx, `SELECT $1::int`, bad)
					row := db.QueryRow(ctx, `SELECT $1::int`, bad).Scan(new(int))
					if want == nil || describe(exec) != describe(want) || describe(row) != describe(want) {
						t.Errorf("%s, %s: got %v and %v, want %v", mode, name, exec, row, want)
					}
				}
				if mode == pgx.QueryExecModeCacheStatement {
					if _, err := db.Exec(ctx, `SELECT $1::int`, int64(1)<<40); err == nil || errors.As(err, new(*pgconn.PgError)) {
						t.Errorf("got %v, want pgx's own error", err)
					}
				}
			}
			if after := backend(run); after != before {
				t.Errorf("%s, %s: another connection", mode, name)
			}
		}
	}
}

type failing struct{}

func (failing) Value() (driver.Value, error) { return nil, errors.New("no value") }

// Stamping replaces all that was said before.
func TestStampAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, notes)
	adb := exaudit.New(db.Pool)
	_, err := adb.Install(ctx, []string{"notes"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"notes": {AllowIgnore: true}}})
	end(t, err)
	for _, from := range []exaudit.Conn{db.Pool, adb} {
		tx := begin(t, ctx, from)
		end(t, exaudit.Stamp(exaudit.Ignore(by(ctx, "a")), tx))
		note(t, ctx, tx, "x")
		end(t, exaudit.Stamp(by(ctx, "b"), tx))
		note(t, ctx, tx, "1")
		end(t, exaudit.Stamp(ctx, tx))
		note(t, ctx, tx, "2")
		end(t, tx.Commit(ctx))
	}
	if got, want := authors(t, db), "1:b 2:- 1:b 2:-"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A transaction begun elsewhere keeps the custom data that was set there.
func TestForeignTransaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, notes)
	auditdb.Install(t, db, "notes")
	raw := begin(t, ctx, db.Pool)
	end(t, exaudit.Stamp(by(ctx, "a"), raw))
	tx := exaudit.New(raw)
	note(t, ctx, tx, "1")
	note(t, by(ctx, "b"), tx, "2")
	note(t, ctx, tx, "3")
	note(t, by(ctx, "c"), exaudit.New(raw), "4") // which does not know of the other
	inner := begin(t, by(ctx, "d"), tx)
	note(t, ctx, inner, "5")
	end(t, inner.Commit(ctx))
	note(t, ctx, tx, "6")
	if _, err := tx.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable}); err == nil {
		t.Error("a nested transaction took options")
	}
	end(t, raw.Commit(ctx))
	if got, want := authors(t, db), "1:a 2:b 3:a 4:c 5:d 6:a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := tx.Exec(by(ctx, "e"), `SELECT 1`); !errors.Is(err, pgx.ErrTxClosed) {
		t.Errorf("got %v, want ErrTxClosed", err)
	}
}

// What a statement through a DB says of a transaction that was begun elsewhere is over when
// the statement is, for what else is done there, in each way and mode.
func TestForeignTransactionKeepsItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const insert = `INSERT INTO notes (body) VALUES ($1)`
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, notes)
			auditdb.Install(t, db, "notes")
			pool := poolOf(t, db, mode)
			conn, err := pool.Acquire(ctx)
			end(t, err)
			defer conn.Release()
			for name, b := range map[string]context.Context{"data": by(ctx, "b"), "and ignored": exaudit.Ignore(by(ctx, "b"))} {
				for way, do := range map[string]func(exaudit.Conn) error{
					"exec":  func(c exaudit.Conn) error { _, err := c.Exec(b, insert, "b"); return err },
					"alone": func(c exaudit.Conn) error { _, err := c.Exec(b, `INSERT INTO notes (body) VALUES ('b')`); return err },
					"several": func(c exaudit.Conn) error {
						_, err := c.Exec(b, `SELECT 1; INSERT INTO notes (body) VALUES ('b')`)
						return err
					},
					"a mode": func(c exaudit.Conn) error {
						_, err := c.Exec(b, insert, pgx.QueryExecModeSimpleProtocol, "b")
						return err
					},
					"row": func(c exaudit.Conn) error { return c.QueryRow(b, insert+` RETURNING id`, "b").Scan(new(int)) },
					"rows": func(c exaudit.Conn) error {
						rows, _ := c.Query(b, insert+` RETURNING id`, "b")
						rows.Close()
						return rows.Err()
					},
					"large": func(c exaudit.Conn) error {
						_, err := c.Exec(b, `INSERT INTO notes (body) SELECT left($1, 1)`, strings.Repeat("b", 20000))
						return err
					},
					"copy": func(c exaudit.Conn) error {
						_, err := c.CopyFrom(b, pgx.Identifier{"notes"}, []string{"body"}, pgx.CopyFromRows([][]any{{"b"}}))
						return err
					},
					"batch": func(c exaudit.Conn) error {
						batch := &pgx.Batch{}
						batch.Queue(insert, "b")
						batch.Queue(insert, "b")
						return c.SendBatch(b, batch).Close()
					},
					"nested": func(c exaudit.Conn) error {
						return pgx.BeginFunc(b, c, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, insert, "b"); return err })
					},
					"encoding": func(c exaudit.Conn) error { _, _ = c.Exec(b, insert, make(chan int)); return nil },
				} {
					for _, from := range []exaudit.Conn{begin(t, ctx, conn), conn} {
						if from == exaudit.Conn(conn) { // a transaction that was begun by hand
							if way == "nested" { // is none: pgx begins and commits
								continue
							}
							_, err := conn.Exec(ctx, `BEGIN`)
							end(t, err)
						}
						_, err := from.Exec(ctx, `SELECT set_config('exaudit.custom', '{"who":"a"}', true)`)
						end(t, err)
						if err := do(exaudit.New(from)); err != nil {
							t.Errorf("%s, %s: %v", way, name, err)
						}
						var ignore string
						end(t, from.QueryRow(ctx, `SELECT coalesce(current_setting('exaudit.ignore', true), '')`).Scan(&ignore))
						if got := asked(t, from); got != `{"who":"a"}` || ignore != "" {
							t.Errorf("%s, %s: the transaction has %s, %q", way, name, got, ignore)
						}
						_, err = conn.Exec(ctx, `COMMIT`)
						end(t, err)
					}
				}
			}
			const wrong = `SELECT count(*) FROM exaudit.versions WHERE after->>'body' = 'b' AND custom->>'who' IS DISTINCT FROM 'b'`
			if n := pgtest.One[int](t, db, wrong); n != 0 {
				t.Errorf("%d versions have another's data", n)
			}
		})
	}
}

// A revert, and what is tracked by hand, are part of a transaction and leave it as it was.
func TestRevertInAuditedTransaction(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, notes)
	auditdb.Install(t, db, "notes")
	adb := exaudit.New(db.Pool)
	note(t, by(ctx, "a"), adb, "1")
	tx := begin(t, by(ctx, "b"), adb)
	inTx := exaudit.New(tx)
	if _, err := inTx.Revert(by(ctx, "c"), 1, nil); err != nil {
		t.Fatal(err)
	}
	note(t, ctx, tx, "2")
	if _, err := exaudit.Track(ctx, tx, audit.Change{Table: "notes", After: map[string]any{"id": 9, "body": "3"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := exaudit.Track(by(ctx, "d"), tx, audit.Change{Table: "notes", After: map[string]any{"id": 10, "body": "4"}}); err != nil {
		t.Fatal(err)
	}
	note(t, ctx, tx, "5")
	end(t, tx.Commit(ctx))
	const sql = `SELECT string_agg(coalesce(after->>'body', 'gone') || ':' || (custom->>'who'), ' ' ORDER BY id) FROM exaudit.versions`
	if got, want := pgtest.One[string](t, db, sql), "1:a gone:c 2:b 3:b 4:d 5:b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Custom data is data, whatever is in it and however the session reads quotes.
func TestCustomIsNoSQL(t *testing.T) {
	t.Parallel()
	plain := context.Background()
	db := pgtest.New(t)
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{`'`, `''`, `\`, `\'`, `"`, `;`, `--`, `/*`, `*/`, `$1`, `$$`, `E'`, "\n", ` `, `%s`, `\u0041`, `x`, `, true); DROP TABLE notes; --`}
	for settings, more := range map[string][]string{
		``:                                      {`ä`, `表`, `😀`, `ʼ`},
		`SET standard_conforming_strings = off`: {`ä`, `表`, `😀`},
		`SET client_encoding = 'LATIN1'`:        nil,
		`SET client_encoding = 'SJIS'`:          nil,
		`SET client_encoding = 'BIG5'; SET standard_conforming_strings = off`: nil,
	} {
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
			if settings != `` && mode == pgx.QueryExecModeSimpleProtocol {
				continue // pgx refuses
			}
			pool := poolOf(t, db, mode)
			_, err := pool.Exec(plain, settings)
			end(t, err)
			adb := exaudit.New(pool)
			for range 150 {
				var text string
				for range random.IntN(8) {
					text += append(pieces, more...)[random.IntN(len(pieces)+len(more))]
				}
				ctx := exaudit.With(plain, exaudit.Custom{text: text})
				want := asJSON(t, customOf(ctx))
				tx := begin(t, ctx, adb)
				got := asked(t, tx)
				end(t, tx.Rollback(ctx))
				var queried string
				end(t, adb.QueryRow(ctx, `SELECT current_setting('exaudit.custom')`).Scan(&queried))
				for _, sent := range []string{got, queried} { // in ASCII
					var custom exaudit.Custom
					end(t, json.Unmarshal([]byte(sent), &custom))
					if asJSON(t, custom) != want {
						t.Fatalf("%s: got %s, want %s", settings, sent, want)
					}
				}
				_, err := adb.Exec(ctx, `DO $do$ BEGIN ASSERT current_setting('exaudit.custom')::jsonb IS NOT NULL; END $do$`)
				end(t, err)
			}
		}
	}
}
