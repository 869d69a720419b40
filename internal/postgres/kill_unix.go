//go:build unix && !linux

package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// killServer ends the postmaster and all its children with SIGKILL and returns
// once none of them is left. The postmaster is halted first, so that it cannot
// start another child, and its children are listed while they are still its own.
func killServer(postmaster *os.Process, _ string) {
	_ = postmaster.Signal(syscall.SIGSTOP)
	pids := childrenOf(postmaster.Pid)
	_ = postmaster.Kill()
	for _, pid := range pids {
		for syscall.Kill(pid, syscall.SIGKILL) == nil {
			time.Sleep(time.Millisecond)
		}
	}
}

func childrenOf(parent int) []int {
	output, _ := exec.Command("ps", "-A", "-o", "pid=", "-o", "ppid=").Output()
	var pids []int
	for line := range strings.Lines(string(output)) {
		var pid, ppid int
		if _, err := fmt.Sscan(line, &pid, &ppid); err == nil && ppid == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}
