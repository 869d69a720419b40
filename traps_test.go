package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/internal/traps"
	"github.com/exaudit/exaudit/triggers"
)

// trapped is a database where every name that a session leaves to search_path is trapped.
type trapped struct {
	*pgtest.DB
	t      *testing.T
	pool   *pgxpool.Pool // of a superuser, led into the traps
	called []string      // methods of exaudit.DB
}

func newTrapped(t *testing.T) *trapped {
	t.Helper()
	ctx := context.Background()
	db := traps.New(t)
	db.Exec(t, "ALTER DATABASE "+db.Name+" SET track_functions = 'all'")
	pool, err := pgxpool.New(ctx, traps.URL(t, db, traps.First))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &trapped{DB: db, t: t, pool: pool}
}

// run executes statements as an application does that qualifies its own names.
func (d *trapped) run(statements ...string) {
	d.t.Helper()
	for _, s := range statements {
		if _, err := d.pool.Exec(context.Background(), s); err != nil {
			d.t.Errorf("%v\n%s", err, s)
		}
	}
}

// call is for a method, by its name.
func (d *trapped) call(method string, err error) {
	d.t.Helper()
	d.called = append(d.called, method)
	if err != nil {
		d.t.Errorf("%s: %v", method, err)
	}
}

const trappedTables = `
	CREATE TYPE mood AS ENUM ('sad', 'ok');
	CREATE TYPE pair AS (a int, b text);
	CREATE DOMAIN code AS text;
	CREATE TABLE plain (id int PRIMARY KEY DEFERRABLE, n numeric, note text, doc jsonb, raw json, f float8, g real, at timestamptz, span interval,
		price money, tags text[], fs float8[], moods mood[], m mood, p pair, c code, bytes bytea, x xml, during tstzrange, v varchar(9), ch char(3), r regclass);
	CREATE TABLE by_statement (LIKE plain INCLUDING ALL);
	CREATE TABLE wide (LIKE plain INCLUDING ALL);
	CREATE TABLE chosen (LIKE plain INCLUDING ALL);
	CREATE TABLE fully (LIKE plain INCLUDING ALL);
	ALTER TABLE chosen ENABLE ROW LEVEL SECURITY;
	CREATE POLICY everything ON chosen USING (true);
	CREATE TABLE keyed (a text, b mood, c timestamptz, n int UNIQUE, up int, PRIMARY KEY (a, b, c));
	CREATE TABLE parents (id bigint PRIMARY KEY, name text UNIQUE);
	CREATE TABLE children (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), parent bigint REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE, n int);
	CREATE UNIQUE INDEX ON parents (lower(name)) WHERE name IS NOT NULL;
	CREATE TABLE parted (id int, place int, n int, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
	CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
	CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
	CREATE TABLE keyless (id int PRIMARY KEY, n int);
	CREATE TABLE jsons (id jsonb PRIMARY KEY, n int);
	ALTER TABLE exaudit.versions ADD COLUMN actor text, ADD COLUMN request uuid`

var trappedNames = []string{"plain", "by_statement", "wide", "chosen", "fully", "keyed", "parents", "children", "parted", "keyless", "jsons"}

var trappedOptions = map[string]audit.TableOptions{
	"by_statement": {Trigger: audit.StatementLevel}, "wide": {SkipUntouchedTOAST: true}, "fully": {Updates: audit.UpdatesFull, RecordReplicated: true},
	"chosen": {Exclude: []string{"note"}, Mask: []string{"doc", "v"}, Where: "f <> 0 OR f IS NULL", AllowIgnore: true, RecordSessionUser: true},
}

// write makes every kind of change to a table like plain.
func (d *trapped) write(table string) {
	d.t.Helper()
	all := strings.ReplaceAll(`INSERT INTO public.TABLE VALUES (KEY, 1.0, 'a', 'null', '{"a": 1}', '-0', '-0', '2026-01-01', '1 day', '1', '{a,b}', '{-0}', '{sad}', 'sad', ROW(1, 'x'),
		'c', E'\\x00', '<a/>', '[2026-01-01,2026-01-02)', 'v', 'ch', 'pg_catalog.pg_class')`, "TABLE", table)
	d.run(strings.ReplaceAll(all, "KEY", "1"), strings.ReplaceAll(all, "KEY", "2"), strings.ReplaceAll(all, "KEY", "3"),
		fmt.Sprintf(`INSERT INTO public.%s (id) VALUES (4), (5), (6)`, table),
		fmt.Sprintf(`UPDATE public.%s SET n = 1.00, note = pg_catalog.repeat('x', 9000), doc = '[1]', raw = '[ ]', f = 1.5, g = 0, at = '2026-02-03 04:05:06+00', span = '1 mon', price = '2', tags = '{}',
			fs = '{{1}}', moods = NULL, m = 'ok', p = ROW(2, NULL), c = 'd', bytes = E'\\x01', x = '<b/>', during = 'empty', v = 'w', ch = 'x', r = 0`, table),
		fmt.Sprintf(`UPDATE public.%s SET n = 2 WHERE id OPERATOR(pg_catalog.=) 1`, table),
		fmt.Sprintf(`UPDATE public.%s SET n = n`, table),
		fmt.Sprintf(`UPDATE public.%s SET id = id OPERATOR(pg_catalog.+) 10 WHERE id OPERATOR(pg_catalog.<=) 2`, table),
		fmt.Sprintf(`DELETE FROM public.%s WHERE id OPERATOR(pg_catalog.=) 3`, table),
		fmt.Sprintf(`DELETE FROM public.%s WHERE id OPERATOR(pg_catalog.>) 11`, table),
		`SELECT pg_catalog.set_config('exaudit.custom', '{"actor": "ada", "request": null, "more": 1}', false)`)
	d.run(strings.ReplaceAll(all, "KEY", "7"), fmt.Sprintf(`UPDATE public.%s SET n = 3`, table), fmt.Sprintf(`DELETE FROM public.%s WHERE id OPERATOR(pg_catalog.=) 7`, table),
		`SELECT pg_catalog.set_config('exaudit.custom', '', false)`)
}

// Every trigger on every path, every method and every function of the schema, with a session whose search_path leads
// into traps.
func TestAmongTraps(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := newTrapped(t)
	d.Exec(t, trappedTables)
	db := exaudit.New(d.pool)
	_, err := db.Init(ctx, &exaudit.InitOptions{Precision: new(3)})
	d.call("Init", err)
	_, err = db.Install(ctx, trappedNames, &exaudit.InstallOptions{TableOptions: trappedOptions})
	d.call("Install", err)
	d.changes()
	d.alterations()
	d.library(db)
	d.removal(db)
	d.functions()
	d.schema()

	for i, typ := 0, reflect.TypeFor[*exaudit.DB](); i < typ.NumMethod(); i++ {
		if name := typ.Method(i).Name; !slices.Contains(d.called, name) {
			t.Errorf("method %s is not called among traps", name)
		}
	}
	traps.Check(t, d.DB)
}

// Without custom columns, triggers record custom data in another way.
func TestWithoutCustomColumnsAmongTraps(t *testing.T) {
	testall.Only(t, "TestFunctionsWithoutSettingsAmongTraps has most of it")
	t.Parallel()
	d := newTrapped(t)
	tables, _, _ := strings.Cut(trappedTables, "ALTER TABLE exaudit.versions")
	d.Exec(t, tables)
	names := []string{"plain", "wide", "chosen", "fully"}
	options := maps.Clone(trappedOptions)
	delete(options, "by_statement")
	_, err := exaudit.New(d.pool).Install(context.Background(), names, &exaudit.InstallOptions{TableOptions: options})
	d.call("Install", err)
	for _, name := range names {
		d.write(name)
	}
	if n := pgtest.One[int](t, d.DB, `SELECT count(DISTINCT (table_id, action)) FROM exaudit.versions WHERE custom ->> 'actor' = 'ada'`); n != 10 { // chosen records no row with -0
		t.Errorf("custom data of %d kinds of changes, want 10", n)
	}
	traps.Check(t, d.DB)
}

const usualTables = `
	CREATE TABLE usual (id int PRIMARY KEY DEFERRABLE, n numeric, exact numeric(9, 2) NOT NULL DEFAULT 1, note text, doc jsonb, raw json, f float8, g real, at timestamptz,
		day date NOT NULL DEFAULT '2026-01-01', span interval, tags text[], fs float8[], moods mood[], m mood, c code, bytes bytea, x xml, v varchar(9) NOT NULL DEFAULT 'v', ch char(3));
	CREATE TABLE usual_fully (LIKE usual INCLUDING ALL);
	CREATE TABLE usual_wide (LIKE usual INCLUDING ALL);
	CREATE TABLE usual_masked (LIKE usual INCLUDING ALL);
	CREATE TABLE usual_imageless (LIKE usual INCLUDING ALL);
	ALTER TABLE usual_imageless DROP CONSTRAINT usual_imageless_pkey, ADD PRIMARY KEY (id);
	CREATE TABLE usual_parted (LIKE usual INCLUDING DEFAULTS) PARTITION BY RANGE (id);
	ALTER TABLE usual_parted ADD PRIMARY KEY (id);
	CREATE TABLE usual_parted_1 PARTITION OF usual_parted FOR VALUES FROM (0) TO (3);
	CREATE TABLE usual_parted_2 PARTITION OF usual_parted DEFAULT`

// Functions without SET clauses, in sessions of all kinds.
func TestFunctionsWithoutSettingsAmongTraps(t *testing.T) {
	t.Parallel()
	d := newTrapped(t)
	tables, _, _ := strings.Cut(trappedTables, "ALTER TABLE exaudit.versions")
	d.Exec(t, tables+usualTables)
	names := []string{"usual", "usual_fully", "usual_wide", "usual_masked", "usual_parted", "usual_imageless"}
	options := map[string]audit.TableOptions{
		"usual_fully": {Updates: audit.UpdatesFull, RecordReplicated: true}, "usual_wide": {SkipUntouchedTOAST: true},
		"usual_masked":    {Exclude: []string{"note"}, Mask: []string{"doc", "v"}, AllowIgnore: true, RecordSessionUser: true},
		"usual_imageless": {SkipInsertImage: true},
	}
	_, err := exaudit.New(d.pool).Install(context.Background(), names, &exaudit.InstallOptions{TableOptions: options})
	d.call("Install", err)
	if n := pgtest.One[int](t, d.DB, `SELECT count(*) FROM pg_proc WHERE pronamespace = 'exaudit_internal'::regnamespace AND proname ~ '^t[0-9]+_(insert|update|delete)$' AND proconfig IS NULL`); n != 18 {
		t.Errorf("%d functions have no SET clauses, want 18", n)
	}
	for _, setting := range []string{"timezone", "row_security", "exaudit.custom", "exaudit.rollback"} {
		for _, value := range testall.Turn(1, map[string][]string{
			"timezone": {"UTC", "Asia/Tokyo"}, "row_security": {"off"}, "exaudit.custom": {`{"a": 1}`, `{"a": "\u00e9"}`}, "exaudit.rollback": {"on"},
		}[setting]...) {
			set := fmt.Sprintf(`SELECT pg_catalog.set_config('%s', '%s', false)`, setting, value)
			for _, name := range names {
				d.run(set+"; "+strings.ReplaceAll(`INSERT INTO public.TABLE (id, n, note, doc, raw, f, g, at, span, tags, fs, moods, m, c, bytes, x, ch)
					VALUES (1, 1.0, 'a', 'null', '{"a": 1}', '-0', '-0', '2026-01-01', '1 day', '{a,b}', '{-0}', '{sad}', 'sad', 'c', E'\\x00', '<a/>', 'ch')`, "TABLE", name),
					strings.ReplaceAll(`INSERT INTO public.TABLE (id) VALUES (2), (3), (4)`, "TABLE", name),
					strings.ReplaceAll(`UPDATE public.TABLE SET n = 1.00, exact = 2, note = pg_catalog.repeat('x', 9000), doc = '[1]', raw = '[ ]', f = 1.5, g = 0, at = '2026-02-03 04:05:06+00', day = '2026-01-02', span = '1 mon', tags = '{}',
						fs = '{{1}}', moods = NULL, m = 'ok', c = 'd', bytes = E'\\x01', x = '<b/>', v = 'w', ch = 'x'`, "TABLE", name),
					strings.ReplaceAll(`UPDATE public.TABLE SET n = n; UPDATE public.TABLE SET v = 'x' WHERE id OPERATOR(pg_catalog.=) 2; UPDATE public.TABLE SET id = id OPERATOR(pg_catalog.+) 10; DELETE FROM public.TABLE`, "TABLE", name))
			}
			d.run(fmt.Sprintf(`SELECT pg_catalog.set_config('%s', '%s', false)`, setting, map[string]string{"timezone": "UTC", "row_security": "on"}[setting]))
		}
	}
	traps.Check(t, d.DB)
}

// as makes all that follows be done by a role.
func (d *trapped) as(role string) {
	d.t.Helper()
	config, err := pgxpool.ParseConfig(traps.URL(d.t, d.DB, traps.First))
	if err != nil {
		d.t.Fatal(err)
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET SESSION AUTHORIZATION "+pgx.Identifier{role}.Sanitize())
		return err
	}
	if d.pool, err = pgxpool.NewWithConfig(context.Background(), config); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(d.pool.Close)
}

// wantTrapped is the control: this session's names are trapped.
func (d *trapped) wantTrapped() {
	d.t.Helper()
	ctx := context.Background()
	for _, statement := range []string{"SELECT 1 = 1", "SELECT now()", "SELECT 'a'::text", "SELECT * FROM pg_class"} {
		if _, err := d.pool.Exec(ctx, statement); err == nil {
			d.t.Errorf("nothing is trapped: %s", statement)
		}
	}
	d.Exec(d.t, "SELECT setval('traps.bites', 1, false)")
}

// A role of an application, which may also read the history, and migrations that "exaudit generate" made.
func TestRolesAmongTraps(t *testing.T) {
	testall.Only(t, "TestAmongTraps has most of it")
	t.Parallel()
	ctx := context.Background()
	d := newTrapped(t)
	d.Exec(t, trappedTables)
	d.wantTrapped()
	migrations, err := triggers.Migrations(ctx, d.pool, trappedNames, triggers.WithOptions(trappedOptions))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range migrations {
		d.run(m.Install)
		d.run(m.Uninstall)
		d.run(m.Install)
		d.run(m.Functions...)
	}
	traps.Check(t, d.DB)

	role := d.Role(t, "IN ROLE exaudit_reader")
	d.Exec(t, `GRANT ALL ON ALL TABLES IN SCHEMA public TO `+role)
	d.as(role)
	d.wantTrapped()
	d.changes()
	for _, table := range []string{"plain", "by_statement", "wide", "chosen", "fully"} {
		d.Exec(t, `ALTER TABLE `+table+` ADD more int`)
		d.run(`DELETE FROM public.` + table)
		d.write(table)
		d.run(`TRUNCATE public.` + table)
	}
	db := exaudit.New(d.pool)
	_, err = db.Mark(ctx, "m", nil)
	d.call("Mark", err)
	d.run(`SELECT * FROM public.plain_at(pg_catalog.now())`, `SELECT * FROM public.plain_states(1)`)
	d.writing(db)
	d.reading(db)
	d.undoing(db)
	d.call("RemoveMark", db.RemoveMark(ctx, "m"))
	for _, m := range migrations {
		d.Exec(t, m.DropFunctions)
	}
	traps.Check(t, d.DB)
}

func (d *trapped) changes() {
	d.t.Helper()
	for _, table := range []string{"plain", "by_statement", "wide", "chosen", "fully"} {
		d.write(table)
	}
	d.run(`INSERT INTO public.keyed VALUES ('a', 'sad', '2026-01-01', 1, 1), ('b', 'ok', '2026-01-01', 2, 1)`, `UPDATE public.keyed SET b = 'ok', n = 5 WHERE n OPERATOR(pg_catalog.=) 1`,
		`INSERT INTO public.parents VALUES (1, 'a'), (2, 'b')`, `INSERT INTO public.children (parent, n) VALUES (1, 1), (2, 2)`,
		`UPDATE public.parents SET id = 3 WHERE id OPERATOR(pg_catalog.=) 1`, `DELETE FROM public.parents WHERE id OPERATOR(pg_catalog.=) 2`,
		`INSERT INTO public.parents VALUES (4, 'c') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`,
		`INSERT INTO public.parents VALUES (4, 'd') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name`,
		`INSERT INTO public.parted VALUES (1, 1, 1), (2, 2, 2)`, `UPDATE public.parted SET place = 2 WHERE id OPERATOR(pg_catalog.=) 1`, `DELETE FROM public.parted WHERE id OPERATOR(pg_catalog.=) 2`,
		`INSERT INTO public.jsons VALUES ('null', 1), ('{"a": 1}', 2)`, `UPDATE public.jsons SET n = 3`, `DELETE FROM public.jsons`,
		`INSERT INTO public.keyless VALUES (1, 1)`, `INSERT INTO public.parted VALUES (7, 1, 1)`, `TRUNCATE public.parted`, `INSERT INTO public.parted VALUES (1, 1, 1)`,
		`INSERT INTO public.by_statement (id) VALUES (70)`, `TRUNCATE public.by_statement`, `TRUNCATE public.chosen`)
}

// alterations are followed by the slower way, that of triggers which were not written for the table as it is; and event
// triggers take part.
func (d *trapped) alterations() {
	d.t.Helper()
	for _, table := range []string{"plain", "by_statement", "wide", "chosen", "fully"} {
		d.run(fmt.Sprintf(`ALTER TABLE public.%s RENAME note TO remark`, table), fmt.Sprintf(`ALTER TABLE public.%s ADD added public.mood NOT NULL DEFAULT 'ok', DROP ch`, table),
			fmt.Sprintf(`INSERT INTO public.%s (id, n) VALUES (100, 1), (101, 2)`, table), fmt.Sprintf(`UPDATE public.%s SET n = 5, added = 'sad'`, table),
			fmt.Sprintf(`UPDATE public.%s SET id = id OPERATOR(pg_catalog.+) 1000`, table), fmt.Sprintf(`DELETE FROM public.%s WHERE id OPERATOR(pg_catalog.=) 1100`, table))
	}
	d.run(`ALTER TABLE public.parted ADD more int`, `INSERT INTO public.parted VALUES (8, 1, 1, 1)`, `UPDATE public.parted SET place = 2 WHERE id OPERATOR(pg_catalog.=) 8`, `TRUNCATE public.parted`,
		`ALTER TABLE public.keyless DROP CONSTRAINT keyless_pkey`, `UPDATE public.keyless SET n = 2`, `ALTER TABLE public.keyless ADD PRIMARY KEY (id)`)
	db := exaudit.New(d.pool)
	_, err := db.Install(context.Background(), []string{"plain"}, nil)
	d.call("Install", err)
	_, err = db.FollowDDL(context.Background(), audit.FollowDDL{NewTables: []string{"public.new*"}}, nil)
	d.call("FollowDDL", err)
	d.run(`ALTER TABLE public.plain ADD followed int`, `CREATE TABLE public.newer (id int PRIMARY KEY, p int) PARTITION BY HASH (id)`,
		`CREATE TABLE public.newer_1 PARTITION OF public.newer FOR VALUES WITH (MODULUS 1, REMAINDER 0)`, `CREATE TABLE public.new_one (id int PRIMARY KEY)`,
		`INSERT INTO public.newer VALUES (1, 1)`, `UPDATE public.newer SET p = 2`, `DELETE FROM public.newer`, `INSERT INTO public.newer VALUES (2, 1)`, `TRUNCATE public.newer`,
		`INSERT INTO public.new_one VALUES (1)`, `ALTER TABLE public.new_one RENAME TO newest`, `DROP TABLE public.newest`)
	_, err = db.Sync(context.Background(), nil)
	d.call("Sync", err)
}

func (d *trapped) library(db *exaudit.DB) {
	d.t.Helper()
	ctx := context.Background()
	_, err := db.Mark(ctx, "m", nil)
	d.call("Mark", err)
	_, err = db.Marks(ctx)
	d.call("Marks", err)
	d.call("Check", db.Check(ctx))
	_, err = db.HistoryBegin(ctx, "plain")
	d.call("HistoryBegin", err)
	some, err := exaudit.Collect(db.Versions(ctx, exaudit.Limit(1)))
	d.call("Versions", err)
	_, err = db.HistoryBeginOf(ctx, some[0].ID)
	d.call("HistoryBeginOf", err)
	d.call("Covered", db.Covered(ctx, "plain"))
	_ = db.Config()
	d.call("Config", nil)
	_ = db.Conn()
	d.call("Conn", nil)
	d.writing(db)
	tx, err := d.pool.Begin(ctx)
	d.call("Begin", err)
	d.call("Stamp", exaudit.Stamp(exaudit.With(ctx, exaudit.Custom{"actor": "bob"}), tx))
	_, err = exaudit.Track(ctx, tx, audit.Change{Table: "keyless", After: map[string]any{"id": 77, "n": 1}})
	d.call("Track", err)
	d.call("Track", tx.Commit(ctx))

	_, err = db.Baseline(ctx, []string{"plain", "keyed", "parted"}, nil)
	d.call("Baseline", err)
	d.call("IndexCustom", db.IndexCustom(ctx, "actor", nil))
	_, err = db.Status(ctx, nil)
	d.call("Status", err)
	d.reading(db)
	d.undoing(db)
	d.call("RemoveMark", db.RemoveMark(ctx, "m"))
}

// writing is by the methods of a pool, with custom data.
func (d *trapped) writing(db *exaudit.DB) {
	d.t.Helper()
	ctx := context.Background()
	with := exaudit.With(ctx, exaudit.Custom{"actor": "bob"})
	_, err := db.Exec(with, `INSERT INTO public.plain (id, n) VALUES ($1, $2)`, 500, 1)
	d.call("Exec", err)
	rows, err := db.Query(with, `UPDATE public.plain SET n = 2 WHERE id OPERATOR(pg_catalog.=) $1 RETURNING id`, 500)
	d.call("Query", err)
	rows.Close()
	d.call("Query", rows.Err())
	var id int
	d.call("QueryRow", db.QueryRow(with, `UPDATE public.plain SET n = 3 WHERE id OPERATOR(pg_catalog.=) 500 RETURNING id`).Scan(&id))
	_, err = db.CopyFrom(with, pgx.Identifier{"public", "plain"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{501, nil}, {502, nil}}))
	d.call("CopyFrom", err)
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE public.plain SET n = 4 WHERE id OPERATOR(pg_catalog.=) 501`)
	d.call("SendBatch", db.SendBatch(with, batch).Close())
	tx, err := db.Begin(with)
	d.call("Begin", err)
	_, err = tx.Exec(ctx, `DELETE FROM public.plain WHERE id OPERATOR(pg_catalog.=) 502`)
	d.call("Begin", errors.Join(err, tx.Commit(ctx)))
	tx, err = db.BeginTx(with, pgx.TxOptions{IsoLevel: pgx.Serializable})
	d.call("BeginTx", err)
	_, err = tx.Exec(ctx, `UPDATE public.plain SET n = 9 WHERE id OPERATOR(pg_catalog.=) 501`)
	d.call("BeginTx", err)
	d.call("BeginTx", tx.Commit(ctx))
}

func (d *trapped) reading(db *exaudit.DB) {
	d.t.Helper()
	ctx := context.Background()
	for table, key := range map[string]any{"plain": 501, "by_statement": 101, "chosen": 1101, "parents": 3, "children": "00000000-0000-0000-0000-000000000000",
		"keyed": exaudit.Key{"a", "ok", "2026-01-01"}, "jsons": map[string]any{"a": 1}} {
		_, err := exaudit.Collect(db.History(ctx, table, key))
		d.call("History", err)
		_, err = exaudit.Collect(db.History(ctx, table, key, exaudit.NewestFirst(), exaudit.Limit(2)))
		d.call("History", err)
		_, err = exaudit.Collect(db.HistoryWithStates(ctx, table, key))
		d.call("HistoryWithStates", err)
	}
	d.call("CheckHistory", db.CheckHistory(ctx, "plain", 501))
	versions, err := exaudit.Collect(db.Versions(ctx, exaudit.ByTable("plain", "keyed"), exaudit.ByCustom("actor", "bob"), exaudit.Since(exaudit.AtTime(time.Unix(0, 0))), exaudit.ByColumn("n"),
		exaudit.Where(`action OPERATOR(pg_catalog.<>) 'baseline'`), exaudit.ByCustomKey("actor"), exaudit.Since(exaudit.AtMark("m"))))
	d.call("Versions", err)
	if len(versions) == 0 {
		d.t.Fatal("no version is found")
	}
	last := versions[len(versions)-1]
	_, err = exaudit.Collect(db.Versions(ctx, exaudit.ByRow("plain", 501), exaudit.ByRollback(false), exaudit.BySessionUser("nobody"), exaudit.ByAction(audit.Updated), exaudit.NewestFirst(), exaudit.Limit(9),
		exaudit.Since(exaudit.AtVersion(last.ID)), exaudit.Until(exaudit.AtTransaction(last.TransactionID)), exaudit.Until(exaudit.AtMark("m"))))
	d.call("Versions", err)
	_, err = exaudit.Collect(db.Transactions(ctx, exaudit.ByTable("plain")))
	d.call("Transactions", err)
	_, err = db.Version(ctx, last.ID)
	d.call("Version", err)
	_, err = db.VersionWithStates(ctx, last.ID)
	d.call("VersionWithStates", err)
	_, _, err = db.States(ctx, last.ID)
	d.call("States", err)
	_, err = db.Diff(ctx, versions[0].ID, last.ID)
	d.call("Diff", err)
	for _, at := range []exaudit.Point{exaudit.AtTime(time.Now().Add(-time.Millisecond)), exaudit.AtVersion(last.ID - 1), exaudit.AtTransaction(last.TransactionID), exaudit.AtMark("m")} {
		for _, table := range []string{"keyed", "plain", "parted"} {
			for _, err := range db.AsOf(ctx, table, at) {
				d.call("AsOf", err)
			}
		}
		if _, err = db.StateAt(ctx, "plain", 501, at); !errors.Is(err, audit.ErrNotFound) { // as of the mark
			d.call("StateAt", err)
		}
	}
	type keyed struct {
		A, B string
		C    time.Time
		N    int
		Up   *int
	}
	key := exaudit.Key{"a", "ok", "2026-01-01"}
	_, err = exaudit.Collect(exaudit.AsOf[keyed](ctx, db, "keyed", exaudit.AtMark("m")))
	d.call("AsOf", err)
	_, err = exaudit.StateAt[keyed](ctx, db, "keyed", key, exaudit.AtMark("m"))
	d.call("StateAt", err)
	_, err = exaudit.First(exaudit.History[keyed](ctx, db, "keyed", key, exaudit.NewestFirst()))
	d.call("Latest", err)
	for _, err := range exaudit.History[keyed](ctx, db, "keyed", key) {
		d.call("History", err)
	}
	d.call("Snapshot", db.Snapshot(ctx, func(*exaudit.DB) error { return nil }))
	// in SQL, as it is called under whatever path
	for _, call := range []string{`exaudit.as_of(NULL::public.plain, pg_catalog.now())`, `exaudit.as_of_version(NULL::public.plain, ` + fmt.Sprint(last.ID) + `)`,
		`exaudit.as_of_transaction(NULL::public.plain, '` + fmt.Sprint(last.TransactionID) + `')`, `exaudit.as_of_mark(NULL::public.plain, 'm')`, `exaudit.states(NULL::public.plain, '501')`,
		`exaudit.history`, `exaudit_internal.relations`, `exaudit_internal.table_columns`, `exaudit_internal.custom_columns`, `exaudit_internal.foreign_keys`, `exaudit_internal.readable_versions`} {
		d.run(`SELECT * FROM ` + call)
	}
}

func (d *trapped) undoing(db *exaudit.DB) {
	d.t.Helper()
	ctx := context.Background()
	d.run(`INSERT INTO public.parents VALUES (50, 'gone'), (51, 'kept')`, `INSERT INTO public.children (parent, n) VALUES (50, 1)`)
	_, err := db.Mark(ctx, "before", nil)
	d.call("Mark", err)
	d.run(`UPDATE public.children SET n = 5`, `DELETE FROM public.parents WHERE id OPERATOR(pg_catalog.=) 50`, `UPDATE public.parents SET name = 'other' WHERE id OPERATOR(pg_catalog.=) 51`,
		`INSERT INTO public.parents VALUES (52, 'new')`, `UPDATE public.plain SET doc = '{"a": [1]}', n = 7 WHERE id OPERATOR(pg_catalog.=) 501`)
	chosen := exaudit.Select(exaudit.Since(exaudit.AtMark("before")))
	plan, err := db.PlanUndo(ctx, chosen, nil)
	d.call("PlanUndo", err)
	d.call("CheckUndo", db.CheckUndo(ctx, plan))
	done, err := db.ApplyUndo(ctx, plan, nil)
	d.call("ApplyUndo", err)
	_, err = db.PlanRedo(ctx, done.TransactionID, nil)
	d.call("PlanRedo", err)
	_, err = db.Redo(ctx, done.TransactionID, nil)
	d.call("Redo", err)
	_, err = db.Undo(ctx, chosen, nil)
	d.call("Undo", err)
	d.run(`UPDATE public.plain SET v = 'z', p = ROW(9, 'z') WHERE id OPERATOR(pg_catalog.=) 501`, `INSERT INTO public.keyed VALUES ('r', 'ok', '2026-01-01', 90, 1)`,
		`DELETE FROM public.keyed WHERE n OPERATOR(pg_catalog.=) 90`)
	d.run(`INSERT INTO public.parents VALUES (60, 'short')`, `INSERT INTO public.children (parent, n) VALUES (60, 1)`)
	for table, key := range map[string]any{"plain": 501, "keyed": exaudit.Key{"r", "ok", "2026-01-01"}, "parents": 60} {
		versions, err := exaudit.Collect(db.History(ctx, table, key))
		d.call("History", err)
		if len(versions) == 0 {
			d.t.Errorf("History: none of %s %v", table, key)
			continue
		}
		last := versions[len(versions)-1]
		plan, err := db.PlanRevert(ctx, last.ID, nil)
		d.call("PlanRevert", err)
		d.call("CheckRevert", db.CheckRevert(ctx, plan))
		_, err = db.ApplyRevert(ctx, plan, nil)
		d.call("ApplyRevert", err)
		versions, err = exaudit.Collect(db.History(ctx, table, key))
		d.call("History", err)
		_, err = db.Revert(ctx, versions[len(versions)-1].ID, nil)
		d.call("Revert", err)
	}
}

// removal is of versions, of a table's triggers, and of a table that a dump brings back.
func (d *trapped) removal(db *exaudit.DB) {
	d.t.Helper()
	ctx := context.Background()
	d.call("Uninstall", db.Uninstall(ctx, []string{"jsons"}, nil))
	d.call("StopFollowingDDL", db.StopFollowingDDL(ctx, nil))
	for _, refused := range []string{`DELETE FROM exaudit.versions`, `UPDATE exaudit.versions SET actor = 'x'`} {
		if _, err := d.pool.Exec(ctx, refused); err == nil || !strings.Contains(err.Error(), "append-only") {
			d.t.Errorf("%s: %v", refused, err)
		}
	}
	d.run(`BEGIN; SELECT pg_catalog.set_config('exaudit.retention', 'on', true); DELETE FROM exaudit.versions WHERE id OPERATOR(pg_catalog.<) 20; COMMIT`)
	d.Exec(d.t, `UPDATE exaudit.tables SET options = options || CASE table_name WHEN 'plain' THEN '{"keep": "1 microsecond"}' WHEN 'parents' THEN '{"keep_last": 1}'::jsonb ELSE '{}' END`)
	done, err := db.Maintain(ctx, nil)
	d.call("Maintain", err)
	if done.Retention[0].Removed == 0 || done.Retention[1].Removed == 0 {
		d.t.Errorf("retention removed %+v", done.Retention)
	}
	id := pgtest.One[int](d.t, d.DB, `SELECT id FROM exaudit.tables WHERE table_name = 'keyed'`)
	d.run(`DROP TABLE public.keyed`, `CREATE TABLE public.keyed (a pg_catalog.text, n int, PRIMARY KEY (a))`,
		fmt.Sprintf(`CREATE TRIGGER "!exaudit_t%[1]d_insert" AFTER INSERT ON public.keyed FOR EACH ROW EXECUTE FUNCTION exaudit_internal.t%[1]d_insert()`, id), `INSERT INTO public.keyed VALUES ('x', 1)`)
	d.run(`CREATE TABLE public.migrated (id int PRIMARY KEY)`, `SELECT exaudit_internal.install_table('public.migrated', '{}', 'SELECT 1', 'SELECT 2')`,
		`SELECT exaudit_internal.uninstall_table('public.migrated', 'SELECT 2')`)
}

// schema drops exaudit's schemas and creates them again.
func (d *trapped) schema() {
	d.t.Helper()
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, traps.URL(d.t, d.DB, traps.First))
	if err != nil {
		d.t.Fatal(err)
	}
	defer pool.Close()
	db := exaudit.New(pool)
	d.call("DropSchema", db.DropSchema(ctx, nil))
	_, err = db.Init(ctx, nil)
	d.call("Init", err)
}

// functions must all have been called that do not pin search_path: where no test comes nobody has looked for traps.
func (d *trapped) functions() {
	d.t.Helper()
	// what PostgreSQL does not count, or is only for what is rare
	calls := map[string]string{
		"array_value":             `exaudit_internal.array_value('{a}'::pg_catalog.text[]), exaudit_internal.array_value('{{a}}'::pg_catalog.text[])`,
		"after_mark":              `exaudit.after_mark(m, 1, '1') FROM exaudit.marks AS m`,
		"custom_values":           `exaudit_internal.custom_values(v) FROM exaudit.versions AS v`,
		"float_array_value":       `exaudit_internal.float_array_value('{-0}'::pg_catalog.float8[])`,
		"float_value":             `exaudit_internal.float_value(f), exaudit_internal.float_value(g) FROM public.plain`,
		"format_array_value":      `exaudit_internal.format_array_value(moods) FROM public.plain`,
		"is_placeholder":          `exaudit_internal.is_placeholder('{"": [{"masked": "a"}]}', 'a')`,
		"quoted_name":             `exaudit_internal.quoted_name('by')`,
		"is_at_same_place":        `exaudit_internal.is_at_same_place('7 (0,1)', '7 (0,2)')`,
		"schema_digest":           `exaudit_internal.schema_digest()`,
		"schema_version":          `exaudit.schema_version()`,
		"text_value":              `exaudit_internal.text_value(p), exaudit_internal.text_value(m) FROM public.plain`,
		"with_json_value":         `exaudit_internal.with_json_value(NULL, 'doc', doc), exaudit_internal.with_json_value('{"": []}', 'doc', 'null') FROM public.plain`,
		"with_value":              `exaudit_internal.with_value(NULL, 'f', f), exaudit_internal.with_value('{}', 'moods', moods) FROM public.plain`,
		"has_plain_custom_data":   `exaudit_internal.has_plain_custom_data()`,
		"custom_setting":          `exaudit_internal.custom_setting()`,
		"is_rollback":             `exaudit_internal.is_rollback()`,
		"has_session_data":        `exaudit_internal.has_session_data()`,
		"pin_settings":            `exaudit_internal.pin_settings('{timezone,UTC}')`,
		"restore_settings":        `exaudit_internal.restore_settings('{timezone,UTC}')`,
		"is_unusual_setting":      `exaudit_internal.is_unusual_setting('timezone', '{UTC}')`,
		"record_with_custom_data": `exaudit_internal.record_with_custom_data(1, 'created', 'x', NULL, '{}')`,
		"value_expression":        `exaudit_internal.value_expression(a.atttypid, 'text') FROM pg_catalog.pg_attribute AS a WHERE a.attrelid OPERATOR(pg_catalog.=) 'public.plain'::pg_catalog.regclass::pg_catalog.oid`,
	}
	d.pool.Close()
	var missing []string
	for range 600 { // counts arrive late
		rows, _ := d.Pool.Query(context.Background(), `
			SELECT p.proname FROM pg_proc p LEFT JOIN pg_stat_user_functions s ON s.funcid = p.oid
			WHERE p.pronamespace IN ('exaudit'::regnamespace, 'exaudit_internal'::regnamespace) AND s.calls IS NULL
			  AND p.proname !~ '^t[0-9]+_condition$' -- is inlined, in triggers that ran
			  AND (p.proconfig @> '{"search_path=pg_catalog, pg_temp"}') IS NOT TRUE ORDER BY 1`)
		var err error
		if missing, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			d.t.Fatal(err)
		}
		if !slices.ContainsFunc(missing, func(name string) bool { return calls[name] == "" }) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	conn, err := pgx.Connect(context.Background(), traps.URL(d.t, d.DB, traps.First))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, name := range missing {
		if calls[name] == "" {
			d.t.Errorf("function exaudit.%s is not called among traps", name)
			continue
		}
		if _, err := conn.Exec(context.Background(), "SELECT "+calls[name]); err != nil {
			d.t.Errorf("exaudit.%s: %v", name, err)
		}
	}
}
