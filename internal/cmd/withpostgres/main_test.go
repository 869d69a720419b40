//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// asProgram makes this test program behave as withpostgres.
const asProgram = "EXAUDIT_TEST_WITHPOSTGRES"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		main()
	}
	os.Exit(m.Run())
}

// program prepares withpostgres, without a terminal and with no server given.
func program(env []string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "TEST_DATABASE_URL=")
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env    []string
		args   []string
		code   int
		stdout string // contained in the output
		stderr string
	}{
		"private cluster": {
			args:   []string{"--", "sh", "-c", `printf %s "$TEST_DATABASE_URL"`},
			stdout: "postgres://postgres@/postgres?host=", stderr: "PostgreSQL ",
		},
		"other variable": {
			args:   []string{"--database-url-var", "MY_URL", "--", "sh", "-c", `printf %s "$MY_URL"`},
			stdout: "postgres://postgres@/postgres?host=",
		},
		"setting without a value": {args: []string{"--set", "jit", "--", "true"}, code: 2, stderr: "there is no ="},
		"given server": {
			env:    []string{"TEST_DATABASE_URL=given"},
			args:   []string{"--", "sh", "-c", `printf %s "$TEST_DATABASE_URL"`},
			stdout: "given", stderr: "the server of TEST_DATABASE_URL",
		},
		"exit code":    {env: []string{"TEST_DATABASE_URL=given"}, args: []string{"--", "sh", "-c", "exit 7"}, code: 7},
		"killed":       {env: []string{"TEST_DATABASE_URL=given"}, args: []string{"--", "sh", "-c", "kill -KILL $$"}, code: 137},
		"not found":    {env: []string{"TEST_DATABASE_URL=given"}, args: []string{"--", "no-such-command"}, code: 127},
		"no command":   {args: []string{"--"}, code: 2, stderr: "usage: "},
		"unknown flag": {args: []string{"--nonsense", "--", "true"}, code: 2, stderr: "nonsense"},
		"help":         {args: []string{"--help"}, stderr: "usage: "},
		"major and given server": {
			env: []string{"TEST_DATABASE_URL=given"}, args: []string{"--major", "14", "--", "true"},
			code: 2, stderr: "unset one of them",
		},
		"unknown major": {args: []string{"--major", "9", "--", "true"}, code: 1, stderr: "no embedded PostgreSQL 9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := program(test.env, test.args...)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run()
			if got := cmd.ProcessState.ExitCode(); got != test.code {
				t.Errorf("exit code %d, want %d", got, test.code)
			}
			if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("output %q, %q; want %q, %q", &stdout, &stderr, test.stdout, test.stderr)
			}
		})
	}
}

// The server has the settings of the command line.
func TestSettings(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cmd := program(nil, "--set", "plan_cache_mode=force_generic_plan", "--set", "application_name=x=y", "--", "sh", "-c", `echo "$TEST_DATABASE_URL"; read end`)
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer input.Close()
	url, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, strings.TrimSpace(url))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var plan, name string
	if err := conn.QueryRow(ctx, `SELECT current_setting('plan_cache_mode'), current_setting('application_name')`).Scan(&plan, &name); err != nil {
		t.Fatal(err)
	}
	if plan != "force_generic_plan" || name != "x=y" {
		t.Errorf("plan_cache_mode is %q, application_name %q", plan, name)
	}
}

// The command gets the signal, and the cluster is gone when the program ends.
func TestSignalsAreForwarded(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			const script = `trap 'exit 42' TERM INT; echo "$TEST_DATABASE_URL"; while :; do sleep 0.01; done`
			cmd := program(nil, "--", "sh", "-c", script)
			output, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(output).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			_ = cmd.Process.Signal(signal)
			_, _ = io.Copy(io.Discard, output)
			_ = cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != 42 {
				t.Errorf("exit code %d, want 42", got)
			}
			dir := directory(t, line)
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%s is still there", dir)
			}
		})
	}
}

// The cluster does not wait for a program that was killed.
func TestKilledProgramLeavesNoServer(t *testing.T) {
	t.Parallel()
	cmd := program(nil, "--", "sh", "-c", `echo "$TEST_DATABASE_URL"; sleep 5`)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	dir := directory(t, line)
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", dir)
		}
	}
}

// directory extracts a cluster's directory from its URL.
func directory(t *testing.T, line string) string {
	t.Helper()
	_, after, found := strings.Cut(strings.TrimSpace(line), "?host=")
	dir, _, _ := strings.Cut(after, "&")
	if !found {
		t.Fatalf("no directory in %q", line)
	}
	return strings.ReplaceAll(dir, "%2F", "/")
}
