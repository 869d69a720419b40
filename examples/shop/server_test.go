package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/exaudittest"
	"github.com/exaudit/exaudit/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shop is the service on a database of its own.
type shop struct {
	*testing.T
	http.Handler
	db  *exaudit.DB
	url string // of the database
}

func newShop(t *testing.T) shop {
	t.Helper()
	t.Parallel()
	pg := pgtest.New(t)
	if err := migrate(context.Background(), pg.Pool); err != nil {
		t.Fatal(err)
	}
	db := exaudit.New(pg.Pool)
	return shop{t, newServer(db), db, pg.URL}
}

// do sends a request as an actor and reads the answer.
func (s shop) do(actor, method, path, body string, wantStatus int, into any) {
	s.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Actor", actor)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != wantStatus {
		s.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, wantStatus, w.Body)
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			s.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
}

// After a later release was rolled back, this one starts, and records as before.
func TestStartsOnTheSchemaOfALaterRelease(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	pg := pgtest.New(t)
	if err := migrate(ctx, pg.Pool); err != nil {
		t.Fatal(err)
	}
	pg.Exec(t, `CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 99::bigint';
		CREATE OR REPLACE FUNCTION exaudit_internal.schema_digest() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''later''';
		INSERT INTO exaudit_internal.goose_db_version (version_id, is_applied) VALUES (99, true);
		INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, pg.URL, address) }()
	for listening := false; !listening; {
		select {
		case err := <-ended:
			t.Fatalf("the service ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			listening = true
			conn.Close()
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopped: %v", err)
	}
	db := exaudit.New(pg.Pool)
	s := shop{t, newServer(db), db, pg.URL}
	versions := exaudittest.Recorded(t, db, func() { s.do("ada", "POST", "/orders", checkout, http.StatusOK, nil) })
	if len(versions) != 3 {
		t.Errorf("%d versions, want 3", len(versions))
	}
	_, err = db.Install(context.Background(), []string{"orders"}, nil)
	if wrong, ok := errors.AsType[*audit.SchemaError](err); !ok || wrong.Reason != audit.NewerSchema {
		t.Errorf("install: %v, want NewerSchema", err)
	}
}

const checkout = `{"customer": "ada", "address": {"city": "Uppsala"}, "items": [
	{"sku": "pen", "quantity": 2, "price": 1.5}, {"sku": "ink", "quantity": 1, "price": 12}]}`

func TestEveryTableIsCovered(t *testing.T) {
	s := newShop(t)
	exaudittest.AssertCovered(t, s.db, "public", "goose_db_version")
}

func TestReady(t *testing.T) {
	s := newShop(t)
	s.do("", "GET", "/ready", "", http.StatusOK, nil)
	if err := s.db.Uninstall(context.Background(), []string{"order_items"}, nil); err != nil {
		t.Fatal(err)
	}
	s.do("", "GET", "/ready", "", http.StatusServiceUnavailable, nil)
}

func TestCheckout(t *testing.T) {
	s := newShop(t)
	versions := exaudittest.Recorded(t, s.db, func() {
		s.do("ada", "POST", "/orders", checkout, http.StatusOK, nil)
	})
	exaudittest.Golden(t, "testdata/checkout.golden", exaudittest.Text(versions, exaudittest.Hide("created_at", "request_id")))
}

func TestHistoryAndRevert(t *testing.T) {
	s := newShop(t)
	s.do("ada", "POST", "/orders", checkout, http.StatusOK, nil)
	s.do("bob", "PATCH", "/orders/1", `{"status": "cancelled"}`, http.StatusOK, nil)

	var changes []struct {
		Version int64
		Actor   string
		Action  audit.Action
		Order   struct{ Status string }
	}
	s.do("eve", "GET", "/orders/1/history", "", http.StatusOK, &changes)
	if len(changes) != 2 || changes[0].Order.Status != "new" || changes[1].Order.Status != "cancelled" || changes[1].Actor != "bob" {
		t.Fatalf("history is %+v", changes)
	}

	s.do("eve", "POST", fmt.Sprintf("/versions/%d/revert", changes[1].Version), "", http.StatusOK, nil)
	exaudittest.AssertHistory(t, s.db, "orders", 1,
		exaudittest.Want{Action: audit.Created, Custom: exaudit.Custom{"actor": "ada", "request": "POST /orders"}},
		exaudittest.Want{Action: audit.Updated, Changed: []string{"status"}, Custom: exaudit.Custom{"actor": "bob"}},
		exaudittest.Want{Action: audit.Updated, After: map[string]any{"status": "new"}, Rollback: true, Custom: exaudit.Custom{"actor": "eve"}},
	)
	s.do("eve", "POST", "/versions/999/revert", "", http.StatusNotFound, nil)
	s.do("eve", "PATCH", "/orders/1", `{"status": "nosuch"}`, http.StatusBadRequest, nil)
	s.do("eve", "GET", "/orders?at=2020-01-01T00:00:00Z", "", http.StatusBadRequest, nil)
}

func TestDeleteTakesItemsAlong(t *testing.T) {
	s := newShop(t)
	s.do("ada", "POST", "/orders", checkout, http.StatusOK, nil)
	before := time.Now()
	s.do("bob", "DELETE", "/orders/1", "", http.StatusOK, nil)
	s.do("bob", "GET", "/orders/1", "", http.StatusNotFound, nil)
	s.do("bob", "DELETE", "/orders/1", "", http.StatusNotFound, nil)
	exaudittest.AssertHistory(t, s.db, "order_items", exaudit.Key{1, "pen"},
		exaudittest.Want{Action: audit.Created},
		exaudittest.Want{Action: audit.Deleted, Custom: exaudit.Custom{"actor": "bob"}})

	var orders []struct{ Customer string }
	s.do("eve", "GET", "/orders?at="+url.QueryEscape(before.Format(time.RFC3339Nano)), "", http.StatusOK, &orders)
	if len(orders) != 1 || orders[0].Customer != "ada" {
		t.Errorf("orders before the delete are %+v", orders)
	}
}

// The migrations are what exaudit.yaml says: "exaudit generate" would write nothing.
func TestMigrationsAreUpToDate(t *testing.T) {
	s := newShop(t)
	command := exec.Command("go", "run", "../../cmd/exaudit", "generate", "--check")
	command.Env = append(os.Environ(), "EXAUDIT_DATABASE_URL="+s.url)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
