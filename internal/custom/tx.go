package custom

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/preamble"
)

// tx is a transaction, or a nested one, that sets the custom data of each statement's context,
// and where that has none, that of the context with which it began. Custom data stays set
// until it is replaced, so a preamble is only sent when it differs. In a transaction that was
// begun elsewhere, it is set for one statement: what else is done there keeps its own.
type tx struct {
	pgx.Tx
	// conn is nil if the transaction has none.
	conn *pgx.Conn
	// base has the values of the context with which the transaction began.
	base preamble.Values
	// stamped means that base counts with its empty values too, in a transaction begun elsewhere.
	stamped bool
	// outer is the transaction that this one is nested in, else nil.
	outer *tx
	// before is what was known of the session when a nested transaction began.
	before session
	// release is to be called when the transaction has ended, if it is not nil.
	release func(error) error
	// begun means that a DB has begun it.
	begun, closed bool
	*session
}

// session is what is known of the session's settings, shared by nested transactions.
type session struct {
	// current are the session's values, if they are known.
	current      preamble.Values
	currentKnown bool
	// original are the values that the transaction had from elsewhere, if they are known.
	original      preamble.Values
	originalKnown bool
}

// newTx returns the tx of a transaction that a DB has begun, with the values of its context.
func newTx(begun pgx.Tx, base preamble.Values) *tx {
	// without values, those of the session are only read when a statement has some
	return &tx{
		Tx: begun, conn: connOf(begun), base: base, begun: true,
		session: &session{currentKnown: true, originalKnown: base.Custom != ""},
	}
}

// pending is the preamble that has to precede a statement.
type pending struct {
	preamble.Preamble
	// onApplied is called when the session has the values, if it is not nil.
	onApplied func()
}

// done is to be called after the statement, with whether the preamble was applied.
func (p *pending) done(applied bool) {
	if applied && p.onApplied != nil {
		p.onApplied()
	}
}

// pendingFor returns the preamble that has to precede a statement, nil if none has to.
func (t *tx) pendingFor(ctx context.Context, sql string) (*pending, error) {
	want, err := t.wanted(ctx)
	if err != nil || t.conn == nil || !mayChangeRowsOn(t.conn, sql) {
		return nil, err
	}
	return t.pendingTo(want)
}

// wanted returns the values for what is done with a context.
func (t *tx) wanted(ctx context.Context) (preamble.Values, error) {
	return valuesOf(ctx).Or(t.base), Err(ctx)
}

// pendingTo returns the preamble after which the session has the values that are not empty.
func (t *tx) pendingTo(want preamble.Values) (*pending, error) {
	if !t.begun {
		return t.pendingForOne(want)
	}
	if t.ended() {
		return nil, nil // pgx reports it
	}
	if !t.originalKnown {
		if want == (preamble.Values{}) {
			return nil, nil
		}
		p := &pending{Preamble: want.Preamble()}
		p.Read = func(found preamble.Values) { t.original, t.originalKnown = found, true }
		p.onApplied = func() { t.current, t.currentKnown = want.Or(t.original), true }
		return p, nil
	}
	want = want.Or(t.original)
	if t.currentKnown && t.current == want {
		return nil, nil
	}
	p := &pending{onApplied: func() { t.current, t.currentKnown = want, true }}
	if !t.currentKnown || t.current.Custom != want.Custom {
		p.Custom = &want.Custom
	}
	if !t.currentKnown || t.current.Ignore != want.Ignore {
		p.Ignore = &want.Ignore
	}
	return p, nil
}

// pendingForOne returns the preamble that sets the values for one statement of a transaction
// that was begun elsewhere. It may have ended there: then its connection is another's.
func (t *tx) pendingForOne(want preamble.Values) (*pending, error) {
	if want == (preamble.Values{}) && !t.stamped {
		return nil, nil
	}
	if err := checkOpen(t.Tx); err != nil {
		return nil, err
	}
	p := &pending{Preamble: want.Preamble()}
	if t.stamped {
		p.Preamble = want.FullPreamble()
	}
	p.Restore = true
	return p, nil
}

// checkOpen returns an error if a transaction has ended. Nothing is sent, or traced.
func checkOpen(t pgx.Tx) error { return t.SendBatch(context.Background(), &pgx.Batch{}).Close() }

// noteExecuted forgets the current values where a statement may have rolled back to a
// savepoint, or begun the next transaction.
func (t *tx) noteExecuted(sql string, tag pgconn.CommandTag) {
	if end := tag.String(); end == "ROLLBACK" || end == "COMMIT" || multiStatement(sql) {
		t.currentKnown = false
	}
}

// noteQuery is noteExecuted for a query, whose tag is only known later.
func (t *tx) noteQuery(sql string) {
	if !t.currentKnown {
		return
	}
	switch first, _ := firstWord(skipComments(sql)); first {
	case "rollback", "abort", "commit", "end":
		t.currentKnown = false
	}
}

func (t *tx) executor() executor {
	return executor{target: t.Tx, conn: t.conn, protocol: protocolOf(t.conn)}
}

func (t *tx) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	p, err := t.pendingFor(ctx, sql)
	if err != nil {
		return tag, err
	}
	if p == nil {
		tag, err = t.Tx.Exec(ctx, sql, args...)
	} else {
		var applied bool
		tag, applied, err = t.executor().exec(ctx, p.Preamble, sql, args)
		p.done(applied)
	}
	t.noteExecuted(sql, tag)
	return tag, err
}

func (t *tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	p, err := t.pendingFor(ctx, sql)
	if err != nil {
		return failedRows(err), err
	}
	defer t.noteQuery(sql)
	if p == nil {
		return t.Tx.Query(ctx, sql, args...)
	}
	result, applied, err := t.executor().query(ctx, p.Preamble, sql, args)
	p.done(applied)
	return result, err
}

func (t *tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	p, err := t.pendingFor(ctx, sql)
	if p == nil && err == nil {
		t.noteQuery(sql)
		return t.Tx.QueryRow(ctx, sql, args...)
	}
	if err != nil {
		return row{failedRows(err)}
	}
	defer t.noteQuery(sql)
	result, applied, _ := t.executor().query(ctx, p.Preamble, sql, args) // result has the error
	p.done(applied)
	return row{result}
}

func (t *tx) CopyFrom(
	ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource,
) (int64, error) {
	p, err := t.pendingFor(ctx, "COPY")
	if err != nil {
		return 0, err
	}
	if p == nil {
		return t.Tx.CopyFrom(ctx, table, columns, source)
	}
	defer p.done(true) // if it was not applied, the transaction is aborted
	return t.executor().copyFrom(ctx, p.Preamble, table, columns, source)
}

func (t *tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	p, err := t.pendingFor(ctx, "COPY")
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	t.currentKnown = false // the batch may have any statement
	if p == nil || b.Len() == 0 {
		return t.Tx.SendBatch(ctx, b)
	}
	return t.executor().sendBatch(ctx, p.Preamble, b)
}

// Begin begins a nested transaction. The values of its context count until it ends; they are
// sent with its first statement.
func (t *tx) Begin(ctx context.Context) (pgx.Tx, error) {
	base, err := t.wanted(ctx)
	if err != nil {
		return nil, err
	}
	begun, err := t.Tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &tx{
		Tx: begun, conn: t.conn, base: base, stamped: t.stamped, outer: t,
		before: *t.session, begun: t.begun, session: t.session,
	}, nil
}

// Commit of a nested transaction first sets the values that the session had before it: a
// savepoint that is released keeps the settings that were made after it.
func (t *tx) Commit(ctx context.Context) error {
	defer t.close()
	if t.outer != nil && t.begun && t.originalKnown && !t.ended() && t.conn.PgConn().TxStatus() == 'T' {
		want := t.outer.base
		if t.before.currentKnown && t.before.current != (preamble.Values{}) {
			want = t.before.current
		}
		if err := t.apply(ctx, want); err != nil {
			return err
		}
	}
	return t.Tx.Commit(ctx)
}

func (t *tx) close() {
	if t.release != nil && !t.closed {
		_ = t.release(nil)
	}
	t.closed = true
}

// Rollback of a nested transaction restores the values that the session had before it.
func (t *tx) Rollback(ctx context.Context) error {
	defer t.close()
	err := t.Tx.Rollback(ctx)
	if err == nil && t.outer != nil {
		t.current, t.currentKnown = t.before.current, t.before.currentKnown
	}
	return err
}

// ended reports whether the transaction, or one around it, has ended, so that its connection
// may be another's.
func (t *tx) ended() bool { return t.closed || t.outer != nil && t.outer.ended() }

// apply sets values at once, without a statement that follows.
func (t *tx) apply(ctx context.Context, want preamble.Values) error {
	p, err := t.pendingTo(want)
	if p == nil || err != nil {
		return err
	}
	p.Restore = false
	err = p.Send(ctx, t.conn.PgConn(), protocolOf(t.conn).simple())
	p.done(err == nil)
	return err
}

// ApplyBase sets the values with which the transaction began that the DB is of, for statements
// that are run on its Unwrap.
func (d *DB) ApplyBase(ctx context.Context) error {
	if d.tx == nil || !d.tx.begun || d.tx.conn == nil {
		return nil
	}
	return d.tx.apply(ctx, d.tx.base)
}

// UnwrapTx returns the transaction of pgx of which one of a DB is, after ApplyBase.
func UnwrapTx(ctx context.Context, wrapped pgx.Tx) (pgx.Tx, error) {
	t, ok := wrapped.(*tx)
	if !ok {
		return wrapped, nil
	}
	return t.Tx, New(t).ApplyBase(ctx)
}

// Stamp sets the custom data of ctx for the changes that a transaction makes from here on.
func Stamp(ctx context.Context, to pgx.Tx) error {
	if err := Err(ctx); err != nil {
		return err
	}
	if err := stamp(ctx, to, valuesOf(ctx)); err != nil {
		return fmt.Errorf("set custom data: %w", err)
	}
	return nil
}

func stamp(ctx context.Context, to pgx.Tx, base preamble.Values) error {
	if t, ok := to.(*tx); ok {
		t.base = base
		if t.conn == nil {
			return nil
		}
		if t.begun {
			return t.apply(ctx, base)
		}
		t.stamped = true // for what is nested in it
		return nil
	}
	p := base.FullPreamble()
	if conn := connOf(to); conn != nil {
		if err := checkOpen(to); err != nil {
			return err
		}
		return p.Send(ctx, conn.PgConn(), protocolOf(conn).simple()) // not traced
	}
	b := &pgx.Batch{}
	sql, args := p.Query()
	b.Queue(sql, args...)
	return to.SendBatch(ctx, b).Close()
}
