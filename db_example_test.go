package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/patch"
)

// Parcel is what sqlc generates for the table of the examples.
type Parcel struct {
	ID     int32
	Status string
	Weight int32
}

// exampleDB is the database of the examples, which each have rows of their own.
var exampleDB = sync.OnceValue(func() *exaudit.DB {
	db := auditdb.ForExamples()
	adb := exaudit.New(db.Pool)
	ctx := context.Background()
	for _, name := range []string{"parcels", "stamps"} {
		must(adb.Exec(ctx, `CREATE TABLE `+name+` (
			id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', weight int NOT NULL DEFAULT 0)`))
	}
	must(adb.Install(ctx, []string{"parcels"}, nil))
	return adb
})

// forExample returns the context of an example, with custom data, and the database.
func forExample(request string) (context.Context, *exaudit.DB) {
	return exaudit.With(context.Background(), exaudit.Custom{"request": request}), exampleDB()
}

// sent inserts a parcel and marks it as sent.
func sent(ctx context.Context, db *exaudit.DB, id int) []*audit.Version {
	must(db.Exec(ctx, `INSERT INTO parcels (id) VALUES ($1)`, id))
	must(db.Exec(ctx, `UPDATE parcels SET status = 'sent' WHERE id = $1`, id))
	return must(exaudit.Collect(db.History(ctx, "parcels", id)))
}

func ExampleDB_Exec() {
	ctx, db := forExample("r-1")
	tag, err := db.Exec(ctx, `INSERT INTO parcels (id, weight) VALUES ($1, $2)`, 1, 5)
	fmt.Println(tag, err)

	versions, err := exaudit.Collect(db.History(ctx, "parcels", 1))
	fmt.Println(versions[0].Action, versions[0].Custom["request"], err)
	// Output:
	// INSERT 0 1 <nil>
	// created r-1 <nil>
}

func ExampleDB_Query() {
	ctx, db := forExample("r-2")
	rows, err := db.Query(ctx, `INSERT INTO parcels (id) VALUES ($1), ($2) RETURNING id`, 2, 3)
	if err != nil {
		fmt.Println(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	fmt.Println(ids, err)
	// Output: [2 3] <nil>
}

func ExampleDB_QueryRow() {
	ctx, db := forExample("r-4")
	var status string
	err := db.QueryRow(ctx, `INSERT INTO parcels (id) VALUES ($1) RETURNING status`, 4).Scan(&status)
	fmt.Println(status, err)
	// Output: new <nil>
}

func ExampleDB_CopyFrom() {
	ctx, db := forExample("r-5")
	rows := pgx.CopyFromRows([][]any{{5, 10}, {6, 20}})
	n, err := db.CopyFrom(ctx, pgx.Identifier{"parcels"}, []string{"id", "weight"}, rows)
	fmt.Println(n, err)
	// Output: 2 <nil>
}

func ExampleDB_SendBatch() {
	ctx, db := forExample("r-7")
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO parcels (id) VALUES ($1)`, 7)
	batch.Queue(`UPDATE parcels SET weight = $2 WHERE id = $1`, 7, 30)
	err := db.SendBatch(ctx, batch).Close()
	fmt.Println(err)
	// Output: <nil>
}

func ExampleDB_Begin() {
	ctx, db := forExample("r-8")
	tx, err := db.Begin(ctx)
	if err != nil {
		fmt.Println(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	// the context of Begin counts, unless a statement's own has custom data
	_, err = tx.Exec(context.Background(), `INSERT INTO parcels (id) VALUES (8)`)
	fmt.Println(err, tx.Commit(ctx))

	versions, err := exaudit.Collect(db.History(ctx, "parcels", 8))
	fmt.Println(versions[0].Custom["request"], err)
	// Output:
	// <nil> <nil>
	// r-8 <nil>
}

func ExampleDB_BeginTx() {
	ctx, db := forExample("r-9")
	err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO parcels (id) VALUES (9)`)
		return err
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleDB_Config() {
	_, db := forExample("")
	fmt.Println(db.Config().ConnConfig.DefaultQueryExecMode)
	// Output: cache statement
}

func ExampleDB_Conn() {
	_, db := forExample("")
	fmt.Println(db.Conn()) // a DB of a pool has no connection of its own
	// Output: <nil>
}

func ExampleStamp() {
	ctx, db := forExample("r-10")
	conn, err := pgx.ConnectConfig(ctx, db.Config().ConnConfig) // that of another library
	if err != nil {
		fmt.Println(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := exaudit.Stamp(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO parcels (id) VALUES (10)`)
		return err
	})
	versions := must(exaudit.Collect(db.History(ctx, "parcels", 10)))
	fmt.Println(versions[0].Custom["request"], err)
	// Output: r-10 <nil>
}

func ExampleDB_Check() {
	ctx, db := forExample("")
	err := db.Check(ctx)
	if schema, ok := errors.AsType[*audit.SchemaError](err); ok && schema.Reason == audit.NewerSchema {
		fmt.Println("a newer release was here; changes are recorded as before")
		err = nil
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExampleDB_Covered() {
	ctx, db := forExample("")
	fmt.Println(db.Covered(ctx, "parcels"))
	fmt.Println(db.Covered(ctx, "parcels", "stamps") != nil)
	// Output:
	// <nil>
	// true
}

func ExampleDB_Init() {
	ctx, db := forExample("")
	changed, err := db.Init(ctx, nil)
	fmt.Println(changed, err)
	// Output: false <nil>
}

func ExampleDB_DropSchema() {
	ctx, db := forExample("")
	tx := must(db.Begin(ctx))
	defer tx.Rollback(ctx)
	fmt.Println(exaudit.New(tx).DropSchema(ctx, nil))
	// Output: drop schema exaudit: invalid connection: a DB of a transaction cannot do that: give New a pool or a connection
}

func ExampleDB_FollowDDL() {
	ctx, db := forExample("")
	tx := must(db.Begin(ctx))
	defer tx.Rollback(ctx)
	inside := exaudit.New(tx)
	must(inside.FollowDDL(ctx, audit.FollowDDL{NewTables: []string{"public.shop_*"}}, nil))
	must(tx.Exec(ctx, `CREATE TABLE shop_items (id int PRIMARY KEY)`))
	fmt.Println(inside.Covered(ctx, "shop_items"))
	// Output: <nil>
}

func ExampleDB_StopFollowingDDL() {
	ctx, db := forExample("")
	tx := must(db.Begin(ctx))
	defer tx.Rollback(ctx)
	inside := exaudit.New(tx)
	must(inside.FollowDDL(ctx, audit.FollowDDL{}, nil))
	fmt.Println(inside.StopFollowingDDL(ctx, nil))
	fmt.Println(must(inside.Status(ctx, nil)).FollowDDL)
	// Output:
	// <nil>
	// <nil>
}

func ExampleDB_Install() {
	ctx, db := forExample("")
	done, err := db.Install(ctx, []string{"stamps"}, nil)
	fmt.Println(done[0].Table, done[0].Changed, err)
	done, err = db.Install(ctx, []string{"stamps"}, nil)
	fmt.Println(done[0].Table, done[0].Changed, err)
	fmt.Println(db.Uninstall(ctx, []string{"stamps"}, nil))
	// Output:
	// public.stamps true <nil>
	// public.stamps false <nil>
	// <nil>
}

func ExampleDB_Uninstall() {
	ctx, db := forExample("")
	must(db.Install(ctx, []string{"stamps"}, nil))
	fmt.Println(db.Uninstall(ctx, []string{"stamps"}, nil))
	// Output: <nil>
}

func ExampleDB_Sync() {
	ctx, db := forExample("")
	done, err := db.Sync(ctx, nil)
	for _, i := range done {
		if i.Changed {
			fmt.Println("brought up to date:", i.Table)
		}
	}
	fmt.Println(err)
	// Output: <nil>
}

func ExampleDB_Status() {
	ctx, db := forExample("")
	status, err := db.Status(ctx, &exaudit.StatusOptions{Schemas: []string{"public"}})
	for _, t := range status.Tables {
		if t.Table == "public.parcels" {
			fmt.Println(t.Table, t.State)
		}
	}
	fmt.Println(status.Drift(), err)
	// Output:
	// public.parcels ok
	// [] <nil>
}

func ExampleDB_Baseline() {
	ctx, db := forExample("")
	must(db.Exec(ctx, `INSERT INTO stamps (id) VALUES (1), (2)`)) // before it is tracked
	must(db.Install(ctx, []string{"stamps"}, nil))
	done, err := db.Baseline(ctx, []string{"stamps"}, nil)
	fmt.Println(done, err)
	fmt.Println(db.Uninstall(ctx, []string{"stamps"}, nil))
	// Output:
	// [{public.stamps 2}] <nil>
	// <nil>
}

func ExampleDB_Maintain() {
	ctx, db := forExample("")
	must(db.Exec(ctx, `CREATE TABLE carts (id int PRIMARY KEY, items int)`))
	options := audit.TableOptions{KeepLast: 2, Keep: "1 microsecond"}
	must(db.Install(ctx, []string{"carts"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"carts": options}}))
	must(db.Exec(ctx, `INSERT INTO carts VALUES (1, 0)`))
	must(db.Exec(ctx, `UPDATE carts SET items = 1`))
	must(db.Exec(ctx, `UPDATE carts SET items = 2`))
	done, err := db.Maintain(ctx, nil)
	fmt.Println(done.Retention[0].Table, done.Retention[0].Removed, err)
	must(db.Exec(ctx, `DROP TABLE carts`))
	// Output: public.carts 1 <nil>
}

func ExampleDB_IndexCustom() {
	ctx, db := forExample("")
	fmt.Println(db.IndexCustom(ctx, "request", nil))
	// Output: <nil>
}

func ExampleDB_History() {
	ctx, db := forExample("r-20")
	sent(ctx, db, 20)
	for v, err := range db.History(ctx, "parcels", 20, exaudit.ByAction(audit.Updated)) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(v.Action, v.Custom["request"])
		fmt.Print(patch.Text(v.Patch))
	}
	// Output:
	// updated r-20
	// ~ status: "new" → "sent"
}

func ExampleDB_HistoryWithStates() {
	ctx, db := forExample("r-51")
	sent(ctx, db, 51)
	for v, err := range db.HistoryWithStates(ctx, "parcels", 51) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(v.Action, v.StateBefore["status"], v.State["status"])
	}
	// Output:
	// created <nil> new
	// updated new sent
}

// The pages of a history, the newest version first.
func ExampleAfter() {
	ctx, db := forExample("r-52")
	sent(ctx, db, 52)
	cursor := audit.Cursor("")
	for {
		page, err := exaudit.Collect(db.History(ctx, "parcels", 52,
			exaudit.NewestFirst(), exaudit.After(cursor), exaudit.Limit(1)))
		if err != nil {
			fmt.Println(err)
			break
		}
		if len(page) == 0 {
			break
		}
		fmt.Println(page[0].Action)
		cursor = page[0].Cursor()
	}
	// Output:
	// updated
	// created
}

func ExampleCollect() {
	ctx, db := forExample("r-53")
	sent(ctx, db, 53)
	versions, err := exaudit.Collect(db.History(ctx, "parcels", 53))
	fmt.Println(len(versions), err)
	// Output: 2 <nil>
}

func ExampleFirst() {
	ctx, db := forExample("r-26")
	sent(ctx, db, 26)
	newest, err := exaudit.First(exaudit.History[Parcel](ctx, db, "parcels", 26, exaudit.NewestFirst()))
	fmt.Println(newest.Action, newest.After.Status, err)

	_, err = exaudit.First(exaudit.History[Parcel](ctx, db, "parcels", -1))
	fmt.Println(errors.Is(err, audit.ErrNotFound))
	// Output:
	// updated sent <nil>
	// true
}

// What was changed since a mark.
func ExampleSince() {
	ctx, db := forExample("r-54")
	must(db.Mark(ctx, "before-54", nil))
	sent(ctx, db, 54)
	versions, err := exaudit.Collect(db.Versions(ctx, exaudit.Since(exaudit.AtMark("before-54")),
		exaudit.ByCustom("request", "r-54")))
	_ = db.RemoveMark(ctx, "before-54")
	fmt.Println(len(versions), err)
	// Output: 2 <nil>
}

func ExampleHistory() {
	ctx, db := forExample("r-21")
	sent(ctx, db, 21)
	for v, err := range exaudit.History[Parcel](ctx, db, "parcels", 21) {
		fmt.Println(v.Action, v.After.Status, err)
	}
	// Output:
	// created new <nil>
	// updated sent <nil>
}

func ExampleDB_CheckHistory() {
	ctx, db := forExample("r-22")
	sent(ctx, db, 22)
	fmt.Println(db.CheckHistory(ctx, "parcels", 22))
	// Output: <nil>
}

func ExampleDB_HistoryBegin() {
	ctx, db := forExample("")
	_, err := db.HistoryBegin(ctx, "parcels")
	fmt.Println(err)
	// Output: <nil>
}

func ExampleDB_HistoryBeginOf() {
	ctx, db := forExample("r-23b")
	begin, err := db.HistoryBeginOf(ctx, sent(ctx, db, 2323)[0].ID)
	fmt.Println(begin.Removed, begin.Dropped, err)
	// Output: false false <nil>
}

func ExampleDB_Version() {
	ctx, db := forExample("r-23")
	versions := sent(ctx, db, 23)
	v, err := db.Version(ctx, versions[1].ID)
	fmt.Println(v.Table, v.EntityID, v.Action, err)
	// Output: public.parcels 23 updated <nil>
}

func ExampleDB_VersionWithStates() {
	ctx, db := forExample("r-55")
	versions := sent(ctx, db, 55)
	v, err := db.VersionWithStates(ctx, versions[1].ID)
	fmt.Println(v.StateBefore["status"], v.State["status"], v.Cut, err)
	// Output: new sent false <nil>
}

func ExampleDB_States() {
	ctx, db := forExample("r-24")
	versions := sent(ctx, db, 24)
	before, after, err := db.States(ctx, versions[1].ID)
	fmt.Printf("%s %s %v\n", before["status"], after["status"], err)
	// Output: new sent <nil>
}

func ExampleDB_Diff() {
	ctx, db := forExample("r-36")
	versions := sent(ctx, db, 36)
	difference, err := db.Diff(ctx, versions[0].ID, versions[1].ID)
	fmt.Print(patch.Text(difference))
	fmt.Println(err)
	// Output:
	// ~ status: "new" → "sent"
	// <nil>
}

func ExampleStates() {
	ctx, db := forExample("r-25")
	versions := sent(ctx, db, 25)
	before, after, err := exaudit.States[Parcel](ctx, db, versions[1].ID)
	fmt.Println(before.Status, after.Status, err)
	// Output: new sent <nil>
}

func ExampleDB_Versions() {
	ctx, db := forExample("r-27")
	sent(ctx, db, 27)
	for v, err := range db.Versions(ctx, exaudit.ByCustom("request", "r-27"), exaudit.ByColumn("status")) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(v.Table, v.EntityID, v.Action)
	}
	// Output:
	// public.parcels 27 created
	// public.parcels 27 updated
}

func ExampleDB_Transactions() {
	ctx, db := forExample("r-28")
	sent(ctx, db, 28)
	for t, err := range db.Transactions(ctx, exaudit.ByCustom("request", "r-28")) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(t.Tables[0].Table, t.Custom["request"])
	}
	// Output:
	// public.parcels [r-28]
	// public.parcels [r-28]
}

func ExampleAsOf() {
	ctx, db := forExample("r-29")
	versions := sent(ctx, db, 29)
	for p, err := range exaudit.AsOf[Parcel](ctx, db, "parcels", exaudit.AtVersion(versions[0].ID)) {
		if err != nil || p.ID == 29 {
			fmt.Println(p.Status, err)
		}
	}
	// Output: new <nil>
}

func ExampleStateAt() {
	ctx, db := forExample("r-30")
	versions := sent(ctx, db, 30)
	parcel, err := exaudit.StateAt[Parcel](ctx, db, "parcels", 30, exaudit.AtVersion(versions[0].ID))
	fmt.Println(parcel.Status, err)
	// Output: new <nil>
}

func ExampleDB_AsOf() {
	ctx, db := forExample("r-31")
	versions := sent(ctx, db, 31)
	for row, err := range db.AsOf(ctx, "parcels", exaudit.AtVersion(versions[0].ID)) {
		if err != nil || fmt.Sprint(row["id"]) == "31" {
			fmt.Printf("%s %v\n", row["status"], err)
		}
	}
	// Output: new <nil>
}

func ExampleDB_StateAt() {
	ctx, db := forExample("r-32")
	versions := sent(ctx, db, 32)
	row, err := db.StateAt(ctx, "parcels", 32, exaudit.AtVersion(versions[0].ID))
	fmt.Printf("%s %v\n", row["status"], err)
	// Output: new <nil>
}

func ExampleDB_Snapshot() {
	ctx, db := forExample("r-33")
	sent(ctx, db, 33)
	err := db.Snapshot(ctx, func(db *exaudit.DB) error {
		at := exaudit.AtTime(time.Now())
		parcel, err := exaudit.StateAt[Parcel](ctx, db, "parcels", 33, at)
		if err != nil {
			return err
		}
		fmt.Println(parcel.Status)
		return nil
	})
	fmt.Println(err)
	// Output:
	// sent
	// <nil>
}

func ExampleDB_Mark() {
	ctx, db := forExample("r-34")
	mark, err := db.Mark(ctx, "before the sale", &exaudit.MarkOptions{Note: "prices of 2026"})
	fmt.Println(mark.Name, mark.Note, err)
	fmt.Println(db.RemoveMark(ctx, "before the sale"))
	// Output:
	// before the sale prices of 2026 <nil>
	// <nil>
}

func ExampleDB_Marks() {
	ctx, db := forExample("")
	must(db.Mark(ctx, "stocktaking", nil))
	marks, err := db.Marks(ctx)
	fmt.Println(marks[0].Name, err)
	fmt.Println(db.RemoveMark(ctx, "stocktaking"))
	// Output:
	// stocktaking <nil>
	// <nil>
}

func ExampleDB_RemoveMark() {
	ctx, db := forExample("")
	must(db.Mark(ctx, "a mistake", nil))
	fmt.Println(db.RemoveMark(ctx, "a mistake"))
	// Output: <nil>
}

func ExampleDB_PlanRevert() {
	ctx, db := forExample("r-40")
	versions := sent(ctx, db, 40)
	plan, err := db.PlanRevert(ctx, versions[1].ID, nil)
	fmt.Print(patch.Text(plan.Patch))
	fmt.Println(err)
	// Output:
	// ~ status: "sent" → "new"
	// <nil>
}

func ExampleDB_CheckRevert() {
	ctx, db := forExample("r-60")
	versions := sent(ctx, db, 60)
	stored, err := json.Marshal(must(db.PlanRevert(ctx, versions[1].ID, nil)))
	if err != nil {
		fmt.Println(err)
	}
	plan := new(audit.RevertPlan)
	fmt.Println(json.Unmarshal(stored, plan))
	fmt.Println(db.CheckRevert(ctx, plan))
	must(db.Exec(ctx, `UPDATE parcels SET status = 'lost' WHERE id = 60`))
	fmt.Println(errors.Is(db.CheckRevert(ctx, plan), audit.ErrPlanStale))
	// Output:
	// <nil>
	// <nil>
	// true
}

func ExampleDB_ApplyRevert() {
	ctx, db := forExample("r-59")
	versions := sent(ctx, db, 59)
	plan := must(db.PlanRevert(ctx, versions[1].ID, nil))
	must(db.Exec(ctx, `UPDATE parcels SET status = 'lost' WHERE id = 59`))
	_, err := db.ApplyRevert(ctx, plan, nil)
	fmt.Println(errors.Is(err, audit.ErrPlanStale))

	plan = must(db.PlanRevert(ctx, versions[1].ID, nil))
	done, err := db.ApplyRevert(ctx, plan, nil)
	fmt.Print(patch.Text(done.Patch))
	fmt.Println(err)
	// Output:
	// true
	// ~ status: "lost" → "new"
	// <nil>
}

func ExampleDB_Revert() {
	ctx, db := forExample("r-41")
	versions := sent(ctx, db, 41)
	reversal, err := db.Revert(ctx, versions[1].ID, nil)
	fmt.Print(patch.Text(reversal.Patch))
	fmt.Println(err)
	// Output:
	// ~ status: "sent" → "new"
	// <nil>
}

func ExampleDB_PlanUndo() {
	ctx, db := forExample("r-42")
	sent(ctx, db, 42)
	plan, err := db.PlanUndo(ctx, exaudit.Select(exaudit.ByCustom("request", "r-42"), exaudit.ByAction(audit.Updated)), nil)
	for _, row := range plan.Rows {
		fmt.Print(row.Table, " ", row.EntityID, " ", patch.Text(row.Patch))
	}
	fmt.Println(err, db.CheckUndo(ctx, plan))
	// Output:
	// public.parcels 42 ~ status: "sent" → "new"
	// <nil> <nil>
}

func ExampleDB_CheckUndo() {
	ctx, db := forExample("r-43")
	sent(ctx, db, 43)
	plan := must(db.PlanUndo(ctx, exaudit.Select(exaudit.ByCustom("request", "r-43")), nil))
	fmt.Println(db.CheckUndo(ctx, plan))
	// Output: <nil>
}

func ExampleDB_ApplyUndo() {
	ctx, db := forExample("r-44")
	sent(ctx, db, 44)
	plan := must(db.PlanUndo(ctx, exaudit.Select(exaudit.ByCustom("request", "r-44")), nil))
	done, err := db.ApplyUndo(ctx, plan, nil)
	fmt.Println(done.Rows[0].Action, err)
	// Output: deleted <nil>
}

func ExampleDB_Undo() {
	ctx, db := forExample("r-45")
	sent(ctx, db, 45)
	done, err := db.Undo(ctx, exaudit.Select(exaudit.ByCustom("request", "r-45")), nil)
	fmt.Println(len(done.Rows), done.Rows[0].Action, err)
	// Output: 1 deleted <nil>
}

func ExampleDB_PlanRedo() {
	ctx, db := forExample("r-46")
	undo := undone(ctx, db, 46)
	plan, err := db.PlanRedo(ctx, undo, nil)
	fmt.Println(plan.Rows[0].Action, err)
	// Output: created <nil>
}

func ExampleDB_Redo() {
	ctx, db := forExample("r-47")
	undo := undone(ctx, db, 47)
	done, err := db.Redo(ctx, undo, nil)
	fmt.Println(done.Rows[0].Action, err)
	// Output: created <nil>
}

// undone inserts a parcel, undoes that, and returns the transaction of the undo.
func undone(ctx context.Context, db *exaudit.DB, id int) uint64 {
	must(db.Exec(ctx, `INSERT INTO parcels (id) VALUES ($1)`, id))
	must(db.Undo(ctx, exaudit.Select(exaudit.ByRow("parcels", id)), nil))
	versions := must(exaudit.Collect(db.History(ctx, "parcels", id)))
	return versions[len(versions)-1].TransactionID
}

func ExampleTrack() {
	ctx, db := forExample("r-48")
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		change := audit.Change{Table: "parcels", After: map[string]any{"id": 48, "status": "lost", "weight": 1}}
		_, err := exaudit.Track(ctx, tx, change)
		return err
	})
	versions := must(exaudit.Collect(db.History(ctx, "parcels", 48)))
	fmt.Println(versions[0].Action, versions[0].Custom["request"], err)
	// Output: created r-48 <nil>
}
