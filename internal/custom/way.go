package custom

import (
	"context"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/preamble"
)

// way is how custom data reaches the database with a statement; the package comment explains
// the ways.
type way int

const (
	// unchanged sends no preamble: the statement changes no rows.
	unchanged way = iota
	// pipelined injects the preamble into the messages by which pgx sends the statement.
	pipelined
	// pipelinedAlone is pipelined for a single statement without arguments, which pgx's Exec
	// would send by the simple protocol: it is sent by the extended protocol instead.
	pipelinedAlone
	// inText puts the preamble before the statement in one text, by the simple protocol.
	inText
	// separate sends the preamble before the statement, in a round trip of its own.
	separate
	// afterBegin sends the preamble after the first of several statements, which begins a
	// transaction.
	afterBegin
)

// chooseWay returns the way of a statement; exec means that it is sent by Exec.
func (e executor) chooseWay(ctx context.Context, exec bool, sql string, args []any) way {
	mode, options, rest, rewriter := splitOptions(args)
	if mode == 0 {
		mode = e.protocol.mode
	}
	text, prepared, known := preamble.Prepared(e.conn, sql)
	tooLarge := large(rest) || rewriter != nil && large([]any{rewriter})
	switch {
	case prepared && !mayChangeRows(text), !prepared && !mayChangeRows(sql):
		return unchanged
	case prepared && tooLarge:
		return separate
	case prepared: // pgx sends it by the extended protocol in each mode, and without arguments too
		return pipelined
	}
	if exec && len(args) == 0 && multiStatement(sql) && e.conn.PgConn().TxStatus() == 'I' {
		if begin, _ := splitBegin(sql); begin != "" {
			return afterBegin
		}
	}
	mayBeName := !known && !strings.ContainsFunc(sql, unicode.IsSpace) // of a prepared statement
	if mode == pgx.QueryExecModeSimpleProtocol {
		if options || mayBeName || multiStatement(sql) && !exec || e.protocol.batchTraced {
			return separate
		}
		return inText
	}
	if exec && rewriter != nil {
		// only the rewriter knows whether it leaves arguments; pgx reports its error
		_, left, err := rewriter.RewriteQuery(ctx, e.conn, sql, rest)
		if err == nil && len(left) == 0 {
			return separate
		}
	} else if exec && len(rest) == 0 {
		if mayBeName || multiStatement(sql) || strings.IndexByte(sql, '$') >= 0 {
			return separate
		}
		return pipelinedAlone
	}
	if tooLarge {
		return separate
	}
	return pipelined
}
