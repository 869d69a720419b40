package stdlib_test

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit/internal/sqlcapp/prepared"
	"github.com/exaudit/exaudit/stdlib"
)

func ExampleOpenDBFromPool() {
	var pool *pgxpool.Pool // of the application
	insert := func(ctx context.Context) error {
		db := stdlib.OpenDBFromPool(pool)
		queries := prepared.New(db)
		_, err := queries.CreateAuthor(ctx, "Ada")
		return err
	}
	if pool != nil {
		_ = insert(context.Background())
	}
}
