-- Finding versions over the whole store: by table, entity, action, time, transaction,
-- custom data and changed column.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- What the current user may read of the versions, to be searched. Under row security, no
-- condition on an expression reaches an index, because its functions might tell what they
-- were called with; here the expressions are columns, and their operators tell nothing.
CREATE VIEW exaudit.readable_versions WITH (security_barrier = true) AS
SELECT v.id, v.recorded_at, v.xid, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
       v.before, v.after, v.custom, v.session_role,
       -- one jsonb may not hold the images of both sides
       to_jsonb(jsonb_populate_record(v, '{"before": null, "after": null}'))
           - ARRAY['id', 'recorded_at', 'xid', 'table_id', 'action', 'rollback', 'entity_id', 'previous_entity_id',
                   'before', 'after', 'custom', 'session_role'] AS custom_columns,
       v.xid::text::bigint AS transaction
FROM exaudit.versions v
WHERE v.table_id = ANY (ARRAY(SELECT exaudit.readable_tables()));

GRANT SELECT ON exaudit.readable_versions TO exaudit_reader;

-- +goose StatementBegin
-- What the index of a key of the custom data is called, and the view that leads to it.
CREATE FUNCTION exaudit.custom_index(key text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'versions_custom_' || left(md5(key), 16)
$$;

-- The statement that makes the index: CONCURRENTLY, which no function may do. Values of any
-- length have hashes of one, and the ids after them come in order.
CREATE FUNCTION exaudit.custom_index_statement(key text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_catalog.format('CREATE INDEX CONCURRENTLY IF NOT EXISTS %I ON exaudit.versions '
                             '(pg_catalog.jsonb_hash_extended(custom OPERATOR(pg_catalog.->) %L::pg_catalog.text, 0), id) '
                             'WHERE custom OPERATOR(pg_catalog.?) %2$L::pg_catalog.text',
                             exaudit.custom_index(key), key)
$$;

-- Makes the view: readable_versions of one key of the custom data, with the hash of its
-- value as a column.
CREATE FUNCTION exaudit.expose_custom_index(key text) RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE pg_catalog.format($view$
        CREATE OR REPLACE VIEW exaudit.%1$I WITH (security_barrier = true) AS
        SELECT v.id, v.recorded_at, v.xid, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
               v.before, v.after, v.custom, v.session_role,
               to_jsonb(jsonb_populate_record(v, '{"before": null, "after": null}'))
                   - ARRAY['id', 'recorded_at', 'xid', 'table_id', 'action', 'rollback', 'entity_id', 'previous_entity_id',
                           'before', 'after', 'custom', 'session_role'] AS custom_columns,
               v.xid::text::bigint AS transaction,
               jsonb_hash_extended(v.custom -> %2$L::text, 0) AS value_hash
        FROM exaudit.versions v
        WHERE v.table_id = ANY (ARRAY(SELECT exaudit.readable_tables())) AND v.custom ? %2$L::text
        $view$, exaudit.custom_index(key) || '_view', key);
    EXECUTE pg_catalog.format('GRANT SELECT ON exaudit.%I TO exaudit_reader', exaudit.custom_index(key) || '_view');
    EXECUTE pg_catalog.format('COMMENT ON VIEW exaudit.%I IS %L', exaudit.custom_index(key) || '_view',
                              'Versions by key ' || key || ' of the custom data.');
END
$$;

-- The first key of a filter's custom data that is indexed.
CREATE FUNCTION exaudit.indexed_key(filter jsonb) RETURNS text
    LANGUAGE sql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.key
    FROM jsonb_each(nullif(filter -> 'custom', 'null')) AS c
    JOIN pg_class v ON v.relname = exaudit.custom_index(c.key) || '_view'
                   AND v.relnamespace = 'exaudit'::regnamespace
    JOIN pg_class i ON i.relname = exaudit.custom_index(c.key) AND i.relnamespace = v.relnamespace
    JOIN pg_index x ON x.indexrelid = i.oid AND x.indisvalid
    ORDER BY c.key
    LIMIT 1
$$;

-- One condition of a filter, on a version v.
CREATE FUNCTION exaudit.search_condition(name text, value jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scalar text := value #>> '{}';
    list   text[];
BEGIN
    IF jsonb_typeof(value) = 'array' THEN
        list := ARRAY(SELECT jsonb_array_elements_text(value));
    END IF;
    RETURN pg_catalog.format(
        CASE name
            WHEN 'tables' THEN 'v.table_id = ANY (%L::integer[])'
            WHEN 'entities' THEN 'v.entity_id = ANY (%L::text[])'
            WHEN 'actions' THEN 'v.action = ANY (%L::exaudit.action[])'
            WHEN 'keys' THEN 'v.custom ?& %L::text[]'
            WHEN 'since' THEN 'v.recorded_at >= %2$L::timestamptz'
            WHEN 'until' THEN 'v.recorded_at < %2$L::timestamptz'
            WHEN 'transaction' THEN 'v.transaction = %2$L::bigint'
            WHEN 'rollback' THEN 'v.rollback = %2$L::boolean'
            WHEN 'custom' THEN
                'NOT EXISTS (SELECT FROM jsonb_each(%3$L::jsonb) AS c WHERE v.custom -> c.key IS DISTINCT FROM c.value)'
            -- stretches of the histories of entities; of no entity, of the whole table
            WHEN 'spans' THEN
                'EXISTS (SELECT FROM jsonb_to_recordset(%3$L::jsonb) AS s ("table" integer, entity text, "from" bigint, "to" bigint) '
                'WHERE s."table" = v.table_id AND coalesce(s.entity = v.entity_id, true) AND v.id BETWEEN s."from" AND s."to")'
            -- what a column was called in stretches of its table's history; an update holds a
            -- masked one because it changed
            WHEN 'columns' THEN
                'EXISTS (SELECT FROM jsonb_to_recordset(%3$L::jsonb) AS c ("table" integer, name text, "from" bigint, "to" bigint) '
                'WHERE c."table" = v.table_id AND v.id BETWEEN c."from" AND c."to" '
                'AND (coalesce((v.before -> c.name)::text, '''') <> coalesce((v.after -> c.name)::text, '''') '
                'OR coalesce(v.before -> '''' ? c.name, false) <> coalesce(v.after -> '''' ? c.name, false) '
                'OR v.after -> '''' @> jsonb_build_array(jsonb_build_object(''masked'', c.name))))'
        END, list, scalar, value);
END
$$;

-- The query for the versions that pass a filter. Its text holds only the conditions that
-- there are, with their values, so that each search gets the plan that suits it.
CREATE FUNCTION exaudit.search_query(filter jsonb, after_id bigint, last_id bigint, page_size integer) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    indexed    text := exaudit.indexed_key(filter);
    conditions text := (SELECT string_agg(' AND ' || exaudit.search_condition(f.key, f.value), '' ORDER BY f.key)
                        FROM jsonb_each(filter) AS f WHERE f.value <> 'null');
BEGIN
    RETURN pg_catalog.format(
        'SELECT v.id, v.recorded_at, v.xid, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id, v.before, '
        'v.after, v.custom, v.session_role, v.custom_columns, v.transaction '
        'FROM exaudit.%I AS v WHERE v.id > %s AND v.id <= %s%s%s ORDER BY v.id LIMIT %s',
        coalesce(exaudit.custom_index(indexed) || '_view', 'readable_versions'), after_id, last_id,
        ' AND v.value_hash = ' || jsonb_hash_extended(filter -> 'custom' -> indexed, 0), conditions, page_size);
END
$$;

CREATE FUNCTION exaudit.search(filter jsonb, after_id bigint, last_id bigint, page_size integer)
    RETURNS SETOF exaudit.readable_versions
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit.search_query(filter, after_id, last_id, page_size);
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 9::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.custom_index, exaudit.custom_index_statement, exaudit.expose_custom_index,
    exaudit.indexed_key, exaudit.search_condition, exaudit.search_query, exaudit.search
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.custom_index, exaudit.custom_index_statement, exaudit.indexed_key,
    exaudit.search_condition, exaudit.search_query, exaudit.search, exaudit.last_version_id
    TO exaudit_reader;

RESET ROLE;

-- +goose Down
-- The generated functions go first, and with them the triggers: from here on nothing needs
-- the rest. With them goes what exaudit_writer was granted on tracked tables.
DROP OWNED BY exaudit_writer CASCADE;
DROP FUNCTION exaudit.search;
DROP FUNCTION exaudit.search_query;
DROP FUNCTION exaudit.search_condition;
DROP FUNCTION exaudit.indexed_key;
DROP FUNCTION exaudit.expose_custom_index;
DROP FUNCTION exaudit.custom_index_statement;
DROP FUNCTION exaudit.custom_index;
DROP VIEW exaudit.readable_versions;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 8::bigint';
