package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// variant is a way to audit.
type variant struct {
	name string
	// install does it for the workload's tables in the connection's database, whose
	// settings bench.tables and bench.rows are set.
	install func(ctx context.Context, conn *pgx.Conn, w workload) error
	records records
	only    func(workload) bool // is only there for these; nil for all
}

// records is what a variant records of a workload.
type records int

const (
	unknown records = iota // another's SQL
	nothing
	changes // an update that changes nothing is none
	updates // that, too
)

// builtin are the variants that are always there; each is compared with the first.
var builtin = []variant{
	{name: "plain", records: nothing, install: func(context.Context, *pgx.Conn, workload) error { return nil }},
	{name: "exaudit", records: changes, install: installExaudit(audit.TableOptions{})},
	{name: "statement", records: changes, install: installExaudit(audit.TableOptions{Trigger: audit.StatementLevel}),
		only: func(w workload) bool { return w.bulk }},
	{name: "toast", records: changes, install: installExaudit(audit.TableOptions{SkipUntouchedTOAST: true}),
		only: func(w workload) bool { return w.large }},
	{name: "imageless", records: changes, install: installExaudit(audit.TableOptions{SkipInsertImage: true}),
		only: func(w workload) bool { return strings.HasSuffix(w.name, "insert") || w.how == copied }},
	{name: "shadow", records: updates, install: installShadow},
	{name: "guarded", records: updates, install: func(ctx context.Context, conn *pgx.Conn, w workload) error {
		if err := installShadow(ctx, conn, w); err != nil {
			return err
		}
		return script(text("variant/guarded"))(ctx, conn, w)
	}},
	{name: "floor", records: updates, install: script(text("variant/floor"))},
	{name: "generic", records: updates, install: script(text("variant/generic"))},
}

// installShadow creates a table for the former rows of each table.
func installShadow(ctx context.Context, conn *pgx.Conn, w workload) error {
	shadows := w.shadows
	if shadows == nil {
		shadows = []string{w.schema}
	}
	for _, name := range shadows {
		if err := script(text("shadow/"+name))(ctx, conn, w); err != nil {
			return err
		}
	}
	return nil
}

func installExaudit(o audit.TableOptions) func(context.Context, *pgx.Conn, workload) error {
	return func(ctx context.Context, conn *pgx.Conn, w workload) error {
		if _, err := sql.Up(ctx, conn.Config()); err != nil {
			return err
		}
		options := make(map[string]audit.TableOptions, len(w.tables))
		for _, table := range w.tables {
			options[table] = o
		}
		_, err := triggers.Install(ctx, conn, w.tables, triggers.WithOptions(options))
		return err
	}
}

// of gives the variants that are there for a workload.
func of(w workload, variants []variant) []variant {
	return slices.DeleteFunc(slices.Clone(variants), func(v variant) bool { return v.only != nil && !v.only(w) })
}

// script installs a variant that is a file of SQL. The names of the tables to be audited
// are in the setting bench.tables, as an array.
func script(sql string) func(context.Context, *pgx.Conn, workload) error {
	return func(ctx context.Context, conn *pgx.Conn, w workload) error {
		tables := "{" + strings.Join(w.tables, ",") + "}"
		if _, err := conn.Exec(ctx, `SELECT pg_catalog.set_config('bench.tables', $1, false)`, tables); err != nil {
			return err
		}
		_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		return err
	}
}

// check fails where a variant of this program recorded too little or too much: its figures
// would mean nothing.
func (v variant) check(w workload, recorded int64) error {
	want := int64(w.changes)
	switch {
	case v.records == unknown:
		return nil
	case v.records == nothing, v.records == changes && w.silent:
		want = 0
	}
	if recorded != want {
		return fmt.Errorf("%d rows recorded, want %d", recorded, want)
	}
	return nil
}
