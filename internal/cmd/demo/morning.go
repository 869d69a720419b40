package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
)

//go:embed shop.sql
var shop string

type demo struct {
	exaudit string // the command
	url     string
	pool    *pgxpool.Pool
}

func (d *demo) run(ctx context.Context) error {
	if _, err := d.pool.Exec(ctx, shop); err != nil {
		return err
	}
	fmt.Println("\nA small shop is there: customers, products, orders, order_lines. Track it:")
	for _, args := range [][]string{{"init"}, {"install", "--all"}, {"status"}} {
		if err := d.shell(ctx, args...); err != nil {
			return err
		}
	}
	fmt.Println("\nThe application works for a morning, and knows nothing of this:")
	if err := d.morning(ctx); err != nil {
		return err
	}
	fmt.Println("\nWho touched order 1, and what did they do to it?")
	if err := d.shell(ctx, "history", "orders", "1"); err != nil {
		return err
	}
	return d.takeBack(ctx)
}

// step is one thing that the application does.
type step struct {
	what   string
	custom exaudit.Custom
	sql    string
}

var morning = []step{
	{"two customers, three products", exaudit.Custom{"actor_id": 1, "request": "import"}, `
		INSERT INTO customers (name, email) VALUES ('Ada', 'ada@example.com'), ('Bob', 'bob@example.com');
		INSERT INTO products VALUES ('TEA', 'Green tea', 4.50, 100), ('POT', 'Tea pot', 29.90, 10), ('CUP', 'Cup', 6.00, 40)`},
	{"Ada orders a pot and tea", exaudit.Custom{"actor_id": 3, "request": "POST /orders"}, `
		INSERT INTO orders (customer_id, total, shipping, tags)
			VALUES (1, 38.90, '{"city": "Uppsala", "service": {"name": "standard", "days": 3}}', '{gift}');
		INSERT INTO order_lines VALUES (1, 'POT', 1, 29.90), (1, 'TEA', 2, 4.50)`},
	{"Bob orders, then leaves and takes his orders with him (cascade)", exaudit.Custom{"actor_id": 4}, `
		INSERT INTO orders (customer_id, total) VALUES (2, 6.00);
		INSERT INTO order_lines VALUES (2, 'CUP', 1, 6.00);
		DELETE FROM customers WHERE name = 'Bob'`},
	{"the stock is counted (upsert)", exaudit.Custom{"actor_id": 2, "reason": "stocktaking"}, `
		INSERT INTO products VALUES ('TEA', 'Green tea', 4.50, 98), ('SPOON', 'Spoon', 2.50, 60)
			ON CONFLICT (sku) DO UPDATE SET stock = excluded.stock`},
	{"Ada wants it faster", exaudit.Custom{"actor_id": 3, "request": "PATCH /orders/1"}, `
		UPDATE orders SET shipping = jsonb_set(shipping, '{service}', '{"name": "express", "days": 1}'),
			tags = tags || 'urgent'::text WHERE id = 1`},
	{"somebody fixes things in psql, without saying who", nil, `
		UPDATE orders SET status = 'paid' WHERE id = 1`},
	{"prices go up by ten percent (bulk update)", exaudit.Custom{"actor_id": 2, "reason": "new price list"}, `
		UPDATE products SET price = round(price * 1.1, 2)`},
	{"actor 7 forgets half of a WHERE clause", exaudit.Custom{"actor_id": 7, "request": "admin console"}, `
		UPDATE orders SET status = 'cancelled', total = 0, shipping = '{}' WHERE id > 0`},
}

func (d *demo) morning(ctx context.Context) error {
	db := exaudit.New(d.pool)
	for _, s := range morning {
		fmt.Printf("  %s\n", s.what)
		stepCtx := ctx
		if s.custom != nil {
			stepCtx = exaudit.With(ctx, s.custom)
		}
		err := pgx.BeginFunc(stepCtx, db, func(tx pgx.Tx) error {
			_, err := tx.Exec(stepCtx, s.sql)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	var created, updated, deleted int
	err := d.pool.QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE action = 'created'), count(*) FILTER (WHERE action = 'updated'),
		       count(*) FILTER (WHERE action = 'deleted') FROM exaudit.history`).Scan(&created, &updated, &deleted)
	if err != nil {
		return err
	}
	fmt.Printf("exaudit recorded it: %d rows created, %d updated, %d deleted.\n", created, updated, deleted)
	if created != 11 || updated != 8 || deleted != 3 {
		return errors.New("that is not what happened: 11 created, 8 updated, 3 deleted")
	}
	return nil
}

// takeBack undoes the mistake, and checks that the order is what it was.
func (d *demo) takeBack(ctx context.Context) error {
	versions, err := exaudit.Collect(exaudit.New(d.pool).HistoryWithStates(ctx, "orders", 1))
	if err != nil {
		return err
	}
	mistake, good := versions[len(versions)-1], versions[len(versions)-2]
	if fmt.Sprint(mistake.Custom["actor_id"]) != "7" || mistake.Before["status"] != "paid" {
		return fmt.Errorf("version %d is not the mistake of actor 7", mistake.ID)
	}
	id := strconv.FormatInt(mistake.ID, 10)
	fmt.Printf("\nVersion %s was the mistake. What would a revert do?\n", id)
	if err := d.shell(ctx, "revert", id, "--dry-run"); err != nil {
		return err
	}
	fmt.Println("\nThat is right. Do it, and say why:")
	if err := d.shell(ctx, "revert", id, "--yes", "--custom", "actor_id=1", "--custom",
		"reason=undo of actor 7's mistake"); err != nil {
		return err
	}
	fmt.Println("\nThe revert is part of the record:")
	if err := d.shell(ctx, "history", "orders", "1", "--newest-first", "--limit", "2"); err != nil {
		return err
	}
	versions, err = exaudit.Collect(exaudit.New(d.pool).HistoryWithStates(ctx, "orders", 1))
	if err != nil {
		return err
	}
	last := versions[len(versions)-1]
	if !last.Rollback || fmt.Sprint(last.State) != fmt.Sprint(good.State) {
		return fmt.Errorf("order 1 is %v, not what it was before: %v", last.State, good.State)
	}
	return nil
}

// shell shows a command and runs it.
func (d *demo) shell(ctx context.Context, args ...string) error {
	shown := make([]string, len(args))
	for i, a := range args {
		if shown[i] = a; strings.ContainsAny(a, " '") {
			shown[i] = strconv.Quote(a)
		}
	}
	fmt.Printf("\n$ exaudit %s\n", strings.Join(shown, " "))
	return d.command(ctx, os.Stdout, args...)
}

func (d *demo) silently(ctx context.Context, args ...string) error {
	return d.command(ctx, nil, args...)
}

func (d *demo) command(ctx context.Context, stdout *os.File, args ...string) error {
	cmd := exec.CommandContext(ctx, d.exaudit, args...)
	cmd.Env = append(os.Environ(), "EXAUDIT_DATABASE_URL="+d.url)
	cmd.Stderr = os.Stderr
	if stdout != nil {
		cmd.Stdout = stdout
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("exaudit %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
