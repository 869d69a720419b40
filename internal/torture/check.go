package torture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
)

// check is one that has findings of some words.
type check struct {
	finds string
	check func() error
}

// check is everything that is promised of a world that has come to its end.
func (r *run) check() error {
	if err := r.load(); err != nil {
		return err
	}
	r.counts.Versions += len(r.versions)
	checks := []check{
		{"twin", r.checkTwin}, {"as of", r.checkEarlier}, {"as of", r.checkMarks}, {"as of", r.checkCommand},
		{"states patch", r.checkStates}, {"typed", r.checkTyped},
		{"undo redo", r.checkUndo}, {"revert", r.checkReverts}, {"undo redo as of", r.checkCommitted},
		{"retention", r.checkRetention},
	}
	if slices.ContainsFunc(r.Tables, Table.gaps) {
		checks = []check{{"twin", r.checkTwin}, {"gaps", r.checkGaps}}
	}
	for _, c := range checks {
		if !strings.Contains(panicIn+c.finds, r.place.Only) {
			continue
		}
		if err := c.recovered(); err != nil {
			return err
		}
	}
	return nil
}

const panicIn = "panic in "

// recovered makes the check; a panic is a finding.
func (c check) recovered() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = found(panicIn+c.finds, "%v\n%s", p, debug.Stack())
		}
	}()
	return c.check()
}

// checkTwin compares the tables, and the log's state with them.
func (r *run) checkTwin() error {
	now := r.now()
	for i, t := range r.Tables {
		got, err := r.rows(t.quoted(r.audited), t.quoted(r.audited), 0)
		if err != nil {
			return err
		}
		want, err := r.rows(t.quoted(r.twin()), t.quoted(r.twin()), 1)
		if err != nil {
			return err
		}
		if !slices.Equal(shown(got), shown(want)) {
			return found("twin", "%s: audited %s, without auditing %s", t.Name, lines(shown(got)), lines(shown(want)))
		}
		if t.hides() {
			continue
		}
		if !slices.Equal(shown(want), now.shown(i)) {
			return fmt.Errorf("torture: the twin's log says %s, and the twin is %s", lines(now.shown(i)),
				lines(shown(want)))
		}
	}
	return nil
}

// earlier compares all tables as of a point with a state.
func (r *run) earlier(name, function string, point any, want func(place int) []string) error {
	for i, t := range r.Tables {
		got, err := r.rows(t.quoted(r.audited), fmt.Sprintf("exaudit.%s(NULL::%s, $1)", function, t.quoted(r.audited)),
			0, point)
		if err != nil {
			return found("as of", "%s as of %s: %v; want %s", t.Name, name, err, lines(want(i)))
		}
		if !slices.Equal(shown(got), want(i)) {
			return found("as of", "%s as of %s: %s; want %s", t.Name, name, lines(shown(got)), lines(want(i)))
		}
	}
	return nil
}

// earlierInGo compares what Go gives of a mark with what SQL gives.
func (r *run) earlierInGo(mark string) error {
	db := exaudit.New(r.control)
	for _, t := range r.Tables {
		query := fmt.Sprintf(`SELECT exaudit_internal.encode("~r")::text FROM exaudit.as_of_mark(NULL::%s, $1) AS "~r"`,
			t.quoted(r.audited))
		rows, _ := r.control.Query(r.ctx, query, mark)
		want, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (image audit.Image, err error) {
			var text []byte
			if err = row.Scan(&text); err == nil {
				image, err = history.DecodeImage(text)
			}
			return image, err
		})
		if err != nil {
			return err
		}
		var got []audit.Image
		for image, err := range db.AsOf(r.ctx, t.quoted(r.audited), exaudit.AtMark(mark)) {
			if err != nil {
				return found("as of", "%s as of mark %s, in Go: %v", t.Name, mark, err)
			}
			got = append(got, image)
		}
		if text := t.images(want); text != t.images(got) {
			return found("as of", "%s as of mark %s, in Go: %s; in SQL %s", t.Name, mark, t.images(got), text)
		}
	}
	return nil
}

// images are rows in an order of no meaning.
func (t Table) images(rows []audit.Image) string {
	texts := make([]string, len(rows))
	for i, image := range rows {
		for _, c := range t.Columns {
			if c.Hidden != "" {
				delete(image, c.Name)
			}
		}
		texts[i] = fmt.Sprint(plain(history.AsValue(image)))
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

// points is how many of all points in a history are looked at, besides the marks, and how many versions are reverted.
const points = 3

// checkEarlier compares tables as of the last version of some steps, and as of their time.
func (r *run) checkEarlier() error {
	var ends []step // of steps that have recorded something
	for i, s := range r.steps {
		recorded := slices.IndexFunc(r.versions, func(v *version) bool { return v.ID == s.lastID }) >= 0
		if recorded && (i == 0 || r.steps[i-1].lastID < s.lastID) {
			ends = append(ends, s)
		}
	}
	for _, s := range some(ends, points) {
		want := r.at(func(e *entry) bool { return e.version.ID > s.lastID })
		if err := r.earlier(fmt.Sprintf("version %d", s.lastID), "as_of_version", s.lastID, want.shown); err != nil {
			return err
		}
		want = r.at(func(e *entry) bool { return e.Began.After(s.instant) })
		if err := r.earlier(s.instant.Format(time.RFC3339Nano), "as_of", s.instant, want.shown); err != nil {
			return err
		}
	}
	return nil
}

// some are at most n of a list, from all parts of it.
func some[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	chosen := make([]T, n)
	for i := range chosen {
		chosen[i] = list[i*len(list)/n]
	}
	return chosen
}

func (r *run) checkMarks() error {
	var last string
	for _, s := range r.steps {
		if s.mark == "" {
			continue
		}
		last = s.mark
		want := func(place int) []string { return shown(s.rows[place]) }
		if err := r.earlier("mark "+s.mark, "as_of_mark", s.mark, want); err != nil {
			return err
		}
	}
	if last == "" {
		return nil
	}
	return r.earlierInGo(last)
}

// checkCommand asks the command for the last mark, of one world in a few.
func (r *run) checkCommand() error {
	last := slices.IndexFunc(r.steps, func(s step) bool { return s.mark != "" })
	if r.place.Command == "" || last < 0 || r.place.Counts.Worlds%4 != 0 {
		return nil
	}
	r.counts.did("by the command")
	return r.earlierByCommand(r.steps[last].mark)
}

// earlierByCommand compares what the command prints of a mark with what Go gives.
func (r *run) earlierByCommand(mark string) error {
	db, byName := exaudit.New(r.control), map[string]Table{}
	arguments := []string{"as-of", "--database-url", r.place.url, "--mark", mark, "--format", "jsonl"}
	want := map[string][]audit.Image{}
	for _, t := range r.Tables {
		name := t.quoted(r.audited)
		arguments, byName[name] = append(arguments, name), t
		for image, err := range db.AsOf(r.ctx, name, exaudit.AtMark(mark)) {
			if err != nil {
				return err
			}
			want[name] = append(want[name], image)
		}
	}
	printed, err := exec.CommandContext(r.ctx, r.place.Command, arguments...).CombinedOutput()
	if err != nil {
		return found("as of", "by the command, mark %s: %v: %s", mark, err, printed)
	}
	got := map[string][]audit.Image{}
	for line := range bytes.Lines(printed) {
		var printed struct {
			Table string
			Row   json.RawMessage
		}
		if err := json.Unmarshal(line, &printed); err != nil {
			return found("as of", "by the command, mark %s: %v: %s", mark, err, line)
		}
		image, err := history.DecodeImage(printed.Row)
		if err != nil {
			return err
		}
		got[printed.Table] = append(got[printed.Table], image)
	}
	for name, t := range byName {
		if t.images(got[name]) != t.images(want[name]) {
			return found("as of", "by the command, %s, mark %s: %s; in Go %s", name, mark, t.images(got[name]),
				t.images(want[name]))
		}
	}
	return nil
}

// checkStates reads the history of each key that there ever was: it must fit together to its end, have the rows before
// and after each version, and patches that make the one of the other.
func (r *run) checkStates() error {
	db, entries, seen := exaudit.New(r.control), map[int64]*entry{}, map[int64]bool{}
	for _, e := range r.entries {
		entries[e.version.ID] = e
	}
	for _, v := range r.versions {
		if seen[v.ID] {
			continue
		}
		table := r.Tables[v.Place].quoted(r.audited)
		versions, err := exaudit.Collect(db.HistoryWithStates(r.ctx, table, v.EntityID))
		if err != nil {
			return found("states", "history of %s %s: %v", table, v.EntityID, err)
		}
		for _, h := range versions {
			seen[h.ID] = true
			if err := checkState(entries[h.ID], h, r.altered || r.Tables[v.Place].hides()); err != nil {
				return err
			}
		}
		if !seen[v.ID] {
			return found("states", "history of %s %s lacks version %d", table, v.EntityID, v.ID)
		}
	}
	return nil
}

func checkState(e *entry, v *audit.Version, altered bool) error {
	if e == nil && v.Action == audit.Baseline {
		return nil
	}
	if e == nil {
		return fmt.Errorf("torture: no entry is version %d", v.ID)
	}
	if altered {
		return nil
	}
	if !sameImage(v.State, e.NewImage) {
		return found("states", "after version %d: %v; want %v", v.ID, v.State, e.NewImage)
	}
	if err := patched(e.OldImage, e.NewImage, v.Patch); err != nil {
		return found("patch", "of version %d, %v: %v", v.ID, v.Patch, err)
	}
	return nil
}

// sameImage compares what is recorded with what exaudit's own encoding makes of the twin's row.
func sameImage(got audit.Image, want audit.Image) bool {
	if got == nil || want == nil {
		return (got == nil) == (want == nil)
	}
	return fmt.Sprint(plain(history.AsValue(got))) == fmt.Sprint(plain(history.AsValue(want)))
}

// plain makes numbers comparable, however they were decoded.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = plain(x)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = plain(x)
		}
		return list
	}
	return fmt.Sprint(v)
}

func patched(before, after audit.Image, p patch.Patch) error {
	got, err := patch.Apply(history.AsValue(before), p)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(plain(got), plain(history.AsValue(after))) {
		return fmt.Errorf("it makes %v, not %v", got, after)
	}
	return nil
}
