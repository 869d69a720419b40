// Package exaudit records every change of the rows of PostgreSQL tables, shows their history as structured patches,
// and undoes changes.
//
// # How a change is recorded
//
// Triggers that are generated for each table write a version for each row that changes, in the same transaction. So a
// change is recorded whatever program makes it, and the version is rolled back with the change. The triggers are
// created by the command exaudit (exaudit init, exaudit install), by [DB.Init] and [DB.Install], or by migrations of
// the application that the command exaudit generate writes. [DB.Covered] reports to a readiness probe whether all
// tables are recorded.
//
// # Custom data
//
// Custom data is what an application says about its changes, such as who makes them and why. A [DB] is used in place
// of the pool, in the code that sqlc generates or wherever pgx is used. The changes of its statements are recorded
// with the custom data of their contexts:
//
//	db := exaudit.New(pool)
//	queries := store.New(db)
//	ctx = exaudit.With(ctx, exaudit.Custom{"actor_id": 7})
//	err := queries.ShipOrder(ctx, 42)
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
// transaction, so the next user of the connection does not have it. [Middleware] adds custom data to the contexts of
// HTTP requests. Package stdlib does the same as DB for database/sql.
//
// # Reading
//
// [DB.History] returns the versions of one row. [History] returns them as the application's own structs.
// [DB.Versions] and [DB.Transactions] search all tables, by custom data, time, mark, column and more. [DB.States] and
// [States] return the whole row before and after a version.
//
// # Reading the past
//
// [AsOf] returns the rows of a table as they were at a [Point]: a time, a version, a transaction or a named mark
// ([DB.Mark]). [StateAt] returns one row. Inside [DB.Snapshot], several tables are read in the same state of the
// database.
//
// # Revert and undo
//
// [DB.Revert] brings one row back to its state before a version, and so undoes that version and all later ones.
// [DB.Undo] undoes chosen changes in many rows of many tables, and keeps later changes. If a later change concerns
// the same value, there is a conflict. [DB.PlanUndo] returns what would be done. [DB.ApplyUndo] does exactly that, or
// fails if a row would get another patch by now. [DB.Redo] undoes an undo.
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
// Package audit says how to branch on them.
package exaudit
