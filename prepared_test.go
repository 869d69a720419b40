package exaudit_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// A name may be anything, also what is a statement of its own, and more than a word: what it is the
// name of counts (but begin, commit and rollback in lower case, which pgx itself executes). So does the text of one that was prepared by its text, as database/sql does.
func TestPreparedByAnyName(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, notes)
	auditdb.Install(t, db, "notes")
	ctx := context.Background()
	with := by(ctx, "any")
	const insert = `INSERT INTO notes (body) VALUES ('one') RETURNING body`
	names := []string{"Commit", "Begin", "end", "Rollback", "vacuum", "lock", "lock table", "add note", "-- add", "a;b", "set $1", insert}
	for _, mode := range modes {
		pool := poolOf(t, db, mode, func(c *pgxpool.Config) {
			c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
				if _, err := conn.Prepare(ctx, "VACUUM notes", "VACUUM notes"); err != nil {
					return err
				}
				for _, name := range names {
					if _, err := conn.Prepare(ctx, name, insert); err != nil {
						return err
					}
				}
				return nil
			}
		})
		use := func(of string, c exaudit.Conn) {
			for _, name := range names {
				if tag, err := c.Exec(with, name); err != nil || tag.RowsAffected() != 1 {
					t.Errorf("%s, %s: exec %q %s, %v", mode, of, name, tag, err)
				}
				var body string
				if err := c.QueryRow(with, name).Scan(&body); err != nil || body != "one" {
					t.Errorf("%s, %s: row of %q %q, %v", mode, of, name, body, err)
				}
				if mode == pgx.QueryExecModeSimpleProtocol {
					continue // pgx itself sends batches as text then
				}
				b := &pgx.Batch{}
				b.Queue(name)
				if err := c.SendBatch(with, b).Close(); err != nil {
					t.Errorf("%s, %s: batch of %q: %v", mode, of, name, err)
				}
			}
		}
		adb := exaudit.New(pool)
		use("pool", adb)
		pooled, err := pool.Acquire(ctx)
		end(t, err)
		use("conn", exaudit.New(pooled))
		pooled.Release()
		tx := begin(t, ctx, adb)
		use("own", tx)
		end(t, tx.Commit(ctx))
		tx = begin(t, ctx, pool)
		use("foreign", exaudit.New(tx))
		end(t, tx.Commit(ctx))
		if _, err := adb.Exec(with, "VACUUM notes"); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
	want := len(names) * 4 * (3*len(modes) - 1)
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE custom->>'who' = 'any'`); n != want {
		t.Errorf("%d versions, want %d", n, want)
	}
}

// A statement that was prepared by hand is executed by its name, with custom data as
// without, on everything that a DB can be made of.
func TestPreparedByName(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, notes)
	auditdb.Install(t, db, "notes")
	ctx := context.Background()
	for _, mode := range modes {
		pool := poolOf(t, db, mode, func(c *pgxpool.Config) {
			c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
				if _, err := conn.Prepare(ctx, "add", `INSERT INTO notes (body) VALUES ($1) RETURNING body`); err != nil {
					return err
				}
				_, err := conn.Prepare(ctx, "add_one", `INSERT INTO notes (body) VALUES ('one') RETURNING body`)
				return err
			}
		})
		use := func(name string, c exaudit.Conn) {
			with := by(ctx, name)
			if tag, err := c.Exec(with, "add", name); err != nil || tag.RowsAffected() != 1 {
				t.Errorf("%s, %s: exec %s, %v", mode, name, tag, err)
			}
			if tag, err := c.Exec(with, "add_one"); err != nil || tag.RowsAffected() != 1 {
				t.Errorf("%s, %s: exec without arguments %s, %v", mode, name, tag, err)
			}
			var body string
			if err := c.QueryRow(with, "add", name).Scan(&body); err != nil || body != name {
				t.Errorf("%s, %s: row %q, %v", mode, name, body, err)
			}
			rows, err := c.Query(with, "add_one")
			end(t, err)
			if body, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string]); err != nil || body != "one" {
				t.Errorf("%s, %s: query %q, %v", mode, name, body, err)
			}
			if mode == pgx.QueryExecModeSimpleProtocol {
				return // pgx itself sends batches as text then
			}
			b := &pgx.Batch{}
			b.Queue("add", name)
			b.Queue("add_one")
			end(t, c.SendBatch(with, b).Close())
		}
		use("pool", exaudit.New(pool))
		pooled, err := pool.Acquire(ctx)
		end(t, err)
		use("pooled", exaudit.New(pooled))
		use("conn", exaudit.New(pooled.Conn()))
		pooled.Release()
		tx := begin(t, ctx, pool)
		use("foreign", exaudit.New(tx))
		end(t, tx.Commit(ctx))
		tx = begin(t, ctx, exaudit.New(pool))
		use("own", tx)
		statement, err := tx.Prepare(ctx, "later", `INSERT INTO notes (body) VALUES ($1)`)
		end(t, err)
		if _, err := tx.Exec(by(ctx, "own"), statement.Name, "own"); err != nil {
			t.Errorf("%s: prepared in a transaction: %v", mode, err)
		}
		end(t, tx.Commit(ctx))
	}
	rows, err := db.Pool.Query(ctx, `SELECT custom->>'who', count(*) FROM exaudit.versions WHERE after->>'body' IN (custom->>'who', 'one') GROUP BY 1`)
	end(t, err)
	counts := map[string]int{}
	var who string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&who, &n}, func() error { counts[who] = n; return nil })
	end(t, err)
	for _, name := range []string{"pool", "pooled", "conn", "foreign", "own"} {
		want := 4*6 + 4 // in the simple protocol, without the batch
		if name == "own" {
			want += len(modes)
		}
		if counts[name] != want {
			t.Errorf("%d versions of %s, want %d", counts[name], name, want)
		}
	}
}
