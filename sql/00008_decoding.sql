-- Rows from images.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- A query for the row of an image, which is an expression, over the base row $1. Only json
-- and jsonb need a word: every other type reads its own text from a JSON string. The base
-- is taken apart and put together again, because jsonb_populate_record refuses a NULL row
-- where a missing key's domain is NOT NULL.
CREATE FUNCTION exaudit_internal.decode_query(row_type oid, image text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts  text;
    fields text;
    apart  text[];
BEGIN
    SELECT string_agg(pg_catalog.format('($1).%I', c.name), ', ' ORDER BY c.number),
           string_agg(CASE
               WHEN c.is_json THEN
                   pg_catalog.format('CASE WHEN %2$s ? %1$L THEN (%2$s ->> %1$L)::json ELSE p.%1$I END', c.name, image)
               WHEN c.encoding = 'jsonb' THEN
                   pg_catalog.format('CASE WHEN (%2$s -> '''') ? %1$L THEN ''null''::jsonb ELSE p.%1$I END', c.name, image)
               ELSE pg_catalog.format('p.%I', c.name)
           END, ', ' ORDER BY c.number),
           array_agg(c.name) FILTER (WHERE c.is_json)
    INTO parts, fields, apart
    FROM (SELECT a.attname::text AS name,
                 a.attnum AS number,
                 x.encoding,
                 -- or a domain over json, at any depth
                 x.encoding = 'text' AND exaudit_internal.base_type(a.atttypid) = 'json'::regtype AS is_json
          FROM pg_catalog.pg_type rt
          JOIN pg_catalog.pg_attribute a ON a.attrelid = rt.typrelid AND a.attnum > 0 AND NOT a.attisdropped
          CROSS JOIN LATERAL (SELECT exaudit_internal.encoding(a.atttypid) AS encoding) x
          WHERE rt.oid = row_type) c;
    RETURN pg_catalog.format('SELECT %s FROM pg_catalog.jsonb_populate_record(ROW(%s)::%s, %s - %L::text[]) AS p',
                             fields, parts, row_type::regtype, image, ARRAY[''] || apart);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.decode_query TO exaudit_writer, exaudit_reader;

-- The same over no base row, for a record of plain_types: it runs no code of the owners of the columns' types.
CREATE FUNCTION exaudit_internal.plain_query(row_type oid, image text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.format('SELECT %s FROM pg_catalog.jsonb_to_record(%s) AS p (%s)',
                   string_agg(CASE
                       -- of the string that the image has, not the string itself
                       WHEN c.type = 'json'::regtype THEN pg_catalog.format('p.%I::json', c.name)
                       WHEN c.type = 'jsonb'::regtype THEN
                           pg_catalog.format('CASE WHEN (%2$s -> '''') ? %1$L THEN ''null''::jsonb ELSE p.%1$I END', c.name, image)
                       ELSE pg_catalog.format('p.%I', c.name)
                   END, ', ' ORDER BY c.number),
                   image,
                   string_agg(pg_catalog.format('%I %s', c.name, CASE WHEN c.type = 'json'::regtype THEN 'text'
                                                                      ELSE exaudit_internal.type_name(c.type, c.modifier) END), ', ' ORDER BY c.number))
        FROM exaudit_internal.row_columns(row_type, true) AS c
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.plain_query TO exaudit_reader;

-- The columns of a row type, under their own types or their plain ones.
CREATE FUNCTION exaudit_internal.row_columns(row_type oid, plain boolean, OUT number integer, OUT name text, OUT type oid, OUT modifier integer)
    RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.attnum::integer, a.attname::text, t.type,
           CASE WHEN t.type = a.atttypid THEN a.atttypmod
                WHEN own.typtype = 'd' AND t.type = own.typbasetype THEN own.typtypmod
                ELSE -1 END
    FROM pg_catalog.pg_type rt
    JOIN pg_catalog.pg_attribute a ON a.attrelid = rt.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
    CROSS JOIN LATERAL (SELECT CASE WHEN plain THEN exaudit_internal.plain_type(a.atttypid) ELSE a.atttypid END AS type OFFSET 0) AS t
    WHERE rt.oid = row_type;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.row_columns TO exaudit_reader;

-- These columns as a function that returns records needs them to be listed, under any search_path.
CREATE FUNCTION exaudit_internal.row_definition(row_type oid, plain boolean) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT string_agg(pg_catalog.format('%I %s', c.name, exaudit_internal.type_name(c.type, c.modifier)), ', ' ORDER BY c.number)
        FROM exaudit_internal.row_columns(row_type, plain) AS c
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.row_definition TO exaudit_reader;

-- The row of an image; keys that the image lacks keep the value of the base row.
CREATE FUNCTION exaudit_internal.decode(base anyelement, image jsonb) RETURNS anyelement
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
    decoded alias FOR $0;
BEGIN
    EXECUTE exaudit_internal.decode_query(pg_catalog.pg_typeof(base), '$2') INTO decoded USING base, image;
    RETURN decoded;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.decode TO exaudit_writer, exaudit_reader;

-- The same for many images, in their order: the query is made and planned once.
CREATE FUNCTION exaudit_internal.decode_all(base anyelement, images jsonb[]) RETURNS SETOF anyelement
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
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT d.* FROM pg_catalog.unnest($2) WITH ORDINALITY AS i (image, position) '
        'CROSS JOIN LATERAL (%s) AS d ORDER BY i.position', exaudit_internal.decode_query(pg_catalog.pg_typeof(base), 'i.image'))
    USING base, images;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.decode_all TO exaudit_writer, exaudit_reader;

-- An image as the table's types write it: what Track is given is checked by reading it
-- as a row. A key that is no column is an error, not silently lost.
CREATE FUNCTION exaudit_internal.normalize(relation regclass, image jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET extra_float_digits = 1
    SET bytea_output = 'hex'
    SET lc_monetary = 'C'
    SET array_nulls = on
    SET quote_all_identifiers = off
AS $$
DECLARE
    unknown    text;
    normalized jsonb;
BEGIN
    SELECT key INTO unknown FROM pg_catalog.jsonb_object_keys(image) AS key
    WHERE key <> '' AND NOT EXISTS (SELECT FROM exaudit_internal.table_columns c WHERE c.relation = $1 AND c.name = key);
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" of relation "%" does not exist', unknown, relation
            USING ERRCODE = 'undefined_column';
    END IF;
    EXECUTE pg_catalog.format('SELECT %s FROM exaudit_internal.rows_of($1, ARRAY[$2], true) AS r (%s)', exaudit_internal.image_expression(relation, 'r'),
                              exaudit_internal.row_definition(exaudit_internal.row_type(relation), true))
    INTO normalized USING relation, image;
    -- only the columns that were given, and the JSON nulls among them
    RETURN (SELECT coalesce(pg_catalog.jsonb_object_agg(e.key, e.value), '{}')
            FROM pg_catalog.jsonb_each(normalized) e WHERE e.key = '' OR image ? e.key);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.normalize TO exaudit_reader;

-- Reads images as rows of a table, in their order, as records of row_definition's columns. Virtual generated columns are
-- in no image; they are computed, by functions of PostgreSQL's alone.
CREATE FUNCTION exaudit_internal.rows_of(relation regclass, images jsonb[], plain boolean) RETURNS SETOF record
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
    row_type oid := exaudit_internal.row_type(relation);
BEGIN
    RETURN QUERY EXECUTE (
        SELECT pg_catalog.format('SELECT %s FROM %s AS "!row"',
                   string_agg(CASE a.attgenerated
                                  WHEN 'v' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                                  ELSE pg_catalog.format('"!row".%I', a.attname)
                              END, ', ' ORDER BY a.attnum),
                   CASE WHEN plain THEN pg_catalog.format(
                            '(SELECT "!p".* FROM pg_catalog.unnest($1) WITH ORDINALITY AS "!i" (image, place) '
                            'CROSS JOIN LATERAL (%s) AS "!p" ORDER BY "!i".place)', exaudit_internal.plain_query(row_type, '"!i".image'))
                        ELSE pg_catalog.format('exaudit_internal.decode_all(NULL::%s, $1)', row_type::regtype) END)
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped)
    USING images;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rows_of TO exaudit_reader;

-- A query that reads images, the elements of an array $1, as rows of a table, in their
-- order, and the columns that it gives: as SELECT * FROM the table, but under their plain types. The query
-- itself means the same under any search_path.
CREATE FUNCTION exaudit_internal.rows_query(relation regclass, OUT query text, OUT columns text[], OUT computed text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT array_agg(a.attname::text ORDER BY a.attnum),
           coalesce(array_agg(a.attname::text) FILTER (WHERE a.attgenerated = 'v'), '{}')
    INTO columns, computed
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
    query := pg_catalog.format('SELECT "!row".* FROM exaudit_internal.rows_of(%s::pg_catalog.regclass, $1::pg_catalog.jsonb[], true) AS "!row" (%s)',
                               relation::oid, exaudit_internal.row_definition(exaudit_internal.row_type(relation), true));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rows_query TO exaudit_reader;

-- Which of the images of some rows can be rows of their table as it is now, and the problems of the others: a type that
-- has changed since may not read what was recorded.
CREATE FUNCTION exaudit_internal.is_legible(relation regclass, INOUT images jsonb[], plain boolean, OUT problems jsonb[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query    text := pg_catalog.format('SELECT FROM exaudit_internal.rows_of($1, ARRAY[$2], $3) AS r (%s)',
                                       exaudit_internal.row_definition(exaudit_internal.row_type(relation), plain));
    readable jsonb[] := '{}';
    image    jsonb;
BEGIN
    problems := '{}';
    FOREACH image IN ARRAY images LOOP
        BEGIN
            EXECUTE query USING relation, image, plain;
            readable := readable || image;
        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR syntax_error_or_access_rule_violation OR raise_exception THEN
            problems := problems || pg_catalog.jsonb_build_object(
                'key', exaudit_internal.entity_id_of(relation, image), 'code', 'XA016',
                'message', pg_catalog.format('what was recorded of %s %s cannot be read as the table is now: %s',
                                             relation, exaudit_internal.entity_id_of(relation, image), SQLERRM),
                'hint', '"exaudit history" shows it as it was recorded.');
        END;
    END LOOP;
    images := readable;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_legible TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
