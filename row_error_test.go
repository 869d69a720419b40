package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/reason"
)

// A row that nobody knows comes last, as a *PointError, and the loop goes on after it: with rows, with images, and in a
// transaction.
func TestLoopsGoOnAfterRowErrors(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, `CREATE TABLE t (id int PRIMARY KEY, n text)`)
	auditdb.Install(t, db, "t")
	db.Exec(t, `INSERT INTO t VALUES (1, '1'), (2, 'two'), (3, '3'), (4, 'four')`)
	db.Exec(t, `UPDATE t SET n = id + 10`)
	db.Exec(t, `ALTER TABLE t ALTER n TYPE int USING n::int`)
	type row struct{ ID, N int }
	tx, err := db.Pool.Begin(ctx)
	end(t, err)
	defer tx.Rollback(ctx)
	for _, adb := range []*exaudit.DB{exaudit.New(db.Pool), exaudit.New(tx)} {
		var rows, images []string
		for r, err := range exaudit.AsOf[row](ctx, adb, "t", exaudit.AtVersion(4)) {
			rows = append(rows, toldRow(t, fmt.Sprintf("%v=%v", r.ID, r.N), err))
		}
		for i, err := range adb.AsOf(ctx, "t", exaudit.AtVersion(4)) {
			images = append(images, toldRow(t, fmt.Sprintf("%v=%v", i["id"], i["n"]), err))
		}
		for _, got := range [][]string{rows, images} {
			slices.Sort(got[:min(2, len(got))])
			slices.Sort(got[min(2, len(got)):])
			if fmt.Sprint(got) != "[1=1 3=3 unknown 2 unknown 4]" {
				t.Errorf("got %v", got)
			}
		}
	}
}

// toldRow is a row, or which one is not known.
func toldRow(t *testing.T, row string, err error) string {
	t.Helper()
	unknown := (*audit.PointError)(nil)
	if errors.As(err, &unknown) {
		if !reason.Is(err, audit.RowUnreadable) {
			t.Errorf("not RowUnreadable: %v", err)
		}
		return string("unknown " + unknown.EntityID)
	}
	end(t, err)
	return row
}
