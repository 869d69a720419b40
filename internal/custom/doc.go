// Package custom sends the custom data of a context to the database with the statements that
// are run with it. It is what package exaudit's DB stands in for a pool with; it knows nothing
// of how changes are recorded or read.
//
// The triggers read custom data from two settings of PostgreSQL's, exaudit.custom and
// exaudit.ignore. A preamble, a SELECT of set_config, sets them until the transaction ends, so
// that nothing is left for the next borrower of a connection. The preamble and the statement
// must be in one transaction, should not take another round trip, and tracers must see the
// statement only.
//
// # The four ways
//
// Which way a statement goes depends on how pgx would send it; see chooseWay.
//
//   - Pipelined, as most statements are. By the extended protocol pgx sends Bind, Describe,
//     Execute and Sync. Messages up to a Sync are one implicit transaction; package preamble
//     injects Bind and Execute of the preamble before those of the statement, and reads the
//     answers to them. No round trip is added. pgx's Exec of one statement without arguments,
//     for which it has the simple protocol, is sent by the extended protocol as well.
//   - In one text, by the simple protocol: the preamble, a semicolon and the statement are one
//     Query message, which is one implicit transaction. No round trip is added. Positions
//     in errors are corrected. A text of several statements that begins with BEGIN is cut
//     after that, and the preamble sent between.
//   - Separately, where the statement cannot share its messages: COPY, several statements, a
//     text that pgx might change, arguments of more than 8 KiB, and a BatchTracer that would
//     see the preamble. BEGIN and the preamble are sent first, then the statement, then
//     COMMIT: two more round trips. In a transaction, only the preamble is sent: one more.
//   - Unchanged, without a preamble, where the context has no custom data, the statement
//     changes no rows, or the session has the same custom data already.
//
// A batch goes the same ways. In a pipeline, the preamble is injected before the first query
// that may change rows; where pgx sends a batch as one text or in one piece, the preamble is
// put among its queries, and its result removed.
//
// # Transactions
//
// In a transaction that a DB has begun, custom data stays set until a statement with another
// context replaces it: the preamble is sent with the first statement that may change rows, and
// then where the custom data differs. In a transaction that was begun elsewhere, the values are
// restored after each statement.
package custom
