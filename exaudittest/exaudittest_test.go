package exaudittest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/exaudittest"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const schema = `
	CREATE TABLE orders (id bigint PRIMARY KEY, status text, total numeric(10, 2), info jsonb);
	CREATE TABLE logs (line text);
	CREATE TABLE items (id int PRIMARY KEY)`

// failures keeps what an assertion says of a failed test, in place of failing this one.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func (f *failures) expect(t *testing.T, parts ...string) {
	t.Helper()
	if len(f.said) != len(parts) {
		t.Fatalf("%d failures, want %d:\n%s", len(f.said), len(parts), strings.Join(f.said, "\n"))
	}
	for i, part := range parts {
		if !strings.Contains(f.said[i], part) {
			t.Errorf("failure %q does not say %q", f.said[i], part)
		}
	}
}

// order has an order created, and paid by actor 7.
func order(t *testing.T) (*pgtest.DB, *exaudit.DB) {
	t.Helper()
	db := auditdb.New(t, schema)
	auditdb.Install(t, db, "orders")
	db.Exec(t, `INSERT INTO orders VALUES (1, 'new', 38.90, '{"city": "Uppsala"}')`)
	db.Exec(t, `BEGIN; SELECT set_config('exaudit.custom', '{"actor_id": 7}', true);
		UPDATE orders SET status = 'paid', info = '{"city": "Lund"}'; COMMIT`)
	return db, exaudit.New(db.Pool)
}

func TestAssertCovered(t *testing.T) {
	t.Parallel()
	db, adb := order(t)

	exaudittest.AssertCovered(t, adb, "public", "items", "public.logs")

	var f failures
	exaudittest.AssertCovered(&f, adb, "public")
	f.expect(t, "public.items is not covered", "public.logs is not covered: it has no primary key")

	db.Exec(t, `ALTER TABLE orders DISABLE TRIGGER "!exaudit_t1_update"`)
	f = failures{}
	exaudittest.AssertCovered(&f, adb, "public", "items", "logs")
	f.expect(t, "disabled")

	if err := adb.Uninstall(context.Background(), []string{"orders"}, nil); err != nil {
		t.Fatal(err)
	}
	f = failures{}
	exaudittest.AssertCovered(&f, adb, "public", "items", "logs")
	f.expect(t, "public.orders is not covered")
}

// Names that need quotes, and a schema that has nothing to guard.
func TestAssertCoveredNames(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE SCHEMA "my.shop"; CREATE TABLE "my.shop".items (id int PRIMARY KEY);
		CREATE TABLE "my.shop"."Odd's" (id int PRIMARY KEY); CREATE TABLE "my.shop".lines (id int)`)
	adb := exaudit.New(db.Pool)

	var f failures
	exaudittest.AssertCovered(&f, adb, "my.shop", "items")
	f.expect(t, `run "exaudit install '"my.shop"."Odd'\''s"'", or except it`, `"my.shop".lines is not covered`)
	exaudittest.AssertCovered(t, adb, "my.shop", "items", "lines", `"Odd's"`)
	exaudittest.AssertCovered(t, adb, "my.shop", `"my.shop".items`, `"my.shop".lines`, `"my.shop"."Odd's"`)

	f = failures{}
	exaudittest.AssertCovered(&f, adb, "myshop")
	f.expect(t, "no tables in schema myshop")
}

func TestAssertHistory(t *testing.T) {
	t.Parallel()
	_, db := order(t)

	created := exaudittest.Want{Action: audit.Created, After: map[string]any{"status": "new", "info": map[string]string{"city": "Uppsala"}}}
	exaudittest.AssertHistory(t, db, "orders", 1, created, exaudittest.Want{
		Action: audit.Updated, Before: map[string]any{"status": "new"}, After: map[string]any{"status": "paid"},
		Changed: []string{"status", "info"}, Custom: exaudit.Custom{"actor_id": 7},
	})

	var f failures
	exaudittest.AssertHistory(&f, db, "orders", 1, created)
	f.expect(t, "has 2 versions, want 1")

	f = failures{}
	exaudittest.AssertHistory(&f, db, "orders", 1, created, exaudittest.Want{
		Action: audit.Deleted, Before: map[string]any{"total": 1}, After: map[string]any{"status": "sent"},
		Changed: []string{"status"}, Custom: exaudit.Custom{"actor_id": 8}, Rollback: true,
	})
	f.expect(t, "updated, want deleted", "not written by a revert", "before total is not there, want 1",
		`after status is "paid", want "sent"`, "custom actor_id is 7, want 8", "changed [info status], want [status]")
}

func TestGolden(t *testing.T) {
	t.Parallel()
	db, adb := order(t)
	ctx := exaudit.With(context.Background(), exaudit.Custom{"actor_id": 7, "request_id": "x81"})
	versions := exaudittest.Recorded(t, adb, func() {
		if _, err := adb.Exec(ctx, `INSERT INTO orders VALUES (2, 'new', 12.50)`); err != nil {
			t.Fatal(err)
		}
		if _, err := adb.Exec(ctx, `UPDATE orders SET status = 'sent', total = total + 1`); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, `UPDATE orders SET id = 3 WHERE id = 2`)
	})
	text := exaudittest.Text(versions, exaudittest.Hide("total", "request_id"))
	exaudittest.Golden(t, "testdata/order.golden", text)

	other := filepath.Join(t.TempDir(), "other.golden")
	if err := os.WriteFile(other, []byte(strings.ReplaceAll(text, "sent", "lost")), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("EXAUDITTEST_UPDATE") == "" {
		var f failures
		exaudittest.Golden(&f, other, text)
		f.expect(t, "lost")
	}
}

func TestGoldenIsWrittenOnRequest(t *testing.T) {
	t.Setenv("EXAUDITTEST_UPDATE", "1")
	file := filepath.Join(t.TempDir(), "testdata", "new.golden")
	exaudittest.Golden(t, file, "text\n")
	if written, err := os.ReadFile(file); err != nil || string(written) != "text\n" {
		t.Errorf("%q, %v", written, err)
	}
}
