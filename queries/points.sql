-- Points in time, and baselines.

-- name: AsOfQuery :one
SELECT q.query::text AS query, q.hidden::text[] AS hidden
FROM exaudit.as_of_query(@relation::oid, @function_name::text, @as_images::boolean) AS q;

-- name: CheckInstant :exec
SELECT exaudit.check_instant(@table_id::integer, @instant::timestamptz);

-- name: CheckVersion :exec
SELECT exaudit.check_version(@table_id::integer, @version_id::bigint);

-- name: TransactionEnd :one
SELECT exaudit.transaction_end(@xid::xid8)::bigint AS version_id;

-- name: LaterThanMark :many
-- The versions of some keys that are after a mark.
SELECT v.id
FROM exaudit.check_mark(@table_id::integer, @name::text) AS m
JOIN exaudit.versions v ON v.table_id OPERATOR(pg_catalog.=) @table_id::integer
                       AND v.entity_id OPERATOR(pg_catalog.=) ANY (@keys::text[])
                       AND exaudit.after_mark(m, v.id, v.xid);

-- name: BaselineLock :one
SELECT exaudit.baseline_lock(@relation::oid)::text AS statement;

-- name: RecordBaseline :one
SELECT exaudit.record_baseline(@table_id::integer, @every_row::boolean)::bigint AS recorded;
