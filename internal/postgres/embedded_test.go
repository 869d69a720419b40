package postgres

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// It installs every pinned package on first use, so it only runs when asked to:
// the network need not be there.
func TestEmbedded(t *testing.T) {
	if os.Getenv("EXAUDIT_TEST_EMBEDDED") == "" {
		t.Skip("set EXAUDIT_TEST_EMBEDDED=1 to install every embedded version")
	}
	for _, major := range slices.Sorted(maps.Keys(embedded)) {
		t.Run(fmt.Sprint(major), func(t *testing.T) {
			dir, err := Embedded(context.Background(), major)
			if err != nil {
				t.Fatal(err)
			}
			c := start(t, Options{BinDir: dir})
			if !strings.HasPrefix(c.Version(), fmt.Sprint(major, ".")) {
				t.Errorf("Version is %q", c.Version())
			}
			c.Kill()
			if err := c.Restart(context.Background()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestEmbeddedUnknownMajor(t *testing.T) {
	t.Parallel()
	if _, err := Embedded(context.Background(), 9); err == nil || !strings.Contains(err.Error(), "14 15 16 17 18") {
		t.Errorf("Embedded(9): %v", err)
	}
}

func TestLinkLibraries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("native/lib/libpq.so.5.18", "library")
	write("native/pg-symlinks.json", `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]`)
	for range 2 { // the second time the link exists
		if err := linkLibraries(dir); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "native/lib/libpq.so.5")); err != nil || string(text) != "library" {
		t.Errorf("link leads to %q, %v", text, err)
	}
	write("native/pg-symlinks.json", `[{"source":"native/lib/libpq.so.5.18","target":"../outside"}]`)
	if err := linkLibraries(dir); err == nil {
		t.Error("made a link outside the package")
	}
}
