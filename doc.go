// Package exaudit records every change of the rows of PostgreSQL tables, shows their history as structured patches,
// and undoes changes. What its functions return, errors included, is in package audit.
//
// # Beginning
//
// A [DB] is used in place of the pool, in the code that sqlc generates or wherever pgx is used. [DB.Init] creates
// exaudit's own schemas, and [DB.Install] the triggers that record the changes of a table:
//
//	db := exaudit.New(pool)
//	if _, err := db.Init(ctx, nil); err != nil {
//		return err
//	}
//	if _, err := db.Install(ctx, []string{"orders"}, nil); err != nil {
//		return err
//	}
//	queries := store.New(db) // as sqlc has generated it
//
// The command exaudit does the same (exaudit init, exaudit install), and exaudit generate writes migrations that do.
// The last argument of an operation is a pointer to its options; nil means the defaults.
//
// # How a change is recorded
//
// Triggers that are generated for each table write a version for each row that changes, in the same transaction. So a
// change is recorded whatever program makes it, and the version is rolled back with the change. [DB.Covered] reports
// to a readiness probe whether all tables are recorded. [DB.Status] says what differs from what Install would create,
// and [DB.Sync] repairs that after changes of the schema; with [DB.FollowDDL], event triggers do.
//
// # Custom data
//
// Custom data is what an application says about its changes, such as who makes them and why. The changes of a DB's
// statements are recorded with the custom data of their contexts:
//
//	ctx = exaudit.With(ctx, exaudit.Custom{"actor_id": 7})
//	err := queries.ShipOrder(ctx, 42)
//
// [Middleware] adds custom data to the contexts of HTTP requests. Package stdlib does the same as DB for database/sql.
// [Stamp] sets the custom data of a transaction that was not begun by a DB.
//
// A statement is sent in one of four ways:
//
//   - Most statements are pipelined: the messages that set the custom data are sent together with those of the
//     statement, in one round trip and one implicit transaction.
//   - In the simple protocol, the statement that sets the custom data and the application's statement are sent as one
//     text. This is also one round trip and one implicit transaction.
//   - For COPY, several statements, and more than about 8 KiB of arguments, the custom data is sent first, in a
//     separate transaction around the statement. This adds two round trips, or one inside a transaction.
//   - A statement that changes no rows, such as SET or VACUUM, and a statement whose context has no custom data, is
//     sent as it is.
//
// In a transaction, custom data is sent with the first statement, and again when it differs. It ends with the
// transaction, so the next user of the connection does not have it.
//
// # Reading
//
// [DB.History] returns the versions of one row, each with a patch, and [DB.HistoryWithStates] also the whole rows
// before and after each version. The function [History] returns them as the application's own structs. [DB.Versions]
// and [DB.Transactions] search all tables.
//
//	for v, err := range exaudit.History[Order](ctx, db, "orders", 42) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(v.RecordedAt, v.Custom["actor_id"], v.After.Status)
//	}
//
// Lists that can be long are sequences. [Collect] makes a slice of a sequence, and [First] returns its first element.
// If a single version, row or mark does not exist, the error is [audit.ErrNotFound].
//
// A key is a value, a [Key] of several values, or the EntityID of a version.
//
// # Choosing
//
// Options choose what is returned. A [Filter] chooses versions: [ByTable], [ByRow], and every [RowFilter]. A RowFilter
// can also be used for the history of one row: [ByAction], [ByColumn], [ByCustom], [ByCustomKey], [ByTransaction],
// [ByVersion], [BySessionUser], [ByRollback], [Since], [Until] and [Where]. A version must pass all filters that are
// given. A [PatchOption] says how patches compare values. Options that make no sense for a function are errors of the
// compiler.
//
// # Pages
//
// A [PageOption] returns a part of a list: [NewestFirst] turns the order round, [Limit] returns only the first
// elements, and [After] continues after the last element of the page before, by its cursor. A cursor is a string that
// can be part of a URL.
//
//	page, err := exaudit.Collect(db.History(ctx, "orders", 42,
//		exaudit.NewestFirst(), exaudit.After(cursor), exaudit.Limit(20)))
//
// Lists are in the order of the ids of versions, which are given out when changes are made. A transaction that commits
// later than others may therefore appear on a page that was already read.
//
// # Reading the past
//
// [AsOf] returns the rows of a table as they were at a [Point]: a time, a version, a transaction or a named mark
// ([DB.Mark]). [StateAt] returns one row. [DB.States] and [States] return the row before and after a version. Inside
// [DB.Snapshot], several tables are read in the same state of the database. The methods return images, which are
// maps; the functions of the same names return structs.
//
// # Revert and undo
//
// [DB.Revert] brings one row back to its state before a version, and so undoes that version and all later ones.
// [DB.Undo] undoes the changes that a [Selection] chooses, in many rows of many tables, and keeps later changes. If a
// later change concerns the same value, there is a conflict. [DB.Redo] undoes an undo.
//
//	wrong := exaudit.Select(exaudit.ByCustom("actor_id", 7), exaudit.Since(exaudit.AtMark("deploy")))
//	plan, err := db.PlanUndo(ctx, wrong, nil)
//	if err != nil {
//		return err
//	}
//	_, err = db.ApplyUndo(ctx, plan, nil)
//
// A plan, an [audit.UndoPlan] or [audit.RevertPlan], is data: it can be shown, stored as JSON and carried out later.
// ApplyUndo and ApplyRevert do exactly what the plan says, or fail if a row would get another patch by now.
//
// # Errors
//
// Errors say what was attempted. For some, errors.Is is enough: [audit.ErrNotFound], [audit.ErrExists],
// [audit.ErrNothingToDo], [audit.ErrTooManyRows], [audit.ErrLocked], [audit.ErrPlanStale] and [audit.ErrNotPermitted].
// The others are of a type, most of which have a reason:
//
//   - [audit.InvalidError]: what was passed is wrong, such as an option, a key, a filter or custom data.
//   - [audit.SchemaError]: exaudit cannot be used with the database as it is.
//   - [audit.TableError]: the table is missing, cannot be tracked, is not tracked, or its changes are not recorded.
//   - [audit.PointError]: the rows of a table at a point are not known.
//   - [audit.DivergedError]: the history does not fit together, or does not fit the row.
//   - [audit.ConflictError]: an undo would overwrite later changes.
//   - [audit.WriteError]: a row could not be written as a revert or an undo would have it.
//
// Package audit says how to branch on them. There are two more types. [audit.LockedError] names the sessions that hold
// the lock; errors.Is finds [audit.ErrLocked]. [audit.PartialError] says which tables Install, Uninstall or Sync have
// processed although others failed.
package exaudit
