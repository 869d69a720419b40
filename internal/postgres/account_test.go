package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTempDir(t *testing.T) {
	account, err := serverAccount()
	if err != nil {
		t.Skip(err)
	}
	open, err := os.MkdirTemp("/tmp", "exaudit-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	if err := os.Chmod(open, 0o711); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(open, strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		open:                          open,
		long:                          "/tmp", // no room for a socket's name
		filepath.Join(open, "absent"): "/tmp",
	} {
		t.Setenv("TMPDIR", dir)
		if got := account.tempDir(false); got != want {
			t.Errorf("TMPDIR=%s: %s, want %s", dir, got, want)
		}
	}
	t.Setenv("TMPDIR", "") // where memory would be chosen
	if got := account.tempDir(true); got != os.TempDir() {
		t.Errorf("on disk: %s, want %s", got, os.TempDir())
	}
}
