package exaudittest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// TextOption changes what Text shows.
type TextOption func(*textOptions)

type textOptions struct{ hidden []string }

// Hide leaves the values of columns, and of keys of the custom data, out of a Text, if they differ in each run, such
// as updated_at or a generated id. The text still shows that they changed.
func Hide(names ...string) TextOption {
	return func(o *textOptions) { o.hidden = append(o.hidden, names...) }
}

// Text shows versions as lines that are the same in every run of a test: without ids,
// times and transactions, in the order given.
//
//	updated public.orders 1  actor_id=7
//	    ~ status: "new" → "paid"
func Text(versions []*audit.Version, opts ...TextOption) string {
	var o textOptions
	for _, opt := range opts {
		opt(&o)
	}
	var lines strings.Builder
	for _, v := range versions {
		lines.WriteString(o.heading(v))
		for line := range strings.Lines(patch.Text(o.shown(v))) {
			lines.WriteString("    " + line)
		}
	}
	return lines.String()
}

func (o textOptions) heading(v *audit.Version) string {
	entity := v.EntityID
	if v.PreviousEntityID != nil {
		entity = *v.PreviousEntityID + " → " + entity
	}
	words := []string{fmt.Sprintf("%s %s %s", v.Action, v.Table, entity)}
	if v.Rollback {
		words = append(words, "rollback")
	}
	for _, name := range slices.Sorted(maps.Keys(v.Custom)) {
		words = append(words, name+"="+o.value(name, v.Custom[name]))
	}
	return strings.Join(words, "  ") + "\n"
}

const hidden = "…"

func (o textOptions) value(name string, value any) string {
	if slices.Contains(o.hidden, name) {
		return hidden
	}
	return text(value)
}

func (o textOptions) shown(v *audit.Version) patch.Patch {
	object, ok := v.Patch.(patch.Object)
	if !ok {
		return v.Patch
	}
	object = columns(object)
	for name, change := range object {
		if !slices.Contains(o.hidden, name) {
			continue
		}
		switch change.(type) {
		case patch.Added:
			object[name] = patch.Added{Value: hidden}
		case patch.Removed:
			object[name] = patch.Removed{Value: hidden}
		default:
			object[name] = patch.Changed{From: hidden, To: hidden}
		}
	}
	return object
}

// text is a value as compact JSON.
func text(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(encoded)
}

// updateGolden is the environment variable with which Golden writes its files.
const updateGolden = "EXAUDITTEST_UPDATE"

// Golden fails the test unless the contents of a file, such as testdata/checkout.golden, are equal to got. If the
// environment has EXAUDITTEST_UPDATE=1, it writes the file instead.
func Golden(t testing.TB, file, got string) {
	t.Helper()
	if os.Getenv(updateGolden) != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: write it with %s=1", err, updateGolden)
	}
	if string(want) != got {
		t.Errorf("%s differs; write it anew with %s=1 if this is right:\n%s", file, updateGolden,
			lineDiff(string(want), got))
	}
}

// lineDiff shows the lines that are only in one of two texts.
func lineDiff(want, got string) string {
	list := func(s string) []any {
		var lines []any
		for line := range strings.Lines(s) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
		return lines
	}
	return patch.Text(patch.Diff(list(want), list(got)))
}
