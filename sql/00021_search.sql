-- Searching versions.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- What the current user may read of the versions, to be searched. Under row security, no
-- condition on an expression reaches an index, because its functions might tell what they
-- were called with; here the expressions are columns, and their operators tell nothing.
CREATE VIEW exaudit_internal.readable_versions WITH (security_barrier = true) AS
SELECT v.id, v.recorded_at, v.transaction_id, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
       v.before, v.after, v.custom, v.session_user_name,
       exaudit_internal.custom_values(v.*) AS custom_columns
FROM exaudit.versions v
WHERE v.table_id = ANY (ARRAY(SELECT exaudit_internal.readable_tables()));
GRANT SELECT ON exaudit_internal.readable_versions TO exaudit_reader;

-- +goose StatementBegin
-- What the index of a key of the custom data is called, and the view that leads to it.
CREATE FUNCTION exaudit_internal.custom_index(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN 'versions_custom_' || left(md5(key), 16);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.custom_index TO exaudit_reader;

-- The statement that makes the index: CONCURRENTLY, which no function may do. Values of any
-- length have hashes of one, and the ids after them come in order.
CREATE FUNCTION exaudit_internal.custom_index_statement(key text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN pg_catalog.format('CREATE INDEX CONCURRENTLY IF NOT EXISTS %I ON exaudit.versions '
                             '(pg_catalog.jsonb_hash_extended(custom OPERATOR(pg_catalog.->) %L::pg_catalog.text, 0), id) '
                             'WHERE custom OPERATOR(pg_catalog.?) %2$L::pg_catalog.text',
                             exaudit_internal.custom_index(key), key);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.custom_index_statement TO exaudit_reader;

-- Makes the view: readable_versions of one key of the custom data, with the hash of its
-- value as a column.
CREATE FUNCTION exaudit_internal.expose_custom_index(key text) RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE pg_catalog.format($view$
        CREATE OR REPLACE VIEW exaudit_internal.%1$I WITH (security_barrier = true) AS
        SELECT v.id, v.recorded_at, v.transaction_id, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id,
               v.before, v.after, v.custom, v.session_user_name,
               exaudit_internal.custom_values(v.*) AS custom_columns,
               jsonb_hash_extended(v.custom -> %2$L::text, 0) AS value_hash
        FROM exaudit.versions v
        WHERE v.table_id = ANY (ARRAY(SELECT exaudit_internal.readable_tables())) AND v.custom ? %2$L::text
        $view$, exaudit_internal.custom_index(key) || '_view', key);
    EXECUTE pg_catalog.format('GRANT SELECT ON exaudit_internal.%I TO exaudit_reader', exaudit_internal.custom_index(key) || '_view');
    EXECUTE pg_catalog.format('COMMENT ON VIEW exaudit_internal.%I IS %L', exaudit_internal.custom_index(key) || '_view',
                              'Versions by key ' || key || ' of the custom data.');
END
$$;

-- The first key of a filter's custom data that is indexed.
CREATE FUNCTION exaudit_internal.indexed_key(filter jsonb) RETURNS text
    LANGUAGE plpgsql STABLE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT c.key
        FROM jsonb_each(nullif(filter -> 'custom', 'null')) AS c
        JOIN pg_class v ON v.relname = exaudit_internal.custom_index(c.key) || '_view'
                       AND v.relnamespace = 'exaudit_internal'::regnamespace
        JOIN pg_class i ON i.relname = exaudit_internal.custom_index(c.key) AND i.relnamespace = 'exaudit'::regnamespace
        JOIN pg_index x ON x.indexrelid = i.oid AND x.indisvalid
        ORDER BY c.key
        LIMIT 1
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.indexed_key TO exaudit_reader;

-- Raises unless PostgreSQL reads the text as part of a query, of which nothing is run.
CREATE FUNCTION exaudit_internal.check_syntax(query text) RETURNS void
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
GRANT EXECUTE ON FUNCTION exaudit_internal.check_syntax TO exaudit_reader;

-- Raises unless the text is one condition on a version v. No text that closes a parenthesis
-- of its surroundings also fits between brackets.
CREATE FUNCTION exaudit_internal.check_condition(condition text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_syntax('SELECT (' || condition || E'\n)');
    PERFORM exaudit_internal.check_syntax('SELECT ARRAY[' || condition || E'\n]');
    EXECUTE 'SELECT FROM exaudit_internal.readable_versions AS v WHERE (' || condition || E'\n) LIMIT 0';
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION 'condition %: %', condition, SQLERRM USING ERRCODE = 'XA003';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_condition TO exaudit_reader;

-- One condition of a filter, on a version v.
CREATE FUNCTION exaudit_internal.search_condition(name text, value jsonb) RETURNS text
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
        PERFORM exaudit_internal.check_condition(c.condition) FROM unnest(list) AS c (condition);
        RETURN coalesce((SELECT string_agg('(' || c.condition || E'\n)', ' AND ') FROM unnest(list) AS c (condition)), 'true');
    END IF;
    IF name IN ('since_marks', 'until_marks') THEN
        RETURN (SELECT string_agg(exaudit_internal.search_condition(left(name, -1), m.mark), ' AND ') FROM jsonb_array_elements(value) AS m (mark));
    END IF;
    condition := pg_catalog.format(
        CASE name
            WHEN 'tables' THEN 'v.table_id = ANY (%L::integer[])'
            WHEN 'entities' THEN 'v.entity_id = ANY (%L::text[])'
            WHEN 'actions' THEN 'v.action = ANY (%L::exaudit.action[])'
            WHEN 'keys' THEN 'v.custom ?& %L::text[]'
            WHEN 'since' THEN 'v.recorded_at > %2$L::timestamptz'
            WHEN 'until' THEN 'v.recorded_at <= %2$L::timestamptz'
            WHEN 'since_id' THEN 'v.id > %2$L::bigint'
            WHEN 'until_id' THEN 'v.id <= %2$L::bigint'
            WHEN 'versions' THEN 'v.id = ANY (%L::bigint[])'
            WHEN 'transactions' THEN 'v.transaction_id = ANY (%L::bigint[])'
            WHEN 'session_users' THEN 'v.session_user_name = ANY (%L::text[])'
            -- as exaudit.after_mark says; the first line leads to an index
            WHEN 'since_mark' THEN
                '(v.id > %5$L::bigint OR v.transaction_id >= %7$L::bigint) '
                'AND (v.id > %5$L::bigint OR v.id > %6$L::bigint AND NOT pg_visible_in_snapshot(v.transaction_id::text::xid8, %4$L::pg_snapshot))'
            WHEN 'until_mark' THEN
                'v.id <= %5$L::bigint AND (v.id <= %6$L::bigint OR pg_visible_in_snapshot(v.transaction_id::text::xid8, %4$L::pg_snapshot))'
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
                'AND (v.action = ''created'' AND v.after IS NULL OR coalesce((v.before -> c.name)::text, '''') <> coalesce((v.after -> c.name)::text, '''') '
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
GRANT EXECUTE ON FUNCTION exaudit_internal.search_condition TO exaudit_reader;

-- What a query for the versions v that pass a filter reads. Its text holds only the conditions
-- that there are, with their values, so that each search gets the plan that suits it.
CREATE FUNCTION exaudit_internal.search_source(filter jsonb, after_id bigint, last_id bigint) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    indexed    text := exaudit_internal.indexed_key(filter);
    conditions text := (SELECT string_agg(' AND ' || exaudit_internal.search_condition(f.key, f.value), '' ORDER BY f.key)
                        FROM jsonb_each(filter) AS f WHERE f.value <> 'null');
BEGIN
    RETURN pg_catalog.format(
        'FROM exaudit_internal.%I AS v WHERE v.id > %s AND v.id <= %s%s%s',
        coalesce(exaudit_internal.custom_index(indexed) || '_view', 'readable_versions'), after_id, last_id,
        ' AND v.value_hash = ' || jsonb_hash_extended(filter -> 'custom' -> indexed, 0), conditions);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.search_source TO exaudit_reader;

-- The query for the versions that pass a filter, in the order of their ids, or the newest first.
CREATE FUNCTION exaudit_internal.search_query(filter jsonb, after_id bigint, last_id bigint, page_size integer, newest_first boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN 'SELECT v.id, v.recorded_at, v.transaction_id, v.table_id, v.action, v.rollback, v.entity_id, v.previous_entity_id, v.before, '
           'v.after, v.custom, v.session_user_name, v.custom_columns '
           || exaudit_internal.search_source(filter, after_id, last_id) || ' ORDER BY v.id' || CASE WHEN newest_first THEN ' DESC' ELSE '' END || ' LIMIT ' || page_size;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.search_query TO exaudit_reader;

CREATE FUNCTION exaudit_internal.search(filter jsonb, after_id bigint, last_id bigint, page_size integer, newest_first boolean DEFAULT false)
    RETURNS SETOF exaudit_internal.readable_versions
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- which takes longer than a search
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit_internal.search_query(filter, after_id, last_id, page_size, newest_first);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.search TO exaudit_reader;

-- The transactions of the versions that pass a filter, newest first, each with the last of
-- these. The number of a transaction comes again after a restore, though not with the same time.
CREATE FUNCTION exaudit_internal.search_transactions(
    filter jsonb, after_id bigint, last_id bigint,
    OUT transaction_id bigint, OUT recorded_at timestamptz, OUT newest_id bigint
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- which takes longer than a search
AS $$
BEGIN
    RETURN QUERY EXECUTE 'SELECT v.transaction_id, v.recorded_at::timestamptz, max(v.id) '
        || exaudit_internal.search_source(filter, after_id, last_id) || ' GROUP BY 1, 2 ORDER BY 3 DESC';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.search_transactions TO exaudit_reader;

-- What some transactions changed, as far as the current user may read it: by table and what
-- was said about it.
CREATE FUNCTION exaudit_internal.transaction_parts(
    transactions bigint[],
    OUT transaction_id bigint, OUT recorded_at timestamptz, OUT table_id integer, OUT custom jsonb, OUT session_user_name text,
    OUT rollback boolean, OUT first_id bigint, OUT last_id bigint,
    OUT created bigint, OUT updated bigint, OUT deleted bigint, OUT baselines bigint
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET jit = off -- which takes longer than a search
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT v.transaction_id, v.recorded_at::timestamptz, v.table_id, v.custom, v.session_user_name, v.rollback, min(v.id), max(v.id), '
        'count(*) FILTER (WHERE v.action = ''created''), count(*) FILTER (WHERE v.action = ''updated''), '
        'count(*) FILTER (WHERE v.action = ''deleted''), count(*) FILTER (WHERE v.action = ''baseline'') '
        'FROM exaudit_internal.readable_versions v WHERE v.transaction_id = ANY (%L::bigint[]) GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 7', transactions);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.transaction_parts TO exaudit_reader;

-- What index versions_id_time does not summarize. A summarization that was cancelled leaves a placeholder, which stays for
-- ever, and PostgreSQL reads that block range and all after it in each search. Placeholders are not to be seen without
-- extensions for superusers. But a search for what no summary contains finds all that has none. To read nothing of
-- it, the bound is the least value when the index asks for it, and the greatest one when the first row is compared with it:
-- probe_bound, once arm_probe was called, which the plan does before.
CREATE FUNCTION exaudit_internal.arm_probe() RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('exaudit.probe', 'armed', true);
    RETURN true;
END
$$;

CREATE FUNCTION exaudit_internal.probe_bound() RETURNS timestamptz
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('exaudit.probe', true) = 'armed' THEN
        PERFORM set_config('exaudit.probe', '', true);
        RETURN '-infinity';
    END IF;
    RETURN 'infinity';
END
$$;

-- first_page is the first page with a row that a search would read in vain, and pages is how many pages it would read;
-- NULL where there are none, or where PostgreSQL does not use the index.
CREATE FUNCTION exaudit_internal.unsummarized_pages(OUT first_page bigint, OUT pages bigint)
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_indexscan = off
    SET enable_indexonlyscan = off
    SET jit = off
    SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    query text := 'SELECT v.ctid::text::point FROM ONLY exaudit.versions v '
                  'WHERE exaudit_internal.arm_probe() AND v.recorded_at < exaudit_internal.probe_bound() LIMIT 1';
    plan  jsonb;
    place point;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) ' || query INTO plan;
    pages := jsonb_path_query_first(plan, '$.** ? (@."Index Name" == "versions_id_time")."Actual Rows"')::numeric / 10;
    IF pages > 0 THEN
        EXECUTE query INTO place;
        first_page := place[0];
    END IF;
    IF first_page IS NULL THEN
        pages := NULL;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.unsummarized_pages TO exaudit_reader;

-- Summarizes all block ranges, also those of a cancelled summarization. Nobody who writes or reads waits for it.
CREATE FUNCTION exaudit_internal.summarize_ranges() RETURNS void
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    size     bigint := coalesce((SELECT o.option_value FROM pg_class c, pg_options_to_table(c.reloptions) o
                                 WHERE c.oid = 'exaudit.versions_id_time'::regclass AND o.option_name = 'pages_per_range'), '128')::bigint;
    pages    bigint := pg_relation_size('exaudit.versions') / current_setting('block_size')::bigint;
    page     bigint;
    previous bigint;
    b        bigint;
BEGIN
    PERFORM brin_summarize_new_values('exaudit.versions_id_time');
    LOOP
        page := (SELECT u.first_page / size * size FROM exaudit_internal.unsummarized_pages() u);
        EXIT WHEN page IS NULL OR page + size > pages OR page < previous;
        -- Found again: the range is one before it, in which no row is left to be found.
        FOR b IN SELECT g FROM generate_series(CASE WHEN page = previous THEN 0 ELSE page END, page, size) g LOOP
            PERFORM brin_desummarize_range('exaudit.versions_id_time', b);
            PERFORM brin_summarize_range('exaudit.versions_id_time', b);
        END LOOP;
        EXIT WHEN page = previous;
        previous := page;
    END LOOP;
END
$$;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
