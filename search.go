package exaudit

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/lock"
)

// Versions returns the versions of all tables that the present role may read, in the order of their ids. For one row,
// this is the order of its changes; for all, it is nearly the order of time. Options choose among them.
func (d *DB) Versions(ctx context.Context, opts ...VersionsOption) iter.Seq2[*audit.Version, error] {
	return opened(func() (iter.Seq2[*audit.Version, error], error) {
		q := versionsQuery(opts)
		err := q.resolvePage(history.VersionID)
		if err == nil {
			err = d.resolve(ctx, &q)
		}
		return d.searched(ctx, q), d.explain(ctx, err)
	})
}

// searched are the versions that pass the filter of a query.
func (d *DB) searched(ctx context.Context, q query) iter.Seq2[*audit.Version, error] {
	return paged(q.page, cmp.Or(q.pageSize, atOnce), func(page history.Page) (versions []*audit.Version, err error) {
		var found []*history.Version
		err = d.choosing(ctx, q, func(conn db.DBTX) error {
			found, err = history.Search(ctx, conn, q.filter, page)
			return err
		})
		return d.compared(ctx, q, found, err)
	}, versionID)
}

func versionID(v *audit.Version) int64 { return v.ID }

// passing are those of an entity's versions that pass the filter.
func (d *DB) passing(ctx context.Context, q query, versions []*history.Version) (kept []*history.Version,
	err error) {
	err = d.choosing(ctx, q, func(conn db.DBTX) error {
		kept, err = history.Passing(ctx, conn, q.filter, versions)
		return err
	})
	return kept, err
}

// choosing runs what applies a filter: read-only, where a condition of the caller's is part of
// it.
func (d *DB) choosing(ctx context.Context, q query, do func(db.DBTX) error) error {
	if q.filter.Where == nil {
		return do(d.conn)
	}
	return d.snapshot(ctx, do)
}

// IndexCustom creates an index for ByCustom, with which the versions that have a key of the custom data are found
// without a search. The role must be a member of exaudit_owner. The index is created without a lock that others wait
// for, and not as part of a transaction. An index that exists already is kept.
//
// IndexCustom first waits for the transactions in progress that have recorded something or may read older rows. If they
// take too long, it returns audit.ErrLocked and has changed nothing. For transactions that begin later, it waits as
// long as they take. If it is interrupted, the next call removes the unfinished index.
//
// The index makes every change that has the key a little slower.
func (d *DB) IndexCustom(ctx context.Context, key string, opts *IndexOptions) error {
	if err := d.indexCustom(ctx, key, wait(given(opts).LockTimeout)); err != nil {
		return d.explain(ctx, fmt.Errorf("index custom data %s: %w", key, err))
	}
	return nil
}

func (d *DB) indexCustom(ctx context.Context, key string, timeout time.Duration) error {
	do, err := db.New().CustomIndexStatement(ctx, d.conn, key)
	if err != nil {
		return err
	}
	for _, statement := range []string{do.Cleanup, do.Statement} {
		if statement == "" {
			continue
		}
		if err := lock.UntilEnded(ctx, d.conn, timeout); err != nil {
			return err
		}
		if err := d.watched(ctx, statement); err != nil {
			return err
		}
	}
	return db.New().ExposeCustomIndex(ctx, d.conn, key)
}

// watched runs a statement, and has NotifyLockWait's function told of whom it waits for where it is known which
// connection that is.
func (d *DB) watched(ctx context.Context, statement string) error {
	if conn, ok := d.conn.(*pgx.Conn); ok {
		defer lock.NewWatch(ctx, conn, int32(conn.PgConn().PID()), 0).Stop()
	}
	_, err := d.conn.Exec(ctx, statement)
	return err
}
