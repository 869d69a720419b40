package ahead

import "context"

// Around runs a function that sends a query of package database/sql on the connection of an
// *exaudit.DB, or in a transaction that one has begun, with the custom data of ctx. It reports
// whether it has run it: where custom data cannot go along, it has not. Package exaudit sets
// it, and nobody else is to see it.
var Around func(ctx context.Context, of any, sql string, args []any, run func() error) (bool, error)
