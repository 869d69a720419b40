-- Reading and writing single rows of tracked tables by entity id, for reverts. All of it
-- runs with the caller's rights and under the caller's settings: the table's own
-- triggers must see the session that they were written for. So every name and operator
-- is qualified, and only encode and decode pin anything.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- Foreign keys, each with the condition for a row f that points to a row t, and the one for a row f
-- that points anywhere; what becomes of f when t goes, or gets other values; and whether the current
-- user may see all rows of either.
-- Those of partitions are part of their parents'.
CREATE VIEW exaudit.foreign_keys AS
SELECT k.oid AS id,
       k.conrelid AS referencing,
       pg_catalog.format('%I.%I', fn.nspname, fc.relname) AS referencing_table,
       array_agg(fa.attname::text ORDER BY pair.position) AS referencing_columns,
       pg_catalog.has_table_privilege(fc.oid, 'SELECT') AND pg_catalog.has_schema_privilege(fn.oid, 'USAGE')
           AND NOT pg_catalog.row_security_active(fc.oid) AS referencing_readable,
       k.confrelid AS referenced,
       pg_catalog.format('%I.%I', tn.nspname, tc.relname) AS referenced_table,
       array_agg(ta.attname::text ORDER BY pair.position) AS referenced_columns,
       pg_catalog.has_table_privilege(tc.oid, 'SELECT') AND pg_catalog.has_schema_privilege(tn.oid, 'USAGE')
           AND NOT pg_catalog.row_security_active(tc.oid) AS referenced_readable,
       CASE k.confdeltype WHEN 'c' THEN 'deleted' WHEN 'n' THEN 'set to NULL' WHEN 'd' THEN 'set to default'
                          ELSE 'in the way' END AS action,
       CASE k.confupdtype WHEN 'c' THEN 'updated' WHEN 'n' THEN 'set to NULL' WHEN 'd' THEN 'set to default'
                          ELSE 'in the way' END AS update_action,
       string_agg(pg_catalog.format('t.%I%s OPERATOR(%I.%s) f.%I%s', ta.attname, exaudit.beneath(ta.atttypid), opn.nspname, o.oprname,
                                    fa.attname, exaudit.beneath(fa.atttypid)), ' AND ' ORDER BY pair.position) AS condition,
       string_agg(pg_catalog.format('f.%I IS NOT NULL', fa.attname), ' AND ' ORDER BY pair.position) AS given,
       -- also what is read of an image f
       bool_and(exaudit.plain_type(fa.atttypid) = exaudit.base_type(fa.atttypid)) AS comparable
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class fc ON fc.oid = k.conrelid
JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
JOIN pg_catalog.pg_class tc ON tc.oid = k.confrelid
JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
CROSS JOIN LATERAL ROWS FROM (unnest(k.conkey), unnest(k.confkey), unnest(k.conpfeqop))
    WITH ORDINALITY AS pair (referencing, referenced, operator, position)
JOIN pg_catalog.pg_attribute fa ON fa.attrelid = k.conrelid AND fa.attnum = pair.referencing
JOIN pg_catalog.pg_attribute ta ON ta.attrelid = k.confrelid AND ta.attnum = pair.referenced
JOIN pg_catalog.pg_operator o ON o.oid = pair.operator
JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
GROUP BY k.oid, k.conrelid, k.confrelid, k.confdeltype, k.confupdtype, fc.oid, fc.relname, fn.oid, fn.nspname, tc.oid, tc.relname, tn.oid, tn.nspname
ORDER BY referencing_table, k.oid;

GRANT SELECT ON exaudit.foreign_keys TO exaudit_reader;

-- +goose StatementBegin
-- The image that holds only the key columns of an entity. A digest is looked for in the
-- table, row by row: NULL where it is in none.
CREATE FUNCTION exaudit.key_image(relation regclass, entity_id text) RETURNS jsonb
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
    FROM exaudit.table_columns c
    WHERE c.relation = $1 AND c.key_position >= 0;

    IF entity_id LIKE 'sha256 %' THEN
        EXECUTE pg_catalog.format(
            'SELECT i.image - ARRAY(SELECT key FROM jsonb_object_keys(i.image) AS key WHERE key <> ALL ($3)) '
            'FROM (SELECT exaudit.encode(t.*) AS image FROM %s AS t OFFSET 0) AS i '
            'WHERE exaudit.entity_id_of($1, i.image) = $2', exaudit.target(relation))
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
            image := exaudit.note_json_null(image, noted);
        END IF;
    END LOOP;
    RETURN image;
END
$$;

-- The type of a table's rows.
CREATE FUNCTION exaudit.row_type(relation regclass) RETURNS oid
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS 'SELECT c.reltype FROM pg_catalog.pg_class c WHERE c.oid = relation';

-- The key columns and their plain types: reading a key must not run the CHECK functions of a domain, which are its
-- owner's code.
CREATE FUNCTION exaudit.key_types(relation regclass, OUT name text, OUT place integer, OUT type oid, OUT modifier integer) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.name, c.key_position, r.type, r.modifier
    FROM exaudit.table_columns c
    JOIN exaudit.row_columns(exaudit.row_type($1), true) AS r ON r.number = c.number
    WHERE c.relation = $1 AND c.key_position >= 0
$$;

-- The same as jsonb_to_record takes them under any search_path.
CREATE FUNCTION exaudit.key_definition(relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(pg_catalog.format('%I %s', k.name, exaudit.type_name(k.type, k.modifier)), ', ' ORDER BY k.place)
    FROM exaudit.key_types(relation) AS k
$$;

-- The key of an entity as a record of key_definition's columns.
CREATE FUNCTION exaudit.key_record(relation regclass, image jsonb) RETURNS SETOF record
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
         FROM exaudit.table_columns c
         WHERE c.relation = $1 AND c.key_position >= 0),
        exaudit.key_definition(relation))
    USING image;
END
$$;

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
    keys   text[] := ARRAY(SELECT c.name FROM exaudit.table_columns c
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
    EXECUTE pg_catalog.format('SELECT %s FROM exaudit.key_record($1, $2) AS k (%s)',
                              exaudit.entity_id_expression(relation, 'k'), exaudit.key_definition(relation))
    INTO entity USING relation, image;
    RETURN entity;
END
$$;

-- "t.key = k.key" for each key column, with the operator of the primary key's index, so
-- that the index serves it whatever the search_path is.
CREATE FUNCTION exaudit.key_condition(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT string_agg(pg_catalog.format(CASE WHEN k.type = exaudit.base_type(c.type) THEN 't.%1$I%5$s OPERATOR(%2$I.%3$s) k.%1$I'
                                                 WHEN k.type = 'text'::regtype THEN 'exaudit.text_value(t.%1$I) OPERATOR(pg_catalog.=) k.%1$I'
                                                 -- a cast of an array of a domain might be its owner's
                                                 ELSE 'exaudit.text_value(t.%1$I)::%4$s OPERATOR(%2$I.%3$s) k.%1$I' END,
                                            c.name, n.nspname, o.oprname, exaudit.type_name(k.type, k.modifier), exaudit.beneath(c.type)), ' AND '
                          ORDER BY c.key_position)
        FROM exaudit.table_columns c
        JOIN exaudit.key_types($1) AS k ON k.name = c.name
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

-- The relation as a statement names it: a plain table without its inheritance children,
-- which are tables of their own; a partitioned one with its partitions.
CREATE FUNCTION exaudit.target(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || relation::text
            FROM pg_catalog.pg_class c WHERE c.oid = relation);
END
$$;

-- Are equal keys of a relation the same key? Numbers with other zeros, names in other letters are not.
CREATE FUNCTION exaudit.equal_is_same(relation regclass) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
    -- as triggers compare them
    SELECT bool_and(c.changed_expression = '{old} IS DISTINCT FROM {new}') FROM exaudit.table_columns c WHERE c.relation = $1 AND c.key_position >= 0
$$;

-- The relation by its name, for a statement that runs under the search_path of a caller.
CREATE FUNCTION exaudit.qualified_name(relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS 'SELECT relation::text';

-- The image of the entity's present row, NULL where there is none. Locked, it stays so
-- until the transaction ends.
CREATE FUNCTION exaudit.row_image(relation regclass, entity_id text, locked boolean) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    image pg_catalog.jsonb;
BEGIN
    EXECUTE pg_catalog.format(
        'SELECT exaudit.encode(t.*) FROM %s AS t, exaudit.key_record($1, $2) AS k (%s) WHERE %s %s',
        exaudit.target(relation), exaudit.key_definition(relation), exaudit.key_condition(relation),
        CASE WHEN locked THEN 'FOR UPDATE OF t' END)
    INTO image USING relation, exaudit.key_image(relation, entity_id);
    IF NOT exaudit.equal_is_same(relation) AND exaudit.entity_id_of(relation, image) OPERATOR(pg_catalog.<>) entity_id THEN
        RETURN NULL; -- another row, of which the key is equal
    END IF;
    RETURN image;
END
$$;

-- Writes a row with its own key. Columns that the image lacks take their default.
CREATE FUNCTION exaudit.insert_row(relation regclass, image jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    columns pg_catalog.text;
    fields  pg_catalog.text;
    written bigint;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(c.name), ', '),
           pg_catalog.string_agg('r.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.name), ', ')
    INTO columns, fields
    FROM exaudit.table_columns c
    WHERE c.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND NOT c.generated AND image OPERATOR(pg_catalog.?) c.name;
    EXECUTE pg_catalog.format(
        'INSERT INTO %1$s %2$s OVERRIDING SYSTEM VALUE SELECT %3$s FROM exaudit.decode(NULL::%1$s, $1) AS r',
        exaudit.qualified_name(relation), '(' OPERATOR(pg_catalog.||) columns OPERATOR(pg_catalog.||) ')', fields)
    USING image;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;

-- Sets the columns that the image names.
CREATE FUNCTION exaudit.update_row(relation regclass, entity_id text, image jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    assignments pg_catalog.text;
    written     bigint;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('%1$I = r.%1$I', c.name), ', ')
    INTO assignments
    FROM exaudit.table_columns c
    WHERE c.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND NOT c.generated AND image OPERATOR(pg_catalog.?) c.name;
    EXECUTE pg_catalog.format(
        'UPDATE %s AS t SET %s FROM exaudit.key_record($1, $2) AS k (%s), exaudit.decode(NULL::%s, $3) AS r WHERE %s',
        exaudit.target(relation), assignments, exaudit.key_definition(relation), exaudit.qualified_name(relation),
        exaudit.key_condition(relation))
    USING relation, exaudit.key_image(relation, entity_id), image;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;

CREATE FUNCTION exaudit.delete_row(relation regclass, entity_id text) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    written bigint;
BEGIN
    EXECUTE pg_catalog.format('DELETE FROM %s AS t USING exaudit.key_record($1, $2) AS k (%s) WHERE %s',
                              exaudit.target(relation), exaudit.key_definition(relation), exaudit.key_condition(relation))
    USING relation, exaudit.key_image(relation, entity_id);
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;

-- What deleting a row does to the rows that reference it: per foreign key, how many there
-- are, and what becomes of them. Rows that reference those in turn are not looked for. NULL
-- where the caller may not read a table.
CREATE FUNCTION exaudit.referencing_rows(
    relation regclass, entity_id text, OUT table_name text, OUT columns text[], OUT action text, OUT referencing bigint
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    key pg_catalog.record;
BEGIN
    FOR key IN SELECT * FROM exaudit.foreign_keys k WHERE k.referenced OPERATOR(pg_catalog.=) relation::pg_catalog.oid LOOP
        table_name := key.referencing_table;
        columns := key.referencing_columns;
        action := key.action;
        referencing := NULL;
        IF key.referencing_readable THEN
            EXECUTE pg_catalog.format(
                'SELECT pg_catalog.count(*) FROM %s AS f, %s AS t, exaudit.key_record($1, $2) AS k (%s) '
                'WHERE %s AND %s AND NOT (f.tableoid OPERATOR(pg_catalog.=) t.tableoid AND f.ctid OPERATOR(pg_catalog.=) t.ctid)',
                exaudit.target(key.referencing), exaudit.target(relation), exaudit.key_definition(relation),
                exaudit.key_condition(relation), key.condition)
            INTO referencing USING relation, exaudit.key_image(relation, entity_id);
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- An image as the table's types write it: what Track is given is checked by reading it
-- as a row. A key that is no column is an error, not silently lost.
CREATE FUNCTION exaudit.normalize(relation regclass, image jsonb) RETURNS jsonb
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
    WHERE key <> '' AND NOT EXISTS (SELECT FROM exaudit.table_columns c WHERE c.relation = $1 AND c.name = key);
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" of relation "%" does not exist', unknown, relation
            USING ERRCODE = 'undefined_column';
    END IF;
    EXECUTE pg_catalog.format('SELECT %s FROM exaudit.rows_of($1, ARRAY[$2], true) AS r (%s)', exaudit.image_expression(relation, 'r'),
                              exaudit.row_definition(exaudit.row_type(relation), true))
    INTO normalized USING relation, image;
    -- only the columns that were given, and the JSON nulls among them
    RETURN (SELECT coalesce(pg_catalog.jsonb_object_agg(e.key, e.value), '{}')
            FROM pg_catalog.jsonb_each(normalized) e WHERE e.key = '' OR image ? e.key);
END
$$;

-- Reads images as rows of a table, in their order, as records of row_definition's columns. Virtual generated columns are
-- in no image; they are computed, by functions of PostgreSQL's alone.
CREATE FUNCTION exaudit.rows_of(relation regclass, images jsonb[], plain boolean) RETURNS SETOF record
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
    row_type oid := exaudit.row_type(relation);
BEGIN
    RETURN QUERY EXECUTE (
        SELECT pg_catalog.format('SELECT %s FROM %s AS "!row"',
                   string_agg(CASE a.attgenerated
                                  WHEN 'v' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                                  ELSE pg_catalog.format('"!row".%I', a.attname)
                              END, ', ' ORDER BY a.attnum),
                   CASE WHEN plain THEN pg_catalog.format(
                            '(SELECT "!p".* FROM pg_catalog.unnest($1) WITH ORDINALITY AS "!i" (image, place) '
                            'CROSS JOIN LATERAL (%s) AS "!p" ORDER BY "!i".place)', exaudit.plain_query(row_type, '"!i".image'))
                        ELSE pg_catalog.format('exaudit.decode_all(NULL::%s, $1)', row_type::regtype) END)
        FROM pg_catalog.pg_attribute a
        LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped)
    USING images;
END
$$;

-- A query that reads images, the elements of an array $1, as rows of a table, in their
-- order, and the columns that it gives: as SELECT * FROM the table, but under their plain types. The query
-- itself means the same under any search_path.
CREATE FUNCTION exaudit.rows_query(relation regclass, OUT query text, OUT columns text[], OUT computed text[])
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT array_agg(a.attname::text ORDER BY a.attnum),
           coalesce(array_agg(a.attname::text) FILTER (WHERE a.attgenerated = 'v'), '{}')
    INTO columns, computed
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
    query := pg_catalog.format('SELECT "!row".* FROM exaudit.rows_of(%s::pg_catalog.regclass, $1::pg_catalog.jsonb[], true) AS "!row" (%s)',
                               relation::oid, exaudit.row_definition(exaudit.row_type(relation), true));
END
$$;

-- The number of the newest migration, readable by everybody who uses the schema; goose's
-- own table is not.
CREATE FUNCTION exaudit.schema_version() RETURNS bigint
    LANGUAGE sql IMMUTABLE
AS 'SELECT 4::bigint';
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION exaudit.key_image, exaudit.key_types, exaudit.key_definition, exaudit.key_record, exaudit.entity_id, exaudit.key_condition, exaudit.target, exaudit.equal_is_same, exaudit.qualified_name, exaudit.row_image,
    exaudit.insert_row, exaudit.update_row, exaudit.delete_row, exaudit.referencing_rows, exaudit.normalize, exaudit.rows_query, exaudit.row_type, exaudit.rows_of,
    exaudit.schema_version
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exaudit.key_image, exaudit.key_types, exaudit.key_definition, exaudit.key_record, exaudit.entity_id, exaudit.key_condition, exaudit.target, exaudit.equal_is_same, exaudit.qualified_name, exaudit.row_image,
    exaudit.insert_row, exaudit.update_row, exaudit.delete_row, exaudit.referencing_rows, exaudit.normalize, exaudit.rows_query, exaudit.row_type, exaudit.rows_of,
    exaudit.schema_version
    TO exaudit_reader;

RESET ROLE;

-- +goose Down
DROP FUNCTION exaudit.schema_version;
DROP FUNCTION exaudit.rows_query;
DROP FUNCTION exaudit.rows_of;
DROP FUNCTION exaudit.normalize;
DROP FUNCTION exaudit.referencing_rows;
DROP VIEW exaudit.foreign_keys;
DROP FUNCTION exaudit.delete_row;
DROP FUNCTION exaudit.update_row;
DROP FUNCTION exaudit.insert_row;
DROP FUNCTION exaudit.row_image;
DROP FUNCTION exaudit.key_condition;
DROP FUNCTION exaudit.entity_id;
DROP FUNCTION exaudit.key_record;
DROP FUNCTION exaudit.key_definition;
DROP FUNCTION exaudit.key_types;
DROP FUNCTION exaudit.row_type;
DROP FUNCTION exaudit.qualified_name;
DROP FUNCTION exaudit.equal_is_same;
DROP FUNCTION exaudit.target;
DROP FUNCTION exaudit.key_image;
