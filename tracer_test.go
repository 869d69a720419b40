package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/tracelog"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// recorder writes down all that pgx reports to tracers.
type recorder struct{ lines []string }

func (r *recorder) note(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	r.note("query %q %v", data.SQL, data.Args)
	return ctx
}

func (r *recorder) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	r.note("query done: %s %v", data.CommandTag, data.Err)
}

func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	var queries []string
	for _, q := range data.Batch.QueuedQueries {
		queries = append(queries, fmt.Sprint(q.SQL, q.Arguments))
	}
	r.note("batch %q", queries)
	return ctx
}

func (r *recorder) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	r.note("batch query %q %v: %s %v", data.SQL, data.Args, data.CommandTag, data.Err)
}

func (r *recorder) TraceBatchEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	r.note("batch done: %v", data.Err)
}

func (r *recorder) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	r.note("copy %v %v", data.TableName, data.ColumnNames)
	return ctx
}

func (r *recorder) TraceCopyFromEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	r.note("copy done: %s %v", data.CommandTag, data.Err)
}

func (r *recorder) TracePrepareStart(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	r.note("prepare %q", data.SQL)
	return ctx
}

func (r *recorder) TracePrepareEnd(_ context.Context, _ *pgx.Conn, data pgx.TracePrepareEndData) {
	r.note("prepared: %v %v", data.AlreadyPrepared, data.Err)
}

// queryTracer traces queries, and nothing else.
type queryTracer struct{ pgx.QueryTracer }

// logger is for tracelog, whose times differ.
type logger struct{ lines []string }

func (l *logger) Log(_ context.Context, level tracelog.LogLevel, msg string, data map[string]any) {
	delete(data, "time")
	delete(data, "pid")
	delete(data, "database")
	l.lines = append(l.lines, fmt.Sprint(level, " ", msg, " ", data))
}

// traffic is what an application may do.
func traffic(ctx context.Context, c interface {
	exaudit.Conn
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}) {
	ignore := func(any, error) {}
	ignore(c.Exec(ctx, `UPDATE things SET total = $1`, "3"))
	ignore(c.Exec(ctx, `UPDATE things SET total = $1`, "4"))
	ignore(c.Exec(ctx, `DELETE FROM things WHERE false`))
	ignore(c.Exec(ctx, `DELETE FROM things WHERE false; SELECT 1`))
	ignore(c.Exec(ctx, `UPDATE things SET name = @name WHERE id = 1`, pgx.NamedArgs{"name": "n"}))
	ignore(c.Exec(ctx, `UPDATE things SET name = $1 WHERE id = 1`, strings.Repeat("n", 20000)))
	ignore(c.Exec(ctx, `-- nothing`))
	ignore(c.Exec(ctx, `SELECT 1/$1::int`, "0"))
	ignore(c.Exec(ctx, `SELEC`))
	ignore(c.Exec(ctx, `SELECT $1::int`, failing{}))
	_ = c.QueryRow(ctx, `SELECT id FROM things WHERE id = $1`, "1").Scan(new(int))
	_ = c.QueryRow(ctx, `SELECT id FROM things WHERE id = $1`, "99").Scan(new(int))
	rows, _ := c.Query(ctx, `SELECT id FROM things`)
	rows.Close()
	rows, _ = c.Query(ctx, `SELECT id FROM things WHERE id < $1`, pgx.QueryExecModeExec, "3")
	rows.Close()
	ignore(c.CopyFrom(ctx, pgx.Identifier{"things"}, []string{"id"}, pgx.CopyFromRows([][]any{{70}})))
	b := &pgx.Batch{}
	b.Queue(`UPDATE things SET total = $1`, "5")
	b.Queue(`SELECT id FROM things WHERE id = 1`)
	_ = c.SendBatch(ctx, b).Close()
	b = &pgx.Batch{}
	b.Queue(`SELECT nosuch`)
	_ = c.SendBatch(ctx, b).Close()
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable})
	if err != nil {
		panic(err)
	}
	another := ctx
	if customOf(ctx) != nil {
		another = by(ctx, "another")
	}
	for _, ctx := range []context.Context{ctx, another, ctx} {
		ignore(tx.Exec(ctx, `UPDATE things SET total = $1`, "6"))
		_ = tx.QueryRow(ctx, `SELECT id FROM things WHERE id = $1`, "1").Scan(new(int))
		ignore(tx.Exec(ctx, `DELETE FROM things WHERE false`))
	}
	_ = pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return errors.New("no") })
	_ = tx.Commit(ctx)
}

// stamped is a transaction that was begun elsewhere.
func stamped(ctx context.Context, t *testing.T, pool *pgxpool.Pool, through bool) {
	tx := begin(t, context.Background(), pool)
	of := exaudit.Conn(tx)
	if through {
		end(t, exaudit.Stamp(ctx, tx))
		of, ctx = exaudit.New(tx), exaudit.With(ctx, exaudit.Custom{"secret": "y"})
	}
	_, err := of.Exec(ctx, `UPDATE things SET total = $1`, "7")
	end(t, err)
	end(t, tx.Commit(ctx))
	if through {
		if err := exaudit.Stamp(ctx, tx); !errors.Is(err, pgx.ErrTxClosed) {
			t.Errorf("stamp of a transaction that has ended: %v", err)
		}
	}
}

// A tracer sees the application's statements as they are, and nothing else.
func TestTracersSeeTheStatements(t *testing.T) {
	t.Parallel()
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			do := func(ctx context.Context, through bool) (seen [3][]string) {
				db := pgtest.New(t)
				db.Exec(t, things)
				all, queries, log := &recorder{}, &recorder{}, &logger{}
				for _, tracer := range []pgx.QueryTracer{all, queryTracer{queries}, &tracelog.TraceLog{Logger: log, LogLevel: tracelog.LogLevelTrace}} {
					pool := poolOf(t, db, mode, func(c *pgxpool.Config) {
						c.ConnConfig.Tracer = tracer
						c.ConnConfig.ConnectTimeout = 0
					})
					if through {
						traffic(ctx, exaudit.New(pool))
					} else {
						traffic(ctx, pool)
					}
					stamped(ctx, t, pool, through)
				}
				return [3][]string{all.lines, queries.lines, log.lines}
			}
			ctx := context.Background()
			secret := exaudit.With(ctx, exaudit.Custom{"secret": "x"})
			want, got := do(ctx, false), do(secret, true)
			for i := range want {
				for n := range max(len(want[i]), len(got[i])) {
					a, b := "nothing", "nothing"
					if n < len(want[i]) {
						a = want[i][n]
					}
					if n < len(got[i]) {
						b = got[i][n]
					}
					if a != b || strings.Contains(b, "set_config") || strings.Contains(b, "secret") {
						t.Errorf("tracer %d, event %d:\n got %s\nwant %s", i, n, b, a)
						break
					}
				}
			}
		})
	}
}

// listening returns a pool whose server sends all that it logs.
func listening(t *testing.T, db *pgtest.DB, mode pgx.QueryExecMode) (*pgxpool.Pool, func() []pgconn.Notice) {
	var mu sync.Mutex
	var heard []pgconn.Notice
	pool := poolOf(t, db, mode, func(c *pgxpool.Config) {
		c.ConnConfig.RuntimeParams["client_min_messages"] = "log"
		c.ConnConfig.RuntimeParams["log_statement"] = "all"
		c.ConnConfig.RuntimeParams["log_min_duration_statement"] = "0"
		c.ConnConfig.RuntimeParams["log_parameter_max_length"] = "0"
		c.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, *n)
		}
	})
	return pool, func() []pgconn.Notice {
		mu.Lock()
		defer mu.Unlock()
		return heard
	}
}

// What the server logs of statements, and shows of them in pg_stat_activity, has no custom
// data in it.
func TestServerLogHasNoCustomData(t *testing.T) {
	t.Parallel()
	ctx := exaudit.With(context.Background(), exaudit.Custom{"email": "ann@example.org"})
	for _, mode := range modes {
		if mode == pgx.QueryExecModeSimpleProtocol {
			continue // all is text there, arguments as well
		}
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			db.Exec(t, things)
			pool, heard := listening(t, db, mode)
			adb := exaudit.New(pool)
			traffic(ctx, adb)
			if len(heard()) < 20 {
				t.Errorf("the server has logged %d messages", len(heard()))
			}
			for _, n := range heard() {
				if strings.Contains(fmt.Sprint(n), "ann@") {
					t.Errorf("the server logs %s: %s", n.Message, n.Detail)
				}
			}
			const self = `SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND $1`
			var shown string
			if err := adb.QueryRow(ctx, self, true).Scan(&shown); err != nil || shown != self {
				t.Errorf("pg_stat_activity has %s, %v", shown, err)
			}
		})
	}
}
