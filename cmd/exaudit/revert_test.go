package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
)

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
