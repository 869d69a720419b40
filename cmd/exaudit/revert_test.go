package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/revert"
)

// Somebody changes the row between the question and the answer.
func TestRevertOfChangedRow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE orders (id int PRIMARY KEY, status text, total int)`)
	auditdb.Install(t, db, "orders")
	db.Exec(t, `INSERT INTO orders VALUES (1, 'new', 1)`)
	db.Exec(t, `UPDATE orders SET status = 'paid'`)
	version, err := exaudit.New(db.Pool).Version(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := revert.Preview(ctx, db.Pool, 2)
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE orders SET total = 2`)

	c := cli.NewContext(nil, nil, nil)
	c.Context = ctx
	r := &reversion{program: &program{}, c: c, conn: db.Connect(t, ""), version: version}
	if _, err := r.apply(plan.Patch, false); !errors.Is(err, errMeanwhile) {
		t.Errorf("got %v, want errMeanwhile", err)
	}
	if got := pgtest.One[string](t, db, `SELECT status || total FROM orders`); got != "paid2" {
		t.Errorf("the row is %s, want it untouched", got)
	}
}

// Ctrl-C ends the waiting for an answer.
func TestAskInterrupted(t *testing.T) {
	t.Parallel()
	stdin, never := io.Pipe()
	defer never.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := &program{stdin: stdin, stderr: new(bytes.Buffer)}
	if err := p.confirm(ctx, "Apply?"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestSameTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words, quoted string
		want          bool
	}{
		{"orders", "public.orders", true},
		{"Orders", "public.orders", true},
		{"public.orders", "public.orders", true},
		{"sales.orders", "public.orders", false},
		{"User", `public."User"`, false},
		{`"User"`, `public."User"`, true},
		{`"Sales"."my.table"`, `"Sales"."my.table"`, true},
		{`"my.table"`, `"Sales"."my.table"`, true},
		{`"say ""hi"""`, `public."say ""hi"""`, true},
	} {
		if got := sameTable(c.words, c.quoted); got != c.want {
			t.Errorf("%s means %s: %v, want %v", c.words, c.quoted, got, c.want)
		}
	}
}
