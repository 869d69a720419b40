-- Waiting for locks, and who holds them.

-- name: BoundLockWaits :one
-- For the transaction. Returns what to go back to, and which process waits.
SELECT pg_catalog.current_setting('lock_timeout')::pg_catalog.text                    AS previous,
       pg_catalog.set_config('lock_timeout', @lock_timeout::pg_catalog.text, true)::pg_catalog.text AS lock_timeout,
       pg_catalog.pg_backend_pid()::integer                                           AS pid;

-- name: BoundLockWaitsBriefly :one
-- For the transaction: a fifth of deadlock_timeout, or what is given, the shorter one; 0 is for ever. Returns it, too.
SELECT brief.milliseconds::bigint AS milliseconds,
       pg_catalog.set_config('lock_timeout', brief.milliseconds::pg_catalog.text, true)::pg_catalog.text AS lock_timeout
FROM (SELECT CASE WHEN @most::bigint OPERATOR(pg_catalog.>) 0
                   AND (@most::bigint OPERATOR(pg_catalog.*) 5) OPERATOR(pg_catalog.<) d.milliseconds
                  THEN @most::bigint
                  ELSE pg_catalog.int8larger(d.milliseconds OPERATOR(pg_catalog./) 5, 1) END AS milliseconds
      -- with a unit, which an interval takes; pg_settings makes all settings of the server
      FROM (SELECT (pg_catalog.date_part('epoch', pg_catalog.current_setting('deadlock_timeout')::pg_catalog.interval)
                    OPERATOR(pg_catalog.*) 1000)::bigint AS milliseconds) AS d) AS brief;

-- name: Blockers :many
-- Whom a process waits for, in the end: of those that wait themselves, the ones that they wait for. What a session does
-- is shown to its own role and to members of pg_read_all_stats; process 0 is a prepared transaction.
WITH RECURSIVE holding (pid) AS (
    SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(@pid::integer))
    UNION
    SELECT pg_catalog.unnest(pg_catalog.pg_blocking_pids(h.pid)) FROM holding h
)
SELECT h.pid::integer                                AS pid,
       coalesce(a.usename, '')::pg_catalog.text          AS role,
       coalesce(a.application_name, '')::pg_catalog.text AS application,
       coalesce(a.state, '')::pg_catalog.text            AS state,
       coalesce(a.query, '')::pg_catalog.text            AS statement,
       -- in seconds; 0 where nothing is shown
       coalesce(pg_catalog.date_part('epoch', a.xact_start), 0)::bigint AS since
FROM holding h
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) h.pid
WHERE pg_catalog.cardinality(pg_catalog.pg_blocking_pids(h.pid)) OPERATOR(pg_catalog.=) 0
ORDER BY a.xact_start, h.pid;

-- name: UnderWay :many
-- The other transactions that an index of exaudit.versions that is made CONCURRENTLY waits for: those that have written
-- to it, and those that may still look at what was before. Of the given ones, if any. Of sessions that are not shown to
-- the role it is not known, so they count.
SELECT o.transaction::pg_catalog.text                    AS transaction,
       coalesce(o.pid, 0)::integer                       AS pid,
       coalesce(a.usename, '')::pg_catalog.text          AS role,
       coalesce(a.application_name, '')::pg_catalog.text AS application,
       coalesce(a.state, '')::pg_catalog.text            AS state,
       coalesce(a.query, '')::pg_catalog.text            AS statement,
       coalesce(pg_catalog.date_part('epoch', a.xact_start), 0)::bigint AS since
FROM (SELECT l.virtualtransaction AS transaction, l.pid,
             pg_catalog.bool_or(coalesce(l.database OPERATOR(pg_catalog.=) d.oid AND l.relation OPERATOR(pg_catalog.=) 'exaudit.versions'::pg_catalog.regclass::pg_catalog.oid
                                         AND l.mode OPERATOR(pg_catalog.<>) 'AccessShareLock', false)) AS writes
      FROM pg_catalog.pg_locks l
      JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
      WHERE l.granted AND coalesce(l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid(), true)
      GROUP BY l.virtualtransaction, l.pid) AS o
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) o.pid
WHERE (o.writes
       OR a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
          AND coalesce(a.backend_type, '') OPERATOR(pg_catalog.<>) 'autovacuum worker'
          AND (a.backend_xmin IS NOT NULL OR a.query OPERATOR(pg_catalog.=) '<insufficient privilege>'))
  AND coalesce(o.transaction OPERATOR(pg_catalog.=) ANY (@known::pg_catalog.text[]), true)
ORDER BY a.xact_start, o.pid;
