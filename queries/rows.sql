-- Reading and writing rows of tracked tables, for reverts and manual tracking.

-- name: EntityID :one
SELECT exaudit.entity_id(@relation::oid, @key_values::jsonb)::text AS entity_id;

-- name: RowImage :one
SELECT exaudit.row_image(@relation::oid, @entity_id::text, @locked::boolean)::jsonb AS image;

-- name: InsertRow :one
SELECT exaudit.insert_row(@relation::oid, @image::jsonb)::bigint AS written;

-- name: UpdateRow :one
SELECT exaudit.update_row(@relation::oid, @entity_id::text, @image::jsonb)::bigint AS written;

-- name: DeleteRow :one
SELECT exaudit.delete_row(@relation::oid, @entity_id::text)::bigint AS written;

-- name: NormalizeImage :one
SELECT exaudit.normalize(@relation::oid, @image::jsonb)::jsonb AS image;

-- name: EntityIDOfImage :one
-- complete tells whether the image has the whole key.
SELECT coalesce(e.entity_id, '')::text AS entity_id, (e.entity_id IS NOT NULL)::boolean AS complete
FROM exaudit.entity_id_of(@relation::oid, @image::jsonb) AS e (entity_id);

-- name: RowsQuery :one
SELECT q.query::text AS query, q.columns::text[] AS columns, q.computed::text[] AS computed
FROM exaudit.rows_query(@relation::oid) AS q;

-- name: Track :one
SELECT coalesce(exaudit.track(@table_id::integer, @entity_id::text, sqlc.narg(before)::jsonb, sqlc.narg(after)::jsonb), 0)::bigint AS id;

-- name: SetSessionData :exec
-- Transaction-local: a pooled connection never carries it to the next borrower.
SELECT pg_catalog.set_config('exaudit.custom', @custom::text, true),
       pg_catalog.set_config('exaudit.rollback', @rollback::text, true);

-- name: SessionData :one
SELECT coalesce(pg_catalog.current_setting('exaudit.custom', true), '')::text AS custom,
       coalesce(pg_catalog.current_setting('exaudit.rollback', true), '')::text AS rollback;

-- name: SetCustom :exec
SELECT pg_catalog.set_config('exaudit.custom', @custom::text, true);

-- name: ReferencingRows :many
-- -1 where the caller may not read the table.
SELECT r.table_name::text AS table_name, r.columns::text[] AS columns, r.action::text AS action,
       coalesce(r.referencing, -1)::bigint AS referencing
FROM exaudit.referencing_rows(@relation::oid, @entity_id::text) AS r;

-- name: EntityIDsOfImages :many
-- The keys of rows, '' where one lacks a part, in the order of the images.
SELECT coalesce(exaudit.entity_id_in(k.columns, i.image), '')::text AS entity_id
FROM (SELECT exaudit.key_columns(@relation::oid) AS columns OFFSET 0) AS k,
     pg_catalog.unnest(@images::jsonb[]) WITH ORDINALITY AS i (image, place)
ORDER BY i.place;

-- name: CurrentTransaction :one
SELECT pg_catalog.pg_current_xact_id()::xid8 AS xid;
