package triggers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

var toasted = audit.TableOptions{SkipUntouchedTOAST: true}

// docs has values of 4 kB that do not compress, text_of(1) as long as text_of(2).
const docs = `CREATE FUNCTION text_of(n int) RETURNS text LANGUAGE sql IMMUTABLE AS
		$$ SELECT string_agg(md5(n || '-' || i), '') FROM generate_series(1, 128) i $$;
	CREATE TABLE docs (id int PRIMARY KEY, n int, body text, other text, raw bytea, info jsonb);
	INSERT INTO docs SELECT i, 0, text_of(i), text_of(-i), convert_to(text_of(i), 'UTF8'), to_jsonb(text_of(i)) FROM generate_series(1, 3) i`

// updates tells the updates in order, by key: the columns that changed, with a mark where the
// table does not hold what was recorded.
func updates(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	return strings.Join(list[string](t, db.Pool, `
		SELECT v.entity_id || ':' || (SELECT string_agg(k.key || CASE WHEN v.after -> k.key = to_jsonb(d) -> k.key THEN '' ELSE '!' END, ',' ORDER BY k.key)
		                              FROM jsonb_object_keys(v.after) AS k (key))
		FROM exaudit.versions v
		JOIN docs d ON d.id::text = v.entity_id
		WHERE v.action = 'updated'
		ORDER BY v.entity_id, v.id`), " ")
}

// Whatever way a large value takes into a row, its change is recorded, and nothing else; in a
// session that remembers its plans.
func TestTOASTRecordsEveryChange(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, docs)
	installWith(t, db, "docs", toasted)
	conn := db.Connect(t, "")
	for _, test := range []struct{ statements, want string }{
		{`UPDATE docs SET n = n + 1 WHERE id = 1`, "1:n"},
		{`UPDATE docs SET n = n, body = body WHERE id = 1`, ""},
		{`UPDATE docs SET body = text_of(7) WHERE id = 1`, "1:body"},
		{`UPDATE docs SET body = text_of(8), n = 8`, "1:body,n 2:body,n 3:body,n"},
		{`UPDATE docs SET body = text_of(8)`, ""}, // stored again
		{`UPDATE docs SET body = other, other = body WHERE id = 2`, "2:body,other"},
		{`UPDATE docs d SET other = s.other FROM docs s WHERE d.id = 3 AND s.id = 1`, "3:other"},
		{`UPDATE docs SET raw = convert_to(text_of(9), 'UTF8'), info = to_jsonb(text_of(9)) WHERE id = 1`, "1:info,raw"},
		{`UPDATE docs SET body = 'short' WHERE id = 1`, "1:body"},
		{`UPDATE docs SET body = 'other' WHERE id = 1`, "1:body"},
		{`UPDATE docs SET body = NULL WHERE id = 1`, "1:body"},
		{`UPDATE docs SET body = text_of(10) WHERE id = 1`, "1:body"},
		{`INSERT INTO docs VALUES (1) ON CONFLICT (id) DO UPDATE SET body = text_of(11)`, "1:body"},
		{`BEGIN; SAVEPOINT s; UPDATE docs SET body = text_of(12) WHERE id = 1; ROLLBACK TO s; UPDATE docs SET n = n + 1 WHERE id = 1; COMMIT`, "1:n"},
		{`BEGIN; UPDATE docs SET n = 20 WHERE id = 1; UPDATE docs SET body = text_of(13) WHERE id = 1; UPDATE docs SET n = 21 WHERE id = 1; COMMIT`, "1:n! 1:body 1:n"},
		{`BEGIN; SET LOCAL track_counts = off; UPDATE docs SET body = text_of(14) WHERE id = 1; COMMIT`, "1:body"},
		{`UPDATE docs SET id = 4 WHERE id = 3`, "4:id"},
		{`UPDATE docs SET id = 3 WHERE id = 4`, "3:id"},
		// 4 kB now stay in the row, and come there without a trace in the TOAST table
		{`ALTER TABLE docs ALTER other SET STORAGE MAIN; UPDATE docs SET body = NULL, raw = NULL, info = NULL, other = text_of(15)`,
			"1:body,info,other,raw 2:body,info,other,raw 3:body,info,other,raw"},
		{`UPDATE docs SET other = text_of(16) WHERE id = 1`, "1:other"},
		{`ALTER TABLE docs ALTER other SET STORAGE EXTERNAL; ALTER TABLE docs SET (toast_tuple_target = 8160); UPDATE docs SET other = text_of(17) WHERE id = 1`, "1:other"},
		{`UPDATE docs SET other = text_of(18) WHERE id = 1`, "1:other"},
		{`ALTER TABLE docs RESET (toast_tuple_target); UPDATE docs SET other = text_of(19)`, "1:other 2:other 3:other"},
		{`VACUUM FULL docs; UPDATE docs SET n = n + 1`, "1:n 2:n 3:n"},
		{`ALTER TABLE docs ALTER n TYPE bigint; ALTER TABLE docs ALTER n TYPE int; UPDATE docs SET n = n + 1`, "1:n 2:n 3:n"}, // has another TOAST table
		{`UPDATE docs SET other = text_of(20) WHERE id = 1`, "1:other"},
		{`TRUNCATE docs; INSERT INTO docs VALUES (1, 1, text_of(1)); UPDATE docs SET body = text_of(2)`, "1:body"},
	} {
		forget(t, db)
		run(t, conn, strings.Split(test.statements, "; ")...)
		if got := updates(t, db); got != test.want {
			t.Errorf("%s: recorded %q, want %q", test.statements, got, test.want)
		}
		// or the TOAST table would count for a while as changed; before PostgreSQL 15 it does
		conn.Exec(t.Context(), `SELECT pg_stat_force_next_flush()`)
	}
	wantNoDrift(t, db)
}

// An update of which nothing is recorded does not fail on what the session says.
func TestNothingToRecord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options   audit.TableOptions
		statement string
	}{
		{toasted, `UPDATE docs SET n = n`},
		{audit.TableOptions{Exclude: []string{"body"}}, `UPDATE docs SET body = 'new'`},
	} {
		db := auditdb.New(t, docs)
		installWith(t, db, "docs", test.options)
		conn := db.Connect(t, "")
		run(t, conn, `SET exaudit.custom = 'nonsense'`, test.statement)
		fails(t, conn, `UPDATE docs SET n = n + 1`)
		if got := updates(t, db); got != "" {
			t.Errorf("%s: recorded %s", test.statement, got)
		}
	}
}

// A session that has not added to the TOAST table does not read it; one that has, does.
func TestTOASTIsNotRead(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, docs)
	installWith(t, db, "docs", toasted)
	toast := one[uint32](t, db.Pool, `SELECT reltoastrelid FROM pg_class WHERE relname = 'docs'`)
	reads := func(statement string) int64 {
		conn := db.Connect(t, "")
		run(t, conn, `BEGIN`, statement)
		defer run(t, conn, `COMMIT`)
		return one[int64](t, conn, `SELECT pg_stat_get_xact_numscans(i.indexrelid) FROM pg_index i WHERE i.indrelid = $1`, toast)
	}
	if n := reads(`UPDATE docs SET n = n + 1 WHERE id = 1`); n != 0 {
		t.Errorf("an update of n reads the TOAST table %d times", n)
	}
	if n := reads(`UPDATE docs SET body = text_of(5) WHERE id = 1`); n == 0 {
		t.Errorf("an update of body does not read the TOAST table")
	}
	if got := updates(t, db); got != "1:n 1:body" {
		t.Errorf("recorded %s", got)
	}
}

// Where the table was altered or is partitioned, an update of nothing is none, either.
func TestTOASTElsewhere(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"altered":     docs,
		"partitioned": strings.Replace(docs, "info jsonb)", "info jsonb) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF docs DEFAULT", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, schema)
			installWith(t, db, "docs", toasted)
			conn := db.Connect(t, "")
			if name == "altered" {
				run(t, conn, `UPDATE docs SET n = n`)
				db.Exec(t, `ALTER TABLE docs ADD COLUMN more text`)
			}
			run(t, conn, `UPDATE docs SET n = n`, `UPDATE docs SET n = n + 1 WHERE id = 1`, `UPDATE docs SET body = text_of(5) WHERE id = 1`,
				`UPDATE docs SET other = text_of(6) WHERE id = 1`)
			if got := updates(t, db); got != "1:n 1:body 1:other" {
				t.Errorf("recorded %q", got)
			}
		})
	}
}

// A plan that is made with an old snapshot stays for its session, and must not take a value that
// came to be stored in the row meanwhile for one that is out of line.
func TestTOASTOldSnapshot(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, docs)
	installWith(t, db, "docs", toasted)
	conn := db.Connect(t, "")
	run(t, conn, `UPDATE docs SET n = n + 1`, `BEGIN ISOLATION LEVEL REPEATABLE READ`, `SELECT count(*) FROM exaudit.tables`)
	db.Exec(t, `ALTER TABLE docs ALTER other SET STORAGE MAIN`)
	db.Exec(t, `UPDATE docs SET body = NULL, raw = NULL, info = NULL, other = text_of(30) WHERE id = 1`)
	forget(t, db)
	run(t, conn, `UPDATE docs SET body = NULL, raw = NULL, info = NULL, other = text_of(31) WHERE id = 2`, `COMMIT`)
	run(t, conn, `UPDATE docs SET other = text_of(32) WHERE id = 1`, `UPDATE docs SET other = text_of(33) WHERE id = 2`)
	if got := updates(t, db); got != "1:other 2:body,info,other!,raw 2:other" {
		t.Errorf("recorded %s", got)
	}
}

// Event triggers create the trigger again as it was, and the option does not go with whole rows.
func TestTOASTTrigger(t *testing.T) {
	t.Parallel()
	db := followed(t, audit.FollowDDL{}, docs)
	installWith(t, db, "docs", toasted)
	trigger := func() string {
		return one[string](t, db.Pool, `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'docs'::regclass AND tgname LIKE '!exaudit%update'`)
	}
	if got := trigger(); strings.Contains(got, "WHEN") {
		t.Errorf("the trigger is %s", got)
	}
	was := trigger()
	db.Exec(t, `ALTER TABLE docs DISABLE TRIGGER USER; DO $$ BEGIN EXECUTE (SELECT format('DROP TRIGGER %I ON docs', tgname) FROM pg_trigger WHERE tgrelid = 'docs'::regclass AND tgname LIKE '!exaudit%update'); END $$`)
	if got := trigger(); got != was {
		t.Errorf("the trigger is %s, was %s", got, was)
	}
	wantNoDrift(t, db)

	o := audit.TableOptions{SkipUntouchedTOAST: true, Updates: audit.UpdatesFull}
	if refused := (*audit.InvalidError)(nil); !errors.As(triggers.ValidateOptions(o), &refused) || refused.Name != "skip_untouched_toast" {
		t.Errorf("with whole rows: %v", triggers.ValidateOptions(o))
	}
	if _, err := triggers.Install(t.Context(), db.Pool, []string{"docs"}, triggers.WithOptions(map[string]audit.TableOptions{"docs": {}})); err != nil {
		t.Fatal(err)
	}
	if body := one[string](t, db.Pool, `SELECT prosrc FROM pg_proc WHERE proname = 't1_update'`); strings.Contains(body, "inline_limit") {
		t.Errorf("without the option the function is %s", body)
	}
}
