package exaudittest

import (
	"context"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// Recorded returns the versions of all tables that were recorded while do ran, in the order of their ids. Other
// sessions must not change the database at the same time, because their versions are also returned.
func Recorded(t testing.TB, db *exaudit.DB, do func()) []*audit.Version {
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
