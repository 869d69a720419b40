package postgres

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNewest(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, version := range []string{"9.6", "18", "17", "latest"} {
		if err := os.MkdirAll(filepath.Join(root, version, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, found := range newest(filepath.Join(root, "*", "bin")) {
		got = append(got, filepath.Base(filepath.Dir(found.dir)))
	}
	if strings.Join(got, " ") != "18 17 9.6 latest" {
		t.Errorf("newest: %v", got)
	}
}

func TestOfMajor(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	found, ok := locateInstalled(ctx)
	if major := majorIn(found.dir); ok && major > 0 {
		dir, err := OfMajor(ctx, major)
		if err != nil || majorIn(dir) != major || !hasServer(dir) {
			t.Errorf("installed is %s, and for %d: %s, %v", found.dir, major, dir, err)
		}
	}
	if dir, err := OfMajor(ctx, 9); err == nil || !strings.Contains(err.Error(), "no embedded PostgreSQL 9") {
		t.Errorf("for 9: %s, %v", dir, err)
	}
}

func TestExplicitBinariesAreNotReplaced(t *testing.T) {
	t.Setenv("EXAUDIT_PG_BIN", "/nowhere")
	if found, err := locate(context.Background(), Options{}); err == nil || !strings.Contains(err.Error(), "EXAUDIT_PG_BIN") {
		t.Errorf("locate: %v, %v", found, err)
	}
}

func TestHasServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, step := range []struct {
		program string
		mode    os.FileMode
		want    bool
	}{
		{"psql", 0o755, false}, // clients only
		{"initdb", 0o755, false},
		{"postgres", 0o755, true},
	} {
		if err := os.WriteFile(filepath.Join(dir, step.program), nil, step.mode); err != nil {
			t.Fatal(err)
		}
		if got := hasServer(dir); got != step.want {
			t.Errorf("with %s: %v", step.program, got)
		}
	}
}
