package exaudit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

type panics struct{}

func (panics) Scan(any) error { panic("scan") }

func (panics) RewriteQuery(context.Context, *pgx.Conn, string, []any) (string, []any, error) {
	panic("rewrite")
}

// Whatever happens to a statement, the next borrower of its connection gets the connection,
// and nothing that was said before.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, notes)
	auditdb.Install(t, db, "notes")
	const insert = `INSERT INTO notes (body) VALUES ($1) RETURNING id`
	ctx := by(context.Background(), "a")
	for _, mode := range modes {
		pool := poolOf(t, db, mode)
		adb := exaudit.New(pool)
		for name, misuse := range map[string]func(){
			"error":       func() { _, _ = adb.Exec(ctx, `SELECT 1/$1::int`, 0) },
			"query error": func() { _ = adb.QueryRow(ctx, `SELECT 1/$1::int`, 0).Scan(new(int)) },
			"encoding":    func() { _, _ = adb.Exec(ctx, `SELECT $1::int`, make(chan int)) },
			"cancelled": func() {
				ctx, cancel := context.WithCancel(ctx)
				rows, err := adb.Query(ctx, `SELECT pg_sleep(0.01), n FROM generate_series(1, $1) n`, 3)
				cancel()
				if err == nil {
					rows.Close()
				}
			},
			"scan panics": func() { _ = adb.QueryRow(ctx, insert, "x").Scan(panics{}) },
			"loop panics": func() {
				rows, err := adb.Query(ctx, insert, "x")
				if err == nil {
					defer rows.Close()
					panic("loop")
				}
			},
			"rewrite panics":    func() { _, _ = adb.Exec(ctx, insert, panics{}) },
			"begin func panics": func() { _ = pgx.BeginFunc(ctx, adb, func(tx pgx.Tx) error { panic("func") }) },
			"copy fails": func() {
				_, _ = adb.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"body"}, pgx.CopyFromFunc(func() ([]any, error) { return nil, errors.New("no row") }))
			},
			"options":            func() { _ = adb.QueryRow(ctx, `SELECT 1/$1::int`, pgx.QueryExecModeExec, "0").Scan(new(int)) },
			"texts":              func() { _, _ = adb.Exec(ctx, `SELECT 1; SELECT nosuch`) },
			"batch not read":     func() { b := &pgx.Batch{}; b.Queue(insert, "x"); _ = adb.SendBatch(ctx, b).Close() },
			"begin of aborted":   func() { _, _ = adb.BeginTx(ctx, pgx.TxOptions{IsoLevel: "nosuch"}) },
			"rows closed early":  func() { rows, _ := adb.Query(ctx, `SELECT generate_series(1, 1000)`); rows.Next(); rows.Close() },
			"invalid custom":     func() { _, _ = adb.Exec(exaudit.With(ctx, exaudit.Custom{"x": make(chan int)}), insert, "x") },
			"custom no object":   func() { _, _ = adb.Query(exaudit.With(ctx, exaudit.Custom{"x": "\x00"}), insert, "x") },
			"ignored":            func() { _, _ = adb.Exec(exaudit.Ignore(ctx), insert, "x") },
			"sql in custom data": func() { _, _ = adb.Exec(by(ctx, `\'; DROP TABLE notes; --`), `SELECT 1 WHERE true`) },
		} {
			func() {
				defer func() { _ = recover() }()
				misuse()
			}()
			next, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			var left string
			const sql = `SELECT coalesce(current_setting('exaudit.custom', true), '') || coalesce(current_setting('exaudit.ignore', true), '')`
			if err := pool.QueryRow(next, sql).Scan(&left); err != nil || left != "" {
				t.Fatalf("%s, %s: the next borrower finds %q, %v", mode, name, left, err)
			}
			cancel()
		}
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE custom IS NULL`); n != 0 {
		t.Errorf("%d versions without custom data", n)
	}
}

// What refuses to be part of a transaction and changes no rows runs as without custom data. A
// procedure that commits may be refused by PostgreSQL; the error says what to do.
func TestOutsideTransactions(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, things+`CREATE TYPE mood AS ENUM ('a')`)
	plain := context.Background()
	with := by(plain, "a")
	for _, mode := range modes {
		adb := exaudit.New(poolOf(t, db, mode))
		for _, sql := range []string{
			`VACUUM things`, `/* /* so */ */ vacuum (analyze) things`, `CREATE INDEX CONCURRENTLY things_total ON things (total)`,
			"REINDEX\nINDEX CONCURRENTLY things_total", `DROP INDEX concurrently things_total;`, `ALTER SYSTEM RESET work_mem`, `-- nothing`, `;`,
		} {
			for _, ctx := range []context.Context{plain, with} {
				if strings.Contains(sql, "INDEX") {
					_, _ = adb.Exec(plain, `CREATE INDEX IF NOT EXISTS things_total ON things (total)`)
					if strings.HasPrefix(sql, "CREATE") {
						_, _ = adb.Exec(plain, `DROP INDEX things_total`)
					}
				}
				if _, err := adb.Exec(ctx, sql); err != nil {
					t.Errorf("%s: %s: %v", mode, sql, err)
				}
			}
		}
		if _, err := adb.Exec(exaudit.Without(with), `CALL commits()`); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		_, exec := adb.Exec(with, `CALL commits()`)
		rows, _ := adb.Query(with, `CALL commits()`)
		rows.Close()
		for _, err := range []error{exec, rows.Err()} {
			if err != nil && !strings.Contains(err.Error(), "exaudit.Without") {
				t.Errorf("%s: CALL with custom data: %v", mode, err)
			}
		}
	}
}

// Without custom data, a statement costs what it costs without a DB.
func TestAllocations(t *testing.T) {
	db := pgtest.New(t)
	pool := poolOf(t, db, pgx.QueryExecModeCacheStatement)
	adb := exaudit.New(pool)
	ctx := context.WithValue(context.Background(), panics{}, 1)
	measure := func(c exaudit.Conn) float64 {
		var n int
		return testing.AllocsPerRun(200, func() {
			if _, err := c.Exec(ctx, `SELECT $1::int`, 1); err != nil {
				t.Fatal(err)
			}
			if err := c.QueryRow(ctx, `SELECT $1::int`, 1).Scan(&n); err != nil {
				t.Fatal(err)
			}
			rows, err := c.Query(ctx, `SELECT $1::int`, 1)
			if err != nil {
				t.Fatal(err)
			}
			rows.Close()
			b := &pgx.Batch{}
			b.Queue(`SELECT 1`)
			if err := c.SendBatch(ctx, b).Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
	if plain, through := measure(pool), measure(adb); through > plain {
		t.Errorf("%v allocations, %v without a DB", through, plain)
	}
}
