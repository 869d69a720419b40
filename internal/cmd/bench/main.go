// Command bench measures what auditing costs: every workload without it, with exaudit, and
// with other triggers beside it, in turns, on a private server of its own.
//
//	go run ./internal/cmd/bench [--workload NAME]… [--variant NAME]… [--also NAME=FILE.sql]…
//		[--rounds N] [--scale F] [--json FILE]
//	go run ./internal/cmd/bench --instructions [--variant NAME]… [--pg-bin DIRECTORY] [--set STATEMENT]…
//
// docs/benchmarks.md says what is measured and how to read it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	a, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	if a.list {
		for _, w := range workloads {
			fmt.Printf("%-14s %s\n", w.name, w.what)
		}
		return nil
	}
	if a.counts {
		return countInstructions(ctx, a)
	}
	servers := servers{log: logf}
	defer servers.stop()
	result := Report{Machine: thisMachine(), Rounds: a.rounds, Scale: a.scale}
	for _, v := range a.variants {
		result.Variants = append(result.Variants, v.name)
	}
	start := time.Now()
	for _, w := range a.workloads {
		server, err := servers.of(ctx, w.durable)
		if err != nil {
			return err
		}
		result.Server = server.cluster.Version()
		measured, err := server.measure(ctx, w, a)
		if err != nil {
			return fmt.Errorf("workload %s: %w", w.name, err)
		}
		result.Workloads = append(result.Workloads, measured)
		logf("%s: %s", w.name, measured.line())
	}
	result.Seconds = time.Since(start).Seconds()
	if a.json != "" {
		if err := result.writeJSON(a.json); err != nil {
			return err
		}
	}
	return result.print(os.Stdout)
}

func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
