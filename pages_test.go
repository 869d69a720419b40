package exaudit_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// rowCount counts the rows that statements return.
type rowCount struct{ n atomic.Int64 }

func (c *rowCount) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (c *rowCount) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	c.n.Add(data.CommandTag.RowsAffected())
}

// of counts the rows of what do reads.
func (c *rowCount) of(t *testing.T, do func() ([]int64, error)) (ids []int64, rows int64) {
	t.Helper()
	before := c.n.Load()
	ids, err := do()
	if err != nil {
		t.Fatal(err)
	}
	return ids, c.n.Load() - before
}

func countingRows(t *testing.T, db *pgtest.DB) (*rowCount, *exaudit.DB) {
	t.Helper()
	count := new(rowCount)
	config := db.Pool.Config()
	config.ConnConfig.Tracer = count
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return count, exaudit.New(pool)
}

// The newest page of a long history reads not much more than what it returns.
func TestNewestPageReadsLittle(t *testing.T) {
	t.Parallel()
	type row struct{ ID, N int32 }
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY, n int)`, "a")
	db.Exec(t, `INSERT INTO a VALUES (1, 0)`)
	db.Exec(t, `INSERT INTO exaudit.versions (recorded_at, transaction_id, table_id, action, entity_id, before, after)
		SELECT now() + i * interval '1 ms', 1000 + i, 1, 'updated', '1', jsonb_build_object('n', i - 1), jsonb_build_object('n', i)
		FROM generate_series(1, 3000) i`)
	db.Exec(t, `ALTER TABLE a DISABLE TRIGGER ALL; UPDATE a SET n = 3000; ALTER TABLE a ENABLE TRIGGER ALL`)
	ctx := context.Background()
	if err := adb.CheckHistory(ctx, "a", 1); err != nil {
		t.Fatal(err)
	}
	count, adb := countingRows(t, db)
	newest, limit := exaudit.NewestFirst(), exaudit.Limit(20)
	var last audit.Cursor
	for name, read := range map[string]func() ([]int64, error){
		"History": func() ([]int64, error) {
			versions, err := exaudit.Collect(adb.History(ctx, "a", 1, newest, limit))
			return idsOf(versions), err
		},
		"History, filtered": func() ([]int64, error) {
			versions, err := exaudit.Collect(adb.History(ctx, "a", 1, newest, limit, exaudit.ByColumn("n")))
			return idsOf(versions), err
		},
		"Versions": func() ([]int64, error) {
			versions, err := exaudit.Collect(adb.Versions(ctx, newest, limit))
			return idsOf(versions), err
		},
		"History of structs": func() (ids []int64, err error) {
			for v, err := range exaudit.History[row](ctx, adb, "a", 1, newest, limit) {
				if err != nil {
					return nil, err
				}
				if v.After.N != int32(v.ID)-1 || v.Before.N != v.After.N-1 {
					return nil, fmt.Errorf("version %d: %v → %v", v.ID, v.Before, v.After)
				}
				ids, last = append(ids, v.ID), v.Cursor()
			}
			return ids, nil
		},
		"the first of structs": func() ([]int64, error) {
			v, err := exaudit.First(exaudit.History[row](ctx, adb, "a", 1, newest))
			return []int64{v.ID, 3000, 2999, 2998, 2997, 2996, 2995, 2994, 2993, 2992, 2991, 2990, 2989, 2988, 2987, 2986, 2985, 2984, 2983, 2982}, err
		},
	} {
		ids, rows := count.of(t, read)
		if len(ids) != 20 || ids[0] != 3001 || ids[19] != 2982 {
			t.Errorf("%s: %v", name, ids)
		}
		if rows > 400 {
			t.Errorf("%s reads %d rows", name, rows)
		}
		t.Logf("%s: %d rows", name, rows)
	}
	next, err := exaudit.Collect(exaudit.History[row](ctx, adb, "a", 1, newest, limit, exaudit.After(last)))
	if err != nil || len(next) != 20 || next[0].ID != 2981 || next[0].After.N != 2980 {
		t.Errorf("the next page: %+v, %v", next, err)
	}
}

// Nested triggers record versions out of order, and cursors are places in the true order.
func TestPagesOfNestedTriggers(t *testing.T) {
	t.Parallel()
	type row struct {
		ID   int32
		A, B *int32
	}
	db, adb := audited(t, `
		CREATE TABLE n (id int PRIMARY KEY, a int, b int);
		CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN IF pg_trigger_depth() = 1 THEN UPDATE n SET a = a + 10 WHERE id <> NEW.id; END IF; RETURN NULL; END';
		CREATE TRIGGER bump AFTER UPDATE ON n FOR EACH ROW EXECUTE FUNCTION bump()`, "n")
	db.Exec(t, `INSERT INTO n VALUES (1, 0, 0), (2, 0, 0), (3, 0, 0)`)
	db.Exec(t, `UPDATE n SET a = a + 1`)
	db.Exec(t, `UPDATE n SET b = 5, a = a + 1`)
	var order []int64
	for _, v := range statesOf(t, adb, "n", 3) {
		order = append(order, v.ID)
	}
	if slices.IsSorted(order) {
		t.Fatalf("the triggers record in the order of changes: %v", order)
	}
	for _, limit := range []int{1, 2, 3} {
		for _, newest := range []bool{false, true} {
			want := slices.Clone(order)
			opts := []exaudit.HistoryOption{exaudit.Limit(limit)}
			if newest {
				opts = append(opts, exaudit.NewestFirst())
				slices.Reverse(want)
			}
			var structs, states []int64
			for cursor := audit.Cursor(""); ; {
				page := statesOf(t, adb, "n", 3, append(opts, exaudit.After(cursor))...)
				states = append(states, idsOf(page)...)
				if len(page) < limit {
					break
				}
				cursor = page[limit-1].Cursor()
			}
			for cursor := audit.Cursor(""); ; {
				page := collect[row](t, adb, "n", 3, append(opts, exaudit.After(cursor))...)
				for _, v := range page {
					structs = append(structs, v.ID)
				}
				if len(page) < limit {
					break
				}
				cursor = page[limit-1].Cursor()
			}
			if !slices.Equal(states, want) || !slices.Equal(structs, want) {
				t.Errorf("pages of %d, newest first %t: states %v, structs %v, want %v", limit, newest, states, structs, want)
			}
		}
	}
	collect[row](t, adb, "n", 3, exaudit.PageSize(1))
}
