-- Many rows at once, and what was undone.

-- name: LockUndo :exec
-- One undo at a time in a database.
SELECT exaudit_internal.lock_undo();

-- name: SetReadOnly :exec
-- Until the savepoint ends.
SELECT pg_catalog.set_config('transaction_read_only', 'on', true);

-- name: UndoneBy :many
SELECT u.version_id::bigint AS version_id, u.rollback_id::bigint AS rollback_id
FROM exaudit_internal.rollbacks_of(@version_ids::bigint[]) AS u;

-- name: UndoneIn :many
-- The versions that some rollbacks undid.
SELECT u.version_id, u.rollback_id FROM exaudit.rollbacks u WHERE u.rollback_id OPERATOR(pg_catalog.=) ANY (@rollback_ids::bigint[]);

-- name: UndidTransactions :many
-- The transactions that one has undone something of.
SELECT DISTINCT u.version_transaction_id
FROM exaudit.rollbacks u
WHERE u.rollback_id OPERATOR(pg_catalog.>=) @first_id::bigint AND u.rollback_id OPERATOR(pg_catalog.<=) @last_id::bigint
  AND u.rollback_transaction_id OPERATOR(pg_catalog.=) @transaction_id::bigint
ORDER BY u.version_transaction_id;

-- name: NoteUndone :exec
SELECT exaudit_internal.note_rollbacks(@rollback_ids::bigint[], @table_ids::integer[], @entity_ids::pg_catalog.text[], @version_ids::bigint[]);

-- name: LaterVersions :many
SELECT l.id::bigint AS id, l.transaction_id::bigint AS transaction_id, l.action::exaudit.action AS action, l.entity_id::pg_catalog.text AS entity_id,
       coalesce(l.previous_entity_id, '')::pg_catalog.text AS previous_entity_id, (l.previous_entity_id IS NOT NULL)::boolean AS moved,
       l.rollback::boolean AS rollback
FROM exaudit_internal.later_versions(@table_id::integer, @entity_ids::pg_catalog.text[], @first_ids::bigint[]) AS l;

-- name: RowImages :many
SELECT r.entity_id::pg_catalog.text AS entity_id, r.image::pg_catalog.jsonb AS image
FROM exaudit_internal.row_images(@relation::pg_catalog.oid, @entity_ids::pg_catalog.text[], @locked::boolean) AS r;

-- name: WriteRows :many
SELECT w.group_number::integer AS group_number, w.written::bigint AS written
FROM exaudit_internal.write_rows(@row_groups::integer[], @entity_ids::pg_catalog.text[], @images::pg_catalog.jsonb[], @groups::pg_catalog.jsonb) AS w;

-- name: UniqueColumns :many
-- The unique indexes of a table. Coarse ones take values for equal that are not the same.
SELECT u.index_name::pg_catalog.text AS index_name, u.columns::pg_catalog.text[] AS columns, u.nullable::boolean[] AS nullable, u.types::pg_catalog.text[] AS types,
       u.is_deferrable::boolean AS deferrable, u.nulls_distinct::boolean AS nulls_distinct, (u.entry IS NOT NULL)::boolean AS computed,
       EXISTS (SELECT FROM exaudit_internal.table_columns c
               WHERE c.relation OPERATOR(pg_catalog.=) @relation::pg_catalog.oid AND NOT exaudit_internal.is_same_if_equal(c.type, c.collation)
                 AND c.name OPERATOR(pg_catalog.=) ANY (u.columns))::boolean AS coarse,
       EXISTS (SELECT FROM pg_catalog.pg_constraint c
               WHERE c.conrelid OPERATOR(pg_catalog.=) @relation::pg_catalog.oid AND c.contype OPERATOR(pg_catalog.=) 'x')::boolean AS excluding
FROM exaudit_internal.unique_columns(@relation::pg_catalog.oid) AS u;

-- name: IndexEntries :many
-- What a unique index that is computed has of some rows, in their order; empty where nothing.
SELECT coalesce(e.entry, '')::pg_catalog.text AS entry
FROM exaudit_internal.index_entries(@relation::pg_catalog.oid, @index_name::pg_catalog.text, @images::pg_catalog.jsonb[]) WITH ORDINALITY AS e (entry, place)
ORDER BY e.place;

-- name: TakenValues :many
SELECT t.place::bigint AS place, t.columns::pg_catalog.text[] AS columns, t.occupant::pg_catalog.text AS occupant
FROM exaudit_internal.taken_values(@relation::pg_catalog.oid, @entity_ids::pg_catalog.text[], @there::boolean[], @images::pg_catalog.jsonb[]) AS t;

-- name: RivalValues :many
SELECT r.place::bigint AS place, r.rival::bigint AS rival, r.columns::pg_catalog.text[] AS columns
FROM exaudit_internal.rival_values(@relation::pg_catalog.oid, @images::pg_catalog.jsonb[]) AS r;

-- name: ExcludingRows :many
SELECT r.place::bigint AS place, r.other::bigint AS other
FROM exaudit_internal.excluding_rows(@relation::pg_catalog.oid, @present::pg_catalog.jsonb[], @target::pg_catalog.jsonb[]) AS r;

-- name: MissingReferences :many
SELECT m.place::bigint AS place, m.columns::pg_catalog.text[] AS columns, m.referenced::pg_catalog.oid AS referenced,
       m.referenced_table::pg_catalog.text AS referenced_table, m.referenced_columns::pg_catalog.text[] AS referenced_columns
FROM exaudit_internal.missing_references(@relation::pg_catalog.oid, @images::pg_catalog.jsonb[]) AS m;

-- name: ReferencedKeys :many
-- The foreign keys of a table, whether they change rows when one that they point to is deleted, or gets other values, and
-- whether rows follow these.
SELECT k.referencing_columns::pg_catalog.text[] AS columns, k.referenced::pg_catalog.oid AS referenced, k.referenced_table::pg_catalog.text AS referenced_table,
       k.referenced_columns::pg_catalog.text[] AS referenced_columns,
       (k.action OPERATOR(pg_catalog.<>) 'in the way')::boolean AS acts_on_delete,
       (k.update_action OPERATOR(pg_catalog.<>) 'in the way')::boolean AS acts_on_update,
       (k.update_action OPERATOR(pg_catalog.=) 'updated')::boolean AS follows
FROM exaudit_internal.foreign_keys k
WHERE k.referencing OPERATOR(pg_catalog.=) @relation::pg_catalog.oid
ORDER BY k.id;

-- name: RowsReferencing :many
SELECT r.entity_id::pg_catalog.text AS entity_id, r.referencing::pg_catalog.oid AS referencing, r.referencing_table::pg_catalog.text AS referencing_table,
       r.referencing_entity_id::pg_catalog.text AS referencing_entity_id, r.columns::pg_catalog.text[] AS columns, r.referenced_columns::pg_catalog.text[] AS referenced_columns
FROM exaudit_internal.rows_referencing(@relation::pg_catalog.oid, @entity_ids::pg_catalog.text[], sqlc.narg('changed')::pg_catalog.text[]) AS r;

-- name: LastVersionID :one
SELECT exaudit_internal.last_version_id()::bigint AS id;

-- name: WrittenSince :many
-- What this transaction has recorded since some version.
SELECT v.id, v.table_id, v.action, v.entity_id, v.previous_entity_id, v.rollback
FROM exaudit.versions v
WHERE v.id OPERATOR(pg_catalog.>) @after_id::bigint AND v.transaction_id OPERATOR(pg_catalog.=) pg_catalog.txid_current()
ORDER BY v.id;

-- name: NotRecording :many
-- Why what this session writes to some tables would not be recorded; no row for a table whose changes would be. It
-- reads the catalog alone, so anybody may ask. Of a table without any trigger, nothing is said of each.
WITH asked AS (
    SELECT r.relation, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind
    FROM pg_catalog.unnest(@relations::pg_catalog.oid[]) AS r (relation)
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) r.relation
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
), carried AS (
    SELECT tg.tgrelid AS relation, tg.tgtype AS type, tg.tgenabled AS enabled,
           pg_catalog.strpos(p.prosrc, 'exaudit.ignore') OPERATOR(pg_catalog.>) 0 AS ignores,
           CASE WHEN pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica'
                THEN tg.tgenabled OPERATOR(pg_catalog.=) ANY ('{A,R}'::pg_catalog."char"[])
                ELSE tg.tgenabled OPERATOR(pg_catalog.=) ANY ('{A,O}'::pg_catalog."char"[]) END AS fires
    FROM pg_catalog.pg_trigger tg
    JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) tg.tgfoid
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
    WHERE n.nspname OPERATOR(pg_catalog.=) 'exaudit_internal'
      AND p.proname OPERATOR(pg_catalog.~) '^t[0-9]+_(insert|update|delete)$'
      AND (tg.tgtype OPERATOR(pg_catalog.&) 66::smallint) OPERATOR(pg_catalog.=) 0 -- AFTER
), leaves AS (
    SELECT a.name AS table_name, a.relation, a.name
    FROM asked a
    WHERE a.kind OPERATOR(pg_catalog.=) 'r'
    UNION ALL
    SELECT a.name, c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)
    FROM asked a
    CROSS JOIN LATERAL pg_catalog.pg_partition_tree(a.relation) AS tree
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) tree.relid AND c.relkind OPERATOR(pg_catalog.=) 'r'
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    WHERE a.kind OPERATOR(pg_catalog.=) 'p'
), events AS (
    SELECT l.table_name, e.name OPERATOR(pg_catalog.||) ' of ' OPERATOR(pg_catalog.||) l.name AS detail,
           pg_catalog.count(c.relation) OPERATOR(pg_catalog.>) 0 AS is_there,
           pg_catalog.bool_or(c.enabled OPERATOR(pg_catalog.=) ANY ('{A,O}'::pg_catalog."char"[])) AS is_enabled,
           coalesce(pg_catalog.bool_or(c.fires), false) AS fires,
           coalesce(pg_catalog.bool_or(c.fires AND c.ignores), false)
               AND coalesce(pg_catalog.current_setting('exaudit.ignore', true), '') OPERATOR(pg_catalog.=) 'on' AS ignored
    FROM leaves l
    CROSS JOIN (VALUES (4::smallint, 'INSERT'), (16::smallint, 'UPDATE'), (8::smallint, 'DELETE')) AS e (bit, name)
    LEFT JOIN carried c ON c.relation OPERATOR(pg_catalog.=) l.relation
                       AND (c.type OPERATOR(pg_catalog.&) e.bit) OPERATOR(pg_catalog.<>) 0
    GROUP BY 1, 2
), untracked AS (
    SELECT a.name AS table_name
    FROM asked a
    WHERE NOT EXISTS (SELECT FROM carried c WHERE c.relation OPERATOR(pg_catalog.=) a.relation)
)
SELECT r.table_name::pg_catalog.text AS table_name, r.kind::pg_catalog.text AS kind, r.detail::pg_catalog.text AS detail
FROM (
    SELECT u.table_name, 'untracked' AS kind, '' AS detail
    FROM untracked u
    UNION
    SELECT e.table_name,
           CASE WHEN e.ignored THEN 'ignored' WHEN NOT e.is_there THEN 'missing' WHEN e.is_enabled THEN 'replica' ELSE 'disabled' END,
           CASE WHEN e.ignored OR e.is_there AND e.is_enabled THEN '' ELSE e.detail END
    FROM events e
    WHERE (e.ignored OR NOT e.fires)
      AND NOT EXISTS (SELECT FROM untracked u WHERE u.table_name OPERATOR(pg_catalog.=) e.table_name)
) AS r
ORDER BY r.table_name, r.kind, r.detail;

-- name: AnyDeferrable :one
-- Is there a constraint or a trigger that may be deferred, other than exaudit's own?
SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint c
               WHERE c.condeferrable AND c.conrelid OPERATOR(pg_catalog.<>) 'exaudit_internal.moves'::pg_catalog.regclass::pg_catalog.oid)::boolean AS is_deferrable;
