package sql_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/sql"
)

// A database whose texts JSON cannot hold is refused, and left as it was; one of another encoding is not.
func TestEncodings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.New(t)
	for encoding, refused := range map[string]bool{"SQL_ASCII": true, "MULE_INTERNAL": true, "LATIN1": false, "EUC_JP": false} {
		name := pgtest.One[string](t, db, `SELECT current_database()`) + "_" + encoding
		db.Exec(t, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize()+` TEMPLATE template0 ENCODING `+encoding+` LC_COLLATE 'C' LC_CTYPE 'C'`)
		t.Cleanup(func() { db.Exec(t, `DROP DATABASE `+pgx.Identifier{name}.Sanitize()+` WITH (FORCE)`) })
		config := db.Pool.Config().ConnConfig.Copy()
		config.Database = name
		if _, err := sql.Up(ctx, config); reason.Is(err, audit.LossyEncoding) != refused || !refused && err != nil {
			t.Errorf("%s: %v", encoding, err)
		}
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			t.Fatal(err)
		}
		var there bool
		if err := conn.QueryRow(ctx, `SELECT to_regnamespace('exaudit') IS NOT NULL`).Scan(&there); err != nil || there == refused {
			t.Errorf("%s: schema exaudit %v, %v", encoding, there, err)
		}
		conn.Close(ctx)
	}
}
