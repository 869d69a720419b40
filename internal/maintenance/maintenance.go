// Package maintenance keeps the store of versions as it should be: it removes versions that the options of their tables
// no longer keep, and sees to the index and the statistics by which versions are found.
package maintenance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
)

// Conn is a pool, a connection, or a transaction.
type Conn interface {
	db.DBTX
	lock.Beginner
}

// Options are those of Run.
type Options struct {
	DryRun bool
	// LockTimeout is how long each step waits for locks; 0 is for ever.
	LockTimeout time.Duration
	// BatchSize is how many versions are looked at in one transaction; 0 means 20,000.
	BatchSize int32
	// Progress is called when a step has removed something, with the number of versions since the last call.
	Progress func(table string, removed int64)
}

// Run does everything that is due, in many transactions, and returns what it has done, also with an error. What it
// leaves if it ends early, the next call does.
func Run(ctx context.Context, conn Conn, o Options) (*audit.Maintenance, error) {
	may, err := db.New().MayMaintain(ctx, conn)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, reason.Mark(errors.New("maintain: the role must be a member of exaudit_owner"),
			audit.ErrNotPermitted)
	}
	done := &audit.Maintenance{DryRun: o.DryRun}
	if done.Retention, err = remove(ctx, conn, o); err != nil {
		return done, err
	}
	unsummarized, err := db.New().Unsummarized(ctx, conn)
	if err != nil {
		return done, fmt.Errorf("look for what index versions_id_time does not summarize: %w", err)
	}
	done.SummarizedPages = unsummarized.Pages
	if o.DryRun {
		return done, nil
	}
	if err := db.New().SummarizeRanges(ctx, conn); err != nil {
		return done, fmt.Errorf("summarize block ranges of index versions_id_time: %w", err)
	}
	if !slices.ContainsFunc(done.Retention, func(r audit.Retention) bool { return r.Removed > 0 }) {
		return done, nil
	}
	err = lock.Retry(ctx, conn, o.LockTimeout, "table exaudit.versions", func(tx pgx.Tx, _ func() error) error {
		return db.New().AnalyzeVersions(ctx, tx)
	})
	if err != nil {
		return done, fmt.Errorf("analyze exaudit.versions: %w", err)
	}
	done.Analyzed = true
	return done, nil
}

// remove removes what no table keeps.
func remove(ctx context.Context, conn Conn, o Options) ([]audit.Retention, error) {
	rules, err := db.New().RetentionRules(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("read how long versions are kept: %w", err)
	}
	if o.BatchSize == 0 {
		o.BatchSize = 20_000
	}
	r := &remover{conn: conn, Options: o, rules: rules,
		done: make([]audit.Retention, len(rules)), places: make(map[int32]int)}
	for i, rule := range rules {
		r.places[rule.ID] = i
		r.done[i] = audit.Retention{TableID: rule.ID, Table: rule.TableName, Keep: rule.Keep,
			KeepLast: int(rule.KeepLast), Hold: rule.Hold}
		if rule.Keep != "" {
			r.done[i].Before = new(rule.Horizon.UTC())
		}
	}
	if err := r.expired(ctx); err != nil {
		return r.done, fmt.Errorf("remove old versions: %w", err)
	}
	for i := range r.done {
		if rule := &r.done[i]; !rule.Hold && rule.KeepLast > 0 {
			if err := r.surplus(ctx, rule); err != nil {
				return r.done, fmt.Errorf("remove versions of %s: %w", rule.Table, err)
			}
		}
	}
	return r.done, nil
}

type remover struct {
	Options
	conn   Conn
	rules  []db.RetentionRulesRow
	done   []audit.Retention // by the same places
	places map[int32]int     // in done, by the id of the table
}

func (r *remover) add(tableID int32, removed int64) {
	rule := &r.done[r.places[tableID]]
	rule.Removed += removed
	if r.Progress != nil && removed > 0 {
		r.Progress(rule.Table, removed)
	}
}

// batch runs one step, for which the session may remove versions. Undos do not run meanwhile.
func (r *remover) batch(ctx context.Context, do func(tx pgx.Tx) error) error {
	return lock.Retry(ctx, r.conn, r.LockTimeout, "a row of exaudit.tables",
		func(tx pgx.Tx, briefly func() error) error {
			queries := db.New()
			if err := queries.LockUndo(ctx, tx); err != nil {
				return lock.On("the lock of undos", fmt.Errorf("wait for an undo: %w", err))
			}
			if err := briefly(); err != nil {
				return err
			}
			was, err := queries.SetRetention(ctx, tx, "on")
			if err != nil {
				return err
			}
			if err := do(tx); err != nil {
				return err
			}
			_, err = queries.SetRetention(ctx, tx, was.Previous)
			return err
		})
}
