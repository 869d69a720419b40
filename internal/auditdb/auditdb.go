// Package auditdb gives tests databases in which exaudit is initialised.
package auditdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// New gives a database with schema exaudit, on which the statements of schema have been
// run, if it is not empty.
func New(t testing.TB, schema string) *pgtest.DB {
	t.Helper()
	db := Prepared(t, "")
	if schema != "" {
		db.Exec(t, schema)
	}
	return db
}

// Prepared returns a clone of a database with schema exaudit on which the statements have been run: for those that take
// long, and that several tests share.
func Prepared(t testing.TB, statements string) *pgtest.DB {
	t.Helper()
	template, err := template(statements)
	if err != nil {
		t.Fatal(err)
	}
	return pgtest.New(t, template)
}

// ForExamples returns a database with schema exaudit for a package's examples.
func ForExamples() *pgtest.DB {
	template, err := template("")
	if err != nil {
		panic(err)
	}
	return pgtest.ForExamples(template)
}

func template(statements string) (pgtest.Option, error) {
	name, err := digest(statements)
	return pgtest.Template("exaudit_"+name, func(ctx context.Context, url string) error {
		config, err := pgx.ParseConfig(url)
		if err != nil {
			return err
		}
		if _, err := sql.Up(ctx, config); err != nil || statements == "" {
			return err
		}
		return pgtest.Run(ctx, url, statements)
	}), err
}

// Install puts triggers on the named tables. With EXAUDIT_TEST_OPTION=statement, those that
// can be are recorded by statement, with toast the others: what is recorded must be the same.
func Install(t testing.TB, db *pgtest.DB, tables ...string) {
	t.Helper()
	if _, err := triggers.Install(context.Background(), db.Pool, tables); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		ByOption(t, db, table, audit.TableOptions{})
	}
}

// ByOption gives a tracked table its options with the one of Install, unless they say it or do
// not go with it: then it stays as it is.
func ByOption(t testing.TB, db *pgtest.DB, table string, o audit.TableOptions) {
	t.Helper()
	switch {
	case Option() == "statement" && o.Trigger == "" && !o.SkipUntouchedTOAST:
		o.Trigger = audit.StatementLevel
	case Option() == "toast" && o.Trigger != audit.StatementLevel:
		o.SkipUntouchedTOAST = o.Updates != audit.UpdatesFull
	default:
		return
	}
	_, err := triggers.Install(context.Background(), db.Pool, []string{table},
		triggers.WithOptions(map[string]audit.TableOptions{table: o}))
	if refused := (*audit.InvalidError)(nil); errors.As(err, &refused) && refused.Name == "trigger" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if o.Trigger == audit.StatementLevel {
		pgtest.Count(t, "by-statement", 1)
	}
}

// Option is that of the tables of Install, "" where they have none.
func Option() string { return os.Getenv("EXAUDIT_TEST_OPTION") }

// digest tells templates of different migrations and statements apart.
func digest(statements string) (string, error) {
	hash := sha256.New()
	hash.Write([]byte(statements))
	names, err := fs.Glob(sql.Files, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		content, err := sql.Files.ReadFile(name)
		if err != nil {
			return "", err
		}
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil)[:6]), nil
}
