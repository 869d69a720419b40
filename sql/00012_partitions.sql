-- The relations that a trigger may fire for.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- A relation and the partitions below it, level 0 and on. Unlike pg_partition_tree it locks none.
CREATE FUNCTION exaudit_internal.partition_tree(root oid, OUT relation oid, OUT level integer) RETURNS SETOF record
    LANGUAGE plpgsql STABLE ROWS 10
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE tree (relation, level) AS (
        SELECT $1, 0
        UNION ALL
        SELECT i.inhrelid, tree.level + 1
        FROM tree
        JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.relation AND NOT i.inhdetachpending
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    )
    SELECT tree.relation, tree.level FROM tree;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.partition_tree TO exaudit_writer, exaudit_reader;

-- The condition of a trigger, node by node, with the names of what it calls and compares; NULL where
-- there is none. pg_get_triggerdef would lock the table.
CREATE FUNCTION exaudit_internal.trigger_condition(trigger oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT string_agg(
            CASE
                WHEN part.node = 'ROW' THEN 'ROWEXPR' -- before PostgreSQL 15
                WHEN part.node IS NOT NULL THEN part.node
                WHEN part.field = 'opno' THEN (SELECT pg_catalog.format('%s.%s', n.nspname, o.oprname)
                                               FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
                                               WHERE o.oid = part.number::oid)
                WHEN part.field = 'funcid' THEN (SELECT pg_catalog.format('%s.%s', n.nspname, p.proname)
                                                 FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                                                 WHERE p.oid = part.number::oid)
                WHEN part.field = 'varno' THEN CASE part.number WHEN '1' THEN 'old' WHEN '2' THEN 'new' ELSE part.number END
                ELSE coalesce((SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
                               WHERE a.attrelid = part.relation AND a.attnum = part.number::int2 AND a.attnum > 0), part.number)
            END, ' ' ORDER BY part.place)
        FROM (SELECT tg.tgrelid AS relation, found.part[1] AS node, found.part[2] AS field, found.part[3] AS number, found.place
              FROM pg_catalog.pg_trigger tg
              CROSS JOIN pg_catalog.regexp_matches(tg.tgqual::text, E'\\{([A-Z]+)|:(opno|funcid|varno|varattno) (-?[0-9]+)', 'g')
                         WITH ORDINALITY AS found (part, place)
              WHERE tg.oid = $1) part
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.trigger_condition TO exaudit_reader;

-- The table that a relation's rows are recorded as: the relation itself or the nearest partitioned table above
-- it that has the registered name, or carries the trigger (it was renamed, perhaps to make room for another of its
-- name). NULL where there is none: a generated trigger may not fire for the relation.
CREATE FUNCTION exaudit_internal.recorded_table(table_id integer, relation oid) RETURNS oid
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT c.oid
        FROM exaudit.tables t
        LEFT JOIN exaudit_internal.relations r ON r.table_id = t.id
        CROSS JOIN LATERAL (
            SELECT $2 AS relation, 0 AS distance
            UNION ALL
            SELECT up.relid, up.distance FROM pg_catalog.pg_partition_ancestors($2) WITH ORDINALITY AS up (relid, distance)) AS a
        JOIN pg_catalog.pg_class c ON c.oid = a.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE t.id = $1
          AND (c.oid = r.relation OR c.relname = t.table_name AND n.nspname = t.schema_name)
        ORDER BY a.distance
        LIMIT 1
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.recorded_table TO exaudit_writer;

-- The same for a relation that the trigger may fire for. Only a partition has to be looked up.
CREATE FUNCTION exaudit_internal.recorded_root(table_id integer, relation oid) RETURNS oid
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN coalesce(pg_catalog.pg_partition_root($2)::oid, $2) = $2 THEN $2
                ELSE exaudit_internal.recorded_table($1, $2) END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.recorded_root TO exaudit_writer;

-- Reports whether a relation is a partitioned table's partition, on any level.
CREATE FUNCTION exaudit_internal.is_partition_of(relation oid, parent oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN $2 IN (SELECT up.relid::oid FROM pg_catalog.pg_partition_ancestors($1) AS up (relid));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_partition_of TO exaudit_writer;

-- Raises unless it may.
CREATE FUNCTION exaudit_internal.check_table(table_id integer, relation oid) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    registered exaudit.tables;
BEGIN
    IF exaudit_internal.recorded_table(table_id, relation) IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO registered FROM exaudit.tables t WHERE t.id = check_table.table_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'trigger function t%_* of % records a table that exaudit.tables does not have',
            table_id, relation::regclass
            USING ERRCODE = 'triggered_action_exception',
                  HINT = 'Restore the data of schema exaudit, or begin a new history with "exaudit install --all".';
    END IF;
    RAISE EXCEPTION 'trigger function t%_* records table %.%, not %',
        table_id, registered.schema_name, registered.table_name, relation::regclass
        USING ERRCODE = 'triggered_action_exception',
              HINT = 'Drop the trigger and run "exaudit install" for the table.';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_table TO exaudit_writer;

-- Are the triggers of a table there, and enabled, on each of its partitions?
CREATE FUNCTION exaudit_internal.is_watched(table_id integer, relation oid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce(bit_and(CASE WHEN tg.tgenabled IN ('O', 'A') THEN 1 ELSE 0 END) = 1
                        -- INSERT 4, DELETE 8, UPDATE 16
                        AND bit_or(CASE WHEN tg.tgrelid = $2 THEN tg.tgtype ELSE 0 END) & 28 = 28, false)
        FROM exaudit_internal.partition_tree($2) AS tree
        JOIN pg_catalog.pg_trigger tg ON tg.tgrelid = tree.relation
        JOIN pg_catalog.pg_proc p ON p.oid = tg.tgfoid
        WHERE p.pronamespace = 'exaudit_internal'::regnamespace
          AND p.proname ~ pg_catalog.format('^t%s_(insert|update|delete|truncate)$', $1)
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_watched TO exaudit_reader;

-- Notes, before a table's triggers are mended, that changes have been made that nobody recorded. Whoever mends them knows
-- until when: the history is complete since then.
CREATE FUNCTION exaudit_internal.note_unwatched(table_id integer, relation oid) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE exaudit.tables t SET complete_since = 'infinity'
    WHERE t.id = $1 AND t.tracked AND NOT exaudit_internal.is_watched($1, $2);
END
$$;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
