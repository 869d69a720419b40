-- Values that an image has no room for, and values that are stored out of line.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The TOAST table of a table; NULL where there is none, or where another access method than
-- heap decides what goes there. IMMUTABLE as has_shape is: an alteration that rewrites the table
-- gives it another one.
CREATE FUNCTION exaudit_internal.toast_table(relation oid) RETURNS oid
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_snapshot(relation);
    RETURN (SELECT nullif(c.reltoastrelid, 0)
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_am am ON am.oid = c.relam
            WHERE c.oid = relation AND am.amhandler = 'pg_catalog.heap_tableam_handler'::pg_catalog.regproc);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.toast_table TO exaudit_writer, exaudit_reader;

-- A value of the column that takes more bytes than this is stored out of line.
--
-- VOLATILE, so that under READ COMMITTED it sees the storage options as they are.
CREATE FUNCTION exaudit_internal.toast_threshold(relation oid, column_name text) RETURNS integer
    LANGUAGE plpgsql PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT greatest(pg_catalog.current_setting('block_size')::integer / 4, -- TOAST_TUPLE_TARGET
                            (SELECT o.option_value::integer
                             FROM pg_catalog.pg_options_to_table(c.reloptions) o
                             WHERE o.option_name = 'toast_tuple_target'))
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
            WHERE c.oid = relation AND a.attname = column_name AND a.attstorage IN ('x', 'e'));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.toast_threshold TO exaudit_writer, exaudit_reader;

-- The same, to plan with: IMMUTABLE as has_shape is. What is larger than a page is always out of
-- line, and with an older snapshot, nothing else is known.
CREATE FUNCTION exaudit_internal.inline_limit(relation oid, column_name text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    page constant integer := pg_catalog.current_setting('block_size');
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RETURN page;
    END IF;
    RETURN coalesce(exaudit_internal.toast_threshold(relation, column_name), page);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.inline_limit TO exaudit_writer, exaudit_reader;
-- +goose StatementEnd

-- jsonb holds 268,435,455 bytes, and no more than that in one object. An image leaves some
-- room for notes.
CREATE FUNCTION exaudit_internal.image_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT 256000000';
GRANT EXECUTE ON FUNCTION exaudit_internal.image_limit TO exaudit_writer, exaudit_reader;

-- +goose StatementBegin
-- The columns with values that may be so large that an image has no room for them: a format for
-- the size of one, of the alias and the quoted name, and how large they may be without a question. A length is kept beside the
-- value, which need not be fetched. Where only is known what the value takes compressed, it may
-- be 255 times as long, and where it becomes text, that again 16 times; a bytea becomes twice as
-- long. Together the bounds are 250 MB.
CREATE FUNCTION exaudit_internal.wide_columns(relation oid, OUT number integer, OUT name text, OUT size text, OUT bound bigint) RETURNS SETOF record
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.number, c.name,
           CASE WHEN base.type IN ('json'::regtype, 'xml'::regtype) THEN 'pg_catalog.octet_length(%s.%s::pg_catalog.text)' ELSE k.size END,
           least(k.most, k.together / count(*) OVER (PARTITION BY k.kind))
    FROM exaudit_internal.table_columns c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN exaudit_internal.base_type(t.oid) ELSE t.oid END AS type OFFSET 0) base
    JOIN (VALUES ('text', 'pg_catalog.octet_length(%s.%s)', 1000000, 60000000),
                 ('jsonb', 'pg_catalog.pg_column_size(%s.%s)', 100000, 200000),
                 ('other', 'pg_catalog.pg_column_size(%s.%s)', 16000, 19000)) AS k (kind, size, most, together)
      ON k.kind = CASE WHEN base.type IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'bytea'::regtype,
                                          'json'::regtype, 'xml'::regtype) THEN 'text'
                       WHEN c.encoding = 'jsonb' THEN 'jsonb' ELSE 'other' END
    WHERE c.relation = $1
      AND a.attlen = -1
      AND base.type NOT IN ('numeric'::regtype, 'inet'::regtype, 'cidr'::regtype)
      -- varchar(200), char(10): never wide
      AND NOT (a.atttypmod BETWEEN 0 AND 10000 AND base.type IN ('varchar'::regtype, 'bpchar'::regtype));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.wide_columns TO exaudit_writer, exaudit_reader;

-- An SQL expression that is true where the image of a row, read through an alias, might be
-- more than jsonb holds; NULL where the columns are too narrow for that.
CREATE FUNCTION exaudit_internal.oversized_expression(relation oid, alias text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT string_agg(pg_catalog.format(CASE WHEN b.columns > 1 THEN 'greatest(%s) OPERATOR(pg_catalog.>) %s' ELSE '%s OPERATOR(pg_catalog.>) %s' END, b.sizes, b.bound), ' OR ' ORDER BY b.bound DESC)
        FROM (SELECT c.bound, count(*) AS columns, string_agg(pg_catalog.format(c.size, alias, exaudit_internal.quoted_name(c.name)), ', ' ORDER BY c.number) AS sizes
              FROM exaudit_internal.wide_columns(relation) AS c
              GROUP BY c.bound) AS b
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.oversized_expression TO exaudit_writer, exaudit_reader;

-- Puts a placeholder into an image for a value that is too large for it, and notes that it
-- is one. Of the same value it always is the same.
CREATE FUNCTION exaudit_internal.note_oversized(image jsonb, column_name text, size bigint, sha256 bytea) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN image || pg_catalog.jsonb_build_object(
        column_name, pg_catalog.format('*** %s bytes', size) || coalesce(', sha256 ' || pg_catalog.encode(sha256, 'hex'), ''),
        '', coalesce(image -> '', '[]') || pg_catalog.jsonb_build_object('oversized', column_name));
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.note_oversized TO exaudit_writer, exaudit_reader;

-- The image of some columns of a row, or of all; those that it has no room for are noted, the widest
-- ones. What PostgreSQL cannot make the text of raises one of three errors.
CREATE FUNCTION exaudit_internal.bounded_image(row_value anyelement, columns text[] DEFAULT NULL) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation oid := (SELECT t.typrelid FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.pg_typeof(row_value));
    image    jsonb;
    part     jsonb;
    sizes    bigint[];
    name     text;
BEGIN
    IF columns IS NULL THEN
        columns := exaudit_internal.column_names(row_value);
    ELSIF columns = '{}' THEN
        RETURN '{}';
    END IF;
    BEGIN
        EXECUTE pg_catalog.format('SELECT %s FROM (SELECT ($1).*) AS r', exaudit_internal.image_expression(relation, 'r', columns))
        INTO image USING row_value;
        IF pg_catalog.pg_column_size(image) <= exaudit_internal.image_limit() THEN
            RETURN image;
        END IF;
    EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory THEN
        NULL;
    END;
    EXECUTE pg_catalog.format('SELECT ARRAY[%s] FROM (SELECT ($1).*) AS r',
                              (SELECT string_agg(pg_catalog.format('pg_catalog.pg_column_size(r.%I)', c.name), ', ' ORDER BY c.position)
                               FROM unnest(columns) WITH ORDINALITY AS c (name, position)))
    INTO sizes USING row_value;
    image := '{}';
    FOR name IN SELECT c.name FROM unnest(columns, sizes) WITH ORDINALITY AS c (name, size, position)
                ORDER BY c.size NULLS FIRST, c.position LOOP
        part := NULL;
        BEGIN
            EXECUTE pg_catalog.format('SELECT %s FROM (SELECT ($1).*) AS r',
                                      exaudit_internal.image_expression(relation, 'r', ARRAY[name]))
            INTO part USING row_value;
        EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory THEN
            NULL;
        END;
        IF part IS NULL OR pg_catalog.pg_column_size(image) + pg_catalog.pg_column_size(part) > exaudit_internal.image_limit() THEN
            image := exaudit_internal.without_value(image, row_value, name);
        ELSIF part ? '' THEN
            image := exaudit_internal.note_json_null(image || (part - ''), name);
        ELSE
            image := image || part;
        END IF;
    END LOOP;
    RETURN image;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.bounded_image TO exaudit_writer, exaudit_reader;

-- Notes a value that an image has no room for, with the digest of its bytes or text, if
-- that can be had.
CREATE FUNCTION exaudit_internal.without_value(image jsonb, row_value anyelement, column_name text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    size   bigint;
    digest bytea;
BEGIN
    EXECUTE (
        SELECT replace('SELECT octet_length(v.bytes), sha256(v.bytes) FROM (SELECT {} AS bytes OFFSET 0) AS v', '{}',
                       pg_catalog.format(CASE
                           WHEN base.type = 'bytea'::regtype THEN '($1).%I::bytea'
                           WHEN base.type IN ('text'::regtype, 'varchar'::regtype, 'json'::regtype)
                               THEN 'convert_to(($1).%I::text, ''UTF8'')'
                           ELSE 'convert_to(format(''%%s'', ($1).%I), ''UTF8'')'
                       END, column_name))
        FROM pg_catalog.pg_type t
        JOIN exaudit_internal.table_columns c ON c.relation = t.typrelid AND c.name = column_name
        CROSS JOIN LATERAL (SELECT exaudit_internal.base_type(c.type) AS type) base
        WHERE t.oid = pg_catalog.pg_typeof(row_value))
    INTO size, digest USING row_value;
    RETURN exaudit_internal.note_oversized(image, column_name, size, digest);
EXCEPTION WHEN program_limit_exceeded OR internal_error OR out_of_memory OR untranslatable_character
              OR character_not_in_repertoire THEN
    EXECUTE pg_catalog.format('SELECT pg_catalog.pg_column_size(($1).%I)', column_name) INTO size USING row_value;
    RETURN exaudit_internal.note_oversized(image, column_name, size, NULL);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.without_value TO exaudit_writer, exaudit_reader;

-- What an update of a row with wide values changed, of some of its columns or of all: both sides.
CREATE FUNCTION exaudit_internal.bounded_changes(old_row anyelement, new_row anyelement, columns text[] DEFAULT NULL,
                                        OUT old_values jsonb, OUT new_values jsonb)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed text[];
BEGIN
    EXECUTE (
        SELECT pg_catalog.format('SELECT array_remove(ARRAY[%s], NULL)', string_agg(pg_catalog.format(
                   'CASE WHEN ROW(($1).%1$I)::record *<> ROW(($2).%1$I)::record THEN %1$L END', c.name), ', '))
        FROM unnest(coalesce(columns, exaudit_internal.column_names(new_row))) AS c (name))
    INTO changed USING old_row, new_row;
    old_values := exaudit_internal.bounded_image(old_row, changed);
    new_values := exaudit_internal.bounded_image(new_row, changed);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.bounded_changes TO exaudit_writer, exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
