package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// Entity names one row of a tracked table.
type Entity struct {
	TableID  int32
	Table    string // quoted, for versions and messages
	Relation uint32 // 0 where the table is gone
	ID       string // as in exaudit.versions.entity_id
	// Period is when the table had the primary key that ID is a value of.
	Period Period
}

// Page is a part of a list, and its order.
type Page struct {
	After       int64 // only what comes after this version in the order
	Limit       int   // 0: all
	NewestFirst bool
	// Cut shortens values of more bytes than it says, for previews; 0: none.
	Cut int
}

// Rest is all of a complete history that comes after the version, wherever that is: nested triggers record versions out
// of order. If it is not there any more, the ids decide.
func (p Page) Rest(versions []*Version) []*Version {
	if p.NewestFirst {
		versions = slices.Clone(versions)
		slices.Reverse(versions)
	}
	if p.After == 0 {
		return versions
	}
	if i := slices.IndexFunc(versions, func(v *Version) bool { return v.ID == p.After }); i >= 0 {
		return versions[i+1:]
	}
	i := slices.IndexFunc(versions, func(v *Version) bool { return (v.ID > p.After) != p.NewestFirst })
	if i < 0 {
		return nil
	}
	return versions[i:]
}

// within is what of a stretch the page may have.
func (p Page) within(s stretch) stretch {
	switch {
	case p.After == 0:
	case p.NewestFirst:
		s.LastID = min(s.LastID, p.After-1)
	default:
		s.FirstID = max(s.FirstID, p.After+1)
	}
	return s
}

// byID compares versions in the order of the page.
func (p Page) byID(a, b *Version) int {
	if p.NewestFirst {
		a, b = b, a
	}
	return cmp.Compare(a.ID, b.ID)
}

// pageSize bounds what one query returns; a whole history is read in several.
const pageSize = 1000

// Read gives the versions of an entity in the order of their ids. Where its primary key was
// rewritten, they go on under the other keys.
func Read(ctx context.Context, q db.DBTX, e Entity, page Page) ([]*Version, error) {
	line, _, err := stretches(ctx, q, e)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s %s: %w", e.Table, e.ID, err)
	}
	var versions []*Version
	for _, stretch := range line {
		found, err := readStretch(ctx, q, e, page.within(stretch), page)
		if err != nil {
			return nil, fmt.Errorf("read the history of %s %s: %w", e.Table, e.ID, err)
		}
		versions = append(versions, found...)
	}
	slices.SortFunc(versions, page.byID)
	versions = slices.CompactFunc(versions, func(a, b *Version) bool { return a.ID == b.ID })
	if page.Limit > 0 && len(versions) > page.Limit {
		versions = versions[:page.Limit]
	}
	columns, err := readColumns(ctx, q, e)
	if err != nil {
		return nil, err
	}
	compare, err := readComparison(ctx, q, e, Comparison{})
	if err != nil {
		return nil, err
	}
	columns.rename(versions, compare)
	return versions, nil
}

// Complete gives the whole history of an entity with the state after each version, or
// a *DivergedError where it does not fit together. Where the options of the table explain that,
// versions have a Gap instead, and where the present row is another than the last state, the newest
// version says what is Lost.
func Complete(ctx context.Context, q db.DBTX, e Entity) ([]*Version, error) {
	present, err := NewPresent(ctx, q, e)
	if err != nil {
		return nil, err
	}
	versions, _, err := complete(ctx, q, e, present, nil, 0)
	return versions, err
}

// Check reports whether the history of an entity fits together, as Complete does, but holds no value of more bytes than
// cut says.
func Check(ctx context.Context, q db.DBTX, e Entity, cut int) error {
	present, err := NewPresent(ctx, q, e)
	if err != nil {
		return err
	}
	_, _, err = complete(ctx, q, e, present, nil, cut)
	return err
}

// complete leaves hidden columns of the present row out of the states before it.
func complete(ctx context.Context, q db.DBTX, e Entity, present Present, hidden []string,
	cut int) ([]*Version, []*Line, error) {
	versions, err := Read(ctx, q, e, Page{Cut: cut})
	if err != nil {
		return nil, nil, err
	}
	lines, err := Lines(ctx, q, e.TableID, versions)
	if err != nil {
		return nil, nil, err
	}
	for _, line := range lines {
		e.ID = line.Key()
		present := present
		present.Unknown = present.Unknown || present.endedAfter(line)
		if line.Current && !present.Unknown {
			if present.Row, err = rowPreview(ctx, q, e, cut); err != nil {
				return nil, nil, err
			}
			present.Row = without(present.Row, hidden)
		}
		err := rebuildPeriods(line.Versions, present)
		if err != nil && !outOfSight(err) {
			return nil, nil, e.misfit(err)
		}
		placed(0, line.Versions)
		newLost(line.Versions, err).mark(line.Versions)
		noteUnknown(line.Versions, present.Hidden)
	}
	return inTrueOrder(versions, lines), lines, nil
}

// misfit says of an error whose history it is.
func (e Entity) misfit(err error) error {
	if diverged := (*audit.DivergedError)(nil); errors.As(err, &diverged) {
		diverged.RowID = audit.RowID{Table: e.Table, EntityID: audit.EntityID(e.ID)}
	}
	return fmt.Errorf("history of %s %s: %w", e.Table, e.ID, err)
}

// outOfSight tells whether what is recorded fits, and only the present row is another, as
// the options of its table allow.
func outOfSight(err error) bool {
	misfit := (*audit.DivergedError)(nil)
	return errors.As(err, &misfit) && misfit.Version == 0 && misfit.Explained
}

// NewPresent says what the options of an entity's table leave unrecorded, and no row.
func NewPresent(ctx context.Context, q db.DBTX, e Entity) (Present, error) {
	unrecorded, err := db.New().Unrecorded(ctx, q, db.UnrecordedParams{TableID: e.TableID, Relation: e.Relation})
	if err != nil {
		return Present{}, fmt.Errorf("read the options of %s: %w", e.Table, err)
	}
	return Present{
		Unknown: e.Relation == 0 || e.Period.Former(), Gaps: unrecorded.Changes, Hidden: unrecorded.Columns,
		Condition: unrecorded.Condition, Excluded: unrecorded.Excluded, Ends: unrecorded.Ends,
	}, nil
}

// inTrueOrder gives the versions of each line, which rebuilding has arranged, the places
// that the line's versions had.
func inTrueOrder(versions []*Version, lines []*Line) []*Version {
	lineOf := make(map[*Version]*Line, len(versions))
	next := make(map[*Line]int, len(lines))
	for _, l := range lines {
		for _, v := range l.Versions {
			lineOf[v] = l
		}
	}
	ordered := make([]*Version, len(versions))
	for i, v := range versions {
		l := lineOf[v]
		ordered[i] = l.Versions[next[l]]
		next[l]++
	}
	return ordered
}

func readStretch(ctx context.Context, q db.DBTX, e Entity, stretch stretch, p Page) ([]*Version, error) {
	var versions []*Version
	for {
		next := p
		next.Limit = pageSize
		if p.Limit > 0 {
			next.Limit = min(pageSize, p.Limit-len(versions))
		}
		page, err := readPage(ctx, q, e, stretch, next)
		if err != nil {
			return nil, err
		}
		versions = append(versions, page...)
		if len(page) < next.Limit || len(versions) == p.Limit {
			return versions, nil
		}
		next.After = page[len(page)-1].ID
		stretch = next.within(stretch)
	}
}

// readPage reads as many versions of a stretch as the limit of a page says.
func readPage(ctx context.Context, q db.DBTX, e Entity, stretch stretch, p Page) ([]*Version, error) {
	params := db.EntityVersionsParams{Cut: optional(p.Cut), TableID: e.TableID, EntityID: stretch.EntityID,
		FirstID: stretch.FirstID, LastID: stretch.LastID, PageSize: int32(p.Limit)}
	rows, err := entityVersions(ctx, q, params, p.NewestFirst)
	if err == nil {
		err = fillCreated(ctx, q, rows, p.Cut)
	}
	if err != nil {
		return nil, err
	}
	page := make([]*Version, len(rows))
	for i, r := range rows {
		if page[i], err = newVersion(e.Table, r); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func entityVersions(ctx context.Context, q db.DBTX, params db.EntityVersionsParams,
	newestFirst bool) ([]db.EntityVersionsRow, error) {
	if !newestFirst {
		return db.New().EntityVersions(ctx, q, params)
	}
	newest, err := db.New().NewestEntityVersions(ctx, q, db.NewestEntityVersionsParams(params))
	rows := make([]db.EntityVersionsRow, len(newest))
	for i, r := range newest {
		rows[i] = db.EntityVersionsRow(r)
	}
	return rows, err
}

// optional is a number for SQL; 0 is NULL.
func optional(n int) *int32 {
	if n == 0 {
		return nil
	}
	m := int32(n)
	return &m
}

// Get gives one version and the entity it belongs to, or ErrNotFound.
func Get(ctx context.Context, q db.DBTX, id int64) (*Version, Entity, error) {
	r, err := db.New().Version(ctx, q, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, Entity{}, fmt.Errorf("version %d: %w", id, audit.ErrNotFound)
	}
	if err != nil {
		return nil, Entity{}, fmt.Errorf("read version %d: %w", id, err)
	}
	rows := []db.EntityVersionsRow{{
		ID: r.ID, RecordedAt: r.RecordedAt, TransactionID: r.TransactionID, TableID: r.TableID, Action: r.Action,
		Rollback: r.Rollback, EntityID: r.EntityID, PreviousEntityID: r.PreviousEntityID, Before: r.Before,
		After: r.After, Custom: r.Custom, CustomColumns: r.CustomColumns, SessionUserName: r.SessionUserName,
	}}
	if err := fillCreated(ctx, q, rows, 0); err != nil {
		return nil, Entity{}, fmt.Errorf("read version %d: %w", id, err)
	}
	v, err := newVersion(r.QuotedName, rows[0])
	if err != nil {
		return nil, Entity{}, err
	}
	e := Entity{TableID: r.TableID, Table: r.QuotedName, Relation: r.Relation, ID: r.EntityID}
	columns, err := readColumns(ctx, q, e)
	if err != nil {
		return nil, e, err
	}
	periods, err := Periods(ctx, q, e)
	if err != nil {
		return nil, e, err
	}
	e.Period = PeriodOf(periods, v.ID)
	compare, err := readComparison(ctx, q, e, Comparison{})
	if err != nil {
		return nil, e, err
	}
	columns.rename([]*Version{v}, compare)
	return v, e, nil
}

// rowPreview is LiveRow with long values cut; 0 cuts none.
func rowPreview(ctx context.Context, q db.DBTX, e Entity, cut int) (audit.Image, error) {
	if cut == 0 {
		return LiveRow(ctx, q, e, false)
	}
	data, err := db.New().RowPreview(ctx, q, db.RowPreviewParams{Relation: e.Relation, EntityID: e.ID, Cut: int32(cut)})
	if err != nil {
		return nil, fmt.Errorf("read the row %s of %s: %w", e.ID, e.Table, err)
	}
	image, err := DecodeImage(data)
	if err != nil {
		return nil, fmt.Errorf("read the row %s of %s: %w", e.ID, e.Table, err)
	}
	return image, nil
}

// LiveRow gives the entity's present row, nil where there is none. Locked, it stays as it
// is until the transaction ends.
func LiveRow(ctx context.Context, q db.DBTX, e Entity, locked bool) (audit.Image, error) {
	data, err := db.New().RowImage(ctx, q, db.RowImageParams{Relation: e.Relation, EntityID: e.ID, Locked: locked})
	if err != nil {
		return nil, fmt.Errorf("read the row %s of %s: %w", e.ID, e.Table, err)
	}
	image, err := DecodeImage(data)
	if err != nil {
		return nil, fmt.Errorf("read the row %s of %s: %w", e.ID, e.Table, err)
	}
	return image, nil
}
