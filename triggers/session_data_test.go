package triggers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/triggers"
)

func TestCustomData(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 0)`, "items")
	conn := db.Connect(t, "")
	write := func(setting string) string {
		t.Helper()
		run(t, conn, `BEGIN; `+setting+`; UPDATE items SET n = n + 1; COMMIT`)
		return one[string](t, conn, `SELECT coalesce(custom::text, 'NULL') || ' ' || rollback FROM exaudit.versions ORDER BY id DESC LIMIT 1`)
	}
	for _, c := range []struct{ setting, want string }{
		{`SELECT 1`, `NULL false`}, // never set
		{`SET LOCAL exaudit.custom = '{"actor": 7, "why": {"a": [1.10, null]}}'`, `{"why": {"a": [1.10, null]}, "actor": 7} false`},
		{`SELECT 1`, `NULL false`}, // '' is left behind
		{`SET LOCAL exaudit.custom = ''`, `NULL false`},
		{`SET LOCAL exaudit.custom = '{}'`, `{} false`},
		{`SELECT set_config('exaudit.custom', '{"big": 12345678901234567890}', true)`, `{"big": 12345678901234567890} false`},
		{`SET LOCAL exaudit.custom = '{"id": 1, "before": 2, "table_id": 99, "custom": {}, "rollback": true}'`,
			`{"id": 1, "before": 2, "custom": {}, "rollback": true, "table_id": 99} false`}, // only data
		{`SET LOCAL exaudit.rollback = 'on'`, `NULL false`}, // a rollback has custom data
		{`SET LOCAL exaudit.rollback = 'on'; SET LOCAL exaudit.custom = '{}'`, `NULL true`},
		{`SET LOCAL exaudit.rollback = 'off'`, `NULL false`},
		{`SET LOCAL exaudit.rollback = 'on'; SET LOCAL exaudit.custom = '{"a": 1}'`, `{"a": 1} true`},
		{`SET exaudit.custom = '{"session": true}'`, `{"session": true} false`},
		{`SET LOCAL exaudit.custom = '{"local": true}'`, `{"local": true} false`},
		{`SELECT 1`, `{"session": true} false`}, // the session's own again
		{`RESET exaudit.custom`, `NULL false`},
	} {
		if got := write(c.setting); got != c.want {
			t.Errorf("%s: %s, want %s", c.setting, got, c.want)
		}
	}
	// rolled back with its savepoint
	if got := write(`SAVEPOINT s; SET LOCAL exaudit.custom = '{"a": 1}'; ROLLBACK TO s`); got != "NULL false" {
		t.Errorf("after ROLLBACK TO: %s", got)
	}
}

func TestCustomDataErrors(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 0);
		ALTER TABLE exaudit.versions ADD COLUMN actor_id bigint, ADD COLUMN score smallint DEFAULT 1, ADD COLUMN at timestamptz,
			ADD COLUMN uid uuid, ADD COLUMN now timestamptz DEFAULT now()`)
	auditdb.Install(t, db, "items")
	conn := db.Connect(t, "")
	for _, c := range []struct {
		custom, code string
		message      []string
	}{
		{`{"a": `, "22P02", []string{"setting exaudit.custom is not valid JSON"}},
		{`{"a": "\u00"}`, "22P02", []string{"setting exaudit.custom is not valid JSON"}},
		{`[1]`, "22023", []string{"setting exaudit.custom must be a JSON object, not a JSON array"}},
		{`null`, "22023", []string{"must be a JSON object, not a JSON null"}},
		{`"text"`, "22023", []string{"must be a JSON object, not a JSON string"}},
		{`7`, "22023", []string{"must be a JSON object, not a JSON number"}},
		{`{"actor_id": "seven"}`, "22023", []string{`setting exaudit.custom: key "actor_id" does not fit column "actor_id" of type bigint`, `"seven"`}},
		{`{"actor_id": 1.5}`, "22023", []string{`key "actor_id"`, "bigint"}},
		{`{"actor_id": 99999999999999999999}`, "22023", []string{`key "actor_id"`, "bigint"}},
		{`{"actor_id": 1, "score": 40000, "now": "never"}`, "22023", []string{`key "score" does not fit column "score" of type smallint`}},
		{`{"at": "yesterday-ish"}`, "22023", []string{`key "at"`, "timestamp with time zone"}},
		{`{"uid": "x"}`, "22023", []string{`key "uid"`, "uuid"}},
	} {
		for _, statement := range []string{`UPDATE items SET n = n + 1`, `INSERT INTO items VALUES (2)`, `DELETE FROM items`, `TRUNCATE items`} {
			run(t, conn, `BEGIN`)
			if _, err := conn.Exec(t.Context(), `SELECT set_config('exaudit.custom', $1, true)`, c.custom); err != nil {
				t.Fatal(err)
			}
			err := fails(t, conn, statement)
			run(t, conn, `ROLLBACK`)
			if err.Code != c.code {
				t.Errorf("%s: %s gives %s %s, want code %s", c.custom, statement, err.Code, err.Message, c.code)
			}
			for _, part := range c.message {
				if !strings.Contains(err.Message, part) {
					t.Errorf("%s: %q does not say %q", c.custom, err.Message, part)
				}
			}
		}
	}
	if n := one[int](t, conn, `SELECT sum(n) + 10 * count(*) FROM items`); n != 10 {
		t.Error("a statement whose version failed has changed the table")
	}
	wantRecorded(t, db)
}

func TestCustomColumns(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TABLE users (id bigint PRIMARY KEY, name text);
		INSERT INTO users VALUES (7, 'Ann'), (8, 'Bob');
		CREATE TABLE items (id int PRIMARY KEY, n int, d date); INSERT INTO items VALUES (1, 0);
		ALTER TABLE exaudit.versions
			ADD COLUMN actor_id bigint REFERENCES users ON DELETE SET NULL ON UPDATE CASCADE,
			ADD COLUMN uid uuid NOT NULL DEFAULT gen_random_uuid(),
			ADD COLUMN "The Tags" text[],
			ADD COLUMN more jsonb,
			ADD COLUMN at timestamptz,
			ADD COLUMN via text DEFAULT 'web',
			ADD COLUMN score smallint,
			ADD COLUMN why varchar(20) DEFAULT 'none',
			ADD COLUMN total numeric(10,2),
			ADD COLUMN image text, ADD COLUMN entity text, ADD COLUMN stamp text`)
	auditdb.Install(t, db, "items")
	wantNoDrift(t, db)
	conn := db.Connect(t, "")
	run(t, conn, `SET timezone = 'UTC'`)
	columns := `SELECT concat_ws('|', actor_id, "The Tags", more, at, via, score, why, total, image, entity, stamp)
		|| CASE WHEN uid IS NULL THEN ' no uid' ELSE '' END FROM exaudit.versions ORDER BY id DESC LIMIT 1`
	write := func(custom, statement string) string {
		t.Helper()
		run(t, conn, `BEGIN`)
		if custom != "" {
			if _, err := conn.Exec(t.Context(), `SELECT set_config('exaudit.custom', $1, true)`, custom); err != nil {
				t.Fatal(err)
			}
		}
		run(t, conn, statement, `COMMIT`)
		return one[string](t, conn, columns)
	}
	all := `{"actor_id": 7, "The Tags": ["a", null, "b c"], "more": {"x": [1]}, "at": "2020-02-03T04:05:06+05:30",
		"via": "api", "score": 3, "why": "test", "total": 1.005, "image": "i", "entity": "e", "stamp": "s", "uid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "other": 1}`
	filled := `7|{a,NULL,"b c"}|{"x": [1]}|2020-02-02 22:35:06+00|api|3|test|1.01|i|e|s`
	for _, c := range []struct{ custom, statement, want string }{
		{"", `UPDATE items SET n = n + 1`, `web|none`},
		{all, `UPDATE items SET n = n + 1`, filled},
		{all, `INSERT INTO items VALUES (2, 2)`, filled},
		{all, `DELETE FROM items WHERE id = 2`, filled},
		{all, `TRUNCATE items`, filled},
		{"", `INSERT INTO items VALUES (1, 0)`, `web|none`},
		{`{"actor_id": null, "via": null}`, `UPDATE items SET n = n + 1`, `none`},
		{`{"actor_id": "8", "score": "4"}`, `UPDATE items SET n = n + 1`, `8|web|4|none`},
		{`{"The Tags": "{x,y}"}`, `UPDATE items SET n = n + 1`, `{x,y}|web|none`},
		{`{"other": 1}`, `TRUNCATE items`, `web|none`},
	} {
		if got := write(c.custom, c.statement); got != c.want {
			t.Errorf("%.60s with %.60s: %s, want %s", c.statement, c.custom, got, c.want)
		}
	}
	if n := one[int](t, conn, `SELECT count(*) - count(DISTINCT uid) FROM exaudit.versions`); n > 0 {
		t.Errorf("%d times, custom data filled what the server says", n)
	}
	if err := fails(t, conn, `BEGIN; SET LOCAL exaudit.custom = '{"actor_id": 99}'; INSERT INTO items VALUES (3)`); err.Code != "23503" {
		t.Errorf("an actor that does not exist: %v", err)
	}
	run(t, conn, `ROLLBACK`)

	// the reference's own actions may change a version, nobody else
	run(t, conn, `UPDATE users SET id = 9 WHERE id = 8`, `DELETE FROM users WHERE id = 7`)
	if got := one[string](t, conn, `SELECT string_agg(DISTINCT coalesce(actor_id::text, 'NULL'), ' ') FROM exaudit.versions`); got != "9 NULL" {
		t.Errorf("actors after ON DELETE SET NULL and ON UPDATE CASCADE: %s", got)
	}
	for _, role := range []string{"", "exaudit_owner"} {
		c := db.Connect(t, role)
		for _, statement := range []string{
			`UPDATE exaudit.versions SET actor_id = NULL`, `UPDATE exaudit.versions SET why = 'forged'`,
			`UPDATE exaudit.versions SET uid = gen_random_uuid() WHERE id = 3`,
		} {
			if err := fails(t, c, statement); err.Code != "42501" || !strings.Contains(err.Message, "append-only") {
				t.Errorf("as %q, %s: %v", role, statement, err)
			}
		}
	}
}

// Columns of exaudit.versions come, go and change without another install, also for a
// session that has written before.
func TestCustomColumnsAlteredLater(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items VALUES (1, 0)`, "items")
	conn := db.Connect(t, "")
	write := func() string {
		t.Helper()
		run(t, conn, `BEGIN; SET LOCAL exaudit.custom = '{"actor_id": 7, "later": "x"}'; UPDATE items SET n = n + 1; COMMIT`)
		return one[string](t, conn, `SELECT (to_jsonb(v) - ARRAY['id', 'recorded_at', 'transaction_id', 'table_id', 'entity_id', 'previous_entity_id',
			'before', 'after', 'action', 'rollback', 'custom', 'session_user_name'])::text FROM exaudit.versions v ORDER BY id DESC LIMIT 1`)
	}
	for _, c := range []struct{ ddl, want string }{
		{`SELECT 1`, `{}`},
		{`ADD COLUMN actor_id bigint`, `{"actor_id": 7}`},
		{`ADD COLUMN via text DEFAULT 'web'`, `{"via": "web", "actor_id": 7}`},
		{`ALTER COLUMN via SET DEFAULT 'api'`, `{"via": "api", "actor_id": 7}`},
		{`ALTER COLUMN via DROP DEFAULT`, `{"via": null, "actor_id": 7}`},
		{`ALTER COLUMN via SET DEFAULT 'cli'`, `{"via": "cli", "actor_id": 7}`},
		{`RENAME COLUMN via TO later`, `{"later": "x", "actor_id": 7}`},
		{`ALTER COLUMN actor_id TYPE text`, `{"later": "x", "actor_id": "7"}`},
		{`DROP COLUMN actor_id`, `{"later": "x"}`},
		{`DROP COLUMN later`, `{}`},
	} {
		ddl := c.ddl
		if ddl != "SELECT 1" {
			ddl = `ALTER TABLE exaudit.versions ` + ddl
		}
		for _, installed := range []bool{false, true} {
			if !installed {
				db.Exec(t, ddl)
			} else {
				install(t, db, "items")
				wantNoDrift(t, db)
			}
			if got := write(); got != c.want {
				t.Errorf("%s, installed again %t: %s, want %s", c.ddl, installed, got, c.want)
			}
		}
	}
}

// What the server says of itself, by a default, nobody else can say.
func TestCustomColumnsOfTheServer(t *testing.T) {
	t.Parallel()
	for _, installed := range []bool{false, true} { // after the columns were added
		db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items SELECT n FROM generate_series(1, 3) AS n`)
		auditdb.Install(t, db, "items")
		db.Exec(t, `ALTER TABLE exaudit.versions
			ADD COLUMN db_user text DEFAULT session_user, ADD COLUMN role name DEFAULT current_user, ADD COLUMN ip inet DEFAULT inet_client_addr(),
			ADD COLUMN at timestamptz DEFAULT now(), ADD COLUMN n int DEFAULT 1 + 1, ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY,
			ADD COLUMN twice int GENERATED ALWAYS AS (table_id * 2) STORED, ADD COLUMN setting text DEFAULT current_setting('search_path'),
			ADD COLUMN said text DEFAULT 'nothing', ADD COLUMN minus int DEFAULT -1, ADD COLUMN quoted text DEFAULT E'it''s \\ x',
			ADD COLUMN list text[] DEFAULT '{}', ADD COLUMN day date DEFAULT '2020-01-01', ADD COLUMN long bigint DEFAULT 5, ADD COLUMN free text`)
		if installed {
			install(t, db, "items")
			wantNoDrift(t, db)
		}
		claim := `{"db_user": "root", "role": "root", "ip": "no address", "at": "never", "n": 7, "seq": "x", "twice": "x", "setting": "x",
			"said": "a", "minus": 2, "quoted": "b", "list": ["c"], "day": "2021-01-01", "long": 6, "free": "d"}`
		db.Exec(t, `SET exaudit.custom = '`+claim+`'; UPDATE items SET n = 1 WHERE id = 1; UPDATE items SET n = 2; INSERT INTO items VALUES (4); TRUNCATE items`)
		got := list[string](t, db.Pool, `
			SELECT DISTINCT concat_ws(' ', db_user = session_user AND role::text IN (session_user, 'exaudit_writer') AND ip IS NOT DISTINCT FROM inet_client_addr(),
				at = recorded_at, n, twice = table_id * 2, setting <> 'x', said, minus, quoted, list, day, long, free)
			FROM exaudit.versions`)
		if len(got) != 1 || got[0] != `t t 2 t t a 2 b {c} 2021-01-01 6 d` {
			t.Errorf("installed again %t: %q", installed, got)
		}
	}
}

// What of custom columns would run somebody else's code or make the application's statements fail is drift.
func TestCustomColumnFlaws(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
		CREATE FUNCTION own() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE numbers;
		CREATE TABLE users (id int PRIMARY KEY, code text UNIQUE)`)
	for _, c := range []struct{ ddl, want string }{
		{`ADD COLUMN a int REFERENCES users ON DELETE SET NULL ON UPDATE CASCADE`, ``},
		{`ADD COLUMN a int REFERENCES users ON DELETE SET NULL ON UPDATE SET NULL DEFERRABLE`, ``},
		{`ADD COLUMN a uuid NOT NULL DEFAULT gen_random_uuid(), ADD COLUMN b int[] DEFAULT '{}', ADD COLUMN c bigint GENERATED ALWAYS AS IDENTITY`, ``},
		{`ADD COLUMN a int REFERENCES users`, `constraint versions_a_fkey makes statements on table public.users fail`},
		{`ADD COLUMN a int REFERENCES users ON DELETE CASCADE ON UPDATE CASCADE`, `constraint versions_a_fkey makes`},
		{`ADD COLUMN a int REFERENCES users ON DELETE RESTRICT ON UPDATE CASCADE`, `constraint versions_a_fkey makes`},
		{`ADD COLUMN a int REFERENCES users ON DELETE SET NULL`, `constraint versions_a_fkey makes`},
		{`ADD FOREIGN KEY (entity_id) REFERENCES users (code) ON DELETE SET NULL ON UPDATE CASCADE`, `constraint versions_entity_id_fkey is none of exaudit's`},
		{`ADD COLUMN a mood`, `column a is of type public.mood, which is not built in`},
		{`ADD COLUMN a positive[]`, `column a is of type public.positive[], which is not built in`},
		{`ADD COLUMN a int DEFAULT own()`, `column a has a default by function public.own(), which is not built in`},
		{`ADD COLUMN a int DEFAULT nextval('numbers')`, `column a has a default by sequence public.numbers`},
		{`ADD COLUMN a bigserial`, `column a has a default by sequence exaudit.versions_a_seq, and should be an identity column`},
		{`ADD COLUMN a int NOT NULL DEFAULT 1`, `column a is NOT NULL`},
		{`ADD COLUMN a int CHECK (a > 0)`, `constraint versions_a_check makes changes fail: CHECK ((a > 0))`},
		{`ADD COLUMN a uuid UNIQUE DEFAULT gen_random_uuid() CHECK (a IS NOT NULL)`, ``},
		{`ADD COLUMN a int UNIQUE`, `constraint versions_a_key makes changes fail: UNIQUE (a)`},
	} {
		tx, err := db.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run(t, tx, `ALTER TABLE exaudit.versions `+c.ddl)
		all, err := triggers.Inspect(t.Context(), tx)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, s := range all {
			for _, d := range s.Drift {
				found += d.String() + "\n"
			}
		}
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: %s, want %s", c.ddl, found, c.want)
		}
		_ = tx.Rollback(t.Context()) // was for this only
	}
}

// A column that is dropped or renamed while others wait to write does not fail them, nor those that
// began before with a snapshot of their own.
func TestCustomColumnsAlteredMeanwhile(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items SELECT n, 0 FROM generate_series(1, 9) AS n;
		ALTER TABLE exaudit.versions ADD COLUMN a text, ADD COLUMN b text, ADD COLUMN c text DEFAULT 'c', ADD COLUMN d text`)
	auditdb.Install(t, db, "items")
	custom := `SET exaudit.custom = '{"a": "1", "b": "2", "c": "3", "e": "4"}'`
	write := `UPDATE items SET n = n + 1 WHERE id `
	earlier := db.Connect(t, "")
	run(t, earlier, custom, write+`= 1`, `BEGIN ISOLATION LEVEL REPEATABLE READ`, `SELECT`)
	for _, ddl := range []string{`DROP COLUMN a`, `RENAME COLUMN b TO e`, `ALTER COLUMN c SET DEFAULT session_user`, `ADD COLUMN f text`} {
		writer, alters := db.Connect(t, ""), db.Connect(t, "")
		run(t, writer, custom, write+`= 2`)
		run(t, alters, `BEGIN; LOCK TABLE exaudit.versions IN ACCESS EXCLUSIVE MODE`)
		done := make(chan error)
		go func() {
			_, err := writer.Exec(t.Context(), write+`= 2; `+write+`IN (4, 5)`)
			done <- err
		}()
		waiting(t, db)
		run(t, alters, `ALTER TABLE exaudit.versions `+ddl+`; COMMIT`)
		if err := <-done; err != nil {
			t.Errorf("%s: %v", ddl, err)
		}
	}
	last := `SELECT concat_ws(' ', e, c) FROM exaudit.versions ORDER BY id DESC LIMIT 1`
	if got := one[string](t, db.Pool, last); got != "4 postgres" {
		t.Errorf("the last version has %s", got)
	}
	run(t, earlier, write+`= 9`, write+`IN (7, 8)`, `COMMIT`)
	if got := one[string](t, db.Pool, last); got != "4 3" {
		t.Errorf("with a snapshot from before, it has %s", got)
	}
}

// waiting returns when a session waits for a lock.
func waiting(t *testing.T, db *pgtest.DB) {
	t.Helper()
	for !one[bool](t, db.Pool, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`) {
		time.Sleep(10 * time.Millisecond)
	}
}
