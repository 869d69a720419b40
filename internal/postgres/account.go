package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// account is the operating system user that runs the server. The zero value is
// the current user; PostgreSQL refuses to run as root, so that root must name
// another.
type account struct {
	name     string
	uid, gid int
}

// String is made for error messages, where the user matters only if another.
func (a account) String() string {
	if a.name == "" {
		return ""
	}
	return " as user " + a.name
}

// command prepares a program to run under the account, apart from the process
// group of the terminal, so that ^C reaches the server in good order: not at
// all, or by way of the guard.
func (a account) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = "/" // root's working directory need not be open to the account
	cmd.Env = serverEnvironment()
	cmd.SysProcAttr = a.processAttributes()
	cmd.WaitDelay = time.Second // for grandchildren that hold on to the output
	return cmd
}

// serverEnvironment drops what would change the behaviour of the server or of
// initdb, such as PGDATA, PGPORT or LC_MESSAGES. With LC_ALL unset, the server
// refuses to start on macOS.
func serverEnvironment() []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "PG") || strings.HasPrefix(variable, "LC_")
	})
	return append(env, "LC_ALL=C")
}

// makeDir creates a private directory that belongs to the account.
func (a account) makeDir(onDisk bool) (string, error) {
	dir, err := os.MkdirTemp(a.tempDir(onDisk), "exaudit-pg-")
	if err != nil {
		return "", err
	}
	if a.name != "" {
		err = os.Chown(dir, a.uid, a.gid)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("give %s to user %s: %w", dir, a.name, err), os.Remove(dir))
	}
	return filepath.EvalSymlinks(dir) // as the kernel names it, for processesIn
}

// tempDir chooses where to put clusters: where the account can go and the path
// of a socket stays short enough.
func (a account) tempDir(onDisk bool) string {
	const longest = 103 // bytes in a socket address on macOS; Linux has 107
	candidates := []string{memoryDir(), os.TempDir()}
	if onDisk {
		candidates = candidates[1:]
	}
	for _, dir := range candidates {
		socket := filepath.Join(dir, "exaudit-pg-1234567890", ".s.PGSQL.65535")
		if dir != "" && len(socket) <= longest && a.canEnter(dir) {
			return dir
		}
	}
	return "/tmp"
}

// canEnter asks the kernel, which alone knows every rule.
func (a account) canEnter(dir string) bool {
	return a.command(context.Background(), "test", "-x", dir).Run() == nil
}
