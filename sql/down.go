package sql

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/lock"
	"github.com/exaudit/exaudit/internal/reason"
)

// Down removes exaudit's schemas with everything that was ever recorded, the triggers on tracked tables, and the roles
// where no other database uses them, in one transaction. It also removes a schema that is incomplete, or was made by
// another build. What others have built on the schema is an error, and stays.
func Down(ctx context.Context, config *pgx.ConnConfig, opts ...Option) error {
	o := collect(opts)
	conn, err := connect(ctx, config)
	if err != nil {
		return err
	}
	defer conn.close(ctx)
	for range attempts {
		if err = conn.down(ctx, o); err == nil || !anotherWasFaster(err) {
			break
		}
	}
	return err
}

// down gives everything up, and tries again, where a tracked table is in use: whoever uses one does not wait for all.
func (c connection) down(ctx context.Context, o options) error {
	const object = "schema exaudit, or a tracked table,"
	return lock.Retry(ctx, c.pgx, o.lockTimeout, object, func(tx pgx.Tx, briefly func() error) error {
		if err := settle(ctx, tx); err != nil {
			return err
		}
		s, err := stateOf(ctx, tx)
		if err != nil || !s.exists {
			return err
		}
		switch err := s.check(); {
		case reason.Is(err, audit.ForeignSchema, audit.NewerSchema):
			return err
		case s.Version > 0 && s.Complete && !s.KeepsOwnVersion:
			return &audit.SchemaError{Reason: audit.KeptElsewhere, Have: s.Version}
		}
		if err := briefly(); err != nil {
			return err
		}
		migrations, err := Migrations()
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, migrations[0].Down)
		return err
	})
}
