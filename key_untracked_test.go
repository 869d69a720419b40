package exaudit_test

import (
	"context"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/reason"
)

// A table whose primary key was changed while it was not tracked has the history of both times, and says for rows of the
// first that the key was another.
func TestPrimaryKeyIsChangedWhileUninstalled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	type row struct {
		ID, Tenant int
		A          string
	}
	db := auditdb.New(t, `CREATE TABLE t (id int PRIMARY KEY, tenant int, a text)`)
	adb := exaudit.New(db.Pool)
	auditdb.Install(t, db, "t")
	db.Exec(t, `INSERT INTO t VALUES (1, 7, 'w')`)
	db.Exec(t, `SELECT exaudit.mark('before')`)
	db.Exec(t, `UPDATE t SET a = 'x'`)
	err := adb.Uninstall(ctx, []string{"t"}, &exaudit.UninstallOptions{Baseline: true})
	end(t, err)
	rows, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "t", exaudit.AtMark("before")))
	if err != nil || len(rows) != 1 || rows[0].A != "w" {
		t.Errorf("uninstalled: %v, %v", rows, err)
	}
	db.Exec(t, `ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (tenant, id)`)
	for range 2 {
		if _, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "t", exaudit.AtMark("before"))); !reason.Is(err, audit.KeyChanged) {
			t.Errorf("as of before: %v", err)
		}
		if versions := statesOf(t, adb, "t", 1); len(versions) < 2 || versions[1].State["a"] != "x" {
			t.Errorf("history by the earlier key: %+v", versions)
		}
		auditdb.Install(t, db, "t")
		db.Exec(t, `UPDATE t SET a = a || 'y'`)
	}
	if _, err := exaudit.Collect(exaudit.AsOf[row](ctx, adb, "t", exaudit.AtVersion(1))); !reason.Is(err, audit.KeyChanged) {
		t.Errorf("as of version 1: %v", err)
	}
}
