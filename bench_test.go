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
// custom data. They run in turns of some statements each, so that all three meet the same
// machine, and each turn is its own steady state; which is first, changes from round to
// round. It reports the median of the pool's times, of each round's ratios to it, and of what
// custom data adds to it. The table is not tracked: what the triggers cost is not the DB's.
// Nothing waits for the disk. Exec, QueryRow and Begin update one row by key and in place:
// there is hardly a statement that costs less, and that shows the most what is added. Insert
// is one into a table as applications have them.
func BenchmarkDB(b *testing.B) {
	db := pgtest.New(b)
	db.Exec(b, invoices)
	db.Exec(b, `CREATE TABLE counters (id int PRIMARY KEY, n int); INSERT INTO counters VALUES (1, 0); ALTER DATABASE `+db.Name+` SET synchronous_commit = off`)
	pool := poolOf(b, db, pgx.QueryExecModeCacheStatement)
	adb := exaudit.New(pool)
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
	insert := func(ctx context.Context, c exaudit.Conn) error {
		const sql = `INSERT INTO invoices (customer, number, status, currency, net, tax, due, address, lines, note)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`
		return c.QueryRow(ctx, sql, 1, "2025-00417", "open", "SEK", 31.12, 7.78, time.Unix(1700000000, 0),
			"Ada Lovelace, Storgatan 1, Uppsala", []byte(`[{"sku": "pen", "quantity": 2, "price": 1.5}]`), nil).Scan(new(int64))
	}
	for _, statement := range []struct {
		name string
		run  func(context.Context, exaudit.Conn) error
	}{{"Exec", exec}, {"QueryRow", row}, {"Begin", tx}, {"Insert", insert}} {
		b.Run(statement.name, func(b *testing.B) {
			runs := []func() error{
				func() error { return statement.run(ctx, pool) },
				func() error { return statement.run(ctx, adb) },
				func() error { return statement.run(with, adb) },
			}
			var plain, without, ratio, added []float64
			for first := 0; b.Loop(); first++ {
				var took [3]float64
				for i := range runs {
					i = (first + i) % len(runs)
					took[i] = turn(b, runs[i])
				}
				plain = append(plain, took[0])
				added = append(added, took[2]-took[0])
				without, ratio = append(without, took[1]/took[0]), append(ratio, took[2]/took[0])
			}
			b.ReportMetric(median(plain), "plain-µs")
			b.ReportMetric(median(added), "added-µs")
			b.ReportMetric(median(without), "without/plain")
			b.ReportMetric(median(ratio), "with/plain")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// invoices has twelve columns, a foreign key, three indexes and its key's.
const invoices = `
	CREATE TABLE customers (id int PRIMARY KEY); INSERT INTO customers VALUES (1);
	CREATE TABLE invoices (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL REFERENCES customers, number text NOT NULL,
		status text NOT NULL, currency text NOT NULL, net numeric(12,2) NOT NULL, tax numeric(12,2) NOT NULL, due date,
		address text, lines jsonb NOT NULL, note text, created_at timestamptz NOT NULL DEFAULT now());
	CREATE INDEX ON invoices (customer); CREATE INDEX ON invoices (number); CREATE INDEX ON invoices (status, due)`

// turn is the median time, in microseconds, of some statements in a row.
func turn(b *testing.B, run func() error) float64 {
	took := make([]float64, 100)
	for i := range took {
		start := time.Now()
		if err := run(); err != nil {
			b.Fatal(err)
		}
		took[i] = float64(time.Since(start).Nanoseconds()) / 1000
	}
	return median(took)
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
