// Package traps gives tests databases full of what others may have put there to have their code run by whoever audits
// the database: names that redirect SQL which does not qualify its own.
package traps

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"net/url"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

//go:embed names.sql
var names string

// The search_paths of a session that is led into the traps.
const (
	// First finds them in front of pg_catalog, and those for types for which pg_catalog needs a cast.
	First = "traps,lair,pg_catalog,public"
	// Behind finds only the latter, as with the default path where others may create in public.
	Behind = "pg_catalog,public,lair"
)

// New returns a database with exaudit and traps. A session of its pool finds none.
func New(t testing.TB) *pgtest.DB {
	t.Helper()
	return auditdb.Prepared(t, names)
}

// Bare returns one with traps and without exaudit.
func Bare(t testing.TB) *pgtest.DB {
	t.Helper()
	return pgtest.New(t, pgtest.Template(fmt.Sprintf("traps_%x", sha256.Sum256([]byte(names))),
		func(ctx context.Context, url string) error {
			return pgtest.Run(ctx, url, names)
		}))
}

// URL names the database with a search_path.
func URL(t testing.TB, db *pgtest.DB, path string) string {
	t.Helper()
	u, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", path)
	u.RawQuery = query.Encode()
	return u.String()
}

// Check fails the test if anything was trapped in the database, though nobody may have noticed.
func Check(t testing.TB, db *pgtest.DB) {
	t.Helper()
	if pgtest.One[bool](t, db, "SELECT is_called FROM traps.bites") {
		t.Error("something looked a name up along search_path, and went on")
	}
}
