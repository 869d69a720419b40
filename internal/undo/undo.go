// Package undo takes chosen changes back and keeps what came after them.
//
// A Plan says for each row what would be written: the chosen versions are merged out of the
// row as it is, column by column, and inside jsonb path by path. What a later change has
// overwritten is a conflict. Applying a plan writes everything in one transaction, through the
// tables' own triggers, as rollback versions that name what they undid, so that an undo can be
// undone.
package undo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/revert"
)

// DefaultMaxRows is how many rows an undo writes at most, unless MaxRows says otherwise.
const DefaultMaxRows = 10_000

// Conn is what an undo works on: a pool, a connection, or a transaction to be part of.
type Conn = revert.Conn

// Option changes what an undo does.
type Option func(*options)

// options are settings, which are part of a plan, and what is only said when it is carried out.
type options struct {
	settings
	custom      string
	progress    func(audit.Stage, int)
	lockTimeout time.Duration
	err         error
}

// settings are what a plan was made with.
type settings struct {
	Policy    audit.ConflictPolicy
	MaxRows   int
	Overwrite []audit.RowID
	Keep      []string
	Set       map[string]json.RawMessage
}

func settingsOf(p *audit.UndoPlan) settings {
	return settings{p.OnConflict, p.MaxRows, p.OverwriteRows, p.KeepColumns, p.SetColumns}
}

func newPlan(s settings) *plan {
	return &plan{UndoPlan: audit.UndoPlan{OnConflict: s.Policy, MaxRows: s.MaxRows, OverwriteRows: s.Overwrite,
		KeepColumns: s.Keep, SetColumns: s.Set}}
}

func collect(opts []Option) options {
	o := options{
		settings: settings{Policy: audit.RefuseConflicts, MaxRows: DefaultMaxRows},
		progress: func(audit.Stage, int) {}, lockTimeout: lock.DefaultTimeout,
	}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// check refuses options that cannot be meant.
func (o options) check() error {
	if o.err == nil && !slices.Contains([]audit.ConflictPolicy{audit.RefuseConflicts, audit.SkipRows, audit.KeepLater},
		o.Policy) {
		return &audit.InvalidError{Reason: audit.InvalidPlan, Name: string(o.Policy),
			Detail: fmt.Sprintf("there is no policy %q", o.Policy)}
	}
	return o.err
}

// OnConflict sets the policy; Refuse is the default.
func OnConflict(p audit.ConflictPolicy) Option { return func(o *options) { o.Policy = p } }

// MaxRows raises or lowers DefaultMaxRows.
func MaxRows(n int) Option { return func(o *options) { o.MaxRows = n } }

// Overwrite lets an undo overwrite what came later, in this one row: the table is named with its
// schema or without, the key as versions name it, by EntityID.
func Overwrite(row audit.RowID) Option {
	return func(o *options) {
		o.settings.Overwrite = append(o.settings.Overwrite, row)
	}
}

// Keep leaves columns as they are in rows that are there, without a conflict: "updated_at" in
// every table, "orders.updated_at" in one.
func Keep(columns ...string) Option {
	return func(o *options) { o.settings.Keep = append(o.settings.Keep, columns...) }
}

// Set gives a column of the rows that come back a value where none was recorded, as one needs
// that was added since, NOT NULL and without a default: "region", or "orders.region". The value
// is one that encoding/json takes; PostgreSQL reads it as the column's type.
func Set(column string, value any) Option {
	return func(o *options) {
		encoded, err := json.Marshal(value)
		if err != nil {
			o.err = errors.Join(o.err, &audit.InvalidError{Reason: audit.InvalidColumn, Name: column,
				Detail: column, Err: err})
		}
		if o.settings.Set == nil {
			o.settings.Set = make(map[string]json.RawMessage)
		}
		o.settings.Set[column] = encoded
	}
}

// WithCustom gives the custom data of the rollback versions: a JSON object. Without it, the
// session's own stays in force.
func WithCustom(object string) Option { return func(o *options) { o.custom = object } }

// Progress is told what is going on, with how many versions or rows.
func Progress(report func(stage audit.Stage, n int)) Option {
	return func(o *options) { o.progress = report }
}

// LockTimeout bounds how long an undo waits for locks in all, of another undo, or of rows that others have changed; 0
// is for ever.
func LockTimeout(d time.Duration) Option { return func(o *options) { o.lockTimeout = d } }

// Make plans to undo the versions that pass a filter, and writes nothing. q should be on one
// snapshot.
func Make(ctx context.Context, q db.DBTX, filter history.Filter, opts ...Option) (*audit.UndoPlan, error) {
	p := newPlanner(q, collect(opts))
	if err := p.o.check(); err != nil {
		return nil, err
	}
	if err := p.choose(ctx, filter); err != nil {
		return nil, err
	}
	made, err := p.plan(ctx)
	if err != nil {
		return nil, err
	}
	return made.public(), nil
}

// Run plans and applies in one transaction.
func Run(ctx context.Context, conn Conn, filter history.Filter, opts ...Option) (*audit.UndoPlan, error) {
	return inTransaction(ctx, conn, collect(opts), func(p *planner) error { return p.choose(ctx, filter) }, nil)
}

// Apply carries out a plan, if it is still what would be planned: each row is locked, and must
// get the very patch that the plan shows. Else the error is ErrPlanStale. Of what was
// written, the result says what became of it: the tables' own triggers may have had their say.
func Apply(ctx context.Context, conn Conn, plan *audit.UndoPlan, opts ...Option) (*audit.UndoPlan, error) {
	o := collect(opts)
	o.settings = settingsOf(plan)
	return inTransaction(ctx, conn, o, func(p *planner) error { return p.load(ctx, plan.Chosen) },
		func(now *audit.UndoPlan) error {
			return same(plan, now)
		})
}

// Check reports whether Apply would still do what a plan says: nil says so, ErrPlanStale that it would not. It
// writes and locks nothing, and so works on a standby. q should be on one snapshot.
func Check(ctx context.Context, q db.DBTX, plan *audit.UndoPlan) error {
	o := collect(nil)
	o.settings = settingsOf(plan)
	p := newPlanner(q, o)
	if err := p.load(ctx, plan.Chosen); err != nil {
		return err
	}
	now, err := p.plan(ctx)
	if err != nil {
		return err
	}
	return same(plan, now.public())
}

// inTransaction chooses, plans and writes, from the start again where another transaction is in the way for too long.
func inTransaction(
	ctx context.Context, conn Conn, o options, choose func(*planner) error, check func(*audit.UndoPlan) error,
) (plan *audit.UndoPlan, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	_, inner := conn.(pgx.Tx)
	written := false
	err = lock.Retry(ctx, conn, o.lockTimeout, "a row or a table", func(tx pgx.Tx, briefly func() error) error {
		written = false
		// One undo at a time: a second one of the same changes sees what the first has done.
		if err := db.New().LockUndo(ctx, tx); err != nil {
			return fmt.Errorf("wait for another undo: %w", err)
		}
		if err := briefly(); err != nil {
			return err
		}
		if plan, err = carryOut(ctx, tx, !inner, o, choose, check); err != nil {
			return err
		}
		written = true
		return nil
	})
	switch {
	case err != nil && written: // what two transactions have done may not fit together
		return nil, fmt.Errorf("undo: %w", revert.Classify(err))
	case err != nil:
		return nil, err
	}
	return plan, nil
}

// carryOut locks rows before it looks at them.
func carryOut(
	ctx context.Context, tx pgx.Tx, ours bool, o options, choose func(*planner) error,
	check func(*audit.UndoPlan) error,
) (*audit.UndoPlan, error) {
	p := newPlanner(tx, o)
	p.locked, p.ours = true, ours
	if err := choose(p); err != nil {
		return nil, err
	}
	made, err := p.plan(ctx)
	if err != nil {
		return nil, err
	}
	plan := made.public()
	if check != nil {
		if err := check(plan); err != nil {
			return nil, err
		}
	}
	if err := plan.Err(); err != nil {
		return nil, err
	}
	if err := p.write(ctx, tx, made); err != nil {
		return nil, fmt.Errorf("undo: %w", err)
	}
	return made.public(), nil
}
