-- Many rows at once, and what was undone.

-- name: LockUndo :exec
-- One undo at a time in a database.
SELECT exaudit.lock_undo();

-- name: SetReadOnly :exec
-- Until the savepoint ends.
SELECT pg_catalog.set_config('transaction_read_only', 'on', true);

-- name: UndoneBy :many
SELECT u.version_id::bigint AS version_id, u.rollback_id::bigint AS rollback_id
FROM exaudit.undone_by(@version_ids::bigint[]) AS u;

-- name: NoteUndone :exec
SELECT exaudit.note_undone(@rollback_ids::bigint[], @table_ids::integer[], @entity_ids::pg_catalog.text[], @version_ids::bigint[]);

-- name: LaterVersions :many
SELECT l.id::bigint AS id, l.xid::bigint AS xid, l.action::exaudit.action AS action, l.entity_id::pg_catalog.text AS entity_id,
       coalesce(l.previous_entity_id, '')::pg_catalog.text AS previous_entity_id, (l.previous_entity_id IS NOT NULL)::boolean AS moved,
       l.rollback::boolean AS rollback
FROM exaudit.later_versions(@table_id::integer, @entity_ids::pg_catalog.text[], @first_ids::bigint[]) AS l;

-- name: RowImages :many
SELECT r.entity_id::pg_catalog.text AS entity_id, r.image::pg_catalog.jsonb AS image
FROM exaudit.row_images(@relation::pg_catalog.oid, @entity_ids::pg_catalog.text[], @locked::boolean) AS r;

-- name: WriteRows :many
SELECT w.group_number::integer AS group_number, w.written::bigint AS written
FROM exaudit.write_rows(@row_groups::integer[], @entity_ids::pg_catalog.text[], @images::pg_catalog.jsonb[], @groups::pg_catalog.jsonb) AS w;

-- name: UniqueColumns :many
SELECT u.index_name::pg_catalog.text AS index_name, u.columns::pg_catalog.text[] AS columns, u.nullable::boolean[] AS nullable, u.types::pg_catalog.text[] AS types,
       u.is_deferrable::boolean AS deferrable, u.nulls_distinct::boolean AS nulls_distinct, (u.entry IS NOT NULL)::boolean AS computed
FROM exaudit.unique_columns(@relation::pg_catalog.oid) AS u;

-- name: IndexEntries :many
-- What a unique index that is computed has of some rows, in their order; empty where nothing.
SELECT coalesce(e.entry, '')::pg_catalog.text AS entry
FROM exaudit.index_entries(@relation::pg_catalog.oid, @index_name::pg_catalog.text, @images::pg_catalog.jsonb[]) WITH ORDINALITY AS e (entry, place)
ORDER BY e.place;

-- name: TakenValues :many
SELECT t.place::bigint AS place, t.columns::pg_catalog.text[] AS columns, t.occupant::pg_catalog.text AS occupant
FROM exaudit.taken_values(@relation::pg_catalog.oid, @entity_ids::pg_catalog.text[], @images::pg_catalog.jsonb[]) AS t;

-- name: MissingReferences :many
SELECT m.place::bigint AS place, m.columns::pg_catalog.text[] AS columns, m.referenced::pg_catalog.oid AS referenced,
       m.referenced_table::pg_catalog.text AS referenced_table, m.referenced_columns::pg_catalog.text[] AS referenced_columns
FROM exaudit.missing_references(@relation::pg_catalog.oid, @images::pg_catalog.jsonb[]) AS m;

-- name: ReferencedKeys :many
-- The foreign keys of a table.
SELECT k.referencing_columns::pg_catalog.text[] AS columns, k.referenced::pg_catalog.oid AS referenced, k.referenced_table::pg_catalog.text AS referenced_table,
       k.referenced_columns::pg_catalog.text[] AS referenced_columns
FROM exaudit.foreign_keys k
WHERE k.referencing OPERATOR(pg_catalog.=) @relation::pg_catalog.oid
ORDER BY k.id;

-- name: RowsReferencing :many
SELECT r.entity_id::pg_catalog.text AS entity_id, r.referencing::pg_catalog.oid AS referencing, r.referencing_table::pg_catalog.text AS referencing_table,
       r.referencing_entity_id::pg_catalog.text AS referencing_entity_id, r.columns::pg_catalog.text[] AS columns, r.referenced_columns::pg_catalog.text[] AS referenced_columns
FROM exaudit.rows_referencing(@relation::pg_catalog.oid, @entity_ids::pg_catalog.text[], sqlc.narg('changed')::pg_catalog.text[]) AS r;

-- name: LastVersionID :one
SELECT exaudit.last_version_id()::bigint AS id;

-- name: WrittenSince :many
-- What this transaction has recorded since some version.
SELECT v.id, v.table_id, v.action, v.entity_id, v.previous_entity_id, v.rollback
FROM exaudit.versions v
WHERE v.id OPERATOR(pg_catalog.>) @after_id::bigint AND v.xid OPERATOR(pg_catalog.=) pg_catalog.txid_current()
ORDER BY v.id;
