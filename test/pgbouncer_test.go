package test_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/bouncer"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// bounced starts a PgBouncer in transaction mode, with few server connections, and gives a
// function that makes pools through it.
func bounced(t *testing.T, db *pgtest.DB) func(pgx.QueryExecMode) *pgxpool.Pool {
	t.Helper()
	dir := bouncer.Start(t, db, 3)
	return func(mode pgx.QueryExecMode) *pgxpool.Pool {
		return poolOf(t, db, mode, func(c *pgxpool.Config) {
			c.MaxConns = 12
			c.ConnConfig.Host, c.ConnConfig.Port = dir, bouncer.Port
			c.ConnConfig.Fallbacks, c.ConnConfig.TLSConfig = nil, nil
		})
	}
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
			db := exaudit.New(pool(mode))
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					ctx, who := context.Background(), "nobody"
					if w%4 != 0 {
						who = fmt.Sprint("writer", w)
						ctx = by(ctx, who)
					}
					for i := range writes {
						if err := writeSomehow(ctx, db, i, who); err != nil {
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
	if n := pgtest.One[int](t, db, `SELECT count(DISTINCT transaction_id) FROM exaudit.versions`); n < 3*writers*writes*4/5 {
		t.Errorf("only %d transactions", n)
	}
}

// writeSomehow writes one note, each time another way.
func writeSomehow(ctx context.Context, db *exaudit.DB, i int, body string) error {
	const sql = `INSERT INTO notes (body) VALUES ($1) RETURNING id`
	switch i % 6 {
	case 0:
		_, err := db.Exec(ctx, sql, body)
		return err
	case 1:
		return db.QueryRow(ctx, sql, body).Scan(new(int))
	case 2:
		b := &pgx.Batch{}
		b.Queue(sql, body)
		return db.SendBatch(ctx, b).Close()
	case 3:
		_, err := db.CopyFrom(ctx, pgx.Identifier{"notes"}, []string{"body"}, pgx.CopyFromRows([][]any{{body}}))
		return err
	case 4:
		_, err := db.Exec(ctx, `INSERT INTO notes (body) VALUES ('`+body+`')`)
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql, body)
		return err
	})
}

// A transaction pooler keeps nothing of an Init: no lock, and no setting; and it does not matter what others have left
// on its connections, in each mode.
func TestInitBehindPgBouncer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE notes (id int PRIMARY KEY)`)
	pool := bounced(t, db)
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		adb := exaudit.New(pool(mode))
		for range 2 { // of which the second may get the connection of the first
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() {
					if _, err := adb.Init(ctx, nil); err != nil {
						t.Errorf("%s: init: %v", mode, err)
					}
				})
			}
			group.Wait()
		}
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); n != 0 {
			t.Errorf("%s: %d locks are left", mode, n)
		}
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`); n != 0 {
			t.Errorf("%s: %d transactions are open", mode, n)
		}
		if err := adb.DropSchema(ctx, nil); err != nil {
			t.Errorf("%s: remove: %v", mode, err)
		}
	}
	if _, err := exaudit.New(db.Pool).Init(ctx, nil); err != nil {
		t.Error(err)
	}
}
