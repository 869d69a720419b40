package undo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
)

// life is the versions of one row, from the first one that matters: a line, or several that an undo has taken apart.
// Rows that had a key one after the other and never another are one: what comes back takes the place of what is there.
type life struct {
	versions []*history.Version
	current  bool // it has its last key still
}

func (l *life) last() *history.Version { return l.versions[len(l.versions)-1] }

// key is the one that the row has, or had last.
func (l *life) key() string { return string(l.last().EntityID) }

// names are the keys by which the row is named: the one that it has, or had last, and if it is gone the one under which
// it comes back.
func (l *life) names(chosen map[int64]*history.Version) []string {
	names := []string{l.key()}
	first := slices.IndexFunc(l.versions, func(v *history.Version) bool { return chosen[v.ID] != nil })
	if first < 0 || l.current && l.last().Action != audit.Deleted {
		return names
	}
	if v := l.versions[first]; v.PreviousEntityID != nil {
		return append(names, string(*v.PreviousEntityID))
	}
	return append(names, string(l.versions[first].EntityID))
}

func (l *life) has(chosen map[int64]*history.Version) bool {
	return slices.ContainsFunc(l.versions, func(v *history.Version) bool { return chosen[v.ID] != nil })
}

// unread are the versions that were not chosen of the transactions of which several were, by ids: these can only be put
// into order with their images.
func (l *life) unread(chosen map[int64]*history.Version) map[int64]audit.VersionRef {
	count := make(map[uint64]int) // of chosen versions, by transactions
	for _, v := range l.versions {
		if chosen[v.ID] != nil {
			count[v.TransactionID]++
		}
	}
	refs := make(map[int64]audit.VersionRef)
	for _, v := range l.versions {
		if chosen[v.ID] == nil && count[v.TransactionID] > 1 {
			refs[v.ID] = v.Ref()
		}
	}
	return refs
}

// loadAmongChosen gives images to the versions of rows without which those that were chosen cannot be put into order.
func (p *planner) loadAmongChosen(ctx context.Context, t *table, lives *lives) error {
	refs := make(map[int64]audit.VersionRef)
	for _, l := range lives.chosen {
		maps.Copy(refs, l.unread(t.chosen))
	}
	if len(refs) == 0 {
		return nil
	}
	loaded, err := history.Load(ctx, p.q, slices.Collect(maps.Values(refs)))
	if err != nil {
		return err
	}
	if err := t.readRetyped(ctx, p.q, slices.Values(loaded)); err != nil {
		return err
	}
	byID := make(map[int64]*history.Version, len(loaded))
	for _, v := range loaded {
		byID[v.ID] = v
	}
	for _, l := range lives.chosen {
		for i, v := range l.versions {
			if whole := byID[v.ID]; whole != nil {
				l.versions[i] = whole
			}
		}
	}
	return nil
}

// rejoined puts together what an undo has taken apart: a row that it brought back is the one that it was, though
// another may have had its key in between. restored has, of the versions that brought rows back, what they took back.
func rejoined(lines []*history.Line, restored map[int64]map[int64]bool, chosen map[int64]*history.Version) []*life {
	lives := make([]*life, len(lines))
	ended := make(map[int64]*life) // by the delete that a life ended with
	for i, line := range lines {
		lives[i] = &life{line.Versions, line.Current}
		lives[i].noteEnd(ended)
	}
	found := make(map[int64]bool) // rollbacks that are with the rows that they brought back
	for again := true; again; {
		again = false
		for _, l := range lives {
			for l.goesOn(ended, restored, chosen, found) {
				again = true
			}
		}
	}
	return slices.DeleteFunc(lives, func(l *life) bool { return len(l.versions) == 0 })
}

func (l *life) noteEnd(ended map[int64]*life) {
	if len(l.versions) > 0 && l.last().Action == audit.Deleted {
		ended[l.last().ID] = l
	}
}

// goesOn gives what a life has from a rollback on to the life that the rollback brought back, and reports whether there
// was such. It is the create of the row, or an update that wrote it over the one that was there. What was chosen of it
// stays together: what comes back takes the place of what is there.
func (l *life) goesOn(ended map[int64]*life, restored map[int64]map[int64]bool, chosen map[int64]*history.Version,
	found map[int64]bool) bool {
	for i, v := range l.versions {
		undone := restored[v.ID]
		if len(undone) == 0 || found[v.ID] {
			continue
		}
		var before *life
		for _, id := range slices.Sorted(maps.Keys(undone)) {
			if o := ended[id]; before == nil && o != nil && o != l && len(o.versions) > 0 && o.last().ID == id {
				before = o
			}
		}
		end := i
		if v.Action == audit.Updated && i > 0 {
			end = slices.IndexFunc(l.versions[:i],
				func(v *history.Version) bool { return v.Action == audit.Created && undone[v.ID] })
		}
		if before == nil || end < 0 || i > 0 &&
			slices.ContainsFunc(l.versions[end:], func(v *history.Version) bool { return chosen[v.ID] != nil }) {
			continue
		}
		before.versions, before.current = slices.Concat(before.versions, l.versions[i:]), l.current
		l.versions, l.current = l.versions[:end:end], false
		found[v.ID] = true
		before.noteEnd(ended)
		l.noteEnd(ended)
		return true
	}
	return false
}

// restored are, of the rollbacks that made a row again, wrote one over another or gave one another key, the deletes,
// creates and key changes that they took back.
func (p *planner) restored(ctx context.Context, lines []*history.Line) (map[int64]map[int64]bool, error) {
	var asked []int64
	made := make(map[int64]map[int64]bool)
	for _, l := range lines {
		for _, v := range l.Versions {
			if v.Action == audit.Deleted || v.Action == audit.Created || v.PreviousEntityID != nil {
				asked = append(asked, v.ID)
			}
			if v.Rollback && v.Action != audit.Deleted {
				made[v.ID] = make(map[int64]bool)
			}
		}
	}
	if len(asked) == 0 || len(made) == 0 {
		return nil, nil
	}
	pairs, err := db.New().UndoneBy(ctx, p.q, asked)
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
func withoutRoundTrips(versions []*history.Version, chosen map[int64]*history.Version,
	restored map[int64]map[int64]bool) []*history.Version {
	if len(restored) == 0 {
		return versions
	}
	var kept []*history.Version
	for i := len(versions) - 1; i >= 0; i-- {
		undone := restored[versions[i].ID]
		from := slices.IndexFunc(versions[:i],
			func(v *history.Version) bool { return v.Action == audit.Deleted && undone[v.ID] })
		if from >= 0 && !slices.ContainsFunc(versions[from:i+1],
			func(v *history.Version) bool { return chosen[v.ID] != nil }) {
			i = from
			continue
		}
		kept = append(kept, versions[i])
	}
	slices.Reverse(kept)
	return kept
}
