package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

var (
	_ exaudit.Conn = (*pgxpool.Pool)(nil)
	_ exaudit.Conn = (*pgxpool.Conn)(nil)
	_ exaudit.Conn = (*pgx.Conn)(nil)
	_ exaudit.Conn = pgx.Tx(nil)
	_ exaudit.Conn = (*exaudit.DB)(nil)
)

// things has what makes statements fail, early and late.
const things = `
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE things (
	id     int PRIMARY KEY,
	name   text UNIQUE,
	parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED,
	total  numeric(10,2) CHECK (total >= 0),
	tags   text[]
);
INSERT INTO parents VALUES (1);
INSERT INTO things SELECT n, 'thing ' || n, 1, n, ARRAY['a', 'b'] FROM generate_series(1, 5) n;
CREATE FUNCTION fails(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF $1 = 3 THEN RAISE EXCEPTION 'three' USING HINT = 'not three', DETAIL = 'it is'; END IF; RETURN $1; END $$;
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;`

var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
	pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
}

// poolOf gives a pool of one connection in a mode: what a statement leaves behind is there
// for the next.
func poolOf(t testing.TB, db *pgtest.DB, mode pgx.QueryExecMode, more ...func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	config.ConnConfig.DefaultQueryExecMode = mode
	for _, m := range more {
		m(config)
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// describe puts all that a caller can see of an error into words.
func describe(err error) string {
	if err == nil {
		return "no error"
	}
	text := strings.ReplaceAll(err.Error(), "; with custom data, statements run in a transaction: use exaudit.Without", "")
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		e := *pgErr
		e.File, e.Line, e.Routine, e.Where = "", 0, "", ""
		text += fmt.Sprintf(" %+v", e)
	}
	if errors.As(err, new(*pgconn.PrepareError)) {
		text += " of preparing"
	}
	return fmt.Sprintf("%s (no rows %v, timeout %v, retry %v)", text, errors.Is(err, pgx.ErrNoRows), pgconn.Timeout(err), pgconn.SafeToRetry(err))
}

// The same statements, through the pool and through a DB with custom data, are the same to
// the caller: results, errors, row counts.
func TestDropIn(t *testing.T) {
	t.Parallel()
	type conn interface {
		exaudit.Conn
		BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	}
	exec := func(sql string, args ...any) func(context.Context, conn) string {
		return func(ctx context.Context, c conn) string {
			tag, err := c.Exec(ctx, sql, args...)
			if err != nil && tag.String() != "" { // the tag beside an error is a detail
				tag = pgconn.CommandTag{}
			}
			return fmt.Sprintf("exec %q: %s, %s", sql, tag, describe(err))
		}
	}
	query := func(sql string, args ...any) func(context.Context, conn) string {
		return func(ctx context.Context, c conn) string {
			rows, err := c.Query(ctx, sql, args...)
			text := fmt.Sprintf("query %q: %s;", sql, describe(err))
			for rows.Next() {
				for _, f := range rows.FieldDescriptions() {
					text += fmt.Sprint(" ", f.Name, f.DataTypeOID, f.Format)
				}
				values, err := rows.Values()
				text += fmt.Sprint(" ", values, err, len(rows.RawValues()), rows.Conn() != nil, rows.TypeMap() != nil)
			}
			return text + fmt.Sprintf(" %s, %s", rows.CommandTag(), describe(rows.Err()))
		}
	}
	queryRow := func(sql string, args ...any) func(context.Context, conn) string {
		return func(ctx context.Context, c conn) string {
			var id int
			err := c.QueryRow(ctx, sql, args...).Scan(&id)
			return fmt.Sprintf("row %q: %d, %s", sql, id, describe(err))
		}
	}
	steps := []func(context.Context, conn) string{
		exec(`UPDATE things SET total = total + 1 WHERE id < $1`, 4),
		exec(`UPDATE things SET total = 0 WHERE id = 99`),
		exec(`INSERT INTO things VALUES ($1, $2)`, 1, "again"),
		exec(`INSERT INTO things VALUES ($1, $2)`, 10, nil),
		exec(`INSERT INTO things (id, parent) VALUES ($1, $2)`, 11, 99), // fails at commit
		exec(`INSERT INTO things (id, total) VALUES (12, -1)`),
		exec(`SELECT fails($1)`, 3),
		exec(`SELEC 1`), exec(`UPDATE things SET nosuch = $1`, 1), exec(`SELECT 'ä', nosuch`),
		exec(`UPDATE things SET total = 1 WHERE id = $1`, "x"), exec(`UPDATE things SET total = 1 WHERE id = $1`), exec(`SELECT 1`, 1),
		exec(``), exec(`-- nothing`),
		exec(`UPDATE things SET name = ';' WHERE id = 2`),
		exec(`INSERT INTO things (id) VALUES (20); INSERT INTO things (id) VALUES (21); DELETE FROM things WHERE id >= 20`),
		exec(`INSERT INTO things (id) VALUES (22); SELECT nosuch`),
		exec(`BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE things SET total = 12 WHERE id = 1; COMMIT`),
		exec(`START TRANSACTION; SELECT 'ä', nosuch; COMMIT`), exec(`ROLLBACK`), exec(`BEGIN; INSERT INTO things (id) VALUES (23); ROLLBACK`),
		exec(`SELECT 1; COMMIT`), exec(`SELECT 1; ROLLBACK; SELECT 2`),
		exec(`UPDATE things SET total = @total WHERE id = @id`, pgx.NamedArgs{"total": 3, "id": 1}),
		exec(`UPDATE things SET total = $1 WHERE id = $2`, pgx.QueryExecModeExec, 4, 1),
		exec(`UPDATE things SET total = @total WHERE id = @id`, pgx.QueryExecModeSimpleProtocol, pgx.NamedArgs{"total": 3, "id": 1}),
		exec(`CREATE TEMPORARY TABLE scratch (id int)`), exec(`DROP TABLE scratch`),
		query(`SELECT id, name, total, tags FROM things WHERE id < $1 ORDER BY id`, 4),
		query(`SELECT * FROM things WHERE false`),
		query(`INSERT INTO things (id, name) VALUES ($1, $2) RETURNING id, name`, 1, "again"),
		query(`INSERT INTO things (id, name) VALUES ($1, $2) RETURNING id, name`, 30, "thirty"),
		query(`INSERT INTO things (id, parent) VALUES ($1, $2) RETURNING id`, 31, 99), // fails at commit
		query(`SELECT fails(n) FROM generate_series(1, $1) n`, 5),                     // fails after rows
		query(`SELECT nosuch`), query(`SELECT $1::int`, "x"), query(``),
		query(`SELECT $1::int`), query(`SELECT 1`, 2), query(`-- nothing`), query(` `), query(`;`), queryRow(`/* nothing */`), queryRow(``),
		exec(` `), exec(`;`), exec(`/* a /* b */ ; */`),
		query(`SELECT id, total FROM things WHERE id = $1`, pgx.QueryResultFormats{pgx.TextFormatCode, pgx.TextFormatCode}, 1),
		query(`SELECT id, total FROM things WHERE id = $1`, pgx.QueryResultFormatsByOID{pgtype.Int4OID: pgx.BinaryFormatCode}, 1),
		query(`SELECT id, name FROM things WHERE id = $1`, pgx.QueryExecModeSimpleProtocol, 1),
		query(`SELECT id FROM things WHERE id = @id`, pgx.NamedArgs{"id": 1}),
		query(`SELECT id FROM things WHERE id = @id`, pgx.StrictNamedArgs{"no": 1}),
		queryRow(`SELECT id FROM things WHERE id = $1`, 1), queryRow(`SELECT id FROM things ORDER BY id`),
		queryRow(`SELECT id FROM things WHERE id = $1`, 99), queryRow(`SELECT name FROM things WHERE id = $1`, 1),
		queryRow(`INSERT INTO things (id, parent) VALUES ($1, $2) RETURNING id`, 32, 99), // fails at commit
		queryRow(`UPDATE things SET parent = 99 WHERE id = 1 AND false RETURNING id`),
		queryRow(`SELECT nosuch`), queryRow(`SELECT 1, 2`), queryRow(`SELECT fails(3)`),
		queryRow(`SELECT id FROM things WHERE id = $1`, pgx.QueryExecModeExec, 1),
		func(ctx context.Context, c conn) string {
			n, err := c.CopyFrom(ctx, pgx.Identifier{"things"}, []string{"id", "name"}, pgx.CopyFromRows([][]any{{40, "x"}, {41, "y"}}))
			return fmt.Sprint("copy ", n, describe(err))
		},
		func(ctx context.Context, c conn) string {
			n, err := c.CopyFrom(ctx, pgx.Identifier{"things"}, []string{"id", "name"}, pgx.CopyFromRows([][]any{{42, "x"}}))
			return fmt.Sprint("copy ", n, describe(err))
		},
		func(ctx context.Context, c conn) string {
			n, err := c.CopyFrom(ctx, pgx.Identifier{"things"}, []string{"id", "parent"}, pgx.CopyFromRows([][]any{{43, 99}}))
			return fmt.Sprint("copy ", n > 0, err != nil)
		},
		func(ctx context.Context, c conn) string { // closed before all rows are read
			rows, err := c.Query(ctx, `UPDATE things SET total = total + 1 RETURNING id`)
			if err != nil {
				return err.Error()
			}
			rows.Next()
			rows.Close()
			rows.Close()
			return fmt.Sprint("early close ", rows.CommandTag(), describe(rows.Err()))
		},
		func(ctx context.Context, c conn) string {
			b := &pgx.Batch{}
			b.Queue(`UPDATE things SET total = 7 WHERE id < $1`, 3)
			b.Queue(`SELECT id FROM things WHERE id < $1 ORDER BY id`, 3)
			b.Queue(`SELECT count(*) FROM things`)
			br := c.SendBatch(ctx, b)
			tag, err := br.Exec()
			text := fmt.Sprint("batch ", tag, describe(err))
			rows, err := br.Query()
			ids, collected := pgx.CollectRows(rows, pgx.RowTo[int])
			text += fmt.Sprint(ids, describe(err), describe(collected))
			var n int
			text += fmt.Sprint(describe(br.QueryRow().Scan(&n)), n, br.Tx() == nil)
			_, err = br.Exec()
			return text + fmt.Sprint(describe(err), describe(br.Close()), describe(br.Close()), b.Len())
		},
		func(ctx context.Context, c conn) string { // callbacks
			var text string
			b := &pgx.Batch{}
			b.Queue(`UPDATE things SET total = 8 WHERE id < $1`, 3).Exec(func(tag pgconn.CommandTag) error { text += tag.String(); return nil })
			b.Queue(`SELECT id FROM things WHERE id = $1`, 1).QueryRow(func(row pgx.Row) error { return row.Scan(new(int)) })
			b.Queue(`INSERT INTO things (id, parent) VALUES (50, 99)`) // fails at commit
			return text + describe(c.SendBatch(ctx, b).Close()) + text
		},
		func(ctx context.Context, c conn) string { // where the error is
			b := &pgx.Batch{}
			b.Queue(`SELECT 'ä'`)
			b.Queue(`SELECT 1, nosuch`)
			br := c.SendBatch(ctx, b)
			_, _ = br.Exec()
			_, err := br.Exec()
			text := describe(err)
			err = br.Close()
			b = &pgx.Batch{}
			b.Queue(`SELECT 1, nosuch`)
			br = c.SendBatch(ctx, b)
			text += describe(err) + describe(br.QueryRow().Scan(new(int))) + describe(br.Close())
			b = &pgx.Batch{}
			b.Queue(`SELECT 1, nosuch`)
			return text + describe(c.SendBatch(ctx, b).Close())
		},
		func(ctx context.Context, c conn) string { // a batch that begins a transaction in one
			tx, err := c.Begin(context.Background())
			if err != nil {
				return err.Error()
			}
			b := &pgx.Batch{}
			b.BeginTx(pgx.TxOptions{})
			b.Queue(`SELECT 1`)
			br := tx.SendBatch(ctx, b)
			return fmt.Sprint("begin twice ", describe(br.Close()), describe(tx.Rollback(ctx)))
		},
		func(ctx context.Context, c conn) string {
			b := &pgx.Batch{}
			b.Queue(`UPDATE things SET total = 9`)
			b.Queue(`SELECT nosuch`)
			br := c.SendBatch(ctx, b)
			_, first := br.Exec()
			_, second := br.Exec()
			return fmt.Sprint("failing batch ", first != nil, second != nil, errors.As(br.Close(), new(*pgconn.PgError)))
		},
		func(ctx context.Context, c conn) string {
			return "empty batch " + describe(c.SendBatch(ctx, &pgx.Batch{}).Close())
		},
		func(ctx context.Context, c conn) string { // a batch that begins a transaction
			b := &pgx.Batch{}
			b.BeginTx(pgx.TxOptions{IsoLevel: pgx.Serializable})
			b.Queue(`UPDATE things SET total = 11 WHERE id = $1`, 1)
			br := c.SendBatch(ctx, b)
			begin, err := br.Exec()
			update, err2 := br.Exec()
			text := fmt.Sprint(begin, describe(err), update, describe(err2), describe(br.Close()), b.Len(), br.Tx() == br.Tx())
			var level string
			err = br.Tx().QueryRow(ctx, `SHOW transaction_isolation`).Scan(&level)
			return text + level + describe(err) + describe(br.Tx().Commit(ctx)) + describe(br.Tx().Rollback(ctx))
		},
		func(ctx context.Context, c conn) string {
			tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
			if err != nil {
				return err.Error()
			}
			var level string
			text := describe(tx.QueryRow(ctx, `SHOW transaction_isolation`).Scan(&level)) + level
			_, err = tx.Exec(ctx, `DELETE FROM things`)
			text += describe(err)
			_, err = tx.Exec(ctx, `SELECT 1`)
			text += describe(err) + describe(tx.Commit(ctx)) + describe(tx.Rollback(ctx))
			_, err = tx.Exec(ctx, `SELECT 1`)
			return text + describe(err) + describe(tx.QueryRow(ctx, `SELECT 1`).Scan(new(int)))
		},
		func(ctx context.Context, c conn) string {
			return "begin func " + describe(pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO things (id, parent) VALUES (60, 99)`) // fails at commit
				return err
			}))
		},
		func(ctx context.Context, c conn) string { // cancelled while it runs
			_, _ = c.Exec(ctx, `SELECT 1`) // connect
			ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			_, err := c.Exec(ctx, `SELECT pg_sleep(2)`)
			return fmt.Sprint("timeout ", errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err), " ", err)
		},
		func(ctx context.Context, c conn) string {
			_, _ = c.Exec(ctx, `SELECT 1`) // connect
			ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			err := c.QueryRow(ctx, `SELECT 1 FROM pg_sleep(2)`).Scan(new(int))
			return fmt.Sprint("timeout ", errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err), " ", err)
		},
		func(ctx context.Context, c conn) string {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			_, err := c.Exec(ctx, `SELECT 1`)
			_, err2 := c.Query(ctx, `SELECT 1`)
			_, err3 := c.BeginTx(ctx, pgx.TxOptions{})
			return fmt.Sprint("cancelled ", describe(err), describe(err2), describe(err3), describe(c.SendBatch(ctx, &pgx.Batch{}).Close()))
		},
		func(ctx context.Context, c conn) string { // a statement whose result type has changed
			text := exec(`CREATE TABLE shape (a int)`)(ctx, c) + query(`SELECT * FROM shape`)(ctx, c)
			text += exec(`ALTER TABLE shape ADD b text`)(ctx, c)
			_ = query(`SELECT * FROM shape`)(ctx, c) // may fail once, as pgx documents
			return text + query(`SELECT * FROM shape`)(ctx, c) + exec(`DROP TABLE shape`)(ctx, c)
		},
		query(`SELECT id, name, parent, total::text, tags FROM things ORDER BY id`),
	}
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			plainDB, db := pgtest.New(t), pgtest.New(t)
			plainDB.Exec(t, things)
			db.Exec(t, things)
			plain, adb := poolOf(t, plainDB, mode), exaudit.New(poolOf(t, db, mode))
			ctx := context.Background()
			with := exaudit.With(ctx, exaudit.Custom{"actor_id": 7, "reason": "it's \\ ä"})
			for i, step := range steps {
				// twice: cached, and after its own effects
				for range 2 {
					if got, want := step(with, adb), step(ctx, plain); got != want {
						t.Errorf("step %d:\n got %s\nwant %s", i, got, want)
					}
				}
			}
		})
	}
}
