package exaudit_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
)

// A plan of many row changes, made and applied: seconds for each, and together per row. A third
// of the rows was updated, one deleted with what a cascade took along, one created; every tenth
// updated row was changed again in another column.
func BenchmarkUndo(b *testing.B) {
	for _, rows := range []int{50_000, 100_000, 200_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				db, selection := damaged(b, rows)
				b.StartTimer()
				start := time.Now()
				plan, err := db.PlanUndo(context.Background(), selection, &exaudit.UndoOptions{MaxRows: rows})
				if err != nil {
					b.Fatal(err)
				}
				planned := time.Since(start)
				done, err := db.ApplyUndo(context.Background(), plan, nil)
				if err != nil {
					b.Fatal(err)
				}
				if len(done.Rows) != rows {
					b.Fatalf("%d rows, want %d", len(done.Rows), rows)
				}
				b.ReportMetric(planned.Seconds(), "s/plan")
				b.ReportMetric((time.Since(start) - planned).Seconds(), "s/apply")
				b.ReportMetric(float64(time.Since(start).Microseconds())/float64(rows), "µs/row")
			}
		})
	}
}

// damaged makes a database in which one transaction has changed so many rows.
func damaged(b *testing.B, rows int) (*exaudit.DB, exaudit.Selection) {
	db := auditdb.New(b, fmt.Sprintf(`
		CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL, status text NOT NULL, total numeric(10,2),
			info jsonb, note text, a int, b int, c text, d timestamptz DEFAULT now(), e boolean, f uuid DEFAULT gen_random_uuid());
		CREATE INDEX ON orders (customer);
		CREATE TABLE lines (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE, sku text);
		CREATE INDEX ON lines (order_id);
		INSERT INTO orders (customer, status, total, info, note) SELECT i %% 1000, 'new', i, jsonb_build_object('city', 'Uppsala', 'n', i), 'note ' || i FROM generate_series(1, %d) i;
		INSERT INTO lines (order_id, sku) SELECT i, 'sku ' || i FROM generate_series(1, %[1]d) i`, rows))
	auditdb.Install(b, db, "orders", "lines")
	third := rows / 3
	sixth := third / 2
	db.Exec(b, fmt.Sprintf(`BEGIN; SELECT set_config('exaudit.custom', '{"actor": "bad"}', true);
		UPDATE orders SET status = 'lost', info = info || '{"city": "Lund"}' WHERE id <= %d;
		DELETE FROM orders WHERE id > %[1]d AND id <= %d;
		INSERT INTO orders (customer, status) SELECT 1, 'bad' FROM generate_series(1, %d);
		COMMIT`, third, third+sixth, rows-third-2*sixth))
	db.Exec(b, fmt.Sprintf(`UPDATE orders SET total = total + 1 WHERE id <= %d AND id %% 10 = 0`, third))
	db.Exec(b, `VACUUM ANALYZE`)
	return exaudit.New(db.Pool), exaudit.Select(exaudit.ByCustom("actor", "bad"))
}
