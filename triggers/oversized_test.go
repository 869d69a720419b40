package triggers_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// summary tells all versions without their long values.
func summary(t *testing.T, db *pgtest.DB, want ...string) {
	t.Helper()
	got := strings.Join(list[string](t, db.Pool, `
		SELECT concat_ws(' ', v.action, v.entity_id, brief(v.before), CASE WHEN v.action = 'updated' THEN '→' END, brief(v.after))
		FROM exaudit.versions v ORDER BY v.id`), "\n")
	if got != strings.Join(want, "\n") {
		t.Errorf("recorded:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	forget(t, db)
}

const brief = `;
CREATE FUNCTION brief(image jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(e.key || '=' || CASE WHEN pg_column_size(e.value) > 1000 THEN '(' || octet_length(e.value #>> '{}') || ')' ELSE e.value::text END,
	                  ' ' ORDER BY e.key)
	FROM jsonb_each(image) e WHERE e.key <> 'z'
$$`

func placeholder(content string, times int) string {
	hash := sha256.New()
	for range times {
		hash.Write([]byte(content))
	}
	return fmt.Sprintf(`"*** %d bytes, sha256 %x"`, len(content)*times, hash.Sum(nil))
}

// No value is too large for the application's statement to succeed. A fiftieth of the sizes goes with a fiftieth of the
// limit; `make test-all` has what jsonb cannot hold.
func TestOversizedValues(t *testing.T) {
	part := testall.Or(50, 1)
	if part > 1 { // else it takes gigabytes
		t.Parallel()
	}
	const files = `CREATE TABLE files (id int PRIMARY KEY, n int, data bytea, doc text)`
	data := `[{"oversized": "data"}] data=` + placeholder("abcd", 35_000_000/part)
	insert := fmt.Sprintf(`INSERT INTO files VALUES (1, 1, convert_to(repeat('abcd', %d), 'UTF8'))`, 35_000_000/part)

	t.Run("installed", func(t *testing.T) {
		db := tracked(t, files+brief, "files")
		limitImages(t, db, part)
		db.Exec(t, insert)
		summary(t, db, `created 1 =`+data+` doc=null id=1 n=1`)
		db.Exec(t, `UPDATE files SET n = 2`)
		summary(t, db, `updated 1 n=1 → n=2`)
		db.Exec(t, fmt.Sprintf(`UPDATE files SET n = 3, data = NULL, doc = repeat('0123456789', %d)`, 27_000_000/part))
		summary(t, db, `updated 1 =`+data+` doc=null n=2 → =[{"oversized": "doc"}] data=null doc=`+placeholder("0123456789", 27_000_000/part)+` n=3`)
		// two that only together are too large: the wider one gives way
		db.Exec(t, fmt.Sprintf(`SET session_replication_role = replica; UPDATE files SET data = convert_to(repeat('abcd', %d), 'UTF8'), doc = repeat('x', %d)`,
			20_000_000/part, 100_000_000/part))
		db.Exec(t, `SET session_replication_role = origin; TRUNCATE files`)
		summary(t, db, fmt.Sprintf(`deleted 1 =[{"oversized": "doc"}] data=(%d) doc=%s id=1 n=3`, 160_000_000/part+2, placeholder("x", 100_000_000/part)))
	})
	t.Run("altered", func(t *testing.T) {
		db := tracked(t, files+brief, "files")
		limitImages(t, db, part)
		db.Exec(t, `ALTER TABLE files ADD COLUMN z int`)
		db.Exec(t, insert)
		summary(t, db, `created 1 =`+data+` doc=null id=1 n=1`)
		db.Exec(t, `UPDATE files SET n = 2`)
		summary(t, db, `updated 1 n=1 → n=2`)
		db.Exec(t, `DELETE FROM files`)
		summary(t, db, `deleted 1 =`+data+` doc=null id=1 n=2`)
	})
	t.Run("full, masked and conditional", func(t *testing.T) {
		db := auditdb.New(t, files+brief)
		installWith(t, db, "files", audit.TableOptions{Updates: audit.UpdatesFull, Mask: []string{"doc"}, Where: "length(data) > 1000"})
		limitImages(t, db, part)
		db.Exec(t, insert)
		summary(t, db, `created 1 =[{"oversized": "data"}, {"masked": "doc"}] data=`+placeholder("abcd", 35_000_000/part)+` doc="***" id=1 n=1`)
		db.Exec(t, `UPDATE files SET n = 2`)
		summary(t, db, `updated 1 =`+data+` id=1 n=1 → =`+data+` id=1 n=2`)
	})
}

// limitImages has images hold a part of what jsonb does.
func limitImages(t *testing.T, db *pgtest.DB, part int) {
	t.Helper()
	if part > 1 {
		db.Exec(t, fmt.Sprintf(`CREATE OR REPLACE FUNCTION exaudit_internal.image_limit() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT %d'`, 256_000_000/part))
	}
}

// A table without a primary key is told apart by whole rows, which an index may not hold.
func TestWideRowsWithoutKey(t *testing.T) {
	t.Parallel()
	db := tracked(t, `CREATE TABLE files (id int PRIMARY KEY, doc text)`, "files")
	db.Exec(t, `ALTER TABLE files DROP CONSTRAINT files_pkey`)
	db.Exec(t, `INSERT INTO files SELECT 1, string_agg(sha256(n::text::bytea)::text, '') FROM generate_series(1, 1000) n`)
	created := one[string](t, db.Pool, `SELECT entity_id FROM exaudit.versions`)
	if !strings.HasPrefix(created, "sha256 ") {
		t.Errorf("entity id %.100s", created)
	}
	db.Exec(t, `TRUNCATE files`)
	if got := one[string](t, db.Pool, `SELECT entity_id FROM exaudit.versions WHERE action = 'deleted'`); got != created {
		t.Errorf("truncated as %.100s, created as %s", got, created)
	}
}

// A row that no image holds is still seen to leave the condition of its table and to come
// back, and a value is told from a placeholder that reads the same.
func TestOversizedCombined(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, `
		CREATE OR REPLACE FUNCTION exaudit_internal.image_limit() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1200000';
		CREATE TABLE files (id int PRIMARY KEY, big text, state text, n int)`)
	if _, err := triggers.Install(t.Context(), db.Pool, []string{"files"}, triggers.WithOptions(map[string]audit.TableOptions{
		"files": {Where: "state <> 'hidden'"}})); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO files VALUES (1, repeat('x', 2000000), 'seen', 1)`)
	forget(t, db)
	db.Exec(t, `UPDATE files SET state = 'hidden'; UPDATE files SET n = 2; UPDATE files SET state = 'seen'`)
	digest := fmt.Sprintf(`*** 2000000 bytes, sha256 %x`, sha256.Sum256(bytes.Repeat([]byte("x"), 2000000)))
	whole := func(state string, n int) string {
		return fmt.Sprintf(`{"": [{"oversized": "big"}], "n": %d, "id": 1, "big": "%s", "state": "%s"}`, n, digest, state)
	}
	wantRecorded(t, db,
		`updated files 1 `+whole("seen", 1)+` → `+whole("hidden", 1), `updated files 1 `+whole("hidden", 2)+` → `+whole("seen", 2))
	db.Exec(t, `ALTER TABLE files ADD COLUMN m int; UPDATE files SET big = '`+digest+`'`)
	wantRecorded(t, db, `updated files 1 {"": [{"oversized": "big"}], "big": "`+digest+`"} → {"big": "`+digest+`"}`)
}
