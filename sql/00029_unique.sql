-- What keeps rows from being written: unique values and references.

-- +goose Up
SET LOCAL ROLE exaudit_owner;
SET LOCAL search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
-- The unique indexes of a table, and the columns on which they depend. Those of plain columns have
-- a condition for two rows with the same values, of which one is an image, or both; the others have their entry for a row
-- "!row", which is NULL where it has none, and where it can be looked for, the predicate, what is indexed as "!1" and on,
-- and the condition for a row with the same as r.
CREATE FUNCTION exaudit_internal.unique_columns(
    relation regclass, OUT index_name text, OUT columns text[], OUT nullable boolean[], OUT types text[], OUT is_deferrable boolean,
    OUT nulls_distinct boolean, OUT condition text, OUT rival_condition text, OUT entry text,
    OUT predicate text, OUT indexed text, OUT probe text
) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.relname::text, k.columns, k.nullable, k.types, NOT i.indimmediate, k.nulls_distinct,
           CASE WHEN NOT k.computed THEN s.condition END,
           CASE WHEN NOT k.computed THEN s.rival_condition END,
           CASE WHEN k.computed THEN (
               SELECT pg_catalog.format('CASE WHEN %s%s THEN pg_catalog.jsonb_build_array(%s)::text END',
                          coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true'),
                          CASE WHEN k.nulls_distinct THEN string_agg(pg_catalog.format(' AND (%s) IS NOT NULL', e.definition), '') END,
                          string_agg(pg_catalog.format('(%s)::text', e.definition), ', ' ORDER BY e.position))
               FROM (SELECT p AS position, pg_catalog.pg_get_indexdef(i.indexrelid, p, false) AS definition FROM generate_series(1, i.indnkeyatts) AS p) AS e)
           END,
           CASE WHEN k.computed AND k.comparable THEN coalesce(pg_catalog.pg_get_expr(i.indpred, i.indrelid), 'true') END,
           CASE WHEN k.computed AND k.comparable THEN s.indexed END,
           CASE WHEN k.computed AND k.comparable THEN s.probe END
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    CROSS JOIN LATERAL (
        SELECT -- as many as there are, or none
               CASE WHEN count(p.same) = count(*) THEN string_agg(p.same, ' AND ' ORDER BY p.position) END AS condition,
               CASE WHEN count(p.same_images) = count(*) THEN string_agg(p.same_images, ' AND ' ORDER BY p.position) END AS rival_condition,
               string_agg(pg_catalog.format('(%s) AS "!%s"', p.definition, p.position), ', ' ORDER BY p.position) AS indexed,
               string_agg(pg_catalog.format('(%s) %s r."!%s"', p.definition, p.operator, p.position), ' AND ' ORDER BY p.position) AS probe
        FROM (SELECT u.position, pg_catalog.pg_get_indexdef(i.indexrelid, u.position::integer, false) AS definition, e.operator,
                     exaudit_internal.same_value(a.atttypid, a.attname::text, e.operator, i.indcollation[u.position - 1], false) AS same,
                     exaudit_internal.same_value(a.atttypid, a.attname::text, e.operator, i.indcollation[u.position - 1], true) AS same_images
              FROM unnest(i.indclass, i.indkey::int2[]) WITH ORDINALITY AS u (class, number, position)
              JOIN pg_catalog.pg_opclass oc ON oc.oid = u.class
              JOIN pg_catalog.pg_amop am ON am.amopfamily = oc.opcfamily AND am.amopstrategy = 3
                                        AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype
              JOIN pg_catalog.pg_operator o ON o.oid = am.amopopr
              JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
              CROSS JOIN LATERAL (SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS operator) AS e
              LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
              WHERE u.position <= i.indnkeyatts) AS p
    ) AS s
    CROSS JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY u.position, a.attnum) AS columns,
               array_agg(NOT a.attnotnull ORDER BY u.position, a.attnum) AS nullable,
               array_agg(pg_catalog.format_type(exaudit_internal.base_type(a.atttypid), a.atttypmod) ORDER BY u.position, a.attnum) AS types,
               -- with what is read of an image
               bool_and(exaudit_internal.plain_type(a.atttypid) = exaudit_internal.base_type(a.atttypid)) AS comparable,
               -- no such column before PostgreSQL 15
               NOT coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_distinct,
               i.indpred IS NOT NULL OR i.indexprs IS NOT NULL AS computed
        FROM (SELECT min(d.position) AS position, d.number
              FROM (SELECT p.position, p.number::integer FROM unnest(i.indkey) WITH ORDINALITY AS p (number, position)
                    WHERE p.number > 0 AND p.position <= i.indnkeyatts
                    UNION ALL
                    SELECT NULL, d.refobjsubid FROM pg_catalog.pg_depend d
                    WHERE (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL)
                      AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0) AS d
              GROUP BY d.number) AS u
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
    ) AS k
    WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND k.columns IS NOT NULL
    ORDER BY c.relname;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.unique_columns TO exaudit_reader;

-- A key whose text was taken for a JSON string, as the JSON that the text is; NULL if it is none. Types that are not jsonb are
-- read from their text anyway.
CREATE FUNCTION exaudit_internal.unquoted_key(relation regclass, entity_id text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    image    jsonb := exaudit_internal.key_image(relation, entity_id);
    name     text;
    unquoted jsonb;
BEGIN
    FOR name IN SELECT c.name FROM exaudit_internal.table_columns c
                WHERE c.relation = unquoted_key.relation AND c.key_position >= 0 AND c.encoding = 'jsonb'
                  AND jsonb_typeof(image -> c.name) = 'string' LOOP
        BEGIN
            unquoted := (image ->> name)::jsonb;
        EXCEPTION WHEN data_exception THEN
            CONTINUE;
        END;
        image := image || jsonb_build_object(name, unquoted);
        IF unquoted = 'null' THEN
            image := exaudit_internal.note_json_null(image, name);
        END IF;
    END LOOP;
    IF unquoted IS NOT NULL THEN
        RETURN exaudit_internal.entity_id_of(relation, image);
    END IF;
    RETURN NULL;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.unquoted_key TO exaudit_reader;

-- Conditions that keys of a relation are equal, where equal ones may be spelled in several ways; else NULL. same_row is of a
-- row t of the table and a key r, same_image of two keys.
CREATE FUNCTION exaudit_internal.key_equality(relation regclass, OUT same_row text, OUT same_image text)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
BEGIN
    SELECT string_agg(exaudit_internal.same_value(c.type, c.name, o.operator, i.indcollation[c.key_position], false), ' AND ' ORDER BY c.key_position),
           string_agg(exaudit_internal.same_value(c.type, c.name, o.operator, i.indcollation[c.key_position], true), ' AND ' ORDER BY c.key_position)
    INTO same_row, same_image
    FROM exaudit_internal.table_columns c
    JOIN pg_catalog.pg_index i ON i.indrelid = c.relation AND i.indisprimary
    JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[c.key_position]
    JOIN pg_catalog.pg_amop am ON am.amopfamily = oc.opcfamily AND am.amopstrategy = 3
                              AND am.amoplefttype = oc.opcintype AND am.amoprighttype = oc.opcintype
    JOIN pg_catalog.pg_operator p ON p.oid = am.amopopr
    JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
    CROSS JOIN LATERAL (SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, p.oprname) AS operator) AS o
    WHERE c.relation = key_equality.relation
    HAVING count(*) FILTER (WHERE NOT exaudit_internal.is_same_if_equal(c.type, c.collation)
                              AND (SELECT t.typtype FROM pg_catalog.pg_type t WHERE t.oid = exaudit_internal.base_type(c.type)) IN ('b', 'r', 'm')) > 0
       AND count(exaudit_internal.same_value(c.type, c.name, o.operator, i.indcollation[c.key_position], true)) = count(*);
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.key_equality TO exaudit_reader;

-- Which keys are equal to which other ones, and spelled otherwise.
CREATE FUNCTION exaudit_internal.equal_keys(relation regclass, keys text[], others text[]) RETURNS TABLE (key text, other text)
    LANGUAGE plpgsql STABLE ROWS 10
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    same_image text := (SELECT e.same_image FROM exaudit_internal.key_equality(relation) AS e);
BEGIN
    IF same_image IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT t.%1$s, r.%1$s FROM exaudit_internal.key_records($1, ARRAY(SELECT k FROM unnest($2) AS k WHERE NOT k ^@ ''sha256 '')) AS t (%2$s) '
        'JOIN exaudit_internal.key_records($1, ARRAY(SELECT k FROM unnest($3) AS k WHERE NOT k ^@ ''sha256 '')) AS r (%2$s) '
        'ON %3$s WHERE t.%1$s <> r.%1$s COLLATE "C"',
        exaudit_internal.free_name(relation, '!entity_id'), exaudit_internal.key_records_definition(relation), same_image)
    USING relation, keys, others;
EXCEPTION WHEN data_exception THEN
    RETURN; -- the primary key was another one once
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.equal_keys TO exaudit_reader;

-- How a key of which nothing is recorded is spelled otherwise, where its types take several spellings for equal: by the
-- row that is there, or else by the rows that were. None where it has a history itself.
CREATE FUNCTION exaudit_internal.other_spellings(table_id integer, relation regclass, entity_id text) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
#variable_conflict use_column
DECLARE
    same_row   text;
    same_image text;
    present    text;
    unquoted   text;
    keys       text[]; -- what may be meant
BEGIN
    IF entity_id ^@ 'sha256 '
       OR EXISTS (SELECT FROM exaudit.versions v WHERE v.table_id = other_spellings.table_id AND v.entity_id = other_spellings.entity_id COLLATE "C") THEN
        RETURN;
    END IF;
    unquoted := exaudit_internal.unquoted_key(relation, entity_id);
    IF EXISTS (SELECT FROM exaudit.versions v WHERE v.table_id = other_spellings.table_id AND v.entity_id = unquoted COLLATE "C") THEN
        RETURN NEXT unquoted;
        RETURN;
    END IF;
    keys := array_remove(ARRAY[entity_id, unquoted], NULL);
    SELECT e.same_row, e.same_image INTO same_row, same_image FROM exaudit_internal.key_equality(relation) AS e;
    IF same_image IS NULL THEN
        RETURN;
    END IF;
    IF pg_catalog.has_table_privilege(relation, 'SELECT') THEN
        EXECUTE pg_catalog.format(
            'SELECT %s FROM %s AS t JOIN exaudit_internal.key_records($1, $2) AS r (%s) ON %s',
            exaudit_internal.entity_id_expression(relation, 't'), exaudit_internal.target(relation), exaudit_internal.key_records_definition(relation), same_row)
        INTO present USING relation, keys;
        IF present IS NOT NULL THEN
            RETURN QUERY SELECT present WHERE present <> entity_id;
            RETURN;
        END IF;
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format(
        'WITH RECURSIVE known (id) AS ('
        'SELECT (SELECT v.entity_id FROM exaudit.versions v WHERE v.table_id = $3 ORDER BY v.entity_id LIMIT 1) '
        'UNION ALL SELECT (SELECT v.entity_id FROM exaudit.versions v WHERE v.table_id = $3 AND v.entity_id > k.id ORDER BY v.entity_id LIMIT 1) '
        'FROM known k WHERE k.id IS NOT NULL) '
        'SELECT t.%1$s FROM exaudit_internal.key_records($1, ARRAY(SELECT k.id FROM known k WHERE NOT k.id ^@ ''sha256 '')) AS t (%2$s) '
        'JOIN exaudit_internal.key_records($1, $2) AS r (%2$s) ON %3$s ORDER BY t.%1$s COLLATE "C"',
        exaudit_internal.free_name(relation, '!entity_id'), exaudit_internal.key_records_definition(relation), same_image)
    USING relation, keys, table_id;
EXCEPTION WHEN data_exception THEN
    RETURN; -- the primary key was another one once
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.other_spellings TO exaudit_reader;

-- What an index has of rows that are given as images, in their order; see unique_columns. It is
-- computed under the search_path that indexes are built under.
CREATE FUNCTION exaudit_internal.index_entries(relation regclass, index_name text, images jsonb[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE (
        SELECT pg_catalog.format('SELECT %s FROM exaudit_internal.rows_of($1, $2, true) AS "!row" (%s)', u.entry,
                                 exaudit_internal.row_definition(exaudit_internal.row_type(relation), true))
        FROM exaudit_internal.unique_columns(relation) AS u WHERE u.index_name = $2)
    USING relation, images;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.index_entries TO exaudit_reader;

-- Rows, given as images by their places, that would have a unique value which a row of another key
-- has; there reports which of them are there, and have a key.
CREATE FUNCTION exaudit_internal.taken_values(relation regclass, entity_ids text[], there boolean[], images jsonb[],
                                     OUT place bigint, OUT columns text[], OUT occupant text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    unique_index pg_catalog.record;
BEGIN
    FOR unique_index IN SELECT * FROM exaudit_internal.unique_columns(relation) WHERE condition IS NOT NULL LOOP
        columns := unique_index.columns;
        FOR place, occupant IN EXECUTE pg_catalog.format(
            'SELECT r.%5$s, %1$s FROM (SELECT pg_catalog.row_number() OVER () AS %5$s, d.* FROM exaudit_internal.rows_of($3, $2, true) AS d (%2$s)) AS r '
            'JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($4)) WITH ORDINALITY AS "!u" (id, there, place) ON "!u".place OPERATOR(pg_catalog.=) r.%5$s '
            'JOIN %3$s AS t ON %4$s WHERE NOT "!u".there OR %1$s OPERATOR(pg_catalog.<>) "!u".id COLLATE pg_catalog."C"',
            exaudit_internal.entity_id_expression(relation, 't'), exaudit_internal.row_definition(exaudit_internal.row_type(relation), true), exaudit_internal.target(relation),
            unique_index.condition, exaudit_internal.free_name(relation, '!place'))
        USING entity_ids, images, relation, there LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
    RETURN QUERY SELECT e.place, e.columns, e.occupant FROM exaudit_internal.taken_entries(relation, entity_ids, there, images) AS e;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.taken_values TO exaudit_reader;

-- The same of indexes that are computed, under the search_path that they are built under.
CREATE FUNCTION exaudit_internal.taken_entries(relation regclass, entity_ids text[], there boolean[], images jsonb[],
                                      OUT place bigint, OUT columns text[], OUT occupant text) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unique_index record;
BEGIN
    FOR unique_index IN SELECT * FROM exaudit_internal.unique_columns(relation) WHERE probe IS NOT NULL LOOP
        columns := unique_index.columns;
        FOR place, occupant IN EXECUTE pg_catalog.format(
            'SELECT r."!place", o."!id" FROM (SELECT row_number() OVER () AS "!place", (%1$s) AS "!in", %2$s FROM exaudit_internal.rows_of($3, $2, true) AS "!row" (%3$s)) AS r '
            'JOIN ROWS FROM (unnest($1), unnest($4)) WITH ORDINALITY AS u ("!id", "!there", "!at") ON u."!at" = r."!place" '
            'CROSS JOIN LATERAL (SELECT %4$s AS "!id" FROM %5$s AS t WHERE %1$s AND %6$s) AS o '
            'WHERE r."!in" AND (NOT u."!there" OR o."!id" <> u."!id" COLLATE "C")',
            unique_index.predicate, unique_index.indexed, exaudit_internal.row_definition(exaudit_internal.row_type(relation), true),
            exaudit_internal.entity_id_expression(relation, 't'), exaudit_internal.target(relation), unique_index.probe)
        USING entity_ids, images, relation, there LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.taken_entries TO exaudit_reader;

-- Rows, given as images, that would have the same unique value, by their places.
CREATE FUNCTION exaudit_internal.rival_values(relation regclass, images jsonb[],
                                     OUT place bigint, OUT rival bigint, OUT columns text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unique_index record;
BEGIN
    FOR unique_index IN SELECT * FROM exaudit_internal.unique_columns(relation) AS u WHERE coalesce(u.rival_condition, u.entry) IS NOT NULL LOOP
        columns := unique_index.columns;
        FOR place, rival IN EXECUTE pg_catalog.format(
            'WITH "!rows" AS MATERIALIZED (SELECT row_number() OVER () AS %1$s, "!row".*%2$s FROM exaudit_internal.rows_of($2, $1, true) AS "!row" (%3$s)) '
            'SELECT t.%1$s, r.%1$s FROM "!rows" AS t JOIN "!rows" AS r ON %4$s WHERE t.%1$s < r.%1$s',
            exaudit_internal.free_name(relation, '!place'),
            CASE WHEN unique_index.rival_condition IS NULL THEN ', ' || unique_index.entry || ' AS ' || exaudit_internal.free_name(relation, '!entry') ELSE '' END,
            exaudit_internal.row_definition(exaudit_internal.row_type(relation), true),
            coalesce(unique_index.rival_condition, pg_catalog.format('t.%1$s = r.%1$s', exaudit_internal.free_name(relation, '!entry'))))
        USING images, relation LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rival_values TO exaudit_reader;

-- Rows, given as they are and as they will be, that cannot be written before another one, because of an exclusion constraint
-- that is looked at for each row: each with the place of that one. Operators that are not PostgreSQL's own are left alone, as
-- are expressions.
CREATE FUNCTION exaudit_internal.excluding_rows(relation regclass, present jsonb[], target jsonb[],
                                       OUT place bigint, OUT other bigint) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    condition text;
BEGIN
    FOR condition IN
        SELECT string_agg(pg_catalog.format('r.%1$I OPERATOR(pg_catalog.%2$s) t.%1$I', a.attname, o.oprname), ' AND ')
        FROM pg_catalog.pg_constraint c
        CROSS JOIN LATERAL ROWS FROM (unnest(c.conkey), unnest(c.conexclop)) AS k (number, operator)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
                                           AND exaudit_internal.plain_type(a.atttypid) = exaudit_internal.base_type(a.atttypid)
        LEFT JOIN pg_catalog.pg_operator o ON o.oid = k.operator AND o.oprnamespace = 'pg_catalog'::regnamespace
        WHERE c.conrelid = excluding_rows.relation AND c.contype = 'x' AND NOT c.condeferrable
        GROUP BY c.oid HAVING count(a.attnum) = count(*) AND count(o.oid) = count(*) LOOP
        RETURN QUERY EXECUTE pg_catalog.format(
            'SELECT r.%1$s, t.%1$s '
            'FROM (SELECT row_number() OVER () AS %1$s, d.* FROM exaudit_internal.rows_of($1, $3, true) AS d (%2$s)) AS r '
            'JOIN (SELECT row_number() OVER () AS %1$s, d.* FROM exaudit_internal.rows_of($1, $2, true) AS d (%2$s)) AS t ON %3$s',
            exaudit_internal.free_name(relation, '!place'), exaudit_internal.row_definition(exaudit_internal.row_type(relation), true), condition)
        USING relation, present, target;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.excluding_rows TO exaudit_reader;

-- Rows, given as images by their places, that would point to a row that is not there. A table of
-- which the caller may not see all rows is left to the foreign key itself.
CREATE FUNCTION exaudit_internal.missing_references(relation regclass, images jsonb[],
                                           OUT place bigint, OUT columns text[], OUT referenced oid, OUT referenced_table text,
                                           OUT referenced_columns text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    key pg_catalog.record;
BEGIN
    FOR key IN SELECT * FROM exaudit_internal.foreign_keys k
               WHERE k.referencing OPERATOR(pg_catalog.=) relation::pg_catalog.oid AND k.referenced_readable AND k.comparable LOOP
        columns := key.referencing_columns;
        referenced := key.referenced;
        referenced_table := key.referenced_table;
        referenced_columns := key.referenced_columns;
        FOR place IN EXECUTE pg_catalog.format(
            'SELECT f.%5$s FROM (SELECT pg_catalog.row_number() OVER () AS %5$s, d.* FROM exaudit_internal.rows_of($2, $1, true) AS d (%1$s)) AS f '
            'WHERE %2$s AND NOT EXISTS (SELECT FROM %3$s AS t WHERE %4$s)', exaudit_internal.row_definition(exaudit_internal.row_type(relation), true), key.given,
            exaudit_internal.target(key.referenced), key.condition, exaudit_internal.free_name(relation, '!place'))
        USING images, relation LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.missing_references TO exaudit_reader;

-- The rows that reference some rows which would be deleted or, where changed is given, would get
-- other values in these columns; not those that would only follow. Where rows of a table would
-- change of which the caller may not see all, there is no telling which.
CREATE FUNCTION exaudit_internal.rows_referencing(relation regclass, entity_ids text[], changed text[],
                                         OUT entity_id text, OUT referencing oid, OUT referencing_table text,
                                         OUT referencing_entity_id text, OUT columns text[], OUT referenced_columns text[]) RETURNS SETOF record
    LANGUAGE plpgsql STABLE
AS $$
DECLARE
    key    pg_catalog.record;
    action pg_catalog.text;
BEGIN
    FOR key IN SELECT * FROM exaudit_internal.foreign_keys k WHERE k.referenced OPERATOR(pg_catalog.=) relation::pg_catalog.oid LOOP
        action := CASE WHEN changed IS NULL THEN key.action ELSE key.update_action END;
        CONTINUE WHEN action OPERATOR(pg_catalog.=) 'updated' OR NOT key.referenced_columns OPERATOR(pg_catalog.&&) changed
            OR NOT key.referencing_readable AND action OPERATOR(pg_catalog.=) 'in the way'; -- the foreign key itself will tell
        IF NOT key.referencing_readable THEN
            RAISE EXCEPTION 'permission denied for rows of table %, which may reference some of %', key.referencing_table, relation
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'The foreign key would change or delete rows of that table. The role needs SELECT on the whole table to see which.';
        END IF;
        referencing := key.referencing;
        referencing_table := key.referencing_table;
        columns := key.referencing_columns;
        referenced_columns := key.referenced_columns;
        FOR entity_id, referencing_entity_id IN EXECUTE pg_catalog.format(
            'SELECT k.%7$s, %1$s FROM exaudit_internal.key_records($1, $2) AS k (%2$s) JOIN %3$s AS t ON %4$s JOIN %5$s AS f ON %6$s %8$s',
            coalesce(exaudit_internal.entity_id_expression(key.referencing, 'f'), '''''::pg_catalog.text'), exaudit_internal.key_records_definition(relation), exaudit_internal.target(relation),
            exaudit_internal.key_condition(relation), exaudit_internal.target(key.referencing), key.condition, exaudit_internal.free_name(relation, '!entity_id'),
            -- a row that points to itself loses that as well, if its key changes
            CASE WHEN changed IS NULL OR action OPERATOR(pg_catalog.=) 'in the way'
                 THEN 'WHERE NOT (f.tableoid OPERATOR(pg_catalog.=) t.tableoid AND f.ctid OPERATOR(pg_catalog.=) t.ctid)' ELSE '' END)
        USING relation, entity_ids LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION exaudit_internal.rows_referencing TO exaudit_reader;
-- +goose StatementEnd

RESET ROLE;

-- +goose Down
-- The first migration drops everything.
