package test_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/sqlcapp/plain"
	"github.com/exaudit/exaudit/internal/sqlcapp/withdb"
)

var (
	_ plain.DBTX  = (*exaudit.DB)(nil)
	_ withdb.DBTX = (*exaudit.DB)(nil)
)

// What sqlc generates runs on a DB unchanged, and all of it is recorded with who did it.
func TestSQLC(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, library(t))
	auditdb.Install(t, db, "authors", "books")
	adb := exaudit.New(db.Pool)
	q := plain.New(adb)
	ctx := by(context.Background(), "ann")

	ada, err := q.CreateAuthor(ctx, "Ada")
	end(t, err)
	if n, err := q.ImportAuthors(ctx, []string{"Bob", "Cy"}); n != 2 || err != nil {
		t.Errorf("copied %d, %v", n, err)
	}
	q.CreateAuthors(ctx, []string{"Di", "Eve"}).QueryRow(func(i int, a plain.Author, err error) {
		if err != nil || a.ID != int64(4+i) {
			t.Errorf("%d: %+v, %v", i, a, err)
		}
	})
	if n, err := q.RenameAuthor(ctx, plain.RenameAuthorParams{ID: ada.ID, Name: "Ada L."}); n != 1 || err != nil {
		t.Errorf("renamed %d, %v", n, err)
	}
	id := pgtype.UUID{Bytes: [16]byte{1}, Valid: true}
	if _, err := q.CreateBook(ctx, plain.CreateBookParams{ID: id, Author: ada.ID, Title: "Notes"}); err != nil {
		t.Error(err)
	}
	q.RetitleBooks(ctx, []plain.RetitleBooksParams{{ID: id, Title: "Notes 2"}, {ID: id, Title: "Notes 3"}}).Exec(func(_ int, err error) {
		if err != nil {
			t.Error(err)
		}
	})
	q.BooksOf(ctx, []int64{ada.ID, 99}).Query(func(i int, books []plain.Book, err error) {
		if err != nil || len(books) != 1-i {
			t.Errorf("%d: %v, %v", i, books, err)
		}
	})
	// what fails at commit is an error of the query
	var pgErr *pgconn.PgError
	_, err = q.CreateBook(ctx, plain.CreateBookParams{ID: pgtype.UUID{Bytes: [16]byte{2}, Valid: true}, Author: 99, Title: "None"})
	if !errors.As(err, &pgErr) || pgErr.Code != "23503" {
		t.Errorf("got %v, want a foreign-key violation", err)
	}
	err = pgx.BeginFunc(ctx, adb, func(tx pgx.Tx) error {
		_, err := q.WithTx(tx).RenameAuthors(by(ctx, "bea"))
		return err
	})
	end(t, err)

	other := withdb.New()
	end(t, other.DeleteAuthor(ctx, adb, 5))
	if tag, err := other.DeleteAllBooks(ctx, adb); err != nil || tag.RowsAffected() != 1 {
		t.Errorf("%s, %v", tag, err)
	}
	if authors, err := other.ListAuthors(ctx, adb); err != nil || len(authors) != 4 {
		t.Errorf("%v, %v", authors, err)
	}
	const sql = `SELECT string_agg(n || ' ' || w, ', ' ORDER BY w) FROM (SELECT count(*) n, coalesce(custom->>'who', '-') w FROM exaudit.versions GROUP BY w) c`
	if got, want := pgtest.One[string](t, db, sql), "11 ann, 5 bea"; got != want {
		t.Errorf("versions: %s; want %s", got, want)
	}
}
