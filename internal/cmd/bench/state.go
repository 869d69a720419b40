package main

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// state is what a database and its server's log hold at a time.
type state struct {
	wal      int64 // bytes the server has ever logged
	stored   int64 // bytes in the relations of the variant: heaps, out of line, indexes
	recorded int64 // rows in them
}

func (s state) since(earlier state) state {
	return state{wal: s.wal - earlier.wal, stored: s.stored - earlier.stored, recorded: s.recorded - earlier.recorded}
}

// lastRelation is the highest number of a relation: what the variants make has higher ones.
func (s *server) lastRelation(ctx context.Context, database string) (last uint32, err error) {
	err = s.in(ctx, database, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT max(oid) FROM pg_catalog.pg_class`).Scan(&last)
	})
	return last, err
}

// stateOf looks at the run's database; the variant's relations are those after the last
// one of the tables.
func (s *server) stateOf(ctx context.Context, last uint32) (now state, err error) {
	err = s.in(ctx, runDB, func(conn *pgx.Conn) error {
		err := conn.QueryRow(ctx, `
			SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0')::bigint,
			       coalesce(sum(pg_catalog.pg_relation_size(oid)), 0)::bigint
			FROM pg_catalog.pg_class WHERE oid > $1 AND relkind IN ('r', 'i', 't')`, last).Scan(&now.wal, &now.stored)
		if err != nil {
			return err
		}
		now.recorded, err = recordedRows(ctx, conn, last)
		return err
	})
	return now, err
}

func recordedRows(ctx context.Context, conn *pgx.Conn, last uint32) (total int64, err error) {
	rows, err := conn.Query(ctx, `SELECT oid::regclass::text FROM pg_catalog.pg_class WHERE oid > $1 AND relkind = 'r'`,
		last)
	if err != nil {
		return 0, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, table := range tables {
		var n int64
		if err := conn.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, err
}
