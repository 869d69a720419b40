package exaudittest

import (
	"context"
	"testing"

	"github.com/exaudit/exaudit"
)

// Recorded gives the versions that were recorded while do ran, of all tables, in the order
// of their ids. The database must be the test's own: what anybody else commits meanwhile is
// among them.
func Recorded(t testing.TB, db *exaudit.DB, do func()) []*exaudit.Version {
	t.Helper()
	last := lastVersion(t, db)
	do()
	versions, err := db.Versions(context.Background(), exaudit.After(last))
	if err != nil {
		t.Fatalf("exaudit: versions after %d: %v", last, err)
	}
	return versions
}

func lastVersion(t testing.TB, db *exaudit.DB) int64 {
	t.Helper()
	var last int64
	err := db.QueryRow(context.Background(), "SELECT coalesce(pg_catalog.max(id), 0) FROM exaudit.versions").Scan(&last)
	if err != nil {
		t.Fatalf("exaudit: the newest version: %v", err)
	}
	return last
}
