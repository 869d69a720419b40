package exaudit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// A value that was too large to be recorded is named, and never is its placeholder written.
func TestOversizedRevert(t *testing.T) {
	part := testall.Or(50, 1) // of the sizes and of the limit
	if part > 1 {
		t.Parallel()
	}
	ctx := context.Background()
	db, adb := audited(t, fmt.Sprintf(`CREATE OR REPLACE FUNCTION exaudit_internal.image_limit() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT %d';
		CREATE TABLE files (id int PRIMARY KEY, n int, data bytea)`, 256_000_000/part), "files")
	db.Exec(t, fmt.Sprintf(`INSERT INTO files VALUES (1, 1, convert_to(repeat('abcd', %d), 'UTF8'))`, 35_000_000/part))
	db.Exec(t, `UPDATE files SET n = 2`)
	versions := statesOf(t, adb, "files", 1)
	if got, _ := versions[1].State["data"].(string); !strings.HasPrefix(got, fmt.Sprintf("*** %d bytes, sha256 ", 140_000_000/part)) {
		t.Errorf("state %.100q", got)
	}
	done, err := adb.Revert(ctx, versions[1].ID, nil)
	if err != nil || len(done.LeftOut) > 0 || patchJSON(t, done.Patch) != `{"n":["~",2,1]}` {
		t.Errorf("revert beside the value: %v, left out %v, %v", done, done.LeftOut, err)
	}
	db.Exec(t, `UPDATE files SET data = 'x'`)
	versions = statesOf(t, adb, "files", 1)
	last := versions[len(versions)-1].ID
	if _, err := adb.Revert(ctx, last, nil); !reason.Is(err, audit.ValueNotRecorded) || !strings.Contains(err.Error(), ": data") {
		t.Errorf("revert of the value alone: %v", err)
	}
	db.Exec(t, `UPDATE files SET n = 3`)
	done, err = adb.Revert(ctx, last, nil)
	if err != nil || !slices.Equal(done.LeftOut, []audit.LeftOut{{Column: "data", Reason: audit.LeftOutOversized}}) {
		t.Errorf("left out %v, %v", done.LeftOut, err)
	}
	if got := rows(t, db, "files"); got != `(1,1,"\\x78")` {
		t.Errorf("reverted to %s", got)
	}
	statesOf(t, adb, "files", 1)
}
