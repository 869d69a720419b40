package neighbours

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/pgtest"
)

// watch looks again and again for sessions that wait for a lock. Whoever waits for a neighbour, who does not move,
// waits until a time-out: so it is seen.
type watch struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex
	found []string
	looks int
}

const interval = 3 * time.Millisecond

// waiting are those who wait for one of some sessions, if only by way of others, and those of them who wait.
const waiting = `
	WITH RECURSIVE waiter AS MATERIALIZED (
		SELECT a.pid, a.pid = ANY ($1) AS ours, a.query, a.wait_event FROM pg_stat_activity a
		WHERE a.datname = current_database() AND a.wait_event_type = 'Lock' AND a.backend_type IN ('client backend', 'logical replication worker')
	), blocked (pid, by) AS (
		SELECT w.pid, unnest(pg_blocking_pids(w.pid)) FROM waiter w
		UNION
		SELECT b.pid, unnest(pg_blocking_pids(b.by)) FROM blocked b
	)
	SELECT format('%s waits for %s (%s, %s): %s', CASE WHEN w.ours THEN 'a neighbour' ELSE 'it' END, coalesce(a.query, 'somebody'),
	              w.wait_event, (SELECT string_agg(concat_ws(' ', l.relation::regclass, l.mode), ', ') FROM pg_locks l WHERE l.pid = w.pid AND NOT l.granted), w.query)
	FROM waiter w
	JOIN blocked b ON b.pid = w.pid
	LEFT JOIN pg_stat_activity a ON a.pid = b.by
	WHERE w.ours OR b.by = ANY ($1)`

func newWatch(t testing.TB, db *pgtest.DB, pids []int32) *watch {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{cancel: cancel, done: make(chan struct{})}
	conn := db.Connect(t, "")
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			rows, _ := conn.Query(ctx, waiting, pids) // rows carry the error
			found, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				if ctx.Err() == nil {
					w.note(fmt.Sprint("the watch: ", err))
				}
				return
			}
			w.note(found...)
			time.Sleep(interval)
		}
	}()
	t.Cleanup(w.stop)
	return w
}

func (w *watch) note(found ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = append(w.found, found...)
	w.looks++
}

// start forgets what was seen, once a look that began before is over.
func (w *watch) start() {
	w.look()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = nil
}

// seen is what was seen since, a last look included.
func (w *watch) seen() []string {
	w.look()
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.found...)
}

// look waits for the next whole look.
func (w *watch) look() {
	w.mu.Lock()
	begun := w.looks
	w.mu.Unlock()
	for {
		select {
		case <-w.done:
			return
		case <-time.After(interval):
		}
		w.mu.Lock()
		n := w.looks
		w.mu.Unlock()
		if n > begun+1 {
			return
		}
	}
}

func (w *watch) stop() {
	w.cancel()
	<-w.done
}
