//go:build !unix

package postgres

import (
	"errors"
	"os"
	"syscall"
)

// serverAccount refuses: a private cluster needs Unix sockets, signals and sh.
func serverAccount() (account, error) {
	return account{}, errors.New("private clusters need a Unix system: set TEST_DATABASE_URL instead")
}

func (account) processAttributes() *syscall.SysProcAttr { return nil }

func killServer(postmaster *os.Process, _ string) { _ = postmaster.Kill() }
