package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

// sides are the entities with versions before and after a mark, in the order of ids.
func sides(t *testing.T, db *exaudit.DB, mark string) (before, after string) {
	t.Helper()
	entities := func(opt exaudit.RowFilter) string {
		var list []string
		for _, v := range searched(t, db, opt) {
			list = append(list, string(v.EntityID))
		}
		return fmt.Sprint(list)
	}
	return entities(exaudit.Until(exaudit.AtMark(mark))), entities(exaudit.Since(exaudit.AtMark(mark)))
}

// A mark divides by commit, not by id: transactions under way are after it, the own one too.
func TestMark(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	begin := func(id int) pgx.Tx {
		t.Helper()
		tx, err := db.Pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO a VALUES ($1)`, id); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	commit := func(tx pgx.Tx) {
		t.Helper()
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	db.Exec(t, `INSERT INTO a VALUES (1)`)
	committed, open := begin(2), begin(3)
	db.Exec(t, `INSERT INTO a VALUES (4)`)
	commit(committed)
	own := begin(5)
	db.Exec(t, `SELECT pg_current_xact_id()`) // a later transaction that has ended
	mark, err := exaudit.New(own).Mark(ctx, "deploy", &exaudit.MarkOptions{Note: "version 7"})
	if err != nil {
		t.Fatal(err)
	}
	commit(own)
	db.Exec(t, `INSERT INTO a VALUES (6)`)
	commit(open)
	if before, after := sides(t, adb, "deploy"); before != "[1 2 4]" || after != "[3 5 6]" {
		t.Errorf("before %s, after %s", before, after)
	}
	if got := pgtest.One[string](t, db, `SELECT string_agg(h.entity_id, ' ' ORDER BY h.id) FROM exaudit.history h, exaudit.find_mark('deploy') m
		WHERE exaudit.after_mark(m, h.id, h.transaction_id)`); got != "3 5 6" {
		t.Errorf("in SQL, after the mark: %s", got)
	}
	if user := pgtest.One[string](t, db, `SELECT session_user::text`); mark.CreatedBy != user || mark.Note != "version 7" || mark.CreatedAt.IsZero() {
		t.Errorf("made %+v as %s", mark, user)
	}

	if _, err := adb.Mark(ctx, "deploy", nil); !errors.Is(err, audit.ErrExists) {
		t.Errorf("made twice: %v", err)
	}
	if _, err := adb.Mark(ctx, "", nil); err == nil {
		t.Error("a mark without a name")
	}
	if _, err := adb.Mark(ctx, "later", nil); err != nil {
		t.Fatal(err)
	}
	if between := searched(t, adb, exaudit.Since(exaudit.AtMark("deploy")), exaudit.Until(exaudit.AtMark("later"))); len(between) != 3 {
		t.Errorf("%d versions between two marks, want 3", len(between))
	}
	marks, err := adb.Marks(ctx)
	if err != nil || len(marks) != 2 || marks[0] != *mark || marks[1].Name != "later" {
		t.Errorf("marks: %+v, %v", marks, err)
	}
	if err := adb.RemoveMark(ctx, "deploy"); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"remove": adb.RemoveMark(ctx, "deploy"),
		"search": func() error {
			_, err := exaudit.Collect(adb.Versions(ctx, exaudit.Until(exaudit.AtMark("deploy"))))
			return err
		}(),
	} {
		if want := map[string]any{"remove": audit.ErrNotFound, "search": audit.NoSuchPoint}[what]; !reason.Is(err, want) {
			t.Errorf("%s without the mark: %v", what, err)
		}
	}
	// a filter keeps the mark that it was made with
	kept, err := json.Marshal(history.Filter{SinceMarks: []*audit.Mark{mark}})
	if err != nil {
		t.Fatal(err)
	}
	var f history.Filter
	if err := json.Unmarshal(kept, &f); err != nil {
		t.Fatal(err)
	}
	if versions, err := history.Search(ctx, db.Pool, f, history.Page{}); err != nil || len(versions) != 3 {
		t.Errorf("%d versions by a kept filter, %v", len(versions), err)
	}
}

// While others write, a mark divides as the snapshot does that it was made under.
func TestMarkAmongWriters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`, "a")
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 60 {
				err := pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO a DEFAULT VALUES; INSERT INTO a DEFAULT VALUES`)
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	defer writers.Wait()
	seen := make(map[string][]int64)
	for i := range 20 {
		name := fmt.Sprint(i)
		err := pgx.BeginTxFunc(ctx, db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
			var ids []int64
			if err := tx.QueryRow(ctx, `SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM exaudit.versions`).Scan(&ids); err != nil {
				return err
			}
			seen[name] = ids
			_, err := exaudit.New(tx).Mark(ctx, name, nil)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	writers.Wait()
	for name, want := range seen {
		before, after := searched(t, adb, exaudit.Until(exaudit.AtMark(name))), searched(t, adb, exaudit.Since(exaudit.AtMark(name)))
		if got := idsOf(before); !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("before mark %s are %v, its transaction saw %v", name, got, want)
		}
		if len(before)+len(after) != 4*60*2 {
			t.Errorf("mark %s has %d versions before it and %d after it, of 480", name, len(before), len(after))
		}
	}
}

// Readers make marks, and remove their own.
func TestMarkOfAReader(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, "")
	one, other := db.Role(t, ""), db.Role(t, "")
	for _, role := range []string{one, other} {
		_, err := exaudit.New(db.Connect(t, role)).Mark(ctx, "m", nil)
		if pgErr := (*pgconn.PgError)(nil); !errors.As(err, &pgErr) || pgErr.Code != "42501" || !errors.Is(err, audit.ErrNotPermitted) {
			t.Errorf("who may not read the history made a mark: %v", err)
		}
		db.Exec(t, `GRANT exaudit_reader TO `+role)
	}
	maker, stranger := exaudit.New(db.Connect(t, one)), exaudit.New(db.Connect(t, other))
	if _, err := maker.Mark(ctx, "m", nil); err != nil {
		t.Fatal(err)
	}
	if marks, err := stranger.Marks(ctx); err != nil || len(marks) != 1 || marks[0].CreatedBy != one {
		t.Errorf("a stranger sees %+v, %v", marks, err)
	}
	err := stranger.RemoveMark(ctx, "m")
	if pgErr := (*pgconn.PgError)(nil); !errors.As(err, &pgErr) || pgErr.Code != "42501" || !errors.Is(err, audit.ErrNotPermitted) {
		t.Errorf("a stranger removed the mark: %v", err)
	}
	if err := maker.RemoveMark(ctx, "m"); err != nil {
		t.Error(err)
	}
	if _, err := maker.Mark(ctx, "m", nil); err != nil {
		t.Fatal(err)
	}
	if err := exaudit.New(db.Pool).RemoveMark(ctx, "m"); err != nil {
		t.Errorf("a member of exaudit_owner: %v", err)
	}
}

// After a dump and restore into another cluster, the numbers of transactions start again: old
// versions have numbers that are still to come.
func TestMarkOutlivesRestore(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	mark := func(name string) {
		t.Helper()
		if _, err := adb.Mark(ctx, name, nil); err != nil {
			t.Fatal(err)
		}
	}
	db.Exec(t, `INSERT INTO a VALUES (1)`)
	open, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Exec(ctx, `INSERT INTO a VALUES (2)`); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO a VALUES (3)`)
	mark("before the dump")
	if err := open.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	// as if the dump came from a cluster a million transactions ahead
	db.Exec(t, `ALTER TABLE exaudit.versions DISABLE TRIGGER ALL;
		UPDATE exaudit.versions SET transaction_id = transaction_id + 1000000;
		ALTER TABLE exaudit.versions ENABLE TRIGGER ALL;
		UPDATE exaudit.marks SET snapshot = (SELECT format('%s:%s:%s', pg_snapshot_xmin(snapshot)::text::bigint + 1000000,
			pg_snapshot_xmax(snapshot)::text::bigint + 1000000,
			(SELECT string_agg((x::text::bigint + 1000000)::text, ',') FROM pg_snapshot_xip(snapshot) x)))::pg_snapshot`)
	db.Exec(t, `INSERT INTO a VALUES (4)`)
	mark("after the restore")
	db.Exec(t, `INSERT INTO a VALUES (5)`)
	for name, want := range map[string][2]string{
		"before the dump":   {"[1 3]", "[2 4 5]"},
		"after the restore": {"[1 2 3 4]", "[5]"},
	} {
		if before, after := sides(t, adb, name); before != want[0] || after != want[1] {
			t.Errorf("%s: before %s, after %s, want %s", name, before, after, want)
		}
	}
	db.Exec(t, `SELECT setval('exaudit.versions_id_seq', 2)`)
	if _, err := adb.Mark(ctx, "behind", nil); err == nil {
		t.Error("a mark while the sequence of ids lags behind")
	}
}

func TestWhere(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY, status text); CREATE TABLE witness (id int);
		CREATE FUNCTION public.write() RETURNS boolean LANGUAGE sql AS 'INSERT INTO public.witness VALUES (1) RETURNING true'`, "a")
	db.Exec(t, `INSERT INTO a VALUES (1, 'new'), (2, 'paid'); UPDATE a SET status = 'new' WHERE id = 2; DELETE FROM a WHERE id = 1`)
	for condition, want := range map[string][]int64{
		`before->>'status' = 'paid' AND after->>'status' = 'new'`: {3},
		`false OR entity_id = '1'`:                                {1, 4},
		"id > 1 -- up to the end":                                 {2, 3, 4},
		`after->>'status' ~ E'^(new\\)|paid)$'`:                   {2},
		`v.id IN (SELECT 4 UNION SELECT 1) /* both */`:            {1, 4},
		`action = 'updated' AND NOT rollback`:                     {3},
		`NULL`:                                                    nil,
	} {
		if got := idsOf(searched(t, adb, exaudit.Where(condition), exaudit.ByTable("a"))); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", condition, got, want)
		}
	}
	if got := idsOf(searched(t, adb, exaudit.Where(`id > 1`), exaudit.Where(`false OR id < 3`), exaudit.Where(`true`))); !slices.Equal(got, []int64{2}) {
		t.Errorf("several conditions: %v", got)
	}
	for _, condition := range []string{
		``, `nothing = 1`, `id`, `id >`, `count(*) > 1`, `'unclosed`, `/* unclosed`, `-- nothing`, `$1`, `$a$`,
		`true) OR (true`, `true], ARRAY[true`, `true, true`, `true; DELETE FROM public.witness`,
		`true); SELECT (public.write()`, `true]; SELECT ARRAY[public.write()`, `true) /*`, `1/0 = 1`,
		`') ; SELECT public.write(); SELECT (ARRAY[true`, `true) UNION SELECT (true`, `SELECT true`,
	} {
		_, err := exaudit.Collect(adb.Versions(ctx, exaudit.Where(condition)))
		if !reason.Is(err, audit.InvalidFilter) || !errors.As(err, new(*pgconn.PgError)) {
			t.Errorf("%s: %v", condition, err)
		}
		if _, err := exaudit.Collect(adb.HistoryWithStates(ctx, "a", 1, exaudit.Where(condition))); !reason.Is(err, audit.InvalidFilter) {
			t.Errorf("history by %s: %v", condition, err)
		}
	}
	_, err := exaudit.Collect(adb.Versions(ctx, exaudit.Where(`public.write()`)))
	if pgErr := (*pgconn.PgError)(nil); !errors.As(err, &pgErr) || pgErr.Code != "25006" {
		t.Errorf("a condition that writes: %v", err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM witness`); n != 0 {
		t.Errorf("conditions wrote %d rows", n)
	}
}

// A condition sees no more than its caller, and runs with no more rights.
func TestWhereOfAReader(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE secret (id int PRIMARY KEY)`)
	auditdb.Install(t, db, "a", "secret")
	role := db.Role(t, "")
	db.Exec(t, `INSERT INTO a VALUES (1); INSERT INTO secret VALUES (2);
		GRANT exaudit_reader TO `+role+`; GRANT SELECT ON a TO `+role)
	conn := db.Connect(t, role)
	reader := exaudit.New(conn)
	if _, err := conn.Exec(ctx, `CREATE TEMP TABLE seen (id text);
		CREATE FUNCTION pg_temp.see(id text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS 'BEGIN RAISE NOTICE ''%'', id; PERFORM 1 / (id::int - 2); RETURN true; END'`); err != nil {
		t.Fatal(err)
	}
	if versions := searched(t, reader, exaudit.Where(`pg_temp.see(entity_id)`)); len(versions) != 1 {
		t.Errorf("a reader found %d versions, want 1", len(versions))
	}
	if _, err := exaudit.Collect(reader.Versions(ctx, exaudit.Where(`EXISTS (SELECT FROM public.secret)`))); !reason.Is(err, audit.InvalidFilter) {
		t.Errorf("a condition on a table that its caller may not read: %v", err)
	}
}

// A mark that was made while the clock was wrong is placed by what had been recorded.
func TestMarkOfAWrongClock(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)`, "a")
	mark := func(name string) {
		t.Helper()
		if _, err := adb.Mark(ctx, name, nil); err != nil {
			t.Fatal(err)
		}
	}
	db.Exec(t, `INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)`)
	mark("before")
	db.Exec(t, `INSERT INTO a VALUES (2)`)
	if _, err := adb.Install(ctx, []string{"b"}, nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO b VALUES (2)`)
	mark("after")
	db.Exec(t, `INSERT INTO b VALUES (3)`)
	db.Exec(t, `UPDATE exaudit.marks SET created_at = created_at + CASE name WHEN 'after' THEN interval '-2 hours' ELSE '2 hours' END`)
	if got := pgtest.One[int](t, db, `SELECT count(*)::int FROM exaudit.as_of_mark(NULL::b, 'after')`); got != 2 {
		t.Errorf("as of the mark there are %d rows, want 2", got)
	}
	_, err := db.Pool.Exec(ctx, `SELECT FROM exaudit.as_of_mark(NULL::b, 'before')`)
	if pgErr := (*pgconn.PgError)(nil); !errors.As(err, &pgErr) || pgErr.Code != "XA011" {
		t.Errorf("as of a mark before the history: %v", err)
	}
}
