package triggers_test

import (
	"fmt"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
)

// Columns that are NOT NULL are compared with "<>", which does not see a NULL: sessions that have done so notice when
// NULLs are allowed, and rows from before a constraint that is not valid.
func TestNotNullComesAndGoes(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL); INSERT INTO items VALUES (1, 1)`, "items")
	open := db.Connect(t, "")
	run(t, open, `UPDATE items SET n = 2`)
	forget(t, db)
	db.Exec(t, `ALTER TABLE items ALTER n DROP NOT NULL`)
	run(t, open, `UPDATE items SET n = NULL`, `UPDATE items SET n = 3`, `UPDATE items SET n = NULL`)
	wantRecorded(t, db, `updated items 1 {"n": 2} → {"n": null}`, `updated items 1 {"n": null} → {"n": 3}`, `updated items 1 {"n": 3} → {"n": null}`)
	if db.Major < 18 {
		return
	}
	forget(t, db)
	db.Exec(t, `ALTER TABLE items ADD CONSTRAINT n NOT NULL n NOT VALID`)
	install(t, db, "items")
	run(t, open, `UPDATE items SET n = 4`)
	wantRecorded(t, db, `updated items 1 {"n": null} → {"n": 4}`)
}

// Settings that texts depend on are what recording needs while it records, and the session's own afterwards, also where
// the change fails or is rolled back.
func TestSettingsAreGivenBack(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, at timestamptz, bytes bytea, took interval, f float8)`, "items")
	conn := db.Connect(t, "")
	settings := map[string]string{"timezone": "Asia/Tokyo", "bytea_output": "escape", "intervalstyle": "iso_8601", "extra_float_digits": "-3", "row_security": "off"}
	for name, value := range settings {
		run(t, conn, fmt.Sprintf(`SET %s = '%s'`, name, value))
	}
	same := func(when string) {
		t.Helper()
		for name, value := range settings {
			if got := one[string](t, conn, `SELECT current_setting($1)`, name); got != value {
				t.Errorf("%s: %s is %s, was %s", when, name, got, value)
			}
		}
	}
	for _, custom := range []string{"", `{"a": 1}`} {
		run(t, conn, `SET exaudit.custom = '`+custom+`'`,
			`INSERT INTO items VALUES (1, '2026-01-02 03:04:05+09', '\x00ff', '1 day 2 hours', 0.1)`, `UPDATE items SET at = at + interval '1 hour', bytes = '\x01', took = took * 2, f = 1.0/3`)
		same("recorded")
		run(t, conn, `BEGIN`, `UPDATE items SET f = 0.25`, `SAVEPOINT s`, `UPDATE items SET f = f + 0.125`)
		same("in a transaction")
		run(t, conn, `ROLLBACK TO s`)
		same("after a rollback to a savepoint")
		run(t, conn, `DELETE FROM items`, `COMMIT`)
		same("committed")
		wantRecorded(t, db, `created items 1 {"f": 0.1, "at": "2026-01-01T18:04:05+00:00", "id": 1, "took": "1 day 02:00:00", "bytes": "\\x00ff"}`,
			`updated items 1 {"f": 0.1, "at": "2026-01-01T18:04:05+00:00", "took": "1 day 02:00:00", "bytes": "\\x00ff"} → {"f": 0.3333333333333333, "at": "2026-01-01T19:04:05+00:00", "took": "2 days 04:00:00", "bytes": "\\x01"}`,
			`updated items 1 {"f": 0.3333333333333333} → {"f": 0.25}`,
			`deleted items 1 {"f": 0.25, "at": "2026-01-01T19:04:05+00:00", "id": 1, "took": "2 days 04:00:00", "bytes": "\\x01"}`)
		forget(t, db)
	}
	fails(t, conn, `INSERT INTO items VALUES (2, 'infinity', NULL, NULL, 1), (2, 'infinity', NULL, NULL, 1)`)
	same("after an error")
}

// What a user adds to exaudit.versions runs under a pinned search_path, as it does for other tables.
func TestVersionsOfTheUser(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int);
		CREATE FUNCTION path(jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
			IF current_setting('search_path') NOT LIKE 'pg_catalog%' THEN RAISE 'search_path is %', current_setting('search_path'); END IF;
			RETURN $1 ->> 'n'; END $$`)
	auditdb.Install(t, db, "items")
	conn := db.Connect(t, "")
	run(t, conn, `INSERT INTO items VALUES (1, 1)`)
	db.Exec(t, `SET search_path = pg_catalog; CREATE INDEX ON exaudit.versions (public.path(after)); RESET search_path`)
	run(t, conn, `INSERT INTO items VALUES (2, 1)`, `UPDATE items SET n = 2`, `SET exaudit.custom = '{}'`, `DELETE FROM items`)
	if n := one[int](t, db.Pool, `SELECT count(*) FROM exaudit.versions`); n != 6 {
		t.Errorf("%d versions, want 6", n)
	}
}
