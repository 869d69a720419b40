package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// flaw is one way in which exaudit's own schema is not what Init made.
type flaw struct {
	audit.Drift
	mend string // SQL that Sync runs, "" where it leaves it
}

// inspectOwn looks at what everything rests on: schema exaudit as a whole, the roles that it belongs to, and settings
// that keep changes from being recorded.
func inspectOwn(ctx context.Context, q db.DBTX) ([]status, error) {
	flaws, notes, err := ownFlaws(ctx, q, false)
	if err != nil {
		return nil, err
	}
	var list []status
	statusOf := func(table string) *status {
		i := slices.IndexFunc(list, func(s status) bool { return s.QuotedName == table })
		if i < 0 {
			i, list = len(list), append(list, status{Tracked: Tracked{QuotedName: table}})
		}
		return &list[i]
	}
	for _, f := range flaws {
		s := statusOf(f.Table)
		s.Drift = append(s.Drift, f.Drift)
	}
	if len(notes) > 0 {
		s := statusOf(ownSchema)
		s.Notes = append(s.Notes, notes...)
	}
	return list, nil
}

// ownSchema stands for what is none of its tables.
const ownSchema = "exaudit"

// syncOwn mends schema exaudit, in rounds: what was missing has neither its owner nor its privileges yet. Each is a
// transaction of its own, so that nobody waits for a lock of one while the next one compares. What one statement cannot
// mend, for want of a privilege, is left.
func (s steps) syncOwn(ctx context.Context) ([]audit.Installation, error) {
	const rounds = 3
	var done []audit.Installation
	changed := true
	together := 1
	if s.whole != nil || s.options.dryRun { // which takes back what the next round rests on
		together = rounds
	}
	for n := 0; n < rounds && changed; n += together {
		before := done
		err := s.step(ctx, "a table of schema exaudit", func(tx pgx.Tx) (err error) {
			done, changed = slices.Clone(before), true
			for i := 0; i < together && changed && err == nil; i++ {
				for i := range done {
					done[i].Notes = nil
				}
				changed, err = syncFlaws(ctx, tx, &done)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for i := range done {
		if !done[i].Changed {
			done[i].Skipped, done[i].Notes = strings.Join(done[i].Notes, "; "), nil
		}
	}
	return done, nil
}

// syncFlaws mends what there is now, and reports whether that has changed anything.
func syncFlaws(ctx context.Context, tx pgx.Tx, all *[]audit.Installation) (changed bool, err error) {
	flaws, _, err := ownFlaws(ctx, tx, true)
	if err != nil {
		return false, err
	}
	done := *all
	defer func() { *all = done }()
	for _, f := range flaws {
		i := slices.IndexFunc(done, func(d audit.Installation) bool { return d.Table == f.Table })
		if i < 0 {
			i, done = len(done), append(done, audit.Installation{Table: f.Table})
		}
		left := f.Text()
		if f.mend != "" {
			switch err := attempt(ctx, tx, f.mend); {
			case err == nil:
				done[i].SQL += f.mend + "\n"
				done[i].Changed, changed = true, true
				continue
			case !isRefused(err):
				return false, fmt.Errorf("mend %s: %w", f.Table, err)
			default:
				left += ": " + err.Error()
			}
		}
		done[i].Notes = append(done[i].Notes, left)
	}
	return changed, nil
}

// attempt runs SQL, which may fail without ending the transaction.
func attempt(ctx context.Context, tx pgx.Tx, sql string) error {
	return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql)
		return err
	})
}

// isRefused reports whether PostgreSQL refused a statement for what it says, not for a lock or a lost connection.
func isRefused(err error) bool {
	pgErr := (*pgconn.PgError)(nil)
	return errors.As(err, &pgErr) && (strings.HasPrefix(pgErr.Code, "42") || strings.HasPrefix(pgErr.Code, "0A") ||
		strings.HasPrefix(pgErr.Code, "23") || strings.HasPrefix(pgErr.Code, "2B") || strings.HasPrefix(pgErr.Code,
		"55000"))
}

// ownFlaws are in the order in which they are mended, owners first, and what is good to know. While installing,
// exaudit_writer may create functions.
func ownFlaws(ctx context.Context, q db.DBTX, installing bool) (flaws []flaw, notes []string, err error) {
	err = underPinnedSettings(ctx, q, func(q db.DBTX) error {
		objects, err := readOwnObjects(ctx, q, ownColumns())
		if err != nil {
			return err
		}
		flaws, notes = compareObjects(objects, installing)
		functions, err := functionFlaws(ctx, q)
		if err != nil {
			return err
		}
		flaws = append(flaws, functions...)
		if len(functions) > 0 {
			return nil // what comes next calls one of them
		}
		columns, err := customColumnFlaws(ctx, q)
		if err != nil {
			return err
		}
		custom, err := customDataFlaws(ctx, q, objects)
		if err != nil {
			return err
		}
		behind, err := sequenceFlaw(ctx, q)
		if err != nil {
			return err
		}
		if len(flaws) > 0 { // the owner may lack the right to look at ranges
			flaws = slices.Concat(flaws, columns, custom, behind)
			return nil
		}
		ranges, note, err := rangeFlaw(ctx, q)
		if installing {
			flaws = append(flaws, ranges...)
		} else {
			notes = append(notes, note...)
		}
		flaws = slices.Concat(flaws, columns, custom, behind)
		return err
	})
	return flaws, notes, err
}

// customColumnFlaws are of the columns that users have added to exaudit.versions.
func customColumnFlaws(ctx context.Context, q db.DBTX) ([]flaw, error) {
	rows, err := db.New().CustomColumnFlaws(ctx, q, "exaudit.versions")
	if err != nil {
		return nil, fmt.Errorf("read the custom columns of exaudit.versions: %w", err)
	}
	var flaws []flaw
	for _, r := range rows {
		flaws = append(flaws, newFlaw(r.Object+" of exaudit.versions", r.Problem, "", r.Cure))
	}
	return flaws, nil
}

// sequenceFlaw finds versions that the sequence has not numbered yet.
func sequenceFlaw(ctx context.Context, q db.DBTX) ([]flaw, error) {
	id, err := db.New().VersionsAhead(ctx, q)
	if err != nil || id == 0 {
		return nil, err
	}
	problem := fmt.Sprintf("is behind: there is a version %d", id)
	return []flaw{{audit.Drift{Table: ownSchema, Object: "sequence exaudit.versions_id_seq", Problem: problem},
		fmt.Sprintf("SELECT pg_catalog.setval('exaudit.versions_id_seq', %d);", id)}}, nil
}

// searchedInVain is how many pages without a summary are no reason to do anything: PostgreSQL summarizes block ranges
// some time after they are full.
const searchedInVain = 512

// rangeFlaw finds block ranges of the index for times and transactions that have no summary, as after a summarization
// that was cancelled. Searches are slow then, but nothing is wrong: to status, it is a note.
func rangeFlaw(ctx context.Context, q db.DBTX) (flaws []flaw, notes []string, err error) {
	found, err := db.New().Unsummarized(ctx, q)
	if err != nil {
		return nil, nil, fmt.Errorf("look for what index versions_id_time does not summarize: %w", err)
	}
	if found.Pages < searchedInVain {
		return nil, nil, nil
	}
	problem := fmt.Sprintf("does not summarize %d pages, from page %d on, so that searches by time read them",
		found.Pages, found.FirstPage)
	return []flaw{{newDrift("exaudit.versions", "index versions_id_time", problem),
			"SELECT exaudit_internal.summarize_ranges();"}},
		[]string{"index versions_id_time " + problem + `: "exaudit sync" makes them faster`}, nil
}

// underPinnedSettings reads the catalog the same way in every session, and leaves its settings as they are.
func underPinnedSettings(ctx context.Context, q db.DBTX, do func(db.DBTX) error) error {
	conn, ok := q.(Conn)
	if !ok {
		return do(q)
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	// With a context that is still good after a Ctrl-C. It takes back the settings alone: nothing is written.
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := db.New().PinSettings(ctx, tx); err != nil {
		return fmt.Errorf("pin settings: %w", err)
	}
	return do(tx)
}
