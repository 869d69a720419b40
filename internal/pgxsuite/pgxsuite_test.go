// Package pgxsuite runs pgx's own tests on connections that are an exaudit.DB.
package pgxsuite

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// packages are those of pgx whose tests are run, with the receiver of the methods that go
// through a DB.
var packages = []struct{ dir, name, receiver string }{{".", "pgx", "Conn"}, {"pgxpool", "pgxpool", "Pool"}}

// short are the tests of the short form, of package pgx.
const short = "^Test(Exec|Query|Row|Tx|Begin|Batch|SendBatch|CopyFrom|Prepare|Trace|StmtCache|ConnCopyFrom|ConnSendBatch|ConnBegin|ConnExec|ConnQuery)"

// TestPgxSuite runs pgx's tests as they are, and through a DB without custom data and with.
// What then fails that has not failed must be among the known differences, with its reason,
// and these must be there. It runs those of package pgx that are about statements, with custom
// data; all of them where EXAUDIT_TEST_PGX is all (make test-pgx).
func TestPgxSuite(t *testing.T) {
	chosen, ways, run := packages[:1], []string{"data"}, short
	if os.Getenv("EXAUDIT_TEST_PGX") == "all" {
		chosen, ways, run = packages, []string{"plain", "data"}, "."
	} else {
		testall.Only(t, "pgx's tests take a minute")
	}
	known := differences(t)
	module := module(t)
	for _, p := range chosen {
		binary := compile(t, module, p.dir)
		plain := results(t, binary, run, "")
		pgtest.Count(t, "pgx-tests-"+p.name, len(plain))
		for _, way := range ways {
			compare(t, p.name, way, known, plain, binary, run)
		}
	}
}

// compare runs tests on a way, and what fails again and again, alone.
func compare(t *testing.T, of, way string, known, plain map[string]string, binary, run string) {
	t.Helper()
	differing := func(run string) (names []string) {
		got := results(t, binary, run, way)
		for name, outcome := range plain {
			if outcome == "PASS" && got[name] != "PASS" {
				names = append(names, name)
			}
		}
		return names
	}
	differs := map[string]bool{}
	for _, name := range differing(run) {
		top, _, _ := strings.Cut(name, "/")
		always := true // or it depends on how busy the machine is
		for range 3 {
			always = always && slices.Contains(differing("^"+top+"$"), name)
		}
		if always {
			differs[strings.Join([]string{of, way, name}, " ")] = true
		}
	}
	for entry := range differs {
		if _, is := known[entry]; !is {
			t.Errorf("%s: passes with pgx alone", entry)
		}
	}
	for entry := range known {
		name := strings.TrimPrefix(entry, of+" "+way+" ")
		if _, ran := plain[name]; ran && name != entry && !differs[entry] {
			t.Errorf("%s: is known to differ, and does not", entry)
		}
	}
}

// differences are what is known to differ, with the reasons.
func differences(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		entry, reason, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("no reason: %s", line)
		}
		known[entry] = reason
	}
	return known
}

// module is a copy of pgx's module, in which statements go through a DB.
func module(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pgx")
	source := strings.TrimSpace(command(t, ".", "go", "list", "-m", "-f", "{{.Dir}}", "github.com/jackc/pgx/v5"))
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "chmod", "-R", "u+w", ".")
	for _, p := range packages {
		divert(t, filepath.Join(dir, p.dir), p.receiver)
		copyFile(t, "testdata/"+p.name+".go.txt", filepath.Join(dir, p.dir, "exaudit_through.go"), "")
		copyFile(t, "testdata/through_test.go.txt", filepath.Join(dir, p.dir, "exaudit_through_test.go"), p.name+"_test")
	}
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "go.sum"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(sum); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "go", "mod", "edit", "-require=github.com/exaudit/exaudit@v0.0.0", "-replace=github.com/exaudit/exaudit="+root)
	// what pgx's tests need, and exaudit does not
	c := exec.CommandContext(t.Context(), "go", "list", "-mod=mod", "-deps", "-test", ".", "./pgxpool")
	c.Dir, c.Env = dir, environment()
	if output, err := c.CombinedOutput(); err != nil {
		t.Skipf("the modules of pgx's tests are not to be had: %v\n%.2000s", err, output)
	}
	return dir
}

// diverted are the methods that go through a DB.
var diverted = []string{"Exec", "Query", "QueryRow", "CopyFrom", "SendBatch", "BeginTx"}

var inTx = regexp.MustCompile(`(tx\.conn\.)(Exec|Query|CopyFrom|SendBatch)\(`)

// divert renames the methods of a receiver, so that files of testdata can have those.
func divert(t *testing.T, dir, receiver string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	method := regexp.MustCompile(`(?m)^(func \(\w+ \*` + receiver + `\) )(` + strings.Join(diverted, "|") + `)\(`)
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range method.FindAllSubmatch(text, -1) {
			found = append(found, string(m[2]))
		}
		text = method.ReplaceAll(text, []byte("${1}plain$2("))
		if filepath.Base(file) == "tx.go" { // what a DB runs in a transaction, it has got already
			text = inTx.ReplaceAll(text, []byte("${1}plain$2("))
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	if want := slices.Sorted(slices.Values(diverted)); !slices.Equal(found, want) {
		t.Fatalf("pgx's %s has the methods %v, want %v", receiver, found, want)
	}
}

func copyFile(t *testing.T, from, to, name string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, bytes.ReplaceAll(text, []byte("PACKAGE"), []byte(name)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func compile(t *testing.T, module, dir string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "pgx.test")
	command(t, module, "go", "test", "-mod=mod", "-c", "-o", binary, "./"+dir)
	return binary
}

// results runs tests on a database of their own, and returns how each has ended.
func results(t *testing.T, binary, run, through string) map[string]string {
	t.Helper()
	db := pgtest.New(t)
	db.Exec(t, `CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE DOMAIN uint64 AS numeric(20,0)`)
	c := exec.CommandContext(context.Background(), binary, "-test.v", "-test.timeout=10m", "-test.run="+run)
	c.Env = append(os.Environ(), "PGX_TEST_DATABASE="+db.URL, "EXAUDIT_THROUGH="+through)
	output, _ := c.CombinedOutput() // some fail
	ended := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP): (\S+)`).FindAllSubmatch(output, -1) {
		ended[string(m[2])] = string(m[1])
	}
	if len(ended) == 0 || bytes.Contains(output, []byte("panic: test timed out")) {
		t.Fatalf("no results: %s", output)
	}
	if keep := os.Getenv("EXAUDIT_TEST_PGX_OUTPUT"); keep != "" {
		_ = os.WriteFile(filepath.Join(keep, filepath.Base(filepath.Dir(binary))+"-"+through+".txt"), output, 0o644)
	}
	return ended
}

func environment() []string { return append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off") }

func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(context.Background(), name, args...)
	c.Dir = dir
	c.Env = environment()
	output, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, output)
	}
	return string(output)
}
