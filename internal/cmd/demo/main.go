// Command demo shows exaudit's whole job on a real PostgreSQL: it creates a small shop,
// tracks it, lets an application work on it for a morning, and takes a mistake back. Every
// step is checked: the program fails where anything is not as it says.
//
// It works in a database of its own, on the server of DATABASE_URL or on a private
// throw-away one, and removes it afterwards.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit/internal/postgres"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	start := time.Now()
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
	fmt.Printf("\nDone in %.1f s; everything was checked, and the demo's database is gone again.\n",
		time.Since(start).Seconds())
	fmt.Println("Next: the README's quick start, on a database of yours.")
}

func run(ctx context.Context) error {
	server, stop, err := findServer(ctx)
	if err != nil {
		return err
	}
	defer stop()
	dir, err := os.MkdirTemp("", "exaudit-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "exaudit")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/exaudit")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the exaudit command: %w", err)
	}
	return withDatabase(ctx, server, func(url string, pool *pgxpool.Pool) error {
		d := demo{exaudit: binary, url: url, pool: pool}
		if err := d.run(ctx); err != nil {
			return err
		}
		// The roles are the server's: they go with the last database that has exaudit.
		return d.silently(ctx, "drop-schema", "--yes")
	})
}

// findServer gives the URL of the server to work on and what ends it.
func findServer(ctx context.Context) (string, func(), error) {
	if url := os.Getenv("DATABASE_URL"); url != "" {
		fmt.Println("Server: the one of DATABASE_URL, in a new database of its own")
		return url, func() {}, nil
	}
	cluster, err := postgres.Start(ctx, postgres.Options{Log: func(format string, args ...any) {
		fmt.Printf("Server: a private throw-away one, "+format+"\n", args...)
	}})
	if err != nil {
		return "", nil, err
	}
	return cluster.URL("postgres"), cluster.Stop, nil
}

// withDatabase runs do on a new database of the server, and drops it.
func withDatabase(ctx context.Context, server string, do func(url string, pool *pgxpool.Pool) error) (err error) {
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	name := fmt.Sprintf("exaudit_demo_%d", os.Getpid())
	quoted := pgx.Identifier{name}.Sanitize()
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+quoted); err != nil {
		return err
	}
	defer func() {
		_, dropErr := admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+quoted+" WITH (FORCE)")
		err = errors.Join(err, dropErr)
	}()
	config, err := pgxpool.ParseConfig(server)
	if err != nil {
		return err
	}
	config.ConnConfig.Database = name
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	return do(connString(config.ConnConfig), pool)
}

// connString names the database for the exaudit command.
func connString(c *pgx.ConnConfig) string {
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	s := fmt.Sprintf("host=%s port=%d user=%s dbname=%s", quote(c.Host), c.Port, quote(c.User), quote(c.Database))
	if c.Password != "" {
		s += " password=" + quote(c.Password)
	}
	if c.TLSConfig == nil {
		s += " sslmode=disable"
	}
	return s
}
