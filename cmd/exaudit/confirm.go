package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// needTerminal refuses what must be confirmed where nobody can answer.
func (p *program) needTerminal(c *cli.Context) error {
	if c.Bool("yes") || isTerminal(p.stdin) {
		return nil
	}
	return usageErrorf(c.Command.Name, "there is no terminal to ask for confirmation: use --yes to go ahead without it")
}

// confirm asks a question; the error is errDeclined unless the answer is yes.
func (p *program) confirm(ctx context.Context, question string) error {
	answer, err := p.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}

// ask reads a line from the terminal. A Ctrl-C ends the waiting.
func (p *program) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.stderr, printable(question))
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(p.stdin).ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(p.stderr)
		return "", ctx.Err()
	case l := <-read:
		if l.err != nil && !errors.Is(l.err, io.EOF) {
			return "", fmt.Errorf("read the answer: %w", l.err)
		}
		if l.err != nil {
			fmt.Fprintln(p.stderr) // no line end was typed
		}
		return strings.TrimSpace(l.text), nil
	}
}
