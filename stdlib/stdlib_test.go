package stdlib_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	pgxstdlib "github.com/jackc/pgx/v5/stdlib"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/sqlcapp/prepared"
	"github.com/exaudit/exaudit/stdlib"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func by(ctx context.Context, who string) context.Context {
	return exaudit.With(ctx, exaudit.Custom{"who": who})
}

// What sqlc generates for database/sql runs unchanged, prepared or not, in a transaction or
// not, and is recorded with who did it.
func TestSQLC(t *testing.T) {
	t.Parallel()
	schema, err := os.ReadFile("../internal/sqlcapp/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := auditdb.New(t, string(schema))
	auditdb.Install(t, db, "authors", "books")
	config, err := pgx.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() *sql.DB{
		"config":    func() *sql.DB { return stdlib.OpenDB(*config) },
		"pool":      func() *sql.DB { return stdlib.OpenDBFromPool(db.Pool) },
		"connector": func() *sql.DB { return sql.OpenDB(stdlib.Connector(pgxstdlib.GetConnector(*config))) },
	} {
		t.Run(name, func(t *testing.T) {
			pool := open()
			defer pool.Close()
			pool.SetMaxOpenConns(8)
			plain := context.Background()
			ctx := by(plain, "ann")
			statements, err := prepared.Prepare(plain, pool)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range []*prepared.Queries{prepared.New(pool), statements} {
				use(t, ctx, pool, q, prepared.New(pool))
			}
			if err := statements.Close(); err != nil {
				t.Error(err)
			}
			if _, err := pool.ExecContext(plain, `UPDATE authors SET name = 'nobody'`); err != nil {
				t.Error(err)
			}
			const sql = `SELECT string_agg(n || ' ' || w, ', ' ORDER BY w) FROM (SELECT count(*) n, coalesce(custom->>'who', '-') w FROM exaudit.versions GROUP BY w) c`
			if got, want := pgtest.One[string](t, db, sql), "2 -, 10 ann, 2 bea"; got != want {
				t.Errorf("versions: %s; want %s", got, want)
			}
			db.Exec(t, `TRUNCATE authors, books; BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions; COMMIT`)
		})
	}
}

func use(t *testing.T, ctx context.Context, pool *sql.DB, q, fresh *prepared.Queries) {
	t.Helper()
	ada, err := q.CreateAuthor(ctx, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := q.RenameAuthor(ctx, prepared.RenameAuthorParams{ID: ada.ID, Name: "Ada L."}); n != 1 || err != nil {
		t.Errorf("renamed %d, %v", n, err)
	}
	if list, err := q.ListAuthors(ctx); err != nil || len(list) == 0 {
		t.Errorf("%v, %v", list, err)
	}
	id := "00000000-0000-0000-0000-000000000001"
	book, err := q.CreateBook(ctx, prepared.CreateBookParams{ID: id, Author: ada.ID, Title: "Notes", Price: sql.NullString{String: "1.50", Valid: true}})
	if err != nil || book.ID != id || book.Price.String != "1.50" {
		t.Errorf("%+v, %v", book, err)
	}
	// what fails at commit is an error of the query
	var pgErr *pgconn.PgError
	_, err = q.CreateBook(ctx, prepared.CreateBookParams{ID: "00000000-0000-0000-0000-000000000002", Author: 99, Title: "None"})
	if !errors.As(err, &pgErr) || pgErr.Code != "23503" {
		t.Errorf("got %v, want a foreign-key violation", err)
	}
	rows, err := pool.QueryContext(ctx, `INSERT INTO books (id, author, title) VALUES ('00000000-0000-0000-0000-000000000003', 99, '') RETURNING id`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
	}
	if err := rows.Err(); !errors.As(err, &pgErr) || pgErr.Code != "23503" {
		t.Errorf("got %v, want a foreign-key violation", err)
	}
	if err := rows.Close(); err != nil {
		t.Errorf("closed: %v", err)
	}
	if _, err := q.DeleteAllBooks(ctx); err != nil {
		t.Error(err)
	}
	tx, err := pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.WithTx(tx).RenameAuthor(context.Background(), prepared.RenameAuthorParams{ID: ada.ID, Name: "A"}); err != nil {
		t.Error(err)
	}
	const rename = `UPDATE authors SET name = 'B' WHERE id = $1 RETURNING name`
	if err := tx.QueryRowContext(by(ctx, "bea"), rename, ada.ID).Scan(new(string)); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	bad := exaudit.With(ctx, exaudit.Custom{"x": make(chan int)})
	if _, err := q.CreateAuthor(bad, "x"); !reason.Is(err, audit.InvalidCustom) {
		t.Errorf("got %v, want InvalidCustom", err)
	}
	if _, err := q.RenameAuthor(bad, prepared.RenameAuthorParams{}); !reason.Is(err, audit.InvalidCustom) {
		t.Errorf("got %v, want InvalidCustom", err)
	}
}

// A stale cached statement fails as often with custom data as without, and rows that nobody
// closes hold no locks.
func TestAsWithoutCustomData(t *testing.T) {
	t.Parallel()
	plain := context.Background()
	failures := func(ctx context.Context, do func(context.Context, *sql.DB, any) error) (failed int) {
		db := auditdb.New(t, `CREATE TABLE t (f int); INSERT INTO t VALUES (0)`)
		pool := stdlib.OpenDBFromPool(db.Pool)
		defer pool.Close()
		pool.SetMaxOpenConns(1)
		for range 3 {
			if err := do(ctx, pool, 1); err != nil {
				t.Error(err)
			}
		}
		db.Exec(t, `ALTER TABLE t ALTER f TYPE bool USING f::bool`)
		for range 4 {
			if err := do(ctx, pool, true); err != nil {
				failed++
			}
		}
		return failed
	}
	for name, do := range map[string]func(context.Context, *sql.DB, any) error{
		"exec": func(ctx context.Context, db *sql.DB, v any) error {
			_, err := db.ExecContext(ctx, `UPDATE t SET f = $1`, v)
			return err
		},
		"query": func(ctx context.Context, db *sql.DB, v any) error {
			return db.QueryRowContext(ctx, `UPDATE t SET f = $1 RETURNING f`, v).Scan(new(any))
		},
	} {
		if got, want := failures(by(plain, "a"), do), failures(plain, do); got > want {
			t.Errorf("%s fails %d times, without custom data %d", name, got, want)
		}
	}

	db := auditdb.New(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	auditdb.Install(t, db, "t")
	pool := stdlib.OpenDBFromPool(db.Pool)
	left, err := pool.QueryContext(by(plain, "a"), `INSERT INTO t VALUES (1), (2) RETURNING id`)
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `SET lock_timeout = '2s'; ALTER TABLE t ADD a int`)
	if got := pgtest.One[string](t, db, `SELECT string_agg(custom->>'who', ' ') FROM exaudit.versions`); got != "a a" {
		t.Errorf("recorded of %s", got)
	}
	_ = left.Close()
	_ = pool.Close()
}
