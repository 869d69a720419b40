package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// SingleUser runs statements, one a line, in a server in single-user mode, on a copy of the cluster's files. It stops
// the server first; Restart starts it again. The command begins with before, which may name a program such as
// valgrind. The command works in the directory of the copy, which is removed afterwards. SingleUser returns what the
// command wrote, and the contents of the files in that directory whose names begin with "out".
func (c *Cluster) SingleUser(
	ctx context.Context, database string, before, statements []string,
) (output string, files []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halt(syscall.SIGINT)
	dir := filepath.Join(c.dir, "single")
	defer os.RemoveAll(dir)
	if out, err := c.account.command(ctx, "cp", "-a", c.dataDir(), dir).CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("copy the cluster: %w: %s", err, out)
	}
	server := []string{filepath.Join(c.binDir, "postgres"), "--single", "-D", dir, database}
	command := slices.Concat(before, server)
	program, err := exec.LookPath(command[0])
	if err != nil {
		return "", nil, err
	}
	cmd := c.account.command(ctx, program, command[1:]...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(strings.Join(statements, "\n") + "\n")
	written, err := cmd.CombinedOutput()
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, written)
	}
	names, err := filepath.Glob(filepath.Join(dir, "out*"))
	if err != nil {
		return "", nil, err
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", nil, err
		}
		files = append(files, content...)
	}
	return string(written), files, nil
}
