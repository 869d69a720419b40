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
CREATE VIEW exaudit_internal.foreign_keys AS
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
       string_agg(pg_catalog.format('t.%I%s OPERATOR(%I.%s) f.%I%s', ta.attname, exaudit_internal.base_type_cast(ta.atttypid), opn.nspname, o.oprname,
                                    fa.attname, exaudit_internal.base_type_cast(fa.atttypid)), ' AND ' ORDER BY pair.position) AS condition,
       string_agg(pg_catalog.format('f.%I IS NOT NULL', fa.attname), ' AND ' ORDER BY pair.position) AS given,
       -- also what is read of an image f
       bool_and(exaudit_internal.plain_type(fa.atttypid) = exaudit_internal.base_type(fa.atttypid)) AS comparable
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
GRANT SELECT ON exaudit_internal.foreign_keys TO exaudit_reader;

-- +goose StatementBegin
-- The image of the entity's present row, NULL where there is none. Locked, it stays so
-- until the transaction ends.
CREATE FUNCTION exaudit_internal.row_image(relation regclass, entity_id text, locked boolean) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    image pg_catalog.jsonb;
BEGIN
    EXECUTE pg_catalog.format(
        'SELECT exaudit_internal.encode(t.*) FROM %s AS t, exaudit_internal.key_record($1, $2) AS k (%s) WHERE %s %s',
        exaudit_internal.target(relation), exaudit_internal.key_definition(relation), exaudit_internal.key_condition(relation),
        CASE WHEN locked THEN 'FOR UPDATE OF t' END)
    INTO image USING relation, exaudit_internal.key_image(relation, entity_id);
    IF NOT exaudit_internal.has_one_spelling(relation) AND exaudit_internal.entity_id_of(relation, image) OPERATOR(pg_catalog.<>) entity_id THEN
        RETURN NULL; -- another row, of which the key is equal
    END IF;
    RETURN image;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.row_image TO exaudit_reader;

-- Writes a row with its own key. Columns that the image lacks take their default.
CREATE FUNCTION exaudit_internal.insert_row(relation regclass, image jsonb) RETURNS bigint
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
    FROM exaudit_internal.table_columns c
    WHERE c.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND NOT c.generated AND image OPERATOR(pg_catalog.?) c.name;
    EXECUTE pg_catalog.format(
        'INSERT INTO %1$s %2$s OVERRIDING SYSTEM VALUE SELECT %3$s FROM exaudit_internal.decode(NULL::%1$s, $1) AS r',
        exaudit_internal.qualified_name(relation), '(' OPERATOR(pg_catalog.||) columns OPERATOR(pg_catalog.||) ')', fields)
    USING image;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.insert_row TO exaudit_reader;

-- Sets the columns that the image names.
CREATE FUNCTION exaudit_internal.update_row(relation regclass, entity_id text, image jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    assignments pg_catalog.text;
    written     bigint;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('%1$I = r.%1$I', c.name), ', ')
    INTO assignments
    FROM exaudit_internal.table_columns c
    WHERE c.relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND NOT c.generated AND image OPERATOR(pg_catalog.?) c.name;
    EXECUTE pg_catalog.format(
        'UPDATE %s AS t SET %s FROM exaudit_internal.key_record($1, $2) AS k (%s), exaudit_internal.decode(NULL::%s, $3) AS r WHERE %s',
        exaudit_internal.target(relation), assignments, exaudit_internal.key_definition(relation), exaudit_internal.qualified_name(relation),
        exaudit_internal.key_condition(relation))
    USING relation, exaudit_internal.key_image(relation, entity_id), image;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.update_row TO exaudit_reader;

CREATE FUNCTION exaudit_internal.delete_row(relation regclass, entity_id text) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    written bigint;
BEGIN
    EXECUTE pg_catalog.format('DELETE FROM %s AS t USING exaudit_internal.key_record($1, $2) AS k (%s) WHERE %s',
                              exaudit_internal.target(relation), exaudit_internal.key_definition(relation), exaudit_internal.key_condition(relation))
    USING relation, exaudit_internal.key_image(relation, entity_id);
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.delete_row TO exaudit_reader;

-- What deleting a row does to the rows that reference it: per foreign key, how many there
-- are, and what becomes of them. Rows that reference those in turn are not looked for. NULL
-- where the caller may not read a table.
CREATE FUNCTION exaudit_internal.referencing_rows(
    relation regclass, entity_id text, OUT table_name text, OUT columns text[], OUT action text, OUT referencing bigint
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    key pg_catalog.record;
BEGIN
    FOR key IN SELECT * FROM exaudit_internal.foreign_keys k WHERE k.referenced OPERATOR(pg_catalog.=) relation::pg_catalog.oid LOOP
        table_name := key.referencing_table;
        columns := key.referencing_columns;
        action := key.action;
        referencing := NULL;
        IF key.referencing_readable THEN
            EXECUTE pg_catalog.format(
                'SELECT pg_catalog.count(*) FROM %s AS f, %s AS t, exaudit_internal.key_record($1, $2) AS k (%s) '
                'WHERE %s AND %s AND NOT (f.tableoid OPERATOR(pg_catalog.=) t.tableoid AND f.ctid OPERATOR(pg_catalog.=) t.ctid)',
                exaudit_internal.target(key.referencing), exaudit_internal.target(relation), exaudit_internal.key_definition(relation),
                exaudit_internal.key_condition(relation), key.condition)
            INTO referencing USING relation, exaudit_internal.key_image(relation, entity_id);
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.referencing_rows TO exaudit_reader;

-- What rows_before selects of a row t that nothing has changed; $2 is the table's encode_query.
CREATE FUNCTION exaudit_internal.present_row(table_id integer, relation regclass, form text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hidden   text[] := exaudit_internal.option_columns(table_id, relation, 'exclude') || exaudit_internal.option_columns(table_id, relation, 'mask');
    row_type oid := exaudit_internal.row_type(relation);
BEGIN
    IF form = 'images' THEN
        RETURN (SELECT 'exaudit_internal.encode_with($2, t.*)' || string_agg(', ' || exaudit_internal.plain_value(a.atttypid, k.type, k.modifier, k.name), '' ORDER BY k.place)
                FROM exaudit_internal.key_types(present_row.relation) AS k
                JOIN pg_catalog.pg_attribute a ON a.attrelid = present_row.relation AND a.attname = k.name);
    END IF;
    RETURN (SELECT string_agg(CASE WHEN c.name = ANY (hidden) THEN 'NULL::' || exaudit_internal.type_name(c.type, c.modifier)
                                   ELSE exaudit_internal.plain_value(a.atttypid, c.type, c.modifier, c.name) END, ', ' ORDER BY c.number)
            FROM exaudit_internal.row_columns(row_type, form = 'plain') AS c
            JOIN pg_catalog.pg_attribute a ON a.attrelid = relation AND a.attnum = c.number);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.present_row TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
