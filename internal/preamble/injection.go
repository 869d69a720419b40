package preamble

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// ErrNotSent means that a statement was executed without its preamble: pgx has sent it in a
// way that this package does not know.
var ErrNotSent = errors.New("custom data did not travel with the statement: this version of pgx is not supported")

// Injection is a preamble among the messages of one statement, or one batch. It must be ended.
//
// pgx itself prepares, encodes, sends and reads the statement, with its caches and its
// tracers. The protocol allows other messages between a statement's Bind and its Execute: an
// Injection buffers those of the preamble there, and reads the server's answers to them. It
// learns when to by pgproto3.Frontend.Trace, which reports each message when it is buffered,
// and when it is read.
type Injection struct {
	conn     *pgconn.PgConn
	frontend *pgproto3.Frontend
	cache    *statementCache
	preamble Preamble
	// index is the number of statements of a batch that come before the preamble; bound and
	// confirmed are how many were bound so far, and how many of these the server confirmed.
	index, bound, confirmed int
	// batch means that pgx sends all before it reads any.
	batch            bool
	stage            stage
	applied, stopped bool
	err              *pgconn.PgError
}

type stage int

const (
	waiting stage = iota // for the statement's Bind
	sent                 // but not confirmed
	over
)

var (
	isBind    = []byte("F\tBind\t")
	isExecute = []byte("F\tExecute\t")
	isBound   = []byte("B\tBindComplete\t")
	isError   = []byte("B\tErrorResponse\t")
)

// Inject injects a preamble into the next statement that pgx executes on a connection;
// prepare means that pgx prepares statements on it. It returns nil for a connection that will
// not execute any, because it is busy or closed, and where another Injection waits for the
// statement: that of a DB of a DB.
func Inject(conn *pgx.Conn, p Preamble, prepare bool) *Injection {
	c := conn.PgConn()
	if c.IsBusy() || c.IsClosed() {
		return nil
	}
	s := stateOf(c)
	if last := s.last; last.Waiting() && !last.stopped {
		return nil
	}
	i := &Injection{conn: c, frontend: c.Frontend(), preamble: p}
	s.last = i
	if prepare {
		i.cache = s.cache.validFor(conn)
	}
	i.listen()
	return i
}

// InjectIntoBatch injects a preamble into the next batch, before its statement of an index.
func InjectIntoBatch(conn *pgx.Conn, p Preamble, prepare bool, index int) *Injection {
	i := Inject(conn, p, prepare)
	if i != nil {
		i.batch, i.index = true, index
	}
	return i
}

func (i *Injection) listen() {
	i.frontend.Trace(i, pgproto3.TracerOptions{SuppressTimestamps: true})
}

// Write receives the messages that pgproto3 traces, one line each.
func (i *Injection) Write(line []byte) (int, error) {
	switch {
	case i.stage == waiting && bytes.HasPrefix(line, isBind):
		if i.bound++; i.bound > i.index {
			i.stage = sent
			i.untraced(func() { i.preamble.buffer(i.frontend, i.cache) })
		}
	case i.stage == sent && i.preamble.Restore && !i.batch && bytes.HasPrefix(line, isExecute):
		i.untraced(func() { i.preamble.bufferRestore(i.frontend) })
	case i.stage == sent && bytes.HasPrefix(line, isBound):
		if i.confirmed++; i.confirmed > i.index {
			i.stage = over
			i.frontend.Untrace()
			i.receive()
		}
	case i.stage == sent && bytes.HasPrefix(line, isError):
		i.stage = over
		i.frontend.Untrace()
	}
	return len(line), nil
}

// untraced buffers messages that Write does not receive.
func (i *Injection) untraced(buffer func()) {
	i.frontend.Untrace()
	buffer()
	if !i.batch {
		i.listen()
	}
}

// BatchSent is to be called when a batch was sent, and nothing of its results read.
func (i *Injection) BatchSent() {
	if i != nil && i.stage == sent && !i.conn.IsClosed() {
		i.listen()
	}
}

// receive reads the answers to the preamble, up to that to its last Close. What cannot be
// read, pgx will find when it reads on.
func (i *Injection) receive() {
	statements := 1
	if i.preamble.Read != nil {
		statements++
	}
	for {
		message, err := i.frontend.Receive()
		if err != nil {
			return
		}
		switch message := message.(type) {
		case *pgproto3.DataRow:
			i.preamble.Read(Values{Custom: string(message.Values[0]), Ignore: string(message.Values[1])})
		case *pgproto3.CloseComplete:
			if statements--; statements == 0 {
				i.applied = true
				i.cache.confirm()
				return
			}
		case *pgproto3.ErrorResponse:
			i.err = pgconn.ErrorResponseToPgError(message)
			i.cache.failed(i.err)
			i.failStatement()
			return
		}
	}
}

// failStatement makes the statement fail whose preamble has failed. The server skips all
// messages up to the Sync that follows, and does not mention them again; pgx needs an error,
// and a ReadyForQuery after it.
func (i *Injection) failStatement() {
	for {
		message, err := i.frontend.Receive()
		if err != nil {
			return
		}
		if _, ok := message.(*pgproto3.ReadyForQuery); ok {
			break
		}
	}
	i.frontend.SendExecute(&pgproto3.Execute{Portal: portal})
	i.frontend.SendSync(&pgproto3.Sync{})
	_ = i.frontend.Flush() // pgx finds its error as well
}

// Waiting reports whether pgx has not sent the statement.
func (i *Injection) Waiting() bool { return i != nil && i.stage == waiting }

// Failed reports whether the preamble was not sent, or failed on the server.
func (i *Injection) Failed() bool { return i.Waiting() || i != nil && i.err != nil }

// Applied reports whether the server has confirmed the preamble.
func (i *Injection) Applied() bool { return i != nil && i.applied }

// StatementGone reports whether the preamble has failed because the statement that was
// prepared for it no longer exists.
func (i *Injection) StatementGone() bool {
	return i != nil && i.err != nil && i.err.Code == invalidStatementName
}

// Stop stops listening. It has no effect after End.
func (i *Injection) Stop() {
	if i != nil && !i.stopped {
		i.stopped = true
		i.cache.failed(nil) // no effect if it was confirmed
		if i.conn.IsClosed() {
			return // pgx may still be sending its last message, and tracing it
		}
		i.preamble = Preamble{} // which the connection would keep
		i.frontend.Untrace()
	}
}

// End ends the injection into a statement, or into a batch whose results were read, and
// returns the statement's error.
func (i *Injection) End(err error) error {
	if i == nil {
		return err
	}
	i.Stop()
	i.cache.failed(err)
	if err == nil && i.stage == waiting {
		return ErrNotSent
	}
	return i.Error(err)
}

// Error returns the error of a statement: where its preamble has failed, that error.
func (i *Injection) Error(err error) error {
	if err != nil && i != nil && i.err != nil {
		return fmt.Errorf("set custom data: %w", i.err)
	}
	return err
}
