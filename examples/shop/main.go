// Command shop is a small service that keeps orders, audited by exaudit: an example of
// sqlc, pgx, goose and exaudit together.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

//go:embed migrations/*.sql
var migrations embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Getenv("DATABASE_URL"), "localhost:8080")
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url, address string) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrate(ctx, pool); err != nil {
		return err
	}
	db := exaudit.New(pool)
	err = db.Check(ctx)
	if schema, ok := errors.AsType[*audit.SchemaError](err); ok && schema.Reason == audit.NewerSchema {
		log.Printf("shop: %v; a later release has been here, and all is recorded as before", err)
	} else if err != nil {
		return err
	}
	server := http.Server{Addr: address, Handler: newServer(db), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.Background()) })
	log.Printf("shop: listening on %s", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// migrate brings exaudit's schema up to date, and then the application's own, in which
// "exaudit generate" has put the triggers. Both leave alone what a later release has brought
// further, so that this one starts again when that was rolled back.
func migrate(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := exaudit.New(pool).Init(ctx, nil); err != nil {
		return fmt.Errorf("initialize exaudit: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
