package exaudit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/snippets"
	"github.com/exaudit/exaudit/internal/sqlcapp/plain"
	"github.com/exaudit/exaudit/patch"
)

// example is the README's Go snippet; TestReadme compares them.
func example(ctx context.Context, pool *pgxpool.Pool) error {
	db := exaudit.New(pool)

	// Who does it, and why, travels in the context, here as it would be set by a middleware.
	ctx = exaudit.With(ctx, exaudit.Custom{"actor_id": 7, "request": "PATCH /orders/1"})

	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE orders SET status = 'cancelled' WHERE id = 1")
		return err
	})
	if err != nil {
		return err
	}

	versions, err := exaudit.Collect(db.History(ctx, "orders", 1))
	if err != nil {
		return err
	}
	for _, v := range versions {
		fmt.Println(v.Action, v.Custom["actor_id"])
		fmt.Println(patch.Text(v.Patch))
	}

	undone, err := db.Revert(ctx, versions[1].ID, nil)
	if err != nil {
		return err
	}
	fmt.Println("undone:", patch.Text(undone.Patch))
	return nil
}

func ExampleNew() {
	var pool *pgxpool.Pool // of the application
	insert := func(ctx context.Context, pool *pgxpool.Pool) (plain.Author, error) {
		db := exaudit.New(pool)
		queries := plain.New(db)

		ctx = exaudit.With(ctx, exaudit.Custom{"actor_id": 7})
		author, err := queries.CreateAuthor(ctx, "Ada")
		return author, err
	}
	if pool != nil {
		_, _ = insert(context.Background(), pool)
	}
}

func ExampleWith() {
	ctx := exaudit.With(context.Background(), exaudit.Custom{"actor_id": 7, "reason": "import"})
	ctx = exaudit.With(ctx, exaudit.Custom{"reason": "correction"})
	fmt.Println(exaudit.CustomFromContext(ctx))
	// Output: map[actor_id:7 reason:correction] <nil>
}

func ExampleCustomFrom() {
	custom, err := exaudit.CustomFrom(struct {
		Actor int64 `json:"actor_id"`
	}{7})
	fmt.Printf("%s %v\n", custom["actor_id"], err)
	// Output: 7 <nil>
}

func ExampleMiddleware() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		custom, err := exaudit.CustomFromContext(r.Context())
		fmt.Println(custom["actor"], custom["request_id"], err)
	})
	user := exaudit.Middleware(func(r *http.Request) exaudit.Custom {
		if name, _, ok := r.BasicAuth(); ok {
			return exaudit.Custom{"actor": name}
		}
		return nil
	})
	handler := exaudit.RequestMiddleware(user(mux))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Request-Id", "r-1")
	r.SetBasicAuth("ann", "")
	handler.ServeHTTP(httptest.NewRecorder(), r)
	// Output: ann r-1 <nil>
}

func TestReadmeExample(t *testing.T) {
	t.Parallel()
	db, adb := audited(t, orders, "orders")
	db.Exec(t, `INSERT INTO orders (total) VALUES (1)`)
	if err := example(context.Background(), db.Pool); err != nil {
		t.Fatal(err)
	}
	if v := historyOf(t, adb, "orders", 1)[2]; !v.Rollback || fmt.Sprint(v.Custom["actor_id"]) != "7" {
		t.Errorf("the revert is not recorded as one of actor 7: %+v", v)
	}
}

// The README's Go is what is tested elsewhere, line by line.
func TestReadmeSnippets(t *testing.T) {
	t.Parallel()
	for i, file := range []string{"example_test.go", "examples/shop/server.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(snippets.Of(t, "README.md", "go")[i]) {
			if !strings.Contains(string(source), strings.TrimSpace(line)) {
				t.Errorf("the README's snippet is not in %s: %s", file, line)
			}
		}
	}
}
