package exaudit_test

import (
	"errors"
	"fmt"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// advice is what a program might say about an error.
func advice(err error) string {
	if errors.Is(err, audit.ErrNotFound) {
		return "nothing was found"
	}
	if e, ok := errors.AsType[*audit.TableError](err); ok && e.Reason == audit.NotTracked {
		return "exaudit must be installed on " + e.Table
	}
	if e, ok := errors.AsType[*audit.PointError](err); ok {
		return fmt.Sprintf("%s: %s", e.Reason, e.Point)
	}
	if e, ok := errors.AsType[*audit.InvalidError](err); ok {
		return fmt.Sprintf("%s of %s", e.Reason, e.Table)
	}
	if e, ok := errors.AsType[*audit.ConflictError](err); ok {
		return fmt.Sprintf("%s %s: %s", e.Rows[0].Table, e.Rows[0].EntityID, e.Rows[0].Conflicts[0])
	}
	if e, ok := errors.AsType[*audit.WriteError](err); ok && e.Reason == audit.UniqueConflict {
		return fmt.Sprintf("%s %s: %s", e.Table, e.EntityID, e.Detail)
	}
	if e, ok := errors.AsType[*audit.DivergedError](err); ok {
		return fmt.Sprintf("%s %s was changed secretly: %s", e.Table, e.EntityID, patch.Text(e.Difference))
	}
	return err.Error()
}

func Example_errors() {
	ctx, db := forExample("r-70")
	must(db.Exec(ctx, `CREATE TABLE crates (id int PRIMARY KEY, label text UNIQUE)`))
	_, err := exaudit.Collect(db.History(ctx, "crates", 1))
	fmt.Println(advice(err))

	must(db.Install(ctx, []string{"crates"}, nil))
	must(db.Exec(ctx, `INSERT INTO crates VALUES (1, 'A')`))
	must(db.Exec(ctx, `UPDATE crates SET label = 'B' WHERE id = 1`))
	update := must(exaudit.Collect(db.History(ctx, "crates", 1)))[1].ID
	_, err = db.StateAt(ctx, "crates", 2, exaudit.AtVersion(update))
	fmt.Println(advice(err))
	_, err = db.StateAt(ctx, "crates", 1, exaudit.AtMark("party"))
	fmt.Println(advice(err))
	_, err = db.StateAt(ctx, "crates", "one", exaudit.AtVersion(update))
	fmt.Println(advice(err))

	must(db.Exec(ctx, `INSERT INTO crates VALUES (2, 'A')`))
	_, err = db.Revert(ctx, update, nil)
	fmt.Println(advice(err))
	must(db.Exec(ctx, `UPDATE crates SET label = 'C' WHERE id = 1`))
	_, err = db.Undo(ctx, exaudit.Select(exaudit.ByVersion(update)), nil)
	fmt.Println(advice(err))

	must(db.Exec(ctx, `ALTER TABLE crates DISABLE TRIGGER ALL`))
	must(db.Exec(ctx, `UPDATE crates SET label = 'D' WHERE id = 1`))
	must(db.Exec(ctx, `ALTER TABLE crates ENABLE TRIGGER ALL`))
	fmt.Print(advice(db.CheckHistory(ctx, "crates", 1)))
	// Output:
	// exaudit must be installed on crates
	// nothing was found
	// no such point: mark party
	// invalid key of public.crates
	// public.crates 1: row 2 has the same label now
	// public.crates 1: label: was "B", is now "C", would become "A"
	// public.crates 1 was changed secretly: ~ label: "C" → "D"
}
