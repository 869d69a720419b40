package exaudit

import (
	"context"
	"time"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/custom"
	"github.com/exaudit/exaudit/revert"
)

// RevertOption changes what Revert and Preview accept.
type RevertOption = revert.Option

// AllowDiverged reverts a row that is not what its history says, which is refused
// otherwise: columns that no undone version names keep their present value, the others get
// the one that was recorded.
func AllowDiverged() RevertOption { return revert.AllowDiverged() }

// Expect reverts only if that still is this patch, as Preview gave it; else the error is
// ErrChanged.
func Expect(p Patch) RevertOption { return revert.Expect(p) }

// SetColumn gives a column of the row a value besides, or instead of, the recorded one. A
// row that comes back needs it for a column that was added since, NOT NULL and without a
// default. The value is one that encoding/json takes, as for Custom; PostgreSQL reads it as
// the column's type. ErrInvalidColumn tells of a column that is missing, generated or part of
// the primary key, and of a value that is none of its type.
func SetColumn(name string, value any) RevertOption { return revert.SetColumn(name, value) }

// RevertLockTimeout bounds how long a revert waits for locks in all, which is DefaultLockTimeout otherwise; 0 is for
// ever. What is not to be had is ErrLocked.
func RevertLockTimeout(d time.Duration) RevertOption { return revert.LockTimeout(d) }

// Revert brings the entity of a version back to what it was before that version, undoing
// it and all later ones: an update restores the old values, a delete brings the row back
// under the same key, a create removes it, and with it what its foreign keys' actions take
// along, which the result lists. Columns that were added to the table since keep
// their value, unless one of the undone versions changed it: then they get what they were filled with.
// What was changed is the result, and is recorded as a rollback with the
// custom data of ctx. Values of columns that were dropped since, or were not recorded, cannot come back
// and are listed in the result; if that is all there is, the error is ErrColumnGone or
// ErrNotRecorded.
//
// It all happens in one transaction, or in a savepoint where the DB is of a transaction.
// Errors: ErrNoVersion, ErrDiverged, ErrNothingToDo, ErrReferencedRowMissing,
// ErrUniqueConflict, ErrConstraint, ErrColumnGone, ErrNotRecorded,
// ErrInvalidColumn, ErrTableGone, ErrVetoed, ErrChanged, ErrNotRecording.
func (d *DB) Revert(ctx context.Context, version int64, opts ...RevertOption) (*Reversal, error) {
	if err := CustomErr(ctx); err != nil {
		return nil, err
	}
	if data := custom.JSON(ctx); data != "" {
		opts = append([]RevertOption{revert.WithCustom(data)}, opts...)
	}
	if err := d.custom.ApplyBase(ctx); err != nil {
		return nil, err
	}
	reversal, err := revert.Apply(ctx, d.conn, version, opts...)
	return reversal, d.explain(ctx, err)
}

// Preview gives what Revert would do, with the same patch, and writes nothing. Triggers of the
// table may change a row further when it is really written.
func (d *DB) Preview(ctx context.Context, version int64, opts ...RevertOption) (*Reversal, error) {
	var reversal *Reversal
	err := d.snapshot(ctx, func(q db.DBTX) (err error) {
		reversal, err = revert.Preview(ctx, q, version, opts...)
		return err
	})
	return reversal, d.explain(ctx, err)
}
