-- Points in time, and baselines.

-- name: AsOfQuery :one
SELECT q.query::text AS query, q.hidden::text[] AS hidden
FROM exaudit.as_of_query(@relation::oid, @function_name::text, @as_images::boolean) AS q;

-- name: BaselineLock :one
SELECT exaudit.baseline_lock(@relation::oid)::text AS statement;

-- name: RecordBaseline :one
SELECT exaudit.record_baseline(@table_id::integer, @every_row::boolean)::bigint AS recorded;
