package postgres

import (
	"context"
	"fmt"
	"io"
	"os/exec"
)

// guardScript reads the process ids of the server from standard input, the last
// one counting and an empty line meaning none, until the other end of the pipe
// is closed: by release, or by the kernel when the owner of the cluster died in
// whatever way. Then it takes down what is left: server, shared memory, files.
//
// A server that was killed leaves a System V shared memory segment behind; the
// seventh line of postmaster.pid names it.
const guardScript = `
server=
while read -r pid; do server=$pid; done
if [ -n "$server" ] && kill -QUIT "$server"; then
	tries=0
	while [ -e "$1/data/postmaster.pid" ] && kill -0 "$server" && [ $tries -lt 200 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	kill -KILL "$server"
fi
segment=$(sed -n '7s/.* //p' "$1/data/postmaster.pid")
[ -n "$segment" ] && ipcrm -m "$segment"
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

// guard is a small process that cleans up after a cluster, also if the process
// that started the cluster was killed. A pipe does that on every Unix; Linux's
// parent death signal would end the server, but leave its files.
type guard struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

func newGuard(account account, dir string) (*guard, error) {
	cmd := account.command(context.Background(), "sh", "-c", guardScript, "exaudit-guard", dir)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("guard the cluster%s: %w", account, err)
	}
	return &guard{cmd: cmd, pipe: pipe}, nil
}

// watch tells the guard the process to end; 0 means that none is left. Without
// that, a process that was given the same id later could be hit.
func (g *guard) watch(pid int) {
	line := "\n"
	if pid != 0 {
		line = fmt.Sprintln(pid)
	}
	_, _ = io.WriteString(g.pipe, line) // without a guard Stop still ends the server
}

// release has the guard clean up and waits for it.
func (g *guard) release() {
	_ = g.pipe.Close()
	_ = g.cmd.Wait() // its status is that of rm, and nothing can be done about it
}
