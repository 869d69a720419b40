// Package exaudit records every change of the rows of PostgreSQL tables, shows their history
// as structured patches, and undoes changes.
//
// # How a change is recorded
//
// Triggers, generated for each table, write a version for each row that changes, in the same
// transaction: whatever makes the change, it is recorded, and rolled back with it. The command
// exaudit installs them (exaudit init, exaudit install), or [DB.Init] and [DB.Install]; migrations
// of the application's own may have them as well (exaudit generate). [DB.Covered] tells a
// readiness probe about tables that are not recorded.
//
// # Custom data
//
// A [DB] stands in for the pool in what sqlc generates, or wherever pgx is used. Its statements
// record the custom data of their contexts:
//
//	audit := exaudit.New(pool)
//	queries := store.New(audit)
//	ctx = exaudit.With(ctx, exaudit.Custom{"actor_id": 7})
//	err := queries.ShipOrder(ctx, 42)
//
// Such a statement goes one of four ways:
//
//   - Most are pipelined: what sets the custom data travels among the messages of the
//     statement itself, in one round trip and one implicit transaction.
//   - In the simple protocol, it precedes the statement in one text, which is one round trip
//     and one implicit transaction, too.
//   - COPY, several statements, and more than about 8 KiB of arguments follow it in a
//     transaction of their own: two more round trips, or one more in a transaction.
//   - A statement that changes no rows, such as SET or VACUUM, and one whose context has no
//     custom data, is sent as it is.
//
// In a transaction, custom data is sent with the first statement, and then where it differs.
// It ends with the transaction, so that the next borrower of a connection does not have it.
// [Middleware] adds custom data to the contexts of HTTP requests; package stdlib has all of
// this for database/sql.
//
// # Reading
//
// [DB.History] returns the versions of one row, [History] the same as the application's own
// structs. [DB.Versions] and [DB.Transactions] search all tables, by custom data, time, mark,
// column and more. [DB.States] and [States] return the whole row before and after a version.
//
// # Time travel
//
// [AsOf] returns the rows of a table as they were at a [Point]: an instant, a version, a
// transaction or a named mark ([DB.Mark]). [StateAt] returns one row. [DB.Snapshot] reads several
// tables at one state of the database.
//
// # Revert and undo
//
// [DB.Revert] brings one row back to what it was before a version, undoing all later ones.
// [DB.Undo] undoes chosen changes in many rows of many tables, and keeps later changes: what
// both changed is a conflict. [DB.PlanUndo] shows what would be done, [DB.ApplyUndo] does just
// that, or fails where something has changed since. [DB.Redo] undoes an undo.
//
// # Errors
//
// Errors wrap what was attempted, and one of these, for errors.Is:
//
//   - The schema: [ErrNotInitialized], [ErrOutdated], [ErrNewer], [ErrForeignSchema],
//     [ErrIncomplete], [ErrOtherBuild], [ErrKeptElsewhere], [ErrLacksPrivileges], [ErrEncoding].
//   - A table: [ErrNoTable], [ErrNotTrackable], [ErrNoPrimaryKey], [ErrNotTracked], [ErrTableGone],
//     [ErrLocked], [ErrInvalidOptions], [ErrMayNotFollow].
//   - An argument: [ErrInvalidKey], [ErrInvalidFilter], [ErrInvalidColumn], [ErrInvalidCustom],
//     [ErrCustomTooLarge], [ErrNoVersion], [ErrNoMark], [ErrMarkExists].
//   - A history that does not fit its row: [ErrDiverged].
//   - What a revert or an undo must not do: [ErrReferencedRowMissing], [ErrUniqueConflict],
//     [ErrConstraint], [ErrColumnGone], [ErrNotRecorded], [ErrNothingToDo], [ErrVetoed],
//     [ErrChanged].
package exaudit
