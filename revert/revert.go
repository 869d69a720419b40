// Package revert brings a row back to its state before a version.
//
// A revert undoes that version and all later versions of the row. It is recorded by the table's triggers, as every
// change is, as a rollback.
//
// It is not part of the public API: there is no promise of compatibility. Import package exaudit instead.
package revert

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/patch"
)

// Conn is a pool, a connection, or a transaction of which the revert becomes a part.
type Conn interface {
	db.DBTX
	Begin(ctx context.Context) (pgx.Tx, error)
}

// plan is a plan that is being made.
type plan struct {
	audit.RevertPlan
	entity history.Entity

	present, target audit.Image // the row before and after; nil means that there is none

	undone  []audit.VersionRef             // the versions that are taken back
	leftOut map[string]audit.LeftOutReason // by column
	options history.Present                // what the options of the table leave unrecorded
	fixed   map[string]bool                // columns of an existing row that no UPDATE can set
}

// Option changes what a revert accepts.
type Option func(*options)

type options struct {
	allowDiverged bool
	custom        string
	expected      *audit.RevertPlan
	set           map[string]any
	lockTimeout   time.Duration
}

// AllowDiverged also reverts a row that is not what its history says. Columns that no undone version contains keep
// their present value; the others get the recorded value.
func AllowDiverged() Option { return func(o *options) { o.allowDiverged = true } }

// WithCustom sets the custom data of the rollback version, a JSON object. Without it, the rollback is recorded with the
// custom data of the session.
func WithCustom(object string) Option { return func(o *options) { o.custom = object } }

// Expect reverts only if the row would still get the patch of a plan; otherwise the error is ErrPlanStale.
func Expect(p *audit.RevertPlan) Option { return func(o *options) { o.expected = p } }

// SetColumn sets a column of the row to another value than the recorded one, or to a value if none was recorded. A row
// that is restored needs it for a column that was added later and is NOT NULL without a default. The value is one that
// encoding/json accepts; PostgreSQL reads it as the column's type. If the column is missing, generated or part of the
// primary key, the error has the reason InvalidColumn.
func SetColumn(name string, value any) Option {
	return func(o *options) {
		if o.set == nil {
			o.set = make(map[string]any)
		}
		o.set[name] = value
	}
}

// LockTimeout limits how long a revert waits for all locks, of the row and of rows that change with it; 0 means for
// ever.
func LockTimeout(d time.Duration) Option { return func(o *options) { o.lockTimeout = d } }

// Preview plans the revert to the state before a version, and writes nothing.
func Preview(ctx context.Context, q db.DBTX, version int64, opts ...Option) (*audit.RevertPlan, error) {
	o := collect(opts)
	p, err := makePlan(ctx, q, version, false, o)
	if err != nil {
		return nil, err
	}
	return p.public(), p.expected(o)
}

// Apply reverts to the state before a version, in one transaction that locks the row first. The Patch of its plan is
// what really changed, including what the table's own triggers changed.
func Apply(ctx context.Context, conn Conn, version int64, opts ...Option) (*audit.RevertPlan, error) {
	o := collect(opts)
	var p *plan
	_, inner := conn.(pgx.Tx)
	written := false
	err := lock.Retry(ctx, conn, o.lockTimeout, "a row or a table", func(tx pgx.Tx, briefly func() error) (err error) {
		written = false
		if p, err = makePlan(ctx, tx, version, true, o); err != nil {
			return err
		}
		if err := p.expected(o); err != nil {
			return err
		}
		if err := briefly(); err != nil {
			return err
		}
		if err := p.write(ctx, tx, !inner, o); err != nil {
			return failed(p.entity, version, err)
		}
		written = true
		p.TransactionID, err = db.New().CurrentTransaction(ctx, tx)
		return err
	})
	switch {
	case err != nil && written: // the changes of two transactions may not fit together
		return nil, failed(p.entity, version, Classify(err))
	case err != nil:
		return nil, err
	}
	return p.public(), nil
}

// public returns the plan with the key that its row has now.
func (p *plan) public() *audit.RevertPlan {
	p.RowID = p.rowID()
	return &p.RevertPlan
}

// expected returns ErrPlanStale unless the plan is the expected one, if there is one.
func (p *plan) expected(o options) error {
	was := o.expected
	if was == nil || was.RowID == p.rowID() && was.Action == p.Action && reflect.DeepEqual(was.Patch, p.Patch) {
		return nil
	}
	return failed(p.entity, p.Version, audit.ErrPlanStale)
}

// failed wraps an error with what was attempted.
func failed(e history.Entity, version int64, err error) error {
	row := audit.RowID{Table: e.Table, EntityID: audit.EntityID(e.ID)}
	if refused := (*audit.WriteError)(nil); errors.As(err, &refused) && refused.Table == "" {
		refused.RowID = row
	}
	if diverged := (*audit.DivergedError)(nil); errors.As(err, &diverged) {
		diverged.RowID = row
	}
	return fmt.Errorf("revert %s %s to before version %d: %w", e.Table, e.ID, version, err)
}

func collect(opts []Option) options {
	o := options{lockTimeout: lock.DefaultTimeout}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

func makePlan(ctx context.Context, q db.DBTX, version int64, locked bool, o options) (*plan, error) {
	chosen, entity, err := history.Get(ctx, q, version)
	if err != nil {
		return nil, err
	}
	if entity.Relation == 0 {
		return nil, fmt.Errorf("revert version %d: %w", version,
			&audit.TableError{Table: entity.Table, Reason: audit.TableGone})
	}
	if err := entity.CheckKey(); err != nil {
		return nil, fmt.Errorf("revert version %d: table %s: %w", version, entity.Table, err)
	}
	line, present, err := lockLine(ctx, q, &entity, chosen.ID, locked)
	if err != nil {
		return nil, err
	}
	known, err := history.NewPresent(ctx, q, entity)
	if err != nil {
		return nil, err
	}
	known.Row = present
	line.Versions = known.SinceTracked(line.Versions, chosen.ID)
	err = history.Rebuild(line.Versions, known)
	from := slices.IndexFunc(line.Versions, func(v *history.Version) bool { return v.ID == chosen.ID })
	if err == nil {
		err = gapIn(line.Versions[from+1:])
	}
	if err != nil && !o.allowDiverged {
		return nil, failed(entity, version, err)
	}
	goal, err := target(present, line.Versions[from:])
	if err != nil {
		return nil, failed(entity, version, err)
	}
	p := &plan{entity: entity, options: known, RevertPlan: audit.RevertPlan{
		Version: version, AllowDiverged: o.allowDiverged,
	}, present: present, target: goal, leftOut: make(map[string]audit.LeftOutReason)}
	for _, v := range line.Versions[from:] {
		p.undone = append(p.undone, v.Ref())
		p.Versions = append(p.Versions, v.ID)
	}
	p.leaveOut(line.PresentColumns(), line.Versions[from:])
	if err := p.keepUnwritable(ctx, q); err != nil {
		return nil, failed(entity, version, err)
	}
	if err := p.set(ctx, q, o.set); err != nil {
		return nil, failed(entity, version, err)
	}
	if err := p.check(); err != nil {
		return nil, failed(entity, version, err)
	}
	if err := p.lookForReferences(ctx, q); err != nil {
		return nil, failed(entity, version, err)
	}
	if err := history.CheckRecording(ctx, q, entity.Relation); err != nil {
		return nil, failed(entity, version, err)
	}
	return p, nil
}

// lookForReferences finds the rows that refer to a row that is deleted.
func (p *plan) lookForReferences(ctx context.Context, q db.DBTX) error {
	if p.target != nil {
		return nil
	}
	found, err := db.New().ReferencingRows(ctx, q,
		db.ReferencingRowsParams{Relation: p.entity.Relation, EntityID: p.entity.ID})
	if err != nil {
		return fmt.Errorf("look for rows that reference it: %w", err)
	}
	for _, r := range found {
		if r.Referencing != 0 {
			p.Referencing = append(p.Referencing, audit.Referencing{
				Table: r.TableName, Columns: r.Columns, Action: r.Action, Rows: r.Referencing})
		}
	}
	return nil
}

// gapIn returns an error if something was changed without being recorded between versions that are undone.
func gapIn(versions []*history.Version) error {
	for _, v := range versions {
		if v.Gap != nil {
			return &audit.DivergedError{Version: v.ID, Difference: v.Gap, Explained: true}
		}
	}
	return nil
}

// lockLine returns the row of a version, locked if asked, and all its versions. The entity has the key that the row has
// now, because the key may have been changed after the version.
func lockLine(ctx context.Context, q db.DBTX, e *history.Entity, version int64, locked bool) (*history.Line,
	audit.Image, error) {
	for {
		line, err := lineOf(ctx, q, *e, version)
		if err != nil {
			return nil, nil, err
		}
		e.ID = line.Key()
		seen := line.Versions[len(line.Versions)-1].ID
		present, err := history.LiveRow(ctx, q, *e, locked)
		if err != nil || !locked {
			return line, rowOf(line, present), err
		}
		// Read what was recorded during the wait for the lock. From now on nobody adds anything;
		// but if there was no row to lock, one may have been inserted meanwhile.
		line, err = lineOf(ctx, q, *e, version)
		if err != nil {
			return nil, nil, err
		}
		last := line.Versions[len(line.Versions)-1].ID
		if line.Key() == e.ID && (present != nil || last == seen) {
			return line, rowOf(line, present), nil
		}
	}
}

// lineOf returns the line to which a version belongs.
func lineOf(ctx context.Context, q db.DBTX, e history.Entity, version int64) (*history.Line, error) {
	versions, err := history.Read(ctx, q, e, history.Page{})
	if err != nil {
		return nil, err
	}
	lines, err := history.Lines(ctx, q, e.TableID, versions)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if slices.ContainsFunc(line.Versions, func(v *history.Version) bool { return v.ID == version }) {
			return line, nil
		}
	}
	return nil, fmt.Errorf("version %d of %s %s: %w", version, e.Table, e.ID, audit.ErrNotFound)
}

// rowOf returns the present row under a line's key, if it belongs to the line.
func rowOf(line *history.Line, present audit.Image) audit.Image {
	if !line.Current {
		return nil
	}
	return present
}

// target undoes versions, the last one first, starting from the present row. Columns that no version contains keep
// their values, among them columns that were added since.
func target(present audit.Image, undone []*history.Version) (audit.Image, error) {
	state := maps.Clone(present)
	for _, v := range slices.Backward(undone) {
		switch {
		case v.Action == audit.Created:
			state = nil
		case v.Action == audit.Deleted:
			state = maps.Clone(v.Before)
		case state == nil:
			// some columns are not enough to restore a row that does not exist
			return nil, &audit.DivergedError{Version: v.ID,
				Difference: patch.Diff(map[string]any{}, history.AsValue(v.Before))}
		default:
			state = v.Undo(state)
		}
	}
	return state, nil
}

// check sets the patch, and returns an error if it is clear that writing would fail.
func (p *plan) check() error {
	if p.present != nil && p.target != nil && !p.writes() {
		p.target = p.present
	}
	p.Patch = patch.Diff(history.AsValue(p.present), history.AsValue(p.target))
	p.Action = audit.Updated
	switch {
	case p.present == nil:
		p.Action = audit.Created
	case p.target == nil:
		p.Action = audit.Deleted
	}
	switch {
	case (p.present == nil) != (p.target == nil) || p.Patch != nil:
		return nil
	case len(p.LeftOut) == 0:
		return audit.ErrNothingToDo
	case slices.ContainsFunc(p.LeftOut, func(l audit.LeftOut) bool { return l.Reason != audit.LeftOutDropped }):
		return p.leavesOut(audit.ValueNotRecorded)
	default:
		return p.leavesOut(audit.ColumnGone)
	}
}

func (p *plan) leavesOut(reason audit.WriteReason) error {
	var columns []string
	for _, l := range p.LeftOut {
		columns = append(columns, l.Column)
	}
	return &audit.WriteError{RowID: p.rowID(), Reason: reason, Columns: columns, Detail: strings.Join(columns, ", ")}
}

func (p *plan) rowID() audit.RowID {
	return audit.RowID{Table: p.entity.Table, EntityID: audit.EntityID(p.entity.ID)}
}

// writes reports whether an existing row gets another value in a column that can be set.
func (p *plan) writes() bool {
	for name := range p.target {
		if name != "" && !p.fixed[name] && !history.Same(p.target, p.present, name) {
			return true
		}
	}
	return false
}

// leaveOut removes from the target what cannot be written. A placeholder is never written: an existing row keeps its
// value, and a restored row gets the default. Masked columns are only listed for restored rows, because it is not known
// whether the old value of an existing row was another one.
func (p *plan) leaveOut(columns map[string]bool, undone []*history.Version) {
	if p.target == nil {
		return
	}
	for name, value := range p.target {
		if name != "" && !columns[name] && value != nil {
			p.leftOut[name] = audit.LeftOutDropped
		}
	}
	for _, name := range p.target.Masked() {
		if p.present == nil {
			p.leftOut[name] = audit.LeftOutMasked
		}
	}
	for _, name := range p.target.Oversized() {
		if patch.Diff(p.target[name], p.present[name]) != nil {
			p.leftOut[name] = audit.LeftOutOversized
		}
	}
	if p.present == nil {
		// the first whole row of the undone versions is restored
		deleted := slices.IndexFunc(undone, func(v *history.Version) bool { return v.Action != audit.Updated })
		for _, name := range undone[deleted].Excluded() {
			p.leftOut[name] = audit.LeftOutExcluded
		}
	}
	p.LeftOut = history.LeftOut(p.leftOut)
	p.target = history.Known(p.target, p.present)
	maps.DeleteFunc(p.target, func(name string, _ any) bool { return name != "" && !columns[name] })
	// columns added since, which no image has
	p.target = history.Over(p.target, p.present)
}

// keepUnwritable removes from the target of an existing row what no UPDATE can set: identity columns that are GENERATED
// ALWAYS and, if nothing else would change, generated columns.
func (p *plan) keepUnwritable(ctx context.Context, q db.DBTX) error {
	if p.present == nil || p.target == nil {
		return nil
	}
	columns, err := db.New().TableColumns(ctx, q, []uint32{p.entity.Relation})
	if err != nil {
		return fmt.Errorf("read the columns of %s: %w", p.entity.Table, err)
	}
	p.fixed = make(map[string]bool)
	for _, c := range columns {
		p.fixed[c.Name] = c.Generated || c.Numbered
		if c.Numbered && !history.Same(p.target, p.present, c.Name) {
			p.leftOut[c.Name] = audit.LeftOutNumbered
			p.target = history.Over(history.Only(p.present, func(name string) bool { return name == c.Name }), p.target)
		}
	}
	p.LeftOut = history.LeftOut(p.leftOut)
	return nil
}

// set adds the values of SetColumn to the target, as PostgreSQL reads them.
func (p *plan) set(ctx context.Context, q db.DBTX, values map[string]any) error {
	if len(values) == 0 {
		return nil
	}
	if p.target == nil {
		return p.cannotSet("", "the row is removed", nil)
	}
	columns, err := db.New().TableColumns(ctx, q, []uint32{p.entity.Relation})
	if err != nil {
		return err
	}
	for name := range values {
		i := slices.IndexFunc(columns, func(c db.TableColumnsRow) bool { return c.Name == name })
		switch {
		case i < 0:
			return p.cannotSet(name, fmt.Sprintf("there is no column %q", name), nil)
		case columns[i].Generated, columns[i].Numbered && p.present != nil:
			return p.cannotSet(name, fmt.Sprintf("column %q is generated", name), nil)
		case columns[i].KeyPosition >= 0:
			return p.cannotSet(name, fmt.Sprintf("column %q is part of the primary key", name), nil)
		}
	}
	p.SetColumns = make(map[string]json.RawMessage, len(values))
	for name, value := range values {
		encoded, err := json.Marshal(value)
		if err != nil {
			return p.cannotSet(name, "", err)
		}
		p.SetColumns[name] = encoded
	}
	encoded, err := json.Marshal(p.SetColumns)
	if err != nil {
		return p.cannotSet("", "", err)
	}
	normalized, err := db.New().NormalizeImage(ctx, q,
		db.NormalizeImageParams{Relation: p.entity.Relation, Image: encoded})
	if err != nil {
		return p.cannotSet("", "", err)
	}
	given, err := history.DecodeImage(normalized)
	if err != nil {
		return err
	}
	p.target = history.Over(given, p.target)
	p.LeftOut = slices.DeleteFunc(p.LeftOut, func(l audit.LeftOut) bool { _, in := values[l.Column]; return in })
	return nil
}

func (p *plan) cannotSet(column, detail string, err error) error {
	return &audit.InvalidError{Reason: audit.InvalidColumn, Table: p.entity.Table, Name: column, Detail: detail,
		Err: err}
}

// write writes the row as planned, as a rollback, and restores the session's data. ours reports whether the transaction
// ends with it.
func (p *plan) write(ctx context.Context, tx pgx.Tx, ours bool, o options) error {
	start, err := db.New().LastVersionID(ctx, tx)
	if err != nil {
		return err
	}
	err = AsRollback(ctx, tx, o.custom, func() error {
		return Settled(ctx, tx, ours, func() error {
			written, err := p.writeRow(ctx, tx)
			if err == nil && written != 1 {
				return &audit.WriteError{RowID: p.rowID(), Reason: audit.Vetoed,
					Detail: "a trigger or a policy of " + p.entity.Table}
			}
			return Classify(err)
		})
	})
	if err != nil {
		return err
	}
	if err := p.readBack(ctx, tx); err != nil {
		return err
	}
	return p.noteUndone(ctx, tx, start)
}

// noteUndone records which versions the rollback has undone.
func (p *plan) noteUndone(ctx context.Context, tx pgx.Tx, start int64) error {
	written, err := db.New().WrittenSince(ctx, tx, start)
	if err != nil {
		return fmt.Errorf("read what was written: %w", err)
	}
	i := slices.IndexFunc(written, func(w db.WrittenSinceRow) bool {
		return w.TableID == p.entity.TableID && w.EntityID == p.entity.ID && w.Rollback
	})
	switch {
	case i < 0 && p.options.ExpectsVersion(p.present, p.target):
		return &audit.TableError{Table: p.entity.Table, Reason: audit.NotRecording,
			Detail: "this one of " + p.entity.Table + " " + p.entity.ID}
	case i < 0:
		return nil // the table's triggers prevented the change, or its options leave it out
	}
	undone := make([]Undone, len(p.undone))
	for n, ref := range p.undone {
		undone[n] = Undone{Rollback: written[i].ID, Version: ref}
	}
	return NoteUndone(ctx, tx, undone)
}

// Undone is a version and the rollback that undid it.
type Undone struct {
	Rollback int64
	Version  audit.VersionRef
}

// NoteUndone records which rollbacks of this transaction have undone which versions.
func NoteUndone(ctx context.Context, q db.DBTX, undone []Undone) error {
	var args db.NoteUndoneParams
	for _, u := range undone {
		args.RollbackIds, args.VersionIds = append(args.RollbackIds, u.Rollback), append(args.VersionIds, u.Version.ID)
		args.TableIds, args.EntityIds = append(args.TableIds, u.Version.TableID),
			append(args.EntityIds, string(u.Version.EntityID))
	}
	if err := db.New().NoteUndone(ctx, q, args); err != nil {
		return fmt.Errorf("note what was undone: %w", err)
	}
	return nil
}

// AsRollback calls do, whose changes are recorded as rollbacks, with the given custom data, if any. Then it restores
// the session's data.
func AsRollback(ctx context.Context, q db.DBTX, custom string, do func() error) error {
	queries := db.New()
	before, err := queries.SessionData(ctx, q)
	if err != nil {
		return err
	}
	// the triggers read the setting for rollbacks only if there is custom data
	custom = cmp.Or(custom, before.Custom, "{}")
	if err := queries.SetSessionData(ctx, q, db.SetSessionDataParams{Custom: custom, Rollback: "on"}); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return queries.SetSessionData(ctx, q, db.SetSessionDataParams(before))
}

func (p *plan) writeRow(ctx context.Context, tx pgx.Tx) (int64, error) {
	queries := db.New()
	if p.target == nil {
		return queries.DeleteRow(ctx, tx, db.DeleteRowParams{Relation: p.entity.Relation, EntityID: p.entity.ID})
	}
	if err := p.valuesAreFree(ctx, tx); err != nil {
		return 0, err
	}
	image := p.target
	if p.present != nil {
		image = history.Differing(p.target, p.present)
	}
	encoded, err := json.Marshal(image)
	if err != nil {
		return 0, err
	}
	if p.present == nil {
		return queries.InsertRow(ctx, tx, db.InsertRowParams{Relation: p.entity.Relation, Image: encoded})
	}
	return queries.UpdateRow(ctx, tx, db.UpdateRowParams{Relation: p.entity.Relation, EntityID: p.entity.ID,
		Image: encoded})
}

// valuesAreFree returns UniqueConflict if another row has the key that the row gets, or another unique value, as the
// types compare them. A deferrable constraint raises its error only when the transaction ends, and the transaction may
// be the caller's.
func (p *plan) valuesAreFree(ctx context.Context, tx pgx.Tx) error {
	encoded, err := json.Marshal(p.target)
	if err != nil {
		return err
	}
	taken, err := db.New().TakenValues(ctx, tx, db.TakenValuesParams{Relation: p.entity.Relation,
		EntityIds: []string{p.entity.ID}, There: []bool{p.present != nil}, Images: []json.RawMessage{encoded}})
	if err != nil {
		return fmt.Errorf("look for rows with the same unique values: %w", err)
	}
	for _, t := range taken {
		if p.present != nil && !slices.ContainsFunc(t.Columns,
			func(name string) bool { return !history.Same(p.present, p.target, name) }) {
			continue
		}
		return &audit.WriteError{RowID: p.rowID(), Reason: audit.UniqueConflict, Columns: t.Columns,
			Detail: fmt.Sprintf("row %s has the same %s now", t.Occupant, strings.Join(t.Columns, ", "))}
	}
	return nil
}

// targetKey returns the key that the row gets.
func (p *plan) targetKey(ctx context.Context, tx pgx.Tx) (string, error) {
	encoded, err := json.Marshal(p.target)
	if err != nil {
		return "", err
	}
	key, err := db.New().EntityIDOfImage(ctx, tx, db.EntityIDOfImageParams{Relation: p.entity.Relation, Image: encoded})
	return key.EntityID, err
}

// readBack reads the row as it was written, under its new key.
func (p *plan) readBack(ctx context.Context, tx pgx.Tx) error {
	if p.target != nil {
		key, err := p.targetKey(ctx, tx)
		if err != nil {
			return err
		}
		p.entity.ID = key
	}
	became, err := history.LiveRow(ctx, tx, p.entity, false)
	if err != nil {
		return err
	}
	p.target = became
	p.Patch = patch.Diff(history.AsValue(p.present), history.AsValue(became))
	return nil
}
