package exaudit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// Custom data that is valid JSON and more than the database can hold lets no change fail, be it set by SQL or from Go.
func TestCustomDataBeyondTheEncoding(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const setting = `{"a": "\u0000", "b": "\u65E5\u00e9\uD83D\ude00", "c": "\ud83d x \\u65e5", "k\u65e5": 1}`
	for encoding, want := range map[string][]string{
		"UTF8":   {`{"a": "\\u0000", "b": "日é😀", "c": "\\ud83d x \\u65e5", "k日": 1}`, `{"who": "日é😀"}`},
		"LATIN1": {`{"a": "\\u0000", "b": "\\u65E5é\\uD83D\\ude00", "c": "\\ud83d x \\u65e5", "k\\u65e5": 1}`, `{"who": "\\u65e5é\\ud83d\\ude00"}`},
	} {
		db := pgtest.New(t, pgtest.Encoded(encoding))
		if _, err := exaudit.New(db.Pool).Init(ctx, nil); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, `CREATE TABLE items (id int PRIMARY KEY, n int)`)
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
			pool := poolOf(t, db, mode)
			_, err := pool.Exec(ctx, `SET client_encoding = 'UTF8'`)
			end(t, err)
			adb := exaudit.New(pool)
			_, err = adb.Install(ctx, []string{"items"}, nil)
			end(t, err)
			tx, err := adb.Begin(ctx)
			end(t, err)
			_, err = tx.Exec(ctx, `SELECT set_config('exaudit.custom', $1, true)`, setting)
			end(t, err)
			for _, statement := range []string{`INSERT INTO items VALUES (1, 1)`, `UPDATE items SET n = 2`, `DELETE FROM items`} {
				_, err = tx.Exec(ctx, statement)
				end(t, err)
			}
			end(t, tx.Commit(ctx))
			_, err = adb.Exec(exaudit.With(ctx, exaudit.Custom{"who": "日é😀"}), `INSERT INTO items VALUES (2, 2)`)
			end(t, err)
			_, err = adb.Exec(ctx, `DELETE FROM items`)
			end(t, err)
			var got []string
			end(t, pool.QueryRow(ctx, `SELECT array_agg(custom::text ORDER BY id) FROM (SELECT id, custom FROM exaudit.versions ORDER BY id DESC LIMIT 5) v WHERE custom IS NOT NULL`).Scan(&got))
			if want := []string{want[0], want[0], want[0], want[1]}; strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s, %v: recorded\n%s\nwant\n%s", encoding, mode, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
}
