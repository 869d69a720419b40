// Package program builds the command exaudit for tests of scripts that call it.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// Run runs the tests of a package, as pgtest.M does, with a directory for the command. It returns the exit code.
func Run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "exaudit-command-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	built = sync.OnceValues(func() (string, error) {
		out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "exaudit"),
			"github.com/exaudit/exaudit/cmd/exaudit").CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
		return dir, err
	})
	return pgtest.M{M: m}.Run()
}

// built builds the command, once for all tests, and returns its directory.
var built func() (string, error)

// Path is PATH, with exaudit in front.
func Path(t testing.TB) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return dir + string(filepath.ListSeparator) + os.Getenv("PATH")
}
