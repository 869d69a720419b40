package pgtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Statements counts the statements that a connection sends.
type Statements struct{ Sent int }

// TraceQueryStart counts a statement.
func (s *Statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	s.Sent++
	return ctx
}

// TraceQueryEnd has nothing to do.
func (*Statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// ConnectCounting connects to the database, as Connect does for the role of the pool, and counts what is sent.
func (db *DB) ConnectCounting(t testing.TB) (*pgx.Conn, *Statements) {
	t.Helper()
	ctx := context.Background()
	config, err := pgx.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	sent := &Statements{}
	config.Tracer = sent
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return conn, sent
}
