// Package sql holds exaudit's own database schema as goose migrations, and applies them.
//
// goose keeps their state in exaudit_internal.goose_db_version, apart from the table in which an
// application's own goose keeps its migrations.
//
// It is not part of the public API: there is no promise of compatibility. Import package exaudit instead.
package sql

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

// Files are the migrations, for those who apply them by other means.
//
//go:embed *.sql
var Files embed.FS

// Version is the number of the newest migration.
const Version = 31

// Migration is one of Files, parsed.
type Migration struct {
	Version  int64
	Name     string // without .sql
	Up, Down string // with goose's annotations
}

// Migrations are Files in order.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(Files, "*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]Migration, len(names))
	for i, name := range names {
		content, err := Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		head, down, _ := strings.Cut(string(content), "-- +goose Down\n")
		comment, up, _ := strings.Cut(head, "-- +goose Up\n")
		m := Migration{Name: strings.TrimSuffix(name, ".sql"), Up: comment + up, Down: down}
		if m.Version, err = goose.NumericComponent(name); err != nil {
			return nil, err
		}
		list[i] = m
	}
	return list, nil
}
