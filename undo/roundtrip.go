package undo

import (
	"context"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/history"
)

// broughtBack are, of the rollbacks that made a row again and were not chosen, the deletes that
// they took back. Such a row is the one that it was, not another under its key.
func (p *planner) broughtBack(ctx context.Context, lines []*history.Line, chosen map[int64]*history.Version) (map[int64]map[int64]bool, error) {
	var deletes []int64
	made := make(map[int64]map[int64]bool)
	for _, l := range lines {
		for _, v := range l.Versions {
			switch {
			case chosen[v.ID] != nil:
			case v.Action == history.Deleted:
				deletes = append(deletes, v.ID)
			case v.Action == history.Created && v.Rollback:
				made[v.ID] = make(map[int64]bool)
			}
		}
	}
	if len(deletes) == 0 || len(made) == 0 {
		return nil, nil
	}
	pairs, err := db.New().UndoneBy(ctx, p.q, deletes)
	if err != nil {
		return nil, fmt.Errorf("look for rows that an undo brought back: %w", err)
	}
	for _, pair := range pairs {
		if undone := made[pair.RollbackID]; undone != nil {
			undone[pair.VersionID] = true
		}
	}
	return made, nil
}

// withoutRoundTrips leaves out what ends where it began: the versions from a delete to the
// rollback that took it back, if none of them was chosen.
func withoutRoundTrips(versions []*history.Version, chosen map[int64]*history.Version, broughtBack map[int64]map[int64]bool) []*history.Version {
	if len(broughtBack) == 0 {
		return versions
	}
	var kept []*history.Version
	for i := len(versions) - 1; i >= 0; i-- {
		undone := broughtBack[versions[i].ID]
		from := slices.IndexFunc(versions[:i], func(v *history.Version) bool { return v.Action == history.Deleted && undone[v.ID] })
		if from >= 0 && !slices.ContainsFunc(versions[from:i+1], func(v *history.Version) bool { return chosen[v.ID] != nil }) {
			i = from
			continue
		}
		kept = append(kept, versions[i])
	}
	slices.Reverse(kept)
	return kept
}
