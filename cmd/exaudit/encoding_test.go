package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

// The command reads and writes back what a database of another encoding has, and so does the library where it is told
// to; without, it is an error.
func TestOtherEncodings(t *testing.T) {
	t.Parallel()
	for encoding, text := range map[string]string{"LATIN1": "é", "EUC_JP": "日本"} {
		db := pgtest.New(t, pgtest.Encoded(encoding))
		config := db.Pool.Config()
		config.ConnConfig.RuntimeParams["client_encoding"] = "UTF8"
		pool, err := pgxpool.NewWithConfig(context.Background(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		command := func(args ...string) string {
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), append([]string{"exaudit", args[0], "--database-url", db.URL}, args[1:]...), strings.NewReader(""), &stdout, &stderr)
			if code != 0 {
				t.Errorf("%s: %v: exit code %d: %s", encoding, args, code, stderr.String())
			}
			return stdout.String()
		}
		command("init")
		exec := func(sql string) {
			if _, err := pool.Exec(context.Background(), sql); err != nil {
				t.Fatal(err)
			}
		}
		table := `"t` + text + `"`
		exec(`CREATE TABLE ` + table + ` (id int PRIMARY KEY, "` + text + `" text)`)
		command("install", table)
		exec(`INSERT INTO ` + table + ` VALUES (1, '` + text + `'); SELECT set_config('exaudit.custom', '{"who": "` + text + `"}', false); UPDATE ` + table + ` SET "` + text + `" = 'x'`)
		for _, args := range [][]string{{"history", table, "1"}, {"log"}, {"as-of", table, "--version", "1"}, {"show", "2"}, {"status"}} {
			if got := command(args...); !strings.Contains(got, text) {
				t.Errorf("%s: %v: %s", encoding, args, got)
			}
		}
		if _, err := exaudit.New(db.Pool).Version(context.Background(), 1); !reason.Is(err, audit.ClientEncoding) {
			t.Errorf("%s: without client_encoding: %v", encoding, err)
		}
		command("revert", "2", "--yes")
		if ok := pgtest.One[bool](t, db, `SELECT EXISTS (SELECT FROM exaudit.versions v WHERE v.rollback AND v.after = (SELECT f.after - 'id' FROM exaudit.versions f WHERE f.id = 1))`); !ok {
			t.Errorf("%s: it is reverted to something else", encoding)
		}
	}
}
