//go:build !linux

package postgres

import (
	"os/exec"
	"strings"
)

// serverRuns tells whether the postmaster or the guard of the cluster in dir is
// left: their command lines name it.
func serverRuns(dir string) bool {
	output, err := exec.Command("ps", "-A", "-o", "args=").Output()
	return err != nil || strings.Contains(string(output), dir)
}
