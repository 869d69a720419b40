-- Retention: removing versions that are no longer kept.

-- name: RetentionRules :many
-- Returns the options of tables that are or were tracked. If keep is not set, it is empty; if keep_last is not, it is 0.
SELECT t.id, pg_catalog.format('%I.%I', t.schema_name, t.table_name)::pg_catalog.text AS table_name,
       coalesce(t.options OPERATOR(pg_catalog.->>) 'keep', '')::pg_catalog.text AS keep,
       coalesce((t.options OPERATOR(pg_catalog.->>) 'keep_last')::integer, 0)::integer AS keep_last,
       coalesce((t.options OPERATOR(pg_catalog.->>) 'hold')::boolean, false)::boolean AS hold,
       coalesce(exaudit_internal.horizon(t.options OPERATOR(pg_catalog.->>) 'keep'), pg_catalog.now())::pg_catalog.timestamptz AS horizon
FROM exaudit.tables t
WHERE pg_catalog.jsonb_exists_any(t.options, ARRAY['keep', 'keep_last', 'hold']::pg_catalog.text[])
ORDER BY t.schema_name, t.table_name, t.id;

-- name: Expired :many
SELECT e.table_id::integer AS table_id, e.first_id::bigint AS first_id, e.cut_id::bigint AS cut_id
FROM exaudit_internal.expired_ids(@table_ids::integer[], @horizons::pg_catalog.timestamptz[]) AS e;

-- name: CountExpired :many
-- Counts the versions before the cuts of tables.
SELECT v.table_id, pg_catalog.count(*) AS versions
FROM exaudit.versions v
JOIN ROWS FROM (pg_catalog.unnest(@table_ids::integer[]), pg_catalog.unnest(@cuts::bigint[])) AS r (table_id, cut_id)
  ON r.table_id OPERATOR(pg_catalog.=) v.table_id AND v.id OPERATOR(pg_catalog.<) r.cut_id
WHERE v.id OPERATOR(pg_catalog.<) @last::bigint
GROUP BY v.table_id;

-- name: RemoveExpired :many
-- Those with ids from first up to last, which is not one of them, unless a table has other options by now.
WITH removed AS (
    DELETE FROM exaudit.versions v
    USING ROWS FROM (pg_catalog.unnest(@table_ids::integer[]), pg_catalog.unnest(@cuts::bigint[]), pg_catalog.unnest(@keeps::pg_catalog.text[])) AS r (table_id, cut_id, keep),
         exaudit.tables t
    WHERE v.id OPERATOR(pg_catalog.>=) @first::bigint AND v.id OPERATOR(pg_catalog.<) @last::bigint
      AND r.table_id OPERATOR(pg_catalog.=) v.table_id AND v.id OPERATOR(pg_catalog.<) r.cut_id
      AND t.id OPERATOR(pg_catalog.=) v.table_id AND (t.options OPERATOR(pg_catalog.->>) 'hold')::boolean IS NOT TRUE
      AND t.options OPERATOR(pg_catalog.->>) 'keep' OPERATOR(pg_catalog.=) r.keep AND t.options OPERATOR(pg_catalog.->) 'keep_last' IS NULL
    RETURNING v.table_id
)
SELECT removed.table_id, pg_catalog.count(*) AS versions FROM removed GROUP BY removed.table_id;

-- name: NextExpired :one
-- Returns the id of the first version before the cuts, from an id on; 0 if there is none.
SELECT coalesce(pg_catalog.min(v.id), 0)::bigint AS id
FROM exaudit.versions v
JOIN ROWS FROM (pg_catalog.unnest(@table_ids::integer[]), pg_catalog.unnest(@cuts::bigint[])) AS r (table_id, cut_id)
  ON r.table_id OPERATOR(pg_catalog.=) v.table_id AND v.id OPERATOR(pg_catalog.<) r.cut_id
WHERE v.id OPERATOR(pg_catalog.>=) @first::bigint AND v.id OPERATOR(pg_catalog.<) @last::bigint;

-- name: KeptKeyChanges :one
SELECT coalesce(k.entities, '{}')::pg_catalog.text[] AS entities, coalesce(k.ids, '{}')::bigint[] AS ids
FROM exaudit_internal.kept_key_changes(@table_id::integer, @keep_last::integer, sqlc.narg(horizon)::pg_catalog.timestamptz) AS k;

-- name: Surplus :one
SELECT coalesce(s.places, '{}')::pg_catalog.text[] AS places, coalesce(s.ids, '{}')::bigint[] AS ids,
       coalesce(s.last_entity, '')::pg_catalog.text AS last_entity, coalesce(s.last_id, 0)::bigint AS last_id, s.more::boolean AS more
FROM exaudit_internal.surplus(@table_id::integer, @keep_last::integer, sqlc.narg(horizon)::pg_catalog.timestamptz,
                              @kept_entities::pg_catalog.text[], @kept_ids::bigint[],
                              @after_entity::pg_catalog.text, @after_id::bigint, @size::integer) AS s;

-- name: RemoveSurplus :one
-- Unless the table has other options by now.
SELECT coalesce((SELECT exaudit_internal.remove_surplus(t.id, @places::pg_catalog.text[], @ids::bigint[])
                 FROM exaudit.tables t
                 WHERE t.id OPERATOR(pg_catalog.=) @table_id::integer
                   AND (t.options OPERATOR(pg_catalog.->>) 'hold')::boolean IS NOT TRUE
                   AND coalesce(t.options OPERATOR(pg_catalog.->>) 'keep', '') OPERATOR(pg_catalog.=) @keep::pg_catalog.text
                   AND (t.options OPERATOR(pg_catalog.->>) 'keep_last')::integer OPERATOR(pg_catalog.=) @keep_last::integer), 0)::bigint AS removed;

-- name: SetRetention :one
-- For the transaction. Returns what it was.
SELECT coalesce(pg_catalog.current_setting('exaudit.retention', true), '')::pg_catalog.text AS previous,
       pg_catalog.set_config('exaudit.retention', @retention::pg_catalog.text, true)::pg_catalog.text AS retention;

-- name: SummarizeRanges :exec
SELECT exaudit_internal.summarize_ranges();

-- name: AnalyzeVersions :exec
ANALYZE exaudit.versions;

-- name: MayMaintain :one
SELECT pg_catalog.pg_has_role('exaudit_owner', 'USAGE')::boolean AS may;

-- name: IsDuration :one
-- Fails if the text is no interval.
SELECT (exaudit_internal.horizon(@keep::pg_catalog.text) OPERATOR(pg_catalog.<) pg_catalog.now())::boolean AS is_duration;
