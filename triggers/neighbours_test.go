package triggers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/neighbours"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

// What a role may do in the schema of one table has nothing to do with other tables: not with following them, and not
// with recording them after a restore.
func TestSchemasWithoutUsage(t *testing.T) {
	t.Parallel()
	db := followed(t, audit.FollowDDL{NewTables: []string{"billing.invoice_*", "public.*"}}, `CREATE SCHEMA billing`)
	conn, said := warnings(t, db)
	for _, statement := range []string{
		`CREATE TABLE billing.invoice_1 (id int PRIMARY KEY)`,
		`CREATE TABLE billing.invoice_2 (id int PRIMARY KEY)`,
		`CREATE TABLE public.p (id int PRIMARY KEY)`,
		`CREATE TABLE public.q (id int PRIMARY KEY)`,
		`REVOKE USAGE ON SCHEMA billing FROM exaudit_writer`,
		`ALTER TABLE public.p ADD COLUMN n int`,
		`ALTER TABLE billing.invoice_1 ADD COLUMN n int`,
		`ALTER TABLE public.q RENAME TO r`,
		`DROP TABLE billing.invoice_2`,
		`DROP TABLE public.r`,
	} {
		run(t, conn, statement)
		if w := said(); strings.Contains(w, "WARNING") {
			t.Errorf("%s\n%s", statement, w)
		}
	}
	run(t, conn, `INSERT INTO billing.invoice_1 VALUES (1)`, `INSERT INTO p VALUES (1)`)
	wantRecorded(t, db, `created invoice_1 1 {"n": null, "id": 1}`, `created p 1 {"n": null, "id": 1}`)
	if got := one[string](t, conn, `SELECT string_agg(table_name, ' ' ORDER BY id) FROM exaudit.tables WHERE tracked`); got != "invoice_1 p" {
		t.Errorf("tracked: %s", got)
	}
}

// The triggers of a restored table know it by its name alone. Its schema need not be open to exaudit_writer.
func TestRestoredTableWithoutUsage(t *testing.T) {
	t.Parallel()
	if auditdb.Option() == "statement" {
		t.Skip("the trigger that this test creates is for each row")
	}
	db := tracked(t, `CREATE SCHEMA billing; CREATE TABLE billing.b (id int PRIMARY KEY, n int)`, "billing.b")
	id := one[string](t, db.Pool, `SELECT id::text FROM exaudit.tables`)
	db.Exec(t, `ALTER TABLE billing.b RENAME TO old;
		DROP TRIGGER "!exaudit_t`+id+`_insert" ON billing.old;
		CREATE TABLE billing.b (LIKE billing.old INCLUDING ALL);
		CREATE TRIGGER "!exaudit_t`+id+`_insert" AFTER INSERT ON billing.b FOR EACH ROW EXECUTE FUNCTION exaudit_internal.t`+id+`_insert();
		REVOKE USAGE ON SCHEMA billing FROM exaudit_writer`)
	db.Exec(t, `INSERT INTO billing.b VALUES (1, 2)`)
	wantRecorded(t, db, `created b 1 {"n": 2, "id": 1}`)
}

// No look at one table locks another: what is in use elsewhere neither delays nor prevents it.
func TestFollowingLocksNoOtherTable(t *testing.T) {
	t.Parallel()
	db := followed(t, allNew, `
		CREATE TABLE p (id int PRIMARY KEY, n int);
		CREATE TABLE q (id int PRIMARY KEY, n int);
		CREATE TABLE parts (id int, n int, PRIMARY KEY (id, n)) PARTITION BY RANGE (n);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
		CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20)`, "p", "q", "parts")
	if _, err := triggers.Sync(context.Background(), db.Pool); err != nil {
		t.Fatal(err)
	}
	holder := db.Connect(t, "")
	run(t, holder, `BEGIN; ALTER TABLE q ADD COLUMN x int; ALTER TABLE parts_1 ADD CONSTRAINT above CHECK (n >= 0)`)
	conn, said := warnings(t, db)
	run(t, conn, `SET lock_timeout = '200ms'`)
	for _, statement := range []string{
		`ALTER TABLE p ADD COLUMN y int`,
		`CREATE TABLE r (id int PRIMARY KEY, n int)`,
		`CREATE TABLE s AS SELECT 1 AS id`,
		`ALTER TABLE s ADD PRIMARY KEY (id)`,
		`CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (20) TO (30)`,
		`ALTER TABLE parts_2 ADD CONSTRAINT above CHECK (n >= 0)`,
		`CREATE POLICY mine ON p USING (n > 0)`,
		`ALTER TABLE r RENAME TO r2`,
		`CREATE SCHEMA shop CREATE TABLE order_1 (id int PRIMARY KEY)`,
		`DROP POLICY mine ON p`,
		`DROP TABLE r2`,
		`INSERT INTO parts VALUES (1, 12), (2, 22)`,
		`UPDATE parts_2 SET n = 13`,
		`TRUNCATE parts_2`,
		`TRUNCATE s`,
	} {
		run(t, conn, statement)
		if w := said(); strings.Contains(w, "WARNING") {
			t.Errorf("%s\n%s", statement, w)
		}
	}
	db.Exec(t, `ALTER DATABASE `+one[string](t, db.Pool, `SELECT quote_ident(current_database())`)+` SET lock_timeout = '200ms'`)
	fresh := db.Connect(t, "")
	list, err := triggers.Inspect(context.Background(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		for _, d := range s.Drift {
			t.Error(d)
		}
	}
	run(t, fresh, `CREATE TABLE tmp_1 (id int PRIMARY KEY)`)
	if _, err := triggers.Install(context.Background(), fresh, []string{"tmp_1"}); err != nil {
		t.Error(err)
	}
	if err := triggers.Uninstall(context.Background(), fresh, []string{"tmp_1"}); err != nil {
		t.Error(err)
	}
	if got := one[string](t, fresh, `SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM exaudit.tables WHERE tracked`); got != "order_1 p parts q s" {
		t.Errorf("tracked: %s", got)
	}
}

// Migrations that run at the same time never wait for each other where they are about different tables, nor end in a
// deadlock.
func TestParallelMigrationsAreFollowed(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := followed(t, allNew, "")
	done := make(chan error)
	const workers, rounds = 3, 5
	for w := range workers {
		conn := db.Connect(t, "")
		go func() {
			table := "t" + string(rune('a'+w))
			for range rounds {
				for _, statement := range []string{
					`BEGIN`, `CREATE TABLE ` + table + ` (id int PRIMARY KEY, n int)`, `ALTER TABLE ` + table + ` ADD COLUMN m int`,
					`INSERT INTO ` + table + ` VALUES (1, 2, 3)`, `COMMIT`, `ALTER TABLE ` + table + ` DROP COLUMN n`, `DROP TABLE ` + table,
				} {
					if _, err := conn.Exec(ctx, statement); err != nil {
						done <- err
						return
					}
				}
			}
			done <- nil
		}()
	}
	for range workers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != workers*rounds {
		t.Errorf("%d rows recorded, want %d", n, workers*rounds)
	}
}

// upserted is an upsert of a row that is there, where the table's key can be that of one.
func upserted(table string) string {
	if table == "swapped" { // it is deferrable
		return `INSERT INTO swapped VALUES (8, 3)`
	}
	return `INSERT INTO ` + table + ` VALUES (3, 3) ON CONFLICT (id) DO UPDATE SET n = 7`
}

// No statement that is recorded, or followed, waits for who works on other tables, however it is recorded.
func TestStatementsWaitForNoNeighbour(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, neighbours.Schema+`
		CREATE TABLE plain (id int PRIMARY KEY, n int, note text);
		CREATE TABLE child (id int PRIMARY KEY, of_plain int REFERENCES plain ON DELETE CASCADE ON UPDATE CASCADE);
		CREATE TABLE by_statement (LIKE plain INCLUDING ALL);
		CREATE TABLE by_toast (LIKE plain INCLUDING ALL);
		CREATE TABLE conditional (LIKE plain INCLUDING ALL);
		CREATE TABLE masked (LIKE plain INCLUDING ALL);
		CREATE TABLE swapped (id int PRIMARY KEY DEFERRABLE, n int, note text);
		CREATE TABLE parts (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
		CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
		CREATE TABLE others (id int, day int, PRIMARY KEY (id, day));
		ALTER TABLE exaudit.versions ADD COLUMN who text`)
	written := []string{"plain", "by_statement", "by_toast", "conditional", "masked", "swapped"}
	tables := append(append([]string{"child", "parts"}, neighbours.Tables...), written...)
	_, err := triggers.Install(ctx, db.Pool, tables, triggers.FollowDDL(audit.FollowDDL{NewTables: []string{"public.*", "theirs.*"}}),
		triggers.WithOptions(map[string]audit.TableOptions{
			"by_statement": {Trigger: audit.StatementLevel}, "by_toast": {SkipUntouchedTOAST: true}, "conditional": {Where: "n > 1"}, "masked": {Mask: []string{"note"}, RecordSessionUser: true},
		}))
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{
		`INSERT INTO child VALUES (1, 1), (2, 2)`,
		`UPDATE plain SET id = 20 WHERE id = 2`,
		`DELETE FROM plain WHERE id = 1`,
		`WITH gone AS (DELETE FROM plain WHERE id = 20 RETURNING id) INSERT INTO child SELECT 9, NULL FROM gone`,
		`TRUNCATE plain CASCADE`,
		`INSERT INTO parts SELECT i, i FROM generate_series(1, 15) i`,
		`UPDATE parts SET day = day + 1 WHERE day < 15`,
		`UPDATE parts_1 SET id = -id`,
		`TRUNCATE parts_2`,
		`DELETE FROM parts`,
	}
	for _, table := range written {
		statements = append([]string{
			`INSERT INTO ` + table + ` SELECT i, i FROM generate_series(1, 5) i`,
			`UPDATE ` + table + ` SET n = n + 1`,
			`UPDATE ` + table + ` SET note = repeat('x', 10000)`,
			`UPDATE ` + table + ` SET n = 9 WHERE id > 4`,
			`UPDATE ` + table + ` SET id = id + 100 WHERE id > 4`,
			upserted(table),
			`MERGE INTO ` + table + ` t USING (VALUES (4), (7)) AS v (id) ON t.id = v.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.id, 1)`,
			`DELETE FROM ` + table + ` WHERE id = 3`,
		}, statements...)
	}
	statements = append(statements,
		`UPDATE swapped SET id = 106 - id WHERE id IN (1, 105)`,
		`CREATE TABLE fresh (id int PRIMARY KEY, n int)`,
		`INSERT INTO fresh VALUES (1, 1)`,
		`ALTER TABLE fresh ADD COLUMN more int DEFAULT 3`,
		`UPDATE fresh SET more = 4`,
		`ALTER TABLE fresh RENAME TO newer`,
		`TRUNCATE newer`,
		`CREATE TABLE made AS SELECT 1 AS id`,
		`ALTER TABLE made ADD PRIMARY KEY (id)`,
		`CREATE POLICY mine ON made USING (id > 0)`,
		`CREATE SCHEMA mine CREATE TABLE first (id int PRIMARY KEY)`,
		`ALTER TABLE made SET SCHEMA mine`,
		`ALTER SCHEMA mine RENAME TO ours`,
		`CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (20) TO (30)`,
		`ALTER TABLE parts ATTACH PARTITION others FOR VALUES FROM (30) TO (40)`,
		`ALTER TABLE parts DETACH PARTITION parts_1`,
		`INSERT INTO parts VALUES (1, 21), (1, 31)`,
		`TRUNCATE parts`,
		`VACUUM FULL parts_3`,
		`REINDEX TABLE plain`,
		`ALTER TABLE plain DROP COLUMN note`,
		`INSERT INTO plain VALUES (1, 1)`,
		`DROP TABLE newer, child`,
		`DROP SCHEMA ours CASCADE`,
		`SELECT exaudit.mark('mine')`,
	)
	street := neighbours.MoveIn(t, db)
	conn, said := warnings(t, db)
	run(t, conn, `SET exaudit.custom = '{"who": "ann", "more": 1}'`)
	major := one[int](t, conn, `SELECT current_setting('server_version_num')::int / 10000`)
	for _, statement := range statements {
		if strings.HasPrefix(statement, "MERGE") && major < 15 {
			continue
		}
		street.Alone(statement, func() { run(t, conn, statement) })
		if w := said(); strings.Contains(w, "WARNING") && !strings.Contains(w, "was detached") {
			t.Errorf("%s\n%s", statement, w)
		}
	}
	street.Alone("COPY", func() {
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{"plain"}, []string{"id", "n"}, pgx.CopyFromRows([][]any{{50, 1}, {51, 1}})); err != nil {
			t.Error(err)
		}
	})
	street.GoOn()
	street.MoveOut()
}

// Under SERIALIZABLE, transactions on different tables have nothing to do with each other, though all are recorded in one.
func TestSerializableNeighbours(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `ALTER TABLE exaudit.versions ADD COLUMN who text`)
	kinds := map[string]audit.TableOptions{
		"by_row": {}, "by_statement": {Trigger: audit.StatementLevel}, "conditional": {Where: "n > 0"}, "masked": {Mask: []string{"n"}, RecordSessionUser: true},
	}
	sides := []string{"left", "right"}
	var tables []string
	options := make(map[string]audit.TableOptions)
	for kind, o := range kinds {
		for _, side := range sides {
			table := side + "_" + kind
			db.Exec(t, `CREATE TABLE `+table+` (id int PRIMARY KEY, n int)`)
			tables, options[table] = append(tables, table), o
		}
	}
	if _, err := triggers.Install(ctx, db.Pool, tables, triggers.WithOptions(options)); err != nil {
		t.Fatal(err)
	}
	conns := map[string]*pgx.Conn{"left": db.Connect(t, ""), "right": db.Connect(t, "")}
	for kind := range kinds {
		for round := range 3 {
			for _, statement := range []string{
				`BEGIN ISOLATION LEVEL SERIALIZABLE`,
				`SET LOCAL exaudit.custom = '{"who": "ann"}'`,
				`INSERT INTO {} SELECT i, i FROM generate_series(1, 20) i`,
				`UPDATE {} SET n = n + 1`,
				`UPDATE {} SET id = id + 100 WHERE id < 5`,
				`DELETE FROM {} WHERE id < 10`,
				`DELETE FROM {}`,
				`COMMIT`,
			} {
				for _, side := range sides {
					if _, err := conns[side].Exec(ctx, strings.ReplaceAll(statement, "{}", side+"_"+kind)); err != nil {
						t.Fatalf("%s, round %d, %s: %v\n%s", kind, round, side, err, statement)
					}
				}
			}
		}
	}
}
