-- Tables as of a point, and the states of a row.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The rows of a table as they were at an instant: exaudit.as_of(NULL::public.orders, '2026-01-31').
-- With a key, as exaudit.entity_id makes it, only the row that had it then.
-- Rows of the table's type are made, and so the CHECKs of its domains run.
CREATE FUNCTION exaudit.as_of(base anyelement, instant timestamp with time zone) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of', 'typed') USING instant, NULL::text;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of(anyelement, timestamp with time zone) TO exaudit_reader;

CREATE FUNCTION exaudit.as_of(base anyelement, instant timestamp with time zone, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_key(key);
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of', 'typed') USING instant, key;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of(anyelement, timestamp with time zone, text) TO exaudit_reader;

-- The rows of a table just after a version, of whatever table: with the versions up to its id.
CREATE FUNCTION exaudit.as_of_version(base anyelement, version_id bigint) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_version', 'typed') USING version_id, NULL::text;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of_version(anyelement, bigint) TO exaudit_reader;

CREATE FUNCTION exaudit.as_of_version(base anyelement, version_id bigint, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_key(key);
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_version', 'typed') USING version_id, key;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of_version(anyelement, bigint, text) TO exaudit_reader;

-- The states of one row, from the oldest to the present one: one for each version that left
-- a row. The key is the one that it has, or had last: exaudit.entity_id makes it.
CREATE FUNCTION exaudit.states(base anyelement, entity_id text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    t        record := exaudit_internal.known_table(pg_catalog.pg_typeof(base));
    first    bigint := exaudit_internal.key_since(t.table_id, t.relation) + 1; -- under the present primary key
    keys     text[] := exaudit_internal.linked_keys(t.table_id, ARRAY[states.entity_id], first);
    present  text[];
    rewound  record;
    problems jsonb[];
    images   jsonb[];
BEGIN
    PERFORM exaudit_internal.check_key(states.entity_id);
    PERFORM exaudit_internal.check_sight(k.id, t.relation) FROM exaudit.tables k WHERE k.id = t.table_id AND k.tracked;
    IF cardinality(keys) = 1 AND exaudit_internal.shared_keys(t.table_id, keys, first) = '{}' THEN
        SELECT array_agg(r.image ORDER BY r.place DESC) FILTER (WHERE r.problem IS NULL), array_agg(r.problem) FILTER (WHERE r.problem IS NOT NULL)
        INTO images, problems
        FROM exaudit_internal.rewind(t.table_id, t.relation, keys, ARRAY[first], '{}', '{}', '{}', true, NULL) WITH ORDINALITY AS r (version_id, image, problem, place);
    ELSE
        -- the rows that have, or had last, this key, the newest first
        WITH told AS MATERIALIZED (
            SELECT a.row_number, a.version_id, a.action, keys[a.place] AS key, a.i
            FROM exaudit_internal.tell_apart(t.table_id, keys, first, NULL) WITH ORDINALITY AS a (row_number, version_id, action, place, origin, step, i)
        ), ends AS (
            SELECT l.row_number, pg_catalog.row_number() OVER (ORDER BY l.i DESC) AS chain, l.action
            FROM (SELECT DISTINCT ON (o.row_number) o.* FROM told o ORDER BY o.row_number, o.i DESC) AS l
            WHERE l.key = states.entity_id
        )
        SELECT array_agg(e.chain::integer ORDER BY o.i) AS listed, array_agg(o.version_id ORDER BY o.i) AS ids, array_agg(o.key ORDER BY o.i) AS keys,
               array_agg(DISTINCT e.chain) FILTER (WHERE e.action <> 'deleted') AS alive, max(e.chain)::integer AS n
        INTO rewound
        FROM told o JOIN ends e USING (row_number);
        -- who came last is there, if it was not deleted
        present := pg_catalog.array_fill(NULL::text, ARRAY[coalesce(rewound.n, 0)]);
        IF rewound.alive @> ARRAY[1::bigint] THEN
            present[1] := states.entity_id;
        END IF;
        SELECT array_agg(r.image ORDER BY r.place DESC) FILTER (WHERE r.problem IS NULL), array_agg(r.problem) FILTER (WHERE r.problem IS NOT NULL)
        INTO images, problems
        FROM exaudit_internal.rewind(t.table_id, t.relation, present, pg_catalog.array_fill(NULL::bigint, ARRAY[cardinality(present)]),
                            rewound.listed, rewound.ids, rewound.keys, true, NULL) WITH ORDINALITY AS r (version_id, image, problem, place);
    END IF;
    IF problems <> '{}' THEN
        PERFORM exaudit_internal.raise_problem(problems[1]);
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format('SELECT r.* FROM exaudit_internal.rows_of($1, $2, false) AS r (%s)',
                                           exaudit_internal.row_definition(pg_catalog.pg_typeof(base), false))
    USING t.relation, exaudit_internal.filled_images(t.table_id, t.relation, images);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.states TO exaudit_reader;

-- The rows of a table just after the last version of a transaction, of whatever table.
CREATE FUNCTION exaudit.as_of_transaction(base anyelement, transaction_id xid8) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_transaction', 'typed') USING transaction_id, NULL::text;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of_transaction(anyelement, xid8) TO exaudit_reader;

CREATE FUNCTION exaudit.as_of_transaction(base anyelement, transaction_id xid8, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_key(key);
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_transaction', 'typed') USING transaction_id, key;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of_transaction(anyelement, xid8, text) TO exaudit_reader;

-- The rows of a table as they were committed when a mark was made.
CREATE FUNCTION exaudit.as_of_mark(base anyelement, name text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_mark', 'typed') USING name, NULL::text;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of_mark(anyelement, text) TO exaudit_reader;

CREATE FUNCTION exaudit.as_of_mark(base anyelement, name text, key text) RETURNS SETOF anyelement
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_key(key);
    RETURN QUERY EXECUTE exaudit_internal.rows_before_query(pg_catalog.pg_typeof(base), 'as_of_mark', 'typed') USING name, key;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.as_of_mark(anyelement, text, text) TO exaudit_reader;

-- The query for the rows of a table at a point $1, in the order of their keys, or for the row
-- that had a key $2: by which of the functions as_of, as_of_version, as_of_transaction,
-- as_of_mark. Unlike these it runs no CHECK of a domain: rows are of the columns' plain types. As images, they are
-- without what is hidden, the columns that are masked or excluded. The last column is the problem of rows_before, NULL as a
-- rule.
CREATE FUNCTION exaudit_internal.as_of_query(relation regclass, function_name text, as_images boolean, OUT query text, OUT hidden text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    table_id integer := (SELECT r.id FROM exaudit_internal.tables_of(as_of_query.relation::oid) AS r (id));
BEGIN
    hidden := exaudit_internal.option_columns(table_id, relation, 'exclude') || exaudit_internal.option_columns(table_id, relation, 'mask');
    query := pg_catalog.format(
        'SELECT %s FROM (%s) AS "!row" ORDER BY %s',
        CASE WHEN NOT as_images THEN '"!row".*'
             WHEN hidden = '{}' THEN '"!row".' || exaudit_internal.free_name(relation, '!image') || ', "!row".' || exaudit_internal.free_name(relation, '!problem')
             ELSE pg_catalog.format('exaudit_internal.redact("!row".%s, %L, ''{}''), "!row".%s', exaudit_internal.free_name(relation, '!image'), hidden,
                                    exaudit_internal.free_name(relation, '!problem')) END,
        exaudit_internal.rows_before_query(exaudit_internal.row_type(relation), function_name, CASE WHEN as_images THEN 'images' ELSE 'plain' END),
        (SELECT string_agg(pg_catalog.format('"!row".%I', c.name), ', ' ORDER BY c.key_position)
         FROM exaudit_internal.table_columns c WHERE c.relation = as_of_query.relation::oid AND c.key_position >= 0));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.as_of_query TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
