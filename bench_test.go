package exaudit_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// BenchmarkDB compares a statement through the pool, through a DB, and through a DB with
// custom data, in turns: the medians, and their ratios to the pool's. The table is not
// tracked: what the triggers cost is not the DB's.
func BenchmarkDB(b *testing.B) {
	db := pgtest.New(b)
	db.Exec(b, `CREATE TABLE counters (id int PRIMARY KEY, n int); INSERT INTO counters VALUES (1, 0); ALTER DATABASE `+db.Name+` SET synchronous_commit = off`)
	pool := poolOf(b, db, pgx.QueryExecModeCacheStatement)
	audit := exaudit.New(pool)
	ctx := context.Background()
	with := exaudit.With(ctx, exaudit.Custom{"actor_id": 7, "request_id": "0123456789abcdef", "remote_addr": "192.0.2.1"})
	exec := func(ctx context.Context, c exaudit.Conn) error {
		_, err := c.Exec(ctx, `UPDATE counters SET n = n + $1 WHERE id = 1`, 1)
		return err
	}
	row := func(ctx context.Context, c exaudit.Conn) error {
		return c.QueryRow(ctx, `UPDATE counters SET n = n + $1 WHERE id = 1 RETURNING n`, 1).Scan(new(int))
	}
	tx := func(ctx context.Context, c exaudit.Conn) error {
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error { return exec(ctx, tx) })
	}
	for name, do := range map[string]func(context.Context, exaudit.Conn) error{"Exec": exec, "QueryRow": row, "Begin": tx} {
		b.Run(name, func(b *testing.B) {
			var took [3][]time.Duration
			for b.Loop() {
				for i, run := range []func() error{
					func() error { return do(ctx, pool) },
					func() error { return do(ctx, audit) },
					func() error { return do(with, audit) },
				} {
					start := time.Now()
					if err := run(); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(start))
				}
			}
			median := func(i int) float64 {
				slices.Sort(took[i])
				return float64(took[i][len(took[i])/2].Nanoseconds())
			}
			plain := median(0)
			b.ReportMetric(plain/1000, "plain-µs")
			b.ReportMetric(median(1)/plain, "without/plain")
			b.ReportMetric(median(2)/plain, "with/plain")
			b.ReportMetric(0, "ns/op")
		})
	}
}
