// Command testmatrix runs the tests on each supported major version of PostgreSQL, one after
// the other, and says at the end what was tested on which:
//
//	go run ./internal/cmd/testmatrix [--majors 14,18] [arguments of go test]
//
// Without arguments, all packages are tested. Failing tests are shown whole, skipped ones
// with their reasons. The exit code is 1 if a test failed on any version, or none was run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	majors := []int{14, 15, 16, 17, 18}
	flags := flag.NewFlagSet("testmatrix", flag.ContinueOnError)
	flags.Func("majors", "test on these `versions` only, separated by commas", func(list string) error {
		majors = nil
		for _, text := range strings.Split(list, ",") {
			major, err := strconv.Atoi(text)
			if err != nil {
				return err
			}
			majors = append(majors, major)
		}
		return nil
	})
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := 0
	var runs []*summary
	for _, major := range majors {
		s, err := test(ctx, major, flags.Args())
		if err == nil && s.passed == 0 {
			err = errors.New("no test was run")
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "testmatrix: PostgreSQL %d: %v\n", major, err)
			code = 1
		}
		runs = append(runs, s)
		if ctx.Err() != nil {
			break
		}
	}
	if err := report(os.Stdout, runs); err != nil {
		fmt.Fprintln(os.Stderr, "testmatrix:", err)
		return 1
	}
	return code
}

// test runs the tests on a server of the major version and sums up what they say. The
// summary is there in spite of an error.
func test(ctx context.Context, major int, args []string) (*summary, error) {
	if len(args) == 0 {
		args = []string{"./..."}
	}
	command := append([]string{"run", "./internal/cmd/withpostgres", "--major", strconv.Itoa(major), "--",
		"go", "test", "-count=1", "-json", "-timeout=30m"}, args...) // small machines need more than ten minutes
	cmd := exec.CommandContext(ctx, "go", command...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = os.Stderr
	s := newSummary(major)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := cmd.Start(); err != nil {
		return s, err
	}
	readErr := s.read(stdout, os.Stdout)
	return s, errors.Join(cmd.Wait(), readErr)
}
