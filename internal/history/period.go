package history

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// Period is a time in which a table had the same primary key: the versions after one, up to another. The zero value has
// all versions.
type Period struct {
	After int64 `json:"after"`
	Until int64 `json:"until,omitempty"` // 0: the key is the present one
	// Columns are those of the key, as they were called then; none where the table had no key.
	Columns []string `json:"columns"`
}

// Former reports whether the table has another primary key now.
func (p Period) Former() bool { return p.Until != 0 }

func (p Period) has(version int64) bool { return version > p.After && version <= p.last() }

func (p Period) last() int64 {
	if p.Former() {
		return p.Until
	}
	return math.MaxInt64
}

// clip leaves of a stretch what is of the period.
func (p Period) clip(s stretch) stretch {
	return stretch{s.EntityID, max(s.FirstID, p.After+1), min(s.LastID, p.last())}
}

// Key is the columns of a key in parentheses.
func (p Period) Key() string { return "(" + strings.Join(p.Columns, ", ") + ")" }

// Periods are the times in which a table had different primary keys, oldest first; one where it always had the same.
func Periods(ctx context.Context, q db.DBTX, e Entity) ([]Period, error) {
	rows, err := db.New().KeyPeriods(ctx, q, db.KeyPeriodsParams{TableID: e.TableID, Relation: e.Relation})
	if err != nil {
		return nil, fmt.Errorf("read the primary keys that %s had: %w", e.Table, err)
	}
	periods := make([]Period, len(rows))
	for i, r := range rows {
		periods[i] = Period{After: r.AfterID, Until: r.UntilID, Columns: r.Columns}
	}
	return periods, nil
}

// PeriodOf is the period that a version was recorded in.
func PeriodOf(periods []Period, version int64) Period {
	for _, p := range periods {
		if len(periods) > 1 && p.has(version) {
			return p
		}
	}
	return Period{}
}

// HasVersions reports whether versions of an entity were recorded in its period.
func HasVersions(ctx context.Context, q db.DBTX, e Entity) (bool, error) {
	found, err := readPage(ctx, q, e, e.Period.clip(stretch{e.ID, 0, math.MaxInt64}), Page{Limit: 1, Cut: 1})
	return len(found) > 0, err
}

// CheckKey returns KeyChanged where the table of an entity has another primary key now.
func (e Entity) CheckKey() error {
	if !e.Period.Former() {
		return nil
	}
	return &audit.PointError{Table: e.Table, Version: e.Period.Until, Reason: audit.KeyChanged,
		Detail: fmt.Sprintf("the primary key was changed after version %d: it was %s", e.Period.Until, e.Period.Key())}
}
