package exaudit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/postgres"
)

// pg_stat_statements has the application's statements as without custom data, and a few for
// custom data, however many values it has.
func TestStatStatements(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, err := postgres.Start(ctx, postgres.Options{Settings: map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all",
	}})
	if err != nil {
		t.Skipf("SKIPPED: pg_stat_statements is not there: %.200v", err)
	}
	t.Cleanup(server.Stop)
	admin, err := pgx.Connect(ctx, server.URL("postgres"))
	end(t, err)
	defer func() { _ = admin.Close(ctx) }()
	_, err = admin.Exec(ctx, things+`CREATE EXTENSION pg_stat_statements`)
	end(t, err)
	counted := func(mode pgx.QueryExecMode, audited bool) (own, ours []string) {
		_, err := admin.Exec(ctx, `DELETE FROM things WHERE id = 70`) // which the traffic copies
		end(t, err)
		_, err = admin.Exec(ctx, `SELECT pg_stat_statements_reset()`)
		end(t, err)
		config, err := pgxpool.ParseConfig(server.URL("postgres"))
		end(t, err)
		config.ConnConfig.DefaultQueryExecMode = mode
		config.MaxConns = 1
		pool, err := pgxpool.NewWithConfig(ctx, config)
		end(t, err)
		defer pool.Close()
		for i := range 20 {
			if audited {
				traffic(exaudit.With(ctx, exaudit.Custom{"request_id": fmt.Sprint("request ", i)}), exaudit.New(pool))
			} else {
				traffic(ctx, pool)
			}
		}
		rows, err := admin.Query(ctx, `SELECT DISTINCT query FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements_reset%'`)
		end(t, err)
		queries, err := pgx.CollectRows(rows, pgx.RowTo[string])
		end(t, err)
		for _, q := range queries {
			switch {
			case strings.Contains(q, "request"):
				t.Errorf("%s: %s", mode, q)
			case strings.Contains(q, "set_config"), strings.Contains(q, "current_setting"):
				ours = append(ours, q)
			case strings.EqualFold(q, "begin"), strings.EqualFold(q, "commit"), strings.EqualFold(q, "rollback"): // of COPY and texts
			default:
				own = append(own, q)
			}
		}
		slices.Sort(own)
		return own, ours
	}
	for _, mode := range modes {
		want, _ := counted(mode, false)
		got, ours := counted(mode, true)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", mode, got, want)
		}
		if len(ours) == 0 || len(ours) > 4 {
			t.Errorf("%s: %d statements of custom data: %q", mode, len(ours), ours)
		}
	}
}
