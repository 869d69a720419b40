package exaudittest

import (
	"context"
	"errors"
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
	versions, err := exaudit.Collect(db.Versions(context.Background(), exaudit.After(last)))
	if err != nil {
		t.Fatalf("exaudit: versions after %s: %v", last, err)
	}
	return versions
}

// lastVersion is the place after the newest version.
func lastVersion(t testing.TB, db *exaudit.DB) audit.Cursor {
	t.Helper()
	newest, err := exaudit.First(db.Versions(context.Background(), exaudit.NewestFirst(), exaudit.Limit(1)))
	switch {
	case errors.Is(err, audit.ErrNotFound):
		return ""
	case err != nil:
		t.Fatalf("exaudit: the newest version: %v", err)
	}
	return newest.Cursor()
}
