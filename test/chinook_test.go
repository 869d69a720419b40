package test_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/patch"
)

var chinookTables = []string{
	"album", "artist", "customer", "employee", "genre", "invoice", "invoice_line", "media_type", "playlist",
	"playlist_track", "track",
}

// chinook gives a real database of 11 tables, tracked, with a copy of its rows in schema
// original. The file is not part of the project: without it the test is skipped.
func chinook(t *testing.T) (*pgtest.DB, *exaudit.DB) {
	t.Helper()
	path := os.Getenv("EXAUDIT_CHINOOK")
	if path == "" {
		path = filepath.Join("..", "..", "shared", "data", "chinook.sql")
	}
	script, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("the Chinook database is not here (%v): set EXAUDIT_CHINOOK to its SQL script", err)
	}
	db := auditdb.New(t, string(script))
	// The original has no cascades; a third of the foreign keys get one.
	db.Exec(t, `
		ALTER TABLE invoice_line DROP CONSTRAINT invoice_line_invoice_id_fkey,
			ADD FOREIGN KEY (invoice_id) REFERENCES invoice ON DELETE CASCADE;
		ALTER TABLE playlist_track DROP CONSTRAINT playlist_track_playlist_id_fkey,
			ADD FOREIGN KEY (playlist_id) REFERENCES playlist ON DELETE CASCADE;
		ALTER TABLE playlist_track DROP CONSTRAINT playlist_track_track_id_fkey,
			ADD FOREIGN KEY (track_id) REFERENCES track ON DELETE CASCADE;
		ALTER TABLE customer DROP CONSTRAINT customer_support_rep_id_fkey,
			ADD FOREIGN KEY (support_rep_id) REFERENCES employee ON DELETE SET NULL;
		CREATE SCHEMA original`)
	for _, table := range chinookTables {
		db.Exec(t, fmt.Sprintf(`CREATE TABLE original.%[1]s AS TABLE public.%[1]s`, table))
	}
	auditdb.Install(t, db, chinookTables...)
	return db, exaudit.New(db.Pool)
}

func TestChinook(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := chinook(t)

	counts := runWorkload(t, db, 2500)
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d × %s", counts[kind], kind)
		pgtest.Count(t, "statements", counts[kind])
	}

	// as autovacuum does within a minute
	db.Exec(t, `VACUUM ANALYZE exaudit.versions`)

	lines := make(map[string][]*history.Line)
	for _, table := range chinookTables {
		versions := tableVersions(t, db, table)
		if len(versions) > 0 {
			var err error
			if lines[table], err = history.Lines(ctx, db.Pool, versions[0].TableID, versions); err != nil {
				t.Fatal(err)
			}
		}
		rebuildTable(t, db, table, lines[table])
		rows := pgtest.One[int](t, db, "SELECT count(*) FROM "+table)
		if n := differences(t, db, "rebuilt", table); n != 0 {
			t.Errorf("(a) %s: %d of %d rows are not what their versions say", table, n, rows)
		}
		t.Logf("(a) %s: %d rows rebuilt from %d versions of %d entities", table, rows, versionsOf(lines[table]), len(lines[table]))
	}

	reverted := revertAll(ctx, t, db.Pool, lines)
	for _, table := range chinookTables {
		if n := differences(t, db, "original", table); n != 0 {
			t.Errorf("(b) %s: %d rows are not the original ones", table, n)
		}
	}
	t.Logf("(b) %d entities reverted to before their first version; all %d tables are as they were", reverted, len(chinookTables))
}

func versionsOf(lines []*history.Line) (n int) {
	for _, l := range lines {
		n += len(l.Versions)
	}
	return n
}

// tableVersions reads every version of a table, one by one as a user would read them.
func tableVersions(t *testing.T, db *pgtest.DB, table string) []*history.Version {
	t.Helper()
	rows, _ := db.Pool.Query(context.Background(), `SELECT id FROM exaudit.history WHERE table_name = $1 ORDER BY id`, table)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	versions := make([]*history.Version, len(ids))
	for i, id := range ids {
		if versions[i], _, err = history.Get(context.Background(), db.Pool, id); err != nil {
			t.Fatal(err)
		}
	}
	return versions
}

// rebuildTable applies the patches of all versions to the original rows, and writes the
// outcome to a table of schema rebuilt.
func rebuildTable(t *testing.T, db *pgtest.DB, table string, lines []*history.Line) {
	t.Helper()
	ctx := context.Background()
	rows, _ := db.Pool.Query(ctx, fmt.Sprintf(
		`SELECT exaudit_internal.entity_id_of('%[1]s'::regclass, image), image FROM (SELECT exaudit_internal.encode(o.*) AS image FROM original.%[1]s o) i`, table))
	states := make(map[string]any)
	var key string
	var encoded []byte
	if _, err := pgx.ForEachRow(rows, []any{&key, &encoded}, func() error {
		image, err := patch.Decode(encoded)
		states[key] = image
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		applyLine(t, table, states, l)
	}
	db.Exec(t, fmt.Sprintf(`CREATE SCHEMA IF NOT EXISTS rebuilt; CREATE TABLE rebuilt.%[1]s (LIKE public.%[1]s)`, table))
	images := make([]string, 0, len(states))
	for _, state := range states {
		images = append(images, asJSON(t, state))
	}
	db.Exec(t, fmt.Sprintf(`INSERT INTO rebuilt.%[1]s SELECT d.* FROM unnest($1::text[]) i, exaudit_internal.decode(NULL::public.%[1]s, i::jsonb) d`, table), images)
}

// applyLine takes one row through its versions. Apply refuses a patch that does not fit.
func applyLine(t *testing.T, table string, states map[string]any, l *history.Line) {
	t.Helper()
	first := l.Versions[0]
	key := first.EntityID
	if first.PreviousEntityID != nil {
		key = *first.PreviousEntityID
	}
	state, existed := states[string(key)]
	delete(states, string(key))
	if !existed {
		state = map[string]any{}
	}
	for _, v := range l.Versions {
		next, err := patch.Apply(state, v.Patch)
		if err != nil {
			t.Fatalf("%s %s: version %d: %v", table, v.EntityID, v.ID, err)
		}
		state = next
	}
	if last := l.Versions[len(l.Versions)-1]; last.Action != audit.Deleted {
		states[string(last.EntityID)] = state
	}
}

// differences counts the rows of a table whose image is not the same in another schema.
func differences(t *testing.T, db *pgtest.DB, schema, table string) int {
	t.Helper()
	key := pgtest.One[string](t, db, `SELECT string_agg(quote_ident(name), ', ' ORDER BY key_position) FROM exaudit_internal.table_columns WHERE relation = $1::regclass AND key_position >= 0`, table)
	return pgtest.One[int](t, db, fmt.Sprintf(
		`SELECT count(*) FROM public.%[1]s l FULL JOIN %[2]s.%[1]s r USING (%[3]s)
		 WHERE l.ctid IS NULL OR r.ctid IS NULL OR NOT (ROW(l.*)::record *= ROW(r.*)::record)`, table, schema, key))
}

// revertAll reverts every entity to before its first version. What a foreign key or a
// taken key refuses is tried again after the others.
func revertAll(ctx context.Context, t *testing.T, pool *pgxpool.Pool, lines map[string][]*history.Line) int {
	t.Helper()
	db := exaudit.New(pool)
	var todo []int64
	for _, list := range lines {
		for _, l := range list {
			todo = append(todo, l.Versions[0].ID)
		}
	}
	// Newest first: what was created last is what others refer to least.
	slices.SortFunc(todo, func(a, b int64) int { return int(b - a) })
	total := len(todo)
	for len(todo) > 0 {
		refused, lastErr := revertEach(ctx, t, db, todo)
		if len(refused) == len(todo) {
			t.Fatalf("%d of %d entities cannot be reverted, for example: %v", len(todo), total, lastErr)
		}
		todo = refused
	}
	return total
}

func revertEach(ctx context.Context, t *testing.T, db *exaudit.DB, ids []int64) (refused []int64, lastErr error) {
	t.Helper()
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	work := make(chan int64)
	for range 4 {
		wg.Go(func() {
			for id := range work {
				_, err := db.Revert(ctx, id, nil)
				retry := reason.Is(err, audit.ReferencedRowMissing, audit.UniqueConflict) || isDeadlock(err)
				mu.Lock()
				switch {
				case retry:
					refused, lastErr = append(refused, id), err
				case err != nil && !errors.Is(err, audit.ErrNothingToDo):
					t.Errorf("revert version %d: %v", id, err)
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		work <- id
	}
	close(work)
	wg.Wait()
	return refused, lastErr
}

// Cascades that meet from two sides; PostgreSQL ends one of them.
func isDeadlock(err error) bool {
	return err != nil && strings.Contains(err.Error(), "40P01")
}
