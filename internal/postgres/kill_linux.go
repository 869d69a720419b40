package postgres

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// killServer ends the postmaster and all its children with SIGKILL and returns
// once none of them is left. The postmaster goes first, so that it can neither
// notice the death of a child nor start another.
func killServer(postmaster *os.Process, dataDir string) {
	_ = postmaster.Kill()
	for {
		pids := processesIn(dataDir)
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
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
