package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/examples/shop/store"
)

// server keeps orders. Its queries are sqlc's, unchanged; that they run on an exaudit.DB
// is all there is to auditing.
type server struct {
	db      *exaudit.DB
	queries *store.Queries
}

func newServer(db *exaudit.DB) http.Handler {
	s := &server{db, store.New(db)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", answer(s.create))
	mux.HandleFunc("GET /orders", answer(s.asOf))
	mux.HandleFunc("GET /orders/{id}", answer(s.show))
	mux.HandleFunc("PATCH /orders/{id}", answer(s.setStatus))
	mux.HandleFunc("DELETE /orders/{id}", answer(s.delete))
	mux.HandleFunc("GET /orders/{id}/history", answer(s.history))
	mux.HandleFunc("POST /versions/{id}/revert", answer(s.revert))
	mux.HandleFunc("GET /ready", s.ready)
	return exaudit.RequestMiddleware(exaudit.Middleware(who)(mux))
}

// who is what the audit records of a request. A real service would take the actor from its
// session.
func who(r *http.Request) exaudit.Custom {
	return exaudit.Custom{"actor": r.Header.Get("X-Actor"), "request": r.Method + " " + r.URL.Path}
}

// ready is for a readiness probe: without triggers, no request should change anything.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.db.Covered(r.Context(), "orders", "order_items"); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

type order struct {
	store.Order
	Items []store.OrderItem `json:"items"`
}

func (s *server) create(r *http.Request) (any, error) {
	var asked order
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return nil, problem{http.StatusBadRequest, err}
	}
	ctx := r.Context()
	var id int64
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		q := s.queries.WithTx(tx)
		created, err := q.CreateOrder(ctx, store.CreateOrderParams{Customer: asked.Customer, Address: asked.Address})
		if err != nil {
			return err
		}
		items := make([]store.AddItemsParams, len(asked.Items))
		for i, item := range asked.Items {
			items[i] = store.AddItemsParams{OrderID: created.ID, Sku: item.Sku, Quantity: item.Quantity, Price: item.Price}
		}
		id = created.ID
		_, err = q.AddItems(ctx, items)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.order(ctx, id)
}

func (s *server) show(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	return s.order(r.Context(), id)
}

func (s *server) order(ctx context.Context, id int64) (order, error) {
	found, err := s.queries.Order(ctx, id)
	if err != nil {
		return order{}, err
	}
	items, err := s.queries.ItemsOf(ctx, id)
	return order{found, items}, err
}

func (s *server) setStatus(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	var asked struct{ Status store.OrderStatus }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		return nil, problem{http.StatusBadRequest, err}
	}
	return s.queries.SetStatus(r.Context(), store.SetStatusParams{ID: id, Status: asked.Status})
}

func (s *server) delete(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	deleted, err := s.queries.DeleteOrder(r.Context(), id)
	if err == nil && deleted == 0 {
		err = pgx.ErrNoRows
	}
	return nil, err
}

// revert takes a version back, and all later ones of its row.
func (s *server) revert(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	undone, err := s.db.Revert(r.Context(), id, nil)
	if err != nil {
		return nil, err
	}
	return undone.Patch, nil
}

func idOf(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, problem{http.StatusBadRequest, err}
	}
	return id, nil
}

// problem is an error that the client made.
type problem struct {
	status int
	error
}

// answer writes what a handler gives as JSON.
func answer(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		result, err := handle(r)
		if err != nil {
			status := statusOf(err)
			message := err.Error()
			if status == http.StatusInternalServerError { // nobody's business
				log.Printf("shop: %s %s: %v", r.Method, r.URL.Path, err)
				message = http.StatusText(status)
			}
			http.Error(w, message, status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result) // the client has gone
	}
}

func statusOf(err error) int {
	var p problem
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &p):
		return p.status
	case errors.Is(err, pgx.ErrNoRows), errors.Is(err, audit.ErrNotFound):
		return http.StatusNotFound
	case errors.As(err, new(*audit.DivergedError)), errors.Is(err, audit.ErrPlanStale), errors.Is(err, audit.ErrNothingToDo),
		errors.As(err, new(*audit.WriteError)):
		return http.StatusConflict
	case errors.As(err, &pgErr) && (strings.HasPrefix(pgErr.Code, "22") || pgErr.Code == "XA011" || pgErr.Code == "XA012"):
		// no such status, or a time before the history begins or in the future
		return http.StatusBadRequest
	default:
		return http.StatusInternalServerError
	}
}
