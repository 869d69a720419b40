package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/snippets"
)

// Order is what sqlc generates for the table orders of the tests.
type Order struct {
	ID       int64
	Customer pgtype.Int4
	Status   string
	Code     pgtype.Text
	Total    pgtype.Numeric
	Info     []byte
	Doubled  pgtype.Numeric
}

// Customer is the same for the table customers.
type Customer struct {
	ID   int32
	Name string
}

// historyExample is the Go of docs/history.md; TestHistoryExample compares them.
func historyExample(ctx context.Context, db *exaudit.DB) error {
	for v, err := range exaudit.History[Order](ctx, db, "orders", 1) {
		if err != nil {
			return err
		}
		switch v.Action {
		case audit.Created:
			fmt.Println("created", v.After.Status)
		case audit.Updated:
			fmt.Println(v.Before.Status, "→", v.After.Status, v.Custom["actor_id"])
		case audit.Deleted:
			fmt.Println("deleted", v.Before.Status)
		}
	}
	for v, err := range db.Versions(ctx, exaudit.ByCustom("actor_id", 7), exaudit.Since(exaudit.AtMark("before-deploy"))) {
		if err != nil {
			return err
		}
		fmt.Println(v.Table, v.EntityID, v.Action)
	}

	newest, err := exaudit.First(exaudit.History[Order](ctx, db, "orders", 1, exaudit.NewestFirst()))
	if err != nil {
		return err
	}
	fmt.Println("now", newest.After.Status)

	cursor := audit.Cursor("") // that of the request
	page, err := exaudit.Collect(db.History(ctx, "orders", 1,
		exaudit.NewestFirst(), exaudit.After(cursor), exaudit.Limit(20)))
	if err != nil {
		return err
	}
	if len(page) == 20 {
		cursor = page[19].Cursor() // for the next page
	}
	fmt.Println(len(page), cursor)

	for t, err := range db.Transactions(ctx, exaudit.ByTable("orders"), exaudit.Limit(20)) {
		if err != nil {
			return err
		}
		fmt.Println(t.ID, t.RecordedAt, t.Custom["actor_id"], t.Tables)
	}
	return nil
}

// asOfExample is the Go of docs/history.md on earlier rows.
func asOfExample(ctx context.Context, db *exaudit.DB) error {
	order, err := exaudit.StateAt[Order](ctx, db, "orders", 1, exaudit.AtTime(time.Now().Add(-24*time.Hour)))
	unknown, ok := errors.AsType[*audit.PointError](err)
	switch {
	case ok && unknown.Reason == audit.BeforeHistory:
		fmt.Println("orders was not tracked yet")
	case errors.Is(err, audit.ErrNotFound):
		fmt.Println("there was no such order")
	case err != nil:
		return err
	default:
		fmt.Println("it was", order.Status)
	}

	return db.Snapshot(ctx, func(at *exaudit.DB) error {
		orders, err := exaudit.Collect(exaudit.AsOf[Order](ctx, at, "orders", exaudit.AtMark("before-deploy")))
		if err != nil {
			return err
		}
		for customer, err := range exaudit.AsOf[Customer](ctx, at, "customers", exaudit.AtMark("before-deploy")) {
			if err != nil {
				return err
			}
			fmt.Println(customer.Name, "and", len(orders), "orders")
		}
		return nil
	})
}

func TestAsOfExample(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pg, db := audited(t, orders, "orders", "customers")
	pg.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	if _, err := db.Mark(ctx, "before-deploy", nil); err != nil {
		t.Fatal(err)
	}
	if err := asOfExample(ctx, db); err != nil {
		t.Fatal(err)
	}
}

func TestHistoryExample(t *testing.T) {
	t.Parallel()
	pg, db := audited(t, orders, "orders")
	pg.Exec(t, `INSERT INTO orders (total) VALUES (1); SELECT set_config('exaudit.custom', '{"actor_id": 7}', true); UPDATE orders SET status = 'paid'`)
	if _, err := db.Mark(context.Background(), "before-deploy", nil); err != nil {
		t.Fatal(err)
	}
	if err := historyExample(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	latest, err := exaudit.First(exaudit.History[Order](context.Background(), db, "orders", 1, exaudit.NewestFirst()))
	if err != nil || latest.Before.Status != "new" || latest.After.Status != "paid" {
		t.Errorf("latest: %+v, %v", latest, err)
	}
	if got := asJSON(t, latest); !strings.Contains(got, `"after":{"ID":1,`) || !strings.Contains(got, `"patch":{"status":["~","new","paid"]}`) {
		t.Errorf("as JSON: %s", got)
	}
	source, err := os.ReadFile("typed_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, snippet := range snippets.Of(t, "docs/history.md", "go") {
		for line := range strings.Lines(snippet) {
			if !strings.Contains(string(source), strings.TrimSpace(line)) {
				t.Errorf("the snippet of docs/history.md is not what is tested here: %s", line)
			}
		}
	}
}
