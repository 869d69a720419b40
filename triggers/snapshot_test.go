package triggers_test

import (
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
)

// In a transaction whose snapshot is older than the table as it is, a write fails as one that
// cannot be serialized. Else it would be recorded by the columns of before, and so would all that
// the session does later.
func TestOldSnapshot(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ddl, write, want string
		harmless         bool
	}{
		"add a column":         {ddl: `ALTER TABLE items ADD COLUMN b int`, write: `UPDATE items SET b = 5`, want: `updated items 1 {"b": null} → {"b": 5}`},
		"drop a column":        {ddl: `ALTER TABLE items DROP COLUMN note`, write: `UPDATE items SET n = 5`, want: `updated items 1 {"n": 1} → {"n": 5}`},
		"rewrite":              {ddl: `ALTER TABLE items ALTER n TYPE float8`, write: `INSERT INTO items VALUES (2, 1.5)`, want: `created items 2 {"n": 1.5, "id": 2, "note": null}`},
		"another primary key":  {ddl: `ALTER TABLE items DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (n)`, write: `UPDATE items SET note = 'x'`, want: `updated items 1 {"note": "a"} → {"note": "x"}`},
		"nothing":              {ddl: `ANALYZE items`, write: `UPDATE items SET n = 5`, want: `updated items 1 {"n": 1} → {"n": 5}`, harmless: true},
		"what concerns nobody": {ddl: `ALTER TABLE items ALTER note SET DEFAULT 'b'; CREATE INDEX ON items (n)`, write: `UPDATE items SET n = 5`, want: `updated items 1 {"n": 1} → {"n": 5}`, harmless: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, `CREATE TABLE items (id int PRIMARY KEY, n int, note text); INSERT INTO items VALUES (1, 0, 'a')`)
			install(t, db, "items")
			conn := db.Connect(t, "")
			run(t, conn, `UPDATE items SET n = 1`, `BEGIN ISOLATION LEVEL REPEATABLE READ`, `SELECT count(*) FROM exaudit.tables`)
			db.Exec(t, test.ddl)
			forget(t, db)
			if test.harmless {
				run(t, conn, `UPDATE items SET note = note || ''`, test.write, `COMMIT`)
			} else {
				if err := fails(t, conn, test.write); err.Code != "40001" || !strings.Contains(err.Message, "items") {
					t.Errorf("%v", err)
				}
				run(t, conn, `ROLLBACK`, test.write)
			}
			if got := recorded(t, db); got != test.want {
				t.Errorf("recorded:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}
