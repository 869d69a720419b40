-- The jsonb images of rows.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- Every column of every table as exaudit sees it. Virtual generated columns (PostgreSQL
-- 18) are absent: triggers see NULL in them.
CREATE VIEW exaudit_internal.table_columns AS
SELECT a.attrelid                                              AS relation,
       a.attnum::integer                                       AS number,
       a.attname::text                                         AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod)::text   AS type_name,
       a.atttypid                                              AS type,
       a.atttypmod                                             AS type_modifier,
       a.attcollation                                          AS collation,
       own.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AS built_in,
       e.encoding,
       exaudit_internal.value_expression(a.atttypid, e.encoding)        AS value_expression,
       coalesce(pg_catalog.array_position(k.indkey::int2[], a.attnum), -1)::integer AS key_position,
       a.attgenerated <> ''                                    AS generated,
       a.attidentity = 'a'                                     AS numbered, -- an UPDATE can only number it anew
       a.attnotnull                                            AS not_null
FROM pg_catalog.pg_attribute a
-- OFFSET 0: once per column, not once per use
CROSS JOIN LATERAL (SELECT exaudit_internal.encoding(a.atttypid) AS encoding OFFSET 0) e
JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
LEFT JOIN pg_catalog.pg_index k ON k.indrelid = a.attrelid AND k.indisprimary
WHERE a.attnum > 0
  AND NOT a.attisdropped
  AND a.attgenerated <> 'v';
GRANT SELECT ON exaudit_internal.table_columns TO exaudit_reader, exaudit_writer;

-- +goose StatementBegin
-- An SQL expression for the image of a row, or of some of its columns, read through an
-- alias; or for that of a row whose jsonb columns hold no JSON null. PL/pgSQL keeps the plan,
-- which would take longer than the work.
CREATE FUNCTION exaudit_internal.image_expression(relation oid, alias text, only_columns text[] DEFAULT NULL,
                                         json_nulls boolean DEFAULT true) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH columns AS (
            SELECT c.name,
                   c.encoding,
                   alias || '.' || exaudit_internal.quoted_name(c.name) AS reference,
                   c.value_expression,
                   (row_number() OVER (ORDER BY c.number) - 1) / 50 AS chunk,
                   c.number
            FROM exaudit_internal.table_columns c
            WHERE c.relation = $1 AND (only_columns IS NULL OR c.name = ANY (only_columns))
        ),
        -- jsonb_build_object takes at most 100 arguments
        chunks AS (
            SELECT c.chunk,
                   'pg_catalog.jsonb_build_object('
                   || string_agg(E'\n        ' || quote_literal(c.name) || ', ' || replace(c.value_expression, '{}', c.reference),
                                 ',' ORDER BY c.number)
                   || ')' AS built
            FROM columns c
            GROUP BY c.chunk
        ),
        nullable AS (
            SELECT string_agg(c.reference || ' OPERATOR(pg_catalog.=) ''null''', ' OR ' ORDER BY c.number) AS list,
                   string_agg(pg_catalog.format('CASE WHEN %s OPERATOR(pg_catalog.=) ''null'' THEN %L END', c.reference, c.name), ', ' ORDER BY c.number) AS names
            FROM columns c
            WHERE c.encoding = 'jsonb'
        )
        SELECT CASE
                   -- jsonb makes the image in one call where every column is exact as it is
                   WHEN only_columns IS NULL
                        AND NOT EXISTS (SELECT FROM columns WHERE encoding NOT IN ('native', 'jsonb'))
                        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                                        WHERE a.attrelid = $1 AND a.attnum > 0 AND a.attgenerated = 'v')
                       THEN pg_catalog.format('pg_catalog.to_jsonb(%s.*)', alias)
                   ELSE (SELECT string_agg(built, E'\n    OPERATOR(pg_catalog.||) ' ORDER BY chunk) FROM chunks)
               END
               || coalesce((SELECT pg_catalog.format(
                      E'\n    OPERATOR(pg_catalog.||) CASE WHEN %1$s\n'
                      '            THEN pg_catalog.jsonb_build_object('''', pg_catalog.array_remove(ARRAY[%2$s], NULL))\n'
                      '            ELSE ''{}'' END', list, names) FROM nullable WHERE list IS NOT NULL AND json_nulls), '')
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.image_expression TO exaudit_writer, exaudit_reader;

-- Adds a value to an image, or begins one. Its calls in trigger functions are inlined, and cost what the expression does: no
-- SET, and every name is qualified.
CREATE FUNCTION exaudit_internal.with_value(image jsonb, column_name text, value anyelement) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(image, '{}') OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(column_name, value)
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.with_value TO exaudit_writer;

-- The same for a column of type jsonb. Notes a JSON null, to tell it from an SQL NULL; no column can be called ''.
CREATE FUNCTION exaudit_internal.with_json_value(image jsonb, column_name text, value jsonb) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN value OPERATOR(pg_catalog.=) 'null'
                THEN coalesce(image, '{}') OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(
                         column_name, value, '', coalesce(image OPERATOR(pg_catalog.->) '', '[]') OPERATOR(pg_catalog.||) pg_catalog.to_jsonb(column_name))
                ELSE coalesce(image, '{}') OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(column_name, value) END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.with_json_value TO exaudit_writer;

-- Notes in an image that a jsonb column holds a JSON null, not an SQL NULL. No column can be
-- called ''.
CREATE FUNCTION exaudit_internal.note_json_null(image jsonb, column_name text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN image || pg_catalog.jsonb_build_object('', coalesce(image -> '', '[]') || pg_catalog.to_jsonb(column_name));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.note_json_null TO exaudit_writer, exaudit_reader;

-- Puts a placeholder into an image for a column whose values are not recorded, and notes
-- that it is one.
CREATE FUNCTION exaudit_internal.note_masked(image jsonb, column_name text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN image || pg_catalog.jsonb_build_object(
        column_name, '***', '', coalesce(image -> '', '[]') || pg_catalog.jsonb_build_object('masked', column_name));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.note_masked TO exaudit_writer, exaudit_reader;

-- Adds notes to an image, and the placeholders that they tell of.
CREATE FUNCTION exaudit_internal.add_notes(image jsonb, notes jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN image
           || coalesce((SELECT pg_catalog.jsonb_object_agg(n ->> 'masked', '***') FROM pg_catalog.jsonb_array_elements(notes) AS n
                        WHERE pg_catalog.jsonb_typeof(n) = 'object'), '{}')
           || pg_catalog.jsonb_build_object('', coalesce(image -> '', '[]') || notes);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.add_notes TO exaudit_writer, exaudit_reader;

-- An image without the excluded columns, and with placeholders for the masked ones that
-- it has.
CREATE FUNCTION exaudit_internal.redact(image jsonb, excluded text[], masked text[]) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    redacted jsonb := image - (excluded || masked || ARRAY['']);
    notes    jsonb := (SELECT jsonb_agg(n) FROM pg_catalog.jsonb_array_elements(image -> '') AS n
                       WHERE coalesce(n ->> 'masked', n ->> 'oversized', n #>> '{}') <> ALL (excluded || masked));
    name     text;
BEGIN
    IF notes IS NOT NULL THEN
        redacted := redacted || pg_catalog.jsonb_build_object('', notes);
    END IF;
    FOREACH name IN ARRAY masked LOOP
        IF image ? name THEN
            redacted := exaudit_internal.note_masked(redacted, name);
        END IF;
    END LOOP;
    RETURN redacted;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.redact TO exaudit_writer, exaudit_reader;

-- The image of a row of any table. The settings are those that any type's text can
-- depend on: the same row gives the same image in every session.
CREATE FUNCTION exaudit_internal.encode(row_value anyelement) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN exaudit_internal.encode_with(exaudit_internal.encode_query(
        (SELECT typrelid FROM pg_catalog.pg_type WHERE oid = pg_catalog.pg_typeof(row_value))), row_value);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.encode TO exaudit_writer, exaudit_reader;

-- What encode runs for the rows of a table; NULL where to_jsonb alone makes the image.
-- IMMUTABLE as has_shape is, and under the same conditions: the text is made once per plan.
CREATE FUNCTION exaudit_internal.encode_query(relation oid) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    image text := exaudit_internal.image_expression(relation, 'r');
BEGIN
    PERFORM exaudit_internal.check_snapshot(relation);
    IF image = 'pg_catalog.to_jsonb(r.*)' THEN
        RETURN NULL;
    END IF;
    RETURN pg_catalog.format('SELECT %s FROM (SELECT ($1).*) AS r', image);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.encode_query TO exaudit_writer, exaudit_reader;

-- encode, for who has the query already.
CREATE FUNCTION exaudit_internal.encode_with(query text, row_value anyelement) RETURNS jsonb
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
    image jsonb;
BEGIN
    IF query IS NULL THEN
        image := pg_catalog.to_jsonb(row_value);
    ELSE
        EXECUTE query INTO image USING row_value;
    END IF;
    IF pg_catalog.pg_column_size(image) <= exaudit_internal.image_limit() THEN
        RETURN image;
    END IF;
    RETURN exaudit_internal.bounded_image(row_value);
EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory THEN
    RETURN exaudit_internal.bounded_image(row_value);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.encode_with TO exaudit_writer, exaudit_reader;

-- The recorded columns of a row.
CREATE FUNCTION exaudit_internal.column_names(row_value anyelement) RETURNS text[]
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT array_agg(c.name ORDER BY c.number)
        FROM pg_catalog.pg_type t
        JOIN exaudit_internal.table_columns c ON c.relation = t.typrelid
        WHERE t.oid = pg_catalog.pg_typeof(row_value)
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.column_names TO exaudit_writer, exaudit_reader;

-- The notes of an image that concern the columns of a part of it.
CREATE FUNCTION exaudit_internal.with_notes(part jsonb, image jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN part || coalesce((SELECT pg_catalog.jsonb_build_object('', pg_catalog.jsonb_agg(n))
                             FROM pg_catalog.jsonb_array_elements(image -> '') AS n
                             WHERE part ? coalesce(n ->> 'oversized', n #>> '{}')
                             HAVING count(*) > 0), '{}');
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.with_notes TO exaudit_writer;
-- +goose StatementEnd

-- +goose StatementBegin
-- The type of a table's rows.
CREATE FUNCTION exaudit_internal.row_type(relation regclass) RETURNS oid
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT c.reltype FROM pg_catalog.pg_class c WHERE c.oid = relation);
END
$$;
-- +goose StatementEnd
GRANT EXECUTE ON FUNCTION exaudit_internal.row_type TO exaudit_reader;

-- +goose StatementBegin
-- Does the image note that it has a placeholder for a column's value: masked, or too large?
CREATE FUNCTION exaudit_internal.is_placeholder(image jsonb, column_name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT coalesce((image OPERATOR(pg_catalog.->) '')
                    OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('masked', column_name))
                    OR (image OPERATOR(pg_catalog.->) '')
                       OPERATOR(pg_catalog.@>) pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('oversized', column_name)), false)
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.is_placeholder TO exaudit_reader;

-- An image without placeholders.
CREATE FUNCTION exaudit_internal.without_placeholders(image jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN image - coalesce((SELECT array_agg(coalesce(n ->> 'masked', n ->> 'oversized'))
                             FROM pg_catalog.jsonb_array_elements(image -> '') AS n
                             WHERE pg_catalog.jsonb_typeof(n) = 'object'), '{}');
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.without_placeholders TO exaudit_reader;

-- An image in which values that are longer than so many bytes give way to how they begin, and a digest that tells them
-- apart; without a limit, the image itself.
CREATE FUNCTION exaudit_internal.preview(image jsonb, bytes integer) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN CASE WHEN bytes IS NULL OR image IS NULL OR octet_length(image::text) <= bytes THEN image
           ELSE (SELECT jsonb_object_agg(e.key, CASE
                            WHEN e.key = '' OR octet_length(e.value::text) <= bytes THEN e.value
                            ELSE to_jsonb(left(e.value #>> '{}', 1000) || '... ' || md5(e.value::text)) END)
                 FROM jsonb_each(image) AS e) END;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.preview TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
