package test_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// workload makes random statements of an application, the same ones for every run.
type workload struct {
	r *rand.Rand
}

func (w workload) id(most int) int { return 1 + w.r.IntN(most) }

func (w workload) word() string {
	words := []string{"Ämne", "blue", "O'Brien", "ceçi", "delta \\ back", "", "日本", "very long " + fmt.Sprint(w.r.Uint64())}
	return words[w.r.IntN(len(words))]
}

func (w workload) price() string { return fmt.Sprintf("%d.%02d", w.r.IntN(20), w.r.IntN(100)) }

// statement is one random statement and its kind.
func (w workload) statement(major int) (kind, sql string, args []any) {
	n := w.id(3000)
	statements := []func() (string, string, []any){
		func() (string, string, []any) {
			return "insert", `INSERT INTO invoice_line (invoice_id, track_id, unit_price, quantity) VALUES ($1, $2, $3::text::numeric, $4)`,
				[]any{w.id(400), w.id(3500), w.price(), w.id(9)}
		},
		func() (string, string, []any) {
			return "insert", `INSERT INTO artist (name) VALUES ($1)`, []any{w.word()}
		},
		func() (string, string, []any) {
			return "bulk insert", `INSERT INTO album (title, artist_id) SELECT $1 || g, 1 + (g * 7 % 270) FROM generate_series(1, $2::int) g`, []any{w.word(), w.id(12)}
		},
		func() (string, string, []any) {
			return "update", `UPDATE track SET unit_price = $2::text::numeric, composer = nullif($3, '') WHERE track_id = $1`, []any{n, w.price(), w.word()}
		},
		func() (string, string, []any) {
			return "update", `UPDATE customer SET company = nullif($2, ''), phone = $3 WHERE customer_id = $1`, []any{w.id(59), w.word(), fmt.Sprint(n)}
		},
		func() (string, string, []any) {
			return "update of nothing", `UPDATE employee SET city = city`, nil
		},
		func() (string, string, []any) {
			return "bulk update", `UPDATE invoice SET total = total + 0.01, billing_state = NULL WHERE invoice_id BETWEEN $1 AND $1 + 15`, []any{w.id(400)}
		},
		func() (string, string, []any) {
			return "bulk update", `UPDATE track SET milliseconds = milliseconds + 1 WHERE album_id = $1`, []any{w.id(340)}
		},
		func() (string, string, []any) {
			return "delete", `DELETE FROM invoice_line WHERE invoice_line_id = $1`, []any{w.id(2200)}
		},
		func() (string, string, []any) {
			return "bulk delete", `DELETE FROM playlist_track WHERE playlist_id = $1 AND track_id BETWEEN $2 AND $2 + 30`, []any{w.id(18), n}
		},
		func() (string, string, []any) {
			return "cascade", `DELETE FROM invoice WHERE invoice_id = $1`, []any{w.id(412)}
		},
		func() (string, string, []any) {
			return "cascade", `DELETE FROM track WHERE track_id = $1 AND NOT EXISTS (SELECT FROM invoice_line l WHERE l.track_id = $1)`, []any{n}
		},
		func() (string, string, []any) {
			return "upsert", `INSERT INTO playlist_track VALUES ($1, $2) ON CONFLICT DO NOTHING`, []any{w.id(18), n}
		},
		func() (string, string, []any) {
			return "upsert", `INSERT INTO genre (genre_id, name) OVERRIDING SYSTEM VALUE VALUES ($1, $2) ON CONFLICT (genre_id) DO UPDATE SET name = excluded.name`, []any{w.id(40), w.word()}
		},
		func() (string, string, []any) {
			return "key change", `UPDATE playlist_track SET track_id = $3 WHERE playlist_id = $1 AND track_id = $2`, []any{w.id(18), n, w.id(3500)}
		},
		func() (string, string, []any) {
			if major < 15 {
				return "update", `UPDATE media_type SET name = $1 WHERE media_type_id = $2`, []any{w.word(), w.id(5)}
			}
			return "merge", `MERGE INTO genre g USING (SELECT i AS id FROM generate_series($1::int, $1 + 3) i) s ON g.genre_id = s.id
				WHEN MATCHED AND g.genre_id % 2 = 0 THEN UPDATE SET name = $2
				WHEN NOT MATCHED THEN INSERT (name) VALUES ('merged ' || s.id)`, []any{w.id(60), w.word()}
		},
	}
	return statements[w.r.IntN(len(statements))]()
}

// runWorkload runs statements, alone and in transactions of several, some of them rolled
// back, and counts them by kind. Statements that a foreign key refuses count as refused.
func runWorkload(t *testing.T, db *pgtest.DB, statements int) map[string]int {
	t.Helper()
	ctx := context.Background()
	w := workload{rand.New(rand.NewPCG(20261123, 7))}
	counts := make(map[string]int)
	run := func(q interface {
		Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	}) error {
		kind, sql, args := w.statement(db.Major)
		_, err := q.Exec(ctx, sql, args...)
		if refusedByConstraint(err) {
			kind = "refused by a constraint"
		} else if err != nil {
			t.Fatalf("%v\n%s %v", err, sql, args)
		}
		counts[kind]++
		return err
	}
	for total(counts) < statements {
		switch n := w.r.IntN(100); {
		case n < 70:
			_ = run(db.Pool)
		case n < 72:
			copyPlaylists(t, db, w)
			counts["copy"]++
		default:
			transaction(t, db, w, counts, run)
		}
		if total(counts) >= statements/2 && counts["truncate"] == 0 {
			db.Exec(t, `TRUNCATE invoice_line`)
			counts["truncate"]++
		}
	}
	return counts
}

// total is the number of statements, without what transactions came to.
func total(counts map[string]int) (n int) {
	for kind, c := range counts {
		if !strings.HasPrefix(kind, "transaction") && !strings.HasPrefix(kind, "savepoint") {
			n += c
		}
	}
	return n
}

// transaction runs a few statements, each in a savepoint that may be rolled back, and
// commits or rolls all of them back.
func transaction(t *testing.T, db *pgtest.DB, w workload, counts map[string]int, run func(interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
}) error) {
	t.Helper()
	ctx := context.Background()
	tx, err := db.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 + w.r.IntN(4) {
		savepoint, err := tx.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if run(savepoint) != nil || w.r.IntN(4) == 0 {
			err = savepoint.Rollback(ctx)
			counts["savepoint: rolled back"]++
		} else {
			err = savepoint.Commit(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if w.r.IntN(3) == 0 {
		err = tx.Rollback(ctx)
		counts["transaction: rolled back"]++
	} else {
		err = tx.Commit(ctx)
		counts["transaction: committed"]++
	}
	if err != nil {
		t.Fatal(err)
	}
}

func copyPlaylists(t *testing.T, db *pgtest.DB, w workload) {
	t.Helper()
	rows := make([][]any, w.id(10))
	for i := range rows {
		rows[i] = []any{w.word()}
	}
	if _, err := db.Pool.CopyFrom(context.Background(), pgx.Identifier{"playlist"}, []string{"name"}, pgx.CopyFromRows(rows)); err != nil {
		t.Fatal(err)
	}
}

func refusedByConstraint(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "23503" || pgErr.Code == "23505")
}
