package triggers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/triggers"
)

const people = `CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, bio jsonb, note jsonb, status text)`

func installWith(t *testing.T, db *pgtest.DB, table string, o audit.TableOptions) {
	t.Helper()
	if _, err := triggers.Install(context.Background(), db.Pool, []string{table}, triggers.WithOptions(map[string]audit.TableOptions{table: o})); err != nil {
		t.Fatal(err)
	}
	auditdb.ByOption(t, db, table, o)
	wantNoDrift(t, db)
	if install(t, db, table) {
		t.Error("a second install without options changed something")
	}
}

// ways runs do with the triggers that were installed, and again with the slower way that a
// schema change brings about.
func ways(t *testing.T, schema, table string, o audit.TableOptions, do func(t *testing.T, db *pgtest.DB)) {
	for _, way := range []string{"installed", "altered"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, schema)
			installWith(t, db, table, o)
			if way == "altered" {
				db.Exec(t, `ALTER TABLE `+table+` ADD COLUMN added int GENERATED ALWAYS AS (NULL) STORED; ALTER TABLE `+table+` DROP COLUMN added; ALTER TABLE `+table+` ADD COLUMN z int; UPDATE pg_class SET relname = relname WHERE false`)
			}
			do(t, db)
		})
	}
}

// without drops what only the altered table records.
func without(t *testing.T, db *pgtest.DB, want ...string) {
	t.Helper()
	got := strings.NewReplacer(`"z": null, `, "").Replace(recorded(t, db))
	if got != strings.Join(want, "\n") {
		t.Errorf("recorded:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	forget(t, db)
}

func TestExcludeAndMask(t *testing.T) {
	t.Parallel()
	ways(t, people, "people", audit.TableOptions{Exclude: []string{"bio"}, Mask: []string{"ssn", "note"}}, func(t *testing.T, db *pgtest.DB) {
		db.Exec(t, `INSERT INTO people VALUES (1, 'Ann', '123', 'null', 'null', 'a')`)
		without(t, db, `created people 1 {"": [{"masked": "ssn"}, {"masked": "note"}], "id": 1, "ssn": "***", "name": "Ann", "note": "***", "status": "a"}`)
		db.Exec(t, `UPDATE people SET bio = '1'`)
		without(t, db)
		db.Exec(t, `UPDATE people SET ssn = '456', bio = '2'`)
		without(t, db, `updated people 1 {"": [{"masked": "ssn"}], "ssn": "***"} → {"": [{"masked": "ssn"}], "ssn": "***"}`)
		db.Exec(t, `UPDATE people SET name = 'B', note = NULL`)
		without(t, db, `updated people 1 {"": [{"masked": "note"}], "name": "Ann", "note": "***"} → {"": [{"masked": "note"}], "name": "B", "note": "***"}`)
		db.Exec(t, `UPDATE people SET id = 2`)
		without(t, db, `updated people 1 → 2 {"id": 1} → {"id": 2}`)
		db.Exec(t, `INSERT INTO people VALUES (3, 'C'); DELETE FROM people WHERE id = 2`)
		without(t, db, `created people 3 {"": [{"masked": "ssn"}, {"masked": "note"}], "id": 3, "ssn": "***", "name": "C", "note": "***", "status": null}`,
			`deleted people 2 {"": [{"masked": "ssn"}, {"masked": "note"}], "id": 2, "ssn": "***", "name": "B", "note": "***", "status": "a"}`)
		db.Exec(t, `TRUNCATE people`)
		without(t, db, `deleted people 3 {"": [{"masked": "ssn"}, {"masked": "note"}], "id": 3, "ssn": "***", "name": "C", "note": "***", "status": null}`)
	})
}

// What is secret stays secret whatever is done to the column or the key.
func TestMaskThroughSchemaChanges(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, people+`; INSERT INTO people VALUES (1, 'Ann', 'secret', '"secret"')`)
	installWith(t, db, "people", audit.TableOptions{Mask: []string{"ssn"}, Exclude: []string{"bio"}})
	leak := func() {
		t.Helper()
		db.Exec(t, `UPDATE people SET name = name || '!'`)
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions v WHERE v::text LIKE '%secret%'`); n > 0 {
			t.Errorf("recorded:\n%s", recorded(t, db))
		}
		forget(t, db)
	}
	for _, ddl := range []string{
		`RENAME COLUMN ssn TO social`, `RENAME COLUMN bio TO biography`, `ADD COLUMN ssn text DEFAULT 'secret'`, `ALTER COLUMN social TYPE varchar(20)`, `DROP COLUMN status`,
	} {
		db.Exec(t, `ALTER TABLE people `+ddl)
		leak()
		db.Exec(t, `UPDATE people SET id = id + 1; UPDATE people SET (id, name) = (1, 'Ann'); CREATE TABLE spare AS TABLE people;
			DELETE FROM people; INSERT INTO people TABLE spare; DROP TABLE spare`)
		leak()
	}
	if found := strings.Join(drift(t, db), "\n"); !strings.Contains(found, `option exclude names column "bio", which was renamed or dropped`) {
		t.Errorf("drift:\n%s", found)
	}
	install(t, db, "people")
	wantNoDrift(t, db)
	if got := pgtest.One[string](t, db, `SELECT (options - 'trigger' - 'skip_untouched_toast')::text FROM exaudit.tables`); got != `{"mask": ["social", "ssn"], "exclude": ["biography"]}` {
		t.Errorf("options are %s", got)
	}
	db.Exec(t, `DELETE FROM people; INSERT INTO people (id, name, social, biography) VALUES (1, 'Ann', 'secret', '"secret"'); ALTER TABLE people DROP CONSTRAINT people_pkey`)
	leak()
	db.Exec(t, `INSERT INTO people (id, name, social, biography) VALUES (1, 'Ann', 'secret', '"secret"'); TRUNCATE people`)
	leak()
	db.Exec(t, `ALTER TABLE people ADD PRIMARY KEY (social)`)
	done, err := triggers.Install(context.Background(), db.Pool, []string{"people"})
	if err != nil || len(done) != 1 || done[0].Changed || !reason.Is(done[0].Outgrown, audit.InvalidOption) {
		t.Errorf("masked key: %v, %v", done, err)
	}
}

func TestCaptureFull(t *testing.T) {
	t.Parallel()
	ways(t, people, "people", audit.TableOptions{Updates: audit.UpdatesFull, Mask: []string{"ssn"}, Exclude: []string{"status"}}, func(t *testing.T, db *pgtest.DB) {
		db.Exec(t, `INSERT INTO people VALUES (1, 'A', 's', 'null', '{}', 'a')`)
		forget(t, db)
		db.Exec(t, `UPDATE people SET name = 'B', id = 2`)
		without(t, db, `updated people 1 → 2 {"": ["bio"], "id": 1, "bio": null, "name": "A", "note": {}} → {"": ["bio"], "id": 2, "bio": null, "name": "B", "note": {}}`)
		db.Exec(t, `UPDATE people SET ssn = 'x'`)
		without(t, db, `updated people 2 {"": ["bio", {"masked": "ssn"}], "id": 2, "bio": null, "ssn": "***", "name": "B", "note": {}} → {"": ["bio", {"masked": "ssn"}], "id": 2, "bio": null, "ssn": "***", "name": "B", "note": {}}`)
		db.Exec(t, `UPDATE people SET status = 'x'; UPDATE people SET name = 'B'`)
		without(t, db)
	})
}

func TestWhere(t *testing.T) {
	t.Parallel()
	condition := "status = 'public' AND 1 / id > -1 -- as of 2024"
	ways(t, people, "people", audit.TableOptions{Where: condition}, func(t *testing.T, db *pgtest.DB) {
		db.Exec(t, `INSERT INTO people (id, name, status) VALUES (1, 'A', 'draft'), (2, 'B', 'public'), (3, 'C', NULL); UPDATE people SET name = 'x' WHERE id <> 2;
			UPDATE people SET status = 'public' WHERE id = 1; UPDATE people SET status = 'draft' WHERE id = 1; DELETE FROM people WHERE id = 1`)
		without(t, db, `created people 2 {"id": 2, "bio": null, "ssn": null, "name": "B", "note": null, "status": "public"}`,
			`updated people 1 {"id": 1, "bio": null, "ssn": null, "name": "x", "note": null, "status": "draft"} → {"id": 1, "bio": null, "ssn": null, "name": "x", "note": null, "status": "public"}`,
			`updated people 1 {"id": 1, "bio": null, "ssn": null, "name": "x", "note": null, "status": "public"} → {"id": 1, "bio": null, "ssn": null, "name": "x", "note": null, "status": "draft"}`)
		db.Exec(t, `UPDATE people SET name = 'b' WHERE id = 2`)
		without(t, db, `updated people 2 {"name": "B"} → {"name": "b"}`)
		db.Exec(t, `UPDATE people SET name = 'B' WHERE id = 2`)
		forget(t, db)
		// a condition that fails: in doubt, recorded
		db.Exec(t, `INSERT INTO people (id, status) VALUES (0, 'public')`)
		without(t, db, `created people 0 {"id": 0, "bio": null, "ssn": null, "name": null, "note": null, "status": "public"}`)
		db.Exec(t, `DELETE FROM people WHERE id = 0`)
		forget(t, db)
		db.Exec(t, `TRUNCATE people`)
		without(t, db, `deleted people 2 {"id": 2, "bio": null, "ssn": null, "name": "B", "note": null, "status": "public"}`)
		// its column may go
		db.Exec(t, `ALTER TABLE people DROP COLUMN status; INSERT INTO people (id) VALUES (4)`)
		without(t, db, `created people 4 {"id": 4, "bio": null, "ssn": null, "name": null, "note": null}`)
		db.Exec(t, `TRUNCATE people`)
		without(t, db, `deleted people 4 {"id": 4, "bio": null, "ssn": null, "name": null, "note": null}`)
		install(t, db, "people") // is not stopped by it
		if found := strings.Join(drift(t, db), "\n"); !strings.Contains(found, `option where cannot be evaluated, so every row is recorded: column "status" was dropped`) {
			t.Errorf("drift:\n%s", found)
		}
	})
}

// A column may be called like anything in the functions.
func TestWhereNames(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `CREATE TABLE odd (id int PRIMARY KEY, entity text, image text, stamp text, old int, r int, old_values int, "$exaudit$" int)`)
	installWith(t, db, "odd", audit.TableOptions{Where: `entity = 'e' AND image = 'i' AND stamp = 's' AND old = 1 AND r.r = 2 AND old_values = 3 AND "$exaudit$" = 4 AND '\' = '\'`})
	db.Exec(t, `INSERT INTO odd VALUES (1, 'e', 'i', 's', 1, 2, 3, 4); INSERT INTO odd VALUES (2); UPDATE odd SET r = 5; DELETE FROM odd`)
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE entity_id = '1'`); n != 2 {
		t.Errorf("%d versions, want 2:\n%s", n, recorded(t, db))
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE entity_id = '2'`); n != 0 {
		t.Errorf("%d versions of the row that does not meet the condition", n)
	}
}

func TestTruncateOption(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, people)
	installWith(t, db, "people", audit.TableOptions{OnTruncate: audit.TruncateRefuse})
	db.Exec(t, `INSERT INTO people (id) VALUES (1)`)
	if err := fails(t, db.Pool, `TRUNCATE people`); !strings.Contains(err.Message, "refused") {
		t.Error(err)
	}
	installWith(t, db, "people", audit.TableOptions{OnTruncate: audit.TruncateIgnore})
	forget(t, db)
	db.Exec(t, `TRUNCATE people`)
	wantRecorded(t, db)
	installWith(t, db, "people", audit.TableOptions{})
	db.Exec(t, `INSERT INTO people (id) VALUES (1)`)
	forget(t, db)
	db.Exec(t, `TRUNCATE people`)
	if !strings.HasPrefix(recorded(t, db), "deleted people 1") {
		t.Error(recorded(t, db))
	}
}

func TestIgnoreOption(t *testing.T) {
	t.Parallel()
	work := `BEGIN; SET LOCAL exaudit.ignore = 'on'; INSERT INTO people (id) VALUES (1), (2); UPDATE people SET name = 'x'; DELETE FROM people WHERE id = 1; TRUNCATE people; COMMIT`
	ways(t, people, "people", audit.TableOptions{AllowIgnore: true}, func(t *testing.T, db *pgtest.DB) {
		db.Exec(t, work)
		wantRecorded(t, db)
		db.Exec(t, `BEGIN; SET LOCAL exaudit.ignore = 'off'; INSERT INTO people (id) VALUES (1); COMMIT; INSERT INTO people (id) VALUES (2)`)
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != 2 {
			t.Errorf("%d versions, want 2", n)
		}
		installWith(t, db, "people", audit.TableOptions{})
		db.Exec(t, `TRUNCATE people`)
		forget(t, db)
		db.Exec(t, work)
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions`); n != 6 {
			t.Errorf("%d versions without the option, want 6", n)
		}
	})
}

func TestSessionUser(t *testing.T) {
	t.Parallel()
	ways(t, people, "people", audit.TableOptions{RecordSessionUser: true}, func(t *testing.T, db *pgtest.DB) {
		const work = `INSERT INTO people (id) VALUES (1), (2); UPDATE people SET name = 'x'; DELETE FROM people WHERE id = 1; TRUNCATE people`
		db.Exec(t, work)
		db.Exec(t, `BEGIN; SET LOCAL exaudit.custom = '{"session_user_name": "forged"}'; `+work+`; COMMIT`)
		db.Exec(t, `ALTER TABLE exaudit.versions ADD COLUMN later int; BEGIN; SET LOCAL exaudit.custom = '{"later": 1}'; `+work+`; COMMIT`)
		if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE session_user_name = session_user`); n != 18 {
			t.Errorf("%d versions have it, want 18", n)
		}
		installWith(t, db, "people", audit.TableOptions{})
		forget(t, db)
		db.Exec(t, work)
		if n := pgtest.One[int](t, db, `SELECT count(session_user_name) FROM exaudit.versions`); n != 0 {
			t.Errorf("%d versions have it without the option", n)
		}
	})
}

func TestReplicaOption(t *testing.T) {
	t.Parallel()
	const work = `BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO parts VALUES (1), (11); UPDATE parts SET n = 1; DELETE FROM parts WHERE id = 1; TRUNCATE parts; COMMIT`
	db := auditdb.New(t, `CREATE TABLE parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10)`)
	installWith(t, db, "parts", audit.TableOptions{RecordReplicated: true})
	db.Exec(t, `CREATE TABLE high PARTITION OF parts FOR VALUES FROM (10) TO (20)`)
	everything := []string{
		`created parts 1 {"n": null, "id": 1}`, `created parts 11 {"n": null, "id": 11}`,
		`updated parts 1 {"n": null} → {"n": 1}`, `updated parts 11 {"n": null} → {"n": 1}`,
		`deleted parts 1 {"n": 1, "id": 1}`, `deleted parts 11 {"n": 1, "id": 11}`,
	}
	wantWork := func(want ...string) {
		t.Helper()
		db.Exec(t, work)
		wantRecorded(t, db, want...)
	}
	wantWork(everything...)
	install(t, db, "parts")
	wantWork(everything...)
	db.Exec(t, `ALTER TABLE parts ENABLE TRIGGER "!exaudit_t1_insert"; ALTER TABLE high ENABLE TRIGGER "!exaudit_t1_delete"`)
	found := strings.Join(drift(t, db), "\n")
	for _, want := range []string{`trigger "!exaudit_t1_insert" does not fire for replicas`, `trigger "!exaudit_t1_delete" does not fire for replicas on public.high`} {
		if !strings.Contains(found, want) {
			t.Errorf("drift lacks %q:\n%s", want, found)
		}
	}
	install(t, db, "parts")
	wantNoDrift(t, db)
	wantWork(everything...)
	installWith(t, db, "parts", audit.TableOptions{})
	wantWork()
}

// Options that cannot be meant are refused, and nothing is done.
func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, people)
	for _, c := range []struct {
		options audit.TableOptions
		want    string
	}{
		{audit.TableOptions{Exclude: []string{"bio", "bio"}}, `table people: option exclude: column "bio" is listed twice`},
		{audit.TableOptions{Exclude: []string{"bio"}, Mask: []string{"bio"}}, `option mask: column "bio" is excluded as well`},
		{audit.TableOptions{Mask: []string{"Name"}}, `option mask: there is no column "Name"`},
		{audit.TableOptions{Exclude: []string{"id"}}, `option exclude: column "id" is part of the primary key`},
		{audit.TableOptions{Mask: []string{"id"}}, `column "id" is part of the primary key`},
		{audit.TableOptions{Exclude: []string{""}}, `without a name`},
		{audit.TableOptions{Updates: "all"}, `option updates: must be changed or full, not "all"`},
		{audit.TableOptions{OnTruncate: "no"}, `option on_truncate: must be record, refuse or ignore, not "no"`},
		{audit.TableOptions{Where: "missing = 1"}, `option where: column "missing" does not exist`},
		{audit.TableOptions{Where: "id"}, `option where: argument of WHERE must be type boolean`},
		{audit.TableOptions{Where: "count(*) > 1"}, `aggregate functions are not allowed in WHERE`},
		{audit.TableOptions{Where: "true) OR (true"}, `syntax error`},
		{audit.TableOptions{Where: "true); DROP TABLE people; SELECT (true"}, `syntax error`},
		{audit.TableOptions{Where: "id = 1, true"}, `option where: `},
		{audit.TableOptions{Where: "id = $1"}, `there is no parameter $1`},
		{audit.TableOptions{Where: "NEW.id = 1"}, `it names NEW.id`},
		{audit.TableOptions{Where: "true /* "}, `a comment that does not end`},
	} {
		_, err := triggers.Install(context.Background(), db.Pool, []string{"people"}, triggers.WithOptions(map[string]audit.TableOptions{"people": c.options}))
		if !reason.Is(err, audit.InvalidOption) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.options, err, c.want)
		}
	}
	_, err := triggers.Install(context.Background(), db.Pool, []string{"people"}, triggers.WithOptions(map[string]audit.TableOptions{"other": {}}))
	if !reason.Is(err, audit.InvalidOption) {
		t.Errorf("options for a table that is not installed: %v", err)
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.tables`); n != 0 {
		t.Errorf("%d tables are registered", n)
	}
}

// What the options make of the generated SQL.
func TestOptionsGolden(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]audit.TableOptions{
		"options": {Mask: []string{"ssn"}, Exclude: []string{"bio"}, Where: "status <> 'draft'", OnTruncate: audit.TruncateRefuse,
			AllowIgnore: true, RecordSessionUser: true, RecordReplicated: true},
		"options_toast":          {SkipUntouchedTOAST: true, Where: "name <> ''"},
		"options_statement":      {Trigger: audit.StatementLevel, Mask: []string{"ssn"}, Exclude: []string{"bio"}, AllowIgnore: true, RecordSessionUser: true},
		"options_statement_full": {Trigger: audit.StatementLevel, Updates: audit.UpdatesFull, Mask: []string{"ssn"}},
		"options_full":           {Updates: audit.UpdatesFull, Mask: []string{"ssn"}, Exclude: []string{"bio"}, OnTruncate: audit.TruncateIgnore},
	} {
		db := auditdb.New(t, people)
		done, err := triggers.Install(context.Background(), db.Pool, []string{"people"}, triggers.WithOptions(map[string]audit.TableOptions{"people": o}))
		if err != nil {
			t.Fatal(err)
		}
		wantFile(t, "testdata/"+name+".golden.sql", masked(done[0].SQL))
	}
}

// Neither who installs nor who writes needs to be a superuser.
func TestOptionsUnprivileged(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	owner, app := db.Role(t, "NOLOGIN IN ROLE exaudit_owner, exaudit_writer"), db.Role(t, "NOLOGIN")
	db.Exec(t, `CREATE SCHEMA s AUTHORIZATION `+owner+`; GRANT USAGE ON SCHEMA s TO `+app)
	as := db.Connect(t, owner)
	run(t, as, `SET search_path = s`, people, `GRANT ALL ON people TO `+app)
	o := audit.TableOptions{Mask: []string{"ssn"}, Exclude: []string{"bio"}, Where: "status = 'x'", RecordSessionUser: true, AllowIgnore: true, RecordReplicated: true}
	if _, err := triggers.Install(context.Background(), as, []string{"people"}, triggers.WithOptions(map[string]audit.TableOptions{"people": o})); err != nil {
		t.Fatal(err)
	}
	wantNoDrift(t, db)
	conn := db.Connect(t, app)
	for _, ddl := range []string{"", `ALTER TABLE people ADD COLUMN z int`} {
		run(t, as, ddl)
		run(t, conn, `INSERT INTO s.people (id, ssn, status) VALUES (1, 'secret', 'x'), (2, 'secret', 'y')`, `UPDATE s.people SET name = 'b'`,
			`DELETE FROM s.people WHERE status = 'y'`, `TRUNCATE s.people`)
		if got := recorded(t, db); strings.Count(got, "\n") != 2 || strings.Contains(got, "secret") {
			t.Errorf("recorded:\n%s", got)
		}
		forget(t, db)
	}
}
