package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
	Key, Value                    string // of the action attr
}

// testName is a test of a package.
type testName struct{ pkg, test string }

func (n testName) String() string {
	return n.pkg[strings.LastIndex(n.pkg, "/")+1:] + "." + n.test
}

// skipped is a test that was not run, and why.
type skipped struct {
	name   testName
	reason string
}

// summary is what one run of the tests says.
type summary struct {
	major          int
	passed, failed int // tests that have no subtests
	counts         map[string]int
	skipped        []skipped

	output  map[testName][]string // of tests that go on
	parents map[testName]bool
}

func newSummary(major int) *summary {
	return &summary{major: major, counts: map[string]int{}, output: map[testName][]string{},
		parents: map[testName]bool{}}
}

// read sums up events until their end, and shows what a person wants to see at once: how each
// package ended, and what failing tests print.
func (s *summary) read(events io.Reader, show io.Writer) error {
	decoder := json.NewDecoder(bufio.NewReader(events))
	for {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of go test -json: %w", err)
		}
		if err := s.add(e, show); err != nil {
			return err
		}
	}
}

func (s *summary) add(e event, show io.Writer) error {
	name := testName{e.Package, e.Test}
	if e.Test == "" {
		_, err := io.WriteString(show, strings.TrimPrefix(e.Output, "PASS\n"))
		return err
	}
	if parent := strings.LastIndex(e.Test, "/"); parent > 0 && e.Action == "run" {
		s.parents[testName{e.Package, e.Test[:parent]}] = true
	}
	switch e.Action {
	case "output":
		s.output[name] = append(s.output[name], e.Output)
	case "attr":
		if what, ok := strings.CutPrefix(e.Key, pgtest.CountPrefix); ok {
			n, err := strconv.Atoi(e.Value)
			if err != nil {
				return fmt.Errorf("%s counts %q %s", name, e.Value, what)
			}
			s.counts[what] += n
		}
	case "skip":
		s.skipped = append(s.skipped, skipped{name, reason(s.output[name])})
		delete(s.output, name)
	case "pass", "fail":
		if e.Action == "fail" {
			fmt.Fprint(show, strings.Join(s.output[name], ""))
		}
		delete(s.output, name)
		if !s.parents[name] {
			s.ended(e)
		}
	}
	return nil
}

// ended counts a test without subtests.
func (s *summary) ended(e event) {
	if e.Action == "fail" {
		s.failed++
		return
	}
	s.passed++
	for _, c := range columns {
		if c.tests != "" && strings.HasPrefix(e.Test, c.tests) {
			s.counts[c.what]++
		}
	}
}

// reason is what a skipped test says besides that it was skipped.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if file, rest, ok := strings.Cut(line, ": "); ok && strings.Contains(file, ".go:") {
			line = rest
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "it does not say why"
	}
	return strings.Join(said, " ")
}

// columns are what is counted: by the tests themselves, or the tests of a prefix.
var columns = []struct{ what, tests string }{
	{what: "types"},
	{what: "values"},
	{what: "DDL-cases", tests: "TestDDL"},
	{what: "replication-cases", tests: "TestRepli"},
	{what: "attacks"},
	{what: "statements"},
	{what: "writers"},
}

// report prints the counts by version, then the skipped tests.
func report(out io.Writer, runs []*summary) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(what string, number func(s *summary) int) {
		fmt.Fprintf(w, "%s\t", what)
		for _, s := range runs {
			fmt.Fprintf(w, "%d\t", number(s))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	line("PostgreSQL", func(s *summary) int { return s.major })
	line("passed", func(s *summary) int { return s.passed })
	line("failed", func(s *summary) int { return s.failed })
	line("skipped", func(s *summary) int { return len(s.skipped) })
	for _, c := range columns {
		line(strings.ReplaceAll(c.what, "-", " "), func(s *summary) int { return s.counts[c.what] })
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return reportSkipped(out, runs)
}

func reportSkipped(out io.Writer, runs []*summary) error {
	majors := map[skipped][]string{}
	var order []skipped
	for _, s := range runs {
		for _, skip := range s.skipped {
			if majors[skip] == nil {
				order = append(order, skip)
			}
			majors[skip] = append(majors[skip], strconv.Itoa(s.major))
		}
	}
	slices.SortStableFunc(order, func(a, b skipped) int { return strings.Compare(a.name.String(), b.name.String()) })
	fmt.Fprintf(out, "\nSkipped:\n")
	for _, skip := range order {
		if _, err := fmt.Fprintf(out, "  %s (%s): %s\n", skip.name, strings.Join(majors[skip], ", "),
			skip.reason); err != nil {
			return err
		}
	}
	if len(order) == 0 {
		_, err := fmt.Fprintln(out, "  nothing")
		return err
	}
	return nil
}
