package exaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/custom"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/reason"
)

func TestWith(t *testing.T) {
	t.Parallel()
	outer := exaudit.With(context.Background(), exaudit.Custom{"a": 1, "b": 1})
	inner := exaudit.With(outer, exaudit.Custom{"b": 2, "c": nil})
	if got := asJSON(t, customOf(inner)); got != `{"a":1,"b":2,"c":null}` {
		t.Errorf("inner is %s", got)
	}
	if got := asJSON(t, customOf(outer)); got != `{"a":1,"b":1}` {
		t.Errorf("outer became %s", got)
	}
	if got := customOf(exaudit.Without(inner)); got != nil {
		t.Errorf("Without left %v", got)
	}
	if ctx := exaudit.Ignore(inner); !custom.Ignored(ctx) || custom.Ignored(inner) || len(customOf(ctx)) != 3 {
		t.Error("Ignore is not beside the custom data")
	}
}

// What cannot be stored fails before anything is sent, and says where it comes from.
func TestInvalidCustom(t *testing.T) {
	t.Parallel()
	pool := poolOf(t, pgtest.New(t), pgx.QueryExecModeExec)
	pool.Close() // whatever is sent would fail otherwise
	db := exaudit.New(pool)
	for _, test := range []struct {
		custom exaudit.Custom
		want   any
		says   string
	}{
		{exaudit.Custom{"actor": make(chan int)}, audit.InvalidCustom, `key "actor"`},
		{exaudit.Custom{"actor": json.RawMessage(`{`)}, audit.InvalidCustom, `key "actor"`},
		{exaudit.Custom{"nul": "a\x00b"}, audit.InvalidCustom, `key "nul"`},
		{exaudit.Custom{"a\x00b": 1}, audit.InvalidCustom, `NUL`},
		{exaudit.Custom{"half": json.RawMessage(`"\ud800x"`)}, audit.InvalidCustom, `surrogate`},
		{exaudit.Custom{"half": json.RawMessage(`"\udc00"`)}, audit.InvalidCustom, `surrogate`},
		{exaudit.Custom{"raw": json.RawMessage("\"\xff\"")}, audit.InvalidCustom, `UTF-8`},
		{exaudit.Custom{"big": json.Number("1e131072")}, audit.InvalidCustom, `range`},
		{exaudit.Custom{"small": []any{"1e9\"", json.Number("-1.5E-16383")}}, audit.InvalidCustom, `range`},
		{exaudit.Custom{"huge": json.Number("1e99999999999999999999")}, audit.InvalidCustom, `range`},
		{exaudit.Custom{"long": strings.Repeat("x", exaudit.MaxCustomSize)}, audit.CustomTooLarge, `65536`},
	} {
		ctx := exaudit.With(exaudit.With(context.Background(), test.custom), exaudit.Custom{"fine": 1})
		_, exec := db.Exec(ctx, `SELECT 1`)
		_, query := db.Query(ctx, `SELECT 1`)
		_, begin := db.Begin(ctx)
		_, revert := db.Revert(ctx, 1, nil)
		_, copied := db.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"a"}, pgx.CopyFromRows(nil))
		b := &pgx.Batch{}
		b.Queue(`SELECT 1`)
		for name, err := range map[string]error{
			"Exec": exec, "Query": query, "QueryRow": db.QueryRow(ctx, `SELECT 1`).Scan(), "Begin": begin, "Revert": revert,
			"CopyFrom": copied, "SendBatch": db.SendBatch(ctx, b).Close(), "Stamp": exaudit.Stamp(ctx, nil), "CustomErr": customErr(ctx),
		} {
			if !reason.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "custom_test.go") {
				t.Errorf("%s: got %v, want %v with %s", name, err, test.want, test.says)
			}
		}
	}
	for _, fine := range []exaudit.Custom{{"a": `\u0000`}, {"a": "\U0001F600 \\"}, {"a": json.RawMessage(`"\ud83d\ude00"`)}, nil, {}} {
		if err := customErr(exaudit.With(context.Background(), fine)); err != nil {
			t.Errorf("%v: %v", fine, err)
		}
	}
}

type marshals struct{ error }

func (marshals) MarshalText() ([]byte, error) { return []byte("itself"), nil }

// Errors are stored as their texts.
func TestCustomError(t *testing.T) {
	t.Parallel()
	var none error
	var null *json.SyntaxError
	ctx := exaudit.With(context.Background(), exaudit.Custom{
		"a": errors.New("no"), "b": fmt.Errorf("in %w", errors.New("two")), "c": &pgconn.PgError{Severity: "ERROR", Message: "m", Code: "42P01"},
		"d": none, "e": null, "f": marshals{errors.New("x")}, "g": errors.Join(errors.New("1"), errors.New("2")),
	})
	const want = `{"a":"no","b":"in two","c":"ERROR: m (SQLSTATE 42P01)","d":null,"e":null,"f":"itself","g":"1\n2"}`
	var got string
	end(t, exaudit.New(poolOf(t, pgtest.New(t), pgx.QueryExecModeExec)).QueryRow(ctx, `SELECT current_setting('exaudit.custom')`).Scan(&got))
	if got != want || customErr(ctx) != nil {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCustomFrom(t *testing.T) {
	t.Parallel()
	type actor struct {
		ID   int64  `json:"actor_id"`
		Name string `json:"name,omitempty"`
	}
	custom, err := exaudit.CustomFrom(actor{ID: 9007199254740993})
	if err != nil || asJSON(t, custom) != `{"actor_id":9007199254740993}` {
		t.Errorf("%s, %v", asJSON(t, custom), err)
	}
	for _, v := range []any{7, nil, []int{1}, (*actor)(nil), make(chan int), actor{Name: "\x00"}} {
		if _, err := exaudit.CustomFrom(v); !reason.Is(err, audit.InvalidCustom) {
			t.Errorf("%T: got %v, want InvalidCustom", v, err)
		}
	}
}

// Custom data of any JSON arrives as it was, and Ignore works where the table allows it.
func TestCustomArrives(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, notes+`CREATE TABLE loud (id int PRIMARY KEY)`)
	adb := exaudit.New(db.Pool)
	_, err := adb.Install(ctx, []string{"notes", "loud"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"notes": {AllowIgnore: true}}})
	end(t, err)
	custom := exaudit.Custom{"q": `it's "\ <>&`, "n": json.Number("9007199254740993"), "big": json.Number("-1e131071"), "small": json.Number("0.1e-16382"), "deep": map[string]any{"list": []any{1, nil, "ä😀"}}}
	note(t, exaudit.With(ctx, custom), adb, "1")
	if got, want := pgtest.One[bool](t, db, `SELECT custom = $1::jsonb FROM exaudit.versions`, asJSON(t, custom)), true; got != want {
		t.Error("custom data is not what was said")
	}
	note(t, exaudit.Ignore(ctx), adb, "2")
	tx := begin(t, exaudit.Ignore(by(ctx, "a")), adb)
	note(t, ctx, tx, "3")
	end(t, tx.Commit(ctx))
	tx = begin(t, by(ctx, "a"), adb)
	note(t, exaudit.Ignore(ctx), tx, "4")
	note(t, ctx, tx, "5")
	end(t, tx.Commit(ctx))
	if _, err := adb.Exec(exaudit.Ignore(by(ctx, "b")), `INSERT INTO loud VALUES ($1)`, 1); err != nil {
		t.Error(err)
	}
	const sql = `SELECT string_agg(coalesce(after->>'body', 'loud') || ':' || coalesce(custom->>'who', '-'), ' ' ORDER BY id) FROM exaudit.versions`
	if got, want := pgtest.One[string](t, db, sql), "1:- 5:a loud:b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Custom data of a context replaces that of the role or the database, which is recorded without it.
func TestCustomOfTheDatabase(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, notes)
	auditdb.Install(t, db, "notes")
	db.Exec(t, `ALTER DATABASE `+pgx.Identifier{db.Name}.Sanitize()+` SET exaudit.custom = '{"source": "database"}'`)
	ctx := context.Background()
	for _, mode := range modes {
		adb := exaudit.New(poolOf(t, db, mode))
		for _, ctx := range []context.Context{ctx, by(ctx, "a"), exaudit.Without(by(ctx, "a")), ctx} {
			want := `{"source": "database"}`
			if customOf(ctx) != nil {
				want = `{"who": "a"}`
			}
			_, err := adb.Exec(ctx, `INSERT INTO notes (body) VALUES ($1)`, want)
			end(t, err)
			tx := begin(t, ctx, adb)
			_, err = tx.Exec(ctx, `INSERT INTO notes (body) VALUES ($1)`, want)
			end(t, err)
			end(t, tx.Commit(ctx))
		}
	}
	if n := pgtest.One[int](t, db, `SELECT count(*) FROM exaudit.versions WHERE custom::text IS DISTINCT FROM after->>'body'`); n != 0 {
		t.Errorf("%d versions have something else", n)
	}
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		id, address, want string
		generated         bool
	}{
		{"abc-123", "192.0.2.1:5000", "192.0.2.1", false},
		{"", "[2001:db8::1]:5000", "2001:db8::1", true},
		{strings.Repeat("x", 129), "@", "@", true},
		{"a b", "192.0.2.1:5000", "192.0.2.1", true},
		{"a\"; DROP", "192.0.2.1:5000", "192.0.2.1", true},
	} {
		var got exaudit.Custom
		var header string
		user := exaudit.Middleware(func(r *http.Request) exaudit.Custom {
			if name, _, ok := r.BasicAuth(); ok {
				return exaudit.Custom{"actor": name}
			}
			return nil
		})
		handler := exaudit.RequestMiddleware(user(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got, header = customOf(r.Context()), r.Header.Get("X-Request-Id")
		})))
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.address
		r.SetBasicAuth("ann", "")
		r.Header["X-Request-Id"] = []string{test.id}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		id := got["request_id"].(string)
		if (id != test.id) != test.generated || len(id) < 7 || header != id || w.Header().Get("X-Request-Id") != id {
			t.Errorf("%q: the id is %q, in the headers %q and %q", test.id, id, header, w.Header().Get("X-Request-Id"))
		}
		if got["remote_addr"] != test.want || got["actor"] != "ann" {
			t.Errorf("%q: %v", test.address, got)
		}
	}
}
