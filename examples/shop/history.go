package main

import (
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/examples/shop/store"
	"github.com/exaudit/exaudit/patch"
)

// change is one version of an order as the service tells of it.
type change struct {
	Version int64        `json:"version"`
	At      time.Time    `json:"at"`
	Actor   any          `json:"actor"`
	Action  audit.Action `json:"action"`
	Patch   patch.Patch  `json:"patch"`
	Order   *store.Order `json:"order"` // after the change, as sqlc's own struct
}

// history gives every change of an order, oldest first.
func (s *server) history(r *http.Request) (any, error) {
	id, err := idOf(r)
	if err != nil {
		return nil, err
	}
	changes := []change{}
	for v, err := range exaudit.History[store.Order](r.Context(), s.db, "orders", id) {
		if err != nil {
			return nil, err
		}
		changes = append(changes, change{v.ID, v.RecordedAt, v.Custom["actor"], v.Action, v.Patch, v.After})
	}
	return changes, nil
}

// asOf gives all orders as they were at a time, by a query that sqlc types as any other:
// "exaudit generate" has made orders_at.
func (s *server) asOf(r *http.Request) (any, error) {
	at, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("at"))
	if err != nil {
		return nil, problem{http.StatusBadRequest, err}
	}
	return s.queries.OrdersAt(r.Context(), pgtype.Timestamptz{Time: at, Valid: true})
}
