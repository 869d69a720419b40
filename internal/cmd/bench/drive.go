package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"
)

// clients is how many connections work at a time where several do.
const clients = 4

// work runs the workload in the run's database and says what it took.
func (s *server) work(ctx context.Context, w workload) (spent, error) {
	statement := text("work/" + w.work)
	switch w.how {
	case oneRow:
		return s.byClients(ctx, w, statement, 1)
	case fourRows:
		return s.byClients(ctx, w, statement, clients)
	case copied:
		return s.copyIn(ctx, w, statement)
	case loop:
		statement = strings.NewReplacer("-- here",
			strings.ReplaceAll(strings.TrimSpace(statement), "$1", "number")+";").Replace(text("work/loop"))
	case once: // as it is
	}
	var took spent
	err := s.in(ctx, runDB, func(conn *pgx.Conn) error {
		if err := w.settings(ctx, conn); err != nil {
			return err
		}
		var err error
		took, err = timed(func() error {
			_, err := conn.PgConn().Exec(ctx, statement).ReadAll()
			return err
		}, conn)
		return err
	})
	return took, err
}

// copyIn copies rows that were read out beforehand.
func (s *server) copyIn(ctx context.Context, w workload, statement string) (took spent, err error) {
	err = s.in(ctx, runDB, func(conn *pgx.Conn) error {
		var rows bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &rows, text("work/copy_rows")); err != nil {
			return err
		}
		var done pgconn.CommandTag
		took, err = timed(func() (err error) {
			done, err = conn.PgConn().CopyFrom(ctx, &rows, statement)
			return err
		}, conn)
		if err == nil && done.RowsAffected() != int64(w.changes) {
			err = fmt.Errorf("%d rows copied, want %d", done.RowsAffected(), w.changes)
		}
		return err
	})
	return took, err
}

// byClients has several clients run the statement, each for rows of its own, one
// transaction a row.
func (s *server) byClients(ctx context.Context, w workload, statement string, clients int) (spent, error) {
	conns := make([]*pgx.Conn, clients)
	for i := range conns {
		conn, err := s.warmClient(ctx, w, statement)
		if err != nil {
			return spent{}, err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		conns[i] = conn
	}
	// A context that never ends costs the driver nothing. An interrupt ends the server.
	endless := context.WithoutCancel(ctx)
	return timed(func() error {
		var group errgroup.Group
		for i, conn := range conns {
			group.Go(func() error {
				for n := i; n < w.changes; n += clients {
					if err := w.change(endless, conn, n); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return group.Wait()
	}, conns...)
}

// warmClient connects, prepares the statement, and runs it once to no effect, so that the
// server process has its caches filled.
func (s *server) warmClient(ctx context.Context, w workload, statement string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, s.cluster.URL(runDB))
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { _, err := conn.Prepare(ctx, "change", statement); return err },
		func() error { _, err := conn.Exec(ctx, "BEGIN"); return err },
		func() error { return w.change(ctx, conn, 0) },
		func() error { _, err := conn.Exec(ctx, "ROLLBACK"); return err },
	} {
		if err := step(); err != nil {
			conn.Close(context.WithoutCancel(ctx))
			return nil, err
		}
	}
	return conn, nil
}

// change runs the prepared statement for the nth row.
func (w workload) change(ctx context.Context, conn *pgx.Conn, n int) error {
	first, stride, span := w.keys()
	key := strconv.AppendInt(nil, int64(first+n*stride%span), 10)
	done := conn.PgConn().ExecPrepared(ctx, "change", [][]byte{key}, nil, nil).Read()
	if done.Err == nil && done.CommandTag.RowsAffected() != 1 {
		return fmt.Errorf("change of row %s: %d rows", key, done.CommandTag.RowsAffected())
	}
	return done.Err
}
