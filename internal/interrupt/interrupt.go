// Package interrupt ends what a program does with a database at some point, for tests: whatever it was in the midst
// of, it has to be able to do again.
package interrupt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// Kind is a way in which work is interrupted.
type Kind string

// The ways.
const (
	// Killed is a client that ends before it sends a request.
	Killed Kind = "client killed"
	// Lost is a connection that is lost when the server has got the request, before it answers.
	Lost Kind = "connection lost"
	// Terminated is a server process that ends before it gets the request.
	Terminated Kind = "server process terminated"
	// Crashed is a server that ends before it gets the request; see Point.Crash.
	Crashed Kind = "server crashed"
	// Cancelled is a request that is cancelled, as by statement_timeout. The connection goes on.
	Cancelled Kind = "statement cancelled"
)

// Kinds are those that a server survives.
var Kinds = []Kind{Killed, Lost, Terminated, Cancelled}

// Point interrupts once, at a request to the server: all that is sent before an answer is waited for.
type Point struct {
	Kind Kind
	At   int // 1 is the first request of the first connection
	// Crash ends the server.
	Crash func()

	t       testing.TB
	db      *pgtest.DB
	session string // application_name

	mu     sync.Mutex
	passed int
	done   bool
}

var sessions struct {
	sync.Mutex
	last int
}

// At makes a point for what is done with a database.
func At(t testing.TB, db *pgtest.DB, kind Kind, at int) *Point {
	sessions.Lock()
	defer sessions.Unlock()
	sessions.last++
	return &Point{Kind: kind, At: at, t: t, db: db, session: fmt.Sprintf("interrupted %d", sessions.last)}
}

// Config is how to connect in order to be interrupted.
func (p *Point) Config() *pgx.ConnConfig {
	config := p.db.Pool.Config().ConnConfig.Copy()
	config.RuntimeParams["application_name"] = p.session
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &wire{Conn: conn, point: p}, nil
	}
	return config
}

// Reached reports whether the point was reached.
func (p *Point) Reached() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

// Settle waits until the server has noticed the interruption: nothing of the sessions is left.
func (p *Point) Settle() {
	p.t.Helper()
	p.settle(func() {})
}

// settle asks again every minute.
func (p *Point) settle(again func()) {
	p.t.Helper()
	asked := time.Now()
	for began := asked; time.Since(began) < 10*time.Minute; {
		if p.sessions() == "" {
			return
		}
		if time.Since(asked) > time.Minute {
			p.t.Logf("after a minute there still is %s", p.sessions())
			again()
			asked = time.Now()
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.t.Fatalf("the server does not notice: %s at request %d: %s", p.Kind, p.At, p.sessions())
}

// sessions says what is left of them.
func (p *Point) sessions() string {
	return pgtest.One[string](p.t, p.db, `SELECT coalesce(string_agg(concat_ws(' ', pid, backend_type, state, wait_event, query), '; '), '')
		FROM pg_stat_activity WHERE application_name = $1`, p.session)
}

// pass reports whether the point is at this request.
func (p *Point) pass() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed++
	if p.done || p.passed != p.At {
		return false
	}
	p.done = true
	return true
}

// wire is a connection of a client that is interrupted.
type wire struct {
	net.Conn
	point   *Point
	started bool // the startup message, which has no type, was sent
}

var errInterrupted = errors.New("interrupted by a test")

func (w *wire) Write(b []byte) (int, error) {
	if !w.started {
		w.started = true
		return w.Conn.Write(b)
	}
	if !isRequest(b) || !w.point.pass() {
		return w.Conn.Write(b)
	}
	switch w.point.Kind {
	case Killed:
		_ = w.Close()
		return 0, errInterrupted
	case Lost:
		n, err := w.Conn.Write(b)
		_ = w.Close()
		return n, err
	case Crashed:
		w.point.Crash()
		return w.Conn.Write(b)
	case Terminated:
		w.point.terminate()
		return w.Conn.Write(b)
	case Cancelled: // below
	}
	if _, err := w.Conn.Write(cancellation); err != nil {
		return 0, err
	}
	return len(b), nil
}

// isRequest reports whether messages are something that the server answers with ReadyForQuery: they end with Query or
// Sync. Passwords and Terminate are none.
func isRequest(b []byte) bool {
	for len(b) >= 5 {
		kind, length := b[0], 1+int(binary.BigEndian.Uint32(b[1:]))
		if length >= len(b) {
			return kind == 'Q' || kind == 'S'
		}
		b = b[length:]
	}
	return false
}

// cancellation is a request that ends as if it was cancelled; the server's answer is as good for any other request.
var cancellation = query(`DO 'BEGIN RAISE EXCEPTION ''canceling statement due to statement timeout'' USING ERRCODE = ''57014''; END'`)

func query(text string) []byte {
	message := append([]byte{'Q', 0, 0, 0, 0}, text...)
	message = append(message, 0)
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-1))
	return message
}

// terminate ends the server processes of the sessions, and waits until they are gone.
func (p *Point) terminate() {
	all := func() {
		if _, err := p.db.Pool.Exec(context.Background(),
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, p.session); err != nil {
			p.t.Errorf("terminate the server process: %v", err)
		}
	}
	all()
	p.settle(all)
}

// Passed is how many requests there were.
func (p *Point) Passed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.passed
}
