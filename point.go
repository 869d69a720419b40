package exaudit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/history"
)

// ErrBeforeHistory means that a table's history does not reach back so far: it was not tracked
// yet, or retention has removed what was recorded then.
var ErrBeforeHistory = errors.New("before its history is complete")

// Point is a place in the stream of changes.
type Point struct {
	// function of schema exaudit reads a table as of the point, given its row type and argument.
	function string
	argument any
	resolve  func(context.Context, db.DBTX) (reached, error)
}

// reached is a point as the versions of an entity are compared with it.
type reached struct {
	moment time.Time // what a history must reach back to
	made   func(*Version) bool
}

// AtTime is an instant. A change counts from the start of its transaction.
func AtTime(t time.Time) Point {
	return Point{"as_of", t, func(context.Context, db.DBTX) (reached, error) {
		return reached{t, func(v *Version) bool { return !v.RecordedAt.After(t) }}, nil
	}}
}

// AtVersion is when a version had been recorded, of whatever table: all of a greater id came
// later.
func AtVersion(id int64) Point {
	return Point{"as_of_version", id, func(ctx context.Context, q db.DBTX) (reached, error) {
		moment, err := db.New().VersionTime(ctx, q, id)
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrNoVersion
		}
		if err != nil {
			return reached{}, fmt.Errorf("version %d: %w", id, err)
		}
		return reached{moment, func(v *Version) bool { return v.ID <= id }}, nil
	}}
}

// AtTransaction is when a transaction, a Version's Transaction, had recorded its last version: all
// of a greater id came later.
func AtTransaction(xid uint64) Point {
	argument := strconv.FormatUint(xid, 10)
	return Point{"as_of_transaction", argument, func(ctx context.Context, q db.DBTX) (reached, error) {
		last, err := db.New().TransactionEnd(ctx, q, argument)
		if err == nil && last.LastID == 0 {
			err = ErrNoVersion
		}
		if err != nil {
			return reached{}, fmt.Errorf("transaction %d: %w", xid, err)
		}
		return reached{last.RecordedAt, func(v *Version) bool { return v.ID <= last.LastID }}, nil
	}}
}

// AtMark is when a mark was made: with all that had been committed, and nothing else.
func AtMark(name string) Point {
	return Point{"as_of_mark", name, func(ctx context.Context, q db.DBTX) (reached, error) {
		r, err := history.FindMark(ctx, q, name)
		if err != nil {
			return reached{}, err
		}
		visible, err := parseSnapshot(r.Snapshot)
		if err != nil {
			return reached{}, fmt.Errorf("mark %q: %w", name, err)
		}
		return reached{r.CreatedAt, func(v *Version) bool { return v.ID <= r.RestoredID || v.ID <= r.LastID && visible(v.Transaction) }}, nil
	}}
}

// parseSnapshot gives what pg_visible_in_snapshot says of a transaction.
func parseSnapshot(text string) (visible func(xid uint64) bool, err error) {
	var bounds [2]uint64
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return nil, fmt.Errorf("not a snapshot: %q", text)
	}
	for i := range bounds {
		if bounds[i], err = strconv.ParseUint(parts[i], 10, 64); err != nil {
			return nil, fmt.Errorf("not a snapshot: %q", text)
		}
	}
	underWay := strings.Split(parts[2], ",")
	return func(xid uint64) bool {
		return xid < bounds[0] || xid < bounds[1] && !slices.Contains(underWay, strconv.FormatUint(xid, 10))
	}, nil
}
