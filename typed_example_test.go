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
	for after := int64(0); ; {
		page, err := db.Versions(ctx, exaudit.ByCustom("actor_id", 7), exaudit.After(after), exaudit.Limit(100))
		if err != nil {
			return err
		}
		for _, v := range page {
			fmt.Println(v.Table, v.EntityID, v.Action)
			after = v.ID
		}
		if len(page) < 100 {
			break
		}
	}

	recent, err := db.Transactions(ctx, exaudit.ByTable("orders"), exaudit.Limit(20))
	if err != nil {
		return err
	}
	for _, t := range recent {
		fmt.Println(t.ID, t.RecordedAt, t.Custom["actor_id"], t.Tables)
	}
	return nil
}

// asOfExample is the Go of docs/history.md on earlier rows.
func asOfExample(ctx context.Context, db *exaudit.DB) error {
	yesterday := exaudit.AtTime(time.Now().Add(-24 * time.Hour))
	switch order, err := exaudit.StateAt[Order](ctx, db, "orders", 1, yesterday); {
	case errors.Is(err, audit.ErrBeforeHistory):
		fmt.Println("orders was not tracked yet")
	case err != nil:
		return err
	case order == nil:
		fmt.Println("there was no such order")
	default:
		fmt.Println("it was", order.Status)
	}

	return db.Snapshot(ctx, func(at *exaudit.DB) error {
		orders, err := exaudit.AsOf[Order](ctx, at, "orders", exaudit.AtMark("before-deploy"))
		if err != nil {
			return err
		}
		for customer, err := range exaudit.EachAsOf[Customer](ctx, at, "customers", exaudit.AtMark("before-deploy")) {
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
	if err := historyExample(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	latest, err := exaudit.Latest[Order](context.Background(), db, "orders", 1)
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
	for _, snippet := range snippets(t, "docs/history.md", "go") {
		for line := range strings.Lines(snippet) {
			if !strings.Contains(string(source), strings.TrimSpace(line)) {
				t.Errorf("the snippet of docs/history.md is not what is tested here: %s", line)
			}
		}
	}
}
