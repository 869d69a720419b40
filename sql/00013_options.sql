-- The options of tables, and the conditions among them as they are asked.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The present names of the columns that an option of a table lists. A column that was
-- renamed is still meant, and so is a new one of a listed name: in doubt, a value stays
-- secret. The primary key is never meant.
CREATE FUNCTION exaudit_internal.option_columns(table_id integer, relation oid, option text) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}')
        FROM exaudit.tables t
        JOIN pg_catalog.pg_attribute a ON a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped
        WHERE t.id = $1
          AND EXISTS (SELECT FROM pg_catalog.jsonb_array_elements_text(t.options -> option) AS listed (name)
                      WHERE listed.name = a.attname
                         OR t.option_columns -> 'relation' = pg_catalog.to_jsonb($2::bigint)
                            AND t.option_columns -> 'numbers' -> listed.name = pg_catalog.to_jsonb(a.attnum))
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_index k
                          WHERE k.indrelid = $2 AND k.indisprimary AND a.attnum = ANY (k.indkey::int2[]))
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.option_columns TO exaudit_writer, exaudit_reader;

-- Do the options of a table let its rows change without a version: by a condition, by exaudit.ignore, by a TRUNCATE
-- that is ignored?
CREATE FUNCTION exaudit_internal.hides_changes(options jsonb) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN $1 ?| ARRAY['where', 'allow_ignore'] OR coalesce($1 ->> 'on_truncate', '') = 'ignore';
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.hides_changes TO exaudit_reader;

-- Do other options of a table record a column that was excluded? What it was before, the rows as they are now do not tell.
CREATE FUNCTION exaudit_internal.reveals_columns(table_id integer, relation oid, options jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM unnest(exaudit_internal.option_columns(table_id, relation, 'exclude')) AS c (name)
                   WHERE (options -> 'exclude' ? c.name) IS NOT TRUE);
END
$$;

-- Sets the options of a table, and which columns they name. What its condition was bound to stays, for
-- exaudit_internal.bind_condition.
CREATE FUNCTION exaudit_internal.set_options(table_id integer, relation oid, options jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE exaudit.tables t
    SET options = $3,
        -- until whoever installs them knows since when nothing is hidden any more
        complete_since = CASE WHEN t.tracked AND (exaudit_internal.hides_changes(t.options) AND NOT exaudit_internal.hides_changes($3)
                                                  OR t.without_images AND exaudit_internal.reveals_columns(t.id, $2, $3))
                              THEN 'infinity' ELSE t.complete_since END,
        without_images = t.without_images OR $3 ? 'skip_insert_image',
        option_columns = (
            SELECT CASE WHEN count(*) = 0 THEN '{}' ELSE pg_catalog.jsonb_build_object(
                'relation', $2::bigint, 'numbers', pg_catalog.jsonb_object_agg(a.attname, a.attnum)) END
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped
              AND ($3 -> 'exclude' ? a.attname::text OR $3 -> 'mask' ? a.attname::text))
            || CASE WHEN t.option_columns ? 'condition'
                    THEN pg_catalog.jsonb_build_object('condition', t.option_columns -> 'condition') ELSE '{}' END
    WHERE t.id = $1;
END
$$;

-- How a value of a column is handed to the function of a condition: as what type, and by which
-- expression, in which "{}" is the value. All that the function sees is of types of PostgreSQL's own, so
-- that it runs nobody's cast, operator, check or comparison: of a domain the type beneath it, of an enum
-- the label, which no cast makes. reason says why a column cannot be handed over.
CREATE FUNCTION exaudit_internal.condition_argument(type oid, collation_id oid,
                                           OUT argument text, OUT expression text, OUT collation_name text, OUT enum oid, OUT reason text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    base    record;
    element record;
BEGIN
    SELECT t.oid, t.typtype, t.typelem, t.typcollation INTO STRICT base FROM pg_catalog.pg_type t WHERE t.oid = exaudit_internal.base_type(type);
    SELECT t.oid, t.typtype, t.typarray INTO element -- of NULLs where it is no array
    FROM pg_catalog.pg_type t
    WHERE t.oid = (SELECT exaudit_internal.base_type(e.oid) FROM pg_catalog.pg_type e WHERE e.oid = base.typelem AND e.typarray = base.oid);
    IF base.typtype = 'e' THEN
        enum := base.oid;
        argument := 'text';
        expression := 'exaudit_internal.text_value({})';
    ELSIF element.typtype = 'e' THEN
        enum := element.oid;
        argument := 'text[]';
        expression := 'exaudit_internal.text_value({})::pg_catalog.text[]';
    ELSIF base.oid < 16384 AND base.typtype IN ('b', 'r', 'm') AND coalesce(element.typtype <> 'c', true) THEN
        argument := pg_catalog.format_type(base.oid, -1);
        expression := '{}';
    ELSIF element.oid < 16384 AND element.typtype IN ('b', 'r', 'm') THEN -- of a domain
        argument := pg_catalog.format_type(element.typarray, -1);
        expression := pg_catalog.format('exaudit_internal.text_value({})::%s', argument);
    ELSE
        reason := pg_catalog.format('is of type %s, which is not PostgreSQL''s own', pg_catalog.format_type(type, NULL));
        RETURN;
    END IF;
    IF collation_id NOT IN (0, base.typcollation) THEN
        collation_name := (SELECT pg_catalog.format('%s.%I', c.collnamespace::regnamespace, c.collname)
                           FROM pg_catalog.pg_collation c WHERE c.oid = collation_id);
        IF collation_id >= 16384 THEN
            reason := pg_catalog.format('has collation %s, which is not PostgreSQL''s own', collation_name);
        END IF;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.condition_argument TO exaudit_writer, exaudit_reader;

-- The columns that the condition of a table asks about, in the order of its function's arguments: what
-- they are called, and how a value is handed over, of a row or of its image. A column, or a label of an enum, that
-- was renamed since is still meant: a label goes by its former name.
-- "<table_id>" stands for the table's id. problem says why the condition cannot be asked any more.
CREATE FUNCTION exaudit_internal.condition_columns(
    table_id integer, relation oid,
    OUT name text, OUT argument text, OUT expression text, OUT image_expression text, OUT base oid, OUT problem text
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    condition jsonb := (SELECT t.option_columns -> 'condition' FROM exaudit.tables t WHERE t.id = $1);
    same      boolean := condition -> 'relation' = pg_catalog.to_jsonb($2::bigint);
BEGIN
    RETURN QUERY
    SELECT a.attname::text, bound.argument,
           CASE WHEN bound.labels IS NULL OR NOT same THEN given.expression
                WHEN bound.argument = 'text[]' THEN pg_catalog.format('exaudit_internal.former_labels(<table_id>, %L, %s)', bound.name, given.expression)
                ELSE pg_catalog.format('(exaudit_internal.former_labels(<table_id>, %L, ARRAY[%s]))[1]', bound.name, given.expression) END,
           CASE WHEN bound.labels IS NULL OR NOT same THEN 'r.{}'
                ELSE pg_catalog.format(CASE bound.argument WHEN 'text[]' THEN 'exaudit_internal.former_labels(<table_id>, %L, r.{})'
                                                           ELSE '(exaudit_internal.former_labels(<table_id>, %L, ARRAY[r.{}]))[1]' END, bound.name) END,
           exaudit_internal.base_type(a.atttypid),
           CASE WHEN a.attname IS NULL THEN pg_catalog.format('column "%s" was dropped', bound.name)
                WHEN given.reason IS NOT NULL THEN pg_catalog.format('column "%s" %s', a.attname, given.reason)
                WHEN given.argument <> bound.argument OR given.collation_name IS DISTINCT FROM bound.collation_name
                    THEN pg_catalog.format('column "%s" was given another type or collation', a.attname) END
    FROM ROWS FROM (pg_catalog.jsonb_to_recordset(condition -> 'columns')
                        AS (name text, number integer, argument text, collation_name text, labels jsonb))
        WITH ORDINALITY AS bound (name, number, argument, collation_name, labels, place)
    LEFT JOIN pg_catalog.pg_attribute a
           ON a.attrelid = $2 AND a.attnum > 0 AND NOT a.attisdropped
          AND CASE WHEN same THEN a.attnum = bound.number ELSE a.attname = bound.name END
    LEFT JOIN LATERAL exaudit_internal.condition_argument(a.atttypid, a.attcollation) AS given ON a.atttypid IS NOT NULL
    ORDER BY bound.place;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.condition_columns TO exaudit_writer, exaudit_reader;

-- The names that labels of an enum had when the condition of a table was bound, in an array of whatever shape; the
-- labels themselves where that is not known.
CREATE FUNCTION exaudit_internal.former_labels(table_id integer, column_name text, labels text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed record;
BEGIN
    FOR renamed IN
        SELECT e.enumlabel::text AS label, l.former, step.final
        FROM exaudit.tables t
        CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(t.option_columns #> '{condition,columns}')
            AS bound (name text, number integer, labels jsonb)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = (t.option_columns #>> '{condition,relation}')::oid
                                      AND a.attnum = bound.number
        JOIN pg_catalog.pg_type b ON b.oid = exaudit_internal.base_type(a.atttypid)
        JOIN pg_catalog.pg_enum e ON e.enumtypid = b.oid OR e.enumtypid = exaudit_internal.base_type(b.typelem)
        CROSS JOIN LATERAL (SELECT bound.labels ->> e.oid::text AS former) AS l
        -- labels may have exchanged their names: first each gives way
        CROSS JOIN (VALUES (false), (true)) AS step (final)
        WHERE t.id = $1 AND bound.name = $2 AND l.former <> e.enumlabel
        ORDER BY step.final
    LOOP
        labels := CASE WHEN renamed.final THEN array_replace(labels, chr(1) || renamed.label, renamed.former)
                       ELSE array_replace(labels, renamed.label, chr(1) || renamed.label) END;
    END LOOP;
    RETURN labels;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.former_labels TO exaudit_writer;

-- Why the condition of a table cannot be asked: all its rows are recorded then. NULL where it can, or
-- there is none.
CREATE FUNCTION exaudit_internal.condition_problem(table_id integer, relation oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce((SELECT c.problem FROM exaudit_internal.condition_columns($1, $2) AS c WHERE c.problem IS NOT NULL LIMIT 1),
                        CASE WHEN NOT t.option_columns ? 'condition' THEN 'it was not bound to columns' END)
        FROM exaudit.tables t
        WHERE t.id = $1 AND t.options ? 'where'
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.condition_problem TO exaudit_writer, exaudit_reader;

-- What the function of a table's condition is handed of a row, which is read through an alias. NULL where the
-- table has no condition that can be asked.
CREATE FUNCTION exaudit_internal.condition_arguments(table_id integer, relation oid, alias text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce((SELECT string_agg(replace(c.expression, '{}', pg_catalog.format('%s.%s', alias, exaudit_internal.quoted_name(c.name))), ', ')
                         FROM exaudit_internal.condition_columns($1, $2) AS c), '')
        FROM exaudit.tables t
        WHERE t.id = $1 AND t.options ? 'where' AND exaudit_internal.condition_problem($1, $2) IS NULL
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.condition_arguments TO exaudit_writer, exaudit_reader;

-- A query that is true for the image of a row, $1, that meets the condition of its table; NULL where the table
-- has none that can be asked. Values are read as PostgreSQL's own types, not as those of the table. True also
-- where the image lacks a column that the condition asks about, or has a placeholder in its stead.
CREATE FUNCTION exaudit_internal.condition_query(table_id integer, relation oid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col         record;
    names       text[] := '{}';
    arguments   text[] := '{}';
    definitions text[] := '{}';
BEGIN
    IF NOT EXISTS (SELECT FROM exaudit.tables t WHERE t.id = $1 AND t.options ? 'where' AND t.option_columns ? 'condition') THEN
        RETURN NULL;
    END IF;
    FOR col IN SELECT * FROM exaudit_internal.condition_columns($1, $2) LOOP
        IF col.problem IS NOT NULL THEN
            RETURN NULL;
        END IF;
        names := names || col.name;
        definitions := definitions || pg_catalog.format('%I %s', col.name, col.argument);
        arguments := arguments || CASE
            WHEN col.base = 'json'::regtype THEN pg_catalog.format('($1 ->> %L)::json', col.name)
            WHEN col.base = 'jsonb'::regtype THEN pg_catalog.format('CASE WHEN ($1 -> '''') ? %L THEN ''null'' ELSE r.%I END', col.name, col.name)
            ELSE replace(col.image_expression, '{}', quote_ident(col.name)) END;
    END LOOP;
    RETURN replace(pg_catalog.format(
        'SELECT CASE WHEN $1 ?& %1$L::text[] AND NOT EXISTS ('
        'SELECT FROM pg_catalog.jsonb_array_elements($1 -> '''') AS note (value) WHERE note.value ->> ''oversized'' = ANY (%1$L::text[])) '
        'THEN coalesce(exaudit_internal.t<table_id>_condition(%2$s), false) ELSE true END FROM %3$s',
        names, array_to_string(arguments, ', '),
        CASE WHEN names = '{}' THEN '(SELECT) AS r'
             ELSE 'pg_catalog.jsonb_to_record($1) AS r (' || array_to_string(definitions, ', ') || ')' END), '<table_id>', $1::text);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.condition_query TO exaudit_writer;

-- What is wrong with the function of a table's condition; NULL where nothing is.
CREATE FUNCTION exaudit_internal.condition_flaw(table_id integer) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE
            WHEN p.oid IS NULL THEN 'is missing'
            WHEN pg_catalog.pg_get_functiondef(p.oid) <> t.option_columns #>> '{condition,function}' THEN 'was altered by hand'
            WHEN p.proowner <> 'exaudit_owner'::regrole THEN pg_catalog.format('belongs to %s, not exaudit_owner', p.proowner::regrole)
            WHEN pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE') THEN 'may be executed by PUBLIC'
            WHEN NOT pg_catalog.has_function_privilege('exaudit_writer', p.oid, 'EXECUTE') THEN 'may not be executed by exaudit_writer'
        END
        FROM exaudit.tables t
        LEFT JOIN pg_catalog.pg_proc p ON p.pronamespace = 'exaudit_internal'::regnamespace AND p.proname = pg_catalog.format('t%s_condition', t.id)
        WHERE t.id = $1 AND t.options ? 'where' AND t.option_columns ? 'condition'
        ORDER BY 1
        LIMIT 1
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.condition_flaw TO exaudit_writer, exaudit_reader;

-- Does the row of an image meet the condition of its table? A condition that fails, or cannot be asked,
-- is met: in doubt, a change is recorded, and never does the statement fail. relation is where the row
-- is, perhaps a partition.
CREATE FUNCTION exaudit_internal.matches_condition(table_id integer, relation oid, image jsonb) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
    SET xmloption = 'content'
    SET array_nulls = on
AS $$
DECLARE
    query text := exaudit_internal.condition_query(table_id, exaudit_internal.recorded_root(table_id, relation));
    met   boolean;
BEGIN
    IF image IS NULL THEN
        RETURN false;
    ELSIF query IS NULL THEN
        RETURN true;
    END IF;
    EXECUTE query INTO met USING image;
    RETURN met;
EXCEPTION WHEN OTHERS THEN
    RETURN true;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.matches_condition TO exaudit_writer;

-- A whole image as the options of a table say.
CREATE FUNCTION exaudit_internal.redacted_image(table_id integer, relation oid, image jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN exaudit_internal.redact(image, exaudit_internal.option_columns(table_id, relation, 'exclude'),
                          exaudit_internal.option_columns(table_id, relation, 'mask'));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.redacted_image TO exaudit_writer, exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
