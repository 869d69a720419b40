package triggers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

var byStatement = audit.TableOptions{Trigger: audit.StatementLevel}

// The other tests of this package run by statement, too, with EXAUDIT_TEST_OPTION. Here is what
// a statement of many rows does: in the order of the rows, with the session's data once.
func TestStatementLevel(t *testing.T) {
	t.Parallel()
	ways(t, `CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1), (2);
		CREATE TABLE items (id int PRIMARY KEY, said text, r int, parent int REFERENCES parents ON DELETE CASCADE)`, "items", byStatement,
		func(t *testing.T, db *pgtest.DB) {
			all := func(sql string) []string { return list[string](t, db.Pool, sql) }
			conn := db.Connect(t, "")
			run(t, conn, `SET exaudit.custom = '{"actor": 7}'`, `INSERT INTO items SELECT i, 'a' || i, i % 3, 1 + i % 2 FROM generate_series(10000, 1, -1) AS i`)
			if got := all(`SELECT concat_ws(' ', count(*), min(v.custom::text), max(v.custom::text), bool_and(v.action = 'created'),
				bool_and((v.entity_id::int + v.id) = (SELECT min(id) + 10000 FROM exaudit.versions)), bool_and(v.after ->> 'said' = 'a' || v.entity_id))
				FROM exaudit.versions v`); got[0] != `10000 {"actor": 7} {"actor": 7} t t t` {
				t.Errorf("of the insert: %s", got[0])
			}
			forget(t, db)
			run(t, conn, `INSERT INTO items VALUES (1, 'x'), (10001, 'y') ON CONFLICT (id) DO UPDATE SET said = EXCLUDED.said`, `DELETE FROM parents`, `DELETE FROM items WHERE false`)
			if got := all(`SELECT concat_ws(' ', v.action, count(*), min(v.custom::text)) FROM exaudit.versions v GROUP BY v.action ORDER BY v.action`); strings.Join(got, ", ") !=
				`created 1 {"actor": 7}, updated 1 {"actor": 7}, deleted 10000 {"actor": 7}` {
				t.Errorf("of the upsert and the cascade: %s", got)
			}
			if got := all(`SELECT v.before ->> 'said' FROM exaudit.versions v WHERE v.action = 'deleted' AND v.entity_id IN ('1', '2') ORDER BY v.entity_id`); strings.Join(got, " ") != "x a2" {
				t.Errorf("the cascade deleted %s", got)
			}
			for setting, want := range map[string]string{`{`: "not valid JSON", `[]`: "must be a JSON object"} {
				run(t, conn, `SET exaudit.custom = '`+setting+`'`)
				if err := fails(t, conn, `INSERT INTO items VALUES (5)`); !strings.Contains(err.Message, want) {
					t.Errorf("%s: %v", setting, err)
				}
			}
		})
}

// A value that jsonb cannot hold is no reason to refuse a statement.
func TestStatementLevelOversized(t *testing.T) {
	t.Parallel()
	part := testall.Or(50, 1)
	db := auditdb.New(t, `CREATE TABLE files (id int PRIMARY KEY, r text, data text)`)
	installWith(t, db, "files", byStatement)
	limitImages(t, db, part)
	db.Exec(t, fmt.Sprintf(`INSERT INTO files SELECT i, 'x', CASE i WHEN 2 THEN repeat('abcd', %d) ELSE 'small' END FROM generate_series(1, 3) i; DELETE FROM files`, 70_000_000/part))
	if got := one[string](t, db.Pool, `SELECT string_agg(concat_ws(' ', v.action, v.entity_id, left(coalesce(v.before, v.after) ->> 'data', 20), coalesce(v.before, v.after) ->> ''), ', ' ORDER BY v.action, v.entity_id)
		FROM exaudit.versions v`); got != strings.ReplaceAll(`created 1 small, created 2 {} [{"oversized": "data"}], created 3 small, `+
		`deleted 1 small, deleted 2 {} [{"oversized": "data"}], deleted 3 small`, "{}", fmt.Sprintf("%.20s", fmt.Sprintf("*** %d bytes, sha256", 280_000_000/part))) {
		t.Errorf("recorded: %s", got)
	}
}

// What statement triggers would miss is refused, and reported where it comes about later.
func TestStatementLevelLimits(t *testing.T) {
	t.Parallel()
	const trigger = `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER nothing %s ON items %s EXECUTE FUNCTION nothing();`
	for name, c := range testall.SampleMap(map[string]struct {
		ddl     string
		options audit.TableOptions
		reason  string
		only    string // at: install, status
	}{
		"partitioned": {ddl: `DROP TABLE items; CREATE TABLE items (id int PRIMARY KEY) PARTITION BY LIST (id)`, reason: "the table is partitioned", only: "install"},
		"attached":    {ddl: `CREATE TABLE parent (id int, n int) PARTITION BY LIST (id); ALTER TABLE parent ATTACH PARTITION items DEFAULT`, reason: "the table is a partition of public.parent", only: "status"},
		"parent":      {ddl: `CREATE TABLE child () INHERITS (items)`, reason: "public.child inherits from the table"},
		"child":       {ddl: `CREATE TABLE parent (id int, n int); ALTER TABLE items INHERIT parent`, reason: "the table inherits from public.parent"},
		"after row":   {ddl: fmt.Sprintf(trigger, "AFTER INSERT OR UPDATE", "FOR EACH ROW"), reason: "trigger nothing is for each row after a change"},
		"constraint":  {ddl: strings.Replace(fmt.Sprintf(trigger, "AFTER DELETE", "DEFERRABLE FOR EACH ROW"), "CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER", 1), reason: "trigger nothing is for each row after a change"},
		"replica":     {options: audit.TableOptions{RecordReplicated: true}, reason: "option record_replicated", only: "install"},
		"toast":       {options: audit.TableOptions{SkipUntouchedTOAST: true}, reason: "option skip_untouched_toast", only: "install"},
		"where":       {options: audit.TableOptions{Where: "n > 1"}, reason: "option where", only: "install"},
		"before row":  {ddl: fmt.Sprintf(trigger, "BEFORE INSERT", "FOR EACH ROW")},
		"after each":  {ddl: fmt.Sprintf(trigger, "AFTER INSERT", "FOR EACH STATEMENT")},
		"upserts":     {ddl: fmt.Sprintf(trigger, "AFTER UPDATE", "FOR EACH ROW"), reason: "trigger nothing is for each row after a change"},
		"truncate":    {ddl: fmt.Sprintf(trigger, "AFTER TRUNCATE", "FOR EACH STATEMENT")},
	}, 5) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const items = `CREATE TABLE items (id int PRIMARY KEY, n int)`
			if c.only != "status" {
				db := auditdb.New(t, items)
				if c.ddl != "" {
					db.Exec(t, c.ddl)
				}
				options := c.options
				options.Trigger = audit.StatementLevel
				_, err := triggers.Install(context.Background(), db.Pool, []string{"items"}, triggers.WithOptions(map[string]audit.TableOptions{"items": options}))
				if wrong := (*audit.InvalidError)(nil); c.reason != "" && (!errors.As(err, &wrong) || wrong.Name != "trigger" || !strings.Contains(wrong.Detail, c.reason)) || c.reason == "" && err != nil {
					t.Errorf("install: %v", err)
				}
			}
			if c.only != "install" {
				db := auditdb.New(t, items)
				installWith(t, db, "items", byStatement)
				db.Exec(t, c.ddl)
				if found := strings.Join(drift(t, db), "\n"); c.reason == "" && found != "" || !strings.Contains(found, c.reason) {
					t.Errorf("drift:\n%s", found)
				}
			}
		})
	}
}

// A table goes from one level to the other and loses nothing.
func TestStatementLevelComesAndGoes(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`)
	for i, o := range []audit.TableOptions{{}, byStatement, {Trigger: audit.RowLevel}, byStatement} {
		installWith(t, db, "items", o)
		db.Exec(t, fmt.Sprintf(`INSERT INTO items VALUES (%[1]d, 1), (1%[1]d, 1); DELETE FROM items WHERE id > 9`, i))
		wantRecorded(t, db, fmt.Sprintf(`created items %d {"n": 1, "id": %[1]d}`, i), fmt.Sprintf(`created items 1%d {"n": 1, "id": 1%[1]d}`, i),
			fmt.Sprintf(`deleted items 1%d {"n": 1, "id": 1%[1]d}`, i))
	}
	// to where exaudit_writer may not look up names
	db.Exec(t, `CREATE SCHEMA private; ALTER TABLE items RENAME TO goods; ALTER TABLE goods RENAME COLUMN n TO m; ALTER TABLE goods SET SCHEMA private;
		SET intervalstyle = 'iso_8601'; ALTER TABLE private.goods ADD COLUMN wait interval; INSERT INTO private.goods VALUES (20, 1, '1 mon 2 days')`)
	if got := recorded(t, db); !strings.HasSuffix(got, ` 20 {"m": 1, "id": 20, "wait": "1 mon 2 days"}`) {
		t.Errorf("after a rename: %s", got)
	}
}

// A row that one command creates and changes is put in order when it is read.
func TestStatementLevelOrder(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE orders (id int PRIMARY KEY, total int); CREATE TABLE lines (id int PRIMARY KEY, o int, n int);
		CREATE FUNCTION add() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE orders SET total = total + NEW.n WHERE id = NEW.o; RETURN NULL; END';
		CREATE TRIGGER add AFTER INSERT ON lines FOR EACH ROW EXECUTE FUNCTION add()`)
	installWith(t, db, "orders", byStatement)
	db.Exec(t, `INSERT INTO orders VALUES (2, 20)`)
	db.Exec(t, `WITH o AS (INSERT INTO orders VALUES (1, 0) RETURNING id) INSERT INTO lines SELECT 1, id, 5 FROM o`)
	db.Exec(t, `WITH gone AS (DELETE FROM orders RETURNING id) INSERT INTO orders SELECT id, 77 FROM gone WHERE id = 2 LIMIT 1`)
	for id, want := range map[int]string{
		1: "created map[id:1 total:0], updated map[id:1 total:5], deleted <nil>",
		2: "created map[id:2 total:20], deleted <nil>, created map[id:2 total:77]",
	} {
		versions, err := exaudit.Collect(exaudit.New(db.Pool).HistoryWithStates(context.Background(), "orders", id))
		if err != nil {
			t.Errorf("order %d: %v", id, err)
		}
		var got []string
		for _, v := range versions {
			state := "<nil>"
			if v.State != nil {
				state = fmt.Sprint(v.State)
			}
			got = append(got, fmt.Sprint(v.Action, " ", state))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("order %d: %s, want %s", id, strings.Join(got, ", "), want)
		}
	}
}

// Event triggers create a dropped trigger again as it was.
func TestStatementLevelIsFollowed(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`)
	if _, err := triggers.Install(context.Background(), db.Pool, []string{"items"}, triggers.FollowDDL(audit.FollowDDL{}),
		triggers.WithOptions(map[string]audit.TableOptions{"items": byStatement})); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `DROP TRIGGER "!exaudit_t1_insert" ON items; DROP TRIGGER "!exaudit_t1_update" ON items; DROP TRIGGER "!exaudit_t1_delete" ON items`)
	wantNoDrift(t, db)
	db.Exec(t, `INSERT INTO items VALUES (1, 0), (2, 1); UPDATE items SET n = n + 1; DELETE FROM items`)
	wantRecorded(t, db, `created items 1 {"n": 0, "id": 1}`, `created items 2 {"n": 1, "id": 2}`,
		`updated items 1 {"n": 0} → {"n": 1}`, `updated items 2 {"n": 1} → {"n": 2}`, `deleted items 1 {"n": 1, "id": 1}`, `deleted items 2 {"n": 2, "id": 2}`)
}

// Where event triggers follow the schema, whoever makes statement triggers miss changes is told
// so, and what to do.
func TestStatementLevelWarnings(t *testing.T) {
	t.Parallel()
	const toParent, toItems = `Record the partitioned table: "exaudit install public.parent", then "exaudit sync".`, `Record it by row: "exaudit install --trigger row public.items".`
	for name, c := range map[string]struct{ ddl, reason, hint string }{
		"attached":  {`CREATE TABLE parent (id int PRIMARY KEY, n int) PARTITION BY LIST (id); ALTER TABLE parent ATTACH PARTITION items DEFAULT`, "the table is a partition of public.parent", toParent},
		"deeper":    {`CREATE TABLE parent (id int PRIMARY KEY, n int) PARTITION BY LIST (id); CREATE TABLE mid PARTITION OF parent DEFAULT PARTITION BY LIST (id); ALTER TABLE mid ATTACH PARTITION items DEFAULT`, "the table is a partition of public.mid", toParent},
		"child":     {`CREATE TABLE parent (id int, n int); ALTER TABLE items INHERIT parent`, "the table inherits from public.parent", toItems},
		"parent":    {`CREATE TABLE child () INHERITS (items)`, "public.child inherits from the table", toItems},
		"trigger":   {`CREATE TRIGGER a AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION nothing()`, "trigger a is for each row after a change", toItems},
		"harmless":  {`CREATE TRIGGER a BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION nothing(); ALTER TABLE items ADD more int; CREATE INDEX ON items (n)`, "", ""},
		"unrelated": {`CREATE TABLE parent (id int) PARTITION BY LIST (id); CREATE TABLE child PARTITION OF parent DEFAULT; ALTER TABLE parent ADD n int`, "", ""},
		"tracked":   {`ALTER TABLE whole ATTACH PARTITION items DEFAULT; INSERT INTO whole VALUES (1, 1)`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int); CREATE TABLE whole (id int PRIMARY KEY, n int) PARTITION BY LIST (id);
				CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`)
			install := func(options map[string]audit.TableOptions, tables ...string) {
				if _, err := triggers.Install(context.Background(), db.Pool, tables, triggers.FollowDDL(audit.FollowDDL{}), triggers.WithOptions(options)); err != nil {
					t.Fatal(err)
				}
			}
			install(map[string]audit.TableOptions{"items": byStatement, "whole": {}}, "items", "whole")
			conn, said := warnings(t, db)
			run(t, conn, c.ddl)
			want := ""
			if c.reason != "" {
				want = "WARNING: table public.items is recorded by statement, which misses changes: " + c.reason + " " + c.hint
			}
			if got := said(); got != want {
				t.Errorf("said:\n%s\nwant:\n%s", got, want)
			}
			switch c.hint {
			case "":
				if name == "tracked" {
					wantRecorded(t, db, `created whole 1 {"n": 1, "id": 1}`)
				}
				return
			case toParent:
				install(nil, "parent")
				synced(t, db)
				run(t, conn, `INSERT INTO parent VALUES (1, 1)`, `INSERT INTO items VALUES (2, 2)`)
				wantRecorded(t, db, `created parent 1 {"n": 1, "id": 1}`, `created parent 2 {"n": 2, "id": 2}`)
			case toItems:
				install(map[string]audit.TableOptions{"items": {Trigger: audit.RowLevel}}, "items")
				run(t, conn, `INSERT INTO items VALUES (1, 1)`)
				wantRecorded(t, db, `created items 1 {"n": 1, "id": 1}`)
			}
			if got := strings.Join(drift(t, db), "\n"); strings.Contains(got, "misses changes") {
				t.Errorf("after it:\n%s", got)
			}
		})
	}
}

// By row or by statement: the same versions, and the same states of every row.
func TestLevelsRecordTheSame(t *testing.T) {
	t.Parallel()
	const schema = `CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE groups (id int PRIMARY KEY);
		CREATE TABLE items (id int PRIMARY KEY, a int, b text, c jsonb, d numeric, e text COLLATE "C", secret text,
			owner int REFERENCES owners ON UPDATE CASCADE ON DELETE SET NULL, "group" int REFERENCES groups ON UPDATE CASCADE ON DELETE CASCADE)`
	// What a statement does depends on no plan and no order of rows in a table: these may not be the same in both.
	statement := rapid.Custom(func(r *rapid.T) string {
		return strings.NewReplacer("$id", fmt.Sprint(rapid.IntRange(-20, 30).Draw(r, "id")), "$n", fmt.Sprint(rapid.IntRange(0, 4).Draw(r, "n"))).Replace(
			rapid.SampledFrom([]string{
				`INSERT INTO items SELECT i, i % 5, 'b' || i, to_jsonb(i), i / 10.0, repeat('e', i % 3), 's' || i, (SELECT min(id) FROM owners), (SELECT max(id) FROM groups)
					FROM generate_series($id, $id + 3 * $n) AS i ON CONFLICT (id) DO UPDATE SET a = EXCLUDED.a + $n, b = items.b, secret = EXCLUDED.secret`,
				`UPDATE items SET a = a + 1 WHERE id % 4 = $n`,
				`UPDATE items SET a = a, b = b || '', d = d * 1.0 WHERE id > $id`,
				`UPDATE items SET id = id + 100 WHERE id < $id AND NOT EXISTS (SELECT FROM items o WHERE o.id = items.id + 100)`,
				`UPDATE items SET id = -id, b = b || '-' WHERE NOT EXISTS (SELECT FROM items o WHERE o.id = -items.id)`,
				`UPDATE items SET c = CASE id % 3 WHEN 0 THEN 'null' WHEN 1 THEN jsonb_build_object('n', $n) END, secret = 'changed' WHERE id <> $id`,
				`UPDATE items SET secret = secret || $n WHERE id > $id`,
				`UPDATE items SET e = repeat(id::text, 900 * $n), b = upper(b)`,
				`UPDATE items SET e = repeat('x', 1000001) WHERE id = $id OR id % 5 = $n`,
				`UPDATE items SET a = NULL WHERE false`,
				`WITH u AS (UPDATE items SET a = $n WHERE id % 2 = 0 RETURNING id) UPDATE items SET b = 'odd' FROM (SELECT count(*) FROM u) AS counted WHERE id % 2 <> 0`,
				`DELETE FROM items WHERE id % 5 = $n`,
				`UPDATE items SET id = id + 1 WHERE NOT EXISTS (SELECT FROM items o WHERE o.id = items.id + 1)`,
				`INSERT INTO owners VALUES ($n), ($id) ON CONFLICT DO NOTHING`,
				`INSERT INTO groups VALUES ($n) ON CONFLICT DO NOTHING`,
				`UPDATE owners SET id = id + 50 WHERE NOT EXISTS (SELECT FROM owners o WHERE o.id = owners.id + 50)`,
				`UPDATE groups SET id = -id - 1 WHERE id >= 0 AND NOT EXISTS (SELECT FROM groups o WHERE o.id = -groups.id - 1)`,
				`DELETE FROM owners WHERE id % 2 = 0`,
				`WITH gone AS (DELETE FROM owners RETURNING id) DELETE FROM groups WHERE id = ANY (ARRAY(SELECT id FROM gone))`,
				`SET exaudit.custom = '{"actor": $n}'`,
			}).Draw(r, "statement"))
	})
	for name, options := range map[string]audit.TableOptions{
		"default": {}, "full": {Updates: audit.UpdatesFull, Mask: []string{"secret"}},
		"some": {Exclude: []string{"b", "d"}, Mask: []string{"secret"}, RecordSessionUser: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var dbs [2]*pgtest.DB
			var conns [2]*pgx.Conn
			for i, level := range []audit.TriggerLevel{audit.RowLevel, audit.StatementLevel} {
				dbs[i] = auditdb.New(t, schema)
				byLevel := options
				byLevel.Trigger = level
				installWith(t, dbs[i], "items", byLevel)
				conns[i] = dbs[i].Connect(t, "")
			}
			both := func(r *rapid.T, query string) {
				var got [2]string
				for i, db := range dbs {
					got[i] = strings.Join(slices.Sorted(slices.Values(list[string](t, db.Pool, query))), "\n")
				}
				if got[0] != got[1] {
					r.Fatalf("by row:\n%s\nby statement:\n%s", got[0], got[1])
				}
			}
			rapid.Check(t, func(r *rapid.T) {
				for i, db := range dbs {
					run(t, conns[i], `DELETE FROM items`, `DELETE FROM owners`, `DELETE FROM groups`, `RESET exaudit.custom`)
					forget(t, db)
				}
				for _, s := range append([]string{`INSERT INTO owners VALUES (1), (2)`, `INSERT INTO groups VALUES (1), (2)`,
					`INSERT INTO items SELECT i, i, 'b', '{"k": [1]}', 1.0, 'e', 's', 1 + i % 2, 2 - i % 2 FROM generate_series(1, 6) AS i`},
					rapid.SliceOfN(statement, 1, 10).Draw(r, "statements")...) {
					var failed [2]error
					for i, conn := range conns {
						_, failed[i] = conn.Exec(t.Context(), s)
					}
					if fmt.Sprint(failed[0]) != fmt.Sprint(failed[1]) {
						r.Fatalf("%s: %v, by statement %v", s, failed[0], failed[1])
					}
				}
				both(r, `SELECT concat_ws(' ', dense_rank() OVER (ORDER BY v.transaction_id), v.action, v.previous_entity_id || ' →', v.entity_id, v.before, '→', v.after, v.custom, v.session_user_name)
					FROM exaudit.versions v`)
				both(r, `SELECT concat_ws(' → ', k.previous_entity_id, k.entity_id, (SELECT v.previous_entity_id FROM exaudit.versions v WHERE v.id = k.id)) FROM exaudit_internal.key_changes k`)
				both(r, `SELECT concat_ws(' ', e.id, s.ordinality, s) FROM (SELECT DISTINCT entity_id AS id FROM exaudit.versions) AS e, exaudit.states(NULL::items, e.id) WITH ORDINALITY AS s`)
			})
		})
	}
}

// The plan of a session whose first updates are of two rows is good for many, too.
func TestStatementLevelPlan(t *testing.T) {
	t.Parallel()
	for _, capture := range testall.Turn(0, audit.UpdatesChanged, audit.UpdatesFull) {
		db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`)
		installWith(t, db, "items", audit.TableOptions{Trigger: audit.StatementLevel, Updates: capture})
		conn := db.Connect(t, "")
		run(t, conn, `INSERT INTO items SELECT i, i FROM generate_series(1, 40000) AS i`)
		for range 6 {
			run(t, conn, `UPDATE items SET n = n + 1 WHERE id < 3`)
		}
		run(t, conn, `SET statement_timeout = '30s'`, `UPDATE items SET n = n + 1`) // in a nested loop, minutes
		if got := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions v WHERE v.action = 'updated'`); got != 40012 {
			t.Errorf("capture %s: %d updates recorded", capture, got)
		}
	}
}

// What columns are called, how many they are, what was added and what is too large: by row or by
// statement, the same is recorded.
func TestStatementLevelOfOddTables(t *testing.T) {
	t.Parallel()
	const odd = `CREATE TABLE items (id int PRIMARY KEY, "{}" text, "row 1" int, o int, n int, old int, new int, change int, changed int, this int, stamp int, oversized boolean)`
	for name, statements := range testall.SampleMap(map[string][]string{
		"names": {odd, `INSERT INTO items VALUES (1, 'a'), (2, 'b')`, `UPDATE items SET "{}" = 'c', "row 1" = 1, o = 2, n = 3, old = 4, new = 5, change = 6, changed = 7, this = 8, stamp = 9, oversized = true`,
			`UPDATE items SET "{}" = repeat('x', 1000001), changed = 0 WHERE id = 1`, `UPDATE items SET this = 0`, `ALTER TABLE items ADD "row 2" int`, `UPDATE items SET "row 2" = 1, "{}" = 'd'`, `DELETE FROM items`},
		"columns": {fmt.Sprintf(`DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE items (id int PRIMARY KEY, ' || string_agg('c' || i || ' int', ', ') || ')' FROM generate_series(1, %d) i); END $$`, testall.Or(300, 1500)),
			`INSERT INTO items (id) VALUES (1), (2)`, `UPDATE items SET c7 = id, c299 = 1`, `ALTER TABLE items ADD extra int`, `UPDATE items SET c8 = 1, extra = 2`, `DELETE FROM items`},
		"renamed": {`CREATE TABLE items (id int PRIMARY KEY, a text)`, `INSERT INTO items VALUES (1, 'a'), (2, 'b')`, `ALTER TABLE items RENAME TO goods`, `DROP TRIGGER "!exaudit_t1_insert" ON goods`,
			`UPDATE goods SET a = repeat(a, 1000001)`, `ALTER TABLE goods ADD z int`, `UPDATE goods SET z = 1`},
		"domain": {`CREATE DOMAIN amount AS int; CREATE TABLE items (id int PRIMARY KEY, a amount)`, `INSERT INTO items VALUES (1, 1), (2, 2)`,
			`DROP DOMAIN amount CASCADE; CREATE DOMAIN amount AS numeric; ALTER TABLE items ADD a amount DEFAULT 1.0`, `UPDATE items SET a = 1.00`, `UPDATE items SET a = 1.000 WHERE id = 1`, `UPDATE items SET a = 2`},
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got [2]string
			for i, level := range []audit.TriggerLevel{audit.RowLevel, audit.StatementLevel} {
				db := auditdb.New(t, statements[0])
				installWith(t, db, "items", audit.TableOptions{Trigger: level})
				run(t, db.Connect(t, ""), statements[1:]...)
				got[i] = recorded(t, db)
			}
			if got[0] != got[1] || !strings.Contains(got[0], "updated") {
				t.Errorf("by row:\n%.3000s\nby statement:\n%.3000s", got[0], got[1])
			}
		})
	}
}
