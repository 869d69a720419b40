package exaudit_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
)

// What commands take with many tables of 12 columns each: the seconds that the server's process has run, which hardly
// depend on what else the machine does, and how many statements it got.
func BenchmarkTables(b *testing.B) {
	sizes := os.Getenv("EXAUDIT_BENCH_TABLES")
	if sizes == "" {
		sizes = "100,500"
	}
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			b.Fatalf("EXAUDIT_BENCH_TABLES: %s is no number of tables", size)
		}
		b.Run(size, func(b *testing.B) { benchmarkTables(b, n) })
	}
}

func benchmarkTables(b *testing.B, n int) {
	ctx := context.Background()
	db := auditdb.New(b, fmt.Sprintf(`DO $$ BEGIN FOR i IN 1 .. %d LOOP
		EXECUTE format('CREATE TABLE %%I (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL,
			total numeric(10, 2) NOT NULL, quantity int NOT NULL, paid boolean NOT NULL, reference uuid NOT NULL, email text NOT NULL,
			note text, details jsonb, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())', 'table_' || i);
		END LOOP; END $$`, n))
	tables := make([]string, n)
	for i := range tables {
		tables[i] = fmt.Sprintf("table_%d", i+1)
	}
	conn, sent := db.ConnectCounting(b)
	adb := exaudit.New(conn)
	measure := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				before, sentBefore := serverTime(b, conn), sent.Sent
				if err := do(); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric((serverTime(b, conn) - before).Seconds(), "s-server")
				b.ReportMetric(float64(sent.Sent-sentBefore), "statements")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
	measure("install", func() error { _, err := adb.Install(ctx, tables, nil); return err })
	measure("install-again", func() error { _, err := adb.Install(ctx, tables, nil); return err })
	measure("sync", func() error { _, err := adb.Sync(ctx, nil); return err })
	measure("status", func() error { _, err := adb.Status(ctx, nil); return err })
	run := func(sql string) func() error {
		return func() error { _, err := conn.Exec(ctx, sql); return err }
	}
	if err := run(`INSERT INTO table_1 VALUES (1, 1, 'new', 1, 1, false, gen_random_uuid(), 'a@example.org')`)(); err != nil {
		b.Fatal(err)
	}
	measure("history", func() error { _, err := exaudit.Collect(adb.History(ctx, "table_1", 1)); return err })
	measure("ddl", run(`ALTER TABLE table_1 ADD x int`))
	if _, err := adb.FollowDDL(ctx, audit.FollowDDL{NewTables: []string{"public.*"}}, nil); err != nil {
		b.Fatal(err)
	}
	measure("ddl-followed", run(`ALTER TABLE table_2 ADD x int`))
	measure("create-followed", run(`CREATE TABLE another (id int PRIMARY KEY)`))
	measure("drop-followed", run(`DROP TABLE another`))
}

// serverTime is how long the server process of a connection has run on a CPU.
func serverTime(b *testing.B, conn *pgx.Conn) time.Duration {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", conn.PgConn().PID()))
	if err != nil {
		b.Skip("the time of a server process is known on Linux only")
	}
	var running int64
	if _, err := fmt.Sscan(string(content), &running); err != nil {
		b.Fatal(err)
	}
	return time.Duration(running)
}
