-- name: SearchTransactions :many
SELECT s.transaction_id::bigint AS transaction_id, s.recorded_at::timestamp with time zone AS recorded_at, s.newest_id::bigint AS newest_id
FROM exaudit_internal.search_transactions(@filter::pg_catalog.jsonb, @after_id::bigint, @last_id::bigint) AS s;

-- name: TransactionParts :many
SELECT p.transaction_id::bigint AS transaction_id, p.recorded_at::timestamp with time zone AS recorded_at, p.table_id::integer AS table_id,
       p.custom::pg_catalog.jsonb AS custom, coalesce(p.session_user_name, '')::pg_catalog.text AS session_user_name, p.rollback::boolean AS rollback,
       p.first_id::bigint AS first_id, p.last_id::bigint AS last_id,
       p.created::bigint AS created, p.updated::bigint AS updated, p.deleted::bigint AS deleted,
       p.baselines::bigint AS baselines
FROM exaudit_internal.transaction_parts(@transactions::bigint[]) AS p;
