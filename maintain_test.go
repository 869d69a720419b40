package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/maintenance"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// Whatever retention removes, readers say of the rest what they said before, and of what is gone that it is gone.
func TestWhatRetentionLeavesIsRight(t *testing.T) {
	t.Parallel()
	for kind, k := range keyKinds {
		if k.table == "nested" {
			continue // histories of nested changes do not always fit together
		}
		for way := range testall.Or(1, 3) {
			t.Run(fmt.Sprint(k.table, " ", way), func(t *testing.T) {
				t.Parallel()
				db := auditdb.New(t, worlds)
				adb := exaudit.New(db.Pool)
				db.Exec(t, fmt.Sprintf("CREATE TABLE %s (%s, tag int, v int) %s; %s", k.table, k.key, map[bool]string{true: "PARTITION BY LIST (p)"}[k.table == "parts"], k.also))
				auditdb.Install(t, db, k.table)
				w := &world{Rand: rand.New(rand.NewPCG(worldSeed, uint64(100*way+kind))), kind: kind, turns: 8}
				conn := db.Connect(t, "")
				for i := range w.turns {
					db.Exec(t, fmt.Sprintf(`CREATE TABLE copy_%[1]d AS SELECT * FROM %[2]s; SELECT exaudit.mark('m%[1]d')`, i, k.table))
					w.turn(t, conn)
				}
				w.checkRetention(t, db, adb)
			})
		}
	}
}

func (w *world) checkRetention(t *testing.T, db *pgtest.DB, adb *exaudit.DB) {
	ctx, table := context.Background(), keyKinds[w.kind].table
	before := make(map[int64]*audit.Version)
	for _, v := range w.allStates(t, db, adb) {
		before[v.ID] = v
	}
	if len(before) == 0 {
		return
	}
	options := w.retention(t, db)
	if testing.Verbose() {
		t.Log("\n" + pgtest.One[string](t, db, `SELECT string_agg(format('%s %s %s←%s %s %s', id, action, entity_id, previous_entity_id, before, after), E'\n' ORDER BY id) FROM exaudit.versions`))
	}
	if _, err := adb.Install(ctx, []string{table}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{table: options}}); err != nil {
		t.Fatal(err)
	}
	done, err := maintenance.Run(ctx, db.Pool, maintenance.Options{BatchSize: 1 + w.Int32N(5)})
	if err != nil {
		t.Fatal(err)
	}
	if testing.Verbose() {
		t.Log("\n" + pgtest.One[string](t, db, `SELECT string_agg(format('%s %s %s←%s %s %s', id, action, entity_id, previous_entity_id, before, after), E'\n' ORDER BY id) FROM exaudit.versions`))
	}
	left := pgtest.One[int64](t, db, `SELECT count(*) FROM exaudit.versions`)
	t.Logf("%+v: %d of %d versions are left", options, left, len(before))
	if done.Retention[0].Removed != int64(len(before))-left {
		t.Errorf("%d removed, of %d are left %d", done.Retention[0].Removed, len(before), left)
	}
	for _, v := range w.allStates(t, db, adb) {
		was := before[v.ID]
		if v.State != nil && !reflect.DeepEqual(v.State, was.State) || v.StateBefore != nil && !reflect.DeepEqual(v.StateBefore, was.StateBefore) {
			t.Errorf("version %d leads from %v to %v, was %v to %v", v.ID, v.StateBefore, v.State, was.StateBefore, was.State)
		}
	}
	for i := range w.turns {
		mark := fmt.Sprintf("m%d", i)
		var got string
		err := db.Pool.QueryRow(ctx, fmt.Sprintf(`SELECT coalesce(string_agg(format('%%s:%%s:%%s', r.k, r.tag, r.v), ' ' ORDER BY r.tag), '') FROM exaudit.as_of_mark(NULL::%s, $1) AS r`, table), mark).Scan(&got)
		switch want := worldRows(t, db, "copy_"+fmt.Sprint(i), ""); {
		case err != nil && strings.Contains(err.Error(), "complete only since"):
		case err != nil:
			t.Errorf("as of %s: %v", mark, err)
		case got != want:
			t.Errorf("as of %s: %s, want %s", mark, got, want)
		default:
			w.undoRetained(t, db, adb, mark, want)
			return // what was taken back is no longer what the copies say
		}
	}
}

func (w *world) undoRetained(t *testing.T, db *pgtest.DB, adb *exaudit.DB, mark, want string) {
	_, err := adb.Undo(context.Background(), exaudit.Select(exaudit.Since(exaudit.AtMark(mark))), nil)
	if err != nil && !errors.Is(err, audit.ErrNothingToDo) {
		t.Errorf("undo since %s: %v", mark, err)
	} else if got := worldRows(t, db, keyKinds[w.kind].table, ""); got != want {
		t.Errorf("undone since %s: %s, want %s", mark, got, want)
	}
}

// allStates are all versions, of each row's history.
func (w *world) allStates(t *testing.T, db *pgtest.DB, adb *exaudit.DB) (all []*audit.Version) {
	table := keyKinds[w.kind].table
	for _, key := range pgtest.One[[]string](t, db, `SELECT coalesce(array_agg(DISTINCT v.entity_id), '{}') FROM exaudit.versions v`) {
		versions, err := exaudit.Collect(adb.HistoryWithStates(context.Background(), table, audit.EntityID(key)))
		if err != nil {
			t.Errorf("history of %s: %v", key, err)
		}
		all = append(all, versions...)
	}
	return all
}

// retention draws how long versions are kept.
func (w *world) retention(t *testing.T, db *pgtest.DB) (o audit.TableOptions) {
	if w.IntN(3) > 0 {
		o.KeepLast = 1 + w.IntN(3)
	}
	if o.KeepLast == 0 || w.IntN(3) == 0 {
		o.Keep = pgtest.One[string](t, db, `SELECT ceil(extract(epoch FROM clock_timestamp() - recorded_at) * 1000000) || ' microseconds' FROM exaudit.versions ORDER BY id OFFSET floor($1 * (SELECT count(*) FROM exaudit.versions)) LIMIT 1`,
			w.Float64())
	}
	return o
}

// A run that ends early is gone on with by the next one, and two at the same time do no harm.
func TestMaintainGoesOn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY, v int)`, "a", "b")
	for range 4 {
		db.Exec(t, `INSERT INTO a SELECT n, 0 FROM generate_series(1, 5) n ON CONFLICT (id) DO UPDATE SET v = a.v + 1;
			INSERT INTO b SELECT n, 0 FROM generate_series(1, 5) n ON CONFLICT (id) DO UPDATE SET v = b.v + 1`)
	}
	if _, err := adb.Install(ctx, []string{"a", "b"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{
		"a": {KeepLast: 2}, "b": {Keep: "1 microsecond"}}}); err != nil {
		t.Fatal(err)
	}
	interrupted := 0
	for {
		once, cancel := context.WithCancel(ctx)
		_, err := maintenance.Run(once, db.Pool, maintenance.Options{BatchSize: 3, Progress: func(string, int64) { cancel() }})
		cancel()
		if err == nil {
			break
		}
		if interrupted++; !errors.Is(err, context.Canceled) || interrupted > 40 {
			t.Fatal(err)
		}
		var g errgroup.Group
		for range 2 {
			g.Go(func() error {
				_, err := maintenance.Run(ctx, db.Pool, maintenance.Options{BatchSize: 2, DryRun: true})
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if interrupted < 5 {
		t.Errorf("%d interruptions", interrupted)
	}
	expect(t, db, `(SELECT t.table_name, count(*), min(v.id) FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id GROUP BY 1)`, `(a,10,21)`)

	db.Exec(t, `UPDATE a SET v = v + 1; UPDATE b SET v = v + 1`)
	var g errgroup.Group
	for range 2 {
		g.Go(func() error {
			_, err := maintenance.Run(ctx, db.Pool, maintenance.Options{BatchSize: 2})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	expect(t, db, `(SELECT t.table_name, count(*), min(v.id) FROM exaudit.versions v JOIN exaudit.tables t ON t.id = v.table_id GROUP BY 1)`, `(a,10,31)`)
}

// Status says of which tables old versions are still there, a day later.
func TestStatusSaysWhatMaintainIsFor(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE held (id int PRIMARY KEY)`, "a", "b", "held")
	db.Exec(t, `INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO held VALUES (1);
		ALTER TABLE exaudit.versions DISABLE TRIGGER USER; UPDATE exaudit.versions SET recorded_at = now() - interval '26 hours'; ALTER TABLE exaudit.versions ENABLE ALWAYS TRIGGER append_only`)
	if _, err := adb.Install(ctx, []string{"a", "b", "held"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{
		"a": {Keep: "1 hour"}, "b": {Keep: "3 hours"}, "held": {Keep: "1 hour", Hold: true}}}); err != nil {
		t.Fatal(err)
	}
	role := db.Role(t, "IN ROLE exaudit_reader")
	db.Exec(t, `GRANT SELECT ON a, b, held TO `+role)
	status, err := exaudit.New(db.Connect(t, role)).Status(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	for _, s := range status.Tables {
		for _, note := range s.Notes {
			notes = append(notes, s.Table+" "+note)
		}
	}
	if got, want := strings.Join(notes, "\n"), `public.a has versions older than 1 hour: "exaudit maintain" removes them`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Who is no member of exaudit_owner removes nothing, and in a transaction of the caller's the setting is as it was.
func TestMaintainByARole(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	db.Exec(t, `INSERT INTO a VALUES (1)`)
	reader := exaudit.New(db.Connect(t, db.Role(t, "IN ROLE exaudit_reader")))
	if _, err := reader.Maintain(ctx, nil); !errors.Is(err, audit.ErrNotPermitted) {
		t.Error(err)
	}
	if _, err := adb.Install(ctx, []string{"a"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"a": {Keep: "1 microsecond"}}}); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	done, err := exaudit.New(tx).Maintain(ctx, nil)
	if err != nil || done.Retention[0].Removed != 1 || !done.Analyzed {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM exaudit.versions`); err == nil || !strings.Contains(err.Error(), "append-only") {
		t.Errorf("versions can be deleted afterwards: %v", err)
	}
}

// Options that change while versions are removed are heeded at once.
func TestMaintainHeedsNewOptions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	install := func(o audit.TableOptions) {
		t.Helper()
		_, err := adb.Install(ctx, []string{"a"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"a": o}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct{ before, then audit.TableOptions }{
		{audit.TableOptions{Keep: "1 microsecond"}, audit.TableOptions{Keep: "1 hour"}},
		{audit.TableOptions{Keep: "1 microsecond"}, audit.TableOptions{Keep: "1 microsecond", KeepLast: 9}},
		{audit.TableOptions{Keep: "1 microsecond"}, audit.TableOptions{Keep: "1 microsecond", Hold: true}},
		{audit.TableOptions{KeepLast: 1}, audit.TableOptions{KeepLast: 9}},
		{audit.TableOptions{KeepLast: 1}, audit.TableOptions{KeepLast: 1, Keep: "1 hour"}},
		{audit.TableOptions{KeepLast: 1}, audit.TableOptions{KeepLast: 1, Hold: true}},
		{audit.TableOptions{KeepLast: 1}, audit.TableOptions{}},
	} {
		db.Exec(t, fmt.Sprintf(`DO $$ BEGIN FOR i IN 1 .. 8 LOOP INSERT INTO a VALUES (%d); DELETE FROM a; END LOOP; END $$`, i))
		install(c.before)
		var removed []int64
		_, err := maintenance.Run(ctx, db.Pool, maintenance.Options{BatchSize: 2, Progress: func(_ string, n int64) {
			removed = append(removed, n)
			install(c.then)
		}})
		if err != nil || len(removed) != 1 {
			t.Errorf("%+v, then %+v: removed %v, %v", c.before, c.then, removed, err)
		}
	}
}

// What is no time for which versions could be kept is refused; what is a long one is one.
func TestOddTimesToKeep(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE a (id int PRIMARY KEY)`, "a")
	db.Exec(t, `INSERT INTO a VALUES (1)`)
	for _, o := range []audit.TableOptions{{Keep: "1 month -30 days"}, {Keep: "-1 year"}, {Keep: "1 day -1:00"}, {Keep: "infinity"}, {Keep: "0"},
		{Keep: "1e9 years"}, {Keep: "long"}, {KeepLast: -1}, {KeepLast: 1_000_001}} {
		_, err := adb.Install(ctx, []string{"a"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"a": o}})
		if refused := (*audit.InvalidError)(nil); !errors.As(err, &refused) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []audit.TableOptions{{Keep: "5000 years"}, {Keep: "P1Y2M3DT4H"}, {Keep: "1 month", KeepLast: 1_000_000}} {
		_, err := adb.Install(ctx, []string{"a"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"a": o}})
		if err != nil {
			t.Fatal(err)
		}
		done, err := adb.Maintain(ctx, nil)
		if err != nil || done.Retention[0].Removed != 0 {
			t.Errorf("%+v: %+v, %v", o, done, err)
		}
		if _, err := json.Marshal(done); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
