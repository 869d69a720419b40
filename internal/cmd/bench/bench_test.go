package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/postgres"
	"github.com/exaudit/exaudit/internal/testall"
)

// Every workload with every variant, in small: each records what it should, and what the
// SQL of the documentation records, which knows no inserts, is counted. make test has some of the workloads.
func TestWorkloads(t *testing.T) {
	t.Parallel()
	also := filepath.Join(t.TempDir(), "also.sql")
	if err := os.WriteFile(also, []byte(snippet(t, "sql")), 0o600); err != nil {
		t.Fatal(err)
	}
	a := parsed(t, "--rounds", "1", "--scale", "0.001", "--also", "log="+also)
	servers := servers{log: t.Logf}
	t.Cleanup(servers.stop)
	if !testall.On() {
		a.workloads = slices.DeleteFunc(slices.Clone(a.workloads), func(w workload) bool {
			return !slices.Contains([]string{"4clients/update", "bulk/copy", "noop"}, w.name)
		})
	}
	for _, w := range a.workloads {
		server, err := servers.of(t.Context(), w.durable)
		if err != nil {
			t.Fatal(err)
		}
		measured, err := server.measure(t.Context(), w, a)
		if err != nil {
			t.Errorf("%s: %v", w.name, err)
			continue
		}
		n := int64(measured.Changes)
		want := map[string]int64{"plain": 0, "exaudit": n, "statement": n, "toast": n, "imageless": n, "shadow": n, "guarded": n, "floor": n, "generic": n, "log": n}
		if slices.Contains([]string{"noop", "field/noop"}, w.name) {
			want["exaudit"] = 0
		}
		if strings.HasSuffix(w.name, "insert") || w.name == "bulk/copy" {
			want["log"] = 0
		}
		for _, v := range measured.Variants {
			if got := v.Runs[0].Recorded; got != want[v.Name] {
				t.Errorf("%s, %s: %d rows recorded, want %d", w.name, v.Name, got, want[v.Name])
			}
			if v.Ratio.Median <= 0 || (v.StoredPerChange > 0) != (want[v.Name] > 0) {
				t.Errorf("%s, %s: ratio %v, %v bytes stored a change", w.name, v.Name, v.Ratio, v.StoredPerChange)
			}
		}
	}
}

// The commands of the documentation are understood.
func TestCommands(t *testing.T) {
	t.Parallel()
	also := filepath.Join(t.TempDir(), "trigger.sql")
	if err := os.WriteFile(also, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	commands := strings.Split(strings.TrimSpace(snippet(t, "sh")), "\n")
	for _, command := range commands {
		rest, ok := strings.CutPrefix(command, "make bench")
		if !ok {
			t.Errorf("%s is no command of these", command)
		}
		rest = strings.Trim(strings.TrimPrefix(strings.TrimSpace(rest), "FLAGS="), `"`)
		parsed(t, strings.Fields(strings.ReplaceAll(rest, "trigger.sql", also))...)
	}
}

// snippet gives the first fenced block of a language in the documentation.
func snippet(t *testing.T, language string) string {
	t.Helper()
	content, err := os.ReadFile("../../../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(content), "```"+language+"\n")
	block, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatalf("no %s", language)
	}
	return block
}

func parsed(t *testing.T, args ...string) arguments {
	t.Helper()
	a, err := parse(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestArguments(t *testing.T) {
	t.Parallel()
	a := parsed(t, "--workload", "bulk", "--workload", "noop", "--variant", "shadow")
	var names []string
	for _, w := range a.workloads {
		names = append(names, w.name)
	}
	if got := strings.Join(names, " "); got != "bulk/insert bulk/copy bulk/update bulk/delete noop" {
		t.Errorf("workloads %s", got)
	}
	if len(a.variants) != 2 || a.variants[0].name != "plain" || a.variants[1].name != "shadow" {
		t.Errorf("variants %v", a.variants)
	}
	for _, args := range [][]string{
		{"--workload", "bul"}, {"--variant", "none"}, {"--also", "shadow=x.sql"}, {"--also", "x=/no/such/file"},
		{"--rounds", "0"}, {"--scale", "0"}, {"more"},
	} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

// A variant whose trigger is lost would look cheap.
func TestVariantThatRecordsNothingIsRefused(t *testing.T) {
	t.Parallel()
	update, noop := workload{changes: 10}, workload{changes: 10, silent: true}
	for _, test := range []struct {
		records  records
		workload workload
		recorded int64
		ok       bool
	}{
		{nothing, update, 0, true}, {nothing, update, 1, false},
		{changes, update, 10, true}, {changes, update, 0, false}, {changes, noop, 0, true}, {changes, noop, 10, false},
		{updates, update, 9, false}, {updates, noop, 10, true},
		{unknown, update, 3, true},
	} {
		if err := (variant{records: test.records}).check(test.workload, test.recorded); (err == nil) != test.ok {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// Ratios are those of one round, whatever the machine did in another.
func TestReport(t *testing.T) {
	t.Parallel()
	runs := func(seconds ...float64) (runs []Run) {
		for _, s := range seconds {
			runs = append(runs, Run{Seconds: s, CPU: 2 * s, WAL: int64(1000 * s), Stored: 500})
		}
		return runs
	}
	w := workload{name: "w", changes: 10, durable: true}
	m := summarize(w, builtin[:2], [][]Run{runs(1, 10, 2, 1), runs(2, 20, 3, 4)})
	if v := m.Variants[1]; v.Ratio != (Spread{Min: 1.5, Q1: 1.875, Median: 2, Q3: 2.5, Max: 4}) || *v.CPURatio != v.Ratio || v.TPSLost != 0.5 || v.StoredPerChange != 50 || v.WALPerChange != 200 {
		t.Errorf("%+v", v)
	}
	report := Report{Server: "15.1", Rounds: 4, Scale: 1, Variants: []string{"plain", "exaudit"}, Workloads: []Workload{m}}
	var out bytes.Buffer
	if err := report.print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| workload | plain", "2.00 (1.50 – 4.00)", "50 / 200", "50 %"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := report.writeJSON(file); err != nil {
		t.Fatal(err)
	}
	var read Report
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, &read)
	}
	if err != nil || read.Workloads[0].Variants[1].Runs[1].Seconds != 20 {
		t.Errorf("%v, %+v", err, read)
	}
}

func TestDumpTotals(t *testing.T) {
	t.Parallel()
	got, err := dumpTotals([]byte("version: 1\nsummary: 12\n\ntotals: 12\npart: 2\nfn=(1)\n5 7\n\ntotals: 30\n"))
	if err != nil || !slices.Equal(got, []int64{12, 30}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := dumpTotals([]byte("totals: many\n")); err == nil {
		t.Error("no error")
	}
}

// Every change that is counted is one, in a session that begins with a setting.
func TestCountedChanges(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("valgrind"); err != nil || !testall.On() {
		t.Skip("counts with valgrind, in make test-all")
	}
	a := parsed(t, "--instructions", "--variant", "exaudit", "--set", "SET timezone = 'Asia/Tokyo'")
	cluster, err := postgres.Start(t.Context(), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Stop)
	counts, err := countAll(t.Context(), &server{cluster}, a)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range countedChanges {
		if more := counts[1][i].minus(counts[0][i]); more.loop <= 0 || more.own <= 0 {
			t.Errorf("%s: %s more with exaudit", c.name, more)
		}
	}
}
