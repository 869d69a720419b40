package exaudit_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/snippets"
	"github.com/exaudit/exaudit/patch"
)

// undoExample is the Go of docs/undo.md; TestUndoExample compares them.
func undoExample(ctx context.Context, db *exaudit.DB) error {
	plan, err := db.PlanUndo(ctx, exaudit.Select(exaudit.ByCustom("actor", "deploy-42")),
		&exaudit.UndoOptions{OnConflict: audit.KeepLater})
	if err != nil {
		return err
	}
	for _, row := range plan.Rows {
		fmt.Println(row.Table, row.EntityID, row.Action)
		fmt.Println(patch.Text(row.Patch))
		for _, conflict := range row.Conflicts {
			fmt.Println("kept:", conflict)
		}
	}
	if _, err := db.ApplyUndo(ctx, plan, nil); err != nil {
		return err
	}
	return nil
}

func TestUndoExample(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	db.Exec(t, `SELECT set_config('exaudit.custom', '{"actor": "deploy-42"}', true); UPDATE orders SET status = 'paid'`)
	if err := undoExample(context.Background(), adb); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.One[string](t, db, `SELECT status FROM orders`); got != "new" {
		t.Errorf("undone to %s", got)
	}
	source, err := os.ReadFile("undo_example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(snippets.Of(t, "docs/undo.md", "go")[0]) {
		if !strings.Contains(string(source), strings.TrimSpace(line)) {
			t.Errorf("this line of docs/undo.md is tested nowhere: %s", line)
		}
	}
}
