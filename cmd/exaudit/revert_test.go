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
