package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/internal/typedtest"
	"github.com/exaudit/exaudit/internal/typedtest/custom"
	"github.com/exaudit/exaudit/internal/typedtest/plain"
)

// thingValues are expressions for the columns of the table, several of each.
var thingValues = map[string][]string{
	"name":      {`'a'`, `''`, `'"quoted" <&> ü'`},
	"note":      {`NULL`, `'null'`, `E'line\nbreak'`},
	"mood":      {`'sad'`, `'happy'`},
	"last_mood": {`NULL`, `'ok'`},
	"moods":     {`'{}'`, `'{sad,happy}'`},
	"tags":      {`'{}'`, `'{a,NULL_,"b c"}'`},
	"numbers":   {`NULL`, `'{1,2,3}'`, `'{}'`},
	"amount":    {`0`, `1.5`, `-123456789.125`},
	"rate":      {`NULL`, `'NaN'`, `12345678901234567890.0001000`, `1e-20`},
	"token":     {`'6f9619ff-8b86-d011-b42d-00c04fc964ff'`, `'00000000-0000-0000-0000-000000000000'`},
	"other_id":  {`NULL`, `'6f9619ff-8b86-d011-b42d-00c04fc964fe'`},
	"info":      {`NULL`, `'null'`, `'{"a": [1.10, {"b": null}]}'`, `'"x"'`},
	"settings":  {`'{"theme": "dark", "sizes": [1, 2]}'`, `'{"theme": "", "more": {"x": "y"}}'`},
	"raw":       {`NULL`, `'null'`, `'{"b":1,  "a":2, "a":3}'`},
	"lasted":    {`NULL`, `'-1 day -02:03:04.5'`, `'1 year 2 mons'`},
	"during":    {`NULL`, `'[2026-01-02 03:04:05+06, 2026-02-03)'`, `'empty'`, `'(,)'`},
	"days":      {`NULL`, `'[2026-02-03,2026-03-04]'`},
	"home":      {`NULL`, `ROW('Main "St", 1', 12345)`, `ROW(NULL, NULL)`},
	"mail":      {`NULL`, `'a@b'`},
	"seen":      {`NULL`, `'2026-03-29 01:30:00.123456+01'`, `'0044-03-15 12:00:00+00 BC'`},
	"made":      {`'infinity'`, `'2026-01-02 03:04:05.678901'`},
	"born":      {`NULL`, `'2000-02-29'`},
	"ratio":     {`'-0'`, `0.1`, `'Infinity'`, `1e-300`},
	"half":      {`NULL`, `1.1`},
	"photo":     {`NULL`, `'\x00ff'`, `''`},
	"ip":        {`NULL`, `'10.0.0.1'`, `'::1'`},
	"active":    {`true`, `false`},
	"small":     {`NULL`, `-32768`},
}

// application is a pool as an application's, which knows the types of its own, whose
// session is not in the way that exaudit works.
func application(t *testing.T, db *pgtest.DB) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		types, err := conn.LoadTypes(ctx, []string{"mood", "_mood", "address"})
		conn.TypeMap().RegisterTypes(types)
		return err
	}
	for name, value := range map[string]string{"timezone": "Asia/Kolkata", "datestyle": "SQL, DMY", "intervalstyle": "sql_standard", "bytea_output": "escape"} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func thingsDB(t *testing.T, tables ...string) (*pgxpool.Pool, *exaudit.DB) {
	t.Helper()
	db := auditdb.New(t, typedtest.Schema)
	auditdb.Install(t, db, tables...)
	pool := application(t, db)
	return pool, exaudit.New(pool)
}

func collect[T any](t testing.TB, db *exaudit.DB, table string, key any, opts ...exaudit.HistoryOption) []audit.TypedVersion[T] {
	t.Helper()
	var all []audit.TypedVersion[T]
	for v, err := range exaudit.History[T](context.Background(), db, table, key, opts...) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	for _, o := range opts {
		if _, ok := o.(exaudit.PageOption); ok {
			return all
		}
	}
	var newest []audit.TypedVersion[T]
	for v, err := range exaudit.History[T](context.Background(), db, table, key, append(opts, exaudit.NewestFirst())...) {
		if err != nil {
			t.Fatalf("newest first: %v", err)
		}
		newest = append(newest, v)
	}
	slices.Reverse(newest)
	sameRows(t, newest, all)
	return all
}

// sameRows checks that versions are the same, and so are their rows.
func sameRows[T any](t testing.TB, got, want []audit.TypedVersion[T]) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("newest first: %d versions, want %d", len(got), len(want))
		return
	}
	for i, v := range got {
		w := want[i]
		if v.ID != w.ID || !reflect.DeepEqual(v.Before, w.Before) || !reflect.DeepEqual(v.After, w.After) ||
			!slices.Equal(v.Unknown, w.Unknown) || v.Cut != w.Cut || !slices.Equal(v.Version.Unknown, w.Version.Unknown) {
			t.Errorf("newest first: %s, want %s", asText(v), asText(w))
		}
	}
}

func asText(v any) string {
	encoded, _ := json.Marshal(v)
	return string(encoded)
}

func run(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

// orNil is a row that sqlc's own code has scanned, nil where there was none.
func orNil[T any](row T, err error) (*T, error) {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &row, err
}

// The rows of a history are those that sqlc's own SELECT gave after each change.
func TestHistoryOfIsWhatSqlcScanned(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool, db := thingsDB(t, "things")
	columns := slices.Sorted(maps.Keys(thingValues))
	id := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		id++
		value := func(column string) string { return rapid.SampledFrom(thingValues[column]).Draw(t, column) }
		var plains []*plain.Thing
		var customs []*custom.Thing
		exists := false
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			statement := fmt.Sprintf("DELETE FROM things WHERE id = %d", id)
			switch {
			case !exists:
				values := []string{fmt.Sprint(id)}
				for _, column := range columns {
					values = append(values, value(column))
				}
				statement = fmt.Sprintf("INSERT INTO things (id, %s) VALUES (%s)", strings.Join(columns, ", "), strings.Join(values, ", "))
				exists = true
			case rapid.IntRange(0, 4).Draw(t, "delete") == 0:
				exists = false
			default:
				var set []string
				for _, column := range rapid.SliceOfNDistinct(rapid.SampledFrom(columns), 1, 6, rapid.ID[string]).Draw(t, "columns") {
					set = append(set, column+" = "+value(column))
				}
				statement = fmt.Sprintf("UPDATE things SET %s WHERE id = %d", strings.Join(set, ", "), id)
			}
			before := len(plains)
			if _, err := pool.Exec(ctx, statement); err != nil {
				t.Fatalf("%v\n%s", err, statement)
			}
			p, err := orNil(plain.New(pool).Thing(ctx, id))
			if err != nil {
				t.Fatal(err)
			}
			c, err := orNil(custom.New(pool).Thing(ctx, id))
			if err != nil {
				t.Fatal(err)
			}
			if before > 0 && reflect.DeepEqual(plains[before-1], p) {
				continue // nothing to record
			}
			plains, customs = append(plains, p), append(customs, c)
		}
		size := exaudit.PageSize(rapid.IntRange(1, 4).Draw(t, "page"))
		compareRows(t, db, id, plains, size)
		compareRows(t, db, id, customs, size)
	})
}

func compareRows[T any](t *rapid.T, db *exaudit.DB, id int64, want []*T, size exaudit.HistoryOption) {
	i := 0
	for v, err := range exaudit.History[T](context.Background(), db, "things", id, size) {
		if err != nil {
			t.Fatal(err)
		}
		if i == len(want) {
			t.Fatalf("more than the %d versions of %d", len(want), id)
		}
		var before *T
		if i > 0 {
			before = want[i-1]
		}
		if !reflect.DeepEqual(v.After, want[i]) || !reflect.DeepEqual(v.Before, before) || len(v.Unknown) > 0 {
			t.Fatalf("version %d, unknown %v\n got %+v\n  to %+v\nwant %+v\n  to %+v", i, v.Unknown, v.Before, v.After, before, want[i])
		}
		i++
	}
	if i != len(want) {
		t.Fatalf("%d versions, want %d", i, len(want))
	}
}

// show is a typed version in one line.
func show[T any](v audit.TypedVersion[T]) string {
	side := func(row *T) string {
		if row == nil {
			return "-"
		}
		return fmt.Sprintf("%v", *row)
	}
	line := fmt.Sprintf("%s %s → %s", v.Action, side(v.Before), side(v.After))
	if len(v.Unknown) > 0 {
		line += fmt.Sprintf(" unknown %v", v.Unknown)
	}
	return line
}

func wantLines[T any](t *testing.T, versions []audit.TypedVersion[T], want ...string) {
	t.Helper()
	var got []string
	for _, v := range versions {
		got = append(got, show(v))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The rows are those of the present table: what was renamed is in its place, what was
// dropped is gone, and a column is not known for the time before it was added, but is from
// then on, whatever recorded it.
func TestHistoryOfAlteredTable(t *testing.T) {
	t.Parallel()
	type row struct {
		ID     int64
		Status string // was state
		Rank   int32  // added, NOT NULL
		Total  int32  // was numeric, then another one, a text
		Size   int64  // was integer
	}
	for _, sync := range []bool{false, true} {
		for _, size := range testall.Sample([]int{0, 1, 2, 3}, 2) {
			t.Run(fmt.Sprint(sync, size), func(t *testing.T) {
				t.Parallel()
				db, adb := audited(t, `CREATE TABLE o (id bigint PRIMARY KEY, state text NOT NULL, gone int, total numeric, size integer)`, "o")
				alter := func(sql string) {
					t.Helper()
					db.Exec(t, sql)
					if sync {
						if _, err := adb.Sync(context.Background(), nil); err != nil {
							t.Fatal(err)
						}
					}
				}
				db.Exec(t, `INSERT INTO o VALUES (1, 'new', 5, 1.50, 7), (2, 'new', 5, 2.50, 8)`)
				db.Exec(t, `UPDATE o SET gone = 6 WHERE id = 1`)
				alter(`ALTER TABLE o RENAME state TO status`)
				alter(`ALTER TABLE o ADD rank int NOT NULL DEFAULT 3`)
				db.Exec(t, `UPDATE o SET status = 'paid'`)
				db.Exec(t, `UPDATE o SET rank = 4 WHERE id = 1`)
				alter(`ALTER TABLE o DROP gone; ALTER TABLE o DROP total; ALTER TABLE o DROP size;
				       ALTER TABLE o ADD total text NOT NULL DEFAULT '-'; ALTER TABLE o ADD size integer NOT NULL DEFAULT 0`)
				db.Exec(t, `UPDATE o SET size = 9 WHERE id = 1`)
				alter(`ALTER TABLE o ALTER size TYPE bigint`)
				db.Exec(t, `UPDATE o SET status = 'sent' WHERE id = 1`)
				alter(`ALTER TABLE o ALTER total DROP DEFAULT; ALTER TABLE o ALTER total TYPE integer USING 125; ALTER TABLE o ALTER total SET DEFAULT 1`)
				db.Exec(t, `UPDATE o SET status = 'back' WHERE id = 1`)
				db.Exec(t, `DELETE FROM o WHERE id = 1`)
				db.Exec(t, `INSERT INTO o (id, status) VALUES (1, 'again')`)
				wantLines(t, collect[row](t, adb, "o", 1, exaudit.PageSize(size)),
					"created - → {1 new 0 0 0} unknown [rank total size]",
					"updated {1 new 0 0 0} → {1 new 0 0 0} unknown [rank total size]",
					"updated {1 new 3 0 0} → {1 paid 3 0 0} unknown [total size]",
					"updated {1 paid 3 0 0} → {1 paid 4 0 0} unknown [total size]",
					"updated {1 paid 4 0 0} → {1 paid 4 0 9} unknown [total]",
					"updated {1 paid 4 0 9} → {1 sent 4 0 9} unknown [total]",
					"updated {1 sent 4 125 9} → {1 back 4 125 9}",
					"deleted {1 back 4 125 9} → -",
					"created - → {1 again 3 1 0}",
				)
				wantLines(t, collect[row](t, adb, "o", 2, exaudit.PageSize(size)),
					"created - → {2 new 0 0 0} unknown [rank total size]",
					"updated {2 new 3 0 0} → {2 paid 3 0 0} unknown [total size]")
			})
		}
	}
}

// Without the row that it began with, a history begins with what the first change found.
func TestHistoryOfTrackedLate(t *testing.T) {
	t.Parallel()
	type row struct {
		ID   int32
		A, B string
		C    int32
	}
	db, adb := audited(t, `CREATE TABLE l (id int PRIMARY KEY, a text NOT NULL, b text NOT NULL);
		INSERT INTO l VALUES (1, 'a', 'b'), (2, 'a', 'b')`, "l")
	db.Exec(t, `UPDATE l SET a = 'x'`)
	db.Exec(t, `ALTER TABLE l ADD c int NOT NULL DEFAULT 1`)
	db.Exec(t, `UPDATE l SET b = 'y'`)
	db.Exec(t, `DELETE FROM l WHERE id = 1`)
	first := []string{
		"updated {1 a b 0} → {1 x b 0} unknown [c]",
		"updated {1 x b 1} → {1 x y 1}",
		"deleted {1 x y 1} → -",
	}
	for size := range 4 {
		wantLines(t, collect[row](t, adb, "l", 1, exaudit.PageSize(size)), first...)
		wantLines(t, collect[row](t, adb, "l", 2, exaudit.PageSize(size)),
			"updated {2 a b 0} → {2 x b 0} unknown [c]", "updated {2 x b 1} → {2 x y 1}")
	}
	wantLines(t, collect[row](t, adb, "l", 1, exaudit.Limit(1), exaudit.After(after(1))), first[1])
}

// What is masked or excluded is not known, not even from the present row.
func TestHistoryOfMasked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	type person struct {
		ID   int32
		Name string
		Ssn  int64 // no placeholder fits it
		Bio  string
	}
	db := auditdb.New(t, `CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, ssn bigint NOT NULL, bio text NOT NULL);
		INSERT INTO people VALUES (1, 'Ann', 1, 'x')`)
	adb := exaudit.New(db.Pool)
	if _, err := adb.Install(ctx, []string{"people"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{
		"people": {Mask: []string{"ssn"}, Exclude: []string{"bio"}}}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE people SET name = 'Bob'; UPDATE people SET ssn = 2, bio = 'y'`)
	want := []string{"updated {1 Ann 0 } → {1 Bob 0 } unknown [ssn bio]", "updated {1 Bob 0 } → {1 Bob 0 } unknown [ssn bio]"}
	wantLines(t, collect[person](t, adb, "people", 1), want...)
	if _, err := adb.Install(ctx, []string{"people"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"people": {}}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `UPDATE people SET ssn = 3`)
	db.Exec(t, `UPDATE people SET id = 5`)
	versions := collect[person](t, adb, "people", 5)
	if got := show(versions[2]); got != "updated {1 Bob 2 y} → {1 Bob 3 y}" {
		t.Errorf("no longer masked: %s", got)
	}
	if got := show(versions[3]); got != "updated {1 Bob 3 y} → {5 Bob 3 y}" {
		t.Errorf("no longer masked: %s", got)
	}
}

// A row is followed through its keys; of rows that swap them each keeps its states.
func TestHistoryOfMovedKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool, db := thingsDB(t, "pairs")
	run(t, pool, `INSERT INTO pairs VALUES (1, 'x', 10), (2, 'x', 20)`)
	run(t, pool, `UPDATE pairs SET a = 3 WHERE a = 1`)
	run(t, pool, `UPDATE pairs SET a = 1, v = 21 WHERE a = 2`)
	run(t, pool, `UPDATE pairs SET v = 11 WHERE a = 3`)
	moved, err := plain.New(pool).Pair(ctx, plain.PairParams{A: 3, B: "x"})
	if err != nil {
		t.Fatal(err)
	}
	latest, err := exaudit.First(exaudit.History[plain.Pair](ctx, db, "pairs", exaudit.Key{"x", 3}, exaudit.NewestFirst()))
	if err != nil || *latest.After != moved {
		t.Errorf("latest of the moved row: %v, %v, want %v", latest.After, err, moved)
	}
	taken, err := exaudit.StateAt[plain.Pair](ctx, db, "pairs", exaudit.Key{"x", 1}, exaudit.AtTime(time.Now()))
	if want, _ := plain.New(pool).Pair(ctx, plain.PairParams{A: 1, B: "x"}); err != nil || *taken != want {
		t.Errorf("who has the key now: %v, %v, want %v", taken, err, want)
	}
	var got []string
	for _, v := range collect[plain.Pair](t, db, "pairs", exaudit.Key{"x", 3}, exaudit.PageSize(1)) {
		got = append(got, show(v))
	}
	for _, want := range []string{"updated {1 x {10 true}} → {3 x {10 true}}", "updated {3 x {10 true}} → {3 x {11 true}}"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q lacks %s", got, want)
		}
	}
}

func TestStructMismatch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE o (id bigint PRIMARY KEY, order_url text, total int)`, "o")
	db.Exec(t, `INSERT INTO o VALUES (1, NULL, 2)`)
	for _, c := range []struct {
		err  error
		want string // "": fits
	}{
		{historyError[struct {
			ID       int64
			OrderURL *string
			Total    int32
		}](ctx, adb), ""},
		{historyError[struct {
			ID    int64   `db:"id"`
			Any   *string `db:"order_url"`
			Total int32   `db:"total"`
		}](ctx, adb), ""},
		{historyError[struct{ ID int64 }](ctx, adb), "column order_url, number 2 of public.o"},
		{historyError[struct {
			ID              int64
			OrderUrl        *string
			Total, Discount int32
		}](ctx, adb), "no column for field Discount"},
		{historyError[struct {
			ID       int64
			Total    int32
			OrderUrl *string
		}](ctx, adb), "column order_url, number 2"},
		{historyError[struct {
			ID       int64
			OrderUrl *string
			Total    int32 `db:"sum"`
		}](ctx, adb), "column total, number 3 of public.o: struct"},
		{historyError[struct {
			ID       int64
			OrderUrl *string
			Total    time.Time
		}](ctx, adb), "column total, number 3 of public.o: struct"},
		{historyError[struct {
			ID       int64
			OrderUrl string
			Total    int32
		}](ctx, adb), "cannot scan NULL into *string"},
		{historyError[*plain.Pair](ctx, adb), "not a struct"},
		{historyError[int](ctx, adb), "not a struct"},
	} {
		switch {
		case c.want == "" && c.err != nil:
			t.Error(c.err)
		case c.want != "" && (!reason.Is(c.err, audit.StructMismatch) || !strings.Contains(c.err.Error(), c.want)):
			t.Errorf("got %v, want one about %q", c.err, c.want)
		}
	}
	db.Exec(t, `DROP TABLE o`)
	if err := historyError[struct{ ID int64 }](ctx, adb); !reason.Is(err, audit.TableGone) {
		t.Errorf("of a dropped table: %v", err)
	}
}

func historyError[T any](ctx context.Context, db *exaudit.DB) error {
	for _, err := range exaudit.History[T](ctx, db, "o", 1) {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestStateAt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool, db := thingsDB(t, "pairs")
	var tracked time.Time
	if err := pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&tracked); err != nil {
		t.Fatal(err)
	}
	run(t, pool, `INSERT INTO pairs VALUES (1, 'x', 0), (2, 'y', 0)`)
	run(t, pool, `UPDATE pairs SET v = 1 WHERE a = 1`)
	run(t, pool, `DELETE FROM pairs WHERE a = 1`)
	run(t, pool, `ALTER TABLE pairs DISABLE TRIGGER ALL; INSERT INTO pairs VALUES (3, 'z', 7); ALTER TABLE pairs ENABLE TRIGGER ALL`)
	key := exaudit.Key{"x", 1}
	versions := collect[plain.Pair](t, db, "pairs", key)
	at := func(key exaudit.Key, when time.Time) *plain.Pair {
		t.Helper()
		row, err := exaudit.StateAt[plain.Pair](ctx, db, "pairs", key, exaudit.AtTime(when))
		if err != nil && (row != nil || !errors.Is(err, audit.ErrNotFound)) {
			t.Fatal(err)
		}
		return row
	}
	if row := at(key, tracked); row != nil {
		t.Errorf("before it was created: %v", row)
	}
	for i, v := range versions {
		if row := at(key, v.RecordedAt); !reflect.DeepEqual(row, v.After) {
			t.Errorf("at version %d: %v, want %v", i, row, v.After)
		}
		before, after, err := exaudit.States[plain.Pair](ctx, db, v.ID)
		if err != nil || !reflect.DeepEqual(before, v.Before) || !reflect.DeepEqual(after, v.After) {
			t.Errorf("states of version %d: %v, %v, %v", i, before, after, err)
		}
	}
	if row := at(exaudit.Key{"z", 3}, time.Now()); row == nil || row.V.Int32 != 7 {
		t.Errorf("a row without history: %v", row)
	}
	if row := at(exaudit.Key{"nowhere", 1}, time.Now()); row != nil {
		t.Errorf("a row that never was: %v", row)
	}
	if _, err := exaudit.First(exaudit.History[plain.Pair](ctx, db, "pairs", exaudit.Key{"z", 3}, exaudit.NewestFirst())); !errors.Is(err, audit.ErrNotFound) {
		t.Errorf("latest of a row without history: %v", err)
	}
	if _, _, err := exaudit.States[plain.Pair](ctx, db, 99); !errors.Is(err, audit.ErrNotFound) {
		t.Errorf("states of version 99: %v", err)
	}
	if latest, err := exaudit.First(exaudit.History[plain.Pair](ctx, db, "pairs", key, exaudit.NewestFirst())); err != nil || latest.Action != audit.Deleted || latest.Before.V.Int32 != 1 {
		t.Errorf("latest: %+v, %v", latest, err)
	}
}

// Behind a proxy, an application turns prepared statements off.
func TestHistoryOfWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	pool, _ := thingsDB(t, "things")
	run(t, pool, `INSERT INTO things (id, name, mood, amount, token, settings, made, ratio, active, moods, info)
		VALUES (1, 'a\b', 'ok', 1.50, gen_random_uuid(), '{"theme": "x"}', now(), 1, true, '{sad}', '{"a": "quoted \" and \\\\"}')`)
	run(t, pool, `UPDATE things SET name = 'b'`)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		config := pool.Config()
		config.ConnConfig.DefaultQueryExecMode = mode
		config.ConnConfig.RuntimeParams = nil // pgx reads no other text than the usual
		other, err := pgxpool.NewWithConfig(context.Background(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		db := exaudit.New(other)
		want, err := custom.New(other).Thing(context.Background(), 1)
		if err != nil {
			t.Fatalf("%v: %v", mode, err)
		}
		versions := collect[custom.Thing](t, db, "things", 1)
		if len(versions) != 2 || !reflect.DeepEqual(*versions[1].After, want) {
			t.Errorf("%v: %+v, want %+v", mode, versions[1].After, want)
		}
		if n := len(searched(t, db, exaudit.ByAction(audit.Updated), exaudit.ByColumn("name"), exaudit.Since(exaudit.AtTime(time.Now().Add(-time.Hour))))); n != 1 {
			t.Errorf("%v: %d versions found, want 1", mode, n)
		}
	}
}

// What was changed behind the triggers' back ends the sequence with an error, after the
// versions before it.
func TestHistoryOfDiverged(t *testing.T) {
	t.Parallel()
	pool, db := thingsDB(t, "pairs")
	run(t, pool, `INSERT INTO pairs VALUES (1, 'x', 0)`)
	run(t, pool, `ALTER TABLE pairs DISABLE TRIGGER ALL; UPDATE pairs SET v = 5; ALTER TABLE pairs ENABLE TRIGGER ALL`)
	run(t, pool, `UPDATE pairs SET v = 6`)
	var given int
	for v, err := range exaudit.History[plain.Pair](context.Background(), db, "pairs", exaudit.Key{"x", 1}) {
		if err == nil {
			given++
			continue
		}
		if !reason.Is(err, reason.Diverged) || v.Version != nil {
			t.Errorf("got %v with %v", err, v.Version)
		}
	}
	if given != 1 {
		t.Errorf("%d versions before the error, want 1", given)
	}
}

// A long history takes no more memory than a short one. Not parallel: the heap is measured.
func TestHistoryOfNeedsConstantMemory(t *testing.T) {
	ctx := context.Background()
	pool, db := thingsDB(t, "pairs")
	run(t, pool, `INSERT INTO pairs VALUES (1, 'x', 0)`)
	run(t, pool, `DO $$ BEGIN FOR i IN 1..9999 LOOP UPDATE pairs SET v = i; COMMIT; END LOOP; END $$`)
	var (
		n     int
		heap  uint64
		stats runtime.MemStats
	)
	for v, err := range exaudit.History[plain.Pair](ctx, db, "pairs", exaudit.Key{"x", 1}) {
		if err != nil {
			t.Fatal(err)
		}
		if v.After.V.Int32 != int32(n) {
			t.Fatalf("version %d has %d", n, v.After.V.Int32)
		}
		if n++; n%1000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			heap = max(heap, stats.HeapAlloc)
		}
	}
	if n != 10_000 {
		t.Errorf("%d versions, want 10000", n)
	}
	// a page of 1000 versions, and the program
	if heap > 8<<20 {
		t.Errorf("up to %d KB were held", heap>>10)
	}
}

// PostgreSQL 18 computes virtual columns when they are read; no trigger sees them.
func TestHistoryOfVirtualColumns(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	if db.Major < 18 {
		t.Skip("virtual generated columns come with PostgreSQL 18")
	}
	type row struct {
		ID, Twice int32
		A         int32
		Label     string
	}
	db.Exec(t, `CREATE TABLE g (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (a * 2), a int NOT NULL, label text GENERATED ALWAYS AS ('n' || upper(id::text)))`)
	auditdb.Install(t, db, "g")
	adb := exaudit.New(db.Pool)
	db.Exec(t, `INSERT INTO g (id, a) VALUES (1, 2)`)
	db.Exec(t, `UPDATE g SET a = 3`)
	wantLines(t, collect[row](t, adb, "g", 1), "created - → {1 4 2 n1}", "updated {1 4 2 n1} → {1 6 3 n1}")
}
