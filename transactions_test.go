package exaudit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/reason"
)

// wantedTransaction is what the facts say of a transaction.
type wantedTransaction struct {
	xid         uint64
	first, last int64
	cursor      int64 // its last version that passes
	counts      map[string]*audit.TableChanges
	rollback    bool
}

func transactionsOf(facts []fact, passes func(fact) bool) []*wantedTransaction {
	byXID := make(map[uint64]*wantedTransaction)
	for _, f := range facts {
		w := byXID[f.xid]
		if w == nil {
			w = &wantedTransaction{xid: f.xid, first: f.id, counts: make(map[string]*audit.TableChanges)}
			byXID[f.xid] = w
		}
		table := "public." + f.table
		if w.counts[table] == nil {
			w.counts[table] = &audit.TableChanges{Table: table}
		}
		switch f.action {
		case "created":
			w.counts[table].Created++
		case "updated":
			w.counts[table].Updated++
		case "deleted":
			w.counts[table].Deleted++
		}
		w.last, w.rollback = f.id, w.rollback || f.rollback
		if passes(f) {
			w.cursor = f.id
		}
	}
	var list []*wantedTransaction
	for _, w := range byXID {
		if w.cursor > 0 {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b *wantedTransaction) int { return int(b.cursor - a.cursor) })
	return list
}

func (w wantedTransaction) String() string {
	var tables []string
	for _, c := range w.counts {
		tables = append(tables, fmt.Sprint(*c))
	}
	slices.Sort(tables)
	return fmt.Sprintf("%d %d %d t%d %t %v", w.xid, w.first, w.last, w.cursor, w.rollback, tables)
}

func shownTransaction(got *audit.Transaction) string {
	var tables []string
	for _, c := range got.Tables {
		tables = append(tables, fmt.Sprint(c))
	}
	return fmt.Sprintf("%d %d %d %s %t %v", got.ID, got.FirstID, got.LastID, got.Cursor, got.Rollback, tables)
}

func TestRecentTransactions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := recordedStore(t)
	interleave(t, adb, 40)
	facts := factsOf(t, db)
	rapid.Check(t, func(t *rapid.T) {
		conditions := drawConditions(t, facts)
		var opts []exaudit.TransactionsOption
		for _, c := range conditions {
			opts = append(opts, c.option)
		}
		want := transactionsOf(facts, func(f fact) bool {
			return !slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(f) })
		})
		limit := rapid.IntRange(1, 9).Draw(t, "limit")
		var got []string
		for cursor := audit.Cursor(""); ; {
			page, err := exaudit.Collect(adb.Transactions(ctx, append(slices.Clone(opts), exaudit.After(cursor), exaudit.Limit(limit))...))
			if reason.Is(err, audit.InvalidFilter) && len(want) == 0 {
				break // no table has such a column
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, transaction := range page {
				got, cursor = append(got, shownTransaction(transaction)), transaction.Cursor
			}
			if len(page) < limit {
				break
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("pages of %d: got\n%s\nwant\n%v", limit, strings.Join(got, "\n"), want)
		}
	})
}

// interleave writes transactions whose versions lie between each other's.
func interleave(t *testing.T, db *exaudit.DB, n int) {
	t.Helper()
	ctx := context.Background()
	open := make([]pgx.Tx, 3)
	for i := range n {
		at := i % len(open)
		if tx := open[at]; tx == nil || i%5 == 0 {
			if tx != nil {
				if err := tx.Commit(ctx); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			if open[at], err = db.Begin(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := open[at].Exec(ctx, `INSERT INTO b VALUES ($1, 'later', '{}')`, 100+i); err != nil {
			t.Fatal(err)
		}
	}
	for _, tx := range open {
		if err := tx.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// What was said in a transaction, and by whom, is gathered.
func TestTransactionCustom(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE a (id int PRIMARY KEY)`)
	adb := exaudit.New(db.Pool)
	if _, err := adb.Install(ctx, []string{"a"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"a": {RecordSessionUser: true}}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `BEGIN;
		INSERT INTO a VALUES (1);
		SET LOCAL exaudit.custom = '{"actor": 7, "reason": "one"}'; INSERT INTO a VALUES (2);
		SET LOCAL exaudit.custom = '{"actor": 7, "reason": "two"}'; INSERT INTO a VALUES (3), (4);
		COMMIT`)
	db.Exec(t, `INSERT INTO a VALUES (5)`)
	list, err := exaudit.Collect(adb.Transactions(ctx))
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if list[0].Custom != nil {
		t.Errorf("nothing was said, and is %v", list[0].Custom)
	}
	if got := asJSON(t, list[1].Custom); got != `{"actor":[7],"reason":["one","two"]}` {
		t.Errorf("said: %s", got)
	}
	if len(list[1].SessionUsers) != 1 || list[1].SessionUsers[0] == "" || time.Since(list[1].RecordedAt) > time.Hour {
		t.Errorf("%+v", list[1])
	}
	for _, opt := range []exaudit.TransactionsOption{exaudit.Limit(-1), exaudit.After("v1"), exaudit.Where("?")} {
		if _, err := exaudit.Collect(adb.Transactions(ctx, opt)); !reason.Is(err, audit.InvalidFilter) {
			t.Errorf("a wrong option: %v", err)
		}
	}
	if _, err := exaudit.Collect(adb.Versions(ctx, exaudit.After(list[0].Cursor))); !reason.Is(err, audit.InvalidFilter) {
		t.Errorf("Versions after a transaction: %v", err)
	}
	if _, err := exaudit.Collect(adb.History(ctx, "a", 1, exaudit.After(list[0].Cursor))); !reason.Is(err, audit.InvalidFilter) {
		t.Errorf("History after a transaction: %v", err)
	}
}

// After a restore, numbers of transactions come again; what they made stays apart.
func TestTransactionNumbersComeAgain(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	db.Exec(t, `INSERT INTO exaudit.versions (recorded_at, transaction_id, table_id, action, entity_id, after)
		SELECT '2026-01-01Z'::timestamptz + i * interval '1 hour', 1000 + i % 2, 1, 'created', i::text, '{}'
		FROM generate_series(1, 4) i`)
	list, err := exaudit.Collect(adb.Transactions(context.Background()))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, transaction := range list {
		got = append(got, fmt.Sprint(transaction.ID, transaction.Tables[0].Created))
	}
	if want := "[1000 1 1001 1 1000 1 1001 1]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// The newest transactions, and the next page of them, are found without the whole store.
func TestTransactionsOfALargeStore(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	db.Exec(t, `ALTER TABLE exaudit.versions SET (autovacuum_enabled = off)`) // whose statistics could come after those made here
	db.Exec(t, `INSERT INTO exaudit.versions (recorded_at, transaction_id, table_id, action, entity_id, after)
		SELECT '2026-01-01Z'::timestamptz + i / 10 * interval '1 minute', 1000 + i / 10, 1, 'created', i::text, '{}'
		FROM generate_series(1, 100000) i`)
	db.Exec(t, `SELECT brin_summarize_new_values('exaudit.versions_id_time')`)
	db.Exec(t, `ANALYZE exaudit.versions`)
	conn, err := db.Pool.Acquire(ctx) // which has read what it needs of the catalog when it is measured
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, query := range []string{
		`SELECT * FROM exaudit_internal.search_transactions('{}', 99400, 100000)`,
		`SELECT * FROM exaudit_internal.search_transactions('{"transactions": [5000, 5001]}', 50000, 100000)`,
		`SELECT * FROM exaudit_internal.transaction_parts('{11000,10999,10998,10997,10996}')`,
	} {
		if _, err := conn.Exec(ctx, query); err != nil {
			t.Fatal(err)
		}
		rows, _ := conn.Query(ctx, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING off, COSTS off) `+query)
		plan, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[[]struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}])
		if err != nil {
			t.Fatal(err)
		}
		pages := plan[0].Plan.Hit + plan[0].Plan.Read
		t.Logf("%s reads %d pages", query, pages)
		if pages > 700 {
			t.Errorf("%s reads %d pages", query, pages)
		}
	}
	page, err := exaudit.Collect(adb.Transactions(ctx, exaudit.Limit(20), exaudit.After("t50000")))
	if err != nil || len(page) != 20 || page[0].Cursor != "t49999" || page[19].Tables[0].Created != 10 {
		t.Errorf("page: %+v, %v", page, err)
	}
}
