package exaudit_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/patch"
)

// Each version is either up to a point or after it, also at the very instant. A row as of a point is what it was before
// the first of its versions that is after the point.
func TestSinceUntilAndAsOf(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := recordedStore(t)
	interleave(t, adb, 10)
	facts := factsOf(t, db)
	known := facts[slices.IndexFunc(facts, func(f fact) bool { return f.id > 3000 }):] // marks 0 and later
	keys := map[string]bool{}
	for _, f := range facts {
		if f.table == "a" {
			keys[f.entity] = true
		}
	}
	histories := map[string][]*audit.Version{}
	for _, key := range testall.Sample(slices.Sorted(maps.Keys(keys)), 4) {
		histories[key] = statesOf(t, adb, "a", audit.EntityID(key))
	}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(known).Draw(t, "version")
		moved := rapid.SampledFrom([]time.Duration{0, time.Microsecond, -time.Microsecond, 999, -1}).Draw(t, "moved")
		at := rapid.SampledFrom([]exaudit.Point{exaudit.AtTime(f.at.Add(moved)), exaudit.AtVersion(f.id),
			exaudit.AtTransaction(f.xid), exaudit.AtMark("1")}).Draw(t, "point")
		until, err := exaudit.Collect(adb.Versions(ctx, exaudit.Until(at)))
		if err != nil {
			t.Fatal(err)
		}
		since, err := exaudit.Collect(adb.Versions(ctx, exaudit.Since(at)))
		if err != nil {
			t.Fatal(err)
		}
		ids := slices.Sorted(slices.Values(append(idsOf(until), idsOf(since)...)))
		if len(ids) != len(facts) || len(slices.Compact(ids)) != len(facts) {
			t.Fatalf("%d versions until %s, %d since, of %d", len(until), at, len(since), len(facts))
		}
		if last := slices.IndexFunc(until, func(v *audit.Version) bool { return v.ID == f.id }); last < 0 && moved >= 0 && at.String() != "mark 1" {
			t.Fatalf("version %d is not until %s", f.id, at)
		}
		for key, versions := range histories {
			var want audit.Image
			for _, v := range versions {
				if slices.ContainsFunc(since, func(s *audit.Version) bool { return s.ID == v.ID }) {
					break
				}
				want = v.State
			}
			row, err := adb.StateAt(ctx, "a", audit.EntityID(key), at)
			if errors.Is(err, audit.ErrNotFound) {
				row, err = nil, nil
			}
			if err != nil {
				t.Fatal(err)
			}
			if (row == nil) != (want == nil) || row != nil && patch.Diff(map[string]any(row)["total"], want["total"]) != nil {
				t.Fatalf("a %s as of %s: %v, want %v", key, at, row, want)
			}
		}
	})
}
