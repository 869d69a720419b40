package exaudit

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tx is a transaction, or a nested one, that tells the triggers what the context of each
// statement says, and where that says nothing, what the context of its beginning said.
// Custom data stays in force until it is replaced, so it only travels when it differs.
type tx struct {
	pgx.Tx
	wire func() wire
	// base is what the context said that the transaction began with.
	base session
	// outer is the transaction that this one is nested in, else nil.
	outer *tx
	// before is the state in which a nested transaction began.
	before state
	// pooled is to be released when the transaction ends, if it is not nil.
	pooled *pgxpool.Conn
	// begun means that a DB has begun it.
	begun, closed bool
	*state
}

// state is what is known of the session's settings, shared by nested transactions.
type state struct {
	// have is what the session has, if that is known.
	have  session
	known bool
	// origin is what the transaction had from elsewhere, if that is known.
	origin      session
	originKnown bool
}

// untold is a transaction whose statements carry nothing: this package's own see to that
// themselves, and leave the session as it was.
func untold(t pgx.Tx) pgx.Tx {
	if audited, ok := t.(*tx); ok {
		return audited.Tx
	}
	return t
}

// lead is what has to go ahead of a statement, nil if nothing.
func (t *tx) lead(ctx context.Context) (*lead, error) {
	s := saidBy(ctx)
	want := t.base
	if !s.nothing() {
		if s.err != nil {
			return nil, s.err
		}
		want = s.session.over(t.base)
	}
	return t.leadTo(want), nil
}

// leadTo makes what is wanted, where that says something, what the session has.
func (t *tx) leadTo(want session) *lead {
	l := &lead{}
	if !t.originKnown {
		if want == (session{}) {
			return nil
		}
		l.read = func(found session) { t.origin, t.originKnown = found, true }
		l.done = func() { t.have, t.known = want.over(t.origin), true }
		l.setAll(want)
		return l
	}
	want = want.over(t.origin)
	if t.known && t.have == want {
		return nil
	}
	if !t.known || t.have.custom != want.custom {
		l.set(customSetting, want.custom)
	}
	if !t.known || t.have.ignore != want.ignore {
		l.set(ignoreSetting, want.ignore)
	}
	l.done = func() { t.have, t.known = want, true }
	return l
}

// observe forgets what the session has where a statement may have brought back an earlier
// savepoint, or begun the next transaction.
func (t *tx) observe(sql string, tag pgconn.CommandTag) {
	if end := tag.String(); end == "ROLLBACK" || end == "COMMIT" || several(sql) {
		t.known = false
	}
}

// foresee is observe for a query, whose tag comes later.
func (t *tx) foresee(sql string) {
	if !t.known {
		return
	}
	switch strings.ToLower(firstWord(sql)) {
	case "rollback", "abort", "commit", "end":
		t.known = false
	}
}

// firstWord is the first word of a statement that is no comment.
func firstWord(sql string) string {
	for {
		sql = strings.TrimLeftFunc(sql, unicode.IsSpace)
		switch {
		case strings.HasPrefix(sql, "--"):
			_, sql, _ = strings.Cut(sql, "\n")
		case strings.HasPrefix(sql, "/*"):
			_, sql, _ = strings.Cut(sql, "*/")
		default:
			rest := strings.TrimLeftFunc(sql, unicode.IsLetter)
			return sql[:len(sql)-len(rest)]
		}
	}
}

func (t *tx) line() line { return line{to: t.Tx, conn: t.Tx.Conn(), wire: t.wire(), inTx: true} }

// ours tells whether the transaction was begun by a DB and is still open: only then is the
// connection certainly its own.
func (t *tx) ours() bool { return t.begun && !t.ended() }

func (t *tx) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	lead, err := t.lead(ctx)
	switch {
	case err != nil:
		return tag, err
	case lead == nil:
		tag, err = t.Tx.Exec(ctx, sql, args...)
	case t.ours() && t.line().takesText(lead, sql, args):
		tag, err = t.line().execText(ctx, lead, sql)
	case len(args) == 0 || t.wire().solitary(sql, args):
		if err = lead.send(ctx, t.Tx); err == nil {
			tag, err = t.Tx.Exec(ctx, sql, args...)
		}
	default:
		tag, err = t.line().launch(ctx, lead, sql, args).exec()
	}
	t.observe(sql, tag)
	return tag, err
}

func (t *tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	lead, err := t.lead(ctx)
	if err != nil {
		return failedRows(err), err
	}
	defer t.foresee(sql)
	if lead == nil {
		return t.Tx.Query(ctx, sql, args...)
	}
	if t.wire().solitary(sql, args) {
		if err := lead.send(ctx, t.Tx); err != nil {
			return failedRows(err), err
		}
		return t.Tx.Query(ctx, sql, args...)
	}
	return t.line().launch(ctx, lead, sql, args).query()
}

func (t *tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if lead, err := t.lead(ctx); lead == nil && err == nil {
		t.foresee(sql)
		return t.Tx.QueryRow(ctx, sql, args...)
	}
	result, _ := t.Query(ctx, sql, args...) // which has the error
	return row{result}
}

func (t *tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	lead, err := t.lead(ctx)
	if err != nil {
		return 0, err
	}
	if lead != nil {
		if err := lead.send(ctx, t.Tx); err != nil {
			return 0, err
		}
	}
	return t.Tx.CopyFrom(ctx, table, columns, source)
}

func (t *tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	lead, err := t.lead(ctx)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	t.known = false // who knows what is in the batch
	if lead == nil || b.Len() == 0 {
		return t.Tx.SendBatch(ctx, b)
	}
	lead.done = nil
	return sendBatch(ctx, t.Tx, b, lead, nil)
}

// Begin starts a nested transaction. What its context says counts until it ends, and is sent
// with its first statement.
func (t *tx) Begin(ctx context.Context) (pgx.Tx, error) {
	s := saidBy(ctx)
	base := t.base
	if !s.nothing() {
		if s.err != nil {
			return nil, s.err
		}
		base = s.session.over(base)
	}
	begun, err := t.Tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &tx{Tx: begun, wire: t.wire, base: base, outer: t, before: *t.state, begun: t.begun, state: t.state}, nil
}

// Commit of a nested transaction gives the session back what it had: a savepoint that is
// released leaves settings behind.
func (t *tx) Commit(ctx context.Context) error {
	if t.outer != nil && t.originKnown && !t.ended() && t.Tx.Conn().PgConn().TxStatus() == 'T' {
		want := t.outer.base
		if t.before.known {
			want = t.before.have
		}
		if lead := t.outer.leadTo(want); lead != nil {
			if err := lead.send(ctx, t.Tx); err != nil {
				return err
			}
		}
	}
	defer t.close()
	return t.Tx.Commit(ctx)
}

func (t *tx) close() {
	t.closed = true
	if t.pooled != nil {
		t.pooled.Release()
	}
}

// Rollback of a nested transaction brings back what the session had when that began.
func (t *tx) Rollback(ctx context.Context) error {
	defer t.close()
	err := t.Tx.Rollback(ctx)
	if err == nil && t.outer != nil {
		t.have, t.known = t.before.have, t.before.known
	}
	return err
}

// ended tells whether the transaction, or one around it, has ended, so that its connection
// may be another's.
func (t *tx) ended() bool { return t.closed || t.outer != nil && t.outer.ended() }

// Tell makes the triggers record, from here on, what ctx says: what statements do by
// themselves, for those that go another way, as package stdlib's queries do.
func (t *tx) Tell(ctx context.Context) error {
	lead, err := t.lead(ctx)
	if err != nil || lead == nil {
		return err
	}
	return lead.send(ctx, t.Tx)
}

// Stamp gives the changes that a transaction makes from here on the custom data of ctx. It
// ends with the transaction.
func Stamp(ctx context.Context, to pgx.Tx) error {
	s := saidBy(ctx)
	if err := CustomErr(ctx); err != nil {
		return err
	}
	if s == nil {
		s = &said{}
	}
	l := &lead{}
	if t, ok := to.(*tx); ok {
		t.base = s.session
		if l = t.leadTo(t.base); l == nil {
			return nil
		}
		to = t.Tx
	} else {
		l.set(customSetting, s.session.custom)
		l.set(ignoreSetting, s.ignore)
	}
	if err := l.send(ctx, to); err != nil {
		return fmt.Errorf("set custom data: %w", err)
	}
	return nil
}
