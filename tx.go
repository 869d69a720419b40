package exaudit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/internal/ahead"
)

// tx is a transaction, or a nested one, that tells the triggers what the context of each
// statement says, and where that says nothing, what the context of its beginning said.
// Custom data stays in force until it is replaced, so it only travels when it differs. In a
// transaction that was begun elsewhere, it is in force for one statement: what else is done
// there knows nothing of it.
type tx struct {
	pgx.Tx
	// conn is nil if the transaction cannot tell.
	conn *pgx.Conn
	// base is what the context said that the transaction began with.
	base session
	// stamped means that base is also what it does not say, in a transaction begun elsewhere.
	stamped bool
	// outer is the transaction that this one is nested in, else nil.
	outer *tx
	// before is the state in which a nested transaction began.
	before state
	// end is to be called when the transaction ends, if it is not nil.
	end func(error) error
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

// need is what has to go ahead of a statement.
type need struct {
	ahead.Settings
	// done is called when the session has what was set.
	done func()
}

// met is to be called after a statement, which has told the session or not.
func (n *need) met(told bool) {
	if told && n.done != nil {
		n.done()
	}
}

// need is what has to go ahead of a statement, nil if nothing.
func (t *tx) need(ctx context.Context, sql string) (*need, error) {
	s := saidBy(ctx)
	want := t.base
	if !s.nothing() {
		if s.err != nil {
			return nil, s.err
		}
		want = s.session.over(t.base)
	}
	if t.conn == nil || !recordsOn(t.conn, sql) {
		return nil, nil
	}
	return t.needFor(want)
}

// needFor makes what is wanted, where that says something, what the session has.
func (t *tx) needFor(want session) (*need, error) {
	if !t.begun {
		return t.passing(want)
	}
	if t.ended() {
		return nil, nil // and pgx says so
	}
	if !t.originKnown {
		if want == (session{}) {
			return nil, nil
		}
		n := &need{Settings: want.settings()}
		n.Read = func(custom, ignore string) { t.origin, t.originKnown = session{custom, ignore}, true }
		n.done = func() { t.have, t.known = want.over(t.origin), true }
		return n, nil
	}
	want = want.over(t.origin)
	if t.known && t.have == want {
		return nil, nil
	}
	n := &need{done: func() { t.have, t.known = want, true }}
	if !t.known || t.have.custom != want.custom {
		n.Custom = &want.custom
	}
	if !t.known || t.have.ignore != want.ignore {
		n.Ignore = &want.ignore
	}
	return n, nil
}

// passing makes what is wanted what the session has for one statement, in a transaction that
// was begun elsewhere, and may have ended there: then its connection is another's.
func (t *tx) passing(want session) (*need, error) {
	if want == (session{}) && !t.stamped {
		return nil, nil
	}
	if err := open(t.Tx); err != nil {
		return nil, err
	}
	n := &need{Settings: want.settings()}
	if t.stamped {
		n.Settings = want.whole()
	}
	n.Restore = true
	return n, nil
}

// open returns an error if a transaction has ended. Nothing is sent, or told to a tracer.
func open(t pgx.Tx) error { return t.SendBatch(context.Background(), &pgx.Batch{}).Close() }

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
	switch first, _ := word(trimmed(sql)); first {
	case "rollback", "abort", "commit", "end":
		t.known = false
	}
}

func (t *tx) line() line { return line{to: t.Tx, conn: t.conn, wire: wireOf(t.conn)} }

func (t *tx) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	need, err := t.need(ctx, sql)
	if err != nil {
		return tag, err
	}
	if need == nil {
		tag, err = t.Tx.Exec(ctx, sql, args...)
	} else {
		var told bool
		tag, told, err = t.line().exec(ctx, need.Settings, sql, args)
		need.met(told)
	}
	t.observe(sql, tag)
	return tag, err
}

func (t *tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	need, err := t.need(ctx, sql)
	if err != nil {
		return failedRows(err), err
	}
	defer t.foresee(sql)
	if need == nil {
		return t.Tx.Query(ctx, sql, args...)
	}
	result, told, err := t.line().query(ctx, need.Settings, sql, args)
	need.met(told)
	return result, err
}

func (t *tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	need, err := t.need(ctx, sql)
	if need == nil && err == nil {
		t.foresee(sql)
		return t.Tx.QueryRow(ctx, sql, args...)
	}
	if err != nil {
		return row{failedRows(err)}
	}
	defer t.foresee(sql)
	result, told, _ := t.line().query(ctx, need.Settings, sql, args) // which has the error
	need.met(told)
	return row{result}
}

func (t *tx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	need, err := t.need(ctx, "COPY")
	if err != nil {
		return 0, err
	}
	if need == nil {
		return t.Tx.CopyFrom(ctx, table, columns, source)
	}
	defer need.met(true) // what is not told, has aborted the transaction
	return t.line().copyFrom(ctx, need.Settings, table, columns, source)
}

func (t *tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	need, err := t.need(ctx, "COPY")
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	t.known = false // who knows what is in the batch
	if need == nil || b.Len() == 0 {
		return t.Tx.SendBatch(ctx, b)
	}
	return t.line().sendBatch(ctx, need.Settings, b)
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
	return &tx{Tx: begun, conn: t.conn, base: base, stamped: t.stamped, outer: t, before: *t.state, begun: t.begun, state: t.state}, nil
}

// Commit of a nested transaction gives the session back what it had: a savepoint that is
// released leaves settings behind.
func (t *tx) Commit(ctx context.Context) error {
	defer t.close()
	if t.outer != nil && t.begun && t.originKnown && !t.ended() && t.conn.PgConn().TxStatus() == 'T' {
		want := t.outer.base
		if t.before.known && t.before.have != (session{}) {
			want = t.before.have
		}
		if err := t.tellNow(ctx, want); err != nil {
			return err
		}
	}
	return t.Tx.Commit(ctx)
}

func (t *tx) close() {
	if t.end != nil && !t.closed {
		_ = t.end(nil)
	}
	t.closed = true
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

// ended reports whether the transaction, or one around it, has ended, so that its connection
// may be another's.
func (t *tx) ended() bool { return t.closed || t.outer != nil && t.outer.ended() }

// tellNow makes what is wanted what the session has, without a statement.
func (t *tx) tellNow(ctx context.Context, want session) error {
	need, err := t.needFor(want)
	if need == nil || err != nil {
		return err
	}
	need.Restore = false
	err = need.Send(ctx, t.conn.PgConn(), wireOf(t.conn).simple())
	need.met(err == nil)
	return err
}

// untold is a transaction whose statements carry nothing: this package's own see to that
// themselves, and leave the session as it was, which is what the transaction's beginning said.
func untold(ctx context.Context, to pgx.Tx) (pgx.Tx, error) {
	t, ok := to.(*tx)
	if !ok {
		return to, nil
	}
	return t.Tx, New(to).tellBase(ctx)
}

// tellBase makes a transaction that the DB is of have what its beginning said, for what this
// package itself does in it.
func (d *DB) tellBase(ctx context.Context) error {
	if d.tx == nil || !d.tx.begun || d.tx.conn == nil {
		return nil
	}
	return d.tx.tellNow(ctx, d.tx.base)
}

// Stamp gives the changes that a transaction makes from here on the custom data of ctx. It
// ends with the transaction.
func Stamp(ctx context.Context, to pgx.Tx) error {
	if err := CustomErr(ctx); err != nil {
		return err
	}
	var base session
	if s := saidBy(ctx); s != nil {
		base = s.session
	}
	err := stamp(ctx, to, base)
	if err != nil {
		return fmt.Errorf("set custom data: %w", err)
	}
	return nil
}

func stamp(ctx context.Context, to pgx.Tx, base session) error {
	t, ok := to.(*tx)
	if ok {
		t.base = base
		if t.conn == nil {
			return nil
		}
		if t.begun {
			return t.tellNow(ctx, base)
		}
		t.stamped = true // what is nested gives it back
		return nil
	}
	settings := base.whole()
	if conn := connOf(to); conn != nil {
		if err := open(to); err != nil {
			return err
		}
		return settings.Send(ctx, conn.PgConn(), wireOf(conn).simple()) // which no tracer is told of
	}
	b := &pgx.Batch{}
	sql, args := settings.Query()
	b.Queue(sql, args...)
	return to.SendBatch(ctx, b).Close()
}
