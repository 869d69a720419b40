package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

const stock = `
CREATE TABLE goods (id int PRIMARY KEY, name text NOT NULL, price numeric, taxed numeric GENERATED ALWAYS AS (price * 1.25) STORED, info jsonb);
CREATE TABLE places (shelf int, no int, good int, PRIMARY KEY (shelf, no) DEFERRABLE);
INSERT INTO goods (id, name, price, info) SELECT n, 'good ' || n, n + 0.50, jsonb_build_object('n', n) FROM generate_series(1, 40) AS n;
INSERT INTO places SELECT 1 + n % 4, n, n FROM generate_series(1, 40) AS n;`

// good is what sqlc generates for the table goods.
type good struct {
	ID    int32
	Name  string
	Price *string
	Taxed *string
	Info  []byte
}

// Each is a statement of the workload with a random number below 60.
var stockChanges = []string{
	`INSERT INTO goods (id, name, price) VALUES ($1::int, 'new', $1::int) ON CONFLICT DO NOTHING`,
	`UPDATE goods SET price = price + 1.10, info = info || '{"seen": [1]}' WHERE id = $1::int`,
	`UPDATE goods SET info = CASE WHEN info = 'null' THEN NULL ELSE 'null'::jsonb END WHERE id = $1::int`,
	`DELETE FROM goods WHERE id = $1::int`,
	`UPDATE goods SET id = id + 100 WHERE id = $1::int AND NOT EXISTS (SELECT FROM goods WHERE id = $1::int + 100)`,
	`UPDATE goods SET id = id - 100 WHERE id = $1::int + 100 AND NOT EXISTS (SELECT FROM goods WHERE id = $1::int)`,
	`INSERT INTO places SELECT 1 + $1::int % 4, $1::int, 7 WHERE NOT EXISTS (SELECT FROM places WHERE no = $1::int)`,
	`UPDATE places SET good = good + 1 WHERE no = $1::int`,
	`DELETE FROM places WHERE no = $1::int`,
	// keys are exchanged
	`UPDATE places SET no = $1::int + $1::int + 1 - no WHERE shelf = 1 + $1::int % 4 AND no IN ($1::int, $1::int + 1)`,
}

// work runs transactions of one actor; those that another one stands in the way of roll back.
func work(ctx context.Context, conn *pgx.Conn, random *rand.Rand, transactions int) error {
	for range transactions {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for range 1 + random.IntN(4) {
				if _, err := tx.Exec(ctx, stockChanges[random.IntN(len(stockChanges))], random.IntN(60)); err != nil {
					return err
				}
			}
			return nil
		})
		pgErr := (*pgconn.PgError)(nil)
		if err != nil && (!errors.As(err, &pgErr) || pgErr.Code != "40P01" && pgErr.Code[:2] != "23") {
			return err
		}
	}
	return nil
}

// Every point of a workload by four actors gives what copies of the tables kept at that time.
func TestAsOfWorkload(t *testing.T) {
	t.Parallel()
	rounds, actors, transactions := testall.Or(2, 12), 4, testall.Or(8, 15)
	ctx := context.Background()
	db, adb := audited(t, stock, "goods", "places")
	points := make([][]exaudit.Point, rounds)
	for round := range rounds {
		var wait sync.WaitGroup
		for actor := range actors {
			conn := db.Connect(t, "")
			wait.Go(func() {
				if err := work(ctx, conn, rand.New(rand.NewPCG(uint64(round), uint64(actor))), transactions); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		db.Exec(t, fmt.Sprintf(`CREATE TABLE goods_%[1]d AS SELECT * FROM goods; CREATE TABLE places_%[1]d AS SELECT * FROM places`, round))
		mark := fmt.Sprint("round ", round)
		if _, err := adb.Mark(ctx, mark, nil); err != nil {
			t.Fatal(err)
		}
		points[round] = []exaudit.Point{
			exaudit.AtMark(mark),
			exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`)),
			exaudit.AtVersion(pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`)),
			exaudit.AtTransaction(pgtest.One[uint64](t, db, `SELECT transaction_id FROM exaudit.versions ORDER BY id DESC LIMIT 1`)),
		}
	}
	rows := 0
	for round, at := range points {
		for _, point := range at {
			rows += compareStock(t, db, adb, round, point)
		}
	}
	t.Logf("%d rows compared, %d versions", rows, pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`))
}

// compareStock compares a point with the copies of a round, and gives the number of rows.
func compareStock(t *testing.T, db *pgtest.DB, adb *exaudit.DB, round int, at exaudit.Point) int {
	t.Helper()
	ctx := context.Background()
	found, _ := db.Pool.Query(ctx, fmt.Sprintf(`SELECT * FROM goods_%d ORDER BY id`, round))
	want, err := pgx.CollectRows(found, pgx.RowToStructByPos[good])
	if err != nil {
		t.Fatal(err)
	}
	got, err := exaudit.Collect(exaudit.AsOf[good](ctx, adb, "goods", at))
	if err != nil {
		t.Fatalf("round %d, %s: %v", round, at, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("round %d, goods as of %s: %v\nwant %v", round, at, got, want)
	}
	for _, one := range want[:3] {
		row, err := exaudit.StateAt[good](ctx, adb, "goods", one.ID, at)
		if err != nil || !reflect.DeepEqual(row, &one) {
			t.Fatalf("round %d, good %d as of %s: %v, %v, want %v", round, one.ID, at, row, err, one)
		}
	}
	var images []string
	for image, err := range adb.AsOf(ctx, "places", at) {
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, fmt.Sprintf("%v %v %v", image["shelf"], image["no"], image["good"]))
	}
	wanted, _ := db.Pool.Query(ctx, fmt.Sprintf(`SELECT format('%%s %%s %%s', shelf, no, good) FROM places_%d ORDER BY shelf, no`, round))
	places, err := pgx.CollectRows(wanted, pgx.RowTo[string])
	if err != nil || !reflect.DeepEqual(images, places) {
		t.Fatalf("round %d, places as of %s: %v\nwant %v (%v)", round, at, images, places, err)
	}
	return len(want) + len(places)
}

// What a transaction under way has changed is after a mark, though it has begun before, and
// its ids are smaller than those of others.
func TestAsOfMarkUnderWay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock, "goods", "places")
	slow, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Exec(ctx, `UPDATE goods SET name = 'slow' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE goods SET name = 'quick' WHERE id = 2`)
	if _, err := adb.Mark(ctx, "here", nil); err != nil {
		t.Fatal(err)
	}
	if err := slow.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	now := exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`))
	for point, want := range map[exaudit.Point]string{exaudit.AtMark("here"): "good 1, quick", now: "slow, quick"} {
		rows, err := exaudit.Collect(exaudit.AsOf[good](ctx, adb, "goods", point))
		if err != nil || rows[0].Name+", "+rows[1].Name != want {
			t.Errorf("as of %s: %v, %v, want %s", point, rows[:2], err, want)
		}
		state, err := exaudit.StateAt[good](ctx, adb, "goods", 1, point)
		if err != nil || state.Name != rows[0].Name {
			t.Errorf("good 1 as of %s: %v, %v", point, state, err)
		}
	}
}

// What is not known is an error, of a table and of a row.
func TestAsOfUnknown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock+`CREATE TABLE late (id int PRIMARY KEY); CREATE TABLE never (id int PRIMARY KEY)`, "goods", "places")
	refused := func(table string, at exaudit.Point, want any) {
		t.Helper()
		if rows, err := exaudit.Collect(exaudit.AsOf[struct{ ID int32 }](ctx, adb, table, at)); !reason.Is(err, want) {
			t.Errorf("%s as of %s: %v, %v, want %v", table, at, rows, err, want)
		}
		if row, err := exaudit.StateAt[struct{ ID int32 }](ctx, adb, table, 1, at); !reason.Is(err, want) {
			t.Errorf("%s 1 as of %s: %v, %v, want %v", table, at, row, err, want)
		}
	}
	now := func() exaudit.Point {
		return exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`))
	}
	db.Exec(t, `UPDATE places SET good = 5 WHERE no = 1`)
	early := []exaudit.Point{
		now(),
		exaudit.AtVersion(pgtest.One[int64](t, db, `SELECT max(id) FROM exaudit.versions`)),
		exaudit.AtTransaction(pgtest.One[uint64](t, db, `SELECT max(transaction_id) FROM exaudit.versions`)),
		exaudit.AtMark("early"),
	}
	if _, err := adb.Mark(ctx, "early", nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE places SET good = 2 WHERE no = 1`)
	if _, err := adb.Install(ctx, []string{"late"}, nil); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO late VALUES (1)`)
	for _, at := range early {
		refused("late", at, audit.BeforeHistory)
		refused("never", at, audit.NotTracked)
	}
	refused("late", exaudit.AtTime(time.Now().Add(time.Hour)), audit.InFuture)
	refused("late", exaudit.AtVersion(99), audit.NoSuchPoint)
	refused("late", exaudit.AtTransaction(99), audit.NoSuchPoint)
	refused("late", exaudit.AtMark("nowhere"), audit.NoSuchPoint)
	refused("nowhere", now(), audit.NoTable)
	if _, err := exaudit.Collect(exaudit.AsOf[struct{ ID int32 }](ctx, adb, "late", exaudit.Point{})); err == nil {
		t.Error("no point: no error")
	}

	// retention removes what came after the points
	db.Exec(t, `BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions WHERE id > 1; COMMIT`)
	for _, at := range early {
		if _, err := exaudit.Collect(exaudit.AsOf[struct{ Shelf, No, Good int32 }](ctx, adb, "places", at)); !reason.Is(err, audit.BeforeHistory) {
			t.Errorf("places as of %s, after retention: %v", at, err)
		}
	}
	if err := adb.Uninstall(ctx, []string{"late"}, nil); err != nil {
		t.Fatal(err)
	}
	refused("late", now(), audit.NotTrackedThen)
}

// A transaction that was under way when a mark was made, and whose versions retention has
// removed, is not forgotten: the mark is before the history.
func TestAsOfMarkAfterRetention(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock, "goods", "places")
	slow, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Exec(ctx, `UPDATE goods SET name = 'slow' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE goods SET name = 'quick' WHERE id = 2`)
	if _, err := adb.Mark(ctx, "during", nil); err != nil {
		t.Fatal(err)
	}
	if err := slow.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions WHERE id = 1; COMMIT`)
	if rows, err := exaudit.Collect(exaudit.AsOf[good](ctx, adb, "goods", exaudit.AtMark("during"))); !reason.Is(err, audit.BeforeHistory) {
		t.Errorf("as of the mark: %v, %v", rows, err)
	}
	if _, err := adb.Mark(ctx, "after", nil); err != nil {
		t.Fatal(err)
	}
	if rows, err := exaudit.Collect(exaudit.AsOf[good](ctx, adb, "goods", exaudit.AtMark("after"))); err != nil || rows[0].Name != "slow" {
		t.Errorf("as of a later mark: %v, %v", rows, err)
	}
}

// In a snapshot, tables belong together whatever is committed meanwhile.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, stock, "goods", "places")
	now := func() exaudit.Point {
		return exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`))
	}
	err := adb.Snapshot(ctx, func(at *exaudit.DB) error {
		before, err := exaudit.Collect(exaudit.AsOf[good](ctx, at, "goods", now()))
		if err != nil {
			return err
		}
		db.Exec(t, `DELETE FROM goods WHERE id = 1; DELETE FROM places WHERE no = 1`)
		after, err := exaudit.Collect(exaudit.AsOf[good](ctx, at, "goods", now()))
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%d goods, then %d", len(before), len(after))
		}
		places := 0
		for _, err := range at.AsOf(ctx, "places", now()) {
			if err != nil {
				return err
			}
			places++
		}
		if places != 40 {
			t.Errorf("%d places, want 40", places)
		}
		if _, err := at.Exec(ctx, `DELETE FROM goods`); err == nil {
			t.Error("a snapshot can be written to")
		}
		return nil
	})
	if err == nil { // the refused write has spoilt the transaction
		t.Error("the transaction is whole")
	}
}

// Of keys that rows left, took and reused, StateAt gives who had one then.
func TestStateAtOfMovedKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE late (id int PRIMARY KEY DEFERRABLE, v text); INSERT INTO late VALUES (1, 'one'), (2, 'two')`, "late")
	type row struct {
		ID int32
		V  *string
	}
	var points []exaudit.Point
	moment := func() {
		points = append(points, exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`)))
		db.Exec(t, fmt.Sprintf(`CREATE TABLE copy_%d AS SELECT * FROM late`, len(points)-1))
	}
	moment()
	for _, change := range []string{
		`UPDATE late SET id = 3 - id`, `UPDATE late SET id = 3 WHERE id = 1`, `UPDATE late SET id = 1 WHERE id = 2`,
		`INSERT INTO late VALUES (2, 'three')`, `DELETE FROM late WHERE id = 1`, `INSERT INTO late VALUES (1, 'four')`, `UPDATE late SET v = v || '!'`,
	} {
		db.Exec(t, change)
		moment()
	}
	for i, at := range points {
		found, _ := db.Pool.Query(ctx, fmt.Sprintf(`SELECT * FROM copy_%d ORDER BY id`, i))
		want, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if got, err := exaudit.StateAt[row](ctx, adb, "late", w.ID, at); err != nil || !reflect.DeepEqual(got, &w) {
				t.Errorf("moment %d, key %d: %v, %v, want %s", i, w.ID, *got.V, err, *w.V)
			}
		}
		if all, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "late", at)); err != nil || !reflect.DeepEqual(all, want) {
			t.Errorf("moment %d: %v, %v", i, all, err)
		}
	}
}

// Each row is read back by its own changes, though both have changed their keys since.
func TestAsOfRowsThatMovedApart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE t (k int PRIMARY KEY DEFERRABLE, v text)`, "t")
	longer := db.Connect(t, "")
	begin := func(statement string) {
		if _, err := longer.Exec(ctx, "BEGIN; "+statement); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(statement string) {
		if _, err := longer.Exec(ctx, statement+"; COMMIT"); err != nil {
			t.Fatal(err)
		}
	}
	begin(`INSERT INTO t VALUES (12, 'A')`)
	db.Exec(t, `INSERT INTO t VALUES (8, 'B')`)
	db.Exec(t, `SELECT exaudit.mark('m')`)
	commit(`SELECT 1`)
	db.Exec(t, `UPDATE t SET k = 9 WHERE k = 12; UPDATE t SET k = -1 WHERE k = 8`)
	asOf := func(point exaudit.Point) string {
		t.Helper()
		var images []audit.Image
		for image, err := range adb.AsOf(ctx, "t", point) {
			if err != nil {
				t.Fatal(err)
			}
			images = append(images, image)
		}
		return asJSON(t, images)
	}
	if got, want := asOf(exaudit.AtMark("m")), `[{"k":8,"v":"B"}]`; got != want {
		t.Errorf("as of the mark: %s, want %s", got, want)
	}

	// a transaction that began before an instant shifts keys, of a row that came after it, too
	begin(`INSERT INTO t VALUES (1, 'C')`)
	instant := pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`)
	db.Exec(t, `INSERT INTO t VALUES (4, 'D')`)
	commit(`UPDATE t SET k = k + 1 WHERE k IN (1, 4)`)
	if got, want := asOf(exaudit.AtTime(instant)), `[{"k":-1,"v":"B"},{"k":2,"v":"C"},{"k":9,"v":"A"}]`; got != want {
		t.Errorf("as of the instant: %s, want %s", got, want)
	}
}

// Columns that are masked or excluded are zero, also in rows that never changed, and missing
// in images.
func TestAsOfHidden(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE late (id int PRIMARY KEY, a text, secret text NOT NULL, noise int);
		INSERT INTO late VALUES (1, 'a', 's', 1), (2, 'a', 's', 2)`, "late")
	options := audit.TableOptions{Mask: []string{"secret"}, Exclude: []string{"noise"}}
	if _, err := adb.Install(ctx, []string{"late"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"late": options}}); err != nil {
		t.Fatal(err)
	}
	at := exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`))
	db.Exec(t, `UPDATE late SET a = 'b', secret = 't', noise = 7 WHERE id = 1`)
	type row struct {
		ID     int32
		A      *string
		Secret string
		Noise  int32
	}
	rows, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "late", at))
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	for _, r := range rows {
		if r.Secret != "" || r.Noise != 0 || *r.A != "a" {
			t.Errorf("%+v", r)
		}
		if one, err := exaudit.StateAt[row](ctx, adb, "late", r.ID, at); err != nil || !reflect.DeepEqual(*one, r) {
			t.Errorf("alone: %+v, %v, want %+v", one, err, r)
		}
	}
	for image, err := range adb.AsOf(ctx, "late", at) {
		if err != nil || len(image) != 2 {
			t.Errorf("an image: %v, %v", image, err)
		}
	}
}

// Virtual generated columns are computed from what the row held then.
func TestAsOfVirtual(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, "")
	if db.Major < 18 {
		t.Skip("virtual generated columns came with PostgreSQL 18")
	}
	db.Exec(t, `CREATE TABLE late (id int PRIMARY KEY, n int, tripled int GENERATED ALWAYS AS (n * 3) VIRTUAL);
		INSERT INTO late VALUES (1, 10), (2, 20), (3, 30)`)
	auditdb.Install(t, db, "late")
	adb := exaudit.New(db.Pool)
	at := exaudit.AtTime(pgtest.One[time.Time](t, db, `SELECT clock_timestamp()`))
	db.Exec(t, `UPDATE late SET n = 11 WHERE id = 1; DELETE FROM late WHERE id = 2`)
	type row struct{ ID, N, Tripled int32 }
	rows, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "late", at))
	if want := []row{{1, 10, 30}, {2, 20, 60}, {3, 30, 90}}; err != nil || !reflect.DeepEqual(rows, want) {
		t.Errorf("as of before: %v, %v, want %v", rows, err, want)
	}
	if one, err := exaudit.StateAt[row](ctx, adb, "late", 2, at); err != nil || *one != (row{2, 20, 60}) {
		t.Errorf("one of them: %v, %v", one, err)
	}
	images := 0
	for image, err := range adb.AsOf(ctx, "late", at) {
		if _, computed := image["tripled"]; err != nil || computed {
			t.Errorf("as an image: %v, %v", image, err)
		}
		images++
	}
	if images != 3 {
		t.Errorf("%d images", images)
	}
	baselineOf(t, adb, nil, nil)
	statesOf(t, adb, "late", 3)
}
