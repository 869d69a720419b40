package custom

import (
	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/preamble"
)

// protocol is how a connection is configured to send statements.
type protocol struct {
	mode   pgx.QueryExecMode
	tracer pgx.QueryTracer
	// batchTraced means that the tracer sees each query of a batch.
	batchTraced bool
}

// protocolOf returns the protocol of a connection, and keeps it there: pgx copies all of its
// configuration each time.
func protocolOf(conn *pgx.Conn) *protocol {
	const key = "github.com/exaudit/exaudit/internal/custom" // among all that is kept with the connection
	data := conn.PgConn().CustomData()
	if p, ok := data[key].(*protocol); ok {
		return p
	}
	config := conn.Config()
	p := &protocol{mode: config.DefaultQueryExecMode, tracer: config.Tracer}
	_, p.batchTraced = config.Tracer.(pgx.BatchTracer)
	if data != nil {
		data[key] = p
	}
	return p
}

// simple reports whether statements without a mode of their own use the simple protocol.
func (p *protocol) simple() bool { return p.mode == pgx.QueryExecModeSimpleProtocol }

// prepares reports whether pgx prepares statements, and keeps them.
func (p *protocol) prepares() bool { return p.mode == pgx.QueryExecModeCacheStatement }

// pipelines reports whether pgx sends a batch as a pipeline, query by query, in the order in
// which they were queued: not as one text, and not in one piece that it makes beforehand.
func (p *protocol) pipelines() bool {
	return p.mode != pgx.QueryExecModeSimpleProtocol && p.mode != pgx.QueryExecModeExec
}

// connOf returns the connection of a Conn or a pgx.Tx, nil where it has none, as mocks do.
func connOf(c any) (conn *pgx.Conn) {
	switch c := c.(type) {
	case *pgx.Conn:
		return c
	case interface{ Conn() *pgx.Conn }: // *pgxpool.Conn or pgx.Tx
		defer func() { _ = recover() }()
		return c.Conn()
	}
	return nil
}

// mayChangeRowsOn is mayChangeRows for a connection, on which sql may be the name of a
// prepared statement.
func mayChangeRowsOn(conn *pgx.Conn, sql string) bool {
	if text, prepared, _ := preamble.Prepared(conn, sql); prepared {
		return mayChangeRows(text)
	}
	return mayChangeRows(sql)
}
