package history

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// Line is the versions of one row through all its keys, oldest to newest. A row that is
// created again under the key of a deleted one continues its line, unless it goes on to another key.
type Line struct {
	Versions []*Version
	// Current reports whether the line has its last key still: no other row has come to it.
	Current bool

	ended bool
	row   int32 // that the last of the versions is of
}

// Key is the entity id that the row has, or had last.
func (l *Line) Key() string { return string(l.Versions[len(l.Versions)-1].EntityID) }

// Lines tells apart the rows of a table that have had a key one after the other, and follows each to
// the keys it had before and after. versions are in the order of their ids; of keys that rows were
// given or lost, nothing that followed the first of them may be missing. Which version is of which row
// where rows have changed their keys is said by exaudit_internal.tell_apart, for SQL as well.
func Lines(ctx context.Context, q db.DBTX, tableID int32, versions []*Version) ([]*Line, error) {
	rewritten := shared(versions)
	for _, v := range versions {
		if v.PreviousEntityID != nil {
			rewritten = append(rewritten, v.Keys()...)
		}
	}
	var told []db.MovedVersionsRow
	if rewritten = slices.Compact(slices.Sorted(slices.Values(rewritten))); len(rewritten) > 0 {
		var err error
		if told, err = moved(ctx, q, tableID, versions[0].ID, rewritten...); err != nil {
			return nil, err
		}
	}
	return linesOf(versions, told), nil
}

// shared are the keys that several rows may have had at once, where the primary key is deferrable: under which one
// transaction has created a row and deleted one.
func shared(versions []*Version) []string {
	type change struct {
		transaction uint64
		key         string
	}
	var keys []string
	seen := make(map[change]audit.Action)
	for _, v := range versions {
		if v.Action != audit.Created && v.Action != audit.Deleted {
			continue
		}
		c := change{v.TransactionID, string(v.EntityID)}
		if other := seen[c]; other != "" && other != v.Action {
			keys = append(keys, string(v.EntityID))
		}
		seen[c] = v.Action
	}
	return keys
}

// moved are the versions of the rows that have had some keys, if one was rewritten since a version; else none.
func moved(ctx context.Context, q db.DBTX, tableID int32, firstID int64,
	keys ...string) ([]db.MovedVersionsRow, error) {
	told, err := db.New().MovedVersions(ctx, q,
		db.MovedVersionsParams{TableID: tableID, EntityIds: keys, FirstID: firstID})
	if err != nil {
		return nil, fmt.Errorf("tell apart the rows that have had key %s: %w", keys[0], err)
	}
	return told, nil
}

// linesOf makes lines of what has been told apart, and of each other key one.
func linesOf(versions []*Version, told []db.MovedVersionsRow) []*Line {
	byID := make(map[int64]*Version, len(versions))
	for _, v := range versions {
		byID[v.ID] = v
	}
	var lines []*Line
	ends := make(map[int32]string) // the last key of each row
	for _, m := range told {
		ends[m.RowNumber] = m.EntityID
	}
	rows := make(map[int32]*Line)    // of the numbered ones
	last := make(map[string]*Line)   // who came to a key last, or was deleted there
	left := make(map[string]bool)    // has it left since?
	came := make(map[string][]int32) // the rows that a key has had, those that came last in the end
	at := make(map[int32]string)     // the keys of the rows that are there
	apart := make(map[string]bool)
	for _, m := range told {
		v, action := byID[m.VersionID], audit.Action(m.Action)
		line := rows[m.RowNumber]
		if line == nil {
			if line = last[m.EntityID]; action != audit.Created || line == nil || left[m.EntityID] || !line.ended ||
				ends[m.RowNumber] != m.EntityID {
				line = &Line{}
				lines = append(lines, line)
			}
			rows[m.RowNumber] = line
		}
		if m.Moved && last[m.PreviousEntityID] == line {
			left[m.PreviousEntityID] = true
		}
		line.ended = action == audit.Deleted
		last[m.EntityID], left[m.EntityID], apart[m.EntityID] = line, false, true
		if key, there := at[m.RowNumber]; !there || key != m.EntityID {
			came[m.EntityID] = append(came[m.EntityID], m.RowNumber)
		}
		if at[m.RowNumber] = m.EntityID; line.ended {
			delete(at, m.RowNumber)
		}
		if v != nil {
			line.Versions, line.row = append(line.Versions, v), m.RowNumber
		}
	}
	for _, v := range versions {
		key := string(v.EntityID)
		if apart[key] {
			continue
		}
		if last[key] == nil {
			last[key] = &Line{}
			lines = append(lines, last[key])
		}
		last[key].Versions = append(last[key].Versions, v)
	}
	lines = slices.DeleteFunc(lines, func(l *Line) bool { return len(l.Versions) == 0 })
	for _, l := range lines {
		l.Current = l.row == whose(l.Key(), came[l.Key()], at)
	}
	return lines
}

// whose is the row that has a key, of those that it has had, or else the one that came last.
func whose(key string, came []int32, at map[int32]string) int32 {
	for _, row := range slices.Backward(came) {
		if has, there := at[row]; there && has == key {
			return row
		}
	}
	if len(came) > 0 {
		return came[len(came)-1]
	}
	return 0
}

// stretch are versions of a key, between two ids.
type stretch struct {
	EntityID        string
	FirstID, LastID int64
}

// stretches are what the rows that have had a key were called, that key with everything ever recorded under it, and
// whether one of them has had another key.
func stretches(ctx context.Context, q db.DBTX, e Entity) ([]stretch, bool, error) {
	told, err := moved(ctx, q, e.TableID, e.Period.After, e.ID)
	told = slices.DeleteFunc(told, func(m db.MovedVersionsRow) bool { return !e.Period.has(m.VersionID) })
	if err != nil || len(told) == 0 {
		return []stretch{e.Period.clip(stretch{e.ID, 0, math.MaxInt64})}, false, err
	}
	wanted := make(map[int32]bool)
	for _, m := range told {
		if m.EntityID == e.ID || m.Moved && m.PreviousEntityID == e.ID {
			wanted[m.RowNumber] = true
		}
	}
	var found []stretch
	open := make(map[int32]int) // where the one that a row is in is found
	for _, m := range told {
		if !wanted[m.RowNumber] {
			continue
		}
		i, ok := open[m.RowNumber]
		if !ok || found[i].EntityID != m.EntityID {
			i = len(found)
			found = append(found, stretch{m.EntityID, m.VersionID, m.VersionID})
			open[m.RowNumber] = i
		}
		found[i].FirstID, found[i].LastID = min(found[i].FirstID, m.VersionID), max(found[i].LastID, m.VersionID)
	}
	return found, true, nil
}
