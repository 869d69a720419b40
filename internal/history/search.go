package history

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Filter chooses among versions; of what is nil, all.
type Filter struct {
	Versions     []int64                    `json:"versions"` // by their ids
	Spans        []Span                     `json:"spans"`
	Actions      []audit.Action             `json:"actions"`
	Since        *time.Time                 `json:"since"` // after this time
	Until        *time.Time                 `json:"until"` // up to this time
	SinceID      *int64                     `json:"since_id"`
	UntilID      *int64                     `json:"until_id"`
	SinceMarks   []*audit.Mark              `json:"since_marks"` // after all of them
	UntilMarks   []*audit.Mark              `json:"until_marks"`
	Transactions []uint64                   `json:"transactions"`
	SessionUsers []string                   `json:"session_users"`
	Rollback     *bool                      `json:"rollback"`
	Custom       map[string]json.RawMessage `json:"custom"` // keys of the custom data that have these values
	Keys         []string                   `json:"keys"`   // keys that the custom data has
	Columns      []Span                     `json:"columns"`
	Where        []string                   `json:"where"` // conditions in SQL, all of them
}

// Span is a stretch of a table's history: of one entity, or in a filter's Columns where a
// column had one name.
type Span struct {
	Table  int32   `json:"table"`
	Entity *string `json:"entity,omitempty"` // nil: the whole table
	Name   string  `json:"name,omitempty"`
	From   int64   `json:"from"`
	To     int64   `json:"to"`
}

// TableSpan is the whole history of a table.
func TableSpan(table int32) Span { return Span{Table: table, To: math.MaxInt64} }

// EntitySpans are the history of an entity, through all its keys.
func EntitySpans(ctx context.Context, q db.DBTX, e Entity) ([]Span, error) {
	line, _, err := stretches(ctx, q, e)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s %s: %w", e.Table, e.ID, err)
	}
	spans := make([]Span, len(line))
	for i, stretch := range line {
		spans[i] = Span{Table: e.TableID, Entity: &line[i].EntityID, From: stretch.FirstID, To: stretch.LastID}
	}
	return spans, nil
}

// ColumnSpans say what a column was called that is called so now, in the tables that have
// or had one.
func ColumnSpans(ctx context.Context, q db.DBTX, tables []Entity, name string) ([]Span, error) {
	var spans []Span
	for _, table := range tables {
		columns, err := readColumns(ctx, q, table)
		if err != nil {
			return nil, err
		}
		for i, e := range columns {
			if e.since == math.MaxInt64 && i > 0 {
				continue // as it is now: nothing is recorded yet
			}
			names, to := columns.names(i), int64(math.MaxInt64)
			if i+1 < len(columns) {
				to = columns[i+1].since
			}
			from := e.since + 1
			if i == 0 {
				from = 0 // as at reads what is older than any snapshot
			}
			for _, c := range e.columns {
				present, renamed := names[c.Name]
				if c.Name == name && !renamed || renamed && present == name {
					spans = append(spans, Span{Table: table.TableID, Name: c.Name, From: from, To: to})
				}
			}
		}
	}
	return spans, nil
}

// Tables are all tables that have or had a history.
func Tables(ctx context.Context, q db.DBTX) ([]Entity, error) {
	rows, err := db.New().TableNames(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the tables: %w", err)
	}
	tables := make([]Entity, len(rows))
	for i, r := range rows {
		tables[i] = Entity{TableID: r.ID, Table: r.QuotedName, Relation: r.Relation}
	}
	return tables, nil
}

// encode is the filter as exaudit_internal.search takes it. Tables and entities repeat what spans
// say, for indexes.
func (f Filter) encode() ([]byte, error) {
	tables, entities := make(map[int32]bool), make(map[string]bool)
	whole := false
	for _, s := range f.Spans {
		tables[s.Table] = true
		if s.Entity != nil {
			entities[*s.Entity] = true
		}
		whole = whole || s.Entity == nil
	}
	encoded := struct {
		Filter
		Tables   []int32  `json:"tables"`
		Entities []string `json:"entities"`
	}{Filter: f}
	if f.Spans != nil {
		encoded.Tables = slices.AppendSeq([]int32{}, maps.Keys(tables))
		if !whole {
			encoded.Entities = slices.AppendSeq([]string{}, maps.Keys(entities))
		}
		if !slices.ContainsFunc(f.Spans, func(s Span) bool { return s.Entity != nil }) {
			encoded.Spans = nil // tables say it all
		}
	}
	return json.Marshal(encoded)
}

// narrow tells whether the versions of few entities are looked for.
func (f Filter) narrow() bool {
	return f.Spans != nil && !slices.ContainsFunc(f.Spans, func(s Span) bool { return s.Entity == nil })
}

// bounds are the ids among which versions may pass the filter: after the first one, up to
// the last one.
func (f Filter) bounds(last int64) (int64, int64) {
	var first int64
	for _, mark := range f.UntilMarks {
		last = min(last, mark.LastID)
	}
	if f.UntilID != nil {
		last = min(last, *f.UntilID)
	}
	if f.SinceID != nil {
		first = max(first, *f.SinceID)
	}
	if f.Versions != nil {
		if len(f.Versions) == 0 {
			return 0, 0
		}
		first, last = max(first, slices.Min(f.Versions)-1), min(last, slices.Max(f.Versions))
	}
	return first, last
}

// firstWindow is how many ids a search looks at first.
const firstWindow = 512

// search is a filter and where to look for what passes it.
type search struct {
	f           Filter
	filter      []byte
	first, last int64 // ids, after the first one
	windowed    bool  // no index leads to the versions
}

func newSearch(ctx context.Context, q db.DBTX, f Filter, page Page) (s search, err error) {
	s.f = f
	if s.filter, err = f.encode(); err != nil {
		return s, err
	}
	bounds, err := db.New().SearchBounds(ctx, q, s.filter)
	if err != nil {
		return s, err
	}
	s.first, s.last = f.bounds(bounds.LastID)
	switch {
	case page.After == 0:
	case page.NewestFirst:
		s.last = min(s.last, page.After-1)
	default:
		s.first = max(s.first, page.After)
	}
	s.windowed = !f.narrow() && !bounds.Indexed
	return s, nil
}

// Search gives the versions that pass a filter, in the order of their ids, which is that of
// one entity's changes and nearly that of time.
//
// Where no index leads to them, ids are gone through in windows: block ranges find those,
// and leave out what is of another time or transaction. A window that holds less than the page
// makes the next one twice as large.
func Search(ctx context.Context, q db.DBTX, f Filter, page Page) ([]*Version, error) {
	fail := func(err error) ([]*Version, error) { return nil, fmt.Errorf("search versions: %w", explained(err)) }
	s, err := newSearch(ctx, q, f, page)
	if err != nil {
		return fail(err)
	}
	tables, err := searchedTables(ctx, q)
	if err != nil {
		return nil, err
	}
	var versions []*Version
	for window := s.window(page); s.first < s.last; {
		size := pageSize
		if page.Limit > 0 {
			size = min(size, page.Limit-len(versions))
		}
		after, last := s.next(window, page.NewestFirst)
		rows, err := db.New().Search(ctx, q, db.SearchParams{Filter: s.filter, Cut: optional(page.Cut), AfterID: after,
			LastID: last, PageSize: int32(size), NewestFirst: page.NewestFirst})
		if err != nil {
			return fail(err)
		}
		found := make([]db.EntityVersionsRow, len(rows))
		for i, r := range rows {
			found[i] = db.EntityVersionsRow(r)
		}
		if versions, err = tables.add(ctx, q, versions, found, page.Cut); err != nil {
			return fail(err)
		}
		if len(versions) == page.Limit && page.Limit > 0 {
			break
		}
		if len(rows) == size {
			s.goOn(rows[size-1].ID, rows[size-1].ID-1, page.NewestFirst)
		} else {
			s.goOn(last, after, page.NewestFirst)
			window *= 2
		}
	}
	return versions, nil
}

// window is how many ids are looked at first.
func (s search) window(page Page) int64 { return max(firstWindow, 2*int64(page.Limit)) }

// next are the ids to be looked at next, after one up to another.
func (s search) next(window int64, newestFirst bool) (after, last int64) {
	switch {
	case !s.windowed:
		return s.first, s.last
	case newestFirst:
		return max(s.first, s.last-window), s.last
	}
	return s.first, min(s.last, max(s.first, 0)+window)
}

// goOn has the search go on after an id, or, the newest first, with the ids up to another.
func (s *search) goOn(after, last int64, newestFirst bool) {
	if newestFirst {
		s.last = last
	} else {
		s.first = after
	}
}

// searched is a table of which versions were found.
type searched struct {
	entity  Entity
	columns columns
	compare []patch.Option
	read    bool
}

// searchedList are tables by their ids.
type searchedList map[int32]*searched

// add appends the versions of rows, whose values may be cut.
func (l searchedList) add(ctx context.Context, q db.DBTX, versions []*Version, rows []db.EntityVersionsRow,
	cut int) ([]*Version, error) {
	if err := fillCreated(ctx, q, rows, cut); err != nil {
		return nil, err
	}
	for _, r := range rows {
		v, err := l[r.TableID].version(ctx, q, r)
		if err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	return versions, nil
}

func searchedTables(ctx context.Context, q db.DBTX) (searchedList, error) {
	known, err := Tables(ctx, q)
	if err != nil {
		return nil, err
	}
	tables := make(searchedList, len(known))
	for _, e := range known {
		tables[e.TableID] = &searched{entity: e}
	}
	return tables, nil
}

func (s *searched) version(ctx context.Context, q db.DBTX, r db.EntityVersionsRow) (*Version, error) {
	if s == nil {
		return nil, fmt.Errorf("version %d is of table %d, which exaudit.tables does not have", r.ID, r.TableID)
	}
	if !s.read {
		var err error
		if s.columns, err = readColumns(ctx, q, s.entity); err != nil {
			return nil, err
		}
		if s.compare, err = readComparison(ctx, q, s.entity, Comparison{}); err != nil {
			return nil, err
		}
		s.read = true
	}
	v, err := newVersion(s.entity.Table, r)
	if err != nil {
		return nil, err
	}
	s.columns.rename([]*Version{v}, s.compare)
	return v, nil
}

// Passing are those of an entity's versions that pass a filter, whose Spans are the
// entity's.
func Passing(ctx context.Context, q db.DBTX, f Filter, versions []*Version) ([]*Version, error) {
	if len(versions) == 0 {
		return nil, nil
	}
	filter, err := f.encode()
	if err != nil {
		return nil, fmt.Errorf("search versions: %w", err)
	}
	byID := func(a, b *Version) int { return int(a.ID - b.ID) }
	ids, err := db.New().SearchIDs(ctx, q, db.SearchIDsParams{
		Filter: filter, AfterID: slices.MinFunc(versions, byID).ID - 1, LastID: slices.MaxFunc(versions, byID).ID,
		PageSize: int32(len(versions)),
	})
	if err != nil {
		return nil, fmt.Errorf("search versions: %w", explained(err))
	}
	passing := make(map[int64]bool, len(ids))
	for _, id := range ids {
		passing[id] = true
	}
	var kept []*Version
	for _, v := range versions {
		if passing[v.ID] {
			kept = append(kept, v)
		}
	}
	return kept, nil
}
