-- Primary keys as texts, and back.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The columns of a table's primary key, in its order, and whether one alone is jsonb.
-- IMMUTABLE as has_shape is, and under the same conditions.
CREATE FUNCTION exaudit_internal.key_columns(relation oid) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM exaudit_internal.check_snapshot(relation);
    RETURN (
        SELECT pg_catalog.jsonb_build_object(
                   'names', coalesce(pg_catalog.jsonb_agg(c.name ORDER BY c.key_position), '[]'),
                   'jsonb', coalesce(bool_and(c.encoding = 'jsonb'), false))
        FROM exaudit_internal.table_columns c
        WHERE c.relation = $1 AND c.key_position >= 0
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_columns TO exaudit_writer, exaudit_reader;

-- A key as versions carry it. In place of one that their index could not take, or that looks
-- like a digest, stands its digest.
CREATE FUNCTION exaudit_internal.bounded_key(key text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN pg_catalog.octet_length(key) OPERATOR(pg_catalog.<=) 2000
                     AND pg_catalog.left(key, 7) COLLATE pg_catalog."C" OPERATOR(pg_catalog.<>) 'sha256 ' THEN key
                ELSE 'sha256 ' OPERATOR(pg_catalog.||) pg_catalog.encode(
                    pg_catalog.sha256(pg_catalog.convert_to(key, 'UTF8')), 'hex') END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.bounded_key TO exaudit_writer, exaudit_reader;

-- The key of a row, from its image: the text of a single value, else a JSON array. A
-- table that has lost its primary key is told apart by whole rows. NULL where the image lacks
-- a part of the key.
CREATE FUNCTION exaudit_internal.entity_id_in(key_columns jsonb, image jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT -- pins nothing, which takes time: every name is qualified
AS $$
DECLARE
    names pg_catalog.jsonb := key_columns OPERATOR(pg_catalog.->) 'names';
    list  pg_catalog.jsonb;
BEGIN
    IF pg_catalog.jsonb_array_length(names) OPERATOR(pg_catalog.>) 1 THEN
        list := '[]';
        FOR i IN 0 .. pg_catalog.jsonb_array_length(names) OPERATOR(pg_catalog.-) 1 LOOP
            list := list OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_array(
                image OPERATOR(pg_catalog.->) (names OPERATOR(pg_catalog.->>) i));
            IF NOT image OPERATOR(pg_catalog.?) (names OPERATOR(pg_catalog.->>) i) THEN
                RETURN NULL;
            END IF;
        END LOOP;
        RETURN exaudit_internal.bounded_key(list::pg_catalog.text);
    ELSIF pg_catalog.jsonb_array_length(names) OPERATOR(pg_catalog.<) 1 THEN
        RETURN exaudit_internal.bounded_key(image::pg_catalog.text);
    ELSIF (key_columns OPERATOR(pg_catalog.->) 'jsonb')::boolean THEN
        RETURN exaudit_internal.bounded_key((image OPERATOR(pg_catalog.->) (names OPERATOR(pg_catalog.->>) 0))::pg_catalog.text);
    ELSE
        RETURN exaudit_internal.bounded_key(image OPERATOR(pg_catalog.->>) (names OPERATOR(pg_catalog.->>) 0));
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.entity_id_in TO exaudit_writer, exaudit_reader;
-- +goose StatementEnd

-- +goose StatementBegin
-- The same for the image of a table's row.
CREATE FUNCTION exaudit_internal.entity_id_of(relation oid, image jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN exaudit_internal.entity_id_in(exaudit_internal.key_columns($1), $2);
END
$$;
-- +goose StatementEnd
GRANT EXECUTE ON FUNCTION exaudit_internal.entity_id_of TO exaudit_writer, exaudit_reader;

-- +goose StatementBegin
-- An SQL expression for the key of a row, read through an alias: what entity_id_of gives.
CREATE FUNCTION exaudit_internal.entity_id_expression(relation oid, alias text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT pg_catalog.format(
               -- an index takes 32 columns of these
               CASE WHEN bool_and(c.type IN ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype,
                                             'uuid'::regtype, 'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype))
                    THEN '%s' ELSE 'exaudit_internal.bounded_key(%s)' END,
               CASE
                   WHEN count(*) > 1 THEN pg_catalog.format(
                       'pg_catalog.jsonb_build_array(%s)::pg_catalog.text',
                       string_agg(replace(c.value_expression, '{}', alias || '.' || exaudit_internal.quoted_name(c.name)), ', '
                                  ORDER BY c.key_position))
                   WHEN min(c.encoding) = 'jsonb'
                        -- for these the cast gives the same text, sooner
                        OR min(c.type) IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype,
                                           'text'::regtype, 'varchar'::regtype)
                       THEN alias || '.' || exaudit_internal.quoted_name(min(c.name)) || '::pg_catalog.text'
                   ELSE pg_catalog.format('(pg_catalog.to_jsonb(%s) OPERATOR(pg_catalog.#>>) ''{}'')',
                                          replace(min(c.value_expression), '{}', alias || '.' || exaudit_internal.quoted_name(min(c.name))))
               END)
        FROM exaudit_internal.table_columns c
        WHERE c.relation = $1 AND c.key_position >= 0
        HAVING count(*) > 0
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.entity_id_expression TO exaudit_writer, exaudit_reader;

-- The image that holds only the key columns of an entity. A digest is looked for in the
-- table, row by row: NULL where it is in none.
CREATE FUNCTION exaudit_internal.key_image(relation regclass, entity_id text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys      text[];
    nullable  text[]; -- those that may hold a JSON null: a key is never an SQL NULL
    is_json   boolean;
    key_value jsonb;
    image     jsonb;
    noted     text;
BEGIN
    SELECT array_agg(c.name ORDER BY c.key_position),
           array_agg(c.name) FILTER (WHERE c.encoding = 'jsonb'),
           -- the text of a single key: of an array it is that of its JSON, unless the array
           -- is none that JSON knows
           bool_and(c.encoding = 'jsonb'
                    OR c.encoding LIKE '%array' AND entity_id LIKE '[%]')
    INTO keys, nullable, is_json
    FROM exaudit_internal.table_columns c
    WHERE c.relation = $1 AND c.key_position >= 0;

    IF entity_id LIKE 'sha256 %' THEN
        EXECUTE pg_catalog.format(
            'SELECT i.image - ARRAY(SELECT key FROM jsonb_object_keys(i.image) AS key WHERE key <> ALL ($3)) '
            'FROM (SELECT exaudit_internal.encode(t.*) AS image FROM %s AS t OFFSET 0) AS i '
            'WHERE exaudit_internal.entity_id_of($1, i.image) = $2', exaudit_internal.target(relation))
        INTO image USING relation::oid, entity_id, keys || ARRAY[''];
        RETURN image;
    END IF;
    IF cardinality(keys) = 1 THEN
        key_value := pg_catalog.jsonb_build_array(CASE WHEN is_json THEN entity_id::jsonb
                                                       ELSE pg_catalog.to_jsonb(entity_id) END);
    ELSE
        key_value := entity_id::jsonb;
        IF pg_catalog.jsonb_typeof(key_value) <> 'array'
           OR pg_catalog.jsonb_array_length(key_value) <> cardinality(keys) THEN
            RAISE EXCEPTION 'key of % needs % values (%), got %',
                relation, cardinality(keys), array_to_string(keys, ', '), entity_id
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
    END IF;
    SELECT pg_catalog.jsonb_object_agg(k.name, key_value -> (k.position - 1)::integer) INTO image
    FROM unnest(keys) WITH ORDINALITY AS k (name, position);
    FOREACH noted IN ARRAY coalesce(nullable, '{}') LOOP
        IF image -> noted = 'null' THEN
            image := exaudit_internal.note_json_null(image, noted);
        END IF;
    END LOOP;
    RETURN image;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_image TO exaudit_reader;

-- The key columns and their plain types: reading a key must not run the CHECK functions of a domain, which are its
-- owner's code.
CREATE FUNCTION exaudit_internal.key_types(relation regclass, OUT name text, OUT place integer, OUT type oid, OUT modifier integer) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.name, c.key_position, r.type, r.modifier
    FROM exaudit_internal.table_columns c
    JOIN exaudit_internal.row_columns(exaudit_internal.row_type($1), true) AS r ON r.number = c.number
    WHERE c.relation = $1 AND c.key_position >= 0;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_types TO exaudit_reader;

-- The same as jsonb_to_record takes them under any search_path.
CREATE FUNCTION exaudit_internal.key_definition(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT string_agg(pg_catalog.format('%I %s', k.name, exaudit_internal.type_name(k.type, k.modifier)), ', ' ORDER BY k.place)
        FROM exaudit_internal.key_types(relation) AS k
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_definition TO exaudit_reader;

-- The key of an entity as a record of key_definition's columns.
CREATE FUNCTION exaudit_internal.key_record(relation regclass, image jsonb) RETURNS SETOF record
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path = pg_catalog, pg_temp
    SET datestyle = 'ISO, YMD'
    SET intervalstyle = 'postgres'
    SET timezone = 'UTC'
    SET lc_monetary = 'C'
    SET xmloption = 'content'
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT %s FROM pg_catalog.jsonb_to_record($1) AS k (%s)',
        -- a key is never an SQL NULL, so a null is JSON's
        (SELECT string_agg(CASE c.encoding WHEN 'jsonb' THEN pg_catalog.format('coalesce(k.%I, ''null'')', c.name)
                                           ELSE pg_catalog.format('k.%I', c.name) END, ', ' ORDER BY c.key_position)
         FROM exaudit_internal.table_columns c
         WHERE c.relation = $1 AND c.key_position >= 0),
        exaudit_internal.key_definition(relation))
    USING image;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_record TO exaudit_reader;

-- The entity id of a key that somebody wrote: a JSON array with a value per key column.
CREATE FUNCTION exaudit.entity_id(relation regclass, key_values jsonb) RETURNS text
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
    keys   text[] := ARRAY(SELECT c.name FROM exaudit_internal.table_columns c
                           WHERE c.relation = $1 AND c.key_position >= 0 ORDER BY c.key_position);
    image  jsonb;
    entity text;
BEGIN
    IF pg_catalog.jsonb_array_length(key_values) <> cardinality(keys) THEN
        RAISE EXCEPTION 'key of % needs % (%), got %', relation,
            CASE cardinality(keys) WHEN 1 THEN '1 value' ELSE cardinality(keys) || ' values' END,
            array_to_string(keys, ', '), pg_catalog.jsonb_array_length(key_values)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT pg_catalog.jsonb_object_agg(k.name, key_values -> (k.position - 1)::integer) INTO image
    FROM unnest(keys) WITH ORDINALITY AS k (name, position);
    EXECUTE pg_catalog.format('SELECT %s FROM exaudit_internal.key_record($1, $2) AS k (%s)',
                              exaudit_internal.entity_id_expression(relation, 'k'), exaudit_internal.key_definition(relation))
    INTO entity USING relation, image;
    RETURN entity;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit.entity_id TO exaudit_reader;

-- "t.key = k.key" for each key column, with the operator of the primary key's index, so
-- that the index serves it whatever the search_path is.
CREATE FUNCTION exaudit_internal.key_condition(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT string_agg(pg_catalog.format(CASE WHEN k.type = exaudit_internal.base_type(c.type) THEN 't.%1$I%5$s OPERATOR(%2$I.%3$s) k.%1$I'
                                                 WHEN k.type = 'text'::regtype THEN 'exaudit_internal.text_value(t.%1$I) OPERATOR(pg_catalog.=) k.%1$I'
                                                 -- a cast of an array of a domain might be its owner's
                                                 ELSE 'exaudit_internal.text_value(t.%1$I)::%4$s OPERATOR(%2$I.%3$s) k.%1$I' END,
                                            c.name, n.nspname, o.oprname, exaudit_internal.type_name(k.type, k.modifier), exaudit_internal.base_type_cast(c.type)), ' AND '
                          ORDER BY c.key_position)
        FROM exaudit_internal.table_columns c
        JOIN exaudit_internal.key_types($1) AS k ON k.name = c.name
        JOIN pg_catalog.pg_index i ON i.indrelid = c.relation AND i.indisprimary
        JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[c.key_position]
        JOIN pg_catalog.pg_amop am ON am.amopfamily = oc.opcfamily AND am.amopstrategy = 3
                                  AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype
        JOIN pg_catalog.pg_operator o ON o.oid = am.amopopr
        JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
        WHERE c.relation = $1 AND c.key_position >= 0
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_condition TO exaudit_reader;

-- The relation as a statement names it: a plain table without its inheritance children,
-- which are tables of their own; a partitioned one with its partitions.
CREATE FUNCTION exaudit_internal.target(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || relation::text
            FROM pg_catalog.pg_class c WHERE c.oid = relation);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.target TO exaudit_writer, exaudit_reader;

-- Are equal keys of a relation the same key? Numbers with other zeros, names in other letters are not.
CREATE FUNCTION exaudit_internal.has_one_spelling(relation regclass) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        -- as triggers compare them
        SELECT bool_and(exaudit_internal.is_same_if_equal(c.type, c.collation)) FROM exaudit_internal.table_columns c WHERE c.relation = $1 AND c.key_position >= 0
    );
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.has_one_spelling TO exaudit_reader;
-- +goose StatementEnd

-- +goose StatementBegin
-- The relation by its name, for a statement that runs under the search_path of a caller.
CREATE FUNCTION exaudit_internal.qualified_name(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN relation::text;
END
$$;
-- +goose StatementEnd
GRANT EXECUTE ON FUNCTION exaudit_internal.qualified_name TO exaudit_reader;

-- +goose StatementBegin
-- Raises for a key that is NULL: it names no row, and must not be taken for a question about all rows.
CREATE FUNCTION exaudit_internal.check_key(key text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF key IS NULL THEN
        RAISE EXCEPTION 'a key is NULL' USING ERRCODE = 'null_value_not_allowed', HINT = 'Leave the key out to get all rows.';
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.check_key TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
