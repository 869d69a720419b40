package exaudit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// Reading from stores of 1 and 10 million versions, or as many as EXAUDIT_BENCH_VERSIONS lists.
// A row has ten versions, all over the store, one has 100,000; a transaction has 100, and a
// hundred are recorded in a second. Each is read two hundred times.
func BenchmarkRead(b *testing.B) {
	sizes := os.Getenv("EXAUDIT_BENCH_VERSIONS")
	if sizes == "" {
		sizes = "1000000,10000000"
	}
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1_000_000 {
			b.Fatalf("EXAUDIT_BENCH_VERSIONS: %s is no number from 1,000,000 on", size)
		}
		b.Run(size, func(b *testing.B) { benchmarkRead(b, n) })
	}
}

// many is the row with so many versions.
const many = 100_000

func benchmarkRead(b *testing.B, n int) {
	ctx := context.Background()
	db, adb := filled(b, n)
	b.Logf("%s", pgtest.One[string](b, db, `SELECT pg_size_pretty(pg_table_size('exaudit.versions')) || ' of versions, indexes ' ||
		(SELECT string_agg(concat(i.indexrelid::regclass, ' ', pg_size_pretty(pg_relation_size(i.indexrelid))), ', ') FROM pg_index i WHERE i.indrelid = 'exaudit.versions'::regclass)`))
	start := pgtest.One[time.Time](b, db, `SELECT min(recorded_at) FROM exaudit.versions WHERE id <= 1000`)
	random := rand.New(rand.NewPCG(1, 2))
	number := func() int { return random.IntN(n) }
	measure := func(name string, want int, read func() ([]*audit.Version, error)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				took := make([]time.Duration, 200)
				for i := range took {
					begun := time.Now()
					if versions, err := read(); err != nil || len(versions) != want {
						b.Fatalf("%d versions, %v, want %d", len(versions), err, want)
					}
					took[i] = time.Since(begun)
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
				b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-most")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
	search := func(opts ...exaudit.VersionsOption) ([]*audit.Version, error) {
		return exaudit.Collect(adb.Versions(ctx, append(opts, exaudit.Limit(100))...))
	}
	measure("row", 10, func() ([]*audit.Version, error) {
		return exaudit.Collect(adb.History(ctx, "orders", 1+number()%((n-many)/10)))
	})
	measure("first-page", 100, func() ([]*audit.Version, error) {
		return exaudit.Collect(adb.History(ctx, "orders", 0, exaudit.Limit(100)))
	})
	measure("last-page", 100, func() ([]*audit.Version, error) {
		return exaudit.Collect(adb.History(ctx, "orders", 0, exaudit.After(after(int64(n-101*(n/many)))), exaudit.Limit(100)))
	})
	measure("time", 100, func() ([]*audit.Version, error) {
		at := start.Add(time.Duration(number()*9/10) * 10 * time.Millisecond)
		return search(exaudit.Since(exaudit.AtTime(at)), exaudit.Until(exaudit.AtTime(at.Add(time.Minute))))
	})
	measure("transaction", 100, func() ([]*audit.Version, error) {
		return search(exaudit.ByTransaction(uint64(1001 + number()/100*9/10)))
	})
	measure("custom", 100, func() ([]*audit.Version, error) { return search(exaudit.ByCustom("actor", number()%5000)) })
	measure("table", 100, func() ([]*audit.Version, error) {
		return search(exaudit.ByTable("orders"), exaudit.After(after(int64(number()*9/10))))
	})
	b.Run("all-pages", func(b *testing.B) { benchmarkPages(b, adb) })
}

// benchmarkPages reads all versions of the row that has many, and says how much memory that takes.
func benchmarkPages(b *testing.B, db *exaudit.DB) {
	type order struct {
		ID   int64
		N    int32
		Note *string
	}
	for b.Loop() {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		before, most, read := stats.HeapAlloc, uint64(0), 0
		for version, err := range exaudit.History[order](context.Background(), db, "orders", 0) {
			if err != nil || version.After.N != int32(read) {
				b.Fatalf("version %d: %v, %v", read, version.After, err)
			}
			if read++; read%5000 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapAlloc)
			}
		}
		if read != many {
			b.Fatalf("%d versions, want %d", read, many)
		}
		b.ReportMetric(float64(most-before)/1e6, "MB")
	}
}

// filled makes a store of n versions.
func filled(b *testing.B, n int) (*pgtest.DB, *exaudit.DB) {
	db := auditdb.New(b, fmt.Sprintf(`CREATE TABLE orders (id bigint PRIMARY KEY, n int NOT NULL, note text); INSERT INTO orders VALUES (0, %d)`, many-1))
	auditdb.Install(b, db, "orders")
	begun := time.Now()
	// the index is made afterwards, which is faster
	db.Exec(b, `SET maintenance_work_mem = '1GB'; ALTER TABLE exaudit.versions REPLICA IDENTITY DEFAULT; DROP INDEX exaudit.versions_entity`)
	const chunk = 1_000_000
	for from := 0; from < n; from += chunk {
		db.Exec(b, fmt.Sprintf(`
			INSERT INTO exaudit.versions (recorded_at, transaction_id, table_id, action, entity_id, before, after, custom)
			SELECT '2026-01-01Z'::timestamptz + i * interval '10 milliseconds', 1000 + i / 100, 1,
			       CASE WHEN i = 0 THEN 'created' ELSE 'updated' END::exaudit.action,
			       CASE WHEN i %% %[1]d = 0 THEN 0 ELSE 1 + (i - i / %[1]d - 1) %% %[2]d END::text,
			       CASE WHEN i > 0 THEN jsonb_build_object('n', i / %[1]d - 1) END,
			       CASE WHEN i = 0 THEN '{"id": 0, "n": 0, "note": null}' ELSE jsonb_build_object('n', i / %[1]d) END,
			       jsonb_build_object('actor', i %% 5000)
			FROM generate_series(%[3]d, %[4]d) AS i`, n/many, (n-many)/10, from, min(from+chunk, n)-1))
	}
	db.Exec(b, `SET maintenance_work_mem = '1GB'; CREATE UNIQUE INDEX versions_entity ON exaudit.versions (table_id, entity_id, id);
		ALTER TABLE exaudit.versions REPLICA IDENTITY USING INDEX versions_entity`)
	db.Exec(b, `SELECT brin_summarize_new_values('exaudit.versions_id_time')`)
	adb := exaudit.New(db.Pool)
	if err := adb.IndexCustom(context.Background(), "actor", nil); err != nil {
		b.Fatal(err)
	}
	db.Exec(b, `VACUUM (ANALYZE) exaudit.versions`)
	b.Logf("filled with %d versions in %.0f s", n, time.Since(begun).Seconds())
	return db, adb
}
