-- Points in time, and baselines.

-- name: AsOfQuery :one
SELECT q.query::pg_catalog.text AS query, q.hidden::pg_catalog.text[] AS hidden
FROM exaudit_internal.as_of_query(@relation::pg_catalog.oid, @function_name::pg_catalog.text, @as_images::boolean) AS q;

-- name: BaselineLock :one
SELECT exaudit_internal.baseline_lock(@relation::pg_catalog.oid)::pg_catalog.text AS statement;

-- name: RecordBaseline :one
SELECT exaudit.record_baseline(@table_id::integer, @every_row::boolean)::bigint AS recorded;

-- name: VersionExists :one
SELECT EXISTS (SELECT FROM exaudit.versions v WHERE v.id OPERATOR(pg_catalog.=) @id::bigint)::boolean;

-- name: TransactionEnd :one
SELECT exaudit_internal.transaction_end(@transaction_id::pg_catalog.xid8)::bigint AS last_id;
