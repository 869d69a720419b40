package lock

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
)

const (
	patience = time.Second            // until somebody is told
	interval = 500 * time.Millisecond // of looking again
	goodbye  = 5 * time.Second        // for what is being asked when the work ends
	often    = 100 * time.Millisecond // the same, where waiting is given up and begun anew all the time
)

// Watch looks for whom a session waits for, on a connection of its own that is only opened once something takes long.
type Watch struct {
	stop context.CancelFunc
	done chan struct{}

	mu    sync.Mutex
	pid   int32 // 0 while nothing waits
	moved bool  // the work began anew
	last  []audit.LockHolder
}

// NewWatch begins to look for whom the process waits for that works for conn: behind a pooler, that is not the one
// which conn was told of. timeout is how long a lock is waited for at most; 0 is for ever.
func NewWatch(ctx context.Context, conn *pgx.Conn, pid int32, timeout time.Duration) *Watch {
	w := &Watch{stop: func() {}, done: make(chan struct{}), pid: pid}
	if conn == nil { // a stand-in of a test
		close(w.done)
		return w
	}
	after := patience
	if timeout > 0 {
		after = min(after, timeout/4)
	}
	ctx, w.stop = context.WithCancel(ctx)
	go func() {
		defer close(w.done)
		w.look(ctx, conn.Config(), after)
	}()
	return w
}

// asking is a context for what is asked of the server: it ends some time after the search has ended.
func asking(ctx context.Context) (context.Context, context.CancelFunc) {
	asked, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(goodbye, cancel) })
	return asked, func() { stop(); cancel() }
}

// follow says that the work goes on in another process.
func (w *Watch) follow(pid int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pid, w.moved = pid, true
}

func (w *Watch) look(ctx context.Context, config *pgx.ConnConfig, after time.Duration) {
	began := time.Now()
	if !slept(ctx, after) {
		return
	}
	config.Tracer, config.OnNotice, config.OnNotification, config.AfterConnect = nil, nil, nil, nil
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	asked, cancel := asking(ctx)
	defer cancel()
	conn, err := pgx.ConnectConfig(asked, config)
	if err != nil {
		return // so nobody is named
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		_ = conn.Close(ctx) // it has only read
	}()
	for told := false; ; {
		found, pause, err := w.once(asked, conn)
		if err != nil {
			return
		}
		if len(found) > 0 && !told && ctx.Err() == nil && time.Since(began) >= patience {
			told = true
			notify(ctx, found)
		}
		if !slept(ctx, pause) {
			return
		}
	}
}

// once looks at whom the work waits for now, and returns how long to wait until the next time.
func (w *Watch) once(ctx context.Context, conn *pgx.Conn) (found []audit.LockHolder, pause time.Duration, err error) {
	w.mu.Lock()
	pid := w.pid
	pause = interval
	if w.moved {
		pause = often
	}
	w.mu.Unlock()
	if pid == 0 {
		return nil, pause, nil
	}
	found, err = holders(ctx, conn, pid)
	if err == nil && len(found) > 0 {
		w.mu.Lock()
		w.last = found
		w.mu.Unlock()
	}
	return found, pause, err
}

// Stop ends the search. What is being asked for may wait for the connection of the one who stops, behind a pooler. It
// is not cancelled there for a while, as one more connection would be needed for that, but left behind.
func (w *Watch) Stop() {
	w.stop()
	select {
	case <-w.done:
	case <-time.After(interval):
	}
}

// Holders are those that were seen last.
func (w *Watch) Holders() []audit.LockHolder {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func slept(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

type notifyKey struct{}

// WithNotify has a function told of whom a statement waits for that was sent with the context, or one of its children:
// once, when that has taken a second.
func WithNotify(ctx context.Context, tell func([]audit.LockHolder)) context.Context {
	return context.WithValue(ctx, notifyKey{}, tell)
}

func notify(ctx context.Context, found []audit.LockHolder) {
	if tell, ok := ctx.Value(notifyKey{}).(func([]audit.LockHolder)); ok {
		tell(found)
	}
}
