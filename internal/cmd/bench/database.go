package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// The databases of a server: the workload's tables, a copy with a variant installed, and a
// copy of that for each run, so that every run finds the same files.
const (
	tablesDB = "bench_tables"
	runDB    = "bench_run"
)

func templateDB(v int) string { return "bench_variant_" + strconv.Itoa(v) }

// prepare makes the databases of the workload that are copied for each run.
func (s *server) prepare(ctx context.Context, w workload, variants []variant) error {
	if err := s.create(ctx, tablesDB, "template0"); err != nil {
		return err
	}
	err := s.in(ctx, tablesDB, func(conn *pgx.Conn) error {
		setup := text("schema/" + w.schema)
		if w.setup != "" {
			setup += text("schema/" + w.setup)
		}
		if err := w.settings(ctx, conn); err != nil {
			return err
		}
		if _, err := conn.PgConn().Exec(ctx, setup).ReadAll(); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, `VACUUM (FREEZE, ANALYZE)`)
		return err
	})
	if err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	for i, v := range variants {
		if err := s.create(ctx, templateDB(i), tablesDB); err != nil {
			return err
		}
		install := func(conn *pgx.Conn) error { return v.install(ctx, conn, w) }
		if err := s.in(ctx, templateDB(i), install); err != nil {
			return fmt.Errorf("install variant %s: %w", v.name, err)
		}
	}
	return nil
}

// settings tells the workload's SQL its sizes.
func (w workload) settings(ctx context.Context, conn *pgx.Conn) error {
	first, stride, span := w.keys()
	for name, value := range map[string]int{"rows": w.rows, "changes": w.changes, "first": first, "stride": stride,
		"span": span} {
		if _, err := conn.Exec(ctx, `SELECT pg_catalog.set_config($1, $2, false)`, "bench."+name,
			strconv.Itoa(value)); err != nil {
			return err
		}
	}
	return nil
}

// create copies a database over an earlier one of the name.
func (s *server) create(ctx context.Context, name, template string) error {
	return s.in(ctx, "postgres", func(conn *pgx.Conn) error {
		for _, sql := range []string{"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)",
			"CREATE DATABASE " + name + " TEMPLATE " + template} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

// in connects to a database and does something there.
func (s *server) in(ctx context.Context, database string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.cluster.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}
