-- Finding versions over the whole store: by table, entity, action, time, mark, transaction,
-- custom data, changed column and condition; and the transactions that made them.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- What the current user may read of the versions, to be searched. Under row security, no
-- condition on an expression reaches an index, because its functions might tell what they
-- were called with; here the expressions are columns, and their operators tell nothing.
CREATE VIEW exaudit.readable_versions WITH (security_barrier = true) AS
SELECT v.id, v.recorded_at, v.xid, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
       v.before, v.after, v.custom, v.session_role,
       exaudit.custom_values(v.*) AS custom_columns,
       v.xid AS transaction
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
               exaudit.custom_values(v.*) AS custom_columns,
               v.xid AS transaction,
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

-- Raises unless PostgreSQL reads the text as part of a query, of which nothing is run.
CREATE FUNCTION exaudit.check_syntax(query text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- all statements are parsed before the first one runs, and that one always fails
    EXECUTE 'SELECT 1 / 0; ' || query;
EXCEPTION WHEN division_by_zero THEN
    NULL;
END
$$;

-- Raises unless the text is one condition on a version v. No text that closes a parenthesis
-- of its surroundings also fits between brackets.
CREATE FUNCTION exaudit.check_condition(condition text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit.check_syntax('SELECT (' || condition || E'\n)');
    PERFORM exaudit.check_syntax('SELECT ARRAY[' || condition || E'\n]');
    EXECUTE 'SELECT FROM exaudit.readable_versions AS v WHERE (' || condition || E'\n) LIMIT 0';
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION 'condition %: %', condition, SQLERRM USING ERRCODE = 'XA003';
END
$$;

-- One condition of a filter, on a version v.
CREATE FUNCTION exaudit.search_condition(name text, value jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scalar    text := value #>> '{}';
    list      text[];
    condition text;
BEGIN
    IF jsonb_typeof(value) = 'array' THEN
        list := ARRAY(SELECT jsonb_array_elements_text(value));
    END IF;
    IF name = 'where' THEN
        PERFORM exaudit.check_condition(c.condition) FROM unnest(list) AS c (condition);
        RETURN coalesce((SELECT string_agg('(' || c.condition || E'\n)', ' AND ') FROM unnest(list) AS c (condition)), 'true');
    END IF;
    condition := pg_catalog.format(
        CASE name
            WHEN 'tables' THEN 'v.table_id = ANY (%L::integer[])'
            WHEN 'entities' THEN 'v.entity_id = ANY (%L::text[])'
            WHEN 'actions' THEN 'v.action = ANY (%L::exaudit.action[])'
            WHEN 'keys' THEN 'v.custom ?& %L::text[]'
            WHEN 'since' THEN 'v.recorded_at >= %2$L::timestamptz'
            WHEN 'until' THEN 'v.recorded_at < %2$L::timestamptz'
            WHEN 'versions' THEN 'v.id = ANY (%L::bigint[])'
            WHEN 'transactions' THEN 'v.transaction = ANY (%L::bigint[])'
            WHEN 'session_user' THEN 'v.session_role = %2$L::text'
            -- as exaudit.after_mark says; the first line leads to an index
            WHEN 'since_mark' THEN
                '(v.id > %5$L::bigint OR v.transaction >= %7$L::bigint) '
                'AND (v.id > %5$L::bigint OR v.id > %6$L::bigint AND NOT pg_visible_in_snapshot(v.xid::text::xid8, %4$L::pg_snapshot))'
            WHEN 'until_mark' THEN
                'v.id <= %5$L::bigint AND (v.id <= %6$L::bigint OR pg_visible_in_snapshot(v.xid::text::xid8, %4$L::pg_snapshot))'
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
                'WHERE c."table" = v.table_id AND v.id BETWEEN c."from" AND c."to" AND v.action <> ''baseline'' '
                'AND (coalesce((v.before -> c.name)::text, '''') <> coalesce((v.after -> c.name)::text, '''') '
                'OR coalesce(v.before -> '''' ? c.name, false) <> coalesce(v.after -> '''' ? c.name, false) '
                'OR v.after -> '''' @> jsonb_build_array(jsonb_build_object(''masked'', c.name))))'
        END, list, scalar, value, value ->> 'snapshot', value ->> 'last_id', value ->> 'restored_id',
        pg_snapshot_xmin((value ->> 'snapshot')::pg_snapshot));
    IF condition IS NULL THEN
        RAISE EXCEPTION 'unknown condition: %', name USING ERRCODE = 'XA003';
    END IF;
    RETURN condition;
END
$$;

-- What a query for the versions v that pass a filter reads. Its text holds only the conditions
-- that there are, with their values, so that each search gets the plan that suits it.
CREATE FUNCTION exaudit.search_source(filter jsonb, after_id bigint, last_id bigint) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    indexed    text := exaudit.indexed_key(filter);
    conditions text := (SELECT string_agg(' AND ' || exaudit.search_condition(f.key, f.value), '' ORDER BY f.key)
                        FROM jsonb_each(filter) AS f WHERE f.value <> 'null');
BEGIN
    RETURN pg_catalog.format(
        'FROM exaudit.%I AS v WHERE v.id > %s AND v.id <= %s%s%s',
        coalesce(exaudit.custom_index(indexed) || '_view', 'readable_versions'), after_id, last_id,
        ' AND v.value_hash = ' || jsonb_hash_extended(filter -> 'custom' -> indexed, 0), conditions);
END
$$;

-- The query for the versions that pass a filter.
CREATE FUNCTION exaudit.search_query(filter jsonb, after_id bigint, last_id bigint, page_size integer) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'SELECT v.id, v.recorded_at, v.xid, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id, v.before, '
           'v.after, v.custom, v.session_role, v.custom_columns, v.transaction '
           || exaudit.search_source(filter, after_id, last_id) || ' ORDER BY v.id LIMIT ' || page_size
$$;

CREATE FUNCTION exaudit.search(filter jsonb, after_id bigint, last_id bigint, page_size integer)
    RETURNS SETOF exaudit.readable_versions
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- which takes longer than a search
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit.search_query(filter, after_id, last_id, page_size);
END
$$;

-- The transactions of the versions that pass a filter, newest first, each with the last of
-- these. The number of a transaction comes again after a restore, though not with the same time.
CREATE FUNCTION exaudit.search_transactions(
    filter jsonb, after_id bigint, last_id bigint,
    OUT transaction bigint, OUT recorded_at timestamptz, OUT newest_id bigint
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- which takes longer than a search
AS $$
BEGIN
    RETURN QUERY EXECUTE 'SELECT v.transaction, v.recorded_at::timestamptz, max(v.id) '
        || exaudit.search_source(filter, after_id, last_id) || ' GROUP BY 1, 2 ORDER BY 3 DESC';
END
$$;

-- What some transactions changed, as far as the current user may read it: by table and what
-- was said about it.
CREATE FUNCTION exaudit.transaction_parts(
    transactions bigint[],
    OUT transaction bigint, OUT recorded_at timestamptz, OUT table_id integer, OUT custom jsonb, OUT session_role text,
    OUT rollback boolean, OUT first_id bigint, OUT last_id bigint,
    OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT baselines bigint
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- which takes longer than a search
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT v.transaction, v.recorded_at::timestamptz, v.table_id, v.custom, v.session_role, v.rollback, min(v.id), max(v.id), '
        'count(*) FILTER (WHERE v.action = ''created''), count(*) FILTER (WHERE v.action = ''updated''), '
        'count(*) FILTER (WHERE v.action = ''deleted''), count(*) FILTER (WHERE v.action = ''baseline'') '
        'FROM exaudit.readable_versions v WHERE v.transaction = ANY (%L::bigint[]) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7', transactions);
END
$$;

CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 9::bigint';

-- An image in which values that are longer than so many bytes give way to how they begin, and a digest that tells them
-- apart; without a limit, the image itself.
CREATE FUNCTION exaudit.preview(image jsonb, bytes integer) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN bytes IS NULL OR image IS NULL OR octet_length(image::text) <= bytes THEN image
           ELSE (SELECT jsonb_object_agg(e.key, CASE
                            WHEN e.key = '' OR octet_length(e.value::text) <= bytes THEN e.value
                            ELSE to_jsonb(left(e.value #>> '{}', 1000) || '... ' || md5(e.value::text)) END)
                 FROM jsonb_each(image) AS e) END
$$;

-- The type of a name, NULL where there is none. Types that are not PostgreSQL's own are named with their schema.
CREATE FUNCTION exaudit.type_named(name text) RETURNS oid
    LANGUAGE sql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_regtype(name)::oid
$$;

-- The columns of a relation that have one of some types, or a domain over one.
CREATE FUNCTION exaudit.columns_of_types(relation oid, types text[]) RETURNS SETOF text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE has (name, type) AS (
        SELECT a.attname::text, a.atttypid
        FROM pg_attribute a WHERE a.attrelid = columns_of_types.relation AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT h.name, t.typbasetype FROM has h JOIN pg_type t ON t.oid = h.type AND t.typtype = 'd'
    )
    SELECT DISTINCT h.name FROM has h
    WHERE h.type = ANY (ARRAY(SELECT exaudit.type_named(t) FROM unnest(columns_of_types.types) t))
$$;
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.custom_index, exaudit.custom_index_statement, exaudit.expose_custom_index,
    exaudit.indexed_key, exaudit.check_syntax, exaudit.check_condition, exaudit.search_condition, exaudit.search_source,
    exaudit.search_query, exaudit.search, exaudit.search_transactions, exaudit.transaction_parts, exaudit.type_named,
    exaudit.columns_of_types, exaudit.preview FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.custom_index, exaudit.custom_index_statement, exaudit.indexed_key,
    exaudit.check_syntax, exaudit.check_condition, exaudit.search_condition, exaudit.search_source, exaudit.search_query,
    exaudit.search, exaudit.search_transactions, exaudit.transaction_parts, exaudit.last_version_id, exaudit.type_named,
    exaudit.columns_of_types, exaudit.preview TO exaudit_reader;

RESET ROLE;

-- +goose Down
-- The generated functions go first, and with them the triggers: from here on nothing needs
-- the rest. With them goes what exaudit_writer was granted on tracked tables.
DROP OWNED BY exaudit_writer CASCADE;
DROP FUNCTION exaudit.preview;
DROP FUNCTION exaudit.columns_of_types;
DROP FUNCTION exaudit.type_named;
DROP FUNCTION exaudit.transaction_parts;
DROP FUNCTION exaudit.search_transactions;
DROP FUNCTION exaudit.search;
DROP FUNCTION exaudit.search_query;
DROP FUNCTION exaudit.search_source;
DROP FUNCTION exaudit.search_condition;
DROP FUNCTION exaudit.check_condition;
DROP FUNCTION exaudit.check_syntax;
DROP FUNCTION exaudit.indexed_key;
DROP FUNCTION exaudit.expose_custom_index;
DROP FUNCTION exaudit.custom_index_statement;
DROP FUNCTION exaudit.custom_index;
DROP VIEW exaudit.readable_versions;
CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 8::bigint';
