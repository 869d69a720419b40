// Package ahead sends settings ahead of a statement of pgx's, in the same round trip and the
// same transaction, without pgx or its tracers knowing of it.
//
// pgx itself prepares, encodes, sends and reads the statement, with its caches and its
// tracers, as it does without this package. The protocol allows other messages between a
// statement's Bind and its Execute: a Rider puts its own there, and reads away what the
// server answers to them. It learns of the moment by pgproto3.Frontend.Trace, which is told
// of each message when it is buffered, and when it is read.
package ahead

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// ErrNotSent means that a statement was executed without its settings: pgx has sent it in a
// way that this package does not know.
var ErrNotSent = errors.New("custom data did not travel with the statement: this version of pgx is not supported")

// Rider is what travels with one statement. It must be ended.
type Rider struct {
	conn     *pgconn.PgConn
	frontend *pgproto3.Frontend
	prepared *prepared
	settings Settings
	// nth is how many statements of a batch go before it; bound and confirmed are how many
	// have been bound so far, and how many of these the server has confirmed.
	nth, bound, confirmed int
	// batch means that pgx sends all before it reads any.
	batch            bool
	stage            stage
	told, dismounted bool
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

// Mount makes settings travel with the next statement that is executed on a connection; prepare
// means that pgx prepares statements on it. It returns nil for a connection that will not
// execute any, as it is busy or closed, and where another Rider waits for the statement: one
// of a DB of a DB.
func Mount(conn *pgx.Conn, s Settings, prepare bool) *Rider {
	c := conn.PgConn()
	if c.IsBusy() || c.IsClosed() {
		return nil
	}
	k := keptBy(c)
	if last := k.rider; last.Waiting() && !last.dismounted {
		return nil
	}
	r := &Rider{conn: c, frontend: c.Frontend(), settings: s}
	k.rider = r
	if prepare {
		r.prepared = k.prepared.of(conn)
	}
	r.listen()
	return r
}

// MountBatch is Mount for a batch, of which nth statements go before the settings.
func MountBatch(conn *pgx.Conn, s Settings, prepare bool, nth int) *Rider {
	r := Mount(conn, s, prepare)
	if r != nil {
		r.batch, r.nth = true, nth
	}
	return r
}

func (r *Rider) listen() {
	r.frontend.Trace(r, pgproto3.TracerOptions{SuppressTimestamps: true})
}

// Write is told of messages, in a line each.
func (r *Rider) Write(line []byte) (int, error) {
	switch {
	case r.stage == waiting && bytes.HasPrefix(line, isBind):
		if r.bound++; r.bound > r.nth {
			r.stage = sent
			r.aside(func() { r.settings.send(r.frontend, r.prepared) })
		}
	case r.stage == sent && r.settings.Restore && !r.batch && bytes.HasPrefix(line, isExecute):
		r.aside(func() { r.settings.sendRestore(r.frontend) })
	case r.stage == sent && bytes.HasPrefix(line, isBound):
		if r.confirmed++; r.confirmed > r.nth {
			r.stage = over
			r.frontend.Untrace()
			r.receive()
		}
	case r.stage == sent && bytes.HasPrefix(line, isError):
		r.stage = over
		r.frontend.Untrace()
	}
	return len(line), nil
}

// aside buffers messages that are not to be told of.
func (r *Rider) aside(send func()) {
	r.frontend.Untrace()
	send()
	if !r.batch {
		r.listen()
	}
}

// Sent is to be called when a batch has been sent, and nothing of it read.
func (r *Rider) Sent() {
	if r != nil && r.stage == sent && !r.conn.IsClosed() {
		r.listen()
	}
}

// receive reads the answers to the settings, up to that to their last Close. What cannot be read,
// pgx will find when it reads on.
func (r *Rider) receive() {
	statements := 1
	if r.settings.Read != nil {
		statements++
	}
	for {
		message, err := r.frontend.Receive()
		if err != nil {
			return
		}
		switch message := message.(type) {
		case *pgproto3.DataRow:
			r.settings.Read(string(message.Values[0]), string(message.Values[1]))
		case *pgproto3.CloseComplete:
			if statements--; statements == 0 {
				r.told = true
				r.prepared.done()
				return
			}
		case *pgproto3.ErrorResponse:
			r.err = pgconn.ErrorResponseToPgError(message)
			r.prepared.failed(r.err)
			r.fail()
			return
		}
	}
}

// fail makes the statement fail, whose settings have failed. The server skips all up to the
// Sync behind it, and says no more about it; pgx needs an error, and a ReadyForQuery after it.
func (r *Rider) fail() {
	for {
		message, err := r.frontend.Receive()
		if err != nil {
			return
		}
		if _, ok := message.(*pgproto3.ReadyForQuery); ok {
			break
		}
	}
	r.frontend.SendExecute(&pgproto3.Execute{Portal: portal})
	r.frontend.SendSync(&pgproto3.Sync{})
	_ = r.frontend.Flush() // pgx finds that out as well
}

// Waiting reports whether pgx has not sent the statement.
func (r *Rider) Waiting() bool { return r != nil && r.stage == waiting }

// Missed reports whether the settings have not got to the server, or not got through there.
func (r *Rider) Missed() bool { return r.Waiting() || r != nil && r.err != nil }

// Stale reports whether the settings have failed because what was prepared for them is gone.
func (r *Rider) Stale() bool { return r != nil && r.err != nil && r.err.Code == invalidStatementName }

// Dismount stops listening.
func (r *Rider) Dismount() {
	if r != nil && !r.dismounted {
		r.dismounted = true
		r.prepared.failed(nil) // or done already
		if r.conn.IsClosed() {
			return // pgx may be sending its last message still, and telling of it
		}
		r.settings = Settings{} // which the connection would keep
		r.frontend.Untrace()
	}
}

// End dismounts from a statement, or a batch that has been read, and returns its error.
func (r *Rider) End(err error) error {
	if r == nil {
		return err
	}
	r.Dismount()
	r.prepared.failed(err)
	if err == nil && r.stage == waiting {
		return ErrNotSent
	}
	return r.Plain(err)
}

// Plain is the error of a statement whose settings may have failed.
func (r *Rider) Plain(err error) error {
	if err != nil && r != nil && r.err != nil {
		return fmt.Errorf("set custom data: %w", r.err)
	}
	return err
}

// Told reports whether the server has confirmed the settings.
func (r *Rider) Told() bool { return r != nil && r.told }
