-- Reading and writing rows of tracked tables, for reverts and manual tracking.

-- name: EntityID :one
SELECT exaudit.entity_id(@relation::pg_catalog.oid, @key_values::pg_catalog.jsonb)::pg_catalog.text AS entity_id;

-- name: Spellings :many
SELECT s.entity_id::pg_catalog.text AS entity_id
FROM exaudit_internal.other_spellings(@table_id::integer, @relation::pg_catalog.oid, @entity_id::pg_catalog.text) AS s (entity_id);

-- name: RowImage :one
SELECT exaudit_internal.row_image(@relation::pg_catalog.oid, @entity_id::pg_catalog.text, @locked::boolean)::pg_catalog.jsonb AS image;

-- name: RowPreview :one
SELECT exaudit_internal.preview(exaudit_internal.row_image(@relation::pg_catalog.oid, @entity_id::pg_catalog.text, false), @cut::integer)::pg_catalog.jsonb AS image;

-- name: InsertRow :one
SELECT exaudit_internal.insert_row(@relation::pg_catalog.oid, @image::pg_catalog.jsonb)::bigint AS written;

-- name: UpdateRow :one
SELECT exaudit_internal.update_row(@relation::pg_catalog.oid, @entity_id::pg_catalog.text, @image::pg_catalog.jsonb)::bigint AS written;

-- name: DeleteRow :one
SELECT exaudit_internal.delete_row(@relation::pg_catalog.oid, @entity_id::pg_catalog.text)::bigint AS written;

-- name: NormalizeImage :one
SELECT exaudit_internal.normalize(@relation::pg_catalog.oid, @image::pg_catalog.jsonb)::pg_catalog.jsonb AS image;

-- name: EntityIDOfImage :one
-- complete tells whether the image has the whole key.
SELECT coalesce(e.entity_id, '')::pg_catalog.text AS entity_id, (e.entity_id IS NOT NULL)::boolean AS complete
FROM exaudit_internal.entity_id_of(@relation::pg_catalog.oid, @image::pg_catalog.jsonb) AS e (entity_id);

-- name: RowsQuery :one
SELECT q.query::pg_catalog.text AS query, q.columns::pg_catalog.text[] AS columns, q.computed::pg_catalog.text[] AS computed
FROM exaudit_internal.rows_query(@relation::pg_catalog.oid) AS q;

-- name: Track :one
SELECT coalesce(exaudit.track(@table_id::integer, @entity_id::pg_catalog.text, sqlc.narg(before)::pg_catalog.jsonb, sqlc.narg(after)::pg_catalog.jsonb), 0)::bigint AS id;

-- name: SetSessionData :exec
-- Transaction-local: a pooled connection never carries it to the next borrower.
SELECT pg_catalog.set_config('exaudit.custom', @custom::pg_catalog.text, true),
       pg_catalog.set_config('exaudit.rollback', @rollback::pg_catalog.text, true);

-- name: SessionData :one
SELECT coalesce(pg_catalog.current_setting('exaudit.custom', true), '')::pg_catalog.text AS custom,
       coalesce(pg_catalog.current_setting('exaudit.rollback', true), '')::pg_catalog.text AS rollback;

-- name: SetCustom :exec
SELECT pg_catalog.set_config('exaudit.custom', @custom::pg_catalog.text, true);

-- name: ReferencingRows :many
-- -1 where the caller may not read the table.
SELECT r.table_name::pg_catalog.text AS table_name, r.columns::pg_catalog.text[] AS columns, r.action::pg_catalog.text AS action,
       coalesce(r.referencing, -1)::bigint AS referencing
FROM exaudit_internal.referencing_rows(@relation::pg_catalog.oid, @entity_id::pg_catalog.text) AS r;

-- name: EntityIDsOfImages :many
-- The keys of rows in the order of the images; complete reports whether one has all its parts.
SELECT coalesce(e.entity_id, '')::pg_catalog.text AS entity_id, (e.entity_id IS NOT NULL)::boolean AS complete
FROM (SELECT exaudit_internal.key_columns(@relation::pg_catalog.oid) AS columns OFFSET 0) AS k,
     pg_catalog.unnest(@images::pg_catalog.jsonb[]) WITH ORDINALITY AS i (image, place),
     LATERAL exaudit_internal.entity_id_in(k.columns, i.image) AS e (entity_id)
ORDER BY i.place;

-- name: CurrentTransaction :one
SELECT pg_catalog.pg_current_xact_id()::pg_catalog.xid8 AS transaction_id;
