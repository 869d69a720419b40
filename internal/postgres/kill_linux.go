package postgres

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// killServer ends the postmaster and all its children with SIGKILL, as a power failure does, and returns once none of
// them is left. The postmaster is stopped first, so that it can neither notice the death of a child nor start
// another; it is killed last, or its children would notice that, roll back, and delete files.
func killServer(postmaster *os.Process, dataDir string) {
	_ = postmaster.Signal(syscall.SIGSTOP)
	for {
		left := 0
		for _, pid := range processesIn(dataDir) {
			if pid != postmaster.Pid {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				left++
			}
		}
		if left == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_ = postmaster.Kill()
	for len(processesIn(dataDir)) > 0 {
		time.Sleep(time.Millisecond)
	}
}

// processesIn returns the processes whose working directory is dir, which for a
// data directory are exactly those of its server. Process groups do not serve:
// each server process leads its own. Zombies have no working directory.
func processesIn(dir string) []int {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	var pids []int
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && cwd == dir {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link)))
			pids = append(pids, pid)
		}
	}
	return pids
}
