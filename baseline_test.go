package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

func baselineOf(t *testing.T, db *exaudit.DB, tables []string, opts *exaudit.BaselineOptions) []audit.BaselineResult {
	t.Helper()
	done, err := db.Baseline(exaudit.With(context.Background(), exaudit.Custom{"why": "baseline"}), tables, opts)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// Rows without a version get one, as the options of their table say, and once.
func TestBaseline(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock+`
		CREATE TABLE secrets (id int PRIMARY KEY, name text, secret text, noise int);
		INSERT INTO secrets VALUES (1, 'a', 's', 1), (2, NULL, NULL, 2), (3, 'hidden', 's', 3);
		CREATE TABLE days (day date, n int, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);
		CREATE TABLE days_2025 PARTITION OF days FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
		INSERT INTO days VALUES ('2025-03-04', 1), ('2025-03-05', 2)`, "goods", "days")
	options := audit.TableOptions{Mask: []string{"secret"}, Exclude: []string{"noise"}, Where: "name IS DISTINCT FROM 'hidden'"}
	if _, err := adb.Install(ctx, []string{"secrets"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"secrets": options}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE goods SET name = 'changed' WHERE id = 1; INSERT INTO goods (id, name) VALUES (99, 'new')`)
	before := exaudit.AtVersion(pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`))

	want := []audit.BaselineResult{{Table: "public.days", Rows: 2}, {Table: "public.goods", Rows: 39}, {Table: "public.secrets", Rows: 2}}
	if done := baselineOf(t, adb, nil, nil); !reflect.DeepEqual(done, want) {
		t.Errorf("recorded %v, want %v", done, want)
	}
	for i := range want {
		want[i].Rows = 0
	}
	if done := baselineOf(t, adb, nil, nil); !reflect.DeepEqual(done, want) {
		t.Errorf("recorded %v again", done)
	}
	if done := baselineOf(t, adb, []string{"goods"}, &exaudit.BaselineOptions{EveryRow: true}); done[0].Rows != 41 {
		t.Errorf("recorded %v of every row, want 41", done)
	}

	recent, err := exaudit.Collect(adb.Transactions(ctx, exaudit.Limit(1)))
	if err != nil || len(recent) != 1 || recent[0].Tables[0].Baselines != 41 || recent[0].Tables[0].Created != 0 {
		t.Errorf("the last transaction: %+v, %v", recent, err)
	}

	versions := statesOf(t, adb, "secrets", 1)
	if got := asJSON(t, versions[0]); len(versions) != 1 || versions[0].Action != audit.Baseline || versions[0].Patch != nil ||
		!strings.Contains(got, `"patch":null`) || !strings.Contains(got, `"after":{"":[{"masked":"secret"}],"id":1,"name":"a","secret":`) ||
		strings.Contains(got, "noise") || versions[0].Custom["why"] != "baseline" {
		t.Errorf("the baseline of secrets 1: %s", got)
	}
	if got := historyOf(t, adb, "days", exaudit.Key{"2025-03-04", 1}); len(got) != 1 {
		t.Errorf("%d versions of a row in a partition", len(got))
	}
	if found := historyOf(t, adb, "goods", 1, exaudit.ByColumn("price")); len(found) != 0 {
		t.Errorf("a baseline is taken for a change: %v", found)
	}

	// it is no change
	db.Exec(t, `UPDATE goods SET name = 'later', price = 7.00 WHERE id = 2`)
	versions = statesOf(t, adb, "goods", 2)
	if len(versions) != 3 || versions[2].State["name"] != "later" || !reflect.DeepEqual(versions[0].State, versions[1].State) {
		t.Errorf("the history of goods 2: %s", asJSON(t, versions))
	}
	rows, err := exaudit.Collect(exaudit.AsOf[good](ctx, adb, "goods", before))
	if err != nil || len(rows) != 41 || rows[1].Name != "good 2" {
		t.Errorf("as of before the baseline: %v, %v", rows, err)
	}
	_, after, err := exaudit.States[good](ctx, adb, versions[0].ID)
	if err != nil || after.Name != "good 2" {
		t.Errorf("the row of a baseline: %v, %v", after, err)
	}
	if _, err := adb.Revert(ctx, versions[0].ID, nil); err != nil {
		t.Error(err)
	}
	if got := pgtest.One[string](t, db, `SELECT name || price FROM goods WHERE id = 2`); got != "good 22.50" {
		t.Errorf("reverted to the baseline: %s", got)
	}
	if _, err := adb.Revert(ctx, versions[1].ID+1000, nil); !errors.Is(err, audit.ErrNotFound) {
		t.Error(err)
	}
}

// A baseline shows what was changed without being recorded.
func TestBaselineDiverged(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock, "goods")
	start := exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`))
	db.Exec(t, `UPDATE goods SET name = 'seen' WHERE id = 1;
		ALTER TABLE goods DISABLE TRIGGER ALL; UPDATE goods SET name = 'unseen' WHERE id = 1; ALTER TABLE goods ENABLE TRIGGER ALL`)
	baselineOf(t, adb, []string{"goods"}, &exaudit.BaselineOptions{EveryRow: true})
	db.Exec(t, `UPDATE goods SET name = 'seen' WHERE id = 1`)
	diverged := (*audit.DivergedError)(nil)
	if _, err := exaudit.Collect(adb.HistoryWithStates(ctx, "goods", 1)); !errors.As(err, &diverged) ||
		diverged.Version != pgtest.One[int64](t, db, `SELECT id FROM exaudit.versions WHERE entity_id = '1' AND action = 'baseline'`) {
		t.Errorf("the history of goods 1: %v", err)
	}
	if rows, err := exaudit.Collect(exaudit.AsOf[good](ctx, adb, "goods", start)); err == nil {
		t.Errorf("as of before: %v", rows)
	}
}

// Writers that are at work have each baseline in its place in the order of their row.
func TestBaselineAmongWriters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock, "goods", "places")
	start := exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`))
	db.Exec(t, `CREATE TABLE goods_0 AS SELECT * FROM goods; CREATE TABLE places_0 AS SELECT * FROM places`)
	var wait sync.WaitGroup
	for actor := range 4 {
		conn := db.Connect(t, "")
		wait.Go(func() {
			if err := work(ctx, conn, rand.New(rand.NewPCG(99, uint64(actor))), 60); err != nil {
				t.Error(err)
			}
		})
	}
	recorded := int64(0)
	for range 10 {
		for _, done := range baselineOf(t, adb, nil, &exaudit.BaselineOptions{EveryRow: true, LockTimeout: -1}) {
			recorded += done.Rows
		}
	}
	wait.Wait()
	compareStock(t, db, adb, 0, start)
	keys, _ := db.Pool.Query(ctx, `SELECT DISTINCT entity_id FROM exaudit.history WHERE table_name = 'goods'`)
	entities, err := pgx.CollectRows(keys, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range entities {
		statesOf(t, adb, "goods", key)
	}
	t.Logf("%d baselines among %d versions, %d histories", recorded, pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`), len(entities))
}

// Who may lock the table and has been granted it, in a transaction that sees what is committed.
func TestBaselineRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock, "goods")
	if _, err := adb.Baseline(ctx, []string{"places"}, nil); !reason.Is(err, audit.NotTracked) {
		t.Errorf("not tracked: %v", err)
	}
	repeatable, err := db.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exaudit.New(repeatable).Baseline(ctx, []string{"goods"}, nil); err == nil || !strings.Contains(err.Error(), "isolation level repeatable read") {
		t.Errorf("repeatable read: %v", err)
	}
	if err := repeatable.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Pool.Exec(ctx, `SELECT exaudit.record_baseline(1, true)`); err == nil || !strings.Contains(err.Error(), "is not locked") {
		t.Errorf("without the lock: %v", err)
	}
	if _, err := db.Pool.Exec(ctx, `BEGIN; LOCK TABLE goods IN SHARE MODE; SELECT exaudit.record_baseline(1, true)`); err == nil || !strings.Contains(err.Error(), "is not locked") {
		t.Errorf("with a lock that another baseline could take: %v", err)
	}

	writer, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Exec(ctx, `UPDATE goods SET name = 'x'`); err != nil {
		t.Fatal(err)
	}
	if _, err := adb.Baseline(ctx, []string{"goods"}, &exaudit.BaselineOptions{LockTimeout: time.Millisecond}); !errors.Is(err, audit.ErrLocked) {
		t.Errorf("while it is written to: %v", err)
	}
	if err := writer.Rollback(ctx); err != nil {
		t.Fatal(err)
	}

	role := db.Role(t, "")
	db.Exec(t, fmt.Sprintf(`GRANT exaudit_reader TO %[1]s; GRANT SELECT, UPDATE ON goods TO %[1]s`, role))
	limited := exaudit.New(db.Connect(t, role))
	if _, err := limited.Baseline(ctx, []string{"goods"}, nil); err == nil || !strings.Contains(err.Error(), "permission denied for function record_baseline") {
		t.Errorf("a reader: %v", err)
	}
	db.Exec(t, `GRANT EXECUTE ON FUNCTION exaudit.record_baseline TO `+role)
	if done, err := limited.Baseline(ctx, []string{"goods"}, nil); err != nil || done[0].Rows != 40 {
		t.Errorf("who was granted it: %v, %v", done, err)
	}
}
