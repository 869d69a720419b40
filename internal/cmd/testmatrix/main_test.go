package main

import (
	"strings"
	"testing"
)

const events = `{"Action":"start","Package":"x/y"}
{"Action":"run","Package":"x/y","Test":"TestDDL"}
{"Action":"run","Package":"x/y","Test":"TestDDL/a"}
{"Action":"pass","Package":"x/y","Test":"TestDDL/a"}
{"Action":"run","Package":"x/y","Test":"TestDDL/b"}
{"Action":"output","Package":"x/y","Test":"TestDDL/b","Output":"    b_test.go:7: broken\n"}
{"Action":"fail","Package":"x/y","Test":"TestDDL/b"}
{"Action":"fail","Package":"x/y","Test":"TestDDL"}
{"Action":"run","Package":"x/y","Test":"TestTypes"}
{"Action":"attr","Package":"x/y","Test":"TestTypes","Key":"count-types","Value":"3"}
{"Action":"attr","Package":"x/y","Test":"TestTypes","Key":"count-types","Value":"4"}
{"Action":"attr","Package":"x/y","Test":"TestTypes","Key":"other","Value":"word"}
{"Action":"pass","Package":"x/y","Test":"TestTypes"}
{"Action":"run","Package":"x/y","Test":"TestDump"}
{"Action":"output","Package":"x/y","Test":"TestDump","Output":"=== RUN   TestDump\n"}
{"Action":"output","Package":"x/y","Test":"TestDump","Output":"    dump_test.go:82: no pg_dump: too old\n"}
{"Action":"output","Package":"x/y","Test":"TestDump","Output":"--- SKIP: TestDump (0.00s)\n"}
{"Action":"skip","Package":"x/y","Test":"TestDump"}
{"Action":"output","Package":"x/y","Output":"FAIL\tx/y\t0.01s\n"}
{"Action":"fail","Package":"x/y"}
`

func TestSummary(t *testing.T) {
	t.Parallel()
	var runs []*summary
	var shown strings.Builder
	for _, major := range []int{14, 18} {
		s := newSummary(major)
		if err := s.read(strings.NewReader(events), &shown); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, s)
	}
	if want := strings.Repeat("    b_test.go:7: broken\nFAIL\tx/y\t0.01s\n", 2); shown.String() != want {
		t.Errorf("shown:\n%s\nwant:\n%s", shown.String(), want)
	}
	var out strings.Builder
	if err := report(&out, runs); err != nil {
		t.Fatal(err)
	}
	const want = `
         PostgreSQL  14  18
             passed   2   2
             failed   1   1
            skipped   1   1
              types   7   7
             values   0   0
          DDL cases   1   1
  replication cases   0   0
            attacks   0   0
         statements   0   0
            writers   0   0

Skipped:
  y.TestDump (14, 18): no pg_dump: too old
`
	if out.String() != want {
		t.Errorf("report:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestBrokenOutput(t *testing.T) {
	t.Parallel()
	for _, broken := range []string{
		"not json",
		`{"Action":"attr","Package":"x","Test":"T","Key":"count-types","Value":"many"}`,
	} {
		if err := newSummary(18).read(strings.NewReader(broken), &strings.Builder{}); err == nil {
			t.Errorf("%s: no error", broken)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{"--majors=x": 2, "--unknown": 2, "--help": 0} {
		if code := run([]string{args}); code != want {
			t.Errorf("%s exits with %d, want %d", args, code, want)
		}
	}
}
