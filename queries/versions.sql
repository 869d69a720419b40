-- Reading versions, as the caller and under its search_path: operators and functions are
-- pg_catalog's, in whose place somebody could have put others. One jsonb may not hold the
-- images of both sides.

-- name: MovedVersions :many
-- The versions of the rows that have had some keys, or such as rows were rewritten from or to, row by row numbered and in
-- the order of their changes; none where no row was.
SELECT m.row_number::integer AS row_number, m.version_id::bigint AS version_id, m.action::exaudit.action AS action, m.entity_id::pg_catalog.text AS entity_id,
       coalesce(m.previous_entity_id, '')::pg_catalog.text AS previous_entity_id, (m.previous_entity_id IS NOT NULL)::boolean AS moved
FROM exaudit_internal.moved_versions(@table_id::integer, @entity_ids::pg_catalog.text[], @first_id::bigint) AS m;

-- name: EntityVersions :many
-- A page of the versions of one key, in the order of its changes.
SELECT v.id, v.recorded_at, v.transaction_id, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
       (CASE WHEN sqlc.narg(cut)::integer IS NULL THEN v.before ELSE exaudit_internal.preview(v.before, sqlc.narg(cut)::integer) END)::pg_catalog.jsonb AS before,
       (CASE WHEN sqlc.narg(cut)::integer IS NULL THEN v.after ELSE exaudit_internal.preview(v.after, sqlc.narg(cut)::integer) END)::pg_catalog.jsonb AS after, v.custom, v.session_user_name,
       exaudit_internal.custom_values(v.*)::pg_catalog.jsonb AS custom_columns
FROM exaudit.versions v
WHERE v.table_id OPERATOR(pg_catalog.=) @table_id::integer AND v.entity_id OPERATOR(pg_catalog.=) @entity_id::pg_catalog.text
  AND v.id OPERATOR(pg_catalog.>=) @first_id::bigint AND v.id OPERATOR(pg_catalog.<=) @last_id::bigint
ORDER BY v.id
LIMIT @page_size;

-- name: NewestEntityVersions :many
-- The same, the newest first.
SELECT v.id, v.recorded_at, v.transaction_id, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
       (CASE WHEN sqlc.narg(cut)::integer IS NULL THEN v.before ELSE exaudit_internal.preview(v.before, sqlc.narg(cut)::integer) END)::pg_catalog.jsonb AS before,
       (CASE WHEN sqlc.narg(cut)::integer IS NULL THEN v.after ELSE exaudit_internal.preview(v.after, sqlc.narg(cut)::integer) END)::pg_catalog.jsonb AS after, v.custom, v.session_user_name,
       exaudit_internal.custom_values(v.*)::pg_catalog.jsonb AS custom_columns
FROM exaudit.versions v
WHERE v.table_id OPERATOR(pg_catalog.=) @table_id::integer AND v.entity_id OPERATOR(pg_catalog.=) @entity_id::pg_catalog.text
  AND v.id OPERATOR(pg_catalog.>=) @first_id::bigint AND v.id OPERATOR(pg_catalog.<=) @last_id::bigint
ORDER BY v.id DESC
LIMIT @page_size;

-- name: LastEntityVersion :one
-- The newest version of a key; 0 where there is none.
SELECT coalesce(pg_catalog.max(v.id), 0)::bigint AS id
FROM exaudit.versions v
WHERE v.table_id OPERATOR(pg_catalog.=) @table_id AND v.entity_id OPERATOR(pg_catalog.=) @entity_id;

-- name: Version :one
SELECT v.id, v.recorded_at, v.transaction_id, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
       v.before, v.after, v.custom, v.session_user_name,
       exaudit_internal.custom_values(v.*)::pg_catalog.jsonb AS custom_columns,
       pg_catalog.format('%I.%I', coalesce(n.nspname::pg_catalog.text, t.schema_name), coalesce(c.relname::pg_catalog.text, t.table_name))::pg_catalog.text AS quoted_name,
       coalesce(c.oid, 0)::pg_catalog.oid AS relation
FROM exaudit.versions v
JOIN exaudit.tables t ON t.id OPERATOR(pg_catalog.=) v.table_id
LEFT JOIN exaudit_internal.relations r ON r.table_id OPERATOR(pg_catalog.=) t.id
LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE v.id OPERATOR(pg_catalog.=) @id::bigint;

-- name: Unrecorded :one
-- What the options of a table leave out: whether rows can change out of sight, and columns. condition and excluded are
-- about what a session that records writes. ends are the last versions before nothing was recorded.
SELECT ARRAY(SELECT p.last_id FROM exaudit_internal.periods p WHERE p.table_id OPERATOR(pg_catalog.=) t.id AND p.last_id IS NOT NULL
             ORDER BY p.last_id)::bigint[] AS ends,
       exaudit_internal.hides_changes(t.options)::boolean AS changes,
       (t.options OPERATOR(pg_catalog.?) 'where')::boolean AS condition,
       coalesce(exaudit_internal.option_columns(t.id, @relation::pg_catalog.oid, 'exclude'), '{}')::pg_catalog.text[] AS excluded,
       ARRAY(SELECT pg_catalog.jsonb_array_elements_text(t.options OPERATOR(pg_catalog.->) o.option)
             FROM pg_catalog.unnest(ARRAY['exclude', 'mask']) AS o (option)
             UNION ALL
             SELECT pg_catalog.unnest(exaudit_internal.option_columns(t.id, @relation::pg_catalog.oid, o.option))
             FROM pg_catalog.unnest(ARRAY['exclude', 'mask']) AS o (option))::pg_catalog.text[] AS columns
FROM exaudit.tables t
WHERE t.id OPERATOR(pg_catalog.=) @table_id::integer;

-- name: SearchBounds :one
-- The last id that was given out, and whether an index finds what the filter's custom data
-- asks for.
SELECT exaudit_internal.last_version_id()::bigint AS last_id,
       (exaudit_internal.indexed_key(@filter::pg_catalog.jsonb) IS NOT NULL)::boolean AS indexed;

-- name: Search :many
SELECT s.id, s.recorded_at, s.transaction_id, s.table_id, s.action, s.rollback, s.entity_id, s.previous_entity_id,
       (CASE WHEN sqlc.narg(cut)::integer IS NULL THEN s.before ELSE exaudit_internal.preview(s.before, sqlc.narg(cut)::integer) END)::pg_catalog.jsonb AS before,
       (CASE WHEN sqlc.narg(cut)::integer IS NULL THEN s.after ELSE exaudit_internal.preview(s.after, sqlc.narg(cut)::integer) END)::pg_catalog.jsonb AS after,
       s.custom, s.session_user_name, s.custom_columns::pg_catalog.jsonb AS custom_columns
FROM exaudit_internal.search(@filter::pg_catalog.jsonb, @after_id::bigint, @last_id::bigint, @page_size::integer, @newest_first::boolean) AS s;

-- name: SearchIDs :many
SELECT s.id
FROM exaudit_internal.search(@filter::pg_catalog.jsonb, @after_id::bigint, @last_id::bigint, @page_size::integer) AS s;

-- name: TableNames :many
-- Every table that has or had a history, by its present name or the last known one.
SELECT t.id, coalesce(c.oid, 0)::pg_catalog.oid AS relation,
       pg_catalog.format('%I.%I', coalesce(n.nspname::pg_catalog.text, t.schema_name), coalesce(c.relname::pg_catalog.text, t.table_name))::pg_catalog.text AS quoted_name
FROM exaudit.tables t
LEFT JOIN exaudit_internal.relations r ON r.table_id OPERATOR(pg_catalog.=) t.id
LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace;

-- name: CustomIndexStatement :one
-- How to index a key of the custom data, '' where it is, and how to clear away an index that never became
-- valid.
SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class c
                         JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) c.oid AND x.indisvalid
                         WHERE c.relname::pg_catalog.text OPERATOR(pg_catalog.=) exaudit_internal.custom_index(@key::pg_catalog.text)
                           AND c.relnamespace OPERATOR(pg_catalog.=) 'exaudit'::pg_catalog.regnamespace) THEN ''
            ELSE exaudit_internal.custom_index_statement(@key::pg_catalog.text) END::pg_catalog.text AS statement,
       coalesce((SELECT pg_catalog.format('DROP INDEX CONCURRENTLY exaudit.%I', c.relname)
                 FROM pg_catalog.pg_class c
                 JOIN pg_catalog.pg_index x ON x.indexrelid OPERATOR(pg_catalog.=) c.oid AND NOT x.indisvalid
                 WHERE c.relname::pg_catalog.text OPERATOR(pg_catalog.=) exaudit_internal.custom_index(@key::pg_catalog.text)
                   AND c.relnamespace OPERATOR(pg_catalog.=) 'exaudit'::pg_catalog.regnamespace), '')::pg_catalog.text AS cleanup;

-- name: ExposeCustomIndex :exec
SELECT exaudit_internal.expose_custom_index(@key::pg_catalog.text);

-- name: VersionsByRef :many
-- Versions of many entities, each by the index of its entity's history.
SELECT v.id, v.recorded_at, v.transaction_id, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
       v.before, v.after, v.custom, v.session_user_name,
       exaudit_internal.custom_values(v.*)::pg_catalog.jsonb AS custom_columns
FROM ROWS FROM (pg_catalog.unnest(@table_ids::integer[]), pg_catalog.unnest(@entity_ids::pg_catalog.text[]), pg_catalog.unnest(@ids::bigint[])) AS r (table_id, entity_id, id)
JOIN exaudit.versions v ON v.table_id OPERATOR(pg_catalog.=) r.table_id AND v.entity_id OPERATOR(pg_catalog.=) r.entity_id
                       AND v.id OPERATOR(pg_catalog.=) r.id
ORDER BY v.id;

-- name: CreatedImages :many
-- The images of rows that were created without one, by their versions and keys, as they would have been recorded.
SELECT c.version_id::bigint AS version_id,
       (CASE WHEN sqlc.narg(cut)::integer IS NULL THEN c.image ELSE exaudit_internal.preview(c.image, sqlc.narg(cut)::integer) END)::pg_catalog.jsonb AS image
FROM exaudit_internal.created_images(@table_id::integer, @entity_ids::pg_catalog.text[], @ids::bigint[]) AS c;

-- name: Comparison :one
-- How the options of a table have values compared.
SELECT ARRAY(SELECT pg_catalog.jsonb_array_elements_text(t.options OPERATOR(pg_catalog.->) 'primitive'))::pg_catalog.text[] AS places,
       ARRAY(SELECT pg_catalog.jsonb_array_elements_text(t.options OPERATOR(pg_catalog.->) 'primitive_types'))::pg_catalog.text[] AS types,
       coalesce((t.options OPERATOR(pg_catalog.->>) 'positional') OPERATOR(pg_catalog.=) 'true', false)::boolean AS positional
FROM exaudit.tables t
WHERE t.id OPERATOR(pg_catalog.=) @table_id::integer;

-- name: ColumnsOfTypes :many
SELECT c.name::pg_catalog.text AS name FROM exaudit_internal.columns_of_types(@relation::pg_catalog.oid, @types::pg_catalog.text[]) AS c (name);
