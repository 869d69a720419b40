// Package audit has the types of what exaudit returns: versions, transactions, marks, plans, the states of tables, and
// errors. They are plain data, without unexported fields. The options and filters that exaudit's functions take are in
// package exaudit.
//
// # Errors
//
// An error is one of the variables whose names begin with Err, which errors.Is finds, or it has one of the types whose
// names end in Error, which errors.AsType finds. Most of these have a Reason, one of a few constants:
//
//	if table, ok := errors.AsType[*audit.TableError](err); ok && table.Reason == audit.NotTracked {
//		// install exaudit on table.Table
//	}
//
// This is how pgx programs use pgconn.PgError and its Code. Where an error comes from PostgreSQL, errors.AsType also
// finds its *pgconn.PgError.
package audit
