package exaudit_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// Custom data that is not JSON keeps a revert and an undo from recording, and is no constraint of the row's.
func TestBrokenCustomDataIsNoConstraint(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, _ := audited(t, `CREATE TABLE t (id int PRIMARY KEY, v int)`, "t")
	db.Exec(t, `INSERT INTO t VALUES (1, 1); UPDATE t SET v = 2`)
	conn := db.Connect(t, "")
	if _, err := conn.Exec(ctx, `SET exaudit.custom = '{'`); err != nil {
		t.Fatal(err)
	}
	adb := exaudit.New(conn)
	_, revert := adb.Revert(ctx, 2, nil)
	_, undo := adb.Undo(ctx, exaudit.Select(exaudit.ByVersion(2)), nil)
	for what, err := range map[string]error{"revert": revert, "undo": undo} {
		if !errors.As(err, new(*pgconn.PgError)) || errors.As(err, new(*audit.WriteError)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
