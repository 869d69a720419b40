-- What the event triggers do when tables are created, altered and dropped.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The names of the primary key, in its order, of columns as present_columns has them.
CREATE FUNCTION exaudit_internal.key_names(columns jsonb) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT c ->> 'name' FROM pg_catalog.jsonb_array_elements(columns) AS c
                 WHERE c ? 'key' ORDER BY (c -> 'key')::integer);
END
$$;

-- Brings the registry up to date with a tracked table: its name, its key, its columns.
-- Gives whether its triggers fire for replicas; NULL where the table is not tracked.
CREATE FUNCTION exaudit_internal.follow_table(table_id integer, relation oid) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    replica boolean;
    present jsonb := exaudit_internal.present_columns($2);
    keys    text[] := exaudit_internal.key_names(present);
BEGIN
    SELECT t.options @> '{"record_replicated": true}' INTO replica FROM exaudit.tables t WHERE t.id = $1 AND t.tracked;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE exaudit.tables t
    SET schema_name = n.nspname, table_name = c.relname,
        key_columns = CASE WHEN keys = '{}' THEN t.key_columns ELSE keys END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE t.id = $1 AND c.oid = $2
      AND ((t.schema_name, t.table_name) IS DISTINCT FROM (n.nspname::text, c.relname::text)
           OR keys <> '{}' AND t.key_columns <> keys);
    PERFORM exaudit_internal.note_columns($1, $2, present);
    RETURN replica;
END
$$;

-- Registers a new table and gives its id; NULL for one that is in the registry already,
-- perhaps because it was uninstalled.
CREATE FUNCTION exaudit_internal.follow_new_table(relation oid) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    table_id integer;
    present  jsonb := exaudit_internal.present_columns($1);
BEGIN
    IF EXISTS (SELECT FROM exaudit_internal.tables_of($1)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO exaudit.tables (schema_name, table_name, key_columns, complete_after)
    SELECT n.nspname, c.relname, exaudit_internal.key_names(present), exaudit_internal.last_version_id()
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = $1
    RETURNING id INTO table_id;
    PERFORM exaudit_internal.note_columns(table_id, $1, present);
    RETURN table_id;
END
$$;

-- Lets go of the tables that are gone, and of the one of the id. What another transaction is about to change stays for
-- later: it may be the last that is done for long.
CREATE FUNCTION exaudit_internal.untrack_dropped_tables(table_id integer DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM exaudit_internal.end_tracking(g.id)
    FROM (SELECT $1 AS id
          UNION ALL
          SELECT gone.id FROM (SELECT t.id FROM exaudit.tables t
                               WHERE t.tracked AND NOT EXISTS (SELECT FROM exaudit_internal.relations r WHERE r.table_id = t.id)
                               FOR NO KEY UPDATE SKIP LOCKED) AS gone) AS g;
END
$$;

-- The same for relations that were dropped just now, and for tables whose triggers went with them. It asks of no others:
-- there may be many.
CREATE FUNCTION exaudit_internal.untrack_dropped_relations(relations oid[], table_ids integer[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM exaudit_internal.end_tracking(gone.id)
    FROM (SELECT t.id FROM exaudit.tables t
          WHERE t.tracked AND t.id = ANY (table_ids || ARRAY(SELECT s.table_id FROM exaudit_internal.column_snapshots s
                                                             WHERE s.relation = ANY (relations)))
            AND NOT EXISTS (SELECT FROM exaudit_internal.relations r WHERE r.table_id = t.id)
          FOR NO KEY UPDATE SKIP LOCKED) AS gone;
END
$$;

-- Follows tables that were renamed: their triggers tell which they are. As above, what another transaction is about to
-- change stays: it has the table itself.
CREATE FUNCTION exaudit_internal.refresh_names() RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE exaudit.tables t
    SET schema_name = present.nspname, table_name = present.relname
    FROM (SELECT named.id, n.nspname, c.relname
          FROM exaudit.tables named
          JOIN exaudit_internal.relations r ON r.table_id = named.id
          JOIN pg_class c ON c.oid = r.relation
          JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE (named.schema_name, named.table_name) IS DISTINCT FROM (n.nspname::text, c.relname::text)
          FOR NO KEY UPDATE OF named SKIP LOCKED) AS present
    WHERE t.id = present.id;
END
$$;

-- The tracked tables whose rows may have been recorded without an image.
CREATE FUNCTION exaudit_internal.tables_without_images(OUT table_id integer, OUT relation oid) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT t.id, r.relation
    FROM (SELECT k.id FROM exaudit.tables k WHERE k.tracked AND k.without_images) AS t
    JOIN exaudit_internal.relations r ON r.table_id = t.id
    WHERE r.relation IS NOT NULL;
END
$$;

-- Why statement triggers would miss changes of a table: rows come and go by way of other
-- tables, or the nested change of a row would be recorded before the one that set it off.
CREATE FUNCTION exaudit_internal.statement_level_obstacles(relation oid) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT o.reason
    FROM pg_catalog.pg_class c
    CROSS JOIN LATERAL (
        SELECT 'the table is partitioned' WHERE c.relkind = 'p'
        UNION ALL
        SELECT pg_catalog.format('the table %s %I.%I', CASE WHEN c.relispartition THEN 'is a partition of' ELSE 'inherits from' END, n.nspname, other.relname)
        FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class other ON other.oid = i.inhparent
        JOIN pg_catalog.pg_namespace n ON n.oid = other.relnamespace
        WHERE i.inhrelid = c.oid
        UNION ALL
        SELECT pg_catalog.format('%I.%I inherits from the table', n.nspname, other.relname)
        FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class other ON other.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = other.relnamespace
        WHERE i.inhparent = c.oid AND c.relkind <> 'p'
        UNION ALL
        SELECT pg_catalog.format('trigger %I is for each row after a change', tg.tgname)
        FROM pg_catalog.pg_trigger tg
        JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
        WHERE tg.tgrelid = c.oid AND NOT tg.tgisinternal AND n.nspname <> 'exaudit_internal'
          -- ROW 1, BEFORE 2, INSERT 4, DELETE 8, UPDATE 16: an upsert is both
          AND (tg.tgtype & 3::int2) = 1 AND (tg.tgtype & 28::int2) <> 0
    ) AS o (reason)
    WHERE c.oid = $1
    ORDER BY o.reason;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.statement_level_obstacles TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
